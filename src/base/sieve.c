/* Runs the automaton of sieve.h, and makes its states as they are met. */
#include "base/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sieve_inner.h"

#define STATES_MAX 8192 /* and one for each character in front */
#define ROOM       (STATES_MAX + SIEVE_LETTERS)
#define SLOTS      (4 * STATES_MAX)
#define WALK_MAX   96 /* bytes; beyond it the patterns decide */

enum { UNKNOWN, DEAD, FIRST }; /* states; FIRST is the first real one */

struct state {
  struct sieve_set accepts; /* patterns that are through here; they are gone from the nodes */
  struct sieve_set alive;   /* patterns that the nodes belong to */
  uint32_t from, count;     /* nodes, all SIEVE_CHARS, in order */
};

/* Letters that no pattern tells apart share a column. */
#define COLUMNS 128
enum { COLUMN_INSIDE = 0 }; /* bytes of a character behind its first: nothing changes */

struct sieve {
  struct sieve_nodes read;
  uint32_t begins[SIEVE_PATTERNS_MAX];
  size_t begin_count;
  unsigned char column[256];        /* by byte */
  unsigned char behind[256];        /* by the last byte of the character in front */
  unsigned char before;             /* in front of the text */
  unsigned char letter_of[COLUMNS]; /* one of those that share it */
  struct state *states;
  uint16_t (*next)[COLUMNS];
  uint16_t count;     /* states from FIRST on, in which nothing is through */
  uint16_t accepting; /* the others, from here to the end */
  uint32_t *nodes;    /* of all states */
  size_t nodes_count, nodes_room;
  uint16_t *slots;          /* states by what they hold */
  uint16_t starts[COLUMNS]; /* by the character in front */
  /* By the character in front and the first one, a bit for the second: all ends there. */
  uint64_t (*dead)[COLUMNS][COLUMNS / 64];
  bool full;
  /* Of the state that is being made. */
  uint64_t *seen; /* by node: the last making in which it was met */
  uint64_t making;
  uint32_t *stack, *set;
  size_t set_count;
};

static void set_add(struct sieve_set *s, size_t k) {
  s->bits[k / 64] |= UINT64_C(1) << (k % 64);
}

static bool set_has(const struct sieve_set *s, size_t k) {
  return (s->bits[k / 64] >> (k % 64) & 1) != 0;
}

static void set_join(struct sieve_set *s, const struct sieve_set *more) {
  for (size_t w = 0; w < sizeof s->bits / sizeof *s->bits; w++) s->bits[w] |= more->bits[w];
}

static bool is_empty(const struct sieve_set *s) {
  uint64_t any = 0;
  for (size_t w = 0; w < sizeof s->bits / sizeof *s->bits; w++) any |= s->bits[w];
  return any == 0;
}

static void forget(struct sieve *s) {
  s->count = FIRST;
  s->accepting = ROOM;
  s->nodes_count = 0;
  s->full = false;
  memset(s->slots, 0, SLOTS * sizeof *s->slots);
  memset(s->starts, 0, sizeof s->starts);
  memset(s->dead, 0, COLUMNS * sizeof *s->dead);
}

static bool are_alike(const struct sieve *s, unsigned a, unsigned b) {
  for (size_t k = 0; k < s->read.chars_count; k++)
    if (sieve_has(&s->read.chars[k], a) != sieve_has(&s->read.chars[k], b)) return false;
  return true;
}

static void columns_open(struct sieve *s) {
  unsigned char column[SIEVE_LETTERS] = {0};
  unsigned count = COLUMN_INSIDE + 1;
  for (unsigned letter = 0; letter < SIEVE_LETTERS; letter++) {
    unsigned like = 0;
    while (like < letter && !are_alike(s, like, letter)) like++;
    BUG_UNLESS(like < letter || count < COLUMNS);
    column[letter] = like < letter ? column[like] : (unsigned char)count++;
    s->letter_of[column[letter]] = (unsigned char)letter;
  }
  for (unsigned byte = 0; byte < 256; byte++) {
    s->behind[byte] = column[byte < 0x80 ? byte : SIEVE_HIGH];
    s->column[byte] = (byte & 0xC0) == 0x80 ? COLUMN_INSIDE : s->behind[byte];
  }
  s->before = column[SIEVE_BEFORE];
}

