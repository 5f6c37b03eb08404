/* Cases: how the helpdesk's tickets look as this vendor's records. Messages are children and do not
 * touch the case's own stamps. */
#include "salesforce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sf_status usual[] = {
    {"New", "New", STATUS_NEW, false},
    {"Working", "Working", STATUS_OPEN, false},
    {"Escalated", "Escalated", STATUS_OPEN, false},
    {"Waiting on Customer", "Waiting on Customer", STATUS_PENDING, false},
    {"On Hold", "On Hold", STATUS_HOLD, false},
    {"Closed", "Closed", STATUS_SOLVED, true},
    {"Resolved", "Resolved", STATUS_SOLVED, true},
    {NULL, NULL, STATUS_NEW, false},
};
/* As somebody's administrator named them. Two words are not what they seem. */
static const struct sf_status own[] = {
    {"Eingang", "Eingegangen", STATUS_NEW, false},
    {"In_Arbeit", "In Arbeit", STATUS_OPEN, false},
    {"Resolved", "Gel\u00f6st, bitte pr\u00fcfen", STATUS_PENDING, false},
    {"Closed", "Vorerst geschlossen", STATUS_HOLD, false},
    {"Abgelegt", "Abgelegt (Archiv)", STATUS_SOLVED, true},
    {"Open_By_Mistake", "Irrl\u00e4ufer", STATUS_SOLVED, true},
    {NULL, NULL, STATUS_NEW, false},
};

const struct sf_status *sf_statuses(const struct exchange *x) {
  return x->sim->opt.own_words ? own : usual;
}

const struct sf_status *sf_status(const struct exchange *x, const char *name) {
  for (const struct sf_status *s = sf_statuses(x); s->name; s++) {
    if (strcasecmp(s->name, name) == 0) {
      return s;
    }
  }
  return NULL;
}

bool sf_case_closed(const struct ticket *t) {
  return t->status == STATUS_SOLVED || t->status == STATUS_CLOSED;
}

/* The name that was written last, while it still means the state that the case is in. */
static const char *status_shown(const struct exchange *x, const struct ticket *t) {
  const char *json = ticket_attr(t, "Status");
  enum status core = sf_case_closed(t) ? STATUS_SOLVED : t->status;
  core = core == STATUS_DELETED ? STATUS_OPEN : core;
  for (const struct sf_status *s = sf_statuses(x); json && s->name; s++) {
    if (s->core == core && strlen(s->name) + 2 == strlen(json) &&
        strncmp(json + 1, s->name, strlen(s->name)) == 0) {
      return s->name;
    }
  }
  for (const struct sf_status *s = sf_statuses(x); s->name; s++) {
    if (s->core == core) {
      return s->name;
    }
  }
  return sf_statuses(x)->name;
}

const char *sf_queue_name(uint64_t group) {
  static const char *const names[QUEUE_COUNT] = {NULL, "Unassigned", "Tier 1", "Billing",
                                                 "Technical"};
  return group < QUEUE_COUNT ? names[group] : NULL;
}

/* Merged cases end in the recycle bin, as deleted ones do. */
bool sf_case_deleted(const struct ticket *t) {
  return t->status == STATUS_DELETED || ticket_has_tag(t, "closed_by_merge");
}

int64_t sf_case_modified(const struct ticket *t, bool even_system, uint64_t *ret_by) {
  for (size_t i = t->entry_count; i-- > 0;) {
    const struct entry *e = &t->entries[i];
    bool touches = e->change_count > 0 || (e->flags & ENTRY_CREATES);
    if (touches && (even_system || !(e->flags & ENTRY_SYSTEM))) {
      *ret_by = e->author;
      return e->at_ms;
    }
  }
  *ret_by = 0;
  return t->created_ms;
}

/* Customers are no users here: what they do is done by the automated process. */
uint64_t sf_user_of(const struct exchange *x, uint64_t person) {
  const struct person *p = person_get(&x->sim->store, person);
  return p && p->role != ROLE_CUSTOMER ? person : x->sim->store.system;
}

