/* The log: formats, quoting, masks and the rate limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

#define NOW INT64_C(1795255200123)

static char *text;
static size_t size;
static FILE *out;

static int setup(void **state) {
  (void)state;
  (void)unsetenv("JOURNAL_STREAM");
  out = open_memstream(&text, &size);
  assert_non_null(out);
  log_init(TRG_INFO, LOG_TEXT, out);
  clock_set_ms(NOW);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  log_init(TRG_INFO, LOG_TEXT, NULL);
  log_masks_forget();
  clock_set_ms(0);
  (void)fclose(out);
  free(text);
  return 0;
}

static size_t count(const char *needle) {
  size_t n = 0;
  for (const char *p = strstr(text, needle); p != NULL; p = strstr(p + 1, needle)) n++;
  return n;
}

static void test_a_line_of_text(void **state) {
  (void)state;
  log_event(TRG_INFO, "triage.decided", "ticket", "support/101", "category", "billing", "skipped",
            NULL, "why", "two words", NULL);
  assert_string_equal(text, "2026-11-21T10:00:00.123Z info triage.decided ticket=support/101 "
                            "category=billing why=\"two words\"\n");
}

static void test_values_are_quoted_when_they_must_be(void **state) {
  (void)state;
  const char *const kv[] = {"a", "two words", "b", "say \"hi\"", "c", "x\ny\x1b[31m", "d", "",
                            "e", "\xFF",      "f", NULL,         "g", "h\xC3\xA9",    NULL};
  log_pairs(TRG_WARN, "x", kv);
  assert_string_equal(text, "2026-11-21T10:00:00.123Z warn x a=\"two words\" b=\"say \\\"hi\\\"\" "
                            "c=\"x\\ny\\u001b[31m\" d=\"\" e=\"\xEF\xBF\xBD\" g=h\xC3\xA9\n");
}

static void test_a_line_of_json_is_one_object(void **state) {
  (void)state;
  log_init(TRG_INFO, LOG_JSON, out);
  log_event(TRG_ERROR, "store.failed", "why", "line\n\"two\"", NULL);
  assert_string_equal(text, "{\"time\":\"2026-11-21T10:00:00.123Z\",\"level\":\"error\","
                            "\"event\":\"store.failed\",\"why\":\"line\\n\\\"two\\\"\"}\n");
  json *j = json_parse((struct trg_str){text, size}, JSON_UNIQUE_KEYS, NULL);
  assert_non_null(j);
  json_free(&j);
}

static void test_lower_levels_are_left_out(void **state) {
  (void)state;
  assert_true(log_wants(TRG_INFO));
  assert_false(log_wants(TRG_DEBUG));
  log_event(TRG_DEBUG, "detail", NULL);
  assert_int_equal(fflush(out), 0);
  assert_int_equal(size, 0);
}

static void test_secrets_never_appear_in_any_of_their_forms(void **state) {
  (void)state;
  log_mask("s3cr\"t/key");
  log_mask("hunter2hunter2");
  log_mask("hunter2");
  log_mask("abc"); /* too short to be a mask */
  log_mask(NULL);
  log_event(TRG_INFO, "e", "a", "x s3cr\"t/key y", "b", "https://h/?k=s3cr%22t%2Fkey", "c",
            "{\"k\":\"s3cr\\\"t/key\"}", "d", "hunter2hunter2 hunter2", "e", "abc", "hunter2", "k",
            NULL);
  assert_null(strstr(text, "s3cr"));
  assert_null(strstr(text, "hunter"));
  assert_non_null(strstr(text, "a=\"x *** y\""));
  assert_non_null(strstr(text, "d=\"*** ***\""));
  assert_non_null(strstr(text, "e=abc"));
}

static void test_a_long_value_is_cut_but_never_inside_a_secret(void **state) {
  (void)state;
  static char value[5000];
  memset(value, 'x', sizeof value - 1);
  memcpy(value + 1995, "hunter2-hunter2", 15);
  log_mask("hunter2-hunter2");
  log_event(TRG_INFO, "e", "v", value, NULL);
  assert_null(strstr(text, "hunt"));
  assert_true(size < 2100);
  assert_non_null(strstr(text, "..."));
}

