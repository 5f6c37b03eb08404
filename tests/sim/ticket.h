/* The helpdesk as such, without any vendor: people, tickets, their history, and the stream of
 * changes. A ticket's history is a list of entries. An entry is one update by one person: perhaps a
 * message, perhaps changes of fields. Vendors show it as audits, case history or conversation
 * parts. */
#ifndef SIM_TICKET_H
#define SIM_TICKET_H

#include "base.h"
#include "clock.h"

enum role { ROLE_CUSTOMER, ROLE_AGENT, ROLE_BOT, ROLE_SYSTEM };

struct person {
  uint64_t id;
  const char *name;
  const char *email;
  const char *locale; /* "en", "de", "fr", "es", ... */
  enum role role;
  int64_t created_ms;
};

enum status {
  STATUS_NEW,
  STATUS_OPEN,
  STATUS_PENDING,
  STATUS_HOLD,
  STATUS_SOLVED,
  STATUS_CLOSED,
  STATUS_DELETED
};
const char *status_name(enum status s);
int status_parse(const char *name); /* negative when unknown */

enum rating { RATING_UNOFFERED, RATING_OFFERED, RATING_GOOD, RATING_BAD };
const char *rating_name(enum rating r);

/* What people do after an answer. NONE: drawn from the seed and the ticket. */
enum behaviour {
  BEHAVIOUR_NONE,
  BEHAVIOUR_THANKS,
  BEHAVIOUR_FOLLOWUP,
  BEHAVIOUR_HUMAN,
  BEHAVIOUR_SILENT,
  BEHAVIOUR_REOPEN,
  BEHAVIOUR_CSAT_GOOD,
  BEHAVIOUR_CSAT_BAD,
  BEHAVIOUR_MERGED,
  BEHAVIOUR_DELETED,
  BEHAVIOUR_COUNT
};
const char *behaviour_name(enum behaviour b);
int behaviour_parse(const char *name);

struct change {
  const char
      *field; /* "status", "priority", "type", "group", "assignee", "tags", "rating", "attr:KEY" */
  const char *from; /* JSON text; NULL for nothing */
  const char *to;
};

enum entry_flag {
  ENTRY_MESSAGE = 1,
  ENTRY_PUBLIC = 2,
  ENTRY_SYSTEM = 4,    /* done by the helpdesk itself: does not move updated_ms */
  ENTRY_AUTOMATIC = 8, /* auto-generated mail */
  ENTRY_CREATES = 16,
  ENTRY_API = 32,       /* came through a vendor's API */
  ENTRY_COMMENT = 64,   /* Salesforce: written as a comment of the case, not as a mail */
  ENTRY_POST = 128,     /* Salesforce: written into the case's feed */
  ENTRY_REDACTED = 256, /* words were taken out of the message */
  ENTRY_MERGES = 512,   /* the ticket went on in another one */
  ENTRY_ABSORBS = 1024  /* another one goes on in this */
};

struct entry {
  uint64_t id;         /* of the update */
  uint64_t message_id; /* 0 without a message */
  uint64_t redacts;    /* the message that this update took words from, 0 if none */
  uint64_t author;
  int64_t at_ms;
  const char *text;     /* as written; NULL without a message */
  const char *html;     /* NULL when it was written as plain text */
  const char *metadata; /* JSON text or NULL */
  struct change *changes;
  uint16_t change_count;
  uint16_t flags;
};

struct attr {
  const char *key;
  const char *json;
};

struct ticket {
  uint64_t number; /* the id that the vendor shows */
  const char *ref; /* id of the ticket line, or the number as text */
  const char *subject;
  const char *channel;
  const char *language;
  const char *attachment; /* name of a file at the first message; NULL: none; zendesk only */
  const char *category;   /* the label, for lists of choices only */
  const char *priority;   /* NULL: none */
  const char *type;
  uint64_t requester, assignee, group;
  uint64_t parent; /* ticket that this one follows up, 0 if none */
  uint64_t merged_into;
  uint64_t *followups; /* tickets that follow this one up */
  uint32_t followup_count;
  enum status status;
  enum rating rating;
  enum behaviour behaviour;
  int64_t created_ms, updated_ms, changed_ms, solved_ms;
  struct entry *entries;
  uint32_t entry_count, entry_cap;
  uint32_t message_count;
  const char **tags;
  uint32_t tag_count;
  struct attr *attrs;
  uint32_t attr_count;
  uint32_t version; /* counts changes; the log holds one record for each */
  uint32_t solve_count, reopen_count;
  uint32_t bot_replies, bot_notes, customer_messages; /* what people react to */
  bool first_public;
  bool noted; /* whether the stats know it */
};

