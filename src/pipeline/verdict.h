/*
 * A model's triage answer, read and checked against the taxonomy: a name that is not in it is not
 * an answer. Pure.
 */
#ifndef PIPELINE_VERDICT_H
#define PIPELINE_VERDICT_H

#include <stdbool.h>
#include "store/ticket.h"

struct taxonomy;
struct arena;

struct verdict {
  struct ticket_verdict row;
  double confidence; /* of the category */
  bool escalate;
  struct trg_str escalate_reason;
};
/* Strings from `a`. Negative and err when it is not usable. */
int verdict_parse(struct trg_str text, const struct taxonomy *t, struct arena *a,
                  struct verdict *ret, struct trg_err *err);

struct draft_answer {
  struct trg_str body, next_step;
  struct trg_str *citations;
  size_t citation_count;
  struct trg_str *missing;
  size_t missing_count;
  double confidence;
  bool not_sure;
};
int draft_parse(struct trg_str text, struct arena *a, struct draft_answer *ret,
                struct trg_err *err);

/* The judge's: was the conversation resolved? */
struct verify_answer {
  bool resolved, confirmed;
  struct trg_str reason;
  double confidence;
};
int verify_parse(struct trg_str text, struct arena *a, struct verify_answer *ret,
                 struct trg_err *err);

#endif
