/* How Zendesk shows tickets, comments, audits and users. */
#include "text.h"
#include "zendesk.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

int64_t zendesk_author(const struct exchange *x, uint64_t person) {
  /* the helpdesk itself appears as user -1 */
  return person == x->sim->store.system ? -1 : (int64_t)person;
}

static const char *channel_of(const struct ticket *t) {
  return strcmp(t->channel, "messaging") == 0 ? "native_messaging" : t->channel;
}

static void via_ticket(struct exchange *x, struct buf *b, const struct ticket *t) {
  const struct person *p = person_get(&x->sim->store, t->requester);
  jw_kopen(b, "via", '{');
  jw_kstr(b, "channel", t->parent ? "web" : channel_of(t));
  jw_kopen(b, "source", '{');
  if (t->parent) {
    const struct ticket *parent = ticket_get(zendesk_desk(x), t->parent);
    jw_kopen(b, "from", '{');
    jw_kid(b, "ticket_id", t->parent);
    jw_kstr(b, "subject", parent ? parent->subject : "");
    jw_kopen(b, "channel", '{');
    jw_close(b, '}');
    jw_close(b, '}');
    jw_kraw(b, "to", "{}");
    jw_kstr(b, "rel", "follow_up");
  } else if (strcmp(t->channel, "email") == 0 && p) {
    jw_kopen(b, "from", '{');
    jw_kstr(b, "address", p->email);
    jw_kstr(b, "name", p->name);
    jw_close(b, '}');
    jw_kraw(b, "to", "{\"name\":\"Support\",\"address\":\"support@desk.example\"}");
    jw_kraw(b, "rel", "null");
  } else {
    jw_kraw(b, "from", "{}");
    jw_kraw(b, "to", "{}");
    jw_kraw(b, "rel", "null");
  }
  jw_close(b, '}');
  jw_close(b, '}');
}

void zendesk_rating_write(struct exchange *x, struct buf *b, const struct ticket *t) {
  (void)x;
  jw_kopen(b, "satisfaction_rating", '{');
  if (t->rating >= RATING_GOOD) {
    const char *comment = ticket_attr(t, "rating_comment");
    jw_kint(b, "id", (int64_t)(t->number % 100000000 + 35000000000000));
    jw_kstr(b, "score", rating_name(t->rating));
    jw_kraw(b, "comment", comment ? comment : "null");
    jw_kstr(b, "reason", "No reason provided");
    jw_kint(b, "reason_id", 0);
  } else {
    jw_kstr(b, "score", rating_name(t->rating));
  }
  jw_close(b, '}');
}

static void fields_write(struct buf *b, const struct ticket *t, const char *name) {
  char key[24];
  jw_kopen(b, name, '[');
  for (size_t i = 0; zendesk_fields[i].id; i++) {
    struct buf text = {0};
    buf_printf(&text, "%llu", (unsigned long long)zendesk_fields[i].id);
    strncpy(key, buf_text(&text), sizeof key - 1);
    key[sizeof key - 1] = '\0';
    buf_free(&text);
    const char *value = ticket_attr(t, key);
    if (value == NULL) {
      value = strcmp(zendesk_fields[i].type, "checkbox") == 0      ? "false"
              : strcmp(zendesk_fields[i].type, "multiselect") == 0 ? "[]"
                                                                   : "null";
    }
    jw_open(b, '{');
    jw_kid(b, "id", zendesk_fields[i].id);
    jw_kraw(b, "value", value);
    jw_close(b, '}');
  }
  jw_close(b, ']');
}

static bool is_messaging(const struct ticket *t) {
  return strcmp(t->channel, "messaging") == 0 || strcmp(t->channel, "whatsapp") == 0;
}

bool zendesk_is_chat(const struct ticket *t, const struct entry *e) {
  return (e->flags & ENTRY_MESSAGE) && !(e->flags & (ENTRY_CREATES | ENTRY_API)) &&
         (e->flags & ENTRY_PUBLIC) && is_messaging(t);
}

/* What stands in place of the opening of a conversation, whose words are in its log. */
static void conversation_title(struct exchange *x, const struct ticket *t, struct buf *out) {
  const struct person *p = person_get(&x->sim->store, t->requester);
  buf_printf(out, "Conversation with %s", p ? p->name : "Web User");
}