struct sieve *sieve_new(const char *const *patterns, size_t count) {
  struct sieve *s = mem_alloc(sizeof *s);
  BUG_UNLESS(count <= SIEVE_PATTERNS_MAX);
  for (size_t k = 0; k < count; k++)
    if (patterns[k] != NULL)
      s->begins[s->begin_count++] = sieve_read(&s->read, patterns[k], (unsigned)k);
  s->seen = mem_array(s->read.count, sizeof *s->seen);
  s->stack = mem_array(2 * s->read.count + 1, sizeof *s->stack);
  s->set = mem_array(s->read.count, sizeof *s->set);
  s->slots = mem_array(SLOTS, sizeof *s->slots);
  s->states = mem_array(ROOM, sizeof *s->states);
  s->next = mem_array(ROOM, sizeof *s->next);
  s->dead = mem_array(COLUMNS, sizeof *s->dead);
  columns_open(s);
  forget(s);
  return s;
}

void sieve_free(struct sieve **s) {
  if (s == NULL || *s == NULL) return;
  mem_free((*s)->read.node);
  mem_free((*s)->read.chars);
  mem_free((*s)->states);
  mem_free((*s)->nodes);
  mem_free((*s)->next);
  mem_free((*s)->slots);
  mem_free((*s)->dead);
  mem_free((*s)->seen);
  mem_free((*s)->stack);
  mem_free((*s)->set);
  mem_free(*s);
  *s = NULL;
}

void sieve_renew(struct sieve *s) {
  if (s->full) forget(s);
}

/* --- making states ---------------------------------------------------------------------------- */

/* Adds what node `from` comes to before the next character. before: the character in front of the
 * match at its beginning, -1 later. */
static void reach(struct sieve *s, uint32_t from, int before, struct sieve_set *accepts) {
  size_t depth = 0;
  s->stack[depth++] = from;
  while (depth > 0) {
    const uint32_t k = s->stack[--depth];
    const struct sieve_node *node = &s->read.node[k];
    if (s->seen[k] == s->making) continue;
    s->seen[k] = s->making;
    switch (node->kind) {
    case SIEVE_CHARS:
      s->set[s->set_count++] = k;
      break;
    case SIEVE_ACCEPT:
      set_add(accepts, node->pattern);
      break;
    case SIEVE_BEHIND:
      if (before >= 0 && !sieve_has(&s->read.chars[node->chars], (unsigned)before)) break;
      s->stack[depth++] = node->a;
      break;
    case SIEVE_FORK:
      s->stack[depth++] = node->b;
      s->stack[depth++] = node->a;
      break;
    case SIEVE_JUMP:
      s->stack[depth++] = node->a;
    }
  }
}

