#include <arpa/inet.h>
#include <unistd.h>

#include "net/owner.h"
#include "net/serve.h"
#include "test_net_help.h"

struct fixture {
  struct loop *l;
  struct serve *s;
  int served;
  serve_id id;
  bool park;
  char method[16], path[64], query[64], header[64], peer[64];
  char body[512];
  size_t body_n;
  bool owned;
  uint32_t owner;
};

static void on_request(void *arg, const struct serve_request *r) {
  struct fixture *f = arg;
  f->served++;
  f->id = r->id;
  (void)snprintf(f->method, sizeof f->method, "%.*s", (int)r->method.n, r->method.p);
  (void)snprintf(f->path, sizeof f->path, "%.*s", (int)r->path.n, r->path.p);
  (void)snprintf(f->query, sizeof f->query, "%.*s", (int)r->query.n, r->query.p);
  (void)snprintf(f->peer, sizeof f->peer, "%.*s", (int)r->peer.n, r->peer.p);
  const struct trg_str h = serve_header(r, "X-Sign");
  (void)snprintf(f->header, sizeof f->header, "%.*s", (int)h.n, h.n == 0 ? "" : h.p);
  for (size_t i = 0; i < r->header_count; i++)
    for (size_t k = 0; k < r->headers[i].name.n; k++)
      assert_false(r->headers[i].name.p[k] >= 'A' && r->headers[i].name.p[k] <= 'Z');
  f->body_n = r->body.n;
  f->owned = owner_of(r, &f->owner);
  memcpy(f->body, r->body.p, r->body.n < sizeof f->body ? r->body.n : sizeof f->body);
  const struct trg_header out = {TRG_STR("X-Out"), TRG_STR("yes")};
  if (!f->park) serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), &out, 1, TRG_STR("hello"));
}

static int setup_with(void **state, size_t body_max, unsigned connections, int64_t ms) {
  struct fixture *f = calloc(1, sizeof *f);
  f->l = loop_new(NULL);
  const struct serve_options o = {.host = "127.0.0.1",
                                  .body_max_bytes = body_max,
                                  .connections_max = connections,
                                  .idle_ms = ms,
                                  .request_ms = ms,
                                  .on_request = on_request,
                                  .arg = f};
  struct trg_err err = {0};
  f->s = serve_new(f->l, &o, &err);
  assert_non_null(f->s);
  assert_true(serve_port(f->s) > 0);
  *state = f;
  return 0;
}

static int setup(void **state) {
  return setup_with(state, 1000, 4, 5000);
}
static int setup_quick(void **state) {
  return setup_with(state, 1000, 4, 20);
}

static int teardown(void **state) {
  struct fixture *f = *state;
  serve_free(&f->s);
  loop_free(&f->l);
  free(f);
  return 0;
}

/* A client whose socket the test reads without blocking while the loop runs. */
struct client {
  int fd;
  char in[200000];
  size_t n;
  bool closed;
  const char *want;
};

static void client_read(struct client *c) {
  for (;;) {
    const ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - 1 - c->n, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) c->closed = true;
    if (n <= 0) break;
    c->n += (size_t)n;
  }
  c->in[c->n] = '\0';
}

static bool client_got(void *arg) {
  struct client *c = arg;
  client_read(c);
  return strstr(c->in, c->want) != NULL;
}

static bool client_closed(void *arg) {
  struct client *c = arg;
  client_read(c);
  return c->closed;
}

static void nothing(void *arg) {
  (void)arg;
}

static bool wait_for(struct fixture *f, struct client *c, bool (*ready)(void *arg)) {
  const loop_timer tick = loop_timer_start(f->l, 1, 1, nothing, NULL);
  const bool ok = run_until(f->l, ready, c, 3000);
  loop_timer_stop(f->l, tick);
  return ok;
}

static struct client *client_new(struct fixture *f, const char *text, size_t n) {
  struct client *c = calloc(1, sizeof *c);
  c->fd = connect_to(serve_port(f->s));
  size_t sent = 0;
  while (sent < n) {
    const ssize_t now = send(c->fd, text + sent, n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now > 0)
      sent += (size_t)now;
    else
      run_for(f->l, 1);
  }
  return c;
}

static void client_free(struct client *c) {
  (void)close(c->fd);
  free(c);
}

