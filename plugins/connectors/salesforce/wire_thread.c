/* A case as Salesforce tells it, in the daemon's terms: who spoke, and what happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* A case whose stamp is not older than this was only touched by its own creation. */
#define NEW_MS 5000
/* ClosedDate and the row of history are written by one transaction. */
#define SAME_CLOSING_MS 5000

static const struct trg_str none = {NULL, 0};

/* Of a User; a guest or portal user is a customer, Salesforce's own users are machines. */
static int32_t user_author(struct trg_str id, struct trg_str type, struct trg_str own_id) {
  static const char *const customers[] = {"Csp", "Customer", "Power", "Guest", "Portal"};
  static const char *const machines[] = {"Automated", "Cloud", "System", "Bot"};
  if (id.n > 0 && hd_same(id, own_id)) return TRG_AUTHOR_SELF;
  for (size_t i = 0; i < sizeof customers / sizeof customers[0]; i++)
    if (hd_seek(type, customers[i]) == 0) return TRG_AUTHOR_CUSTOMER;
  for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
    if (hd_seek(type, machines[i]) == 0) return TRG_AUTHOR_BOT;
  return TRG_AUTHOR_AGENT;
}

int32_t salesforce_author_of(const struct sf_line *line, struct trg_str own_id) {
  if (line->list == SF_CASES || line->incoming) return TRG_AUTHOR_CUSTOMER;
  return user_author(line->author_id, line->author_type, own_id);
}

struct trg_str salesforce_address_of(const struct sf_case *kase) {
  return kase->contact_email.n > 0 ? kase->contact_email : kase->supplied_email;
}

bool salesforce_is_portal(const struct sf_case *kase, const char *mode) {
  if (mode != NULL && strcmp(mode, "auto") != 0) return strcmp(mode, "portal") == 0;
  return hd_seek(kase->origin, "portal") != SIZE_MAX ||
         hd_seek(kase->origin, "community") != SIZE_MAX;
}

