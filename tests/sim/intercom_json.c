/* Intercom: conversations as JSON. Ids are texts, times are seconds, bodies are HTML. */
#include "intercom.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void k_seconds(struct buf *b, const char *key, int64_t ms) {
  if (ms == 0) {
    jw_kraw(b, key, "null");
  } else {
    jw_kint(b, key, ms / 1000);
  }
}

void k_id(struct buf *b, const char *key, uint64_t id) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)id);
  jw_kstr(b, key, id ? text : NULL);
}

bool intercom_is_ticket(const struct ticket *t) {
  static const char *const types[] = {"ticket", "request", "task", "tracker"};
  for (size_t i = 0; t->type && i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(t->type, types[i]) == 0) {
      return true;
    }
  }
  return false;
}

bool intercom_is_closed(enum status s) {
  return s >= STATUS_SOLVED;
}

const char *intercom_state(enum status s) {
  return intercom_is_closed(s) ? "closed" : s == STATUS_HOLD ? "snoozed" : "open";
}

bool intercom_attr_hidden(const char *key) {
  return *key == '_' || strcmp(key, "ai_agent") == 0 || strcmp(key, "rating_comment") == 0;
}

static int64_t attr_int(const struct ticket *t, const char *key) {
  const char *json = ticket_attr(t, key);
  return json ? strtoll(json, NULL, 10) : 0;
}

int64_t intercom_snoozed_ms(const struct ticket *t) {
  return t->status == STATUS_HOLD ? attr_int(t, "_snoozed_until") * 1000 : 0;
}

/* Since when the customer waits: the first message that nobody has answered. */
int64_t intercom_waiting_ms(const struct sim *s, const struct ticket *t) {
  int64_t since = 0;
  for (size_t i = 0; i < t->entry_count && !intercom_is_closed(t->status); i++) {
    const struct entry *e = &t->entries[i];
    const struct person *p = person_get(&s->store, e->author);
    if ((e->flags & (ENTRY_MESSAGE | ENTRY_PUBLIC)) != (ENTRY_MESSAGE | ENTRY_PUBLIC)) {
      continue;
    }
    bool customer = p && p->role == ROLE_CUSTOMER;
    since = !customer ? 0 : since ? since : e->at_ms;
  }
  return since;
}

const char *intercom_priority(const struct ticket *t, unsigned minor) {
  const char *p = t->priority ? t->priority : "none";
  bool high = strcmp(p, "high") == 0 || strcmp(p, "urgent") == 0;
  if (minor < VERSION_NEW_WORDS) {
    return high ? "priority" : "not_priority";
  }
  return strcmp(p, "normal") == 0 ? "medium" : p;
}

const char *intercom_resolution(const struct ticket *t, unsigned minor, char *word, size_t bytes) {
  static const char *const words[][2] = {{"routed_to_team", "escalated"},
                                         {"abandoned", "negative_feedback"},
                                         {"routed_to_team", "procedure_handoff"}};
  const char *attr = ticket_attr(t, "ai_agent");
  cJSON *json = attr ? cJSON_Parse(attr) : NULL;
  const cJSON *state = cJSON_GetObjectItemCaseSensitive(json, "resolution_state");
  const char *found = cJSON_IsString(state) ? state->valuestring : NULL;
  size_t newer = minor >= VERSION_NEW_WORDS ? 1 : 0;
  for (size_t i = 0; found && i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(found, words[i][1 - newer]) == 0) {
      found = words[i][newer];
      break;
    }
  }
  snprintf(word, bytes, "%s", found ? found : "");
  cJSON_Delete(json);
  return *word ? word : NULL;
}

const char *intercom_contact_id(uint64_t person, char ret_text[CONTACT_ID]) {
  snprintf(ret_text, CONTACT_ID, "6a1bb69f%016llx", (unsigned long long)person);
  return ret_text;
}

uint64_t intercom_contact_find(const struct sim *s, const char *text) {
  char *end = NULL;
  if (strlen(text) != 24 || !text_starts(text, "6a1bb69f")) {
    return 0;
  }
  uint64_t id = strtoull(text + 8, &end, 16);
  const struct person *p = *end == '\0' ? person_get(&s->store, id) : NULL;
  return p && p->role == ROLE_CUSTOMER ? id : 0;
}

