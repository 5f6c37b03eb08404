#include "intercom_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char lines[] =
    "{\"id\":\"501\",\"helpdesk\":\"intercom\",\"subject\":\"Refund\",\"body\":\"Hello,\\n\\nwhere "
    "is my money <now>?\",\"requester\":{\"name\":\"Ann\",\"email\":\"ann@people.example\"},"
    "\"channel\":\"email\",\"tags\":[\"vip\"],\"priority\":\"high\",\"behaviour\":\"csat_good\"}\n"
    "{\"id\":\"502\",\"helpdesk\":\"intercom\",\"subject\":\"Login\",\"body\":\"Cannot log in.\","
    "\"requester\":{\"name\":\"Bob\",\"email\":\"bob@people.example\"},\"channel\":\"chat\","
    "\"behaviour\":\"silent\",\"custom_fields\":{\"Plan\":\"pro\",\"ai_agent\":{"
    "\"resolution_state\":\"routed_to_team\",\"rating\":2}}}\n"
    "{\"id\":\"503\",\"helpdesk\":\"intercom\",\"subject\":\"Lid\",\"body\":\"The lid broke.\","
    "\"requester\":{\"name\":\"Cat\",\"email\":\"cat@people.example\"},\"type\":\"request\","
    "\"behaviour\":\"silent\"}\n"
    "{\"id\":\"504\",\"helpdesk\":\"intercom\",\"subject\":\"Order\",\"body\":\"Order it.\","
    "\"requester\":{\"name\":\"Dan\",\"email\":\"dan@people.example\"},\"type\":\"task\"}\n";

struct server intercom_start(const char *arguments) {
  struct server s = server_start(arguments);
  struct reply r = request(&s, "POST", "/sim/tickets", NULL, lines);
  assert_int_equal(r.status, 200);
  reply_free(&r);
  return s;
}

struct reply intercom_ask(const struct server *s, const char *method, const char *path,
                          const char *body, long status) {
  struct reply r = request(s, method, path, JSON_HEADERS, body);
  if (r.status != status) {
    fail_msg("%s %s: %ld instead of %ld: %.300s", method, path, r.status, status, r.body);
  }
  return r;
}

void intercom_faults(const struct server *s, const char *spec) {
  struct reply r = request(s, "POST", "/sim/faults", NULL, spec);
  assert_int_equal(r.status, 200);
  reply_free(&r);
}

void intercom_say(const struct server *s, const char *id, const char *kind, const char *body) {
  char path[64];
  char json[512];
  snprintf(path, sizeof path, "/conversations/%s/reply", id);
  snprintf(json, sizeof json,
           "{\"message_type\":\"%s\",\"type\":\"admin\",\"admin_id\":\"" ADMIN
           "\",\"body\":\"%s\"}",
           kind, body);
  struct reply r = intercom_ask(s, "POST", path, json, 200);
  reply_free(&r);
}

struct reply intercom_show(const struct server *s, const char *id) {
  char path[64];
  snprintf(path, sizeof path, "/conversations/%s", id);
  return intercom_ask(s, "GET", path, NULL, 200);
}
