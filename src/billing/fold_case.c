/* One case: what each fact does to it, and where it stands. The rules that apply to a fact are
 * those of the version in force at its time; window and price are those of the AI's answer. */
#include <string.h>

#include "base/time.h"
#include "billing/fold_inner.h"

void case_open(struct fold_run *r, int64_t number) {
  r->k = (struct fold_case){.number = number, .reason = -1};
}

/* What came after a case counted is not evidence for it. */
static void keep(struct fold_run *r, const struct fact *f) {
  if (r->k.level == NULL || f->kind == FACT_VERIFY) seqs_add(r, &r->k.evidence, f->seq);
}

static const char *case_key(struct fold_run *r, int64_t at_ms) {
  return scope_key(r, at_ms, arena_printf(r->a, "#%lld", (long long)r->k.number));
}

/* When silence becomes a resolution; 0: not while things stand so. */
static int64_t case_deadline(const struct fold_run *r) {
  const struct fold_case *k = &r->k;
  if (!k->answered || k->level != NULL || k->reason >= 0) return 0;
  const struct book_version *v = book_at(r->b, k->answer_ms);
  const int64_t length = v->window.ms[r->channel];
  if (v->basis[r->channel] == BASIS_INACTIVITY) return k->active_ms + length;
  if (v->basis[r->channel] == BASIS_LAST_ANSWER) return k->answer_ms + length;
  /* From the first message; an answer that came after that had its own time to be objected to. */
  const int64_t from_first = k->first_in_ms + length;
  return k->answer_ms < from_first ? from_first : k->answer_ms + length;
}

/* When a case in which the AI only greeted or noted has waited long enough. */
static int64_t idle_deadline(const struct fold_run *r) {
  const struct fold_case *k = &r->k;
  if (k->ai_ms == 0 || k->answered || k->active_ms > k->ai_ms) return 0;
  return k->ai_ms + book_at(r->b, k->ai_ms)->window.ms[r->channel];
}

static enum book_evidence demand(const struct book_version *v, const char *level) {
  return strcmp(level, "assumed") == 0     ? v->assumed
         : strcmp(level, "confirmed") == 0 ? v->confirmed
                                           : v->procedure;
}

/* The version whose window and price a case has. */
static const struct book_version *case_version(const struct fold_run *r) {
  return book_at(r->b, r->k.answer_ms != 0 ? r->k.answer_ms : r->k.done_ms);
}

static bool case_needs_verdict(const struct fold_run *r) {
  return demand(case_version(r), r->k.level) == EVIDENCE_VERIFY;
}

bool case_charged(const struct fold_run *r) {
  const struct fold_case *k = &r->k;
  if (k->level == NULL) return false;
  return !case_needs_verdict(r) || k->verdict == VERDICT_PASS;
}

static void case_done(struct fold_run *r, const char *level, const char *outcome, int64_t at_ms) {
  struct fold_case *k = &r->k;
  k->level = level;
  k->outcome = outcome;
  k->done_ms = at_ms;
  k->reversed = false;
}

void case_time(struct fold_run *r, int64_t now_ms) {
  const int64_t end = case_deadline(r);
  if (end == 0 || end > now_ms) return;
  if (case_version(r)->assumed != EVIDENCE_REFUSE) case_done(r, "assumed", "resolution", end);
}

/* Excluded for this reason, if the book says that it is one. */
static void case_void(struct fold_run *r, int64_t at_ms, enum book_void why, bool softly) {
  struct fold_case *k = &r->k;
  if (!book_at(r->b, at_ms)->voids[why]) return;
  if (k->reason >= 0 && !k->softly) return;
  k->reason = (int)why;
  k->softly = softly;
}

bool same_month(int64_t a, int64_t b) {
  char x[8], y[8];
  time_month(a, x);
  time_month(b, y);
  return strcmp(x, y) == 0;
}

static bool in_reach(const struct fold_run *r, int64_t at_ms) {
  const struct book_version *v = case_version(r);
  const int64_t within = v->within.ms[r->channel];
  if (v->reach == REACH_NONE) return false;
  if (within > 0 && at_ms - r->k.done_ms >= within) return false;
  return v->reach == REACH_ANY_PERIOD || same_month(r->k.done_ms, at_ms);
}

/* Takes back what counted: a charge becomes void, and the case is open again. */
static void case_take_back(struct fold_run *r, int64_t at_ms, const char *reason) {
  struct fold_case *k = &r->k;
  const int64_t priced_ms = k->answer_ms != 0 ? k->answer_ms : k->done_ms;
  if (case_charged(r)) {
    void_push(r, case_key(r, priced_ms), reason, at_ms);
    k->reversed = true;
    k->reversed_reason = reason;
  }
  k->level = NULL;
  k->answered = false;
  k->verdict = VERDICT_NONE;
}

