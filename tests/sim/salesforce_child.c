/* What belongs to cases: mails, comments, posts, and the history of fields. */
#include "salesforce.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HISTORY_PER_ENTRY = 64, QUOTE_DEPTH = 12 };

static uint64_t kind_of(struct exchange *x, const struct entry *e) {
  const struct salesforce *sf = x->state;
  uint64_t kind = 0;
  return map_get(&sf->kinds, e->message_id, &kind) ? kind : 0;
}

unsigned sf_message_flags(struct exchange *x, const struct entry *e) {
  return (unsigned)(kind_of(x, e) & (TOKEN_IN_BODY | TOKEN_IN_SUBJECT));
}

enum sf_message sf_message(struct exchange *x, const struct ticket *t, const struct entry *e) {
  if (!(e->flags & ENTRY_MESSAGE)) {
    return MESSAGE_NONE;
  }
  uint64_t kind = kind_of(x, e);
  if (kind) {
    return (enum sf_message)(kind & 15);
  }
  if (e->flags & ENTRY_CREATES) {
    return strcmp(t->channel, "email") == 0 ? MAIL_IN : MESSAGE_NONE;
  }
  if (e->flags & (ENTRY_COMMENT | ENTRY_POST)) {
    return e->flags & ENTRY_COMMENT ? COMMENT : FEED;
  }
  const struct person *p = person_get(&x->sim->store, e->author);
  if (p == NULL || p->role == ROLE_CUSTOMER) {
    return MAIL_IN;
  }
  return e->flags & ENTRY_PUBLIC ? MAIL_OUT : COMMENT;
}

const char *sf_message_prefix(enum sf_message m) {
  return m == COMMENT ? "00a" : m == FEED ? "0D5" : "02s";
}

const char *sf_thread_token(const struct ticket *t, char ret_token[64]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint64_t h = hash_mix(t->number, 0x7ead);
  char word[23];
  for (size_t i = 0; i < sizeof word - 1; i++) {
    word[i] = letters[h & 63];
    h = hash_mix(h, i);
  }
  word[sizeof word - 1] = '\0';
  snprintf(ret_token, 64, "thread::%s::", word);
  return ret_token;
}

static void said_by(struct exchange *x, const struct ticket *t, const struct entry *e,
                    struct buf *name, struct buf *address) {
  const struct person *p = person_get(&x->sim->store, e->author);
  bool customer = p == NULL || p->role == ROLE_CUSTOMER;
  (void)t;
  buf_str(name, p ? p->name : "Customer");
  buf_str(address, customer ? (p ? p->email : "unknown@people.example") : SF_SUPPORT);
}

/* A message of the thread behind "> ", and behind it what it quoted itself. */
static void quote(struct exchange *x, const struct ticket *t, const struct entry *e, size_t depth,
                  struct buf *out) {
  struct buf name = {0};
  struct buf address = {0};
  char when[64];
  time_t at = (time_t)(e->at_ms / 1000);
  struct tm tm;
  gmtime_r(&at, &tm);
  strftime(when, sizeof when, "%a, %d %b %Y at %H:%M", &tm);
  said_by(x, t, e, &name, &address);
  for (size_t i = 1; i < depth; i++) {
    buf_str(out, "> ");
  }
  buf_printf(out, "On %s, %s <%s> wrote:\n", when, buf_text(&name), buf_text(&address));
  for (const char *at_line = e->text; at_line && *at_line;) {
    size_t n = strcspn(at_line, "\n");
    for (size_t i = 0; i < depth; i++) {
      buf_str(out, "> ");
    }
    buf_add(out, at_line, n);
    buf_char(out, '\n');
    at_line += n + (at_line[n] == '\n' ? 1 : 0);
  }
  buf_free(&name);
  buf_free(&address);
}

void sf_mail_text(struct exchange *x, const struct ticket *t, uint32_t at, struct buf *out) {
  const struct entry *e = &t->entries[at];
  enum sf_message m = sf_message(x, t, e);
  char token[64];
  bool api = kind_of(x, e) != 0;
  bool answered = false;
  size_t depth = 0;
  buf_str(out, e->text ? e->text : "");
  if (m == MAIL_OUT && (!api || (sf_message_flags(x, e) & TOKEN_IN_BODY))) {
    buf_printf(out, "\n\n%s", sf_thread_token(t, token));
  }
  for (uint32_t i = at; i-- > 0 && depth < QUOTE_DEPTH && !api;) {
    const struct entry *before = &t->entries[i];
    if (!(before->flags & ENTRY_MESSAGE) || !(before->flags & ENTRY_PUBLIC)) {
      continue;
    }
    buf_str(out, depth == 0 ? "\n\n" : "");
    quote(x, t, before, ++depth, out);
    answered = answered || sf_message(x, t, before) == MAIL_OUT;
  }
  if (m == MAIL_IN && answered) {
    buf_printf(out, "> %s\n", sf_thread_token(t, token));
  }
  buf_text(out);
}

