/*
 * One complete() of a remote model: build, send, read, and what to do when the vendor refuses a
 * part of the request or the answer is no JSON. A backend gives its functions; everything that an
 * instance learns from its calls is kept here.
 */
#ifndef MODELS_COMMON_CALL_H
#define MODELS_COMMON_CALL_H

#include "auth.h"
#include "head.h"
#include "kept.h"
#include "llm.h"

/* How a schema is enforced, best first. The last is the prompt alone. */
#define LLM_MODE_MAX 3
/* Bit 0 stands for the format; the others for optional parts that a backend numbers itself. */
#define LLM_FORMAT   1u
#define LLM_PART_MAX 8

/* One exchange to be built: what is asked, and what is left out at present. */
struct llm_ask {
  const struct trg_model_request *request;
  int mode;                     /* 0 .. LLM_MODE_MAX - 1 */
  unsigned off;                 /* parts that were refused */
  const struct trg_str *broken; /* NULL, or an answer that was no JSON, to be asked for again */
  struct llm_kept *kept;        /* NULL: nothing is kept */
};

struct llm_inst;

/* A vendor's batches: a request to make one of many bodies (where the vendor wants them as a file,
 * an upload before it), one to ask for it, one or two for the results, a JSON text a line. Pure. */
#define LLM_BATCH_NAME_MAX 160
enum llm_batch_step { LLM_BATCH_UPLOAD, LLM_BATCH_MAKE, LLM_BATCH_ASK, LLM_BATCH_FETCH };
struct llm_batching {
  /* Adds one item to a body that begins empty; then closes it. */
  void (*add)(const struct llm_inst *inst, struct llm_text *body, struct trg_str id,
              struct trg_str request);
  void (*close)(struct llm_text *body);
  /* NULL: the body is what makes the batch. Else it is uploaded with that content-type, and make()
   * builds the body that names the file. */
  const char *upload_type;
  void (*make)(const struct llm_inst *inst, const char *file, struct llm_text *ret);
  /* name: of the batch (ASK) or of its results (FETCH). */
  void (*url)(const struct llm_inst *inst, enum llm_batch_step step, const char *name,
              struct llm_text *ret);
  /* The name that an answer to UPLOAD or MAKE gives. */
  bool (*created)(struct trg_str body, char *ret_name, size_t room);
  /* It has ended: the names of its results, of which either may be empty. */
  bool (*ended)(struct trg_str body, char ret_names[2][LLM_BATCH_NAME_MAX]);
  /* A line of the results: whose it is, and the body of what the single call would have got (with
   * its status). status 0: there is none, as the batch ended before. False: no such line. */
  bool (*line)(struct trg_str line, char *ret_id, size_t room, int32_t *ret_status,
               struct llm_text *ret_body);
};
/* The member `id`, when it can stand in a path: letters, digits, - and _. */
bool llm_batch_id(struct trg_str body, char *ret_name, size_t room);

struct llm_vendor {
  const char *modes[LLM_MODE_MAX]; /* for the log */
  int last_mode;
  bool no_repair;                  /* prose where JSON was asked for is not asked for again */
  const char *parts[LLM_PART_MAX]; /* by bit; [0] is not read */
  const char *id_headers[2];       /* where the vendor's id of the request is, before the body's */
  /* 0, or -1 with err when it can not be sent at all. The same input gives the same bytes. */
  int (*build)(const struct llm_inst *inst, const struct llm_ask *ask, struct llm_text *ret,
               struct trg_err *err);
  /* Upper bound of one exchange. */
  void (*estimate)(const struct llm_inst *inst, const struct llm_ask *ask, struct trg_usage *ret);
  enum llm_reading (*read)(struct trg_str body, bool schema_asked, struct llm_answer *ret);
  void (*fault_read)(const struct trg_http_reply *reply, struct llm_fault *ret);
  /* Which optional parts of the request an error complains about. */
  unsigned (*fault_names)(const struct llm_inst *inst, const struct llm_fault *fault,
                          const struct llm_ask *ask);
  void (*fault_judge)(const struct trg_http_reply *reply, const struct llm_fault *fault,
                      int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room);
  const struct llm_batching *batching; /* NULL: there are none */
  /* What the headers say about the next request; may be NULL. */
  bool (*rate)(const struct trg_http_reply *reply, int64_t now_ms, int64_t *ret_remaining,
               int64_t *ret_reset_ms);
};

/* The first member of a backend's instance. */
struct llm_inst {
  const struct trg_host *host;
  trg_inst *name; /* as the host knows us */
  const struct llm_vendor *vendor;
  const char *model;
  struct llm_text url;
  struct llm_auth auth;
  struct llm_text sigv4, userpwd; /* to have requests signed in place of the header; else empty */
  struct trg_header extra[4];     /* sent with every request; their strings are the backend's */
  size_t extra_count;
  int first_mode;
  bool mode_pinned;
  /* What was refused, and until when it is left out. */
  int mode;
  int64_t mode_until_ms, off_until_ms[LLM_PART_MAX];
  unsigned told; /* logged as a warning once */
  struct llm_batch *batches;
  int64_t batch_window_ms, batch_poll_ms;
  struct llm_heads heads;
  struct llm_kept kept;
};

/* Settings of backends with batches. */
#define LLM_BATCH_FIELDS(conf)                                                                     \
  {.name = "batch_window",                                                                         \
   .type = TRG_DURATION,                                                                           \
   .default_text = "10s",                                                                          \
   .min = 10,                                                                                      \
   .max = 3600000,                                                                                 \
   .offset = offsetof(conf, batch_window_ms),                                                      \
   .help = "calls of tasks with batch: true are gathered for so long"},                            \
  {                                                                                                \
    .name = "batch_poll", .type = TRG_DURATION, .default_text = "60s", .min = 10, .max = 3600000,  \
    .offset = offsetof(conf, batch_poll_ms), .help = "how often a batch is asked for"              \
  }

/* The two functions of struct trg_model_ops; self is a struct llm_inst. */
void llm_complete(void *self, trg_op op, const struct trg_model_request *request);
void llm_estimate(void *self, const struct trg_model_request *request, struct trg_usage *ret);
/* An instance of `size` bytes that begins with a struct llm_inst, zeroed but for what is given;
 * llm_inst_close. Never NULL. */
void *llm_inst_new(size_t size, const struct trg_host *host, trg_inst *name,
                   const struct llm_vendor *vendor, const char *model);
/* Begins with the mode of this name and stays with it; any other word, as auto, pins nothing. */
void llm_mode_pin(struct llm_inst *inst, const char *word, const char *const modes[LLM_MODE_MAX]);
/* Frees the instance and what it holds; a plugin's close. */
void llm_inst_close(void *self);

#endif
