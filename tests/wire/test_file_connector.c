/* The file connector: folders of JSON lines in, one file of results out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_host.h"

extern const struct trg_plugin triaged_plugin_file;

#define DEADLINE 60000

struct place {
  char dir[64], url[80];
  struct fake_host *host;
  struct fake_inst *inst;
  const struct trg_connector_ops *ops;
  void *self;
};

static void lines_write(const struct place *p, const char *name, const char *mode,
                        const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", p->dir, name);
  FILE *f = fopen(path, mode);
  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

static void place_start(struct place *p) {
  struct trg_err err = {0};
  const char *const settings[] = {p->url, NULL};
  p->host = fake_host_new();
  assert_int_equal(fake_host_open(p->host, &triaged_plugin_file, settings, &p->inst, &err), 0);
  p->ops = fake_inst_ops(p->inst);
  p->self = fake_inst_self(p->inst);
}

static int place_open(void **state) {
  struct place *p = calloc(1, sizeof *p);
  snprintf(p->dir, sizeof p->dir, "/tmp/triaged-file-XXXXXX");
  assert_non_null(mkdtemp(p->dir));
  snprintf(p->url, sizeof p->url, "url=file://%s", p->dir);
  place_start(p);
  *state = p;
  return 0;
}

static int place_close(void **state) {
  struct place *p = *state;
  static const char *const names[] = {"a.jsonl", "b.jsonl", "results.jsonl"};
  assert_string_equal(fake_host_violation(p->host), "");
  fake_host_free(&p->host);
  for (size_t i = 0; i < 3; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", p->dir, names[i]);
    unlink(path);
  }
  rmdir(p->dir);
  free(p);
  return 0;
}

static const struct fake_op *poll_from(struct place *p, struct trg_str cursor) {
  const trg_op op = fake_op_start(p->inst, DEADLINE, false);
  p->ops->poll(p->self, op, cursor, 0);
  fake_host_settle(p->host);
  return fake_op_get(p->host, op);
}

static const struct fake_op *fetch_one(struct place *p, const char *id) {
  const trg_op op = fake_op_start(p->inst, DEADLINE, false);
  p->ops->fetch(p->self, op, (struct trg_str){id, strlen(id)});
  fake_host_settle(p->host);
  return fake_op_get(p->host, op);
}

static const char two[] =
    "{\"id\":\"1\",\"subject\":\"Late\",\"body\":\"Where is it?\",\"created_at\":"
    "\"2026-11-02T08:13:00Z\",\"requester\":{\"name\":\"Ann\",\"email\":\"a@example.com\"},"
    "\"thread\":[{\"author\":\"agent\",\"public\":false,\"body\":\"asked the carrier\"}]}\n"
    "this is no ticket\n"
    "{\"id\":7,\"subject\":\"Number\",\"body\":\"An id may be a number\"}\n";

static void lines_become_notices_and_a_cursor_that_goes_on_from_there(void **state) {
  struct place *p = *state;
  lines_write(p, "a.jsonl", "w", two);
  const struct fake_op *op = poll_from(p, (struct trg_str){NULL, 0});
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->notice_count, 2);
  assert_string_equal(op->notices[0].id.p, "1");
  assert_string_equal(op->notices[1].id.p, "7");
  assert_false(op->cursor_more);
  assert_int_equal(fake_host_log_matches(p->host, "file.bad_lines"), 1);
  char *cursor = strdup(op->cursor.p);
  assert_int_equal(poll_from(p, (struct trg_str){cursor, strlen(cursor)})->notice_count, 0);
  lines_write(p, "a.jsonl", "a",
              "{\"id\":\"8\",\"body\":\"grown\"}\n{\"id\":\"9\",\"body\":\"half");
  op = poll_from(p, (struct trg_str){cursor, strlen(cursor)});
  assert_int_equal(op->notice_count, 1); /* the half line waits for its end */
  assert_string_equal(op->notices[0].id.p, "8");
  free(cursor);
}

static void what_can_not_be_read_does_not_keep_the_other_files_from_being_read(void **state) {
  struct place *p = *state;
  char folder[128], pipe[128];
  snprintf(folder, sizeof folder, "%s/a.jsonl", p->dir);
  snprintf(pipe, sizeof pipe, "%s/aa.jsonl", p->dir);
  assert_int_equal(mkdir(folder, 0700), 0);
  assert_int_equal(mkfifo(pipe, 0600), 0); /* to open it would wait for ever */
  lines_write(p, "b.jsonl", "w", two);
  const struct fake_op *op = poll_from(p, (struct trg_str){NULL, 0});
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->notice_count, 2);
  assert_int_equal(fake_host_log_matches(p->host, "file.unread"), 1);
  assert_int_equal(fake_host_log_matches(p->host, "a.jsonl"), 1);
  assert_int_equal(fake_host_log_matches(p->host, "b.jsonl, byte"), 1); /* where no ticket stands */
  char *cursor = strdup(op->cursor.p);
  op = poll_from(p, (struct trg_str){cursor, strlen(cursor)});
  assert_int_equal(op->notice_count, 0);
  assert_int_equal(fake_host_log_matches(p->host, "file.unread"), 1); /* said once */
  rmdir(folder);
  unlink(pipe);
  free(cursor);
}

