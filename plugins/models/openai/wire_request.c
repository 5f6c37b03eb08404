#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_PERMANENT);
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

static bool is_set(const char *text) {
  return text && *text;
}

static bool is_blank(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!strchr(" \t\r\n\v\f", s.p[i])) return false;
  return true;
}

static bool holds_nul(struct trg_str s) {
  return s.n && memchr(s.p, '\0', s.n);
}

static int request_check(const struct trg_model_request *r, struct trg_err *err) {
  bool nul = holds_nul(r->stable) || holds_nul(r->system) || holds_nul(r->user_hash);
  const struct trg_prompt_part *last = NULL;
  size_t bytes = r->stable.n + r->system.n + r->schema.n;
  for (size_t i = 0; i < r->part_count; i++) {
    nul = nul || holds_nul(r->parts[i].text);
    bytes += r->parts[i].text.n;
    if (!is_blank(r->parts[i].text)) last = &r->parts[i];
  }
  if (nul) return refuse(err, "the prompt holds U+0000, which many servers refuse or cut at");
  if (!last || last->role != TRG_ROLE_USER)
    return refuse(err, "the conversation must end with a user's text: an answer that is begun for "
                       "the model is refused or answered twice");
  if (bytes > OPENAI_BODY_MAX_BYTES) return refuse(err, "the prompt is larger than 32 MB");
  return 0;
}

/* ---- what is said ---- */

#define BLANK_LINE TRG_STR("\n\n")

static void paragraph_add(struct openai_text *to, struct trg_str text) {
  if (is_blank(text)) return;
  if (to->n) openai_text_add(to, BLANK_LINE.p, BLANK_LINE.n);
  openai_text_add(to, text.p, text.n);
}

static void instruction_add(struct openai_text *to, const char *first, const char *schema) {
  struct openai_text text = {0};
  openai_text_put(&text, first);
  openai_text_put(&text, " exactly one JSON object and nothing else: no code fence, no words "
                         "before or after it. It must follow this JSON schema: ");
  openai_text_put(&text, schema);
  paragraph_add(to, (struct trg_str){text.p, text.n});
  openai_text_clear(&text);
}

/* Messages under way. Templates of open models want the roles to alternate and one system message
 * at the start, so texts of one role in a row become one message. */
struct turns {
  struct openai_text *out;
  const char *role; /* of the message being gathered; NULL: none yet */
  struct openai_text content;
  bool any;
};

static void turn_end(struct turns *turns) {
  if (!turns->role || !turns->content.n) return;
  openai_text_put(turns->out, turns->any ? ",{\"role\":\"" : "{\"role\":\"");
  openai_text_put(turns->out, turns->role);
  openai_text_put(turns->out, "\",\"content\":");
  openai_text_json(turns->out, (struct trg_str){turns->content.p, turns->content.n});
  openai_text_put(turns->out, "}");
  openai_text_clear(&turns->content);
  turns->any = true;
}

static void turn_add(struct turns *turns, const char *role, struct trg_str text) {
  if (is_blank(text)) return;
  if (turns->role && strcmp(turns->role, role) != 0) turn_end(turns);
  turns->role = role;
  paragraph_add(&turns->content, text);
}

/* More of a broken answer than this says nothing new to the model that wrote it. */
#define BROKEN_MAX_BYTES ((size_t)16 * 1024)

static void repair_add(struct turns *turns, const struct trg_str *broken, const char *schema) {
  struct openai_text ask = {0};
  const size_t n = broken->n < BROKEN_MAX_BYTES ? broken->n : BROKEN_MAX_BYTES;
  if (n) turn_add(turns, "assistant", (struct trg_str){broken->p, n});
  instruction_add(&ask,
                  is_blank(*broken)
                      ? "Your answer was empty. Answer with"
                      : "That was not exactly one JSON object. Give the same answer again as",
                  schema);
  turn_add(turns, "user", (struct trg_str){ask.p, ask.n});
  openai_text_clear(&ask);
}

/* Servers cache the longest common prefix of prompts by themselves: first what is the same for
 * every ticket, then the schema, then what may differ. The role is `system` everywhere; `developer`
 * is known to OpenAI alone, which takes `system` as well. */
static void messages_add(struct openai_text *out, const struct openai_plan *plan,
                         const struct trg_model_request *r, const struct trg_str *broken,
                         const char *schema) {
  struct turns turns = {.out = out};
  if (plan->api == OPENAI_CHAT) {
    openai_text_put(out, ",\"messages\":[");
    turn_add(&turns, "system", r->stable);
  } else {
    if (!is_blank(r->stable)) {
      openai_text_put(out, ",\"instructions\":");
      openai_text_json(out, r->stable);
    }
    openai_text_put(out, ",\"input\":[");
  }
  if (schema && (plan->mode != OPENAI_SCHEMA || plan->schema_in_prompt)) {
    /* In `input` and not in `instructions`: json_object wants the word JSON among the messages. */
    struct openai_text instruction = {0};
    instruction_add(&instruction, "Answer with", schema);
    turn_add(&turns, "system", (struct trg_str){instruction.p, instruction.n});
    openai_text_clear(&instruction);
  }
  turn_add(&turns, "system", r->system);
  for (size_t i = 0; i < r->part_count; i++)
    turn_add(&turns, r->parts[i].role == TRG_ROLE_ASSISTANT ? "assistant" : "user",
             r->parts[i].text);
  if (broken && schema) repair_add(&turns, broken, schema);
  turn_end(&turns);
  openai_text_put(out, "]");
}

