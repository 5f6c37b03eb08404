/* The policy stages: the facts gathered for the pure rules, and the one place where an outcome is
 * fixed. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/action.h"
#include "pipeline/claim.h"
#include "pipeline/guard.h"
#include "pipeline/policy.h"
#include "pipeline/prompt.h"
#include "pipeline/stage.h"
#include "skill/skill.h"
#include "skill/voice.h"
#include "store/change.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/tool.h"
#include "store/work.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static enum conf_mode mode_of(const struct road *r, const struct ticket *t) {
  const struct conf_helpdesk *h = conf_helpdesk(r->plan->conf, str_of(t->helpdesk));
  return h != NULL ? h->mode : MODE_DRAFT; /* a helpdesk that left the file sends nothing */
}

/* What a decision means for billing, once a pass. */
static void decision_fact(struct road *r, const struct ticket *t, const char *kind,
                          const char *value) {
  const int64_t now = clock_now_ms();
  const struct event e = {.ticket_id = t->id,
                          .kind = kind,
                          .ext_id = arena_printf(r->scratch, "pass:%lld", (long long)t->pass),
                          .actor = "ai",
                          .value = value,
                          .data = "",
                          .at_ms = now,
                          .seen_ms = now};
  bool fresh = false;
  struct trg_err err = {0};
  store_must(event_add(r->setup.store, &e, &fresh, &err), &err);
}

void decide(struct road *r, const struct ticket *t, const char *outcome, const char *reason) {
  if (mode_of(r, t) == MODE_SHADOW) outcome = "observed"; /* whoever asks: nothing is written */
  const int64_t now = clock_now_ms();
  struct trg_err err = {0};
  const struct decision d = {.ticket_id = t->id,
                             .pass = t->pass,
                             .stage = t->state == TICKET_DRAFTED ? "guard" : "policy",
                             .verdict = "{}",
                             .model = "",
                             .reason = reason,
                             .prompt_hash = "",
                             .skills_hash = skills_hash(r->plan->skills),
                             .conf_hash = r->plan->conf->hash,
                             .at_ms = now};
  int64_t id = 0;
  store_must(decision_add(r->setup.store, &d, &id, &err), &err);
  store_must(ticket_outcome(r->setup.store, t->id, str_of(outcome), str_of(reason), now, &err),
             &err);
  log_event(TRG_INFO, "policy.decided", "ticket", t->ref, "outcome", outcome, "reason", reason,
            NULL);
  if (strcmp(outcome, "observed") == 0) {
    advance(r, t->id, t->state, TICKET_FOLLOWING, &(struct advance){.why = reason});
    return;
  }
  if (strcmp(outcome, "handoff") == 0)
    decision_fact(r, t, "handoff", strcmp(reason, "asks_for_person") == 0 ? "customer" : "policy");
  if (strcmp(reason, "spam") == 0) decision_fact(r, t, "spam", "");
  advance(r, t->id, t->state, TICKET_DECIDED, &(struct advance){.why = reason});
}

/* The newest triage decision of this pass: was it sure, and does something ask for a person? */
static void triage_facts(struct road *r, const struct ticket *t, struct arena *a,
                         struct policy_facts *f) {
  struct decision *d = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(decision_list(r->setup.store, t->id, a, &d, &n, &err), &err);
  f->escalate_reason = "";
  for (size_t i = 0; i < n; i++) {
    if (strcmp(d[i].stage, "triage") != 0 || d[i].pass != t->pass) continue;
    f->unsure = strcmp(d[i].reason, "not_sure") == 0;
    json *v = json_parse(str_of(d[i].verdict), 0, NULL);
    f->escalate_reason = json_get_bool(v, "escalate", false)
                             ? arena_dup(a, json_get_str(v, "escalate_reason"))
                             : "";
    json_free(&v);
  }
}

static void conversation_facts(struct road *r, const struct ticket *t, struct arena *a,
                               struct policy_facts *f) {
  struct event *e = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(event_list(r->setup.store, t->id, true, a, &e, &n, &err), &err);
  const int64_t since = clock_now_ms() - DAY_MS;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(e[i].kind, "msg_out") == 0 && strcmp(e[i].actor, "ai") == 0 && e[i].at_ms >= since)
      f->replies_today++;
    if (strcmp(e[i].kind, "signal") == 0 && strcmp(e[i].value, "wants_human") == 0)
      f->asked_for_person_before = true;
  }
}

