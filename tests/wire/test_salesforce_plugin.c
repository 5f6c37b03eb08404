/* The Salesforce connector under a fake host: settings, signing in, limits, webhooks. */
#include "salesforce_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT  "auth.type=client_credentials", "auth.client_id=acme", "auth.client_secret=t0pS3cret"
#define EXPIRED SF_ERROR("INVALID_SESSION_ID", "Session expired or invalid")

static void refused_open(const char *const *settings, const char *says) {
  struct fake_host *host = fake_host_new();
  struct fake_inst *inst;
  struct trg_err err;
  assert_int_equal(fake_host_open(host, &triaged_plugin_salesforce, settings, &inst, &err), -1);
  if (strstr(err.text, says) == NULL) fail_msg("\"%s\" is not in: %s", says, err.text);
  fake_host_free(&host);
}

static void ends(const struct fake_op *op, int32_t outcome, const char *code) {
  if (op->result.outcome != outcome || strcmp(op->result.code.p, code) != 0)
    fail_msg("outcome %d %s: %s", (int)op->result.outcome, op->result.code.p, op->result.why.p);
}

/* ---- settings ---- */

static void test_settings_that_are_missing_are_named(void **state) {
  (void)state;
#define URL "url=" SALESFORCE_URL
  refused_open((const char *const[]){URL, "auth.type=client_credentials", NULL}, "auth.client_id");
  refused_open((const char *const[]){URL, "auth.type=client_credentials", "auth.client_id=a", NULL},
               "auth.client_secret");
  refused_open((const char *const[]){URL, "auth.type=jwt", "auth.client_id=a", NULL},
               "auth.username");
  refused_open(
      (const char *const[]){URL, "auth.type=jwt", "auth.client_id=a", "auth.username=u", NULL},
      "auth.key");
}

static void test_settings_that_are_wrong_are_refused(void **state) {
  (void)state;
  refused_open((const char *const[]){URL "/services", CLIENT, NULL}, "without a path");
  refused_open((const char *const[]){"url=https://login.salesforce.com", CLIENT, NULL},
               "My Domain");
  refused_open((const char *const[]){URL, CLIENT, "write.category=field:a b", NULL}, "API_NAME");
  refused_open((const char *const[]){URL, CLIENT, "write.group={\"billing\":\"Billing\"}", NULL},
               "00G");
  refused_open((const char *const[]){URL, CLIENT, "write.priorities={\"P9\":\"x\"}", NULL},
               "P1 to P4");
  refused_open((const char *const[]){URL, CLIENT, "api_version=latest", NULL}, "62.0");
  refused_open((const char *const[]){URL, CLIENT, "limit_share=1.5", NULL}, "limit_share");
  refused_open((const char *const[]){URL, CLIENT, "overlap=60s", NULL}, "out of range");
  refused_open((const char *const[]){URL, "auth.type=jwt", "auth.client_id=a", "auth.username=u",
                                     "auth.key=-----BEGIN NOTHING-----", NULL},
               "auth.key can not be read");
}

/* ---- signing in ---- */

static void test_one_token_serves_all_ops_that_wait_for_it(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  for (int i = 0; i < 2; i++) desk_answer(&c, "LIMIT%201", 200, NO_ROWS);
  trg_op a = fake_op_start(c.inst, 60000, false), b = fake_op_start(c.inst, 60000, false);
  c.ops->probe(c.self, a);
  c.ops->probe(c.self, b);
  fake_host_settle(c.host);
  ends(fake_op_get(c.host, a), TRG_DONE, "");
  ends(fake_op_get(c.host, b), TRG_DONE, "");
  const struct fake_request *login = desk_request(&c, "POST", LOGIN, 0);
  assert_string_equal(login->body.p,
                      "grant_type=client_credentials&client_id=acme&client_secret=t0pS3cret");
  assert_string_equal(fake_request_header(login, "content-type"),
                      "application/x-www-form-urlencoded");
  const struct fake_request *query = desk_request(&c, "GET", "/services/data/v62.0/query?q=", 1);
  assert_string_equal(fake_request_header(query, "authorization"), "Bearer A");
  desk_case_end(&c);
}