static struct trg_str joined(struct hd_mem *mem, const char *head, struct trg_str middle,
                             const char *tail) {
  struct hd_buf buf = hd_buf_new(8192);
  hd_puts(&buf, head);
  hd_put_str(&buf, middle);
  hd_puts(&buf, tail);
  struct trg_str kept = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

/* ---- messages ---- */

enum likeness { LIKE_EQUAL, LIKE_BEGINNING, LIKE_COPY };

/* Compares letters and digits alone. BEGINNING: `a` begins with the whole of `b`. COPY: that, or
 * both were cut somewhere behind the same long beginning. */
static bool is_like(struct trg_str a, struct trg_str b, enum likeness likeness) {
  struct hd_buf x = hd_buf_new(a.n), y = hd_buf_new(b.n);
  salesforce_put_gist(&x, a);
  salesforce_put_gist(&y, b);
  const size_t n = x.n < y.n ? x.n : y.n;
  bool alike = n > 0 && memcmp(x.p, y.p, n) == 0;
  if (alike && likeness == LIKE_EQUAL)
    alike = x.n == y.n;
  else if (alike)
    alike = y.n == n || (likeness == LIKE_COPY && n >= 200);
  hd_buf_free(&x);
  hd_buf_free(&y);
  return alike;
}

/* Email-to-Case copies the first mail into the description (cut, and with other line breaks). */
static bool description_is_told(const struct sf_thread *thread) {
  for (size_t i = 0; i < thread->line_count; i++) {
    const struct sf_line *line = &thread->lines[i];
    if (line->list == SF_MAILS && line->incoming &&
        is_like(line->text, thread->kase.description, LIKE_COPY))
      return true;
  }
  return false;
}

static int by_time(const void *a, const void *b) {
  const struct sf_line *x = a, *y = b;
  if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
  if ((x->list == SF_CASES) != (y->list == SF_CASES)) return x->list == SF_CASES ? -1 : 1;
  if (x->list != y->list) return x->list - y->list;
  const size_t n = x->id.n < y->id.n ? x->id.n : y->id.n;
  return n > 0 ? memcmp(x->id.p, y->id.p, n) : 0;
}

void salesforce_thread_order(struct sf_thread *thread) {
  struct sf_case *kase = &thread->kase;
  salesforce_list_forget(thread, SF_CASES);
  if (kase->description.n > 0 && !description_is_told(thread)) {
    if (thread->line_count == thread->line_cap) {
      thread->line_cap = thread->line_cap * 2 + 8;
      thread->lines = realloc(thread->lines, thread->line_cap * sizeof *thread->lines);
      if (thread->lines == NULL) abort();
    }
    thread->lines[thread->line_count++] = (struct sf_line){
        .list = SF_CASES,
        .id = joined(&thread->mem, "case:", kase->id, ":description"),
        .author_id = salesforce_address_of(kase),
        .text = kase->description,
        .at_ms = kase->created_ms,
        .is_public = true};
  }
  if (thread->line_count > 0)
    qsort(thread->lines, thread->line_count, sizeof *thread->lines, by_time);
}

static void messages_tell(struct sf_thread *thread, struct trg_str own_id, struct trg_ticket *ret) {
  struct trg_message *messages = hd_take(&thread->mem, (thread->line_count + 1) * sizeof *messages);
  if (messages == NULL) return;
  for (size_t i = 0; i < thread->line_count; i++) {
    const struct sf_line *line = &thread->lines[i];
    messages[i] = (struct trg_message){.size = sizeof *messages,
                                       .id = line->id,
                                       .author = salesforce_author_of(line, own_id),
                                       .author_id = line->author_id,
                                       .author_name = line->author_name,
                                       .flags = (line->is_public ? TRG_MESSAGE_PUBLIC : 0) |
                                                (line->automatic ? TRG_MESSAGE_AUTO : 0),
                                       .at_ms = line->at_ms,
                                       .text = line->text};
  }
  ret->messages = messages;
  ret->message_count = thread->line_count;
}

/* ---- the guard ---- */

/* What a decision has to know of: what customers said, and what colleagues said to them. */
static bool matters(const struct sf_line *line, struct trg_str own_id) {
  int32_t author = salesforce_author_of(line, own_id);
  if (author == TRG_AUTHOR_CUSTOMER) return !line->automatic;
  return author == TRG_AUTHOR_AGENT && line->is_public;
}

static uint32_t talk_hash(const struct sf_thread *thread, struct trg_str own_id) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < thread->line_count; i++) {
    const struct sf_line *line = &thread->lines[i];
    if (!matters(line, own_id)) continue;
    for (size_t k = 0; k < line->id.n; k++)
      hash = (hash ^ (unsigned char)line->id.p[k]) * 16777619u;
  }
  return hash;
}