void sf_mail_subject(struct exchange *x, const struct ticket *t, uint32_t at, struct buf *out) {
  const struct salesforce *sf = x->state;
  const struct entry *e = &t->entries[at];
  uint64_t subject = 0;
  bool token = (sf_message_flags(x, e) & TOKEN_IN_SUBJECT) != 0;
  if (map_get(&sf->subjects, e->message_id, &subject)) {
    buf_str(out, (const char *)(uintptr_t)subject);
  } else {
    buf_str(out, e->flags & ENTRY_CREATES ? "" : "Re: ");
    buf_str(out, t->subject ? t->subject : "");
    token = token || (!(e->flags & ENTRY_CREATES) && t->message_count > 1);
  }
  if (token) {
    char text[64];
    buf_printf(out, " [ %s ]", sf_thread_token(t, text));
  }
  buf_text(out);
}

enum {
  E_ID,
  E_PARENT,
  E_CREATED,
  E_CREATED_BY,
  E_CREATED_BY_NAME,
  E_CREATED_BY_EMAIL,
  E_DELETED,
  E_TEXT,
  E_HTML,
  E_BODY,
  E_RICH,
  E_PUBLIC,
  E_SUBJECT,
  E_FROM,
  E_FROM_NAME,
  E_TO,
  E_INCOMING,
  E_STATUS,
  E_HEADERS,
  E_REPLY_TO,
  E_TYPE,
  E_VISIBILITY,
  E_MESSAGE_ID,
  E_FALSE,
  E_NULL
};

#define COMMON_FIELDS                                                                              \
  {"Id", SF_ID, E_ID, false}, {"ParentId", SF_ID, E_PARENT, true},                                 \
      {"CreatedDate", SF_TIME, E_CREATED, false}, {"CreatedById", SF_ID, E_CREATED_BY, false},     \
      {"CreatedBy.Name", SF_TEXT, E_CREATED_BY_NAME, false},                                       \
      {"CreatedBy.Email", SF_TEXT, E_CREATED_BY_EMAIL, false},                                     \
      {"LastModifiedDate", SF_TIME, E_CREATED, false},                                             \
      {"LastModifiedById", SF_ID, E_CREATED_BY, false},                                            \
      {"SystemModstamp", SF_TIME, E_CREATED, false}, {                                             \
    "IsDeleted", SF_BOOL, E_DELETED, false                                                         \
  }

static const struct sf_field mail_fields[] = {
    COMMON_FIELDS,
    {"ActivityId", SF_ID, E_NULL, false},
    {"RelatedToId", SF_ID, E_PARENT, true},
    {"TextBody", SF_LONG, E_TEXT, true},
    {"HtmlBody", SF_LONG, E_HTML, true},
    {"Headers", SF_LONG, E_HEADERS, true},
    {"Subject", SF_TEXT, E_SUBJECT, true},
    {"FromName", SF_TEXT, E_FROM_NAME, true},
    {"FromAddress", SF_TEXT, E_FROM, true},
    {"ValidatedFromAddress", SF_TEXT, E_NULL, true},
    {"ToAddress", SF_TEXT, E_TO, true},
    {"CcAddress", SF_TEXT, E_NULL, true},
    {"BccAddress", SF_TEXT, E_NULL, true},
    {"Incoming", SF_BOOL, E_INCOMING, true},
    {"HasAttachment", SF_BOOL, E_FALSE, false},
    {"Status", SF_TEXT, E_STATUS, true},
    {"MessageDate", SF_TIME, E_CREATED, true},
    {"ReplyToEmailMessageId", SF_ID, E_REPLY_TO, true},
    {"IsExternallyVisible", SF_BOOL, E_FALSE, true},
    {"IsClientManaged", SF_BOOL, E_FALSE, true},
    {"MessageIdentifier", SF_TEXT, E_MESSAGE_ID, true},
    {"ThreadIdentifier", SF_TEXT, E_NULL, true},
};

static const struct sf_field comment_fields[] = {
    COMMON_FIELDS,
    {"IsPublished", SF_BOOL, E_PUBLIC, true},
    {"CommentBody", SF_LONG, E_BODY, true},
    {"IsNotificationSelected", SF_BOOL, E_FALSE, true},
};