static void test_a_cancelled_op_hands_the_token_on_to_the_next(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  trg_op ops[3];
  const struct fake_reply slow = {
      .url_has = LOGIN, .status = 200, .body = TOKEN("A"), .delay_ms = 500};
  fake_host_reply(c.host, &slow);
  fake_host_reply(c.host, &slow);
  desk_answer(&c, "LIMIT%201", 200, NO_ROWS);
  for (int i = 0; i < 3; i++) {
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->probe(c.self, ops[i]);
  }
  fake_op_cancel(c.host, ops[0]); /* the one that fetches */
  fake_op_cancel(c.host, ops[1]); /* one that waits */
  fake_host_settle(c.host);
  ends(fake_op_get(c.host, ops[2]), TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "POST", LOGIN), 2);
  desk_case_end(&c);
}

static void test_an_expired_session_is_renewed_once_and_never_in_a_loop(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  desk_answer(&c, "LIMIT%201", 401, EXPIRED);
  desk_answer(&c, LOGIN, 200, TOKEN("B"));
  desk_answer(&c, "LIMIT%201", 401, EXPIRED);
  const struct fake_op *op = desk_probe(&c);
  ends(op, TRG_REJECTED, TRG_CODE_AUTH);
  assert_int_equal(op->result.http_status, 401);
  assert_string_equal(fake_request_header(desk_request(&c, "GET", "LIMIT%201", 1), "authorization"),
                      "Bearer B");
  desk_case_end(&c);
}

static void test_a_session_that_no_login_can_mend_is_not_renewed(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(
      &c, "LIMIT%201", 401,
      SF_ERROR("INVALID_SESSION_ID", "This session is not valid for use with the REST API"));
  ends(desk_probe(&c), TRG_REJECTED, TRG_CODE_AUTH);
  assert_int_equal(desk_asked(&c, "POST", LOGIN), 1);
  desk_case_end(&c);
}

static void test_two_stale_answers_cost_one_new_token(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  for (int i = 0; i < 2; i++) desk_answer(&c, "LIMIT%201", 401, EXPIRED);
  desk_answer(&c, LOGIN, 200, TOKEN("B"));
  for (int i = 0; i < 2; i++) desk_answer(&c, "LIMIT%201", 200, NO_ROWS);
  trg_op a = fake_op_start(c.inst, 60000, false), b = fake_op_start(c.inst, 60000, false);
  c.ops->probe(c.self, a);
  c.ops->probe(c.self, b);
  fake_host_settle(c.host);
  ends(fake_op_get(c.host, a), TRG_DONE, "");
  ends(fake_op_get(c.host, b), TRG_DONE, "");
  desk_case_end(&c);
}

static void test_wrong_credentials_are_told_once_to_all_who_wait(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  desk_answer(&c, LOGIN, 400,
              "{\"error\":\"invalid_grant\",\"error_description\":\"no client credentials "
              "user enabled\"}");
  trg_op ops[2];
  const struct trg_action action = {.size = sizeof action,
                                    .ticket_id = TRG_STR(SALESFORCE_CASE),
                                    .idem_key = TRG_STR("k"),
                                    .note = TRG_STR("n")};
  for (int i = 0; i < 2; i++) ops[i] = fake_op_start(c.inst, 60000, i == 1);
  c.ops->probe(c.self, ops[0]);
  c.ops->write(c.self, ops[1], &action);
  fake_host_settle(c.host);
  for (int i = 0; i < 2; i++) {
    ends(fake_op_get(c.host, ops[i]), TRG_REJECTED, TRG_CODE_AUTH);
    assert_non_null(strstr(fake_op_get(c.host, ops[i])->result.why.p, "run-as user"));
  }
  desk_case_end(&c);
}

static void test_a_token_request_that_may_work_later_is_no_wrong_credential(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  for (int i = 0; i < 4; i++)
    desk_answer(&c, LOGIN, 400,
                "{\"error\":\"unknown_error\",\"error_description\":\"retry your request\"}");
  ends(desk_probe(&c), TRG_RETRY, TRG_CODE_TRANSIENT);
  assert_int_equal(fake_host_replies_left(c.host), 0);
  desk_case_end(&c);
}