static void test_after_twenty_lines_a_second_the_rest_is_counted(void **state) {
  (void)state;
  for (int i = 0; i < 50; i++) log_event(TRG_INFO, "busy", "i", log_num(i), NULL);
  log_event(TRG_INFO, "other", NULL);
  assert_int_equal(count(" busy "), 20);
  assert_int_equal(count(" other"), 1);
  clock_set_ms(NOW + 1000);
  log_event(TRG_INFO, "other", NULL);
  assert_non_null(strstr(text, "warn log.left_out of=busy count=30\n"));
  log_event(TRG_INFO, "busy", NULL);
  assert_int_equal(count("log.left_out"), 1);
  assert_int_equal(count(" busy"), 21);
}

static void test_no_line_of_a_ticket_is_left_out(void **state) {
  (void)state;
  char ref[32];
  for (int i = 0; i < 300; i++) {
    (void)snprintf(ref, sizeof ref, "support/%d", i);
    log_event(TRG_INFO, "policy.decided", "ticket", ref, "outcome", "draft", NULL);
    log_event(TRG_WARN, "write.failed", "why", "x", "ticket", ref, NULL);
  }
  assert_int_equal(count(" policy.decided "), 300);
  assert_int_equal(count(" write.failed "), 300);
  assert_int_equal(count("log.left_out"), 0);
}

static void test_one_tickets_repeated_warning_is_limited_and_counted_for_it(void **state) {
  (void)state;
  for (int i = 0; i < 25; i++) log_event(TRG_WARN, "retry", "ticket", "support/1", NULL);
  log_event(TRG_WARN, "retry", "ticket", "support/2", NULL);
  assert_int_equal(count(" retry "), 21);
  clock_set_ms(NOW + 1000);
  log_event(TRG_INFO, "other", "ticket", "support/3", NULL);
  assert_non_null(strstr(text, "warn log.left_out of=retry ticket=support/1 count=5\n"));
}

static void test_what_was_left_out_is_told_at_the_end_too(void **state) {
  (void)state;
  for (int i = 0; i < 21; i++) log_event(TRG_INFO, "busy", NULL);
  log_tell_left_out();
  assert_non_null(strstr(text, "of=busy count=1\n"));
  log_tell_left_out();
  assert_int_equal(count("log.left_out"), 1);
}

static void test_very_many_event_names_do_not_confuse_the_counting(void **state) {
  (void)state;
  char name[32];
  for (int i = 0; i < 2000; i++) {
    (void)snprintf(name, sizeof name, "event.%d", i);
    log_event(TRG_INFO, name, NULL);
  }
  assert_int_equal(count(" event."), 2000);
}

static void test_numbers_as_text_live_for_eight_calls(void **state) {
  (void)state;
  const char *first = log_num(INT64_MIN);
  for (int i = 0; i < 7; i++) (void)log_num(i);
  assert_string_equal(first, "-9223372036854775808");
}

static void test_the_journal_gets_priorities_instead_of_times(void **state) {
  (void)state;
  char path[] = "/tmp/triaged-log-XXXXXX";
  char stream[64];
  char line[128] = "";
  struct stat s;
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(fstat(fd, &s), 0);
  (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino);
  assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
  FILE *f = fdopen(fd, "w+");
  FILE *saved = stderr;
  stderr = f; /* glibc lets it be assigned */
  log_init(TRG_INFO, LOG_TEXT, NULL);
  log_event(TRG_WARN, "x", "a", "1", NULL);
  stderr = saved;
  rewind(f);
  assert_non_null(fgets(line, sizeof line, f));
  assert_string_equal(line, "<4>warn x a=1\n");
  (void)fclose(f);
  assert_int_equal(remove(path), 0);
  (void)unsetenv("JOURNAL_STREAM");
}

#define EACH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      EACH(test_a_line_of_text),
      EACH(test_values_are_quoted_when_they_must_be),
      EACH(test_a_line_of_json_is_one_object),
      EACH(test_lower_levels_are_left_out),
      EACH(test_secrets_never_appear_in_any_of_their_forms),
      EACH(test_a_long_value_is_cut_but_never_inside_a_secret),
      EACH(test_after_twenty_lines_a_second_the_rest_is_counted),
      EACH(test_no_line_of_a_ticket_is_left_out),
      EACH(test_one_tickets_repeated_warning_is_limited_and_counted_for_it),
      EACH(test_what_was_left_out_is_told_at_the_end_too),
      EACH(test_very_many_event_names_do_not_confuse_the_counting),
      EACH(test_numbers_as_text_live_for_eight_calls),
      EACH(test_the_journal_gets_priorities_instead_of_times),
  };
  return cmocka_run_group_tests_name("base_log", tests, NULL, NULL);
}
