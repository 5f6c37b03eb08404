/* The power goes off at random moments: what was not synced is gone. Nothing may have been sent
 * that the database does not know afterwards. */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

#define TICKETS 120
#define CUTS    25

/* Beside this program; see preload/power_cut.c. */
static void preload(void) {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 40);
  assert_true(n > 0);
  path[n] = '\0';
  (void)strcpy(strrchr(path, '/'), "/power_cut.so");
  assert_int_equal(access(path, R_OK), 0);
  setenv("LD_PRELOAD", path, 1);
  setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
}

/* The file is what the disk has of it. */
static void set_back(struct rig *r, const char *name) {
  char file[400], kept[420], line[840];
  snprintf(file, sizeof file, "%s", rig_path(r, name));
  snprintf(kept, sizeof kept, "%s.durable", file);
  if (access(kept, R_OK) != 0) {
    (void)unlink(file);
    return;
  }
  snprintf(line, sizeof line, "cp %s %s", kept, file);
  assert_int_equal(system(line), 0);
}

static void cut_power(struct rig *r) {
  assert_int_equal(rig_stop(r, SIGKILL), 128 + SIGKILL);
  set_back(r, "state/triaged.db");
  set_back(r, "state/triaged.db-wal");
  (void)unlink(rig_path(r, "state/triaged.db-shm"));
}

static int64_t calls_seen(struct rig *r) {
  int64_t n = 0;
  cJSON *stats = rig_get(r, "/sim/stats");
  const cJSON *model = NULL;
  cJSON_ArrayForEach(model, cJSON_GetObjectItemCaseSensitive(stats, "models"))
      n += (int64_t)cJSON_GetObjectItemCaseSensitive(model, "calls")->valuedouble;
  cJSON_Delete(stats);
  return n;
}

/* Until a model is asked more than so often; false after two seconds: all was asked. */
static bool until_asked(struct rig *r, int64_t seen) {
  for (int i = 0; i < 400; i++) {
    if (calls_seen(r) > seen) return true;
    rig_sleep_ms(5);
  }
  return false;
}

static void what_was_sent_is_known_after_the_power_went_off(void **state) {
  (void)state;
  struct rig r;
  unsigned seed = 20261122;
  int64_t seen = 0;
  bool more = true;
  rig_open(&r);
  rig_tickets(&r, TICKETS);
  rig_sim(&r, "--seed 9 --behaviour off --slow-ms 5");
  rig_file(&r, "triaged.yaml", rig_config);
  preload();
  for (int i = 0; i < CUTS; i++) {
    rig_start(&r, "");
    if (i % 2 == 0 && more) more = until_asked(&r, seen);
    rig_sleep_ms((i % 2 == 0 ? 0 : 60) + (int)(rand_r(&seed) % 120));
    cut_power(&r);
    seen = calls_seen(&r);
    if (seen > 0) assert_true(rig_sql(&r, "SELECT count(*) FROM model_call") >= seen);
  }
  unsetenv("LD_PRELOAD");
  assert_true(seen > 0); /* else no cut came in the middle of things */
  print_message("# %d cuts, %lld calls of models before the last of them\n", CUTS, (long long)seen);
  rig_finish(&r, TICKETS);
  int notes = 0, replies = 0;
  rig_check_no_double(&r, &notes, &replies);
  assert_int_equal(notes + replies,
                   rig_sql(&r, "SELECT count(*) FROM v_tickets WHERE outcome <> 'skipped'"));
  assert_int_equal(rig_sql(&r, "SELECT count(*) FROM v_tickets"), TICKETS);
  char *out = NULL;
  assert_int_equal(rig_run(&r, "triagectl", "ledger verify", &out), 0);
  free(out);
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_sent_is_known_after_the_power_went_off)};
  return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
