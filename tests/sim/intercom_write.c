/* Intercom's writing endpoints. Each is a step of its own: there is no lock, no key against
 * doubles, and nothing is taken back. */
#include "intercom.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *item(const cJSON *in, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(in, name);
}

static const char *item_text(const cJSON *in, const char *name) {
  const cJSON *v = item(in, name);
  return cJSON_IsString(v) ? v->valuestring : NULL;
}

static bool refuse(struct exchange *x, const char *message, const char *field) {
  intercom_error(x, 400, "parameter_invalid", message, field);
  return false;
}

static bool lacks(struct exchange *x, const char *field) {
  char why[80];
  snprintf(why, sizeof why, "%s is missing", field);
  intercom_error(x, 400, "parameter_not_found", why, field);
  return false;
}

/* The teammate in whose name it is written; x->user from then on. */
static bool admin_fits(struct exchange *x, const cJSON *in) {
  if (item(in, "admin_id") == NULL) {
    return lacks(x, "admin_id");
  }
  uint64_t id = intercom_wish_id(item(in, "admin_id"));
  if (!intercom_is_admin(x->sim, id)) {
    intercom_error(x, 404, "admin_not_found", "Admin not found", "admin_id");
    return false;
  }
  x->user = id;
  return true;
}

/* A body without markup loses its line breaks. The texts are the caller's to free. */
static void body_read(const char *body, struct buf *text, struct buf *html) {
  if (strchr(body, '<') && strchr(body, '>')) {
    buf_str(html, body);
  } else {
    struct buf flat = {0};
    for (const char *at = body; *at; at++) {
      buf_char(&flat, *at == '\n' || *at == '\r' ? ' ' : *at);
    }
    html_from_text(html, buf_text(&flat));
    buf_free(&flat);
  }
  text_from_html(text, buf_text(html));
}

static void edit_body(struct edit *e, const char *body, bool is_public) {
  struct buf text = {0};
  struct buf html = {0};
  body_read(body, &text, &html);
  edit_message(e, buf_text(&text), buf_text(&html), is_public);
  buf_free(&text);
  buf_free(&html);
}

static void edit_start(struct exchange *x, struct edit *e, struct ticket *t) {
  edit_begin(e, &x->sim->store, intercom_desk(x->sim), t, x->user, ENTRY_API);
}

static void edit_end(struct exchange *x, struct edit *e) {
  struct desk *d = intercom_desk(x->sim);
  bool empty = e->entry.change_count == 0 && !(e->entry.flags & ENTRY_MESSAGE);
  stats_update(x->sim, d, e->ticket, empty ? NULL : edit_commit(e));
}

static void conversation_answer(struct exchange *x, const struct ticket *t) {
  struct view v = intercom_view(x);
  intercom_conversation_write(&v, reply_json(x, 200), t, true);
}

static bool admin_says(struct exchange *x, struct ticket *t, const cJSON *in) {
  const char *kind = item_text(in, "message_type");
  const char *body = item_text(in, "body");
  bool note = kind && strcmp(kind, "note") == 0;
  if (kind == NULL) {
    return lacks(x, "message_type");
  }
  if (!note && strcmp(kind, "comment") != 0) {
    return refuse(x,
                  strcmp(kind, "quick_reply") == 0 ? "quick replies are not played here"
                                                   : "message_type is invalid",
                  "message_type");
  }
  if (!admin_fits(x, in)) {
    return false;
  }
  if (body == NULL || *body == '\0') {
    return lacks(x, "body");
  }
  struct edit e;
  edit_start(x, &e, t);
  edit_body(&e, body, !note);
  bool moves = !note && !intercom_is_ticket(t); /* a ticket keeps its state */
  if (moves && intercom_is_closed(t->status)) {
    stats_after_close(x->sim, intercom_desk(x->sim), t);
    edit_status(&e, STATUS_OPEN); /* an answer to the customer opens what was closed */
  } else if (moves && t->status == STATUS_NEW) {
    edit_status(&e, STATUS_OPEN);
  }
  edit_end(x, &e);
  return true;
}

