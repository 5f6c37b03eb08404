/* Intercom: the history of a ticket as parts. One entry can be several: a message, then the events
 * that came with it. */
#include "intercom.h"

#include <string.h>

enum { PER_ENTRY = 100 };

static struct part *part_add(struct parts *p, const struct entry *e, uint64_t within,
                             const char *type) {
  if (p->n == p->cap) {
    p->cap = p->cap ? p->cap * 2 : 16;
    p->list = mem_grow(p->list, p->cap * sizeof *p->list);
  }
  struct part *part = &p->list[p->n++];
  memset(part, 0, sizeof *part);
  part->id = e->id * PER_ENTRY + within;
  part->author = e->author;
  part->at_ms = e->at_ms;
  part->type = type;
  part->api = (e->flags & ENTRY_API) != 0;
  return part;
}

static enum status status_of(const char *json, enum status otherwise) {
  static const enum status all[] = {STATUS_NEW,    STATUS_OPEN,   STATUS_PENDING, STATUS_HOLD,
                                    STATUS_SOLVED, STATUS_CLOSED, STATUS_DELETED};
  for (size_t i = 0; json && i < sizeof all / sizeof all[0]; i++) {
    const char *name = status_name(all[i]);
    if (strncmp(json + 1, name, strlen(name)) == 0) {
      return all[i];
    }
  }
  return otherwise;
}

static const struct change *change_of(const struct entry *e, const char *field) {
  for (size_t i = 0; i < e->change_count; i++) {
    if (strcmp(e->changes[i].field, field) == 0) {
      return &e->changes[i];
    }
  }
  return NULL;
}

/* What one entry did to the state. */
struct turn {
  const struct ticket *ticket;
  const struct entry *entry;
  enum status before, after;
  bool customer, message, api, closes, opens, wakes, snoozes;
  const struct change *assigned;
  bool team;
  uint64_t within;
};

static const char *message_type(const struct turn *n) {
  if (!(n->entry->flags & ENTRY_PUBLIC)) {
    return "note";
  }
  if (intercom_is_ticket(n->ticket)) {
    return "comment"; /* its state changes in a part of its own */
  }
  if (n->customer && (n->opens || n->wakes)) {
    return "open";
  }
  if (n->api && n->assigned) {
    return n->opens ? "assign_and_reopen" : "assignment";
  }
  return n->api && n->closes ? "close" : "comment";
}

static void assigned_set(struct part *p, const struct turn *n) {
  const char *to = n->assigned->to;
  uint64_t id = 0;
  for (const char *at = to ? to + 1 : ""; *at >= '0' && *at <= '9'; at++) {
    id = id * 10 + (uint64_t)(*at - '0');
  }
  p->assigned = id;
  p->team = n->team;
}

static void part_state(struct part *p, const struct turn *n) {
  p->before = n->before;
  p->after = n->after;
}

/* The message, as one part; true when that part also stands for the change of state. */
static bool message_add(struct parts *p, struct turn *n) {
  const char *type = message_type(n);
  struct part *part = part_add(p, n->entry, n->within++, type);
  bool whole = strcmp(type, "comment") != 0 && strcmp(type, "note") != 0;
  part->text = n->entry->text;
  part->html = n->entry->html;
  part->redacted = (n->entry->flags & ENTRY_REDACTED) != 0;
  part_state(part, n);
  if (n->assigned && n->api && whole) {
    assigned_set(part, n);
  }
  return whole;
}

static void state_add(const struct sim *s, struct parts *p, struct turn *n) {
  const char *type = n->closes             ? "close"
                     : n->snoozes          ? "snoozed"
                     : n->wakes && !n->api ? "timer_unsnooze"
                                           : "open";
  bool shown = n->closes || n->snoozes || n->wakes || n->opens;
  if (intercom_is_ticket(n->ticket)) {
    type = "ticket_state_updated_by_admin";
    shown = intercom_ticket_state(s, n->before) != intercom_ticket_state(s, n->after);
  } else if (n->customer || (n->message && n->opens)) {
    return; /* the message says it */
  }
  if (shown) {
    part_state(part_add(p, n->entry, n->within++, type), n);
  }
}

