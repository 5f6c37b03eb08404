/* One request of an op: sent with a token, renewed once, its limits told, its failure explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "salesforce.h"

#define ANSWER_BYTES ((size_t)16 << 20)
#define DAY_WAIT_MS  900000 /* the allowance is of a rolling day: some of it comes back soon */
/* Too many requests at once: it is over when some of them have ended. */
#define CROWD_WAIT_MS     1000
#define CROWD_WAIT_MAX_MS 30000
#define USAGE_MS          3600000
#define ABSENT_MS         3600000

static void call_free(void *state) {
  struct sf_call *call = state;
  salesforce_gate_leave(call->self, call->op);
  hd_buf_free(&call->path);
  hd_buf_free(&call->body);
  salesforce_thread_free(&call->thread);
  free(call);
}

struct sf_call *salesforce_call_new(struct sf *self, trg_op op) {
  struct sf_call *call = calloc(1, sizeof *call);
  if (call == NULL) abort();
  call->self = self;
  call->op = op;
  call->path = hd_buf_new(15000); /* address and headers together take 16,384 bytes */
  call->body = hd_buf_new((size_t)4 << 20);
  salesforce_thread_init(&call->thread);
  self->host->op_set(op, call, call_free);
  return call;
}

void salesforce_request(struct sf_call *call, const char *method, sf_step *step) {
  hd_buf_free(&call->path);
  hd_buf_free(&call->body);
  call->method = method;
  call->step = step;
  call->http_flags = strcmp(method, "GET") == 0 ? 0 : TRG_HTTP_WRITE;
  call->unmodified_ms = 0;
  call->renewed = false;
  hd_puts(&call->path, call->self->root);
}

int64_t salesforce_now_ms(const struct sf *self) {
  return self->host->now_ms() + self->skew_ms;
}

/* ---- limits ---- */

/* The allowance is the whole org's: others must be able to work, too. */
static void usage_tell(struct sf *self, const struct trg_http_reply *reply) {
  int64_t used, limit;
  if (!salesforce_usage_read(reply->headers, reply->header_count, &used, &limit)) return;
  int64_t left = (int64_t)((double)limit * self->conf->limit_share) - used;
  self->host->bucket(self->inst, NULL, left > 0 ? left : 0, left > 0 ? USAGE_MS : DAY_WAIT_MS);
}

static bool is_crowd(const struct trg_http_reply *reply, const struct sf_error *error) {
  return strcmp(error->name, "REQUEST_LIMIT_EXCEEDED") == 0
             ? salesforce_error_says(error, "concurrent")
             : reply->status == 429;
}

/* What a crowd has left to wait. The answers of one crowd come together and count once; one that
 * comes after a wait makes the next twice as long. */
static int64_t crowd_wait_ms(struct sf *self) {
  const int64_t now = self->host->now_ms();
  if (now < self->crowd_until_ms) return self->crowd_until_ms - now;
  self->crowd_ms = self->crowd_ms == 0 ? CROWD_WAIT_MS : self->crowd_ms * 2;
  if (self->crowd_ms > CROWD_WAIT_MAX_MS) self->crowd_ms = CROWD_WAIT_MAX_MS;
  self->crowd_until_ms = now + self->crowd_ms;
  return self->crowd_ms;
}

static int64_t wait_of(struct sf *self, const struct trg_http_reply *reply,
                       const struct sf_error *error) {
  int64_t told_ms = hd_retry_after_ms(reply->headers, reply->header_count, salesforce_now_ms(self));
  if (told_ms > 0) return told_ms;
  if (is_crowd(reply, error)) return crowd_wait_ms(self);
  return strcmp(error->name, "REQUEST_LIMIT_EXCEEDED") == 0 ? DAY_WAIT_MS : 0;
}

static void reply_tell(struct sf *self, const struct trg_http_reply *reply) {
  struct sf_error error;
  int64_t date_ms = hd_http_date_ms(hd_header(reply->headers, reply->header_count, "date"));
  if (date_ms > 0) self->skew_ms = date_ms - self->host->now_ms();
  usage_tell(self, reply);
  if (hd_ok(reply) && self->host->now_ms() >= self->crowd_until_ms) self->crowd_ms = 0;
  if (reply->status != 403 && reply->status != 429) return;
  salesforce_error_read(&error, reply->body);
  if (reply->status == 429 || strcmp(error.name, "REQUEST_LIMIT_EXCEEDED") == 0)
    self->host->bucket(self->inst, NULL, 0, wait_of(self, reply, &error));
}

/* ---- the exchange ---- */

static void request_send(struct sf_call *call);

static void on_reply(void *ctx, trg_op op, const struct trg_http_reply *reply, void *arg) {
  struct sf *self = ctx;
  struct sf_call *call = self->host->op_get(op);
  (void)arg;
  if (call == NULL) return;
  reply_tell(self, reply);
  if (reply->status == 401 && !call->renewed) {
    struct sf_error error;
    salesforce_error_read(&error, reply->body);
    if (salesforce_session_is_over(&error)) {
      call->renewed = true;
      salesforce_auth_drop(self, call->authorization_age);
      salesforce_authorise(call, request_send);
      return;
    }
  }
  call->step(call, reply);
}

static void header_add(struct trg_header *headers, size_t *count, struct trg_str name,
                       struct trg_str value) {
  headers[(*count)++] = (struct trg_header){name, value};
}

