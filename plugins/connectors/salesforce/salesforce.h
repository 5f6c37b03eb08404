/*
 * What the op files of the Salesforce connector share: the instance, the state of one op, and how
 * an op sends a request. An op is a chain of steps: each sends one request and names the step that
 * reads the answer; the last one calls salesforce_end(). After salesforce_end() or
 * salesforce_fail() the call is gone.
 */
#ifndef SALESFORCE_H
#define SALESFORCE_H

#include "../common/macro.h"
#include "wire.h"

struct sf_conf {
  char *url, *instance, *auth_type, *client_id, *client_secret, *username, *key, *audience;
  char *api_version, *webhook_secret;
  char *note, *reply, *category, *group, *priorities, *tag_field, *marker_field;
  char *solved_status, *sender;
  bool write_tags, write_priority, feed;
  double limit_share;
  int64_t page_size, overlap_ms;
};

/* Something that all ops need and one of them gets: the others wait for it, by number. */
struct sf_gate {
  trg_op leader; /* the op that is getting it, or 0 */
  trg_op *waiting;
  size_t count, cap;
};

struct sf {
  const struct trg_host *host;
  trg_inst *inst;
  const struct sf_conf *conf;
  struct trg_str login; /* the url without a slash at its end */
  char base[256];       /* where the API is, as the last sign-in said */
  char root[48];        /* "/services/data/v62.0" */
  struct sf_map map;
  struct sf_key *key;         /* for jwt */
  char *authorization;        /* "Bearer ..."; NULL: to be fetched */
  uint32_t authorization_age; /* which token this is: a stale 401 must not drop a fresh one */
  char user_id[SF_ID_BYTES], org_id[SF_ID_BYTES];
  /* Why there is no token. Until then the ops that waited for it end the same way, instead of
   * each asking again. */
  struct {
    int64_t until_ms;
    int32_t outcome;
    const char *code;
    char why[480];
  } refusal;
  struct sf_gate token_gate;
  struct sf_statuses statuses;
  int64_t statuses_at_ms;
  unsigned without;                        /* SF_NO_*: columns that this org does not have */
  int64_t absent_until_ms[SF_HISTORY + 1]; /* objects that this org does not have */
  int64_t window_ms[SF_LISTS];             /* how much to ask for at once; 0: all */
  int64_t skew_ms;                         /* Salesforce's clock minus ours */
  int64_t crowd_ms, crowd_until_ms; /* the wait after too many requests at once; by our clock */
};

struct sf_call;
typedef void sf_step(struct sf_call *call, const struct trg_http_reply *reply);
typedef void sf_ready(struct sf_call *call);

struct sf_call {
  struct sf *self;
  trg_op op;
  sf_step *step;          /* reads the answer to the request below */
  sf_ready *ready;        /* when the gate opens */
  sf_ready *after_token;  /* and then */
  sf_ready *whole, *then; /* when what is being read was read, and behind that */
  const char *method;
  struct hd_buf path, body;
  int64_t unmodified_ms; /* If-Unmodified-Since of the request; 0: none */
  uint32_t http_flags, authorization_age;
  bool renewed;    /* this request has had its one new token */
  int token_tries; /* failed requests for a token of this op, which leads */
  /* What reading a case gathers: */
  struct sf_thread thread;
  struct trg_str id; /* in id18, once it was checked */
  char id18[SF_ID_BYTES];
  const struct trg_action *action;
  struct sf_page page;
  int list;
  unsigned
      asked_without; /* inst.without when the question was put: another op may learn meanwhile */
  int pages, restarts;
  bool wants_statuses, wants_history;
  /* What a poll is at: */
  struct sf_cursor cursor;
  int64_t until_ms; /* end of the window that was asked for; 0: none */
  bool by_next;     /* asked by the vendor's address of the next page */
  /* What a write is at: */
  bool note_done, reply_done, mail_left, parts_done;
  unsigned wrote;
  int part_kinds[3];
  size_t part_count;
};

