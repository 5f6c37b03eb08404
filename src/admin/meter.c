#include "admin/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/core.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/settle.h"
#include "conf/conf.h"
#include "net/http.h"
#include "net/loop.h"
#include "pipeline/stage.h"
#include "store/meter_event.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/turn.h"

#define SEEN_KEY         "meter.seen" /* last ledger line that was looked at */
#define BATCH            128
#define FLIGHTS          8
#define LOOK_EVERY_MS    30000
#define LOOK_SOON_MS     50
#define TIMEOUT_MS       30000
#define ANSWER_BYTES     65536
#define BACK_OFF_MS      1000
#define BACK_OFF_MAX     (60 * 60 * 1000)
#define SURE_MS          ((int64_t)23 * 3600 * 1000)
#define DISPUTE_MS       (60 * 60 * 1000)
#define REF              "meter:"
#define API_VERSION      "2025-04-30.basil"
#define REQUEUES_AT_ONCE 1000

struct flight {
  struct meter *meter;
  http_id id;
  int64_t seq;
  bool first; /* no earlier attempt may have arrived */
  bool used;
  struct arena *arena; /* what is sent, until the commit */
  const char *key, *url, *idempotency, *body;
};

struct meter {
  struct core *core;
  struct flight flights[FLIGHTS];
  size_t in_flight;
  int64_t rest_until_ms; /* after a refusal of the peer's all of them wait */
  loop_timer timer;
  bool running, soon;
  void (*finished)(void *arg);
  void *finished_arg;
};

static void meter_look(void *arg);

static const struct conf_meter *setting(const struct meter *m) {
  return &m->core->plan->conf->meter;
}

static void meter_soon(struct meter *m) {
  if (m->soon || !m->running) return;
  m->soon = true;
  loop_soon(m->core->loop, meter_look, m);
}

/* --- what counts ---------------------------------------------------------------------------- */

static const char *identifier(const struct ledger_line *l, struct arena *a) {
  return arena_printf(a, "triaged_%s", l->hash);
}

static int64_t value_of(const struct meter *m, const struct ledger_line *l) {
  if (setting(m)->micros) return l->amount_micros;
  return l->amount_micros > 0 ? 1 : -1;
}

static const char *body_of(const struct meter *m, const struct meter_event *e, const char *customer,
                           struct arena *a) {
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "event_name=");
  buf_url(&b, str_of(setting(m)->event_name));
  buf_text(&b, "&payload%5Bstripe_customer_id%5D=");
  buf_url(&b, str_of(customer));
  buf_printf(&b, "&payload%%5Bvalue%%5D=%" PRId64 "&identifier=%s&timestamp=%" PRId64, e->value,
             e->identifier, e->planned_ms / 1000);
  const char *text = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return text;
}

/* The identifier, value, moment and customer are those of the row from now on. Without a customer
 * it waits for a person, as one that was rejected. */
static void event_plan(const struct meter *m, struct meter_event *e, const struct ledger_line *l,
                       int64_t now_ms, struct arena *a) {
  const char *customer = conf_customer_of(setting(m), l->helpdesk);
  e->state = customer != NULL ? "planned" : "rejected";
  e->planned_ms = e->due_ms = now_ms;
  e->code = customer != NULL ? "" : "no_customer";
  e->why = customer != NULL
               ? ""
               : arena_printf(a,
                              "billing.stripe names no customer for the helpdesk %.60s: add it to "
                              "customers, then triagectl requeue " REF "%" PRId64,
                              l->helpdesk, l->seq);
  e->body = customer != NULL ? body_of(m, e, customer, a) : "";
  if (customer == NULL)
    log_event(TRG_ERROR, "meter.rejected", "entry", log_num(l->seq), "why", e->why, NULL);
}

/* Who was to pay for what is taken back, in its bytes; also when another one pays by now. */
static const char *same_payer(const char *body, const char *of, struct arena *a) {
  static const char mark[] = "stripe_customer_id%5D=";
  const char *paid = strstr(of, mark), *own = strstr(body, mark);
  if (paid == NULL || own == NULL) return body;
  paid += sizeof mark - 1;
  own += sizeof mark - 1;
  return arena_printf(a, "%.*s%.*s%s", (int)(own - body), body, (int)strcspn(paid, "&"), paid,
                      own + strcspn(own, "&"));
}