static const char *description_of(const struct ticket *t) {
  for (size_t i = 0; i < t->entry_count; i++) {
    if (t->entries[i].flags & ENTRY_MESSAGE) {
      return t->entries[i].text;
    }
  }
  return "";
}

static void ticket_people(struct exchange *x, struct buf *b, const struct ticket *t) {
  uint64_t submitter = t->entry_count ? t->entries[0].author : t->requester;
  jw_kid(b, "requester_id", t->requester);
  jw_kint(b, "submitter_id", zendesk_author(x, submitter));
  jw_kid(b, "assignee_id", t->assignee);
  jw_kraw(b, "organization_id", "null");
  jw_kid(b, "group_id", t->group);
  jw_kraw(b, "collaborator_ids", "[]");
  jw_kraw(b, "follower_ids", "[]");
  jw_kraw(b, "email_cc_ids", "[]");
}

static void ids_write(struct buf *b, const char *key, const uint64_t *ids, size_t n) {
  jw_kopen(b, key, '[');
  for (size_t i = 0; i < n; i++) {
    jw_int(b, (int64_t)ids[i]);
  }
  jw_close(b, ']');
}

void zendesk_ticket_open(struct exchange *x, struct buf *b, const struct ticket *t) {
  struct buf url = {0};
  bool messaging = is_messaging(t);
  struct buf title = {0};
  jw_open(b, '{');
  jw_kstr(b, "url", zendesk_url(x, &url, "tickets/%llu.json", (unsigned long long)t->number));
  buf_free(&url);
  jw_kid(b, "id", t->number);
  jw_kraw(b, "external_id", "null");
  via_ticket(x, b, t);
  jw_ktime(b, "created_at", t->created_ms);
  jw_ktime(b, "updated_at", t->updated_ms);
  jw_kint(b, "generated_timestamp", t->changed_ms / 1000);
  jw_kstr(b, "type", t->type);
  jw_kstr(b, "subject", t->subject);
  jw_kstr(b, "raw_subject", t->subject);
  if (messaging) {
    conversation_title(x, t, &title);
  }
  jw_kstr(b, "description", messaging ? buf_text(&title) : description_of(t));
  buf_free(&title);
  jw_kstr(b, "priority", t->priority);
  jw_kstr(b, "status", status_name(t->status));
  jw_kraw(b, "recipient", strcmp(t->channel, "email") == 0 ? "\"support@desk.example\"" : "null");
  ticket_people(x, b, t);
  jw_kraw(b, "forum_topic_id", "null");
  jw_kraw(b, "problem_id", "null");
  jw_kbool(b, "has_incidents", false);
  jw_kbool(b, "is_public", t->first_public);
  jw_kraw(b, "due_at", "null");
  jw_kopen(b, "tags", '[');
  for (size_t i = 0; i < t->tag_count; i++) {
    jw_str(b, t->tags[i]);
  }
  jw_close(b, ']');
  fields_write(b, t, "custom_fields");
  zendesk_rating_write(x, b, t);
  jw_kraw(b, "sharing_agreement_ids", "[]");
  jw_kint(b, "custom_status_id", zendesk_custom_status(x, t->status));
  fields_write(b, t, "fields");
  ids_write(b, "followup_ids", t->followups, t->followup_count);
  jw_kint(b, "ticket_form_id", 360000000001);
  jw_kint(b, "brand_id", 360000000002);
  jw_kbool(b, "allow_channelback", false);
  jw_kbool(b, "allow_attachments", true);
  jw_kbool(b, "from_messaging_channel", messaging);
}

void zendesk_ticket_write(struct exchange *x, struct buf *b, const struct ticket *t) {
  zendesk_ticket_open(x, b, t);
  jw_close(b, '}');
}

static void via_entry(struct buf *b, const struct ticket *t, const struct entry *e) {
  bool system = (e->flags & ENTRY_SYSTEM) != 0;
  const char *channel = system ? "rule" : (e->flags & ENTRY_API) ? "api" : channel_of(t);
  jw_kopen(b, "via", '{');
  jw_kstr(b, "channel", channel);
  jw_kopen(b, "source", '{');
  if (system) {
    jw_kraw(b, "from",
            "{\"id\":360000000321,\"title\":\"Close ticket 4 days after status is set to solved\","
            "\"deleted\":false}");
    jw_kraw(b, "to", "{}");
    jw_kstr(b, "rel", "automation");
  } else {
    jw_kraw(b, "from", "{}");
    jw_kraw(b, "to", "{}");
    jw_kraw(b, "rel", "null");
  }
  jw_close(b, '}');
  jw_close(b, '}');
}

