/*
 * What happened to a conversation, for billing. Every fact has an id that is the same in each
 * fetch: of the part that tells it, or of the second at which it is said to have happened. Parts
 * come only from people's and machines' deeds, never from what a customer writes.
 */
#include <stdio.h>
#include <string.h>

#include "wire.h"

struct telling {
  struct intercom_thread *thread;
  struct trg_str own_id;
  struct trg_ticket_fact *facts;
  size_t count, cap;
  enum { OPEN, CLOSED, UNKNOWN } state; /* as of the part being told */
  int64_t closed_s;                     /* of the newest closing that a part tells */
};

struct trg_str intercom_joined(struct hd_mem *mem, struct trg_str a, struct trg_str b,
                               struct trg_str c) {
  struct hd_buf buf = hd_buf_new(8192);
  hd_put_str(&buf, a);
  hd_put_str(&buf, b);
  hd_put_str(&buf, c);
  const struct trg_str kept = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

static void fact_add(struct telling *t, int32_t kind, struct trg_str id, int64_t at_s, int32_t by,
                     struct trg_str value) {
  if (t->count < t->cap)
    t->facts[t->count++] = (struct trg_ticket_fact){sizeof *t->facts, kind, id,
                                                    at_s * 1000,      by,   value};
}

static void part_fact(struct telling *t, int32_t kind, const struct intercom_part *part,
                      const char *what, struct trg_str value) {
  const struct trg_str id = intercom_joined(&t->thread->mem, TRG_STR("part:"), part->id,
                                            hd_str(what));
  fact_add(t, kind, id, part->at_s, intercom_author_of(part, t->own_id), value);
}

static struct trg_str number_text(struct telling *t, const char *prefix, int64_t a, int64_t b) {
  char text[96];
  const int n = b < 0 ? snprintf(text, sizeof text, "%s%lld", prefix, (long long)a)
                      : snprintf(text, sizeof text, "%s%lld:%lld", prefix, (long long)a,
                                 (long long)b);
  return hd_keep(&t->thread->mem, (struct trg_str){text, (size_t)n});
}

static bool opens(const struct intercom_part *part) {
  return hd_is(part->type, "open") || hd_seek(part->type, "reopen") != SIZE_MAX;
}

static void closing_tell(struct telling *t, const struct intercom_part *part) {
  const struct trg_str none = {NULL, 0};
  const bool customer = intercom_author_of(part, t->own_id) == TRG_AUTHOR_CUSTOMER;
  if (hd_is(part->type, "close") && !customer) {
    part_fact(t, TRG_FACT_SOLVED, part, ":close", none);
    t->state = CLOSED;
    t->closed_s = part->at_s;
    return;
  }
  /* Before the oldest part that is given it may have been closed: then only its own word counts. */
  const bool again = (opens(part) && t->state != OPEN) ||
                     (customer && t->state == CLOSED && intercom_is_message(part) &&
                      !part->automatic);
  if (!again) return;
  part_fact(t, TRG_FACT_REOPENED, part, ":reopen", none);
  t->state = OPEN;
}

/* Tickets are done when their state's category says so, whatever the state is called. A message may
 * name the state too that the part beside it changed: one change is told once. */
static void state_tell(struct telling *t, const struct intercom_part *part) {
  const bool was_told = t->state == CLOSED;
  const bool before = part->state_before.n > 0 ? hd_is(part->state_before, "resolved") : was_told;
  const bool after = hd_is(part->state, "resolved");
  const bool known = t->state != UNKNOWN && after == was_told;
  const struct trg_str none = {NULL, 0};
  if (part->state.n == 0) return;
  t->state = after ? CLOSED : OPEN;
  if (known || before == after) return;
  part_fact(t, after ? TRG_FACT_SOLVED : TRG_FACT_REOPENED, part, ":state", none);
}

static void assigned_tell(struct telling *t, const struct intercom_part *part) {
  /* Workflows assign all day; only a person who does it has taken over. */
  if (hd_seek(part->type, "assign") == SIZE_MAX || part->to_id.n == 0 || hd_is(part->to_id, "0") ||
      intercom_author_of(part, t->own_id) != TRG_AUTHOR_AGENT)
    return;
  const bool team = hd_is(part->to_type, "team");
  part_fact(t, TRG_FACT_ASSIGNED, part, ":assigned",
            intercom_joined(&t->thread->mem, team ? TRG_STR("team:") : TRG_STR("admin:"),
                            part->to_id, (struct trg_str){NULL, 0}));
}

static void parts_tell(struct telling *t) {
  const struct intercom_thread *thread = t->thread;
  t->state = thread->partial || thread->item.is_ticket ? UNKNOWN : OPEN;
  for (size_t i = 0; i < thread->part_count; i++) {
    const struct intercom_part *part = &thread->parts[i];
    if (thread->item.is_ticket)
      state_tell(t, part);
    else
      closing_tell(t, part);
    assigned_tell(t, part);
  }
}

/* A closing that left no part: by a rule, or one that is no longer among those that are given. */
static void unseen_tell(struct telling *t) {
  const struct intercom_item *item = &t->thread->item;
  const struct trg_str none = {NULL, 0};
  if (!item->is_ticket && hd_is(item->state, "closed") && item->last_close_s > t->closed_s + 60)
    fact_add(t, TRG_FACT_SOLVED, number_text(t, "close:", item->last_close_s, -1),
             item->last_close_s, TRG_AUTHOR_UNKNOWN, none);
  if (item->is_ticket && hd_is(item->state, "resolved") && t->state != CLOSED)
    fact_add(t, TRG_FACT_SOLVED, TRG_STR("state:resolved"), item->updated_s, TRG_AUTHOR_UNKNOWN,
             none);
}

static void rating_tell(struct telling *t, const char *prefix, int64_t rating, int64_t at_s) {
  if (rating < 1 || rating > 5) return;
  const int32_t kind = rating >= 4   ? TRG_FACT_CSAT_GOOD
                       : rating == 3 ? TRG_FACT_CSAT_NEUTRAL
                                     : TRG_FACT_CSAT_BAD;
  fact_add(t, kind, number_text(t, prefix, at_s, rating),
           at_s > 0 ? at_s : t->thread->item.updated_s, TRG_AUTHOR_CUSTOMER,
           number_text(t, "", rating, -1));
}

static void merged_tell(struct telling *t, const struct trg_ticket *ret) {
  const struct intercom_thread *thread = t->thread;
  if (thread->item.is_ticket || ret->status != TRG_STATUS_MERGED) return;
  if (thread->item.ticket_id.n > 0)
    fact_add(t, TRG_FACT_MERGED,
             intercom_joined(&t->thread->mem, TRG_STR("converted:"), thread->item.ticket_id,
                             (struct trg_str){NULL, 0}),
             thread->item.updated_s, TRG_AUTHOR_AGENT, ret->merged_into);
  for (size_t i = 0; i < thread->part_count; i++)
    if (hd_is(thread->parts[i].type, "merged_secondary_conversation"))
      part_fact(t, TRG_FACT_MERGED, &thread->parts[i], ":merged", (struct trg_str){NULL, 0});
}

/* Closing is part of merging, and of nothing that anybody should pay for. */
static void closings_drop(struct telling *t) {
  size_t kept = 0;
  for (size_t i = 0; i < t->count; i++)
    if (t->facts[i].kind != TRG_FACT_SOLVED) t->facts[kept++] = t->facts[i];
  t->count = kept;
}

void intercom_facts_tell(struct intercom_thread *thread, struct trg_str own_id,
                         struct trg_ticket *ret) {
  const struct intercom_item *item = &thread->item;
  struct telling t = {.thread = thread, .own_id = own_id, .cap = thread->part_count * 3 + 8};
  t.facts = hd_take(&thread->mem, t.cap * sizeof *t.facts);
  if (t.facts == NULL) return;
  parts_tell(&t);
  unseen_tell(&t);
  if (!item->is_ticket && intercom_is_merged(thread)) closings_drop(&t);
  merged_tell(&t, ret);
  rating_tell(&t, "rating:", item->rating, item->rating_s);
  rating_tell(&t, "ai_rating:", item->ai_rating, item->ai_rating_s);
  if (item->ai_state.n > 0)
    fact_add(&t, TRG_FACT_VENDOR_STATE,
             intercom_joined(&thread->mem, TRG_STR("ai_agent:"), item->ai_state,
                             (struct trg_str){NULL, 0}),
             item->updated_s, TRG_AUTHOR_BOT, item->ai_state);
  ret->facts = t.facts;
  ret->fact_count = t.count;
}