void intercom_author_write(const struct view *v, struct buf *b, uint64_t person, bool fin) {
  const struct person *p = person_get(&v->sim->store, person);
  char contact[CONTACT_ID];
  bool system = fin || p == NULL || p->role == ROLE_SYSTEM;
  jw_open(b, '{');
  if (system) {
    jw_kstr(b, "type", "bot");
    jw_kstr(b, "id", fin ? "278" : "7");
    jw_kstr(b, "name", fin ? "Fin" : "Operator");
    jw_kstr(b, "email", "operator+simapp01@intercom.io");
  } else if (p->role == ROLE_CUSTOMER) {
    jw_kstr(b, "type", "user");
    jw_kstr(b, "id", intercom_contact_id(p->id, contact));
    jw_kstr(b, "name", p->name);
    jw_kstr(b, "email", p->email);
  } else {
    jw_kstr(b, "type", "admin");
    k_id(b, "id", p->id);
    jw_kstr(b, "name", p->name);
    jw_kstr(b, "email", p->email);
  }
  jw_kbool(b, "from_ai_agent", fin);
  jw_kbool(b, "is_ai_answer", fin);
  jw_close(b, '}');
}

void intercom_contacts_write(struct buf *b, const struct ticket *t) {
  char id[CONTACT_ID];
  jw_kopen(b, "contacts", '{');
  jw_kstr(b, "type", "contact.list");
  jw_kopen(b, "contacts", '[');
  jw_open(b, '{');
  jw_kstr(b, "type", "contact");
  jw_kstr(b, "id", intercom_contact_id(t->requester, id));
  jw_kraw(b, "external_id", "null");
  jw_close(b, '}');
  jw_close(b, ']');
  jw_close(b, '}');
}

void intercom_links_write(struct buf *b) {
  jw_kraw(b, "linked_objects",
          "{\"type\":\"list\",\"total_count\":0,\"has_more\":false,\"data\":[]}");
}

void intercom_body_write(const struct view *v, struct buf *b, const char *text, const char *html) {
  struct buf body = {0};
  if (text == NULL && html == NULL) {
    jw_str(b, NULL);
    return;
  }
  if (v->plain && text) {
    buf_str(&body, text);
  } else if (v->plain) {
    text_from_html(&body, html);
  } else if (html) {
    buf_str(&body, html);
  } else {
    html_from_text(&body, text);
  }
  jw_str(b, buf_text(&body));
  buf_free(&body);
}

void intercom_said_write(const struct view *v, struct buf *b, const char *text, const char *html,
                         bool redacted) {
  static const char words[] = "This message was deleted";
  intercom_body_write(v, b, redacted ? words : text,
                      redacted ? "<p><i>This message was deleted</i></p>" : html);
  jw_kbool(b, "redacted", redacted);
}

void intercom_tag_write(const struct view *v, struct buf *b, const struct ticket *t,
                        const char *name) {
  struct buf quoted = {0};
  const struct entry *by = t->entry_count ? &t->entries[0] : NULL;
  jw_str(&quoted, name);
  for (size_t i = 0; i < t->entry_count; i++) {
    for (size_t k = 0; k < t->entries[i].change_count; k++) {
      const struct change *c = &t->entries[i].changes[k];
      if (strcmp(c->field, "tags") == 0 && c->to && strstr(c->to, buf_text(&quoted)) &&
          !(c->from && strstr(c->from, buf_text(&quoted)))) {
        by = &t->entries[i];
      }
    }
  }
  buf_free(&quoted);
  jw_open(b, '{');
  jw_kstr(b, "type", "tag");
  k_id(b, "id", intercom_tag_id(name));
  jw_kstr(b, "name", name);
  k_seconds(b, "applied_at", by ? by->at_ms : t->created_ms);
  jw_kopen(b, "applied_by", '{');
  bool admin = by && intercom_is_admin(v->sim, by->author);
  jw_kstr(b, "type", "admin");
  k_id(b, "id", admin ? by->author : v->sim->store.first_agent);
  jw_close(b, '}');
  jw_close(b, '}');
}

static void event_details_write(struct buf *b, const struct part *p) {
  if (p->attr == NULL) {
    jw_kraw(b, "event_details", "null");
    return;
  }
  cJSON *json = p->attr->to ? cJSON_Parse(p->attr->to) : NULL;
  jw_kopen(b, "event_details", '{');
  jw_kopen(b, "attribute", '{');
  jw_kstr(b, "name", p->attr->field + strlen("attr:"));
  jw_close(b, '}');
  jw_kopen(b, "value", '{');
  jw_kstr(b, "name", cJSON_IsString(json) ? json->valuestring : p->attr->to ? p->attr->to : "");
  jw_close(b, '}');
  if (strstr(p->type, "workflow")) {
    jw_kraw(b, "workflow", "{\"name\":\"Sweep\"}");
  }
  jw_close(b, '}');
  cJSON_Delete(json);
}

