#include "store/ticket_kept.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define PLACES 256 /* about as many as are on the road at a time; 300 KB */

/* Where struct ticket has its strings. */
static const size_t strings[] = {
    offsetof(struct ticket, helpdesk),     offsetof(struct ticket, ext_id),
    offsetof(struct ticket, ref),          offsetof(struct ticket, version),
    offsetof(struct ticket, subject),      offsetof(struct ticket, requester_hash),
    offsetof(struct ticket, url),          offsetof(struct ticket, merged_into),
    offsetof(struct ticket, inbound_id),   offsetof(struct ticket, hold_reason),
    offsetof(struct ticket, category),     offsetof(struct ticket, subcategory),
    offsetof(struct ticket, priority),     offsetof(struct ticket, priority_reason),
    offsetof(struct ticket, team),         offsetof(struct ticket, language),
    offsetof(struct ticket, sentiment),    offsetof(struct ticket, product_area),
    offsetof(struct ticket, duplicate_of), offsetof(struct ticket, summary),
    offsetof(struct ticket, model),        offsetof(struct ticket, outcome),
    offsetof(struct ticket, reason),       offsetof(struct ticket, bill_state),
    offsetof(struct ticket, bill_reason),
};
#define STRINGS (sizeof strings / sizeof *strings)

/* The strings stand in `text` one after the other, each with its NUL, in the order above. */
struct place {
  struct ticket t;
  uint32_t bytes[STRINGS];
  char *text;
  size_t n, room;
};
struct ticket_kept {
  struct place at[PLACES];
};

static const char **string_of(struct ticket *t, size_t i) {
  return (const char **)(void *)((char *)t + strings[i]);
}

struct ticket_kept *ticket_kept_new(void) {
  return mem_alloc(sizeof(struct ticket_kept));
}

void ticket_kept_clear(struct ticket_kept *k) {
  for (size_t i = 0; k != NULL && i < PLACES; i++) k->at[i].t.id = 0;
}

void ticket_kept_free(struct ticket_kept **k) {
  if (*k == NULL) return;
  for (size_t i = 0; i < PLACES; i++) mem_free((*k)->at[i].text);
  mem_free(*k);
  *k = NULL;
}

static size_t place_of(int64_t id) {
  return (uint64_t)id % PLACES;
}

void ticket_kept_drop(struct ticket_kept *k, int64_t id) {
  if (k != NULL && k->at[place_of(id)].t.id == id) k->at[place_of(id)].t.id = 0;
}

static const char *hold_reason(const struct place *p) {
  const char *text = p->text;
  for (size_t i = 0; strings[i] != offsetof(struct ticket, hold_reason); i++) text += p->bytes[i];
  return text;
}

void ticket_kept_moved(struct ticket_kept *k, int64_t id, enum ticket_state to,
                       const struct ticket_step *step, int64_t now_ms) {
  struct place *p = k == NULL ? NULL : &k->at[place_of(id)];
  if (p == NULL || p->t.id != id) return;
  if (!str_is(step->hold_reason, hold_reason(p))) {
    p->t.id = 0;
    return;
  }
  p->t.state = to;
  p->t.due_ms = step->due_ms;
  p->t.lease_ms = step->lease_ms;
  p->t.attempts = step->attempts;
  p->t.changed_ms = now_ms;
}

void ticket_kept_put(struct ticket_kept *k, const struct ticket *t) {
  if (k == NULL) return;
  struct place *p = &k->at[place_of(t->id)];
  p->t = *t;
  p->n = 0;
  for (size_t i = 0; i < STRINGS; i++) {
    p->bytes[i] = (uint32_t)strlen(*string_of(&p->t, i)) + 1;
    p->n += p->bytes[i];
  }
  if (p->n > p->room) p->text = mem_grow(p->text, p->room = p->n + 256);
  char *to = p->text;
  for (size_t i = 0; i < STRINGS; to += p->bytes[i++])
    memcpy(to, *string_of(&p->t, i), p->bytes[i]);
}

bool ticket_kept_get(const struct ticket_kept *k, int64_t id, struct arena *a, struct ticket *ret) {
  const struct place *p = k == NULL ? NULL : &k->at[place_of(id)];
  if (p == NULL || p->t.id != id || id == 0) return false;
  const char *text = arena_str(a, (struct trg_str){p->text, p->n}).p;
  *ret = p->t;
  for (size_t i = 0; i < STRINGS; text += p->bytes[i++]) *string_of(ret, i) = text;
  return true;
}
