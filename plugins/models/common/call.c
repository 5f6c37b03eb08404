#include "call_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A refused part is left out for so long and then tried again: a server learns, and one odd
 * prompt must not cost the schema guarantee until the next restart. */
#define REFUSED_FOR_MS (INT64_C(60) * 60 * 1000)

static void call_free(void *state) {
  struct call *call = state;
  llm_text_clear(&call->body);
  llm_head_drop(call->head);
  llm_text_clear(&call->broken);
  llm_auth_run_free(&call->token);
  free(call);
}

static struct trg_str slice(const struct llm_text *text) {
  return (struct trg_str){text->p, text->n};
}

/* ---- ends ---- */

static struct trg_result result_of(int32_t outcome, int32_t status, const char *code,
                                   const char *why) {
  return (struct trg_result){
      .outcome = outcome,
      .http_status = status,
      .code = {code, strlen(code)},
      .why = {why, strlen(why)},
  };
}

/* A gateway's error may repeat the key that it refused. */
static void secret_keep(const struct llm_inst *self, struct trg_result *result) {
  if (llm_auth_quoted(&self->auth, result->why.p))
    result->why = TRG_STR("the peer's error text repeats the key and is left out");
}

static void usage_add(struct trg_usage *to, const struct trg_usage *more) {
  to->input += more->input;
  to->output += more->output;
  to->cache_read += more->cache_read;
  to->cache_write += more->cache_write;
  to->reasoning += more->reasoning;
  to->estimated = to->estimated || more->estimated;
}

/* What this round can have used at most, when nobody says. */
static struct trg_usage usage_guess(const struct llm_inst *self, const struct call *call,
                                    int64_t output) {
  const struct llm_ask ask = {.request = &call->request, .mode = call->mode, .off = call->off};
  struct trg_usage usage;
  self->vendor->estimate(self, &ask, &usage);
  if (call->repairs)
    usage.input += llm_tokens_max(slice(&call->broken)) + llm_tokens_max(call->request.schema);
  if (output >= 0) usage.output = output;
  usage.estimated = true;
  return usage;
}

/* The usage of all rounds so far; what the server does not count is filled up with bounds. */
static struct trg_usage usage_of(const struct llm_inst *self, const struct call *call,
                                 const struct llm_answer *answer) {
  struct trg_usage usage = answer->usage;
  const struct trg_usage guess = usage_guess(self, call, llm_tokens_max(slice(&answer->text)) + 1);
  usage.estimated = !answer->input_counted || !answer->output_counted;
  if (!answer->input_counted) usage.input = guess.input + guess.cache_write;
  if (!answer->output_counted) usage.output = guess.output;
  usage_add(&usage, &call->spent);
  return usage;
}

/* The usage is of the whole op so far, so that the last reply of an op says it all: the first
 * round's reply is emitted at once, because the second may never end. */
static void reply_emit(const struct llm_inst *self, trg_op op, const struct call *call,
                       const struct trg_http_reply *http, const struct llm_answer *answer,
                       const struct trg_usage *usage) {
  struct trg_str id = {0};
  for (size_t i = 0; i < 2 && !id.n && self->vendor->id_headers[i]; i++)
    id = llm_header(http, self->vendor->id_headers[i]);
  const struct trg_str head = llm_head_text(call->head);
  struct llm_text sent = {0};
  llm_text_add(&sent, head.p, head.n);
  llm_text_add(&sent, call->body.p, call->body.n);
  const struct trg_model_reply reply = {
      .size = sizeof reply,
      .text = slice(&answer->text),
      .stop = answer->stop,
      .stop_word = {answer->stop_word, strlen(answer->stop_word)},
      .served = {answer->served, strlen(answer->served)},
      .request_id = id.n ? id : (struct trg_str){answer->id, strlen(answer->id)},
      .usage = *usage,
      .request_bytes = slice(&sent),
      .response_bytes = http->body,
  };
  self->host->emit_reply(op, &reply);
  llm_text_clear(&sent);
}

/* What a counted answer is worth, by how it stopped. */
static struct trg_result answer_judge(const struct llm_answer *answer, bool schema_asked,
                                      int32_t status, char why[200]) {
  switch (answer->stop) {
  case TRG_STOP_REFUSAL:
    snprintf(why, 200, "the model or a content filter declined (%s%s%s)", answer->stop_word,
             answer->detail[0] ? ", category " : "", answer->detail);
    return result_of(TRG_REJECTED, status, TRG_CODE_REFUSAL, why);
  case TRG_STOP_LENGTH:
    snprintf(why, 200, "the answer was cut off (%s): raise max_output_tokens or reasoning_tokens",
             answer->stop_word);
    return result_of(TRG_REJECTED, status, TRG_CODE_LENGTH, why);
  case TRG_STOP_END:
    break;
  default:
    snprintf(why, 200, "the model stopped for a reason that is no answer (%s)",
             answer->stop_word[0] ? answer->stop_word : "none given");
    return result_of(TRG_REJECTED, status, TRG_CODE_MALFORMED, why);
  }
  if (answer->text.n == 0)
    return result_of(TRG_REJECTED, status, TRG_CODE_MALFORMED, "the answer is empty");
  if (schema_asked && !answer->is_json)
    return result_of(TRG_RETRY, status, TRG_CODE_MALFORMED,
                     "the answer is not one JSON object, also where it was asked for again");
  return result_of(TRG_DONE, status, TRG_CODE_OK, "");
}

