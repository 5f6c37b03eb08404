/* What the files of the Zendesk side share. */
#ifndef SIM_ZENDESK_H
#define SIM_ZENDESK_H

#include "http.h"

enum grant {
  GRANT_READ = 1,
  GRANT_WRITE = 2,
  GRANT_TICKETS_READ = 4,
  GRANT_TICKETS_WRITE = 8,
  GRANT_USERS_READ = 16,
  GRANT_WEBHOOKS_READ = 32,
  GRANT_ADMIN = 64,
  GRANT_ANONYMOUS = 128
};

struct token {
  int64_t expires_ms;
  unsigned grants;
  bool refresh, dead;
  char scope[128];
};

struct bucket {
  int64_t window_ms;
  int64_t used;
};

struct job {
  char id[40];
  struct buf results;
  int64_t total;
};

enum {
  BUCKET_ACCOUNT,
  BUCKET_EXPORT,
  BUCKET_UPDATE,
  BUCKET_SEARCH,
  BUCKET_LIST,
  BUCKET_AUDITS,
  BUCKET_COUNT
};

struct zendesk {
  struct token *tokens;
  size_t token_count, token_cap;
  struct map token_at;    /* by hash of the token's text */
  struct map idempotency; /* key: Idempotency-Key; value: position in ideas */
  struct idea {
    uint64_t body_hash, ticket;
    int64_t at_ms;
  } * ideas;
  size_t idea_count, idea_cap;
  struct bucket buckets[BUCKET_COUNT];
  struct map ticket_buckets; /* ticket number to position in per_ticket */
  struct bucket *per_ticket;
  size_t per_ticket_count, per_ticket_cap;
  struct job *jobs;
  size_t job_count;
  uint64_t requests;
};

static inline struct desk *zendesk_desk(struct exchange *x) {
  return &x->sim->store.desks[DESK_ZENDESK];
}

/* The four envelopes of errors. */
void zendesk_error(struct exchange *x, int status, const char *error, const char *description);
void zendesk_error_titled(struct exchange *x, int status, const char *title, const char *message);
void zendesk_error_list(struct exchange *x, int status, const char *code, const char *title,
                        const char *detail);
void zendesk_error_bare(struct exchange *x, int status, const char *error);
void zendesk_not_found(struct exchange *x);
/* The ticket of the path, or NULL when it has answered 404. */
struct ticket *zendesk_ticket(struct exchange *x, bool even_deleted);
const char *zendesk_url(struct exchange *x, struct buf *b, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Counts one more in the bucket; false when the limit is on and used up: it has answered then. */
bool zendesk_limit(struct exchange *x, struct bucket *b, const char *name, int64_t limit,
                   int64_t window_s);

/* Cursor pages over something that has positions. Reads page[size] and page[after]. */
struct page {
  size_t from, to; /* positions of this page */
  bool cursor;     /* cursor style was asked for */
  int64_t number, size;
};
bool zendesk_page(struct exchange *x, size_t total, int64_t max, struct page *ret_page);
/* Writes meta and links, or count and next_page, as the style wants. */
void zendesk_page_write(struct exchange *x, struct buf *b, const struct page *p, size_t total);

struct zendesk_group {
  uint64_t id;
  const char *name;
  const char *description;
};
const struct zendesk_group *zendesk_group(uint64_t id); /* NULL when unknown */
uint64_t zendesk_default_group(void);
struct zendesk_field {
  uint64_t id;
  const char *type;
  const char *title;
};
extern const struct zendesk_field zendesk_fields[]; /* ends with id 0 */
const struct zendesk_field *zendesk_field(uint64_t id);
int64_t zendesk_custom_status(const struct exchange *x, enum status s);
int zendesk_custom_status_find(int64_t id); /* the status, or negative */

int64_t zendesk_author(const struct exchange *x, uint64_t person);
void zendesk_ticket_write(struct exchange *x, struct buf *b, const struct ticket *t);
/* Leaves the object open for more members; close it with jw_close. */
void zendesk_ticket_open(struct exchange *x, struct buf *b, const struct ticket *t);
/* Is the message a line of the messaging log, and no comment? */
bool zendesk_is_chat(const struct ticket *t, const struct entry *e);
void zendesk_comment_write(struct exchange *x, struct buf *b, const struct ticket *t,
                           const struct entry *e);
void zendesk_audit_write(struct exchange *x, struct buf *b, const struct ticket *t,
                         const struct entry *e);
void zendesk_user_write(struct exchange *x, struct buf *b, const struct person *p);
void zendesk_rating_write(struct exchange *x, struct buf *b, const struct ticket *t);
/* A list of users without repetition. */
struct users {
  uint64_t *ids;
  size_t n, cap;
  struct map seen;
};
void users_add(struct users *u, uint64_t id);
void users_write(struct exchange *x, struct buf *b,
                 struct users *u); /* writes "users":[...] and frees */

void zendesk_token(struct exchange *x);
/* Reads the credentials; 0 grants when they are refused, GRANT_ANONYMOUS when there are none. */
unsigned zendesk_grants(struct exchange *x, bool *ret_expired);

void zendesk_me(struct exchange *x);
void zendesk_user_show(struct exchange *x);
void zendesk_users_many(struct exchange *x);
void zendesk_show(struct exchange *x);
void zendesk_list(struct exchange *x);
void zendesk_show_many(struct exchange *x);
void zendesk_comments(struct exchange *x);
void zendesk_audits(struct exchange *x);
void zendesk_metrics(struct exchange *x);
void zendesk_metrics_by_id(struct exchange *x);
void zendesk_tags_get(struct exchange *x);
void zendesk_ratings(struct exchange *x);
void zendesk_deleted(struct exchange *x);
void zendesk_export_cursor(struct exchange *x);
void zendesk_export_time(struct exchange *x);
void zendesk_search(struct exchange *x);
void zendesk_search_export(struct exchange *x);
void zendesk_create(struct exchange *x);
void zendesk_update(struct exchange *x);
void zendesk_update_many(struct exchange *x);
void zendesk_tags_set(struct exchange *x);
void zendesk_tags_add(struct exchange *x);
void zendesk_tags_remove(struct exchange *x);
void zendesk_groups(struct exchange *x);
void zendesk_ticket_fields(struct exchange *x);
void zendesk_statuses(struct exchange *x);
void zendesk_macros(struct exchange *x);
void zendesk_job(struct exchange *x);
void zendesk_webhook_secret(struct exchange *x);

void zendesk_pushed(struct sim *s, const struct ticket *t, const struct entry *e);

#endif
