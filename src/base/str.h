/*
 * Slices of text and UTF-8.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct trg_str str_of(const char *text); /* NULL gives the empty slice */
bool str_eq(struct trg_str a, struct trg_str b);
bool str_is(struct trg_str a, const char *text);
bool str_is_nocase(struct trg_str a, const char *text); /* ASCII */
bool str_starts(struct trg_str s, const char *prefix);
bool str_ends(struct trg_str s, const char *suffix);
struct trg_str str_trim(struct trg_str s); /* ASCII white space on both ends */
/* Cuts the next piece up to `sep` off *rest; false when nothing is left. */
bool str_next(struct trg_str *rest, char sep, struct trg_str *ret_piece);
/* Position of needle in s, or -1. */
ptrdiff_t str_find(struct trg_str s, const char *needle);
ptrdiff_t str_find_nocase(struct trg_str s, const char *needle); /* ASCII folding */
int str_to_int(struct trg_str s, int64_t *ret);                  /* whole slice, decimal; 0 or -1 */
int str_to_double(struct trg_str s, double *ret); /* whole slice, "C" locale; 0 or -1 */

/* UTF-8. */
bool utf8_valid(struct trg_str s);
/* Reads one code point at *at and moves it on; U+FFFD and one byte on for what is invalid. */
uint32_t utf8_next(struct trg_str s, size_t *at);
size_t utf8_put(char out[4], uint32_t code_point);
size_t utf8_cut(struct trg_str s, size_t max_bytes); /* largest n <= max_bytes at a boundary */
size_t utf8_length(struct trg_str s);                /* code points */
/* Lower case for Latin, Greek and Cyrillic letters; others unchanged. */
uint32_t utf8_lower(uint32_t code_point);

#endif
