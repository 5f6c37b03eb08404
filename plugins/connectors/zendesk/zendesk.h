/*
 * What the op files of the Zendesk connector share: the instance, the state of one op, and how an
 * op sends a request. An op is a chain of steps: each sends one request and names the step that
 * reads the answer; the last one calls zd_end(). After zd_end() or zd_fail() the call is gone.
 */
#ifndef ZENDESK_H
#define ZENDESK_H

#include "../common/macro.h"
#include "wire.h"

struct zd_conf {
  char *url, *auth_type, *client_id, *client_secret, *scope, *token, *email;
  char *webhook_secret, *category, *group, *support_type_scope;
  bool write_tags, write_priority;
  int64_t page_size;
};

/* Names of rate buckets. Those that Zendesk names in its zendesk-ratelimit-* headers are called
 * as there, so that what a header says finds the requests it speaks of. */
#define ZD_BUCKET_EXPORT   "incremental-exports"
#define ZD_BUCKET_UPDATE   "tickets-update"
#define ZD_BUCKET_SHOW     "tickets-show"
#define ZD_BUCKET_COMMENTS "ticket-comments"
#define ZD_BUCKET_AUDITS   "ticket-audits"

#define ZD_LIST_PAGE 100 /* comments or audits a page, where none is too large for us */

/* Something that all ops need and one of them gets: the others wait for it, by number. */
struct zd_gate {
  trg_op leader; /* the op that is getting it, or 0 */
  trg_op *waiting;
  size_t count, cap;
};

struct zd {
  const struct trg_host *host;
  trg_inst *inst;
  const struct zd_conf *conf;
  struct trg_str base; /* the url without a slash at its end */
  struct zd_map map;
  bool oauth;
  char *authorization;        /* "Bearer ..." or "Basic ..."; NULL: to be fetched */
  uint32_t authorization_age; /* which token this is: a stale 401 must not drop a fresh one */
  int64_t authorization_until_ms;
  /* Why there is no token. Until then the ops that waited for it end the same way, instead of
   * each asking again. */
  struct {
    int64_t until_ms;
    int32_t outcome;
    const char *code;
    char why[480];
  } refusal;
  struct zd_gate token_gate, me_gate;
  struct zd_me me; /* id "": not known yet */
  struct zd_statuses statuses;
  int64_t statuses_at_ms;
  int64_t page_size, comment_page; /* smaller after timeouts than configured */
  int64_t skew_ms;                 /* Zendesk's clock, less ours */
};

struct zd_call;
typedef void zd_step(struct zd_call *call, const struct trg_http_reply *reply);
typedef void zd_ready(struct zd_call *call);

struct zd_call {
  struct zd *self;
  trg_op op;
  zd_step *step;                    /* reads the answer to the request below */
  zd_ready *ready;                  /* when a gate opens */
  zd_ready *after_me, *after_token; /* and then */
  const char *method, *bucket;
  struct hd_buf url, body;
  uint32_t http_flags, authorization_age;
  bool renewed;    /* this request has had its one new token */
  int token_tries; /* failed requests for a token of this op, which leads */
  /* What fetch, write and find gather: */
  struct zd_thread thread;
  struct trg_str id; /* the op's input, which lives until the op's end */
  const struct trg_action *action;
  struct zd_page page;
  struct trg_str cursor; /* of the page being read */
  int pages, same_pages;
  bool unpaged, is_probe, is_write, reply_done, note_done, is_reply;
  unsigned wrote;
};

/* Makes the op's state and hands it to the host, which frees it. */
struct zd_call *zd_call_new(struct zd *self, trg_op op);

/* Clears url and body, then sets what the next zd_send() will do. */
void zd_request(struct zd_call *call, const char *method, const char *bucket, zd_step *step);
void zd_send(struct zd_call *call);

void zd_end(struct zd_call *call, int32_t outcome, const char *code, const char *why);
/* Ends with what a failed answer means. hint: added to the reason, or NULL. */
void zd_fail(struct zd_call *call, const struct trg_http_reply *reply, const char *hint);
/* A 2xx whose body could not be understood. */
void zd_fail_malformed(struct zd_call *call, const struct trg_http_reply *reply,
                       const struct trg_err *err);
/* What zd_fail() would say. */
struct zd_verdict zd_verdict(const struct zd_call *call, const struct trg_http_reply *reply);
/* Takes over the next page's cursor: 1 there is one, 0 that was the last, -1 the list is stuck. */
int zd_page_next(struct zd_call *call);
/* How the gathered lists are asked for: see zd_url_list(). */
void zd_request_list(struct zd_call *call, const char *list, bool newest_first, zd_step *step);
/* A list request failed: halves what is asked for per page if that may help next time. */
void zd_page_shrink(struct zd *self, const struct trg_http_reply *reply);

/* ---- auth.c ---- */
int zd_auth_open(struct zd *self, struct trg_err *err); /* checks the settings */
void zd_auth_close(struct zd *self);
/* Calls ready once there is something to authorise with; ends the op when there is not. */
void zd_authorise(struct zd_call *call, zd_ready *ready);
void zd_auth_drop(struct zd *self, uint32_t age);
/* Calls ready once the id of our own account is known; ends the op when it can not be. */
void zd_identify(struct zd_call *call, zd_ready *ready);
/* An op has ended: it neither leads nor waits any more. */
void zd_gates_leave(struct zd *self, trg_op op);

/* ---- the ops ---- */
void zd_probe(void *self, trg_op op);
void zd_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms);
void zd_fetch(void *self, trg_op op, struct trg_str id);
void zd_write(void *self, trg_op op, const struct trg_action *action);
void zd_find(void *self, trg_op op, const struct trg_action *action);
void zd_macros(void *self, trg_op op, struct trg_str cursor);
/* Pure: one page of saved replies; hd_macros_free(). 0, or -1 with err. */
int zd_macros_read(struct hd_macros *ret, struct trg_str body, struct trg_err *err);

/* ---- sign.c ---- */
/* base64(HMAC-SHA256(secret, timestamp then body)) equals signature? In constant time. */
bool zd_signature_is(const char *secret, struct trg_str timestamp, struct trg_str body,
                     struct trg_str signature);

#endif
