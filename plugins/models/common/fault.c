#include "llm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool llm_says(const char *text, const char *part) {
  return strcasestr(text, part) != NULL;
}

bool llm_says_any(const char *text, const char *const *parts) {
  for (; *parts; parts++)
    if (llm_says(text, *parts)) return true;
  return false;
}

/* ---- meaning ---- */

struct llm_meaning llm_meaning_of(const struct llm_meaning *all, size_t count, int32_t status,
                                  const char *word) {
  for (size_t i = 0; i < count; i++)
    if (all[i].word && strcasecmp(all[i].word, word) == 0) return all[i];
  for (size_t i = 0; i < count; i++)
    if (status && all[i].status == status) return all[i];
  if (status >= 300 && status < 400)
    return (struct llm_meaning){NULL, status, TRG_REJECTED, TRG_CODE_ENDPOINT,
                                "redirected elsewhere, which is not followed: check url"};
  if (status >= 400 && status < 500)
    return (struct llm_meaning){NULL, status, TRG_REJECTED, TRG_CODE_PERMANENT,
                                "the request was refused"};
  return (struct llm_meaning){NULL, status, TRG_RETRY, TRG_CODE_TRANSIENT, "the API failed"};
}

int32_t llm_fault_status(const struct trg_http_reply *reply, const struct llm_fault *fault) {
  return reply->status >= 200 && reply->status < 300 ? fault->status : reply->status;
}

/* The vendor's own opinion goes above the table's, but what costs money or was refused stays. */
static int32_t should_retry_obey(const struct trg_http_reply *reply, const struct llm_meaning *m) {
  const struct trg_str word = llm_header(reply, "x-should-retry");
  if (strcmp(m->code, TRG_CODE_QUOTA) == 0 || strcmp(m->code, TRG_CODE_REFUSAL) == 0)
    return m->outcome;
  if (word.n == 4 && memcmp(word.p, "true", 4) == 0) return TRG_RETRY;
  if (word.n == 5 && memcmp(word.p, "false", 5) == 0) return TRG_REJECTED;
  return m->outcome;
}

/* The vendor's words up to the first quotation mark: behind it may be text of the prompt. A
 * refused key is repeated in part by some, so then nothing. */
static int message_safe_bytes(const struct llm_meaning *m, const char *message) {
  const size_t n = strcspn(message, "\"'`{<");
  if (strcmp(m->code, TRG_CODE_AUTH) == 0) return 0;
  return (int)(n < 160 ? n : 160);
}

static void why_write(char *to, size_t room, int32_t status, const struct llm_fault *fault,
                      const struct llm_meaning *m, struct trg_str id) {
  const int said = message_safe_bytes(m, fault->message);
  const char *name = fault->code[0] ? fault->code : fault->type[0] ? fault->type : "without a code";
  snprintf(to, room, "HTTP %d %s%s%s: %s%s%.*s%s%s%.*s", (int)status, name,
           fault->param[0] ? " " : "", fault->param, m->words, said ? " (" : "", said,
           fault->message, said ? ")" : "", id.n ? "; request " : "", (int)(id.n < 99 ? id.n : 99),
           id.n ? id.p : "");
}

void llm_fault_end(const struct trg_http_reply *reply, const struct llm_fault *fault,
                   const struct llm_meaning *m, int64_t wait_ms, struct trg_str id,
                   struct trg_result *ret, char *why_text, size_t why_room) {
  const bool inside = reply->status >= 200 && reply->status < 300;
  const int32_t status = llm_fault_status(reply, fault);
  const int32_t outcome = should_retry_obey(reply, m);
  *ret = (struct trg_result){
      .outcome = outcome,
      .http_status = reply->status,
      .retry_after_ms = outcome == TRG_RETRY ? wait_ms : 0,
      .code = {m->code, strlen(m->code)},
  };
  /* The server had begun to write when it failed; or an edge waited no longer for an answer that
   * may well have been written. */
  const bool begun = inside && outcome == TRG_RETRY && strcmp(m->code, TRG_CODE_RATE) != 0;
  if (begun || strcmp(m->code, TRG_CODE_TIMEOUT) == 0) ret->flags = TRG_RESULT_MAYBE_BILLED;
  why_write(why_text, why_room, inside && status ? status : reply->status, fault, m, id);
  ret->why = (struct trg_str){why_text, strlen(why_text)};
}

void llm_lost_judge(const struct trg_http_reply *reply, struct trg_result *ret, char *why_text,
                    size_t why_room) {
  char words[128] = "no reason given";
  if (reply->why.n)
    snprintf(words, sizeof words, "%.*s", (int)(reply->why.n < 120 ? reply->why.n : 120),
             reply->why.p);
  const bool slow = llm_says(words, "timeout") || llm_says(words, "timed out");
  const char *code = slow ? TRG_CODE_TIMEOUT : TRG_CODE_TRANSIENT;
  snprintf(why_text, why_room,
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

/* ---- answers ---- */

void llm_answer_clear(struct llm_answer *answer) {
  llm_text_clear(&answer->text);
}

void llm_answer_judge(struct llm_answer *answer, bool schema_asked) {
  struct trg_str picked;
  if (answer->stop == TRG_STOP_REFUSAL) llm_text_clear(&answer->text);
  if (answer->text.n == 0 || answer->stop == TRG_STOP_LENGTH) return;
  struct trg_str rest = llm_thought_skip((struct trg_str){answer->text.p, answer->text.n},
                                         schema_asked);
  answer->is_json = schema_asked && llm_json_pick(rest, &picked);
  if (answer->is_json) rest = picked;
  struct llm_text fresh = {0};
  llm_text_add(&fresh, rest.p, rest.n);
  llm_text_clear(&answer->text);
  answer->text = fresh;
  /* A word that is not known can not mean "cut off" when the object is closed. */
  if (answer->is_json && answer->stop == TRG_STOP_OTHER) answer->stop = TRG_STOP_END;
}