/* Nothing can be read, but it may be counted. After a first round that was emitted the host looks
 * at that reply's usage, so this round's bound is added to it. */
static void unread_end(struct llm_inst *self, trg_op op, const struct call *call,
                       const struct trg_http_reply *http, const struct trg_result *result) {
  if (call->repairs && (result->flags & TRG_RESULT_MAYBE_BILLED)) {
    struct llm_answer none = {.stop = TRG_STOP_OTHER};
    struct trg_usage usage = usage_guess(self, call, -1);
    usage_add(&usage, &call->spent);
    reply_emit(self, op, call, http, &none, &usage);
  }
  self->host->done(op, result);
}

void llm_fault_tell(struct llm_inst *self, trg_op op, const struct call *call,
                    const struct trg_http_reply *http, const struct llm_answer *answer,
                    const struct llm_fault *fault) {
  char why[400];
  struct trg_result result;
  self->vendor->fault_judge(http, fault, self->host->now_ms(), &result, why, sizeof why);
  secret_keep(self, &result);
  if (strcmp(result.code.p, TRG_CODE_REFUSAL) == 0) {
    /* The prompt of a request that a filter stops with a 400 is billed by some. */
    struct llm_answer none = {.stop = TRG_STOP_REFUSAL, .stop_word = "content_filter"};
    struct trg_usage usage = usage_guess(self, call, 0);
    usage_add(&usage, &call->spent);
    reply_emit(self, op, call, http, &none, &usage);
  } else if (answer && answer->input_counted) { /* it broke off midway, and says what it cost */
    const struct trg_usage usage = usage_of(self, call, answer);
    reply_emit(self, op, call, http, answer, &usage);
    result.flags = 0;
  }
  if (result.retry_after_ms > 0) /* holds every call of the instance back, not only this one */
    self->host->bucket(self->name, NULL, 0, result.retry_after_ms);
  unread_end(self, op, call, http, &result);
}

/* ---- the call ---- */

static void on_reply(void *self, trg_op op, const struct trg_http_reply *reply, void *arg);

size_t llm_headers(const struct llm_inst *self, struct trg_header *headers) {
  size_t n = 0;
  headers[n++] = (struct trg_header){TRG_STR("content-type"), TRG_STR("application/json")};
  headers[n++] = (struct trg_header){TRG_STR("accept"), TRG_STR("application/json")};
  for (size_t i = 0; i < self->extra_count; i++) headers[n++] = self->extra[i];
  if (self->auth.value.n)
    headers[n++] = (struct trg_header){{self->auth.name, strlen(self->auth.name)},
                                       slice(&self->auth.value)};
  return n;
}

static void send_now(struct llm_inst *self, trg_op op, struct call *call) {
  struct trg_header headers[LLM_HEADERS_MAX];
  const size_t n = llm_headers(self, headers);
  struct trg_http_request request = {
      .size = sizeof request,
      .method = "POST",
      .url = slice(&self->url),
      .headers = headers,
      .header_count = n,
      .body = slice(&call->body),
      .flags = TRG_HTTP_BODY_STAYS,
      .sigv4 = slice(&self->sigv4),
      .userpwd = slice(&self->userpwd),
      .body_head = llm_head_text(call->head),
  };
  self->host->http(op, &request, on_reply, NULL);
}

static void on_token(void *me, trg_op op, const char *why_not) {
  struct llm_inst *self = me;
  struct call *call = self->host->op_get(op);
  if (!call) return;
  if (!why_not) {
    send_now(self, op, call);
    return;
  }
  const struct trg_result result = result_of(TRG_RETRY, 0, TRG_CODE_AUTH, why_not);
  self->host->done(op, &result);
}

