/*
 * Memory that is always there: allocation failure ends the process with a message, as the store's
 * file recovers and no caller could do better. Everything returned is freed with mem_free.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <triaged/plugin.h>

void *mem_alloc(size_t n);                  /* zeroed */
void *mem_array(size_t count, size_t each); /* zeroed; the product is checked */
void *mem_grow(void *p, size_t n);          /* realloc; new bytes are not zeroed */
void mem_free(void *p);                     /* NULL is fine */
char *mem_dup(const char *text);            /* NULL gives NULL */
char *mem_dup_str(struct trg_str s);        /* adds the NUL; stops at no inner NUL */

/* An arena: many small pieces, freed together. Not for threads to share. */
struct arena;
struct arena *arena_new(void);
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any type */
char *arena_dup(struct arena *a, struct trg_str s);
struct trg_str arena_str(struct arena *a, struct trg_str s); /* copy as slice; NUL behind it */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A second owner: it is gone when each of them has called arena_free. */
struct arena *arena_hold(struct arena *a);
void arena_free(struct arena **a);

/* Ends the process: something that cannot happen has happened. */
_Noreturn void trg_bug(const char *file, int line, const char *what);
#define BUG(what)         trg_bug(__FILE__, __LINE__, (what))
#define BUG_UNLESS(claim) ((claim) ? (void)0 : trg_bug(__FILE__, __LINE__, #claim))

#endif
