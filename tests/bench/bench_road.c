/*
 * The whole road at a model latency of 0 ms: tickets a second of the daemon beside those of a bare
 * libcurl loop that sends the same requests, pair by pair; then our own time per ticket and the
 * durable commits, from the daemon's own counters.
 *
 *   BENCH_TICKETS   tickets of one run (default 5000; the start, some 0.15 s, is part of it)
 *   BENCH_PAIRS     pairs of runs (default 3)
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../system/rig.h"
#include "bare.h"
#include "bench.h"

#define BODIES  64 /* request bodies that the bare loop sends in turn */
#define AT_ONCE 64 /* tickets of the bare loop, and calls of the daemon to each side */

static struct rig *open_rig;

static void close_rig(void) {
  if (open_rig != NULL) rig_close(open_rig);
  open_rig = NULL;
}

/* Figures and bodies of one run of the daemon. */
struct run {
  double seconds, cpu_seconds;
  char *triage[BODIES], *draft[BODIES];
  size_t triage_bytes[BODIES], draft_bytes[BODIES];
  size_t bodies;
  long requests;
};

static void rig_ready(struct rig *r, int tickets) {
  rig_open(r);
  open_rig = r;
  rig_tickets(r, tickets);
  rig_sim(r, "--seed 3 --behaviour off");
}