static void part_write(const struct view *v, struct buf *b, const struct part *p) {
  bool assigns = strncmp(p->type, "assign", 6) == 0;
  jw_open(b, '{');
  jw_kstr(b, "type", "conversation_part");
  k_id(b, "id", p->id);
  jw_kstr(b, "part_type", p->type);
  jw_key(b, "body");
  intercom_said_write(v, b, p->text, p->html, p->redacted);
  k_seconds(b, "created_at", p->at_ms);
  k_seconds(b, "updated_at", p->at_ms);
  k_seconds(b, "notified_at", p->at_ms);
  if (assigns && p->assigned) {
    jw_kopen(b, "assigned_to", '{');
    jw_kstr(b, "type", p->team ? "team" : "admin");
    k_id(b, "id", p->assigned);
    jw_close(b, '}');
  } else {
    jw_kraw(b, "assigned_to", assigns ? "{\"type\":\"nobody_admin\",\"id\":null}" : "null");
  }
  jw_key(b, "author");
  intercom_author_write(v, b, p->author, p->fin);
  jw_kraw(b, "attachments", "[]");
  jw_kraw(b, "external_id", "null");
  jw_kraw(b, "email_message_metadata", "null");
  jw_kraw(b, "metadata", "{}");
  jw_kstr(b, "state", intercom_state(p->after));
  jw_kraw(b, "tags", "[]");
  event_details_write(b, p);
  jw_kstr(b, "app_package_code", p->api ? "helpdesk-automation" : NULL);
  jw_close(b, '}');
}

struct figures {
  int64_t first_contact, last_contact, first_admin, last_admin, first_close, last_close;
  int64_t first_assigned, last_assigned;
  uint64_t closed_by;
  int64_t assigned;
};

static void stamp(int64_t *first, int64_t *last, int64_t at_ms) {
  *first = *first ? *first : at_ms;
  *last = at_ms;
}

static void figures_read(const struct view *v, const struct ticket *t, const struct parts *parts,
                         struct figures *f) {
  memset(f, 0, sizeof *f);
  stamp(&f->first_contact, &f->last_contact, t->created_ms);
  for (size_t i = 0; i < parts->n; i++) {
    const struct part *p = &parts->list[i];
    const struct person *author = person_get(&v->sim->store, p->author);
    bool customer = author && author->role == ROLE_CUSTOMER && !p->fin;
    if (customer && p->text) {
      f->last_contact = p->at_ms;
    } else if (p->text && strcmp(p->type, "note") != 0 && !p->fin) {
      stamp(&f->first_admin, &f->last_admin, p->at_ms);
    }
    if (!intercom_is_closed(p->before) && intercom_is_closed(p->after)) {
      stamp(&f->first_close, &f->last_close, p->at_ms);
      f->closed_by = p->author;
    }
    if (strncmp(p->type, "assign", 6) == 0) {
      stamp(&f->first_assigned, &f->last_assigned, p->at_ms);
      f->assigned++;
    }
  }
}

static void k_between(struct buf *b, const char *key, int64_t from_ms, int64_t to_ms) {
  if (to_ms == 0) {
    jw_kraw(b, key, "null");
  } else {
    jw_kint(b, key, (to_ms - from_ms) / 1000);
  }
}

static void statistics_write(const struct view *v, struct buf *b, const struct ticket *t,
                             const struct parts *parts) {
  struct figures f;
  figures_read(v, t, parts, &f);
  jw_kopen(b, "statistics", '{');
  jw_kstr(b, "type", "conversation_statistics");
  k_between(b, "time_to_assignment", t->created_ms, f.first_assigned);
  k_between(b, "time_to_admin_reply", t->created_ms, f.first_admin);
  k_between(b, "time_to_first_close", t->created_ms, f.first_close);
  k_between(b, "time_to_last_close", t->created_ms, f.last_close);
  k_between(b, "median_time_to_reply", t->created_ms, f.first_admin);
  k_seconds(b, "first_contact_reply_at", f.first_contact);
  k_seconds(b, "first_assignment_at", f.first_assigned);
  k_seconds(b, "first_admin_reply_at", f.first_admin);
  k_seconds(b, "first_close_at", f.first_close);
  k_seconds(b, "last_assignment_at", f.last_assigned);
  k_seconds(b, "last_assignment_admin_reply_at", f.last_assigned ? f.last_admin : 0);
  k_seconds(b, "last_contact_reply_at", f.last_contact);
  k_seconds(b, "last_admin_reply_at", f.last_admin);
  k_seconds(b, "last_close_at", f.last_close);
  k_id(b, "last_closed_by_id", f.closed_by);
  jw_kint(b, "count_reopens", t->reopen_count);
  jw_kint(b, "count_assignments", f.assigned);
  jw_kint(b, "count_conversation_parts", (int64_t)parts->n);
  jw_kraw(b, "assigned_team_first_response_time", "[]");
  jw_kraw(b, "assigned_team_first_response_time_in_office_hours", "[]");
  jw_close(b, '}');
}

