/* Writing records: cases are updated, what belongs to them is created. Every write is checked as a
 * whole before anything happens. */
#include "salesforce.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_BYTES = 4000, FEED_CHARACTERS = 10000 };

static bool is_open_reference(const struct sf_call *c, const char *id) {
  return c->rehearsal && text_starts(id, "@{"); /* of a part that has not run yet */
}

/* One field of the body against what the object has. */
static bool field_check(struct sf_call *c, const struct sf_object *o, const cJSON *in) {
  struct sf_column column;
  if (!sf_column(o, in->string, &column) || strchr(in->string, '.') ||
      strcmp(column.name, in->string) != 0) {
    sf_error(c, 400, "INVALID_FIELD", NULL, "No such column '%s' on sobject of type %s", in->string,
             o->name);
    return false;
  }
  if (!column.field->writable) {
    sf_error(c, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", column.name,
             "Unable to create/update fields: %s. Please check the security settings of this field "
             "and verify that it is read/write for your profile or permission set.",
             column.name);
    return false;
  }
  bool text = cJSON_IsString(in);
  bool good = cJSON_IsNull(in) || column.field == &sf_custom_field ||
              (column.field->kind == SF_BOOL ? cJSON_IsBool(in) : text);
  if (!good || cJSON_IsObject(in) || cJSON_IsArray(in)) {
    sf_error(c, 400, "JSON_PARSER_ERROR", NULL,
             "Cannot deserialize instance of %s from value of field %s",
             column.field->kind == SF_BOOL ? "boolean" : "string", column.name);
    return false;
  }
  if (column.field->kind == SF_ID && text && !is_open_reference(c, in->valuestring) &&
      !sf_id_formed(in->valuestring)) {
    sf_error(c, 400, "MALFORMED_ID", column.name, "%s: id value of incorrect type: %.60s",
             column.name, in->valuestring);
    return false;
  }
  return true;
}

static bool body_check(struct sf_call *c, const struct sf_object *o) {
  const cJSON *in = NULL;
  if (!cJSON_IsObject(c->body)) {
    sf_error(c, 400, "JSON_PARSER_ERROR", NULL,
             "Unexpected character or end of input in the request body");
    return false;
  }
  cJSON_ArrayForEach(in, c->body) {
    if (strcmp(in->string, "attributes") == 0) {
      continue;
    }
    if (!field_check(c, o, in)) {
      return false;
    }
  }
  return true;
}

static const char *word(const struct sf_call *c, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c->body, name));
}

static bool locked(struct sf_call *c, uint64_t number) {
  char id[SF_ID_BYTES];
  if (c->part || (c->x->fault != FAULT_LOCK && c->x->fault != FAULT_CONFLICT)) {
    return false;
  }
  sf_error(c, 400, "UNABLE_TO_LOCK_ROW", NULL,
           "unable to obtain exclusive access to this record or 1 records: %s",
           sf_id(id, "500", number));
  return true;
}

/* The fields that were asked for; false when it has answered. */
static bool columns_named(struct sf_call *c, const struct sf_object *o, char *fields,
                          struct sf_column *ret_columns, size_t *ret_n) {
  char *rest = NULL;
  for (char *name = strtok_r(fields, ", ", &rest); name && *ret_n < COLUMN_MAX;
       name = strtok_r(NULL, ", ", &rest)) {
    if (!sf_column(o, name, &ret_columns[*ret_n])) {
      sf_error(c, 400, "INVALID_FIELD", NULL, "No such column '%.79s' on sobject of type %s", name,
               o->name);
      return false;
    }
    (*ret_n)++;
  }
  return true;
}

static void columns_all(const struct sf_object *o, const struct ticket *t,
                        struct sf_column *ret_columns, size_t *ret_n) {
  for (size_t i = 0; i < o->field_count; i++) {
    if (strchr(o->fields[i].name, '.') == NULL) {
      sf_column(o, o->fields[i].name, &ret_columns[(*ret_n)++]);
    }
  }
  for (size_t i = 0; t && o->custom_fields && i < t->attr_count && *ret_n < COLUMN_MAX; i++) {
    const char *key = t->attrs[i].key;
    size_t length = strlen(key);
    if (length > 3 && strcmp(key + length - 3, "__c") == 0 &&
        sf_column(o, key, &ret_columns[*ret_n])) {
      (*ret_n)++;
    }
  }
}

