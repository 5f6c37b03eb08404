/* Tables, JSON and CSV from the same cells; what a terminal may and may not be sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <locale.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/out.h"

static const struct out_column columns[] = {
    {"ref", OUT_TEXT, 0},          {"subject", OUT_TEXT, OUT_GIVES},
    {"state", OUT_TEXT, OUT_TINT}, {"n", OUT_INT, 0},
    {"sure", OUT_SHARE, 0},        {"cost", OUT_MICROS, 0},
    {"at", OUT_TIME, 0},           {"is", OUT_BOOL, 0}};
#define COLUMNS (sizeof columns / sizeof *columns)
#define AT      INT64_C(1795255200500) /* 2026-11-21T10:00:00.500Z */

static struct out_table *table(const char *subject) {
  struct out_table *t = out_table_new(columns, COLUMNS);
  out_text(t, "a/1");
  out_text(t, subject);
  out_text(t, "dead");
  out_int(t, 1234);
  out_double(t, 0.5);
  out_int(t, 1204410);
  out_int(t, AT);
  out_int(t, 1);
  out_text(t, "a/22");
  out_text(t, "x");
  out_text(t, "sent");
  out_int(t, 7);
  out_none(t);
  out_int(t, 0);
  out_int(t, 0);
  out_int(t, 0);
  return t;
}

static char *text_of(const char *subject, struct out_screen s) {
  struct out_table *t = table(subject);
  struct buf b;
  buf_init(&b, 0);
  out_table_text(t, s, &b);
  out_table_free(&t);
  return buf_take(&b, NULL);
}

static void test_columns_are_aligned_whatever_the_letters(void **state) {
  char *text = text_of("日本語 — é", (struct out_screen){0});
  (void)state;
  assert_string_equal(text,
                      "ref   subject     state     n  sure   cost  at                    is\n"
                      "a/1   日本語 — é  dead   1234  0.50  $1.20  2026-11-21T10:00:00Z  yes\n"
                      "a/22  x           sent      7        $0.00                        no\n");
  mem_free(text);
}

static void test_a_narrow_terminal_cuts_what_may_be_cut_and_a_pipe_nothing(void **state) {
  const char *subject =
      "a subject that is much longer than a terminal of some eighty columns is wide";
  char *narrow = text_of(subject, (struct out_screen){.width = 70});
  char *piped = text_of(subject, (struct out_screen){0});
  (void)state;
  char *rest = narrow;
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) assert_true(out_width(line) <= 70);
  assert_non_null(strstr(piped, subject));
  mem_free(narrow);
  narrow = text_of(subject, (struct out_screen){.width = 70});
  assert_non_null(strstr(narrow, "a subject"));
  assert_non_null(strstr(narrow, "…"));
  assert_non_null(strstr(narrow, "2026-11-21T10:00:00Z"));
  mem_free(narrow);
  mem_free(piped);
}

static void test_a_terminal_without_room_is_told_what_is_left_out(void **state) {
  static const struct out_column some[] = {{"ref", OUT_TEXT, 0},
                                           {"mood", OUT_TEXT, OUT_LEAST},
                                           {"updated", OUT_TIME, OUT_LESS},
                                           {"n", OUT_INT, 0}};
  struct out_table *t = out_table_new(some, 4);
  struct buf b;
  (void)state;
  out_text(t, "helpdesk/12345678");
  out_text(t, "negative");
  out_int(t, AT);
  out_int(t, 5);
  buf_init(&b, 0);
  out_table_text(t, (struct out_screen){.width = 46}, &b);
  assert_string_equal(b.p, "ref                updated               n\n"
                           "helpdesk/12345678  2026-11-21T10:00:00Z  5\n"
                           "(this terminal has no room for mood)\n");
  buf_reset(&b);
  out_table_text(t, (struct out_screen){.width = 41}, &b);
  assert_string_equal(b.p, "ref                n\n"
                           "helpdesk/12345678  5\n"
                           "(this terminal has no room for mood, upd…\n");
  buf_free(&b);
  out_table_free(&t);
}

