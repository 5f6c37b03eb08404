/* Faults: what goes wrong, how often, and on whose side. Spec: [SIDE.][FAMILY.]KIND=PROBABILITY,...
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "base.h"

enum fault_kind {
  FAULT_NONE,
  FAULT_429,
  FAULT_500,
  FAULT_503,
  FAULT_529,
  FAULT_RESET,      /* TCP reset, nothing applied */
  FAULT_RESETAFTER, /* applied, then TCP reset */
  FAULT_SLOW,       /* the body trickles */
  FAULT_CUT,        /* whole length announced, half sent */
  FAULT_BADJSON,
  FAULT_REPEAT,    /* a page that overlaps the one before; a webhook sent twice */
  FAULT_STUCK,     /* the same cursor again, with more to come */
  FAULT_CONFLICT,  /* the helpdesk's transient write conflict */
  FAULT_REFUSAL,   /* the model declines */
  FAULT_TRUNCATE,  /* the model stops at the token limit */
  FAULT_INVALID,   /* the model's answer breaks the schema */
  FAULT_SPEND,     /* 429 that no waiting cures: a spend limit */
  FAULT_STREAM,    /* error event in the middle of a stream */
  FAULT_ESCAPE,    /* a row that was to come changes, and so leaves the search's window */
  FAULT_SEARCH404, /* a search that trips over a deleted row */
  FAULT_SESSION,   /* the access token dies now */
  FAULT_LATE,      /* a row stays hidden once, and appears with its old stamp */
  FAULT_LOCATOR,   /* the place in a long answer is forgotten */
  FAULT_LOCK,      /* a record is held by somebody else */
  FAULT_PART,      /* one part of a composite write fails */
  FAULT_NOVEL,     /* fields and choices of a version to come */
  FAULT_ASTRAY,    /* links to the next page name another host */
  FAULT_MEDDLE,    /* somebody tags the ticket right before the write arrives */
  FAULT_RIVAL,     /* somebody answers the customer right before the write arrives */
  FAULT_COUNT
};
const char *fault_name(enum fault_kind k);

/* What a route can suffer besides the faults of the transport, as a bit mask of kinds. */
#define FAULT_BIT(kind) (1u << (kind))
#define FAULTS_TRANSPORT                                                                           \
  (FAULT_BIT(FAULT_429) | FAULT_BIT(FAULT_500) | FAULT_BIT(FAULT_503) | FAULT_BIT(FAULT_529) |     \
   FAULT_BIT(FAULT_RESET) | FAULT_BIT(FAULT_RESETAFTER) | FAULT_BIT(FAULT_SLOW) |                  \
   FAULT_BIT(FAULT_CUT) | FAULT_BIT(FAULT_BADJSON) | FAULT_BIT(FAULT_NOVEL) |                      \
   FAULT_BIT(FAULT_ASTRAY))

struct fault_rule {
  char side[16];   /* empty: all */
  char family[16]; /* empty: all */
  enum fault_kind kind;
  double probability;
};
struct faults {
  struct fault_rule rules[64];
  size_t count;
  uint64_t seed, draws;
  uint64_t hits[FAULT_COUNT];
  uint64_t total;
};

/* Replaces the rules; on a bad spec nothing changes and ret_why (of why_bytes) tells why. */
bool faults_set(struct faults *f, const char *spec, char *ret_why, size_t why_bytes);
/* Each rule that applies is drawn in turn; the first hit wins and is counted. */
enum fault_kind faults_draw(struct faults *f, const char *side, const char *family, unsigned mask);
void faults_write(const struct faults *f, struct buf *b); /* the rules as a spec */

#endif
