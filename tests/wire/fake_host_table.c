/* The fake host's side of the interface: what a plugin calls through struct trg_host. */
#include "fake_host_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A struct that starts with its size: what the plugin did not know of reads as zero. */
static void keep_sized(void *to, size_t to_bytes, const void *from) {
  uint32_t size;
  memcpy(&size, from, sizeof size);
  memset(to, 0, to_bytes);
  memcpy(to, from, size < to_bytes ? size : to_bytes);
}

static int64_t host_now_ms(void) {
  return fake_the_host->now_ms;
}

static bool holds_secret(const struct fake_inst *inst, const char *text) {
  for (const struct trg_field *f = inst->plugin->fields; f && f->name; f++) {
    if (!(f->flags & TRG_SECRET)) continue;
    const char *secret;
    memcpy(&secret, (const char *)inst->conf + f->offset, sizeof secret);
    if (secret && *secret && strstr(text, secret)) return true;
  }
  return false;
}

static void host_log(trg_inst *inst, int32_t level, const char *event, const char *const *kv) {
  static const char *const words[] = {"error", "warn", "info", "debug"};
  struct fake_host *h = fake_the_host;
  size_t n = strlen(event) + 16;
  for (size_t i = 0; kv && kv[i]; i++) n += strlen(kv[i]) + 2;
  char *line = fake_keep(n);
  int at = snprintf(line, n, "%s %s", level >= 0 && level < 4 ? words[level] : "?", event);
  for (size_t i = 0; kv && kv[i]; i += 2) {
    if (!kv[i + 1]) {
      fake_violate("log %s: a name without a value", event);
      break;
    }
    at += snprintf(line + at, n - (size_t)at, " %s=%s", kv[i], kv[i + 1]);
  }
  if (inst && holds_secret((const struct fake_inst *)inst, line))
    fake_violate("log %s: holds a secret", event);
  h->logs = fake_grow(h->logs, h->log_count, sizeof(char *));
  h->logs[h->log_count++] = line;
}

static bool script_matches(const struct fake_reply *r, const struct fake_request *q) {
  return (!r->method || strcasecmp(r->method, q->method.p) == 0) &&
         (!r->url_has || strstr(q->url.p, r->url_has));
}

static struct fake_reply *script_take(const struct fake_request *q) {
  struct fake_host *h = fake_the_host;
  for (size_t i = 0; i < h->script_count; i++) {
    if (h->script_used[i] || !script_matches(&h->script[i], q)) continue;
    h->script_used[i] = !h->script[i].sticky;
    struct fake_reply *copy = fake_keep(sizeof *copy); /* the array may move before delivery */
    *copy = h->script[i];
    return copy;
  }
  return NULL;
}

/* As the peer gets it. */
static struct trg_str fake_keep_joined(struct trg_str head, struct trg_str body) {
  char *whole = fake_keep(head.n + body.n + 1);
  if (head.n > 0) memcpy(whole, head.p, head.n);
  if (body.n > 0) memcpy(whole + head.n, body.p, body.n);
  return (struct trg_str){whole, head.n + body.n};
}

static void host_http(trg_op op, const struct trg_http_request *request, trg_reply_fn *on_reply,
                      void *arg) {
  struct fake_host *h = fake_the_host;
  if (!fake_slot_open(op, "http()")) return;
  struct trg_http_request r;
  keep_sized(&r, sizeof r, request);
  struct fake_request *q = fake_keep(sizeof *q);
  h->requests = fake_grow(h->requests, h->request_count, sizeof(struct fake_request *));
  h->requests[h->request_count++] = q;
  *q = (struct fake_request){
      .op = op,
      .method = {fake_keep_text(r.method), strlen(r.method)},
      .url = fake_keep_str(r.url),
      .body = fake_keep_joined(r.body_head, r.body),
      .bucket = {fake_keep_text(r.bucket), r.bucket ? strlen(r.bucket) : 0},
      .sigv4 = fake_keep_str(r.sigv4),
      .userpwd = fake_keep_str(r.userpwd),
      .headers = fake_keep(r.header_count * sizeof *q->headers),
      .header_count = r.header_count,
      .timeout_ms = r.timeout_ms,
      .body_max_bytes = r.body_max_bytes,
      .flags = r.flags,
  };
  for (size_t i = 0; i < r.header_count; i++) {
    q->headers[i].name = fake_keep_str(r.headers[i].name);
    q->headers[i].value = fake_keep_str(r.headers[i].value);
    if (strpbrk(q->headers[i].name.p, "\r\n: ") || strpbrk(q->headers[i].value.p, "\r\n"))
      fake_violate("header %s holds a line break", q->headers[i].name.p);
  }
  struct fake_reply *script = script_take(q);
  if (!script) fake_violate("no scripted reply for %s %s", q->method.p, q->url.p);
  struct event *e = fake_event_add(EVENT_REPLY, op, script ? script->delay_ms : 0);
  e->on_reply = on_reply;
  e->arg = arg;
  e->script = script;
}

