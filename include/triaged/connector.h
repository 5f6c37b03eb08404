/*
 * What a helpdesk connector is: it tells which tickets changed (poll, or a webhook that parse()
 * reads), reads one ticket whole (fetch), writes one action into it (write), and can look whether
 * a write happened (find). It knows its vendor's words, and nobody else does: everything below is
 * in the field's common terms.
 *
 * Order of events: poll() emits notices and a cursor, which the daemon stores in one transaction;
 * for each notice the daemon calls fetch() when it has room; what fetch() emits is masked and only
 * then stored. A webhook only says "look at this ticket": it becomes the same kind of notice.
 */
#ifndef TRIAGED_CONNECTOR_H
#define TRIAGED_CONNECTOR_H

#include <triaged/plugin.h>

/* Times are milliseconds since 1970 UTC; 0 is unknown. Ids are the vendor's, as text. */

/* "This item may have changed": the pair (id, version) is what the daemon dedupes by. */
struct trg_notice {
  uint32_t size;
  struct trg_str id;      /* of the ticket or conversation */
  struct trg_str version; /* grows or changes with every change, e.g. an update stamp */
  int64_t at_ms;          /* when it changed, as the vendor says */
};

enum trg_status {
  TRG_STATUS_UNKNOWN = 0,
  TRG_STATUS_NEW = 1,
  TRG_STATUS_OPEN = 2,
  TRG_STATUS_PENDING = 3, /* waits for the customer; also snoozed */
  TRG_STATUS_HOLD = 4,    /* waits for somebody else */
  TRG_STATUS_SOLVED = 5,  /* resolved, can be reopened */
  TRG_STATUS_CLOSED = 6,  /* final */
  TRG_STATUS_DELETED = 7,
  TRG_STATUS_MERGED = 8 /* continued in merged_into */
};

enum trg_channel {
  TRG_CHANNEL_OTHER = 0,
  TRG_CHANNEL_EMAIL = 1,
  TRG_CHANNEL_WEB = 2,
  TRG_CHANNEL_CHAT = 3,
  TRG_CHANNEL_MESSAGING = 4, /* WhatsApp and the like: see TRG_TICKET_NOTE_ONLY */
  TRG_CHANNEL_VOICE = 5,
  TRG_CHANNEL_SOCIAL = 6,
  TRG_CHANNEL_API = 7
};

enum trg_author {
  TRG_AUTHOR_UNKNOWN = 0,
  TRG_AUTHOR_CUSTOMER = 1,
  TRG_AUTHOR_AGENT = 2,
  TRG_AUTHOR_BOT = 3,   /* a machine that is not us: another bot, a rule, the vendor's own AI */
  TRG_AUTHOR_SELF = 4,  /* written through this connector's own account */
  TRG_AUTHOR_SYSTEM = 5 /* the helpdesk itself */
};

struct trg_attachment {
  struct trg_str name, media_type;
  int64_t size_bytes;
};

#define TRG_MESSAGE_PUBLIC    1u /* the customer can see it */
#define TRG_MESSAGE_AUTO      2u /* auto-reply, bounce, out of office: never to be answered */
#define TRG_MESSAGE_UNTRUSTED 4u /* the vendor could not vouch for the sender */
#define TRG_MESSAGE_REDACTED  8u /* text was removed at the vendor; empty where none is left */
struct trg_message {
  uint32_t size;
  struct trg_str id;
  int32_t author; /* enum trg_author */
  struct trg_str author_id, author_name;
  uint32_t flags;
  int64_t at_ms;
  struct trg_str text;   /* plain text, UTF-8, quoted history removed where the vendor adds it */
  struct trg_str marker; /* idem_key of the write that made it, when the vendor keeps ours */
  const struct trg_attachment *attachments; /* named, not fetched */
  size_t attachment_count;
};

/* Things that happened to the ticket besides messages; facts for billing. The id makes a fact
 * count once however often it is told; so it must be the same in every fetch. */
enum trg_fact {
  TRG_FACT_SOLVED = 1,
  TRG_FACT_REOPENED = 2,
  TRG_FACT_CLOSED = 3,
  TRG_FACT_MERGED = 4, /* value: id of the ticket it went into */
  TRG_FACT_DELETED = 5,
  TRG_FACT_CSAT_GOOD = 6, /* value: the score as given, e.g. "good" or "5" */
  TRG_FACT_CSAT_BAD = 7,
  TRG_FACT_ASSIGNED = 8, /* to a person or team by somebody who is not us; value: to whom */
  TRG_FACT_SPAM = 9,
  TRG_FACT_VENDOR_STATE = 10, /* what the vendor's own AI says of its resolution; value: its word */
  TRG_FACT_CSAT_NEUTRAL = 11
};
struct trg_ticket_fact {
  uint32_t size;
  int32_t kind; /* enum trg_fact */
  struct trg_str id;
  int64_t at_ms;
  int32_t by; /* enum trg_author */
  struct trg_str value;
};

#define TRG_TICKET_NOTE_ONLY 1u /* a public reply can not be sent by this connector here */
#define TRG_TICKET_PARTIAL   2u /* older messages were left out by the vendor */
struct trg_ticket {
  uint32_t size;
  struct trg_str id;
  struct trg_str version; /* to be given back in trg_action.version */
  struct trg_str subject;
  int32_t status;  /* enum trg_status */
  int32_t channel; /* enum trg_channel */
  uint32_t flags;
  struct trg_str priority, team, language; /* the vendor's words, for people to read */
  struct trg_str requester_id, requester_name, requester_email;
  struct trg_str merged_into;
  int64_t created_ms, updated_ms;
  const struct trg_str *tags;
  size_t tag_count;
  const struct trg_message *messages; /* oldest first; the first is the customer's opening */
  size_t message_count;
  const struct trg_ticket_fact *facts;
  size_t fact_count;
  struct trg_str url; /* where a person opens it */
};