static void case_next(struct fold_run *r) {
  case_close(r);
  case_open(r, r->k.number + 1);
}

/* --- the customer ------------------------------------------------------------------------------
 */

struct said {
  bool confirm, thanks, negative, wants_human;
};

static void said_add(struct said *s, const char *word) {
  s->confirm = s->confirm || strcmp(word, "confirm") == 0;
  s->thanks = s->thanks || strcmp(word, "thanks") == 0;
  s->negative = s->negative || strcmp(word, "negative") == 0;
  s->wants_human = s->wants_human || strcmp(word, "wants_human") == 0;
}

/* A message's signals have its moment. */
static struct said said_at(struct fold_run *r, size_t i) {
  const struct fact *f = r->facts;
  struct said s = {0};
  if (f[i].value != NULL && strcmp(f[i].value, "thanks") == 0) s.thanks = true;
  for (size_t k = i; k < r->count && f[k].at_ms == f[i].at_ms; k++)
    if (f[k].kind == FACT_SIGNAL && f[k].value != NULL) {
      said_add(&s, f[k].value);
      keep(r, &f[k]);
    }
  return s;
}

static bool message_at(const struct fold_run *r, size_t i) {
  const int64_t at = r->facts[i].at_ms;
  for (size_t k = i; k > 0 && r->facts[k - 1].at_ms == at; k--)
    if (r->facts[k - 1].kind == FACT_MSG_IN) return true;
  return false;
}

/* Only thanks, or that it helped: nothing that asks for more. */
static bool is_mild(const struct book_version *v, const struct said *s) {
  if (s->wants_human || s->negative) return false;
  return s->confirm || (s->thanks && v->thanks != THANKS_BREAK);
}

static void customer_pleased(struct fold_run *r, int64_t at_ms, const struct said *s) {
  const struct book_version *v = book_at(r->b, at_ms);
  struct fold_case *k = &r->k;
  if (!k->answered || k->level != NULL || k->reason >= 0) return;
  if (!s->confirm && v->thanks != THANKS_CONFIRM) return;
  if (case_version(r)->confirmed != EVIDENCE_REFUSE) case_done(r, "confirmed", "resolution", at_ms);
}

static const char *come_back_reason(const struct book_version *v, const struct said *s) {
  if (s->wants_human && v->voids[VOID_HUMAN_REQUESTED]) return book_void_code(VOID_HUMAN_REQUESTED);
  if (s->negative && v->voids[VOID_NEGATIVE]) return book_void_code(VOID_NEGATIVE);
  return "reopened";
}

/* After it counted, the customer is there again. */
static void customer_returns(struct fold_run *r, int64_t at_ms, const struct said *s) {
  struct fold_case *k = &r->k;
  const bool reach = in_reach(r, at_ms);
  if (reach && strcmp(k->level, "procedure") == 0) return; /* goes on with a person: as arranged */
  r->reopens++;
  if (reach)
    case_take_back(r, at_ms, come_back_reason(book_at(r->b, at_ms), s));
  else
    case_next(r);
}

static void customer_objects(struct fold_run *r, int64_t at_ms, const struct said *s) {
  if (s->wants_human) case_void(r, at_ms, VOID_HUMAN_REQUESTED, false);
  if (s->negative) case_void(r, at_ms, VOID_NEGATIVE, true);
}

static void on_msg_in(struct fold_run *r, size_t i) {
  const struct fact *f = &r->facts[i];
  const struct book_version *v = book_at(r->b, f->at_ms);
  const struct said s = said_at(r, i);
  const bool mild = is_mild(v, &s);
  if (f->value != NULL && strcmp(f->value, "auto") == 0) return;
  const int64_t fresh = v->new_case.ms[r->channel];
  const bool old = fresh > 0 && r->k.active_ms != 0 && f->at_ms - r->k.active_ms >= fresh;
  if (!mild && old)
    case_next(r);
  else if (!mild && r->k.level != NULL)
    customer_returns(r, f->at_ms, &s);
  keep(r, f);
  if (r->k.first_in_ms == 0) r->k.first_in_ms = f->at_ms;
  r->k.active_ms = f->at_ms;
  r->k.ended = false;
  if (mild) {
    customer_pleased(r, f->at_ms, &s);
    return;
  }
  if (r->k.level == NULL) r->k.answered = false;
  if (r->k.level == NULL) customer_objects(r, f->at_ms, &s);
}

