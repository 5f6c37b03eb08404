/* The command line: options before and after the command, and what is said of slips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "cmd/cmd.h"

static char *args[16];

/* Reads "triagectl WORD..."; words must be static. */
static int parse(struct cmd_call *ret, struct trg_err *err, const char *line) {
  static char text[400];
  int n = 0;
  snprintf(text, sizeof text, "triagectl %s", line);
  for (char *p = strtok(text, " "); p != NULL && n < 15; p = strtok(NULL, " ")) args[n++] = p;
  args[n] = NULL;
  *err = (struct trg_err){0};
  return cmd_parse(n, args, ret, err);
}

static void test_options_stand_before_or_after_the_command(void **state) {
  static const char *const lines[] = {"-c f.yaml --format json --limit 3 tickets",
                                      "tickets -c f.yaml --format json --limit 3",
                                      "--limit=3 tickets --format=json --config f.yaml",
                                      "--format json tickets --limit 3 -cf.yaml"};
  (void)state;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct cmd_call c;
    struct trg_err err;
    int64_t limit = 0;
    assert_int_equal(parse(&c, &err, lines[i]), 0);
    assert_string_equal(c.cmd->name, "tickets");
    assert_string_equal(c.conf_path, "f.yaml");
    assert_int_equal(c.format, OUT_JSON);
    assert_int_equal(call_int(&c, "limit", 1, 10, &limit), 0);
    assert_int_equal(limit, 3);
    assert_int_equal(c.word_count, 0);
  }
}

static void test_a_group_is_two_words_and_the_rest_are_arguments(void **state) {
  struct cmd_call c;
  struct trg_err err;
  (void)state;
  assert_int_equal(parse(&c, &err, "review reject support/1 --why wrong"), 0);
  assert_string_equal(c.cmd->name, "review reject");
  assert_int_equal(c.word_count, 1);
  assert_string_equal(c.words[0], "support/1");
  assert_string_equal(call_value(&c, "why"), "wrong");
  assert_int_equal(parse(&c, &err, "review"), 0);
  assert_string_equal(c.cmd->name, "review");
  assert_int_equal(parse(&c, &err, "models test house"), 0);
  assert_string_equal(c.cmd->name, "models test");
}

static void test_an_option_may_stand_several_times(void **state) {
  struct cmd_call c;
  struct trg_err err;
  (void)state;
  assert_int_equal(parse(&c, &err, "eval f.tsv --model a --model b"), 0);
  assert_string_equal(call_value_at(&c, "model", 0), "a");
  assert_string_equal(call_value_at(&c, "model", 1), "b");
  assert_null(call_value_at(&c, "model", 2));
  assert_string_equal(call_value(&c, "model"), "b");
  assert_true(call_has(&c, "model"));
  assert_false(call_has(&c, "task"));
}

static void test_slips_are_answered_with_what_would_be_right(void **state) {
  static const struct {
    const char *line, *says;
  } cases[] = {{"tickts", "did you mean \"tickets\""},
               {"xyzzy", "there are status, tickets"},
               {"ledger", "ledger verify, ledger recount, ledger rebuild, ledger export"},
               {"tickets --limti 3", "did you mean --limit"},
               {"status --limit 3", "--limit is no option of status"},
               {"tickets --limit", "needs a value"},
               {"status --help=x", "takes no value"},
               {"ticket", "ticket needs REF"},
               {"status now", "does not know what to do with \"now\""},
               {"tickets -x", "there is no option -x"},
               {"--format xml status", "table, json or csv"},
               {"--format html status", "status has no html"},
               {"invoice", "needs --month"},
               {"review reject a/1", "needs --why"},
               {"", "which command"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct cmd_call c;
    struct trg_err err;
    assert_int_equal(parse(&c, &err, cases[i].line), CMD_USAGE);
    if (strstr(err.text, cases[i].says) == NULL)
      fail_msg("\"%s\" gave \"%s\"", cases[i].line, err.text);
  }
}

static void test_what_does_not_work_yet_is_no_command(void **state) {
  static const char *const names[] = {"shadow", "replay", "dispute open", "export", "erase", "mcp"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct cmd *c = cmd_find(names[i]);
    assert_true(c == NULL || c->run != NULL);
  }
}

static void test_help_says_every_command_and_option(void **state) {
  struct buf all;
  (void)state;
  buf_init(&all, 0);
  help_all(&all);
  for (const struct cmd *const *c = cmd_table; *c != NULL; c++) {
    struct buf one;
    assert_non_null((*c)->run);
    assert_non_null(strstr(all.p, (*c)->summary));
    assert_int_not_equal((*c)->summary[strlen((*c)->summary) - 1], '.');
    assert_true(strlen((*c)->summary) <= 55); /* a line of help is one line of a terminal */
    buf_init(&one, 0);
    help_one(*c, &one);
    for (const struct cmd_option *o = (*c)->options; o != NULL && o->name != NULL; o++) {
      assert_non_null(strstr(one.p, o->name));
      assert_true(strlen(o->help) > 0);
    }
    buf_free(&one);
  }
  buf_free(&all);
}

static void test_help_of_a_group_is_that_of_its_members(void **state) {
  struct cmd_call c;
  struct trg_err err;
  (void)state;
  assert_int_equal(parse(&c, &err, "ledger --help"), 0);
  assert_string_equal(c.cmd->name, "help");
  assert_int_equal(c.word_count, 1);
  assert_string_equal(c.words[0], "ledger");
  assert_false(c.help);
}

static void test_a_day_given_as_the_end_is_meant_whole(void **state) {
  struct cmd_call c;
  struct trg_err err;
  int64_t from = 0, to = 0;
  (void)state;
  assert_int_equal(parse(&c, &err, "report --from 2026-11-01 --to 2026-11-01"), 0);
  assert_int_equal(call_time(&c, "from", false, &from), 0);
  assert_int_equal(call_time(&c, "to", true, &to), 0);
  assert_true(to - from == INT64_C(86400000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_options_stand_before_or_after_the_command),
      cmocka_unit_test(test_a_group_is_two_words_and_the_rest_are_arguments),
      cmocka_unit_test(test_an_option_may_stand_several_times),
      cmocka_unit_test(test_slips_are_answered_with_what_would_be_right),
      cmocka_unit_test(test_what_does_not_work_yet_is_no_command),
      cmocka_unit_test(test_help_of_a_group_is_that_of_its_members),
      cmocka_unit_test(test_help_says_every_command_and_option),
      cmocka_unit_test(test_a_day_given_as_the_end_is_meant_whole)};
  return cmocka_run_group_tests_name("cmd parse", tests, NULL, NULL);
}
