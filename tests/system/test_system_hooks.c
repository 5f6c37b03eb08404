/* Webhooks of three vendors: what counts, what is refused, and that a 2xx means stored. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <openssl/hmac.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mixed.h"

static struct rig R;
static const char *Base; /* of the daemon */

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

static int64_t mono_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The daemon, its three helpdesks polled once and then for an hour not again. */
static void quiet_start(const char *sim_args) {
  mixed_tickets(&R, 1);
  R.port = rig_port(); /* the simulator must know the daemon's, and the other way round */
  mixed_conf(&R);
  Base = mixed_listen(&R, "1h");
  mixed_sim(&R, Base, sim_args);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", MIXED_DESKS);
}

static int64_t hooked(const char *desk) {
  char sql[160];
  snprintf(sql, sizeof sql,
           "SELECT count(*) FROM inbox WHERE source = 'webhook' AND helpdesk = '%s'", desk);
  return rig_sql(&R, sql);
}

/* --- deliveries as the vendors send them --------------------------------------------------------
 */

struct delivery {
  char headers[700], body[1200], path[120];
};

static void mac_of(const EVP_MD *md, const char *secret, const char *a, const char *b,
                   unsigned char mac[64], unsigned *n) {
  char text[4000];
  snprintf(text, sizeof text, "%s%s", a, b);
  HMAC(md, secret, (int)strlen(secret), (unsigned char *)text, strlen(text), mac, n);
}

static void rfc3339(int64_t ago_s, char out[40]) {
  const time_t at = time(NULL) - ago_s;
  struct tm tm;
  strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
}

static void zendesk_sign(struct delivery *d, const char *id, const char *secret,
                         const char *stamp) {
  unsigned char mac[64], text[64];
  unsigned n = 0;
  mac_of(EVP_sha256(), secret, stamp, d->body, mac, &n);
  EVP_EncodeBlock(text, mac, (int)n);
  snprintf(d->headers, sizeof d->headers,
           "X-Zendesk-Webhook-Signature: %s\r\nX-Zendesk-Webhook-Signature-Timestamp: %s\r\n"
           "X-Zendesk-Webhook-Invocation-Id: %s\r\nContent-Type: application/json",
           (char *)text, stamp, id);
  snprintf(d->path, sizeof d->path, "/webhooks/shop");
}

static void zendesk(struct delivery *d, const char *id, const char *secret, int64_t ago_s) {
  char stamp[40];
  rfc3339(ago_s, stamp);
  snprintf(d->body, sizeof d->body,
           "{\"type\":\"zen:event-type:ticket.created\",\"id\":\"ev-%s\",\"account_id\":1,"
           "\"time\":\"%s\",\"subject\":\"zen:ticket:1\",\"zendesk_event_version\":\"2022-11-06\","
           "\"detail\":{\"id\":\"1\",\"status\":\"NEW\",\"updated_at\":\"%s\"},\"event\":{}}",
           id, stamp, stamp);
  zendesk_sign(d, id, secret, stamp);
}

static void hex_put(char *out, const unsigned char *mac, unsigned n) {
  for (unsigned i = 0; i < n; i++) snprintf(out + i * 2, 3, "%02x", mac[i]);
}

/* From a Flow: JSON of our own shape. */
static void salesforce(struct delivery *d, const char *id, const char *secret, int64_t ago_s) {
  unsigned char mac[64];
  char stamp[40], hex[130];
  unsigned n = 0;
  snprintf(stamp, sizeof stamp, "%lld", (long long)(time(NULL) - ago_s));
  snprintf(d->body, sizeof d->body, "{\"id\":\"500gL0000000002QAA\",\"note\":\"%s\"}", id);
  mac_of(EVP_sha256(), secret, stamp, d->body, mac, &n);
  hex_put(hex, mac, n);
  snprintf(d->headers, sizeof d->headers,
           "X-Triage-Timestamp: %s\r\nX-Triage-Signature: %s\r\nContent-Type: application/json",
           stamp, hex);
  snprintf(d->path, sizeof d->path, "/webhooks/trade");
}

