/*
 * Names without a word that announces them: a given name that is hardly ever anything else, and a
 * family name behind it (private to base/pii*.c). "Edith Corrigan", "Jonas J. van der Berg"; not
 * "Edith" alone, and not what stands behind a house number or names a street, a day or a company.
 *
 * The given names are common ones of Europe, the Americas, South Asia and the Arab world, without
 * those that are words too, such as Grace and Will: others are found by the words around them
 * alone.
 */
#ifndef BASE_PII_GIVEN_H
#define BASE_PII_GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <triaged/plugin.h>

/* Rows of names with blanks between; end with NULL. */
extern const char *const pii_given_names[];

bool pii_is_given(struct trg_str word);
/* The next such name from `from` on: true and its bytes. Linear; for one thread at a time. */
bool pii_given_find(struct trg_str text, size_t from, size_t *ret_start, size_t *ret_end);

#endif