/* Many ops wait for one token: that its request failed once is no failure of theirs. */
static void test_a_token_request_that_fails_for_a_moment_fails_no_op(void **state) {
  (void)state;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, NULL});
  trg_op ops[3];
  const struct fake_reply lost = {.url_has = LOGIN, .status = 0, .why = "it went away"};
  desk_answer(&c, LOGIN, 503, "<html><title>Down for maintenance</title></html>");
  fake_host_reply(c.host, &lost);
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  for (int i = 0; i < 3; i++) {
    desk_answer(&c, IN_PROBE, 200, NO_ROWS);
    ops[i] = fake_op_start(c.inst, 60000, false);
    c.ops->probe(c.self, ops[i]);
  }
  fake_host_settle(c.host);
  for (int i = 0; i < 3; i++) ends(fake_op_get(c.host, ops[i]), TRG_DONE, "");
  assert_int_equal(desk_asked(&c, "POST", LOGIN), 3);
  desk_case_end(&c);
}

/* No status is no "HTTP 0": what the host says of it is told. */
static void test_a_failure_without_an_answer_says_what_happened(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  const struct fake_reply lost = {
      .url_has = IN_PROBE, .status = 0, .not_sent = true, .why = "no connection to it (refused)"};
  fake_host_reply(c.host, &lost);
  const struct fake_op *op = desk_probe(&c);
  ends(op, TRG_RETRY, TRG_CODE_TRANSIENT);
  assert_string_equal(op->result.why.p, "no connection to it (refused)");
  desk_case_end(&c);
}

static void org_moves_to(const char *instance, const char *asked, const char *setting) {
  char token[600];
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, setting, NULL});
  snprintf(token, sizeof token, TOKEN_AT("B", "%s"), instance);
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  desk_answer(&c, "acme.my.salesforce.com/services/data", 401, EXPIRED);
  desk_answer(&c, LOGIN, 200, token);
  if (asked != NULL) desk_answer(&c, asked, 200, NO_ROWS);
  const struct fake_op *op = desk_probe(&c);
  if (asked != NULL) {
    ends(op, TRG_DONE, "");
  } else {
    ends(op, TRG_REJECTED, TRG_CODE_ENDPOINT);
    assert_non_null(strstr(op->result.why.p, "\"instance: "));
  }
  desk_case_end(&c);
}

static void test_an_org_that_moved_is_followed_within_salesforce_or_as_configured(void **state) {
  (void)state;
  org_moves_to("https://acme2.my.salesforce.com", "acme2.my.salesforce.com/services/data", NULL);
  org_moves_to("https://acme--uat.sandbox.my.salesforce.com",
               "acme--uat.sandbox.my.salesforce.com/services/data", NULL);
  org_moves_to("https://api.acme.example", "api.acme.example/services/data",
               "instance=https://api.acme.example");
  static const char *const elsewhere[] = {"https://salesforce.com.evil.example",
                                          "https://evil.example/.salesforce.com",
                                          "https://evil.example:443#.salesforce.com",
                                          "https://evil.example?.salesforce.com",
                                          "https://a@evil.example",
                                          "https://evil.example\\\\.salesforce.com",
                                          "http://acme2.my.salesforce.com",
                                          "https://evilsalesforce.com",
                                          "https://.salesforce.com"};
  for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
    org_moves_to(elsewhere[i], NULL, NULL);
}

static void test_an_org_that_moves_back_and_forth_is_followed(void **state) {
  (void)state;
#define MOVED "https://acme2.my.salesforce.com"
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce,
                                      (const char *const[]){URL, CLIENT, "instance=" MOVED, NULL});
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  desk_answer(&c, "acme.my.salesforce.com/services/data", 401, EXPIRED);
  desk_answer(&c, LOGIN, 200, TOKEN_AT("B", MOVED));
  desk_answer(&c, "acme2.my.salesforce.com/services/data", 200, NO_ROWS);
  ends(desk_probe(&c), TRG_DONE, "");
  desk_case_end(&c);
}