static void host_timer(trg_op op, int64_t ms, trg_timer_fn *fn, void *arg) {
  if (!fake_slot_open(op, "timer()")) return;
  struct event *e = fake_event_add(EVENT_TIMER, op, ms);
  e->on_timer = fn;
  e->arg = arg;
}

static void host_work(trg_op op, trg_work_fn *fn, trg_after_fn *after, void *arg) {
  if (!fake_slot_open(op, "work()")) return;
  struct event *e = fake_event_add(EVENT_WORK, op, 0);
  e->work = fn;
  e->after = after;
  e->arg = arg;
}

static void host_op_set(trg_op op, void *state, void (*free_fn)(void *)) {
  struct op_slot *slot = fake_slot_open(op, "op_set()");
  if (!slot) {
    if (free_fn) free_fn(state);
    return;
  }
  if (slot->state && slot->state != state && slot->state_free) slot->state_free(slot->state);
  slot->state = state;
  slot->state_free = free_fn;
}

static void *host_op_get(trg_op op) {
  struct op_slot *slot = fake_slot_find(op);
  return slot && !slot->pub.ended ? slot->state : NULL;
}

static void host_done(trg_op op, const struct trg_result *result) {
  struct op_slot *slot = fake_slot_open(op, "done()");
  if (!slot) return;
  slot->pub.result = *result;
  slot->pub.result.code = fake_keep_str(result->code);
  slot->pub.result.why = fake_keep_str(result->why);
  if (holds_secret(slot->inst, slot->pub.result.why.p))
    fake_violate("done(): the reason holds a secret");
  slot->done_called = true;
  fake_events_drop(op);
  fake_event_add(EVENT_DONE, op, 0);
}

static void host_bucket(trg_inst *inst, const char *bucket, int64_t remaining, int64_t reset_ms) {
  (void)inst;
  struct fake_host *h = fake_the_host;
  h->buckets = fake_grow(h->buckets, h->bucket_count, sizeof *h->buckets);
  h->buckets[h->bucket_count++] = (struct fake_bucket){
      .name = {fake_keep_text(bucket), bucket ? strlen(bucket) : 0},
      .remaining = remaining,
      .reset_ms = reset_ms,
  };
}

static void host_emit_notice(trg_op op, const struct trg_notice *notice) {
  struct op_slot *slot = fake_slot_open(op, "emit_notice()");
  if (!slot) return;
  struct fake_op *o = &slot->pub;
  o->notices = fake_grow(o->notices, o->notice_count, sizeof *o->notices);
  struct trg_notice *n = &o->notices[o->notice_count++];
  keep_sized(n, sizeof *n, notice);
  n->id = fake_keep_str(n->id);
  n->version = fake_keep_str(n->version);
}

static void host_set_cursor(trg_op op, struct trg_str cursor, bool more) {
  struct op_slot *slot = fake_slot_open(op, "set_cursor()");
  if (!slot) return;
  slot->pub.cursor_set = true;
  slot->pub.cursor = fake_keep_str(cursor);
  slot->pub.cursor_more = more;
}

static void keep_message(struct trg_message *m, const struct trg_message *from) {
  keep_sized(m, sizeof *m, from);
  m->id = fake_keep_str(m->id);
  m->author_id = fake_keep_str(m->author_id);
  m->author_name = fake_keep_str(m->author_name);
  m->text = fake_keep_str(m->text);
  m->marker = fake_keep_str(m->marker);
  struct trg_attachment *a = fake_keep(m->attachment_count * sizeof *a);
  for (size_t i = 0; i < m->attachment_count; i++) {
    a[i].name = fake_keep_str(m->attachments[i].name);
    a[i].media_type = fake_keep_str(m->attachments[i].media_type);
    a[i].size_bytes = m->attachments[i].size_bytes;
  }
  m->attachments = a;
}

