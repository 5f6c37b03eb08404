/* The shapes that several vendors' requests and answers have in common. Pure. */
#include "kept.h"
#include "llm.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int llm_unsendable(struct trg_err *err, const char *why) {
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_PERMANENT);
  snprintf(err->text, sizeof err->text, "%s", why);
  return -1;
}

int llm_schema_take(struct llm_kept *kept, const struct trg_model_request *request,
                    llm_render_fn *render, const char **ret, char **ret_own, struct trg_err *err) {
  *ret = *ret_own = NULL;
  if (!request->schema.n) return 0;
  *ret = llm_kept_schema(kept, request->schema, render, ret_own);
  return *ret ? 0 : llm_unsendable(err, "the schema is not a JSON object");
}

void llm_schema_call(struct llm_text *to, struct trg_str name) {
  llm_text_put(to, "Give your answer by calling the tool ");
  llm_schema_name(to, name);
  llm_text_put(to, " exactly once, with every field filled. Write nothing else.");
}

int64_t llm_tokens_most(int64_t wanted, int64_t thoughts, int64_t ceiling) {
  return wanted <= 0 || wanted > ceiling - thoughts ? ceiling : wanted + thoughts;
}

/* ---- turns of text blocks ---- */

void llm_block_put(struct llm_text *out, struct trg_str text) {
  llm_text_put(out, "{\"text\":");
  llm_text_json(out, text);
  llm_text_put(out, "}");
}

/* Roles must alternate: texts of one role in a row become blocks of one message. */
struct turns {
  struct llm_text *out;
  const struct llm_turn_names *names;
  const char *role;
};

static void turn_add(struct turns *turns, const char *role, struct trg_str text) {
  if (llm_is_blank(text)) return; /* blank blocks are refused */
  if (turns->role && strcmp(turns->role, role) == 0) {
    llm_text_put(turns->out, ",");
  } else {
    llm_text_put(turns->out, turns->role ? "]},{\"role\":\"" : "{\"role\":\"");
    llm_text_put(turns->out, role);
    llm_text_put(turns->out, "\",\"");
    llm_text_put(turns->out, turns->names->blocks);
    llm_text_put(turns->out, "\":[");
    turns->role = role;
  }
  llm_block_put(turns->out, text);
}

struct trg_str llm_broken_shown(struct trg_str broken) {
  return broken.n > LLM_BROKEN_MAX_BYTES ? (struct trg_str){broken.p, LLM_BROKEN_MAX_BYTES}
                                         : broken;
}

void llm_turns_put(struct llm_text *out, const struct llm_turn_names *names,
                   const struct trg_model_request *request, const struct trg_str *broken,
                   const char *schema) {
  struct turns turns = {.out = out, .names = names};
  llm_text_put(out, "\"");
  llm_text_put(out, names->list);
  llm_text_put(out, "\":[");
  for (size_t i = 0; i < request->part_count; i++)
    turn_add(&turns, request->parts[i].role == TRG_ROLE_ASSISTANT ? names->ours : "user",
             request->parts[i].text);
  if (broken && schema) {
    struct llm_text ask = {0};
    turn_add(&turns, names->ours, llm_broken_shown(*broken));
    llm_schema_say(&ask, LLM_BROKEN_WORDS, schema);
    turn_add(&turns, "user", (struct trg_str){ask.p, ask.n});
    llm_text_clear(&ask);
  }
  llm_text_put(out, "]}]");
}

/* ---- answers ---- */

int64_t llm_count_or_0(const struct cJSON *object, const char *name) {
  const int64_t count = llm_json_count(object, name);
  return count > 0 ? count : 0;
}

int32_t llm_stop_of(const struct llm_stop *all, size_t count, const char *word) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(word, all[i].word) == 0) return all[i].stop;
  return TRG_STOP_OTHER;
}

/* ---- addresses ---- */

void llm_url_base(struct llm_text *to, const char *base) {
  size_t n = strcspn(base, "?#");
  while (n && base[n - 1] == '/') n--;
  llm_text_add(to, base, n);
}