static void call_send(struct llm_inst *self, trg_op op, struct call *call) {
  struct trg_err err = {0};
  const struct trg_str broken = slice(&call->broken);
  const struct llm_ask ask = {.request = &call->request,
                              .mode = call->mode,
                              .off = call->off,
                              .broken = call->repairs ? &broken : NULL,
                              .kept = &self->kept};
  llm_text_clear(&call->body);
  llm_head_drop(call->head);
  call->head = NULL;
  if (self->vendor->build(self, &ask, &call->body, &err) != 0) {
    const struct trg_result result = result_of(TRG_REJECTED, 0, err.code, err.text);
    self->host->done(op, &result);
    return;
  }
  if (self->vendor->batching && (call->request.flags & TRG_REQUEST_BATCH)) {
    llm_text_trim(&call->body);
    llm_batch_join(self, op, call);
    return;
  }
  call->head = llm_head_take(&self->heads, &call->body);
  llm_text_trim(&call->body);
  if (llm_auth_ready(&self->auth, self->host->now_ms()))
    send_now(self, op, call);
  else
    llm_auth_get(&self->auth, self->host, op, &call->token, on_token);
}

/* ---- going down ---- */

static void lowered_tell(struct llm_inst *self, unsigned part, const char *name, const char *now) {
  const char *const kv[] = {"model", self->model, "part", name, "now", now, NULL};
  self->host->log(self->name, self->told & part ? TRG_DEBUG : TRG_WARN, "request_part_refused", kv);
  self->told |= part;
}

static void mode_lower(struct llm_inst *self, struct call *call, int64_t now_ms) {
  const char *part = self->vendor->modes[call->mode];
  call->mode++;
  if (self->mode_until_ms <= now_ms || self->mode < call->mode) {
    self->mode = call->mode;
    self->mode_until_ms = now_ms + REFUSED_FOR_MS;
  }
  lowered_tell(self, LLM_FORMAT, part, self->vendor->modes[call->mode]);
}

/* After a refusal: leaves out what it names, if anything is named that is there. */
bool llm_call_lower(struct llm_inst *self, struct call *call, const struct llm_fault *fault) {
  const struct llm_ask ask = {.request = &call->request, .mode = call->mode, .off = call->off};
  const int64_t now_ms = self->host->now_ms();
  unsigned names = self->vendor->fault_names(self, fault, &ask) & ~call->off;
  if (!call->request.schema.n || self->mode_pinned || call->mode >= self->vendor->last_mode)
    names &= ~LLM_FORMAT;
  for (unsigned i = 1; i < LLM_PART_MAX; i++) {
    if (!(names & (1u << i))) continue;
    call->off |= 1u << i;
    self->off_until_ms[i] = now_ms + REFUSED_FOR_MS;
    lowered_tell(self, 1u << i, self->vendor->parts[i], "left out");
  }
  if (names & LLM_FORMAT) mode_lower(self, call, now_ms);
  return names != 0;
}

/* A fault that a smaller request may get around is answered with one; true when it is. 422 is what
 * validators of Python servers answer, 501 what llama.cpp does. */
static bool fault_get_around(struct llm_inst *self, trg_op op, struct call *call,
                             const struct trg_http_reply *http, const struct llm_fault *fault) {
  const int32_t status = llm_fault_status(http, fault);
  if (call->batch) return false; /* an answer out of a batch is not asked for again at full price */
  if ((status == 401 || status == 403) && !call->renewed && llm_auth_renew(&self->auth)) {
    call->renewed = true; /* a token that was taken back before it expired */
    call_send(self, op, call);
    return true;
  }
  if (status != 400 && status != 422 && status != 501) return false;
  if (!llm_call_lower(self, call, fault)) return false;
  call_send(self, op, call);
  return true;
}

/* ---- answers ---- */

/* Asks once more for what was no JSON, with the first answer in the conversation. */
static void repair_start(struct llm_inst *self, trg_op op, struct call *call,
                         struct llm_answer *answer, const struct trg_usage *usage) {
  const char *const kv[] = {"model", self->model, "served", answer->served, NULL};
  self->host->log(self->name, TRG_INFO, "answer_not_json", kv);
  call->repairs = true;
  call->spent = *usage;
  call->broken = answer->text;
  answer->text = (struct llm_text){0};
  call_send(self, op, call);
}

static void answered(struct llm_inst *self, trg_op op, struct call *call,
                     const struct trg_http_reply *http, struct llm_answer *answer) {
  char why[200];
  const bool schema_asked = call->request.schema.n > 0;
  const struct trg_usage usage = usage_of(self, call, answer);
  reply_emit(self, op, call, http, answer, &usage);
  if (schema_asked && !self->vendor->no_repair && !call->batch && !call->repairs &&
      answer->stop == TRG_STOP_END && !answer->is_json) {
    repair_start(self, op, call, answer, &usage);
    return;
  }
  const struct trg_result result = answer_judge(answer, schema_asked, http->status, why);
  self->host->done(op, &result);
}

