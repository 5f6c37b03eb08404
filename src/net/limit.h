/*
 * Rate buckets, learnt from what the vendors' headers say (host->bucket) and from 429s: a bucket
 * that is empty holds requests back until its reset.
 */
#ifndef NET_LIMIT_H
#define NET_LIMIT_H

#include <stdint.h>

struct limit;
struct limit *limit_new(void);
void limit_free(struct limit **l);
/* `remaining` until reset_ms from now_ms; remaining < 0: unknown, only the reset counts when the
 * bucket was told to wait (remaining 0). */
void limit_told(struct limit *l, const char *bucket, int64_t remaining, int64_t reset_ms,
                int64_t now_ms);
/* 0: go (and one is taken); else how many milliseconds to wait. */
int64_t limit_take(struct limit *l, const char *bucket, int64_t now_ms);
/* Longest wait of any bucket, for status; 0: none. */
int64_t limit_waiting_ms(const struct limit *l, int64_t now_ms);

#endif
