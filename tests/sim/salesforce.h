/* What the files of the Salesforce side share. */
#ifndef SIM_SALESFORCE_H
#define SIM_SALESFORCE_H

#include "http.h"

/* Ids: three characters say what it is, the rest is a number in base 62, and the 18-character form
 * ends in a checksum of upper and lower case. */
enum { SF_ID_BYTES = 19 };
const char *sf_id(char ret_id[SF_ID_BYTES], const char *prefix, uint64_t number);
/* The number of an id of 15 or 18 characters; false when it is malformed or of another kind. */
bool sf_id_parse(const char *text, const char *prefix, uint64_t *ret_number);
bool sf_id_formed(const char *text);
/* "2026-11-21T01:36:40.000+0000": whole seconds, no colon in the offset. */
const char *sf_time(int64_t ms, char ret_text[40]);
int64_t sf_http_date(const char *text); /* milliseconds, or -1 */

enum sf_message { MESSAGE_NONE, MAIL_IN, MAIL_OUT, COMMENT, FEED, MAIL_UNLOGGED, MESSAGE_COUNT };
enum { TOKEN_IN_BODY = 16, TOKEN_IN_SUBJECT = 32 }; /* added to the above */

struct sf_row {
  struct ticket *ticket;
  uint32_t entry, change;
  uint64_t number; /* of the record */
};

enum sf_kind { SF_ID, SF_TEXT, SF_LONG, SF_BOOL, SF_INT, SF_TIME };
struct sf_value {
  enum sf_kind kind;
  bool is_null, raw; /* raw: text is JSON */
  int64_t n;
  struct buf text;
};
void sf_text(struct sf_value *v, const char *text);
void sf_ref(struct sf_value *v, const char *prefix, uint64_t number); /* 0: null */
void sf_int(struct sf_value *v, enum sf_kind kind, int64_t n);

struct sf_field {
  const char *name;
  enum sf_kind kind;
  int which;
  bool writable;
};
/* A field as a query or a request names it: custom ones have no entry of their own. */
struct sf_column {
  const struct sf_field *field;
  char name[80];
};
typedef void sf_take(void *into, const struct sf_row *row);
struct sf_object {
  const char *name, *prefix;
  const struct sf_field *fields;
  size_t field_count;
  bool custom_fields;
  bool of_case; /* rows belong to cases, found through parent */
  const char *parent;
  void (*get)(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
              struct sf_value *v);
  /* all rows; those of one case only when only is given */
  void (*scan)(struct exchange *x, struct ticket *only, sf_take *take, void *into);
  bool (*deleted)(struct exchange *x, const struct sf_row *r);
  int64_t (*stamp)(struct exchange *x, const struct sf_row *r);
};
const struct sf_object *sf_object(const char *name);
bool sf_column(const struct sf_object *o, const char *name, struct sf_column *ret_column);
extern const struct sf_object sf_case, sf_email_message, sf_case_comment, sf_feed_item,
    sf_case_history, sf_case_status, sf_user, sf_group, sf_feed_comment, sf_org_address,
    sf_quick_text;
extern const struct sf_field sf_custom_field;

struct sf_token {
  int64_t issued_ms;
  uint64_t host; /* hash of the address that it was issued for: it is worth nothing elsewhere */
  bool dead;
};
struct sf_locator {
  char id[24];
  char *soql;
  bool all;
  struct sf_row *rows;
  size_t n;
  int64_t made_ms, batch;
};
enum { LOCATOR_MAX = 10 };

struct salesforce {
  struct sf_token *tokens;
  size_t token_count;
  struct map token_at;
  struct map kinds;     /* message id to enum sf_message, for what came through the API */
  struct map subjects;  /* message id to the subject of a mail */
  struct map late_seen; /* rows that were late once */
  struct map run_ids;   /* the unique external id: value to ticket number */
  struct sf_locator locators[LOCATOR_MAX];
  uint64_t locator_count;
  int64_t window_ms, used, mails;
  bool moved; /* the org has another host name now */
};

static inline struct desk *sf_desk(struct exchange *x) {
  return &x->sim->store.desks[DESK_SALESFORCE];
}

/* One call of the REST API: a request of its own, or a part of a composite one. */
struct sf_call {
  struct exchange *x;
  const char *method;
  char path[4096];      /* after /services/data/vNN.0 */
  const cJSON *headers; /* of a part; NULL: those of the request */
  const cJSON *body;
  bool part;
  bool rehearsal; /* only says whether it would work */
  int status;
  struct buf out; /* empty: no body */
  char location[160];
};
void salesforce_pushed(struct sim *s, const struct ticket *t, const struct entry *e);

const char *sf_call_header(const struct sf_call *c, const char *name);
void sf_error(struct sf_call *c, int status, const char *code, const char *field,
              const char *format, ...) __attribute__((format(printf, 5, 6)));
