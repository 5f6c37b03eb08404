/*
 * The OpenAI Chat Completions and Responses APIs, and the many servers that speak the first, as
 * bytes: requests out of the daemon's terms, answers and errors into them. Everything here is pure
 * (no network, no clock, no state), so that it can be tested on fixtures and fuzzed.
 * wire_request.c and wire_schema.c build, wire_url.c says where to, wire_reply.c reads answers,
 * wire_fault.c errors, wire_header.c headers; wire_json.c and wire_text.c are below them.
 */
#ifndef OPENAI_WIRE_H
#define OPENAI_WIRE_H

#include <triaged/model.h>

/* ---- text: wire_text.c ---- */

/* A growing, always NUL-terminated text. All zero is the empty one. Running out of memory ends
 * the process. */
struct openai_text {
  char *p;
  size_t n, room;
};
void openai_text_add(struct openai_text *text, const char *p, size_t n);
void openai_text_put(struct openai_text *text, const char *string);
void openai_text_int(struct openai_text *text, int64_t number);
/* Adds s with every byte that is not UTF-8, and every lone surrogate, as U+FFFD. */
void openai_text_utf8(struct openai_text *text, struct trg_str s);
/* Likewise, as a JSON string with its quotes. */
void openai_text_json(struct openai_text *text, struct trg_str s);
void openai_text_clear(struct openai_text *text);

/* ---- JSON: wire_json.c ---- */

struct cJSON;
/* Parses a body: leading blank and comment lines are passed over, and the escapes that cJSON cuts
 * strings at or refuses (U+0000, lone surrogates) read as U+FFFD. NULL when it is no JSON. */
struct cJSON *openai_json_parse(struct trg_str body);
const struct cJSON *openai_json_member(const struct cJSON *object, const char *name);
/* "" for anything that is not a string: most members are nullable. */
const char *openai_json_string(const struct cJSON *object, const char *name);
/* A count, or -1 when it is null, absent or nonsense. */
int64_t openai_json_count(const struct cJSON *object, const char *name);
/* A copy cut to the room, with anything but printable ASCII as '?'. */
void openai_word_copy(char *to, size_t room, const char *from);
/* What follows the <think>...</think> that some servers leave in front of the answer. */
struct trg_str openai_thought_skip(struct trg_str text, bool schema_asked);
/* The one JSON object in a text that may have a fence or words around it. False when there is
 * none, or more than one: guessing between them would let quoted text answer. */
bool openai_json_pick(struct trg_str text, struct trg_str *ret);

/* ---- requests: wire_request.c, wire_schema.c, wire_url.c ---- */

enum openai_api { OPENAI_CHAT = 0, OPENAI_RESPONSES = 1 };

/* How a schema is enforced, best first. */
enum openai_mode {
  OPENAI_SCHEMA = 0, /* json_schema, strict */
  OPENAI_OBJECT = 1, /* json_object, and the schema in the prompt */
  OPENAI_PROSE = 2   /* only the prompt; the answer's JSON is picked out of its text */
};

/* What Chat Completions calls the limit of an answer: newer models of OpenAI refuse the first
 * name, most other servers know no other. */
enum openai_limit {
  OPENAI_MAX_TOKENS = 0,
  OPENAI_MAX_COMPLETION_TOKENS = 1,
  OPENAI_NO_LIMIT = 2 /* both names were refused */
};

/* What the settings say about every request. Strings may be NULL or empty: not sent. */
struct openai_plan {
  const char *model;
  const char *effort;
  const char *user_field; /* what user_hash is sent as */
  const char *cache_key;
  enum openai_api api;
  enum openai_mode mode;
  enum openai_limit limit;
  bool schema_in_prompt;     /* show it to the model even where the server enforces it */
  int64_t max_output_tokens; /* ceiling of the limit */
  int64_t reasoning_tokens;  /* room for reasoning, which counts against the limit */
};

/* Far above every known server's limit. */
#define OPENAI_BODY_MAX_BYTES ((size_t)32 * 1000 * 1000)

/* Builds the request body: the same input gives the same bytes, or the prompt cache never hits.
 * broken: NULL, or the text of an answer that was no JSON, to be asked for once more.
 * 0, or -1 with err when it can not be sent at all (U+0000, nothing to ask, a broken schema, too
 * large). ret is to be cleared by the caller in both cases. */
int openai_request_build(const struct openai_plan *plan, const struct trg_model_request *request,
                         const struct trg_str *broken, struct openai_text *ret,
                         struct trg_err *err);
/* The limit of an answer in that request. */
int64_t openai_max_tokens(const struct openai_plan *plan, int64_t wanted);
/* Upper bound of one exchange: see wire_request.c. */
void openai_exchange_estimate(const struct openai_plan *plan,
                              const struct trg_model_request *request, struct trg_usage *ret);
