/*
 * What a customer's message signals on its face: thanks, that it helped, that it did not, that a
 * person is wanted. Words of seven languages; pure, so that the same message always gives the same
 * fact. Models judge finer things; these are the ones that bills and the road depend on.
 */
#ifndef PIPELINE_SIGNAL_H
#define PIPELINE_SIGNAL_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct taxonomy;

struct signals {
  bool thanks;      /* says thanks and nothing else that needs an answer */
  bool confirms;    /* says that it works, helped or is solved */
  bool negative;    /* says that it did not help or still is not solved */
  bool wants_human; /* asks for a person */
  bool more;        /* goes on to something else: "thanks, but now ..." */
};
/* t (may be NULL) adds the taxonomy's own phrases for "asks-for-person". */
struct signals signals_of(struct trg_str text, const struct taxonomy *t);

#endif