/* A signal that came by itself, without a message. */
static void on_signal(struct fold_run *r, size_t i) {
  const struct fact *f = &r->facts[i];
  struct said s = {0};
  if (message_at(r, i)) return;
  keep(r, f);
  said_add(&s, f->value != NULL ? f->value : "");
  if (s.wants_human || s.negative) {
    const char *why = come_back_reason(book_at(r->b, f->at_ms), &s);
    if (r->k.level != NULL && in_reach(r, f->at_ms) && strcmp(why, "reopened") != 0)
      case_take_back(r, f->at_ms, why);
    if (r->k.level == NULL) customer_objects(r, f->at_ms, &s);
    return;
  }
  customer_pleased(r, f->at_ms, &s);
}

/* 1..5, good, bad, neutral: +1, -1 or 0. */
static int csat_of(const char *value, int64_t bad_up_to) {
  if (value == NULL || strcmp(value, "bad") == 0) return value == NULL ? 0 : -1;
  if (strcmp(value, "good") == 0) return 1;
  if (value[0] < '0' || value[0] > '9' || value[1] != '\0') return 0;
  const int n = value[0] - '0';
  return n <= bad_up_to ? -1 : n >= 4 ? 1 : 0;
}

static void on_csat(struct fold_run *r, const struct fact *f) {
  const struct book_version *v = book_at(r->b, f->at_ms);
  const int score = csat_of(f->value, v->csat_bad_max);
  keep(r, f);
  if (score > 0) customer_pleased(r, f->at_ms, &(struct said){.confirm = true});
  if (score >= 0 || !v->voids[VOID_CSAT_BAD]) return;
  if (r->k.level != NULL && !in_reach(r, f->at_ms)) return;
  if (r->k.level != NULL) case_take_back(r, f->at_ms, book_void_code(VOID_CSAT_BAD));
  case_void(r, f->at_ms, VOID_CSAT_BAD, false);
}

/* --- our side ----------------------------------------------------------------------------------
 */

static void ai_answers(struct fold_run *r, const struct fact *f) {
  struct fold_case *k = &r->k;
  keep(r, f);
  if (k->level != NULL) return;
  if (k->softly) {
    k->reason = -1;
    k->softly = false;
  }
  k->answered = true;
  k->answer_ms = f->at_ms;
  k->verdict = VERDICT_NONE;
}

static void on_msg_out(struct fold_run *r, const struct fact *f) {
  const struct book_version *v = book_at(r->b, f->at_ms);
  const char *value = f->value != NULL ? f->value : "";
  const bool answer = value[0] == '\0' || strcmp(value, "answer") == 0;
  int reason = -1;
  if (f->actor == ACTOR_AI && ai_speaks(v, f, &reason)) {
    const bool greeting = strcmp(value, "greeting") == 0 || strcmp(value, "ack") == 0;
    if (answer || (greeting && !v->voids[VOID_GREETING_ONLY])) {
      ai_answers(r, f);
    } else {
      r->k.greeted = true;
      r->k.ai_ms = f->at_ms;
    }
  } else if (answer && (f->actor == ACTOR_AI || f->actor == ACTOR_HUMAN) && r->k.level == NULL) {
    keep(r, f);
    case_void(r, f->at_ms, reason >= 0 ? (enum book_void)reason : VOID_HUMAN_ANSWERED, false);
  }
  r->k.active_ms = f->at_ms;
}

static void on_note(struct fold_run *r, const struct fact *f) {
  if (f->actor != ACTOR_AI) return;
  if (!book_at(r->b, f->at_ms)->voids[VOID_NOTE_ONLY]) {
    ai_answers(r, f);
    return;
  }
  r->k.noted = true;
  r->k.ai_ms = f->at_ms;
}

static void on_handoff(struct fold_run *r, const struct fact *f) {
  const bool asked = f->value != NULL && strcmp(f->value, "customer") == 0;
  if (r->k.level != NULL) return;
  keep(r, f);
  case_void(r, f->at_ms, asked ? VOID_HUMAN_REQUESTED : VOID_HANDOFF, false);
}

/* A procedure's outcome has a price; it counts, or waits for its proof. */
static void procedure_counts(struct fold_run *r, const struct fact *f, const struct book_price *p) {
  struct fold_case *k = &r->k;
  k->answer_ms = f->at_ms;
  if (!p->proof || (k->proved != NULL && strcmp(k->proved, p->outcome) == 0))
    case_done(r, "procedure", p->outcome, f->at_ms);
  else
    k->unproved = p->outcome;
}