static void intercom_sign(struct delivery *d, const char *secret) {
  unsigned char mac[64];
  char hex[130];
  unsigned n = 0;
  mac_of(EVP_sha1(), secret, "", d->body, mac, &n);
  hex_put(hex, mac, n);
  snprintf(d->headers, sizeof d->headers,
           "X-Hub-Signature: sha1=%s\r\nContent-Type: application/json", hex);
  snprintf(d->path, sizeof d->path, "/webhooks/chat");
}

static void intercom(struct delivery *d, const char *id, const char *secret, int64_t ago_s) {
  snprintf(d->body, sizeof d->body,
           "{\"type\":\"notification_event\",\"topic\":\"conversation.user.replied\",\"id\":"
           "\"notif_%s\",\"created_at\":%lld,\"data\":{\"item\":{\"type\":\"conversation\",\"id\":"
           "\"3\"}}}",
           id, (long long)(time(NULL) - ago_s));
  intercom_sign(d, secret);
}

/* An outbound message; the secret is in its address. */
static void outbound(struct delivery *d, const char *id, const char *secret, int64_t ago_s) {
  (void)ago_s;
  snprintf(d->headers, sizeof d->headers, "Content-Type: text/xml; charset=utf-8");
  snprintf(
      d->body, sizeof d->body,
      "<?xml version=\"1.0\"?><soapenv:Envelope><soapenv:Body><notifications "
      "xmlns=\"http://soap.sforce.com/2005/09/outbound\"><OrganizationId>00DgL0000000001UAA"
      "</OrganizationId><Notification><Id>04lgL0000000%sIAC</Id><sObject><sf:Id>500gL0000000002QAA"
      "</sf:Id></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>",
      id);
  snprintf(d->path, sizeof d->path, "/webhooks/trade/%s", secret);
}

static const struct way {
  const char *name, *desk;
  void (*make)(struct delivery *d, const char *id, const char *secret, int64_t ago_s);
  int64_t too_old_s; /* 0: nothing says when */
} ways[] = {{"zendesk", "shop", zendesk, 301},
            {"salesforce", "trade", salesforce, 301},
            {"outbound message", "trade", outbound, 0},
            {"intercom", "chat", intercom, 3 * 3600 + 10}};
#define WAYS (sizeof ways / sizeof ways[0])

static long push(const struct delivery *d, char **ret_body) {
  char url[300];
  snprintf(url, sizeof url, "%s%s", Base, d->path);
  return rig_http("POST", url, d->headers, d->body, ret_body);
}

static void is_status(const struct way *w, const char *what, long status, long want) {
  if (status != want)
    fail_msg("%s: %s was answered with %ld, not %ld", w->name, what, status, want);
}

/* --- the tests ----------------------------------------------------------------------------------
 */

static void a_new_ticket_is_in_triage_within_a_second_of_its_webhook(void **state) {
  (void)state;
  quiet_start("--behaviour off");
  for (int id = MIXED_DESKS + 1; id <= 4 * MIXED_DESKS; id++) mixed_add(&R, id);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 4 * MIXED_DESKS);
  /* by the daemon's clock: from the webhook to the first model call */
  const int64_t slow = rig_sql(
      &R, "SELECT count(*) FROM ticket t WHERE (SELECT min(c.started_ms) FROM model_call c WHERE"
          " c.ticket_id = t.id) - (SELECT min(i.seen_ms) FROM inbox i WHERE i.helpdesk = t.helpdesk"
          " AND i.ext_id = t.ext_id AND i.source = 'webhook') > 1000");
  assert_int_equal(slow, 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM inbox WHERE source = 'poll'"), MIXED_DESKS);
  for (size_t i = 0; i < MIXED_DESKS; i++) assert_true(hooked(mixed_name[i]) >= 3);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 4 * MIXED_DESKS);
}

