/*
 * The redact stage: a fetched ticket's texts with personal data and secrets replaced by tokens,
 * before anything is logged, stored or prompted. Runs between fetch and store, in memory: the
 * unmasked text is never written.
 */
#ifndef PIPELINE_REDACT_H
#define PIPELINE_REDACT_H

#include <triaged/connector.h>

struct arena;
struct pii_map;

struct redacted {
  struct trg_str subject;
  struct trg_str *messages; /* as many as the ticket has */
};
/* Texts from `a`. Negative and err: nothing of this ticket may be stored. */
int redact_ticket(const struct trg_ticket *t, struct pii_map *m, struct arena *a,
                  struct redacted *ret, struct trg_err *err);

#endif
