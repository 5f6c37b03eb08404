/*
 * What the forms of the report share. Private to report*.c.
 */
#ifndef BILLING_REPORT_INNER_H
#define BILLING_REPORT_INNER_H

#include "base/money.h"
#include "billing/report.h"

int64_t row_margin(const struct report_row *r);
/* Model cost of the row by its resolutions; 0 without any. */
int64_t row_cost_each(const struct report_row *r);
/* Resolved of triaged in tenths of a percent; -1: nothing triaged. */
int64_t row_rate(const struct report_row *r);
const char *rate_text(int64_t tenths, char out[32]); /* "32.2%" or "-" */
const char *report_meaning(const struct report *r, const char *code);

#endif
