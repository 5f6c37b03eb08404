#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void trg_bug(const char *file, int line, const char *what) {
  (void)fprintf(stderr, "triaged: bug at %s:%d: %s\n", file, line, what);
  (void)fflush(stderr);
  abort();
}

static _Noreturn void out_of_memory(size_t n) {
  (void)fprintf(stderr, "triaged: out of memory (%zu bytes wanted)\n", n);
  (void)fflush(stderr);
  abort();
}

void *mem_alloc(size_t n) {
  void *p = calloc(1, n == 0 ? 1 : n);
  if (p == NULL) out_of_memory(n);
  return p;
}

void *mem_array(size_t count, size_t each) {
  size_t n;
  if (__builtin_mul_overflow(count, each, &n)) out_of_memory(SIZE_MAX);
  return mem_alloc(n);
}

void *mem_grow(void *p, size_t n) {
  void *bigger = realloc(p, n == 0 ? 1 : n);
  if (bigger == NULL) out_of_memory(n);
  return bigger;
}

void mem_free(void *p) {
  free(p);
}

char *mem_dup(const char *text) {
  if (text == NULL) return NULL;
  return mem_dup_str((struct trg_str){text, strlen(text)});
}

char *mem_dup_str(struct trg_str s) {
  char *copy = mem_alloc(s.n + 1);
  if (s.n > 0) memcpy(copy, s.p, s.n);
  return copy;
}

/* Chunks grow from 1 to 64 KiB; a piece over a quarter of a chunk gets one of its own. */
#define CHUNK_FIRST ((size_t)1024)
#define CHUNK_LAST  ((size_t)65536)

struct chunk {
  struct chunk *older;
  size_t used, room;
  _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
  struct chunk *newest;
  size_t next_room;
  unsigned more_owners;
};

struct arena *arena_new(void) {
  struct arena *a = mem_alloc(sizeof *a);
  a->next_room = CHUNK_FIRST;
  return a;
}

static struct chunk *chunk_new(size_t room) {
  size_t n;
  if (__builtin_add_overflow(room, sizeof(struct chunk), &n)) out_of_memory(SIZE_MAX);
  struct chunk *c = mem_alloc(n);
  c->room = room;
  return c;
}

void *arena_alloc(struct arena *a, size_t n) {
  const size_t step = _Alignof(max_align_t);
  size_t whole;
  if (__builtin_add_overflow(n == 0 ? 1 : n, step - 1, &whole)) out_of_memory(SIZE_MAX);
  whole -= whole % step;
  struct chunk *c = a->newest;
  if (c != NULL && c->room - c->used >= whole) {
    void *p = c->bytes + c->used;
    c->used += whole;
    return p;
  }
  if (whole > a->next_room / 4 && c != NULL) { /* its own chunk, behind the one in use */
    struct chunk *own = chunk_new(whole);
    own->used = whole;
    own->older = c->older;
    c->older = own;
    return own->bytes;
  }
  struct chunk *fresh = chunk_new(whole > a->next_room ? whole : a->next_room);
  if (a->next_room < CHUNK_LAST) a->next_room *= 2;
  fresh->older = c;
  fresh->used = whole;
  a->newest = fresh;
  return fresh->bytes;
}

char *arena_dup(struct arena *a, struct trg_str s) {
  char *copy = arena_alloc(a, s.n + 1);
  if (s.n > 0) memcpy(copy, s.p, s.n);
  return copy;
}

struct trg_str arena_str(struct arena *a, struct trg_str s) {
  return (struct trg_str){arena_dup(a, s), s.n};
}

char *arena_printf(struct arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  BUG_UNLESS(n >= 0);
  char *text = arena_alloc(a, (size_t)n + 1);
  va_start(args, format);
  (void)vsnprintf(text, (size_t)n + 1, format, args);
  va_end(args);
  return text;
}

struct arena *arena_hold(struct arena *a) {
  a->more_owners++;
  return a;
}

void arena_free(struct arena **a) {
  if (a == NULL || *a == NULL) return;
  if ((*a)->more_owners > 0) {
    (*a)->more_owners--;
    *a = NULL;
    return;
  }
  struct chunk *c = (*a)->newest;
  while (c != NULL) {
    struct chunk *older = c->older;
    mem_free(c);
    c = older;
  }
  mem_free(*a);
  *a = NULL;
}