static void metadata_write(struct buf *b, const struct entry *e, bool flags) {
  jw_kopen(b, "metadata", '{');
  jw_kraw(b, "system",
          "{\"client\":\"helpdesk-sim\",\"ip_address\":\"192.0.2.10\",\"location\":\"Utrecht, NL\","
          "\"latitude\":52.09,\"longitude\":5.12}");
  jw_kraw(b, "custom", e->metadata ? e->metadata : "{}");
  if (flags && (e->flags & ENTRY_AUTOMATIC)) {
    jw_kraw(b, "flags", "[4]");
    jw_kraw(b, "flags_options", "{\"4\":{\"trusted\":false}}");
    jw_kbool(b, "trusted", false);
  }
  jw_close(b, '}');
}

static void bodies_write(struct exchange *x, struct buf *b, const struct ticket *t,
                         const struct entry *e) {
  struct buf html = {0};
  struct buf plain = {0};
  if ((e->flags & ENTRY_CREATES) && is_messaging(t)) {
    conversation_title(x, t, &plain);
    jw_kstr(b, "body", buf_text(&plain));
    jw_kstr(b, "html_body", buf_text(&plain));
    jw_kstr(b, "plain_body", buf_text(&plain));
    buf_free(&plain);
    return;
  }
  buf_str(&html, "<div class=\"zd-comment\" dir=\"auto\">");
  if (e->html) {
    buf_str(&html, e->html);
    text_from_html(&plain, e->html);
  } else {
    html_from_text(&html, e->text);
    buf_str(&plain, e->text);
  }
  buf_str(&html, "</div>");
  jw_kstr(b, "body", e->html ? buf_text(&plain) : e->text);
  jw_kstr(b, "html_body", buf_text(&html));
  jw_kstr(b, "plain_body", buf_text(&plain));
  buf_free(&html);
  buf_free(&plain);
}

static void attachments_write(struct buf *b, const struct ticket *t, const struct entry *e) {
  jw_kopen(b, "attachments", '[');
  if (t->attachment && (e->flags & ENTRY_CREATES)) {
    jw_open(b, '{');
    jw_kid(b, "id", e->message_id);
    jw_kstr(b, "file_name", t->attachment);
    jw_kstr(b, "content_type", "application/pdf");
    jw_kint(b, "size", 1234);
    jw_close(b, '}');
  }
  jw_close(b, ']');
}

void zendesk_comment_write(struct exchange *x, struct buf *b, const struct ticket *t,
                           const struct entry *e) {
  jw_open(b, '{');
  jw_kid(b, "id", e->message_id);
  jw_kstr(b, "type", "Comment");
  jw_kint(b, "author_id", zendesk_author(x, e->author));
  bodies_write(x, b, t, e);
  jw_kbool(b, "public", (e->flags & ENTRY_PUBLIC) != 0);
  attachments_write(b, t, e);
  jw_kid(b, "audit_id", e->id);
  via_entry(b, t, e);
  jw_ktime(b, "created_at", e->at_ms);
  metadata_write(b, e, true);
  jw_close(b, '}');
}

/* Our names of fields in Zendesk's words. */
static const char *field_name(const char *field) {
  static const char *const names[][2] = {{"group", "group_id"},
                                         {"assignee", "assignee_id"},
                                         {"requester", "requester_id"},
                                         {"rating", "satisfaction_score"},
                                         {"attr:rating_comment", "satisfaction_comment"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i][0], field) == 0) {
      return names[i][1];
    }
  }
  return text_starts(field, "attr:") ? field + 5 : field;
}

