#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include <pcre2.h>
#include <stdatomic.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* Generous for sane patterns, small enough that a hostile text ends in milliseconds. */
#define MATCH_LIMIT    1000000
#define DEPTH_LIMIT    10000
#define HEAP_LIMIT_KIB 16384

#define GROUPS_KEPT  16
#define MATCHES_KEPT 8

struct regex {
  uint64_t id; /* never used again, unlike an address */
  pcre2_code *code;
  pcre2_match_context *limits;
  uint32_t match_options;
};

/* The last match of the regexes that this thread used most recently. */
struct last {
  uint64_t id, used;
  unsigned groups;
  size_t range[2 * GROUPS_KEPT];
};
static _Thread_local struct last lasts[MATCHES_KEPT];
static _Thread_local uint64_t last_clock;

struct regex *regex_new(const char *pattern, unsigned flags, struct trg_err *err) {
  static _Atomic uint64_t ids;
  int code;
  PCRE2_SIZE at;
  uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  if ((flags & REGEX_NOCASE) != 0) options |= PCRE2_CASELESS;
  pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code,
                                       &at, NULL);
  if (compiled == NULL) {
    PCRE2_UCHAR why[120] = "";
    (void)pcre2_get_error_message(code, why, sizeof why);
    (void)err_set(err, TRG_EINVAL, "regex", "the pattern \"%.200s\" is wrong at character %zu: %s",
                  pattern, (size_t)at + 1, (const char *)why);
    return NULL;
  }
  struct regex *r = mem_alloc(sizeof *r);
  r->id = atomic_fetch_add(&ids, 1) + 1;
  r->code = compiled;
  r->match_options = PCRE2_NO_JIT | ((flags & REGEX_IS_UTF8) != 0 ? PCRE2_NO_UTF_CHECK : 0);
  r->limits = pcre2_match_context_create(NULL);
  BUG_UNLESS(r->limits != NULL);
  (void)pcre2_set_match_limit(r->limits, MATCH_LIMIT);
  (void)pcre2_set_depth_limit(r->limits, DEPTH_LIMIT);
  (void)pcre2_set_heap_limit(r->limits, HEAP_LIMIT_KIB);
  return r;
}

void regex_free(struct regex **r) {
  if (r == NULL || *r == NULL) return;
  pcre2_match_context_free((*r)->limits);
  pcre2_code_free((*r)->code);
  mem_free(*r);
  *r = NULL;
}

static struct last *last_of(uint64_t id) {
  for (size_t i = 0; i < MATCHES_KEPT; i++)
    if (lasts[i].id == id) return &lasts[i];
  return NULL;
}

static void keep(uint64_t id, pcre2_match_data *match, unsigned groups) {
  struct last *slot = last_of(id);
  if (slot == NULL) {
    slot = &lasts[0];
    for (size_t i = 1; i < MATCHES_KEPT; i++)
      if (lasts[i].used < slot->used) slot = &lasts[i];
  }
  slot->id = id;
  slot->used = ++last_clock;
  slot->groups = groups > GROUPS_KEPT ? GROUPS_KEPT : groups;
  const PCRE2_SIZE *range = pcre2_get_ovector_pointer(match);
  memcpy(slot->range, range, 2 * slot->groups * sizeof *range);
}

static int told_error(int code, struct trg_err *err) {
  PCRE2_UCHAR why[120] = "";
  (void)pcre2_get_error_message(code, why, sizeof why);
  return err_set(err, TRG_ELIMIT, "regex", "a pattern could not be matched: %s", (const char *)why);
}

int regex_find(const struct regex *r, struct trg_str subject, size_t from, size_t *ret_start,
               size_t *ret_end, struct trg_err *err) {
  struct last *old = last_of(r->id);
  if (old != NULL) old->groups = 0;
  if (from > subject.n) return 0;
  pcre2_match_data *match = pcre2_match_data_create_from_pattern(r->code, NULL);
  BUG_UNLESS(match != NULL);
  const PCRE2_SPTR text = (PCRE2_SPTR)(subject.n > 0 ? subject.p : "");
  const int n = pcre2_match(r->code, text, subject.n, from, r->match_options, match, r->limits);
  int result = 0;
  if (n > 0) {
    const PCRE2_SIZE *range = pcre2_get_ovector_pointer(match);
    *ret_start = range[0];
    *ret_end = range[1] < range[0] ? range[0] : range[1];
    keep(r->id, match, (unsigned)n);
    result = 1;
  } else if (n != PCRE2_ERROR_NOMATCH) {
    result = told_error(n, err);
  }
  pcre2_match_data_free(match);
  return result;
}

int regex_group(const struct regex *r, unsigned g, size_t *ret_start, size_t *ret_end) {
  const struct last *last = last_of(r->id);
  if (last == NULL || g >= last->groups || last->range[2 * g] == PCRE2_UNSET) return -1;
  *ret_start = last->range[2 * g];
  *ret_end = last->range[2 * g + 1];
  return 0;
}

struct regex_run {
  pcre2_match_data *match;
};

struct regex_run *regex_run_new(void) {
  struct regex_run *r = mem_alloc(sizeof *r);
  r->match = pcre2_match_data_create(GROUPS_KEPT, NULL);
  BUG_UNLESS(r->match != NULL);
  return r;
}

void regex_run_free(struct regex_run **r) {
  if (r == NULL || *r == NULL) return;
  pcre2_match_data_free((*r)->match);
  mem_free(*r);
  *r = NULL;
}

int regex_at(const struct regex *r, struct regex_run *run, struct trg_str subject, size_t at,
             size_t *ret_start, size_t *ret_end, size_t *ret_whole_end, struct trg_err *err) {
  const PCRE2_SPTR text = (PCRE2_SPTR)(subject.n > 0 ? subject.p : "");
  const int n = pcre2_match(r->code, text, subject.n, at, r->match_options | PCRE2_ANCHORED,
                            run->match, r->limits);
  if (n == PCRE2_ERROR_NOMATCH) return 0;
  if (n < 0) return told_error(n, err);
  const PCRE2_SIZE *range = pcre2_get_ovector_pointer(run->match);
  const bool group = n > 1 && range[2] != PCRE2_UNSET;
  *ret_start = range[group ? 2 : 0];
  *ret_end = range[group ? 3 : 1];
  *ret_whole_end = range[1] < range[0] ? range[0] : range[1];
  return 1;
}

bool regex_may_begin(const struct regex *r, struct regex_run *run, struct trg_str text, size_t at) {
  const int n = pcre2_match(r->code, (PCRE2_SPTR)text.p, text.n, at,
                            r->match_options | PCRE2_ANCHORED | PCRE2_PARTIAL_HARD, run->match,
                            r->limits);
  return n != PCRE2_ERROR_NOMATCH;
}
