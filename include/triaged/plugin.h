/*
 * The plugin interface of triaged: what every plugin, of any kind, shares with the daemon.
 *
 * A plugin is one object with one exported symbol, `triaged_plugin_<name>`, of type
 * `const struct trg_plugin`. The same object works as a `.so` that is loaded by name and linked
 * into the program. It includes only <triaged/...>, libc and cJSON, and calls the daemon only
 * through the table `struct trg_host` that it gets in open().
 *
 * Rules (tests/abi and the fake host of the unit tests hold both sides to them):
 *  1. One thread: host and plugin call each other only on the loop thread. A plugin never blocks;
 *     work over 5 ms goes through host->work().
 *  2. Exactly once: every op that was started ends with one host->done(). It may be called inside
 *     the starting call; the host still delivers it on a later turn. A second done() is ignored.
 *  3. An op is a number (trg_op), never a pointer: a stale completion finds nothing.
 *  4. Memory: inputs live until the op ends. What is emitted is copied during the call. Nobody
 *     frees what the other allocated. host->op_set() hands the per-op state and its destructor
 *     to the host.
 *  5. Cancelling is the host's: it aborts the op's transfers and timers and runs the destructor;
 *     no callback of that op comes afterwards.
 *  6. Every op has a deadline. An expired read ends as TRG_RETRY, an expired write as
 *     TRG_UNCERTAIN.
 *  7. All state hangs on `self`; a plugin can be opened several times. No static variables.
 *  8. Structs only grow at their end, and `size` says what exists; a missing tail reads as zero.
 *     Another major version is refused.
 */
#ifndef TRIAGED_PLUGIN_H
#define TRIAGED_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRG_ABI_MAJOR 1
#define TRG_ABI_MINOR 0

/* A borrowed run of bytes; not NUL-terminated, never freed by who receives it. p may be NULL when
 * n is 0. */
struct trg_str {
  const char *p;
  size_t n;
};

/* A string literal as a slice. */
#define TRG_STR(literal) ((struct trg_str){(literal), sizeof(literal) - 1})

/* What went wrong, written by the callee into the caller's struct. `code` is a stable word from
 * the list below; `text` says what happened, where, and what to do. */
struct trg_err {
  char code[32];
  char text[480];
  uint32_t line; /* of the file that was being read, or 0 */
};

/* How an op ended. */
enum trg_outcome {
  TRG_DONE = 0,      /* it happened */
  TRG_RETRY = 1,     /* it did not happen; the same again later may work */
  TRG_REJECTED = 2,  /* it did not happen and will not */
  TRG_UNCERTAIN = 3, /* a write whose answer was lost: find() must look before anybody repeats */
  TRG_CANCELLED = 4  /* the host gave it up (shutdown, reload) */
};

/* The stable words for trg_result.code; the host acts on them, so a plugin maps its vendor's
 * errors to one of these. */
#define TRG_CODE_OK         ""
#define TRG_CODE_AUTH       "auth"       /* credentials refused, and renewing did not help */
#define TRG_CODE_PERMISSION "permission" /* known, but not allowed */
#define TRG_CODE_NOT_FOUND  "not_found"  /* the item is gone, or a find() found no trace */
#define TRG_CODE_ENDPOINT   "endpoint"   /* no such path, plan or version: a configuration error */
#define TRG_CODE_CONFLICT   "conflict"   /* somebody changed it meanwhile: read and decide again */
#define TRG_CODE_CLOSED     "closed"     /* the item takes no more writes */
#define TRG_CODE_RATE       "rate"       /* told to wait; retry_after_ms says how long */
#define TRG_CODE_QUOTA      "quota"      /* spend or quota limit: waiting will not help soon */
#define TRG_CODE_TRANSIENT  "transient"  /* peer's or network's trouble */
#define TRG_CODE_TIMEOUT    "timeout"
#define TRG_CODE_PERMANENT  "permanent" /* this payload is refused for good */
#define TRG_CODE_MALFORMED  "malformed" /* the peer's answer could not be understood */
#define TRG_CODE_REFUSAL    "refusal"   /* a model declined to answer */
#define TRG_CODE_LENGTH     "length"    /* a model's answer was cut off */

