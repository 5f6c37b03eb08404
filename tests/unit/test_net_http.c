#include "net/http.h"
#include "net/url.h"
#include "net/serve.h"
#include "test_net_help.h"

struct fixture {
  struct loop *l;
  struct http *h;
  struct serve *s;
  char url[64];
  int served;
  serve_id parked;
};

struct got {
  int count;
  int status;
  bool sent;
  size_t body_n, header_count;
  char body[256], why[256], header[64];
  int pieces;
  bool stop_after_piece, in_start;
};

static void serve_it(void *arg, const struct serve_request *r) {
  struct fixture *f = arg;
  f->served++;
  char text[512];
  if (memcmp(r->path.p, "/late", 5) == 0) {
    f->parked = r->id;
    return;
  }
  if (memcmp(r->path.p, "/big", 4) == 0) {
    static char big[100000];
    serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), NULL, 0,
                 (struct trg_str){big, sizeof big});
    return;
  }
  if (memcmp(r->path.p, "/move", 5) == 0) {
    const struct trg_header to = {TRG_STR("Location"), TRG_STR("/elsewhere")};
    serve_answer(f->s, r->id, 302, TRG_STR("text/plain"), &to, 1, TRG_STR(""));
    return;
  }
  if (memcmp(r->path.p, "/headers", 8) == 0) {
    static char value[1000];
    memset(value, 'v', sizeof value);
    struct trg_header many[80];
    for (int i = 0; i < 80; i++)
      many[i] = (struct trg_header){TRG_STR("X-Many"), {value, sizeof value}};
    serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), many, 80, TRG_STR(""));
    return;
  }
  if (memcmp(r->path.p, "/auth", 5) == 0) {
    serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), NULL, 0,
                 serve_header(r, "authorization"));
    return;
  }
  const struct trg_header h = {TRG_STR("X-Some-Thing"), TRG_STR("Value")};
  const int n = snprintf(text, sizeof text, "%.*s %.*s %.*s", (int)r->method.n, r->method.p,
                         (int)r->path.n, r->path.p, (int)r->body.n, r->body.p);
  serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), &h, 1, (struct trg_str){text, (size_t)n});
}

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->l = loop_new(NULL);
  f->h = http_new(f->l, NULL);
  const struct serve_options o = {.on_request = serve_it, .arg = f, .connections_max = 2000};
  f->s = serve_new(f->l, &o, NULL);
  assert_non_null(f->s);
  (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", serve_port(f->s));
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  http_free(&f->h);
  serve_free(&f->s);
  loop_free(&f->l);
  free(f);
  return 0;
}

static void on_reply(void *arg, const struct trg_http_reply *r) {
  struct got *g = arg;
  assert_false(g->in_start);
  g->count++;
  g->status = r->status;
  g->sent = r->sent;
  g->body_n = r->body.n;
  g->header_count = r->header_count;
  (void)snprintf(g->body, sizeof g->body, "%.*s", (int)(r->body.n < 200 ? r->body.n : 200),
                 r->body.p);
  (void)snprintf(g->why, sizeof g->why, "%.*s", (int)r->why.n, r->why.n == 0 ? "" : r->why.p);
  for (size_t i = 0; i < r->header_count; i++)
    if (r->headers[i].name.n == 12 && memcmp(r->headers[i].name.p, "x-some-thing", 12) == 0)
      (void)snprintf(g->header, sizeof g->header, "%.*s", (int)r->headers[i].value.n,
                     r->headers[i].value.p);
}

static bool on_data(void *arg, int status, struct trg_str piece) {
  struct got *g = arg;
  g->pieces++;
  g->status = status;
  g->body_n += piece.n;
  return !g->stop_after_piece;
}

static bool got_one(void *arg) {
  return ((struct got *)arg)->count > 0;
}

