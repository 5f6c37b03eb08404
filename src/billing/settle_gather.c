/* Facts of a ticket, and its lines, as settling and recounting read them. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/settle.h"
#include "billing/settle_inner.h"
#include "store/period.h"
#include "store/store.h"
#include "store/talk.h"

static const char *channel_word(int32_t channel) {
  static const char *const words[] = {[TRG_CHANNEL_OTHER] = "other",
                                      [TRG_CHANNEL_EMAIL] = "email",
                                      [TRG_CHANNEL_WEB] = "web",
                                      [TRG_CHANNEL_CHAT] = "chat",
                                      [TRG_CHANNEL_MESSAGING] = "messaging",
                                      [TRG_CHANNEL_VOICE] = "voice",
                                      [TRG_CHANNEL_SOCIAL] = "social",
                                      [TRG_CHANNEL_API] = "api"};
  if (channel < 0 || (size_t)channel >= sizeof words / sizeof *words) return "other";
  return words[channel];
}

static void fact_data(const struct event *e, struct fact *f) {
  if (e->data == NULL || e->data[0] == '\0') return;
  json *j = json_parse(str_of(e->data), 0, NULL);
  f->approved = json_get_str(j, "approved_by").n > 0;
  f->edited = json_get_bool(j, "edited", false);
  f->tokens = json_get_int(j, "tokens", 0);
  json_free(&j);
}

static void facts_of(const struct event *e, size_t n, int64_t before_ms, struct arena *a,
                     struct gathered *ret) {
  ret->facts = arena_alloc(a, (n + 1) * sizeof *ret->facts);
  ret->count = 0;
  for (size_t i = 0; i < n; i++) {
    const enum fact_kind kind = fact_kind_of(e[i].kind);
    if (kind == FACT_NONE || (before_ms != 0 && e[i].seen_ms >= before_ms)) continue;
    struct fact *f = &ret->facts[ret->count++];
    *f = (struct fact){.seq = e[i].seq,
                       .kind = kind,
                       .actor = fact_actor_of(e[i].actor),
                       .id = e[i].ext_id,
                       .value = e[i].value,
                       .at_ms = e[i].at_ms};
    fact_data(&e[i], f);
  }
  facts_sort(ret->facts, ret->count);
}

int settle_gather(struct store *s, int64_t ticket_id, int64_t before_ms, struct arena *a,
                  struct gathered *ret, struct trg_err *err) {
  struct event *e = NULL;
  size_t n = 0;
  int rc = ticket_by_id(s, ticket_id, a, &ret->t, err);
  if (rc == 0) rc = event_list(s, ticket_id, true, a, &e, &n, err);
  if (rc != 0) return rc;
  facts_of(e, n, before_ms, a, ret);
  ret->events = e;
  ret->event_count = n;
  ret->c = (struct fact_case){.ref = ret->t.ref,
                              .helpdesk = ret->t.helpdesk,
                              .customer = ret->t.requester_hash,
                              .channel = channel_word(ret->t.channel),
                              .category = ret->t.category,
                              .sandbox = ret->t.sandbox,
                              .opened_ms = ret->t.created_ms};
  return 0;
}

static const struct event *event_of(const struct gathered *g, int64_t seq) {
  for (size_t i = 0; i < g->event_count; i++)
    if (g->events[i].seq == seq) return &g->events[i];
  return NULL;
}

static void digest_add(struct hash *h, const struct event *e) {
  const struct {
    const char *name, *value;
  } texts[] = {{"kind", e->kind},
               {"ext_id", e->ext_id},
               {"actor", e->actor},
               {"value", e->value},
               {"data", e->data}};
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "{\"seq\":%" PRId64 ",\"ticket_id\":%" PRId64, e->seq, e->ticket_id);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    buf_printf(&b, ",\"%s\":", texts[i].name);
    buf_json(&b, str_of(texts[i].value));
  }
  buf_printf(&b, ",\"at_ms\":%" PRId64 ",\"seen_ms\":%" PRId64 "}\n", e->at_ms, e->seen_ms);
  hash_add(h, buf_view(&b));
  buf_free(&b);
}

void evidence_digest(const struct gathered *g, const char *evidence, char out[HASH_HEX_MAX],
                     int64_t *ret_lost) {
  uint8_t sum[HASH_BYTES];
  struct hash *h = hash_new();
  struct trg_str rest = str_of(evidence), piece;
  bool any = false;
  *ret_lost = 0;
  if (str_starts(rest, "[")) rest = (struct trg_str){rest.p + 1, rest.n - 1};
  if (str_ends(rest, "]")) rest.n--;
  while (*ret_lost == 0 && str_next(&rest, ',', &piece)) {
    int64_t seq = 0;
    if (piece.n == 0) continue;
    any = true;
    const struct event *e = str_to_int(piece, &seq) == 0 ? event_of(g, seq) : NULL;
    if (e != NULL)
      digest_add(h, e);
    else
      *ret_lost = seq != 0 ? seq : -1;
  }
  hash_end(&h, sum);
  out[0] = '\0';
  if (any && *ret_lost == 0) hex_encode(sum, sizeof sum, out);
}

void charge_key_of(const char *scope_key, const char *outcome, char out[HASH_HEX_MAX]) {
  uint8_t sum[HASH_BYTES];
  struct hash *h = hash_new();
  hash_add(h, str_of(scope_key));
  hash_add(h, TRG_STR("\n"));
  hash_add(h, str_of(outcome));
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, out);
}

const char *shared_scope(const char *scope_key, struct arena *a) {
  const char *bar = strchr(scope_key, '|');
  if (bar == NULL) return NULL;
  return arena_dup(a, (struct trg_str){scope_key, (size_t)(bar - scope_key)});
}

/* --- lines -------------------------------------------------------------------------------------
 */

