#include "billing/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/report_inner.h"
#include "store/gap.h"
#include "store/store.h"

#define LOSSES_SHOWN 20

int64_t row_margin(const struct report_row *r) {
  int64_t margin = 0;
  return money_sub(r->charged_micros, r->model_cost_micros, &margin) == 0 ? margin : 0;
}

int64_t row_cost_each(const struct report_row *r) {
  int64_t each = 0;
  if (r->resolved == 0) return 0;
  return money_scale(r->model_cost_micros, 1, r->resolved, &each) == 0 ? each : 0;
}

int64_t row_rate(const struct report_row *r) {
  int64_t tenths = 0;
  if (r->triaged == 0 || money_scale(r->resolved, 1000, r->triaged, &tenths) != 0) return -1;
  return tenths;
}

int64_t row_reopen_rate(const struct report_row *r) {
  int64_t tenths = 0;
  if (r->tickets == 0 || money_scale(r->reopened, 1000, r->tickets, &tenths) != 0) return -1;
  return tenths;
}

const char *rate_text(int64_t tenths, char out[32]) {
  if (tenths < 0)
    (void)snprintf(out, 32, "-");
  else
    (void)snprintf(out, 32, "%d.%d%%", (int)(tenths / 10 % 100000), (int)(tenths % 10));
  return out;
}

const char *levels_text(const struct report_row *r, char out[160]) {
  int n = snprintf(out, 160, "%" PRId64 " confirmed, %" PRId64 " assumed, %" PRId64 " verified",
                   r->confirmed, r->assumed, r->verified);
  if (r->procedure > 0)
    n += snprintf(out + n, 160 - (size_t)n, ", %" PRId64 " by procedure", r->procedure);
  if (r->usage > 0) (void)snprintf(out + n, 160 - (size_t)n, ", %" PRId64 " by use only", r->usage);
  return out;
}

const char *money_places(int64_t micros, int places, char out[MONEY_TEXT_MAX]) {
  const int64_t unit = places == 2 ? 10000 : 100, whole = 1000000 / unit;
  int64_t n = 0;
  if (money_scale(micros, 1, unit, &n) != 0) return money_format(micros, out);
  const char *sign = n < 0 ? "-" : "";
  const int64_t size = n < 0 ? -n : n;
  char digits[24], grouped[32];
  (void)snprintf(digits, sizeof digits, "%" PRId64, size / whole);
  size_t at = 0;
  for (size_t i = 0, left = strlen(digits); digits[i] != '\0'; i++, left--) {
    if (i > 0 && left % 3 == 0) grouped[at++] = ',';
    grouped[at++] = digits[i];
  }
  grouped[at] = '\0';
  (void)snprintf(out, MONEY_TEXT_MAX, "%s$%.24s.%0*d", sign, grouped, places == 2 ? 2 : 4,
                 (int)(size % whole));
  return out;
}

int model_places(const struct report *r) {
  const int64_t cost = r->total.model_cost_micros;
  return cost != 0 && cost < INT64_C(1000000000) ? 4 : 2;
}

const char *report_meaning(const struct report *r, const char *code) {
  return r->meaning != NULL ? r->meaning(code) : code;
}

static void row_add(struct report_row *sum, const struct report_row *r) {
  int64_t *const to[] = {
      &sum->tickets,           &sum->triaged,  &sum->waiting,   &sum->failed,
      &sum->drafted,           &sum->sent,     &sum->open,      &sum->resolved,
      &sum->excluded,          &sum->held,     &sum->reversed,  &sum->charged_micros,
      &sum->model_cost_micros, &sum->assumed,  &sum->confirmed, &sum->verified,
      &sum->handoff,           &sum->reopened, &sum->procedure, &sum->usage};
  const int64_t from[] = {r->tickets,           r->triaged,  r->waiting,   r->failed,
                          r->drafted,           r->sent,     r->open,      r->resolved,
                          r->excluded,          r->held,     r->reversed,  r->charged_micros,
                          r->model_cost_micros, r->assumed,  r->confirmed, r->verified,
                          r->handoff,           r->reopened, r->procedure, r->usage};
  for (size_t i = 0; i < sizeof to / sizeof *to; i++) *to[i] += from[i];
}

static struct report_row rows_sum(const struct report_row *rows, size_t n) {
  struct report_row total = {.key = "total"};
  for (size_t i = 0; i < n; i++) row_add(&total, &rows[i]);
  return total;
}

static bool row_adds_up(const struct report_row *r) {
  return r->tickets == r->triaged + r->waiting + r->failed &&
         r->triaged == r->open + r->resolved + r->excluded + r->held + r->reversed;
}

