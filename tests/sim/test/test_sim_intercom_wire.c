/* The simulator's Intercom on the wire: the shapes of its answers, and its webhooks. */
#include "intercom_client.h"
#include "openapi.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void check_fits(const struct openapi *o, const char *described, const char *method,
                       const char *status, const struct reply *r) {
  char why[512] = "";
  char name[8];
  size_t n = 0;
  for (; method[n] && n < sizeof name - 1; n++) {
    name[n] = (char)(method[n] + 32);
  }
  name[n] = '\0';
  assert_non_null(r->json);
  if (!openapi_response(o, described, name, status, r->json, why, sizeof why)) {
    fail_msg("%s %s: %s", method, described, why);
  }
}

static void test_responses_fit_the_vendors_description(void **state) {
  (void)state;
  struct openapi *o = openapi_open("intercom-2.14-trimmed.json");
  if (o == NULL) {
    skip();
  }
  /* the service gives null for what has not happened yet, and numbers for custom attributes */
  static const char *const unchecked[] = {"event_details.value", NULL};
  o->nulls_pass = true;
  o->unchecked = unchecked;
  struct server s = intercom_start("");
  intercom_say(&s, "501", "comment", "Our answer");
  advance(&s, "80h");
#define AS_ADMIN "\"admin_id\":\"" ADMIN "\""
  static const struct {
    const char *method, *path, *described, *body, *status;
  } calls[] = {
      {"GET", "/me", "/me", NULL, "200"},
      {"GET", "/admins", "/admins", NULL, "200"},
      {"GET", "/teams", "/teams", NULL, "200"},
      {"GET", "/tags", "/tags", NULL, "200"},
      {"GET", "/ticket_types", "/ticket_types", NULL, "200"},
      {"POST", "/tags", "/tags", "{\"name\":\"x\"}", "200"},
      {"POST", "/tags", "/tags", "{\"name\":\"\"}", "400"},
      {"GET", "/conversations?per_page=2", "/conversations", NULL, "200"},
      {"POST", "/conversations/search", "/conversations/search", "{\"query\":" EVERYTHING "}",
       "200"},
      {"PUT", "/conversations/501", "/conversations/{conversation_id}",
       "{\"custom_attributes\":{\"issue_type\":\"Billing\"}}", "200"},
      {"GET", "/conversations/501", "/conversations/{conversation_id}", NULL, "200"},
      {"GET", "/conversations/502", "/conversations/{conversation_id}", NULL, "200"},
      {"GET", "/conversations/9", "/conversations/{conversation_id}", NULL, "404"},
      {"POST", "/conversations/501/reply", "/conversations/{conversation_id}/reply",
       "{\"message_type\":\"note\",\"type\":\"admin\"," AS_ADMIN ",\"body\":\"b\"}", "200"},
      {"POST", "/conversations/502/parts", "/conversations/{conversation_id}/parts",
       "{\"message_type\":\"assignment\",\"type\":\"admin\"," AS_ADMIN ",\"assignee_id\":\"" ADMIN
       "\"}",
       "200"},
      {"POST", "/conversations/502/parts", "/conversations/{conversation_id}/parts",
       "{\"message_type\":\"close\",\"type\":\"admin\"," AS_ADMIN "}", "200"},
      {"POST", "/tickets/search", "/tickets/search", "{\"query\":" EVERYTHING "}", "200"},
      {"GET", "/tickets/503", "/tickets/{ticket_id}", NULL, "200"},
      {"PUT", "/tickets/503", "/tickets/{ticket_id}",
       "{\"ticket_state_id\":\"8498\",\"ticket_attributes\":{\"kind\":\"x\"}}", "200"},
      {"POST", "/tickets/503/reply", "/tickets/{ticket_id}/reply",
       "{\"message_type\":\"comment\",\"type\":\"admin\"," AS_ADMIN ",\"body\":\"b\"}", "200"},
  };
#undef AS_ADMIN
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    struct reply r = intercom_ask(&s, calls[i].method, calls[i].path, calls[i].body,
                                  atol(calls[i].status));
    check_fits(o, calls[i].described, calls[i].method, calls[i].status, &r);
    reply_free(&r);
  }
  struct reply r = intercom_show(&s, "501");
  char path[96];
  snprintf(path, sizeof path, "/contacts/%s", text_at(&r, "contacts.contacts.0.id"));
  reply_free(&r);
  r = intercom_ask(&s, "GET", path, NULL, 200);
  check_fits(o, "/contacts/{contact_id}", "GET", "200", &r);
  reply_free(&r);
  server_stop(&s);
  openapi_close(o);
}

static uint32_t rotated(uint32_t v, unsigned n) {
  return v << n | v >> (32 - n);
}

