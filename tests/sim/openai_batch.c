/* Batches of OpenAI: a file of JSON lines, a batch that names it, and after half an hour a file of
 * the answers, in another order; what was refused stands in a second file. */
#include "openai.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MS = 30 * 60 * 1000, KEPT_MAX = 1000 };

struct file {
  char id[48];
  char *text;
};
struct batch {
  char id[48];
  char out[48], bad[48];
  int64_t ends_ms;
};
static struct file files[KEPT_MAX];
static struct batch batches[KEPT_MAX];
static size_t file_count, batch_count;

static const char *file_keep(struct exchange *x, char *text) {
  if (file_count == KEPT_MAX) {
    free(text);
    return "";
  }
  struct file *f = &files[file_count++];
  snprintf(f->id, sizeof f->id, "file-%016llx",
           (unsigned long long)hash_mix(x->sim->opt.seed, 0xf11e + file_count));
  f->text = text;
  return f->id;
}

static const struct file *file_find(const char *id) {
  for (size_t i = 0; i < file_count; i++) {
    if (strcmp(files[i].id, id) == 0) {
      return &files[i];
    }
  }
  return NULL;
}

/* A form: purpose must be batch, and the file is what lies between its head and the boundary. */
void openai_file_take(struct exchange *x) {
  const char *type = exchange_header(x, "Content-Type");
  const char *boundary = type ? strstr(type, "boundary=") : NULL;
  const char *body = buf_text(&x->body);
  const char *file = strstr(body, "name=\"file\"");
  const char *from = file ? strstr(file, "\r\n\r\n") : NULL;
  char end[120];
  snprintf(end, sizeof end, "\r\n--%.100s", boundary ? boundary + 9 : "?");
  const char *to = from ? strstr(from, end) : NULL;
  if (!to || !strstr(body, "name=\"purpose\"\r\n\r\nbatch\r\n")) {
    openai_error(x, 400, "invalid_request_error", NULL, "file",
                 "'file' and 'purpose' are required, as multipart/form-data.");
    return;
  }
  struct buf text = {0};
  buf_add(&text, from + 4, (size_t)(to - from - 4));
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "id", file_keep(x, buf_take(&text)));
  jw_kstr(b, "object", "file");
  jw_kstr(b, "purpose", "batch");
  jw_close(b, '}');
}

static void line_run(struct exchange *x, const cJSON *item, bool chat, struct buf *out,
                     struct buf *bad) {
  struct exchange one = {.sim = x->sim,
                         .connection = x->connection,
                         .vendor = x->vendor,
                         .route = x->route,
                         .path = x->path,
                         .json = cJSON_Duplicate(llm_member(item, "body"), true)};
  openai_one(&one, chat);
  struct buf line = {0};
  const cJSON *id = llm_member(item, "custom_id");
  jw_open(&line, '{');
  jw_kstr(&line, "id", "batch_req_1");
  jw_kstr(&line, "custom_id", cJSON_IsString(id) ? id->valuestring : "");
  jw_kopen(&line, "response", '{');
  jw_kint(&line, "status_code", one.status);
  jw_kraw(&line, "body", buf_text(&one.out));
  jw_close(&line, '}');
  jw_kraw(&line, "error", "null");
  jw_close(&line, '}');
  buf_char(&line, '\n');
  struct buf *to = one.status == 200 ? out : bad;
  buf_str(&line, buf_text(to)); /* the last comes first: there is no order */
  buf_free(to);
  *to = line;
  cJSON_Delete(one.json);
  buf_free(&one.out);
  for (size_t i = 0; i < one.header_count; i++) {
    free(one.headers[i].name);
    free(one.headers[i].value);
  }
}

static void batch_write(struct exchange *x, const struct batch *t) {
  const bool over = clock_now_ms(&x->sim->clock) >= t->ends_ms;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "id", t->id);
  jw_kstr(b, "object", "batch");
  jw_kstr(b, "status", over ? "completed" : "in_progress");
  jw_kstr(b, "output_file_id", over && t->out[0] ? t->out : NULL);
  jw_kstr(b, "error_file_id", over && t->bad[0] ? t->bad : NULL);
  jw_close(b, '}');
}

void openai_batch_make(struct exchange *x) {
  const cJSON *in = exchange_json(x);
  const cJSON *input = llm_member(in, "input_file_id");
  const cJSON *endpoint = llm_member(in, "endpoint");
  const struct file *f = cJSON_IsString(input) ? file_find(input->valuestring) : NULL;
  const bool chat = llm_is(endpoint, "/v1/chat/completions");
  if (!f || (!chat && !llm_is(endpoint, "/v1/responses")) ||
      !llm_is(llm_member(in, "completion_window"), "24h") || batch_count == KEPT_MAX) {
    openai_error(x, 400, "invalid_request_error", NULL, "input_file_id",
                 "input_file_id, endpoint and completion_window '24h' are required.");
    return;
  }
  struct batch *t = &batches[batch_count++];
  struct buf out = {0};
  struct buf bad = {0};
  for (const char *at = f->text; *at;) {
    const size_t n = strcspn(at, "\n");
    cJSON *item = n ? cJSON_ParseWithLength(at, n) : NULL;
    if (item) {
      line_run(x, item, chat, &out, &bad);
    }
    cJSON_Delete(item);
    at += n + (at[n] == '\n');
  }
  snprintf(t->id, sizeof t->id, "batch_%016llx",
           (unsigned long long)hash_mix(x->sim->opt.seed, 0xba7c + batch_count));
  t->ends_ms = clock_now_ms(&x->sim->clock) + BATCH_MS;
  if (out.n) {
    snprintf(t->out, sizeof t->out, "%s", file_keep(x, buf_take(&out)));
  }
  if (bad.n) {
    snprintf(t->bad, sizeof t->bad, "%s", file_keep(x, buf_take(&bad)));
  }
  batch_write(x, t);
}

void openai_batch_show(struct exchange *x) {
  for (size_t i = 0; i < batch_count; i++) {
    if (strcmp(batches[i].id, x->capture[0]) == 0) {
      batch_write(x, &batches[i]);
      return;
    }
  }
  openai_error(x, 404, "invalid_request_error", NULL, NULL, "No batch found with that id.");
}

void openai_file_show(struct exchange *x) {
  const struct file *f = file_find(x->capture[0]);
  if (f) {
    buf_str(reply_text(x, 200, "application/octet-stream"), f->text);
  } else {
    openai_error(x, 404, "invalid_request_error", NULL, NULL, "No such File object.");
  }
}
