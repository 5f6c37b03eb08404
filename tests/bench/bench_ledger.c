/*
 * The ledger at size: appending lines with their roll-ups, a month's invoice and report from the
 * roll-ups beside a raw SQLite scan of the same rows, the hash chain and every sum checked, and
 * settling of tickets from their events. Works in a folder below $B that is removed at the end.
 *
 *   BENCH_ROWS     ledger lines, one a ticket, over 24 months (default 300000); 1.3 GB a million
 *   BENCH_EVENTS   events that are folded and settled (default 100000), five a ticket
 */
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
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
#include "store/report.h"
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

#define SPAN_MS (730 * 24 * HOUR_MS)
#define CHUNK   500000

static char *db_path(void) {
  return file_join(dir, "triaged.db");
}

static void raw(sqlite3 *db, const char *text) {
  char *why = NULL;
  if (sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK) return;
  fprintf(stderr, "bench_ledger: %s\n", why);
  exit(1);
}

/* Tickets 1..rows over two years, resolved, each with one model call: in bulk, as only the roll-ups
 * and the lines are measured. */
static void tickets_made(int64_t rows) {
  static const char text[] =
      "WITH n (n) AS (SELECT %lld UNION ALL SELECT n + 1 FROM n WHERE n < %lld)"
      " INSERT INTO ticket (id, helpdesk, ext_id, ref, state, status, channel, flags, version,"
      "  subject, requester_hash, url, merged_into, sandbox, created_ms, updated_ms, received_ms,"
      "  changed_ms, category, team, priority, language, model, judged_ms, outcome, reason,"
      "  bill_state)"
      " SELECT n, h, n, h || '/' || n, 'done', 1, 1, 0, '1', 'Where is my parcel?', '', '', '', 0,"
      "  at, at, at, at, 'category ' || n %% 12, 'team ' || n %% 5, 'p' || n %% 4,"
      "  'l' || n %% 6, 'model ' || n %% 3, at, 'sent', 'reason ' || n %% 7, 'resolved'"
      " FROM (SELECT n, iif(n %% 3 = 0, 'shop', 'support') AS h, %lld + n * %lld / %lld AS at"
      "  FROM n)";
  static const char calls[] =
      "INSERT INTO model_call (id, ticket_id, pass, task, model, backend, vendor_model, started_ms,"
      "  latency_us, outcome, input, output, reserved_micros, cost_micros, prompt_hash, "
      "skills_hash,"
      "  conf_hash, shadow)"
      " SELECT id, id, 1, 'draft', model, 'anthropic', 'm', created_ms, 100000 + id %% 900000, "
      "'ok',"
      "  900, 120, 0, 500 + id * 7919 %% 60000, '', '', '', 0 FROM ticket"
      " WHERE id BETWEEN %lld AND %lld";
  sqlite3 *db = NULL;
  char *path = db_path();
  if (sqlite3_open(path, &db) != SQLITE_OK) exit(1);
  raw(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -16384");
  for (int64_t n = 1; n <= rows; n += CHUNK) {
    const int64_t last = n + CHUNK - 1 < rows ? n + CHUNK - 1 : rows;
    struct arena *a = arena_new();
    raw(db, arena_printf(a, text, (long long)n, (long long)last, (long long)T0, (long long)SPAN_MS,
                         (long long)rows));
    raw(db, arena_printf(a, calls, (long long)n, (long long)last));
    arena_free(&a);
  }
  raw(db, "INSERT INTO budget_day SELECT strftime('%Y-%m-%d', started_ms / 1000, 'unixepoch') AS d,"
          " sum(cost_micros), 0 FROM model_call GROUP BY d;"
          "INSERT INTO setting VALUES ('report.tally', 'due'); PRAGMA wal_checkpoint(TRUNCATE)");
  sqlite3_close(db);
  mem_free(path);
}

static void line_add(struct store *s, int64_t n, int64_t rows) {
  char key[HASH_HEX_MAX], period[8], ref[40], category[24], model[16];
  struct trg_err err = {0};
  const int64_t at = T0 + n * SPAN_MS / rows;
  const char *helpdesk = n % 3 == 0 ? "shop" : "support";
  time_month(at, period);
  snprintf(ref, sizeof ref, "%s/%lld", helpdesk, (long long)n);
  hash_hex(str_of(ref), key); /* in no order, as they are */
  snprintf(category, sizeof category, "category %lld", (long long)(n % 12));
  snprintf(model, sizeof model, "model %lld", (long long)(n % 3));
  struct ledger_line l = {.kind = "charge",
                          .charge_key = key,
                          .ticket_id = n,
                          .ref = ref,
                          .helpdesk = helpdesk,
                          .category = category,
                          .model = model,
                          .period = period,
                          .outcome = "resolution",
                          .evidence_level = n % 4 == 0 ? "confirmed" : "assumed",
                          .rule = "answer>window 72h>assumed",
                          .amount_micros = 990000,
                          .model_cost_micros = 500 + n * 7919 % 60000,
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
  const double from = bench_now();
  for (int64_t n = 1; n <= rows; n++) {
    line_add(s, n, rows);
    if (n % BATCH == 0) must(turn_flush(s, &err), &err);
  }
  must(turn_flush(s, &err), &err);
  bench_row("ledger lines appended, with all roll-ups",
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
#define LINES_SCAN                                                                                 \
  "SELECT sum(n) FROM (SELECT helpdesk, kind, outcome, evidence_level, reason, book,"              \
  " amount_micros, count(*) AS n, sum(amount_micros) FROM ledger WHERE period = '" MONTH "'"       \
  " GROUP BY 1, 2, 3, 4, 5, 6, 7)"
/* What the report says of a group, by reading the month's tickets, lines and calls. */
#define REPORT_SCAN                                                                                \
  "SELECT sum(n) FROM (SELECT t.category, count(*) AS n, sum(t.bill_state = 'resolved'), sum("     \
  "(SELECT sum(l.amount_micros) FROM ledger l WHERE l.ticket_id = t.id)), sum((SELECT"             \
  " sum(c.cost_micros) FROM model_call c WHERE c.ticket_id = t.id AND c.shadow = 0)) FROM ticket"  \
  " t WHERE t.created_ms >= strftime('%s', '" MONTH "-01') * 1000 AND t.created_ms <"              \
  " strftime('%s', '" MONTH "-01', '+1 month') * 1000 GROUP BY 1)"

static double scan_time(const char *text, int64_t *ret_count) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  char *path = db_path();
  if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(db, text, -1, &q, NULL) != SQLITE_OK)
    exit(1);
  const double from = bench_now();
  *ret_count = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
  const double took = bench_now() - from;
  sqlite3_finalize(q);
  sqlite3_close(db);
  mem_free(path);
  return took;
}

static void same(int64_t rolled, int64_t scanned) {
  if (rolled == scanned) return;
  fprintf(stderr, "bench_ledger: %lld by roll-up, %lld by scan\n", (long long)rolled,
          (long long)scanned);
  exit(1);
}

/* The whole report: groups, days, reasons, percentiles, losses, models. */
static double report_time(struct store *s, const char *by, int64_t from_ms, int64_t to_ms,
                          int64_t *ret_tickets) {
  struct trg_err err = {0};
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    struct arena *a = arena_new();
    struct report r;
    const double from = bench_now();
    must(report_make(s, by, from_ms, to_ms, NOW, "per-resolution", a, &r, &err), &err);
    if (bench_now() - from < best) best = bench_now() - from;
    *ret_tickets = r.total.tickets;
    arena_free(&a);
  }
  return best;
}

static void reports_bench(int64_t rows) {
  struct store *s = NULL;
  struct trg_err err = {0};
  int64_t from_ms = 0, to_ms = 0, lines = 0, tickets = 0, scanned = 0;
  must(store_open_reader(dir, &s, &err), &err);
  (void)time_month_range(MONTH, &from_ms, &to_ms);
  const double invoice = invoice_time(s, &lines);
  double scan = scan_time(LINES_SCAN, &scanned);
  same(lines, scanned);
  bench_row(bench_text("invoice of a month of %lld lines in all", (long long)rows),
            bench_text("%.2f ms", invoice * 1000), "< 1 s",
            bench_text("1/%.0f of a scan (%.0f ms)", scan / invoice, scan * 1000),
            invoice < 1 ? BENCH_OK : BENCH_BELOW);
  double report = report_time(s, "category", from_ms, to_ms, &tickets);
  scan = scan_time(REPORT_SCAN, &scanned);
  same(tickets, scanned);
  bench_row(bench_text("report of the same month (%lld tickets)", (long long)tickets),
            bench_text("%.1f ms", report * 1000), "< 1 s",
            bench_text("1/%.0f of a scan (%.0f ms)", scan / report, scan * 1000),
            report < 1 ? BENCH_OK : BENCH_BELOW);
  report = report_time(s, "category", 0, 0, &tickets);
  bench_row(bench_text("report of all %lld tickets", (long long)tickets),
            bench_text("%.1f ms", report * 1000), "", "", BENCH_NONE);
  store_close(&s);
}

static void verify_bench(void) {
  struct store *s = NULL;
  struct trg_err err = {0};
  int64_t count = 0, bad = 0;
  must(store_open_reader(dir, &s, &err), &err);
  double from = bench_now();
  must(ledger_verify(s, &count, &bad, &err), &err);
  bench_row("hash chain verified", bench_text("%.0f lines/s", (double)count / (bench_now() - from)),
            "", "", BENCH_NONE);
  from = bench_now();
  must(report_conserved(s, &err), &err);
  bench_row("every sum and roll-up checked against its rows",
            bench_text("%.0f lines/s", (double)count / (bench_now() - from)), "", "", BENCH_NONE);
  store_close(&s);
}

/* What settling counts beside the lines that it appends. */
static void counters_set(void) {
  sqlite3 *db = NULL;
  char *path = db_path();
  if (sqlite3_open(path, &db) != SQLITE_OK) exit(1);
  raw(db, "INSERT INTO setting SELECT 'billing/' || period || '/' || outcome, units"
          " FROM ledger_count; INSERT INTO setting SELECT 'billing/' || period, amount_micros"
          " FROM ledger_count");
  sqlite3_close(db);
  mem_free(path);
}

static void lines_bench(int64_t rows) {
  struct store *s = NULL;
  struct trg_err err = {0};
  struct stat st;
  must(store_open(dir, &s, &err), &err);
  store_close(&s);
  tickets_made(rows);
  const double from = bench_now();
  must(store_open(dir, &s, &err), &err); /* an older database gets its roll-ups */
  bench_row("the report's roll-ups made from rows",
            bench_text("%.0f tickets/s", (double)rows / (bench_now() - from)), "", "", BENCH_NONE);
  lines_add(s, rows);
  store_close(&s);
  counters_set();
  reports_bench(rows);
  verify_bench();
  char *path = db_path();
  if (stat(path, &st) == 0)
    printf("database of %lld lines: %.0f MB\n", (long long)rows, (double)st.st_size / 1e6);
  printf("peak memory so far: %.0f MiB\n", peak_mb());
  mem_free(path);
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
  must(report_check(s, &err), &err);
  int64_t reported = 0;
  const double took = report_time(s, "category", 0, 0, &reported);
  same(reported, tickets);
  bench_row(bench_text("report of these %lld tickets", (long long)tickets),
            bench_text("%.1f ms", took * 1000), "", "", BENCH_NONE);
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