void sf_call_retrieve(struct sf_call *c, const struct sf_object *o, const char *id) {
  struct sf_row r;
  struct sf_column columns[COLUMN_MAX];
  size_t n = 0;
  if (!sf_row_find(c->x, o, id, &r)) {
    sf_not_found(c);
    return;
  }
  if (o->deleted && o->deleted(c->x, &r)) {
    sf_error(c, 404, "ENTITY_IS_DELETED", NULL, "entity is deleted");
    return;
  }
  char *fields = sf_call_query(c, "fields");
  if (fields == NULL) {
    columns_all(o, r.ticket, columns, &n);
  } else if (!columns_named(c, o, fields, columns, &n)) {
    free(fields);
    return;
  }
  free(fields);
  c->status = 200;
  sf_record_write(c->x, &c->out, o, columns, n, &r);
}

/* The precondition on the case's last change, which is known to the second. */
static bool stamp_fits(struct sf_call *c, const struct ticket *t) {
  const char *since = sf_call_header(c, "If-Unmodified-Since");
  uint64_t by = 0;
  if (since == NULL) {
    return true;
  }
  int64_t at_ms = sf_http_date(since);
  if (at_ms < 0) {
    sf_error(c, 400, "INVALID_HEADER", NULL, "If-Unmodified-Since: '%.60s' is not a valid date",
             since);
    return false;
  }
  if (sf_case_modified(t, false, &by) / 1000 > at_ms / 1000) {
    c->x->sim->stats.conflicts++;
    sf_error(c, 412, "PRECONDITION_FAILED", NULL,
             "The record was modified after the time given in If-Unmodified-Since");
    return false;
  }
  return true;
}

static bool owner_check(struct sf_call *c, const char *owner) {
  uint64_t number = 0;
  const struct person *p = sf_id_parse(owner, "005", &number)
                               ? person_get(&c->x->sim->store, number)
                               : NULL;
  bool user = p && p->role != ROLE_CUSTOMER;
  bool queue = sf_id_parse(owner, "00G", &number) && number > 0;
  if (user || queue || is_open_reference(c, owner)) {
    return true;
  }
  sf_error(c, 400, "INVALID_CROSS_REFERENCE_KEY", "OwnerId",
           "Owner ID: owner cannot be blank or is not valid for this record");
  return false;
}

static bool run_id_check(struct sf_call *c, const struct ticket *t) {
  const struct salesforce *sf = c->x->state;
  const char *run = word(c, SF_RUN_ID);
  uint64_t holder = 0;
  char id[SF_ID_BYTES];
  if (run == NULL || !map_get(&sf->run_ids, hash_text(13, run) | 1, &holder) ||
      (t && holder == t->number)) {
    return true;
  }
  sf_error(c, 400, "DUPLICATE_VALUE", SF_RUN_ID,
           "duplicate value found: %s duplicates value on record with id: %s", SF_RUN_ID,
           sf_id(id, "500", holder));
  return false;
}

/* Is the field that a closed case needs missing? */
static bool cause_missing(struct sf_call *c, const struct ticket *t) {
  const char *required = c->x->sim->opt.required_to_solve;
  if (required == NULL || (t && (sf_case_closed(t) || ticket_attr(t, required)))) {
    return false;
  }
  return !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(c->body, required));
}

static bool status_check(struct sf_call *c, const struct ticket *t) {
  const cJSON *status = cJSON_GetObjectItemCaseSensitive(c->body, "Status");
  const struct sf_status *s = cJSON_IsString(status) ? sf_status(c->x, status->valuestring) : NULL;
  if (status && s == NULL) {
    sf_error(c, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Status",
             "Status: bad value for restricted picklist field: %.60s",
             cJSON_IsString(status) ? status->valuestring : "null");
    return false;
  }
  if (s && s->closed && cause_missing(c, t)) {
    const char *required = c->x->sim->opt.required_to_solve;
    sf_error(c, 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", required,
             "%s must be set before a case is closed", required);
    return false;
  }
  return true;
}

