/* Bodies in two parts: a head that many exchanges share, and a tail of their own. */
#include "net/http.h"
#include "net/serve.h"
#include "test_net_help.h"

#define HEAD_MOST ((size_t)1 << 20)
#define OK_REPLY  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct fixture {
  struct loop *l;
  struct http *h;
  struct serve *s;
  char url[64];
  int served;
  bool spoiled; /* a body had a letter that nobody sent */
  char *head;   /* HEAD_MOST bytes of 'h' */
  char tail[5000];
};

struct got {
  int count, status;
  char body[200];
};

/* Tells how many of each letter came, and whether all of the head came first. */
static void serve_it(void *arg, const struct serve_request *r) {
  struct fixture *f = arg;
  char text[200];
  f->served++;
  if (memcmp(r->path.p, "/move", 5) == 0) {
    const struct trg_header to = {TRG_STR("Location"), TRG_STR("/elsewhere")};
    serve_answer(f->s, r->id, 302, TRG_STR("text/plain"), &to, 1, TRG_STR(""));
    return;
  }
  size_t heads = 0, tails = 0;
  while (heads < r->body.n && r->body.p[heads] == 'h') heads++;
  while (heads + tails < r->body.n && r->body.p[heads + tails] == 't') tails++;
  f->spoiled = f->spoiled || heads + tails != r->body.n;
  const struct trg_str who = serve_header(r, "authorization");
  const int n = snprintf(text, sizeof text, "%zu+%zu of %zu %.16s", heads, tails, r->body.n,
                         who.n > 16 ? who.p : "-");
  serve_answer(f->s, r->id, 200, TRG_STR("text/plain"), NULL, 0, (struct trg_str){text, (size_t)n});
}

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->l = loop_new(NULL);
  f->h = http_new(f->l, NULL);
  const struct serve_options o = {
      .on_request = serve_it, .arg = f, .connections_max = 100, .body_max_bytes = 2 * HEAD_MOST};
  f->s = serve_new(f->l, &o, NULL);
  assert_non_null(f->s);
  (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%d", serve_port(f->s));
  f->head = malloc(HEAD_MOST);
  memset(f->head, 'h', HEAD_MOST);
  memset(f->tail, 't', sizeof f->tail);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  http_free(&f->h);
  serve_free(&f->s);
  loop_free(&f->l);
  free(f->head);
  free(f);
  return 0;
}

static void on_reply(void *arg, const struct trg_http_reply *r) {
  struct got *g = arg;
  g->count++;
  g->status = r->status;
  (void)snprintf(g->body, sizeof g->body, "%.*s", (int)(r->body.n < 190 ? r->body.n : 190),
                 r->body.n > 0 ? r->body.p : "");
}

static bool got_one(void *arg) {
  return ((struct got *)arg)->count > 0;
}

static http_id start(struct fixture *f, struct got *g, const char *base, const char *path,
                     size_t head, size_t tail, uint32_t flags) {
  char url[512];
  (void)snprintf(url, sizeof url, "%s%s", base, path);
  const struct trg_http_request r = {.size = sizeof r,
                                     .method = "POST",
                                     .url = {url, strlen(url)},
                                     .body = {f->tail, tail},
                                     .body_head = {f->head, head},
                                     .flags = flags};
  const struct http_call call = {.request = &r, .on_reply = on_reply, .arg = g};
  return http_start(f->h, &call);
}

