/* What the tests of the Intercom connector share. */
#ifndef TESTS_WIRE_INTERCOM_CASE_H
#define TESTS_WIRE_INTERCOM_CASE_H

#include "desk_case.h"

#define INTERCOM_URL "https://api.intercom.io"
extern const struct trg_plugin triaged_plugin_intercom;

/* Settings NULL: the usual ones, and /me answers. */
struct desk_case intercom_case_begin(const char *const *settings);

#endif
