/* Tokens that a command prints: how they are read, kept, renewed and never shown. */
#include "llm_rig.h"
#include "models/common/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct trg_plugin triaged_plugin_gemini;

#define SAID                                                                                       \
  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"{\\\"category\\\":\\\"bug\\\"}\"}]},"     \
  "\"finishReason\":\"STOP\"}]}"
#define REFUSED "{\"error\":{\"code\":401,\"message\":\"no\",\"status\":\"UNAUTHENTICATED\"}}"

static void test_a_token_is_a_line_or_json_that_says_when_it_expires(void **state) {
  (void)state;
  static const struct {
    const char *printed, *token;
    int64_t lives_ms; /* less the margin */
  } cases[] = {
      {"ya29.abc\n", "ya29.abc", 60000},
      {"  tok \r\n", "tok", 60000},
      {"{\"access_token\":\"a\",\"expires_in\":3600}", "a", 3600000 - 30000},
      {"{\"accessToken\":\"a\",\"expires_on\":1795219300}", "a", 100000 - 30000},
      {"{\"token\":\"a\",\"expires_at\":\"2026-11-21T00:02:00Z\"}", "a", 120000 - 30000},
      {"{\"token\":\"a\",\"expires_in\":\"90\"}", "a", 90000 - 30000},
      {"", NULL, 0},
      {"\n\n", NULL, 0},
      {"two words", NULL, 0},
      {"line\nline", NULL, 0},
      {"{\"error\":\"denied\"}", NULL, 0},
      {"{broken", NULL, 0},
      {"t\xC3\xA9l\xC3\xA9", NULL, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct llm_text token = {0};
    int64_t at_ms = 0;
    const struct trg_str printed = {cases[i].printed, strlen(cases[i].printed)};
    const bool good = llm_token_read(printed, FAKE_NOW_MS, 60000, &token, &at_ms);
    if (good != (cases[i].token != NULL)) fail_msg("%s", cases[i].printed);
    if (good) {
      assert_string_equal(token.p, cases[i].token);
      assert_int_equal(at_ms - FAKE_NOW_MS, cases[i].lives_ms);
    }
    llm_text_clear(&token);
  }
}

/* A command that counts its runs in a file and prints that number as a token. */
static struct llm_rig open_counting(char file[64]) {
  char command[256];
  snprintf(file, 64, "/tmp/triaged-token-%d", (int)getpid());
  unlink(file);
  snprintf(command, sizeof command, "auth.token_command=echo x >> %s; echo tok-$(wc -l < %s)", file,
           file);
  return llm_rig_open(&triaged_plugin_gemini,
                      (const char *const[]){"model=m", command, "auth.token_ttl=60s",
                                            "auth.token_timeout=5s", NULL});
}

static void test_a_token_is_kept_until_it_expires(void **state) {
  (void)state;
  char file[64];
  struct llm_rig rig = open_counting(file);
  for (int i = 0; i < 3; i++) {
    llm_rig_answer(&rig, 200, NULL, SAID);
    llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  }
  fake_host_advance(rig.host, 61000);
  llm_rig_answer(&rig, 200, NULL, SAID);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  static const char *const sent[] = {"Bearer tok-1", "Bearer tok-1", "Bearer tok-1",
                                     "Bearer tok-2"};
  for (size_t i = 0; i < 4; i++)
    assert_string_equal(fake_request_header(fake_host_request(rig.host, i), "authorization"),
                        sent[i]);
  assert_int_equal(fake_host_log_matches(rig.host, "tok-"), 0);
  unlink(file);
  llm_rig_close(&rig);
}

static void test_a_refused_token_is_renewed_once(void **state) {
  (void)state;
  char file[64];
  struct llm_rig rig = open_counting(file);
  llm_rig_answer(&rig, 401, NULL, REFUSED);
  llm_rig_answer(&rig, 200, NULL, SAID);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_DONE, "");
  assert_string_equal(fake_request_header(fake_host_request(rig.host, 1), "authorization"),
                      "Bearer tok-2");
  llm_rig_answer(&rig, 401, NULL, REFUSED);
  llm_rig_answer(&rig, 401, NULL, REFUSED);
  llm_rig_assert_end(llm_rig_ask(&rig), TRG_REJECTED, "auth");
  unlink(file);
  llm_rig_close(&rig);
}

static void test_calls_at_once_share_one_run(void **state) {
  (void)state;
  char file[64];
  struct llm_rig rig = open_counting(file);
  const struct trg_model_ops *ops = fake_inst_ops(rig.inst);
  for (int i = 0; i < 5; i++) {
    llm_rig_answer(&rig, 200, NULL, SAID);
    ops->complete(fake_inst_self(rig.inst), fake_op_start(rig.inst, 60000, false), &llm_triage);
  }
  fake_host_settle(rig.host);
  for (size_t i = 0; i < 5; i++)
    assert_string_equal(fake_request_header(fake_host_request(rig.host, i), "authorization"),
                        "Bearer tok-1");
  unlink(file);
  llm_rig_close(&rig);
}

static void failing(const char *command, const char *says) {
  struct llm_rig rig = llm_rig_open(
      &triaged_plugin_gemini,
      (const char *const[]){"model=m", command, "auth.token_timeout=200ms", NULL});
  const struct fake_op *op = llm_rig_ask(&rig);
  llm_rig_assert_end(op, TRG_RETRY, "auth");
  if (!strstr(op->result.why.p, says)) fail_msg("%s", op->result.why.p);
  assert_null(strstr(op->result.why.p, "s3cret"));
  assert_int_equal(fake_host_request_count(rig.host), 0);
  llm_rig_close(&rig);
}

static void test_a_command_that_fails_hangs_or_prints_nonsense_says_so(void **state) {
  (void)state;
  failing("auth.token_command=echo s3cret; exit 7", "exit status 7");
  failing("auth.token_command=sleep 30", "killed after 200 ms");
  failing("auth.token_command=exec >&-; sleep 30", "killed after 200 ms");
  failing("auth.token_command=echo a s3cret token", "printed no token");
  failing("auth.token_command=kill -9 $$", "ended by a signal");
  failing("auth.token_command=no-such-command-anywhere", "exit status 127");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_token_is_a_line_or_json_that_says_when_it_expires),
      cmocka_unit_test(test_a_token_is_kept_until_it_expires),
      cmocka_unit_test(test_a_refused_token_is_renewed_once),
      cmocka_unit_test(test_calls_at_once_share_one_run),
      cmocka_unit_test(test_a_command_that_fails_hangs_or_prints_nonsense_says_so),
  };
  return cmocka_run_group_tests_name("model_auth", tests, NULL, NULL);
}
