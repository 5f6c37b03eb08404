/* What the files of the Intercom side share. A conversation is a ticket of the store; a ticket line
 * whose type is ticket, request, task or tracker is one of Intercom's own tickets instead. */
#ifndef SIM_INTERCOM_H
#define SIM_INTERCOM_H

#include "http.h"

enum { PARTS_MAX = 500, PER_PAGE_MAX = 150, VERSION_NEW_WORDS = 16 };

struct intercom {
  uint64_t requests;
  int64_t window_ms; /* of the rate limit, in real time */
  int64_t used;
  const char **tags; /* made through the API; those on tickets exist anyhow */
  size_t tag_count;
  uint64_t *snoozed; /* numbers of what must wake up */
  size_t snoozed_count;
  char **revoked; /* tokens */
  size_t revoked_count;
};

/* For whom something is written: bodies and words depend on it. */
struct view {
  struct sim *sim;
  unsigned minor; /* 14 for version 2.14 */
  bool plain;     /* display_as=plaintext */
};
struct view intercom_view(struct exchange *x);

/* One part of a thread: a message, or an event without a body. */
struct part {
  uint64_t id, author;
  int64_t at_ms;
  const char *type;
  const char *text, *html;
  enum status before, after;
  uint64_t assigned;
  bool team, fin, api, redacted;
  const struct change *attr; /* event of an attribute */
};
struct parts {
  struct part *list;
  size_t n, cap;
};
/* The caller frees list. */
void intercom_parts(const struct sim *s, const struct ticket *t, struct parts *ret_parts);

struct intercom_team {
  uint64_t id;
  const char *name;
};
extern const struct intercom_team intercom_teams[]; /* ends with id 0 */
bool intercom_is_admin(const struct sim *s, uint64_t id);
bool intercom_is_team(uint64_t id);

static inline struct desk *intercom_desk(const struct sim *s) {
  return (struct desk *)&s->store.desks[DESK_INTERCOM];
}
bool intercom_is_ticket(const struct ticket *t);
bool intercom_is_closed(enum status s);
const char *intercom_state(enum status s);
const char *intercom_category(const struct ticket *t); /* request, task or tracker */
uint64_t intercom_type_id(const struct ticket *t);
int64_t intercom_position(const struct sim *s, const struct ticket *t);
/* Attributes that the simulator keeps for itself. */
bool intercom_attr_hidden(const char *key);
int64_t intercom_waiting_ms(const struct sim *s, const struct ticket *t);
int64_t intercom_snoozed_ms(const struct ticket *t);
/* The word that this version uses; NULL when Fin had no part in it. The buffer takes the word. */
const char *intercom_resolution(const struct ticket *t, unsigned minor, char *word, size_t bytes);
const char *intercom_priority(const struct ticket *t, unsigned minor);

#define CONTACT_ID 32
/* Contacts have ids of 24 hexadecimal digits. */
const char *intercom_contact_id(uint64_t person, char ret_text[CONTACT_ID]);
uint64_t intercom_contact_find(const struct sim *s, const char *text); /* 0 when unknown */
uint64_t intercom_tag_id(const char *name);
/* NULL when there is no such tag. */
const char *intercom_tag_name(struct exchange *x, uint64_t id);

void k_seconds(struct buf *b, const char *key, int64_t ms); /* 0 writes null */
void k_id(struct buf *b, const char *key, uint64_t id);     /* as text; 0 writes null */
void intercom_author_write(const struct view *v, struct buf *b, uint64_t person, bool fin);
void intercom_contacts_write(struct buf *b, const struct ticket *t);
void intercom_links_write(struct buf *b);
void intercom_body_write(const struct view *v, struct buf *b, const char *text, const char *html);
/* The same of a message, from which everything may have been taken out. */
void intercom_said_write(const struct view *v, struct buf *b, const char *text, const char *html,
                         bool redacted);
void intercom_tag_write(const struct view *v, struct buf *b, const struct ticket *t,
                        const char *name);
void intercom_conversation_write(const struct view *v, struct buf *b, const struct ticket *t,
                                 bool with_parts);
void intercom_ticket_write(const struct view *v, struct buf *b, const struct ticket *t);
void intercom_ticket_part_write(const struct view *v, struct buf *b, const struct part *p);
/* What the newest version calls them. */
struct ticket_state {
  uint64_t id;
  const char *category, *label;
  enum status status;
};
const struct ticket_state *intercom_states(const struct sim *s); /* ends with id 0 */
const struct ticket_state *intercom_ticket_state(const struct sim *s, enum status status);

void intercom_error(struct exchange *x, int status, const char *code, const char *message,
                    const char *field);
void intercom_not_found(struct exchange *x);
/* The conversation or ticket of the path, or NULL when it has answered 404. */
struct ticket *intercom_conversation(struct exchange *x);
struct ticket *intercom_ticket(struct exchange *x);
/* An id, written as a number or as text; 0 when it is neither. */
uint64_t intercom_wish_id(const cJSON *v);

/* Queries. The text of a query outlives what was read from it. */
struct query;
struct query *query_read(struct exchange *x, const cJSON *json, bool tickets); /* NULL: answered */
bool query_fits(const struct query *q, const struct sim *s, const struct ticket *t);
void query_free(struct query *q);

void intercom_me(struct exchange *x);
void intercom_admins(struct exchange *x);
void intercom_teams_list(struct exchange *x);
void intercom_macros(struct exchange *x);
void intercom_tags_list(struct exchange *x);
void intercom_tag_make(struct exchange *x);
void intercom_contact(struct exchange *x);
void intercom_ticket_types(struct exchange *x);
void intercom_ticket_states(struct exchange *x);
void intercom_conversations_list(struct exchange *x);
void intercom_conversations_search(struct exchange *x);
void intercom_tickets_search(struct exchange *x);
void intercom_conversation_show(struct exchange *x);
void intercom_conversation_update(struct exchange *x);
void intercom_conversation_reply(struct exchange *x);
void intercom_conversation_part(struct exchange *x);
void intercom_tag_attach(struct exchange *x);
void intercom_tag_detach(struct exchange *x);
void intercom_ticket_show(struct exchange *x);
void intercom_ticket_update(struct exchange *x);
void intercom_ticket_reply(struct exchange *x);

void intercom_snooze(void *state, struct edit *e, int64_t until_ms);
void intercom_pushed(struct sim *s, const struct ticket *t, const struct entry *e);

#endif
