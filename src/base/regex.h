/*
 * Regular expressions (PCRE2, 8 bit, UTF and UCP, interpreter, with match and depth limits). An
 * error is never "no match": callers that mask personal data must hold the text then.
 */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <triaged/plugin.h>

struct regex;
#define REGEX_NOCASE 1u
/* The caller vouches for every subject: its UTF-8 is not looked over each time. */
#define REGEX_IS_UTF8 2u
struct regex *regex_new(const char *pattern, unsigned flags, struct trg_err *err);
void regex_free(struct regex **r);
/* Finds the next match from `from`. 1 and its byte range, 0 for none, negative on error. */
int regex_find(const struct regex *r, struct trg_str subject, size_t from, size_t *ret_start,
               size_t *ret_end, struct trg_err *err);
/* Byte range of group `g` of the last match of this regex on this thread; -1 when unset. Kept for
 * the eight regexes that a thread used most recently, up to sixteen groups each. */
int regex_group(const struct regex *r, unsigned g, size_t *ret_start, size_t *ret_end);

/* Memory for many matches one after the other, by one thread. */
struct regex_run;
struct regex_run *regex_run_new(void);
void regex_run_free(struct regex_run **r);
/* Does it match exactly at `at`? 1 and the byte range of group 1, or of all where there is no such
 * group, and the end of the whole; 0; negative on error. */
int regex_at(const struct regex *r, struct regex_run *run, struct trg_str subject, size_t at,
             size_t *ret_start, size_t *ret_end, size_t *ret_whole_end, struct trg_err *err);
/* Could a match begin at `at` of this text if more text followed? false: surely not. */
bool regex_may_begin(const struct regex *r, struct regex_run *run, struct trg_str text, size_t at);

#endif