static http_id start(struct fixture *f, struct got *g, const char *base, const char *path,
                     struct trg_http_request r) {
  static char url[512];
  (void)snprintf(url, sizeof url, "%s%s", base, path);
  r.size = sizeof r;
  r.url = (struct trg_str){url, strlen(url)};
  const struct http_call call = {.request = &r, .on_reply = on_reply, .arg = g};
  g->in_start = true;
  const http_id id = http_start(f->h, &call);
  g->in_start = false;
  assert_int_not_equal(id, 0);
  return id;
}

static void fetch(struct fixture *f, struct got *g, const char *base, const char *path,
                  struct trg_http_request r) {
  (void)start(f, g, base, path, r);
  assert_true(run_until(f->l, got_one, g, 5000));
  assert_int_equal(g->count, 1);
}

static void test_an_exchange_brings_status_headers_and_body(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  fetch(f, &g, f->url, "/x?q=1", (struct trg_http_request){.method = "GET"});
  assert_int_equal(g.status, 200);
  assert_true(g.sent);
  assert_string_equal(g.body, "GET /x ");
  assert_string_equal(g.header, "Value");
  assert_int_equal(http_open_count(f->h), 0);
}

static void test_all_methods_carry_their_bodies(void **state) {
  struct fixture *f = *state;
  static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
  for (int i = 0; i < 4; i++) {
    struct got g = {0};
    char want[64];
    fetch(f, &g, f->url, "/m",
          (struct trg_http_request){.method = methods[i], .body = TRG_STR("the body")});
    (void)snprintf(want, sizeof want, "%s /m the body", methods[i]);
    assert_string_equal(g.body, want);
  }
  struct got g = {0};
  fetch(f, &g, f->url, "/m", (struct trg_http_request){.method = "HEAD"});
  assert_int_equal(g.status, 200);
  assert_int_equal(g.body_n, 0);
}

/* The reason has these words, and names the host and the port. */
static void says(const struct got *g, const char *words, int port) {
  char host[64];
  (void)snprintf(host, sizeof host, "127.0.0.1:%d", port);
  if (strstr(g->why, words) == NULL || strstr(g->why, host) == NULL)
    fail_msg("\"%s\" or %s is not in: %s", words, host, g->why);
}

static void test_a_time_out_is_delivered_when_nothing_else_runs(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  int port = 0;
  const int fd = listen_somewhere(&port);
  char base[64];
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", port);
  fetch(f, &g, base, "/", (struct trg_http_request){.timeout_ms = 30});
  assert_int_equal(g.status, 0);
  assert_true(g.sent);
  says(&g, "timed out after", port);
  (void)close(fd);
}

static void test_a_refused_connection_was_not_sent(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  int port = 0;
  const int fd = listen_somewhere(&port);
  (void)close(fd);
  char base[64];
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", port);
  fetch(f, &g, base, "/", (struct trg_http_request){0});
  assert_int_equal(g.status, 0);
  assert_false(g.sent);
  says(&g, "Connection refused", port);
}

static void test_a_name_that_nobody_knows_was_not_sent_to(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  fetch(f, &g, "https://nobody.invalid:4443", "/secret?key=1", (struct trg_http_request){0});
  assert_int_equal(g.status, 0);
  assert_false(g.sent);
  assert_non_null(strstr(g.why, "nobody.invalid:4443 can not be resolved"));
  assert_null(strstr(g.why, "secret"));
}

static void test_a_silent_tls_peer_was_not_sent_to(void **state) {
  struct fixture *f = *state;
  struct got first = {0};
  fetch(f, &first, f->url, "/", (struct trg_http_request){0}); /* a used handle comes next */
  assert_true(first.sent);
  struct got g = {0};
  int port = 0;
  const int fd = listen_somewhere(&port);
  char base[64];
  (void)snprintf(base, sizeof base, "https://127.0.0.1:%d", port);
  fetch(f, &g, base, "/", (struct trg_http_request){.timeout_ms = 30});
  assert_int_equal(g.status, 0);
  assert_false(g.sent);
  says(&g, "does it speak TLS", port);
  (void)close(fd);
}

