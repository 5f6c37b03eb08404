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
/* Tickets that were reopened, of all, in tenths of a percent; -1: there are none. */
int64_t row_reopen_rate(const struct report_row *r);
const char *rate_text(int64_t tenths, char out[32]); /* "32.2%" or "-" */
/* "7 confirmed, 3 assumed, 0 verified", and more levels where there are any. */
const char *levels_text(const struct report_row *r, char out[160]);
/* "$1,234.57" with 2 or 4 places, rounded half to even: for people; the other forms have six. */
const char *money_places(int64_t micros, int places, char out[MONEY_TEXT_MAX]);
/* Places that show the amounts of a report: cents where they are large, else more. */
int model_places(const struct report *r);
void losses_section(const struct report *r, struct buf *out); /* report_html_loss.c */
void agents_section(const struct report *r, struct buf *out);
const char *report_meaning(const struct report *r, const char *code);

#endif
