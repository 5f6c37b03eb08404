/* Turns and content blocks: who may say what where. */
#include "anthropic.h"

#include <stdio.h>
#include <string.h>

enum { MESSAGES_MAX = 100000, MARKS_MAX = 4 };

struct turns {
  struct ask *ask;
  int marks;
  bool five_minutes_seen; /* a shorter-lived mark may not come before a longer-lived one */
};

static const cJSON *member(const cJSON *in, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(in, key);
  return cJSON_IsNull(v) ? NULL : v;
}

static const char *word(const cJSON *in, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(in, key);
  return cJSON_IsString(v) ? v->valuestring : "";
}

static bool mark_check(struct turns *t, const cJSON *block) {
  const cJSON *mark = member(block, "cache_control");
  if (mark == NULL) {
    return true;
  }
  const char *ttl = word(mark, "ttl");
  if (strcmp(word(mark, "type"), "ephemeral") != 0) {
    return ask_fail(t->ask, "cache_control.type: Input should be 'ephemeral'");
  }
  if (*ttl && strcmp(ttl, "5m") != 0 && strcmp(ttl, "1h") != 0) {
    return ask_fail(t->ask, "cache_control.ephemeral.ttl: Input should be '5m' or '1h'");
  }
  if (++t->marks > MARKS_MAX) {
    return ask_fail(t->ask, "A maximum of 4 blocks with cache_control may be provided. Found %d.",
                    t->marks);
  }
  bool hour = strcmp(ttl, "1h") == 0;
  if (hour && t->five_minutes_seen) {
    return ask_fail(
        t->ask,
        "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block");
  }
  t->five_minutes_seen = t->five_minutes_seen || !hour;
  return true;
}

static bool citations_on(const cJSON *block) {
  return cJSON_IsTrue(member(member(block, "citations"), "enabled"));
}

static bool text_check(struct turns *t, const cJSON *block, const char *where, bool user) {
  const cJSON *text = member(block, "text");
  const cJSON *citations = member(block, "citations");
  if (!cJSON_IsString(text)) {
    return ask_fail(t->ask, "%s.text.text: Field required", where);
  }
  if (*text->valuestring == '\0') {
    return ask_fail(t->ask, "messages: text content blocks must be non-empty");
  }
  if (user && t->ask->new_version && cJSON_GetArraySize(citations) > 0) {
    return ask_fail(t->ask, "%s.text.citations: citations are not allowed in user messages", where);
  }
  return true;
}

static bool result_check(struct turns *t, const cJSON *block, const char *where) {
  const cJSON *content = member(block, "content");
  const cJSON *part = NULL;
  if (*word(block, "tool_use_id") == '\0') {
    return ask_fail(t->ask, "%s.tool_result.tool_use_id: Field required", where);
  }
  if (content && !cJSON_IsString(content) && !cJSON_IsArray(content)) {
    return ask_fail(t->ask, "%s.tool_result.content: Input should be a string or a list", where);
  }
  cJSON_ArrayForEach(part, (cJSON_IsArray(content) ? content : NULL)) {
    static const char kinds[] = " text image search_result document tool_reference ";
    char kind[40];
    snprintf(kind, sizeof kind, " %.32s ", word(part, "type"));
    if (strstr(kinds, kind) == NULL) {
      return ask_fail(t->ask, "%s.tool_result.content: unexpected block type%s", where, kind);
    }
    if (citations_on(part) && t->ask->format) {
      return ask_fail(t->ask, "citations cannot be used together with output_config.format");
    }
    if (!mark_check(t, part)) {
      return false;
    }
  }
  return true;
}

static bool source_check(struct turns *t, const cJSON *block, const char *where, const char *type) {
  if (strcmp(type, "search_result") == 0) {
    const cJSON *content = member(block, "content");
    const cJSON *part = NULL;
    if (*word(block, "source") == '\0' || *word(block, "title") == '\0' ||
        !cJSON_IsArray(content)) {
      return ask_fail(t->ask, "%s.search_result: source, title and content are required", where);
    }
    cJSON_ArrayForEach(part, content) {
      if (strcmp(word(part, "type"), "text") != 0) {
        return ask_fail(t->ask, "%s.search_result.content: only text blocks are allowed", where);
      }
    }
  } else if (!cJSON_IsObject(member(block, "source"))) {
    return ask_fail(t->ask, "%s.%s.source: Field required", where, type);
  }
  if (citations_on(block) && t->ask->format) {
    return ask_fail(t->ask, "citations cannot be used together with output_config.format");
  }
  return true;
}