void policy_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a) {
  (void)st;
  struct policy_facts f = {.mode = mode_of(r, t), .policy = &r->plan->conf->policy, .ticket = t};
  triage_facts(r, t, a, &f);
  conversation_facts(r, t, a, &f);
  struct ruling rule = policy_admit(&f);
  if (rule.outcome == NULL) {
    advance(r, t->id, TICKET_TRIAGED, TICKET_ADMITTED, &(struct advance){0});
    return;
  }
  if (f.mode == MODE_SHADOW) rule.outcome = "observed";
  decide(r, t, rule.outcome, rule.reason);
}

/* What a draft cites: a passage, or the reply to a similar ticket. false: it is gone. */
static bool cited_text(struct road *r, struct trg_str id, struct arena *a, struct trg_str *ret) {
  struct passage p;
  struct past past;
  struct trg_err err = {0};
  int rc = passage_by_id(r->setup.store, id, a, &p, &err);
  if (rc >= 0) {
    *ret = str_of(arena_printf(a, "%s. %s. %s", p.title, p.heading, p.text));
    return true;
  }
  if (rc != TRG_ENOTFOUND) store_must(rc, &err);
  rc = past_by_ref(r->setup.store, id, a, &past, &err);
  if (rc != TRG_ENOTFOUND) store_must(rc, &err);
  if (rc >= 0) *ret = str_of(prompt_turned(past.reply, "", a));
  return rc >= 0;
}

struct guard_texts {
  struct guard_sources from; /* what it cites, and what was said */
  struct claim_source *cited;
  size_t cited_count; /* with results of tools, which have no id */
  size_t citations;   /* that exist */
};

/* Texts that a draft may take amounts and tokens from: what it cites, and what was said. What is
 * cited and what people of ours said may also be promised. */
static void guard_sources(struct road *r, const struct ticket *t, const struct draft *d,
                          struct arena *a, struct guard_texts *ret) {
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(message_list(r->setup.store, t->id, a, &m, &n, &err), &err);
  json *cited = json_parse(str_of(d->citations), 0, NULL);
  struct tool_call *calls = NULL;
  size_t call_count = 0;
  store_must(tool_call_list(r->setup.store, t->id, a, &calls, &call_count, &err), &err);
  const size_t most = n + json_count(cited) + call_count + 1;
  struct trg_str *texts = arena_alloc(a, sizeof *texts * most);
  struct trg_str *own = arena_alloc(a, sizeof *own * most);
  ret->cited = arena_alloc(a, sizeof *ret->cited * most);
  struct guard_sources *from = &ret->from;
  for (size_t i = 0; i < n; i++) {
    texts[from->count++] = str_of(m[i].text);
    if (m[i].author != TRG_AUTHOR_AGENT) continue;
    own[from->own_count++] = str_of(m[i].text);
    ret->cited[ret->cited_count++] = (struct claim_source){{"", 0}, str_of(m[i].text)};
  }
  for (size_t i = 0; i < call_count;
       i++) { /* what a system of the company said counts as its own */
    if (calls[i].pass != t->pass) continue;
    texts[from->count++] = str_of(calls[i].result);
    ret->cited[ret->cited_count++] = (struct claim_source){{"", 0}, str_of(calls[i].result)};
    own[from->own_count++] = str_of(calls[i].result);
  }
  for (const json *c = json_first(cited); c != NULL; c = json_next(c)) {
    struct trg_str text;
    if (!cited_text(r, json_str(c), a, &text)) continue;
    texts[from->count++] = text;
    own[from->own_count++] = text;
    ret->cited[ret->cited_count++] = (struct claim_source){arena_str(a, json_str(c)), text};
    ret->citations++;
  }
  json_free(&cited);
  from->texts = texts;
  from->own = own;
  from->language = t->language;
}

/* A hard rule of the brand voice that the text breaks is for a person to mend. */
static const char *guard_voice(struct road *r, const struct ticket *t, const struct draft *d,
                               struct arena *a) {
  struct voice_break *list = NULL;
  const size_t n = voice_check(r->plan->voice, guard_uncited(str_of(d->body), a),
                               str_of(t->language), str_of(prompt_channel(t->channel)), a, &list,
                               NULL);
  for (size_t i = 0; i < n; i++) {
    if (!list[i].hard) continue;
    log_event(TRG_INFO, "voice.broken", "ticket", t->ref, "rule", list[i].rule, NULL);
    return "voice_broken";
  }
  return NULL;
}

const char *two_people_of(const struct road *r, struct trg_str text) {
  if (r->plan->two_changes) {
    struct arena *a = arena_new();
    struct change c = {0};
    struct trg_err err = {0};
    const int rc = change_now(r->setup.store, a, &c, &err);
    const bool approved = rc == 0 && change_is_approved(&c);
    if (rc != TRG_ENOTFOUND) store_must(rc, &err);
    arena_free(&a);
    if (!approved) return "change_unapproved";
  }
  return r->plan->two_money && guard_names_money(text) ? "two_people" : NULL;
}

