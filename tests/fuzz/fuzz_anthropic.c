/* Feeds any bytes to what the Anthropic backend reads from the network, and to its prompt text. */
#include "../../plugins/models/anthropic/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void as_answer(struct trg_str body, bool schema_asked) {
  struct llm_answer answer;
  anthropic_answer_read(body, schema_asked, &answer);
  if (answer.is_json && !answer.text.n) abort();
  if (answer.usage.input < 0 || answer.usage.output < 0 || answer.usage.cache_write < 0) abort();
  llm_answer_clear(&answer);
}

/* The first line is a header's value, the rest the body of an error. */
static void as_error(struct trg_str bytes) {
  static const char *const names[] = {
      "retry-after",
      "retry-after-ms",
      "x-should-retry",
      "anthropic-ratelimit-requests-remaining",
      "anthropic-ratelimit-requests-reset",
  };
  const char *end = bytes.n ? memchr(bytes.p, '\n', bytes.n) : NULL;
  const size_t line = end ? (size_t)(end - bytes.p) : bytes.n;
  struct trg_header headers[5];
  for (size_t i = 0; i < 5; i++)
    headers[i] = (struct trg_header){{names[i], strlen(names[i])}, {bytes.p, line}};
  const struct trg_http_reply reply = {
      .size = sizeof reply,
      .status = bytes.n ? 200 + 4 * (uint8_t)bytes.p[0] % 400 : 500,
      .headers = headers,
      .header_count = 5,
      .body = end ? (struct trg_str){end + 1, bytes.n - line - 1} : bytes,
      .why = bytes,
  };
  struct llm_fault fault;
  struct trg_result result;
  char why[320];
  int64_t remaining;
  int64_t reset_ms;
  anthropic_fault_read(reply.body, &fault);
  anthropic_fault_names(&fault, ANTHROPIC_FORMAT);
  anthropic_fault_judge(&reply, &fault, INT64_C(1795219200000), &result, why, sizeof why);
  if (result.retry_after_ms < 0 || strlen(why) >= sizeof why) abort();
  llm_lost_judge(&reply, &result, why, sizeof why);
  if (anthropic_rate(&reply, INT64_C(1795219200000), &remaining, &reset_ms) && reset_ms < 0)
    abort();
}

static void as_prompt(struct trg_str bytes) {
  const struct trg_prompt_part part = {TRG_ROLE_USER, bytes};
  const struct anthropic_plan plan = {.model = "m", .cache_ttl = "5m", .max_output_tokens = 9};
  const struct trg_model_request request = {
      .size = sizeof request, .stable = bytes, .parts = &part, .part_count = 1};
  struct llm_text body = {0};
  struct trg_err err;
  if (anthropic_request_build(&plan, &request, &body, &err) == 0) {
    struct llm_answer answer; /* what we send must be JSON; it is no message */
    if (anthropic_answer_read((struct trg_str){body.p, body.n}, false, &answer) != LLM_MALFORMED)
      abort();
    llm_answer_clear(&answer);
  }
  llm_text_clear(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str text = {(const char *)bytes, size};
  struct trg_str picked;
  as_answer(text, false);
  as_answer(text, true);
  as_error(text);
  as_prompt(text);
  if (llm_json_pick(text, &picked) &&
      (picked.n == 0 || picked.p < text.p || picked.p + picked.n > text.p + text.n))
    abort();
  free(anthropic_schema_render(text));
  return 0;
}
