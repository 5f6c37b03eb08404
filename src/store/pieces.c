#include "store/pieces.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * SQLite has such lists itself ("lookaside"), but Debian builds it without them (OMIT_LOOKASIDE),
 * and a ticket makes it ask for some three thousand small pieces: for each text of a row that is
 * read, for each page that is written. malloc keeps seven of a size at hand, which is too few for
 * it.
 */
#define STEP       16
#define SIZES      288 /* lists: pieces of up to 4592 bytes, which is a page with what belongs to it */
#define KEPT       64     /* pieces on one list, of large ones... */
#define KEPT_BYTES 131072 /* ...fewer */

/* Stands before what SQLite gets; while on a list, `next` is where that begins. */
struct piece {
  uint32_t size;  /* of what follows */
  uint32_t steps; /* its list; SIZES or more: none */
  struct piece *next;
};
#define HEAD (uint32_t) offsetof(struct piece, next)

struct lists {
  struct piece *first[SIZES];
  uint32_t count[SIZES];
  bool known; /* the thread's end will empty them */
};

static _Thread_local struct lists lists;
static pthread_key_t ends;

static void thread_ends(void *arg) {
  struct lists *l = arg;
  for (size_t i = 0; i < SIZES; i++)
    while (l->first[i] != NULL) {
      struct piece *p = l->first[i];
      l->first[i] = p->next;
      free(p);
    }
  memset(l, 0, sizeof *l);
}

static struct piece *piece_of(void *memory) {
  return (struct piece *)(void *)((char *)memory - HEAD);
}

static void *give(int bytes) {
  const uint32_t steps = ((uint32_t)bytes + HEAD + STEP - 1) / STEP;
  struct piece *p = steps < SIZES ? lists.first[steps] : NULL;
  if (p != NULL) {
    lists.first[steps] = p->next;
    lists.count[steps]--;
    return &p->next;
  }
  p = malloc((size_t)steps * STEP);
  if (p == NULL) return NULL;
  p->size = steps * STEP - HEAD;
  p->steps = steps;
  return &p->next;
}

static void take(void *memory) {
  struct piece *p = piece_of(memory);
  if (p->steps >= SIZES || lists.count[p->steps] == KEPT ||
      lists.count[p->steps] * (p->size + HEAD) >= KEPT_BYTES) {
    free(p);
    return;
  }
  p->next = lists.first[p->steps];
  lists.first[p->steps] = p;
  lists.count[p->steps]++;
  if (lists.known) return;
  lists.known = pthread_setspecific(ends, &lists) == 0;
}

static int size_of(void *memory) {
  return memory == NULL ? 0 : (int)piece_of(memory)->size;
}

static void *resize(void *memory, int bytes) {
  const uint32_t had = piece_of(memory)->size;
  if ((uint32_t)bytes <= had && (uint32_t)bytes > had / 2) return memory;
  void *other = give(bytes);
  if (other == NULL) return NULL;
  memcpy(other, memory, had < (uint32_t)bytes ? had : (size_t)bytes);
  take(memory);
  return other;
}

/* To what `give` makes of it, so that SQLite uses all of a piece. */
static int rounded(int bytes) {
  return (int)(((uint32_t)bytes + HEAD + STEP - 1) / STEP * STEP - HEAD);
}

static int begin(void *arg) {
  (void)arg;
  return pthread_key_create(&ends, thread_ends) == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

static void end(void *arg) {
  (void)arg;
  (void)pthread_key_delete(ends);
}

void pieces_use(void) {
#ifdef __SANITIZE_ADDRESS__
  return; /* a piece on a list is memory that nobody watches */
#endif
  static const sqlite3_mem_methods methods = {give,    take,  resize, size_of,
                                              rounded, begin, end,    NULL};
  (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
