#include "billing/book_price.h"

#include <string.h>

#include "base/mem.h"
#include "base/err.h"
#include "base/money.h"
#include "base/time.h"
#include "billing/book_rules.h"

const struct book_version *book_at(const struct book *b, int64_t at_ms) {
  const struct book_version *v = &b->versions[0];
  for (size_t i = 1; i < b->version_count && b->versions[i].effective_ms <= at_ms; i++)
    v = &b->versions[i];
  return v;
}

const struct book_meter *book_meter_of_outcome(const struct book_version *v, const char *outcome,
                                               const struct book_price **ret_price) {
  for (size_t i = 0; i < v->meter_count; i++)
    for (size_t k = 0; k < v->meters[i].price_count; k++)
      if (strcmp(v->meters[i].prices[k].outcome, outcome) == 0) {
        if (ret_price != NULL) *ret_price = &v->meters[i].prices[k];
        return &v->meters[i];
      }
  return NULL;
}

const struct book_meter *book_meter_of_unit(const struct book_version *v, enum book_unit unit,
                                            size_t channel) {
  for (size_t i = 0; i < v->meter_count; i++)
    if (v->meters[i].unit == unit && v->meters[i].channels[channel]) return &v->meters[i];
  return NULL;
}

int64_t book_list_price(const struct book_price *p, size_t channel) {
  return p->channel_micros[channel] >= 0 ? p->channel_micros[channel] : p->micros;
}

static bool meter_ordered(const struct book_meter *m) {
  return m->included > 0 || m->tier_count > 0 || m->per > 0;
}

/* Of so many acts the first one opens the unit and pays for it. */
static int64_t place_price(const struct book_meter *m, int64_t list_micros, int64_t nth,
                           int64_t carried) {
  if (m->per > 0 && (nth - 1) % m->per != 0) return 0;
  if (m->per > 0) nth = (nth - 1) / m->per + 1;
  if (nth <= m->included + carried) return 0;
  int64_t price = m->included > 0 && m->overage >= 0 ? m->overage : list_micros;
  for (size_t i = 0; i < m->tier_count; i++)
    if (nth > m->tiers[i].above) price = m->tiers[i].micros;
  return price;
}

void book_price_unit(const struct book *b, int64_t at_ms, const char *outcome, int64_t list_micros,
                     const struct book_place *place, struct book_priced *ret) {
  const struct book_version *v = book_at(b, at_ms);
  const struct book_meter *m = book_meter_of_outcome(v, outcome, NULL);
  *ret = (struct book_priced){.amount_micros = list_micros};
  if (m != NULL && meter_ordered(m)) {
    ret->ordered = true;
    ret->amount_micros = place_price(m, list_micros, place->count + 1, place->carried);
  }
  if (v->cap_micros == 0 || !v->cap_hard) return;
  ret->ordered = true;
  const int64_t left = v->cap_micros > place->spent_micros ? v->cap_micros - place->spent_micros
                                                           : 0;
  if (ret->amount_micros <= left) return;
  ret->amount_micros = left;
  ret->capped = true;
}

int64_t book_left_over(const struct book *b, int64_t at_ms, const char *outcome, int64_t used) {
  const struct book_meter *m = book_meter_of_outcome(book_at(b, at_ms), outcome, NULL);
  if (m == NULL || !m->rollover || used >= m->included) return 0;
  return m->included - used;
}

bool book_guarantee(const struct book *b, size_t i, struct book_guarantee *ret) {
  if (i >= b->version_count) return false;
  const struct book_version *v = &b->versions[i];
  *ret = (struct book_guarantee){.from_ms = v->effective_ms,
                                 .to_ms = v->effective_ms + v->guarantee_ms,
                                 .percent = v->guarantee_percent,
                                 .refund = v->guarantee_refund};
  return true;
}

int64_t book_outcome_price(const struct book *b, int64_t at_ms, const char *outcome) {
  const struct book_price *p = NULL;
  return book_meter_of_outcome(book_at(b, at_ms), outcome, &p) != NULL ? p->micros : 0;
}

bool book_call_price(const struct book *b, int64_t at_ms, const char *tool,
                     const char **ret_outcome, int64_t *ret_micros) {
  const struct book_meter *m = book_meter_of_unit(book_at(b, at_ms), UNIT_CALL, 0);
  for (size_t i = 0; m != NULL && i < m->price_count; i++) {
    const char *colon = strrchr(m->prices[i].outcome, ':');
    if (colon == NULL || strcmp(colon + 1, tool) != 0) continue;
    *ret_outcome = m->prices[i].outcome;
    *ret_micros = m->prices[i].micros;
    return true;
  }
  return false;
}

bool book_charges(const struct book *b, int64_t at_ms, const char *outcome) {
  return book_meter_of_outcome(book_at(b, at_ms), outcome, NULL) != NULL;
}

bool book_proves(const struct book *b, const char *outcome) {
  const struct book_price *p = NULL;
  for (size_t i = 0; i < b->version_count; i++)
    if (book_meter_of_outcome(&b->versions[i], outcome, &p) != NULL && p->proof) return true;
  return false;
}

int64_t book_scope_ms(const struct book *b, int64_t at_ms) {
  const struct book_version *v = book_at(b, at_ms);
  return v->scope == SCOPE_CONVERSATION ? 0 : v->scope_ms;
}

int64_t book_final_ms(const struct book *b, const char *channel, int64_t opened_ms, int64_t at_ms) {
  int64_t last = at_ms, from = 0, to = 0;
  char month[8];
  time_month(at_ms, month);
  BUG_UNLESS(time_month_range(month, &from, &to) == 0);
  for (size_t i = 0; i < b->version_count; i++) {
    const struct book_version *v = &b->versions[i];
    const bool ended = i + 1 < b->version_count && b->versions[i + 1].effective_ms <= opened_ms;
    const bool first = i == 0; /* also for what was before it */
    if (v->reach == REACH_NONE || ended || (v->effective_ms > at_ms && !first)) continue;
    const int64_t within = v->within.ms[book_channel(channel)];
    int64_t end = within > 0 ? at_ms + within : 0;
    if (v->reach == REACH_SAME_PERIOD && (end == 0 || end > to)) end = to;
    if (end == 0) return 0;
    if (end > last) last = end;
  }
  return last;
}

bool book_ordered(const struct book *b) {
  for (size_t i = 0; i < b->version_count; i++) {
    const struct book_version *v = &b->versions[i];
    if (v->cap_micros > 0 && v->cap_hard) return true;
    for (size_t k = 0; k < v->meter_count; k++)
      if (meter_ordered(&v->meters[k])) return true;
  }
  return false;
}

int64_t book_fee(const struct book *b, int64_t at_ms) {
  return book_at(b, at_ms)->fee_micros;
}

int64_t book_commitment(const struct book *b, int64_t at_ms) {
  return book_at(b, at_ms)->commitment_micros;
}

int64_t book_cap_alert(const struct book *b, int64_t at_ms, int64_t before_micros,
                       int64_t after_micros) {
  const struct book_version *v = book_at(b, at_ms);
  int64_t highest = 0;
  for (size_t i = 0; i < v->alert_count && v->cap_micros > 0; i++) {
    int64_t line = 0;
    if (money_scale(v->cap_micros, v->alerts[i], 100, &line) != 0) continue;
    if (before_micros < line && after_micros >= line && v->alerts[i] > highest)
      highest = v->alerts[i];
  }
  return highest;
}