static const struct sf_field feed_fields[] = {
    COMMON_FIELDS,
    {"Type", SF_TEXT, E_TYPE, true},
    {"Body", SF_LONG, E_BODY, true},
    {"IsRichText", SF_BOOL, E_RICH, true},
    {"Visibility", SF_TEXT, E_VISIBILITY, true},
    {"Title", SF_TEXT, E_NULL, true},
    {"LinkUrl", SF_TEXT, E_NULL, true},
    {"InsertedById", SF_ID, E_CREATED_BY, false},
    {"FeedItemId", SF_ID, E_NULL, false},
};

/* Some mail programs send HTML alone, some text alone, some both. */
static void bodies_get(struct exchange *x, const struct sf_row *r, int which, struct sf_value *v) {
  const struct ticket *t = r->ticket;
  const struct entry *e = &t->entries[r->entry];
  bool in = sf_message(x, t, e) == MAIL_IN;
  uint64_t habit = hash_mix(e->message_id, 5) % 4;
  bool html_only = in && !e->html && habit == 0;
  struct buf text = {0};
  char token[64];
  sf_text(v, NULL);
  if (which == E_TEXT && !html_only) {
    sf_mail_text(x, t, r->entry, &text);
    sf_text(v, buf_text(&text));
  } else if (which == E_HTML && e->html) {
    buf_str(&text, e->html);
    if (sf_message_flags(x, e) & TOKEN_IN_BODY) {
      buf_printf(&text, "<br><br>%s", sf_thread_token(t, token));
    }
    sf_text(v, buf_text(&text));
  } else if (which == E_HTML && (html_only || (in && habit == 1))) {
    struct buf plain = {0};
    sf_mail_text(x, t, r->entry, &plain);
    html_from_text(&text, buf_text(&plain));
    sf_text(v, buf_text(&text));
    buf_free(&plain);
  }
  buf_free(&text);
}

static const char *mail_status(struct exchange *x, const struct ticket *t, uint32_t at) {
  if (sf_message(x, t, &t->entries[at]) != MAIL_IN) {
    return "3";
  }
  for (uint32_t i = at + 1; i < t->entry_count; i++) {
    if (sf_message(x, t, &t->entries[i]) == MAIL_OUT) {
      return "2";
    }
  }
  return "0";
}

static void reply_to_get(struct exchange *x, const struct sf_row *r, struct sf_value *v) {
  const struct ticket *t = r->ticket;
  sf_ref(v, "02s", 0);
  for (uint32_t i = r->entry; i-- > 0;) {
    enum sf_message m = sf_message(x, t, &t->entries[i]);
    if (m == MAIL_IN || m == MAIL_OUT) {
      sf_ref(v, "02s", t->entries[i].message_id);
      return;
    }
  }
}

/* Headers and addresses of a mail. */
static void envelope_get(struct exchange *x, const struct sf_row *r, int which,
                         struct sf_value *v) {
  const struct ticket *t = r->ticket;
  const struct entry *e = &t->entries[r->entry];
  const struct person *customer = person_get(&x->sim->store, t->requester);
  bool in = sf_message(x, t, e) == MAIL_IN;
  struct buf name = {0};
  struct buf address = {0};
  said_by(x, t, e, &name, &address);
  switch (which) {
  case E_FROM:
    sf_text(v, buf_text(&address));
    break;
  case E_FROM_NAME:
    sf_text(v, buf_text(&name));
    break;
  case E_TO:
    sf_text(v, in ? SF_SUPPORT : customer ? customer->email : NULL);
    break;
  case E_MESSAGE_ID:
    name.n = 0;
    buf_printf(&name, "<%llx@%s>", (unsigned long long)e->message_id,
               in ? "people.example" : "desk.example");
    sf_text(v, buf_text(&name));
    break;
  case E_HEADERS:
    name.n = 0;
    buf_printf(&name, "From: %s\nContent-Type: text/plain; charset=UTF-8\n%s", buf_text(&address),
               e->flags & ENTRY_AUTOMATIC ? "Auto-Submitted: auto-replied\nPrecedence: bulk\n"
                                          : "");
    sf_text(v, in ? buf_text(&name) : NULL);
    break;
  default:
    name.n = 0;
    sf_mail_subject(x, t, r->entry, &name);
    sf_text(v, buf_text(&name));
  }
  buf_free(&name);
  buf_free(&address);
}

