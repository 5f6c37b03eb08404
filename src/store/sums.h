/*
 * Private to this room: sums by key, in memory, while roll-ups are made, changed or read. A key is
 * what is counted (`dim`), a day, two words, and for a distribution the bin.
 */
#ifndef STORE_SUMS_H
#define STORE_SUMS_H

#include <stddef.h>
#include <stdint.h>

#define SUMS_NO_BIN (-1)
#define SUMS_WIDE   22 /* numbers of a key without a bin; one with a bin has two */

struct sums_key {
  int64_t dim, day, bin;
  const char *word, *other;
};
struct sums_entry {
  struct sums_key key; /* its words are copies */
  int64_t *n;
};
struct sums;

struct sums *sums_new(void);
void sums_free(struct sums **s);
/* The numbers of a key, zero when it is new; valid until sums_free. */
int64_t *sums_at(struct sums *s, const struct sums_key *key);
size_t sums_count(const struct sums *s);
/* All of them, ordered by dim, word, other, day and bin. Valid until the next sums_at. */
struct sums_entry *sums_list(struct sums *s);

/* Distributions: the bin of a value. Below 64 each value has its own; above it a bin is at most
 * 1/32 of its values wide. Negative values are in bin 0. */
int64_t sums_bin(int64_t value);

#endif