static bool client_sees(struct fixture *f, struct client *c, const char *want) {
  c->want = want;
  return wait_for(f, c, client_got);
}

static void client_send(struct client *c, const char *text) {
  assert_int_equal(send(c->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

#define ONE(text) client_new(f, text, sizeof(text) - 1)

static void test_a_request_arrives_whole_and_is_answered(void **state) {
  struct fixture *f = *state;
  struct client *c = ONE("POST /hooks/a%20b?x=1&y=%20 HTTP/1.1\r\nHost: h\r\nX-SIGN: abc\r\n"
                         "Content-Length: 4\r\n\r\nbody");
  assert_true(client_sees(f, c, "hello"));
  assert_non_null(strstr(c->in, "HTTP/1.1 200"));
  assert_non_null(strstr(c->in, "X-Out: yes"));
  assert_string_equal(f->method, "POST");
  assert_string_equal(f->path, "/hooks/a b");
  assert_string_equal(f->query, "x=1&y=%20");
  assert_string_equal(f->header, "abc");
  assert_string_equal(f->peer, "127.0.0.1");
  assert_true(f->owned);
  assert_int_equal(f->owner, geteuid());
  assert_memory_equal(f->body, "body", 4);
  client_send(c, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
  c->n = 0;
  c->in[0] = '\0';
  assert_true(client_sees(f, c, "hello"));
  assert_string_equal(f->query, "");
  assert_int_equal(f->body_n, 0);
  client_free(c);
}

static void test_the_table_of_sockets_says_whose_a_connection_is(void **state) {
  static const char line[] =
      "   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 "
      "12345 1 0000000000000000 20 4 30 10 -1";
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(50000)},
                     other = {.sin_family = AF_INET, .sin_port = htons(8080)};
  const struct sockaddr_in6 six = {
      .sin6_family = AF_INET6, .sin6_port = htons(8080), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const struct sockaddr *a = (const struct sockaddr *)&own, *b = (const struct sockaddr *)&other;
  char pair[OWNER_PAIR_MAX];
  uint32_t uid = 0;
  (void)state;
  own.sin_addr.s_addr = other.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_true(owner_pair(a, b, pair));
  assert_string_equal(pair, "0100007F:C350 0100007F:1F90");
  assert_true(owner_of_line(line, pair, &uid));
  assert_int_equal(uid, 1000);
  assert_true(owner_pair(b, a, pair)); /* the other end's line is not it */
  assert_false(owner_of_line(line, pair, &uid));
  assert_false(
      owner_of_line("  1: 0100007F:C350 0100007F:1F90 01", "0100007F:C350 0100007F:1F90", &uid));
  assert_true(owner_pair((const struct sockaddr *)&six, (const struct sockaddr *)&six, pair));
  assert_string_equal(pair, "00000000000000000000000001000000:1F90 "
                            "00000000000000000000000001000000:1F90");
  own.sin_family = AF_UNIX;
  assert_false(owner_pair(a, b, pair));
}

static void test_the_raw_body_is_kept_byte_by_byte(void **state) {
  struct fixture *f = *state;
  char text[400];
  char want[256];
  for (int i = 0; i < 256; i++) want[i] = (char)i;
  const int n = snprintf(text, sizeof text,
                         "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: "
                         "application/x-www-form-urlencoded\r\nContent-Length: 256\r\n\r\n");
  memcpy(text + n, want, 256);
  struct client *c = client_new(f, text, (size_t)n + 100);
  run_for(f->l, 3);
  assert_int_equal(f->served, 0);
  assert_int_equal(send(c->fd, text + n + 100, 156, 0), 156);
  assert_true(client_sees(f, c, "hello"));
  assert_int_equal(f->body_n, 256);
  assert_memory_equal(f->body, want, 256);
  client_free(c);
}

static void test_a_large_body_is_413_however_it_comes(void **state) {
  struct fixture *f = *state;
  char *text = calloc(1, 3000);
  int n = snprintf(text, 3000, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n");
  memset(text + n, 'x', 2000);
  struct client *sized = client_new(f, text, (size_t)n + 2000);
  assert_true(client_sees(f, sized, "HTTP/1.1 413"));
  n = snprintf(text, 3000,
               "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n");
  memset(text + n, 'x', 2000);
  memcpy(text + n + 2000, "\r\n0\r\n\r\n", 7);
  struct client *chunked = client_new(f, text, (size_t)n + 2007);
  assert_true(client_sees(f, chunked, "HTTP/1.1 413"));
  struct client *asks = ONE("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                            "Content-Length: 90000000\r\n\r\n");
  assert_true(client_sees(f, asks, "HTTP/1.1 413"));
  assert_null(strstr(asks->in, "100 Continue"));
  assert_int_equal(f->served, 0);
  client_free(sized);
  client_free(chunked);
  client_free(asks);
  free(text);
}

static void test_head_has_the_length_but_no_body(void **state) {
  struct fixture *f = *state;
  struct client *c = ONE("HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert_true(wait_for(f, c, client_closed));
  assert_non_null(strstr(c->in, "Content-Length: 5"));
  assert_null(strstr(c->in, "hello"));
  assert_string_equal(f->method, "HEAD");
  client_free(c);
}

static bool was_served(void *arg) {
  return ((struct fixture *)arg)->served > 0;
}

static void test_an_answer_may_come_later(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c = ONE("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(run_until(f->l, was_served, f, 2000));
  run_for(f->l, 3);
  client_read(c);
  assert_int_equal(c->n, 0);
  serve_answer(f->s, f->id, 503, TRG_STR("text/plain"), NULL, 0, TRG_STR("later"));
  serve_answer(f->s, f->id, 200, TRG_STR("text/plain"), NULL, 0, TRG_STR("twice"));
  assert_true(client_sees(f, c, "later"));
  assert_non_null(strstr(c->in, "HTTP/1.1 503"));
  run_for(f->l, 3);
  serve_answer(f->s, f->id, 200, TRG_STR("text/plain"), NULL, 0, TRG_STR("stale"));
  assert_false(serve_stream_open(f->s, f->id, 200, TRG_STR("text/plain"), NULL, 0));
  assert_false(serve_stream_add(f->s, f->id, TRG_STR("stale")));
  run_for(f->l, 3);
  client_read(c);
  assert_null(strstr(c->in, "twice"));
  assert_null(strstr(c->in, "stale"));
  client_free(c);
}

static void test_headers_with_line_breaks_are_left_out(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c = ONE("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(run_until(f->l, was_served, f, 2000));
  const struct trg_header bad = {TRG_STR("X-Bad"), TRG_STR("a\r\nX-Split: 1")};
  serve_answer(f->s, f->id, 200, TRG_STR("text/plain"), &bad, 1, TRG_STR("fine"));
  assert_true(client_sees(f, c, "fine"));
  assert_null(strstr(c->in, "X-Split"));
  client_free(c);
}

static void test_slow_and_half_open_clients_are_closed(void **state) {
  struct fixture *f = *state;
  struct client *silent = client_new(f, "", 0);
  struct client *half = ONE("POST / HTTP/1.1\r\nHo");
  struct client *body = ONE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
  assert_true(wait_for(f, silent, client_closed));
  assert_true(wait_for(f, half, client_closed));
  assert_true(wait_for(f, body, client_closed));
  assert_int_equal(f->served, 0);
  client_free(silent);
  client_free(half);
  client_free(body);
}

static void test_an_idle_kept_connection_is_closed(void **state) {
  struct fixture *f = *state;
  struct client *c = ONE("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(client_sees(f, c, "hello"));
  assert_true(wait_for(f, c, client_closed));
  client_free(c);
}

static void test_connections_over_the_limit_are_refused(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c[6];
  for (int i = 0; i < 6; i++) c[i] = ONE("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(wait_for(f, c[4], client_closed));
  assert_true(wait_for(f, c[5], client_closed));
  assert_int_equal(f->served, 4);
  for (int i = 0; i < 6; i++) client_free(c[i]);
}

static void test_a_stream_is_sent_in_pieces_as_they_come(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c = ONE("GET /sse HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(run_until(f->l, was_served, f, 2000));
  assert_true(serve_stream_open(f->s, f->id, 200, TRG_STR("text/event-stream"), NULL, 0));
  assert_true(client_sees(f, c, "text/event-stream"));
  assert_true(serve_stream_add(f->s, f->id, TRG_STR("data: one\n\n")));
  assert_true(client_sees(f, c, "data: one"));
  run_for(f->l, 3);
  assert_true(serve_stream_add(f->s, f->id, TRG_STR("data: two\n\n")));
  assert_true(serve_stream_add(f->s, f->id, TRG_STR("data: three\n\n")));
  assert_true(client_sees(f, c, "data: three"));
  assert_false(c->closed);
  serve_stream_end(f->s, f->id);
  assert_true(client_sees(f, c, "\r\n0\r\n")); /* the last chunk */
  client_free(c);
}

static bool stream_gone(void *arg) {
  struct fixture *f = arg;
  return !serve_stream_add(f->s, f->id, TRG_STR(": ping\n\n"));
}

static void test_a_stream_whose_reader_left_is_gone(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c = ONE("GET /sse HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(run_until(f->l, was_served, f, 2000));
  assert_true(serve_stream_open(f->s, f->id, 200, TRG_STR("text/event-stream"), NULL, 0));
  assert_true(client_sees(f, c, "event-stream"));
  client_free(c);
  const loop_timer tick = loop_timer_start(f->l, 1, 1, nothing, NULL);
  assert_true(run_until(f->l, stream_gone, f, 2000));
  loop_timer_stop(f->l, tick);
}

static void test_a_stream_can_be_large_and_a_stuck_reader_is_cut_off(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c = ONE("GET /sse HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(run_until(f->l, was_served, f, 2000));
  assert_true(serve_stream_open(f->s, f->id, 200, TRG_STR("text/plain"), NULL, 0));
  static char piece[65536];
  memset(piece, 'p', sizeof piece);
  bool open = true;
  for (int i = 0; i < 2000 && open; i++) { /* 128 MB to somebody who reads nothing */
    open = serve_stream_add(f->s, f->id, (struct trg_str){piece, sizeof piece});
    if (i % 8 == 0) run_for(f->l, 1);
  }
  assert_false(open);
  client_free(c);
}

static void test_open_requests_end_with_the_server(void **state) {
  struct fixture *f = *state;
  f->park = true;
  struct client *c = ONE("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  struct client *half = ONE("GET / HTTP/1.1\r\nHo");
  assert_true(run_until(f->l, was_served, f, 2000));
  const serve_id id = f->id;
  f->served = 0;
  struct client *stream = ONE("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_true(run_until(f->l, was_served, f, 2000));
  assert_int_not_equal(f->id, id);
  assert_true(serve_stream_open(f->s, f->id, 200, TRG_STR("text/plain"), NULL, 0));
  run_for(f->l, 3);
  serve_free(&f->s);
  assert_true(wait_for(f, c, client_closed));
  assert_true(wait_for(f, half, client_closed));
  client_free(c);
  client_free(half);
  client_free(stream);
}

static void test_a_taken_port_is_told_clearly(void **state) {
  struct fixture *f = *state;
  struct trg_err err = {0};
  const struct serve_options o = {
      .host = "127.0.0.1", .port = serve_port(f->s), .on_request = on_request, .arg = f};
  assert_null(serve_new(f->l, &o, &err));
  assert_non_null(strstr(err.text, "another program has it"));
  const struct serve_options bad = {.host = "not an address", .on_request = on_request};
  assert_null(serve_new(f->l, &bad, &err));
  assert_non_null(strstr(err.text, "not an address"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define Q(name) cmocka_unit_test_setup_teardown(name, setup_quick, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_request_arrives_whole_and_is_answered),
      T(test_the_table_of_sockets_says_whose_a_connection_is),
      T(test_the_raw_body_is_kept_byte_by_byte),
      T(test_a_large_body_is_413_however_it_comes),
      T(test_head_has_the_length_but_no_body),
      T(test_an_answer_may_come_later),
      T(test_headers_with_line_breaks_are_left_out),
      Q(test_slow_and_half_open_clients_are_closed),
      Q(test_an_idle_kept_connection_is_closed),
      T(test_connections_over_the_limit_are_refused),
      T(test_a_stream_is_sent_in_pieces_as_they_come),
      T(test_a_stream_whose_reader_left_is_gone),
      T(test_a_stream_can_be_large_and_a_stuck_reader_is_cut_off),
      T(test_open_requests_end_with_the_server),
      T(test_a_taken_port_is_told_clearly),
  };
  return cmocka_run_group_tests_name("net_serve", tests, NULL, NULL);
}