/* Does `l` take all of `charge` back? As the store's view of live lines has it. */
static bool takes_back(const struct ledger_line *l, const struct ledger_line *charge) {
  if (l->corrects != charge->seq) return false;
  if (strcmp(l->kind, "reversal") == 0) return true;
  return strcmp(l->kind, "credit") == 0 && l->amount_micros != 0 &&
         l->amount_micros == -charge->amount_micros;
}

int lines_read(struct store *s, int64_t ticket_id, struct arena *a, struct lines *ret,
               struct trg_err *err) {
  const int rc = ledger_of_ticket(s, ticket_id, a, &ret->p, &ret->n, err);
  if (rc != 0) return rc;
  ret->live = arena_alloc(a, ret->n + 1);
  for (size_t i = 0; i < ret->n; i++) {
    ret->live[i] = strcmp(ret->p[i].kind, "charge") == 0;
    for (size_t k = i + 1; k < ret->n && ret->live[i]; k++)
      ret->live[i] = !takes_back(&ret->p[k], &ret->p[i]);
  }
  return 0;
}

bool lines_credited(const struct lines *l, const char *charge_key, int64_t at_ms) {
  for (size_t i = 0; i < l->n; i++) {
    const struct ledger_line *c = &l->p[i];
    if (strcmp(c->kind, "charge") != 0 || l->live[i] || c->at_ms != at_ms ||
        strcmp(c->charge_key, charge_key) != 0)
      continue;
    for (size_t k = i + 1; k < l->n; k++)
      if (takes_back(&l->p[k], c) && !str_starts(str_of(l->p[k].rule), RULE_VOID)) return true;
  }
  return false;
}

int settle_final(struct store *s, const struct book *b, const struct ledger_line *l,
                 int64_t *ret_ms, struct trg_err *err) {
  struct arena *a = arena_new();
  struct ticket t = {0};
  bool closed = false;
  int rc = period_is_closed(s, l->period, &closed, err);
  if (rc == 0 && !closed) rc = ticket_by_id(s, l->ticket_id, a, &t, err);
  if (rc == 0 && closed) *ret_ms = l->at_ms;
  if (rc == 0 && !closed) {
    const int64_t at = book_final_ms(b, channel_word(t.channel), t.created_ms, l->at_ms);
    *ret_ms = at != 0 ? at : INT64_MAX;
  }
  arena_free(&a);
  return rc;
}
