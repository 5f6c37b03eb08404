/* Feeds any bytes to what the OpenAI backend reads from the network, and to its prompt text. */
#include "../../plugins/models/openai/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define NOW_MS INT64_C(1795219200000)

static void as_answer(struct trg_str body, bool schema_asked) {
  struct llm_answer answer;
  const enum llm_reading reading = openai_answer_read(body, schema_asked, &answer);
  const struct trg_usage *u = &answer.usage;
  if (answer.is_json && !answer.text.n) abort();
  if (reading != LLM_ANSWER && answer.text.n) abort();
  if (answer.stop == TRG_STOP_REFUSAL && answer.text.n) abort();
  if (u->input < 0 || u->output < 0 || u->cache_read < 0 || u->cache_write < 0) abort();
  if (u->reasoning < 0 || u->reasoning > u->output) abort();
  llm_answer_clear(&answer);
}

/* The first line is a header's value, the rest the body of an error. */
static void as_error(struct trg_str bytes) {
  static const char *const names[] = {
      "retry-after",
      "retry-after-ms",
      "x-should-retry",
      "x-ratelimit-remaining-requests",
      "x-ratelimit-reset-requests",
      "x-ratelimit-remaining",
      "x-ratelimit-reset",
      "x-request-id",
  };
  const char *end = bytes.n ? memchr(bytes.p, '\n', bytes.n) : NULL;
  const size_t line = end ? (size_t)(end - bytes.p) : bytes.n;
  struct trg_header headers[8];
  for (size_t i = 0; i < 8; i++)
    headers[i] = (struct trg_header){{names[i], strlen(names[i])}, {bytes.p, line}};
  const struct trg_http_reply reply = {
      .size = sizeof reply,
      .status = bytes.n ? 200 + 4 * (uint8_t)bytes.p[0] % 400 : 500,
      .headers = headers,
      .header_count = 8,
      .body = end ? (struct trg_str){end + 1, bytes.n - line - 1} : bytes,
      .why = bytes,
  };
  const struct openai_plan plan = {.effort = "low", .user_field = "user", .cache_key = "k"};
  struct llm_fault fault;
  struct trg_result result;
  char why[400];
  int64_t remaining;
  int64_t reset_ms;
  openai_fault_read(reply.body, &fault);
  openai_fault_names(&fault, &plan);
  openai_fault_judge(&reply, &fault, NOW_MS, &result, why, sizeof why);
  if (result.retry_after_ms < 0 || strlen(why) >= sizeof why) abort();
  llm_lost_judge(&reply, &result, why, sizeof why);
  if (openai_rate(&reply, NOW_MS, &remaining, &reset_ms) && (remaining < 0 || reset_ms < 0))
    abort();
}

/* What we send must be JSON, and is neither an answer nor an error. */
static void as_prompt(struct trg_str bytes, enum openai_api api, enum openai_mode mode) {
  const struct trg_prompt_part part = {TRG_ROLE_USER, bytes};
  const struct openai_plan plan = {
      .model = "m", .api = api, .mode = mode, .max_output_tokens = 9, .user_field = "user"};
  const struct trg_model_request request = {
      .size = sizeof request,
      .stable = bytes,
      .parts = &part,
      .part_count = 1,
      .schema = TRG_STR("{\"type\":\"object\",\"properties\":{}}"),
      .schema_name = bytes,
      .user_hash = bytes,
  };
  struct llm_text body = {0};
  struct trg_err err;
  struct trg_usage usage;
  if (openai_request_build(&plan, &request, &bytes, &body, &err) == 0) {
    struct llm_answer answer;
    openai_answer_read((struct trg_str){body.p, body.n}, true, &answer);
    if (strcmp(answer.served, "m") != 0) abort(); /* read back: the body is whole */
    llm_answer_clear(&answer);
  }
  openai_exchange_estimate(&plan, &request, &usage);
  if (usage.input <= 0) abort();
  llm_text_clear(&body);
}

static void as_url(struct trg_str bytes) {
  struct llm_text base = {0};
  struct llm_text url = {0};
  llm_text_put(&base, "https://");
  for (size_t i = 0; i < bytes.n && i < 200; i++)
    if (bytes.p[i]) llm_text_add(&base, &bytes.p[i], 1);
  openai_url_build(base.p, OPENAI_CHAT, "d", "v", &url);
  if (strncmp(url.p, "https://", 8) != 0 || !strstr(url.p, "/chat/completions")) abort();
  llm_text_clear(&base);
  llm_text_clear(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str text = {(const char *)bytes, size};
  struct trg_str picked;
  as_answer(text, false);
  as_answer(text, true);
  as_error(text);
  for (int i = 0; i < 6; i++)
    as_prompt(text, i < 3 ? OPENAI_CHAT : OPENAI_RESPONSES, (enum openai_mode)(i % 3));
  as_url(text);
  const struct trg_str rest = llm_thought_skip(text, true);
  if (rest.n > text.n) abort();
  if (llm_json_pick(text, &picked) &&
      (picked.n == 0 || picked.p < text.p || picked.p + picked.n > text.p + text.n))
    abort();
  free(openai_schema_render(text));
  return 0;
}
