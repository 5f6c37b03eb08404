/*
 * What somebody asks to be written into a ticket by hand, through MCP: a note, a reply, fields. It
 * takes the road's own way out: an outbox row with its key, committed before anything is sent, with
 * the version guard, and looked for before it is repeated.
 */
#ifndef PIPELINE_HAND_H
#define PIPELINE_HAND_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct road;
struct arena;
struct outbox;
struct ticket;

struct hand_write {
  const char *intent;  /* "note", "reply" or "fields" */
  struct trg_str text; /* markdown of note or reply */
  struct trg_str priority, category, team;
  const struct trg_str *tags;
  size_t tag_count;
  const char *who; /* for the outbox and the audit log */
};
/* Plans it, inside the turn. The same write asked for again finds the first: *ret_state is then
 * what became of it ("done", "planned", ...). TRG_ENOTFOUND; TRG_ESTATE while the ticket is being
 * worked on, or where helpdesk or channel take no such write; TRG_EINVAL when the guard refuses the
 * text. */
int road_hand(struct road *r, struct trg_str ref, const struct hand_write *w,
              const char **ret_state, struct trg_err *err);

/* TRG_EINVAL when the text of a person holds a card or account number or a secret: it is neither
 * sent nor stored. */
int hand_private(struct trg_str text, struct trg_err *err);

/* For the write stage. */
bool hand_is(const char *intent);       /* was this row planned by hand? */
bool hand_is_reply(const char *intent); /* and is it seen by the customer? */
/* The row by hand that waits for this ticket; those that a new pass overtook are given up. */
bool hand_waiting(struct road *r, const struct ticket *t, struct arena *a, struct outbox *ret);

#endif
