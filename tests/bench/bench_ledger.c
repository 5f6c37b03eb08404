/*
 * The ledger at size: appending lines with their roll-ups, a month's invoice from the roll-ups
 * beside a raw SQLite scan of the same lines, the hash chain, and settling of tickets from their
 * events. Works in a folder below $B that is removed at the end.
 *
 *   BENCH_ROWS     ledger lines, over 24 months (default 300000)
 *   BENCH_EVENTS   events that are folded and settled (default 100000), five a ticket
 */
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "bench.h"
#include "billing/book.h"
#include "billing/report.h"
#include "billing/settle.h"
#include "billing/watch.h"
#include "store/ledger.h"
#include "store/period.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/ticket.h"
#include "store/turn.h"

#define T0      INT64_C(1735689600000) /* 2025-01-01 */
#define MONTHS  24
#define NOW     (T0 + MONTHS * 31 * 24 * HOUR_MS)
#define HOUR_MS INT64_C(3600000)
#define BATCH   10000
#define MONTH   "2026-06"

static char dir[1024];

static void must(int rc, const struct trg_err *err) {
  if (rc == 0) return;
  fprintf(stderr, "bench_ledger: %s\n", err->text);
  exit(1);
}

static double peak_mb(void) {
  char line[200];
  double mb = -1;
  FILE *f = fopen("/proc/self/status", "re");
  while (f != NULL && fgets(line, sizeof line, f) != NULL)
    if (strncmp(line, "VmHWM:", 6) == 0) mb = strtod(line + 6, NULL) / 1024;
  if (f != NULL) fclose(f);
  return mb;
}

static int64_t ticket_made(struct store *s, int64_t n, int64_t at_ms) {
  char ext_id[24];
  struct trg_err err = {0};
  int64_t id = 0;
  bool fresh = false;
  snprintf(ext_id, sizeof ext_id, "%lld", (long long)n);
  const struct ticket_facts f = {.helpdesk = n % 3 == 0 ? TRG_STR("shop") : TRG_STR("support"),
                                 .ext_id = str_of(ext_id),
                                 .version = TRG_STR("1"),
                                 .subject = TRG_STR("Where is my parcel?"),
                                 .requester_hash = TRG_STR("ann"),
                                 .channel = TRG_CHANNEL_EMAIL,
                                 .created_ms = at_ms,
                                 .updated_ms = at_ms};
  must(ticket_put(s, &f, at_ms, &id, &fresh, &err), &err);
  return id;
}

/* --- lines ------------------------------------------------------------------------------------ */

static void line_add(struct store *s, int64_t n, int64_t rows, int64_t ticket) {
  static const char *const categories[] = {"shipping", "billing", "how-to",    "technical",
                                           "feedback", "refund",  "complaint", "account"};
  char key[65], period[8], ref[40];
  struct trg_err err = {0};
  const int64_t at = T0 + n * (730 * 24 * HOUR_MS / rows);
  time_month(at, period);
  snprintf(key, sizeof key, "%064llx", (unsigned long long)n);
  snprintf(ref, sizeof ref, "support/%lld", (long long)n);
  struct ledger_line l = {.kind = "charge",
                          .charge_key = key,
                          .ticket_id = ticket,
                          .ref = ref,
                          .helpdesk = n % 3 == 0 ? "shop" : "support",
                          .category = categories[n % 8],
                          .model = n % 2 == 0 ? "haiku" : "sonnet",
                          .period = period,
                          .outcome = "resolution",
                          .evidence_level = n % 4 == 0 ? "confirmed" : "assumed",
                          .rule = "answer>window 72h>assumed",
                          .amount_micros = 990000,
                          .model_cost_micros = 1200 + n % 7,
                          .book = "per-resolution",
                          .book_hash = "0",
                          .evidence = "[1,2,3]",
                          .reason = "",
                          .at_ms = at,
                          .written_ms = at};
  must(ledger_append(s, &l, &err), &err);
}

static void lines_add(struct store *s, int64_t rows) {
  struct trg_err err = {0};
  int64_t ticket = 0;
  const double from = bench_now();
  for (int64_t n = 0; n < rows; n++) {
    if (n % 100 == 0) ticket = ticket_made(s, n, T0);
    line_add(s, n, rows, ticket);
    if (n % BATCH == BATCH - 1) must(turn_flush(s, &err), &err);
  }
  must(turn_flush(s, &err), &err);
  bench_row("ledger lines appended, with roll-ups",
            bench_text("%.0f lines/s", (double)rows / (bench_now() - from)), "", "", BENCH_NONE);
}

static double invoice_time(struct store *s, int64_t *ret_lines) {
  struct trg_err err = {0};
  double best = 1e9;
  for (int i = 0; i < 5; i++) {
    struct arena *a = arena_new();
    struct period_item *items = NULL;
    size_t n = 0;
    const double from = bench_now();
    must(period_items(s, MONTH, a, &items, &n, &err), &err);
    if (bench_now() - from < best) best = bench_now() - from;
    *ret_lines = 0;
    for (size_t k = 0; k < n; k++) *ret_lines += items[k].lines;
    arena_free(&a);
  }
  return best;
}

/* The same sums by reading the lines. */
static double scan_time(const char *path, int64_t *ret_lines) {
  static const char text[] =
      "SELECT helpdesk, kind, outcome, evidence_level, reason, book, amount_micros, count(*),"
      " sum(amount_micros) FROM ledger WHERE period = '" MONTH "' GROUP BY 1, 2, 3, 4, 5, 6, 7";
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(db, text, -1, &q, NULL) != SQLITE_OK)
    exit(1);
  const double from = bench_now();
  *ret_lines = 0;
  while (sqlite3_step(q) == SQLITE_ROW) *ret_lines += sqlite3_column_int64(q, 7);
  const double took = bench_now() - from;
  sqlite3_finalize(q);
  sqlite3_close(db);
  return took;
}

