#include "fake_host_inner.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct memory {
  struct memory *next;
  max_align_t bytes[];
};

struct fake_host *fake_the_host;

/* ---- memory: everything a test may look at lives until fake_host_free() ---- */

void *fake_keep(size_t bytes) {
  struct memory *m = calloc(1, sizeof *m + (bytes ? bytes : 1));
  if (!m) abort();
  m->next = fake_the_host->memory;
  fake_the_host->memory = m;
  return m->bytes;
}

void *fake_grow(void *array, size_t count, size_t item_bytes) {
  void *p = realloc(array, (count + 1) * item_bytes);
  if (!p) abort();
  memset((char *)p + count * item_bytes, 0, item_bytes);
  return p;
}

struct trg_str fake_keep_str(struct trg_str s) {
  char *p = fake_keep(s.n + 1);
  if (s.n) memcpy(p, s.p, s.n);
  return (struct trg_str){p, s.n};
}

char *fake_keep_text(const char *text) {
  return (char *)fake_keep_str((struct trg_str){text, text ? strlen(text) : 0}).p;
}

void fake_violate(const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  vsnprintf(fake_the_host->violation, sizeof fake_the_host->violation, format, ap);
  va_end(ap);
  fake_the_host->violations++;
}

/* ---- ops ---- */

struct op_slot *fake_slot_find(trg_op op) {
  for (size_t i = 0; i < fake_the_host->op_count; i++)
    if (fake_the_host->ops[i]->pub.id == op) return fake_the_host->ops[i];
  return NULL;
}

struct op_slot *fake_slot_open(trg_op op, const char *what) {
  struct op_slot *slot = fake_slot_find(op);
  if (!slot)
    fake_violate("%s for an op that never was", what);
  else if (slot->done_called || slot->pub.ended)
    fake_violate("%s after the op's end", what);
  else
    return slot;
  return NULL;
}

struct event *fake_event_add(enum event_kind kind, trg_op op, int64_t delay_ms) {
  struct fake_host *h = fake_the_host;
  h->events = fake_grow(h->events, h->event_count, sizeof *h->events);
  struct event *e = &h->events[h->event_count++];
  e->kind = kind;
  e->op = op;
  e->due_ms = h->now_ms + (delay_ms > 0 ? delay_ms : 0);
  e->order = h->order++;
  return e;
}

void fake_events_drop(trg_op op) {
  size_t kept = 0;
  for (size_t i = 0; i < fake_the_host->event_count; i++)
    if (fake_the_host->events[i].op != op) fake_the_host->events[kept++] = fake_the_host->events[i];
  fake_the_host->event_count = kept;
}

static void op_end(struct op_slot *slot) {
  fake_events_drop(slot->pub.id);
  slot->pub.ended = true;
  slot->done_called = true;
  if (slot->state && slot->state_free) slot->state_free(slot->state);
  slot->state = NULL;
}

static void op_end_as(struct op_slot *slot, int32_t outcome, const char *code, const char *why) {
  slot->pub.result = (struct trg_result){
      .outcome = outcome,
      .code = {code, strlen(code)},
      .why = {why, strlen(why)},
  };
  op_end(slot);
}

trg_op fake_op_start(struct fake_inst *inst, int64_t deadline_ms, bool is_write) {
  struct fake_host *h = inst->host;
  struct op_slot *slot = fake_keep(sizeof *slot);
  h->ops = fake_grow(h->ops, h->op_count, sizeof(struct op_slot *));
  h->ops[h->op_count++] = slot;
  /* index in the low half, generation in the high half: no number comes twice */
  slot->pub.id = ((uint64_t)h->op_count << 32) | (uint64_t)(h->op_count % 4 + 1);
  slot->inst = inst;
  slot->is_write = is_write;
  slot->deadline_ms = h->now_ms + deadline_ms;
  fake_event_add(EVENT_DEADLINE, slot->pub.id, deadline_ms);
  return slot->pub.id;
}

void fake_op_cancel(struct fake_host *host, trg_op op) {
  (void)host;
  struct op_slot *slot = fake_slot_find(op);
  if (slot && !slot->pub.ended) op_end_as(slot, TRG_CANCELLED, "", "cancelled by the host");
}

const struct fake_op *fake_op_get(const struct fake_host *host, trg_op op) {
  (void)host;
  struct op_slot *slot = fake_slot_find(op);
  return slot ? &slot->pub : NULL;
}

/* ---- delivery ---- */

