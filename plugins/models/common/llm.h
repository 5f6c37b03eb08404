/*
 * What the backends of remote language models share. It is compiled into each of them, so that a
 * plugin stays one object without symbols of another. Bytes: text.c, json.c, header.c, schema.c,
 * shape.c, fault.c, all pure. Calls: call.c makes one complete() out of the functions that a
 * backend has in its struct llm_vendor; auth.c knows the header that proves who asks.
 */
#ifndef MODELS_COMMON_LLM_H
#define MODELS_COMMON_LLM_H

#include <triaged/model.h>

/* ---- text: text.c ---- */

/* A growing, always NUL-terminated text. All zero is the empty one. Running out of memory ends
 * the process. */
struct llm_text {
  char *p;
  size_t n, room;
};
void llm_text_add(struct llm_text *text, const char *p, size_t n);
void llm_text_put(struct llm_text *text, const char *string);
void llm_text_int(struct llm_text *text, int64_t number);
/* Adds s with every byte that is not UTF-8, and every lone surrogate, as U+FFFD. */
void llm_text_utf8(struct llm_text *text, struct trg_str s);
/* Likewise, as a JSON string with its quotes. */
void llm_text_json(struct llm_text *text, struct trg_str s);
/* Gives back what is kept for growing. */
void llm_text_trim(struct llm_text *text);
void llm_text_clear(struct llm_text *text);

/* ---- JSON: json.c ---- */

struct cJSON;
/* A copy of a JSON text in which the escapes that cJSON cuts strings at or refuses (U+0000, lone
 * surrogates) are U+FFFD. */
void llm_json_repair(struct trg_str body, struct llm_text *ret);
/* Parses a body: leading blank and comment lines are passed over, and the text is repaired as
 * above. NULL when it is no JSON. */
struct cJSON *llm_json_parse(struct trg_str body);
const struct cJSON *llm_json_member(const struct cJSON *object, const char *name);
/* "" for anything that is not a string: most members are nullable. */
const char *llm_json_string(const struct cJSON *object, const char *name);
/* A count, or -1 when it is null, absent or nonsense. */
int64_t llm_json_count(const struct cJSON *object, const char *name);
/* A copy cut to the room, with anything but printable ASCII as '?'. */
void llm_word_copy(char *to, size_t room, const char *from);
/* What follows the <think>...</think> that some servers leave in front of the answer. */
struct trg_str llm_thought_skip(struct trg_str text, bool schema_asked);
/* The one JSON object in a text that may have a fence or words around it. False when there is
 * none, or more than one: guessing between them would let quoted text answer. */
bool llm_json_pick(struct trg_str text, struct trg_str *ret);

/* ---- requests: schema.c ---- */

/* The daemon's schema as a vendor takes it. What `fine` does not let pass (a keyword with its
 * value) goes into the description of its place; additionalProperties is set to false, and with
 * all_required every property is required. Returns text that the caller frees, NULL when it is
 * not a JSON object. */
typedef bool llm_keyword_fn(const struct cJSON *keyword);
char *llm_schema_render(struct trg_str schema, llm_keyword_fn *fine, bool all_required);
bool llm_among(const char *word, const char *const *words); /* words end with NULL */
/* One of them, or a $ref that stays within the schema. */
bool llm_keyword_among(const struct cJSON *keyword, const char *const *words);
/* At most 64 of [A-Za-z0-9_-]; "answer" when there is none. */
void llm_schema_name(struct llm_text *to, struct trg_str name);
/* "... exactly one JSON object and nothing else ...: SCHEMA", begun with `first`. */
void llm_schema_say(struct llm_text *to, const char *first, const char *schema);

/* No vendor takes more in one request. */
#define LLM_BODY_MAX_BYTES ((size_t)20 * 1000 * 1000)
/* What every vendor refuses: U+0000, nothing to ask, too much. 0, or -1 with err. */
int llm_request_check(const struct trg_model_request *request, size_t max_bytes,
                      struct trg_err *err);
bool llm_is_blank(struct trg_str text);
/* Upper bound of the tokens of a text, whatever the tokeniser. */
int64_t llm_tokens_max(struct trg_str text);
/* Upper bound of one exchange's input: everything, and 600 for hidden prompts of formats. */
int64_t llm_input_max(const struct trg_model_request *request);
/* Makes the bound of one exchange that of a call: the repair round that a schema may need sends
 * everything once more, and with it the broken answer and the schema. */
void llm_repair_bound(const struct trg_model_request *request, struct trg_usage *usage);

/* ---- shapes that several vendors share: shape.c ---- */

/* The payload can not be sent: err says so; -1. */
int llm_unsendable(struct trg_err *err, const char *why);
/* The request's schema as render() makes it for the vendor, kept (kept.h) where `kept` is not NULL;
 * the caller frees *ret_own in any case. *ret is NULL when it has none. 0, or -1 with err. */
struct llm_kept;
typedef char *llm_render_fn(struct trg_str schema);
int llm_schema_take(struct llm_kept *kept, const struct trg_model_request *request,
                    llm_render_fn *render, const char **ret, char **ret_own, struct trg_err *err);