void guard_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a) {
  (void)st;
  struct draft d;
  struct trg_err err = {0};
  store_must(draft_newest(r->setup.store, t->id, a, &d, &err), &err);
  struct guard_texts texts = {0};
  struct policy_facts triage = {0};
  triage_facts(r, t, a, &triage);
  guard_sources(r, t, &d, a, &texts);
  struct guard_facts f = {.mode = mode_of(r, t),
                          .policy = &r->plan->conf->policy,
                          .ticket = t,
                          .confidence = d.confidence,
                          .not_sure = strcmp(d.reason, "not_sure") == 0,
                          .unsure = triage.unsure,
                          .citations = texts.citations};
  f.failed = strcmp(d.reason, "invented_citation") == 0 ? "invented_citation"
             : str_starts(str_of(d.reason), "tool_")
                 ? d.reason
                 : guard_text(str_of(d.body), f.policy, &texts.from);
  if (f.failed == NULL)
    f.failed = claim_check(str_of(d.body), texts.cited, texts.cited_count, a, NULL);
  if (f.failed == NULL && action_stays_masked(str_of(d.body), r->plan->restore))
    f.failed = "masked_text";
  if (f.failed == NULL) f.failed = guard_voice(r, t, &d, a);
  f.held = two_people_of(r, str_of(d.body));
  const struct ruling rule = policy_guard(&f);
  const char *state = strcmp(rule.outcome, "draft") == 0     ? "waiting"
                      : strcmp(rule.outcome, "sent") == 0    ? "approved"
                      : strcmp(rule.outcome, "handoff") == 0 ? "superseded"
                                                             : "proposed";
  store_must(draft_set_state(r->setup.store, d.id, state, rule.reason, &err), &err);
  decide(r, t, rule.outcome, rule.reason);
}

bool budget_stopped(const struct road *r) {
  return clock_now_ms() < r->stopped_ms;
}

/* The day's budget is used up: `queue` waits for the next day (UTC); `stop` does too, and begins
 * nothing else before, also not with models that are free; `draft` hands to a person, so that
 * nobody waits for an answer that is not paid for. */
void budget_wait(struct task *k, const struct ticket *t, const char *why) {
  struct road *r = k->road;
  log_event(TRG_WARN, "budget.reached", "ticket", k->ref, "why", why, NULL);
  const enum conf_on_limit how = r->plan->conf->on_limit;
  const int64_t now = clock_now_ms(), tomorrow = now - now % DAY_MS + DAY_MS;
  if (how == ON_LIMIT_STOP && !budget_stopped(r)) {
    r->stopped_ms = tomorrow;
    char until[TIME_RFC3339_MAX];
    log_event(TRG_ERROR, "budget.stop", "until", time_format(tomorrow, until), "why", why, NULL);
  }
  if (how != ON_LIMIT_DRAFT) {
    advance(r, t->id, t->state, k->stage->takes,
            &(struct advance){
                .due_ms = tomorrow, .attempts = k->attempts, .hold = why, .why = "budget"});
    return;
  }
  decide(r, t, "handoff", "budget");
}

void task_answered(struct task *k, const struct router_answer *a, task_take *take,
                   task_fail *failed) {
  struct road *r = k->road;
  const int64_t ticket_id = k->ticket_id;
  const struct pace from = pace_begin();
  struct ticket t;
  k->ask = 0;
  if (task_current(k, &t)) {
    char code[32], why[320];
    snprintf(code, sizeof code, "%.*s", (int)a->code.n, a->code.p != NULL ? a->code.p : "");
    snprintf(why, sizeof why, "%.*s", (int)a->why.n, a->why.p != NULL ? a->why.p : "");
    switch (a->end) {
    case ROUTER_OK:
    case ROUTER_UNSURE:
      take(k, &t, a);
      break;
    case ROUTER_REFUSED:
      decide(r, &t, "handoff", "model_refused");
      break;
    case ROUTER_BUDGET:
      budget_wait(k, &t, why);
      break;
    case ROUTER_CANCELLED:
      advance(r, t.id, t.state, k->stage->takes, &(struct advance){.why = "cancelled"});
      break;
    default:
      k->paid = k->paid || a->cost_micros > 0;
      failed(k, &t, code, why, a->retry_after_ms);
      break;
    }
  }
  task_end(k);
  pace_add(r, ticket_id, from);
}
