#include "wire.h"

#include <stdio.h>
#include <string.h>

/* ---- headers ---- */

bool anthropic_rate(const struct trg_http_reply *reply, int64_t now_ms, int64_t *ret_remaining,
                    int64_t *ret_reset_ms) {
  static const char *const kinds[] = {"requests", "tokens", "input-tokens", "output-tokens"};
  int64_t remaining = -1;
  int64_t reset_ms = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    char name[64];
    char text[64];
    double left;
    int64_t at_ms;
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-remaining", kinds[i]);
    if (!llm_header_copy(reply, name, text) || !llm_number_of(text, &left) || !(left >= 0))
      continue;
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-reset", kinds[i]);
    if (!llm_header_copy(reply, name, text) || !llm_rfc3339(text, &at_ms)) continue;
    const int64_t wait_ms = llm_wait_bound((double)(at_ms - now_ms));
    if (left < 1) { /* exhausted: the longest wait counts */
      reset_ms = remaining == 0 && reset_ms > wait_ms ? reset_ms : wait_ms;
      remaining = 0;
    } else if (i == 0) {
      remaining = left > 1e9 ? 1000000000 : (int64_t)left;
      reset_ms = wait_ms;
    }
  }
  *ret_remaining = remaining;
  *ret_reset_ms = reset_ms;
  return remaining >= 0;
}

/* ---- errors ---- */

/* Messages are not a stable interface. The two uses here fail soft: an unknown wording leaves a
 * plain 400 (no ladder), or a payload error where a spending limit was meant. */
unsigned anthropic_fault_names(const struct llm_fault *fault, enum anthropic_mode mode) {
  static const char *const format[] = {
      "output_config", "output_format",     "output format", "json_schema",
      "schema",        "structured output", "grammar",       NULL};
  static const char *const tool[] = {"tool", "strict", "schema", "grammar", NULL};
  const char *m = fault->message;
  unsigned names = 0;
  if (llm_says(m, "effort"))
    names |= ANTHROPIC_NAMES_EFFORT;
  else if (llm_says(m, "output_config:") || llm_says(m, "output_config is"))
    names |= ANTHROPIC_NAMES_EFFORT | ANTHROPIC_NAMES_FORMAT;
  const char *const *words = mode == ANTHROPIC_FORMAT ? format : tool;
  for (; mode != ANTHROPIC_PROSE && !(names & ANTHROPIC_NAMES_EFFORT) && *words; words++)
    if (llm_says(m, *words)) names |= ANTHROPIC_NAMES_FORMAT;
  return names;
}

static bool is_spending_limit(int32_t status, const struct llm_fault *f) {
  static const char *const codes[] = {"contract_spend_limit_reached",
                                      "enforced_spend_limit_reached", "credit_balance_too_low",
                                      NULL};
  if (llm_among(f->code, codes) || strcmp(f->type, "billing_error") == 0 || status == 402)
    return true;
  if (status != 400 && status != 403 && status != 429) return false;
  /* A limit that the customer set, and an empty balance, come as 400 invalid_request_error. */
  return llm_says(f->message, "credit balance") || llm_says(f->message, "spend limit") ||
         llm_says(f->message, "spending limit") ||
         (status != 429 && llm_says(f->message, "usage limit"));
}

/* By type, which is the interface; by status for what an edge or a gateway answers. */
static const struct llm_meaning meanings[] = {
    {"invalid_request_error", 400, TRG_REJECTED, TRG_CODE_PERMANENT, "the request was refused"},
    {"authentication_error", 401, TRG_REJECTED, TRG_CODE_AUTH, "the key was refused: check it"},
    {"permission_error", 403, TRG_REJECTED, TRG_CODE_PERMISSION,
     "the key may not do this: check its workspace and the model"},
    {"not_found_error", 404, TRG_REJECTED, TRG_CODE_ENDPOINT,
     "no such model or path: check model and url"},
    {NULL, 405, TRG_REJECTED, TRG_CODE_ENDPOINT, "no such path: check url"},
    {"timeout_error", 504, TRG_RETRY, TRG_CODE_TIMEOUT, "the API took too long"},
    {NULL, 408, TRG_RETRY, TRG_CODE_TIMEOUT, "the API took too long"},
    {"conflict_error", 409, TRG_RETRY, TRG_CODE_TRANSIENT, "the API saw a conflict"},
    {NULL, 410, TRG_REJECTED, TRG_CODE_ENDPOINT, "gone: check model and url"},
    {"request_too_large", 413, TRG_REJECTED, TRG_CODE_PERMANENT, "the request is too large"},
    {"rate_limit_error", 429, TRG_RETRY, TRG_CODE_RATE, "told to wait"},
    {"overloaded_error", 529, TRG_RETRY, TRG_CODE_TRANSIENT, "the API is overloaded"},
    {"api_error", 500, TRG_RETRY, TRG_CODE_TRANSIENT, "the API failed"},
};

void anthropic_fault_judge(const struct trg_http_reply *reply, const struct llm_fault *fault,
                           int64_t now_ms, struct trg_result *ret, char *why_text,
                           size_t why_room) {
  const int32_t status = llm_fault_status(reply, fault);
  struct llm_meaning m = llm_meaning_of(meanings, sizeof meanings / sizeof *meanings, status,
                                        fault->type);
  if (is_spending_limit(status, fault)) {
    m.outcome = TRG_REJECTED;
    m.code = TRG_CODE_QUOTA;
    m.words = "a spending limit or an empty balance: see the vendor's console";
  } else if (strcmp(fault->code, "ramp_limit_exceeded") == 0) {
    m.outcome = TRG_RETRY;
    m.code = TRG_CODE_RATE;
    m.words = "use grew too fast: told to slow down";
  }
  const struct trg_str header = llm_header(reply, "request-id");
  const struct trg_str id = {fault->id, strlen(fault->id)};
  llm_fault_end(reply, fault, &m, llm_retry_after(reply, now_ms), id.n ? id : header, ret, why_text,
                why_room);
}
