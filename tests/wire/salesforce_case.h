/* What the tests of the Salesforce connector share. */
#ifndef TESTS_WIRE_SALESFORCE_CASE_H
#define TESTS_WIRE_SALESFORCE_CASE_H

#include "fake_host.h"

#define SALESFORCE_URL  "https://acme.my.salesforce.com"
#define SALESFORCE_CASE "500A0000006Vm9uIAC"
#define SALESFORCE_SELF "005A0000001SelfIAC"
/* Parts of a query's address. */
#define IN_PROBE    "FROM%20Case%20LIMIT"
#define IN_CASE     "FROM%20Case%20WHERE"
#define IN_MAILS    "FROM%20EmailMessage%20"
#define IN_COMMENTS "FROM%20CaseComment%20"
#define IN_FEED     "FROM%20FeedItem%20"
#define IN_HISTORY  "FROM%20CaseHistory%20"
#define IN_STATUSES "FROM%20CaseStatus"
#define LOGIN       "/services/oauth2/token"
#define NO_ROWS     "{\"totalSize\":0,\"done\":true,\"records\":[]}"
#define TOKEN_AT(token, instance)                                                                  \
  "{\"access_token\":\"" token "\",\"instance_url\":\"" instance "\",\"token_type\":\"Bearer\","   \
  "\"id\":\"https://login.salesforce.com/id/00DA0000000AcmeMAC/" SALESFORCE_SELF "\"}"
#define TOKEN(token)         TOKEN_AT(token, SALESFORCE_URL)
#define SF_ERROR(code, text) "[{\"errorCode\":\"" code "\",\"message\":\"" text "\"}]"

extern const struct trg_plugin triaged_plugin_salesforce;

/* The text of tests/wire/salesforce/NAME; the tests run in the source tree's root. free() it. */
char *salesforce_fixture(const char *name);
/* The same with the first `from` replaced by `to`. free() it. */
char *salesforce_fixture_with(const char *name, const char *from, const char *to);

/* A fake host with one opened instance. salesforce_case_end() checks that no rule was broken. */
struct salesforce_case {
  struct fake_host *host;
  struct fake_inst *inst;
  void *self;
  const struct trg_connector_ops *ops;
};
/* more: settings beside those of a client that signs in as token A (ended by NULL), or NULL. */
struct salesforce_case salesforce_case_begin(const char *const *more);
/* All settings are the test's, and nothing is answered yet. */
struct salesforce_case salesforce_case_bare(const char *const *settings);
void salesforce_case_end(struct salesforce_case *c);
void salesforce_answer(struct salesforce_case *c, const char *url_has, int32_t status,
                       const char *body);
void salesforce_answer_with(struct salesforce_case *c, const char *url_has, int32_t status,
                            const char *headers, const char *body);
void salesforce_answer_file(struct salesforce_case *c, const char *url_has, const char *name);
/* Answers a write: "POST" or "PATCH". */
void salesforce_answer_write(struct salesforce_case *c, const char *method, const char *url_has,
                             int32_t status, const char *body);
/* How often a request with this method (NULL: any) and in this URL was made. */
size_t salesforce_asked(const struct salesforce_case *c, const char *method, const char *url_has);
/* The n-th of them, from 0; NULL when there are fewer. */
const struct fake_request *salesforce_asked_at(const struct salesforce_case *c, const char *method,
                                               const char *url_has, size_t n);
/* Runs one op to its end. */
const struct fake_op *salesforce_poll_run(struct salesforce_case *c, const char *cursor,
                                          int64_t since_ms);
const struct fake_op *salesforce_fetch_run(struct salesforce_case *c, const char *id);
const struct fake_op *salesforce_probe_run(struct salesforce_case *c);
const struct fake_op *salesforce_write_run(struct salesforce_case *c,
                                           const struct trg_action *action);
const struct fake_op *salesforce_find_run(struct salesforce_case *c,
                                          const struct trg_action *action);

#endif