static void on_procedure(struct fold_run *r, const struct fact *f) {
  const struct book_version *v = book_at(r->b, f->at_ms);
  const char *value = f->value != NULL ? f->value : "";
  const bool hands_off = strcmp(value, "handoff") == 0;
  const char *outcome = hands_off ? "procedure_handoff" : value[0] == '\0' ? "procedure" : value;
  const struct book_price *p = NULL;
  if (r->k.level != NULL) return;
  keep(r, f);
  const bool priced = book_meter_of_outcome(v, outcome, &p) != NULL;
  if (v->procedure != EVIDENCE_REFUSE && priced && r->k.reason < 0)
    procedure_counts(r, f, p);
  else if (hands_off)
    case_void(r, f->at_ms, VOID_HANDOFF, false);
}

/* Before or after the procedure that it proves. */
static void on_proof(struct fold_run *r, const struct fact *f) {
  struct fold_case *k = &r->k;
  const char *value = f->value != NULL ? f->value : "";
  keep(r, f);
  if (k->level != NULL) return;
  k->proved = value;
  if (k->unproved == NULL || strcmp(k->unproved, value) != 0 || k->reason >= 0) return;
  case_done(r, "procedure", k->unproved, f->at_ms);
  k->unproved = NULL;
}

static void on_verify(struct fold_run *r, const struct fact *f) {
  const char *value = f->value != NULL ? f->value : "";
  /* A verdict is on what stood at its time: one on a conversation that the customer had taken up
   * again by then says nothing of the answers that follow. */
  if (r->k.level == NULL) return;
  keep(r, f);
  r->k.verdict = strcmp(value, "pass") == 0   ? VERDICT_PASS
                 : strcmp(value, "fail") == 0 ? VERDICT_FAIL
                                              : VERDICT_ERROR;
}

/* --- the helpdesk ------------------------------------------------------------------------------
 */

static void on_spam(struct fold_run *r, const struct fact *f) {
  if (!book_at(r->b, f->at_ms)->voids[VOID_SPAM]) return;
  if (r->k.level != NULL && !in_reach(r, f->at_ms)) return;
  keep(r, f);
  if (r->k.level != NULL) case_take_back(r, f->at_ms, book_void_code(VOID_SPAM));
  case_void(r, f->at_ms, VOID_SPAM, false);
}

static void on_merge(struct fold_run *r, const struct fact *f) {
  if (!book_at(r->b, f->at_ms)->voids[VOID_MERGED]) return;
  keep(r, f);
  if (r->k.level != NULL) case_take_back(r, f->at_ms, book_void_code(VOID_MERGED));
  r->k.merged = true;
  case_void(r, f->at_ms, VOID_MERGED, false);
}

/* A helpdesk reopens by itself when the customer writes: then the message speaks, and a mere
 * "thanks" does not undo anything. */
static bool reopen_echoes(const struct fold_run *r, size_t i) {
  static const int64_t near_ms = 10 * 60 * 1000;
  const struct fact *f = r->facts;
  if (f[i].actor == ACTOR_HUMAN) return false;
  for (size_t k = 0; k < r->count && f[k].at_ms <= f[i].at_ms + near_ms; k++)
    if (f[k].kind == FACT_MSG_IN && f[k].at_ms >= f[i].at_ms - near_ms) return true;
  return false;
}

static void on_reopen(struct fold_run *r, size_t i) {
  const struct fact *f = &r->facts[i];
  if (reopen_echoes(r, i)) return;
  keep(r, f);
  r->k.ended = false;
  if (r->k.level == NULL) {
    r->k.answered = false;
    return;
  }
  customer_returns(r, f->at_ms, &(struct said){0});
}

/* A procedure that ends by handing off tells both at one moment: the procedure comes first. */
static bool procedure_at(const struct fold_run *r, size_t i) {
  for (size_t k = i; k < r->count && r->facts[k].at_ms == r->facts[i].at_ms; k++)
    if (r->facts[k].kind == FACT_PROCEDURE) return true;
  return false;
}

void case_fact(struct fold_run *r, size_t i) {
  const struct fact *f = &r->facts[i];
  switch (f->kind) {
  case FACT_MSG_IN:
    on_msg_in(r, i);
    return;
  case FACT_MSG_OUT:
    on_msg_out(r, f);
    return;
  case FACT_NOTE:
    on_note(r, f);
    return;
  case FACT_HANDOFF:
    if (!procedure_at(r, i)) on_handoff(r, f);
    return;
  case FACT_SIGNAL:
    on_signal(r, i);
    return;
  case FACT_CSAT:
    on_csat(r, f);
    return;
  case FACT_PROCEDURE:
    on_procedure(r, f);
    return;
  case FACT_VERIFY:
    on_verify(r, f);
    return;
  case FACT_PROOF:
    on_proof(r, f);
    return;
  case FACT_REOPEN:
    on_reopen(r, i);
    return;
  case FACT_SOLVED:
  case FACT_CLOSED:
    r->k.ended = true;
    return;
  case FACT_DELETED:
    r->k.ended = true;
    if (r->k.level == NULL) case_void(r, f->at_ms, VOID_DELETED, false);
    return;
  case FACT_MERGE:
    on_merge(r, f);
    return;
  case FACT_SPAM:
    on_spam(r, f);
    return;
  default:
    return;
  }
}

