/*
 * What is to be written into the helpdesk for a decided ticket: notes and replies as markdown
 * (masked, as stored in the outbox), and their way to the HTML that a connector takes.
 */
#ifndef PIPELINE_ACTION_H
#define PIPELINE_ACTION_H

#include <stdbool.h>
#include <triaged/connector.h>
#include "store/ticket.h"

struct arena;
struct conf_policy;
struct draft;
struct message;
struct pii_map;
struct past;

struct action_facts {
  const struct ticket *ticket;
  const struct draft *draft; /* NULL: none */
  const struct conf_policy *policy;
  bool first_reply;        /* no public message of ours yet: disclose that it is AI */
  const char *approved_by; /* "" unless a person did */
  const struct past *similar;
  size_t similar_count;
  const struct message *messages; /* of the conversation; may be NULL */
  size_t message_count;
};
/* reply | note | handoff | fields: what the ticket's outcome asks for. */
const char *action_intent(const struct ticket *t);
/* The outbox's JSON: {"intent","note","reply","tags":[],"priority","category","team",
 * "approved_by","edited"}; mem_free. */
char *action_json(const struct action_facts *f, struct arena *a);
/* What may go back into a text for the customer, the agent or a tool: whom it is about. Cards,
 * account numbers and secrets stay tokens. */
bool action_restorable(const char *type);
/* Has a reply tokens that it would be sent with, under templates that let it have these back (enum
 * restore of skill/template.h)? */
bool action_stays_masked(struct trg_str body, unsigned restore);
/* Does it hold tokens that only the helpdesk's own text can restore? */
bool action_needs_map(struct trg_str json_text);
/* Fills ret from the outbox's JSON: markdown to safe HTML, tokens restored from m (may be NULL), in
 * a reply those that `restore` allows. Everything from `a`. */
int action_fill(struct trg_str json_text, const struct pii_map *m, unsigned restore,
                struct arena *a, struct trg_action *ret, struct trg_err *err);
/* One key for one effect: the same ticket, inbound message and intent give the same key. */
void action_key(const struct ticket *t, const char *intent, char out[33]);

#endif
