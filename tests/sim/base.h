/* What every part of the simulator builds on: growing buffers, a JSON writer, an arena for text
 * that lives as long as the process, hash maps, hashes and random draws that depend on nothing but
 * their inputs. */
#ifndef SIM_BASE_H
#define SIM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory: the process ends when there is none, as nothing useful can follow. */
void *mem_alloc(size_t bytes);
void *mem_grow(void *p, size_t bytes);

struct buf {
  char *p;
  size_t n, cap;
};
void buf_free(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text so far, NUL-terminated; owned by the buffer. */
const char *buf_text(struct buf *b);
/* Hands the memory over to the caller and leaves the buffer empty. */
char *buf_take(struct buf *b);

/* JSON writer. Commas put themselves: one is due unless the text ends in an opener or a colon. */
void jw_open(struct buf *b, char bracket);
void jw_close(struct buf *b, char bracket);
void jw_key(struct buf *b, const char *key);
void jw_str(struct buf *b, const char *s); /* NULL writes null */
void jw_strn(struct buf *b, const char *s, size_t n);
void jw_int(struct buf *b, int64_t v);
void jw_num(struct buf *b, double v);
void jw_bool(struct buf *b, bool v);
void jw_raw(struct buf *b, const char *json);
void jw_kstr(struct buf *b, const char *key, const char *s);
void jw_kint(struct buf *b, const char *key, int64_t v);
void jw_kid(struct buf *b, const char *key, uint64_t id); /* 0 writes null */
void jw_kbool(struct buf *b, const char *key, bool v);
void jw_kraw(struct buf *b, const char *key, const char *json);
void jw_kopen(struct buf *b, const char *key, char bracket);

struct arena_block;
struct arena {
  struct arena_block *last;
  size_t total_bytes;
};
void arena_free(struct arena *a);
void *arena_get(struct arena *a, size_t bytes);
char *arena_copy(struct arena *a, const char *s);
char *arena_copyn(struct arena *a, const char *s, size_t n);

/* Open addressing, keys never 0. A text key is its 64-bit hash: with the few hundred thousand names
 * of a run two equal hashes are rarer than a broken disk. */
struct map {
  uint64_t *keys;
  uint64_t *values;
  size_t used, cap;
};
void map_free(struct map *m);
void map_put(struct map *m, uint64_t key, uint64_t value);
bool map_get(const struct map *m, uint64_t key, uint64_t *ret_value);

uint64_t hash_bytes(uint64_t seed, const void *p, size_t n);
uint64_t hash_text(uint64_t seed, const char *s);
uint64_t hash_mix(uint64_t a, uint64_t b);
/* A draw in [0,1) that only depends on the hash. */
double hash_unit(uint64_t h);

/* Base64 with padding; the result is NUL-terminated and appended. */
void base64_put(struct buf *b, const void *bytes, size_t n);
bool base64_get(struct buf *b, const char *text);

bool text_starts(const char *s, const char *prefix);
/* Position of word in s without regard to ASCII case, or NULL. */
const char *text_find(const char *s, const char *word);
/* A copy with ASCII letters in lower case; the caller frees it. */
char *text_lower(const char *s);
/* The longest prefix of at most n bytes that does not split a UTF-8 sequence. */
size_t utf8_cut(const char *s, size_t n);
/* "50ms", "3s", "5m", "2h", "1d" or a bare number of seconds; false when it is none of these. */
bool duration_parse(const char *s, int64_t *ret_ms);

#endif
