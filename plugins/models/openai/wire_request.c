#include "wire.h"

#include <stdlib.h>
#include <string.h>

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

static bool is_set(const char *text) {
  return text && *text;
}

/* ---- what is said ---- */

#define BLANK_LINE TRG_STR("\n\n")

static void paragraph_add(struct llm_text *to, struct trg_str text) {
  if (llm_is_blank(text)) return;
  if (to->n) llm_text_add(to, BLANK_LINE.p, BLANK_LINE.n);
  llm_text_add(to, text.p, text.n);
}

static void instruction_add(struct llm_text *to, const char *first, const char *schema) {
  struct llm_text text = {0};
  llm_schema_say(&text, first, schema);
  paragraph_add(to, (struct trg_str){text.p, text.n});
  llm_text_clear(&text);
}

/* Messages under way. Templates of open models want the roles to alternate and one system message
 * at the start, so texts of one role in a row become one message. */
struct turns {
  struct llm_text *out;
  const char *role; /* of the message being gathered; NULL: none yet */
  struct llm_text content;
  bool any;
};

static void turn_end(struct turns *turns) {
  if (!turns->role || !turns->content.n) return;
  llm_text_put(turns->out, turns->any ? ",{\"role\":\"" : "{\"role\":\"");
  llm_text_put(turns->out, turns->role);
  llm_text_put(turns->out, "\",\"content\":");
  llm_text_json(turns->out, (struct trg_str){turns->content.p, turns->content.n});
  llm_text_put(turns->out, "}");
  llm_text_clear(&turns->content);
  turns->any = true;
}

static void turn_add(struct turns *turns, const char *role, struct trg_str text) {
  if (llm_is_blank(text)) return;
  if (turns->role && strcmp(turns->role, role) != 0) turn_end(turns);
  turns->role = role;
  paragraph_add(&turns->content, text);
}

static void repair_add(struct turns *turns, const struct trg_str *broken, const char *schema) {
  struct llm_text ask = {0};
  turn_add(turns, "assistant", llm_broken_shown(*broken));
  instruction_add(&ask,
                  llm_is_blank(*broken) ? "Your answer was empty. Answer with" : LLM_BROKEN_WORDS,
                  schema);
  turn_add(turns, "user", (struct trg_str){ask.p, ask.n});
  llm_text_clear(&ask);
}

/* Servers cache the longest common prefix of prompts by themselves: first what is the same for
 * every ticket, then the schema, then what may differ. The role is `system` everywhere; `developer`
 * is known to OpenAI alone, which takes `system` as well. */
static void messages_add(struct llm_text *out, const struct openai_plan *plan,
                         const struct trg_model_request *r, const struct trg_str *broken,
                         const char *schema) {
  struct turns turns = {.out = out};
  if (plan->api == OPENAI_CHAT) {
    llm_text_put(out, ",\"messages\":[");
    turn_add(&turns, "system", r->stable);
  } else {
    if (!llm_is_blank(r->stable)) {
      llm_text_put(out, ",\"instructions\":");
      llm_kept_json(plan->kept, out, r->stable);
    }
    llm_text_put(out, ",\"input\":[");
  }
  if (schema && (plan->mode != OPENAI_SCHEMA || plan->schema_in_prompt)) {
    /* In `input` and not in `instructions`: json_object wants the word JSON among the messages. */
    struct llm_text instruction = {0};
    instruction_add(&instruction, "Answer with", schema);
    turn_add(&turns, "system", (struct trg_str){instruction.p, instruction.n});
    llm_text_clear(&instruction);
  }
  turn_add(&turns, "system", r->system);
  for (size_t i = 0; i < r->part_count; i++)
    turn_add(&turns, r->parts[i].role == TRG_ROLE_ASSISTANT ? "assistant" : "user",
             r->parts[i].text);
  if (broken && schema) repair_add(&turns, broken, schema);
  turn_end(&turns);
  llm_text_put(out, "]");
}

/* ---- what goes with it ---- */