/* The instruction to answer by the one tool that is offered. */
void llm_schema_call(struct llm_text *to, struct trg_str name);
/* What is wanted (0: as much as may be) with room for thoughts beside it, up to the ceiling. */
int64_t llm_tokens_most(int64_t wanted, int64_t thoughts, int64_t ceiling);
/* {"text":"..."} */
void llm_block_put(struct llm_text *out, struct trg_str text);
/* "LIST":[{"role":"user","BLOCKS":[{"text":"..."}]}...] of the request's parts; then, where an
 * answer was broken, that answer and the demand for another one. */
struct llm_turn_names {
  const char *list, *blocks, *ours; /* ours: the role of the model */
};
void llm_turns_put(struct llm_text *out, const struct llm_turn_names *names,
                   const struct trg_model_request *request, const struct trg_str *broken,
                   const char *schema);
/* More of a broken answer than this says nothing new to the model that wrote it. */
#define LLM_BROKEN_MAX_BYTES ((size_t)16 * 1024)
#define LLM_BROKEN_WORDS     "That was not exactly one JSON object. Give the same answer again as"
struct trg_str llm_broken_shown(struct trg_str broken);
/* A count; 0 when it is null, absent or nonsense. */
int64_t llm_count_or_0(const struct cJSON *object, const char *name);
/* What a vendor's word for how it stopped means; TRG_STOP_OTHER when it is none of these. */
struct llm_stop {
  const char *word;
  int32_t stop;
};
int32_t llm_stop_of(const struct llm_stop *all, size_t count, const char *word);
/* A base URL without what is behind ? or #, and without slashes at its end. */
void llm_url_base(struct llm_text *to, const char *base);

/* ---- headers: header.c ---- */

/* Value of a header by its lower-case name; empty when absent. */
struct trg_str llm_header(const struct trg_http_reply *reply, const char *name);
/* The value as a string; false when it is absent or too long to be sane. */
bool llm_header_copy(const struct trg_http_reply *reply, const char *name, char to[64]);
/* "6m30s", "20ms", "7.66s", "1.5" (seconds); false when it is none of that. */
bool llm_duration_read(const char *text, int64_t *ret_ms);
/* A plain decimal. */
bool llm_number_of(const char *text, double *ret);
/* Milliseconds rounded up, between 0 and seven days. */
int64_t llm_wait_bound(double ms);
/* A reset as the time from now: a duration, or a moment in seconds or milliseconds since 1970. */
bool llm_reset_read(const char *text, int64_t now_ms, int64_t *ret_ms);
bool llm_rfc3339(const char *text, int64_t *ret_ms);
/* retry-after-ms, else retry-after (seconds, a duration or an HTTP date); 0 when there is none. */
int64_t llm_retry_after(const struct trg_http_reply *reply, int64_t now_ms);

/* ---- errors and answers: fault.c ---- */

struct llm_fault {
  char type[64], code[64], param[128];
  char message[512]; /* may quote the request: not for the log */
  int32_t status;    /* an HTTP status inside the body, or 0 */
  int64_t wait_ms;   /* told in the body, or 0 */
  char id[128];      /* the vendor's of the request, or empty */
};

/* What an error means, by a word of the vendor's or by its status. */
struct llm_meaning {
  const char *word; /* NULL: by status */
  int32_t status;
  int32_t outcome;
  const char *code;
  const char *words; /* for the operator */
};
/* The first with that word (without regard to case), else the first with that status, else what
 * the class of the status says. */
struct llm_meaning llm_meaning_of(const struct llm_meaning *all, size_t count, int32_t status,
                                  const char *word);
/* An error's status: the exchange's, or the one that an error inside a success says; 0: none. */
int32_t llm_fault_status(const struct trg_http_reply *reply, const struct llm_fault *fault);
/* Fills ret from the meaning, the vendor's own opinion (x-should-retry) and wait_ms; `why` goes to
 * why_text as a sentence without quotations from the request. */
void llm_fault_end(const struct trg_http_reply *reply, const struct llm_fault *fault,
                   const struct llm_meaning *meaning, int64_t wait_ms, struct trg_str request_id,
                   struct trg_result *ret, char *why_text, size_t why_room);
/* How the exchange failed when there was no HTTP status. */
void llm_lost_judge(const struct trg_http_reply *reply, struct trg_result *ret, char *why_text,
                    size_t why_room);
bool llm_says(const char *text, const char *part);
bool llm_says_any(const char *text, const char *const *parts); /* parts end with NULL */

enum llm_reading {
  LLM_ANSWER = 0,   /* an answer; what it holds is in the fields */
  LLM_ERROR = 1,    /* an error although the status was 200 */
  LLM_MALFORMED = 2 /* neither */
};
struct llm_answer {
  struct llm_text text; /* the answer's text, or the JSON that was asked for */
  bool is_json;         /* a schema was asked for, and text is one JSON object */
  int32_t stop;         /* enum trg_stop */
  char stop_word[64];
  char detail[40]; /* more about how it stopped; may be empty */
  char served[128], id[128];
  struct trg_usage usage;
  bool input_counted, output_counted; /* the vendor gave that part of the usage */
  struct llm_fault fault;             /* of LLM_ERROR */
};
void llm_answer_clear(struct llm_answer *answer);
/* What is an answer in the text, after how it stopped is known: a refusal's is none, thoughts and
 * fences go, and the JSON object is picked where one was asked for. */
void llm_answer_judge(struct llm_answer *answer, bool schema_asked);

#endif
