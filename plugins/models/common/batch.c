/*
 * Batches: calls that may wait are gathered for a moment, sent together, and asked for until they
 * have ended. The requests run under the operation of one of the calls, the leader; when that is
 * gone, another takes over at its next tick. The host keeps a batch's name with each call, so that
 * after a restart the same calls come back to it.
 */
#include "call_inner.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_ITEMS_MAX   10000
#define RESULTS_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define SOON_MS           10

enum batch_state { GATHERING = 0, SENDING, RUNNING, OVER };

struct item {
  trg_op op;
  struct trg_str id; /* of the call's request, which lives as long as the op */
  bool over;         /* it has its answer */
};

struct llm_batch {
  struct llm_batch *next;
  enum batch_state state;
  char ref[LLM_BATCH_NAME_MAX];
  char results[2][LLM_BATCH_NAME_MAX]; /* still to be fetched */
  trg_op leader;
  struct item *items;
  size_t count, room;
};

void llm_batches_free(struct llm_inst *self) {
  while (self->batches) {
    struct llm_batch *b = self->batches;
    self->batches = b->next;
    free(b->items);
    free(b);
  }
}

static struct llm_batch *batch_find(struct llm_inst *self, struct trg_str ref) {
  for (struct llm_batch *b = self->batches; b; b = b->next) {
    if (ref.n && strlen(b->ref) == ref.n && memcmp(b->ref, ref.p, ref.n) == 0 && b->state != OVER)
      return b;
    if (!ref.n && b->state == GATHERING && b->count < BATCH_ITEMS_MAX) return b;
  }
  struct llm_batch *b = calloc(1, sizeof *b);
  if (!b) abort();
  snprintf(b->ref, sizeof b->ref, "%.*s", (int)ref.n, ref.n ? ref.p : "");
  b->state = ref.n ? RUNNING : GATHERING;
  b->next = self->batches;
  self->batches = b;
  return b;
}

static void batch_drop(struct llm_inst *self, struct llm_batch *b) {
  struct llm_batch **at = &self->batches;
  while (*at && *at != b) at = &(*at)->next;
  if (*at) *at = b->next;
  free(b->items);
  free(b);
}

static struct call *call_of(const struct llm_inst *self, trg_op op) {
  return self->host->op_get(op); /* NULL when the call is gone */
}

static struct trg_result retry_of(int32_t status, const char *code, const char *why,
                                  uint32_t flags) {
  return (struct trg_result){.outcome = TRG_RETRY,
                             .http_status = status,
                             .code = {code, strlen(code)},
                             .why = {why, strlen(why)},
                             .flags = flags};
}

/* Ends every call that is still there, and the batch. */
static void all_end(struct llm_inst *self, struct llm_batch *b, const struct trg_result *result) {
  b->state = OVER;
  for (size_t i = 0; i < b->count; i++)
    if (!b->items[i].over && call_of(self, b->items[i].op))
      self->host->done(b->items[i].op, result);
  batch_drop(self, b);
}

/* ---- sending ---- */

static void on_tick(void *me, trg_op op, void *arg);

static void tick_in(struct llm_inst *self, trg_op op, struct llm_batch *b, int64_t ms) {
  self->host->timer(op, ms, on_tick, b);
}

static void request_send(struct llm_inst *self, trg_op op, struct llm_batch *b,
                         enum llm_batch_step step, struct trg_str body, trg_reply_fn *on_reply) {
  const struct llm_batching *how = self->vendor->batching;
  const bool posts = step == LLM_BATCH_UPLOAD || step == LLM_BATCH_MAKE;
  const char *name = step == LLM_BATCH_FETCH ? b->results[b->results[0][0] ? 0 : 1] : b->ref;
  struct trg_header headers[LLM_HEADERS_MAX];
  struct llm_text url = {0};
  const size_t n = llm_headers(self, headers);
  if (step == LLM_BATCH_UPLOAD) /* the first of them */
    headers[0].value = (struct trg_str){how->upload_type, strlen(how->upload_type)};
  how->url(self, step, name, &url);
  const struct trg_http_request request = {
      .size = sizeof request,
      .method = posts ? "POST" : "GET",
      .url = {url.p, url.n},
      .headers = headers,
      .header_count = n,
      .body = body,
      .timeout_ms = INT64_C(10) * 60 * 1000,
      .body_max_bytes = step == LLM_BATCH_FETCH ? RESULTS_MAX_BYTES : 0};
  self->host->http(op, &request, on_reply, b);
  llm_text_clear(&url);
}

