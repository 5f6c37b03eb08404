/*
 * Private to this room: words that say nothing about a text.
 */
#ifndef BASE_WORD_LIST_H
#define BASE_WORD_LIST_H

#include <stddef.h>

extern const char *const word_list[];
extern const size_t word_list_count;

#endif