/* One write: everything that is set is written; what is empty is left alone. */
#define TRG_ACTION_SOLVE 1u /* set the status to solved */
struct trg_action {
  uint32_t size;
  struct trg_str ticket_id;
  struct trg_str version;         /* the ticket's version when it was decided: guard */
  struct trg_str last_message_id; /* newest customer message when it was decided: guard */
  struct trg_str idem_key;        /* to be left at the vendor as a findable marker */
  uint32_t flags;
  struct trg_str note;  /* internal note, HTML (only p br ul ol li strong em a code pre) */
  struct trg_str reply; /* public reply, HTML likewise */
  const struct trg_str *add_tags; /* added to those that are there, never replacing them */
  size_t add_tag_count;
  struct trg_str priority; /* P1..P4; the connector maps it to the vendor's words */
  struct trg_str category; /* goes to the field named in the settings */
  struct trg_str team;     /* team word of the taxonomy; mapped by the settings */
  int64_t attempt_ms;      /* when the first attempt of this write was made; for find() */
};

struct trg_receipt {
  uint32_t size;
  struct trg_str kind; /* "note", "reply", "fields", "tags", "status" */
  struct trg_str id;   /* the vendor's id of what was created */
  int64_t at_ms;
};

/* A saved reply (macro, quick text, canned response) as agents put it into their answers. */
struct trg_macro {
  uint32_t size;
  struct trg_str id;                 /* the vendor's, as text */
  struct trg_str title;              /* as agents see it in their list */
  struct trg_str text;               /* plain text, UTF-8; what the vendor would fill in is "..." */
  struct trg_str category, language; /* the vendor's words; may be empty */
  int64_t updated_ms;
};

/* A webhook delivery as it arrived. */
struct trg_delivery {
  uint32_t size;
  const struct trg_header *headers; /* names in lower case */
  size_t header_count;
  struct trg_str body; /* the untouched bytes */
  int64_t now_ms;
  struct trg_str method; /* "POST" */
  struct trg_str path;   /* what follows /webhooks/NAME: "" or "/..."; some vendors' only secret */
  struct trg_str query;  /* without the '?' */
};

/* What the vendor wants to read when its delivery was taken; the status is 200. */
struct trg_answer {
  uint32_t size;
  struct trg_str content_type; /* empty: text/plain */
  struct trg_str body;         /* empty: "ok" */
};

#define TRG_CAN_WEBHOOK 1u
#define TRG_CAN_FIND    2u
#define TRG_CAN_REPLY   4u
#define TRG_CAN_NOTE    8u
#define TRG_CAN_FIELDS  16u
/* What was deleted shows in no list that poll() reads: the daemon reads a ticket once more before
 * it charges for it. */
#define TRG_HIDES_DELETED 32u

struct trg_connector_ops {
  uint32_t size;
  uint32_t caps;
  /* Reaches the vendor and checks the credentials; cheap. done(): DONE, or why not. */
  void (*probe)(void *self, trg_op op);
  /* One page of what changed since `cursor` (empty at the very first: then since_ms says from
   * when). Emits notices, set_cursor(), done(). */
  void (*poll)(void *self, trg_op op, struct trg_str cursor, int64_t since_ms);
  /* Reads one ticket whole. Emits it once, then done(). A ticket that is gone: emit it with
   * status DELETED, done(DONE). */
  void (*fetch)(void *self, trg_op op, struct trg_str id);
  /* Writes one action. Emits receipts, done(): DONE, RETRY (surely not written), REJECTED with
   * "conflict", "closed", "permanent"..., UNCERTAIN. */
  void (*write)(void *self, trg_op op, const struct trg_action *action);
  /* Did that write happen? Emits the receipts it finds and done(DONE); no trace: done(REJECTED,
   * "not_found"). */
  void (*find)(void *self, trg_op op, const struct trg_action *action);
  /* Pure and synchronous: is the delivery's signature right and fresh? 0 or -1 with err. On 0
   * *ret_id is the delivery's own id for deduping (a slice of the delivery; may be empty). */
  int (*verify)(void *self, const struct trg_delivery *delivery, struct trg_str *ret_id,
                struct trg_err *err);
  /* Pure: which items does it name? Calls sink once for each; 0 or -1 with err. */
  int (*parse)(void *self, const struct trg_delivery *delivery,
               void (*sink)(void *arg, const struct trg_notice *), void *arg, struct trg_err *err);
  /* Pure, may be NULL: the body that the vendor expects for a delivery that was taken, where "ok"
   * will not do. It is sent once the notices are durable. Slices live while the delivery does. */
  void (*answer)(void *self, const struct trg_delivery *delivery, struct trg_answer *ret);
  /* May be NULL. One page of the saved replies that are in force and that customers may be sent:
   * emits each, set_cursor() (`more` until the last page), done(). `cursor` is empty at the first
   * page of a walk; one that is not in a whole walk is gone. */
  void (*macros)(void *self, trg_op op, struct trg_str cursor);
};

#endif