static void request_send(struct sf_call *call) {
  struct sf *self = call->self;
  struct trg_header headers[6];
  size_t count = 0;
  struct hd_buf url = hd_buf_new(16384), stamp = hd_buf_new(64);
  /* Of the address of now: a new token can move the org elsewhere. */
  hd_puts(&url, self->base);
  hd_put_str(&url, hd_slice(&call->path));
  header_add(headers, &count, TRG_STR("Accept"), TRG_STR("application/json"));
  header_add(headers, &count, TRG_STR("Authorization"), hd_str(self->authorization));
  if (call->http_flags & TRG_HTTP_WRITE) {
    header_add(headers, &count, TRG_STR("Content-Type"), TRG_STR("application/json"));
    /* The default would hand the case to whoever the rules name, or to the default owner. */
    header_add(headers, &count, TRG_STR("Sforce-Auto-Assign"), TRG_STR("FALSE"));
  } else {
    header_add(headers, &count, TRG_STR("Sforce-Query-Options"), TRG_STR("batchSize=2000"));
  }
  if (call->unmodified_ms > 0) {
    salesforce_put_http_date(&stamp, call->unmodified_ms);
    header_add(headers, &count, TRG_STR("If-Unmodified-Since"), hd_slice(&stamp));
  }
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = call->method,
                                           .url = hd_slice(&url),
                                           .headers = headers,
                                           .header_count = count,
                                           .body = hd_slice(&call->body),
                                           .body_max_bytes = ANSWER_BYTES,
                                           .flags = call->http_flags};
  call->authorization_age = self->authorization_age;
  self->host->http(call->op, &request, on_reply, NULL);
  hd_buf_free(&url);
  hd_buf_free(&stamp);
}

void salesforce_send(struct sf_call *call) {
  if (call->path.full || call->body.full) {
    salesforce_end(call, TRG_REJECTED, TRG_CODE_PERMANENT,
                   "the request would be too large to send");
    return;
  }
  salesforce_authorise(call, request_send);
}

void salesforce_send_query(struct sf_call *call, const char *resource, const struct hd_buf *soql,
                           sf_step *step) {
  salesforce_request(call, "GET", step);
  hd_puts(&call->path, "/");
  hd_puts(&call->path, resource);
  hd_puts(&call->path, "?q=");
  hd_put_url(&call->path, hd_slice(soql));
  salesforce_send(call);
}

/* ---- the end ---- */

static void end_with(struct sf_call *call, const struct trg_result *result) {
  /* In the same turn: the next op may ask before the host has delivered this result. */
  salesforce_gate_leave(call->self, call->op);
  call->self->host->done(call->op, result);
}

void salesforce_end(struct sf_call *call, int32_t outcome, const char *code, const char *why) {
  const struct trg_result result = {.outcome = outcome, .code = hd_str(code), .why = hd_str(why)};
  end_with(call, &result);
}

void salesforce_fail_with(struct sf_call *call, const struct trg_http_reply *reply,
                          const struct sf_error *error, struct sf_verdict verdict,
                          const char *hint) {
  char why[480], what[400];
  hd_failure(what, sizeof what, reply, error->text);
  snprintf(why, sizeof why, "%s%s%s", hint != NULL ? hint : "", hint != NULL ? "; " : "", what);
  const struct trg_result result = {.outcome = verdict.outcome,
                                    .http_status = reply->status,
                                    .retry_after_ms = wait_of(call->self, reply, error),
                                    .code = hd_str(verdict.code),
                                    .why = hd_str(why)};
  end_with(call, &result);
}

void salesforce_fail(struct sf_call *call, const struct trg_http_reply *reply, const char *hint) {
  struct sf_error error;
  salesforce_error_read(&error, reply->body);
  struct sf_verdict verdict = salesforce_verdict_of(reply->status, reply->sent, &error,
                                                    (call->http_flags & TRG_HTTP_WRITE) != 0);
  salesforce_fail_with(call, reply, &error, verdict, hint);
}

void salesforce_fail_malformed(struct sf_call *call, const struct trg_http_reply *reply,
                               const struct trg_err *err) {
  /* For a write this is "unknown": it was accepted, and its receipt is unreadable. */
  const bool is_write = (call->http_flags & TRG_HTTP_WRITE) != 0;
  struct sf_error error = {{0}, {0}, false};
  snprintf(error.text, sizeof error.text, "%.300s", err->text);
  salesforce_fail_with(
      call, reply, &error,
      (struct sf_verdict){is_write ? TRG_UNCERTAIN : TRG_RETRY, TRG_CODE_MALFORMED}, NULL);
}

/* ---- what an org need not have ---- */

bool salesforce_error_is(const struct trg_http_reply *reply, const char *name) {
  struct sf_error error;
  salesforce_error_read(&error, reply->body);
  return reply->status >= 400 && strcmp(error.name, name) == 0;
}

bool salesforce_list_is_read(const struct sf *self, int list) {
  if (list == SF_FEED && !self->conf->feed) return false;
  return self->host->now_ms() >= self->absent_until_ms[list];
}

bool salesforce_is_absent(struct sf *self, int list, const struct trg_http_reply *reply) {
  if (list == SF_CASES || reply->status != 400 || !salesforce_error_is(reply, "INVALID_TYPE"))
    return false;
  self->absent_until_ms[list] = self->host->now_ms() + ABSENT_MS;
  self->host->log(self->inst, TRG_WARN, "object_absent",
                  (const char *const[]){"object", salesforce_list_object(list), "why",
                                        "not in this org, or not readable for this user", NULL});
  return true;
}

bool salesforce_columns_drop(struct sf *self, unsigned asked, const struct trg_http_reply *reply) {
  struct sf_error error;
  if (reply->status != 400 || asked == 0) return false;
  salesforce_error_read(&error, reply->body);
  if (strcmp(error.name, "INVALID_FIELD") != 0 && strcmp(error.name, "MALFORMED_QUERY") != 0)
    return false;
  unsigned blamed = salesforce_columns_blamed(error.text, asked);
  self->without |= blamed;
  return blamed != 0;
}