/* Would the case take it? t is NULL for a new one. */
static bool case_check(struct sf_call *c, const struct ticket *t) {
  if (!body_check(c, &sf_case) || !status_check(c, t)) {
    return false;
  }
  const char *owner = word(c, "OwnerId");
  const char *subject = word(c, "Subject");
  if (owner && !owner_check(c, owner)) {
    return false;
  }
  if (subject && strlen(subject) > 255) {
    sf_error(c, 400, "STRING_TOO_LONG", "Subject",
             "Subject: data value too large: %.60s (max length=255)", subject);
    return false;
  }
  return run_id_check(c, t);
}

static void owner_set(struct edit *e, const char *owner) {
  uint64_t number = 0;
  if (sf_id_parse(owner, "005", &number)) {
    edit_assignee(e, number);
  } else if (sf_id_parse(owner, "00G", &number)) {
    edit_assignee(e, 0);
    edit_group(e, number);
  }
}

static void status_set(struct edit *e, const struct sf_status *s) {
  char json[64];
  snprintf(json, sizeof json, "\"%s\"", s->name);
  edit_attr(e, "Status", json);
  edit_status(e, s->closed && sf_case_closed(e->ticket) ? e->ticket->status : s->core);
}

static void priority_set(struct edit *e, const char *text) {
  static const char *const names[][2] = {{"High", "high"}, {"Medium", "normal"}, {"Low", "low"}};
  for (size_t i = 0; text && i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(text, names[i][0]) == 0) {
      edit_priority(e, names[i][1]);
      return;
    }
  }
  edit_priority(e, text);
}

static void field_set(struct sf_call *c, struct edit *e, const cJSON *in) {
  const char *text = cJSON_GetStringValue(in);
  if (strcmp(in->string, "Status") == 0) {
    status_set(e, sf_status(c->x, text));
  } else if (strcmp(in->string, "Priority") == 0) {
    priority_set(e, text);
  } else if (strcmp(in->string, "OwnerId") == 0 && text) {
    owner_set(e, text);
  } else if (strcmp(in->string, "Subject") == 0) {
    edit_subject(e, text ? text : "");
  } else if (strcmp(in->string, "Type") == 0) {
    edit_type(e, text);
  } else if (strcmp(in->string, "attributes") != 0) {
    char *json = cJSON_PrintUnformatted(in);
    if (strcmp(in->string, SF_RUN_ID) == 0 && text) {
      struct salesforce *sf = c->x->state;
      map_put(&sf->run_ids, hash_text(13, text) | 1, e->ticket->number);
    }
    edit_attr(e, in->string, json);
    free(json);
  }
}

/* The trap: unless told otherwise the assignment rules run, and hand the case to the default owner.
 */
static void auto_assign(const struct sf_call *c, struct edit *e) {
  const char *assign = sf_call_header(c, "Sforce-Auto-Assign");
  if (assign == NULL || strcasecmp(assign, "FALSE") != 0) {
    edit_assignee(e, 0);
    edit_group(e, QUEUE_UNASSIGNED);
  }
}

static void case_apply(struct sf_call *c, struct ticket *t, unsigned flags) {
  const cJSON *in = NULL;
  struct edit e;
  if (t->status == STATUS_CLOSED) {
    stats_after_close(c->x->sim, sf_desk(c->x), t);
  }
  edit_begin(&e, &c->x->sim->store, sf_desk(c->x), t, c->x->user, ENTRY_API | flags);
  cJSON_ArrayForEach(in, c->body) {
    field_set(c, &e, in);
  }
  auto_assign(c, &e);
  if (flags & ENTRY_CREATES) {
    const char *description = word(c, "Description");
    edit_message(&e, description ? description : "", NULL, true);
  }
  bool changed = e.entry.change_count > 0 || (flags & ENTRY_CREATES);
  const struct entry *entry = changed ? edit_commit(&e) : NULL;
  if (!(flags & ENTRY_CREATES)) {
    stats_update(c->x->sim, sf_desk(c->x), t, entry);
  }
}

static struct ticket *case_find(struct sf_call *c, const char *id) {
  uint64_t number = 0;
  struct ticket *t = sf_id_parse(id, "500", &number) ? ticket_get(sf_desk(c->x), number) : NULL;
  if (t == NULL) {
    sf_not_found(c);
    return NULL;
  }
  if (sf_case_deleted(t)) {
    sf_error(c, 404, "ENTITY_IS_DELETED", NULL, "entity is deleted");
    return NULL;
  }
  return t;
}