static bool use_check(struct turns *t, const cJSON *block, const char *where) {
  if (*word(block, "id") == '\0' || *word(block, "name") == '\0' ||
      !cJSON_IsObject(member(block, "input"))) {
    return ask_fail(t->ask, "%s.tool_use: id, name and input are required", where);
  }
  return true;
}

static bool is_one_of(const char *type, const char *words) {
  char text[48];
  snprintf(text, sizeof text, " %.40s ", type);
  return strstr(words, text) != NULL;
}

/* What only the assistant says: uses of tools, and thinking. */
static bool own_check(struct turns *t, const cJSON *block, const char *where, const char *type) {
  if (strcmp(type, "tool_use") == 0) {
    return use_check(t, block, where);
  }
  return member(block, "cache_control") == NULL ||
         ask_fail(t->ask, "%s: thinking blocks cannot be marked", where);
}

static bool block_check(struct turns *t, const cJSON *block, const char *where, const char *role) {
  bool user = strcmp(role, "user") == 0;
  bool assistant = strcmp(role, "assistant") == 0;
  const char *type = word(block, "type");
  if (!cJSON_IsObject(block) || *type == '\0') {
    return ask_fail(t->ask, "%s: Unable to extract tag using discriminator 'type'", where);
  }
  if (!mark_check(t, block)) {
    return false;
  }
  if (strcmp(type, "text") == 0) {
    return text_check(t, block, where, user);
  }
  if (strcmp(role, "system") == 0) {
    return ask_fail(t->ask, "%s: system messages may only contain text", where);
  }
  if (strcmp(type, "tool_result") == 0 && user) {
    return result_check(t, block, where);
  }
  if (assistant && is_one_of(type, " tool_use thinking redacted_thinking ")) {
    return own_check(t, block, where, type);
  }
  if (strcmp(type, "document") == 0 && assistant && t->ask->new_version) {
    return ask_fail(t->ask, "%s: document blocks are not allowed in assistant messages", where);
  }
  if (is_one_of(type, " image document search_result ")) {
    return source_check(t, block, where, type);
  }
  return ask_fail(t->ask, "%s: Input tag '%s' is not allowed here", where, type);
}

static bool content_check(struct turns *t, const cJSON *message, int at, const char *role) {
  const cJSON *content = member(message, "content");
  const cJSON *block = NULL;
  char where[64];
  int i = 0;
  if (cJSON_IsString(content)) {
    return *content->valuestring || strcmp(role, "assistant") == 0
               ? true
               : ask_fail(t->ask, "messages.%d: %s messages must have non-empty content", at, role);
  }
  if (!cJSON_IsArray(content)) {
    return ask_fail(t->ask, "messages.%d.content: Field required", at);
  }
  if (content->child == NULL && strcmp(role, "user") == 0) {
    return ask_fail(t->ask, "messages.%d: user messages must have non-empty content", at);
  }
  cJSON_ArrayForEach(block, content) {
    snprintf(where, sizeof where, "messages.%d.content.%d", at, i++);
    if (!block_check(t, block, where, role)) {
      return false;
    }
  }
  return true;
}

static const cJSON *block_with(const cJSON *message, const char *type, const char *key,
                               const char *value) {
  const cJSON *block = NULL;
  const cJSON *content = member(message, "content");
  cJSON_ArrayForEach(block, (cJSON_IsArray(content) ? content : NULL)) {
    if (strcmp(word(block, "type"), type) == 0 && strcmp(word(block, key), value) == 0) {
      return block;
    }
  }
  return NULL;
}

/* Every use of a tool is answered in the very next message, with the results first; no result
 * without a use. */