static void more_than_a_thousand_files_are_all_read(void **state) {
  struct place *p = *state;
  char name[32], path[128];
  for (int i = 0; i < 1200; i++) {
    snprintf(name, sizeof name, "n%04d.jsonl", i);
    lines_write(p, name, "w", "{\"id\":\"1\",\"body\":\"x\"}\n");
  }
  const struct fake_op *op = poll_from(p, (struct trg_str){NULL, 0});
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->notice_count, 1200);
  char *cursor = strdup(op->cursor.p);
  lines_write(p, "n0700.jsonl", "a", "{\"id\":\"2\",\"body\":\"y\"}\n");
  lines_write(p, "n0700a.jsonl", "w", "{\"id\":\"3\",\"body\":\"z\"}\n");
  op = poll_from(p, (struct trg_str){cursor, strlen(cursor)});
  assert_int_equal(op->notice_count, 2);
  assert_string_equal(op->notices[0].id.p, "2");
  free(cursor);
  for (int i = 0; i < 1200; i++) {
    snprintf(path, sizeof path, "%s/n%04d.jsonl", p->dir, i);
    unlink(path);
  }
  snprintf(path, sizeof path, "%s/n0700a.jsonl", p->dir);
  unlink(path);
}

static void a_ticket_is_read_whole_also_after_a_restart(void **state) {
  struct place *p = *state;
  lines_write(p, "a.jsonl", "w", two);
  poll_from(p, (struct trg_str){NULL, 0});
  fake_host_free(&p->host); /* nothing is known any more */
  place_start(p);
  const struct fake_op *op = fetch_one(p, "1");
  assert_int_equal(op->result.outcome, TRG_DONE);
  assert_int_equal(op->ticket_count, 1);
  const struct trg_ticket *t = &op->tickets[0];
  assert_string_equal(t->subject.p, "Late");
  assert_int_equal(t->created_ms, INT64_C(1793607180000));
  assert_int_equal(t->message_count, 2);
  assert_int_equal(t->messages[0].author, TRG_AUTHOR_CUSTOMER);
  assert_int_equal(t->messages[1].author, TRG_AUTHOR_AGENT);
  assert_int_equal(t->messages[1].flags & TRG_MESSAGE_PUBLIC, 0);
  assert_int_equal(fetch_one(p, "nobody")->tickets[0].status, TRG_STATUS_DELETED);
}

static void the_newest_line_of_an_id_is_the_ticket(void **state) {
  struct place *p = *state;
  lines_write(p, "a.jsonl", "w", "{\"id\":\"1\",\"body\":\"first\"}\n");
  lines_write(p, "b.jsonl", "w", "{\"id\":\"1\",\"body\":\"second\"}\n");
  poll_from(p, (struct trg_str){NULL, 0});
  assert_string_equal(fetch_one(p, "1")->tickets[0].messages[0].text.p, "second");
}

static void a_result_is_written_once_and_can_be_found(void **state) {
  struct place *p = *state;
  const struct trg_str tag = TRG_STR("ai_sent");
  const struct trg_action a = {.size = sizeof a,
                               .ticket_id = TRG_STR("1"),
                               .idem_key = TRG_STR("k1"),
                               .reply = TRG_STR("<p>Hello</p>"),
                               .category = TRG_STR("shipping"),
                               .add_tags = &tag,
                               .add_tag_count = 1};
  trg_op op = fake_op_start(p->inst, DEADLINE, false);
  p->ops->find(p->self, op, &a);
  fake_host_settle(p->host);
  assert_string_equal(fake_op_get(p->host, op)->result.code.p, TRG_CODE_NOT_FOUND);
  op = fake_op_start(p->inst, DEADLINE, true);
  p->ops->write(p->self, op, &a);
  fake_host_settle(p->host);
  assert_int_equal(fake_op_get(p->host, op)->result.outcome, TRG_DONE);
  assert_string_equal(fake_op_get(p->host, op)->receipts[0].kind.p, "reply");
  op = fake_op_start(p->inst, DEADLINE, false);
  p->ops->find(p->self, op, &a);
  fake_host_settle(p->host);
  assert_int_equal(fake_op_get(p->host, op)->result.outcome, TRG_DONE);
  assert_string_equal(fake_op_get(p->host, op)->receipts[0].kind.p, "reply");
  /* Results are never read as tickets. */
  assert_int_equal(poll_from(p, (struct trg_str){NULL, 0})->notice_count, 0);
}

static void a_folder_that_is_not_there_is_refused_with_what_to_do(void **state) {
  struct place *p = *state;
  struct fake_inst *inst = NULL;
  struct trg_err err = {0};
  const char *const missing[] = {"url=file:///nowhere/at/all", NULL};
  const char *const http[] = {"url=https://example.com", NULL};
  assert_int_equal(fake_host_open(p->host, &triaged_plugin_file, missing, &inst, &err), -1);
  assert_non_null(strstr(err.text, "is no folder"));
  assert_int_equal(fake_host_open(p->host, &triaged_plugin_file, http, &inst, &err), -1);
  assert_non_null(strstr(err.text, "write file:///FOLDER"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(lines_become_notices_and_a_cursor_that_goes_on_from_there),
      T(what_can_not_be_read_does_not_keep_the_other_files_from_being_read),
      T(more_than_a_thousand_files_are_all_read),
      T(a_ticket_is_read_whole_also_after_a_restart),
      T(the_newest_line_of_an_id_is_the_ticket),
      T(a_result_is_written_once_and_can_be_found),
      T(a_folder_that_is_not_there_is_refused_with_what_to_do),
  };
  return cmocka_run_group_tests_name("file connector", tests, NULL, NULL);
}
