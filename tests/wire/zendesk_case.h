/* What the tests of the Zendesk connector share. */
#ifndef TESTS_WIRE_ZENDESK_CASE_H
#define TESTS_WIRE_ZENDESK_CASE_H

#include "desk_case.h"

#define ZENDESK_URL "https://acme.zendesk.com"
extern const struct trg_plugin triaged_plugin_zendesk;

/* Settings NULL: signs in with a bearer token, and users/me answers as account 500. */
struct desk_case zendesk_case_begin(const char *const *settings);

#endif
