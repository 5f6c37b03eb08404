/* Message batches: taken as a whole, answered an hour later in another order, a JSON text a line.
 */
#include "anthropic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MS = 45 * 60 * 1000, BATCH_MAX = 1000 };

struct batch {
  char id[48];
  int64_t ends_ms;
  int64_t requests, good;
  char *results;
};
static struct batch batches[BATCH_MAX];
static size_t batch_count;

static bool id_fine(const char *id) {
  size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
  return n >= 1 && n <= 64 && id[n] == '\0';
}

/* The parameters are looked at when the batch is worked on, not when it is taken. */
static void one_run(struct exchange *x, const char *id, const cJSON *params, struct batch *b,
                    struct buf *line) {
  struct exchange one = {.sim = x->sim,
                         .connection = x->connection,
                         .vendor = x->vendor,
                         .route = x->route,
                         .state = x->state,
                         .json = cJSON_Duplicate(params, true)};
  anthropic_messages(&one);
  jw_open(line, '{');
  jw_kstr(line, "custom_id", id);
  jw_kopen(line, "result", '{');
  jw_kstr(line, "type", one.status == 200 ? "succeeded" : "errored");
  jw_kraw(line, one.status == 200 ? "message" : "error", buf_text(&one.out));
  jw_close(line, '}');
  jw_close(line, '}');
  buf_char(line, '\n');
  b->good += one.status == 200;
  cJSON_Delete(one.json);
  buf_free(&one.out);
  for (size_t i = 0; i < one.header_count; i++) {
    free(one.headers[i].name);
    free(one.headers[i].value);
  }
}

static void batch_write(struct exchange *x, const struct batch *b) {
  const bool over = clock_now_ms(&x->sim->clock) >= b->ends_ms;
  struct buf *out = reply_json(x, 200);
  jw_open(out, '{');
  jw_kstr(out, "id", b->id);
  jw_kstr(out, "type", "message_batch");
  jw_kstr(out, "processing_status", over ? "ended" : "in_progress");
  jw_kopen(out, "request_counts", '{');
  jw_kint(out, "processing", over ? 0 : b->requests);
  jw_kint(out, "succeeded", over ? b->good : 0);
  jw_kint(out, "errored", over ? b->requests - b->good : 0);
  jw_kint(out, "canceled", 0);
  jw_kint(out, "expired", 0);
  jw_close(out, '}');
  jw_kstr(out, "results_url", over ? "https://elsewhere.example/results" : NULL);
  jw_close(out, '}');
}

void anthropic_batch_make(struct exchange *x) {
  const cJSON *requests = cJSON_GetObjectItemCaseSensitive(exchange_json(x), "requests");
  const cJSON *item = NULL;
  if (!cJSON_IsArray(requests) || requests->child == NULL || batch_count == BATCH_MAX) {
    anthropic_error(x, 400, "invalid_request_error", "requests: Field required");
    return;
  }
  cJSON_ArrayForEach(item, requests) {
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "custom_id");
    if (!cJSON_IsString(id) || !id_fine(id->valuestring) ||
        !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(item, "params"))) {
      anthropic_error(x, 400, "invalid_request_error",
                      "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'");
      return;
    }
    for (const cJSON *other = requests->child; other != item; other = other->next) {
      if (strcmp(cJSON_GetObjectItemCaseSensitive(other, "custom_id")->valuestring,
                 id->valuestring) == 0) {
        anthropic_error(x, 400, "invalid_request_error", "custom_id values must be unique");
        return;
      }
    }
  }
  struct batch *b = &batches[batch_count++];
  snprintf(b->id, sizeof b->id, "msgbatch_01%016llx",
           (unsigned long long)hash_mix(x->sim->opt.seed, batch_count));
  b->ends_ms = clock_now_ms(&x->sim->clock) + BATCH_MS;
  struct buf all = {0};
  cJSON_ArrayForEach(item, requests) {
    struct buf line = {0};
    one_run(x, cJSON_GetObjectItemCaseSensitive(item, "custom_id")->valuestring,
            cJSON_GetObjectItemCaseSensitive(item, "params"), b, &line);
    buf_str(&line, buf_text(&all)); /* the last comes first: there is no order */
    buf_free(&all);
    all = line;
    b->requests++;
  }
  b->results = buf_take(&all);
  batch_write(x, b);
}

static struct batch *batch_of(struct exchange *x) {
  for (size_t i = 0; i < batch_count; i++) {
    if (strcmp(batches[i].id, x->capture[0]) == 0) {
      return &batches[i];
    }
  }
  anthropic_error(x, 404, "not_found_error", "batch not found");
  return NULL;
}

void anthropic_batch_show(struct exchange *x) {
  const struct batch *b = batch_of(x);
  if (b) {
    batch_write(x, b);
  }
}

void anthropic_batch_results(struct exchange *x) {
  const struct batch *b = batch_of(x);
  if (b && clock_now_ms(&x->sim->clock) < b->ends_ms) {
    anthropic_error(x, 404, "not_found_error", "the batch has not ended yet");
  } else if (b) {
    buf_str(reply_text(x, 200, "application/x-jsonl"), b->results);
  }
}
