/*
 * The replies that are not conversations: who we are, tags, ticket types, errors, rate limits; and
 * webhook deliveries.
 */
#ifndef INTERCOM_WIRE_REPLY_H
#define INTERCOM_WIRE_REPLY_H

#include <triaged/connector.h>

#include "wire_read.h"

int intercom_me_read(struct intercom_me *ret, struct trg_str body, struct trg_err *err);
/* Is the workspace's region another than the one that this address serves? NULL: no, or it can not
 * be told; else the address that would be right. */
const char *intercom_region_wrong(struct trg_str base_url, const char *region);

/* Calls sink for each tag of GET /tags, or for the one of POST /tags. */
int intercom_tags_read(struct trg_str body,
                       void (*sink)(void *arg, struct trg_str id, struct trg_str name), void *arg,
                       struct trg_err *err);
/* Of GET /ticket_types: the state that resolves a ticket of this type; empty: it names none. */
int intercom_ticket_types_read(struct trg_str body, struct trg_str type_id, struct hd_mem *mem,
                               struct trg_str *ret_state_id, struct trg_err *err);

struct intercom_error {
  char name[64];       /* "not_found"; "" when it has none */
  char text[301];      /* for the operator; never empty */
  char request_id[64]; /* the vendor's; "" when it has none */
  bool is_json;
};
void intercom_error_read(struct intercom_error *ret, struct trg_str body);
struct intercom_verdict {
  int32_t outcome; /* enum trg_outcome */
  const char *code;
};
/* What a failed exchange means. is_write: done twice, it would be there twice. */
struct intercom_verdict intercom_verdict_of(int32_t status, bool sent,
                                            const struct intercom_error *error, bool is_write);

/* Requests left and milliseconds to the window's end; false: the headers do not say. */
bool intercom_rate_read(const struct trg_header *headers, size_t count, int64_t now_ms,
                        int64_t *ret_remaining, int64_t *ret_reset_ms);
/* How long a 429 asks to wait; never 0. */
int64_t intercom_wait_ms(const struct trg_header *headers, size_t count, int64_t now_ms);

/* A delivery's own id, as a slice of its body, and when it was made (0: it does not say). */
int intercom_hook_head(struct trg_str body, struct trg_str *ret_id, int64_t *ret_created_s,
                       struct trg_err *err);
/* Calls sink once for each item that a delivery names. */
int intercom_hook_read(const struct trg_delivery *delivery,
                       void (*sink)(void *arg, const struct trg_notice *), void *arg,
                       struct trg_err *err);

#endif