static void author_get(struct exchange *x, const struct entry *e, int which, struct sf_value *v) {
  const struct person *p = person_get(&x->sim->store, sf_user_of(x, e->author));
  if (which == E_CREATED_BY) {
    sf_ref(v, "005", p ? p->id : 0);
  } else {
    sf_text(v, p == NULL ? NULL : which == E_CREATED_BY_NAME ? p->name : p->email);
  }
}

static void message_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                        struct sf_value *v) {
  const struct ticket *t = r->ticket;
  const struct entry *e = &t->entries[r->entry];
  enum sf_message m = sf_message(x, t, e);
  v->kind = c->field->kind;
  v->raw = false;
  switch (c->field->which) {
  case E_ID:
    sf_ref(v, sf_message_prefix(m), e->message_id);
    break;
  case E_PARENT:
    sf_ref(v, "500", t->number);
    break;
  case E_CREATED:
    sf_int(v, SF_TIME, e->at_ms);
    break;
  case E_CREATED_BY:
  case E_CREATED_BY_NAME:
  case E_CREATED_BY_EMAIL:
    author_get(x, e, c->field->which, v);
    break;
  case E_DELETED:
    sf_int(v, SF_BOOL, sf_case_deleted(t));
    break;
  case E_TEXT:
  case E_HTML:
    bodies_get(x, r, c->field->which, v);
    break;
  case E_BODY:
    sf_text(v, e->html ? e->html : e->text);
    break;
  case E_RICH:
    sf_int(v, SF_BOOL, e->html != NULL);
    break;
  case E_PUBLIC:
    sf_int(v, SF_BOOL, (e->flags & ENTRY_PUBLIC) != 0);
    break;
  case E_VISIBILITY:
    sf_text(v, e->flags & ENTRY_PUBLIC ? "AllUsers" : "InternalUsers");
    break;
  case E_TYPE:
    sf_text(v, "TextPost");
    break;
  case E_INCOMING:
    sf_int(v, SF_BOOL, m == MAIL_IN);
    break;
  case E_STATUS:
    sf_text(v, mail_status(x, t, r->entry));
    break;
  case E_REPLY_TO:
    reply_to_get(x, r, v);
    break;
  case E_FALSE:
    sf_int(v, SF_BOOL, false);
    break;
  case E_NULL:
    sf_text(v, NULL);
    break;
  default:
    envelope_get(x, r, c->field->which, v);
  }
}

static void messages_scan(struct exchange *x, struct ticket *only, unsigned mask, sf_take *take,
                          void *into) {
  const struct desk *d = sf_desk(x);
  for (size_t i = 0; i < (only ? 1 : d->ticket_count); i++) {
    struct ticket *t = only ? only : d->tickets[i];
    for (uint32_t k = 0; k < t->entry_count; k++) {
      if (mask & 1u << sf_message(x, t, &t->entries[k])) {
        take(into, &(struct sf_row){t, k, 0, t->entries[k].message_id});
      }
    }
  }
}

static void mail_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  messages_scan(x, only, 1u << MAIL_IN | 1u << MAIL_OUT, take, into);
}

static void comment_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  messages_scan(x, only, 1u << COMMENT, take, into);
}

static void feed_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  messages_scan(x, only, 1u << FEED, take, into);
}

static void nothing_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  (void)x;
  (void)only;
  (void)take;
  (void)into;
}

static bool row_deleted(struct exchange *x, const struct sf_row *r) {
  (void)x;
  return sf_case_deleted(r->ticket);
}

static int64_t row_stamp(struct exchange *x, const struct sf_row *r) {
  (void)x;
  return r->ticket->entries[r->entry].at_ms;
}

enum { H_ID, H_CASE, H_FIELD, H_OLD, H_NEW, H_CREATED, H_CREATED_BY, H_DELETED };
static const struct sf_field history_fields[] = {
    {"Id", SF_ID, H_ID, false},
    {"CaseId", SF_ID, H_CASE, false},
    {"Field", SF_TEXT, H_FIELD, false},
    {"OldValue", SF_TEXT, H_OLD, false},
    {"NewValue", SF_TEXT, H_NEW, false},
    {"CreatedDate", SF_TIME, H_CREATED, false},
    {"CreatedById", SF_ID, H_CREATED_BY, false},
    {"IsDeleted", SF_BOOL, H_DELETED, false},
};

