/*
 * Small pieces of memory for the libraries that ask for thousands of them a ticket: SQLite (for
 * each text of a row that is read, for each page that is written) and cJSON (two a value). What is
 * given back goes on a short list of its size, one set of lists a thread, and is given again from
 * there. malloc has such lists too, but only seven pieces long.
 *
 * A piece is what malloc gave: it may be freed by free, on any thread, and what malloc gave
 * elsewhere may be given back here. Under AddressSanitizer nothing is kept, so that it sees all.
 */
#ifndef BASE_PIECES_H
#define BASE_PIECES_H

#include <stddef.h>

void *pieces_give(size_t n);  /* not zeroed; NULL when there is no memory */
void pieces_take(void *p);    /* NULL is fine */
size_t pieces_size(void *p);  /* usable bytes, at least what was asked for; 0 of NULL */
size_t pieces_room(size_t n); /* usable bytes of a piece of n, so that all of it can be used */
/* cJSON's memory from here on: before any thread and any document. */
void pieces_serve_json(void);

#endif
