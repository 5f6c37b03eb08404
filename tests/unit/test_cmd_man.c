/* The manual says what the program does: every command, option, reason code and key. */
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
#include "base/file.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "conf/part.h"
#include "pipeline/reason.h"

/* The page as text, with \- as a plain dash; mem_free. */
static char *page(const char *name) {
  const char *root = getenv("TRIAGED_ROOT");
  char path[1024];
  struct trg_err err = {0};
  struct buf b;
  buf_init(&b, 0);
  snprintf(path, sizeof path, "%s/config/man/%s", root != NULL ? root : ".", name);
  if (file_read(path, (size_t)1 << 20, &b, &err) < 0) fail_msg("%s", err.text);
  size_t n = 0;
  for (size_t i = 0; i < b.n; i++)
    if (b.p[i] != '\\' || b.p[i + 1] != '-') b.p[n++] = b.p[i];
  b.p[n] = '\0';
  return buf_take(&b, NULL);
}

/* The section of one command, cut out of the page; NULL: there is none. */
static char *section(const char *text, const char *name, const char *args) {
  char head[160];
  snprintf(head, sizeof head, ".SS \"%s%s%s\"\n", name, args[0] != '\0' ? " " : "", args);
  const char *from = strstr(text, head);
  if (from == NULL) return NULL;
  from += strlen(head);
  const char *next = strstr(from, "\n.S");
  return mem_dup_str(
      (struct trg_str){from, next != NULL ? (size_t)(next - from) + 1 : strlen(from)});
}

static void test_every_command_and_option_is_in_the_manual(void **state) {
  char *text = page("triagectl.1");
  (void)state;
  for (const struct cmd *const *c = cmd_table; *c != NULL; c++) {
    char *part = section(text, (*c)->name, (*c)->args);
    if (part == NULL) fail_msg("triagectl.1 has no section \"%s %s\"", (*c)->name, (*c)->args);
    for (const struct cmd_option *o = (*c)->options; o != NULL && o->name != NULL; o++) {
      char line[200];
      snprintf(line, sizeof line, o->arg != NULL ? ".BI --%s \" %s\"\n" : ".B --%s\n", o->name,
               o->arg != NULL ? o->arg : "");
      if (strstr(part, line) == NULL)
        fail_msg("triagectl.1, %s: there is no line %s", (*c)->name, line);
    }
    mem_free(part);
  }
  mem_free(text);
}

static bool has_option(const struct cmd *c, const char *name, size_t n) {
  for (const struct cmd_option *o = c->options; o != NULL && o->name != NULL; o++)
    if (strlen(o->name) == n && strncmp(o->name, name, n) == 0) return true;
  return false;
}

static void test_the_manual_promises_no_command_or_option_that_is_not_there(void **state) {
  char *text = page("triagectl.1");
  char *from = strstr(text, ".SH COMMANDS\n"), *end = strstr(text, ".SH EXIT STATUS\n");
  const struct cmd *now = NULL;
  (void)state;
  assert_non_null(from);
  assert_non_null(end);
  *end = '\0';
  for (char *line; (line = strsep(&from, "\n")) != NULL;) {
    if (strncmp(line, ".SS \"", 5) == 0) {
      now = NULL;
      for (const struct cmd *const *c = cmd_table; *c != NULL; c++) {
        char head[160];
        snprintf(head, sizeof head, ".SS \"%s%s%s\"", (*c)->name, (*c)->args[0] != '\0' ? " " : "",
                 (*c)->args);
        if (strcmp(line, head) == 0) now = *c;
      }
      if (now == NULL) fail_msg("triagectl.1 promises %s", line);
    }
    const size_t skip = strncmp(line, ".BI --", 6) == 0  ? 6
                        : strncmp(line, ".B --", 5) == 0 ? 5
                                                         : 0;
    if (skip == 0 || strncmp(line + skip, "format json", 11) == 0 ||
        strncmp(line + skip, "format html", 11) == 0)
      continue;
    if (now == NULL || !has_option(now, line + skip, strcspn(line + skip, " ")))
      fail_msg("triagectl.1 promises %s of %s", line, now != NULL ? now->name : "nothing");
  }
  mem_free(text);
}

static void test_every_reason_code_is_in_the_manual_with_its_meaning(void **state) {
  char *text = page("triaged.8");
  (void)state;
  for (size_t i = 0; i < reason_count; i++) {
    char entry[400];
    const char *m = reasons[i].meaning;
    snprintf(entry, sizeof entry, ".TP\n.B %s\n%c%s.\n", reasons[i].code,
             m[0] >= 'a' && m[0] <= 'z' ? m[0] - 'a' + 'A' : m[0], m + 1);
    if (strstr(text, entry) == NULL) fail_msg("triaged.8 lacks %s", entry);
  }
  mem_free(text);
}

/* A key is named by its whole dotted name, or, inside of lists and maps, by its own word. */
static void keys_in(const char *text, const struct trg_field *f) {
  for (; f->name != NULL; f++)
    if (strstr(text, f->name) == NULL) fail_msg("triaged.yaml.5 lacks %s", f->name);
}

static void test_every_key_is_in_the_manual(void **state) {
  char *text = page("triaged.yaml.5");
  (void)state;
  keys_in(text, top_fields);
  keys_in(text, top_lists);
  keys_in(text, helpdesk_fields);
  keys_in(text, model_fields);
  keys_in(text, price_fields);
  keys_in(text, task_fields);
  keys_in(text, shadow_fields);
  keys_in(text, mcp_fields);
  keys_in(text, token_fields);
  keys_in(text, tool_fields);
  mem_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_command_and_option_is_in_the_manual),
      cmocka_unit_test(test_the_manual_promises_no_command_or_option_that_is_not_there),
      cmocka_unit_test(test_every_reason_code_is_in_the_manual_with_its_meaning),
      cmocka_unit_test(test_every_key_is_in_the_manual)};
  return cmocka_run_group_tests_name("cmd man", tests, NULL, NULL);
}
