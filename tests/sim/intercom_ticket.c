/* Intercom's own tickets, their types and their states. */
#include "intercom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ticket_state usual[] = {
    {8497, "submitted", "Submitted", STATUS_NEW},
    {8498, "in_progress", "In progress", STATUS_OPEN},
    {8499, "waiting_on_customer", "Waiting on you", STATUS_PENDING},
    {8500, "resolved", "Resolved", STATUS_SOLVED},
    {0, NULL, NULL, STATUS_NEW},
};
/* As somebody's administrator named them: "Resolved" is not. */
static const struct ticket_state own[] = {
    {9711, "submitted", "Eingegangen", STATUS_NEW},
    {9712, "in_progress", "Resolved", STATUS_OPEN},
    {9713, "waiting_on_customer", "Closed", STATUS_PENDING},
    {9714, "resolved", "In progress", STATUS_SOLVED},
    {0, NULL, NULL, STATUS_NEW},
};

const struct ticket_state *intercom_states(const struct sim *s) {
  return s->opt.own_words ? own : usual;
}

static const struct {
  uint64_t id;
  const char *word, *category, *name;
} types[] = {
    {95, "request", "Customer", "Customer request"},
    {96, "task", "Back-office", "Task"},
    {97, "tracker", "Tracker", "Tracker"},
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

const struct ticket_state *intercom_ticket_state(const struct sim *s, enum status status) {
  const struct ticket_state *states = intercom_states(s);
  switch (status) {
  case STATUS_NEW:
    return &states[0];
  case STATUS_OPEN:
    return &states[1];
  case STATUS_PENDING:
  case STATUS_HOLD:
    return &states[2];
  default:
    return &states[3];
  }
}

static size_t type_of(const struct ticket *t) {
  for (size_t i = 0; t->type && i < TYPE_COUNT; i++) {
    if (strcmp(t->type, types[i].word) == 0) {
      return i;
    }
  }
  return 0;
}

const char *intercom_category(const struct ticket *t) {
  return types[type_of(t)].word;
}

uint64_t intercom_type_id(const struct ticket *t) {
  return types[type_of(t)].id;
}

int64_t intercom_position(const struct sim *s, const struct ticket *t) {
  uint64_t at = 0;
  map_get(&intercom_desk(s)->by_number, t->number, &at);
  return (int64_t)at + 1;
}

static void state_write(struct buf *b, const struct ticket_state *state) {
  jw_open(b, '{');
  jw_kstr(b, "type", "ticket_state");
  k_id(b, "id", state->id);
  jw_kstr(b, "category", state->category);
  jw_kstr(b, "internal_label", state->label);
  jw_kstr(b, "external_label", state->label);
  jw_close(b, '}');
}

static void type_attribute_write(struct buf *b, size_t type, int order, const char *name) {
  jw_open(b, '{');
  jw_kstr(b, "type", "ticket_type_attribute");
  k_id(b, "id", 210 + type * 2 + (uint64_t)order);
  jw_kstr(b, "workspace_id", "simapp01");
  jw_kstr(b, "name", name);
  jw_kstr(b, "description", "");
  jw_kstr(b, "data_type", "string");
  jw_kraw(b, "input_options", "null");
  jw_kint(b, "order", order);
  jw_kbool(b, "required_to_create", order == 0);
  jw_kbool(b, "required_to_create_for_contacts", order == 0);
  jw_kbool(b, "visible_on_create", true);
  jw_kbool(b, "visible_to_contacts", true);
  jw_kbool(b, "default", true);
  jw_kint(b, "ticket_type_id", (int64_t)types[type].id);
  jw_kbool(b, "archived", false);
  jw_kint(b, "created_at", 1734537973);
  jw_kint(b, "updated_at", 1734537973);
  jw_close(b, '}');
}

static void type_write(const struct sim *sim, struct buf *b, size_t type) {
  jw_open(b, '{');
  jw_kstr(b, "type", "ticket_type");
  k_id(b, "id", types[type].id);
  jw_kstr(b, "category", types[type].category);
  jw_kstr(b, "name", types[type].name);
  jw_kstr(b, "description", types[type].name);
  jw_kstr(b, "icon", "🎫");
  jw_kstr(b, "workspace_id", "simapp01");
  jw_kopen(b, "ticket_type_attributes", '{');
  jw_kstr(b, "type", "list");
  jw_kopen(b, "data", '[');
  type_attribute_write(b, type, 0, "_default_title_");
  type_attribute_write(b, type, 1, "_default_description_");
  jw_close(b, ']');
  jw_close(b, '}');
  jw_kopen(b, "ticket_states", '{');
  jw_kstr(b, "type", "list");
  jw_kopen(b, "data", '[');
  for (const struct ticket_state *s = intercom_states(sim); s->id; s++) {
    state_write(b, s);
  }
  jw_close(b, ']');
  jw_close(b, '}');
  jw_kbool(b, "archived", false);
  jw_kbool(b, "is_internal", type != 0);
  jw_kint(b, "created_at", 1734537973);
  jw_kint(b, "updated_at", 1734537973);
  jw_close(b, '}');
}

static void author_write(const struct view *v, struct buf *b, const struct part *p) {
  jw_key(b, "author");
  intercom_author_write(v, b, p->author, p->fin);
}

void intercom_ticket_part_write(const struct view *v, struct buf *b, const struct part *p) {
  bool state = strcmp(p->type, "ticket_state_updated_by_admin") == 0;
  jw_open(b, '{');
  jw_kstr(b, "type", "ticket_part");
  k_id(b, "id", p->id);
  jw_kstr(b, "part_type", p->type);
  jw_key(b, "body");
  intercom_said_write(v, b, p->text, p->html, p->redacted);
  if (state) {
    jw_kstr(b, "previous_ticket_state", intercom_ticket_state(v->sim, p->before)->category);
    jw_kstr(b, "ticket_state", intercom_ticket_state(v->sim, p->after)->category);
  }
  k_seconds(b, "created_at", p->at_ms);
  k_seconds(b, "updated_at", p->at_ms);
  if (p->assigned) {
    jw_kopen(b, "assigned_to", '{');
    jw_kstr(b, "type", p->team ? "team" : "admin");
    k_id(b, "id", p->assigned);
    jw_close(b, '}');
  }
  author_write(v, b, p);
  jw_kraw(b, "attachments", "[]");
  jw_kraw(b, "external_id", "null");
  if (p->attr) {
    jw_kopen(b, "updated_attribute_data", '{');
    jw_kopen(b, "attribute", '{');
    jw_kstr(b, "type", "attribute");
    jw_kstr(b, "id", "210");
    jw_kstr(b, "label", p->attr->field + strlen("attr:"));
    jw_close(b, '}');
    jw_kopen(b, "value", '{');
    jw_kstr(b, "type", "value");
    jw_kraw(b, "id", "null");
    jw_kstr(b, "label", p->attr->to ? p->attr->to : "");
    jw_close(b, '}');
    jw_close(b, '}');
  }
  if (p->api) {
    jw_kstr(b, "app_package_code", "helpdesk-automation");
  }
  jw_close(b, '}');
}

static void attributes_write(const struct view *v, struct buf *b, const struct ticket *t) {
  struct view plain = *v;
  plain.plain = true;
  jw_kopen(b, "ticket_attributes", '{');
  jw_kstr(b, "_default_title_", t->subject);
  jw_key(b, "_default_description_");
  intercom_body_write(&plain, b, t->entries[0].text, t->entries[0].html);
  for (size_t i = 0; i < t->attr_count; i++) {
    if (!intercom_attr_hidden(t->attrs[i].key) && t->attrs[i].json) {
      jw_kraw(b, t->attrs[i].key, t->attrs[i].json);
    }
  }
  jw_close(b, '}');
}

void intercom_ticket_write(const struct view *v, struct buf *b, const struct ticket *t) {
  struct parts parts;
  char shown[24];
  const char *open = ticket_attr(t, "_open");
  const char *shared = ticket_attr(t, "_is_shared");
  intercom_parts(v->sim, t, &parts);
  jw_open(b, '{');
  jw_kstr(b, "type", "ticket");
  k_id(b, "id", t->number);
  snprintf(shown, sizeof shown, "%lld", (long long)intercom_position(v->sim, t));
  jw_kstr(b, "ticket_id", shown);
  jw_kstr(b, "category", types[type_of(t)].category);
  attributes_write(v, b, t);
  jw_key(b, "ticket_state");
  state_write(b, intercom_ticket_state(v->sim, t->status));
  jw_key(b, "ticket_type");
  type_write(v->sim, b, type_of(t));
  intercom_contacts_write(b, t);
  /* here ids of teammates are texts, and "0" stands for nobody */
  snprintf(shown, sizeof shown, "%llu", (unsigned long long)t->assignee);
  jw_kstr(b, "admin_assignee_id", shown);
  snprintf(shown, sizeof shown, "%llu", (unsigned long long)t->group);
  jw_kstr(b, "team_assignee_id", shown);
  k_seconds(b, "created_at", t->created_ms);
  k_seconds(b, "updated_at", t->updated_ms);
  jw_kbool(b, "open", open ? strcmp(open, "true") == 0 : !intercom_is_closed(t->status));
  jw_kbool(b, "is_shared", shared ? strcmp(shared, "true") == 0 : type_of(t) == 0);
  if (intercom_snoozed_ms(t)) {
    k_seconds(b, "snoozed_until", intercom_snoozed_ms(t));
  }
  intercom_links_write(b);
  jw_kopen(b, "ticket_parts", '{');
  jw_kstr(b, "type", "ticket_part.list");
  jw_kopen(b, "ticket_parts", '[');
  for (size_t i = parts.n > PARTS_MAX ? parts.n - PARTS_MAX : 0; i < parts.n; i++) {
    intercom_ticket_part_write(v, b, &parts.list[i]);
  }
  jw_close(b, ']');
  jw_kint(b, "total_count", (int64_t)parts.n);
  jw_close(b, '}');
  jw_close(b, '}');
  free(parts.list);
}

void intercom_ticket_show(struct exchange *x) {
  const struct ticket *t = intercom_ticket(x);
  if (t) {
    struct view v = intercom_view(x);
    intercom_ticket_write(&v, reply_json(x, 200), t);
  }
}

void intercom_ticket_types(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "type", "list");
  jw_kopen(b, "data", '[');
  for (size_t i = 0; i < TYPE_COUNT; i++) {
    type_write(x->sim, b, i);
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

void intercom_ticket_states(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "type", "list");
  jw_kopen(b, "data", '[');
  for (const struct ticket_state *s = intercom_states(x->sim); s->id; s++) {
    state_write(b, s);
  }
  jw_close(b, ']');
  jw_close(b, '}');
}
