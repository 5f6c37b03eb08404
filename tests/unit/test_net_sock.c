#include "base/buf.h"
#include "base/mem.h"
#include "base/err.h"
#include "net/sock.h"
#include "test_net_help.h"

#include <sys/stat.h>
#include <sys/un.h>

struct fixture {
  struct loop *l;
  struct sock *s;
  char dir[64], path[96];
  sock_id parked;
  int lines;
  bool park, tell;
  size_t line_n;
};

struct asking {
  const char *path;
  struct trg_str line;
  int64_t timeout_ms;
  int rc;
  char *answer, *told;
  struct trg_err err;
  atomic_bool done;
  pthread_t thread;
};

/* "1" and "2" before the answer, at once. */
static void tell_twice(struct fixture *f, sock_id id, struct trg_str line) {
  sock_tell(f->s, id, TRG_STR("1"));
  sock_tell(f->s, id, TRG_STR("2"));
  sock_answer(f->s, id, line);
  sock_tell(f->s, id, TRG_STR("too late"));
}

static void on_line(void *arg, sock_id id, struct trg_str line) {
  struct fixture *f = arg;
  if (f->tell) {
    tell_twice(f, id, line);
    return;
  }
  f->lines++;
  f->line_n = line.n;
  f->parked = id;
  if (!f->park) sock_answer(f->s, id, line);
}

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->l = loop_new(NULL);
  (void)snprintf(f->dir, sizeof f->dir, "/tmp/test_sock_XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  (void)snprintf(f->path, sizeof f->path, "%s/ctl", f->dir);
  f->s = sock_new(f->l, f->path, on_line, f, NULL);
  assert_non_null(f->s);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  sock_free(&f->s);
  loop_free(&f->l);
  assert_int_not_equal(access(f->path, F_OK), 0);
  (void)rmdir(f->dir);
  free(f);
  return 0;
}

static void *ask_main(void *arg) {
  struct asking *a = arg;
  a->rc = sock_ask(a->path, a->line, a->timeout_ms, &a->answer, &a->err);
  atomic_store(&a->done, true);
  return NULL;
}

static bool asked(void *arg) {
  return atomic_load(&((struct asking *)arg)->done);
}
static void nothing(void *arg) {
  (void)arg;
}

static void ask(struct fixture *f, struct asking *a) {
  a->path = f->path;
  if (a->timeout_ms == 0) a->timeout_ms = 5000;
  assert_int_equal(pthread_create(&a->thread, NULL, ask_main, a), 0);
  const loop_timer tick = loop_timer_start(f->l, 1, 1, nothing, NULL);
  assert_true(run_until(f->l, asked, a, 6000));
  loop_timer_stop(f->l, tick);
  (void)pthread_join(a->thread, NULL);
}

static void test_a_line_is_answered_with_a_line(void **state) {
  struct fixture *f = *state;
  struct asking a = {.line = TRG_STR("{\"do\":\"status\"}")};
  ask(f, &a);
  assert_int_equal(a.rc, 0);
  assert_string_equal(a.answer, "{\"do\":\"status\"}");
  mem_free(a.answer);
}

static bool is_told(void *arg, struct trg_str line) {
  struct buf *told = arg;
  if (line.n != 1) return false;
  buf_str(told, line);
  return true;
}

static void *ask_told_main(void *arg) {
  struct asking *a = arg;
  struct buf told = {0};
  a->rc = sock_ask_told(a->path, a->line, 5000, is_told, &told, &a->answer, &a->err);
  a->told = buf_take(&told, NULL);
  atomic_store(&a->done, true);
  return NULL;
}

static void test_lines_before_the_answer_tell_how_far_it_is(void **state) {
  struct fixture *f = *state;
  struct asking a = {.path = f->path, .line = TRG_STR("three")};
  f->tell = true;
  assert_int_equal(pthread_create(&a.thread, NULL, ask_told_main, &a), 0);
  const loop_timer tick = loop_timer_start(f->l, 1, 1, nothing, NULL);
  assert_true(run_until(f->l, asked, &a, 6000));
  loop_timer_stop(f->l, tick);
  (void)pthread_join(a.thread, NULL);
  assert_int_equal(a.rc, 0);
  assert_string_equal(a.told, "12");
  assert_string_equal(a.answer, "three");
  mem_free(a.told);
  mem_free(a.answer);
}