static int64_t closed_ms(const struct ticket *t) {
  for (size_t i = t->entry_count; i-- > 0 && sf_case_closed(t);) {
    for (size_t k = 0; k < t->entries[i].change_count; k++) {
      const struct change *c = &t->entries[i].changes[k];
      if (strcmp(c->field, "status") == 0 && c->to && strcmp(c->to, "\"solved\"") == 0) {
        return t->entries[i].at_ms;
      }
    }
  }
  return sf_case_closed(t) ? t->updated_ms : 0;
}

enum {
  C_ID,
  C_NUMBER,
  C_SUBJECT,
  C_DESCRIPTION,
  C_STATUS,
  C_CLOSED,
  C_CLOSED_DATE,
  C_PRIORITY,
  C_ORIGIN,
  C_TYPE,
  C_OWNER,
  C_OWNER_NAME,
  C_OWNER_TYPE,
  C_ESCALATED,
  C_CONTACT,
  C_EMAIL,
  C_SUPPLIED_EMAIL,
  C_NAME,
  C_SUPPLIED_NAME,
  C_CREATED,
  C_CREATED_BY,
  C_MODIFIED,
  C_MODIFIED_BY,
  C_MODIFIED_BY_NAME,
  C_STAMP,
  C_DELETED,
  C_PARENT,
  C_MASTER,
  C_LANGUAGE,
  C_CSAT,
  C_REF,
  C_ATTR,
  C_NULL
};

static const struct sf_field case_fields[] = {
    {"Id", SF_ID, C_ID, false},
    {"IsDeleted", SF_BOOL, C_DELETED, false},
    {"MasterRecordId", SF_ID, C_MASTER, false},
    {"CaseNumber", SF_TEXT, C_NUMBER, false},
    {"ContactId", SF_ID, C_CONTACT, true},
    {"AccountId", SF_ID, C_NULL, true},
    {"ParentId", SF_ID, C_PARENT, true},
    {"RecordTypeId", SF_ID, C_NULL, true},
    {"SuppliedName", SF_TEXT, C_SUPPLIED_NAME, true},
    {"SuppliedEmail", SF_TEXT, C_SUPPLIED_EMAIL, true},
    {"SuppliedPhone", SF_TEXT, C_NULL, true},
    {"SuppliedCompany", SF_TEXT, C_NULL, true},
    {"Type", SF_TEXT, C_TYPE, true},
    {"Status", SF_TEXT, C_STATUS, true},
    {"Reason", SF_TEXT, C_ATTR, true},
    {"Origin", SF_TEXT, C_ORIGIN, true},
    {"Language", SF_TEXT, C_LANGUAGE, true},
    {"Subject", SF_TEXT, C_SUBJECT, true},
    {"Priority", SF_TEXT, C_PRIORITY, true},
    {"Description", SF_LONG, C_DESCRIPTION, true},
    {"Comments", SF_LONG, C_NULL, true},
    {"IsClosed", SF_BOOL, C_CLOSED, false},
    {"ClosedDate", SF_TIME, C_CLOSED_DATE, false},
    {"IsEscalated", SF_BOOL, C_ESCALATED, true},
    {"OwnerId", SF_ID, C_OWNER, true},
    {"Owner.Name", SF_TEXT, C_OWNER_NAME, false},
    {"Owner.Type", SF_TEXT, C_OWNER_TYPE, false},
    {"CreatedDate", SF_TIME, C_CREATED, false},
    {"CreatedById", SF_ID, C_CREATED_BY, false},
    {"LastModifiedDate", SF_TIME, C_MODIFIED, false},
    {"LastModifiedById", SF_ID, C_MODIFIED_BY, false},
    {"LastModifiedBy.Name", SF_TEXT, C_MODIFIED_BY_NAME, false},
    {"SystemModstamp", SF_TIME, C_STAMP, false},
    {"ContactEmail", SF_TEXT, C_EMAIL, false},
    {"ContactPhone", SF_TEXT, C_NULL, false},
    {"Contact.Name", SF_TEXT, C_NAME, false},
    {"Contact.Email", SF_TEXT, C_EMAIL, false},
    {"LastViewedDate", SF_TIME, C_NULL, false},
    {"LastReferencedDate", SF_TIME, C_NULL, false},
    {"CSAT__c", SF_TEXT, C_CSAT, false},
    {"Ref__c", SF_TEXT, C_REF, false},
};