static int charge_found(struct meter *m, const struct ledger_line *l, struct arena *a,
                        struct trg_err *err) {
  struct meter_event e = {.seq = l->seq,
                          .state = "waiting",
                          .period = l->period,
                          .identifier = identifier(l, a),
                          .value = value_of(m, l)};
  const int rc = settle_final(m->core->store, m->core->plan->book, l, &e.due_ms, err);
  return rc != 0 ? rc : meter_event_add(m->core->store, &e, err);
}

/* A line that takes back another: before that was sent, neither is; else both are. */
static int correction_found(struct meter *m, const struct ledger_line *l, int64_t now_ms,
                            struct arena *a, struct trg_err *err) {
  struct meter_event of = {0};
  int rc = meter_event_get(m->core->store, l->corrects, a, &of, err);
  if (rc == TRG_ENOTFOUND) return 0; /* it never counted */
  if (rc != 0) return rc;
  const bool kept = strcmp(of.state, "waiting") == 0 || strcmp(of.state, "rejected") == 0 ||
                    (strcmp(of.state, "planned") == 0 && of.first_ms == 0);
  if (kept) {
    of.state = "dropped";
    of.why = arena_printf(a, "ledger line %" PRId64 " takes it back", l->seq);
    return meter_event_set(m->core->store, &of, err);
  }
  if (strcmp(of.state, "dropped") == 0 || l->amount_micros == 0) return 0;
  struct meter_event e = {
      .seq = l->seq, .period = l->period, .identifier = identifier(l, a), .value = value_of(m, l)};
  event_plan(m, &e, l, now_ms, a);
  e.body = same_payer(e.body, of.body, a);
  if (strcmp(of.state, "held") == 0) {
    e.state = "held";
    e.why = arena_printf(a, "it takes back ledger line %" PRId64 ", which is held", of.seq);
  }
  return meter_event_add(m->core->store, &e, err);
}

static int line_found(struct meter *m, const struct ledger_line *l, int64_t now_ms, struct arena *a,
                      struct trg_err *err) {
  if (l->corrects != 0) return correction_found(m, l, now_ms, a, err);
  if (strcmp(l->kind, "charge") != 0 || l->ticket_id == 0 || l->amount_micros <= 0) return 0;
  return charge_found(m, l, a, err);
}

static int last_seq(struct store *s, int64_t *ret, struct arena *a, struct trg_err *err) {
  char *head = NULL;
  struct trg_str rest, piece = {0};
  *ret = 0;
  const int rc = ledger_head(s, a, &head, err);
  if (rc != 0 || head == NULL) return rc;
  rest = str_of(head);
  (void)str_next(&rest, ' ', &piece);
  return str_to_int(piece, ret) == 0
             ? 0
             : err_set(err, TRG_ECORRUPT, "ledger", "the ledger's head is not a line and its hash");
}

/* Looks at lines that are new. *ret_more: there are more of them. */
static int lines_look(struct meter *m, int64_t now_ms, struct arena *a, bool *ret_more,
                      struct trg_err *err) {
  struct store *s = m->core->store;
  struct ledger_line *lines = NULL;
  size_t n = 0;
  int64_t seen = 0;
  char *text = NULL;
  int rc = store_get(s, SEEN_KEY, a, &text, err);
  if (rc == 0 && text == NULL) {
    rc = last_seq(s, &seen, a, err);
    return rc != 0 ? rc : store_put(s, SEEN_KEY, arena_printf(a, "%" PRId64, seen), err);
  }
  if (rc == 0 && str_to_int(str_of(text), &seen) != 0)
    rc = err_set(err, TRG_ECORRUPT, "meter", "the setting " SEEN_KEY " is not a number");
  if (rc == 0) rc = meter_event_lines(s, seen, BATCH, a, &lines, &n, err);
  for (size_t i = 0; i < n && rc == 0; i++) rc = line_found(m, &lines[i], now_ms, a, err);
  if (rc != 0 || n == 0) return rc;
  *ret_more = n == BATCH;
  return store_put(s, SEEN_KEY, arena_printf(a, "%" PRId64, seen + (int64_t)n), err);
}

static int final_check(struct meter *m, struct meter_event *e, int64_t now_ms, struct arena *a,
                       struct trg_err *err) {
  struct store *s = m->core->store;
  struct ledger_line l = {0};
  bool disputed = false;
  int64_t final_ms = 0;
  int rc = ledger_get(s, e->seq, a, &l, err);
  if (rc == 0) rc = settle_final(s, m->core->plan->book, &l, &final_ms, err);
  if (rc == 0) rc = meter_event_disputed(s, e->seq, &disputed, err);
  if (rc != 0) return rc;
  if (final_ms > now_ms) /* the rules changed since */
    e->due_ms = final_ms;
  else if (disputed)
    e->due_ms = now_ms + DISPUTE_MS;
  else
    event_plan(m, e, &l, now_ms, a);
  return meter_event_set(s, e, err);
}

