/* Runs the rules of a profile over a text. */
#include "base/pii_profile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/pii_given.h"
#include "base/regex.h"
#include "base/sieve.h"
#include "base/str.h"

struct found {
  struct pii_hit *hits;
  size_t count, room;
};

static struct regex **compiled; /* as many as there are rules; never freed */

/* One for each choice of profiles, as they are asked for; never freed. */
static pthread_mutex_t sieves_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sieve *sieves[(PII_PROFILE_GDPR | PII_PROFILE_HIPAA) + 1];

static void compile_all(void) {
  compiled = mem_array(pii_rule_count, sizeof *compiled);
  for (size_t k = 0; k < pii_rule_count; k++) {
    struct trg_err err = {0};
    compiled[k] = regex_new(pii_rules[k].pattern, REGEX_IS_UTF8, &err);
    if (compiled[k] == NULL) BUG(err.text);
  }
}

static struct sieve *sieve_of(unsigned profiles) {
  const char *patterns[SIEVE_PATTERNS_MAX] = {NULL};
  profiles &= PII_PROFILE_GDPR | PII_PROFILE_HIPAA;
  BUG_UNLESS(pii_rule_count <= SIEVE_PATTERNS_MAX);
  if (sieves[profiles] == NULL) {
    for (size_t k = 0; k < pii_rule_count; k++)
      if ((pii_rules[k].profiles & profiles) != 0 && !pii_rules[k].is_last)
        patterns[k] = pii_rules[k].pattern;
    sieves[profiles] = sieve_new(patterns, pii_rule_count);
  }
  sieve_renew(sieves[profiles]);
  return sieves[profiles];
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

/* One rule at one place; *next: where it may be tried again. */
static int rule_at(size_t k, struct trg_str text, size_t i, size_t *next, struct found *f,
                   struct regex_run *run, struct trg_err *err) {
  size_t start, end, whole;
  const int rc = regex_at(compiled[k], run, text, i, &start, &end, &whole, err);
  if (rc <= 0) return rc;
  *next = whole > i ? whole : i + 1;
  if (passes(&pii_rules[k], (struct trg_str){text.p + start, end - start}))
    add(f, (struct pii_hit){pii_rules[k].type, start, end});
  return 0;
}

/* Trying each of many rules at each byte takes a microsecond a byte: the sieve tells where which of
 * them could match. */
static int run_rules(struct sieve *sieve, struct trg_str text, struct found *f,
                     struct regex_run *run, struct trg_err *err) {
  size_t next[SIEVE_PATTERNS_MAX] = {0};
  struct sieve_set may;
  for (size_t i = 0; (i = sieve_next(sieve, text, i, &may)) < text.n; i++)
    for (size_t w = 0; w < SIEVE_PATTERNS_MAX / 64; w++)
      for (uint64_t left = may.bits[w]; left != 0; left &= left - 1) {
        const size_t k = w * 64 + (size_t)__builtin_ctzll(left);
        if (i < next[k]) continue;
        const int rc = rule_at(k, text, i, &next[k], f, run, err);
        if (rc < 0) return rc;
      }
  return 0;
}

/* Where the last words of the text begin; bytes beyond ASCII count as letters. */
static size_t last_words(struct trg_str text) {
  size_t i = text.n;
  for (; i > 0; i--) {
    const unsigned char c = (unsigned char)text.p[i - 1];
    if (c < 0x80 && !pii_is_alpha(c) && !pii_is_one_of(c, " '-\t\r\n\v\f")) break;
  }
  return i;
}

/* The rules for the end of a text. */
static int run_last(unsigned profiles, struct trg_str text, struct found *f, struct regex_run *run,
                    struct trg_err *err) {
  const size_t from = last_words(text);
  for (size_t k = 0; k < pii_rule_count; k++) {
    if (!pii_rules[k].is_last || (pii_rules[k].profiles & profiles) == 0) continue;
    size_t next = from > 0 ? from - 1 : 0;
    for (size_t i = next; i < text.n; i++) {
      if (i < next || ((unsigned char)text.p[i] & 0xC0) == 0x80) continue;
      const int rc = rule_at(k, text, i, &next, f, run, err);
      if (rc < 0) return rc;
    }
  }
  return 0;
}

static void run_names(struct trg_str text, struct found *f) {
  size_t start = 0, end = 0;
  while (pii_given_find(text, end, &start, &end)) add(f, (struct pii_hit){PII_PERSON, start, end});
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
    if ((unsigned char)text.p[i] < 0x80) {
      i++;
      continue;
    }
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
  struct regex_run *run = regex_run_new();
  (void)pthread_mutex_lock(&sieves_lock);
  rc = run_rules(sieve_of(profiles), text, &f, run, err);
  if (rc == 0) rc = run_last(profiles, text, &f, run, err);
  if (rc == 0) run_names(text, &f);
  (void)pthread_mutex_unlock(&sieves_lock);
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
