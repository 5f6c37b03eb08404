/* A month at once, twice and three times its volume: what tiers, included units and a cap do. */
#include <stdio.h>

#include "base/err.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/forecast.h"
#include "cmd/open.h"
#include "cmd/out.h"

#define FACTORS 3
static const int64_t factors[FACTORS] = {1, 2, 3};

static const struct out_column columns[] = {{"volume", OUT_TEXT, 0},
                                            {"units", OUT_INT, 0},
                                            {"charged", OUT_MICROS, 0},
                                            {"fee", OUT_MICROS, OUT_LESS},
                                            {"commitment", OUT_MICROS, OUT_LESS},
                                            {"total", OUT_MICROS, 0},
                                            {"model_cost", OUT_MICROS, 0},
                                            {"margin", OUT_MICROS, 0},
                                            {"unpriced", OUT_INT, OUT_LESS},
                                            {"capped", OUT_BOOL, OUT_LESS}};

static struct out_table *table_of(const struct forecast *f) {
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < FACTORS; i++) {
    char volume[24];
    snprintf(volume, sizeof volume, "%lldx", (long long)f[i].factor);
    out_text(t, volume);
    out_int(t, f[i].units);
    out_int(t, f[i].charged_micros);
    out_int(t, f[i].fee_micros);
    out_int(t, f[i].commitment_micros);
    out_int(t, f[i].total_micros);
    out_int(t, f[i].model_cost_micros);
    out_int(t, f[i].margin_micros);
    out_int(t, f[i].unpriced);
    out_int(t, f[i].capped);
  }
  return t;
}

static void print(const struct cmd_call *c, const char *month, const struct book *b,
                  const struct forecast *f) {
  struct out_table *t = table_of(f);
  if (c->format == OUT_JSON) {
    json *o = json_object();
    json_put_text(o, "month", month);
    json_put_text(o, "book", book_name(b));
    json_put(o, "rows", out_table_json(t));
    (void)out_document_print(o, c);
    json_free(&o);
  } else {
    if (c->format == OUT_TABLE)
      printf("the units of %s by the price book %s\n\n", month, book_name(b));
    out_table_print(t, c, NULL);
  }
  out_table_free(&t);
}

static int forecast_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  struct forecast f[FACTORS];
  char now[8];
  time_month(clock_now_ms(), now);
  const char *month = call_value(c, "month") != NULL ? call_value(c, "month") : now;
  int status = reading_open(c, &r);
  if (status != 0) return status;
  struct book *b = book_open(r.conf, call_value(c, "book"));
  if (b == NULL)
    status = CMD_CONFIG;
  else if (forecast_make(r.store, b, month, factors, FACTORS, f, &err) < 0)
    status = cmd_fail(err.code[0] == 'p' ? CMD_USAGE : CMD_FAILED, "%s", err.text);
  else
    print(c, month, b, f);
  book_free(&b);
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"month", "YYYY-MM", "whose units (default: this month)", false},
    {"book", "BOOK", "another price book, by name or path", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_forecast = {
    .name = "forecast",
    .args = "",
    .summary = "a month at once, twice and three times its volume",
    .help = "Prices the month's units again, so many times, one after the other, so that tiers,\n"
            "included units, commitment and cap work as they would. unpriced: units that the book\n"
            "does not charge.",
    .options = options,
    .run = forecast_run,
};
