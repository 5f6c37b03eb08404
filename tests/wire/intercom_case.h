/* What the tests of the Intercom connector share. */
#ifndef TESTS_WIRE_INTERCOM_CASE_H
#define TESTS_WIRE_INTERCOM_CASE_H

#include "fake_host.h"

/* The text of tests/wire/intercom/NAME; the tests run in the source tree's root. free() it. */
char *intercom_fixture(const char *name);
/* The same with the first `from` replaced by `to`. free() it. */
char *intercom_fixture_with(const char *name, const char *from, const char *to);

#define INTERCOM_URL "https://api.intercom.io"
extern const struct trg_plugin triaged_plugin_intercom;

/* A fake host with one opened instance whose /me answers as the teammate 991. intercom_case_end()
 * checks that no rule was broken. */
struct intercom_case {
  struct fake_host *host;
  struct fake_inst *inst;
  void *self;
  const struct trg_connector_ops *ops;
};
struct intercom_case intercom_case_begin(const char *const *settings); /* NULL: usual */
void intercom_case_end(struct intercom_case *c);
void intercom_case_answer(struct intercom_case *c, const char *url_has, int32_t status,
                          const char *body);
void intercom_case_answer_file(struct intercom_case *c, const char *url_has, const char *name);
/* How often a request with this method (NULL: any) and in this URL was made. */
size_t intercom_case_asked(const struct intercom_case *c, const char *method, const char *url_has);
/* The n-th of them, from 0; NULL when there are fewer. */
const struct fake_request *intercom_case_request(const struct intercom_case *c, const char *method,
                                                 const char *url_has, size_t n);
/* Runs one op to its end. */
const struct fake_op *intercom_case_poll(struct intercom_case *c, const char *cursor,
                                         int64_t since_ms);
const struct fake_op *intercom_case_fetch(struct intercom_case *c, const char *id);
const struct fake_op *intercom_case_probe(struct intercom_case *c);
const struct fake_op *intercom_case_write(struct intercom_case *c, const struct trg_action *action);
const struct fake_op *intercom_case_find(struct intercom_case *c, const struct trg_action *action);

#endif