static void sha1_block(uint32_t h[5], const unsigned char *p) {
  static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
  uint32_t w[80];
  uint32_t v[5];
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 80; i++) {
    w[i] = i < 16 ? (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
                        (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3]
                  : rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t f = i < 20              ? (v[1] & v[2]) | (~v[1] & v[3])
                 : i < 40 || i >= 60 ? v[1] ^ v[2] ^ v[3]
                                     : (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
    uint32_t next = rotated(v[0], 5) + f + v[4] + constants[i / 20] + w[i];
    v[4] = v[3];
    v[3] = v[2];
    v[2] = rotated(v[1], 30);
    v[1] = v[0];
    v[0] = next;
  }
  for (int i = 0; i < 5; i++) {
    h[i] += v[i];
  }
}

/* SHA-1 of a block of pads, then the text: what HMAC needs twice. */
static void sha1_after(const char *key, unsigned char pad, const void *text, size_t n,
                       unsigned char ret_hash[20]) {
  uint32_t h[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  size_t total = 64 + (n + 9 + 63) / 64 * 64;
  unsigned char *all = calloc(1, total);
  memcpy(all, key, strlen(key));
  for (int i = 0; i < 64; i++) {
    all[i] ^= pad;
  }
  memcpy(all + 64, text, n);
  all[64 + n] = 0x80;
  for (size_t i = 0; i < 8; i++) {
    all[total - 1 - i] = (unsigned char)((64 + n) * 8 >> (8 * i));
  }
  for (size_t i = 0; i < total; i += 64) {
    sha1_block(h, all + i);
  }
  for (int i = 0; i < 20; i++) {
    ret_hash[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
  }
  free(all);
}

/* "sha1=" and the HMAC in hexadecimal; written here so that it cannot err like the simulator. */
static void signature_make(const char *key, const char *body, char ret_text[64]) {
  unsigned char inner[20];
  unsigned char mac[20];
  sha1_after(key, 0x36, body, strlen(body), inner);
  sha1_after(key, 0x5c, inner, sizeof inner, mac);
  snprintf(ret_text, 64, "sha1=");
  for (size_t i = 0; i < sizeof mac; i++) {
    snprintf(ret_text + 5 + 2 * i, 3, "%02x", mac[i]);
  }
}

/* Takes one delivery on the socket and answers it; returns the length of the request. */
static size_t delivery_take(int listener, char *text, size_t bytes) {
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  int fd = accept(listener, NULL, NULL);
  size_t n = 0;
  size_t wanted = SIZE_MAX;
  assert_true(fd >= 0);
  while (n < wanted) {
    ssize_t got = recv(fd, text + n, bytes - 1 - n, 0);
    assert_true(got > 0);
    n += (size_t)got;
    text[n] = '\0';
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");
    if (end && length) {
      wanted = (size_t)(end - text) + 4 + (size_t)atol(length + 16);
    }
  }
  assert_true(send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0);
  close(fd);
  return n;
}

static void test_webhooks_are_signed_over_the_body(void **state) {
  (void)state;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  char arguments[128];
  char text[65536];
  char expected[64];
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(listener, 8), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  snprintf(arguments, sizeof arguments,
           "--behaviour off --webhook http://127.0.0.1:%d/hook --webhook-secret secret",
           ntohs(address.sin_port));
  struct server s = server_start(arguments);
  struct reply r = request(
      &s, "POST", "/sim/tickets", NULL,
      "{\"id\":\"7\",\"helpdesk\":\"intercom\",\"subject\":\"s\",\"body\":\"b\"}\n");
  assert_int_equal(r.status, 200);
  reply_free(&r);
  delivery_take(listener, text, sizeof text);
  const char *body = strstr(text, "\r\n\r\n") + 4;
  signature_make("test-client-secret",
                 "{\"type\":\"notification_event\",\"topic\":\"conversation.user.replied\",\"id\":"
                 "\"notif_1\",\"data\":{\"item\":{\"type\":\"conversation\",\"id\":\"515\"}}}",
                 expected);
  assert_string_equal(expected, "sha1=211681aef0a966e0f38fea7d1893d7d4dd4fc7dc");
  signature_make("secret", body, expected);
  assert_non_null(strstr(text, expected));
  assert_non_null(strstr(body, "\"topic\":\"conversation.user.created\""));
  assert_non_null(strstr(body, "\"item\":{\"type\":\"conversation\",\"id\":\"7\""));
  intercom_say(&s, "7", "note", "n");
  delivery_take(listener, text, sizeof text);
  assert_non_null(strstr(text, "\"topic\":\"conversation.admin.noted\""));
  server_stop(&s);
  close(listener);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_responses_fit_the_vendors_description),
      cmocka_unit_test(test_webhooks_are_signed_over_the_body),
  };
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