static int report_checks(struct store *s, struct arena *a, struct report *ret,
                         struct trg_err *err) {
  struct trg_err gap = {0};
  const int rc = totals_conserved(s, &gap); /* `ledger verify` reads every row */
  if (rc != 0 && rc != TRG_ECORRUPT) {
    if (err != NULL) *err = gap;
    return rc;
  }
  ret->conserved = rc == 0;
  ret->gap = rc == 0 ? "" : arena_dup(a, str_of(gap.text));
  bool adds_up = row_adds_up(&ret->total);
  for (size_t i = 0; i < ret->row_count; i++) adds_up = adds_up && row_adds_up(&ret->rows[i]);
  const struct report_row days = rows_sum(ret->days, ret->day_count);
  if (ret->conserved && (!adds_up || days.tickets != ret->total.tickets ||
                         days.charged_micros != ret->total.charged_micros)) {
    ret->conserved = false;
    ret->gap = "the rows of the report do not add up to its total";
  }
  return 0;
}

/* Days without a ticket stand in the chart too, unless there would be too many of them. */
static struct report_row *days_fill(struct arena *a, struct report_row *days, size_t *count) {
  static const int64_t day_ms = 24 * 3600 * 1000, most = 400;
  int64_t first = 0, last = 0;
  if (*count < 2 || time_parse(str_of(days[0].key), &first) != 0 ||
      time_parse(str_of(days[*count - 1].key), &last) != 0)
    return days;
  const int64_t n = (last - first) / day_ms + 1;
  if (n <= (int64_t)*count || n > most) return days;
  struct report_row *all = arena_alloc(a, (size_t)n * sizeof *all);
  for (size_t i = 0, k = 0; i < (size_t)n; i++) {
    char key[11];
    time_day(first + (int64_t)i * day_ms, key);
    if (k < *count && strcmp(days[k].key, key) == 0)
      all[i] = days[k++];
    else
      all[i].key = arena_dup(a, str_of(key));
  }
  *count = (size_t)n;
  return all;
}

static int report_span_text(struct store *s, int64_t from_ms, int64_t to_ms, int64_t now_ms,
                            struct arena *a, struct report *ret, struct trg_err *err) {
  int64_t first = 0, last = 0;
  const int rc = report_span(s, &first, &last, err);
  if (rc != 0) return rc;
  char day[11];
  time_day(from_ms != 0 ? from_ms : first != 0 ? first : now_ms, day);
  ret->from = arena_dup(a, str_of(day));
  time_day(to_ms != 0 ? to_ms - 1 : last != 0 ? last : now_ms, day);
  ret->to = arena_dup(a, str_of(day));
  return 0;
}

static int uses_read(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                     struct report *ret, struct trg_err *err) {
  struct model_use *models = NULL;
  struct agent_use *agents = NULL;
  int rc = report_models(s, from_ms, to_ms, a, &models, &ret->model_count, err);
  if (rc == 0) rc = agent_call_sums(s, from_ms, to_ms, a, &agents, &ret->agent_count, err);
  ret->models = models;
  ret->agents = agents;
  return rc;
}

int report_make(struct store *reader, const char *by, int64_t from_ms, int64_t to_ms,
                int64_t now_ms, const char *book, struct arena *a, struct report *ret,
                struct trg_err *err) {
  struct report r = {.by = by, .currency = "USD", .book = book != NULL ? book : "", .gap = ""};
  struct report_row *rows = NULL, *days = NULL, *why = NULL;
  struct report_loss *losses = NULL;
  int rc = report_rows(reader, by, from_ms, to_ms, a, &rows, &r.row_count, err);
  if (rc == 0) rc = report_row_costs(reader, by, from_ms, to_ms, rows, r.row_count, err);
  if (rc == 0)
    rc = report_losses(reader, from_ms, to_ms, LOSSES_SHOWN, a, &losses, &r.loss_count,
                       &r.loss_total, &r.loss_micros, err);
  if (rc == 0) rc = report_rows(reader, "day", from_ms, to_ms, a, &days, &r.day_count, err);
  if (rc == 0) rc = report_rows(reader, "reason", from_ms, to_ms, a, &why, &r.reason_count, err);
  if (rc == 0) rc = uses_read(reader, from_ms, to_ms, a, &r, err);
  if (rc == 0)
    rc = report_costs(reader, from_ms, to_ms, &r.cost_p50_micros, &r.cost_p95_micros, err);
  if (rc == 0) rc = report_span_text(reader, from_ms, to_ms, now_ms, a, &r, err);
  if (rc != 0) return rc;
  r.rows = rows;
  r.days = days_fill(a, days, &r.day_count);
  r.reasons = why;
  r.losses = losses;
  r.total = rows_sum(rows, r.row_count);
  r.total.cost_p50_micros = r.cost_p50_micros;
  r.total.cost_p95_micros = r.cost_p95_micros;
  char made[TIME_RFC3339_MAX];
  r.made = arena_dup(a, str_of(time_format(now_ms, made)));
  rc = report_checks(reader, a, &r, err);
  if (rc == 0) *ret = r;
  return rc;
}