static double cpu_of_children(void) {
  struct rusage u;
  getrusage(RUSAGE_CHILDREN, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static size_t bodies_of(struct rig *r, const char *task, char **bodies, size_t *bytes) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  size_t n = 0;
  assert_int_equal(
      sqlite3_open_v2(rig_path(r, "state/triaged.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db,
                                      "SELECT CAST(coalesce(h.head, x'') || b.request AS BLOB)"
                                      " FROM model_bytes b JOIN model_call c"
                                      " ON c.id = b.model_call_id LEFT JOIN model_head h"
                                      " ON h.id = b.head_id WHERE c.task = ? LIMIT 64",
                                      -1, &q, NULL),
                   SQLITE_OK);
  sqlite3_bind_text(q, 1, task, -1, SQLITE_STATIC);
  while (n < BODIES && sqlite3_step(q) == SQLITE_ROW) {
    bytes[n] = (size_t)sqlite3_column_bytes(q, 0);
    bodies[n] = malloc(bytes[n] + 1);
    memcpy(bodies[n], sqlite3_column_blob(q, 0), bytes[n]);
    n++;
  }
  sqlite3_finalize(q);
  sqlite3_close(db);
  return n;
}

static void bodies_free(struct run *x) {
  for (size_t i = 0; i < x->bodies; i++) {
    free(x->triage[i]);
    free(x->draft[i]);
  }
  x->bodies = 0;
}

/* The rig's configuration with AT_ONCE calls to each side, and listening where it is told. */
static void config(struct rig *r, const char *listen) {
  static const char desk[] = "mode: auto,", model[] = "model: claude-haiku-5-5,";
  const char *at_desk = strstr(rig_config, desk), *at_model = strstr(rig_config, model);
  const char *off = strstr(rig_config, "\"off\"");
  char text[8000];
  assert_true(off != NULL && at_desk > off && at_model > at_desk);
  snprintf(text, sizeof text, "%.*s%s%.*s max_in_flight: %d, %.*s max_in_flight: %d, %s",
           (int)(off - rig_config), rig_config, listen, (int)(at_desk - off - 5), off + 5, AT_ONCE,
           (int)(at_model - at_desk), at_desk, AT_ONCE, at_model);
  rig_file(r, "triaged.yaml", text);
}

static void daemon_run(int tickets, struct run *ret) {
  struct rig r;
  rig_ready(&r, tickets);
  config(&r, "\"off\"");
  const double cpu = cpu_of_children();
  const double from = bench_now();
  assert_int_equal(rig_run(&r, "triaged", "--once", NULL), 0);
  ret->seconds = bench_now() - from;
  ret->cpu_seconds = cpu_of_children() - cpu;
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome = 'sent'"), tickets);
  cJSON *stats = rig_get(&r, "/sim/stats");
  ret->requests = (long)cJSON_GetObjectItemCaseSensitive(stats, "requests")->valuedouble;
  cJSON_Delete(stats);
  ret->bodies = bodies_of(&r, "triage", ret->triage, ret->triage_bytes);
  const size_t drafts = bodies_of(&r, "draft", ret->draft, ret->draft_bytes);
  assert_true(ret->bodies > 0 && drafts == ret->bodies);
  close_rig();
}

static double bare(int tickets, const struct run *like) {
  struct rig r;
  rig_ready(&r, tickets);
  const struct bare_job job = {
      .port = r.port,
      .tickets = tickets,
      .at_once = AT_ONCE,
      .triage = like->triage,
      .draft = like->draft,
      .triage_bytes = like->triage_bytes,
      .draft_bytes = like->draft_bytes,
      .bodies = like->bodies,
      .put = "{\"ticket\":{\"metadata\":{\"triage_run\":\"2a738e44c6eb2b6b72332a44009c7f45\"},"
             "\"priority\":\"high\",\"tags\":[\"ai_triaged\",\"ai_sent\"],\"comment\":{"
             "\"html_body\":\"<p>Hello,</p>\\u000a<p>thank you for your message.</p>\\u000a<p>Kind "
             "regards</p>\\u000a<p>I am an AI assistant.</p>\\u000a\",\"public\":true}}}"};
  const double seconds = bare_run(&job);
  if (seconds <= 0) fail_msg("the bare loop could not be measured");
  close_rig();
  return seconds;
}

static void speed(int tickets, int pairs) {
  double *ours = calloc((size_t)pairs, sizeof *ours), *limit = calloc((size_t)pairs, sizeof *limit),
         *ratio = calloc((size_t)pairs, sizeof *ratio), *cpu = calloc((size_t)pairs, sizeof *cpu);
  for (int i = 0; i < pairs; i++) {
    struct run x = {0};
    daemon_run(tickets, &x);
    const double b = bare(tickets, &x);
    ours[i] = tickets / x.seconds;
    limit[i] = tickets / b;
    ratio[i] = ours[i] / limit[i];
    cpu[i] = 1000 * x.cpu_seconds / tickets;
    printf("  pair %d: road %.0f tickets/s (%.2f s, %.2f ms of CPU a ticket, %ld requests), bare "
           "loop %.0f tickets/s: ratio %.2f\n",
           i + 1, ours[i], x.seconds, cpu[i], x.requests, limit[i], ratio[i]);
    fflush(stdout);
    bodies_free(&x);
  }
  const size_t n = (size_t)pairs;
  const double share = bench_quantile(ratio, n, 0.5);
  bench_row("road, model latency 0", bench_text("%.0f tickets/s", bench_quantile(ours, n, 0.5)),
            ">= 0.50 of the bare loop",
            bench_text("%.2f of %.0f/s", share, bench_quantile(limit, n, 0.5)),
            share >= 0.5 ? BENCH_OK : BENCH_BELOW);
  bench_row("CPU of the daemon per ticket", bench_text("%.2f ms", bench_quantile(cpu, n, 0.5)), "",
            "", BENCH_NONE);
  free(ours);
  free(limit);
  free(ratio);
  free(cpu);
}

/* --- own time and commits ----------------------------------------------------------------------
 */

/* The value of the metric whose line begins so; -1: absent. */
static double metric(const char *text, const char *name) {
  const size_t n = strlen(name);
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, name, n) == 0) return strtod(line + n, NULL);
  }
  return -1;
}

/* In milliseconds; within a bucket the tickets are taken to be spread evenly. */
static double histogram_quantile(const char *text, const char *name, double share) {
  char head[80], count_name[80];
  snprintf(head, sizeof head, "%s_bucket{le=\"", name);
  snprintf(count_name, sizeof count_name, "%s_count ", name);
  const double all = metric(text, count_name);
  double low = 0, before = 0;
  for (const char *p = strstr(text, head); p != NULL; p = strstr(p + 1, head)) {
    const double le = strtod(p + strlen(head), NULL);
    const char *brace = strchr(p, '}');
    const double count = brace != NULL ? strtod(brace + 1, NULL) : 0;
    if (count >= share * all) {
      if (le > 1e9) return 1000 * low;
      return 1000 * (low + (le - low) * (share * all - before) / (count - before));
    }
    low = le;
    before = count;
  }
  return -1;
}