static void test_a_reset_after_the_request_was_sent(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  struct rude peer = {.reset = true};
  rude_start(&peer);
  char base[64];
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", peer.port);
  fetch(f, &g, base, "/",
        (struct trg_http_request){.method = "POST", .body = TRG_STR("x"), .flags = TRG_HTTP_WRITE});
  assert_int_equal(g.status, 0);
  assert_true(g.sent);
  assert_int_equal(atomic_load(&peer.requests), 1);
  says(&g, "closed the connection before it answered", peer.port);
  rude_stop(&peer);
}

static void test_a_write_is_sent_once_though_a_kept_connection_dies(void **state) {
  struct fixture *f = *state;
  for (int reset = 0; reset < 2; reset++) {
    struct rude peer = {
        .reset = reset == 1, .keep = 1, .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    rude_start(&peer);
    char base[64];
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", peer.port);
    const struct trg_http_request write = {
        .method = "POST", .body = TRG_STR("x"), .flags = TRG_HTTP_WRITE};
    struct got g = {0};
    fetch(f, &g, base, "/", (struct trg_http_request){0});
    assert_int_equal(g.status, 200);
    /* On the kept connection it is read and lost. curl by itself would send it again on a new one;
     * what happened to it is not known, and is told so. */
    struct got w = {0};
    fetch(f, &w, base, "/", write);
    assert_int_equal(w.status, 0);
    assert_true(w.sent);
    if (reset == 0) says(&w, "closed the connection before it answered", peer.port);
    assert_int_equal(atomic_load(&peer.requests), 2);
    struct got again = {0};
    fetch(f, &again, base, "/", write);
    assert_int_equal(again.status, 200);
    assert_int_equal(atomic_load(&peer.requests), 3);
    rude_stop(&peer);
  }
}

static void test_a_cut_answer_is_no_answer(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  struct rude peer = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"};
  rude_start(&peer);
  char base[64];
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", peer.port);
  fetch(f, &g, base, "/", (struct trg_http_request){0});
  assert_int_equal(g.status, 0);
  assert_true(g.sent);
  assert_string_equal(g.body, "half");
  says(&g, "broke off in the middle of its answer", peer.port);
  rude_stop(&peer);
}

static void test_a_body_over_the_ceiling_ends_the_exchange(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  fetch(f, &g, f->url, "/big", (struct trg_http_request){.body_max_bytes = 1000});
  assert_int_equal(g.status, 0);
  assert_true(g.body_n <= 1000);
  assert_non_null(strstr(g.why, "1000 bytes"));
  struct got fits = {0};
  fetch(f, &fits, f->url, "/big", (struct trg_http_request){.body_max_bytes = 100000});
  assert_int_equal(fits.status, 200);
  assert_int_equal(fits.body_n, 100000);
}

static void test_headers_over_the_ceiling_end_the_exchange(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  fetch(f, &g, f->url, "/headers", (struct trg_http_request){0});
  assert_int_equal(g.status, 0);
  assert_true(strlen(g.why) > 0);
}

static void test_a_request_can_be_signed_for_aws(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  fetch(f, &g, f->url, "/auth",
        (struct trg_http_request){.method = "POST",
                                  .body = TRG_STR("{}"),
                                  .sigv4 = TRG_STR("aws:amz:eu-west-1:bedrock"),
                                  .userpwd = TRG_STR("KEY:SECRET")});
  assert_int_equal(g.status, 200);
  assert_non_null(strstr(g.body, "AWS4-HMAC-SHA256 Credential=KEY/"));
  assert_null(strstr(g.body, "SECRET"));
  struct got plain = {0}; /* the handle keeps nothing */
  fetch(f, &plain, f->url, "/auth", (struct trg_http_request){0});
  assert_string_equal(plain.body, "");
}

static void test_a_proxy_is_not_asked_for_loopback(void **state) {
  struct fixture *f = *state;
  (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
  (void)setenv("all_proxy", "http://127.0.0.1:1", 1);
  struct got g = {0};
  fetch(f, &g, f->url, "/x", (struct trg_http_request){0});
  struct got outside = {0};
  fetch(f, &outside, "https://help.invalid", "/", (struct trg_http_request){0});
  (void)unsetenv("http_proxy");
  (void)unsetenv("all_proxy");
  assert_int_equal(g.status, 200);
  assert_int_equal(outside.status, 0);
  assert_false(outside.sent);
  assert_null(strstr(outside.why, "resolve host: help.invalid")); /* the proxy was to do that */
}

static void test_redirects_are_not_followed(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  fetch(f, &g, f->url, "/move", (struct trg_http_request){0});
  assert_int_equal(g.status, 302);
  assert_int_equal(f->served, 1);
}

static void test_a_cancelled_exchange_calls_nobody(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  const http_id id = start(f, &g, f->url, "/late", (struct trg_http_request){0});
  http_cancel(f->h, id);
  http_cancel(f->h, id);
  const http_id bad = start(f, &g, "http://example.com", "/", (struct trg_http_request){0});
  http_cancel(f->h, bad);
  struct got other = {0};
  fetch(f, &other, f->url, "/x", (struct trg_http_request){0});
  run_for(f->l, 10);
  assert_int_equal(g.count, 0);
  assert_int_equal(http_open_count(f->h), 0);
}

static void test_wrong_requests_are_refused_on_a_later_turn(void **state) {
  struct fixture *f = *state;
  static const char *const urls[] = {
      "http://example.com/",         "ftp://127.0.0.1/",   "nonsense",
      "http://user:pass@127.0.0.1/", "file:///etc/passwd", ""};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    struct got g = {0};
    fetch(f, &g, urls[i], "", (struct trg_http_request){0});
    assert_int_equal(g.status, 0);
    assert_false(g.sent);
    assert_true(strlen(g.why) > 0);
  }
  struct got g = {0};
  const struct trg_header split = {TRG_STR("X-A"), TRG_STR("b\r\nX-C: d")};
  fetch(f, &g, f->url, "/", (struct trg_http_request){.headers = &split, .header_count = 1});
  assert_false(g.sent);
  struct got m = {0};
  fetch(f, &m, f->url, "/", (struct trg_http_request){.method = "GET / HTTP/1.1\r\n"});
  assert_false(m.sent);
  assert_int_equal(f->served, 0);
}

static void test_pieces_arrive_one_by_one_and_can_be_ended(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  char url[128];
  (void)snprintf(url, sizeof url, "%s/big", f->url);
  const struct trg_http_request r = {.size = sizeof r, .url = {url, strlen(url)}};
  const struct http_call call = {
      .request = &r, .on_reply = on_reply, .on_data = on_data, .arg = &g};
  (void)http_start(f->h, &call);
  assert_true(run_until(f->l, got_one, &g, 5000));
  assert_true(g.pieces >= 1);
  assert_int_equal(g.status, 200);
  assert_int_equal(g.body_n, 0); /* on_reply came last and has no body */
  struct got ended = {.stop_after_piece = true};
  const struct http_call second = {
      .request = &r, .on_reply = on_reply, .on_data = on_data, .arg = &ended};
  (void)http_start(f->h, &second);
  assert_true(run_until(f->l, got_one, &ended, 5000));
  assert_int_equal(ended.pieces, 1);
  assert_int_equal(ended.status, 200);
}

struct inside {
  struct fixture *f;
  http_id own;
  struct got next;
  bool started;
};

static bool cancel_inside(void *arg, int status, struct trg_str piece) {
  struct inside *in = arg;
  (void)status;
  (void)piece;
  http_cancel(in->f->h, in->own);
  if (!in->started) (void)start(in->f, &in->next, in->f->url, "/x", (struct trg_http_request){0});
  in->started = true;
  return true;
}

static void reply_never(void *arg, const struct trg_http_reply *r) {
  (void)arg;
  (void)r;
  fail_msg("a cancelled exchange called back");
}

static void test_a_piece_may_cancel_its_exchange_and_start_another(void **state) {
  struct fixture *f = *state;
  struct inside in = {.f = f};
  char url[128];
  (void)snprintf(url, sizeof url, "%s/big", f->url);
  const struct trg_http_request r = {.size = sizeof r, .url = {url, strlen(url)}};
  const struct http_call call = {
      .request = &r, .on_reply = reply_never, .on_data = cancel_inside, .arg = &in};
  in.own = http_start(f->h, &call);
  assert_true(run_until(f->l, got_one, &in.next, 5000));
  assert_int_equal(in.next.status, 200);
  assert_int_equal(http_open_count(f->h), 0);
}

static bool got_thousand(void *arg) {
  return ((struct got *)arg)->count >= 1000;
}

static void test_a_thousand_exchanges_at_once_all_come_back(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  for (int i = 0; i < 1000; i++)
    (void)start(
        f, &g, f->url, "/x",
        (struct trg_http_request){.timeout_ms = 20000, .flags = i % 2 == 0 ? 0 : TRG_HTTP_WRITE});
  assert_int_equal(http_open_count(f->h), 1000);
  assert_true(run_until(f->l, got_thousand, &g, 20000));
  assert_int_equal(g.count, 1000);
  assert_int_equal(g.status, 200);
  assert_int_equal(f->served, 1000);
}

static void test_what_waits_for_a_connection_times_out_too(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  int port = 0;
  const int fd = listen_somewhere(&port);
  char base[64];
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", port);
  for (int i = 0; i < 1000; i++)
    (void)start(f, &g, base, "/x", (struct trg_http_request){.timeout_ms = 50});
  assert_true(run_until(f->l, got_thousand, &g, 10000));
  assert_int_equal(g.count, 1000);
  (void)close(fd);
}

static void test_exchanges_under_way_are_dropped_with_the_client(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  for (int i = 0; i < 20; i++) (void)start(f, &g, f->url, "/late", (struct trg_http_request){0});
  (void)start(f, &g, "http://example.com", "/", (struct trg_http_request){0});
  http_free(&f->h);
  run_for(f->l, 5);
  assert_int_equal(g.count, 0);
}

static void test_urls_are_checked_with_clear_sentences(void **state) {
  (void)state;
  struct trg_err err = {0};
  assert_int_equal(http_url_check(TRG_STR("https://acme.zendesk.com"), &err), 0);
  assert_int_equal(http_url_check(TRG_STR("http://127.9.9.9:8080/x"), &err), 0);
  assert_int_equal(http_url_check(TRG_STR("http://LOCALHOST/"), &err), 0);
  assert_int_equal(http_url_check(TRG_STR("http://[::1]:80/"), &err), 0);
  assert_int_not_equal(http_url_check(TRG_STR("http://acme.com"), &err), 0);
  assert_non_null(strstr(err.text, "loopback"));
  assert_int_not_equal(http_url_check(TRG_STR("http://127.0.0.1.evil.com"), &err), 0);
  assert_int_not_equal(http_url_check(TRG_STR("http://127.0.0.1@evil.com/"), &err), 0);
  assert_int_not_equal(http_url_check(TRG_STR("http://10.0.0.1/"), &err), 0);
  assert_int_not_equal(http_url_check(TRG_STR("https://a b/"), &err), 0);
  char host[64];
  assert_int_equal(http_url_host(TRG_STR("http://Help.ACME.com/x?y"), host, sizeof host), 0);
  assert_string_equal(host, "help.acme.com");
  assert_int_equal(http_url_host(TRG_STR("https://acme.com@evil.com/"), host, sizeof host), 0);
  assert_string_equal(host, "evil.com");
  assert_int_equal(http_url_host(TRG_STR("nothing"), host, 3), -1);
  assert_true(http_url_same_origin(TRG_STR("https://a.com/x"), TRG_STR("https://A.com:443/y")));
  assert_false(http_url_same_origin(TRG_STR("https://a.com"), TRG_STR("https://b.a.com")));
  assert_false(http_url_same_origin(TRG_STR("http://localhost:1"), TRG_STR("http://localhost:2")));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static void test_an_origin_seen_at_once_is_the_one_that_the_parser_finds(void **state) {
  (void)state;
  static const struct {
    const char *origin, *text;
    bool begins;
  } each[] = {
      {"https://Help.example", "https://help.example/api/v2?x=%20#y", true},
      {"https://help.example", "https://help.example", true},
      {"http://127.0.0.1:8080", "http://127.0.0.1:8080?q", true},
      {"http://[::1]:8080/base", "http://[::1]:8080/", true},
      {"https://help.example", "https://HELP.example:443/x", true},
      {"https://help.example", "https://help.example.evil.example/", false},
      {"https://help.example", "https://help.example:pw@evil.example/", false},
      {"https://help.example", "https://help.example@evil.example/", false},
      {"https://help.example", "https://help.example\\@evil.example/", false},
      {"https://help.example", "https://help.example:8443/", false},
      {"https://help.example", "https://help.example:4430/", false},
      {"https://help.example:8443", "https://help.example/", false},
      {"https://help.example", "http://help.example/", false},
      {"https://help.example", "https://help.example/a b", false},
      {"https://help.example", "https://help.example/a\r\nX: y", false},
      {"https://help.example", "https://", false},
      {"https://help.example", "", false},
  };
  for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
    struct url origin, u;
    const struct trg_str text = {each[i].text, strlen(each[i].text)};
    assert_int_equal(
        url_parse((struct trg_str){each[i].origin, strlen(each[i].origin)}, &origin, NULL), 0);
    assert_int_equal(url_begins(text, &origin), each[i].begins);
    if (!each[i].begins) continue;
    assert_int_equal(url_parse(text, &u, NULL), 0);
    assert_true(url_same_origin(&u, &origin));
    assert_int_equal(url_check(&u, NULL), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_an_exchange_brings_status_headers_and_body),
      T(test_all_methods_carry_their_bodies),
      T(test_a_time_out_is_delivered_when_nothing_else_runs),
      T(test_a_refused_connection_was_not_sent),
      T(test_a_name_that_nobody_knows_was_not_sent_to),
      T(test_a_silent_tls_peer_was_not_sent_to),
      T(test_a_reset_after_the_request_was_sent),
      T(test_a_write_is_sent_once_though_a_kept_connection_dies),
      T(test_a_cut_answer_is_no_answer),
      T(test_a_body_over_the_ceiling_ends_the_exchange),
      T(test_headers_over_the_ceiling_end_the_exchange),
      T(test_a_request_can_be_signed_for_aws),
      T(test_a_proxy_is_not_asked_for_loopback),
      T(test_redirects_are_not_followed),
      T(test_a_cancelled_exchange_calls_nobody),
      T(test_wrong_requests_are_refused_on_a_later_turn),
      T(test_pieces_arrive_one_by_one_and_can_be_ended),
      T(test_a_piece_may_cancel_its_exchange_and_start_another),
      T(test_a_thousand_exchanges_at_once_all_come_back),
      T(test_what_waits_for_a_connection_times_out_too),
      T(test_exchanges_under_way_are_dropped_with_the_client),
      cmocka_unit_test(test_urls_are_checked_with_clear_sentences),
      cmocka_unit_test(test_an_origin_seen_at_once_is_the_one_that_the_parser_finds),
  };
  return cmocka_run_group_tests_name("net_http", tests, NULL, NULL);
}
