#include "llm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_TOKENS = 128, BYTES_PER_TOKEN = 4 };
#define CACHE_MS (5 * 60 * 1000)

bool llm_refuse(struct llm_ask *a, const char *param, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(a->why, sizeof a->why, format, args);
  va_end(args);
  snprintf(a->param, sizeof a->param, "%s", param ? param : "");
  return false;
}

void llm_ask_free(struct llm_ask *a) {
  buf_free(&a->prompt);
  buf_free(&a->last);
}

int64_t llm_tokens(size_t bytes) {
  return (int64_t)((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
}

const cJSON *llm_member(const cJSON *in, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(in, key);
  return cJSON_IsNull(v) ? NULL : v;
}

bool llm_is(const cJSON *v, const char *word) {
  return cJSON_IsString(v) && strcmp(v->valuestring, word) == 0;
}

void llm_text_add(struct buf *to, const cJSON *content) {
  const cJSON *part = NULL;
  if (cJSON_IsString(content)) {
    buf_str(to, content->valuestring);
    buf_char(to, '\n');
  }
  cJSON_ArrayForEach(part, (cJSON_IsArray(content) ? content : NULL)) {
    llm_text_add(to, cJSON_IsString(part) ? part : llm_member(part, "text"));
  }
}

const char *llm_unknown(const cJSON *in, const char *known) {
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, in) {
    char word[96];
    snprintf(word, sizeof word, " %.90s ", item->string ? item->string : "?");
    if (strstr(known, word) == NULL) {
      return item->string;
    }
  }
  return NULL;
}

/* --- the cache that a vendor keeps of prefixes by itself, in chunks of 128 tokens --- */

struct prefix {
  uint64_t key;
  int64_t expires_ms;
};
static struct prefix known[1 << 14];

static int64_t cache_use(const struct llm_ask *a, const char *text, size_t bytes) {
  const int64_t now = clock_now_ms(&a->x->sim->clock);
  const size_t chunk = (size_t)CHUNK_TOKENS * BYTES_PER_TOKEN;
  uint64_t hash = hash_text(31, a->model);
  int64_t cached = 0;
  bool known_so_far = true;
  for (size_t at = 0; at + chunk <= bytes; at += chunk) {
    hash = hash_bytes(hash, text + at, chunk) | 1;
    struct prefix *e = &known[hash % (sizeof known / sizeof known[0])];
    known_so_far = known_so_far && e->key == hash && e->expires_ms > now;
    if (known_so_far) {
      cached += CHUNK_TOKENS;
    }
    *e = (struct prefix){hash, now + CACHE_MS};
  }
  return a->cache_minimum > 0 && cached >= a->cache_minimum ? cached : 0;
}

/* --- the turn --- */

static void turn_cut(const struct llm_ask *a, struct llm_turn *t) {
  t->output = t->reasoning + llm_tokens(t->text.n);
  const bool over = a->max_tokens > 0 && t->output > a->max_tokens;
  if (!over && a->x->fault != FAULT_TRUNCATE) {
    return;
  }
  const int64_t room = a->max_tokens > t->reasoning ? a->max_tokens - t->reasoning : 0;
  const size_t keep = over ? (size_t)room * BYTES_PER_TOKEN : t->text.n / 2;
  t->text.n = utf8_cut(buf_text(&t->text), keep < t->text.n ? keep : t->text.n / 2);
  buf_text(&t->text);
  t->stop = LLM_LENGTH;
  t->output = t->reasoning + llm_tokens(t->text.n);
  t->output = over && t->output < a->max_tokens ? a->max_tokens : t->output;
}

static void turn_say(const struct llm_ask *a, struct llm_turn *t) {
  const bool invalid = a->x->fault == FAULT_INVALID;
  if (a->schema && invalid) {
    answer_broken(&t->text, &t->question, a->schema);
  } else if (a->schema) {
    answer_json(&t->text, &t->question, a->schema);
  } else if (invalid) {
    buf_str(&t->text, a->json ? "{\"unsure\":true}" : "I am not sure what you mean.");
  } else {
    answer_text(&t->text, &t->question);
  }
  buf_text(&t->text);
}

void llm_answer(struct llm_ask *a, struct llm_turn *t) {
  memset(t, 0, sizeof *t);
  question_read(&t->question, buf_text(&a->prompt), buf_text(&a->last));
  t->id = hash_mix(t->question.hash, hash_text(7, a->model));
  t->cached = cache_use(a, a->prompt.p, a->prompt.n);
  char *schema = a->schema ? cJSON_PrintUnformatted(a->schema) : NULL;
  t->input = llm_tokens(a->prompt.n + (schema ? strlen(schema) : 0)) + 8 - t->cached;
  cJSON_free(schema);
  if (a->x->fault == FAULT_REFUSAL) {
    t->stop = LLM_REFUSAL;
    t->output = 0;
    buf_text(&t->text);
  } else {
    t->reasoning = a->thinks ? 30 + (int64_t)(t->id % 50) : 0;
    turn_say(a, t);
    turn_cut(a, t);
  }
  struct model_stats *m = stats_model(&a->x->sim->stats, a->model);
  m->calls++;
  m->input_tokens += (uint64_t)t->input;
  m->output_tokens += (uint64_t)t->output;
  m->cache_read_tokens += (uint64_t)t->cached;
  a->x->delay_ms = a->x->sim->opt.model_latency_ms;
}

void llm_turn_free(struct llm_turn *t) {
  question_free(&t->question);
  buf_free(&t->text);
}

/* --- strict schemas --- */

struct strict {
  const char *keywords;
  bool all_required;
  char *why;
  size_t why_bytes;
};

static bool strict_walk(const struct strict *s, const cJSON *schema, const char *place, int depth);

static bool strict_no(const struct strict *s, const char *place, const char *what,
                      const char *which) {
  snprintf(s->why, s->why_bytes, "In context=(%s), %s%s%s%s", place, what, which ? " '" : "",
           which ? which : "", which ? "'." : "");
  return false;
}

static bool strict_object(const struct strict *s, const cJSON *schema, const char *place,
                          int depth) {
  const cJSON *properties = llm_member(schema, "properties");
  const cJSON *required = llm_member(schema, "required");
  const cJSON *property = NULL;
  if (!cJSON_IsFalse(llm_member(schema, "additionalProperties"))) {
    return strict_no(s, place, "'additionalProperties' is required to be supplied and to be false.",
                     NULL);
  }
  cJSON_ArrayForEach(property, properties) {
    const cJSON *name = NULL;
    bool found = false;
    char inner[160];
    cJSON_ArrayForEach(name, required) {
      found = found || llm_is(name, property->string);
    }
    if (!found && s->all_required) {
      return strict_no(s, place,
                       "'required' is required to be supplied and to be an array including every "
                       "key in properties. Missing",
                       property->string);
    }
    snprintf(inner, sizeof inner, "%.60s%s'properties', '%.60s'", place, *place ? ", " : "",
             property->string);
    if (!strict_walk(s, property, inner, depth + 1)) {
      return false;
    }
  }
  return true;
}

static bool strict_walk(const struct strict *s, const cJSON *schema, const char *place, int depth) {
  if (depth > 10) {
    return strict_no(s, place, "the schema has more than 10 levels of nesting.", NULL);
  }
  if (!cJSON_IsObject(schema)) {
    return strict_no(s, place, "a schema must be an object.", NULL);
  }
  const char *unknown = llm_unknown(schema, s->keywords);
  if (unknown) {
    return strict_no(s, place, "this keyword is not permitted:", unknown);
  }
  const cJSON *type = llm_member(schema, "type");
  if (type == NULL && !llm_member(schema, "anyOf") && !llm_member(schema, "$ref") &&
      !llm_member(schema, "enum") && !llm_member(schema, "const")) {
    return strict_no(s, place, "schema must have a 'type' key.", NULL);
  }
  if (llm_is(type, "object") && !strict_object(s, schema, place, depth)) {
    return false;
  }
  const cJSON *items = llm_member(schema, "items");
  if (llm_is(type, "array") && items == NULL) {
    return strict_no(s, place, "array schema missing items.", NULL);
  }
  const cJSON *part = NULL;
  cJSON_ArrayForEach(part, llm_member(schema, "anyOf")) {
    if (!strict_walk(s, part, place, depth + 1)) {
      return false;
    }
  }
  return items == NULL || strict_walk(s, items, place, depth + 1);
}

bool llm_strict(const cJSON *schema, const char *keywords, bool all_required, char *why,
                size_t why_bytes) {
  const struct strict s = {keywords, all_required, why, why_bytes};
  if (!llm_is(llm_member(schema, "type"), "object")) {
    snprintf(why, why_bytes,
             "schema must be a JSON Schema of 'type: \"object\"', got 'type: "
             "\"None\"'.");
    return false;
  }
  return strict_walk(&s, schema, "", 0);
}