static bool pairs_check(struct turns *t, const cJSON *message, const cJSON *next, int at) {
  const cJSON *block = NULL;
  const cJSON *content = member(message, "content");
  cJSON_ArrayForEach(block, (cJSON_IsArray(content) ? content : NULL)) {
    if (strcmp(word(block, "type"), "tool_use") == 0 &&
        (next == NULL ||
         block_with(next, "tool_result", "tool_use_id", word(block, "id")) == NULL)) {
      return ask_fail(
          t->ask,
          "messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: "
          "%s. Each `tool_use` block must have a corresponding `tool_result` block in the next "
          "message.",
          at, word(block, "id"));
    }
  }
  bool other_seen = false;
  const cJSON *answers = next ? member(next, "content") : NULL;
  cJSON_ArrayForEach(block, (cJSON_IsArray(answers) ? answers : NULL)) {
    bool result = strcmp(word(block, "type"), "tool_result") == 0;
    if (result && block_with(message, "tool_use", "id", word(block, "tool_use_id")) == NULL) {
      return ask_fail(
          t->ask,
          "messages.%d: unexpected `tool_use_id` found in `tool_result` blocks: %s. Each "
          "`tool_result` block must have a corresponding `tool_use` block in the previous message.",
          at + 1, word(block, "tool_use_id"));
    }
    if (result && other_seen) {
      return ask_fail(t->ask, "messages.%d: tool_result blocks must come first in the message",
                      at + 1);
    }
    other_seen = other_seen || !result;
  }
  return true;
}

static bool role_check(struct turns *t, const cJSON *message, const char *before, int at) {
  const char *role = word(message, "role");
  const cJSON *item = NULL;
  if (!cJSON_IsObject(message)) {
    return ask_fail(t->ask, "messages.%d: Input should be a valid dictionary", at);
  }
  cJSON_ArrayForEach(item, message) {
    if (strcmp(item->string, "role") != 0 && strcmp(item->string, "content") != 0) {
      return ask_fail(t->ask, "messages.%d.%s: Extra inputs are not permitted", at, item->string);
    }
  }
  if (strcmp(role, "system") == 0) {
    if (!(t->ask->model->traits & MODEL_SYSTEM_TURNS)) {
      return ask_fail(t->ask,
                      "messages: Unexpected role \"system\". The Messages API accepts a top-level "
                      "`system` parameter, not \"system\" as an input message role.");
    }
    return strcmp(before, "user") == 0
               ? true
               : ask_fail(t->ask, "messages.%d: a system message must follow a user message", at);
  }
  if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0) {
    return ask_fail(t->ask, "messages.%d.role: Input should be 'user' or 'assistant'", at);
  }
  if (at == 0 && strcmp(role, "user") != 0) {
    return ask_fail(t->ask, "messages: first message must use the \"user\" role");
  }
  return true;
}

static bool system_check(struct turns *t) {
  const cJSON *system = member(t->ask->in, "system");
  const cJSON *block = NULL;
  if (system == NULL || cJSON_IsString(system)) {
    return true;
  }
  if (!cJSON_IsArray(system)) {
    return ask_fail(t->ask, "system: Input should be a string or a list of text blocks");
  }
  cJSON_ArrayForEach(block, system) {
    if (strcmp(word(block, "type"), "text") != 0 || *word(block, "text") == '\0') {
      return ask_fail(t->ask, "system: only text blocks with non-empty text are allowed");
    }
    if (!mark_check(t, block)) {
      return false;
    }
  }
  return true;
}

bool messages_check(struct ask *a) {
  struct turns t = {.ask = a};
  const cJSON *messages = member(a->in, "messages");
  const cJSON *message = NULL;
  const cJSON *tool = NULL;
  const char *role = "";
  int at = 0;
  cJSON_ArrayForEach(tool, member(a->in, "tools")) {
    if (!mark_check(&t, tool)) {
      return false;
    }
  }
  if (!system_check(&t)) {
    return false;
  }
  if (!cJSON_IsArray(messages)) {
    return ask_fail(a, "messages: Field required");
  }
  if (messages->child == NULL) {
    return ask_fail(a, "messages: at least one message is required");
  }
  cJSON_ArrayForEach(message, messages) {
    if (!role_check(&t, message, role, at)) {
      return false;
    }
    role = word(message, "role");
    if (!content_check(&t, message, at, role) || !pairs_check(&t, message, message->next, at)) {
      return false;
    }
    if (at == 0 && block_with(message, "tool_result", "type", "tool_result")) {
      return ask_fail(a, "messages.0: tool_result without a previous tool_use");
    }
    at++;
  }
  if (at > MESSAGES_MAX) {
    return ask_fail(a, "messages: at most %d messages are allowed", MESSAGES_MAX);
  }
  if (strcmp(role, "assistant") == 0 && ((a->model->traits & MODEL_NO_PREFILL) || a->format)) {
    return ask_fail(
        a,
        "This model does not support assistant message prefill. The conversation must end with a "
        "user message.");
  }
  return mark_check(&t, a->in);
}