static void lines_bench(int64_t rows) {
  struct store *s = NULL;
  struct trg_err err = {0};
  int64_t rolled = 0, scanned = 0, count = 0, bad = 0;
  must(store_open(dir, &s, &err), &err);
  lines_add(s, rows);
  const double invoice = invoice_time(s, &rolled);
  char *path = mem_dup(store_path(s));
  const double scan = scan_time(path, &scanned);
  if (rolled != scanned) {
    fprintf(stderr, "bench_ledger: %lld lines by roll-up, %lld by scan\n", (long long)rolled,
            (long long)scanned);
    exit(1);
  }
  bench_row(bench_text("a month of %lld lines in all", (long long)rows),
            bench_text("%.2f ms", invoice * 1000), "< 1 s",
            bench_text("1/%.0f of a scan (%.0f ms)", scan / invoice, scan * 1000),
            invoice < 1 ? BENCH_OK : BENCH_BELOW);
  const double from = bench_now();
  must(ledger_verify(s, &count, &bad, &err), &err);
  bench_row("hash chain verified", bench_text("%.0f lines/s", (double)count / (bench_now() - from)),
            "", "", BENCH_NONE);
  struct stat st;
  if (stat(path, &st) == 0)
    printf("database of %lld lines: %.0f MB\n", (long long)rows, (double)st.st_size / 1e6);
  mem_free(path);
  store_close(&s);
}

/* --- events ----------------------------------------------------------------------------------- */

static void event_put(struct store *s, int64_t ticket, int n, const char *kind, const char *actor,
                      const char *value, int64_t at_ms) {
  char id[16];
  struct trg_err err = {0};
  bool fresh = false;
  snprintf(id, sizeof id, "%d", n);
  const struct event e = {.ticket_id = ticket,
                          .kind = kind,
                          .ext_id = id,
                          .actor = actor,
                          .value = value,
                          .data = "",
                          .at_ms = at_ms,
                          .seen_ms = at_ms};
  must(event_add(s, &e, &fresh, &err), &err);
}

/* The whole report of these tickets, each with its lines and calls: no roll-up. */
static void report_bench(struct store *s, int64_t tickets) {
  struct trg_err err = {0};
  struct arena *a = arena_new();
  struct report r;
  const double from = bench_now();
  must(report_make(s, "category", T0, NOW, NOW, "per-resolution", a, &r, &err), &err);
  const double took = bench_now() - from;
  bench_row(bench_text("report of %lld tickets", (long long)r.total.tickets),
            bench_text("%.1f ms", took * 1000), "",
            bench_text("%.1f us a ticket", took * 1e6 / (double)(tickets > 0 ? tickets : 1)),
            BENCH_NONE);
  arena_free(&a);
}

static void events_bench(int64_t events) {
  struct store *s = NULL;
  struct trg_err err = {0};
  struct book *b = book_builtin();
  const int64_t tickets = events / 5;
  must(store_open(dir, &s, &err), &err);
  int64_t first = 0;
  for (int64_t i = 0; i < tickets; i++) {
    const int64_t at = T0 + i * 60000;
    const int64_t id = ticket_made(s, 1000000000 + i, at);
    if (i == 0) first = id;
    event_put(s, id, 1, "msg_in", "customer", "", at);
    event_put(s, id, 2, "msg_out", "ai", "answer", at + 60000);
    event_put(s, id, 3, "msg_in", "customer", "", at + HOUR_MS);
    event_put(s, id, 4, "msg_out", "ai", "answer", at + HOUR_MS + 60000);
    event_put(s, id, 5, i % 3 == 0 ? "handoff" : "signal", "customer",
              i % 3 == 0 ? "customer" : "confirm", at + 2 * HOUR_MS);
    if (i % 2000 == 1999) must(turn_flush(s, &err), &err);
  }
  must(turn_flush(s, &err), &err);
  const double from = bench_now();
  for (int64_t i = 0; i < tickets; i++) {
    struct settled done;
    must(settle_ticket(s, b, first + i, NOW, &done, &err), &err);
    must(watch_ticket(s, b, first + i, NOW, &err), &err); /* as the daemon does */
    if (i % 64 != 63) continue;
    must(watch_totals(s, NOW, &err), &err);
    must(turn_flush(s, &err), &err);
  }
  must(turn_flush(s, &err), &err);
  bench_row("events folded, settled and checked",
            bench_text("%.0f events/s", (double)tickets * 5 / (bench_now() - from)), "", "",
            BENCH_NONE);
  report_bench(s, tickets);
  book_free(&b);
  store_close(&s);
}

static int remove_one(void *arg, const char *path) {
  (void)arg;
  (void)unlink(path);
  return 0;
}

int main(void) {
  struct trg_err err = {0};
  const char *build = getenv("B");
  snprintf(dir, sizeof dir, "%s/bench-ledger", build != NULL ? build : "build");
  must(file_mkdirs(dir, 0700, &err), &err);
  lines_bench(bench_env("BENCH_ROWS", 300000));
  (void)file_walk(dir, 1, remove_one, NULL, &err); /* another database */
  events_bench(bench_env("BENCH_EVENTS", 100000));
  bench_row("peak memory of all of it", bench_text("%.0f MiB", peak_mb()), "bounded", "",
            peak_mb() < 256 ? BENCH_OK : BENCH_BELOW);
  (void)file_walk(dir, 1, remove_one, NULL, &err);
  (void)rmdir(dir);
  return 0;
}
