/*
 * Where in a text could one of many regular expressions match? A finite automaton over all of them,
 * made state by state as texts ask for it, walks from each place only as far as some expression is
 * still possible; where none is left the expressions themselves need not be tried. It forgets what
 * lies ahead and behind, and takes any character beyond ASCII for any other, so it lets through too
 * many places but never too few.
 *
 * Of PCRE2's language it reads: literals, classes, groups (?: (?i: (?im: ( and (?i), alternatives,
 * quantifiers, \p{L} \p{Lu} \w \s, \b ^ $ \z and (?= (?! (?<= (?<!. Of assertions only that is
 * used what they say of the one character in front of the match; \b at a beginning must stand
 * before a letter or digit, (?<= holds rows of characters. Anything else ends the process.
 *
 * Not for several threads at once.
 */
#ifndef BASE_SIEVE_H
#define BASE_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#define SIEVE_PATTERNS_MAX 128

struct sieve_set { /* a bit for each pattern */
  uint64_t bits[SIEVE_PATTERNS_MAX / 64];
};

struct sieve;
/* Patterns that are NULL match nowhere; they are not kept. */
struct sieve *sieve_new(const char *const *patterns, size_t count);
void sieve_free(struct sieve **s);
/* Before each text: throws away an automaton that grew to its ceiling. */
void sieve_renew(struct sieve *s);
/* The first place from `from` on where some may match, and which; text.n when there is none. The
 * text must be UTF-8. */
size_t sieve_next(struct sieve *s, struct trg_str text, size_t from, struct sieve_set *ret_set);

#endif
