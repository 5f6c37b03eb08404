/* Somebody else's hand: what an agent does to a ticket in the moment before our write arrives. */
#include "http.h"

#include <stdlib.h>

static struct ticket *ticket_meant(struct exchange *x, const struct desk *d) {
  if (x->vendor->meant) {
    return x->vendor->meant(x);
  }
  return x->capture[0] ? ticket_get(d, strtoull(x->capture[0], NULL, 10)) : NULL;
}

void intrude(struct exchange *x) {
  static const char tag[] = "by-hand";
  struct store *s = &x->sim->store;
  struct desk *d = store_desk(s, x->vendor->side);
  struct ticket *t = d ? ticket_meant(x, d) : NULL;
  if (t == NULL || ticket_has_tag(t, tag)) {
    return; /* once a ticket: who does it again and again leaves no room for anybody */
  }
  struct edit e;
  edit_begin(&e, s, d, t, s->first_agent, 0);
  edit_tag_add(&e, tag);
  if (x->vendor->tagged) {
    x->vendor->tagged(&e, tag);
  }
  edit_commit(&e);
  if (x->fault == FAULT_RIVAL) {
    people_agent_says(x->sim, d, t, "I have looked into it, and a colleague calls you today.");
  }
}