static void format_add(struct llm_text *out, const struct openai_plan *plan,
                       const struct trg_model_request *r, const char *schema) {
  const bool chat = plan->api == OPENAI_CHAT;
  if (!schema || plan->mode == OPENAI_PROSE) return;
  llm_text_put(out, chat ? ",\"response_format\":" : ",\"text\":{\"format\":");
  if (plan->mode == OPENAI_OBJECT) {
    llm_text_put(out, "{\"type\":\"json_object\"");
  } else {
    llm_text_put(out, "{\"type\":\"json_schema\",");
    llm_text_put(out, chat ? "\"json_schema\":{\"name\":\"" : "\"name\":\"");
    llm_schema_name(out, r->schema_name);
    llm_text_put(out, "\",\"strict\":true,\"schema\":");
    llm_text_put(out, schema);
    if (chat) llm_text_put(out, "}");
  }
  llm_text_put(out, chat ? "}" : "}}");
}

static void word_add(struct llm_text *out, const char *before, const char *word,
                     const char *behind) {
  if (!is_set(word)) return;
  llm_text_put(out, before);
  llm_text_json(out, str(word));
  llm_text_put(out, behind);
}

int64_t openai_max_tokens(const struct openai_plan *plan, int64_t wanted) {
  const bool thinks = !is_set(plan->effort) || strcmp(plan->effort, "none") != 0;
  const int64_t room = thinks ? plan->reasoning_tokens : 0;
  if (plan->limit == OPENAI_NO_LIMIT) return plan->max_output_tokens;
  return llm_tokens_most(wanted, room, plan->max_output_tokens);
}

static void limit_add(struct llm_text *out, const struct openai_plan *plan, int64_t wanted) {
  if (plan->limit == OPENAI_NO_LIMIT) return;
  llm_text_put(out, plan->api == OPENAI_RESPONSES                 ? ",\"max_output_tokens\":"
                    : plan->limit == OPENAI_MAX_COMPLETION_TOKENS ? ",\"max_completion_tokens\":"
                                                                  : ",\"max_tokens\":");
  llm_text_int(out, openai_max_tokens(plan, wanted));
}

/* The vendor takes at most 64 characters. */
static void user_add(struct llm_text *out, const struct openai_plan *plan, struct trg_str hash) {
  if (!is_set(plan->user_field) || hash.n == 0 || hash.n > 64) return;
  llm_text_put(out, ",\"");
  llm_text_put(out, plan->user_field);
  llm_text_put(out, "\":");
  llm_text_json(out, hash);
}

int openai_request_build(const struct openai_plan *plan, const struct trg_model_request *request,
                         const struct trg_str *broken, struct llm_text *ret, struct trg_err *err) {
  const struct trg_model_request *r = request;
  const bool chat = plan->api == OPENAI_CHAT;
  char *own = NULL;
  const char *schema = NULL;
  if (llm_request_check(r, OPENAI_BODY_MAX_BYTES, err) != 0 ||
      llm_schema_take(plan->kept, r, openai_schema_render, &schema, &own, err) != 0)
    return -1;
  word_add(ret, "{\"model\":", plan->model, "");
  messages_add(ret, plan, r, broken, schema);
  format_add(ret, plan, r, schema);
  word_add(ret, chat ? ",\"reasoning_effort\":" : ",\"reasoning\":{\"effort\":", plan->effort,
           chat ? "" : "}");
  limit_add(ret, plan, r->max_output_tokens);
  user_add(ret, plan, r->user_hash);
  word_add(ret, ",\"prompt_cache_key\":", plan->cache_key, "");
  /* This API keeps what it was sent unless told otherwise; it is customers' text. */
  llm_text_put(ret, chat ? "}" : ",\"store\":false}");
  free(own);
  if (ret->n > OPENAI_BODY_MAX_BYTES)
    return llm_unsendable(err, "the request is larger than 32 MB");
  return 0;
}

/* ---- estimates ---- */

void openai_exchange_estimate(const struct openai_plan *plan,
                              const struct trg_model_request *request, struct trg_usage *ret) {
  *ret = (struct trg_usage){
      .input = llm_input_max(request),
      .output = openai_max_tokens(plan, request->max_output_tokens),
      .estimated = true,
  };
}
