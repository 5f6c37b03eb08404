/* Runs the rules of a profile over a text. */
#include "base/pii_profile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/str.h"

struct found {
  struct pii_hit *hits;
  size_t count, room;
};

static struct regex **compiled; /* as many as there are rules; never freed */

static void heads_open(void);

static void compile_all(void) {
  compiled = mem_array(pii_rule_count, sizeof *compiled);
  for (size_t k = 0; k < pii_rule_count; k++) {
    struct trg_err err = {0};
    compiled[k] = regex_new(pii_rules[k].pattern, REGEX_IS_UTF8, &err);
    if (compiled[k] == NULL) BUG(err.text);
  }
  heads_open();
}

/* Letters and digits alone, in capitals; false when there are more than any number has. */
static bool id_of(struct trg_str value, char id[PII_ID_MAX + 1]) {
  size_t n = 0;
  for (size_t i = 0; i < value.n; i++) {
    const unsigned char c = (unsigned char)value.p[i];
    if (!pii_is_alnum(c)) continue;
    if (n == PII_ID_MAX) return false;
    id[n++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  id[n] = '\0';
  return true;
}

static bool passes(const struct pii_rule *rule, struct trg_str value) {
  char id[PII_ID_MAX + 1];
  return rule->is == NULL || (id_of(value, id) && rule->is(id));
}

static void add(struct found *f, struct pii_hit hit) {
  if (f->count == f->room) {
    f->room = f->room == 0 ? 16 : f->room * 2;
    f->hits = mem_grow(f->hits, f->room * sizeof *f->hits);
  }
  f->hits[f->count++] = hit;
}

/* --- where a rule can begin ---------------------------------------------------------------------
 *
 * Trying each of many rules at each byte takes a microsecond a byte. So it is asked of the patterns
 * themselves, once for each few characters that a text shows, which rules could begin with them
 * behind what stands before: PCRE2's partial matching answers that, never too narrowly. Ordinary
 * text shows few such beginnings, so nearly all are known.
 */

#define RULES_MAX   128
#define HEAD_MAX    4 /* bytes of a beginning */
#define HEADS       ((size_t)1 << 16)
#define BEFORE_MAX  5
#define CLASS_COUNT 4

struct rules {
  uint64_t bits[RULES_MAX / 64];
};

/* What may stand before, by what lookbehinds look at: the start or no letter and no digit; an ASCII
 * letter; a digit; any other character. A lookbehind that looks for something, further back than
 * one character, has an example of it here. */
enum before { BEFORE_OTHER, BEFORE_LETTER, BEFORE_DIGIT, BEFORE_HIGH };
static const char *const befores[CLASS_COUNT][13] = {
    [BEFORE_OTHER] = {" ", "", "\n", ".", "-", "/", "#", ":", "@", ",", "5, ", "5,\n", "5\n"},
    [BEFORE_LETTER] = {"a", "Z"},
    [BEFORE_DIGIT] = {"5"},
    [BEFORE_HIGH] = {"\u00e9", "\u20ac", "\u00c9"}};

struct head {
  unsigned char key[HEAD_MAX + 1]; /* class and length, then the bytes; 0: free */
  struct rules may;
};

static pthread_mutex_t heads_lock = PTHREAD_MUTEX_INITIALIZER;
static struct head *heads;                    /* direct-mapped; as long as the process */
static struct rules firsts[CLASS_COUNT][128]; /* by one ASCII byte */
static struct rules *pairs;                   /* by two, as far as they were met */
static unsigned char pairs_met[CLASS_COUNT][128][128];

static void rule_set(struct rules *r, size_t k) {
  r->bits[k / 64] |= UINT64_C(1) << (k % 64);
}

static bool rules_any(const struct rules *r) {
  return (r->bits[0] | r->bits[1]) != 0;
}

static bool may_begin(size_t k, enum before class, struct trg_str head, struct regex_run *run) {
  char text[BEFORE_MAX + HEAD_MAX];
  for (size_t i = 0; i < sizeof befores[class] / sizeof *befores[class]; i++) {
    const char *before = befores[class][i];
    if (before == NULL) break;
    const size_t n = strlen(before);
    memcpy(text, before, n);
    memcpy(text + n, head.p, head.n);
    if (regex_may_begin(compiled[k], run, (struct trg_str){text, n + head.n}, n)) return true;
  }
  return false;
}

static struct rules rules_of(enum before class, struct trg_str head, const struct rules *among,
                             struct regex_run *run) {
  struct rules r = {{0}};
  for (size_t k = 0; k < pii_rule_count; k++)
    if (among == NULL || (among->bits[k / 64] >> (k % 64) & 1) != 0)
      if (may_begin(k, class, head, run)) rule_set(&r, k);
  return r;
}

static void heads_open(void) {
  struct regex_run *run = regex_run_new();
  BUG_UNLESS(pii_rule_count <= RULES_MAX);
  heads = mem_array(HEADS, sizeof *heads);
  pairs = mem_array((size_t)CLASS_COUNT * 128 * 128, sizeof *pairs);
  for (unsigned class = 0; class < CLASS_COUNT; class ++)
    for (unsigned c = 0; c < 128; c++) {
      const char byte = (char)c;
      firsts[class][c] = rules_of((enum before) class, (struct trg_str){&byte, 1}, NULL, run);
    }
  regex_run_free(&run);
}

/* As many whole characters as fit into a head, but at least one. */
static struct trg_str head_at(struct trg_str text, size_t i) {
  size_t end = i;
  while (end < text.n && end - i < HEAD_MAX) {
    size_t next = end;
    (void)utf8_next(text, &next);
    if (next - i > HEAD_MAX) break;
    end = next;
  }
  return (struct trg_str){text.p + i, end - i};
}

static const struct rules *pair_rules(enum before class, struct trg_str text, size_t i,
                                      struct regex_run *run) {
  const unsigned char a = (unsigned char)text.p[i];
  const unsigned char b = i + 1 < text.n ? (unsigned char)text.p[i + 1] : 0x80;
  if (a >= 0x80) return NULL;
  const struct rules *first = &firsts[class][a];
  if (b >= 0x80 || !rules_any(first)) return first;
  struct rules *pair = &pairs[((size_t) class * 128 + a) * 128 + b];
  if (pairs_met[class][a][b] == 0) {
    *pair = rules_of(class, (struct trg_str){text.p + i, 2}, first, run);
    pairs_met[class][a][b] = 1;
  }
  return pair;
}

static const struct rules *head_rules(enum before class, struct trg_str text, size_t i,
                                      struct regex_run *run) {
  const struct rules *first = pair_rules(class, text, i, run);
  if (first != NULL && !rules_any(first)) return first;
  const struct trg_str head = head_at(text, i);
  unsigned char key[HEAD_MAX + 1] = {(unsigned char)(class + 1 + CLASS_COUNT * head.n)};
  memcpy(key + 1, head.p, head.n);
  uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
  for (size_t k = 0; k < sizeof key; k++) h = (h ^ key[k]) * UINT64_C(0x100000001B3);
  struct head *slot = &heads[(h ^ (h >> 29)) & (HEADS - 1)];
  if (memcmp(slot->key, key, sizeof key) != 0) {
    slot->may = rules_of(class, head, first, run);
    memcpy(slot->key, key, sizeof key);
  }
  return &slot->may;
}

static enum before class_of(struct trg_str text, size_t i) {
  if (i == 0) return BEFORE_OTHER;
  const unsigned char c = (unsigned char)text.p[i - 1];
  return c >= 0x80         ? BEFORE_HIGH
         : pii_is_alpha(c) ? BEFORE_LETTER
         : pii_is_num(c)   ? BEFORE_DIGIT
                           : BEFORE_OTHER;
}

/* One rule at one place; *next: where it may be tried again. */
static int rule_at(size_t k, struct trg_str text, size_t i, size_t *next, struct found *f,
                   struct regex_run *run, struct trg_err *err) {
  size_t start, end, whole;
  if (pii_rules[k].near != NULL && !pii_rules[k].near((struct trg_str){text.p + i, text.n - i}))
    return 0;
  const int rc = regex_at(compiled[k], run, text, i, &start, &end, &whole, err);
  if (rc <= 0) return rc;
  *next = whole > i ? whole : i + 1;
  if (passes(&pii_rules[k], (struct trg_str){text.p + start, end - start}))
    add(f, (struct pii_hit){pii_rules[k].type, start, end});
  return 0;
}

static int run_rules(const struct rules *wanted, struct trg_str text, struct found *f,
                     struct regex_run *run, struct trg_err *err) {
  size_t next[RULES_MAX] = {0};
  for (size_t i = 0; i < text.n; i++) {
    if (((unsigned char)text.p[i] & 0xC0) == 0x80) continue; /* inside a character */
    const struct rules *may = head_rules(class_of(text, i), text, i, run);
    for (size_t w = 0; w < RULES_MAX / 64; w++)
      for (uint64_t left = may->bits[w] & wanted->bits[w]; left != 0; left &= left - 1) {
        const size_t k = w * 64 + (size_t)__builtin_ctzll(left);
        if (i < next[k]) continue;
        const int rc = rule_at(k, text, i, &next[k], f, run, err);
        if (rc < 0) return rc;
      }
  }
  return 0;
}

static size_t rank_of(const char *type) {
  size_t k = 0;
  while (k < pii_rule_count && pii_rules[k].type != type) k++;
  return k;
}

/* By place; of two that begin together the longer is first, of the same the first in the table. */
static int by_place(const void *a, const void *b) {
  const struct pii_hit *x = a;
  const struct pii_hit *y = b;
  if (x->start != y->start) return x->start < y->start ? -1 : 1;
  if (x->end != y->end) return x->end > y->end ? -1 : 1;
  const size_t a_rank = rank_of(x->type), b_rank = rank_of(y->type);
  return a_rank == b_rank ? 0 : a_rank < b_rank ? -1 : 1;
}

/* Of hits that overlap the first stays, and grows over what the second has beyond it. */
static void merge(struct found *f) {
  size_t kept = 0;
  if (f->count == 0) return;
  qsort(f->hits, f->count, sizeof *f->hits, by_place);
  for (size_t i = 1; i < f->count; i++) {
    struct pii_hit *last = &f->hits[kept];
    if (f->hits[i].start >= last->end)
      f->hits[++kept] = f->hits[i];
    else if (f->hits[i].end > last->end)
      last->end = f->hits[i].end;
  }
  f->count = kept + 1;
}

/* The text with a '?' for each byte that is not UTF-8; NULL when there is none. mem_free. */
static char *mend(struct trg_str text) {
  char *copy = NULL;
  for (size_t i = 0; i < text.n;) {
    const size_t from = i;
    const uint32_t c = utf8_next(text, &i);
    if (c != 0xFFFD || i - from == 3) continue;
    if (copy == NULL) {
      copy = mem_alloc(text.n);
      memcpy(copy, text.p, text.n);
    }
    memset(copy + from, '?', i - from);
  }
  return copy;
}

int pii_profile_find(unsigned profiles, struct trg_str text, struct pii_hit **ret_hits,
                     size_t *ret_count, struct trg_err *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, compile_all);
  struct found f = {0};
  int rc = 0;
  char *mended = mend(text);
  if (mended != NULL) text.p = mended;
  struct rules wanted = {{0}};
  for (size_t k = 0; k < pii_rule_count; k++)
    if ((pii_rules[k].profiles & profiles) != 0) rule_set(&wanted, k);
  struct regex_run *run = regex_run_new();
  (void)pthread_mutex_lock(&heads_lock);
  rc = run_rules(&wanted, text, &f, run, err);
  (void)pthread_mutex_unlock(&heads_lock);
  regex_run_free(&run);
  mem_free(mended);
  if (rc < 0) {
    mem_free(f.hits);
    return rc;
  }
  merge(&f);
  *ret_hits = f.hits;
  *ret_count = f.count;
  return 0;
}
