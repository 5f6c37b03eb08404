/* The model's turn: what it says, how it stops, and both ways of sending it. */
#include "anthropic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What will be sent, before it is known in which form. */
struct turn {
  const struct ask *ask;
  struct question question;
  struct usage usage;
  char id[48];
  bool thinks;
  bool refuses;
  struct buf text;
  size_t split;     /* two text blocks, cut here; 0: one */
  const char *tool; /* name of the tool to use, or NULL */
  struct buf tool_input;
  char tool_id[48];
  const char *stop_reason;
  const char *stop_sequence;
};

static void block_text(const cJSON *block, struct buf *out) {
  static const char *const keys[] = {"text", "title", "source", "content", "input"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(block, keys[i]);
    const cJSON *part = NULL;
    if (cJSON_IsString(v)) {
      if (strcmp(keys[i], "source") == 0) {
        /* a search result's source is what can be cited */
        buf_printf(out, "<passage id=\"%s\">", v->valuestring);
        continue;
      }
      buf_str(out, v->valuestring);
      buf_char(out, '\n');
    }
    cJSON_ArrayForEach(part, (cJSON_IsArray(v) ? v : NULL)) {
      block_text(part, out);
    }
    const cJSON *data = cJSON_IsObject(v) ? cJSON_GetObjectItemCaseSensitive(v, "data") : NULL;
    const cJSON *kind = cJSON_IsObject(v) ? cJSON_GetObjectItemCaseSensitive(v, "type") : NULL;
    if (cJSON_IsString(data) && cJSON_IsString(kind) && strcmp(kind->valuestring, "text") == 0) {
      buf_str(out, data->valuestring);
      buf_char(out, '\n');
    }
  }
}

static void content_text(const cJSON *content, struct buf *out) {
  const cJSON *block = NULL;
  if (cJSON_IsString(content)) {
    buf_str(out, content->valuestring);
    buf_char(out, '\n');
    return;
  }
  cJSON_ArrayForEach(block, content) {
    block_text(block, out);
  }
}

void ask_texts(const struct ask *a, struct buf *prompt, struct buf *last) {
  const cJSON *message = NULL;
  content_text(cJSON_GetObjectItemCaseSensitive(a->in, "system"), prompt);
  cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(a->in, "messages")) {
    const cJSON *role = cJSON_GetObjectItemCaseSensitive(message, "role");
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(message, "content");
    content_text(content, prompt);
    if (strcmp(role->valuestring, "user") == 0) {
      last->n = 0;
      content_text(content, last);
    }
  }
  buf_text(prompt);
  buf_text(last);
}

static bool has_results(const struct ask *a) {
  char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(a->in, "messages"));
  bool found = text && strstr(text, "\"tool_result\"");
  cJSON_free(text);
  return found;
}

/* Forced, or by the prompt's hash: a tool is used once, before the answer. */
static const cJSON *tool_choose(const struct ask *a, uint64_t hash) {
  const cJSON *choice = cJSON_GetObjectItemCaseSensitive(a->in, "tool_choice");
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(choice, "type");
  const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(choice, "name");
  const cJSON *tools = cJSON_GetObjectItemCaseSensitive(a->in, "tools");
  const char *kind = cJSON_IsString(type) ? type->valuestring : "auto";
  int n = cJSON_GetArraySize(tools);
  const cJSON *tool = NULL;
  if (n == 0 || strcmp(kind, "none") == 0) {
    return NULL;
  }
  if (strcmp(kind, "tool") == 0) {
    cJSON_ArrayForEach(tool, tools) {
      const cJSON *name = cJSON_GetObjectItemCaseSensitive(tool, "name");
      if (cJSON_IsString(name) && strcmp(name->valuestring, wanted->valuestring) == 0) {
        return tool;
      }
    }
  }
  if (strcmp(kind, "auto") == 0 && (has_results(a) || hash % 2 == 1)) {
    return NULL;
  }
  return cJSON_GetArrayItem(tools, (int)(hash_mix(hash, 5) % (uint64_t)n));
}

