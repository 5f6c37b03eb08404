/*
 * What models are told. The stable part (instructions, taxonomy, skill text) is the same for every
 * ticket, so that providers can cache it; the ticket itself is data: one JSON object, so that
 * nothing a customer writes can leave its container.
 */
#ifndef PIPELINE_PROMPT_H
#define PIPELINE_PROMPT_H

#include "base/json.h"
#include "store/ticket.h"

struct arena;
struct buf;
struct connections;
struct example;
struct message;
struct passage;
struct past;
struct road_plan;
struct skills;
struct taxonomy;
struct template;

/* The most tokens that an answer may have. */
#define PROMPT_TRIAGE_TOKENS 1500
#define PROMPT_DRAFT_TOKENS  2500
#define PROMPT_VERIFY_TOKENS 500

char *prompt_triage_stable(const struct taxonomy *t, struct skills *s, const struct connections *c);
/* With what compliance templates tell the model, if any. */
char *prompt_draft_stable(struct skills *s, const struct connections *c, const struct template *t,
                          size_t template_count);
char *prompt_verify_stable(void);

/* Appends a skill's body as a <skill> block; nothing when there is none of that name. What is wrong
 * with it is logged. */
void prompt_add_skill(struct buf *b, struct skills *s, const struct connections *c,
                      const char *name);
/* What differs from ticket to ticket: skills beside the fixed ones whose descriptions fit these
 * words, and the files they ask for. Empty text: none; mem_free. */
char *prompt_chosen(struct skills *s, const struct connections *c, struct trg_str words,
                    const char *ref);

/* Schemas of the answers: every property required, none null. That of triage has the taxonomy's
 * names as enums, so it is made once for a plan; mem_free. */
char *prompt_triage_schema(const struct taxonomy *t);
extern const char prompt_draft_schema[];
extern const char prompt_verify_schema[];

/* {"ref","subject","body","language","channel","messages":[{"author","text"}]}: newest messages
 * within a budget; `body` is the newest text of the customer. */
json *prompt_ticket(const struct ticket *t, const struct message *m, size_t count);
const char *prompt_channel(int32_t channel); /* enum trg_channel as a word */
/* Every key that prompt_ticket may write: what of a ticket is sent. Ended by NULL. */
extern const char *const prompt_ticket_fields[];
json *prompt_past(const struct past *p, size_t count, bool with_reply);
json *prompt_examples(const struct example *e, size_t count);
/* Tokens of other tickets and of examples stand in round brackets, as "(S2_NAME_1)" of the second
 * ticket: they are other people's, and no reply gets their values. From `a`, or `masked` itself. */
const char *prompt_turned(const char *masked, const char *prefix, struct arena *a);
/* The same of the past ticket that stands at this place of its list, from 1 on. */
const char *prompt_past_turned(const char *masked, size_t place, struct arena *a);
json *prompt_passages(const struct passage *p, size_t count);
/* The same data as text for a language model. Returns JSON text behind one labelling line;
 * mem_free. */
char *prompt_render(const char *label, const json *data);
/* The JSON in it; borrowed. */
struct trg_str prompt_data(const char *rendered);

#endif
