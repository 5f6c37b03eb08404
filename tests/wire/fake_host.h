/*
 * A daemon in miniature for the unit tests of plugins: it implements struct trg_host on a fake
 * clock, answers HTTP from a script, and keeps what the plugin said so that a test can look at it.
 * It uses nothing of src/, and no test framework. One fake host exists at a time, because
 * trg_host.now_ms() has no argument.
 *
 * It is strict where the real host is forgiving: a second done(), an emit after done(), a secret
 * in a log line and the like are counted as violations; a reply's memory is unterminated and is
 * freed as soon as the callback returns, so that AddressSanitizer sees every over-read.
 */
#ifndef TESTS_WIRE_FAKE_HOST_H
#define TESTS_WIRE_FAKE_HOST_H

#include <triaged/connector.h>
#include <triaged/model.h>
#include <triaged/plugin.h>

#define FAKE_NOW_MS INT64_C(1795219200000) /* 2026-11-21T00:00:00Z: where the clock starts */

struct fake_host;
struct fake_inst;

/* One HTTP answer to be given. Copied by fake_host_reply(). */
struct fake_reply {
  const char *method;  /* NULL: any */
  const char *url_has; /* part of the URL; NULL: any */
  int32_t status;      /* 0: no complete answer arrived */
  bool not_sent;       /* for status 0: surely never reached the peer */
  const char *headers; /* lines "name: value\n..."; names are lowered */
  const char *body;    /* NULL: empty */
  size_t body_bytes;   /* 0: strlen(body) */
  const char *why;     /* for status 0 */
  int64_t delay_ms;    /* on the fake clock */
  bool sticky;         /* answers every matching request, not only the first */
};

/* What a plugin asked the host to send. Strings are NUL-terminated. */
struct fake_request {
  trg_op op;
  struct trg_str method, url, body, bucket, sigv4, userpwd;
  struct trg_header *headers;
  size_t header_count;
  int64_t timeout_ms;
  size_t body_max_bytes;
  uint32_t flags;
};

struct fake_bucket {
  struct trg_str name;
  int64_t remaining, reset_ms;
};

/* Everything known of one op; stays readable after its end. Strings are NUL-terminated. */
struct fake_op {
  trg_op id;
  bool ended; /* the result was delivered */
  struct trg_result result;
  struct trg_notice *notices;
  size_t notice_count;
  bool cursor_set, cursor_more;
  struct trg_str cursor;
  struct trg_ticket *tickets; /* deep copies */
  size_t ticket_count;
  struct trg_receipt *receipts;
  size_t receipt_count;
  struct trg_model_reply *replies;
  size_t reply_count;
  struct trg_str batch_ref;
  struct trg_macro *macros;
  size_t macro_count;
};

/* The host. fake_host_free() closes all instances, cancels their ops and frees everything. */
struct fake_host *fake_host_new(void);
void fake_host_free(struct fake_host **host);
const struct trg_host *fake_host_table(const struct fake_host *host);

/* Opens a plugin with settings "key=value" (ended by NULL), checked against its field table as the
 * daemon would: unknown keys, missing required ones, ranges, choices, URLs. 0, or -1 with err. */
int fake_host_open(struct fake_host *host, const struct trg_plugin *plugin,
                   const char *const *settings, struct fake_inst **ret_inst, struct trg_err *err);
/* The settings part of it alone: fills conf_size zeroed bytes at `conf`. copy() gives the strings
 * a home. Defined in fake_host_conf.c. */
int fake_conf_fill(const struct trg_field *fields, const char *const *settings,
                   char *(*copy)(const char *text), void *conf, struct trg_err *err);
void *fake_inst_self(const struct fake_inst *inst);
const void *fake_inst_ops(const struct fake_inst *inst); /* trg_connector_ops or trg_model_ops */

/* Starts an op: the test then calls the plugin's function with the number. deadline_ms is from
 * now; an expired read ends as RETRY "timeout", an expired write as UNCERTAIN "timeout". */
trg_op fake_op_start(struct fake_inst *inst, int64_t deadline_ms, bool is_write);
void fake_op_cancel(struct fake_host *host, trg_op op);
const struct fake_op *fake_op_get(const struct fake_host *host, trg_op op); /* NULL: never was */

/* Adds an answer; a request takes the first unused one that matches. A request without a match
 * gets status 0, not sent, and counts as a violation. */
void fake_host_reply(struct fake_host *host, const struct fake_reply *reply);
size_t fake_host_replies_left(const struct fake_host *host); /* unused, not sticky */

/* Delivers what is due until nothing is; the clock stands still. */
void fake_host_run(struct fake_host *host);
/* Moves the clock, delivering everything on the way in order of time. */
void fake_host_advance(struct fake_host *host, int64_t ms);
/* Moves the clock as far as needed until every started op has ended. */
void fake_host_settle(struct fake_host *host);
int64_t fake_host_now(const struct fake_host *host);

size_t fake_host_request_count(const struct fake_host *host);
const struct fake_request *fake_host_request(const struct fake_host *host, size_t index);
/* Value of a header of a request, name without regard to case; NULL when absent. */
const char *fake_request_header(const struct fake_request *request, const char *name);

/* Log lines as "warn event key=value key=value". */
size_t fake_host_log_count(const struct fake_host *host);
const char *fake_host_log(const struct fake_host *host, size_t index);
size_t fake_host_log_matches(const struct fake_host *host, const char *part);

size_t fake_host_bucket_count(const struct fake_host *host);
const struct fake_bucket *fake_host_bucket(const struct fake_host *host, size_t index);

/* Breaches of the interface's rules, and what the last one was ("" when none). */
size_t fake_host_violations(const struct fake_host *host);
const char *fake_host_violation(const struct fake_host *host);

#endif