/* The conversation as the audits tell it: one event with everything that was said so far. */
static void chat_write(struct exchange *x, struct buf *b, const struct ticket *t) {
  int64_t index = 0;
  jw_open(b, '{');
  jw_kint(b, "id", (int64_t)(t->entries[0].id * 16 + 14));
  jw_kstr(b, "type", "ChatStartedEvent");
  jw_kopen(b, "value", '{');
  jw_kstr(b, "visitor_id", "10502823-16EkM3T6VNq7KMd");
  struct buf id = {0};
  buf_printf(&id, "2109.%llu.Sjuj2YrBpXwei", (unsigned long long)t->number);
  jw_kstr(b, "chat_id", buf_text(&id));
  buf_free(&id);
  jw_kopen(b, "history", '[');
  for (size_t i = 0; i < t->entry_count; i++) {
    const struct entry *e = &t->entries[i];
    const struct person *p = person_get(&x->sim->store, e->author);
    const bool joins = (e->flags & ENTRY_CREATES) != 0;
    if (!joins && !zendesk_is_chat(t, e)) {
      continue;
    }
    for (int line = joins ? 0 : 1; line < 2; line++) {
      jw_open(b, '{');
      jw_kint(b, "actor_id", zendesk_author(x, e->author));
      jw_kstr(b, "actor_name", p ? p->name : "Visitor");
      jw_kstr(b, "actor_type", p && p->role == ROLE_CUSTOMER ? "end-user" : "agent");
      jw_kint(b, "chat_index", index++);
      jw_kint(b, "timestamp", e->at_ms);
      jw_kstr(b, "type", line == 0 ? "ChatJoin" : "ChatMessage");
      if (line > 0) {
        jw_kstr(b, "message", e->text);
      }
      jw_close(b, '}');
    }
  }
  jw_close(b, ']');
  jw_close(b, '}');
  jw_close(b, '}');
}

/* In an account with words of its own an audit names the custom status alone. */
static void change_write(struct exchange *x, struct buf *b, const struct change *c, bool creates) {
  if (strcmp(c->field, "status") == 0 && x->sim->opt.own_words) {
    const char *const sides[] = {c->to, c->from};
    jw_kstr(b, "field_name", "custom_status_id");
    for (size_t i = 0; i < (creates ? 1 : 2); i++) {
      char word[32] = "";
      struct buf id = {0};
      snprintf(word, sizeof word, "%.*s", sides[i] ? (int)strcspn(sides[i] + 1, "\"") : 0,
               sides[i] ? sides[i] + 1 : "");
      buf_printf(&id, "%lld", (long long)zendesk_custom_status(x, (enum status)status_parse(word)));
      jw_kstr(b, i == 0 ? "value" : "previous_value", buf_text(&id));
      buf_free(&id);
    }
    return;
  }
  jw_kstr(b, "field_name", field_name(c->field));
  jw_kraw(b, "value", c->to ? c->to : "null");
  if (!creates) {
    jw_kraw(b, "previous_value", c->from ? c->from : "null");
  }
}

static void events_write(struct exchange *x, struct buf *b, const struct ticket *t,
                         const struct entry *e) {
  bool creates = (e->flags & ENTRY_CREATES) != 0;
  jw_kopen(b, "events", '[');
  if (creates && is_messaging(t)) {
    chat_write(x, b, t);
  }
  if ((e->flags & ENTRY_MESSAGE) && !zendesk_is_chat(t, e)) {
    jw_open(b, '{');
    jw_kid(b, "id", e->message_id);
    jw_kstr(b, "type", "Comment");
    jw_kint(b, "author_id", zendesk_author(x, e->author));
    bodies_write(x, b, t, e);
    jw_kbool(b, "public", (e->flags & ENTRY_PUBLIC) != 0);
    attachments_write(b, t, e);
    jw_kid(b, "audit_id", e->id);
    jw_close(b, '}');
  }
  if (e->redacts) {
    jw_open(b, '{');
    jw_kint(b, "id", (int64_t)(e->id * 16 + 13));
    jw_kstr(b, "type", "CommentRedactionEvent");
    jw_kid(b, "comment_id", e->redacts);
    jw_close(b, '}');
  }
  for (size_t i = 0; i < e->change_count; i++) {
    const struct change *c = &e->changes[i];
    jw_open(b, '{');
    jw_kint(b, "id", (int64_t)(e->id * 16 + i % 16));
    jw_kstr(b, "type", creates ? "Create" : "Change");
    change_write(x, b, c, creates);
    jw_close(b, '}');
  }
  const struct person *author = person_get(&x->sim->store, e->author);
  if ((e->flags & ENTRY_MESSAGE) && (e->flags & ENTRY_PUBLIC) && author &&
      author->role != ROLE_CUSTOMER) {
    jw_open(b, '{');
    jw_kint(b, "id", (int64_t)(e->id * 16 + 15));
    jw_kstr(b, "type", "Notification");
    jw_kraw(b, "via",
            "{\"channel\":\"rule\",\"source\":{\"from\":{\"id\":360000000300,\"title\":\"Notify "
            "requester of "
            "comment update\"},\"rel\":\"trigger\",\"to\":{}}}");
    ids_write(b, "recipients", &t->requester, 1);
    jw_close(b, '}');
  }
  jw_close(b, ']');
}

