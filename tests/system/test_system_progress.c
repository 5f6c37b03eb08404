/* What a person at a terminal sees of long work, and a pipe does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;
static char said[200000];

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* Labelled texts that take a moment to learn. */
static void examples_write(void) {
  static const char *const words[] = {"parcel", "invoice", "login",  "lamp",  "refund",
                                      "cable",  "app",     "colour", "price", "return"};
  FILE *f = fopen(rig_path(&R, "learn.tsv"), "w");
  assert_non_null(f);
  unsigned seed = 7;
  for (int i = 0; i < 12000; i++) {
    fprintf(f, "label-%d\t%s", i % 10, words[i % 10]);
    for (int k = 0; k < 25; k++) {
      seed = seed * 1103515245u + 12345u;
      fprintf(f, " word%u", seed >> 16 & 4095u);
    }
    fputc('\n', f);
  }
  fclose(f);
}

/* Runs triagectl on a terminal of its own; everything that stood on it in said[]. */
static int on_terminal(const char *command, const char *word) {
  const char *program = getenv("TRIAGECTL") != NULL ? getenv("TRIAGECTL") : "build/triagectl";
  char conf[600];
  snprintf(conf, sizeof conf, "%s", rig_path(&R, "triaged.yaml"));
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
  assert_true(pid >= 0);
  if (pid == 0) {
    execl(program, program, "-c", conf, command, word, (char *)NULL);
    _exit(127);
  }
  size_t n = 0;
  ssize_t k;
  while (n + 1 < sizeof said && (k = read(terminal, said + n, sizeof said - n - 1)) > 0)
    n += (size_t)k;
  said[n] = '\0';
  close(terminal);
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void bar_seen(void) {
  if (strstr(said, "training [") == NULL) fail_msg("no bar in %.2000s", said);
  assert_non_null(strstr(said, " of 3, ")); /* held back, strangers, all */
  assert_non_null(strstr(said, "learned from 12000 examples"));
}

/* A container may have no pseudo-terminals at all. */
static bool has_terminals(void) {
  int ours = -1, theirs = -1;
  if (openpty(&ours, &theirs, NULL, NULL, NULL) != 0) return false;
  close(ours);
  close(theirs);
  return true;
}

static void training_shows_a_bar_without_a_daemon_and_with_one(void **state) {
  (void)state;
  if (!has_terminals()) {
    print_message("# no pseudo-terminal can be opened here (is /dev/pts mounted?)\n");
    skip();
  }
  examples_write();
  char file[600];
  snprintf(file, sizeof file, "%s", rig_path(&R, "learn.tsv"));
  if (on_terminal("train", file) != 0) fail_msg("%.1000s", said);
  bar_seen();
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  assert_int_equal(on_terminal("train", file), 0);
  bar_seen();
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* Articles that take a moment to index. */
static void articles_write(int from, int to) {
  char name[60], text[4000];
  (void)mkdir(rig_path(&R, "articles"), 0755);
  for (int i = from; i < to; i++) {
    size_t n = (size_t)snprintf(text, sizeof text, "# Article %d\n", i);
    for (int k = 0; k < 20; k++)
      n += (size_t)snprintf(text + n, sizeof text - n,
                            "\n## Part %d\n\nHow lamp %d-%d is charged, and what it costs.\n", k, i,
                            k);
    snprintf(name, sizeof name, "articles/a%d.md", i);
    rig_file(&R, name, text);
  }
}

static void indexing_shows_a_bar_without_a_daemon_and_with_one(void **state) {
  (void)state;
  if (!has_terminals()) {
    print_message("# no pseudo-terminal can be opened here (is /dev/pts mounted?)\n");
    skip();
  }
  rig_conf(&R, "@ROOT@/tests/data/demo/kb", rig_path(&R, "articles"), NULL);
  articles_write(0, 400);
  assert_int_equal(on_terminal("reindex", NULL), 0);
  assert_non_null(strstr(said, "indexing ["));
  assert_non_null(strstr(said, " of 400"));
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  articles_write(400, 1000);
  if (on_terminal("reindex", NULL) != 0) fail_msg("%.1000s", said);
  if (strstr(said, "indexing [") == NULL || strstr(said, " of 1000") == NULL)
    fail_msg("no bar in %.2000s", said);
  assert_non_null(strstr(said, "passages are indexed, "));
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void a_pipe_gets_no_bar(void **state) {
  (void)state;
  examples_write();
  char args[700];
  snprintf(args, sizeof args, "train %s", rig_path(&R, "learn.tsv"));
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triagectl", args, &out), 0);
  assert_non_null(strstr(out, "learned from 12000 examples"));
  assert_null(strchr(out, '\r'));
  assert_false(rig_log_has(&R, "err.log", "training"));
  free(out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(training_shows_a_bar_without_a_daemon_and_with_one),
      T(indexing_shows_a_bar_without_a_daemon_and_with_one),
      T(a_pipe_gets_no_bar),
  };
  return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