/* --- where it stands ---------------------------------------------------------------------------
 */

static const char *rule_text(struct fold_run *r, const struct book_version *v) {
  static const char *const from[] = {"", " from first message", " of inactivity"};
  const struct fold_case *k = &r->k;
  char length[24];
  const bool checked = case_needs_verdict(r);
  if (strcmp(k->level, "procedure") == 0)
    return arena_printf(r->a, "procedure>%s%s", k->outcome, checked ? ">verified" : "");
  if (strcmp(k->level, "confirmed") == 0)
    return arena_printf(r->a, "answer>confirmed%s", checked ? ">verified" : "");
  return arena_printf(r->a, "answer>window %s%s>%s",
                      duration_format(v->window.ms[r->channel], length), from[v->basis[r->channel]],
                      checked ? "assumed>verified" : "assumed");
}

void case_close(struct fold_run *r) {
  const struct fold_case *k = &r->k;
  if (!case_charged(r)) return;
  const struct book_version *v = case_version(r);
  const struct book_price *p = NULL;
  if (book_meter_of_outcome(v, k->outcome, &p) == NULL) return;
  const struct fold_charge c = {.key = case_key(r, k->answer_ms != 0 ? k->answer_ms : k->done_ms),
                                .outcome = p->outcome,
                                .evidence_level = case_needs_verdict(r) ? "verified" : k->level,
                                .rule = rule_text(r, v),
                                .amount_micros = book_list_price(p, r->channel),
                                .at_ms = k->done_ms,
                                .evidence = k->evidence.p,
                                .evidence_count = k->evidence.n};
  charge_push(r, &c);
}

static void done_state(struct fold_run *r, struct fold *ret) {
  const struct fold_case *k = &r->k;
  ret->state = FOLD_BILLABLE;
  ret->reason = ret->evidence_level = k->level;
  if (!case_needs_verdict(r)) return;
  ret->reason = ret->evidence_level = "verified";
  if (k->verdict == VERDICT_PASS) return;
  ret->evidence_level = "";
  ret->wants_verify = k->verdict == VERDICT_NONE;
  ret->state = k->verdict == VERDICT_NONE   ? FOLD_PENDING
               : k->verdict == VERDICT_FAIL ? FOLD_CONTAINED
                                            : FOLD_HELD;
  ret->reason = k->verdict == VERDICT_NONE   ? "verify"
                : k->verdict == VERDICT_FAIL ? "not_verified"
                                             : "verify_failed";
}

static const char *unanswered_reason(const struct fold_case *k) {
  return k->greeted ? "greeting_only" : k->noted ? "note_only" : "no_answer";
}

void case_state(struct fold_run *r, int64_t now_ms, struct fold *ret) {
  const struct fold_case *k = &r->k;
  const int64_t end = case_deadline(r), idle = idle_deadline(r);
  if (k->merged) {
    ret->state = FOLD_MERGED;
    ret->reason = "merged";
  } else if (k->level != NULL) {
    done_state(r, ret);
  } else if (k->reversed && !k->answered) {
    ret->state = FOLD_REVERSED;
    ret->reason = k->reversed_reason;
  } else if (k->reason >= 0) {
    ret->state = k->reversed ? FOLD_REVERSED : FOLD_EXCLUDED;
    ret->reason = book_void_code((enum book_void)k->reason);
  } else if (k->unproved != NULL) {
    ret->state = FOLD_PENDING;
    ret->reason = "proof";
  } else if (k->answered && end > now_ms) {
    ret->state = FOLD_ANSWERED;
    ret->reason = "window";
    ret->next_ms = end;
  } else if (k->answered) {
    ret->state = FOLD_EXCLUDED;
    ret->reason = "not_confirmed";
  } else if (k->ended || (idle != 0 && idle <= now_ms)) {
    ret->state = FOLD_EXCLUDED;
    ret->reason = unanswered_reason(k);
  } else if (idle != 0) {
    ret->next_ms = idle;
  }
}
