/*
 * The guard's checks of a draft's text. Pure. A failed check is a reason code and a draft for a
 * person, never a silent drop.
 */
#ifndef PIPELINE_GUARD_H
#define PIPELINE_GUARD_H

#include "conf/conf.h"

struct arena;

struct guard_sources {
  const struct trg_str *texts; /* everything: what is cited and the ticket's own messages */
  size_t count;
  const struct trg_str *own; /* of these what a customer could not write: cited, or said by us */
  size_t own_count;
  const char *language; /* the ticket's, ISO 639-1; "" or NULL: unknown */
};
/* The first failed check's reason code, or NULL. What counts as a link stands in guard_link.c, what
 * as a claim in guard_claim.c. */
const char *guard_text(struct trg_str body, const struct conf_policy *p,
                       const struct guard_sources *from);
/* Ids in square brackets in the body ("[kb:returns#2]"), in order, each once. */
size_t guard_cited(struct trg_str body, struct arena *a, struct trg_str **ret);
/* The body without those brackets: what a customer reads. */
struct trg_str guard_uncited(struct trg_str body, struct arena *a);
/* Does it name a sum of money, or promise money back? */
bool guard_names_money(struct trg_str body);
/* Does it hold a token of masked data ("[NAME_1]")? */
bool guard_has_token(struct trg_str body);

#endif
