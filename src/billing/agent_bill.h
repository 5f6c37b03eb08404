/*
 * Calls of other agents as a meter of their own: each that was answered is recorded, and charged
 * when the price book has a meter of unit `call` that names its tool.
 */
#ifndef BILLING_AGENT_BILL_H
#define BILLING_AGENT_BILL_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct book;
struct store;

/* What the book lists for one call of this tool at that moment. false: it has no price. */
bool agent_price(const struct book *b, int64_t at_ms, const char *tool, int64_t *ret_micros);

struct agent_bill {
  int64_t id;             /* of the call */
  bool priced;            /* the book charges it, be it nothing by its place in the month */
  int64_t charged_micros; /* by its place */
};
/* Records one answered call and its charge, in the turn that is open; `ref` "" for a case that was
 * handed over. */
int agent_bill(struct store *s, const struct book *b, const char *who, const char *tool,
               const char *ref, int64_t now_ms, struct agent_bill *ret, struct trg_err *err);

#endif
