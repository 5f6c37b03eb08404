/* The fold itself: one pass over sorted facts; the case is in fold_case.c, use in fold_usage.c. */
#include "billing/fold.h"

#include <string.h>

#include "base/time.h"
#include "base/str.h"
#include "billing/fold_inner.h"

const char *fold_state_word(enum fold_state s) {
  static const char *const words[] = {"open",     "answered", "pending", "billable", "contained",
                                      "excluded", "merged",   "held",    "reversed"};
  return (size_t)s < sizeof words / sizeof *words ? words[s] : "";
}

const char *fold_report_word(enum fold_state s) {
  switch (s) {
  case FOLD_BILLABLE:
    return "resolved";
  case FOLD_CONTAINED:
  case FOLD_EXCLUDED:
  case FOLD_MERGED:
    return "excluded";
  case FOLD_HELD:
    return "held";
  case FOLD_REVERSED:
    return "reversed";
  default:
    return "open";
  }
}

static void *room_for(struct fold_run *r, void *list, size_t n, size_t *room, size_t each) {
  if (n < *room) return list;
  *room = *room == 0 ? 8 : *room * 2;
  void *more = arena_alloc(r->a, *room * each);
  if (n > 0) memcpy(more, list, n * each);
  return more;
}

void seqs_add(struct fold_run *r, struct seqs *s, int64_t seq) {
  size_t at = s->n;
  while (at > 0 && s->p[at - 1] > seq) at--;
  if (at > 0 && s->p[at - 1] == seq) return;
  s->p = room_for(r, s->p, s->n, &s->room, sizeof *s->p);
  memmove(s->p + at + 1, s->p + at, (s->n - at) * sizeof *s->p);
  s->p[at] = seq;
  s->n++;
}

void charge_push(struct fold_run *r, const struct fold_charge *c) {
  r->charges = room_for(r, r->charges, r->charge_count, &r->charge_room, sizeof *r->charges);
  r->charges[r->charge_count++] = *c;
}

void void_push(struct fold_run *r, const char *key, const char *reason, int64_t at_ms) {
  r->voids = room_for(r, r->voids, r->void_count, &r->void_room, sizeof *r->voids);
  r->voids[r->void_count++] = (struct fold_void){.key = key, .reason = reason, .at_ms = at_ms};
}

const char *scope_key(struct fold_run *r, int64_t at_ms, const char *suffix) {
  const struct fact_case *c = r->c;
  const bool known = c->customer != NULL && c->customer[0] != '\0';
  switch (known ? book_at(r->b, at_ms)->scope : SCOPE_CONVERSATION) {
  case SCOPE_CUSTOMER_CHANNEL:
    return arena_printf(r->a, "customer:%s/%s|%s%s", c->customer, c->channel, c->ref, suffix);
  case SCOPE_CUSTOMER:
    return arena_printf(r->a, "customer:%s|%s%s", c->customer, c->ref, suffix);
  case SCOPE_SUBJECT:
    return arena_printf(r->a, "subject:%s/%s|%s%s", c->customer, c->category, c->ref, suffix);
  default:
    return arena_printf(r->a, "conversation:%s%s", c->ref, suffix);
  }
}

bool ai_speaks(const struct book_version *v, const struct fact *f, int *ret_reason) {
  *ret_reason = -1;
  if (f->approved && f->edited && v->voids[VOID_EDITED]) *ret_reason = VOID_EDITED;
  if (f->approved && !f->edited && v->voids[VOID_APPROVED]) *ret_reason = VOID_APPROVED;
  return *ret_reason < 0;
}

static bool same_text(const char *a, const char *b) {
  return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

bool fact_repeated(const struct fact *facts, size_t i) {
  if (i == 0) return false;
  const struct fact *f = &facts[i], *g = &facts[i - 1];
  if (f->at_ms != g->at_ms || f->kind != g->kind || !same_text(f->id, g->id)) return false;
  return f->id != NULL && f->id[0] != '\0' ? true : f->seq == g->seq;
}

/* Sandboxes are followed like any ticket and never charged. */
static void sandbox_clear(struct fold *ret) {
  ret->charges = NULL;
  ret->charge_count = 0;
  ret->voids = NULL;
  ret->void_count = 0;
  ret->wants_verify = false;
  ret->evidence_level = "";
  if (ret->state == FOLD_OPEN || ret->state == FOLD_ANSWERED) return;
  ret->state = FOLD_EXCLUDED;
  ret->reason = "sandbox";
}

/* A ticket with a charge for a resolution is resolved, whatever a later case of it is at. One that
 * is resolved but has no price in this book is free. */
static void charged_state(const struct fold_run *r, struct fold *ret) {
  const struct fold_charge *last = NULL;
  for (size_t i = 0; i < r->charge_count; i++)
    if (strcmp(r->charges[i].evidence_level, "usage") != 0) last = &r->charges[i];
  if (last != NULL) {
    ret->state = FOLD_BILLABLE;
    ret->reason = last->evidence_level;
    ret->evidence_level = last->evidence_level;
    return;
  }
  if (ret->state != FOLD_BILLABLE || r->charge_count > 0) return;
  ret->state = FOLD_EXCLUDED;
  ret->reason = "not_priced";
  ret->evidence_level = "";
}

void fold(const struct fact *facts, size_t count, const struct fact_case *c, const struct book *b,
          int64_t now_ms, struct arena *a, struct fold *ret) {
  struct fold_run r = {
      .c = c, .b = b, .a = a, .facts = facts, .count = count, .channel = book_channel(c->channel)};
  int64_t now = now_ms;
  case_open(&r, 1);
  for (size_t i = 0; i < count; i++) {
    if (fact_repeated(facts, i)) continue;
    case_time(&r, facts[i].at_ms);
    case_fact(&r, i);
  }
  /* A vendor's clock may run ahead of ours: what was seen has happened. */
  if (count > 0 && facts[count - 1].at_ms > now) now = facts[count - 1].at_ms;
  case_time(&r, now);
  *ret = (struct fold){.reason = "", .evidence_level = ""};
  case_state(&r, now, ret);
  case_close(&r);
  usage_fold(&r);
  charged_state(&r, ret);
  ret->charges = r.charges;
  ret->charge_count = r.charge_count;
  ret->voids = r.voids;
  ret->void_count = r.void_count;
  ret->reopens = r.reopens;
  if (c->sandbox) sandbox_clear(ret);
}
