/* 200 kills while settling: the ledger is that of a run that nobody disturbed, line by line. */
#include "test_billing_help.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/report.h"
#include "store/work.h"

#define TICKETS 400
#define KILLS   200
#define END     (T0 + 40 * DAY)

static const char *const books[] = {"per-resolution", "gorgias"};

/* Confirmed, silent, objected to and returned in turn; settled later, in order of their ids. */
static void filled(struct desk *d) {
  for (int i = 0; i < TICKETS; i++) {
    const int64_t at = T0 + i * MINUTE;
    const int64_t id = ticket_made(d, arena_printf(d->a, "%d", i), TRG_CHANNEL_EMAIL, "ann", false,
                                   at);
    asked(d, id, at);
    answered(d, id, at + MINUTE);
    if (i % 4 == 0) told(d, id, "signal", "customer", "confirm", "", at + HOUR);
    if (i % 4 == 1) told(d, id, "handoff", "human", "customer", "", at + HOUR);
    if (i % 4 == 2) asked(d, id, at + 10 * DAY);
  }
  must(d, turn_flush(d->s, &d->err));
}

/* On a fast disk all would be done before the kill arrives: after so many tellings it is waited
 * for. */
static void tell(int fd, const char *what, int *left) {
  if (fd < 0) return;
  if (write(fd, what, 1) != 1) _exit(3);
  while (--*left < 0) (void)pause();
}

/* Settles what is due, one commit each; tells `fd` before and after each commit. */
static void settle_due(struct desk *d, const struct book *b, int fd, int tellings) {
  for (;;) {
    int64_t id = 0;
    size_t n = 0;
    struct settled s;
    must(d, ticket_settle_due(d->s, END, 1, &id, &n, &d->err));
    if (n == 0) return;
    must(d, settle_ticket(d->s, b, id, END, &s, &d->err));
    tell(fd, "s", &tellings);
    must(d, turn_flush(d->s, &d->err));
    tell(fd, "c", &tellings);
  }
}

static int line_text(void *arg, const struct ledger_line *l) {
  char *text = ledger_canonical(l);
  buf_text(arg, text);
  buf_char(arg, '\n');
  mem_free(text);
  return 0;
}

static char *ledger_text(struct desk *d) {
  struct buf b;
  buf_init(&b, 0);
  must(d, ledger_each(d->s, INT64_MIN, 0, line_text, &b, &d->err));
  return buf_take(&b, NULL);
}

/* A child settles, and dies after so many tellings. false: it was done before. */
static bool killed(struct desk *d, const struct book *b, int after) {
  int pipes[2], status = 0;
  assert_int_equal(pipe(pipes), 0);
  store_close(&d->s);
  (void)fflush(NULL);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)close(pipes[0]);
    if (store_open(d->dir, &d->s, &d->err) != 0) _exit(2);
    settle_due(d, b, pipes[1], after + 2);
    _exit(0);
  }
  (void)close(pipes[1]);
  char c;
  for (int i = 0; i < after && read(pipes[0], &c, 1) == 1; i++) continue;
  (void)kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  (void)close(pipes[0]);
  if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
  must(d, store_open(d->dir, &d->s, &d->err));
  return WIFSIGNALED(status);
}

static void test_200_kills_while_settling_leave_the_ledger_of_an_undisturbed_run(void **state) {
  struct desk *d = *state, calm;
  struct rng r;
  int kills = 0;
  rng_seed(&r, 7);
  for (size_t k = 0; k < sizeof books / sizeof *books; k++) {
    struct book *b = book_named(books[k]);
    if (k > 0) desk_close(d);
    if (k > 0) desk_open(d);
    desk_open(&calm);
    filled(d);
    filled(&calm);
    settle_due(&calm, b, -1, 0);
    int here = 0;
    while (here < KILLS / 2) {
      if (!killed(d, b, (int)rng_below(&r, 7))) fail_msg("it was done after %d kills", here);
      here++;
    }
    kills += here;
    settle_due(d, b, -1, 0);
    char *have = ledger_text(d), *want = ledger_text(&calm);
    assert_string_equal(have, want);
    assert_non_null(strchr(have, '\n'));
    mem_free(have);
    mem_free(want);
    int64_t count = 0, bad = 0;
    must(d, ledger_verify(d->s, &count, &bad, &d->err));
    must(d, report_conserved(d->s, &d->err));
    desk_close(&calm);
    book_free(&b);
  }
  assert_int_equal(kills, KILLS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_200_kills_while_settling_leave_the_ledger_of_an_undisturbed_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