/* The vendor has it: from here on it is found again after a restart. */
static void created_note(struct llm_inst *self, trg_op op, struct llm_batch *b) {
  b->state = RUNNING;
  for (size_t i = 0; i < b->count; i++)
    if (call_of(self, b->items[i].op))
      self->host->batch_ref(b->items[i].op, (struct trg_str){b->ref, strlen(b->ref)});
  tick_in(self, op, b, self->batch_poll_ms);
}

static void created_fail(struct llm_inst *self, struct llm_batch *b,
                         const struct trg_http_reply *reply) {
  char why[400];
  struct trg_result result;
  if (reply->status == 0) {
    llm_lost_judge(reply, &result, why, sizeof why);
  } else if (reply->status < 300) {
    result = retry_of(reply->status, TRG_CODE_MALFORMED,
                      "the answer to a batch has no name of it: the vendor may have taken it",
                      TRG_RESULT_MAYBE_BILLED);
  } else {
    struct llm_fault fault = {0};
    self->vendor->fault_read(reply, &fault);
    self->vendor->fault_judge(reply, &fault, self->host->now_ms(), &result, why, sizeof why);
    if (llm_auth_quoted(&self->auth, result.why.p))
      result.why = TRG_STR("the peer's error text repeats the key and is left out");
    if (result.retry_after_ms > 0) self->host->bucket(self->name, NULL, 0, result.retry_after_ms);
  }
  all_end(self, b, &result);
}

static bool is_good(const struct trg_http_reply *reply) {
  return reply->status >= 200 && reply->status < 300;
}

static void on_created(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct llm_inst *self = me;
  struct llm_batch *b = arg;
  if (is_good(reply) && self->vendor->batching->created(reply->body, b->ref, sizeof b->ref))
    created_note(self, op, b);
  else
    created_fail(self, b, reply);
}

/* A file alone costs nothing: until the batch is made, a loss is no bill. */
static void on_uploaded(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct llm_inst *self = me;
  struct llm_batch *b = arg;
  char file[LLM_BATCH_NAME_MAX];
  if (!is_good(reply) || !self->vendor->batching->created(reply->body, file, sizeof file)) {
    created_fail(self, b, reply);
    return;
  }
  struct llm_text body = {0};
  self->vendor->batching->make(self, file, &body);
  request_send(self, op, b, LLM_BATCH_MAKE, (struct trg_str){body.p, body.n}, on_created);
  llm_text_clear(&body);
}

static void batch_submit(struct llm_inst *self, trg_op op, struct llm_batch *b) {
  struct llm_text body = {0};
  for (size_t i = 0; i < b->count; i++) {
    const struct call *call = call_of(self, b->items[i].op);
    if (call)
      self->vendor->batching->add(self, &body, b->items[i].id,
                                  (struct trg_str){call->body.p, call->body.n});
  }
  self->vendor->batching->close(&body);
  b->state = SENDING;
  if (self->vendor->batching->upload_type)
    request_send(self, op, b, LLM_BATCH_UPLOAD, (struct trg_str){body.p, body.n}, on_uploaded);
  else
    request_send(self, op, b, LLM_BATCH_MAKE, (struct trg_str){body.p, body.n}, on_created);
  llm_text_clear(&body);
}

/* ---- asking ---- */

static void item_end(struct llm_inst *self, struct llm_batch *b, struct trg_str line) {
  struct llm_text body = {0};
  char id[80];
  int32_t status = 0;
  if (!self->vendor->batching->line(line, id, sizeof id, &status, &body)) {
    llm_text_clear(&body);
    return;
  }
  for (size_t i = 0; i < b->count; i++) {
    struct item *it = &b->items[i];
    struct call *call = it->over ? NULL : call_of(self, it->op);
    if (!call || it->id.n != strlen(id) || memcmp(it->id.p, id, it->id.n) != 0) continue;
    it->over = status != 0;
    const struct trg_http_reply reply = {
        .size = sizeof reply, .status = status, .sent = true, .body = {body.p, body.n}};
    if (status == 200) {
      llm_success_end(self, it->op, call, &reply);
    } else if (status) {
      struct llm_fault fault = {0};
      self->vendor->fault_read(&reply, &fault);
      (void)llm_call_lower(self, call, &fault);
      llm_fault_tell(self, it->op, call, &reply, NULL, &fault);
    }
    break;
  }
  llm_text_clear(&body);
}

/* A call that is still there and has no answer yet; 0: none. */
static trg_op waiting_op(const struct llm_inst *self, const struct llm_batch *b) {
  for (size_t i = 0; i < b->count; i++)
    if (!b->items[i].over && call_of(self, b->items[i].op)) return b->items[i].op;
  return 0;
}