static void turn_stop(struct turn *t, int64_t max_tokens) {
  const struct ask *a = t->ask;
  const cJSON *stop = NULL;
  t->stop_reason = t->tool ? "tool_use" : "end_turn";
  cJSON_ArrayForEach(stop, cJSON_GetObjectItemCaseSensitive(a->in, "stop_sequences")) {
    const char *at = strstr(buf_text(&t->text), stop->valuestring);
    if (at) {
      t->text.n = (size_t)(at - t->text.p);
      t->stop_reason = "stop_sequence";
      t->stop_sequence = stop->valuestring;
    }
  }
  t->usage.thinking = t->thinks ? 40 + (int64_t)(t->question.hash % 60) : 0;
  t->usage.output = t->usage.thinking + model_tokens(a->model, t->text.n + t->tool_input.n);
  if (a->x->fault == FAULT_TRUNCATE || t->usage.output > max_tokens) {
    size_t keep = t->text.n / 2;
    if (t->usage.output > max_tokens) {
      int64_t room = max_tokens > t->usage.thinking ? max_tokens - t->usage.thinking : 0;
      size_t fits = (size_t)((double)room * (a->model->traits & MODEL_NEW_TOKENS ? 3.1 : 4.0));
      keep = fits < t->text.n ? fits : keep;
    }
    t->text.n = utf8_cut(buf_text(&t->text), keep);
    t->tool = NULL;
    t->stop_reason = "max_tokens";
    t->usage.output = t->usage.thinking + model_tokens(a->model, t->text.n);
    t->usage.output = t->usage.output < max_tokens ? t->usage.output : max_tokens;
  }
  buf_text(&t->text);
}

/* Asked for; or, on the newer models, by the prompt's hash. */
static bool turn_thinks(const struct ask *a, uint64_t hash) {
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(a->in, "thinking"), "type");
  if (!(a->model->traits & MODEL_THINKS)) {
    return false;
  }
  if (cJSON_IsString(type)) {
    return strcmp(type->valuestring, "disabled") != 0;
  }
  return (a->model->traits & MODEL_NO_PREFILL) && hash % 4 == 0;
}

static void turn_say(struct turn *t, const struct ask *a, const cJSON *tool, uint64_t hash) {
  bool invalid = a->x->fault == FAULT_INVALID;
  if (tool) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(tool, "name");
    t->tool = cJSON_IsString(name) ? name->valuestring : NULL;
    snprintf(t->tool_id, sizeof t->tool_id, "toolu_01%022llx",
             (unsigned long long)hash_mix(hash, 9));
    answer_json(&t->tool_input, &t->question,
                cJSON_GetObjectItemCaseSensitive(tool, "input_schema"));
    buf_text(&t->tool_input);
  } else if (a->format && invalid) {
    answer_broken(&t->text, &t->question, a->format);
  } else if (a->format) {
    answer_json(&t->text, &t->question, a->format);
  } else if (invalid) {
    buf_str(&t->text, "I am not sure what you mean.");
  } else {
    answer_text(&t->text, &t->question);
  }
}

static void turn_make(struct turn *t, struct ask *a, const char *prompt, const char *last) {
  memset(t, 0, sizeof *t);
  t->ask = a;
  cache_account(a, &t->usage);
  question_read(&t->question, prompt, last);
  uint64_t hash = hash_mix(t->question.hash, hash_text(2, a->model->id));
  snprintf(t->id, sizeof t->id, "msg_01%022llx", (unsigned long long)hash_mix(hash, 8));
  int64_t max_tokens = (int64_t)cJSON_GetNumberValue(
      cJSON_GetObjectItemCaseSensitive(a->in, "max_tokens"));
  if (a->x->fault == FAULT_REFUSAL) {
    t->refuses = true;
    t->stop_reason = "refusal";
    t->usage.output = 1;
    return;
  }
  if (max_tokens == 0) {
    t->stop_reason = "max_tokens"; /* only warms the cache */
    return;
  }
  t->thinks = turn_thinks(a, hash);
  turn_say(t, a, tool_choose(a, hash), hash);
  turn_stop(t, max_tokens);
  t->split = t->text.n > 40 && hash % 16 == 3 ? utf8_cut(buf_text(&t->text), t->text.n / 2) : 0;
}

static void turn_free(struct turn *t) {
  question_free(&t->question);
  buf_free(&t->text);
  buf_free(&t->tool_input);
}

static void usage_write(struct buf *b, const struct turn *t, int64_t output) {
  const struct usage *u = &t->usage;
  jw_open(b, '{');
  jw_kint(b, "input_tokens", u->input);
  jw_kint(b, "cache_creation_input_tokens", u->cache_write_5m + u->cache_write_1h);
  jw_kint(b, "cache_read_input_tokens", u->cache_read);
  jw_kopen(b, "cache_creation", '{');
  jw_kint(b, "ephemeral_5m_input_tokens", u->cache_write_5m);
  jw_kint(b, "ephemeral_1h_input_tokens", u->cache_write_1h);
  jw_close(b, '}');
  jw_kint(b, "output_tokens", output);
  jw_kopen(b, "output_tokens_details", '{');
  jw_kint(b, "thinking_tokens", u->thinking);
  jw_close(b, '}');
  jw_kraw(b, "server_tool_use", "null");
  jw_kstr(b, "service_tier", "standard");
  jw_kraw(b, "inference_geo", "null");
  jw_close(b, '}');
}

static void text_block(struct buf *b, const char *text, size_t n) {
  jw_open(b, '{');
  jw_kstr(b, "type", "text");
  jw_key(b, "text");
  jw_strn(b, text, n);
  jw_kraw(b, "citations", "null");
  jw_close(b, '}');
}