/* A new key for this test alone, as the setting's text; the caller frees both. */
static char *key_text(EVP_PKEY **ret_key) {
  BIO *bio = BIO_new(BIO_s_mem());
  *ret_key = EVP_RSA_gen(2048);
  assert_int_equal(PEM_write_bio_PrivateKey(bio, *ret_key, NULL, NULL, 0, NULL, NULL), 1);
  char *pem;
  const long n = BIO_get_mem_data(bio, &pem);
  const size_t bytes = (size_t)n + sizeof "auth.key=";
  char *text = calloc(1, bytes);
  snprintf(text, bytes, "auth.key=%.*s", (int)n, pem);
  BIO_free(bio);
  return text;
}

static size_t base64url_read(const char *from, size_t n, unsigned char *to) {
  char text[2048];
  size_t i = 0;
  for (; i < n; i++) text[i] = from[i] == '-' ? '+' : from[i] == '_' ? '/' : from[i];
  size_t missing = (4 - n % 4) % 4;
  for (size_t k = 0; k < missing; k++) text[i++] = '=';
  return (size_t)EVP_DecodeBlock(to, (unsigned char *)text, (int)i) - missing;
}

static void test_a_jwt_signs_in_with_a_signature_that_the_public_key_accepts(void **state) {
  (void)state;
  EVP_PKEY *key;
  char *setting = key_text(&key);
  struct desk_case c = desk_case_open(
      &triaged_plugin_salesforce,
      (const char *const[]){URL, "auth.type=jwt", "auth.client_id=3MVG",
                            "auth.username=bot@acme.com",
                            "auth.audience=https://test.salesforce.com", setting, NULL});
  desk_answer(&c, LOGIN, 200, TOKEN("A"));
  desk_answer(&c, "LIMIT%201", 200, NO_ROWS);
  ends(desk_probe(&c), TRG_DONE, "");
  const char *body = desk_request(&c, "POST", LOGIN, 0)->body.p;
  const char *jwt = strstr(body, "&assertion=") + strlen("&assertion=");
  assert_int_equal(
      strncmp(body, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&", 65), 0);
  const char *dot = strrchr(jwt, '.'), *claims = strchr(jwt, '.') + 1;
  unsigned char text[1024] = {0}, signature[1024];
  base64url_read(claims, (size_t)(dot - claims), text);
  assert_string_equal((char *)text, "{\"iss\":\"3MVG\",\"sub\":\"bot@acme.com\",\"aud\":"
                                    "\"https://test.salesforce.com\",\"exp\":1795219370}");
  size_t n = base64url_read(dot + 1, strlen(dot + 1), signature);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
  assert_int_equal(
      EVP_DigestVerify(ctx, signature, n, (const unsigned char *)jwt, (size_t)(dot - jwt)), 1);
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(key);
  free(setting);
  desk_case_end(&c);
}

/* ---- limits and failures ---- */

static void test_the_share_of_the_daily_allowance_holds_requests_back(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer_with(&c, "LIMIT%201", 200,
                   "Sforce-Limit-Info: per-app-api-usage=1/2(x); api-usage=11900/15000\n", NO_ROWS);
  desk_answer_with(&c, "LIMIT%201", 200, "Sforce-Limit-Info: api-usage=12000/15000\n", NO_ROWS);
  desk_probe(&c);
  desk_probe(&c);
  assert_int_equal(fake_host_bucket(c.host, 0)->remaining, 100);
  assert_int_equal(fake_host_bucket(c.host, 1)->remaining, 0);
  assert_int_equal(fake_host_bucket(c.host, 1)->reset_ms, 900000);
  desk_case_end(&c);
}

static void test_a_403_can_be_a_rate_limit(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  desk_answer(&c, "LIMIT%201", 403,
              SF_ERROR("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
  const struct fake_op *op = desk_probe(&c);
  ends(op, TRG_RETRY, TRG_CODE_RATE);
  assert_int_equal(op->result.retry_after_ms, 900000);
  assert_int_equal(fake_host_bucket(c.host, 0)->remaining, 0);
  desk_answer(&c, "LIMIT%201", 403, SF_ERROR("API_DISABLED_FOR_ORG", "no"));
  ends(desk_probe(&c), TRG_REJECTED, TRG_CODE_PERMISSION);
  desk_case_end(&c);
}

static int64_t crowded(struct desk_case *c) {
  desk_answer(c, "LIMIT%201", 403,
              SF_ERROR("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."));
  const struct fake_op *op = desk_probe(c);
  ends(op, TRG_RETRY, TRG_CODE_RATE);
  return op->result.retry_after_ms;
}

/* Some requests of a crowd end in seconds: half a minute for each 403 made a busy org stand. */
static void
test_too_many_requests_at_once_wait_seconds_and_longer_only_when_it_goes_on(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  assert_int_equal(crowded(&c), 1000);
  fake_host_advance(c.host, 400);
  assert_int_equal(crowded(&c), 600); /* of the same crowd */
  for (int64_t wait = 2000; wait <= 16000; wait *= 2) {
    fake_host_advance(c.host, 16000);
    assert_int_equal(crowded(&c), wait);
  }
  fake_host_advance(c.host, 16000);
  assert_int_equal(crowded(&c), 30000); /* never longer */
  fake_host_advance(c.host, 30000);
  desk_answer(&c, "LIMIT%201", 200, NO_ROWS);
  ends(desk_probe(&c), TRG_DONE, TRG_CODE_OK);
  assert_int_equal(crowded(&c), 1000); /* from the beginning */
  desk_case_end(&c);
}

static void test_pages_that_are_not_the_api_go_by_their_status(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
#define PAGE "<html><head><title>Down for maintenance</title></head></html>"
  desk_answer(&c, "LIMIT%201", 503, PAGE);
  const struct fake_op *op = desk_probe(&c);
  ends(op, TRG_RETRY, TRG_CODE_TRANSIENT);
  assert_non_null(strstr(op->result.why.p, "Down for maintenance"));
  desk_answer(&c, "LIMIT%201", 404, PAGE);
  ends(desk_probe(&c), TRG_REJECTED, TRG_CODE_ENDPOINT);
  desk_answer(&c, "LIMIT%201", 400,
              "<?xml version=\"1.0\"?><Errors><Error><errorCode>QUERY_TIMEOUT</errorCode>"
              "<message>too slow</message></Error></Errors>");
  ends(desk_probe(&c), TRG_RETRY, TRG_CODE_TIMEOUT);
  desk_answer(&c, "LIMIT%201", 300, "[\"/services/data/v62.0/sobjects/Case/1\"]");
  ends(desk_probe(&c), TRG_REJECTED, TRG_CODE_PERMANENT);
  desk_answer(&c, "LIMIT%201", 410, SF_ERROR("UNSUPPORTED_API_VERSION", "gone"));
  op = desk_probe(&c);
  ends(op, TRG_REJECTED, TRG_CODE_ENDPOINT);
  assert_non_null(strstr(op->result.why.p, "api_version"));
  desk_case_end(&c);
}

/* ---- webhooks ---- */

struct told {
  char ids[8][24], version[64];
  size_t count;
};
static void on_notice(void *arg, const struct trg_notice *notice) {
  struct told *told = arg;
  snprintf(told->version, sizeof told->version, "%.*s", (int)notice->version.n, notice->version.p);
  snprintf(told->ids[told->count++], 24, "%.*s", (int)notice->id.n, notice->id.p);
}

static struct trg_str str(const char *text) {
  return (struct trg_str){text, strlen(text)};
}

/* Signs stamp and body as a sender would, in hex. */
static void sign(const char *secret, const char *stamp, const char *body, char ret[65]) {
  char text[1024];
  unsigned char mac[32];
  unsigned n = 0;
  int bytes = snprintf(text, sizeof text, "%s%s", stamp, body);
  HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)text, (size_t)bytes, mac, &n);
  for (unsigned i = 0; i < 32; i++) snprintf(ret + i * 2, 3, "%02x", mac[i]);
}

static void test_a_delivery_counts_only_signed_fresh_and_unchanged(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){"webhook_secret=hook", NULL});
  const char *body =
      "{\"ids\":[\"500A0000006Vm9u\",\"001A0000006Vm9uIAC\"],\"id\":\"500A0000006Vm9vIAC\"}";
  char signature[65];
  sign("hook", "1795219190", body, signature);
  struct trg_header headers[] = {{TRG_STR("x-triage-timestamp"), TRG_STR("1795219190")},
                                 {TRG_STR("x-triage-signature"), str(signature)}};
  struct trg_delivery delivery = {.size = sizeof delivery,
                                  .headers = headers,
                                  .header_count = 2,
                                  .body = str(body),
                                  .now_ms = FAKE_NOW_MS};
  struct trg_str id;
  struct trg_err err;
  struct told told = {.count = 0};
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), 0);
  assert_int_equal(id.n, 64);
  assert_int_equal(c.ops->parse(c.self, &delivery, on_notice, &told, &err), 0);
  assert_int_equal(told.count, 2);
  assert_string_equal(told.ids[0], "500A0000006Vm9vIAC");
  assert_string_equal(told.ids[1], SALESFORCE_CASE);
  assert_string_equal(told.version, "hook:1795219190");
  delivery.now_ms += 301000;
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  delivery.now_ms = FAKE_NOW_MS;
  delivery.body.n--;
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  delivery.body.n++;
  headers[0].value = TRG_STR("1795219191");
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  delivery.header_count = 0;
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  desk_case_end(&c);
  c = salesforce_case_begin(NULL);
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  desk_case_end(&c);
}