static struct trg_str bare_copy(const char *p, size_t n) {
  if (n == 0) return (struct trg_str){NULL, 0};
  char *copy = malloc(n); /* exactly n bytes and no NUL: an over-read is an error */
  if (!copy) abort();
  memcpy(copy, p, n);
  return (struct trg_str){copy, n};
}

static size_t headers_parse(const char *text, struct trg_header *to, size_t room) {
  size_t count = 0;
  while (text && *text && count < room) {
    size_t line = strcspn(text, "\n");
    const char *colon = memchr(text, ':', line);
    assert(colon && "fake_reply.headers: each line is name: value");
    to[count].name = bare_copy(text, (size_t)(colon - text));
    for (size_t i = 0; i < to[count].name.n; i++)
      ((char *)to[count].name.p)[i] = (char)tolower((unsigned char)to[count].name.p[i]);
    const char *value = colon + 1 + strspn(colon + 1, " ");
    to[count++].value = bare_copy(value, (size_t)(text + line - value));
    text += line + (text[line] == '\n');
  }
  return count;
}

static void reply_deliver(const struct event *e, void *self) {
  const struct fake_reply none = {.not_sent = true, .why = "the fake host has no reply for this"};
  const struct fake_reply *s = e->script ? e->script : &none;
  struct trg_header headers[32];
  const size_t body_bytes = s->body_bytes ? s->body_bytes : s->body ? strlen(s->body) : 0;
  struct trg_http_reply reply = {
      .size = sizeof reply,
      .status = s->status,
      .sent = s->status != 0 || !s->not_sent,
      .headers = headers,
      .header_count = headers_parse(s->headers, headers, 32),
      .body = bare_copy(s->body, body_bytes),
      .why = bare_copy(s->why, s->why ? strlen(s->why) : 0),
  };
  e->on_reply(self, e->op, &reply, e->arg);
  for (size_t i = 0; i < reply.header_count; i++) {
    free((char *)headers[i].name.p);
    free((char *)headers[i].value.p);
  }
  free((char *)reply.body.p);
  free((char *)reply.why.p);
}

static void event_deliver(const struct event *e) {
  struct op_slot *slot = fake_slot_find(e->op);
  if (!slot || slot->pub.ended) return;
  void *self = slot->inst->self;
  switch (e->kind) {
  case EVENT_REPLY:
    reply_deliver(e, self);
    break;
  case EVENT_TIMER:
    e->on_timer(self, e->op, e->arg);
    break;
  case EVENT_WORK: {
    e->work(e->arg);
    struct event *after = fake_event_add(EVENT_AFTER, e->op, 0);
    after->after = e->after;
    after->arg = e->arg;
    break;
  }
  case EVENT_AFTER:
    e->after(self, e->op, e->arg);
    break;
  case EVENT_DONE:
    op_end(slot);
    break;
  case EVENT_DEADLINE:
    op_end_as(slot, slot->is_write ? TRG_UNCERTAIN : TRG_RETRY, TRG_CODE_TIMEOUT,
              "the deadline passed");
    break;
  }
}

/* Delivers the earliest event that is due by `until_ms`; false when there is none. */
static bool step(struct fake_host *h, int64_t until_ms) {
  const struct event *first = NULL;
  for (size_t i = 0; i < h->event_count; i++) {
    const struct event *e = &h->events[i];
    if (e->due_ms <= until_ms && (!first || e->due_ms < first->due_ms ||
                                  (e->due_ms == first->due_ms && e->order < first->order)))
      first = e;
  }
  if (!first) return false;
  const struct event e = *first;
  const size_t at = (size_t)(first - h->events);
  h->event_count--;
  memmove(&h->events[at], &h->events[at + 1], (h->event_count - at) * sizeof e);
  if (e.due_ms > h->now_ms) h->now_ms = e.due_ms;
  event_deliver(&e);
  return true;
}

void fake_host_run(struct fake_host *host) {
  while (step(host, host->now_ms))
    ;
}

void fake_host_advance(struct fake_host *host, int64_t ms) {
  const int64_t until_ms = host->now_ms + ms;
  while (step(host, until_ms))
    ;
  host->now_ms = until_ms;
}

void fake_host_settle(struct fake_host *host) {
  while (step(host, INT64_MAX))
    ;
}

/* ---- what a test calls ---- */

struct fake_host *fake_host_new(void) {
  fake_host_free(&(struct fake_host *){fake_the_host}); /* left over by a test that failed */
  fake_the_host = calloc(1, sizeof *fake_the_host);
  if (!fake_the_host) abort();
  fake_the_host->now_ms = FAKE_NOW_MS;
  fake_the_host->table = fake_host_functions;
  return fake_the_host;
}