static void rating_write(const struct view *v, struct buf *b, const struct ticket *t) {
  char id[CONTACT_ID];
  int64_t at_ms = 0;
  if (t->rating != RATING_GOOD && t->rating != RATING_BAD) {
    jw_kraw(b, "conversation_rating", "null");
    return;
  }
  for (size_t i = 0; i < t->entry_count; i++) {
    for (size_t k = 0; k < t->entries[i].change_count; k++) {
      at_ms = strcmp(t->entries[i].changes[k].field, "rating") == 0 ? t->entries[i].at_ms : at_ms;
    }
  }
  jw_kopen(b, "conversation_rating", '{');
  jw_kint(b, "rating", t->rating == RATING_GOOD ? 5 : 1);
  const char *remark = ticket_attr(t, "rating_comment");
  jw_kraw(b, "remark", remark ? remark : "\"\"");
  k_seconds(b, "created_at", at_ms);
  k_seconds(b, "updated_at", at_ms);
  jw_kopen(b, "contact", '{');
  jw_kstr(b, "type", "contact");
  jw_kstr(b, "id", intercom_contact_id(t->requester, id));
  jw_kraw(b, "external_id", "null");
  jw_close(b, '}');
  jw_kopen(b, "teammate", '{');
  jw_kstr(b, "type", "admin");
  k_id(b, "id", t->assignee ? t->assignee : v->sim->store.bot);
  jw_close(b, '}');
  jw_close(b, '}');
}

static void ai_agent_write(const struct view *v, struct buf *b, const struct ticket *t) {
  char word[40];
  const char *attr = ticket_attr(t, "ai_agent");
  cJSON *json = attr ? cJSON_Parse(attr) : NULL;
  jw_kbool(b, "ai_agent_participated", attr != NULL);
  if (!cJSON_IsObject(json)) {
    jw_kraw(b, "ai_agent", "null");
    cJSON_Delete(json);
    return;
  }
  const cJSON *rating = cJSON_GetObjectItemCaseSensitive(json, "rating");
  const cJSON *remark = cJSON_GetObjectItemCaseSensitive(json, "rating_remark");
  const cJSON *answer = cJSON_GetObjectItemCaseSensitive(json, "last_answer_type");
  jw_kopen(b, "ai_agent", '{');
  jw_kstr(b, "source_type", "workflow");
  jw_kstr(b, "source_title", "Answer first");
  jw_kstr(b, "last_answer_type", cJSON_IsString(answer) ? answer->valuestring : "ai_answer");
  jw_kstr(b, "resolution_state", intercom_resolution(t, v->minor, word, sizeof word));
  if (cJSON_IsNumber(rating)) {
    jw_kint(b, "rating", (int64_t)rating->valuedouble);
  } else {
    jw_kraw(b, "rating", "null");
  }
  jw_kstr(b, "rating_remark", cJSON_IsString(remark) ? remark->valuestring : NULL);
  k_seconds(b, "created_at", t->created_ms);
  k_seconds(b, "updated_at", t->updated_ms);
  jw_kraw(b, "content_sources",
          "{\"type\":\"content_source.list\",\"total_count\":0,\"content_sources\":[]}");
  jw_close(b, '}');
  cJSON_Delete(json);
}

/* Only mail has a subject; what is written in the messenger has a title. */
static bool has_subject(const struct ticket *t) {
  return strcmp(t->channel, "email") == 0;
}