static void signature_write(struct buf *b, const struct turn *t) {
  struct buf text = {0};
  struct buf sealed = {0};
  buf_printf(&text, "thinking of %s, sealed %llx", t->id, (unsigned long long)t->question.hash);
  base64_put(&sealed, buf_text(&text), text.n);
  jw_str(b, buf_text(&sealed));
  buf_free(&text);
  buf_free(&sealed);
}

static void tool_block(struct buf *b, const struct turn *t, const char *input) {
  jw_open(b, '{');
  jw_kstr(b, "type", "tool_use");
  jw_kstr(b, "id", t->tool_id);
  jw_kstr(b, "name", t->tool);
  jw_kraw(b, "input", input);
  jw_kraw(b, "caller", "{\"type\":\"direct\"}");
  jw_close(b, '}');
}

/* Everything but the content; the content's array stays open when it is to be filled. */
static void message_head(struct buf *b, const struct turn *t) {
  jw_kstr(b, "id", t->id);
  jw_kstr(b, "type", "message");
  jw_kstr(b, "role", "assistant");
  jw_kstr(b, "model", t->ask->model->id);
}

static void stop_write(struct buf *b, const struct turn *t) {
  jw_kstr(b, "stop_reason", t->stop_reason);
  jw_kstr(b, "stop_sequence", t->stop_sequence);
  jw_kraw(b, "stop_details",
          t->refuses ? "{\"type\":\"refusal\",\"category\":\"cyber\",\"explanation\":\"This "
                       "request was declined.\"}"
                     : "null");
}

static void message_write(struct buf *b, const struct turn *t) {
  jw_open(b, '{');
  message_head(b, t);
  jw_kopen(b, "content", '[');
  if (t->thinks) {
    /* at the default display the text of thinking is not shown */
    jw_open(b, '{');
    jw_kstr(b, "type", "thinking");
    jw_kstr(b, "thinking", "");
    jw_key(b, "signature");
    signature_write(b, t);
    jw_close(b, '}');
  }
  if (t->text.n > 0 && t->split) {
    text_block(b, t->text.p, t->split);
    text_block(b, t->text.p + t->split, t->text.n - t->split);
  } else if (t->text.n > 0) {
    text_block(b, t->text.p, t->text.n);
  }
  if (t->tool) {
    tool_block(b, t, t->tool_input.p);
  }
  jw_close(b, ']');
  stop_write(b, t);
  jw_kraw(b, "container", "null");
  jw_key(b, "usage");
  usage_write(b, t, t->usage.output);
  jw_close(b, '}');
}

static void event_open(struct buf *b, const char *name) {
  buf_printf(b, "event: %s\ndata: {\"type\":\"%s\"", name, name);
}

static void event_close(struct buf *b) {
  buf_str(b, "}\n\n");
}

static void block_start(struct buf *b, int index) {
  event_open(b, "content_block_start");
  jw_kint(b, "index", index);
  jw_key(b, "content_block");
}

static void block_stop(struct buf *b, int index) {
  event_open(b, "content_block_stop");
  jw_kint(b, "index", index);
  event_close(b);
}

static void delta_write(struct buf *b, int index, const char *type, const char *key,
                        const char *text, size_t n) {
  event_open(b, "content_block_delta");
  jw_kint(b, "index", index);
  jw_kopen(b, "delta", '{');
  jw_kstr(b, "type", type);
  jw_key(b, key);
  jw_strn(b, text, n);
  jw_close(b, '}');
  event_close(b);
}

static void deltas_write(struct buf *b, int index, const char *type, const char *key,
                         const char *text, size_t n) {
  for (size_t at = 0; at < n;) {
    size_t piece = n - at > 24 ? utf8_cut(text + at, 24) : n - at;
    delta_write(b, index, type, key, text + at, piece);
    at += piece;
  }
}

static int stream_text(struct buf *b, int index, const char *text, size_t n) {
  block_start(b, index);
  jw_raw(b, "{\"type\":\"text\",\"text\":\"\",\"citations\":null}");
  event_close(b);
  deltas_write(b, index, "text_delta", "text", text, n);
  block_stop(b, index);
  return index + 1;
}

