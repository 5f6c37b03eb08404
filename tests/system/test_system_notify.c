/* What the service manager is told: readiness, reloading, stopping, and the watchdog's food. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
  rig_close(&R);
  return 0;
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void patience_set(int fd, long ms) {
  const struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), 0);
}

/* A socket as systemd's, for what is started from now on. */
static int notify_open(void) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "%s", rig_path(&R, "notify"));
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  setenv("NOTIFY_SOCKET", a.sun_path, 1);
  patience_set(fd, 10000);
  return fd;
}

/* Takes messages until one of this kind; how many others came before it. */
static int notify_until(int fd, const char *want) {
  char text[400];
  for (int others = 0;; others++) {
    const ssize_t n = recv(fd, text, sizeof text - 1, 0);
    if (n <= 0) fail_msg("%s never came", want);
    text[n] = '\0';
    if (strncmp(text, want, strlen(want)) == 0) return others;
  }
}

static void the_watchdog_is_fed_in_time_and_not_by_a_process_that_hangs(void **state) {
  (void)state;
  const int fd = notify_open();
  setenv("WATCHDOG_USEC", "600000", 1);
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  (void)notify_until(fd, "READY=1");
  (void)notify_until(fd, "WATCHDOG=1");
  const int64_t from = now_ms();
  for (int i = 0; i < 6; i++) (void)notify_until(fd, "WATCHDOG=1");
  /* Each well within its time, also on a busy machine: six thirds of 600 ms. */
  assert_in_range(now_ms() - from, 600, 3600);
  assert_int_equal(kill(R.daemon, SIGSTOP), 0);
  patience_set(fd, 700);
  char text[400];
  while (recv(fd, text, sizeof text, MSG_DONTWAIT) > 0) continue;
  assert_int_equal(recv(fd, text, sizeof text, 0), -1);
  assert_int_equal(kill(R.daemon, SIGCONT), 0);
  patience_set(fd, 10000);
  (void)notify_until(fd, "WATCHDOG=1");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  (void)notify_until(fd, "STOPPING=1");
  close(fd);
}

static void without_a_watchdog_nothing_is_fed(void **state) {
  (void)state;
  const int fd = notify_open();
  char text[64];
  setenv("WATCHDOG_USEC", "100000", 1);
  setenv("WATCHDOG_PID", "1", 1); /* somebody else's */
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  (void)notify_until(fd, "READY=1");
  patience_set(fd, 400);
  assert_int_equal(recv(fd, text, sizeof text, 0), -1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  close(fd);
}

static void systemd_is_told_ready_reloading_and_stopping(void **state) {
  (void)state;
  const int fd = notify_open();
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  static const char *const want[] = {"READY=1", "RELOADING=1\nMONOTONIC_USEC=", "READY=1",
                                     "STOPPING=1"};
  for (size_t i = 0; i < 4; i++) {
    char text[400] = "";
    const ssize_t n = recv(fd, text, sizeof text - 1, 0);
    assert_true(n > 0);
    if (strstr(text, want[i]) == NULL) fail_msg("expected %s, got %s", want[i], text);
    if (i == 0) kill(R.daemon, SIGHUP);
    if (i == 2) kill(R.daemon, SIGTERM);
  }
  close(fd);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void systemd_does_not_give_up_while_an_older_database_is_brought_up_to_date(void **state) {
  (void)state;
  char text[400] = "";
  rig_tickets(&R, 3);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db,
                                "INSERT OR REPLACE INTO setting VALUES ('report.tally', 'due');"
                                "DELETE FROM report_cell",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  assert_int_equal(sqlite3_changes(db) > 0, 1);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
  const int fd = notify_open();
  rig_start(&R, "");
  assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
  if (strncmp(text, "EXTEND_TIMEOUT_USEC=600000000\nSTATUS=filling the roll-ups of reports: day ",
              74) != 0)
    fail_msg("before it is ready: %s", text);
  assert_int_not_equal(notify_until(fd, "STATUS="), -1);
  assert_int_equal(notify_until(fd, "READY=1"), 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_run(&R, "triagectl", "ledger verify", NULL), 0);
  close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(systemd_does_not_give_up_while_an_older_database_is_brought_up_to_date),
      T(systemd_is_told_ready_reloading_and_stopping),
      T(the_watchdog_is_fed_in_time_and_not_by_a_process_that_hangs),
      T(without_a_watchdog_nothing_is_fed),
  };
  return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