static int by_number(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static bool is_same(const struct sieve *s, const struct state *a, const struct sieve_set *accepts) {
  return a->count == s->set_count && memcmp(&a->accepts, accepts, sizeof *accepts) == 0 &&
         memcmp(s->nodes + a->from, s->set, s->set_count * sizeof *s->set) == 0;
}

static uint16_t *slot_of(struct sieve *s, const struct sieve_set *accepts) {
  uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
  for (size_t k = 0; k < s->set_count; k++) h = (h ^ s->set[k]) * UINT64_C(0x100000001B3);
  for (size_t i = h ^ (h >> 29);; i++) {
    uint16_t *slot = &s->slots[i % SLOTS];
    if (*slot == UNKNOWN || is_same(s, &s->states[*slot], accepts)) return slot;
  }
}

static uint16_t state_add(struct sieve *s, const struct sieve_set *accepts) {
  while (s->nodes_count + s->set_count > s->nodes_room) {
    s->nodes_room = s->nodes_room == 0 ? 4096 : s->nodes_room * 2;
    s->nodes = mem_grow(s->nodes, s->nodes_room * sizeof *s->nodes);
  }
  const uint16_t number = is_empty(accepts) ? s->count++ : --s->accepting;
  BUG_UNLESS(s->count <= s->accepting);
  struct state *state = &s->states[number];
  *state = (struct state){
      .accepts = *accepts, .from = (uint32_t)s->nodes_count, .count = (uint32_t)s->set_count};
  memset(s->next[number], 0, sizeof *s->next);
  s->next[number][COLUMN_INSIDE] = number;
  for (size_t k = 0; k < s->set_count; k++) set_add(&state->alive, s->read.node[s->set[k]].pattern);
  if (s->set_count > 0) memcpy(s->nodes + s->nodes_count, s->set, s->set_count * sizeof *s->set);
  s->nodes_count += s->set_count;
  s->full = s->count + (ROOM - s->accepting) >= STATES_MAX;
  return number;
}

/* The state that holds what was reached, without the patterns that are through. */
static uint16_t state_of(struct sieve *s, const struct sieve_set *accepts) {
  size_t kept = 0;
  for (size_t k = 0; k < s->set_count; k++)
    if (!set_has(accepts, s->read.node[s->set[k]].pattern)) s->set[kept++] = s->set[k];
  s->set_count = kept;
  if (kept == 0 && is_empty(accepts)) return DEAD;
  if (kept > 0) qsort(s->set, kept, sizeof *s->set, by_number);
  uint16_t *slot = slot_of(s, accepts);
  if (*slot == UNKNOWN) *slot = state_add(s, accepts);
  return *slot;
}

static uint16_t start_of(struct sieve *s, unsigned char before) {
  if (s->starts[before] != UNKNOWN) return s->starts[before];
  struct sieve_set accepts = {{0}};
  s->making++;
  s->set_count = 0;
  for (size_t k = 0; k < s->begin_count; k++)
    reach(s, s->begins[k], s->letter_of[before], &accepts);
  s->starts[before] = state_of(s, &accepts);
  return s->starts[before];
}

/* The state behind one more character; UNKNOWN when there is no room for it. */
static uint16_t step(struct sieve *s, uint16_t from, unsigned char column) {
  const uint16_t known = s->next[from][column];
  const unsigned letter = s->letter_of[column];
  if (known != UNKNOWN || s->full) return known;
  struct sieve_set accepts = {{0}};
  s->making++;
  s->set_count = 0;
  for (size_t k = 0; k < s->states[from].count; k++) {
    const struct sieve_node *node = &s->read.node[s->nodes[s->states[from].from + k]];
    if (sieve_has(&s->read.chars[node->chars], letter)) reach(s, node->a, -1, &accepts);
  }
  const uint16_t to = state_of(s, &accepts);
  s->next[from][column] = to;
  return to;
}

/* --- running ---------------------------------------------------------------------------------- */

/* What may match at i, in front of which stands `before`; *ret_end: where the last one ended. */
static struct sieve_set walk(struct sieve *s, struct trg_str text, size_t i, unsigned char before,
                             size_t *ret_end) {
  struct sieve_set through = {{0}};
  const size_t end = text.n - i < WALK_MAX ? text.n : i + WALK_MAX;
  const unsigned char *p = (const unsigned char *)text.p;
  uint16_t at = start_of(s, before);
  for (; i < end && at != DEAD; i++) {
    uint16_t to = s->next[at][s->column[p[i]]];
    if (to == UNKNOWN) to = step(s, at, s->column[p[i]]);
    if (to == UNKNOWN) break;
    at = to;
    if (at >= s->accepting) set_join(&through, &s->states[at].accepts);
  }
  *ret_end = i;
  if (i < text.n && at != DEAD) set_join(&through, &s->states[at].alive);
  return through;
}

size_t sieve_next(struct sieve *s, struct trg_str text, size_t from, struct sieve_set *ret_set) {
  const unsigned char *p = (const unsigned char *)text.p;
  unsigned char before = from == 0 ? s->before : s->behind[p[from - 1]];
  for (size_t i = from; i < text.n; i++) {
    const unsigned char first = s->column[p[i]];
    const unsigned char second = i + 1 < text.n ? s->column[p[i + 1]] : COLUMN_INSIDE;
    uint64_t *dead = &s->dead[before][first][second / 64];
    before = s->behind[p[i]];
    if ((*dead >> (second % 64) & 1) != 0 || first == COLUMN_INSIDE) continue;
    size_t end;
    *ret_set = walk(s, text, i, i == 0 ? s->before : s->behind[p[i - 1]], &end);
    if (!is_empty(ret_set)) return i;
    if (end <= i + 2 && end < text.n) *dead |= UINT64_C(1) << (second % 64);
  }
  return text.n;
}
