/*
 * The replies that are not cases: sign-in, statuses, errors, limits, what was written, webhook
 * deliveries.
 */
#ifndef SALESFORCE_WIRE_REPLY_H
#define SALESFORCE_WIRE_REPLY_H

#include <triaged/connector.h>

#include "text.h"

struct sf_token {
  char *text; /* malloc'ed; the caller frees it */
  char user_id[SF_ID_BYTES], org_id[SF_ID_BYTES];
  char instance_url[256]; /* without a slash at its end; "" when the answer has none */
};
int salesforce_token_read(struct sf_token *ret, struct trg_str body, struct trg_err *err);
/* Is this the same scheme, host and port? Default ports and case do not count. */
bool salesforce_same_origin(struct trg_str a, struct trg_str b);

#define SF_STATUS_MAX 128
struct sf_statuses { /* of cases, by category */
  struct {
    char name[80], label[80];
    bool is_closed, is_default;
  } items[SF_STATUS_MAX];
  size_t count;
};
int salesforce_statuses_read(struct sf_statuses *ret, struct trg_str body, struct trg_err *err);
/* 1 closed, 0 open, -1 unknown. The word may be the name or the label. */
int salesforce_status_is_closed(const struct sf_statuses *statuses, struct trg_str word);
int32_t salesforce_status_of(const struct sf_statuses *statuses, struct trg_str word,
                             bool is_closed);
const char *salesforce_closed_status(const struct sf_statuses *statuses); /* NULL: there is none */

struct sf_error { /* an error body of any of the vendor's shapes */
  char name[64];  /* "INVALID_FIELD"; "" when it has none */
  char text[301]; /* for the operator; never empty */
  bool is_json;
};
void salesforce_error_read(struct sf_error *ret, struct trg_str body);
bool salesforce_error_says(const struct sf_error *error, const char *words);
struct sf_verdict {
  int32_t outcome; /* enum trg_outcome */
  const char *code;
};
/* What a failed exchange means. is_write: it may have changed something at the peer. */
struct sf_verdict salesforce_verdict_of(int32_t status, bool sent, const struct sf_error *error,
                                        bool is_write);
/* Would signing in again help against this 401? */
bool salesforce_session_is_over(const struct sf_error *error);

/* Of the daily allowance that Sforce-Limit-Info tells; false: it is not there. */
bool salesforce_usage_read(const struct trg_header *headers, size_t count, int64_t *ret_used,
                           int64_t *ret_limit);

/* What one request of a write did. */
enum sf_made {
  SF_MADE,         /* all of it */
  SF_MADE_NOTHING, /* surely nothing: error and status say why */
  SF_MADE_UNKNOWN
};
struct sf_outcome {
  char ids[4][SF_ID_BYTES]; /* of what each part created, or "" */
  int32_t status;
  struct sf_error error;
};
int salesforce_composite_read(struct sf_outcome *ret, struct trg_str body, size_t parts);
int salesforce_created_read(struct sf_outcome *ret, struct trg_str body);
int salesforce_mailed_read(struct sf_outcome *ret, struct trg_str body);

/* ---- wire_hook.c ---- */
/* When it was signed; 0: not a time. Seconds, milliseconds or RFC 3339. */
int64_t salesforce_stamp_ms(struct trg_str stamp);
bool salesforce_hook_is_soap(const struct trg_delivery *delivery);
/* The text of the first element with this name (any prefix); empty: there is none. */
struct trg_str salesforce_soap_text(struct trg_str xml, const char *name);
/* The id of the message's Notification when it has one only; else empty: each has its own. */
struct trg_str salesforce_soap_only_id(struct trg_str xml);
/* An outbound message wants to read its Ack, or it is sent again for a day. */
void salesforce_hook_answer(const struct trg_delivery *delivery, struct trg_answer *ret);
/* Calls sink once for each case that a delivery names. */
int salesforce_hook_read(const struct trg_delivery *delivery,
                         void (*sink)(void *arg, const struct trg_notice *), void *arg,
                         struct trg_err *err);

#endif