static void test_what_a_customer_wrote_cannot_steer_a_terminal(void **state) {
  char *text = text_of("\033[2J\x9b red \xe2\x80\xae \r\n two", (struct out_screen){0});
  (void)state;
  assert_null(strchr(text, '\033'));
  assert_null(strchr(text, '\r'));
  assert_null(strstr(text, "\xe2\x80\xae"));
  size_t lines = 0;
  for (const char *p = text; *p != '\0'; p++) lines += *p == '\n';
  assert_int_equal(lines, 3);
  mem_free(text);
}

static void test_colour_only_where_it_is_asked_for(void **state) {
  char *plain = text_of("x", (struct out_screen){.width = 100});
  char *colour = text_of("x", (struct out_screen){.width = 100, .colour = true});
  (void)state;
  assert_null(strchr(plain, '\033'));
  assert_non_null(strstr(colour, "\033[31mdead\033[0m"));
  assert_non_null(strstr(colour, "\033[32msent\033[0m"));
  mem_free(plain);
  mem_free(colour);
}

static void test_csv_is_as_rfc_4180_says(void **state) {
  struct out_table *t = table("say \"hi\", you\nthere");
  struct buf b;
  (void)state;
  buf_init(&b, 0);
  out_table_csv(t, &b);
  assert_string_equal(b.p, "ref,subject,state,n,sure,cost,at,is\r\n"
                           "a/1,\"say \"\"hi\"\", you\nthere\",dead,1234,0.5,1.204410,"
                           "2026-11-21T10:00:00.500Z,true\r\n"
                           "a/22,x,sent,7,,0.000000,,false\r\n");
  buf_free(&b);
  out_table_free(&t);
}

static void test_json_has_types_and_money_is_text(void **state) {
  struct out_table *t = table("x");
  json *list = out_table_json(t);
  char *text = json_text(list);
  (void)state;
  assert_string_equal(text,
                      "[{\"ref\":\"a/1\",\"subject\":\"x\",\"state\":\"dead\",\"n\":1234,"
                      "\"sure\":0.5,\"cost\":\"1.204410\",\"at\":\"2026-11-21T10:00:00.500Z\","
                      "\"is\":true},{\"ref\":\"a/22\",\"subject\":\"x\",\"state\":\"sent\","
                      "\"n\":7,\"sure\":null,\"cost\":\"0.000000\",\"at\":\"\",\"is\":false}]");
  mem_free(text);
  json_free(&list);
  out_table_free(&t);
}

static void test_a_document_as_csv_is_fields_and_values(void **state) {
  struct trg_err err = {0};
  static const char text[] = "{\"a\":{\"b\":[1,{\"c\":\"x,y\"}]},\"d\":null,\"e\":true}";
  json *o = json_parse((struct trg_str){text, sizeof text - 1}, 0, &err);
  struct buf b;
  (void)state;
  buf_init(&b, 0);
  out_document_csv(o, &b);
  assert_string_equal(b.p, "field,value\r\na.b.0,1\r\na.b.1.c,\"x,y\"\r\nd,\r\ne,true\r\n");
  buf_free(&b);
  json_free(&o);
}

static void test_text_is_wrapped_at_blanks_and_keeps_its_lines(void **state) {
  struct buf b;
  (void)state;
  buf_init(&b, 0);
  out_wrap(&b, "one two three four five six\n\nnext\033[0m", 2, 24);
  assert_string_equal(b.p, "  one two three four\n  five six\n\n  next[0m\n");
  buf_reset(&b);
  out_wrap(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, 20);
  assert_string_equal(b.p, "aaaaaaaaaaaaaaaaaaaa\naaaaaaaaaa\n");
  buf_reset(&b);
  out_wrap(&b, "as long as it likes to be, when it is piped", 1, 0);
  assert_string_equal(b.p, " as long as it likes to be, when it is piped\n");
  buf_free(&b);
}

