/*
 * The facts of one ticket as billing reads them, and their order. Pure: includes only base.
 */
#ifndef BILLING_FACT_H
#define BILLING_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact_kind {
  FACT_NONE = 0,
  FACT_MSG_IN,  /* customer wrote; value: "" | thanks | auto */
  FACT_MSG_OUT, /* public message; actor ai|human|rule; value: answer|greeting|ack|question|notice;
                   data.approved_by when a person approved an AI draft */
  FACT_NOTE,    /* internal note */
  FACT_HANDOFF, /* value: customer | ai | policy */
  FACT_SIGNAL,  /* value: confirm | negative | thanks | wants_human; */
  FACT_CSAT,    /* value: 1..5 or good|bad|neutral */
  FACT_PROCEDURE, /* procedure ended; value: its kind */
  FACT_VERIFY,    /* value: pass | fail | error */
  FACT_SOLVED,    /* actor ai|human|rule|system */
  FACT_REOPEN,
  FACT_CLOSED,
  FACT_DELETED,
  FACT_MERGE, /* value: ref of the ticket it went into */
  FACT_SPAM,
  FACT_ASSIGNED, /* to a person or team by a person */
  FACT_ACTION,   /* a tool was called; value: its name; data.tokens */
  FACT_PROOF,    /* somebody outside says that an outcome came true; value: the outcome */
  FACT_VENDOR    /* what the vendor's AI said of its own resolution */
};
enum fact_kind fact_kind_of(const char *word); /* FACT_NONE: not a billing fact */
const char *fact_kind_word(enum fact_kind k);

enum fact_actor { ACTOR_NONE = 0, ACTOR_CUSTOMER, ACTOR_AI, ACTOR_HUMAN, ACTOR_RULE, ACTOR_SYSTEM };
enum fact_actor fact_actor_of(const char *word);

struct fact {
  int64_t seq; /* of the event: evidence id */
  enum fact_kind kind;
  enum fact_actor actor;
  const char *id; /* stable id of the event: breaks ties in the order */
  const char *value;
  bool approved; /* MSG_OUT: a person approved this AI text */
  bool edited;   /* ... after changing it */
  int64_t tokens;
  int64_t at_ms;
};
/* Sorts by (at_ms, kind, id): the same order whatever the order of arrival. */
void facts_sort(struct fact *f, size_t count);

/* What else the rules need to know of the ticket. */
struct fact_case {
  const char *ref, *helpdesk, *customer; /* customer: keyed hash */
  const char *channel;                   /* email web chat messaging voice social api other */
  const char *category;
  bool sandbox;
  int64_t opened_ms;
};

#endif