static int stream_thinking(struct buf *b, const struct turn *t, int index) {
  block_start(b, index);
  jw_raw(b, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
  event_close(b);
  event_open(b, "content_block_delta");
  jw_kint(b, "index", index);
  jw_kopen(b, "delta", '{');
  jw_kstr(b, "type", "signature_delta");
  jw_key(b, "signature");
  signature_write(b, t);
  jw_close(b, '}');
  event_close(b);
  block_stop(b, index);
  return index + 1;
}

static int stream_tool(struct buf *b, const struct turn *t, int index) {
  block_start(b, index);
  tool_block(b, t, "{}");
  event_close(b);
  delta_write(b, index, "input_json_delta", "partial_json", "", 0);
  deltas_write(b, index, "input_json_delta", "partial_json", t->tool_input.p, t->tool_input.n);
  block_stop(b, index);
  return index + 1;
}

static void stream_write(struct buf *b, const struct turn *t) {
  int index = 0;
  event_open(b, "message_start");
  jw_kopen(b, "message", '{');
  message_head(b, t);
  jw_kraw(b, "content", "[]");
  jw_kraw(b, "stop_reason", "null");
  jw_kraw(b, "stop_sequence", "null");
  jw_kraw(b, "stop_details", "null");
  jw_kraw(b, "container", "null");
  jw_key(b, "usage");
  usage_write(b, t, 1);
  jw_close(b, '}');
  event_close(b);
  event_open(b, "ping");
  event_close(b);
  if (t->thinks) {
    index = stream_thinking(b, t, index);
  }
  size_t first = t->split ? t->split : t->text.n;
  if (t->text.n > 0) {
    index = stream_text(b, index, t->text.p, first);
  }
  if (t->ask->x->fault == FAULT_STREAM) {
    buf_str(b, "event: error\ndata: "
               "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
               "\"Overloaded\"}}\n\n");
    return;
  }
  if (t->split) {
    index = stream_text(b, index, t->text.p + first, t->text.n - first);
  }
  if (t->tool) {
    stream_tool(b, t, index);
  }
  event_open(b, "message_delta");
  jw_kopen(b, "delta", '{');
  stop_write(b, t);
  jw_kraw(b, "container", "null");
  jw_close(b, '}');
  jw_key(b, "usage");
  usage_write(b, t, t->usage.output);
  event_close(b);
  event_open(b, "message_stop");
  event_close(b);
}

bool anthropic_read(struct exchange *x, struct ask *a, bool counting) {
  const char *type = exchange_header(x, "Content-Type");
  const char *version = exchange_header(x, "anthropic-version");
  memset(a, 0, sizeof *a);
  a->x = x;
  a->counting = counting;
  a->new_version = version && strcmp(version, "2026-10-21") == 0;
  if (type == NULL || strstr(type, "application/json") == NULL) {
    anthropic_error(x, 400, "invalid_request_error", "content-type: must be application/json");
    return false;
  }
  a->in = exchange_json(x);
  if (a->in == NULL) {
    anthropic_error(x, 400, "invalid_request_error", "The request body is not valid JSON");
    return false;
  }
  const cJSON *model = cJSON_GetObjectItemCaseSensitive(a->in, "model");
  if (!ask_check(a)) {
    if (a->model) {
      stats_model(&x->sim->stats, a->model->id)->rejected++;
    }
    anthropic_error(x, 400, "invalid_request_error", a->why);
    return false;
  }
  if (a->model == NULL) {
    snprintf(a->why, sizeof a->why, "model: %.100s", model->valuestring);
    anthropic_error(x, 404, "not_found_error", a->why);
    return false;
  }
  return true;
}

void anthropic_messages(struct exchange *x) {
  struct ask a;
  struct turn t;
  struct buf prompt = {0};
  struct buf last = {0};
  if (!anthropic_read(x, &a, false)) {
    return;
  }
  ask_texts(&a, &prompt, &last);
  turn_make(&t, &a, buf_text(&prompt), buf_text(&last));
  const struct usage *u = &t.usage;
  int64_t total = u->input + u->cache_read + u->cache_write_5m + u->cache_write_1h;
  if (total > a.model->context) {
    snprintf(a.why, sizeof a.why, "prompt is too long: %lld tokens > %lld maximum",
             (long long)total, (long long)a.model->context);
    anthropic_error(x, 400, "invalid_request_error", a.why);
  } else {
    struct model_stats *m = stats_model(&x->sim->stats, a.model->id);
    m->calls++;
    m->input_tokens += (uint64_t)u->input;
    m->output_tokens += (uint64_t)u->output;
    m->cache_read_tokens += (uint64_t)u->cache_read;
    m->cache_write_tokens += (uint64_t)(u->cache_write_5m + u->cache_write_1h);
    x->delay_ms = x->sim->opt.model_latency_ms;
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(a.in, "stream"))) {
      struct buf *b = reply_text(x, 200, "text/event-stream; charset=utf-8");
      x->stream = true;
      stream_write(b, &t);
    } else {
      message_write(reply_json(x, 200), &t);
    }
  }
  turn_free(&t);
  buf_free(&prompt);
  buf_free(&last);
}

void anthropic_count(struct exchange *x) {
  struct ask a;
  struct usage u;
  if (!anthropic_read(x, &a, true)) {
    return;
  }
  cache_account(&a, &u);
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kint(b, "input_tokens", u.input);
  jw_close(b, '}');
}
