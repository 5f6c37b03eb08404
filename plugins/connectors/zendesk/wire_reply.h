/*
 * The replies that are not tickets: who we are, tokens, custom statuses, errors, rate limits,
 * webhook deliveries.
 */
#ifndef ZENDESK_WIRE_REPLY_H
#define ZENDESK_WIRE_REPLY_H

#include <triaged/connector.h>

#include "text.h"

struct zd_me {
  char id[24], role[24]; /* id "": not signed in, whatever the status said */
};
int zd_me_read(struct zd_me *ret, struct trg_str body, struct trg_err *err);
struct zd_token {
  char *text; /* malloc'ed; the caller frees it */
  char scope[256];
  int64_t expires_s; /* 0: unknown */
};
int zd_token_read(struct zd_token *ret, struct trg_str body, struct trg_err *err);
/* Is every word of `wanted` among the words of `granted`? */
bool zd_scope_covers(const char *granted, const char *wanted);

#define ZD_STATUS_MAX 128
struct zd_statuses { /* custom statuses and their categories */
  struct {
    char id[24];
    int32_t category; /* enum trg_status */
  } items[ZD_STATUS_MAX];
  size_t count;
};
int zd_statuses_read(struct zd_statuses *ret, struct trg_str body, struct trg_err *err);
int32_t zd_status_of(struct trg_str word, struct trg_str custom_id,
                     const struct zd_statuses *statuses);

struct zd_error { /* an error body of any of the vendor's shapes */
  char name[64];  /* "RecordInvalid"; "" when it has none */
  char text[301]; /* for the operator; never empty */
  bool is_json;
};
void zd_error_read(struct zd_error *ret, struct trg_str body);
struct zd_verdict {
  int32_t outcome; /* enum trg_outcome */
  const char *code;
};
/* What a failed exchange means. is_write: it may have changed something at the peer. */
struct zd_verdict zd_verdict_of(int32_t status, bool sent, const struct zd_error *error,
                                bool is_write);

struct zd_rate {
  char name[48]; /* "": of the whole account */
  int64_t remaining, reset_ms;
};
#define ZD_RATE_MAX 8
size_t zd_rates_read(const struct trg_header *headers, size_t count,
                     struct zd_rate ret[ZD_RATE_MAX]);

/* Calls sink once for each ticket that a webhook delivery names. */
int zd_webhook_read(const struct trg_delivery *delivery,
                    void (*sink)(void *arg, const struct trg_notice *), void *arg,
                    struct trg_err *err);

#endif
