/* The simulator as a whole: its options, its parts, and what a vendor must bring. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "clock.h"
#include "fault.h"
#include "ticket.h"

struct exchange;
struct server;
struct sim;
struct pusher;

struct options {
  uint16_t port;
  const char *tickets;
  const char *desk_key; /* of ticket lines: names the helpdesk in place of "helpdesk" */
  uint64_t seed;
  const char *faults;
  int64_t model_latency_ms;
  int64_t slow_ms;
  int64_t retry_after_s;
  int64_t token_ttl_s;
  int64_t export_lag_ms;
  int64_t max_page;
  int64_t repeat;
  int64_t calls_a_day; /* Salesforce's allowance; 0: as large as rate_limits says */
  int64_t start_ms;    /* initial virtual time; 0: now */
  bool behaviour;
  bool rate_limits;
  bool own_words;        /* the accounts have given their statuses names of their own */
  const char *elsewhere; /* base URL of links that go astray; NULL: an address where nobody is */
  const char
      *required_to_solve; /* custom field id that must be set before a ticket is solved, or NULL */
  const char *webhook[DESK_COUNT]; /* URL; NULL: no pushes */
  const char *webhook_secret[DESK_COUNT];
  double webhook_repeat, webhook_late, webhook_lost;
};

struct route {
  const char *method;
  const char *path;   /* "{}" stands for one segment */
  const char *family; /* names what belongs together: rate limits and faults by family */
  unsigned faults;    /* FAULT_BITs besides the transport's */
  void (*answer)(struct exchange *x);
};

/* One vendor: its routes, and its way to say no. To add one, write its file and name it in
 * vendors.c. */
struct vendor {
  const char *name;
  const char *side;   /* of fault rules */
  const char *suffix; /* optional end of every path (".json"), or NULL */
  const struct route *routes;
  size_t route_count;
  bool (*owns)(const struct exchange *x);
  void *(*open)(void);
  void (*close)(void *state);
  bool (*enter)(struct exchange *x); /* headers and credentials; false when it has answered */
  void (*missing)(struct exchange *x,
                  bool path_known); /* no such endpoint, or not with this method */
  void (*fail)(struct exchange *x,
               enum fault_kind k); /* 429 500 503 529 in the vendor's own words */
  /* something happened to a ticket, and --webhook is set; NULL when the vendor pushes nothing */
  void (*pushed)(struct sim *s, const struct ticket *t, const struct entry *e);
  /* the ticket that a request writes to; NULL: it stands in the path as a number */
  struct ticket *(*meant)(struct exchange *x);
  /* what an agent who tags a ticket does beyond that; may be NULL */
  void (*tagged)(struct edit *e, const char *tag);
  /* puts it aside until then, in an update that was begun; NULL: there is no such thing */
  void (*snoozed)(void *state, struct edit *e, int64_t until_ms);
};

struct model_stats {
  const char *name;
  uint64_t calls, rejected, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens;
};

struct ticket_stats {
  const struct desk *desk;
  const struct ticket *ticket;
  uint32_t notes, replies, updates, duplicates, after_close;
};

struct stats {
  uint64_t requests;
  uint64_t duplicates, after_close, placeholders, conflicts, unauthorized, too_long;
  struct ticket_stats *tickets;
  size_t ticket_count, ticket_cap;
  struct map ticket_at, markers, routes;
  struct model_stats models[64];
  size_t model_count;
};

enum { VENDOR_MAX = 12 };

/* What agents insert into their answers; see macros.c. */
struct saved_reply {
  const char *desk, *title, *text, *html, *category;
  uint64_t id;
  bool active, personal, internal;
  int64_t updated_ms;
};

struct sim {
  struct options opt;
  struct clock clock;
  struct store store;
  struct due_queue events; /* in virtual time: what people and the helpdesk itself will do */
  struct faults faults;
  struct stats stats;
  struct server *server;
  struct pusher *pusher;
  uint64_t pushed; /* events so far */
  void *vendor_state[VENDOR_MAX];
  struct saved_reply *macros;
  size_t macro_count;
  struct arena macro_mem;
};

extern const struct vendor *const sim_vendors[]; /* ends with NULL */

bool sim_open(struct sim *s, const struct options *opt);
void sim_close(struct sim *s);
/* Does everything that fell due until now, each thing at its own time. */
void sim_run(struct sim *s);
/* Jumps forward, and lives through what lies between. */
void sim_advance(struct sim *s, int64_t to_ms);

/* Adds ticket lines (JSONL). Returns the number added, or -1 with the reason and the line number.
 */
int64_t tickets_load(struct sim *s, const char *text, size_t n, char *ret_why, size_t why_bytes);

/* Replaces all saved replies (JSONL). False with the reason. */
bool macros_set(struct sim *s, const char *text, char *ret_why, size_t why_bytes);
void macros_close(struct sim *s);
/* The n-th of a helpdesk's, by id; NULL: there are not so many. */
const struct saved_reply *macro_at(const struct sim *s, const char *desk, size_t n);

/* What people do; see people.c. */
void people_react(struct sim *s, struct desk *d, struct ticket *t, const struct entry *e);
void people_event(struct sim *s, const struct due *event);
/* What somebody will say. flags: ENTRY_PUBLIC, ENTRY_COMMENT, ENTRY_POST. */
void people_message_later(struct sim *s, struct desk *d, struct ticket *t, int64_t at_ms,
                          bool agent, unsigned flags, const char *text);
/* A customer's message: reopens the ticket, or starts a follow-up when it is closed. */
void people_customer_says(struct sim *s, struct desk *d, struct ticket *t, const char *text);
/* An agent merges it into another ticket. */
void people_merge(struct sim *s, struct desk *d, struct ticket *t);
/* The agent of this ticket answers the customer and waits. */
void people_agent_says(struct sim *s, struct desk *d, struct ticket *t, const char *text);

void stats_close(struct stats *st);
/* An API call changed the ticket; entry is NULL when it changed nothing. */
void stats_update(struct sim *s, const struct desk *d, struct ticket *t, const struct entry *e);
void stats_after_close(struct sim *s, const struct desk *d, struct ticket *t);
struct model_stats *stats_model(struct stats *st, const char *name);
void stats_write(struct sim *s, struct buf *b);

/* How a vendor pushes; see push.c. */
struct push_way {
  size_t desk; /* DESK_... */
  const char *content_type;
  /* the vendor's headers, each with its line end, when it is sent; NULL: none */
  void (*headers)(const struct sim *s, uint64_t event, const char *body, struct buf *out);
  const char *wanted; /* what the answer must contain besides a status of 2xx, or NULL */
  /* after `attempt` attempts, of which the last had this status (0: none) */
  bool (*again)(int status, unsigned attempt);
};
struct pusher *pusher_open(struct sim *s); /* NULL: an address is wrong */
void pusher_close(struct pusher *p);
bool pusher_wants(const struct sim *s, size_t desk);
void pusher_send(struct sim *s, const char *body, uint64_t event, const struct push_way *way);
void pusher_count(struct pusher *p, uint64_t *ret_sent, uint64_t *ret_failed);

#endif
