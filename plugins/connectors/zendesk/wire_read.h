/*
 * Tickets, comments, audits and pages of the export: reply bytes to structs, and a whole ticket to
 * the daemon's terms. Pure: no host calls, no clock. What the parsers give lives in the struct's
 * arena until zd_thread_free() or zd_export_free(). Parsers return 0, or -1 with err (code
 * "malformed").
 */
#ifndef ZENDESK_WIRE_READ_H
#define ZENDESK_WIRE_READ_H

#include <triaged/connector.h>

#include "text.h"
#include "wire_reply.h"

#define ZD_MEM_BYTES  ((size_t)96 << 20) /* ceiling of what one ticket or page may take */
#define ZD_BODY_BYTES 64000              /* Zendesk cuts comment bodies at 64 kB without a word */

struct zd_ticket {
  struct trg_str id, version, subject, description, status, custom_status_id, priority;
  struct trg_str group_id, assignee_id, requester_id, updated_at, channel, csat_id, csat_score;
  struct trg_str group_name;
  struct trg_str *tags, *followups;
  size_t tag_count, followup_count;
  bool messaging;
  int64_t created_ms, updated_ms;
};
struct zd_user {
  struct trg_str id, role, name, email, locale;
};
struct zd_comment {
  struct trg_str id, audit_id, author_id, text, channel, rel, merge_target;
  struct trg_attachment *attachments;
  size_t attachment_count;
  uint32_t flags; /* one bit for each comment flag below 32 */
  bool is_public, redacted;
  int64_t at_ms;
};
struct zd_change { /* one event of an audit */
  struct trg_str id, type, field, value, previous;
  bool is_public;
};
struct zd_audit {
  struct trg_str id, author_id, marker, channel;
  struct zd_change *events;
  size_t event_count;
  int64_t at_ms;
};
struct zd_chat { /* one line of a messaging conversation, from an audit */
  struct trg_str id, actor_id, actor_name, actor_type, text;
  int64_t at_ms;
};
struct zd_page { /* what a list reply says of its next page */
  bool has_more;
  struct trg_str cursor; /* "#2" asks by page number instead */
};
/* A ticket with everything that was read for it so far; filled by reply after reply. */
struct zd_thread {
  struct hd_mem mem;
  struct zd_ticket ticket;
  struct zd_user *users;
  struct zd_comment *comments;
  struct zd_audit *audits;
  struct zd_chat *chats;
  size_t user_count, user_cap, comment_count, comment_cap, audit_count, audit_cap;
  size_t chat_count, chat_cap, text_bytes;
  bool partial;
};
void zd_thread_init(struct zd_thread *thread);
void zd_thread_free(struct zd_thread *thread);
int zd_ticket_read(struct zd_thread *thread, struct trg_str body, struct trg_err *err);
int zd_comments_read(struct zd_thread *thread, struct trg_str body, struct zd_page *ret_page,
                     struct trg_err *err);
int zd_audits_read(struct zd_thread *thread, struct trg_str body, struct zd_page *ret_page,
                   struct trg_err *err);
const struct zd_user *zd_user_find(const struct zd_thread *thread, struct trg_str id);

/* One page of the incremental export. */
struct zd_export {
  struct hd_mem mem;
  struct trg_notice *notices;
  size_t count;
  struct trg_str cursor;
  bool end_of_stream;
};
int zd_export_read(struct zd_export *ret, struct trg_str body, struct trg_err *err);
void zd_export_free(struct zd_export *page);

/* ---- wire_thread.c ---- */
/* The ticket in the daemon's terms; slices of the thread. own_id: the account we write with. */
void zd_thread_tell(struct zd_thread *thread, struct trg_str base_url, struct trg_str own_id,
                    const struct zd_statuses *statuses, struct trg_ticket *ret);
bool zd_needs_audits(const struct zd_thread *thread, struct trg_str own_id);
bool zd_needs_statuses(const struct zd_thread *thread);
int32_t zd_author_of(const struct zd_thread *thread, struct trg_str id, struct trg_str channel,
                     struct trg_str own_id);
/* Did somebody say something since the action was decided that the decision did not know of? */
enum zd_news { ZD_NEWS_NONE, ZD_NEWS_SOME, ZD_NEWS_READ_ON };
int zd_news_since(const struct zd_thread *newest_first, const struct trg_action *action,
                  struct trg_str own_id, bool is_last_page);

#endif