/* Standard output of fn, up to a megabyte. */
static char *printed(enum out_format format, int64_t rows) {
  static const struct out_column few[] = {{"n", OUT_INT, 0}, {"cost", OUT_MICROS, 0}};
  const struct cmd_call c = {.format = format};
  char path[] = "/tmp/test-out-XXXXXX";
  const int fd = mkstemp(path), kept = dup(STDOUT_FILENO);
  assert_true(fd >= 0 && kept >= 0);
  (void)fflush(stdout);
  (void)dup2(fd, STDOUT_FILENO);
  struct out_flow *f = out_flow_new(few, 2, &c, "rows", 100);
  for (int64_t n = 0; n < rows; n++) {
    struct out_table *t = out_flow_row(f);
    out_int(t, n);
    out_int(t, n * 990000);
  }
  json *more = json_object();
  json_put_int(more, "count", rows);
  (void)out_flow_end(f, more);
  json_free(&more);
  out_flow_free(&f);
  (void)fflush(stdout);
  (void)dup2(kept, STDOUT_FILENO);
  (void)close(kept);
  char *text = mem_alloc(1 << 20);
  assert_true(pread(fd, text, (1 << 20) - 1, 0) >= 0);
  (void)close(fd);
  (void)unlink(path);
  return text;
}

static size_t lines_of(const char *text) {
  size_t n = 0;
  for (; *text != '\0'; text++) n += *text == '\n';
  return n;
}

static void test_rows_that_flow_are_one_document_however_many(void **state) {
  static const int64_t counts[] = {0, 1, 511, 512, 513, 2000};
  (void)state;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    struct trg_err err = {0};
    char *text = printed(OUT_JSON, counts[i]);
    json *j = json_parse(str_of(text), 0, &err);
    if (j == NULL) fail_msg("%lld rows: %s", (long long)counts[i], err.text);
    int64_t n = 0;
    for (const json *row = json_first(json_get(j, "rows")); row != NULL; row = json_next(row))
      assert_int_equal(json_get_int(row, "n", -1), n++);
    assert_int_equal(n, counts[i]);
    assert_int_equal(json_get_int(j, "count", -1), counts[i]);
    json_free(&j);
    mem_free(text);
    text = printed(OUT_CSV, counts[i]);
    assert_memory_equal(text, "n,cost\r\n", 8);
    assert_int_equal(lines_of(text), counts[i] + 1);
    assert_null(strstr(text + 1, "n,cost"));
    mem_free(text);
  }
}

static void test_people_see_the_first_rows_and_how_many_more_there_are(void **state) {
  char *text = printed(OUT_TABLE, 2000);
  (void)state;
  assert_int_equal(lines_of(text), 1 + 100 + 1);
  assert_non_null(strstr(text, "1900 more rows"));
  mem_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_columns_are_aligned_whatever_the_letters),
      cmocka_unit_test(test_a_narrow_terminal_cuts_what_may_be_cut_and_a_pipe_nothing),
      cmocka_unit_test(test_a_terminal_without_room_is_told_what_is_left_out),
      cmocka_unit_test(test_what_a_customer_wrote_cannot_steer_a_terminal),
      cmocka_unit_test(test_colour_only_where_it_is_asked_for),
      cmocka_unit_test(test_csv_is_as_rfc_4180_says),
      cmocka_unit_test(test_json_has_types_and_money_is_text),
      cmocka_unit_test(test_a_document_as_csv_is_fields_and_values),
      cmocka_unit_test(test_text_is_wrapped_at_blanks_and_keeps_its_lines),
      cmocka_unit_test(test_rows_that_flow_are_one_document_however_many),
      cmocka_unit_test(test_people_see_the_first_rows_and_how_many_more_there_are)};
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) return 1;
  return cmocka_run_group_tests_name("cmd out", tests, NULL, NULL);
}
