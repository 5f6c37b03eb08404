#include "wire.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- headers ---- */

struct trg_str anthropic_header(const struct trg_http_reply *reply, const char *name) {
  const size_t n = strlen(name);
  for (size_t i = 0; i < reply->header_count; i++) {
    const struct trg_header *h = &reply->headers[i];
    if (h->name.n == n && strncasecmp(h->name.p, name, n) == 0) return h->value;
  }
  return (struct trg_str){0};
}

/* Copies a header's value as a string; false when it is absent or too long to be sane. */
static bool header_copy(const struct trg_http_reply *reply, const char *name, char to[64]) {
  const struct trg_str value = anthropic_header(reply, name);
  if (value.n == 0 || value.n >= 64 || memchr(value.p, '\0', value.n)) return false;
  memcpy(to, value.p, value.n);
  to[value.n] = '\0';
  return true;
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  const int64_t era = year / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool moment(const int part[6], int64_t *ret_ms) {
  if (part[0] < 1970 || part[0] > 9999 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
      part[2] > 31 || part[3] < 0 || part[3] > 23 || part[4] < 0 || part[4] > 59 || part[5] < 0 ||
      part[5] > 60)
    return false;
  const int64_t days = days_since_1970(part[0], part[1], part[2]);
  *ret_ms = (((days * 24 + part[3]) * 60 + part[4]) * 60 + part[5]) * 1000;
  return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool http_date(const char *text, int64_t *ret_ms) {
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4];
  int part[6];
  if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &part[2], month, &part[0],
             &part[3], &part[4], &part[5]) != 6)
    return false;
  const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
  if (!at || (at - months) % 3 != 0) return false;
  part[1] = (int)(at - months) / 3 + 1;
  return moment(part, ret_ms);
}

