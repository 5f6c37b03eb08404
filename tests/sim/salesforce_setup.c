/* Records that do not belong to cases, the list of objects, and what they say about themselves. */
#include "salesforce.h"

#include <stdio.h>
#include <string.h>

enum { S_ID, S_NAME, S_LABEL, S_CLOSED, S_DEFAULT, S_SORT };
static const struct sf_field status_fields[] = {
    {"Id", SF_ID, S_ID, false},
    {"ApiName", SF_TEXT, S_NAME, false},
    {"MasterLabel", SF_TEXT, S_LABEL, false},
    {"IsClosed", SF_BOOL, S_CLOSED, false},
    {"IsDefault", SF_BOOL, S_DEFAULT, false},
    {"SortOrder", SF_INT, S_SORT, false},
};

static void status_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                       struct sf_value *v) {
  const struct sf_status *s = &sf_statuses(x)[r->number - 1];
  v->kind = c->field->kind;
  v->raw = false;
  switch (c->field->which) {
  case S_ID:
    sf_ref(v, "01J", r->number);
    break;
  case S_NAME:
    sf_text(v, s->name);
    break;
  case S_LABEL:
    sf_text(v, s->label);
    break;
  case S_CLOSED:
    sf_int(v, SF_BOOL, s->closed);
    break;
  case S_DEFAULT:
    sf_int(v, SF_BOOL, r->number == 1);
    break;
  default:
    sf_int(v, SF_INT, (int64_t)r->number);
  }
}

static void status_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  (void)only;
  for (uint64_t i = 0; sf_statuses(x)[i].name; i++) {
    take(into, &(struct sf_row){.number = i + 1});
  }
}

enum { U_ID, U_NAME, U_EMAIL, U_ACTIVE, U_TYPE, U_LOCALE, U_CREATED, U_FIRST, U_LAST };
static const struct sf_field user_fields[] = {
    {"Id", SF_ID, U_ID, false},
    {"Name", SF_TEXT, U_NAME, false},
    {"FirstName", SF_TEXT, U_FIRST, false},
    {"LastName", SF_TEXT, U_LAST, false},
    {"Email", SF_TEXT, U_EMAIL, false},
    {"Username", SF_TEXT, U_EMAIL, false},
    {"IsActive", SF_BOOL, U_ACTIVE, false},
    {"UserType", SF_TEXT, U_TYPE, false},
    {"LanguageLocaleKey", SF_TEXT, U_LOCALE, false},
    {"CreatedDate", SF_TIME, U_CREATED, false},
    {"LastModifiedDate", SF_TIME, U_CREATED, false},
    {"SystemModstamp", SF_TIME, U_CREATED, false},
};

static void user_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                     struct sf_value *v) {
  const struct person *p = person_get(&x->sim->store, r->number);
  const char *blank = p ? strchr(p->name, ' ') : NULL;
  char first[80];
  v->kind = c->field->kind;
  v->raw = false;
  if (p == NULL) {
    sf_text(v, NULL);
    return;
  }
  switch (c->field->which) {
  case U_ID:
    sf_ref(v, "005", p->id);
    break;
  case U_NAME:
    sf_text(v, p->name);
    break;
  case U_FIRST:
    snprintf(first, sizeof first, "%.*s", blank ? (int)(blank - p->name) : 0, p->name);
    sf_text(v, first);
    break;
  case U_LAST:
    sf_text(v, blank ? blank + 1 : p->name);
    break;
  case U_EMAIL:
    sf_text(v, p->email);
    break;
  case U_ACTIVE:
    sf_int(v, SF_BOOL, true);
    break;
  case U_TYPE:
    sf_text(v, p->role == ROLE_SYSTEM ? "AutomatedProcess" : "Standard");
    break;
  case U_LOCALE:
    sf_text(v, p->locale);
    break;
  default:
    sf_int(v, SF_TIME, p->created_ms);
  }
}

static void user_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  const struct store *s = &x->sim->store;
  (void)only;
  for (size_t i = 0; i < s->person_count; i++) {
    if (s->people[i].role != ROLE_CUSTOMER) {
      take(into, &(struct sf_row){.number = s->people[i].id});
    }
  }
}

enum { G_ID, G_NAME, G_TYPE };
static const struct sf_field group_fields[] = {
    {"Id", SF_ID, G_ID, false},
    {"Name", SF_TEXT, G_NAME, false},
    {"DeveloperName", SF_TEXT, G_NAME, false},
    {"Type", SF_TEXT, G_TYPE, false},
};

static void group_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                      struct sf_value *v) {
  (void)x;
  v->raw = false;
  if (c->field->which == G_ID) {
    sf_ref(v, "00G", r->number);
    return;
  }
  v->kind = SF_TEXT;
  sf_text(v, c->field->which == G_TYPE ? "Queue" : sf_queue_name(r->number));
}

static void group_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  (void)x;
  (void)only;
  for (uint64_t i = QUEUE_UNASSIGNED; i < QUEUE_COUNT; i++) {
    take(into, &(struct sf_row){.number = i});
  }
}

enum { A_ID, A_ADDRESS, A_NAME };
static const struct sf_field address_fields[] = {
    {"Id", SF_ID, A_ID, false},
    {"Address", SF_TEXT, A_ADDRESS, false},
    {"DisplayName", SF_TEXT, A_NAME, false},
};

