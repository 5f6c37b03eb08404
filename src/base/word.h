/*
 * Plain text as words, for searches and for comparing texts.
 */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <triaged/plugin.h>

struct arena;

#define WORD_MAX  64  /* bytes; longer runs are cut */
#define WORDS_MAX 120 /* of one query */

/* The next word of `text` from *at, folded to lower case; false at the end. */
bool word_next(struct trg_str text, size_t *at, char word[WORD_MAX], size_t *ret_n);
/* Says much about no text: "the", "und", "para"; also single letters. */
bool word_is_weak(const char *word, size_t n);
/* An FTS5 query: the text's telling words, each once, each quoted, joined by OR; of a short text
 * the longer ones without their endings, as prefixes. NULL when there is none. */
char *words_query(struct trg_str text, struct arena *a);
/* The different telling words of a text, from `a`; at most `max`. */
size_t words_telling(struct trg_str text, size_t max, struct arena *a, struct trg_str **ret);

#endif