static const char *priority_shown(const struct ticket *t) {
  static const char *const names[][2] = {
      {"urgent", "High"}, {"high", "High"}, {"normal", "Medium"}, {"low", "Low"}};
  for (size_t i = 0; t->priority && i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(t->priority, names[i][0]) == 0) {
      return names[i][1];
    }
  }
  return t->priority ? t->priority : "Medium";
}

static const char *origin_shown(const struct ticket *t) {
  static const char *const names[][2] = {{"email", "Email"},       {"web", "Web"},
                                         {"chat", "Chat"},         {"messaging", "Messaging"},
                                         {"whatsapp", "WhatsApp"}, {"api", "Web"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(t->channel, names[i][0]) == 0) {
      return names[i][1];
    }
  }
  return "Web";
}

static void owner_get(struct exchange *x, const struct ticket *t, int which, struct sf_value *v) {
  const struct person *p = t->assignee ? person_get(&x->sim->store, t->assignee) : NULL;
  uint64_t group = t->group ? t->group : QUEUE_TIER1;
  if (which == C_OWNER) {
    sf_ref(v, p ? "005" : "00G", p ? t->assignee : group);
  } else if (which == C_OWNER_TYPE) {
    sf_text(v, p ? "User" : "Queue");
  } else {
    const char *queue = sf_queue_name(group);
    sf_text(v, p ? p->name : queue ? queue : "Queue");
  }
}

static void attr_get(const struct ticket *t, const char *name, struct sf_value *v) {
  const char *json = ticket_attr(t, name);
  v->raw = json && *json != '"';
  if (json == NULL || strcmp(json, "null") == 0) {
    sf_text(v, NULL);
    return;
  }
  if (v->raw) {
    sf_text(v, json);
    v->n = strtoll(json, NULL, 10);
    return;
  }
  cJSON *text = cJSON_Parse(json);
  sf_text(v, cJSON_GetStringValue(text));
  cJSON_Delete(text);
}

static void person_name(struct exchange *x, uint64_t id, struct sf_value *v) {
  const struct person *p = person_get(&x->sim->store, sf_user_of(x, id));
  sf_text(v, p ? p->name : NULL);
}

static void stamps_get(struct exchange *x, const struct ticket *t, int which, struct sf_value *v) {
  uint64_t by = 0;
  int64_t at_ms = sf_case_modified(t, which == C_STAMP, &by);
  switch (which) {
  case C_CREATED:
    sf_int(v, SF_TIME, t->created_ms);
    break;
  case C_CREATED_BY:
    sf_ref(v, "005", sf_user_of(x, t->entry_count ? t->entries[0].author : 0));
    break;
  case C_MODIFIED_BY:
    sf_ref(v, "005", sf_user_of(x, by));
    break;
  case C_MODIFIED_BY_NAME:
    person_name(x, by, v);
    break;
  case C_CLOSED_DATE:
    sf_int(v, SF_TIME, closed_ms(t));
    break;
  default:
    sf_int(v, SF_TIME, at_ms);
  }
}

/* Who asks: a contact, or what the form said. */
static void customer_get(struct exchange *x, const struct ticket *t, int which,
                         struct sf_value *v) {
  const struct person *p = person_get(&x->sim->store, t->requester);
  bool form = strcmp(t->channel, "web") == 0 || strcmp(t->channel, "email") == 0;
  if (p == NULL || p->role != ROLE_CUSTOMER) {
    sf_text(v, NULL);
    return;
  }
  switch (which) {
  case C_CONTACT:
    sf_ref(v, "003", p->id);
    break;
  case C_EMAIL:
    sf_text(v, p->email);
    break;
  case C_NAME:
    sf_text(v, p->name);
    break;
  case C_SUPPLIED_EMAIL:
    sf_text(v, form ? p->email : NULL);
    break;
  default:
    sf_text(v, form ? p->name : NULL);
  }
}

