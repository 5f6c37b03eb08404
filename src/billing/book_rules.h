/*
 * The inside of a price book: its versions and, in each, the seven axes of the rules. For the fold
 * (fold*.c) and the book (book*.c) alone; the rest of the room asks through book_price.h.
 */
#ifndef BILLING_BOOK_RULES_H
#define BILLING_BOOK_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOK_CHANNELS      8 /* email web chat messaging voice social api other */
#define BOOK_METERS        8
#define BOOK_OUTCOMES      8
#define BOOK_TIERS         12
#define BOOK_ALERTS        8
#define BOOK_CHANGERS      16
#define BOOK_OUTCOME_BYTES 46 /* of an outcome that is named by its meter */

/* A length for each channel, and what to do where the file names no own one. */
struct book_lengths {
  int64_t ms[BOOK_CHANNELS]; /* 0: without an end, or off; the field says which */
};

enum book_basis { BASIS_LAST_ANSWER = 0, BASIS_FIRST_MESSAGE, BASIS_INACTIVITY };
enum book_scope { SCOPE_CONVERSATION = 0, SCOPE_CUSTOMER_CHANNEL, SCOPE_CUSTOMER, SCOPE_SUBJECT };
enum book_reach { REACH_NONE = 0, REACH_SAME_PERIOD, REACH_ANY_PERIOD };
enum book_evidence { EVIDENCE_REFUSE = 0, EVIDENCE_ACCEPT, EVIDENCE_VERIFY };
enum book_thanks { THANKS_CONFIRM = 0, THANKS_IGNORE, THANKS_BREAK };
enum book_unit {
  UNIT_RESOLUTION = 0,
  UNIT_TICKET,       /* once a case: any public message of ours */
  UNIT_CONVERSATION, /* once a session window in which the AI spoke */
  UNIT_ACTION,       /* each tool call, in blocks of tokens */
  UNIT_REPLY,        /* each public answer of the AI */
  UNIT_CALL,         /* each answered call of another agent, by its tool */
  UNITS
};

/* Reasons that a book must decide: each stands in `voids` or in `allowed`. */
enum book_void {
  VOID_HUMAN_REQUESTED = 0,
  VOID_HUMAN_ANSWERED,
  VOID_HANDOFF,
  VOID_NEGATIVE,
  VOID_SPAM,
  VOID_GREETING_ONLY,
  VOID_NOTE_ONLY,
  VOID_CSAT_BAD,
  VOID_EDITED,
  VOID_APPROVED,
  VOID_DELETED,
  VOID_MERGED,
  VOIDS
};
const char *book_void_word(enum book_void v); /* as the file has it */
const char *book_void_code(enum book_void v); /* as reports have it */

struct book_price {
  const char *outcome;
  int64_t micros;
  int64_t channel_micros[BOOK_CHANNELS]; /* -1: no own one */
  bool proof;                            /* counts only with an external proof */
};
struct book_tier {
  int64_t above, micros;
};
struct book_meter {
  const char *name;
  enum book_unit unit;
  bool channels[BOOK_CHANNELS]; /* where it counts */
  struct book_price prices[BOOK_OUTCOMES];
  size_t price_count;
  int64_t per;      /* so many acts make one unit, charged with its first; 0: each is one */
  int64_t included; /* first units of a period, free */
  bool rollover;    /* those not used in the month before are free too */
  int64_t overage;  /* price of the units after the included ones; -1: the price */
  struct book_tier tiers[BOOK_TIERS];
  size_t tier_count;
  struct book_lengths session; /* conversation; 0: until the ticket ends */
  bool quiet;                  /* ... counted from the last message, not from the first */
  bool split;                  /* a new month begins a new one */
  int64_t inputs;              /* conversation: customer messages in a window; 0: any number */
  int64_t tokens;              /* action: tokens that one unit covers; 0: any number */
};

struct book_version {
  uint32_t line;                  /* in the file */
  int64_t effective_ms, until_ms; /* until 0: without an end */
  enum book_scope scope;
  int64_t scope_ms; /* scopes wider than a conversation: how long one charge covers */
  enum book_basis basis[BOOK_CHANNELS];
  struct book_lengths window;
  enum book_evidence assumed, confirmed, procedure;
  enum book_thanks thanks;
  bool voids[VOIDS];
  int64_t csat_bad_max;
  enum book_reach reach;
  struct book_lengths within;   /* of the reversal; 0: however late */
  struct book_lengths new_case; /* 0: off */
  struct book_meter meters[BOOK_METERS];
  size_t meter_count;
  int64_t fee_micros, commitment_micros; /* of a period */
  int64_t cap_micros;                    /* of a period; 0: none */
  int64_t alerts[BOOK_ALERTS];           /* percent of the cap */
  size_t alert_count;
  bool cap_hard; /* nothing is charged past the cap */
  /* Resolved of triaged tickets must pass guarantee_percent in the time after effective, or
   * guarantee_refund percent of that time's charges are given back. 0: no guarantee. */
  int64_t guarantee_percent, guarantee_ms, guarantee_refund;
};

extern const char *const book_call_tools[]; /* ended by NULL */

struct arena;
struct book {
  struct arena *arena;
  const char *name, *currency, *summary;
  char hash[65];
  const char *changers[BOOK_CHANGERS]; /* whom the file names */
  size_t changer_count;
  struct book_version *versions; /* ascending */
  size_t version_count;
};

size_t book_channel(const char *word); /* index; that of "other" when unknown */
/* The version in force; the first one also for what was before it. */
const struct book_version *book_at(const struct book *b, int64_t at_ms);
const struct book_meter *book_meter_of_outcome(const struct book_version *v, const char *outcome,
                                               const struct book_price **ret_price);
const struct book_meter *book_meter_of_unit(const struct book_version *v, enum book_unit unit,
                                            size_t channel);
/* List price of one unit. */
int64_t book_list_price(const struct book_price *p, size_t channel);

#endif