static void address_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                        struct sf_value *v) {
  (void)x;
  v->raw = false;
  if (c->field->which == A_ID) {
    sf_ref(v, "0D2", r->number);
    return;
  }
  v->kind = SF_TEXT;
  sf_text(v, c->field->which == A_NAME ? "Support" : SF_SUPPORT);
}

static void address_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  (void)x;
  (void)only;
  take(into, &(struct sf_row){.number = 1});
}

enum { Q_ID, Q_NAME, Q_MESSAGE, Q_CATEGORY, Q_INSERTABLE, Q_STAMP };
static const struct sf_field quick_text_fields[] = {
    {"Id", SF_ID, Q_ID, false},
    {"Name", SF_TEXT, Q_NAME, false},
    {"Message", SF_LONG, Q_MESSAGE, false},
    {"Category", SF_TEXT, Q_CATEGORY, false},
    {"IsInsertable", SF_BOOL, Q_INSERTABLE, false},
    {"LastModifiedDate", SF_TIME, Q_STAMP, false},
    {"SystemModstamp", SF_TIME, Q_STAMP, false},
};

static void quick_text_get(struct exchange *x, const struct sf_row *r, const struct sf_column *c,
                           struct sf_value *v) {
  const struct saved_reply *m = macro_at(x->sim, "salesforce", r->entry);
  v->kind = c->field->kind;
  v->raw = false;
  switch (c->field->which) {
  case Q_ID:
    sf_ref(v, "574", m->id);
    break;
  case Q_NAME:
    sf_text(v, m->title);
    break;
  case Q_MESSAGE:
    sf_text(v, m->text);
    break;
  case Q_CATEGORY:
    sf_text(v, m->category);
    break;
  case Q_INSERTABLE:
    sf_int(v, SF_BOOL, m->active);
    break;
  default:
    sf_int(v, SF_TIME, m->updated_ms);
  }
}

static void quick_text_scan(struct exchange *x, struct ticket *only, sf_take *take, void *into) {
  (void)only;
  const struct saved_reply *m = NULL;
  for (uint32_t i = 0; (m = macro_at(x->sim, "salesforce", i)) != NULL; i++) {
    take(into, &(struct sf_row){.number = m->id, .entry = i});
  }
}

#define SETUP(constant, object, three, list, getter, scanner)                                      \
  const struct sf_object constant = {.name = object,                                               \
                                     .prefix = three,                                              \
                                     .fields = list,                                               \
                                     .field_count = sizeof list / sizeof list[0],                  \
                                     .get = getter,                                                \
                                     .scan = scanner}
SETUP(sf_case_status, "CaseStatus", "01J", status_fields, status_get, status_scan);
SETUP(sf_user, "User", "005", user_fields, user_get, user_scan);
SETUP(sf_group, "Group", "00G", group_fields, group_get, group_scan);
SETUP(sf_quick_text, "QuickText", "574", quick_text_fields, quick_text_get, quick_text_scan);
SETUP(sf_org_address, "OrgWideEmailAddress", "0D2", address_fields, address_get, address_scan);

static const struct sf_object *const objects[] = {
    &sf_case,         &sf_email_message, &sf_case_comment, &sf_feed_item,
    &sf_feed_comment, &sf_case_history,  &sf_case_status,  &sf_user,
    &sf_group,        &sf_org_address,   &sf_quick_text};

const struct sf_object *sf_object(const char *name) {
  if (strcasecmp(name, "CaseFeed") == 0) {
    return &sf_feed_item;
  }
  for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
    if (strcasecmp(objects[i]->name, name) == 0) {
      return objects[i];
    }
  }
  return NULL;
}

bool sf_column(const struct sf_object *o, const char *name, struct sf_column *ret_column) {
  size_t n = strlen(name);
  for (size_t i = 0; i < o->field_count; i++) {
    if (strcasecmp(o->fields[i].name, name) == 0) {
      ret_column->field = &o->fields[i];
      snprintf(ret_column->name, sizeof ret_column->name, "%s", o->fields[i].name);
      return true;
    }
  }
  /* the customer's own fields exist, whatever they are called, unless the name says otherwise */
  if (o->custom_fields && n > 3 && n < sizeof ret_column->name &&
      strcasecmp(name + n - 3, "__c") == 0 && strncasecmp(name, "Missing_", 8) != 0) {
    ret_column->field = &sf_custom_field;
    snprintf(ret_column->name, sizeof ret_column->name, "%s", name);
    return true;
  }
  return false;
}

void sf_describe(struct sf_call *c, const struct sf_object *o) {
  static const char *const types[] = {"id", "string", "textarea", "boolean", "int", "datetime"};
  struct buf *b = &c->out;
  c->status = 200;
  jw_open(b, '{');
  jw_kstr(b, "name", o->name);
  jw_kstr(b, "keyPrefix", o->prefix);
  jw_kbool(b, "queryable", true);
  jw_kopen(b, "fields", '[');
  for (size_t i = 0; i < o->field_count; i++) {
    const struct sf_field *f = &o->fields[i];
    if (strchr(f->name, '.')) {
      continue;
    }
    jw_open(b, '{');
    jw_kstr(b, "name", f->name);
    jw_kstr(b, "label", f->name);
    jw_kstr(b, "type",
            f->kind == SF_ID && strcmp(f->name, "Id") != 0 ? "reference" : types[f->kind]);
    jw_kbool(b, "updateable", f->writable);
    jw_kbool(b, "filterable", f->kind != SF_LONG);
    jw_kbool(b, "sortable", f->kind != SF_LONG);
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}
