#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "net/loop_uv.h"
#include "plugin/inner.h"

#define WORK_AGAIN_MS     10
#define AFTER_DEADLINE_MS 50 /* so that the operation's own deadline is the one that strikes */

static struct call *call_new(struct op *o, enum call_kind kind, void *arg) {
  struct call *c = mem_alloc(sizeof *c);
  c->op = o;
  c->kind = kind;
  c->arg = arg;
  c->next = o->calls;
  if (o->calls != NULL) o->calls->prev = c;
  o->calls = c;
  return c;
}

static void call_unlink(struct call *c) {
  if (c->prev != NULL)
    c->prev->next = c->next;
  else
    c->op->calls = c->next;
  if (c->next != NULL) c->next->prev = c->prev;
  c->prev = c->next = NULL;
}

static void call_free(struct call *c) {
  arena_free(&c->mem);
  mem_free(c);
}

static void reply_cb(void *arg, const struct trg_http_reply *reply) {
  struct call *c = arg;
  struct op *o = c->op;
  call_unlink(c);
  if (c->writes && reply->sent) o->sent = true;
  c->on_reply(o->inst->self, o->id, reply, c->arg);
  call_free(c);
}

static void refused_cb(void *arg) {
  const struct call *c = arg;
  const struct trg_http_reply reply = {.size = sizeof reply, .why = str_of(c->why)};
  reply_cb(arg, &reply);
}

static void answered_cb(void *arg) {
  struct call *c = arg;
  struct host *h = c->op->host;
  struct trg_http_reply reply = {.size = sizeof reply, .sent = true};
  h->answer(h->answer_arg, &c->request, &reply);
  reply_cb(c, &reply);
}

static void refuse(struct call *c, struct trg_str url) {
  char host[256] = "this URL";
  (void)http_url_host(url, host, sizeof host);
  c->kind = CALL_REFUSED;
  if (c->mem == NULL) c->mem = arena_new();
  c->why = arena_printf(c->mem, "%s is not among the hosts that %s may talk to", host,
                        c->op->inst->name);
  loop_soon(c->op->host->l, refused_cb, c);
}

static bool origin_is_known(const struct trg_inst *i, struct trg_str url) {
  struct url u;
  for (size_t n = 0; n < i->origin_count; n++)
    if (url_begins(url, &i->origins[n])) return true;
  if (url_parse(url, &u, NULL) != 0) return false;
  for (size_t n = 0; n < i->origin_count; n++)
    if (url_same_origin(&u, &i->origins[n])) return true;
  return false;
}

static void exchange_begin(struct call *c, struct trg_http_request *r) {
  struct op *o = c->op;
  const int64_t left_ms = o->ends_at_ms - mono_ms();
  const int64_t most_ms = (left_ms < 1 ? 1 : left_ms) + AFTER_DEADLINE_MS;
  if (r->timeout_ms <= 0 || r->timeout_ms > most_ms) r->timeout_ms = most_ms;
  c->kind = CALL_HTTP;
  const struct http_call call = {.request = r, .on_reply = reply_cb, .arg = c};
  c->exchange = http_start(o->host->http, &call);
}

static const char *bucket_of(const struct trg_http_request *r) {
  return r->bucket == NULL ? "" : r->bucket;
}

static void rate_cb(void *arg) {
  struct call *c = arg;
  struct op *o = c->op;
  const int64_t wait_ms = limit_take(o->inst->limit, bucket_of(&c->request), mono_ms());
  if (wait_ms > 0)
    c->timer = loop_timer_start(o->host->l, wait_ms, 0, rate_cb, c);
  else
    exchange_begin(c, &c->request);
}

static void request_keep(struct call *c, const struct trg_http_request *r) {
  struct trg_http_request *to = &c->request;
  c->mem = arena_new();
  *to = *r;
  if (r->method != NULL) to->method = arena_dup(c->mem, str_of(r->method));
  if (r->bucket != NULL) to->bucket = arena_dup(c->mem, str_of(r->bucket));
  struct trg_str *const texts[] = {&to->url, &to->sigv4, &to->userpwd};
  for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++)
    *texts[n] = arena_str(c->mem, *texts[n]);
  if ((to->flags & TRG_HTTP_BODY_STAYS) == 0) to->body = arena_str(c->mem, to->body);
  struct trg_header *headers = arena_alloc(c->mem, (r->header_count + 1) * sizeof *headers);
  for (size_t n = 0; n < r->header_count; n++)
    headers[n] = (struct trg_header){arena_str(c->mem, r->headers[n].name),
                                     arena_str(c->mem, r->headers[n].value)};
  to->headers = headers;
}

