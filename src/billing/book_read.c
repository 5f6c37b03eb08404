/* Typed values of a price book. */
#include "billing/book_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"

const char *const book_channels[BOOK_CHANNELS + 1] = {
    "email", "web", "chat", "messaging", "voice", "social", "api", "other", NULL};

size_t book_channel(const char *word) {
  for (size_t i = 0; i < BOOK_CHANNELS; i++)
    if (word != NULL && strcmp(word, book_channels[i]) == 0) return i;
  return BOOK_CHANNELS - 1;
}

bool book_is_channel(const char *word) {
  return word != NULL && strcmp(book_channels[book_channel(word)], word) == 0;
}

void book_wrong(struct book_reader *r, uint32_t line, const char *key, const char *format, ...) {
  struct buf text;
  va_list args;
  buf_init(&text, 4096);
  va_start(args, format);
  buf_vprintf(&text, format, args);
  va_end(args);
  r->failed = true;
  if (r->problem != NULL) r->problem(r->arg, line, key != NULL ? key : "", text.p);
  buf_free(&text);
}

static bool keys(struct book_reader *r, const struct yaml *map, const char *where,
                 const char *const *known, bool channels) {
  if (map == NULL) return false;
  if (map->kind != YAML_MAP) {
    book_wrong(r, map->line, where, "must be a map of keys and values");
    return false;
  }
  for (const struct yaml *y = map->first; y != NULL; y = y->next) {
    bool found = channels && book_is_channel(y->key);
    for (size_t i = 0; known[i] != NULL && !found; i++) found = strcmp(y->key, known[i]) == 0;
    if (!found) book_wrong(r, y->line, y->key, "is not a key of %s", where);
  }
  return true;
}

bool book_keys(struct book_reader *r, const struct yaml *map, const char *where,
               const char *const *known) {
  return keys(r, map, where, known, false);
}

bool book_keys_or_channels(struct book_reader *r, const struct yaml *map, const char *where,
                           const char *const *known) {
  return keys(r, map, where, known, true);
}

static const char *scalar(struct book_reader *r, const struct yaml *y) {
  if (y == NULL) return NULL;
  if (y->kind == YAML_SCALAR) return y->text;
  book_wrong(r, y->line, y->key, "must be one value, not a list or map");
  return NULL;
}

void book_read_money(struct book_reader *r, const struct yaml *y, int64_t *ret) {
  const char *text = scalar(r, y);
  int64_t n = 0;
  if (text == NULL) return;
  if (money_parse(str_of(text), &n) != 0 || n < 0)
    book_wrong(r, y->line, y->key, "\"%.40s\" is no amount; write 0.99, with at most six places",
               text);
  else
    *ret = n;
}

void book_read_int(struct book_reader *r, const struct yaml *y, int64_t min, int64_t *ret) {
  const char *text = scalar(r, y);
  int64_t n = 0;
  if (text == NULL) return;
  if (str_to_int(str_of(text), &n) != 0 || n < min || n > INT64_C(1000000000000))
    book_wrong(r, y->line, y->key, "\"%.40s\" is no whole number of %lld or more", text,
               (long long)min);
  else
    *ret = n;
}

void book_read_length(struct book_reader *r, const struct yaml *y, int64_t *ret) {
  const char *text = scalar(r, y);
  int64_t n = 0;
  if (text == NULL) return;
  if (strcmp(text, "none") == 0)
    *ret = 0;
  else if (duration_parse(str_of(text), &n) != 0 || n < 0)
    book_wrong(r, y->line, y->key, "\"%.40s\" is no length of time; write 24h, 3d or none", text);
  else
    *ret = n;
}

int book_read_word(struct book_reader *r, const struct yaml *y, const char *const *words,
                   int otherwise) {
  const char *text = scalar(r, y);
  if (text == NULL) return otherwise;
  char all[200] = "";
  size_t n = 0;
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], text) == 0) return i;
    const int w = snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : ", ", words[i]);
    if (w > 0 && n + (size_t)w < sizeof all) n += (size_t)w;
  }
  book_wrong(r, y->line, y->key, "\"%.40s\" is not one of: %s", text, all);
  return otherwise;
}

void book_read_lengths(struct book_reader *r, const struct yaml *y, const char *first,
                       struct book_lengths *ret) {
  if (y == NULL) return;
  int64_t general = 0;
  const struct yaml *g = y->kind == YAML_MAP ? yaml_get(y, first) : y;
  book_read_length(r, g, &general);
  for (size_t i = 0; i < BOOK_CHANNELS; i++) {
    ret->ms[i] = general;
    if (y->kind == YAML_MAP) book_read_length(r, yaml_get(y, book_channels[i]), &ret->ms[i]);
  }
}