/* The field's name here, or NULL when its history is not tracked. */
static const char *history_field(const struct change *c) {
  static const char *const names[][2] = {{"status", "Status"}, {"priority", "Priority"},
                                         {"group", "Owner"},   {"assignee", "Owner"},
                                         {"type", "Type"},     {"subject", "Subject"}};
  if (strcmp(c->field, "status") == 0 && c->to &&
      (strcmp(c->to, "\"closed\"") == 0 || strcmp(c->to, "\"deleted\"") == 0)) {
    return NULL; /* shows as closed already; deletion is no change of a field */
  }
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(c->field, names[i][0]) == 0) {
      return names[i][1];
    }
  }
  return text_starts(c->field, "attr:") && strstr(c->field, "__c") ? c->field + 5 : NULL;
}

static const char *status_name_of(const struct exchange *x, const char *core) {
  int status = status_parse(core);
  for (const struct sf_status *s = sf_statuses(x); s->name; s++) {
    if ((int)s->core == status) {
      return s->name;
    }
  }
  return core;
}

static void history_value(struct exchange *x, const struct change *c, const char *json,
                          struct sf_value *v) {
  cJSON *value = json ? cJSON_Parse(json) : NULL;
  const char *text = cJSON_GetStringValue(value);
  uint64_t number = text ? strtoull(text, NULL, 10) : 0;
  const struct person *p = person_get(&x->sim->store, number);
  if (text == NULL) {
    sf_text(v, json);
  } else if (strcmp(c->field, "status") == 0) {
    sf_text(v, status_name_of(x, strcmp(text, "closed") == 0 ? "solved" : text));
  } else if (strcmp(c->field, "assignee") == 0) {
    sf_text(v, p ? p->name : text);
  } else if (strcmp(c->field, "group") == 0 && sf_queue_name(number)) {
    sf_text(v, sf_queue_name(number));
  } else {
    sf_text(v, text);
  }
  cJSON_Delete(value);
}

static void history_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                        struct sf_value *v) {
  const struct entry *e = &r->ticket->entries[r->entry];
  bool created = (e->flags & ENTRY_CREATES) != 0;
  const struct change *change = created ? NULL : &e->changes[r->change];
  v->kind = c->field->kind;
  v->raw = false;
  switch (c->field->which) {
  case H_ID:
    sf_ref(v, "017", r->number);
    break;
  case H_CASE:
    sf_ref(v, "500", r->ticket->number);
    break;
  case H_FIELD:
    sf_text(v, created ? "created" : history_field(change));
    break;
  case H_OLD:
  case H_NEW:
    sf_text(v, NULL);
    if (!created) {
      history_value(x, change, c->field->which == H_OLD ? change->from : change->to, v);
    }
    break;
  case H_CREATED:
    sf_int(v, SF_TIME, e->at_ms);
    break;
  case H_CREATED_BY:
    sf_ref(v, "005", sf_user_of(x, e->author));
    break;
  default:
    sf_int(v, SF_BOOL, sf_case_deleted(r->ticket));
  }
}

static void history_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  const struct desk *d = sf_desk(x);
  for (size_t i = 0; i < (only ? 1 : d->ticket_count); i++) {
    struct ticket *t = only ? only : d->tickets[i];
    for (uint32_t k = 0; k < t->entry_count; k++) {
      const struct entry *e = &t->entries[k];
      bool created = (e->flags & ENTRY_CREATES) != 0;
      for (uint32_t n = 0; n < (created ? 1 : e->change_count); n++) {
        if (created || history_field(&e->changes[n])) {
          take(into, &(struct sf_row){t, k, n, e->id * HISTORY_PER_ENTRY + n});
        }
      }
    }
  }
}

#define CHILD(constant, object, three, list, parent_field, getter, scanner)                        \
  const struct sf_object constant = {.name = object,                                               \
                                     .prefix = three,                                              \
                                     .fields = list,                                               \
                                     .field_count = sizeof list / sizeof list[0],                  \
                                     .of_case = true,                                              \
                                     .parent = parent_field,                                       \
                                     .get = getter,                                                \
                                     .scan = scanner,                                              \
                                     .deleted = row_deleted,                                       \
                                     .stamp = row_stamp}
CHILD(sf_email_message, "EmailMessage", "02s", mail_fields, "ParentId", message_get, mail_scan);
CHILD(sf_case_comment, "CaseComment", "00a", comment_fields, "ParentId", message_get, comment_scan);
CHILD(sf_feed_item, "FeedItem", "0D5", feed_fields, "ParentId", message_get, feed_scan);
CHILD(sf_feed_comment, "FeedComment", "0D7", feed_fields, "ParentId", message_get, nothing_scan);
CHILD(sf_case_history, "CaseHistory", "017", history_fields, "CaseId", history_get, history_scan);
