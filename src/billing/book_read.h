/*
 * Reading a price book: what its files share. Every problem is told, not only the first.
 */
#ifndef BILLING_BOOK_READ_H
#define BILLING_BOOK_READ_H

#include "base/yaml.h"
#include "billing/book_rules.h"

struct book_reader {
  void (*problem)(void *arg, uint32_t line, const char *key, const char *text);
  void *arg;
  struct arena *arena;
  bool failed;
};

void book_wrong(struct book_reader *r, uint32_t line, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Tells of keys that are not in `known` (NULL-terminated); false when `map` is no map. */
bool book_keys(struct book_reader *r, const struct yaml *map, const char *where,
               const char *const *known);
/* Keys that are channels are known too. */
bool book_keys_or_channels(struct book_reader *r, const struct yaml *map, const char *where,
                           const char *const *known);
/* Typed reads; an absent node leaves *ret alone. */
void book_read_money(struct book_reader *r, const struct yaml *y, int64_t *ret);
void book_read_int(struct book_reader *r, const struct yaml *y, int64_t min, int64_t *ret);
void book_read_length(struct book_reader *r, const struct yaml *y, int64_t *ret);
/* Index of the word in `words` (NULL-terminated), or `otherwise` with a problem told. */
int book_read_word(struct book_reader *r, const struct yaml *y, const char *const *words,
                   int otherwise);
/* A length, or a map of `first` (the general one) and channels. */
void book_read_lengths(struct book_reader *r, const struct yaml *y, const char *first,
                       struct book_lengths *ret);
bool book_is_channel(const char *word);
void book_read_meters(struct book_reader *r, const struct yaml *list, struct book_version *v);
void book_read_version(struct book_reader *r, const struct yaml *map, struct book_version *v);

extern const char *const book_channels[BOOK_CHANNELS + 1];

#endif
