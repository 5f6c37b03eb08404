#include "store/sums.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct sums {
  struct arena *a;
  struct sums_entry *list;
  size_t n, room;
  size_t *slots; /* index into list + 1; 0: empty */
  size_t slot_count;
  const char *last_word; /* words repeat: one copy of neighbours' */
};

struct sums *sums_new(void) {
  struct sums *s = mem_alloc(sizeof *s);
  s->a = arena_new();
  return s;
}

void sums_free(struct sums **s) {
  if (s == NULL || *s == NULL) return;
  arena_free(&(*s)->a);
  mem_free((*s)->list);
  mem_free((*s)->slots);
  mem_free(*s);
  *s = NULL;
}

/* FNV-1a, a number or a letter a step. */
static uint64_t mix(uint64_t h, uint64_t n) {
  return (h ^ n) * UINT64_C(0x100000001b3);
}

static uint64_t mix_text(uint64_t h, const char *text) {
  for (; *text != '\0'; text++) h = mix(h, (unsigned char)*text);
  return mix(h, 0);
}

static uint64_t hash_of(const struct sums_key *k) {
  uint64_t h = mix(UINT64_C(0xcbf29ce484222325), (uint64_t)k->dim);
  h = mix(mix(h, (uint64_t)k->day), (uint64_t)k->bin);
  h = mix_text(mix_text(h, k->word), k->other);
  return h ^ h >> 29;
}

static bool same(const struct sums_key *a, const struct sums_key *b) {
  return a->dim == b->dim && a->day == b->day && a->bin == b->bin &&
         strcmp(a->word, b->word) == 0 && strcmp(a->other, b->other) == 0;
}

static size_t slot_of(const struct sums *s, const struct sums_key *key) {
  size_t i = hash_of(key) & (s->slot_count - 1);
  while (s->slots[i] != 0 && !same(&s->list[s->slots[i] - 1].key, key))
    i = (i + 1) & (s->slot_count - 1);
  return i;
}

static void slots_set(struct sums *s) {
  for (size_t i = 0; i < s->n; i++) s->slots[slot_of(s, &s->list[i].key)] = i + 1;
}

static void grow(struct sums *s) {
  s->room = s->room == 0 ? 64 : 2 * s->room;
  s->list = mem_grow(s->list, s->room * sizeof *s->list);
  mem_free(s->slots);
  s->slot_count = 2 * s->room;
  s->slots = mem_array(s->slot_count, sizeof *s->slots);
  slots_set(s);
}

int64_t *sums_at(struct sums *s, const struct sums_key *key) {
  struct sums_key k = *key;
  if (k.word == NULL) k.word = "";
  if (k.other == NULL) k.other = "";
  if (s->n == s->room) grow(s);
  const size_t slot = slot_of(s, &k);
  if (s->slots[slot] != 0) return s->list[s->slots[slot] - 1].n;
  struct sums_entry *e = &s->list[s->n++];
  s->slots[slot] = s->n;
  if (s->last_word == NULL || strcmp(s->last_word, k.word) != 0)
    s->last_word = arena_dup(s->a, str_of(k.word));
  k.word = s->last_word;
  k.other = k.other[0] == '\0' ? "" : arena_dup(s->a, str_of(k.other));
  e->key = k;
  e->n = arena_alloc(s->a, (k.bin == SUMS_NO_BIN ? SUMS_WIDE : 2) * sizeof *e->n);
  return e->n;
}

size_t sums_count(const struct sums *s) {
  return s->n;
}

static int by_number(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int by_key(const void *pa, const void *pb) {
  const struct sums_key *a = &((const struct sums_entry *)pa)->key,
                        *b = &((const struct sums_entry *)pb)->key;
  int d = by_number(a->dim, b->dim);
  if (d == 0) d = strcmp(a->word, b->word);
  if (d == 0) d = strcmp(a->other, b->other);
  if (d == 0) d = by_number(a->day, b->day);
  return d != 0 ? d : by_number(a->bin, b->bin);
}

struct sums_entry *sums_list(struct sums *s) {
  if (s->n == 0) return NULL;
  qsort(s->list, s->n, sizeof *s->list, by_key);
  memset(s->slots, 0, s->slot_count * sizeof *s->slots);
  slots_set(s);
  return s->list;
}

int64_t sums_bin(int64_t value) {
  if (value < 64) return value < 0 ? 0 : value;
  int octave = 0; /* 1: from 64 on */
  for (int64_t v = value; v >= 64; v /= 2) octave++;
  return 32 * octave + (value >> octave);
}
