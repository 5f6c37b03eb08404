/*
 * What the tests of billing share: a store in a folder of its own, tickets and facts put into it,
 * and the ledger read back.
 */
#ifndef TEST_BILLING_HELP_H
#define TEST_BILLING_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/fold.h"
#include "billing/settle.h"
#include "store/ledger.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/ticket.h"
#include "store/turn.h"

#define UNUSED __attribute__((unused))
#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define T0     INT64_C(1793613600000) /* 2026-11-02T10:00:00Z */

struct desk {
  char dir[64];
  struct store *s;
  struct arena *a;
  struct trg_err err;
};

UNUSED static void must(struct desk *d, int rc) {
  if (rc != 0) fail_msg("%d %s: %s", rc, d->err.code, d->err.text);
}

UNUSED static void desk_open(struct desk *d) {
  (void)snprintf(d->dir, sizeof d->dir, "/tmp/test-billing-XXXXXX");
  assert_non_null(mkdtemp(d->dir));
  d->a = arena_new();
  must(d, store_open(d->dir, &d->s, &d->err));
}

UNUSED static void desk_close(struct desk *d) {
  static const char *const names[] = {"triaged.db", "triaged.db-wal", "triaged.db-shm", "lock",
                                      "key"};
  store_close(&d->s);
  arena_free(&d->a);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *path = file_join(d->dir, names[i]);
    (void)unlink(path);
    mem_free(path);
  }
  (void)rmdir(d->dir);
}

UNUSED static int desk_setup(void **state) {
  struct desk *d = mem_alloc(sizeof *d);
  desk_open(d);
  *state = d;
  return 0;
}

UNUSED static int desk_teardown(void **state) {
  desk_close(*state);
  mem_free(*state);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

UNUSED static int64_t ticket_made(struct desk *d, const char *ext_id, int32_t channel,
                                  const char *customer, bool sandbox, int64_t at_ms) {
  const struct ticket_facts f = {.helpdesk = TRG_STR("support"),
                                 .ext_id = str_of(ext_id),
                                 .version = TRG_STR("1"),
                                 .subject = TRG_STR("Where is my parcel?"),
                                 .requester_hash = str_of(customer),
                                 .status = TRG_STATUS_OPEN,
                                 .channel = channel,
                                 .sandbox = sandbox,
                                 .created_ms = at_ms,
                                 .updated_ms = at_ms};
  int64_t id = 0;
  bool fresh = false;
  must(d, ticket_put(d->s, &f, at_ms, &id, &fresh, &d->err));
  return id;
}

UNUSED static void told(struct desk *d, int64_t ticket, const char *kind, const char *actor,
                        const char *value, const char *data, int64_t at_ms) {
  const char *id = arena_printf(d->a, "%s:%s:%lld", value, data, (long long)at_ms);
  const struct event e = {.ticket_id = ticket,
                          .kind = kind,
                          .ext_id = id,
                          .actor = actor,
                          .value = value,
                          .data = data,
                          .at_ms = at_ms,
                          .seen_ms = at_ms};
  bool fresh = false;
  must(d, event_add(d->s, &e, &fresh, &d->err));
}

UNUSED static void asked(struct desk *d, int64_t ticket, int64_t at_ms) {
  told(d, ticket, "msg_in", "customer", "", "", at_ms);
}

UNUSED static void answered(struct desk *d, int64_t ticket, int64_t at_ms) {
  told(d, ticket, "msg_out", "ai", "answer", "", at_ms);
}

UNUSED static struct settled settle(struct desk *d, const struct book *b, int64_t ticket,
                                    int64_t now_ms) {
  struct settled s = {0};
  must(d, settle_ticket(d->s, b, ticket, now_ms, &s, &d->err));
  must(d, turn_flush(d->s, &d->err));
  return s;
}

UNUSED static size_t lines_of(struct desk *d, int64_t ticket, struct ledger_line **ret) {
  size_t n = 0;
  must(d, ledger_of_ticket(d->s, ticket, d->a, ret, &n, &d->err));
  return n;
}

UNUSED static int64_t net_of(struct desk *d, int64_t ticket) {
  struct ledger_line *l = NULL;
  int64_t sum = 0;
  const size_t n = lines_of(d, ticket, &l);
  for (size_t i = 0; i < n; i++) sum += l[i].amount_micros;
  return sum;
}

UNUSED static struct ticket ticket_now(struct desk *d, int64_t id) {
  struct ticket t = {0};
  must(d, ticket_by_id(d->s, id, d->a, &t, &d->err));
  return t;
}

/* Files of the repository, wherever the test is started. */
UNUSED static char *root_path(const char *name) {
  const char *root = getenv("TRIAGED_ROOT");
  return file_join(root != NULL ? root : ".", name);
}

UNUSED static void book_problem_print(void *arg, uint32_t line, const char *key, const char *text) {
  (void)fprintf(stderr, "%s:%u: %s: %s\n", (const char *)arg, line, key, text);
}

UNUSED static struct book *book_named(const char *name) {
  char file[96];
  (void)snprintf(file, sizeof file, "config/books/%s.yaml", name);
  char *path = root_path(file);
  struct book *b = book_load(path, book_problem_print, path);
  if (b == NULL) fail_msg("%s was not understood", path);
  mem_free(path);
  return b;
}

UNUSED static struct book *book_text(const char *text) {
  struct book *b = book_parse(str_of(text), "test", book_problem_print, (char *)(uintptr_t) "text");
  assert_non_null(b);
  return b;
}

UNUSED static void count_difference(void *arg, const char *ref, const char *key, int64_t is,
                                    int64_t ought, const char *why) {
  (void)ref;
  (void)key;
  (void)is;
  (void)ought;
  (void)why;
  (*(int *)arg)++;
}

UNUSED static struct recount counted(struct desk *d, const struct book *b, int64_t now_ms) {
  struct recount r;
  int told_of = 0;
  must(d, recount(d->s, b, 0, 0, now_ms, count_difference, &told_of, &r, &d->err));
  assert_int_equal(told_of, r.differences);
  return r;
}

UNUSED static void recount_equal(struct desk *d, const struct book *b, int64_t now_ms) {
  const struct recount r = counted(d, b, now_ms);
  assert_int_equal(r.differences, 0);
  assert_int_equal(r.ledger_micros, r.recomputed_micros);
  assert_int_equal(r.charges, r.recomputed_charges);
}

/* A ticket that was asked, answered and confirmed at that moment. */
UNUSED static int64_t solved(struct desk *d, const char *ext_id, int64_t at_ms) {
  const int64_t id = ticket_made(d, ext_id, TRG_CHANNEL_EMAIL, "ann", false, at_ms - HOUR);
  asked(d, id, at_ms - HOUR);
  answered(d, id, at_ms - HOUR + MINUTE);
  told(d, id, "signal", "customer", "confirm", "", at_ms);
  return id;
}

#endif
