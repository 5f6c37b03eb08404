/*
 * The per-resolution cost report, in its four forms. Every form is made from one struct, so that
 * they cannot disagree.
 */
#ifndef BILLING_REPORT_H
#define BILLING_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include "store/agent_call.h"
#include "store/report.h"

struct buf;
struct store;
struct arena;

struct report {
  const char *from, *to;                   /* "2026-11-01", inclusive days as shown */
  const char *by, *currency, *book, *made; /* made: RFC 3339 */
  const struct report_row *rows;
  size_t row_count;
  struct report_row total;
  int64_t cost_p50_micros, cost_p95_micros; /* model cost per resolved ticket */
  const struct report_row *days;            /* for the chart */
  size_t day_count;
  const struct report_row *reasons; /* outcomes by reason code */
  size_t reason_count;
  const struct model_use *models;
  size_t model_count;
  const struct report_loss *losses; /* cost more than they were charged; the largest first */
  size_t loss_count;
  int64_t loss_total, loss_micros; /* all of them */
  const struct agent_use *agents;  /* calls of other agents and what they were charged, beside it */
  size_t agent_count;
  bool conserved;                           /* the identities hold */
  const char *gap;                          /* what does not add up, or "" */
  const char *(*meaning)(const char *code); /* words for a reason code; NULL: the code itself */
};
/* from_ms 0 and to_ms 0: everything there is. */
int report_make(struct store *reader, const char *by, int64_t from_ms, int64_t to_ms,
                int64_t now_ms, const char *book, struct arena *a, struct report *ret,
                struct trg_err *err);
/* `width`: columns of the terminal; a table that is wider leaves columns out. 0: it is whole. */
void report_table(const struct report *r, bool colour, size_t width, struct buf *out);
void report_json(const struct report *r, struct buf *out); /* the shape is fixed */
void report_csv(const struct report *r, struct buf *out);
void report_html(const struct report *r, struct buf *out); /* one self-contained file */

#endif