static void host_emit_ticket(trg_op op, const struct trg_ticket *ticket) {
  struct op_slot *slot = fake_slot_open(op, "emit_ticket()");
  if (!slot) return;
  struct fake_op *o = &slot->pub;
  o->tickets = fake_grow(o->tickets, o->ticket_count, sizeof *o->tickets);
  struct trg_ticket *t = &o->tickets[o->ticket_count++];
  keep_sized(t, sizeof *t, ticket);
  struct trg_str *const strings[] = {
      &t->id,       &t->version,      &t->subject,        &t->priority,        &t->team,
      &t->language, &t->requester_id, &t->requester_name, &t->requester_email, &t->merged_into,
      &t->url,
  };
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    *strings[i] = fake_keep_str(*strings[i]);
  struct trg_str *tags = fake_keep(t->tag_count * sizeof *tags);
  for (size_t i = 0; i < t->tag_count; i++) tags[i] = fake_keep_str(t->tags[i]);
  t->tags = tags;
  struct trg_message *messages = fake_keep(t->message_count * sizeof *messages);
  for (size_t i = 0; i < t->message_count; i++) keep_message(&messages[i], &t->messages[i]);
  t->messages = messages;
  struct trg_ticket_fact *facts = fake_keep(t->fact_count * sizeof *facts);
  for (size_t i = 0; i < t->fact_count; i++) {
    keep_sized(&facts[i], sizeof *facts, &t->facts[i]);
    facts[i].id = fake_keep_str(facts[i].id);
    facts[i].value = fake_keep_str(facts[i].value);
  }
  t->facts = facts;
}

static void host_emit_receipt(trg_op op, const struct trg_receipt *receipt) {
  struct op_slot *slot = fake_slot_open(op, "emit_receipt()");
  if (!slot) return;
  struct fake_op *o = &slot->pub;
  o->receipts = fake_grow(o->receipts, o->receipt_count, sizeof *o->receipts);
  struct trg_receipt *r = &o->receipts[o->receipt_count++];
  keep_sized(r, sizeof *r, receipt);
  r->kind = fake_keep_str(r->kind);
  r->id = fake_keep_str(r->id);
}

static void host_emit_macro(trg_op op, const struct trg_macro *macro) {
  struct op_slot *slot = fake_slot_open(op, "emit_macro()");
  if (!slot) return;
  struct fake_op *o = &slot->pub;
  o->macros = fake_grow(o->macros, o->macro_count, sizeof *o->macros);
  struct trg_macro *m = &o->macros[o->macro_count++];
  keep_sized(m, sizeof *m, macro);
  struct trg_str *const strings[] = {&m->id, &m->title, &m->text, &m->category, &m->language};
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    *strings[i] = fake_keep_str(*strings[i]);
}

static void host_batch_ref(trg_op op, struct trg_str ref) {
  struct op_slot *slot = fake_slot_open(op, "batch_ref()");
  if (slot) slot->pub.batch_ref = fake_keep_str(ref);
}

static void host_emit_reply(trg_op op, const struct trg_model_reply *reply) {
  struct op_slot *slot = fake_slot_open(op, "emit_reply()");
  if (!slot) return;
  struct fake_op *o = &slot->pub;
  o->replies = fake_grow(o->replies, o->reply_count, sizeof *o->replies);
  struct trg_model_reply *r = &o->replies[o->reply_count++];
  keep_sized(r, sizeof *r, reply);
  r->text = fake_keep_str(r->text);
  r->stop_word = fake_keep_str(r->stop_word);
  r->served = fake_keep_str(r->served);
  r->request_id = fake_keep_str(r->request_id);
  r->request_bytes = fake_keep_str(r->request_bytes);
  r->response_bytes = fake_keep_str(r->response_bytes);
}

/* As the daemon: https only; what belongs to the vendor is the plugin's to judge. */
static int host_allow_origin(trg_inst *inst, struct trg_str url, struct trg_err *err) {
  (void)inst;
  if (url.n > 8 && memcmp(url.p, "https://", 8) == 0) return 0;
  *err = (struct trg_err){.code = "endpoint", .text = "not https"};
  return -1;
}

const struct trg_host fake_host_functions = {
    .size = sizeof fake_host_functions,
    .now_ms = host_now_ms,
    .log = host_log,
    .http = host_http,
    .timer = host_timer,
    .work = host_work,
    .op_set = host_op_set,
    .op_get = host_op_get,
    .done = host_done,
    .bucket = host_bucket,
    .emit_notice = host_emit_notice,
    .set_cursor = host_set_cursor,
    .emit_ticket = host_emit_ticket,
    .emit_receipt = host_emit_receipt,
    .emit_reply = host_emit_reply,
    .allow_origin = host_allow_origin,
    .batch_ref = host_batch_ref,
    .emit_macro = host_emit_macro,
};
