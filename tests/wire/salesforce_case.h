/* What the tests of the Salesforce connector share. */
#ifndef TESTS_WIRE_SALESFORCE_CASE_H
#define TESTS_WIRE_SALESFORCE_CASE_H

#include "desk_case.h"

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

/* Signs in with client credentials, and the token request answers; with further settings, or NULL.
 */
struct desk_case salesforce_case_begin(const char *const *more);

#endif