static void test_only_the_owner_may_connect(void **state) {
  struct fixture *f = *state;
  struct stat st;
  assert_int_equal(stat(f->path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_nobody_listening_is_told_apart(void **state) {
  struct fixture *f = *state;
  char *answer = NULL;
  struct trg_err err = {0};
  char path[128];
  (void)snprintf(path, sizeof path, "%s/none", f->dir);
  assert_int_equal(sock_ask(path, TRG_STR("x"), 100, &answer, &err), TRG_ENOTFOUND);
  assert_non_null(strstr(err.text, path));
}

static void test_a_silent_daemon_is_a_time_out(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct asking a = {.line = TRG_STR("x"), .timeout_ms = 20};
  ask(f, &a);
  assert_int_equal(a.rc, TRG_EIO);
  assert_string_equal(a.err.code, "timeout");
  sock_answer(f->s, f->parked, TRG_STR("too late"));
  run_for(f->l, 5);
  sock_answer(f->s, f->parked, TRG_STR("stale"));
}

static void test_a_large_line_passes_and_a_larger_one_is_closed(void **state) {
  struct fixture *f = *state;
  const size_t n = ((size_t)1 << 20) + 1;
  char *big = malloc(n);
  memset(big, 'x', n);
  struct asking fits = {.line = {big, n - 1}};
  ask(f, &fits);
  assert_int_equal(fits.rc, 0);
  assert_int_equal(strlen(fits.answer), n - 1);
  mem_free(fits.answer);
  f->lines = 0;
  struct asking large = {.line = {big, n}};
  ask(f, &large);
  assert_int_equal(large.rc, TRG_EIO);
  assert_int_equal(f->lines, 0);
  free(big);
}

static void test_a_second_daemon_is_refused(void **state) {
  struct fixture *f = *state;
  struct trg_err err = {0};
  assert_null(sock_new(f->l, f->path, on_line, f, &err));
  assert_non_null(strstr(err.text, "another daemon"));
  struct asking a = {.line = TRG_STR("still there")};
  ask(f, &a);
  assert_int_equal(a.rc, 0);
  mem_free(a.answer);
}

static void test_the_socket_of_a_dead_daemon_is_replaced(void **state) {
  struct fixture *f = *state;
  char path[100];
  (void)snprintf(path, sizeof path, "%s/dead", f->dir);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  (void)close(fd);
  struct sock *s = sock_new(f->l, path, on_line, f, NULL);
  assert_non_null(s);
  sock_free(&s);
}

static void test_a_file_in_the_way_stays(void **state) {
  struct fixture *f = *state;
  char path[128], longer[300];
  (void)snprintf(path, sizeof path, "%s/file", f->dir);
  FILE *file = fopen(path, "w");
  (void)fclose(file);
  struct trg_err err = {0};
  assert_null(sock_new(f->l, path, on_line, f, &err));
  assert_non_null(strstr(err.text, "no socket"));
  assert_int_equal(unlink(path), 0);
  memset(longer, 'a', sizeof longer);
  longer[0] = '/';
  longer[sizeof longer - 1] = '\0';
  assert_null(sock_new(f->l, longer, on_line, f, &err));
  assert_non_null(strstr(err.text, "too long"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_line_is_answered_with_a_line),
      T(test_lines_before_the_answer_tell_how_far_it_is),
      T(test_only_the_owner_may_connect),
      T(test_nobody_listening_is_told_apart),
      T(test_a_silent_daemon_is_a_time_out),
      T(test_a_large_line_passes_and_a_larger_one_is_closed),
      T(test_a_second_daemon_is_refused),
      T(test_the_socket_of_a_dead_daemon_is_replaced),
      T(test_a_file_in_the_way_stays),
  };
  return cmocka_run_group_tests_name("net_sock", tests, NULL, NULL);
}