struct trg_result {
  int32_t outcome;        /* enum trg_outcome */
  int32_t http_status;    /* of the last exchange, or 0 */
  int64_t retry_after_ms; /* 0: the host chooses (capped exponential with jitter) */
  struct trg_str code;    /* one of TRG_CODE_* */
  struct trg_str why;     /* a sentence for the operator; no secrets, no customer text */
  uint32_t flags;         /* TRG_RESULT_* */
};
/* Models: no answer that can be read, but the vendor may have counted the call. */
#define TRG_RESULT_MAYBE_BILLED 1u

/* A settings field that the plugin describes itself. It serves four readers: validation, --check,
 * the printed reference, and the masking of secrets. */
enum trg_field_type {
  TRG_TEXT = 0,     /* char *: NUL-terminated, owned by the host; NULL when absent */
  TRG_BOOL = 1,     /* bool */
  TRG_INT = 2,      /* int64_t, between min and max */
  TRG_DURATION = 3, /* int64_t milliseconds */
  TRG_URL = 4,      /* char *: https://, or http:// on a loopback host */
  TRG_CHOICE = 5,   /* char *: one of `words` (blank-separated) */
  TRG_DECIMAL = 6,  /* double */
  TRG_JSON = 7      /* char *: any YAML below the key, rendered as JSON text */
};
#define TRG_REQUIRED 1u
#define TRG_SECRET   2u /* masked in logs; must come through a ${env:} or ${file:} reference */
#define TRG_RELOAD   4u /* may change with SIGHUP without closing the instance */

struct trg_field {
  const char *name; /* key in the YAML; a dot goes one level down: "auth.token" */
  int32_t type;     /* enum trg_field_type */
  uint32_t flags;
  const char *default_text; /* as it would be written in YAML; NULL: zero */
  int64_t min, max;         /* TRG_INT, TRG_DURATION */
  const char *words;        /* TRG_CHOICE */
  size_t offset;            /* in the plugin's conf struct */
  const char *help;         /* one line */
};

typedef uint64_t trg_op;          /* an operation: index and generation; 0 is none */
typedef struct trg_inst trg_inst; /* one opened instance, as the host knows it */

struct trg_header {
  struct trg_str name, value;
};

/* One HTTP exchange to be made by the host: TLS verified, deadline, ceiling, rate buckets and
 * proxy are the host's. Everything is copied during http(). */
struct trg_http_request {
  uint32_t size;
  const char *method; /* "GET", "POST", ... */
  struct trg_str url; /* its origin must be that of one of the instance's TRG_URL settings */
  const struct trg_header *headers;
  size_t header_count;
  struct trg_str body;
  int64_t timeout_ms;     /* 0: what is left of the op's deadline */
  size_t body_max_bytes;  /* of the answer; 0: 16 MiB */
  const char *bucket;     /* rate bucket this exchange draws from; NULL: the instance's own */
  uint32_t flags;         /* TRG_HTTP_* */
  struct trg_str sigv4;   /* "aws:amz:REGION:SERVICE" to have it signed; else empty */
  struct trg_str userpwd; /* "KEY:SECRET" for sigv4; else empty */
  /* Goes before `body`. Never copied: it stays where it is until on_reply or the op's end, so that
   * many exchanges can share one long text. */
  struct trg_str body_head;
};
/* The exchange changes something at the peer: a failure after it was sent is "unknown". */
#define TRG_HTTP_WRITE 1u
/* The body stays where it is until on_reply or the op's end (as what op_set keeps does): the host
 * need not copy it. */
#define TRG_HTTP_BODY_STAYS 2u

struct trg_http_reply {
  uint32_t size;
  int32_t status; /* HTTP status; 0: no complete answer arrived */
  bool sent;      /* false: surely never reached the peer (name, connect or TLS failure) */
  const struct trg_header *headers; /* names in lower case */
  size_t header_count;
  struct trg_str body; /* what arrived, also when it was cut */
  struct trg_str why;  /* for status 0: curl's words */
};
typedef void trg_reply_fn(void *self, trg_op op, const struct trg_http_reply *reply, void *arg);
typedef void trg_timer_fn(void *self, trg_op op, void *arg);
typedef void trg_work_fn(void *arg);                         /* on a pool thread: only its arg */
typedef void trg_after_fn(void *self, trg_op op, void *arg); /* back on the loop thread */