static void test_an_outbound_message_needs_the_secret_in_its_address_or_of_a_proxy(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){"webhook_secret=hook", NULL});
  char *body = desk_fixture("salesforce", "outbound.xml");
  struct trg_header header = {TRG_STR("x-triage-secret"), TRG_STR("hook")};
  struct trg_delivery delivery = {
      .size = sizeof delivery, .headers = &header, .body = str(body), .now_ms = FAKE_NOW_MS};
  struct trg_str id;
  struct trg_err err;
  struct told told = {.count = 0};
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  delivery.header_count = 1;
  header.value = TRG_STR("hoo");
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  header.value = TRG_STR("hook");
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), 0);
  assert_int_equal(id.n, 0); /* two Notifications: each has its own */
  assert_int_equal(c.ops->parse(c.self, &delivery, on_notice, &told, &err), 0);
  assert_int_equal(told.count, 2);
  assert_string_equal(told.ids[0], SALESFORCE_CASE);
  delivery.header_count = 0;
  delivery.path = TRG_STR("/hoo");
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  delivery.path = TRG_STR("/hook");
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), 0);
  delivery.size = offsetof(struct trg_delivery, method); /* of a host that knows no paths */
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  delivery.size = sizeof delivery;
  desk_answer(&c, "LIMIT%201", 200, NO_ROWS);
  desk_probe(&c); /* now our own org is known */
  strstr(body, "AcmeMAC")[0] = 'B';
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), -1);
  free(body);
  desk_case_end(&c);
}