struct log_record {
  int64_t at_ms;
  uint32_t ticket;
  uint32_t version;
};

enum { DESK_ZENDESK, DESK_SALESFORCE, DESK_INTERCOM, DESK_COUNT };

/* What is taken out when somebody redacts. */
enum redaction { REDACTS_NOTHING, REDACTS_PASSAGE, REDACTS_MESSAGE };

struct desk {
  const char *name;
  enum redaction redaction;
  bool merge_events; /* a merge is an event on both sides, not a note and a tag */
  bool reopens;      /* what was solved can be reopened for ever; nothing is closed for good */
  struct ticket **tickets; /* in order of creation here */
  size_t ticket_count, ticket_cap;
  struct map by_number;
  struct map by_ref;
  struct log_record *log; /* ascending in at_ms; records of an older version are stale */
  size_t log_count, log_cap;
};

struct store {
  struct arena arena;
  struct clock *clock;
  struct desk desks[DESK_COUNT];
  struct person *people;
  size_t person_count, person_cap;
  struct map person_by_id;
  struct map person_by_email;
  struct map words; /* interned text */
  uint64_t next_id; /* of updates and messages */
  uint64_t next_number;
  bool loading; /* history is being written: times are not ascending, nobody reacts */
  uint64_t bot, first_agent, agent_count, system;
  void (*on_entry)(void *subject, struct desk *d, struct ticket *t, struct entry *e);
  void *on_entry_subject;
};

void store_open(struct store *s, struct clock *clock);
void store_close(struct store *s);
struct desk *store_desk(struct store *s, const char *name); /* NULL when unknown */

const char *store_word(struct store *s, const char *text); /* interned */
/* A person by e-mail, made if new. Pointers to people move when people are added: keep ids. */
uint64_t person_need(struct store *s, const char *name, const char *email, const char *locale,
                     enum role role);
const struct person *person_get(const struct store *s, uint64_t id); /* NULL when unknown */

struct ticket *ticket_get(const struct desk *d, uint64_t number);
struct ticket *ticket_by_ref(const struct desk *d, const char *ref);
/* A new ticket without history; number 0 takes the next free one. NULL when the number is taken. */
struct ticket *ticket_add(struct store *s, struct desk *d, uint64_t number, const char *ref);
/* next continues t, which is closed. */
void ticket_follow(struct store *s, struct ticket *t, struct ticket *next);
bool ticket_has_tag(const struct ticket *t, const char *tag);
const char *ticket_attr(const struct ticket *t, const char *key); /* JSON text or NULL */
const struct entry *ticket_message(const struct ticket *t, uint64_t message_id);

/* One update: begin, say what changes, commit. Only real changes are recorded. */
struct edit {
  struct store *store;
  struct desk *desk;
  struct ticket *ticket;
  struct entry entry;
  struct change changes[32];
};
void edit_begin(struct edit *e, struct store *s, struct desk *d, struct ticket *t, uint64_t author,
                unsigned flags);
void edit_message(struct edit *e, const char *text, const char *html, bool is_public);
void edit_status(struct edit *e, enum status status);
void edit_priority(struct edit *e, const char *priority);
void edit_type(struct edit *e, const char *type);
void edit_subject(struct edit *e, const char *subject);
void edit_group(struct edit *e, uint64_t group);
void edit_assignee(struct edit *e, uint64_t assignee);
void edit_requester(struct edit *e, uint64_t requester);
void edit_tags(struct edit *e, const char *const *tags, size_t n);
void edit_tag_add(struct edit *e, const char *tag);
void edit_tag_remove(struct edit *e, const char *tag);
void edit_attr(struct edit *e, const char *key, const char *json);
void edit_rating(struct edit *e, enum rating rating, const char *comment);
/* Takes the passage out of the oldest message that has it. False: none has, or nothing is redacted
 * here. */
bool edit_redact(struct edit *e, const char *passage);
void edit_metadata(struct edit *e, const char *json);
/* Appends the entry, moves the stamps and logs the change; the entry stays valid until the ticket's
 * next one. */
struct entry *edit_commit(struct edit *e);

/* Position of the first log record not before at_ms. */
size_t log_find(const struct desk *d, int64_t at_ms);
/* The ticket of a record, or NULL if the record is stale. */
struct ticket *log_ticket(const struct desk *d, size_t position);
void log_sort(struct desk *d);

#endif