static void a_delivery_counts_only_signed_fresh_and_once(void **state) {
  (void)state;
  quiet_start("--behaviour off --webhook-lost 1");
  for (size_t i = 0; i < WAYS; i++) {
    const struct way *w = &ways[i];
    struct delivery d;
    char *body = NULL;
    const int64_t before = hooked(w->desk);
    w->make(&d, "a01", "not-the-secret", 0);
    is_status(w, "a wrong signature", push(&d, NULL), 401);
    w->make(&d, "a02", MIXED_SECRET, 0);
    d.body[strlen(d.body) - 1] = ' '; /* one byte differs from what was signed */
    if (w->make != outbound) is_status(w, "a changed body", push(&d, NULL), 401);
    w->make(&d, "a03", MIXED_SECRET, 0);
    if (w->make == outbound) strcpy(d.path, "/webhooks/trade");
    strcpy(d.headers, "Content-Type: application/json");
    is_status(w, "no signature", push(&d, NULL), 401);
    if (w->too_old_s > 0) {
      w->make(&d, "a04", MIXED_SECRET, w->too_old_s);
      is_status(w, "an old delivery", push(&d, NULL), 401);
    }
    assert_int_equal(hooked(w->desk), before);
    w->make(&d, "a05", MIXED_SECRET, 0);
    is_status(w, "a good delivery", push(&d, &body), 200);
    if (w->make == outbound) assert_non_null(strstr(body, "<Ack>true</Ack>"));
    free(body);
    /* a 2xx means stored */
    assert_int_equal(hooked(w->desk), before + 1);
    is_status(w, "a replay", push(&d, &body), 200);
    if (w->make == outbound) assert_non_null(strstr(body, "<Ack>true</Ack>"));
    free(body);
    assert_int_equal(hooked(w->desk), before + 1);
  }
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_false(rig_log_has(&R, "daemon.log", MIXED_SECRET));
}