static int finals_look(struct meter *m, int64_t now_ms, struct arena *a, bool *ret_more,
                       struct trg_err *err) {
  struct meter_event *list = NULL;
  size_t n = 0;
  int rc = meter_event_due(m->core->store, "waiting", now_ms, BATCH, a, &list, &n, err);
  for (size_t i = 0; i < n && rc == 0; i++) rc = final_check(m, &list[i], now_ms, a, err);
  if (n == BATCH) *ret_more = true;
  return rc;
}

/* --- sending -------------------------------------------------------------------------------- */

static int64_t back_off(const struct meter_event *e, const struct trg_http_reply *r) {
  int64_t ms = BACK_OFF_MS, told = 0;
  for (int64_t i = 1; i < e->attempts && ms < BACK_OFF_MAX; i++) ms *= 2;
  for (size_t i = 0; i < r->header_count; i++)
    if (str_is(r->headers[i].name, "retry-after") && str_to_int(r->headers[i].value, &told) == 0 &&
        told > 0 && told <= BACK_OFF_MAX / 1000 && told * 1000 > ms)
      ms = told * 1000;
  return ms < BACK_OFF_MAX ? ms : BACK_OFF_MAX;
}

/* The peer's own words about a refusal. */
static const char *words_of(const struct trg_http_reply *r, struct arena *a) {
  json *o = json_parse(r->body, 0, NULL);
  const struct trg_str text = json_get_str(json_get(o, "error"), "message");
  const char *why = r->status == 0 ? arena_dup(a, r->why)
                    : text.n > 0   ? arena_printf(a, "HTTP %d: %.*s", (int)r->status,
                                                  (int)(text.n < 300 ? text.n : 300), text.p)
                                   : arena_printf(a, "HTTP %d", (int)r->status);
  json_free(&o);
  return why;
}

/* An identifier that is there already was sent by an earlier attempt: that is what was wanted. */
static bool is_repeat(const struct trg_http_reply *r) {
  json *o = json_parse(r->body, 0, NULL);
  const char *const mark = "already exists with identifier";
  const struct trg_str text = json_get_str(json_get(o, "error"), "message");
  bool found = false;
  for (size_t i = 0; r->status == 400 && i + strlen(mark) <= text.n && !found; i++)
    found = memcmp(text.p + i, mark, strlen(mark)) == 0;
  json_free(&o);
  return found;
}

/* 401 and 403 are about the key, which a person mends; the event is not at fault. */
static bool is_for_later(int status) {
  return status == 0 || status == 401 || status == 403 || status == 409 || status == 429 ||
         status >= 500 || (status > 0 && status < 200) || (status >= 300 && status < 400);
}

static void answered(struct flight *f, struct meter_event *e, const struct trg_http_reply *r,
                     int64_t now_ms, struct arena *a) {
  struct meter *m = f->meter;
  const bool refused = r->status >= 400 && r->status < 500 && r->status != 409;
  if (f->first && (refused || (r->status == 0 && !r->sent))) e->first_ms = 0;
  e->code = "";
  e->why = "";
  if ((r->status >= 200 && r->status < 300) || is_repeat(r)) {
    e->state = "done";
    e->done_ms = now_ms;
    return;
  }
  e->why = words_of(r, a);
  if (!is_for_later(r->status)) {
    e->state = "rejected";
    e->code = "rejected";
    log_event(TRG_ERROR, "meter.rejected", "entry", log_num(e->seq), "why", e->why, "hint",
              "triagectl requeue meter:LINE sends it again", NULL);
    return;
  }
  e->state = "planned";
  e->code = e->first_ms != 0 ? "uncertain" : "retry";
  if (r->status >= 500) e->key_no++; /* its answer is kept by key; the identifier still guards */
  e->due_ms = now_ms + back_off(e, r);
  if (e->due_ms > m->rest_until_ms) m->rest_until_ms = e->due_ms;
  log_event(TRG_WARN, "meter.retry", "entry", log_num(e->seq), "attempts", log_num(e->attempts),
            "why", e->why, NULL);
}

static void flight_end(struct flight *f) {
  arena_free(&f->arena);
  f->used = false;
  f->meter->in_flight--;
}

