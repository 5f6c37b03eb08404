/* What the files of the Anthropic side share. */
#ifndef SIM_ANTHROPIC_H
#define SIM_ANTHROPIC_H

#include "answer.h"
#include "http.h"

enum model_trait {
  MODEL_NO_FORCED_TOOLS = 1, /* tool_choice any or tool is a 400 */
  MODEL_NO_SAMPLING = 2,     /* released after Opus 4.6 */
  MODEL_NO_PREFILL = 4,
  MODEL_THINKS = 8,
  MODEL_SYSTEM_TURNS = 16, /* takes role "system" in the middle of a conversation */
  MODEL_NEW_TOKENS = 32    /* about 30 % more tokens for the same text */
};

struct model {
  const char *id, *name, *created;
  int64_t context, max_out;
  int64_t cache_minimum;
  unsigned traits;
};
const struct model *model_find(const char *id);
int64_t model_tokens(const struct model *m, size_t bytes);

/* One request, read and found valid. */
struct ask {
  struct exchange *x;
  const cJSON *in;
  const struct model *model;
  bool new_version;    /* 2026-10-21 */
  bool counting;       /* count_tokens: fewer members are required */
  const cJSON *format; /* the schema of the answer, or NULL */
  char why[512];
};
/* False with the reason in a->why. */
bool ask_check(struct ask *a);
bool ask_fail(struct ask *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Messages, their roles and blocks; part of ask_check. */
bool messages_check(struct ask *a);

/* The limits of structured output: strict schemas of one request add up. */
struct schema_totals {
  int optional, unions, strict_tools;
};
bool schema_check(struct ask *a, const cJSON *schema, const char *where,
                  struct schema_totals *totals);

/* Prompt caching. */
struct usage {
  int64_t input, output, thinking, cache_read, cache_write_5m, cache_write_1h;
};
struct cache_entry {
  int64_t ready_ms, expires_ms;
  int64_t ttl_ms;
};
struct anthropic {
  struct map cache_at; /* prefix hash to position in cache */
  struct cache_entry *cache;
  size_t cache_count, cache_cap;
  uint64_t requests;
};
/* Counts the prompt and finds what of it is cached; marks become entries, readable when the reply
 * starts. */
void cache_account(struct ask *a, struct usage *ret_usage);

/* All text of the prompt, and of the last user message. */
void ask_texts(const struct ask *a, struct buf *prompt, struct buf *last);

void anthropic_error(struct exchange *x, int status, const char *type, const char *message);
void anthropic_messages(struct exchange *x);
void anthropic_count(struct exchange *x);
void anthropic_batch_make(struct exchange *x);
void anthropic_batch_show(struct exchange *x);
void anthropic_batch_results(struct exchange *x);
/* Reads the body into a; false when it has answered. */
bool anthropic_read(struct exchange *x, struct ask *a, bool counting);

#endif