#define WALL "triaged_overhead_seconds"
#define CPU  "triaged_overhead_cpu_seconds"

struct own {
  double p50, p99, cpu_p50, cpu_p99, commits;
};

static void own_time(int tickets, struct own *ret) {
  struct rig r;
  rig_ready(&r, tickets);
  const int port = rig_port();
  char listen[60], url[80], *text = NULL;
  snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
  config(&r, listen);
  rig_start(&r, "");
  for (int i = 0; i < 3000; i++) {
    rig_sleep_ms(20);
    if (!rig_alive(&r)) fail_msg("the daemon ended");
    snprintf(url, sizeof url, "http://127.0.0.1:%d/metrics", port);
    free(text);
    text = NULL;
    if (rig_http("GET", url, NULL, NULL, &text) == 200 && metric(text, WALL "_count ") >= tickets)
      break;
    rig_sleep_ms(80);
  }
  const double count = metric(text, WALL "_count ");
  const double commits = metric(text, "triaged_store_commits_total ");
  if (count < tickets || commits < 0)
    fail_msg("only %.0f of %d tickets came through", count, tickets);
  *ret = (struct own){histogram_quantile(text, WALL, 0.5), histogram_quantile(text, WALL, 0.99),
                      histogram_quantile(text, CPU, 0.5), histogram_quantile(text, CPU, 0.99),
                      commits / count};
  printf(
      "  own time of %.0f tickets: mean %.3f ms, p50 %.2f ms, p99 %.2f ms; of the processor: mean "
      "%.3f ms, p50 %.2f ms, p99 %.2f ms; %.0f commits; longest turn of the loop %.1f ms\n",
      count, 1000 * metric(text, WALL "_sum ") / count, ret->p50, ret->p99,
      1000 * metric(text, CPU "_sum ") / metric(text, CPU "_count "), ret->cpu_p50, ret->cpu_p99,
      commits, 1000 * metric(text, "triaged_turn_seconds_max "));
  free(text);
  assert_int_equal(rig_stop(&r, SIGTERM), 0);
  close_rig();
}

/* The median of several runs: who shares the processors shows in the tail first. */
#define OWN_RUNS 3

static void own_times(int tickets) {
  double p50[OWN_RUNS], p99[OWN_RUNS], cpu_p50[OWN_RUNS], cpu_p99[OWN_RUNS], commits[OWN_RUNS];
  for (int i = 0; i < OWN_RUNS; i++) {
    struct own x = {0};
    own_time(tickets, &x);
    p50[i] = x.p50;
    p99[i] = x.p99;
    cpu_p50[i] = x.cpu_p50;
    cpu_p99[i] = x.cpu_p99;
    commits[i] = x.commits;
  }
  const double tail = bench_quantile(p99, OWN_RUNS, 0.5),
               cpu_tail = bench_quantile(cpu_p99, OWN_RUNS, 0.5),
               each = bench_quantile(commits, OWN_RUNS, 0.5);
  bench_row("own time per ticket, by the clock",
            bench_text("p50 %.2f ms, p99 %.2f ms", bench_quantile(p50, OWN_RUNS, 0.5), tail),
            "p99 < 2 ms", "", tail < 2 ? BENCH_OK : BENCH_BELOW);
  bench_row(
      "own time per ticket, of the processor",
      bench_text("p50 %.2f ms, p99 %.2f ms", bench_quantile(cpu_p50, OWN_RUNS, 0.5), cpu_tail),
      "p99 < 2 ms", "", cpu_tail < 2 ? BENCH_OK : BENCH_BELOW);
  bench_row("durable commits per ticket", bench_text("%.2f", each), "< 1 under load", "",
            each < 1 ? BENCH_OK : BENCH_BELOW);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  atexit(close_rig);
  const int tickets = (int)bench_env("BENCH_TICKETS", 5000);
  speed(tickets, (int)bench_env("BENCH_PAIRS", 3));
  own_times(tickets / 2);
  return 0;
}
