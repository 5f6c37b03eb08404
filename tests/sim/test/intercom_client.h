/* What tests of the simulator's Intercom need: tickets to work on, and an admin's requests. */
#ifndef SIM_TEST_INTERCOM_CLIENT_H
#define SIM_TEST_INTERCOM_CLIENT_H

#include "client.h"

/* Whom /me names, as JSON number or within a text. */
#define ADMIN "19800000000008"
#define JSON_HEADERS                                                                               \
  "Authorization: Bearer tok\nIntercom-Version: 2.14\nContent-Type: application/json"
#define EVERYTHING "{\"field\":\"updated_at\",\"operator\":\">\",\"value\":1}"

/* With two conversations, 501 by mail and 502 by chat, a customer's ticket 503 and a task 504. */
struct server intercom_start(const char *arguments);
/* The reply must have the status; otherwise the test fails. */
struct reply intercom_ask(const struct server *s, const char *method, const char *path,
                          const char *body, long status);
void intercom_faults(const struct server *s, const char *spec);
/* A note or a comment. */
void intercom_say(const struct server *s, const char *id, const char *kind, const char *body);
struct reply intercom_show(const struct server *s, const char *id);

#endif