static void words_get(const struct exchange *x, const struct ticket *t, const struct sf_column *c,
                      struct sf_value *v) {
  switch (c->field->which) {
  case C_SUBJECT:
    sf_text(v, t->subject);
    break;
  case C_DESCRIPTION:
    sf_text(v, t->entry_count && (t->entries[0].flags & ENTRY_CREATES) ? t->entries[0].text : NULL);
    break;
  case C_STATUS:
    sf_text(v, status_shown(x, t));
    break;
  case C_PRIORITY:
    sf_text(v, priority_shown(t));
    break;
  case C_ORIGIN:
    sf_text(v, origin_shown(t));
    break;
  case C_TYPE:
    sf_text(v, t->type);
    break;
  case C_LANGUAGE:
    sf_text(v, t->language);
    break;
  case C_CSAT:
    sf_text(v, t->rating == RATING_GOOD ? "Good" : t->rating == RATING_BAD ? "Bad" : NULL);
    break;
  case C_REF:
    sf_text(v, t->ref);
    break;
  case C_ATTR:
    attr_get(t, c->field == &sf_custom_field ? c->name : c->field->name, v);
    break;
  default:
    sf_text(v, NULL);
  }
}

const struct sf_field sf_custom_field = {"*__c", SF_TEXT, C_ATTR, true};

static void case_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                     struct sf_value *v) {
  const struct ticket *t = r->ticket;
  v->kind = c->field->kind;
  v->raw = false;
  switch (c->field->which) {
  case C_ID:
    sf_ref(v, "500", t->number);
    break;
  case C_NUMBER: {
    char number[32];
    snprintf(number, sizeof number, "%08llu", (unsigned long long)t->number);
    sf_text(v, number);
    break;
  }
  case C_PARENT:
    sf_ref(v, "500", t->parent);
    break;
  case C_MASTER:
    sf_ref(v, "500", t->merged_into);
    break;
  case C_DELETED:
    sf_int(v, SF_BOOL, sf_case_deleted(t));
    break;
  case C_CLOSED:
    sf_int(v, SF_BOOL, sf_case_closed(t));
    break;
  case C_ESCALATED:
    sf_int(v, SF_BOOL,
           strcmp(status_shown(x, t), "Escalated") == 0 ||
               (ticket_attr(t, "IsEscalated") && *ticket_attr(t, "IsEscalated") == 't'));
    break;
  case C_OWNER:
  case C_OWNER_NAME:
  case C_OWNER_TYPE:
    owner_get(x, t, c->field->which, v);
    break;
  case C_CONTACT:
  case C_EMAIL:
  case C_SUPPLIED_EMAIL:
  case C_NAME:
  case C_SUPPLIED_NAME:
    customer_get(x, t, c->field->which, v);
    break;
  case C_CREATED:
  case C_CREATED_BY:
  case C_MODIFIED:
  case C_MODIFIED_BY:
  case C_MODIFIED_BY_NAME:
  case C_STAMP:
  case C_CLOSED_DATE:
    stamps_get(x, t, c->field->which, v);
    break;
  default:
    words_get(x, t, c, v);
  }
}

static void case_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  const struct desk *d = sf_desk(x);
  for (size_t i = 0; i < (only ? 1 : d->ticket_count); i++) {
    struct ticket *t = only ? only : d->tickets[i];
    take(into, &(struct sf_row){.ticket = t, .number = t->number});
  }
}

static bool case_deleted(struct exchange *x, const struct sf_row *r) {
  (void)x;
  return sf_case_deleted(r->ticket);
}

static int64_t case_stamp(struct exchange *x, const struct sf_row *r) {
  uint64_t by = 0;
  (void)x;
  return sf_case_modified(r->ticket, true, &by);
}

const struct sf_object sf_case = {.name = "Case",
                                  .prefix = "500",
                                  .fields = case_fields,
                                  .field_count = sizeof case_fields / sizeof case_fields[0],
                                  .custom_fields = true,
                                  .of_case = true,
                                  .parent = "Id",
                                  .get = case_get,
                                  .scan = case_scan,
                                  .deleted = case_deleted,
                                  .stamp = case_stamp};
