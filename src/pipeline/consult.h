/*
 * A second opinion: what the road would decide about a case, or draft for it, asked for by another
 * agent. Nothing is written anywhere but the model calls with their cost.
 */
#ifndef PIPELINE_CONSULT_H
#define PIPELINE_CONSULT_H

#include <stdbool.h>

#include "base/json.h"

struct road;

struct consult {
  struct trg_str ref;           /* a ticket that is known; else empty, and then: */
  struct trg_str subject, body; /* a case that was handed over; masked before anything sees it */
  bool draft;                   /* a reply, else a triage */
  /* Once, on a later turn: the opinion (taken; NULL when there is none, with err). */
  void (*on_answer)(void *arg, json *opinion, const struct trg_err *err);
  void *arg;
};
/* 0: on_answer will come. Negative and err: it will not. */
int road_consult(struct road *r, const struct consult *q, struct trg_err *err);

#endif