static void on_results(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct llm_inst *self = me;
  struct llm_batch *b = arg;
  if (reply->status != 200) { /* they are kept for days: ask again */
    tick_in(self, op, b, self->batch_poll_ms);
    return;
  }
  for (size_t at = 0; at < reply->body.n;) {
    const char *end = memchr(reply->body.p + at, '\n', reply->body.n - at);
    const size_t n = end ? (size_t)(end - reply->body.p) - at : reply->body.n - at;
    if (n) item_end(self, b, (struct trg_str){reply->body.p + at, n});
    at += n + 1;
  }
  b->results[b->results[0][0] ? 0 : 1][0] = '\0';
  const trg_op next = b->results[1][0] ? waiting_op(self, b) : 0;
  if (next) { /* the leader may have had its answer in the first file */
    b->leader = next;
    request_send(self, next, b, LLM_BATCH_FETCH, (struct trg_str){0}, on_results);
    return;
  }
  const struct trg_result none = retry_of(0, TRG_CODE_TRANSIENT,
                                          "the batch ended without an answer to this call", 0);
  all_end(self, b, &none);
}

static void on_status(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct llm_inst *self = me;
  struct llm_batch *b = arg;
  if (reply->status == 404) {
    const struct trg_result gone = retry_of(404, TRG_CODE_TRANSIENT,
                                            "the vendor knows nothing of the batch any more",
                                            TRG_RESULT_MAYBE_BILLED);
    all_end(self, b, &gone);
    return;
  }
  if (reply->status != 200 || !self->vendor->batching->ended(reply->body, b->results)) {
    tick_in(self, op, b, self->batch_poll_ms);
    return;
  }
  if (b->results[0][0] || b->results[1][0]) {
    request_send(self, op, b, LLM_BATCH_FETCH, (struct trg_str){0}, on_results);
    return;
  }
  const struct trg_result failed = retry_of(200, TRG_CODE_TRANSIENT,
                                            "the vendor gave the batch up as a whole", 0);
  all_end(self, b, &failed);
}

bool llm_batch_id(struct trg_str body, char *ret_name, size_t room) {
  static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  struct cJSON *root = llm_json_parse(body);
  const char *id = llm_json_string(root, "id");
  const bool good = *id && strlen(id) < room && id[strspn(id, fine)] == '\0';
  if (good) snprintf(ret_name, room, "%s", id);
  cJSON_Delete(root);
  return good;
}

/* ---- the tick of each call ---- */

static void on_token(void *me, trg_op op, const char *why_not) {
  struct llm_inst *self = me;
  const struct call *call = call_of(self, op);
  if (!call) return;
  if (!why_not) {
    on_tick(me, op, call->batch);
    return;
  }
  const struct trg_result result = retry_of(0, TRG_CODE_AUTH, why_not, 0);
  if (call->batch->state == GATHERING)
    all_end(self, call->batch, &result);
  else
    tick_in(self, op, call->batch, self->batch_poll_ms); /* it is with the vendor: try again */
}

static void on_tick(void *me, trg_op op, void *arg) {
  struct llm_inst *self = me;
  struct llm_batch *b = arg;
  struct call *call = call_of(self, op);
  if (!call) return;
  if (b->leader != op && b->leader && call_of(self, b->leader)) {
    tick_in(self, op, b, self->batch_poll_ms);
    return;
  }
  const bool lost = b->state == SENDING; /* the leader was given up before the answer came */
  b->leader = op;
  if (lost) {
    const struct trg_result result = retry_of(
        0, TRG_CODE_TRANSIENT, "the answer to the batch was lost: the vendor may have taken it",
        TRG_RESULT_MAYBE_BILLED);
    all_end(self, b, &result);
    return;
  }
  if (!llm_auth_ready(&self->auth, self->host->now_ms())) {
    llm_auth_get(&self->auth, self->host, op, &call->token, on_token);
    return;
  }
  if (b->state == GATHERING)
    batch_submit(self, op, b);
  else
    request_send(self, op, b, LLM_BATCH_ASK, (struct trg_str){0}, on_status);
}

void llm_batch_join(struct llm_inst *self, trg_op op, struct call *call) {
  struct llm_batch *b = batch_find(self, call->request.batch_ref);
  if (b->count == b->room) {
    b->room = b->room ? b->room * 2 : 32;
    b->items = realloc(b->items, b->room * sizeof *b->items);
    if (!b->items) abort();
  }
  b->items[b->count++] = (struct item){op, call->request.batch_id, false};
  call->batch = b;
  tick_in(self, op, b, b->state == GATHERING ? self->batch_window_ms : SOON_MS);
}
