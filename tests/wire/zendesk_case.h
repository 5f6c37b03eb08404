/* What the tests of the Zendesk connector share. */
#ifndef TESTS_WIRE_ZENDESK_CASE_H
#define TESTS_WIRE_ZENDESK_CASE_H

#include "fake_host.h"

/* The text of tests/wire/zendesk/NAME; the tests run in the source tree's root. free() it. */
char *zendesk_fixture(const char *name);
/* The same with the first `from` replaced by `to`. free() it. */
char *zendesk_fixture_with(const char *name, const char *from, const char *to);

#define ZENDESK_URL "https://acme.zendesk.com"
extern const struct trg_plugin triaged_plugin_zendesk;

/* A fake host with one opened instance that signs in with a bearer token, and whose users/me
 * answers as account 500. zendesk_case_end() checks that no rule was broken. */
struct zendesk_case {
  struct fake_host *host;
  struct fake_inst *inst;
  void *self;
  const struct trg_connector_ops *ops;
};
struct zendesk_case zendesk_case_begin(const char *const *settings); /* NULL: bearer */
void zendesk_case_end(struct zendesk_case *c);
void zendesk_answer(struct zendesk_case *c, const char *url_has, int32_t status, const char *body);
void zendesk_answer_file(struct zendesk_case *c, const char *url_has, const char *name);
/* How often a request with this method (NULL: any) and in this URL was made. */
size_t zendesk_asked(const struct zendesk_case *c, const char *method, const char *url_has);
/* The n-th of them, from 0; NULL when there are fewer. */
const struct fake_request *zendesk_request(const struct zendesk_case *c, const char *method,
                                           const char *url_has, size_t n);
/* Runs one op to its end. */
const struct fake_op *zendesk_poll(struct zendesk_case *c, const char *cursor, int64_t since_ms);
const struct fake_op *zendesk_fetch(struct zendesk_case *c, const char *id);
const struct fake_op *zendesk_probe(struct zendesk_case *c);
const struct fake_op *zendesk_write(struct zendesk_case *c, const struct trg_action *action);
const struct fake_op *zendesk_find(struct zendesk_case *c, const struct trg_action *action);

#endif
