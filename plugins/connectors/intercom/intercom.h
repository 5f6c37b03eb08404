/*
 * What the op files of the Intercom connector share: the instance, the state of one op, and how an
 * op sends a request. An op is a chain of steps: each sends one request and names the step that
 * reads the answer; the last one calls intercom_end(). After intercom_end() or intercom_fail() the
 * call is gone.
 */
#ifndef INTERCOM_H
#define INTERCOM_H

#include "../common/macro.h"
#include "wire.h"

struct intercom_conf {
  char *url, *auth_type, *token, *webhook_secret, *admin_id, *category, *priority, *group;
  bool tickets, write_tags;
  int64_t overlap_ms, lag_ms, page_size;
};

struct intercom_tag { /* known tags: adding one takes its id */
  char id[64];
  char *name;
};

struct intercom {
  const struct trg_host *host;
  trg_inst *inst;
  const struct intercom_conf *conf;
  struct trg_str base; /* the url without a slash at its end */
  struct intercom_map map;
  char *authorization;
  int64_t skew_ms; /* the vendor's clock minus ours */
  /* Who we are: one op asks, the others wait for it, by number. */
  struct intercom_me me;
  bool me_known;
  trg_op me_leader;
  trg_op *waiting;
  size_t waiting_count, waiting_cap;
  struct {
    int64_t until_ms; /* until then who asks hears the same no */
    int32_t outcome;
    const char *code;
    char why[480];
  } refusal;
  struct intercom_tag *tags;
  size_t tag_count, tag_cap;
  int64_t tags_at_ms;
  int64_t page_size; /* smaller after timeouts than configured */
};

struct intercom_call;
typedef void intercom_step(struct intercom_call *call, const struct trg_http_reply *reply);
typedef void intercom_ready(struct intercom_call *call);

struct intercom_call {
  struct intercom *self;
  trg_op op;
  intercom_step *step;   /* reads the answer to the request below */
  intercom_ready *ready; /* when what was waited for is there */
  intercom_step *failed; /* when it can not be had */
  const char *method;
  const char *version; /* of the API for this request */
  struct hd_buf url, body;
  /* Done twice it would be there twice: a lost answer is "uncertain". Else it may be repeated. */
  bool is_once;
  bool changes; /* the request changes something at all */
  /* What the ops gather: */
  struct intercom_key key;
  struct intercom_thread thread;
  struct hd_mem mem;
  struct intercom_cursor cursor;
  struct trg_str id; /* the op's input, which lives until the op's end */
  const struct trg_action *action;
  struct intercom_pair assignee;
  size_t tag_at;
  int tries;
  int me_tries;  /* failed questions who we are of this op, which leads */
  unsigned done; /* STEP_* of write.c: had their turn in this op */
  bool fresh, refused, speaks_note, note_done, reply_done;
};

/* Makes the op's state and hands it to the host, which frees it. */
struct intercom_call *intercom_call_new(struct intercom *self, trg_op op);
/* Clears url and body, then sets what the next intercom_send() will do. */
void intercom_request(struct intercom_call *call, const char *method, intercom_step *step);
void intercom_send(struct intercom_call *call);
int64_t intercom_now_s(const struct intercom *self); /* by the vendor's clock */

void intercom_end(struct intercom_call *call, int32_t outcome, const char *code, const char *why);
void intercom_end_with(struct intercom_call *call, struct trg_result *result);
/* Ends with what a failed answer means. hint: added to the reason, or NULL. */
void intercom_fail(struct intercom_call *call, const struct trg_http_reply *reply,
                   const char *hint);
/* A 2xx whose body could not be understood. */
void intercom_fail_malformed(struct intercom_call *call, const struct trg_http_reply *reply,
                             const struct trg_err *err);
/* What intercom_fail() would say. */
struct intercom_verdict intercom_verdict(const struct intercom_call *call,
                                         const struct trg_http_reply *reply);
/* The item itself is not there any more. */
bool intercom_is_gone(const struct intercom_call *call, const struct trg_http_reply *reply);

/* ---- me.c ---- */
/* Calls ready once it is known who we are; ends the op when it can not be. */
void intercom_identify(struct intercom_call *call, intercom_ready *ready);
/* An op has ended: it neither leads nor waits any more. */
void intercom_me_leave(struct intercom *self, trg_op op);
/* The teammate that we write as. */
struct trg_str intercom_own_id(const struct intercom *self);

/* ---- tags.c ---- */
/* Calls ready when tags are known, or failed with the answer that was none. */
void intercom_tags_need(struct intercom_call *call, intercom_ready *ready, intercom_step *failed);
const char *intercom_tag_id(const struct intercom *self, struct trg_str name); /* NULL: unknown */
/* Creates it at the vendor, then calls ready. */
void intercom_tag_make(struct intercom_call *call, struct trg_str name, intercom_ready *ready,
                       intercom_step *failed);
void intercom_tags_forget(struct intercom *self);

/* ---- the ops ---- */
void intercom_probe(void *self, trg_op op);
void intercom_poll(void *self, trg_op op, struct trg_str cursor, int64_t since_ms);
void intercom_fetch(void *self, trg_op op, struct trg_str id);
void intercom_write(void *self, trg_op op, const struct trg_action *action);
void intercom_find(void *self, trg_op op, const struct trg_action *action);
void intercom_macros(void *self, trg_op op, struct trg_str cursor);
/* Pure: one page of saved replies; hd_macros_free(). 0, or -1 with err. */
int intercom_macros_read(struct hd_macros *ret, struct trg_str body, struct trg_err *err);

/* ---- sign.c ---- */
/* Is `header` "sha1=" and the HMAC-SHA1 of the body under the secret, in hex? In constant time. */
bool intercom_signature_is(const char *secret, struct trg_str body, struct trg_str header);

#endif