enum trg_level { TRG_ERROR = 0, TRG_WARN = 1, TRG_INFO = 2, TRG_DEBUG = 3 };

struct trg_ticket;      /* connector.h */
struct trg_notice;      /* connector.h */
struct trg_receipt;     /* connector.h */
struct trg_macro;       /* connector.h */
struct trg_model_reply; /* model.h */

/* The daemon's side, handed to open(). Plugins link to no symbol of the daemon. */
struct trg_host {
  uint32_t size;
  int64_t (*now_ms)(void); /* the daemon's clock: milliseconds since 1970, UTC */
  /* kv: pairs of name and value, ended by NULL. No bodies, no secrets. */
  void (*log)(trg_inst *inst, int32_t level, const char *event, const char *const *kv);
  /* Starts an exchange for this op; on_reply comes once, on a later turn, unless the op was
   * cancelled. `arg` stays the caller's. */
  void (*http)(trg_op op, const struct trg_http_request *request, trg_reply_fn *on_reply,
               void *arg);
  void (*timer)(trg_op op, int64_t ms, trg_timer_fn *fn, void *arg);
  void (*work)(trg_op op, trg_work_fn *fn, trg_after_fn *after, void *arg);
  /* Hands per-op state to the host, which frees it with free_fn when the op has ended. */
  void (*op_set)(trg_op op, void *state, void (*free_fn)(void *));
  void *(*op_get)(trg_op op); /* NULL when the op is gone */
  void (*done)(trg_op op, const struct trg_result *result);
  /* What the vendor's headers said about a rate bucket: `remaining` requests until reset_ms from
   * now; remaining 0 holds further requests of the bucket back until then. -1: unknown. A NULL
   * bucket is the instance's own. */
  void (*bucket)(trg_inst *inst, const char *bucket, int64_t remaining, int64_t reset_ms);
  /* Connectors, poll(): one item that changed. */
  void (*emit_notice)(trg_op op, const struct trg_notice *notice);
  /* Connectors, poll() and macros(): the cursor that belongs with what was emitted so far. `more`:
   * go on at once. Committed together with it. */
  void (*set_cursor)(trg_op op, struct trg_str cursor, bool more);
  /* Connectors, fetch(): the whole ticket as it stands. */
  void (*emit_ticket)(trg_op op, const struct trg_ticket *ticket);
  /* Connectors, write() and find(): what was created or found at the vendor. */
  void (*emit_receipt)(trg_op op, const struct trg_receipt *receipt);
  /* Models, complete(): the answer. */
  void (*emit_reply)(trg_op op, const struct trg_model_reply *reply);
  /* Lets the instance talk to one more origin, which the vendor's answer named (an account that
   * moved). That it is the vendor's is for the plugin to check first: whoever forges an answer must
   * not get credentials sent elsewhere. The host insists on https beyond loopback, and on few.
   * 0, or -1 and err. */
  int (*allow_origin)(trg_inst *inst, struct trg_str url, struct trg_err *err);
  /* Models, complete() of a request with TRG_REQUEST_BATCH: the vendor has taken it, in the batch
   * of that name. Kept durably; after a restart the same request comes with it. */
  void (*batch_ref)(trg_op op, struct trg_str ref);
  /* Connectors, macros(): one saved reply. */
  void (*emit_macro)(trg_op op, const struct trg_macro *macro);
};

enum trg_kind { TRG_CONNECTOR = 1, TRG_MODEL = 2 };

struct trg_plugin {
  uint16_t abi_major, abi_minor;
  uint32_t size;
  int32_t kind; /* enum trg_kind */
  const char *name, *version, *license;
  const char *summary;            /* one line for --help and the reference */
  const struct trg_field *fields; /* ended by a NULL name */
  size_t conf_size;               /* the host allocates, fills and owns it */
  /* 0 and *ret_self, or -1 and err. Checks what needs no network; starts nothing. */
  int (*open)(const struct trg_host *host, trg_inst *inst, const void *conf, void **ret_self,
              struct trg_err *err);
  void (*close)(void *self); /* no op is open any more */
  const void *ops;           /* struct trg_connector_ops or struct trg_model_ops */
};

#if defined(__GNUC__)
#define TRG_EXPORT __attribute__((visibility("default")))
#else
#define TRG_EXPORT
#endif

#endif
