/* One version of a price book: the rules. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book_read.h"

static const struct {
  const char *word, *code;
} reasons[VOIDS] = {[VOID_HUMAN_REQUESTED] = {"human_requested", "human_requested"},
                    [VOID_HUMAN_ANSWERED] = {"human_answered", "human_answered"},
                    [VOID_HANDOFF] = {"handoff", "handoff"},
                    [VOID_NEGATIVE] = {"negative", "negative_feedback"},
                    [VOID_SPAM] = {"spam", "spam"},
                    [VOID_GREETING_ONLY] = {"greeting_only", "greeting_only"},
                    [VOID_NOTE_ONLY] = {"note_only", "note_only"},
                    [VOID_CSAT_BAD] = {"csat_bad", "csat"},
                    [VOID_EDITED] = {"edited", "human_edited"},
                    [VOID_APPROVED] = {"approved", "human_approved"},
                    [VOID_DELETED] = {"deleted", "deleted"},
                    [VOID_MERGED] = {"merged", "merged"}};

const char *book_void_word(enum book_void v) {
  return reasons[v].word;
}

const char *book_void_code(enum book_void v) {
  return reasons[v].code;
}

static void read_scope(struct book_reader *r, const struct yaml *y, struct book_version *v) {
  static const char *const words[] = {"conversation", "customer_channel", "customer", "subject",
                                      NULL};
  static const char *const known[] = {"by", "within", NULL};
  if (y->kind == YAML_LIST) {
    book_wrong(r, y->line, "scope", "must be a word or {by, within}");
    return;
  }
  if (y->kind == YAML_MAP) (void)book_keys(r, y, "scope", known);
  const struct yaml *by = y->kind == YAML_MAP ? yaml_get(y, "by") : y;
  v->scope = (enum book_scope)book_read_word(r, by, words, SCOPE_CONVERSATION);
  if (y->kind == YAML_MAP) book_read_length(r, yaml_get(y, "within"), &v->scope_ms);
  if (by == NULL) book_wrong(r, y->line, "scope", "does not say by what");
  if (v->scope != SCOPE_CONVERSATION && v->scope_ms == 0)
    book_wrong(r, y->line, "scope", "needs {by: %s, within: LENGTH}: how long one charge covers it",
               words[v->scope]);
  if (v->scope == SCOPE_CONVERSATION && v->scope_ms != 0)
    book_wrong(r, y->line, "scope", "a conversation is its own scope: within says nothing");
}

static void read_window(struct book_reader *r, const struct yaml *y, struct book_version *v) {
  static const char *const words[] = {"last_ai_answer", "first_message", "inactivity", NULL};
  static const char *const known[] = {"basis", "length", NULL};
  if (!book_keys_or_channels(r, y, "window", known)) return;
  if (yaml_get(y, "length") == NULL) book_wrong(r, y->line, "length", "is missing");
  const int basis = book_read_word(r, yaml_get(y, "basis"), words, BASIS_LAST_ANSWER);
  int64_t general = 0;
  book_read_length(r, yaml_get(y, "length"), &general);
  for (size_t i = 0; i < BOOK_CHANNELS; i++) {
    const struct yaml *own = yaml_get(y, book_channels[i]);
    v->basis[i] = (enum book_basis)basis;
    v->window.ms[i] = general;
    if (own != NULL && own->kind == YAML_MAP) {
      (void)book_keys(r, own, "a window", known);
      v->basis[i] = (enum book_basis)book_read_word(r, yaml_get(own, "basis"), words, basis);
      book_read_length(r, yaml_get(own, "length"), &v->window.ms[i]);
    } else {
      book_read_length(r, own, &v->window.ms[i]);
    }
    if (v->window.ms[i] <= 0 && !r->failed)
      book_wrong(r, own != NULL ? own->line : y->line, "window",
                 "must be longer than nothing on channel %s", book_channels[i]);
  }
}

static void read_evidence(struct book_reader *r, const struct yaml *y, struct book_version *v) {
  static const char *const words[] = {"refuse", "accept", "verify", NULL};
  static const char *const known[] = {"assumed", "confirmed", "procedure", NULL};
  if (!book_keys(r, y, "evidence", known)) return;
  for (size_t i = 0; known[i] != NULL; i++)
    if (yaml_get(y, known[i]) == NULL)
      book_wrong(r, y->line, known[i], "must be accept, verify or refuse");
  v->assumed = (enum book_evidence)book_read_word(r, yaml_get(y, "assumed"), words, 0);
  v->confirmed = (enum book_evidence)book_read_word(r, yaml_get(y, "confirmed"), words, 0);
  v->procedure = (enum book_evidence)book_read_word(r, yaml_get(y, "procedure"), words, 0);
}

static void read_reasons(struct book_reader *r, const struct yaml *list, bool value, bool *known,
                         struct book_version *v) {
  const char *words[VOIDS + 1] = {NULL};
  for (int i = 0; i < VOIDS; i++) words[i] = reasons[i].word;
  if (list == NULL) return;
  if (list->kind != YAML_LIST) {
    book_wrong(r, list->line, list->key, "must be a list of reasons");
    return;
  }
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    const int i = book_read_word(r, y, words, -1);
    if (i < 0) continue;
    if (known[i])
      book_wrong(r, y->line, words[i], "stands twice: a reason is either in voids or in allowed");
    known[i] = true;
    v->voids[i] = value;
  }
}

static void read_voids(struct book_reader *r, const struct yaml *map, struct book_version *v) {
  bool known[VOIDS] = {false};
  read_reasons(r, yaml_get(map, "voids"), true, known, v);
  read_reasons(r, yaml_get(map, "allowed"), false, known, v);
  for (int i = 0; i < VOIDS; i++)
    if (!known[i])
      book_wrong(r, map->line, reasons[i].word,
                 "is not decided: put it in voids or in allowed, so that nobody must guess");
  v->csat_bad_max = 2;
  book_read_int(r, yaml_get(map, "csat_bad_up_to"), 1, &v->csat_bad_max);
  if (v->csat_bad_max > 5)
    book_wrong(r, map->line, "csat_bad_up_to", "ratings end at 5, the best one");
}

static void read_reversal(struct book_reader *r, const struct yaml *y, struct book_version *v) {
  static const char *const words[] = {"none", "same_period", "any_period", NULL};
  static const char *const known[] = {"reach", "within", NULL};
  if (!book_keys_or_channels(r, y, "reversal", known)) return;
  if (yaml_get(y, "reach") == NULL) book_wrong(r, y->line, "reach", "is missing");
  v->reach = (enum book_reach)book_read_word(r, yaml_get(y, "reach"), words, REACH_NONE);
  book_read_lengths(r, y, "within", &v->within);
  if (v->reach == REACH_NONE && yaml_get(y, "within") != NULL)
    book_wrong(r, y->line, "within", "says nothing when reach is none");
}

static void read_cap(struct book_reader *r, const struct yaml *y, struct book_version *v) {
  static const char *const words[] = {"free", "overage", NULL};
  static const char *const known[] = {"amount", "alert", "then", NULL};
  if (y == NULL || !book_keys(r, y, "cap", known)) return;
  book_read_money(r, yaml_get(y, "amount"), &v->cap_micros);
  if (v->cap_micros == 0) book_wrong(r, y->line, "amount", "a cap needs an amount above zero");
  if (yaml_get(y, "then") == NULL)
    book_wrong(r, y->line, "then", "must say what happens at the cap: free or overage");
  v->cap_hard = book_read_word(r, yaml_get(y, "then"), words, 0) == 0;
  const struct yaml *alert = yaml_get(y, "alert");
  if (alert != NULL && alert->kind != YAML_LIST) {
    book_wrong(r, alert->line, "alert", "must be a list of percentages");
    return;
  }
  if (alert == NULL) {
    static const int64_t usual[] = {50, 80, 100};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
      v->alerts[v->alert_count++] = usual[i];
  }
  for (const struct yaml *p = alert != NULL ? alert->first : NULL; p != NULL; p = p->next) {
    const size_t n = v->alert_count;
    if (n == BOOK_ALERTS) {
      book_wrong(r, p->line, "alert", "has more percentages than 8");
      return;
    }
    book_read_int(r, p, 1, &v->alerts[v->alert_count++]);
    if (n > 0 && v->alerts[n] <= v->alerts[n - 1])
      book_wrong(r, p->line, "alert", "percentages stand in order, each above the one before it");
  }
}

static void read_guarantee(struct book_reader *r, const struct yaml *y, struct book_version *v) {
  static const char *const known[] = {"above", "within", "refund", NULL};
  if (y == NULL || !book_keys(r, y, "guarantee", known)) return;
  for (size_t i = 0; known[i] != NULL; i++)
    if (yaml_get(y, known[i]) == NULL)
      book_wrong(r, y->line, known[i],
                 "is missing: a guarantee says {above: PERCENT, within: LENGTH, refund: PERCENT}");
  book_read_int(r, yaml_get(y, "above"), 1, &v->guarantee_percent);
  book_read_length(r, yaml_get(y, "within"), &v->guarantee_ms);
  book_read_int(r, yaml_get(y, "refund"), 1, &v->guarantee_refund);
  if (v->guarantee_percent > 100 || v->guarantee_refund > 100)
    book_wrong(r, y->line, "guarantee", "percentages end at 100");
  if (yaml_get(y, "within") != NULL && v->guarantee_ms <= 0)
    book_wrong(r, y->line, "within", "a guarantee has an end");
}

static void read_dates(struct book_reader *r, const struct yaml *map, struct book_version *v) {
  const struct yaml *from = yaml_get(map, "effective"), *until = yaml_get(map, "until");
  if (from == NULL || from->kind != YAML_SCALAR ||
      time_parse(str_of(from->text), &v->effective_ms) != 0)
    book_wrong(r, map->line, "effective", "must be a date such as 2026-03-12");
  if (until != NULL &&
      (until->kind != YAML_SCALAR || time_parse(str_of(until->text), &v->until_ms) != 0 ||
       v->until_ms <= v->effective_ms))
    book_wrong(r, until->line, "until", "must be a later date, the first day without this version");
}

void book_read_version(struct book_reader *r, const struct yaml *map, struct book_version *v) {
  static const char *const known[] = {
      "effective", "until",          "scope",    "window",   "evidence", "thanks", "voids",
      "allowed",   "csat_bad_up_to", "reversal", "new_case", "meters",   "fee",    "commitment",
      "cap",       "guarantee",      NULL};
  static const char *const need[] = {"scope", "window",   "evidence", "thanks",
                                     "voids", "reversal", "meters",   NULL};
  static const char *const thanks[] = {"confirm", "ignore", "break", NULL};
  static const char *const lengths[] = {"after", NULL};
  if (!book_keys(r, map, "a version", known)) return;
  v->line = map->line;
  read_dates(r, map, v);
  for (size_t i = 0; need[i] != NULL; i++)
    if (yaml_get(map, need[i]) == NULL) book_wrong(r, map->line, need[i], "is missing");
  if (yaml_get(map, "scope") != NULL) read_scope(r, yaml_get(map, "scope"), v);
  if (yaml_get(map, "window") != NULL) read_window(r, yaml_get(map, "window"), v);
  if (yaml_get(map, "evidence") != NULL) read_evidence(r, yaml_get(map, "evidence"), v);
  v->thanks = (enum book_thanks)book_read_word(r, yaml_get(map, "thanks"), thanks, 0);
  read_voids(r, map, v);
  if (yaml_get(map, "reversal") != NULL) read_reversal(r, yaml_get(map, "reversal"), v);
  const struct yaml *fresh = yaml_get(map, "new_case");
  if (fresh != NULL && fresh->kind == YAML_MAP)
    (void)book_keys_or_channels(r, fresh, "new_case", lengths);
  book_read_lengths(r, fresh, "after", &v->new_case);
  if (yaml_get(map, "meters") != NULL) book_read_meters(r, yaml_get(map, "meters"), v);
  book_read_money(r, yaml_get(map, "fee"), &v->fee_micros);
  book_read_money(r, yaml_get(map, "commitment"), &v->commitment_micros);
  read_cap(r, yaml_get(map, "cap"), v);
  read_guarantee(r, yaml_get(map, "guarantee"), v);
}