/* Upper bound for reserving budget: with the repair round that a schema may need. */
void openai_estimate(const struct openai_plan *plan, const struct trg_model_request *request,
                     struct trg_usage *ret);
/* Upper bound of the tokens of a text, whatever the tokeniser. */
int64_t openai_tokens_max(struct trg_str text);
/* The schema as strict mode takes it: every property required, nothing beside them, and what it
 * would refuse in descriptions. Returns text that the caller frees, NULL when it is not a JSON
 * object. */
char *openai_schema_render(struct trg_str schema);
/* At most 64 of [A-Za-z0-9_-]. */
void openai_schema_name(struct openai_text *to, struct trg_str name);

/* Where requests go: the base as people write it (with or without /v1, a slash, or the whole path;
 * an Azure resource), made whole. deployment and api_version may be NULL or empty. */
void openai_url_build(const char *base, enum openai_api api, const char *deployment,
                      const char *api_version, struct openai_text *ret);
/* The host of a URL is OpenAI's own; is Azure's. */
bool openai_url_is_openai(const char *url);
bool openai_url_is_azure(const char *url);

/* ---- errors: wire_fault.c ---- */

struct openai_fault {
  char type[64], code[64], param[128];
  char message[512]; /* may quote the request: not for the log */
  int32_t status;    /* an HTTP status inside the body, or 0 */
};
/* Reads an error body; what it does not find stays empty (HTML from an edge is normal). */
void openai_fault_read(struct trg_str body, struct openai_fault *ret);
/* The same of a member `error`, object or plain string. */
void openai_fault_take(const struct cJSON *error, struct openai_fault *ret);

#define OPENAI_NAMES_FORMAT    1u
#define OPENAI_NAMES_EFFORT    2u
#define OPENAI_NAMES_LIMIT     4u
#define OPENAI_NAMES_USER      8u
#define OPENAI_NAMES_CACHE_KEY 16u
/* Which optional parts of this plan's request an error complains about: worth one try without
 * them. */
unsigned openai_fault_names(const struct openai_fault *fault, const struct openai_plan *plan);

/* The status that the error stands for: an error inside a success says its own, or 0. */
int32_t openai_fault_status(const struct trg_http_reply *reply, const struct openai_fault *fault);
/* What an HTTP error means. The fields of ret are set; `why` goes to why_text as a sentence
 * without quotations from the request. */
void openai_fault_judge(const struct trg_http_reply *reply, const struct openai_fault *fault,
                        int64_t now_ms, struct trg_result *ret, char *why_text, size_t why_room);
/* How the exchange failed when there was no HTTP status. */
void openai_lost_judge(const struct trg_http_reply *reply, struct trg_result *ret, char *why_text,
                       size_t why_room);

/* ---- answers: wire_reply.c ---- */

enum openai_reading {
  OPENAI_ANSWER = 0,   /* an answer; what it holds is in the fields */
  OPENAI_ERROR = 1,    /* an error although the status was 200 */
  OPENAI_MALFORMED = 2 /* neither */
};
struct openai_answer {
  struct openai_text text; /* the answer's text, or the JSON that was asked for */
  bool is_json;            /* a schema was asked for, and text is one JSON object */
  int32_t stop;            /* enum trg_stop */
  char stop_word[64];
  char served[128], id[128];
  struct trg_usage usage;
  bool input_counted, output_counted; /* the vendor gave that part of the usage */
  struct openai_fault fault;          /* of OPENAI_ERROR */
};
/* Reads a 200's body, of either API. schema_asked: pick the JSON object. ret is to be cleared in
 * all cases. */
enum openai_reading openai_answer_read(struct trg_str body, bool schema_asked,
                                       struct openai_answer *ret);
void openai_answer_clear(struct openai_answer *answer);

/* ---- headers: wire_header.c ---- */

/* Value of a header by its lower-case name; empty when absent. */
struct trg_str openai_header(const struct trg_http_reply *reply, const char *name);
/* "6m30s", "20ms", "7.66s", "1.5" (seconds); false when it is none of that. */
bool openai_duration_read(const char *text, int64_t *ret_ms);
/* retry-after-ms, retry-after (seconds or an HTTP date), the resets of what is exhausted, or the
 * message's "try again in"; 0 when nothing says. */
int64_t openai_retry_after(const struct trg_http_reply *reply, const char *message, int64_t now_ms);
/* What the rate headers say about the next request: how many there may be until reset_ms from
 * now. An exhausted token budget counts as no requests. False when they say nothing. */
bool openai_rate(const struct trg_http_reply *reply, int64_t now_ms, int64_t *ret_remaining,
                 int64_t *ret_reset_ms);

#endif