static bool contact_says(struct exchange *x, struct ticket *t, const cJSON *in) {
  const char *id = item_text(in, "intercom_user_id");
  const char *email = item_text(in, "email");
  const char *body = item_text(in, "body");
  const struct person *p = person_get(&x->sim->store, t->requester);
  char own[CONTACT_ID];
  bool known = p && ((id && strcmp(id, intercom_contact_id(p->id, own)) == 0) ||
                     (email && strcmp(email, p->email) == 0));
  if (intercom_is_ticket(t) && strcmp(intercom_category(t), "task") == 0) {
    intercom_error(x, 400, "parameter_mismatch",
                   "User replies are not allowed on Backoffice tickets", NULL);
    return false;
  }
  if (!known) {
    intercom_error(x, 404, "not_found", "User Not Found", NULL);
    return false;
  }
  if (body == NULL || *body == '\0') {
    return lacks(x, "body");
  }
  struct buf text = {0};
  text_from_html(&text, body);
  people_customer_says(x->sim, intercom_desk(x->sim), t, buf_text(&text));
  buf_free(&text);
  return true;
}

static bool reply(struct exchange *x, struct ticket *t) {
  const cJSON *in = exchange_json(x);
  const char *type = item_text(in, "type");
  if (type == NULL) {
    return lacks(x, "type");
  }
  if (strcmp(type, "admin") == 0) {
    return admin_says(x, t, in);
  }
  return strcmp(type, "user") == 0 ? contact_says(x, t, in) : refuse(x, "type is invalid", "type");
}

void intercom_conversation_reply(struct exchange *x) {
  struct ticket *t = intercom_conversation(x);
  if (t && reply(x, t)) {
    conversation_answer(x, t);
  }
}

void intercom_ticket_reply(struct exchange *x) {
  struct ticket *t = intercom_ticket(x);
  if (t == NULL || !reply(x, t)) {
    return;
  }
  struct view v = intercom_view(x);
  struct parts parts;
  intercom_parts(x->sim, t, &parts);
  for (size_t i = parts.n; i-- > 0;) {
    if (parts.list[i].text) {
      intercom_ticket_part_write(&v, reply_json(x, 200), &parts.list[i]);
      break;
    }
  }
  free(parts.list);
}

void intercom_snooze(void *state, struct edit *e, int64_t until_ms) {
  struct intercom *ic = state;
  char seconds[32];
  snprintf(seconds, sizeof seconds, "%lld", (long long)(until_ms / 1000));
  edit_attr(e, "_snoozed_until", seconds);
  edit_status(e, STATUS_HOLD);
  ic->snoozed = mem_grow(ic->snoozed, (ic->snoozed_count + 1) * sizeof *ic->snoozed);
  ic->snoozed[ic->snoozed_count++] = e->ticket->number;
}

static bool snooze_fits(struct exchange *x, const cJSON *until) {
  if (until == NULL) {
    return lacks(x, "snoozed_until");
  }
  bool fits = cJSON_IsNumber(until) && until->valuedouble < 1e12 &&
              until->valuedouble * 1000 > (double)clock_now_ms(&x->sim->clock);
  return fits || refuse(x, "snoozed_until must be a time to come, in seconds", "snoozed_until");
}

static void snooze(struct exchange *x, struct edit *e, const cJSON *until) {
  intercom_snooze(x->state, e, (int64_t)until->valuedouble * 1000);
}

/* "0" is nobody. */
static bool is_nobody(const cJSON *wish) {
  return (cJSON_IsString(wish) && strcmp(wish->valuestring, "0") == 0) ||
         (cJSON_IsNumber(wish) && wish->valuedouble == 0);
}

static bool assignee_fits(struct exchange *x, const cJSON *wish, bool team_only) {
  uint64_t id = intercom_wish_id(wish);
  if (wish == NULL) {
    return lacks(x, "assignee_id");
  }
  if (is_nobody(wish) || intercom_is_team(id) || (!team_only && intercom_is_admin(x->sim, id))) {
    return true;
  }
  intercom_error(x, 404, "assignee_not_found", "Assignee not found", NULL);
  return false;
}

static void assign(struct edit *e, const cJSON *wish) {
  uint64_t id = intercom_wish_id(wish);
  if (is_nobody(wish)) {
    edit_assignee(e, 0);
    edit_group(e, 0);
  } else if (intercom_is_team(id)) {
    edit_group(e, id);
  } else {
    edit_assignee(e, id);
  }
}

enum deed { DEED_CLOSE, DEED_OPEN, DEED_SNOOZE, DEED_ASSIGN, DEED_COUNT };

static int deed_read(const char *name) {
  static const char *const names[DEED_COUNT] = {"close", "open", "snoozed", "assignment"};
  for (int i = 0; name && i < DEED_COUNT; i++) {
    if (strcmp(name, names[i]) == 0) {
      return i;
    }
  }
  return -1;
}