static void case_update(struct sf_call *c, struct ticket *t) {
  if (!stamp_fits(c, t) || !case_check(c, t) || locked(c, t->number)) {
    return;
  }
  c->status = 204;
  if (!c->rehearsal) {
    case_apply(c, t, 0);
  }
}

void sf_call_update(struct sf_call *c, const char *id) {
  if (is_open_reference(c, id)) {
    c->status = 204;
    return;
  }
  struct ticket *t = case_find(c, id);
  if (t) {
    case_update(c, t);
  }
}

static void created(struct sf_call *c, const struct sf_object *o, uint64_t number) {
  char id[SF_ID_BYTES];
  c->status = 201;
  sf_id(id, o->prefix, number);
  buf_printf(&c->out, "{\"id\":\"%s\",\"success\":true,\"errors\":[]}", id);
  snprintf(c->location, sizeof c->location, "/services/data/v%d.0/sobjects/%s/%s", sf_version(c->x),
           o->name, id);
}

static void case_create(struct sf_call *c) {
  if (!case_check(c, NULL) || locked(c, 0)) {
    return;
  }
  if (c->rehearsal) {
    c->status = 201;
    return;
  }
  const char *email = word(c, "SuppliedEmail");
  struct store *s = &c->x->sim->store;
  struct ticket *t = ticket_add(s, sf_desk(c->x), 0, NULL);
  t->subject = "";
  t->channel = "api";
  t->created_ms = clock_now_ms(&c->x->sim->clock);
  t->requester = email ? person_need(s, word(c, "SuppliedName"), email, "en", ROLE_CUSTOMER)
                       : c->x->user;
  case_apply(c, t, ENTRY_CREATES);
  created(c, &sf_case, t->number);
}

/* By the unique external id: 200 updated, 201 new. */
void sf_call_upsert(struct sf_call *c, const char *value) {
  struct salesforce *sf = c->x->state;
  uint64_t number = 0;
  struct ticket *t = map_get(&sf->run_ids, hash_text(13, value) | 1, &number)
                         ? ticket_get(sf_desk(c->x), number)
                         : NULL;
  char id[SF_ID_BYTES];
  if (strcmp(c->method, "GET") == 0) {
    sf_call_retrieve(c, &sf_case, t ? sf_id(id, "500", number) : "");
    return;
  }
  if (t == NULL) {
    case_create(c);
    if (c->status == 201 && !c->rehearsal) {
      map_put(&sf->run_ids, hash_text(13, value) | 1,
              sf_desk(c->x)->tickets[sf_desk(c->x)->ticket_count - 1]->number);
    }
    return;
  }
  case_update(c, t);
  if (c->status == 204) {
    c->status = 200;
    buf_printf(&c->out, "{\"id\":\"%s\",\"success\":true,\"errors\":[],\"created\":false}",
               sf_id(id, "500", number));
  }
}

struct ticket *sf_parent(struct sf_call *c, const char *field, const char *label) {
  const char *id = word(c, field);
  uint64_t number = 0;
  if (id == NULL) {
    sf_error(c, 400, "REQUIRED_FIELD_MISSING", field, "Required fields are missing: [%s]", field);
    return NULL;
  }
  struct ticket *t = sf_id_parse(id, "500", &number) ? ticket_get(sf_desk(c->x), number) : NULL;
  if (t == NULL) {
    sf_error(c, 400,
             text_starts(id, "500") ? "INVALID_CROSS_REFERENCE_KEY" : "FIELD_INTEGRITY_EXCEPTION",
             field, "%s: id value of incorrect type or invalid cross reference id: %.60s", label,
             id);
    return NULL;
  }
  if (sf_case_deleted(t)) {
    sf_error(c, 400, "ENTITY_IS_DELETED", field, "entity is deleted");
    return NULL;
  }
  return t;
}

static size_t characters(const char *text) {
  size_t n = 0;
  for (; *text; text++) {
    n += ((unsigned char)*text & 0xc0) != 0x80;
  }
  return n;
}