static void source_write(const struct view *v, struct buf *b, const struct ticket *t) {
  static const char *const types[] = {"email",    "whatsapp",  "sms",
                                      "facebook", "instagram", "twitter"};
  const struct entry *first = &t->entries[0];
  const char *type = "conversation";
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    type = strcmp(t->channel, types[i]) == 0 ? types[i] : type;
  }
  jw_kopen(b, "source", '{');
  jw_kstr(b, "type", type);
  k_id(b, "id", first->message_id);
  jw_kstr(b, "delivered_as", "customer_initiated");
  jw_kstr(b, "subject", has_subject(t) && t->subject ? t->subject : "");
  jw_key(b, "body");
  intercom_said_write(v, b, first->text, first->html, (first->flags & ENTRY_REDACTED) != 0);
  jw_key(b, "author");
  intercom_author_write(v, b, first->author, false);
  jw_kraw(b, "attachments", "[]");
  jw_kraw(b, "url", "null");
  jw_close(b, '}');
}

static void lists_write(const struct view *v, struct buf *b, const struct ticket *t) {
  intercom_contacts_write(b, t);
  jw_kopen(b, "tags", '{');
  jw_kstr(b, "type", "tag.list");
  jw_kopen(b, "tags", '[');
  for (size_t i = 0; i < t->tag_count; i++) {
    intercom_tag_write(v, b, t, t->tags[i]);
  }
  jw_close(b, ']');
  jw_close(b, '}');
  jw_kopen(b, "teammates", '{');
  jw_kstr(b, "type", "admin.list");
  jw_kopen(b, "teammates", '[');
  if (t->assignee) {
    jw_open(b, '{');
    jw_kstr(b, "type", "admin");
    k_id(b, "id", t->assignee);
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
  intercom_links_write(b);
  jw_kopen(b, "custom_attributes", '{');
  for (size_t i = 0; i < t->attr_count; i++) {
    if (!intercom_attr_hidden(t->attrs[i].key) && t->attrs[i].json) {
      jw_kraw(b, t->attrs[i].key, t->attrs[i].json);
    }
  }
  jw_close(b, '}');
}

static void parts_write(const struct view *v, struct buf *b, const struct parts *parts) {
  jw_kopen(b, "conversation_parts", '{');
  jw_kstr(b, "type", "conversation_part.list");
  jw_kopen(b, "conversation_parts", '[');
  for (size_t i = parts->n > PARTS_MAX ? parts->n - PARTS_MAX : 0; i < parts->n; i++) {
    part_write(v, b, &parts->list[i]);
  }
  jw_close(b, ']');
  jw_kint(b, "total_count", (int64_t)parts->n);
  jw_close(b, '}');
}

void intercom_conversation_write(const struct view *v, struct buf *b, const struct ticket *t,
                                 bool with_parts) {
  struct parts parts;
  const char *title = ticket_attr(t, "_title");
  const char *read = ticket_attr(t, "_read");
  intercom_parts(v->sim, t, &parts);
  jw_open(b, '{');
  jw_kstr(b, "type", "conversation");
  k_id(b, "id", t->number);
  k_seconds(b, "created_at", t->created_ms);
  k_seconds(b, "updated_at", t->updated_ms);
  k_seconds(b, "waiting_since", intercom_waiting_ms(v->sim, t));
  k_seconds(b, "snoozed_until", intercom_snoozed_ms(t));
  source_write(v, b, t);
  if (title) {
    jw_kraw(b, "title", title);
  } else {
    jw_kstr(b, "title", has_subject(t) || t->subject == NULL || !*t->subject ? NULL : t->subject);
  }
  jw_kid(b, "admin_assignee_id", t->assignee);
  jw_kid(b, "team_assignee_id", t->group);
  jw_kbool(b, "open", !intercom_is_closed(t->status));
  jw_kstr(b, "state", intercom_state(t->status));
  jw_kbool(b, "read", read && strcmp(read, "true") == 0);
  jw_kstr(b, "priority", intercom_priority(t, v->minor));
  lists_write(v, b, t);
  jw_kraw(b, "topics", "{}");
  jw_kraw(b, "ticket", "null");
  jw_kraw(b, "sla_applied", "null");
  jw_kraw(b, "first_contact_reply", "null");
  rating_write(v, b, t);
  ai_agent_write(v, b, t);
  statistics_write(v, b, t, &parts);
  if (with_parts) {
    parts_write(v, b, &parts);
  }
  jw_close(b, '}');
  free(parts.list);
}

void intercom_conversation_show(struct exchange *x) {
  const struct ticket *t = intercom_conversation(x);
  if (t) {
    struct view v = intercom_view(x);
    intercom_conversation_write(&v, reply_json(x, 200), t, true);
  }
}
