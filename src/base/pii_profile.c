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

static void compile_all(void) {
  compiled = mem_array(pii_rule_count, sizeof *compiled);
  for (size_t k = 0; k < pii_rule_count; k++) {
    struct trg_err err = {0};
    compiled[k] = regex_new(pii_rules[k].pattern, REGEX_IS_UTF8, &err);
    if (compiled[k] == NULL) BUG(err.text);
  }
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

static int run_rule(size_t k, struct trg_str text, struct found *f, struct trg_err *err) {
  size_t start, end;
  for (size_t from = 0; from < text.n;) {
    const int rc = regex_find(compiled[k], text, from, &start, &end, err);
    if (rc <= 0) return rc;
    from = end > from ? end : from + 1;
    (void)regex_group(compiled[k], 1, &start, &end); /* without a group: all of the match */
    if (passes(&pii_rules[k], (struct trg_str){text.p + start, end - start}))
      add(f, (struct pii_hit){pii_rules[k].type, start, end});
  }
  return 0;
}

/* By place; of two that begin together the longer is first. */
static int by_place(const void *a, const void *b) {
  const struct pii_hit *x = a;
  const struct pii_hit *y = b;
  if (x->start != y->start) return x->start < y->start ? -1 : 1;
  return x->end == y->end ? 0 : x->end > y->end ? -1 : 1;
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
  for (size_t k = 0; k < pii_rule_count && rc >= 0; k++)
    if ((pii_rules[k].profiles & profiles) != 0) rc = run_rule(k, text, &f, err);
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