void sf_not_found(struct sf_call *c);
void sf_call_run(struct sf_call *c);
/* The decoded parameter of the call's own path, or of the request; the caller frees it. */
char *sf_call_query(const struct sf_call *c, const char *name);
int sf_version(const struct exchange *x);
/* Errors outside calls: an array of one. */
void sf_refuse(struct exchange *x, int status, const char *code, const char *message);
const char *sf_host(const struct exchange *x, char *ret_url, size_t bytes);

/* Cases and their messages, as this vendor sees them. */
#define SF_ORG     "00DgL0000000001"
#define SF_SUPPORT "support@desk.example"
#define SF_RUN_ID  "Triage_Run_Id__c"
enum { QUEUE_UNASSIGNED = 1, QUEUE_TIER1, QUEUE_BILLING, QUEUE_TECHNICAL, QUEUE_COUNT };
const char *sf_queue_name(uint64_t group);
bool sf_case_deleted(const struct ticket *t);
int64_t sf_case_modified(const struct ticket *t, bool even_system, uint64_t *ret_by);
bool sf_case_closed(const struct ticket *t);
struct sf_status {
  const char *name, *label;
  enum status core;
  bool closed;
};
/* The org's own, or the vendor's; ends with a NULL name. */
const struct sf_status *sf_statuses(const struct exchange *x);
const struct sf_status *sf_status(const struct exchange *x, const char *name);
enum sf_message sf_message(struct exchange *x, const struct ticket *t, const struct entry *e);
unsigned sf_message_flags(struct exchange *x, const struct entry *e);
const char *sf_message_prefix(enum sf_message m);
/* "thread::...::" */
const char *sf_thread_token(const struct ticket *t, char ret_token[64]);
void sf_mail_text(struct exchange *x, const struct ticket *t, uint32_t at, struct buf *out);
void sf_mail_subject(struct exchange *x, const struct ticket *t, uint32_t at, struct buf *out);
uint64_t sf_user_of(const struct exchange *x, uint64_t person);

/* salesforce_soql.c */
enum sf_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_LIKE, OP_IN, OP_NOT_IN };
struct sf_literal {
  enum { LITERAL_TEXT, LITERAL_NUMBER, LITERAL_TIME, LITERAL_BOOL, LITERAL_NULL } kind;
  char *text;
  int64_t n;
};
struct sf_node {
  enum { NODE_COMPARE, NODE_AND, NODE_OR, NODE_NOT } kind;
  struct sf_node *a, *b;
  struct sf_column column;
  enum sf_op op;
  struct sf_literal *list;
  size_t n;
};
enum { COLUMN_MAX = 120, ORDER_MAX = 4 };
struct sf_query {
  const struct sf_object *object;
  struct sf_column columns[COLUMN_MAX];
  size_t column_count;
  bool count_only;
  struct sf_node *where;
  struct {
    struct sf_column column;
    bool down, nulls_last;
  } order[ORDER_MAX];
  size_t order_count;
  int64_t limit, offset; /* limit -1: none */
  int64_t now_ms;
  struct arena arena;
  char code[40], why[600]; /* of the mistake */
};
/* False with code and why when it is wrong. Close it either way. */
bool sf_query_parse(struct sf_query *q, const char *soql, int64_t now_ms);
void sf_query_close(struct sf_query *q);
bool sf_query_fits(struct exchange *x, const struct sf_query *q, const struct sf_row *r);

/* salesforce_query.c */
void sf_record_write(struct exchange *x, struct buf *b, const struct sf_object *o,
                     const struct sf_column *columns, size_t n, const struct sf_row *r);
bool sf_row_find(struct exchange *x, const struct sf_object *o, const char *id,
                 struct sf_row *ret_row);
void sf_call_query_run(struct sf_call *c, bool all);
void sf_call_more(struct sf_call *c, const char *locator);

/* salesforce_write.c, salesforce_mail.c, salesforce_composite.c, salesforce_auth.c */
void sf_call_retrieve(struct sf_call *c, const struct sf_object *o, const char *id);
void sf_call_update(struct sf_call *c, const char *id);
void sf_call_upsert(struct sf_call *c, const char *value);
void sf_call_create(struct sf_call *c, const struct sf_object *o);
struct ticket *sf_parent(struct sf_call *c, const char *field, const char *label);
void sf_call_mail(struct sf_call *c);
void sf_composite(struct sf_call *c);
void sf_describe(struct sf_call *c, const struct sf_object *o);
void sf_limits(struct sf_call *c);
bool sf_session(struct exchange *x); /* false when it has answered */
void sf_token_issue(struct exchange *x);
void sf_userinfo(struct exchange *x);

#endif
