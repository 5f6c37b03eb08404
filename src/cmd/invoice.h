/*
 * An invoice as it is printed.
 */
#ifndef CMD_INVOICE_H
#define CMD_INVOICE_H

#include <stdbool.h>

#include "base/time.h"
#include "store/period.h"

struct buf;

struct invoice {
  const char *month;
  bool closed, over; /* frozen; the month is past */
  struct period frozen;
  char made[TIME_RFC3339_MAX];
  struct period_item *items;
  size_t count;
  int64_t total_micros, model_cost_micros, entries;
  const char *book, *about; /* the price book in force and its sentence */
};
/* Why a charge was taken back, for people; the code itself when it is not known. */
const char *invoice_reason(const char *code);
void invoice_html(const struct invoice *v, struct buf *out); /* one self-contained page */

#endif