static void test_the_parts_arrive_in_order_and_whole(void **state) {
  struct fixture *f = *state;
  static const size_t sizes[][2] = {{1, 1},        {16384, 1},      {16383, 2},
                                    {40000, 3000}, {HEAD_MOST, 16}, {20000, 0}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (uint32_t flags = 0; flags <= TRG_HTTP_BODY_STAYS; flags += TRG_HTTP_BODY_STAYS) {
      struct got g = {0};
      char want[100];
      (void)start(f, &g, f->url, "/", sizes[i][0], sizes[i][1], flags);
      assert_true(run_until(f->l, got_one, &g, 5000));
      (void)snprintf(want, sizeof want, "%zu+%zu of %zu -", sizes[i][0], sizes[i][1],
                     sizes[i][0] + sizes[i][1]);
      assert_string_equal(g.body, want);
    }
}

static void test_only_a_tail_that_stays_is_not_copied(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  (void)start(f, &g, f->url, "/", 100, 50, 0);
  memset(f->tail, 'x', 50); /* the caller's again */
  assert_true(run_until(f->l, got_one, &g, 5000));
  assert_string_equal(g.body, "100+50 of 150 -");
}

static void test_a_handle_that_sent_parts_sends_plain_bodies_after_it(void **state) {
  struct fixture *f = *state;
  struct got parts = {0}, plain = {0}, none = {0};
  (void)start(f, &parts, f->url, "/", 30000, 10, TRG_HTTP_BODY_STAYS);
  assert_true(run_until(f->l, got_one, &parts, 5000));
  (void)start(f, &plain, f->url, "/", 0, 7, 0);
  assert_true(run_until(f->l, got_one, &plain, 5000));
  assert_string_equal(plain.body, "0+7 of 7 -");
  (void)start(f, &none, f->url, "/", 0, 0, 0);
  assert_true(run_until(f->l, got_one, &none, 5000));
  assert_string_equal(none.body, "0+0 of 0 -");
}

static void test_parts_that_are_signed_are_signed_as_one_body(void **state) {
  struct fixture *f = *state;
  struct got joined = {0}, parts = {0};
  char url[100];
  (void)snprintf(url, sizeof url, "%s/", f->url);
  const struct trg_http_request r = {.size = sizeof r,
                                     .method = "POST",
                                     .url = {url, strlen(url)},
                                     .body = {f->tail, 20},
                                     .body_head = {f->head, 300},
                                     .flags = TRG_HTTP_BODY_STAYS,
                                     .sigv4 = TRG_STR("aws:amz:eu-west-1:bedrock"),
                                     .userpwd = TRG_STR("KEY:SECRET")};
  const struct http_call call = {.request = &r, .on_reply = on_reply, .arg = &parts};
  (void)http_start(f->h, &call);
  assert_true(run_until(f->l, got_one, &parts, 5000));
  assert_string_equal(parts.body, "300+20 of 320 AWS4-HMAC-SHA256");
  (void)start(f, &joined, f->url, "/", 300, 20, 0);
  assert_true(run_until(f->l, got_one, &joined, 5000));
  assert_string_equal(joined.body, "300+20 of 320 -"); /* the handle keeps nothing */
}

#define LENT       80
#define LENT_BYTES ((size_t)200 << 10)

struct lent {
  struct fixture *f;
  char *bodies[LENT];
  http_id ids[LENT];
  struct got got[LENT];
  int turns;
};

static void lend(struct lent *x, int i) {
  const struct trg_str url = {x->f->url, strlen(x->f->url)};
  x->bodies[i] = malloc(LENT_BYTES);
  memset(x->bodies[i], 't', LENT_BYTES);
  const struct trg_http_request r = {.size = sizeof r,
                                     .method = "POST",
                                     .url = url,
                                     .body = {x->bodies[i], LENT_BYTES},
                                     .flags = TRG_HTTP_BODY_STAYS};
  const struct http_call call = {.request = &r, .on_reply = on_reply, .arg = &x->got[i]};
  x->ids[i] = http_start(x->f->h, &call);
}

/* Every turn one more of the odd ones is given up, at whatever point it is; the even ones end. */
static bool lent_all_over(void *arg) {
  struct lent *x = arg;
  const int i = 2 * x->turns + 1;
  if (i < LENT) {
    http_cancel(x->f->h, x->ids[i]);
    memset(x->bodies[i], 'X', LENT_BYTES);
    free(x->bodies[i]);
    x->turns++;
  }
  for (int n = 0; n < LENT; n += 2)
    if (x->got[n].count == 0) return false;
  return i >= LENT;
}

static void no_sleep(void *arg) {
  (void)arg;
}

static void test_a_lent_body_may_go_away_once_its_exchange_is_cancelled(void **state) {
  struct lent x = {.f = *state};
  for (int i = 0; i < LENT; i++) lend(&x, i);
  const loop_timer turns = loop_timer_start(x.f->l, 1, 1, no_sleep, NULL);
  assert_true(run_until(x.f->l, lent_all_over, &x, 20000));
  loop_timer_stop(x.f->l, turns);
  assert_false(x.f->spoiled);
  for (int i = 0; i < LENT; i += 2) {
    assert_int_equal(x.got[i].count, 1);
    assert_string_equal(x.got[i].body, "0+204800 of 204800 -");
    free(x.bodies[i]);
  }
}

static void test_a_redirect_is_not_followed_with_the_parts(void **state) {
  struct fixture *f = *state;
  struct got g = {0};
  (void)start(f, &g, f->url, "/move", 40000, 100, TRG_HTTP_BODY_STAYS);
  assert_true(run_until(f->l, got_one, &g, 5000));
  assert_int_equal(g.status, 302);
  assert_int_equal(f->served, 1);
}

/* --- peers that take only a part -----------------------------------------------------------------
 */

/* Answers the first request, takes all of the second and closes without a word; then takes all of
 * what comes on the next connection, counts it and answers. */
struct tired {
  int fd, port;
  pthread_t thread;
  size_t heads, tails;
};

/* Reads one request; counts the letters of its body. */
static void request_read(int fd, size_t *heads, size_t *tails) {
  char block[65536];
  size_t n = 0, want = 0, have = 0;
  ssize_t got = 1;
  const char *body = NULL;
  while (body == NULL && n < sizeof block - 1 && got > 0) {
    got = recv(fd, block + n, sizeof block - 1 - n, 0);
    n += got > 0 ? (size_t)got : 0;
    block[n] = '\0';
    body = strstr(block, "\r\n\r\n");
  }
  if (body == NULL) return;
  const char *length = strstr(block, "Content-Length: ");
  want = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
  have = n - (size_t)(body + 4 - block);
  const char *at = body + 4;
  *heads = *tails = 0;
  for (;;) {
    for (size_t i = 0; i < have; i++) {
      *heads += at[i] == 'h';
      *tails += at[i] == 't';
    }
    want -= have;
    got = want > 0 ? recv(fd, block, sizeof block, 0) : 0;
    if (got <= 0) return;
    have = (size_t)got;
    at = block;
  }
}

static void *tired_main(void *arg) {
  struct tired *t = arg;
  size_t heads = 0, tails = 0;
  const int first = accept(t->fd, NULL, NULL);
  request_read(first, &heads, &tails);
  (void)!send(first, OK_REPLY, sizeof OK_REPLY - 1, MSG_NOSIGNAL);
  request_read(first, &heads, &tails);
  (void)close(first);
  /* curl connects once more before it learns that the body is not to be had again. */
  while (t->heads == 0) {
    const int next = accept(t->fd, NULL, NULL);
    if (next < 0) return NULL; /* the test gave up */
    request_read(next, &t->heads, &t->tails);
    if (t->heads > 0) (void)!send(next, OK_REPLY, sizeof OK_REPLY - 1, MSG_NOSIGNAL);
    (void)close(next);
  }
  return NULL;
}

static void test_a_body_is_not_sent_again_when_a_kept_connection_dies(void **state) {
  struct fixture *f = *state;
  struct tired peer = {0};
  struct got first = {0}, lost = {0}, g = {0};
  char base[64];
  peer.fd = listen_somewhere(&peer.port);
  assert_int_equal(pthread_create(&peer.thread, NULL, tired_main, &peer), 0);
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", peer.port);
  (void)start(f, &first, base, "/", 0, 0, 0);
  assert_true(run_until(f->l, got_one, &first, 5000));
  (void)start(f, &lost, base, "/", 500000, 2000, TRG_HTTP_BODY_STAYS);
  assert_true(run_until(f->l, got_one, &lost, 5000));
  assert_int_equal(lost.status, 0);
  assert_int_equal(peer.heads, 0);
  (void)start(f, &g, base, "/", 500000, 2000, TRG_HTTP_BODY_STAYS);
  const bool ended = run_until(f->l, got_one, &g, 5000);
  (void)shutdown(peer.fd, SHUT_RDWR);
  (void)pthread_join(peer.thread, NULL);
  assert_true(ended);
  assert_int_equal(g.status, 200);
  assert_int_equal(peer.heads, 500000);
  assert_int_equal(peer.tails, 2000);
  (void)close(peer.fd);
}

static void test_cancelling_in_the_middle_of_an_upload_lets_go_of_the_parts(void **state) {
  struct fixture *f = *state;
  struct got g = {0}, other = {0};
  int port = 0;
  const int fd = listen_somewhere(&port);
  const int small = 4096;
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  const size_t n = (size_t)16 << 20; /* more than the kernel takes from somebody who never reads */
  char *head = malloc(n), base[64];
  memset(head, 'h', n);
  char *const kept = f->head;
  f->head = head;
  (void)snprintf(base, sizeof base, "http://127.0.0.1:%d", port);
  const http_id id = start(f, &g, base, "/", n, 10, TRG_HTTP_BODY_STAYS);
  run_for(f->l, 30);
  assert_int_equal(http_open_count(f->h), 1);
  http_cancel(f->h, id);
  memset(head, 'x', n);
  free(head); /* the sanitizer sees whoever still reads it */
  f->head = kept;
  run_for(f->l, 30);
  (void)start(f, &other, f->url, "/", 100, 10, TRG_HTTP_BODY_STAYS);
  assert_true(run_until(f->l, got_one, &other, 5000));
  assert_string_equal(other.body, "100+10 of 110 -");
  assert_int_equal(g.count, 0);
  (void)close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_the_parts_arrive_in_order_and_whole),
      T(test_only_a_tail_that_stays_is_not_copied),
      T(test_a_handle_that_sent_parts_sends_plain_bodies_after_it),
      T(test_parts_that_are_signed_are_signed_as_one_body),
      T(test_a_lent_body_may_go_away_once_its_exchange_is_cancelled),
      T(test_a_redirect_is_not_followed_with_the_parts),
      T(test_a_body_is_not_sent_again_when_a_kept_connection_dies),
      T(test_cancelling_in_the_middle_of_an_upload_lets_go_of_the_parts),
  };
  return cmocka_run_group_tests_name("net_upload", tests, NULL, NULL);
}
