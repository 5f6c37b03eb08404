/* What the tests of the helpdesk connectors share: one opened instance on a fake host. */
#ifndef TESTS_WIRE_DESK_CASE_H
#define TESTS_WIRE_DESK_CASE_H

#include "fake_host.h"

/* The text of tests/wire/FOLDER/NAME; the tests run in the source tree's root. free() it. */
char *desk_fixture(const char *folder, const char *name);
/* The same with the first `from` replaced by `to`. free() it. */
char *desk_fixture_with(const char *folder, const char *name, const char *from, const char *to);

struct desk_case {
  const char *folder; /* of its fixtures */
  struct fake_host *host;
  struct fake_inst *inst;
  void *self;
  const struct trg_connector_ops *ops;
};
/* Settings end with NULL; the opening must succeed. The folder has the plugin's name. */
struct desk_case desk_case_open(const struct trg_plugin *plugin, const char *const *settings);
/* Checks that no rule was broken and that every answer was asked for. */
void desk_case_end(struct desk_case *c);

/* The next request in whose URL this stands is answered so, once. */
void desk_answer(struct desk_case *c, const char *url_has, int32_t status, const char *body);
void desk_answer_with(struct desk_case *c, const char *url_has, int32_t status, const char *headers,
                      const char *body);
void desk_answer_file(struct desk_case *c, const char *url_has, const char *name);
void desk_answer_write(struct desk_case *c, const char *method, const char *url_has, int32_t status,
                       const char *body);
/* How often a request with this method (NULL: any) and in this URL was made. */
size_t desk_asked(const struct desk_case *c, const char *method, const char *url_has);
/* The n-th of them, from 0; NULL when there are fewer. */
const struct fake_request *desk_request(const struct desk_case *c, const char *method,
                                        const char *url_has, size_t n);
/* Runs one op to its end. */
const struct fake_op *desk_poll(struct desk_case *c, const char *cursor, int64_t since_ms);
const struct fake_op *desk_fetch(struct desk_case *c, const char *id);
const struct fake_op *desk_probe(struct desk_case *c);
const struct fake_op *desk_write(struct desk_case *c, const struct trg_action *action);
const struct fake_op *desk_find(struct desk_case *c, const struct trg_action *action);

#endif