static void on_reply(void *arg, const struct trg_http_reply *r) {
  struct flight *f = arg;
  struct meter *m = f->meter;
  struct arena *a = arena_new();
  struct trg_err err = {0};
  struct meter_event e = {0};
  store_must(meter_event_get(m->core->store, f->seq, a, &e, &err), &err);
  answered(f, &e, r, clock_now_ms(), a);
  store_must(meter_event_set(m->core->store, &e, &err), &err);
  arena_free(&a);
  flight_end(f);
  meter_soon(m);
}

/* After the commit that says so. */
static void flight_go(void *arg) {
  struct flight *f = arg;
  const struct trg_header headers[] = {
      {TRG_STR("Authorization"), str_of(f->key)},
      {TRG_STR("Content-Type"), TRG_STR("application/x-www-form-urlencoded")},
      {TRG_STR("Idempotency-Key"), str_of(f->idempotency)},
      {TRG_STR("Stripe-Version"), TRG_STR(API_VERSION)}};
  const struct trg_http_request request = {.size = sizeof request,
                                           .method = "POST",
                                           .url = str_of(f->url),
                                           .headers = headers,
                                           .header_count = sizeof headers / sizeof headers[0],
                                           .body = str_of(f->body),
                                           .timeout_ms = TIMEOUT_MS,
                                           .body_max_bytes = ANSWER_BYTES,
                                           .flags = TRG_HTTP_WRITE};
  const struct http_call call = {.request = &request, .on_reply = on_reply, .arg = f};
  f->id = http_start(f->meter->core->http, &call);
}

static int event_hold(struct meter *m, struct meter_event *e, struct arena *a,
                      struct trg_err *err) {
  e->state = "held";
  e->code = "held";
  e->why = arena_printf(a,
                        "no certain answer within 23 hours: %s; see at the peer whether %s is "
                        "there, and requeue it only if not",
                        e->why, e->identifier);
  log_event(TRG_ERROR, "meter.held", "entry", log_num(e->seq), "why", e->why, NULL);
  return meter_event_set(m->core->store, e, err);
}

static const char *url_of(const char *base, struct arena *a) {
  size_t n = strlen(base);
  while (n > 0 && base[n - 1] == '/') n--;
  return arena_printf(a, "%.*s/v1/billing/meter_events", (int)n, base);
}

static int event_send(struct meter *m, struct meter_event *e, int64_t now_ms, struct arena *a,
                      struct trg_err *err) {
  if (e->first_ms != 0 && now_ms - e->first_ms >= SURE_MS) return event_hold(m, e, a, err);
  struct flight *f = m->flights;
  while (f->used) f++;
  BUG_UNLESS(f < m->flights + FLIGHTS);
  *f = (struct flight){
      .meter = m, .seq = e->seq, .first = e->first_ms == 0, .used = true, .arena = arena_new()};
  f->key = arena_printf(f->arena, "Bearer %s", setting(m)->key);
  f->url = url_of(setting(m)->url, f->arena);
  f->body = arena_dup(f->arena, str_of(e->body));
  f->idempotency = arena_printf(f->arena, "%s_%" PRId64, e->identifier, e->key_no);
  m->in_flight++;
  e->state = "sending";
  e->attempts++;
  if (e->first_ms == 0) e->first_ms = now_ms;
  const int rc = meter_event_set(m->core->store, e, err);
  if (rc == 0)
    turn_after_commit(m->core->store, flight_go, f);
  else
    flight_end(f);
  return rc;
}

static int sends_look(struct meter *m, int64_t now_ms, struct arena *a, struct trg_err *err) {
  struct meter_event *list = NULL;
  size_t n = 0;
  if (m->in_flight == FLIGHTS || now_ms < m->rest_until_ms) return 0;
  int rc = meter_event_due(m->core->store, "planned", now_ms, (int)(FLIGHTS - m->in_flight), a,
                           &list, &n, err);
  for (size_t i = 0; i < n && rc == 0; i++) rc = event_send(m, &list[i], now_ms, a, err);
  return rc;
}

/* --- when ----------------------------------------------------------------------------------- */

static void once_check(struct meter *m, int64_t next_ms, int64_t now_ms, bool more) {
  const bool due = next_ms != 0 && next_ms <= now_ms && now_ms >= m->rest_until_ms;
  if (m->finished == NULL || more || m->in_flight > 0) return;
  if (due) return;
  void (*const finished)(void *arg) = m->finished;
  m->finished = NULL;
  loop_soon(m->core->loop, finished, m->finished_arg);
}

static void timer_look(void *arg) {
  struct meter *m = arg;
  m->timer = 0;
  meter_soon(m);
}