/* Whoever has a delivery can change what is not signed: the invocation's id. */
static void a_replay_under_another_invocation_id_is_still_a_replay(void **state) {
  (void)state;
  quiet_start("--behaviour off --webhook-lost 1");
  struct delivery d;
  zendesk(&d, "b01", MIXED_SECRET, 0);
  assert_int_equal(push(&d, NULL), 200);
  const int64_t before = hooked("shop");
  char *id = strstr(d.headers, "Invocation-Id: b01");
  assert_non_null(id);
  memcpy(id, "Invocation-Id: b02", 18);
  assert_int_equal(push(&d, NULL), 200);
  assert_int_equal(hooked("shop"), before);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void what_was_answered_with_2xx_survives_a_kill(void **state) {
  (void)state;
  quiet_start("--behaviour off --webhook-lost 1");
  for (size_t i = 0; i < WAYS; i++) {
    struct delivery d;
    const int64_t before = hooked(ways[i].desk);
    ways[i].make(&d, "c01", MIXED_SECRET, 0);
    is_status(&ways[i], "a good delivery", push(&d, NULL), 200);
    assert_int_equal(rig_stop(&R, SIGKILL), 128 + SIGKILL);
    assert_int_equal(hooked(ways[i].desk), before + 1);
    rig_start(&R, "");
    char url[200];
    snprintf(url, sizeof url, "%s/readyz", Base);
    for (int k = 0; k < 4000 && rig_http("GET", url, NULL, NULL, NULL) != 200; k++) rig_sleep_ms(5);
    is_status(&ways[i], "its repetition", push(&d, NULL), 200);
    assert_int_equal(hooked(ways[i].desk), before + 1);
  }
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void what_is_no_delivery_is_refused_and_stores_nothing(void **state) {
  (void)state;
  quiet_start("--behaviour off --webhook-lost 1");
  const int64_t before = rig_sql(&R, "SELECT count(*) FROM inbox");
  char url[200];
  snprintf(url, sizeof url, "%s/webhooks/nobody", Base);
  assert_int_equal(rig_http("POST", url, NULL, "{}", NULL), 404);
  snprintf(url, sizeof url, "%s/webhooks/", Base);
  assert_int_equal(rig_http("POST", url, NULL, "{}", NULL), 404);
  for (size_t i = 0; i < MIXED_DESKS; i++) {
    snprintf(url, sizeof url, "%s/webhooks/%s", Base, mixed_name[i]);
    assert_int_equal(rig_http("POST", url, NULL, "", NULL), 401);
    assert_int_equal(rig_http("GET", url, NULL, NULL, NULL), 405);
    const size_t n = ((size_t)1 << 20) + 1;
    char *large = malloc(n + 1);
    memset(large, 'x', n);
    large[n] = '\0';
    assert_int_equal(rig_http("POST", url, NULL, large, NULL), 413);
    free(large);
  }
  struct delivery d; /* signed, and about nothing: fine */
  snprintf(d.body, sizeof d.body,
           "{\"type\":\"notification_event\",\"topic\":\"ping\",\"id\":\"p1\",\"data\":{\"item\":{"
           "\"type\":\"ping\",\"message\":\"something something interzen\"}}}");
  intercom_sign(&d, MIXED_SECRET);
  assert_int_equal(push(&d, NULL), 200);
  snprintf(d.body, sizeof d.body, "{\"type\":\"notification_event\",\"topic\":");
  intercom_sign(&d, MIXED_SECRET); /* signed, and not to be understood */
  assert_true(push(&d, NULL) >= 400);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM inbox"), before);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* --- many at once, and slow ones ----------------------------------------------------------------
 */

static int daemon_connect(void) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_port = htons((uint16_t)atoi(strrchr(Base, ':') + 1)),
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct timeval patience = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

static void say(int fd, const char *text, size_t n) {
  assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

static int request_of(const struct delivery *d, char *out, size_t room) {
  return snprintf(out, room, "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %zu\r\n\r\n%s",
                  d->path, d->headers, strlen(d->body), d->body);
}

#define FLOOD 400

static void a_flood_is_told_when_to_come_again(void **state) {
  (void)state;
  quiet_start("--behaviour off --webhook-lost 1");
  static int fds[FLOOD];
  static char last[FLOOD];
  const int64_t before = hooked("chat");
  for (int i = 0; i < FLOOD; i++) { /* all but the last byte of each */
    struct delivery d;
    char id[16], text[2400];
    snprintf(id, sizeof id, "f%d", i);
    intercom(&d, id, MIXED_SECRET, 0);
    const int n = request_of(&d, text, sizeof text);
    fds[i] = daemon_connect();
    say(fds[i], text, (size_t)n - 1);
    last[i] = text[n - 1];
  }
  rig_sleep_ms(300); /* it has read them */
  kill(R.daemon, SIGSTOP);
  for (int i = 0; i < FLOOD; i++) say(fds[i], &last[i], 1);
  kill(R.daemon, SIGCONT); /* and finds them all ready in one turn */
  int taken = 0, later = 0;
  for (int i = 0; i < FLOOD; i++) {
    char reply[1000] = "";
    assert_true(recv(fds[i], reply, sizeof reply - 1, 0) > 0);
    close(fds[i]);
    taken += strncmp(reply, "HTTP/1.1 200", 12) == 0;
    if (strncmp(reply, "HTTP/1.1 429", 12) != 0) continue;
    assert_non_null(strstr(reply, "Retry-After: "));
    later++;
  }
  assert_int_equal(taken + later, FLOOD);
  assert_true(taken > 0 && later > 0);
  assert_int_equal(hooked("chat"), before + taken); /* what was told to come again left no trace */
  struct delivery d;
  intercom(&d, "f0", MIXED_SECRET, 0);
  assert_int_equal(push(&d, NULL), 200); /* there is room again */
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void slow_and_half_open_clients_delay_nobody(void **state) {
  (void)state;
  quiet_start("--behaviour off --webhook-lost 1");
  static int fds[300];
  static const char *const starts[] = {
      "", "POST /webhooks/chat HTT", "POST /webhooks/chat HTTP/1.1\r\nHost: x\r\n",
      "POST /webhooks/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{\"type\":"};
  for (int i = 0; i < 300; i++) {
    fds[i] = daemon_connect();
    const char *text = starts[i % 4];
    if (text[0] != '\0') say(fds[i], text, strlen(text));
  }
  for (size_t i = 0; i < WAYS; i++) {
    struct delivery d;
    ways[i].make(&d, "d01", MIXED_SECRET, 0);
    const int64_t from = mono_ms();
    is_status(&ways[i], "a good delivery", push(&d, NULL), 200);
    assert_true(mono_ms() - from < 1000);
  }
  for (int i = 0; i < 300; i++) close(fds[i]);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* --- the vendors' signatures, on the way that they really come ----------------------------------
 */

static const char *text_of(const cJSON *o, const char *key) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
  return text != NULL ? text : "";
}

static void vectors_of_signatures_are_judged_rightly(void **state) {
  (void)state;
  char path[400];
  const char *shared = getenv("TRIAGED_SHARED");
  snprintf(path, sizeof path, "%s/specs/webhook-signature-vectors.json",
           shared != NULL ? shared : "../shared");
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    print_message("no %s: skipped\n", path);
    skip();
  }
  static char text[65536];
  text[fread(text, 1, sizeof text - 1, f)] = '\0';
  fclose(f);
  cJSON *all = cJSON_Parse(text);
  const cJSON *of_zendesk = cJSON_GetObjectItem(all, "zendesk"), *v = NULL;
  const cJSON *of_intercom = cJSON_GetObjectItem(all, "intercom");
  assert_true(cJSON_GetArraySize(of_zendesk) > 0 && cJSON_GetArraySize(of_intercom) > 0);
  rig_tickets(&R, 0);
  rig_sim(&R, "--behaviour off");
  mixed_conf(&R);
  Base = mixed_listen(&R, "1h");
  rig_conf_change(&R, "${file:hook}", "${file:hook-zendesk}", "${file:hook}", "${file:hook-trade}",
                  "${file:hook}", "${file:hook-intercom}", NULL);
  rig_file(&R, "hook-zendesk", text_of(cJSON_GetArrayItem(of_zendesk, 0), "secret"));
  rig_file(&R, "hook-trade", "other");
  rig_file(&R, "hook-intercom", text_of(cJSON_GetArrayItem(of_intercom, 0), "secret"));
  rig_clock(&R, text_of(cJSON_GetArrayItem(of_zendesk, 0), "timestamp")); /* they are fresh */
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  struct delivery d;
  cJSON_ArrayForEach(v, of_zendesk) {
    snprintf(d.body, sizeof d.body, "%s", text_of(v, "body"));
    snprintf(d.headers, sizeof d.headers,
             "X-Zendesk-Webhook-Signature: %s\r\nX-Zendesk-Webhook-Signature-Timestamp: %s",
             text_of(v, "signature"), text_of(v, "timestamp"));
    snprintf(d.path, sizeof d.path, "/webhooks/shop");
    const bool refused = push(&d, NULL) == 401;
    if (refused == cJSON_IsTrue(cJSON_GetObjectItem(v, "valid"))) fail_msg("zendesk: %s", d.body);
  }
  cJSON_ArrayForEach(v, of_intercom) {
    snprintf(d.body, sizeof d.body, "%s", text_of(v, "body"));
    snprintf(d.headers, sizeof d.headers, "X-Hub-Signature: %s", text_of(v, "header"));
    snprintf(d.path, sizeof d.path, "/webhooks/chat");
    const bool refused = push(&d, NULL) == 401;
    if (refused == cJSON_IsTrue(cJSON_GetObjectItem(v, "valid"))) fail_msg("intercom: %s", d.body);
  }
  cJSON_Delete(all);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_new_ticket_is_in_triage_within_a_second_of_its_webhook),
      T(a_delivery_counts_only_signed_fresh_and_once),
      T(a_replay_under_another_invocation_id_is_still_a_replay),
      T(what_was_answered_with_2xx_survives_a_kill),
      T(what_is_no_delivery_is_refused_and_stores_nothing),
      T(a_flood_is_told_when_to_come_again),
      T(slow_and_half_open_clients_delay_nobody),
      T(vectors_of_signatures_are_judged_rightly),
  };
  return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
