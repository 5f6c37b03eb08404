/*
 * Peak memory of the daemon (VmHWM): with 1,000 model calls in flight at 500 ms, and as the backlog
 * grows from 10,000 to 100,000 tickets. For the second the model accepts connections and never
 * answers, so that 1,000 calls stay in flight and everything else waits in the database.
 *
 *   BENCH_BACKLOG   the larger backlog (default 100000)
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../system/rig.h"
#include "bench.h"

#define CALLS    1000
#define LIMIT_MB 64.0
#define MANY     3000 /* tickets of the first part */
#define SEED     1000 /* of the second: the simulator repeats them */

static struct rig *open_rig;

static void close_rig(void) {
  if (open_rig != NULL) rig_close(open_rig);
  open_rig = NULL;
}

static void config(struct rig *r, int model_port) {
  char text[8000], url[64];
  const char *model = strstr(rig_config, "models:");
  const char *at = model != NULL ? strstr(model, "\"http://127.0.0.1:@PORT@\"") : NULL;
  assert_non_null(at);
  snprintf(url, sizeof url, "\"http://127.0.0.1:%d\", timeout: 10m, max_in_flight: %d", model_port,
           CALLS);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - rig_config), rig_config, url,
           at + strlen("\"http://127.0.0.1:@PORT@\""));
  rig_file(r, "triaged.yaml", text);
}

static double status_mb(pid_t pid, const char *key) {
  char path[64], line[200];
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *f = fopen(path, "r");
  double mb = -1;
  while (f != NULL && fgets(line, sizeof line, f) != NULL)
    if (strncmp(line, key, strlen(key)) == 0) mb = strtod(line + strlen(key), NULL) / 1024;
  if (f != NULL) fclose(f);
  return mb;
}

static int64_t depth(struct rig *r, const char *sql) {
  char q[256];
  snprintf(q, sizeof q, "SELECT coalesce((%s), 0)", sql);
  return rig_sql(r, q);
}

#define PULLED "SELECT count(*) FROM ticket"
#define CALLED "SELECT count(*) FROM model_call WHERE outcome = ''"

/* Waits until the daemon pulled so many tickets; its seconds. */
static double wait_pulled(struct rig *r, int64_t want) {
  const double from = bench_now();
  rig_sleep_ms(500);
  while (depth(r, PULLED) < want) {
    if (!rig_alive(r)) fail_msg("the daemon ended");
    if (bench_now() - from > 300) fail_msg("the backlog was not pulled within 5 minutes");
    rig_sleep_ms(100);
  }
  return bench_now() - from;
}

static void verdict(const char *what, double mb) {
  bench_row(what, bench_text("%.1f MiB", mb), "< 64 MiB", "",
            mb > 0 && mb < LIMIT_MB ? BENCH_OK : BENCH_BELOW);
}

/* First a backlog against a silent model, then the same state against the simulator's, so that
 * all calls begin at once. */
static void in_flight(void) {
  struct rig r;
  rig_open(&r);
  open_rig = &r;
  rig_tickets(&r, MANY);
  rig_sim(&r, "--seed 3 --behaviour off --model-latency 500ms");
  config(&r, rig_silent_port());
  rig_start(&r, "");
  wait_pulled(&r, MANY);
  rig_stop(&r, SIGKILL);
  config(&r, r.port);
  rig_start(&r, "");
  int64_t most = 0;
  const double from = bench_now();
  for (int i = 0; i < 600; i++) {
    rig_sleep_ms(50);
    if (!rig_alive(&r)) fail_msg("the daemon ended");
    const int64_t now = depth(&r, CALLED);
    if (now > most) most = now;
    if (depth(&r, "SELECT count(*) FROM ticket WHERE outcome <> ''") >= MANY) break;
  }
  const double mb = status_mb(r.daemon, "VmHWM:");
  printf(
      "  model latency 500 ms: at most %lld calls open at a look, %.0f tickets/s, peak %.1f MiB\n",
      (long long)most, MANY / (bench_now() - from), mb);
  if (most < CALLS / 2) fail_msg("the calls were never in flight together");
  verdict("peak memory, 1,000 calls in flight at 500 ms", mb);
  rig_stop(&r, SIGKILL);
  close_rig();
}

static void backlog(int64_t large) {
  struct rig r;
  char args[160];
  const int64_t small = large / 10;
  rig_open(&r);
  open_rig = &r;
  rig_tickets(&r, SEED);
  snprintf(args, sizeof args, "--seed 3 --behaviour off --repeat %lld", (long long)large / SEED);
  rig_sim(&r, args);
  config(&r, rig_silent_port());
  rig_start(&r, "");
  wait_pulled(&r, small);
  rig_sleep_ms(300);
  const double at_small = status_mb(r.daemon, "VmHWM:");
  const double s = wait_pulled(&r, large);
  const double at_large = status_mb(r.daemon, "VmHWM:");
  printf("  backlog: %.1f MiB at %lld tickets, %.1f MiB at %lld; %lld calls open; pulled %.0f "
         "tickets/s\n",
         at_small, (long long)small, at_large, (long long)large, (long long)depth(&r, CALLED),
         (double)(large - small) / s);
  verdict(bench_text("peak memory, backlog of %lld, 1,000 calls open", (long long)large), at_large);
  bench_row("growth of memory, backlog tenfold", bench_text("%+.1f MiB", at_large - at_small),
            "flat (<= 10 %)", bench_text("%.2f", at_large / at_small),
            at_large / at_small <= 1.10 ? BENCH_OK : BENCH_BELOW);
  rig_stop(&r, SIGKILL);
  close_rig();
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  atexit(close_rig);
  in_flight();
  backlog(bench_env("BENCH_BACKLOG", 100000));
  return 0;
}
