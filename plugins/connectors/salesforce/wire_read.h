/*
 * A case and what was said in it: reply bytes to structs, and the whole to the daemon's terms.
 * Pure: no host calls, no clock. What the parsers give lives in the thread's arena until
 * salesforce_thread_free(). Parsers return 0, or -1 with err (code "malformed").
 */
#ifndef SALESFORCE_WIRE_READ_H
#define SALESFORCE_WIRE_READ_H

#include <triaged/connector.h>

#include "text.h"
#include "wire_query.h"
#include "wire_reply.h"

#define SF_MEM_BYTES ((size_t)96 << 20) /* ceiling of what one case or page may take */

/* Names of columns that the settings add; "": none. */
struct sf_columns {
  char category[80], tags[80], marker[80];
};

struct sf_case {
  struct trg_str id, subject, description, status, priority, origin, owner_id, owner_name, language;
  struct trg_str contact_id, contact_name, contact_email, supplied_email, supplied_name;
  struct trg_str master_id, modified_by, category, tags, marker;
  int64_t created_ms, modified_ms, stamp_ms, closed_ms;
  bool is_closed, is_deleted;
};
struct sf_line { /* one message: a mail, a comment or a post */
  int list;      /* enum sf_list; SF_CASES: the description */
  struct trg_str id, author_id, author_name, author_type, text, address, recipients;
  int64_t at_ms; /* when it came into Salesforce */
  bool is_public, incoming, automatic;
};
struct sf_change { /* one row of the case's history */
  struct trg_str id, field, before, after, author_id, author_type;
  int64_t at_ms;
};
struct sf_page {
  bool done;
  struct trg_str next;
};
/* A case with everything that was read for it so far; filled by reply after reply. */
struct sf_thread {
  struct hd_mem mem;
  struct sf_case kase;
  struct sf_line *lines;
  struct sf_change *changes;
  size_t line_count, line_cap, change_count, change_cap, text_bytes;
  bool found, partial;
};
void salesforce_thread_init(struct sf_thread *thread);
void salesforce_thread_free(struct sf_thread *thread);
/* thread->found says whether there is such a case. */
int salesforce_case_read(struct sf_thread *thread, const struct sf_columns *columns,
                         struct trg_str body, struct trg_err *err);
/* A page of mails, comments, posts, or history. */
int salesforce_list_read(struct sf_thread *thread, int list, struct trg_str body,
                         struct sf_page *ret_page, struct trg_err *err);
/* Forgets what was read of a list, to read it again from its beginning. */
void salesforce_list_forget(struct sf_thread *thread, int list);
bool salesforce_feed_is_talk(struct trg_str type);

/* ---- wire_thread.c ---- */
int32_t salesforce_author_of(const struct sf_line *line, struct trg_str own_id);
/* Puts the messages into order of time, the description (unless a mail says the same) first. */
void salesforce_thread_order(struct sf_thread *thread);
/* The case in the daemon's terms; slices of the thread, which must be in order. */
void salesforce_thread_tell(struct sf_thread *thread, struct trg_str base_url,
                            struct trg_str own_id, const struct sf_statuses *statuses,
                            struct trg_ticket *ret);
struct trg_str
salesforce_address_of(const struct sf_case *kase); /* of the customer; may be empty */
/* Is the customer answered by a published comment? mode: the setting write.reply. */
bool salesforce_is_portal(const struct sf_case *kase, const char *mode);
/* What the guard compares: the stamp of the case, and all that customers and colleagues said. */
struct trg_str salesforce_version_of(struct sf_thread *thread, struct trg_str own_id);
/* Did somebody say something that the decision did not know of? */
bool salesforce_has_news(struct sf_thread *thread, const struct trg_action *action,
                         struct trg_str own_id);
/* Was the case itself changed since? */
bool salesforce_is_changed(struct sf_thread *thread, const struct trg_action *action,
                           struct trg_str own_id);
/* Does the case's history need to be read? Not of one that only its creation touched. */
bool salesforce_needs_history(const struct sf_thread *thread);
/* The message of this kind that we wrote with this text since after_ms; NULL: there is none. */
const struct sf_line *salesforce_line_find(const struct sf_thread *thread, int list, bool is_public,
                                           struct trg_str own_id, struct trg_str html,
                                           int64_t after_ms);

#endif