/* "2026-11-21T00:00:10Z", with a fraction or an offset if need be */
static bool rfc3339(const char *text, int64_t *ret_ms) {
  int part[6];
  int used = 0;
  if (sscanf(text, "%4d-%2d-%2d%*[Tt ]%2d:%2d:%2d%n", &part[0], &part[1], &part[2], &part[3],
             &part[4], &part[5], &used) != 6 ||
      !moment(part, ret_ms))
    return false;
  text += used;
  if (*text == '.') text += 1 + strspn(text + 1, "0123456789");
  char sign[2];
  int hours;
  int minutes;
  if (sscanf(text, "%1[+-]%2d:%2d", sign, &hours, &minutes) == 3)
    *ret_ms -= (sign[0] == '-' ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60000;
  return true;
}

#define WAIT_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

static int64_t wait_bound(double ms) {
  if (!(ms > 0)) return 0;
  return ms > (double)WAIT_MAX_MS ? WAIT_MAX_MS : (int64_t)(ms + 0.999);
}

static bool number_of(const char *text, double *ret) {
  char *end;
  *ret = strtod(text, &end);
  return end != text && *end == '\0';
}

int64_t anthropic_retry_after(const struct trg_http_reply *reply, int64_t now_ms) {
  char text[64];
  double number;
  int64_t at_ms;
  if (header_copy(reply, "retry-after-ms", text) && number_of(text, &number))
    return wait_bound(number);
  if (!header_copy(reply, "retry-after", text)) return 0;
  if (number_of(text, &number)) return wait_bound(number * 1000);
  return http_date(text, &at_ms) ? wait_bound((double)(at_ms - now_ms)) : 0;
}

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
    if (!header_copy(reply, name, text) || !number_of(text, &left) || !(left >= 0)) continue;
    snprintf(name, sizeof name, "anthropic-ratelimit-%s-reset", kinds[i]);
    if (!header_copy(reply, name, text) || !rfc3339(text, &at_ms)) continue;
    const int64_t wait_ms = wait_bound((double)(at_ms - now_ms));
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

static bool says(const char *text, const char *part) {
  return strcasestr(text, part) != NULL;
}

static bool is_any(const char *word, const char *const *words) {
  for (; *words; words++)
    if (strcmp(word, *words) == 0) return true;
  return false;
}

/* Messages are not a stable interface. The two uses here fail soft: an unknown wording leaves a
 * plain 400 (no ladder), or a payload error where a spending limit was meant. */
unsigned anthropic_fault_names(const struct anthropic_fault *fault, enum anthropic_mode mode) {
  static const char *const format[] = {
      "output_config", "output_format",     "output format", "json_schema",
      "schema",        "structured output", "grammar",       NULL};
  static const char *const tool[] = {"tool", "strict", "schema", "grammar", NULL};
  const char *m = fault->message;
  unsigned names = 0;
  if (says(m, "effort"))
    names |= ANTHROPIC_NAMES_EFFORT;
  else if (says(m, "output_config:") || says(m, "output_config is"))
    names |= ANTHROPIC_NAMES_EFFORT | ANTHROPIC_NAMES_FORMAT;
  const char *const *words = mode == ANTHROPIC_FORMAT ? format : tool;
  for (; mode != ANTHROPIC_PROSE && !(names & ANTHROPIC_NAMES_EFFORT) && *words; words++)
    if (says(m, *words)) names |= ANTHROPIC_NAMES_FORMAT;
  return names;
}

static bool is_spending_limit(int32_t status, const struct anthropic_fault *f) {
  static const char *const codes[] = {"contract_spend_limit_reached",
                                      "enforced_spend_limit_reached", "credit_balance_too_low",
                                      NULL};
  if (is_any(f->error_code, codes) || strcmp(f->type, "billing_error") == 0 || status == 402)
    return true;
  if (status != 400 && status != 403 && status != 429) return false;
  /* A limit that the customer set, and an empty balance, come as 400 invalid_request_error. */
  return says(f->message, "credit balance") || says(f->message, "spend limit") ||
         says(f->message, "spending limit") || (status != 429 && says(f->message, "usage limit"));
}

struct meaning {
  const char *type; /* NULL: by status */
  int32_t status;
  int32_t outcome;
  const char *code;
  const char *words;
};

/* By type, which is the interface; by status for what an edge or a gateway answers. */
static const struct meaning meanings[] = {
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

static struct meaning meaning_of(int32_t status, const char *type) {
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (meanings[i].type && strcmp(meanings[i].type, type) == 0) return meanings[i];
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (meanings[i].status == status) return meanings[i];
  if (status >= 300 && status < 400)
    return (struct meaning){NULL, status, TRG_REJECTED, TRG_CODE_ENDPOINT,
                            "redirected elsewhere, which is not followed: check url"};
  if (status >= 400 && status < 500)
    return (struct meaning){NULL, status, TRG_REJECTED, TRG_CODE_PERMANENT,
                            "the request was refused"};
  return (struct meaning){NULL, status, TRG_RETRY, TRG_CODE_TRANSIENT, "the API failed"};
}

/* The vendor's words up to the first quotation mark: behind it may be text of the prompt. */
static int message_safe_bytes(const char *message) {
  const size_t n = strcspn(message, "\"'`{<");
  return (int)(n < 160 ? n : 160);
}

__attribute__((format(printf, 3, 4))) static void why_set(char *to, size_t room, const char *format,
                                                          ...) {
  va_list ap;
  va_start(ap, format);
  vsnprintf(to, room, format, ap);
  va_end(ap);
}

/* The vendor's own opinion goes above the table's, but a spending limit stays a stop. */
static void should_retry_obey(const struct trg_http_reply *reply, struct trg_result *ret) {
  char word[64];
  if (!header_copy(reply, "x-should-retry", word)) return;
  if (strcmp(word, "true") == 0)
    ret->outcome = TRG_RETRY;
  else if (strcmp(word, "false") == 0)
    ret->outcome = TRG_REJECTED;
}

void anthropic_fault_judge(const struct trg_http_reply *reply, const struct anthropic_fault *fault,
                           int64_t now_ms, struct trg_result *ret, char *why_text,
                           size_t why_room) {
  struct meaning m = meaning_of(reply->status, fault->type);
  const bool stop = is_spending_limit(reply->status, fault);
  if (stop) {
    m.outcome = TRG_REJECTED;
    m.code = TRG_CODE_QUOTA;
    m.words = "a spending limit or an empty balance: see the vendor's console";
  } else if (strcmp(fault->error_code, "ramp_limit_exceeded") == 0) {
    m.outcome = TRG_RETRY;
    m.code = TRG_CODE_RATE;
    m.words = "use grew too fast: told to slow down";
  }
  *ret = (struct trg_result){
      .outcome = m.outcome,
      .http_status = reply->status,
      .code = {m.code, strlen(m.code)},
  };
  if (!stop) should_retry_obey(reply, ret);
  if (ret->outcome == TRG_RETRY) ret->retry_after_ms = anthropic_retry_after(reply, now_ms);
  const int said = message_safe_bytes(fault->message);
  why_set(why_text, why_room, "HTTP %d %s%s%s: %s%s%.*s%s%s%s", (int)reply->status,
          fault->type[0] ? fault->type : "without a type", fault->error_code[0] ? " " : "",
          fault->error_code, m.words, said ? " (" : "", said, fault->message, said ? ")" : "",
          fault->request_id[0] ? "; request " : "", fault->request_id);
  ret->why = (struct trg_str){why_text, strlen(why_text)};
}

void anthropic_lost_judge(const struct trg_http_reply *reply, struct trg_result *ret,
                          char *why_text, size_t why_room) {
  char words[128] = "no reason given";
  if (reply->why.n)
    snprintf(words, sizeof words, "%.*s", (int)(reply->why.n < 120 ? reply->why.n : 120),
             reply->why.p);
  const bool slow = says(words, "timeout") || says(words, "timed out");
  const char *code = slow ? TRG_CODE_TIMEOUT : TRG_CODE_TRANSIENT;
  why_set(why_text, why_room,
          reply->sent ? "the answer was lost (%s): the vendor may have counted the call"
                      : "the API could not be reached (%s): nothing was sent",
          words);
  *ret = (struct trg_result){
      .outcome = TRG_RETRY,
      .code = {code, strlen(code)},
      .why = {why_text, strlen(why_text)},
      .flags = reply->sent ? TRG_RESULT_MAYBE_BILLED : 0,
  };
}