#define NOTIFICATION(id, record)                                                                   \
  "<Notification><Id>" id "</Id><sObject xsi:type=\"sf:Case\"><sf:Id>" record                      \
  "</sf:Id></sObject></Notification>"
#define OUTBOUND(notifications)                                                                    \
  "<?xml version=\"1.0\"?><soapenv:Envelope><soapenv:Body><notifications><OrganizationId>"         \
  "00DA0000000AcmeMAC</OrganizationId>" notifications                                              \
  "</notifications></soapenv:Body></soapenv:Envelope>"

static void test_a_notification_counts_once_alone_or_among_others(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin((const char *const[]){"webhook_secret=hook", NULL});
  struct trg_delivery delivery = {
      .size = sizeof delivery, .now_ms = FAKE_NOW_MS, .path = TRG_STR("/hook")};
  struct trg_str id;
  struct trg_err err;
  struct told told = {.count = 0};
  delivery.body = TRG_STR(OUTBOUND(NOTIFICATION("04lA000000Noti1IAC", "500A0000006Vm9uIAC")));
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), 0);
  assert_int_equal(id.n, 18);
  assert_memory_equal(id.p, "04lA000000Noti1IAC", 18);
  assert_int_equal(c.ops->parse(c.self, &delivery, on_notice, &told, &err), 0);
  assert_string_equal(told.version, "hook:04lA000000Noti1IAC");
  /* its Ack was lost, and it comes again with a younger one */
  delivery.body = TRG_STR(OUTBOUND(NOTIFICATION("04lA000000Noti2IAC", "500A0000006Vm9vIAC")
                                       NOTIFICATION("04lA000000Noti1IAC", "500A0000006Vm9uIAC")));
  assert_int_equal(c.ops->verify(c.self, &delivery, &id, &err), 0);
  assert_int_equal(id.n, 0);
  assert_int_equal(c.ops->parse(c.self, &delivery, on_notice, &told, &err), 0);
  assert_int_equal(told.count, 3);
  assert_string_equal(told.ids[2], told.ids[0]);
  assert_string_equal(told.version, "hook:04lA000000Noti1IAC"); /* and the inbox knows it */
  desk_case_end(&c);
}