static bool part_fits(struct exchange *x, const cJSON *in, int deed) {
  const char *type = item_text(in, "type");
  if (deed < 0) {
    return item(in, "message_type") ? refuse(x, "message_type is invalid", "message_type")
                                    : lacks(x, "message_type");
  }
  if ((deed == DEED_CLOSE || deed == DEED_ASSIGN) && type == NULL) {
    return lacks(x, "type");
  }
  bool team = deed == DEED_ASSIGN && strcmp(type, "team") == 0;
  if (type && strcmp(type, "admin") != 0 && !team) {
    return refuse(x, "type is invalid", "type");
  }
  if (!admin_fits(x, in)) {
    return false;
  }
  if (deed == DEED_SNOOZE) {
    return snooze_fits(x, item(in, "snoozed_until"));
  }
  return deed != DEED_ASSIGN || assignee_fits(x, item(in, "assignee_id"), team);
}

static void part_apply(struct exchange *x, struct edit *e, const cJSON *in, enum deed deed) {
  const char *body = item_text(in, "body");
  struct ticket *t = e->ticket;
  bool closed = intercom_is_closed(t->status);
  switch (deed) {
  case DEED_CLOSE:
    edit_status(e, closed ? t->status : STATUS_SOLVED);
    break;
  case DEED_OPEN:
    edit_status(e, closed || t->status == STATUS_HOLD ? STATUS_OPEN : t->status);
    break;
  case DEED_SNOOZE:
    snooze(x, e, item(in, "snoozed_until"));
    break;
  default:
    assign(e, item(in, "assignee_id"));
    edit_status(e, closed ? STATUS_OPEN : t->status);
  }
  if (body && *body && (deed == DEED_CLOSE || deed == DEED_ASSIGN)) {
    edit_body(e, body, true);
  }
}

void intercom_conversation_part(struct exchange *x) {
  struct ticket *t = intercom_conversation(x);
  const cJSON *in = exchange_json(x);
  int deed = deed_read(item_text(in, "message_type"));
  struct edit e;
  if (t == NULL || !part_fits(x, in, deed)) {
    return;
  }
  edit_start(x, &e, t);
  part_apply(x, &e, in, (enum deed)deed);
  edit_end(x, &e);
  conversation_answer(x, t);
}

/* Texts, numbers, truth and lists; an attribute whose name the workspace has twice is refused. */
static bool attributes_fit(struct exchange *x, const cJSON *attributes, const char *field,
                           bool lists) {
  const cJSON *one = NULL;
  if (attributes && !cJSON_IsObject(attributes)) {
    return refuse(x, "must be an object", field);
  }
  cJSON_ArrayForEach(one, attributes) {
    bool fits = cJSON_IsString(one) || cJSON_IsNumber(one) || cJSON_IsBool(one) ||
                cJSON_IsNull(one) || (lists && cJSON_IsArray(one));
    if (text_starts(one->string, "duplicated")) {
      intercom_error(x, 400, "INVALID_PARAMETER", "Multiple conversation attributes have this name",
                     one->string);
      return false;
    }
    if (!fits || strlen(one->string) > 100) {
      return refuse(x, "Custom attribute value is not of a known type", one->string);
    }
  }
  return true;
}

static void edit_attributes(struct edit *e, const cJSON *attributes) {
  const cJSON *one = NULL;
  cJSON_ArrayForEach(one, attributes) {
    char *json = cJSON_PrintUnformatted(one);
    bool hidden = intercom_attr_hidden(one->string);
    if (json && !hidden) {
      edit_attr(e, one->string, json);
    }
    free(json);
  }
}

static void edit_flag(struct edit *e, const char *key, const cJSON *flag) {
  if (cJSON_IsBool(flag)) {
    edit_attr(e, key, cJSON_IsTrue(flag) ? "true" : "false");
  }
}

void intercom_conversation_update(struct exchange *x) {
  struct ticket *t = intercom_conversation(x);
  const cJSON *in = exchange_json(x);
  if (t == NULL || !attributes_fit(x, item(in, "custom_attributes"), "custom_attributes", false)) {
    return;
  }
  struct edit e;
  edit_start(x, &e, t);
  edit_attributes(&e, item(in, "custom_attributes"));
  edit_flag(&e, "_read", item(in, "read"));
  if (cJSON_IsString(item(in, "title"))) {
    char *json = cJSON_PrintUnformatted(item(in, "title"));
    edit_attr(&e, "_title", json);
    free(json);
  }
  edit_end(x, &e);
  conversation_answer(x, t);
}

