/* The disk is full while there is work. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;
static bool mounted;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  if (R.daemon > 0) rig_stop(&R, SIGKILL);
  if (mounted) umount2(rig_path(&R, "state"), MNT_DETACH);
  mounted = false;
  rig_close(&R);
  return 0;
}

static void mount_state(const char *size) {
  assert_int_equal(mkdir(rig_path(&R, "state"), 0700), 0);
  char options[64];
  snprintf(options, sizeof options, "size=%s,mode=0700", size);
  if (mount("tmpfs", rig_path(&R, "state"), "tmpfs", 0, options) != 0) {
    print_message("# no tmpfs may be mounted here\n");
    skip();
  }
  mounted = true;
}

static void room(const char *size) {
  char options[64];
  snprintf(options, sizeof options, "size=%s,mode=0700", size);
  assert_int_equal(mount("tmpfs", rig_path(&R, "state"), "tmpfs", MS_REMOUNT, options), 0);
}

/* Takes all the room but `left` bytes. */
static void fill(size_t left) {
  static char block[4096];
  const int fd = open(rig_path(&R, "state/ballast"), O_WRONLY | O_CREAT, 0600);
  off_t n = 0;
  while (pwrite(fd, block, sizeof block, n) == (ssize_t)sizeof block) n += (off_t)sizeof block;
  assert_int_equal(ftruncate(fd, n > (off_t)left ? n - (off_t)left : 0), 0);
  close(fd);
}

static void everything_is_through(int tickets) {
  for (int i = 0; i < 4; i++) {
    rig_run(&R, "triaged", "--once", NULL);
    if (rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'") == tickets) break;
    rig_later(&R, "10m");
  }
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'"),
                   tickets);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), tickets);
  char ok[40];
  rig_sql_text(&R, "PRAGMA integrity_check", ok, sizeof ok);
  assert_string_equal(ok, "ok");
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
}

static void a_full_disk_ends_the_pass_with_a_message_and_it_goes_on_with_room(void **state) {
  (void)state;
  mount_state("64m");
  rig_tickets(&R, 80);
  rig_sim(&R, "--seed 3 --behaviour off --model-latency 100ms");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) > 3 FROM ticket WHERE state = 'triaging'", 1);
  assert_int_equal(rig_stop(&R, SIGKILL), 128 + SIGKILL);
  static const size_t left[] = {0, 600000, 1500000};
  for (size_t i = 0; i < 3; i++) {
    fill(left[i]);
    unlink(rig_path(&R, "err.log"));
    const int status = rig_run(&R, "triaged", "--once", NULL);
    char *err = rig_read(&R, "err.log");
    if (status != 1 && status != 0) fail_msg("status %d with %zu bytes:\n%s", status, left[i], err);
    if (i == 0) assert_int_equal(status, 1);
    if (status == 1 && strstr(err, "no space left") == NULL)
      fail_msg("nobody said that the disk is full:\n%s", err);
    free(err);
    assert_int_equal(unlink(rig_path(&R, "state/ballast")), 0);
  }
  room("128m");
  everything_is_through(80);
}

static void a_disk_that_fills_while_the_daemon_works_loses_nothing(void **state) {
  (void)state;
  mount_state("32m");
  rig_tickets(&R, 60);
  rig_sim(&R, "--seed 3 --behaviour off --model-latency 100ms");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) > 0 FROM ticket WHERE state = 'drafting'", 1);
  fill(0);
  rig_until_log(&R, "daemon.log", "no space left");
  int status = -1;
  for (int i = 0; i < 1000 && rig_alive(&R); i++) rig_sleep_ms(10);
  status = R.daemon > 0 ? 0 : 1;
  if (status == 0) fail_msg("the daemon goes on although it cannot store anything");
  char *log = rig_read(&R, "daemon.log");
  const char *told = strstr(log, "store.commit");
  assert_non_null(told);
  assert_null(strstr(told, "\ntriaged: ")); /* once, as a line of the log */
  free(log);
  assert_int_equal(unlink(rig_path(&R, "state/ballast")), 0);
  everything_is_through(60);
}

static void a_full_disk_refuses_a_webhook_rather_than_forgetting_it(void **state) {
  (void)state;
  /* A delivery that cannot be stored gets no 2xx: the other side sends it again. */
  mount_state("32m");
  char listen[80], url[120], args[300];
  const int port = rig_port();
  R.port = rig_port();
  snprintf(listen, sizeof listen, "listen: \"127.0.0.1:%d\"", port);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
  rig_tickets(&R, 1);
  rig_file(&R, "hook", "the-webhook-secret\n");
  rig_conf(&R, "listen: \"off\"", listen, "poll: 1s", "poll: 1h", "mode: auto,",
           "mode: auto, webhook_secret: \"${file:hook}\",", NULL);
  snprintf(args, sizeof args,
           "--behaviour off --export-lag 0s --port %d --webhook %s/webhooks/shop --webhook-secret "
           "the-webhook-secret",
           R.port, url);
  rig_sim(&R, args);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 1);
  fill(0);
  for (int i = 0; i < 200 && rig_alive(&R); i++) {
    char line[200];
    snprintf(line, sizeof line, "{\"id\":\"%d\",\"body\":\"Where is my parcel %d?\"}", 500 + i, i);
    rig_add(&R, line);
    rig_sleep_ms(5);
  }
  assert_false(rig_alive(&R));
  cJSON *stats = rig_get(&R, "/sim/stats");
  const int taken = cJSON_GetObjectItem(stats, "webhooks_sent")->valueint;
  cJSON_Delete(stats);
  assert_int_equal(unlink(rig_path(&R, "state/ballast")), 0);
  /* What was acknowledged is there; our own writes come back as events too, hence "at least". */
  assert_true(rig_sql(&R, "SELECT count(*) FROM inbox WHERE source = 'webhook'") +
                  rig_sql(&R, "SELECT count(*) FROM delivery") >=
              taken);
}

static void a_limit_on_file_sizes_is_a_full_disk(void **state) {
  (void)state;
  rig_tickets(&R, 60);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, NULL);
  struct rlimit was, small = {900000, 900000};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
  small.rlim_max = was.rlim_max;
  signal(SIGXFSZ, SIG_IGN); /* the child inherits both */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const int status = rig_run(&R, "triaged", "--once", NULL);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
  signal(SIGXFSZ, SIG_DFL);
  assert_int_equal(status, 1);
  char *err = rig_read(&R, "err.log");
  assert_true(err != NULL && strstr(err, "triaged: ") != NULL);
  free(err);
  everything_is_through(60);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_full_disk_ends_the_pass_with_a_message_and_it_goes_on_with_room),
      T(a_disk_that_fills_while_the_daemon_works_loses_nothing),
      T(a_full_disk_refuses_a_webhook_rather_than_forgetting_it),
      T(a_limit_on_file_sizes_is_a_full_disk),
  };
  return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