static void test_an_outbound_message_reads_its_ack(void **state) {
  (void)state;
  struct desk_case c = salesforce_case_begin(NULL);
  struct trg_delivery delivery = {.size = sizeof delivery, .body = TRG_STR(OUTBOUND(""))};
  struct trg_answer answer = {.size = sizeof answer};
  c.ops->answer(c.self, &delivery, &answer);
  assert_int_equal(strncmp(answer.content_type.p, "text/xml", 8), 0);
  assert_non_null(strstr(answer.body.p, "<Ack>true</Ack>"));
  assert_non_null(strstr(answer.body.p, "http://soap.sforce.com/2005/09/outbound"));
  answer = (struct trg_answer){.size = sizeof answer};
  delivery.body = TRG_STR("{\"id\":\"500A0000006Vm9uIAC\"}");
  c.ops->answer(c.self, &delivery, &answer);
  assert_int_equal(answer.body.n, 0);
  desk_case_end(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_settings_that_are_missing_are_named),
      cmocka_unit_test(test_settings_that_are_wrong_are_refused),
      cmocka_unit_test(test_one_token_serves_all_ops_that_wait_for_it),
      cmocka_unit_test(test_a_cancelled_op_hands_the_token_on_to_the_next),
      cmocka_unit_test(test_an_expired_session_is_renewed_once_and_never_in_a_loop),
      cmocka_unit_test(test_a_session_that_no_login_can_mend_is_not_renewed),
      cmocka_unit_test(test_two_stale_answers_cost_one_new_token),
      cmocka_unit_test(test_wrong_credentials_are_told_once_to_all_who_wait),
      cmocka_unit_test(test_a_token_request_that_may_work_later_is_no_wrong_credential),
      cmocka_unit_test(test_a_token_request_that_fails_for_a_moment_fails_no_op),
      cmocka_unit_test(test_a_failure_without_an_answer_says_what_happened),
      cmocka_unit_test(test_an_org_that_moved_is_followed_within_salesforce_or_as_configured),
      cmocka_unit_test(test_an_org_that_moves_back_and_forth_is_followed),
      cmocka_unit_test(test_a_jwt_signs_in_with_a_signature_that_the_public_key_accepts),
      cmocka_unit_test(test_the_share_of_the_daily_allowance_holds_requests_back),
      cmocka_unit_test(test_a_403_can_be_a_rate_limit),
      cmocka_unit_test(test_too_many_requests_at_once_wait_seconds_and_longer_only_when_it_goes_on),
      cmocka_unit_test(test_pages_that_are_not_the_api_go_by_their_status),
      cmocka_unit_test(test_a_delivery_counts_only_signed_fresh_and_unchanged),
      cmocka_unit_test(test_an_outbound_message_needs_the_secret_in_its_address_or_of_a_proxy),
      cmocka_unit_test(test_a_notification_counts_once_alone_or_among_others),
      cmocka_unit_test(test_an_outbound_message_reads_its_ack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