void zendesk_audit_write(struct exchange *x, struct buf *b, const struct ticket *t,
                         const struct entry *e) {
  jw_open(b, '{');
  jw_kid(b, "id", e->id);
  jw_kid(b, "ticket_id", t->number);
  jw_ktime(b, "created_at", e->at_ms);
  jw_kint(b, "author_id", zendesk_author(x, e->author));
  metadata_write(b, e, false);
  events_write(x, b, t, e);
  via_entry(b, t, e);
  jw_close(b, '}');
}

void zendesk_user_write(struct exchange *x, struct buf *b, const struct person *p) {
  static const char *const roles[] = {"end-user", "agent", "admin", "admin"};
  struct buf url = {0};
  bool staff = p->role != ROLE_CUSTOMER;
  jw_open(b, '{');
  jw_kint(b, "id", zendesk_author(x, p->id));
  jw_kstr(b, "url", zendesk_url(x, &url, "users/%llu.json", (unsigned long long)p->id));
  buf_free(&url);
  jw_kstr(b, "name", p->name);
  jw_kstr(b, "email", p->email);
  jw_ktime(b, "created_at", p->created_ms);
  jw_ktime(b, "updated_at", p->created_ms);
  jw_kstr(b, "time_zone", "Amsterdam");
  jw_kstr(b, "iana_time_zone", "Europe/Amsterdam");
  jw_kraw(b, "phone", "null");
  jw_kraw(b, "shared_phone_number", "null");
  jw_kraw(b, "photo", "null");
  jw_kint(b, "locale_id", 1);
  jw_kstr(b, "locale", strcmp(p->locale, "en") == 0 ? "en-US" : p->locale);
  jw_kraw(b, "organization_id", "null");
  jw_kstr(b, "role", roles[p->role]);
  jw_kbool(b, "verified", true);
  jw_kraw(b, "external_id", "null");
  jw_kraw(b, "tags", "[]");
  jw_kstr(b, "alias", "");
  jw_kbool(b, "active", true);
  jw_kbool(b, "shared", false);
  jw_kbool(b, "shared_agent", false);
  jw_kraw(b, "two_factor_auth_enabled", "null");
  jw_kbool(b, "moderator", staff);
  jw_kraw(b, "ticket_restriction", staff ? "null" : "\"requested\"");
  jw_kbool(b, "only_private_comments", false);
  jw_kbool(b, "restricted_agent", !staff);
  jw_kbool(b, "suspended", false);
  jw_kraw(b, "user_fields", "{}");
  jw_close(b, '}');
}

void users_add(struct users *u, uint64_t id) {
  uint64_t seen = 0;
  if (id == 0 || map_get(&u->seen, id, &seen)) {
    return;
  }
  map_put(&u->seen, id, 1);
  if (u->n == u->cap) {
    u->cap = u->cap ? u->cap * 2 : 16;
    u->ids = mem_grow(u->ids, u->cap * sizeof *u->ids);
  }
  u->ids[u->n++] = id;
}

void users_write(struct exchange *x, struct buf *b, struct users *u) {
  jw_kopen(b, "users", '[');
  for (size_t i = 0; i < u->n; i++) {
    const struct person *p = person_get(&x->sim->store, u->ids[i]);
    if (p && p->role != ROLE_SYSTEM) {
      zendesk_user_write(x, b, p);
    }
  }
  jw_close(b, ']');
  free(u->ids);
  map_free(&u->seen);
}
