/*
 * What a model backend is: it takes one request in the daemon's terms, makes one vendor call of
 * it, and gives back text, usage and the exact bytes of both sides. Which model is asked, what is
 * tried next, what it costs and what is believed of the answer is the daemon's business.
 */
#ifndef TRIAGED_MODEL_H
#define TRIAGED_MODEL_H

#include <triaged/plugin.h>

enum trg_role { TRG_ROLE_USER = 1, TRG_ROLE_ASSISTANT = 2 };

struct trg_prompt_part {
  int32_t role; /* enum trg_role */
  struct trg_str text;
};

struct trg_model_request {
  uint32_t size;
  struct trg_str task;   /* "triage", "draft", "verify", "test" */
  struct trg_str stable; /* system text that is the same for every ticket: worth caching */
  struct trg_str system; /* system text that may differ from call to call; may be empty */
  const struct trg_prompt_part *parts; /* the conversation, oldest first; the last is the user's */
  size_t part_count;
  /* JSON schema of the answer: every property required and non-null, additionalProperties false,
   * only type, properties, required, items, enum, description. Empty: free text. */
  struct trg_str schema;
  struct trg_str schema_name;
  /* The same material as `parts` render for a reader, as one JSON object, for backends that are
   * not language models. Its shape for each task is in src/model/README.md. */
  struct trg_str input;
  int64_t max_output_tokens;
  struct trg_str user_hash; /* opaque id of the end user, for the vendor's abuse tracing */
  uint32_t flags;           /* TRG_REQUEST_* */
  /* Of a request with TRG_REQUEST_BATCH: its name within a batch ([A-Za-z0-9_-], 64 at most), and
   * what batch_ref() was told of it before a restart: then it is with the vendor already and is
   * only waited for. Empty: it is to be put into a batch. */
  struct trg_str batch_id;
  struct trg_str batch_ref;
};
/* May wait for the vendor's cheaper batches, up to the op's deadline. */
#define TRG_REQUEST_BATCH 1u

enum trg_stop {
  TRG_STOP_END = 0,
  TRG_STOP_LENGTH = 1,  /* cut off: not to be parsed */
  TRG_STOP_REFUSAL = 2, /* the model or a filter declined */
  TRG_STOP_OTHER = 3
};

struct trg_usage {
  int64_t input; /* uncached input tokens only */
  int64_t output;
  int64_t cache_read, cache_write;
  int64_t reasoning; /* part of output */
  bool estimated;    /* the vendor did not say: counted by us */
};

struct trg_model_reply {
  uint32_t size;
  struct trg_str text;       /* the answer; a JSON document when a schema was asked for */
  int32_t stop;              /* enum trg_stop */
  struct trg_str stop_word;  /* the vendor's own word */
  struct trg_str served;     /* the model that really answered */
  struct trg_str request_id; /* the vendor's */
  struct trg_str request_bytes, response_bytes; /* exact bodies; no credentials */
  struct trg_usage usage;                       /* last: it may grow */
};

/* One labelled text for training. labels is a JSON object {"category":"billing",...}. */
struct trg_example {
  struct trg_str text;
  struct trg_str labels;
};

#define TRG_MODEL_SCHEMA   1u  /* guarantees the schema itself */
#define TRG_MODEL_TRAIN    2u  /* has train() */
#define TRG_MODEL_LOCAL    4u  /* no network, no key, free */
#define TRG_MODEL_CACHE    8u  /* bills cached prefixes apart */
#define TRG_MODEL_NO_INPUT 16u /* does not read `input`, which may then be empty */
#define TRG_MODEL_BATCH    32u /* takes requests with TRG_REQUEST_BATCH */

struct trg_model_ops {
  uint32_t size;
  uint32_t caps;
  /* One call. emit_reply() once for every answer that the vendor counted, also when it is then
   * refused or cut off (so that it is paid for), then done(). */
  void (*complete)(void *self, trg_op op, const struct trg_model_request *request);
  /* Upper bound of the tokens this request can use, for reserving budget. No network. */
  void (*estimate)(void *self, const struct trg_model_request *request, struct trg_usage *ret);
  /* Trains on examples and writes the result to `path` (atomically: a temporary file beside it,
   * fsync, rename), then uses it. An empty path: where the instance's settings say. Long work goes
   * through host->work(). `report`: JSON text of what came out, through emit_reply(). */
  void (*train)(void *self, trg_op op, const struct trg_example *examples, size_t count,
                struct trg_str path);
  /* Optional (NULL, or beyond size): how far the training is that runs now, in steps of the
   * plugin's choice; 0 of 0 when none runs. Asked on the loop thread, also while the training is at
   * work on another one. */
  void (*train_progress)(void *self, int64_t *ret_done, int64_t *ret_total);
};

#endif