/* Makes the op's state and hands it to the host, which frees it. */
struct sf_call *salesforce_call_new(struct sf *self, trg_op op);

/* Clears path and body, then sets what the next salesforce_send() will do. */
void salesforce_request(struct sf_call *call, const char *method, sf_step *step);
void salesforce_send(struct sf_call *call);
/* Sends "GET .../RESOURCE?q=SOQL". */
void salesforce_send_query(struct sf_call *call, const char *resource, const struct hd_buf *soql,
                           sf_step *step);

void salesforce_end(struct sf_call *call, int32_t outcome, const char *code, const char *why);
/* Ends with what a failed answer means. hint: added to the reason, or NULL. */
void salesforce_fail(struct sf_call *call, const struct trg_http_reply *reply, const char *hint);
/* The same with an error that stood inside an answer. */
void salesforce_fail_with(struct sf_call *call, const struct trg_http_reply *reply,
                          const struct sf_error *error, struct sf_verdict verdict,
                          const char *hint);
/* A 2xx whose body could not be understood. */
void salesforce_fail_malformed(struct sf_call *call, const struct trg_http_reply *reply,
                               const struct trg_err *err);
int64_t salesforce_now_ms(const struct sf *self); /* by Salesforce's clock, as far as known */
/* Did the query fail for want of an object that this org need not have? Remembers and logs it. */
bool salesforce_is_absent(struct sf *self, int list, const struct trg_http_reply *reply);
/* Did it fail for a column that can be left out? Then it is to be asked again. */
bool salesforce_columns_drop(struct sf *self, unsigned asked, const struct trg_http_reply *reply);
bool salesforce_error_is(const struct trg_http_reply *reply, const char *name);
bool salesforce_list_is_read(const struct sf *self, int list);

/* ---- auth.c ---- */
int salesforce_auth_open(struct sf *self, struct trg_err *err); /* checks the settings */
void salesforce_auth_close(struct sf *self);
/* Calls ready once there is something to authorise with; ends the op when there is not. */
void salesforce_authorise(struct sf_call *call, sf_ready *ready);
void salesforce_auth_drop(struct sf *self, uint32_t age);
/* An op has ended: it neither leads nor waits any more. */
void salesforce_gate_leave(struct sf *self, trg_op op);

/* ---- the ops ---- */
void salesforce_probe(void *self, trg_op op);
void salesforce_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms);
void salesforce_fetch(void *self, trg_op op, struct trg_str id);
void salesforce_write(void *self, trg_op op, const struct trg_action *action);
void salesforce_find(void *self, trg_op op, const struct trg_action *action);
void salesforce_macros(void *self, trg_op op, struct trg_str cursor);
/* Pure: one page of saved replies; hd_macros_free(). 0, or -1 with err. */
int salesforce_macros_read(struct hd_macros *ret, struct trg_str body, struct trg_err *err);

/* ---- fetch.c ---- */
/* Takes the id of a case; ends the op when it is none. */
bool salesforce_id_take(struct sf_call *call, struct trg_str id);
/* Reads statuses (if wanted), the case and all that was said in it, then calls whole. */
void salesforce_read_whole(struct sf_call *call, sf_ready *whole);
/* Reads the statuses unless they are fresh, then calls whole. */
void salesforce_read_statuses(struct sf_call *call, sf_ready *whole);

/* ---- sign.c ---- */
struct sf_key; /* a private RSA key */
struct sf_key *salesforce_key_open(const char *pem, struct trg_err *err);
void salesforce_key_close(struct sf_key **key);
/* RS256: appends the signature's bytes. */
bool salesforce_key_sign(const struct sf_key *key, struct trg_str text, struct hd_buf *ret);
/* HMAC-SHA256(secret, stamp then body) equals signature (hex or base64)? In constant time. */
bool salesforce_signature_is(const char *secret, struct trg_str stamp, struct trg_str body,
                             struct trg_str signature);
bool salesforce_secret_is(const char *secret, struct trg_str given); /* in constant time */

#endif
