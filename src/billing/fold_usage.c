/* Meters that count use: conversations (session windows), tickets, actions, replies. They stand
 * beside the resolution and are not taken back. */
#include <string.h>

#include "billing/fold_inner.h"

struct use {
  struct fold_run *r;
  /* conversation */
  int64_t start_ms, last_ms, inputs, windows, opened_seq;
  bool window_charged;
  /* ticket */
  int64_t active_ms, cases;
  bool case_charged;
};

static void use_charge(struct fold_run *r, const struct book_meter *m, const char *key,
                       const char *rule, int64_t times, const struct fact *f, int64_t opened_seq) {
  struct seqs evidence = {0};
  if (opened_seq != 0) seqs_add(r, &evidence, opened_seq);
  seqs_add(r, &evidence, f->seq);
  int64_t amount = 0;
  if (__builtin_mul_overflow(book_list_price(&m->prices[0], r->channel), times, &amount)) return;
  charge_push(r, &(struct fold_charge){.key = key,
                                       .outcome = m->prices[0].outcome,
                                       .evidence_level = "usage",
                                       .rule = rule,
                                       .amount_micros = amount,
                                       .at_ms = f->at_ms,
                                       .evidence = evidence.p,
                                       .evidence_count = evidence.n});
}

static bool is_input(const struct fact *f) {
  return f->kind == FACT_MSG_IN && (f->value == NULL || strcmp(f->value, "auto") != 0);
}

static bool is_ai_act(const struct book_version *v, const struct fact *f) {
  int reason = -1;
  if (f->actor != ACTOR_AI) return false;
  if (f->kind == FACT_NOTE) return !v->voids[VOID_NOTE_ONLY];
  return f->kind == FACT_MSG_OUT && ai_speaks(v, f, &reason);
}

static const char *numbered(struct fold_run *r, int64_t n) {
  return arena_printf(r->a, "#%lld", (long long)n);
}

static void use_conversation(struct use *u, const struct book_version *v, const struct fact *f) {
  const struct book_meter *m = book_meter_of_unit(v, UNIT_CONVERSATION, u->r->channel);
  const bool input = is_input(f), act = is_ai_act(v, f);
  if (m == NULL || (!input && !act)) return;
  const int64_t length = m->session.ms[u->r->channel];
  const int64_t since = m->quiet ? u->last_ms : u->start_ms;
  const bool over = (length > 0 && f->at_ms - since >= length) ||
                    (m->split && !same_month(u->start_ms, f->at_ms));
  u->last_ms = f->at_ms;
  const bool full = input && m->inputs > 0 && u->inputs >= m->inputs;
  if (u->windows == 0 || over || full) {
    u->windows++;
    u->start_ms = f->at_ms;
    u->opened_seq = f->seq;
    u->inputs = 0;
    u->window_charged = false;
  }
  u->inputs += input;
  if (!act || u->window_charged) return;
  u->window_charged = true;
  use_charge(u->r, m, scope_key(u->r, f->at_ms, numbered(u->r, u->windows)),
             "first message>conversation", 1, f, u->opened_seq);
}

static void use_ticket(struct use *u, const struct book_version *v, const struct fact *f) {
  const struct book_meter *m = book_meter_of_unit(v, UNIT_TICKET, u->r->channel);
  const int64_t fresh = v->new_case.ms[u->r->channel];
  if (f->kind != FACT_MSG_OUT && !is_input(f)) return;
  if (is_input(f) && fresh > 0 && u->active_ms != 0 && f->at_ms - u->active_ms >= fresh) {
    u->cases++;
    u->case_charged = false;
  }
  u->active_ms = f->at_ms;
  if (m == NULL || f->kind != FACT_MSG_OUT || u->case_charged) return;
  u->case_charged = true;
  use_charge(u->r, m, scope_key(u->r, f->at_ms, numbered(u->r, u->cases + 1)),
             "public message>ticket", 1, f, 0);
}

static void use_action(struct use *u, const struct book_version *v, const struct fact *f) {
  const struct book_meter *m = book_meter_of_unit(v, UNIT_ACTION, u->r->channel);
  if (m == NULL || f->kind != FACT_ACTION) return;
  int64_t times = 1;
  if (m->tokens > 0 && f->tokens > m->tokens) times = (f->tokens + m->tokens - 1) / m->tokens;
  const char *key = arena_printf(u->r->a, "action:%s/%s", u->r->c->ref, f->id != NULL ? f->id : "");
  use_charge(u->r, m, key, arena_printf(u->r->a, "action>%lld", (long long)times), times, f, 0);
}

static void use_reply(struct use *u, const struct book_version *v, const struct fact *f) {
  const struct book_meter *m = book_meter_of_unit(v, UNIT_REPLY, u->r->channel);
  if (m == NULL || f->kind != FACT_MSG_OUT || !is_ai_act(v, f)) return;
  const char *value = f->value != NULL ? f->value : "";
  if (value[0] != '\0' && strcmp(value, "answer") != 0) return;
  const char *key = arena_printf(u->r->a, "reply:%s/%s", u->r->c->ref, f->id != NULL ? f->id : "");
  use_charge(u->r, m, key, "answer>reply", 1, f, 0);
}

void usage_fold(struct fold_run *r) {
  struct use u = {.r = r};
  for (size_t i = 0; i < r->count; i++) {
    const struct fact *f = &r->facts[i];
    if (fact_repeated(r->facts, i)) continue;
    const struct book_version *v = book_at(r->b, f->at_ms);
    use_conversation(&u, v, f);
    use_ticket(&u, v, f);
    use_action(&u, v, f);
    use_reply(&u, v, f);
  }
}
