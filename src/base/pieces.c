#include "base/pieces.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#define KEPT_BYTES 0
#else
#define KEPT_BYTES 65536 /* on one list */
#endif
#define STEP  16
#define HEAD  8   /* malloc's own, before each piece: 16 k + 8 bytes are usable of one */
#define SIZES 288 /* lists: up to 4600 bytes, which is a page of SQLite with what belongs to it */

struct piece {
  struct piece *next;
};
struct lists {
  struct piece *first[SIZES];
  uint32_t bytes[SIZES];
  bool known; /* the thread's end will empty them */
};

static _Thread_local struct lists lists;
static pthread_key_t ends;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool usable; /* there is a key */

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

static void begin(void) {
  usable = KEPT_BYTES > 0 && pthread_key_create(&ends, thread_ends) == 0;
}

/* The list whose pieces all have n usable bytes. */
static size_t list_of(size_t n) {
  return n <= HEAD ? 0 : (n - HEAD + STEP - 1) / STEP;
}

size_t pieces_room(size_t n) {
  return list_of(n) * STEP + HEAD;
}

void *pieces_give(size_t n) {
  size_t i = list_of(n);
  if (i >= SIZES) return malloc(n);
  struct piece *p = lists.first[i];
  if (p == NULL && i + 1 < SIZES) p = lists.first[++i]; /* malloc gives a step too much at times */
  if (p == NULL) return malloc(pieces_room(n));
  lists.first[i] = p->next;
  lists.bytes[i] -= (uint32_t)(i * STEP + HEAD);
  return p;
}

void pieces_take(void *memory) {
  struct piece *p = memory;
  if (p == NULL) return;
  const size_t there = malloc_usable_size(p), i = there < HEAD ? SIZES : (there - HEAD) / STEP,
               bytes = i * STEP + HEAD;
  if (i >= SIZES || lists.bytes[i] + bytes > KEPT_BYTES) {
    free(p);
    return;
  }
  if (!lists.known) {
    (void)pthread_once(&once, begin);
    lists.known = usable && pthread_setspecific(ends, &lists) == 0;
    if (!lists.known) {
      free(p);
      return;
    }
  }
  p->next = lists.first[i];
  lists.first[i] = p;
  lists.bytes[i] += (uint32_t)bytes;
}

size_t pieces_size(void *p) {
  return malloc_usable_size(p);
}

void pieces_serve_json(void) {
  if (KEPT_BYTES > 0) cJSON_InitHooks(&(cJSON_Hooks){pieces_give, pieces_take});
}