static void meter_look(void *arg) {
  struct meter *m = arg;
  struct arena *a = arena_new();
  struct trg_err err = {0};
  const int64_t now = clock_now_ms();
  int64_t next = 0;
  bool more = false;
  m->soon = false;
  if (setting(m)->event_name != NULL) {
    int rc = lines_look(m, now, a, &more, &err);
    if (rc == 0 && !more) rc = finals_look(m, now, a, &more, &err);
    if (rc == 0 && !more) rc = sends_look(m, now, a, &err);
    if (rc == 0) rc = meter_event_next(m->core->store, &next, &err);
    store_must(rc, &err);
  }
  arena_free(&a);
  if (next != 0 && next < m->rest_until_ms) next = m->rest_until_ms;
  once_check(m, next, now, more);
  if (more) meter_soon(m);
  int64_t wait = next == 0 || m->in_flight > 0 ? LOOK_EVERY_MS : next - now;
  if (wait > LOOK_EVERY_MS) wait = LOOK_EVERY_MS;
  if (wait < LOOK_SOON_MS) wait = LOOK_SOON_MS;
  loop_timer_stop(m->core->loop, m->timer);
  m->timer = loop_timer_start(m->core->loop, wait, 0, timer_look, m);
}

struct meter *meter_new(struct core *c) {
  struct meter *m = mem_alloc(sizeof *m);
  *m = (struct meter){.core = c};
  struct trg_err err = {0};
  int64_t n = 0;
  store_must(meter_event_recover(c->store, &n, &err), &err);
  if (n > 0) log_event(TRG_INFO, "meter.recovered", "events", log_num(n), NULL);
  return m;
}

void meter_free(struct meter **m) {
  if (*m == NULL) return;
  for (size_t i = 0; i < FLIGHTS; i++) {
    if (!(*m)->flights[i].used) continue;
    http_cancel((*m)->core->http, (*m)->flights[i].id);
    flight_end(&(*m)->flights[i]);
  }
  loop_timer_stop((*m)->core->loop, (*m)->timer);
  mem_free(*m);
  *m = NULL;
}

void meter_start(struct meter *m) {
  m->running = true;
  meter_soon(m);
}

void meter_once(struct meter *m, void (*finished)(void *arg), void *arg) {
  m->finished = finished;
  m->finished_arg = arg;
  m->running = true;
  meter_soon(m);
}

/* --- again ---------------------------------------------------------------------------------- */

bool meter_ref(struct trg_str ref) {
  return str_starts(ref, REF);
}

static int requeue_one(struct core *c, struct meter_event *e, int64_t now_ms, struct arena *a,
                       struct trg_err *err) {
  const struct meter m = {.core = c};
  if (strcmp(e->state, "rejected") != 0 && strcmp(e->state, "held") != 0)
    return err_set(err, TRG_ESTATE, "state",
                   REF "%" PRId64 " is neither rejected nor held: it is %s", e->seq, e->state);
  struct ledger_line l = {0};
  const char *before = e->body;
  const int rc = ledger_get(c->store, e->seq, a, &l, err);
  if (rc != 0) return rc;
  e->key_no++;
  e->attempts = e->first_ms = 0;
  event_plan(&m, e, &l, now_ms, a);
  if (l.corrects != 0) e->body = same_payer(e->body, before, a);
  return meter_event_set(c->store, e, err);
}

int meter_requeue(struct core *c, struct trg_str ref, const char *who, struct trg_err *err) {
  struct arena *a = arena_new();
  const struct trg_str what = {ref.p + strlen(REF), ref.n - strlen(REF)};
  struct meter_event one = {.state = ""}, *list = &one;
  size_t n = 1;
  int64_t seq = 0;
  const int64_t now = clock_now_ms();
  int rc;
  if (c->plan->conf->meter.event_name == NULL)
    rc = err_set(err, TRG_ESTATE, "off", "billing.stripe is not set: nothing is sent");
  else if (str_is(what, "all"))
    rc = meter_event_bad(c->store, REQUEUES_AT_ONCE, a, &list, &n, err);
  else if (str_to_int(what, &seq) != 0)
    rc = err_set(err, TRG_EINVAL, "usage",
                 "write " REF "LINE with a line of the ledger, or " REF "all");
  else
    rc = meter_event_get(c->store, seq, a, &one, err);
  for (size_t i = 0; i < n && rc == 0; i++) rc = requeue_one(c, &list[i], now, a, err);
  if (rc == 0) rc = audit_add(c->store, who, "requeue", arena_dup(a, ref), "", now, err);
  arena_free(&a);
  return rc;
}