void fake_host_free(struct fake_host **host) {
  struct fake_host *h = *host;
  if (!h) return;
  for (size_t i = 0; i < h->op_count; i++) {
    fake_op_cancel(h, h->ops[i]->pub.id);
    free(h->ops[i]->pub.notices);
    free(h->ops[i]->pub.tickets);
    free(h->ops[i]->pub.receipts);
    free(h->ops[i]->pub.macros);
    free(h->ops[i]->pub.replies);
  }
  for (struct fake_inst *i = h->insts; i; i = i->next) i->plugin->close(i->self);
  for (struct memory *m = h->memory, *next; m; m = next) {
    next = m->next;
    free(m);
  }
  free(h->ops);
  free(h->events);
  free(h->script);
  free(h->script_used);
  free(h->requests);
  free(h->logs);
  free(h->buckets);
  free(h);
  *host = fake_the_host = NULL;
}

const struct trg_host *fake_host_table(const struct fake_host *host) {
  return &host->table;
}

int fake_host_open(struct fake_host *host, const struct trg_plugin *plugin,
                   const char *const *settings, struct fake_inst **ret_inst, struct trg_err *err) {
  struct fake_inst *inst = fake_keep(sizeof *inst);
  inst->host = host;
  inst->plugin = plugin;
  inst->conf = fake_keep(plugin->conf_size);
  memset(err, 0, sizeof *err);
  if (fake_conf_fill(plugin->fields, settings, fake_keep_text, inst->conf, err) != 0) return -1;
  if (plugin->open(&host->table, (trg_inst *)inst, inst->conf, &inst->self, err) != 0) return -1;
  inst->next = host->insts;
  host->insts = inst;
  *ret_inst = inst;
  return 0;
}

void *fake_inst_self(const struct fake_inst *inst) {
  return inst->self;
}

const void *fake_inst_ops(const struct fake_inst *inst) {
  return inst->plugin->ops;
}

void fake_host_reply(struct fake_host *host, const struct fake_reply *reply) {
  host->script = fake_grow(host->script, host->script_count, sizeof *host->script);
  host->script_used = fake_grow(host->script_used, host->script_count, sizeof(bool));
  struct fake_reply *r = &host->script[host->script_count++];
  *r = *reply;
  r->body_bytes = r->body_bytes ? r->body_bytes : r->body ? strlen(r->body) : 0;
  r->method = r->method ? fake_keep_text(r->method) : NULL;
  r->url_has = r->url_has ? fake_keep_text(r->url_has) : NULL;
  r->headers = r->headers ? fake_keep_text(r->headers) : NULL;
  r->why = r->why ? fake_keep_text(r->why) : NULL;
  r->body = fake_keep_str((struct trg_str){r->body, r->body_bytes}).p;
}

size_t fake_host_replies_left(const struct fake_host *host) {
  size_t left = 0;
  for (size_t i = 0; i < host->script_count; i++)
    left += !host->script_used[i] && !host->script[i].sticky;
  return left;
}

int64_t fake_host_now(const struct fake_host *host) {
  return host->now_ms;
}

size_t fake_host_request_count(const struct fake_host *host) {
  return host->request_count;
}

const struct fake_request *fake_host_request(const struct fake_host *host, size_t index) {
  return index < host->request_count ? host->requests[index] : NULL;
}

const char *fake_request_header(const struct fake_request *request, const char *name) {
  for (size_t i = 0; i < request->header_count; i++)
    if (strcasecmp(request->headers[i].name.p, name) == 0) return request->headers[i].value.p;
  return NULL;
}

size_t fake_host_log_count(const struct fake_host *host) {
  return host->log_count;
}

const char *fake_host_log(const struct fake_host *host, size_t index) {
  return index < host->log_count ? host->logs[index] : NULL;
}

size_t fake_host_log_matches(const struct fake_host *host, const char *part) {
  size_t count = 0;
  for (size_t i = 0; i < host->log_count; i++) count += strstr(host->logs[i], part) != NULL;
  return count;
}

size_t fake_host_bucket_count(const struct fake_host *host) {
  return host->bucket_count;
}

const struct fake_bucket *fake_host_bucket(const struct fake_host *host, size_t index) {
  return index < host->bucket_count ? &host->buckets[index] : NULL;
}

size_t fake_host_violations(const struct fake_host *host) {
  return host->violations;
}

const char *fake_host_violation(const struct fake_host *host) {
  return host->violation;
}