struct trg_str salesforce_version_of(struct sf_thread *thread, struct trg_str own_id) {
  struct hd_buf buf = hd_buf_new(128);
  char hash[12];
  salesforce_put_time(&buf, thread->kase.stamp_ms);
  snprintf(hash, sizeof hash, "/%08x", (unsigned)talk_hash(thread, own_id));
  hd_puts(&buf, hash);
  struct trg_str kept = hd_keep(&thread->mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

static struct trg_str part_of(struct trg_str version, bool stamp) {
  const char *slash = version.n > 0 ? memchr(version.p, '/', version.n) : NULL;
  if (slash == NULL) return stamp ? version : none;
  const size_t n = (size_t)(slash - version.p);
  return stamp ? (struct trg_str){version.p, n} : (struct trg_str){slash + 1, version.n - n - 1};
}

bool salesforce_is_changed(struct sf_thread *thread, const struct trg_action *action,
                           struct trg_str own_id) {
  const struct trg_str now = salesforce_version_of(thread, own_id);
  return !hd_same(part_of(now, true), part_of(action->version, true));
}

bool salesforce_has_news(struct sf_thread *thread, const struct trg_action *action,
                         struct trg_str own_id) {
  const struct trg_str known = part_of(action->version, false);
  if (known.n == 8) /* all that was said then, and now */
    return !hd_same(known, part_of(salesforce_version_of(thread, own_id), false));
  /* A version of somebody else's making: whatever came after the message that was answered. */
  bool seen = action->last_message_id.n == 0;
  for (size_t i = 0; i < thread->line_count; i++) {
    if (action->last_message_id.n > 0 && hd_same(thread->lines[i].id, action->last_message_id))
      seen = true;
    else if (seen && action->last_message_id.n > 0 && matters(&thread->lines[i], own_id))
      return true;
  }
  return !seen;
}

/* ---- looking for what we wrote ---- */

/* Our text as it would be read back. */
static void put_as_read(struct hd_buf *buf, int list, struct trg_str html) {
  struct hd_buf sent = hd_buf_new(html.n * 8 + 8192);
  if (list == SF_COMMENTS) {
    salesforce_put_comment_text(buf, html, SF_COMMENT_BYTES);
  } else {
    if (list == SF_FEED)
      salesforce_put_feed_html(&sent, html, SF_FEED_CHARS);
    else
      salesforce_put_mail_html(&sent, html, SF_MAIL_BYTES);
    hd_put_html_text(buf, hd_slice(&sent));
  }
  hd_buf_free(&sent);
}

const struct sf_line *salesforce_line_find(const struct sf_thread *thread, int list, bool is_public,
                                           struct trg_str own_id, struct trg_str html,
                                           int64_t after_ms) {
  struct hd_buf text = hd_buf_new(html.n * 8 + 8192);
  const struct sf_line *found = NULL;
  put_as_read(&text, list, html);
  struct trg_str wanted = hd_slice(&text);
  if (list == SF_MAILS) wanted = salesforce_unquoted(wanted);
  for (size_t i = 0; i < thread->line_count && found == NULL; i++) {
    const struct sf_line *line = &thread->lines[i];
    if (line->list != list || line->at_ms < after_ms || line->is_public != is_public ||
        salesforce_author_of(line, own_id) != TRG_AUTHOR_SELF)
      continue;
    /* Behind a mail's text come a signature and the threading token. */
    if (is_like(line->text, wanted, list == SF_MAILS ? LIKE_BEGINNING : LIKE_EQUAL)) found = line;
  }
  hd_buf_free(&text);
  return found;
}

/* ---- facts ---- */

struct telling {
  struct sf_thread *thread;
  struct trg_str own_id;
  const struct sf_statuses *statuses;
  struct trg_ticket_fact *facts;
  size_t count, cap;
  bool tracked, closing_told; /* history tells statuses; it tells the present closing */
};

static void fact_add(struct telling *t, int32_t kind, struct trg_str id, int64_t at_ms, int32_t by,
                     struct trg_str value) {
  if (t->count < t->cap)
    t->facts[t->count++] = (struct trg_ticket_fact){sizeof *t->facts, kind, id, at_ms, by, value};
}

/* "case:500...:closed:1795225000": by the event's time, which ClosedDate and history share. */
static struct trg_str event_id(struct telling *t, const char *what, int64_t at_ms) {
  char tail[64];
  snprintf(tail, sizeof tail, ":%s:%lld", what, (long long)(at_ms / 1000));
  return joined(&t->thread->mem, "case:", t->thread->kase.id, tail);
}

static void status_tell(struct telling *t, const struct sf_change *change) {
  const int before = salesforce_status_is_closed(t->statuses, change->before);
  const int after = salesforce_status_is_closed(t->statuses, change->after);
  const int32_t by = user_author(change->author_id, change->author_type, t->own_id);
  const int64_t apart_ms = llabs(change->at_ms - t->thread->kase.closed_ms);
  if (after == 1 && before != 1) {
    fact_add(t, TRG_FACT_SOLVED, event_id(t, "closed", change->at_ms), change->at_ms, by, none);
    t->closing_told = t->closing_told || apart_ms <= SAME_CLOSING_MS;
  } else if (before == 1 && after == 0) {
    fact_add(t, TRG_FACT_REOPENED, event_id(t, "reopened", change->at_ms), change->at_ms, by, none);
  }
}

/* Owner changes give two rows, one with names and one with ids. Rules assign cases all day; only a
 * person who does it has taken over. */
static void owner_tell(struct telling *t, const struct sf_change *change) {
  const int32_t by = user_author(change->author_id, change->author_type, t->own_id);
  const bool person = salesforce_is_id(change->after, "005");
  if (by != TRG_AUTHOR_AGENT || (!person && !salesforce_is_id(change->after, "00G"))) return;
  fact_add(t, TRG_FACT_ASSIGNED, joined(&t->thread->mem, "history:", change->id, ":owner"),
           change->at_ms, by,
           joined(&t->thread->mem, person ? "agent:" : "queue:", change->after, ""));
}

static void history_tell(struct telling *t) {
  for (size_t i = 0; i < t->thread->change_count; i++) {
    const struct sf_change *change = &t->thread->changes[i];
    if (hd_is(change->field, "Status")) {
      t->tracked = true;
      status_tell(t, change);
    } else if (hd_is(change->field, "Owner")) {
      owner_tell(t, change);
    }
  }
}

/* Who closed a case whose statuses are not tracked: whoever changed it last, if nobody did since.
 */
static int32_t closer_of(const struct telling *t) {
  const struct sf_case *kase = &t->thread->kase;
  if (kase->modified_ms - kase->closed_ms > SAME_CLOSING_MS) return TRG_AUTHOR_UNKNOWN;
  return user_author(kase->modified_by, none, t->own_id);
}

static void closing_tell(struct telling *t) {
  const struct sf_case *kase = &t->thread->kase;
  if (!kase->is_closed || kase->closed_ms == 0) return;
  if (!t->closing_told)
    fact_add(t, TRG_FACT_SOLVED, event_id(t, "closed", kase->closed_ms), kase->closed_ms,
             closer_of(t), none);
  if (t->tracked) return;
  /* Nothing tells of a reopening but the customer's own mail. */
  for (size_t i = 0; i < t->thread->line_count; i++) {
    const struct sf_line *line = &t->thread->lines[i];
    if (line->incoming && !line->automatic && line->at_ms > kase->closed_ms)
      fact_add(t, TRG_FACT_REOPENED, joined(&t->thread->mem, "mail:", line->id, ":reopened"),
               line->at_ms, TRG_AUTHOR_CUSTOMER, none);
  }
}

static void facts_tell(struct telling *t, struct trg_ticket *ret) {
  struct sf_thread *thread = t->thread;
  const struct sf_case *kase = &thread->kase;
  t->cap = thread->change_count + thread->line_count + 4;
  t->facts = hd_take(&thread->mem, t->cap * sizeof *t->facts);
  if (t->facts == NULL) return;
  history_tell(t);
  if (ret->status == TRG_STATUS_MERGED)
    fact_add(t, TRG_FACT_MERGED, joined(&thread->mem, "case:", kase->id, ":merged"), kase->stamp_ms,
             TRG_AUTHOR_AGENT, kase->master_id);
  else if (ret->status == TRG_STATUS_DELETED)
    fact_add(t, TRG_FACT_DELETED, joined(&thread->mem, "case:", kase->id, ":deleted"),
             kase->stamp_ms, TRG_AUTHOR_UNKNOWN, none);
  else
    closing_tell(t);
  ret->facts = t->facts;
  ret->fact_count = t->count;
}

/* ---- the whole ---- */

static int32_t channel_of(struct trg_str origin) {
  static const struct {
    const char *word;
    int32_t channel;
  } known[] = {{"mail", TRG_CHANNEL_EMAIL},
               {"messag", TRG_CHANNEL_MESSAGING},
               {"whatsapp", TRG_CHANNEL_MESSAGING},
               {"sms", TRG_CHANNEL_MESSAGING},
               {"chat", TRG_CHANNEL_CHAT},
               {"phone", TRG_CHANNEL_VOICE},
               {"voice", TRG_CHANNEL_VOICE},
               {"facebook", TRG_CHANNEL_SOCIAL},
               {"twitter", TRG_CHANNEL_SOCIAL},
               {"social", TRG_CHANNEL_SOCIAL},
               {"api", TRG_CHANNEL_API},
               {"web", TRG_CHANNEL_WEB},
               {"portal", TRG_CHANNEL_WEB},
               {"community", TRG_CHANNEL_WEB}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (hd_seek(origin, known[i].word) != SIZE_MAX) return known[i].channel;
  return TRG_CHANNEL_OTHER;
}

/* A multi-select picklist is one text with semicolons. */
static void tags_tell(struct sf_thread *thread, struct trg_ticket *ret) {
  const struct trg_str list = thread->kase.tags;
  size_t most = list.n > 0 ? 1 : 0;
  for (size_t i = 0; i < list.n; i++) most += list.p[i] == ';';
  struct trg_str *tags = most > 0 ? hd_take(&thread->mem, most * sizeof *tags) : NULL;
  for (size_t at = 0; tags != NULL && at < list.n;) {
    const char *end = memchr(list.p + at, ';', list.n - at);
    const size_t n = end != NULL ? (size_t)(end - list.p) - at : list.n - at;
    if (n > 0) tags[ret->tag_count++] = (struct trg_str){list.p + at, n};
    at += n + 1;
  }
  ret->tags = tags;
}

static int32_t status_of(const struct sf_case *kase, const struct sf_statuses *statuses) {
  if (kase->master_id.n > 0 && !hd_same(kase->master_id, kase->id))
    return TRG_STATUS_MERGED; /* a loser of a merge is deleted, or kept and says so */
  if (kase->is_deleted) return TRG_STATUS_DELETED;
  return salesforce_status_of(statuses, kase->status, kase->is_closed);
}

void salesforce_thread_tell(struct sf_thread *thread, struct trg_str base_url,
                            struct trg_str own_id, const struct sf_statuses *statuses,
                            struct trg_ticket *ret) {
  struct sf_case *kase = &thread->kase;
  struct telling telling = {.thread = thread, .own_id = own_id, .statuses = statuses};
  *ret = (struct trg_ticket){.size = sizeof *ret,
                             .id = kase->id,
                             .version = salesforce_version_of(thread, own_id),
                             .subject = kase->subject,
                             .status = status_of(kase, statuses),
                             .channel = channel_of(kase->origin),
                             .priority = kase->priority,
                             .team = kase->owner_name,
                             .language = kase->language,
                             .requester_id = kase->contact_id,
                             .requester_name = kase->contact_name,
                             .requester_email = salesforce_address_of(kase),
                             .created_ms = kase->created_ms,
                             .updated_ms = kase->stamp_ms};
  if (ret->team.n == 0) ret->team = kase->owner_id;
  if (ret->requester_name.n == 0) ret->requester_name = kase->supplied_name;
  if (ret->requester_id.n == 0) ret->requester_id = ret->requester_email;
  if (ret->status == TRG_STATUS_MERGED) ret->merged_into = kase->master_id;
  if (thread->partial) ret->flags |= TRG_TICKET_PARTIAL;
  struct trg_str path = joined(&thread->mem, "/lightning/r/Case/", kase->id, "/view");
  struct hd_buf url = hd_buf_new(1024);
  hd_put_str(&url, base_url);
  hd_put_str(&url, path);
  ret->url = hd_keep(&thread->mem, hd_slice(&url));
  hd_buf_free(&url);
  tags_tell(thread, ret);
  messages_tell(thread, own_id, ret);
  facts_tell(&telling, ret);
}

bool salesforce_needs_history(const struct sf_thread *thread) {
  const struct sf_case *kase = &thread->kase;
  return kase->is_closed || kase->stamp_ms - kase->created_ms > NEW_MS;
}