/* ---- what goes with it ---- */

static void format_add(struct openai_text *out, const struct openai_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  const bool chat = plan->api == OPENAI_CHAT;
  if (!schema || plan->mode == OPENAI_PROSE) return;
  openai_text_put(out, chat ? ",\"response_format\":" : ",\"text\":{\"format\":");
  if (plan->mode == OPENAI_OBJECT) {
    openai_text_put(out, "{\"type\":\"json_object\"");
  } else {
    openai_text_put(out, "{\"type\":\"json_schema\",");
    openai_text_put(out, chat ? "\"json_schema\":{\"name\":\"" : "\"name\":\"");
    openai_schema_name(out, r->schema_name);
    openai_text_put(out, "\",\"strict\":true,\"schema\":");
    openai_text_put(out, schema);
    if (chat) openai_text_put(out, "}");
  }
  openai_text_put(out, chat ? "}" : "}}");
}

static void word_add(struct openai_text *out, const char *before, const char *word,
                     const char *behind) {
  if (!is_set(word)) return;
  openai_text_put(out, before);
  openai_text_json(out, str(word));
  openai_text_put(out, behind);
}

int64_t openai_max_tokens(const struct openai_plan *plan, int64_t wanted) {
  const bool thinks = !is_set(plan->effort) || strcmp(plan->effort, "none") != 0;
  const int64_t room = thinks ? plan->reasoning_tokens : 0;
  if (plan->limit == OPENAI_NO_LIMIT) return plan->max_output_tokens;
  if (wanted <= 0 || wanted > plan->max_output_tokens - room) return plan->max_output_tokens;
  return wanted + room;
}

static void limit_add(struct openai_text *out, const struct openai_plan *plan, int64_t wanted) {
  if (plan->limit == OPENAI_NO_LIMIT) return;
  openai_text_put(out, plan->api == OPENAI_RESPONSES                 ? ",\"max_output_tokens\":"
                       : plan->limit == OPENAI_MAX_COMPLETION_TOKENS ? ",\"max_completion_tokens\":"
                                                                     : ",\"max_tokens\":");
  openai_text_int(out, openai_max_tokens(plan, wanted));
}

/* The vendor takes at most 64 characters. */
static void user_add(struct openai_text *out, const struct openai_plan *plan, struct trg_str hash) {
  if (!is_set(plan->user_field) || hash.n == 0 || hash.n > 64) return;
  openai_text_put(out, ",\"");
  openai_text_put(out, plan->user_field);
  openai_text_put(out, "\":");
  openai_text_json(out, hash);
}

int openai_request_build(const struct openai_plan *plan, const struct trg_model_request *request,
                         const struct trg_str *broken, struct openai_text *ret,
                         struct trg_err *err) {
  const struct trg_model_request *r = request;
  const bool chat = plan->api == OPENAI_CHAT;
  if (request_check(r, err) != 0) return -1;
  char *schema = NULL;
  if (r->schema.n) {
    schema = openai_schema_render(r->schema);
    if (!schema) return refuse(err, "the schema is not a JSON object");
  }
  word_add(ret, "{\"model\":", plan->model, "");
  messages_add(ret, plan, r, broken, schema);
  format_add(ret, plan, r, schema);
  word_add(ret, chat ? ",\"reasoning_effort\":" : ",\"reasoning\":{\"effort\":", plan->effort,
           chat ? "" : "}");
  limit_add(ret, plan, r->max_output_tokens);
  user_add(ret, plan, r->user_hash);
  word_add(ret, ",\"prompt_cache_key\":", plan->cache_key, "");
  /* This API keeps what it was sent unless told otherwise; it is customers' text. */
  openai_text_put(ret, chat ? "}" : ",\"store\":false}");
  free(schema);
  if (ret->n > OPENAI_BODY_MAX_BYTES) return refuse(err, "the request is larger than 32 MB");
  return 0;
}

/* ---- estimates ---- */

/* The tokeniser may be any. Byte-level ones never need more than one token for a byte, and come
 * near it for digits (some split each), and for scripts that they were not trained on. Words and
 * punctuation of ASCII run at 3 to 4 bytes a token, JSON at more than 2. */
int64_t openai_tokens_max(struct trg_str text) {
  int64_t half_tokens = 1;
  for (size_t i = 0; i < text.n; i++) {
    const unsigned char c = (unsigned char)text.p[i];
    half_tokens += c >= 0x80 || (c >= '0' && c <= '9') || c < 0x20 ? 2 : 1;
  }
  return half_tokens / 2;
}

/* 600 covers the instruction of a schema and hidden prompts of formats. */
void openai_exchange_estimate(const struct openai_plan *plan,
                              const struct trg_model_request *request, struct trg_usage *ret) {
  int64_t input = openai_tokens_max(request->stable) + openai_tokens_max(request->system) +
                  2 * openai_tokens_max(request->schema) + 600;
  for (size_t i = 0; i < request->part_count; i++)
    input += openai_tokens_max(request->parts[i].text) + 16;
  *ret = (struct trg_usage){
      .input = input,
      .output = openai_max_tokens(plan, request->max_output_tokens),
      .estimated = true,
  };
}

/* The repair round sends everything once more, and with it the broken answer and the schema. */
void openai_estimate(const struct openai_plan *plan, const struct trg_model_request *request,
                     struct trg_usage *ret) {
  openai_exchange_estimate(plan, request, ret);
  if (request->schema.n == 0) return;
  ret->input = 2 * ret->input + ret->output + openai_tokens_max(request->schema);
  ret->output *= 2;
}
