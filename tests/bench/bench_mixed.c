/*
 * Three helpdesks of three vendors at once: how many tickets a second come through when all is
 * well, and when there are faults on all sides and webhooks come twice, late or not at all.
 * BENCH_TICKETS (3000) for all three together.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "system/mixed.h"

static struct rig R;
static bool Open;

static void close_rig(void) {
  if (Open) rig_close(&R);
  Open = false;
}

/* Tickets a second until this share of them was handled; what waits for another try after a fault
 * is no measure of speed. */
static double speed(int each, bool rough) {
  const int all = MIXED_DESKS * each, want = rough ? all * 95 / 100 : all;
  int64_t done = 0;
  rig_open(&R);
  Open = true;
  R.port = rig_port();
  mixed_conf(&R);
  const char *base = mixed_listen(&R, "1s");
  mixed_tickets(&R, each);
  mixed_sim(&R, base,
            rough ? "--seed 5 --behaviour off --retry-after 0 --slow-ms 10 --webhook-repeat 0.3 "
                    "--webhook-late 0.3 --webhook-lost 0.3 --faults 429=0.005,500=0.005,503=0.005,"
                    "reset=0.005,resetafter=0.02,cut=0.005,repeat=0.05,zendesk.conflict=0.02,"
                    "salesforce.session=0.002,salesforce.lock=0.02,intercom.search404=0.02"
                  : "--seed 5 --behaviour off --webhook-lost 1");
  const double from = bench_now();
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  while (done < want && bench_now() - from < 240) {
    rig_sleep_ms(50);
    done = rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state IN ('following','done')");
  }
  const double took = bench_now() - from;
  if (done < want) fail_msg("only %lld of %d tickets came through", (long long)done, want);
  rig_check_no_double(&R, NULL, NULL);
  printf("  %s: %lld of %d tickets in %.1f s, %lld named by webhooks\n", rough ? "faults" : "calm",
         (long long)done, all, took,
         (long long)rig_sql(&R, "SELECT count(*) FROM inbox WHERE source = 'webhook'"));
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  close_rig();
  return (double)done / took;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  atexit(close_rig);
  const int each = (int)bench_env("BENCH_TICKETS", 3000) / MIXED_DESKS;
  const double calm = speed(each, false), rough = speed(each, true);
  bench_row("three helpdesks at once", bench_text("%.0f tickets/s", calm), "", "", BENCH_NONE);
  bench_row("the same with faults and unreliable webhooks", bench_text("%.0f tickets/s", rough), "",
            bench_text("%.2f of calm", rough / calm), BENCH_NONE);
  return 0;
}