void llm_success_end(struct llm_inst *self, trg_op op, struct call *call,
                     const struct trg_http_reply *http) {
  struct llm_answer answer = {.stop = TRG_STOP_OTHER};
  switch (self->vendor->read(http->body, call->request.schema.n > 0, &answer)) {
  case LLM_ANSWER:
    answered(self, op, call, http, &answer);
    break;
  case LLM_ERROR:
    if (!fault_get_around(self, op, call, http, &answer.fault))
      llm_fault_tell(self, op, call, http, &answer, &answer.fault);
    break;
  case LLM_MALFORMED: {
    struct trg_result result = result_of(
        TRG_RETRY, http->status, TRG_CODE_MALFORMED,
        "the body of a success is no answer: the vendor may have counted it");
    result.flags = TRG_RESULT_MAYBE_BILLED;
    unread_end(self, op, call, http, &result);
    break;
  }
  }
  llm_answer_clear(&answer);
}

static void on_reply(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  (void)arg;
  struct llm_inst *self = me;
  struct call *call = self->host->op_get(op);
  if (!call) return;
  if (reply->status == 0) {
    char why[320];
    struct trg_result result;
    llm_lost_judge(reply, &result, why, sizeof why);
    secret_keep(self, &result);
    unread_end(self, op, call, reply, &result);
    return;
  }
  int64_t remaining;
  int64_t reset_ms;
  if (self->vendor->rate && self->vendor->rate(reply, self->host->now_ms(), &remaining, &reset_ms))
    self->host->bucket(self->name, NULL, remaining, reset_ms);
  if (reply->status >= 200 && reply->status < 300) {
    llm_success_end(self, op, call, reply);
    return;
  }
  struct llm_fault fault = {0};
  self->vendor->fault_read(reply, &fault);
  if (!fault_get_around(self, op, call, reply, &fault))
    llm_fault_tell(self, op, call, reply, NULL, &fault);
}

/* ---- starting ---- */

/* What an older daemon does not know of reads as zero. */
static struct trg_model_request request_of(const struct trg_model_request *request) {
  struct trg_model_request whole = {0};
  memcpy(&whole, request, request->size < sizeof whole ? request->size : sizeof whole);
  return whole;
}

static int mode_now(const struct llm_inst *self, int64_t now_ms) {
  return now_ms < self->mode_until_ms ? self->mode : self->first_mode;
}

static unsigned off_now(const struct llm_inst *self, int64_t now_ms) {
  unsigned off = 0;
  for (unsigned i = 1; i < LLM_PART_MAX; i++)
    if (now_ms < self->off_until_ms[i]) off |= 1u << i;
  return off;
}

void llm_complete(void *me, trg_op op, const struct trg_model_request *request) {
  struct llm_inst *self = me;
  struct call *call = calloc(1, sizeof *call);
  if (!call) abort();
  const int64_t now_ms = self->host->now_ms();
  call->request = request_of(request);
  call->mode = mode_now(self, now_ms);
  call->off = off_now(self, now_ms);
  self->host->op_set(op, call, call_free);
  call_send(self, op, call);
}

void llm_estimate(void *me, const struct trg_model_request *request, struct trg_usage *ret) {
  const struct llm_inst *self = me;
  const struct trg_model_request whole = request_of(request);
  const int64_t now_ms = self->host->now_ms();
  const struct llm_ask ask = {
      .request = &whole, .mode = mode_now(self, now_ms), .off = off_now(self, now_ms)};
  self->vendor->estimate(self, &ask, ret);
  ret->estimated = true;
  if (!self->vendor->no_repair) llm_repair_bound(&whole, ret);
}

void *llm_inst_new(size_t size, const struct trg_host *host, trg_inst *name,
                   const struct llm_vendor *vendor, const char *model) {
  struct llm_inst *inst = calloc(1, size);
  if (!inst) abort();
  inst->host = host;
  inst->name = name;
  inst->vendor = vendor;
  inst->model = model;
  return inst;
}

void llm_mode_pin(struct llm_inst *inst, const char *word, const char *const modes[LLM_MODE_MAX]) {
  for (int i = 0; word && i < LLM_MODE_MAX; i++) {
    if (!modes[i] || strcmp(word, modes[i]) != 0) continue;
    inst->first_mode = i;
    inst->mode_pinned = true;
  }
}

void llm_inst_close(void *self) {
  struct llm_inst *inst = self;
  llm_batches_free(inst);
  llm_heads_clear(&inst->heads);
  llm_kept_clear(&inst->kept);
  llm_auth_close(&inst->auth);
  if (inst->userpwd.p) explicit_bzero(inst->userpwd.p, inst->userpwd.room);
  llm_text_clear(&inst->userpwd);
  llm_text_clear(&inst->sigv4);
  llm_text_clear(&inst->url);
  free(inst);
}
