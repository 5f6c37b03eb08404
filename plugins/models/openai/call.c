#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A refused part is left out for so long and then tried again: a server learns, and one odd
 * prompt must not cost the schema guarantee until the next restart. */
#define REFUSED_FOR_MS (INT64_C(60) * 60 * 1000)

/* One complete(); freed by the host with the op. */
struct call {
  struct trg_model_request request; /* its strings live until the op ends */
  struct openai_plan plan;
  struct openai_text body;
  bool repairs;              /* the second round: `broken` is asked for again */
  struct openai_text broken; /* the first answer, which was no JSON */
  struct trg_usage spent;    /* by the first round */
};

static void call_free(void *state) {
  struct call *call = state;
  openai_text_clear(&call->body);
  openai_text_clear(&call->broken);
  free(call);
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
static void secret_keep(const struct openai_inst *self, struct trg_result *result) {
  const char *key = self->conf->key;
  if (key && *key && strstr(result->why.p, key))
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

/* What this round can have used at most, when nobody says; and what the first round has used. */
static struct trg_usage usage_guess(const struct call *call, int64_t output) {
  struct trg_usage usage;
  openai_exchange_estimate(&call->plan, &call->request, &usage);
  if (call->repairs)
    usage.input += openai_tokens_max((struct trg_str){call->broken.p, call->broken.n}) +
                   openai_tokens_max(call->request.schema);
  if (output >= 0) usage.output = output;
  return usage;
}

/* The usage of all rounds so far; what the server does not count is filled up with bounds. */
static struct trg_usage usage_of(const struct call *call, const struct openai_answer *answer) {
  struct trg_usage usage = answer->usage;
  const struct trg_usage guess = usage_guess(
      call, openai_tokens_max((struct trg_str){answer->text.p, answer->text.n}) + 1);
  usage.estimated = !answer->input_counted || !answer->output_counted;
  if (!answer->input_counted) usage.input = guess.input;
  if (!answer->output_counted) usage.output = guess.output;
  usage_add(&usage, &call->spent);
  return usage;
}

static struct trg_str id_of(const struct trg_http_reply *http, const char *in_body) {
  const struct trg_str ours = openai_header(http, "x-request-id");
  const struct trg_str azure = openai_header(http, "apim-request-id");
  return ours.n ? ours : azure.n ? azure : (struct trg_str){in_body, strlen(in_body)};
}

/* The usage is of the whole op so far, so that the last reply of an op says it all: the first
 * round's reply is emitted at once, because the second may never end. */
static void reply_emit(const struct openai_inst *self, trg_op op, const struct call *call,
                       const struct trg_http_reply *http, const struct openai_answer *answer,
                       const struct trg_usage *usage) {
  const struct trg_model_reply reply = {
      .size = sizeof reply,
      .text = {answer->text.p, answer->text.n},
      .stop = answer->stop,
      .stop_word = {answer->stop_word, strlen(answer->stop_word)},
      .served = {answer->served, strlen(answer->served)},
      .request_id = id_of(http, answer->id),
      .usage = *usage,
      .request_bytes = {call->body.p, call->body.n},
      .response_bytes = http->body,
  };
  self->host->emit_reply(op, &reply);
}

/* What a counted answer is worth, by how it stopped. */
static struct trg_result answer_judge(const struct openai_answer *answer, bool schema_asked,
                                      int32_t status, char why[160]) {
  switch (answer->stop) {
  case TRG_STOP_REFUSAL:
    snprintf(why, 160, "the model or a content filter declined (%s)", answer->stop_word);
    return result_of(TRG_REJECTED, status, TRG_CODE_REFUSAL, why);
  case TRG_STOP_LENGTH:
    snprintf(why, 160, "the answer was cut off (%s): raise max_output_tokens or reasoning_tokens",
             answer->stop_word);
    return result_of(TRG_REJECTED, status, TRG_CODE_LENGTH, why);
  case TRG_STOP_END:
    break;
  default:
    snprintf(why, 160, "the model stopped for a reason that is no answer (%s)",
             answer->stop_word[0] ? answer->stop_word : "none given");
    return result_of(TRG_REJECTED, status, TRG_CODE_MALFORMED, why);
  }
  if (answer->text.n == 0)
    return result_of(TRG_REJECTED, status, TRG_CODE_MALFORMED, "the answer is empty");
  if (schema_asked && !answer->is_json)
    return result_of(TRG_RETRY, status, TRG_CODE_MALFORMED,
                     "the answer is not one JSON object, also when asked for again");
  return result_of(TRG_DONE, status, TRG_CODE_OK, "");
}

/* Nothing can be read, but it may be counted. After a first round that was emitted the host looks
 * at that reply's usage, so this round's bound is added to it. */
static void unread_end(struct openai_inst *self, trg_op op, const struct call *call,
                       const struct trg_http_reply *http, const struct trg_result *result) {
  if (call->repairs && (result->flags & TRG_RESULT_MAYBE_BILLED)) {
    struct openai_answer none = {.stop = TRG_STOP_OTHER};
    struct trg_usage usage = usage_guess(call, -1);
    usage_add(&usage, &call->spent);
    reply_emit(self, op, call, http, &none, &usage);
  }
  self->host->done(op, result);
}

static void fault_end(struct openai_inst *self, trg_op op, const struct call *call,
                      const struct trg_http_reply *http, const struct openai_answer *answer,
                      const struct openai_fault *fault) {
  char why[400];
  struct trg_result result;
  openai_fault_judge(http, fault, self->host->now_ms(), &result, why, sizeof why);
  secret_keep(self, &result);
  if (strcmp(result.code.p, TRG_CODE_REFUSAL) == 0) {
    /* Azure bills the prompt of a request that its filter stops with a 400. */
    struct openai_answer none = {.stop = TRG_STOP_REFUSAL, .stop_word = "content_filter"};
    struct trg_usage usage = usage_guess(call, 0);
    usage_add(&usage, &call->spent);
    reply_emit(self, op, call, http, &none, &usage);
  } else if (answer && answer->input_counted) { /* it broke off midway, and says what it cost */
    const struct trg_usage usage = usage_of(call, answer);
    reply_emit(self, op, call, http, answer, &usage);
    result.flags = 0;
  }
  if (result.retry_after_ms > 0) /* holds every call of the instance back, not only this one */
    self->host->bucket(self->name, NULL, 0, result.retry_after_ms);
  unread_end(self, op, call, http, &result);
}

/* ---- the call ---- */

static void on_reply(void *self, trg_op op, const struct trg_http_reply *reply, void *arg);

static void call_send(struct openai_inst *self, trg_op op, struct call *call) {
  struct trg_err err = {0};
  const struct trg_str broken = {call->broken.p, call->broken.n};
  openai_text_clear(&call->body);
  if (openai_request_build(&call->plan, &call->request, call->repairs ? &broken : NULL, &call->body,
                           &err) != 0) {
    const struct trg_result result = result_of(TRG_REJECTED, 0, err.code, err.text);
    self->host->done(op, &result);
    return;
  }
  const struct trg_header headers[] = {
      {TRG_STR("content-type"), TRG_STR("application/json")},
      {TRG_STR("accept"), TRG_STR("application/json")},
      {{self->auth_name.p, self->auth_name.n}, {self->auth_value.p, self->auth_value.n}},
  };
  const struct trg_http_request request = {
      .size = sizeof request,
      .method = "POST",
      .url = {self->url.p, self->url.n},
      .headers = headers,
      .header_count = self->auth_name.n ? 3 : 2,
      .body = {call->body.p, call->body.n},
  };
  self->host->http(op, &request, on_reply, NULL);
}

/* ---- going down ---- */

static void lowered_tell(struct openai_inst *self, unsigned part, const char *name,
                         const char *now) {
  const char *const kv[] = {"model", self->conf->model, "part", name, "now", now, NULL};
  self->host->log(self->name, self->told & part ? TRG_DEBUG : TRG_WARN, "request_part_refused", kv);
  self->told |= part;
}

static void mode_lower(struct openai_inst *self, struct call *call, int64_t now_ms) {
  static const char *const words[] = {"json_schema", "json_object", "prompt"};
  const char *part = words[call->plan.mode];
  call->plan.mode = call->plan.mode == OPENAI_SCHEMA ? OPENAI_OBJECT : OPENAI_PROSE;
  if (self->mode_until_ms <= now_ms || self->mode < call->plan.mode) {
    self->mode = call->plan.mode;
    self->mode_until_ms = now_ms + REFUSED_FOR_MS;
  }
  lowered_tell(self, OPENAI_NAMES_FORMAT, part, words[call->plan.mode]);
}

/* To the other name first. Without a limit the server's own default holds. */
static void limit_lower(struct openai_inst *self, struct call *call, int64_t now_ms) {
  static const char *const words[] = {"max_tokens", "max_completion_tokens", "no limit"};
  const bool responses = call->plan.api == OPENAI_RESPONSES;
  const char *part = responses ? "max_output_tokens" : words[call->plan.limit];
  const bool first = !self->limit_pinned && !responses && call->plan.limit == self->full.limit;
  if (!first)
    call->plan.limit = OPENAI_NO_LIMIT;
  else
    call->plan.limit = call->plan.limit == OPENAI_MAX_TOKENS ? OPENAI_MAX_COMPLETION_TOKENS
                                                             : OPENAI_MAX_TOKENS;
  self->limit = call->plan.limit;
  self->limit_until_ms = now_ms + REFUSED_FOR_MS;
  lowered_tell(self, OPENAI_NAMES_LIMIT, part, words[call->plan.limit]);
}

static void word_drop(struct openai_inst *self, unsigned part, const char **word, int64_t *until_ms,
                      int64_t now_ms, const char *name) {
  *word = NULL;
  *until_ms = now_ms + REFUSED_FOR_MS;
  lowered_tell(self, part, name, "left out");
}

/* After a refusal: leaves out what it names, if anything is named that is there. `store` is no
 * part of this: to leave it out would have customers' text kept. */
static bool call_lower(struct openai_inst *self, struct call *call,
                       const struct openai_fault *fault) {
  unsigned names = openai_fault_names(fault, &call->plan);
  const int64_t now_ms = self->host->now_ms();
  if (!call->request.schema.n || self->mode_pinned) names &= ~OPENAI_NAMES_FORMAT;
  if (names & OPENAI_NAMES_EFFORT)
    word_drop(self, OPENAI_NAMES_EFFORT, &call->plan.effort, &self->effort_off_until_ms, now_ms,
              "effort");
  if (names & OPENAI_NAMES_USER)
    word_drop(self, OPENAI_NAMES_USER, &call->plan.user_field, &self->user_off_until_ms, now_ms,
              "user_id");
  if (names & OPENAI_NAMES_CACHE_KEY)
    word_drop(self, OPENAI_NAMES_CACHE_KEY, &call->plan.cache_key, &self->cache_key_off_until_ms,
              now_ms, "cache_key");
  if (names & OPENAI_NAMES_LIMIT) limit_lower(self, call, now_ms);
  if (names & OPENAI_NAMES_FORMAT) mode_lower(self, call, now_ms);
  return names != 0;
}

/* 422 is what validators of Python servers answer, 501 what llama.cpp does. */
static bool is_refused_part(int32_t status) {
  return status == 400 || status == 422 || status == 501;
}

/* A fault that a smaller request may get around is answered with one; true when it is. */
static bool fault_get_around(struct openai_inst *self, trg_op op, struct call *call,
                             const struct trg_http_reply *http, const struct openai_fault *fault) {
  if (!is_refused_part(openai_fault_status(http, fault)) || !call_lower(self, call, fault))
    return false;
  call_send(self, op, call);
  return true;
}

/* ---- answers ---- */

/* Asks once more for what was no JSON, with the first answer in the conversation. */
static void repair_start(struct openai_inst *self, trg_op op, struct call *call,
                         struct openai_answer *answer, const struct trg_usage *usage) {
  const char *const kv[] = {"model", self->conf->model, "served", answer->served, NULL};
  self->host->log(self->name, TRG_INFO, "answer_not_json", kv);
  call->repairs = true;
  call->spent = *usage;
  call->broken = answer->text;
  answer->text = (struct openai_text){0};
  call_send(self, op, call);
}

static void answered(struct openai_inst *self, trg_op op, struct call *call,
                     const struct trg_http_reply *http, struct openai_answer *answer) {
  char why[160];
  const bool schema_asked = call->request.schema.n > 0;
  const struct trg_usage usage = usage_of(call, answer);
  reply_emit(self, op, call, http, answer, &usage);
  if (schema_asked && !call->repairs && answer->stop == TRG_STOP_END && !answer->is_json) {
    repair_start(self, op, call, answer, &usage);
    return;
  }
  const struct trg_result result = answer_judge(answer, schema_asked, http->status, why);
  self->host->done(op, &result);
}

static void success_end(struct openai_inst *self, trg_op op, struct call *call,
                        const struct trg_http_reply *http) {
  struct openai_answer answer;
  switch (openai_answer_read(http->body, call->request.schema.n > 0, &answer)) {
  case OPENAI_ANSWER:
    answered(self, op, call, http, &answer);
    break;
  case OPENAI_ERROR:
    if (!fault_get_around(self, op, call, http, &answer.fault))
      fault_end(self, op, call, http, &answer, &answer.fault);
    break;
  case OPENAI_MALFORMED: {
    struct trg_result result = result_of(
        TRG_RETRY, http->status, TRG_CODE_MALFORMED,
        "the body of a success is no answer: the vendor may have counted it");
    result.flags = TRG_RESULT_MAYBE_BILLED;
    unread_end(self, op, call, http, &result);
    break;
  }
  }
  openai_answer_clear(&answer);
}

static void on_reply(void *me, trg_op op, const struct trg_http_reply *reply, void *arg) {
  (void)arg;
  struct openai_inst *self = me;
  struct call *call = self->host->op_get(op);
  if (!call) return;
  if (reply->status == 0) {
    char why[320];
    struct trg_result result;
    openai_lost_judge(reply, &result, why, sizeof why);
    secret_keep(self, &result);
    unread_end(self, op, call, reply, &result);
    return;
  }
  int64_t remaining;
  int64_t reset_ms;
  if (openai_rate(reply, self->host->now_ms(), &remaining, &reset_ms))
    self->host->bucket(self->name, NULL, remaining, reset_ms);
  if (reply->status >= 200 && reply->status < 300) {
    success_end(self, op, call, reply);
    return;
  }
  struct openai_fault fault;
  openai_fault_read(reply->body, &fault);
  if (!fault_get_around(self, op, call, reply, &fault))
    fault_end(self, op, call, reply, NULL, &fault);
}

/* ---- starting ---- */

static struct openai_plan plan_now(const struct openai_inst *self) {
  struct openai_plan plan = self->full;
  const int64_t now_ms = self->host->now_ms();
  if (now_ms < self->mode_until_ms) plan.mode = self->mode;
  if (now_ms < self->limit_until_ms) plan.limit = self->limit;
  if (now_ms < self->effort_off_until_ms) plan.effort = NULL;
  if (now_ms < self->user_off_until_ms) plan.user_field = NULL;
  if (now_ms < self->cache_key_off_until_ms) plan.cache_key = NULL;
  return plan;
}

/* What an older daemon does not know of reads as zero. */
static struct trg_model_request request_of(const struct trg_model_request *request) {
  struct trg_model_request whole = {0};
  memcpy(&whole, request, request->size < sizeof whole ? request->size : sizeof whole);
  return whole;
}

void openai_complete(void *me, trg_op op, const struct trg_model_request *request) {
  struct openai_inst *self = me;
  struct call *call = calloc(1, sizeof *call);
  if (!call) abort();
  call->request = request_of(request);
  call->plan = plan_now(self);
  self->host->op_set(op, call, call_free);
  call_send(self, op, call);
}

void openai_estimate_op(void *me, const struct trg_model_request *request, struct trg_usage *ret) {
  const struct openai_plan plan = plan_now(me);
  const struct trg_model_request whole = request_of(request);
  openai_estimate(&plan, &whole, ret);
}