/* NULL when it is none. */
static const struct ticket_state *state_find(const struct exchange *x, const cJSON *wish) {
  for (const struct ticket_state *s = intercom_states(x->sim); s->id; s++) {
    if (s->id == intercom_wish_id(wish)) {
      return s;
    }
  }
  return NULL;
}

static bool ticket_fits(struct exchange *x, const cJSON *in) {
  const cJSON *assignee = item(in, "assignee_id");
  const cJSON *until = item(in, "snoozed_until");
  if (!attributes_fit(x, item(in, "ticket_attributes"), "ticket_attributes", true)) {
    return false;
  }
  if ((item(in, "admin_id") || assignee) && !admin_fits(x, in)) {
    return false;
  }
  if (item(in, "ticket_state_id") && state_find(x, item(in, "ticket_state_id")) == NULL) {
    intercom_error(x, 400, "ticket_state_id_invalid",
                   "Ticket state id is not valid or is not associated with the ticket type", NULL);
    return false;
  }
  return (assignee == NULL || assignee_fits(x, assignee, false)) &&
         (until == NULL || snooze_fits(x, until));
}

void intercom_ticket_update(struct exchange *x) {
  struct ticket *t = intercom_ticket(x);
  const cJSON *in = exchange_json(x);
  const cJSON *attributes = item(in, "ticket_attributes");
  const char *title = item_text(attributes, "_default_title_");
  const struct ticket_state *state = state_find(x, item(in, "ticket_state_id"));
  struct edit e;
  if (t == NULL || !ticket_fits(x, in)) {
    return;
  }
  edit_start(x, &e, t);
  if (item(in, "assignee_id")) {
    assign(&e, item(in, "assignee_id"));
  }
  if (state && state != intercom_ticket_state(x->sim, t->status)) {
    edit_status(&e, state->status);
  }
  if (item(in, "snoozed_until")) {
    snooze(x, &e, item(in, "snoozed_until"));
  }
  if (title) {
    edit_subject(&e, title);
  }
  edit_attributes(&e, attributes); /* the description is the customer's and stays */
  edit_flag(&e, "_open", item(in, "open"));
  edit_flag(&e, "_is_shared", item(in, "is_shared"));
  edit_end(x, &e);
  struct view v = intercom_view(x);
  intercom_ticket_write(&v, reply_json(x, 200), t);
}

static struct ticket *of_path(struct exchange *x) {
  bool ticket = text_starts(x->path, "/tickets");
  char *end = NULL;
  uint64_t number = strtoull(x->capture[0], &end, 10);
  struct ticket *t = *end == '\0' ? ticket_get(intercom_desk(x->sim), number) : NULL;
  if (t == NULL || t->status == STATUS_DELETED || intercom_is_ticket(t) != ticket) {
    intercom_error(x, 404, ticket ? "ticket_not_found" : "not_found",
                   ticket ? "Ticket not found" : "Conversation not found", NULL);
    return NULL;
  }
  return t;
}

static const char *tag_of(struct exchange *x, uint64_t id) {
  const char *name = intercom_tag_name(x, id);
  if (name == NULL) {
    intercom_error(x, 404, "tag_not_found", "Tag not found", NULL);
  }
  return name;
}

void intercom_tag_attach(struct exchange *x) {
  struct ticket *t = of_path(x);
  const cJSON *in = exchange_json(x);
  if (t == NULL || !admin_fits(x, in)) {
    return;
  }
  if (item(in, "id") == NULL) {
    lacks(x, "id");
    return;
  }
  const char *name = tag_of(x, intercom_wish_id(item(in, "id")));
  if (name == NULL) {
    return;
  }
  struct view v = intercom_view(x);
  struct edit e;
  edit_start(x, &e, t);
  edit_tag_add(&e, name);
  edit_end(x, &e);
  intercom_tag_write(&v, reply_json(x, 200), t, name);
}

void intercom_tag_detach(struct exchange *x) {
  struct ticket *t = of_path(x);
  if (t == NULL || !admin_fits(x, exchange_json(x))) {
    return;
  }
  const char *name = tag_of(x, strtoull(x->capture[1], NULL, 10));
  if (name == NULL) {
    return;
  }
  if (!ticket_has_tag(t, name)) {
    intercom_error(x, 404, "tag_not_found", "Tag not found", NULL);
    return;
  }
  struct view v = intercom_view(x);
  struct buf tag = {0};
  struct edit e;
  intercom_tag_write(&v, &tag, t, name);
  edit_start(x, &e, t);
  edit_tag_remove(&e, name);
  edit_end(x, &e);
  buf_str(reply_json(x, 200), buf_text(&tag));
  buf_free(&tag);
}
