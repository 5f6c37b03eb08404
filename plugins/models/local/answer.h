/*
 * The answers of the local backend: one function a task, from the request's JSON object to the
 * answer's. Pure: no clock, no file, no state but what is handed in.
 */
#ifndef TRIAGED_LOCAL_ANSWER_H
#define TRIAGED_LOCAL_ANSWER_H

#include "language.h"
#include "modelfile.h"

#include <cjson/cJSON.h>

/* What an answer may lean on. */
struct local_mind {
  const struct local_model *model; /* may hold nothing */
  const struct local_language *language;
  struct local_scratch *scratch;
  struct local_text *text;
};

/* The caller frees the objects with cJSON_Delete. */
cJSON *local_triage(const struct local_mind *mind, const cJSON *input);
cJSON *local_draft(const struct local_mind *mind, const cJSON *input);
cJSON *local_verify(const struct local_mind *mind, const cJSON *input);

/* The text as the classifier reads it, in training and in answering: subject, new line, body. The
 * caller frees. */
char *local_ticket_text(const cJSON *ticket, size_t *ret_n);
/* The string under a key, or "". */
const char *local_json_text(const cJSON *object, const char *key);
double local_json_number(const cJSON *object, const char *key, double otherwise);
cJSON *local_json_item(const cJSON *object, const char *key); /* or NULL */
/* A number from 0 to 1, to three places. */
void local_json_add_share(cJSON *object, const char *key, float share);
/* The language of a text; what the ticket says counts when the text does not tell. */
struct local_language_answer local_ticket_language(const struct local_mind *mind, const char *text,
                                                   size_t n, const char *said);
/* The text, a ticket's newest; where that is too little to tell even its language ("BF-25312."),
 * then what its customer wrote before, the newest first. The caller frees. */
char *local_talk_text(const struct local_mind *mind, const cJSON *ticket, const char *text,
                      size_t n, size_t *ret_n);

/* Up to n bytes of text, cut between characters and words; the caller frees. */
char *local_cut(const char *text, size_t n);

#endif
