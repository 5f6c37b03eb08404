/* The ledger as FOCUS 1.0 rows (FinOps Open Cost and Usage Specification), for cost tools. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/ledger.h"
#include "cmd/out.h"
#include "store/ledger.h"

#define DAY_MS INT64_C(86400000)

static const char head[] =
    "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodEnd,"
    "BillingPeriodStart,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,"
    "ChargePeriodEnd,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,ContractedCost,"
    "ContractedUnitPrice,EffectiveCost,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,"
    "PricingQuantity,PricingUnit,ProviderName,PublisherName,ResourceId,ResourceName,ResourceType,"
    "ServiceCategory,ServiceName,SkuId,SkuPriceId,SubAccountId,SubAccountName,Tags\r\n";

struct row {
  struct buf *b;
  bool first;
};

static void cell(struct row *r, const char *text) {
  if (!r->first) buf_char(r->b, ',');
  r->first = false;
  buf_csv_text(r->b, str_of(text));
}

static void time_cell(struct row *r, int64_t at_ms) {
  char text[TIME_RFC3339_MAX];
  cell(r, time_format(at_ms, text));
}

static void tags_cell(struct row *r, const struct ledger_line *l) {
  char number[24];
  json *o = json_object();
  snprintf(number, sizeof number, "%lld", (long long)l->seq);
  json_put_text(o, "entry", number);
  snprintf(number, sizeof number, "%lld", (long long)l->corrects);
  if (l->corrects != 0) json_put_text(o, "corrects", number);
  json_put_text(o, "category", l->category);
  json_put_text(o, "evidence_level", l->evidence_level);
  json_put_text(o, "model", l->model);
  json_put_text(o, "rule", l->rule);
  char *text = json_text(o);
  cell(r, text);
  mem_free(text);
  json_free(&o);
}

/* What corrects a charge is of that charge's category, and of the class Correction. */
static const char *category_of(const struct ledger_line *l) {
  if (strcmp(l->outcome, "guarantee") == 0) return "Credit";
  return strcmp(l->outcome, "fee") == 0 || strcmp(l->outcome, "commitment") == 0 ? "Purchase"
                                                                                 : "Usage";
}

static void row_put(const struct ledger_line *l, struct buf *b) {
  struct row r = {b, true};
  char cost[MONEY_TEXT_MAX], unit[MONEY_TEXT_MAX], description[200];
  int64_t from = 0, to = 0;
  const bool charge = strcmp(l->kind, "charge") == 0;
  const char *category = category_of(l), *quantity = charge ? "1" : "-1";
  const bool usage = strcmp(category, "Usage") == 0;
  const int64_t day = l->at_ms / DAY_MS * DAY_MS;
  (void)time_month_range(l->period, &from, &to);
  money_format(l->amount_micros, cost);
  money_format(charge ? l->amount_micros : -l->amount_micros, unit);
  snprintf(description, sizeof description, "%s %s%s%s", l->outcome, l->kind,
           l->reason[0] != '\0' ? ": " : "", l->reason);
  cell(&r, cost);
  cell(&r, l->book_hash);
  cell(&r, l->book);
  cell(&r, "USD");
  time_cell(&r, to);
  time_cell(&r, from);
  cell(&r, category);
  cell(&r, l->corrects != 0 ? "Correction" : "");
  cell(&r, description);
  cell(&r, usage ? "Usage-Based" : "Recurring");
  time_cell(&r, day + DAY_MS);
  time_cell(&r, day);
  cell(&r, usage ? quantity : "");
  cell(&r, usage ? l->outcome : "");
  cell(&r, cost);
  cell(&r, unit);
  cell(&r, cost);
  cell(&r, "triaged");
  cell(&r, cost);
  cell(&r, unit);
  cell(&r, "Standard");
  cell(&r, quantity);
  cell(&r, l->outcome);
  cell(&r, "triaged");
  cell(&r, "triaged");
  cell(&r, l->ref);
  cell(&r, "");
  cell(&r, l->ref[0] != '\0' ? "Ticket" : "");
  cell(&r, "AI and Machine Learning");
  cell(&r, "Ticket resolution");
  cell(&r, l->outcome);
  cell(&r, l->rule);
  cell(&r, l->helpdesk);
  cell(&r, l->helpdesk);
  tags_cell(&r, l);
  buf_text(b, "\r\n");
}

static int line_put(void *arg, const struct ledger_line *l) {
  struct buf *b = arg;
  buf_reset(b);
  row_put(l, b);
  return fwrite(b->p, 1, b->n, stdout) == b->n ? 0 : TRG_EIO;
}

int ledger_focus(const struct cmd_call *c, int64_t from_ms, int64_t to_ms) {
  struct reading r;
  struct trg_err err = {0};
  struct buf b;
  int status = reading_open(c, &r);
  if (status != 0) return status;
  buf_init(&b, 0);
  fputs(head, stdout);
  const int rc = ledger_each(r.store, from_ms, to_ms, line_put, &b, &err);
  if (rc == TRG_EIO && err.text[0] == '\0')
    status = cmd_fail(CMD_FAILED, "standard output cannot be written");
  else if (rc < 0)
    status = reading_failed(&err);
  buf_free(&b);
  reading_close(&r);
  return status;
}