static void attrs_add(const struct sim *s, struct parts *p, struct turn *n) {
  bool ticket = intercom_is_ticket(n->ticket);
  const char *type = ticket ? "ticket_attribute_updated_by_admin"
                     : n->entry->author == s->store.system
                         ? "conversation_attribute_updated_by_workflow"
                         : "conversation_attribute_updated_by_admin";
  for (size_t i = 0; i < n->entry->change_count; i++) {
    const struct change *c = &n->entry->changes[i];
    if (text_starts(c->field, "attr:") && !intercom_attr_hidden(c->field + 5)) {
      struct part *part = part_add(p, n->entry, n->within++, type);
      part->attr = c;
      part_state(part, n);
    }
  }
}

static void turn_read(const struct sim *s, struct turn *n) {
  const struct entry *e = n->entry;
  const struct person *author = person_get(&s->store, e->author);
  const struct change *status = change_of(e, "status");
  n->customer = author && author->role == ROLE_CUSTOMER;
  n->message = (e->flags & ENTRY_MESSAGE) != 0;
  n->api = (e->flags & ENTRY_API) != 0;
  n->after = status ? status_of(status->to, n->before) : n->before;
  n->closes = !intercom_is_closed(n->before) && intercom_is_closed(n->after);
  n->opens = intercom_is_closed(n->before) && !intercom_is_closed(n->after);
  n->snoozes = n->before != STATUS_HOLD && n->after == STATUS_HOLD;
  n->wakes = n->before == STATUS_HOLD && n->after < STATUS_HOLD;
  n->assigned = change_of(e, "assignee");
  n->team = n->assigned == NULL;
  n->assigned = n->assigned ? n->assigned : change_of(e, "group");
  n->within = 0;
}

/* True when the part also stands for the change of state. */
static bool assigned_add(struct parts *p, struct turn *n) {
  bool reopens = n->opens && n->api && !n->message && !intercom_is_ticket(n->ticket);
  struct part *part = part_add(p, n->entry, n->within++,
                               reopens ? "assign_and_reopen" : "assignment");
  assigned_set(part, n);
  part_state(part, n);
  return reopens;
}

/* Both sides of a merge say so; the one that goes is closed besides. */
static void merge_add(struct parts *p, struct turn *n) {
  bool goes = (n->entry->flags & ENTRY_MERGES) != 0;
  if (!goes && !(n->entry->flags & ENTRY_ABSORBS)) {
    return;
  }
  struct part *part = part_add(p, n->entry, n->within++,
                               goes ? "merged_secondary_conversation"
                                    : "merged_primary_conversation");
  part->before = part->after = n->before;
}

static void entry_add(const struct sim *s, struct parts *p, struct turn *n) {
  turn_read(s, n);
  merge_add(p, n);
  bool whole = n->message && message_add(p, n);
  if (n->assigned && !(whole && n->api)) {
    whole = assigned_add(p, n) || whole;
  }
  if (!whole) {
    state_add(s, p, n);
  }
  attrs_add(s, p, n);
  n->before = n->after;
}

void intercom_parts(const struct sim *s, const struct ticket *t, struct parts *ret_parts) {
  struct turn n = {.ticket = t, .before = STATUS_NEW};
  memset(ret_parts, 0, sizeof *ret_parts);
  for (size_t i = 0; i < t->entry_count; i++) {
    n.entry = &t->entries[i];
    if (!(n.entry->flags & ENTRY_CREATES)) {
      entry_add(s, ret_parts, &n);
      continue;
    }
    const struct change *status = change_of(n.entry, "status");
    n.before = status ? status_of(status->to, STATUS_NEW) : STATUS_NEW;
    if (ticket_attr(t, "ai_agent")) {
      struct part *fin = part_add(ret_parts, n.entry, 1, "comment");
      fin->fin = true;
      fin->api = false;
      fin->text = "I am the automatic assistant. These articles may help.";
      fin->before = fin->after = STATUS_NEW;
    }
  }
}
