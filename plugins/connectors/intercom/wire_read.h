/*
 * One conversation or ticket: reply bytes to structs, and structs to the daemon's terms, facts and
 * the guard of writes. Pure: no host calls, no clock. What the parser gives lives in the thread's
 * arena until intercom_thread_free().
 *
 * Ids: a conversation has its own, "515"; a ticket has Intercom's internal id (never the one that
 * is displayed) behind a word, "ticket-88", because the two are asked for at different addresses.
 */
#ifndef INTERCOM_WIRE_READ_H
#define INTERCOM_WIRE_READ_H

#include <triaged/connector.h>

#include "text.h"

#define INTERCOM_TICKET_PREFIX "ticket-"
#define INTERCOM_PARTS_MAX     2000 /* the API gives 500; more is nothing it would send */

struct intercom_key { /* the daemon's id, taken apart */
  bool is_ticket;
  struct trg_str id; /* digits */
};
bool intercom_key_read(struct trg_str id, struct intercom_key *ret);

struct intercom_author {
  struct trg_str type, id, name, email;
  bool ai; /* the vendor's own AI spoke */
};
struct intercom_part { /* the opening message is one too, as "source" or "description" */
  struct trg_str id, type, text, marker, state_before, state, to_type, to_id;
  struct intercom_author author;
  struct trg_attachment *attachments;
  size_t attachment_count;
  bool has_body, redacted, by_api, automatic;
  int64_t at_s;
};
struct intercom_pair { /* a tag's id and name, or an attribute's name and text value */
  struct trg_str a, b;
};
struct intercom_item {
  struct trg_str id, version, title, state, priority, channel, delivered_as, category;
  struct trg_str team_id, admin_id, contact_id, ticket_id, ai_state, type_id, resolved_state_id;
  struct intercom_pair *tags, *attributes;
  size_t tag_count, attribute_count;
  bool is_ticket, is_shared, is_open, has_open;
  int64_t created_s, updated_s, last_contact_s, last_close_s, snoozed_s;
  int64_t rating, rating_s, ai_rating, ai_rating_s;
  size_t parts_total; /* as the vendor counts them */
};
struct intercom_thread {
  struct hd_mem mem;
  struct intercom_item item;
  struct intercom_part *parts; /* oldest first */
  size_t part_count, part_cap, text_bytes;
  struct intercom_author contact; /* when it was read apart */
  bool partial;
};
void intercom_thread_init(struct intercom_thread *thread);
void intercom_thread_free(struct intercom_thread *thread);
/* Fills an empty thread. plain: it was asked for with display_as=plaintext. 0, or -1 with err
 * (code "malformed"). */
int intercom_thread_read(struct intercom_thread *thread, struct trg_str body, bool is_ticket,
                         bool plain, struct trg_err *err);
/* One part alone: the answer to a ticket's reply. */
int intercom_part_read(struct intercom_thread *thread, struct trg_str body, struct trg_err *err);
int intercom_contact_read(struct intercom_thread *thread, struct trg_str body, struct trg_err *err);

/* ---- wire_thread.c ---- */
struct intercom_me { /* who we are: of GET /me */
  char id[24], app_id[64], region[8];
  bool has_seat;
};
int32_t intercom_author_of(const struct intercom_part *part, struct trg_str own_id);
bool intercom_is_message(const struct intercom_part *part);
bool intercom_is_private(const struct intercom_part *part);
bool intercom_is_merged(const struct intercom_thread *thread);
uint32_t intercom_flags_of(const struct intercom_thread *thread); /* TRG_TICKET_* */
/* Would the requester's address have to be asked for? */
bool intercom_needs_contact(const struct intercom_thread *thread);
/* In the daemon's terms; slices of the thread. */
void intercom_thread_tell(struct intercom_thread *thread, const struct intercom_me *me,
                          struct trg_ticket *ret);

/* ---- wire_facts.c ---- */
void intercom_facts_tell(struct intercom_thread *thread, struct trg_str own_id,
                         struct trg_ticket *ret);
struct trg_str intercom_joined(struct hd_mem *mem, struct trg_str a, struct trg_str b,
                               struct trg_str c);

/* ---- wire_guard.c ---- */
/* Did somebody speak, or close it, since the action was decided? NULL: no; else what happened. */
const char *intercom_news(const struct intercom_thread *fresh, const struct trg_action *action,
                          struct trg_str own_id);
/* Our own part that this text made: by our admin through the API, private or not, not before
 * since_s, and with the marker or the same words. NULL: there is none. */
const struct intercom_part *intercom_own_part(const struct intercom_thread *thread,
                                              struct trg_str own_id, bool is_note,
                                              struct trg_str html, struct trg_str marker,
                                              int64_t since_s);
/* The letters, digits and symbols of a text: what is compared, because the vendor may set blanks,
 * punctuation and list marks anew. */
void intercom_put_essence(struct hd_buf *buf, struct trg_str text);

#endif