/* What is said, and how: from the body of a new comment, post or mail. */
struct saying {
  enum sf_message kind;
  const char *text, *html;
  bool is_public;
  struct buf plain;
};

static bool body_read(struct sf_call *c, const struct sf_object *o, struct saying *s) {
  const char *field = o == &sf_case_comment ? "CommentBody" : "Body";
  s->text = word(c, field);
  if (s->text == NULL || *s->text == '\0') {
    sf_error(c, 400, "REQUIRED_FIELD_MISSING", field, "Required fields are missing: [%s]", field);
    return false;
  }
  if (o == &sf_case_comment && strlen(s->text) > COMMENT_BYTES) {
    c->x->sim->stats.too_long++;
    sf_error(c, 400, "STRING_TOO_LONG", field,
             "Comment Body: data value too large: %.40s... (max length=%d)", s->text,
             COMMENT_BYTES);
    return false;
  }
  if (o == &sf_feed_item && characters(s->text) > FEED_CHARACTERS) {
    c->x->sim->stats.too_long++;
    sf_error(c, 400, "STRING_TOO_LONG", field,
             "Body: data value too large: %.40s... (max length=%d)", s->text, FEED_CHARACTERS);
    return false;
  }
  return true;
}

static bool saying_read(struct sf_call *c, const struct sf_object *o, struct saying *s) {
  if (o == &sf_email_message) {
    /* a row is a record of a mail: nothing is sent, so nobody gets an answer by it */
    bool in = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->body, "Incoming"));
    s->kind = in ? MAIL_IN : MAIL_OUT;
    s->html = word(c, "HtmlBody");
    s->text = word(c, "TextBody");
    if (s->text == NULL) {
      text_from_html(&s->plain, s->html ? s->html : "");
      s->text = buf_text(&s->plain);
    }
    return true;
  }
  if (!body_read(c, o, s)) {
    return false;
  }
  if (o == &sf_case_comment) {
    s->kind = COMMENT;
    s->is_public = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->body, "IsPublished"));
    return true;
  }
  const char *visibility = word(c, "Visibility");
  s->kind = FEED;
  s->is_public = visibility && strcmp(visibility, "AllUsers") == 0;
  if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->body, "IsRichText"))) {
    s->html = s->text;
    text_from_html(&s->plain, s->html);
    s->text = buf_text(&s->plain);
  }
  return true;
}

static void child_create(struct sf_call *c, const struct sf_object *o, struct saying *s) {
  const char *field = o == &sf_email_message && word(c, "ParentId") == NULL ? "RelatedToId"
                                                                            : "ParentId";
  const char *parent = word(c, field);
  if (!body_check(c, o) || !saying_read(c, o, s)) {
    return;
  }
  c->status = 201;
  if (parent && is_open_reference(c, parent)) {
    return;
  }
  struct ticket *t = sf_parent(c, field, "Parent ID");
  if (t == NULL || locked(c, t->number) || c->rehearsal) {
    return;
  }
  struct salesforce *sf = c->x->state;
  struct edit e;
  struct store *store = &c->x->sim->store;
  if (t->status == STATUS_CLOSED) {
    stats_after_close(c->x->sim, sf_desk(c->x), t);
  }
  edit_begin(&e, store, sf_desk(c->x), t, c->x->user, ENTRY_API);
  edit_message(&e, s->text, s->html, s->is_public);
  /* the kind must be known before others hear of the message: its id is the next but one */
  map_put(&sf->kinds, store->next_id + 1, s->kind);
  const struct entry *entry = edit_commit(&e);
  const char *subject = o == &sf_email_message ? word(c, "Subject") : NULL;
  if (subject) {
    map_put(&sf->subjects, entry->message_id, (uint64_t)(uintptr_t)store_word(store, subject));
  }
  stats_update(c->x->sim, sf_desk(c->x), t, entry);
  created(c, o, entry->message_id);
}

void sf_call_create(struct sf_call *c, const struct sf_object *o) {
  struct saying s = {0};
  if (o == &sf_case) {
    case_create(c);
    return;
  }
  if (o != &sf_case_comment && o != &sf_feed_item && o != &sf_email_message) {
    sf_error(c, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", NULL,
             "entity type %s does not support create", o->name);
    return;
  }
  child_create(c, o, &s);
  buf_free(&s.plain);
}