void call_http(trg_op id, const struct trg_http_request *request, trg_reply_fn *on_reply,
               void *arg) {
  struct op *o = op_open(id, "http() for an operation that is not open");
  if (o == NULL) return;
  struct trg_http_request r;
  struct_read(&r, sizeof r, request, request->size);
  r.size = sizeof r;
  struct call *c = call_new(o, CALL_RATE, arg);
  c->on_reply = on_reply;
  const char *method = r.method == NULL ? "GET" : r.method;
  c->writes = (r.flags & TRG_HTTP_WRITE) != 0 ||
              (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0);
  if (c->writes && op_is_write(o)) r.flags |= TRG_HTTP_WRITE;
  if (o->host->http == NULL || !origin_is_known(o->inst, r.url)) {
    refuse(c, r.url);
    return;
  }
  if (o->host->answer != NULL) {
    request_keep(c, &r);
    c->kind = CALL_REFUSED;
    loop_soon(o->host->l, answered_cb, c);
    return;
  }
  const int64_t wait_ms = limit_take(o->inst->limit, bucket_of(&r), mono_ms());
  if (wait_ms <= 0) {
    exchange_begin(c, &r);
    return;
  }
  request_keep(c, &r);
  c->timer = loop_timer_start(o->host->l, wait_ms, 0, rate_cb, c);
}

static void timer_cb(void *arg) {
  struct call *c = arg;
  struct op *o = c->op;
  call_unlink(c);
  c->on_timer(o->inst->self, o->id, c->arg);
  call_free(c);
}

void call_timer(trg_op id, int64_t ms, trg_timer_fn *fn, void *arg) {
  struct op *o = op_open(id, "timer() for an operation that is not open");
  if (o == NULL) return;
  struct call *c = call_new(o, CALL_TIMER, arg);
  c->on_timer = fn;
  c->timer = loop_timer_start(o->host->l, ms, 0, timer_cb, c);
}

static void work_pool(void *arg) {
  struct call *c = arg;
  c->work(c->arg);
  (void)sem_post(&c->worked);
}

static void work_gone(void *arg) {
  struct call *c = arg;
  (void)sem_destroy(&c->worked);
  call_free(c);
}

static void work_after(void *arg) {
  struct call *c = arg;
  struct op *o = c->op;
  if (o != NULL) {
    call_unlink(c);
    o->inst->works--;
    if (o->state == OP_OPEN)
      c->after(o->inst->self, o->id, c->arg);
    else
      op_worked(o);
  }
  work_gone(c);
}

static void work_try(void *arg) {
  struct call *c = arg;
  struct op *o = c->op;
  (void)sem_init(&c->worked, 0, 0);
  if (loop_work_or_drop(o->host->l, work_pool, work_after, work_gone, c) == 0) {
    c->kind = CALL_WORK;
    o->inst->works++;
    o->sent = true; /* what work does is not seen from here */
    return;
  }
  (void)sem_destroy(&c->worked);
  c->kind = CALL_WORK_WAIT;
  c->timer = loop_timer_start(o->host->l, WORK_AGAIN_MS, 0, work_try, c);
}

void call_work(trg_op id, trg_work_fn *fn, trg_after_fn *after, void *arg) {
  struct op *o = op_open(id, "work() for an operation that is not open");
  if (o == NULL) return;
  struct call *c = call_new(o, CALL_WORK_WAIT, arg);
  c->work = fn;
  c->after = after;
  work_try(c);
}

void calls_abort(struct op *o) {
  for (struct call *c = o->calls; c != NULL;) {
    struct call *const next = c->next;
    if (c->kind != CALL_WORK) {
      if (c->kind == CALL_HTTP) http_cancel(o->host->http, c->exchange);
      if (c->kind == CALL_REFUSED) loop_soon_drop(o->host->l, c);
      loop_timer_stop(o->host->l, c->timer);
      call_unlink(c);
      call_free(c);
    }
    c = next;
  }
}

void calls_wait_for_work(struct op *o) {
  while (o->calls != NULL) {
    struct call *c = o->calls;
    while (sem_wait(&c->worked) != 0) continue;
    call_unlink(c);
    o->inst->works--;
    c->op = NULL; /* work_after or work_gone frees it */
  }
}

bool calls_wait_for_rate(const struct op *o, int64_t *ret_ms) {
  bool waits = false;
  for (const struct call *c = o->calls; c != NULL; c = c->next) {
    if (c->kind != CALL_RATE) return false;
    waits = true;
  }
  *ret_ms = limit_waiting_ms(o->inst->limit, mono_ms());
  return waits;
}

bool calls_may_have_written(const struct op *o) {
  for (const struct call *c = o->calls; c != NULL; c = c->next)
    if (c->kind == CALL_HTTP && c->writes) return true;
  return false;
}
