/*
 * Private to this room: how a range of moments is read from roll-ups of days.
 */
#ifndef STORE_REPORT_INNER_H
#define STORE_REPORT_INNER_H

#include "store/sums.h"
#include "store/tally.h"

/* Whole days [first, end), and before and after them what has to be read from rows (0, 0: none).
 * Without whole days all of it is in the first edge. */
struct report_range {
  int64_t first_day, end_day;
  struct {
    int64_t from_ms, to_ms;
  } edges[2];
};
void report_range_of(int64_t from_ms, int64_t to_ms, struct report_range *ret);
/* On the writer, what was written but not committed is in the roll-ups from here on. */
int report_ready(struct store *s, struct trg_err *err);
/* The value at this percentile of bins in order: the mean of the one in which it lies. */
int64_t report_percentile(const struct sums_entry *bins, size_t n, int percent);

#endif
