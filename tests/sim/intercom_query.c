/* Intercom's search grammar: filters and groups of filters. It is read once, then asked for every
 * row. "Greater" and "lower" mean "or equal", as the documents say. */
#include "intercom.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_DATE, KIND_NUMBER, KIND_BOOL, KIND_TEXT };
enum operation {
  OP_EQUAL,
  OP_UNEQUAL,
  OP_IN,
  OP_NOT_IN,
  OP_MORE,
  OP_LESS,
  OP_HAS,
  OP_HAS_NOT,
  OP_BEGINS,
  OP_ENDS
};
enum { FILTERS_MAX = 15, NESTING_MAX = 2, NODES_MAX = 1 + FILTERS_MAX + FILTERS_MAX * FILTERS_MAX };

/* What a row has under a field: a number, or texts one after the other. */
struct value {
  bool present;
  int64_t number;
  struct buf text;
};

struct field {
  const char *name;
  enum kind kind;
  void (*get)(const struct sim *s, const struct ticket *t, struct value *v);
};

struct node {
  const struct field *field; /* NULL: a group */
  const char *attribute;     /* after "custom_attribute." */
  enum operation op;
  const cJSON *wanted;
  int64_t number;
  bool any;
  size_t children[FILTERS_MAX];
  size_t child_count;
};

struct query {
  size_t count;
  struct node nodes[NODES_MAX];
};

static void number_set(struct value *v, int64_t n) {
  v->present = true;
  v->number = n;
}

static void seconds_set(struct value *v, int64_t ms) {
  if (ms) {
    number_set(v, ms / 1000);
  }
}

static void text_set(struct value *v, const char *text) {
  v->present = text != NULL;
  buf_str(&v->text, text ? text : "");
}

static void id_set(struct value *v, uint64_t id) {
  if (id) {
    number_set(v, (int64_t)id);
    buf_printf(&v->text, "%llu", (unsigned long long)id);
  }
}

#define GET(name)                                                                                  \
  static void get_##name(const struct sim *s, const struct ticket *t, struct value *v)

GET(id) {
  (void)s;
  id_set(v, t->number);
}
GET(created) {
  (void)s;
  seconds_set(v, t->created_ms);
}
GET(updated) {
  (void)s;
  seconds_set(v, t->updated_ms);
}
GET(waiting) {
  seconds_set(v, intercom_waiting_ms(s, t));
}
GET(snoozed) {
  (void)s;
  seconds_set(v, intercom_snoozed_ms(t));
}
GET(state) {
  text_set(v, intercom_is_ticket(t) ? intercom_ticket_state(s, t->status)->category
                                    : intercom_state(t->status));
}
GET(open) {
  (void)s;
  number_set(v, !intercom_is_closed(t->status));
}
GET(read) {
  (void)s;
  const char *read = ticket_attr(t, "_read");
  number_set(v, read && strcmp(read, "true") == 0);
}
GET(admin) {
  (void)s;
  id_set(v, t->assignee);
}
GET(team) {
  (void)s;
  id_set(v, t->group);
}
GET(tags) {
  (void)s;
  for (size_t i = 0; i < t->tag_count; i++) {
    buf_printf(&v->text, "%s%llu", i ? "\n" : "", (unsigned long long)intercom_tag_id(t->tags[i]));
    v->present = true;
  }
}
GET(contact) {
  (void)s;
  char id[CONTACT_ID];
  text_set(v, intercom_contact_id(t->requester, id));
}
GET(channel) {
  (void)s;
  text_set(v, strcmp(t->channel, "email") == 0 ? "email" : "conversation");
}
GET(subject) {
  (void)s;
  text_set(v, t->subject);
}
GET(body) {
  (void)s;
  text_set(v, t->entries[0].text);
}
GET(email) {
  const struct person *p = person_get(&s->store, t->requester);
  text_set(v, p ? p->email : NULL);
}
GET(name) {
  const struct person *p = person_get(&s->store, t->requester);
  text_set(v, p ? p->name : NULL);
}
GET(priority) {
  (void)s;
  text_set(v, intercom_priority(t, 14));
}
GET(reopens) {
  (void)s;
  number_set(v, t->reopen_count);
}
GET(rating) {
  (void)s;
  if (t->rating == RATING_GOOD || t->rating == RATING_BAD) {
    number_set(v, t->rating == RATING_GOOD ? 5 : 1);
  }
}
GET(fin) {
  (void)s;
  number_set(v, ticket_attr(t, "ai_agent") != NULL);
}
GET(resolution) {
  (void)s;
  char word[40];
  text_set(v, intercom_resolution(t, 14, word, sizeof word));
}
GET(category) {
  (void)s;
  text_set(v, intercom_category(t));
}
GET(type) {
  (void)s;
  id_set(v, intercom_type_id(t));
}

static const struct field conversation_fields[] = {
    {"id", KIND_TEXT, get_id},
    {"created_at", KIND_DATE, get_created},
    {"updated_at", KIND_DATE, get_updated},
    {"waiting_since", KIND_DATE, get_waiting},
    {"snoozed_until", KIND_DATE, get_snoozed},
    {"state", KIND_TEXT, get_state},
    {"open", KIND_BOOL, get_open},
    {"read", KIND_BOOL, get_read},
    {"admin_assignee_id", KIND_NUMBER, get_admin},
    {"team_assignee_id", KIND_NUMBER, get_team},
    {"tag_ids", KIND_TEXT, get_tags},
    {"contact_ids", KIND_TEXT, get_contact},
    {"source.author.id", KIND_TEXT, get_contact},
    {"source.author.email", KIND_TEXT, get_email},
    {"source.author.name", KIND_TEXT, get_name},
    {"source.type", KIND_TEXT, get_channel},
    {"source.subject", KIND_TEXT, get_subject},
    {"source.body", KIND_TEXT, get_body},
    {"priority", KIND_TEXT, get_priority},
    {"statistics.count_reopens", KIND_NUMBER, get_reopens},
    {"conversation_rating.rating", KIND_NUMBER, get_rating},
    {"ai_agent_participated", KIND_BOOL, get_fin},
    {"ai_agent.resolution_state", KIND_TEXT, get_resolution},
    {NULL, KIND_TEXT, NULL},
};

static const struct field ticket_fields[] = {
    {"id", KIND_TEXT, get_id},
    {"created_at", KIND_DATE, get_created},
    {"updated_at", KIND_DATE, get_updated},
    {"snoozed_until", KIND_DATE, get_snoozed},
    {"state", KIND_TEXT, get_state},
    {"open", KIND_BOOL, get_open},
    {"title", KIND_TEXT, get_subject},
    {"description", KIND_TEXT, get_body},
    {"category", KIND_TEXT, get_category},
    {"ticket_type_id", KIND_TEXT, get_type},
    {"admin_assignee_id", KIND_TEXT, get_admin},
    {"team_assignee_id", KIND_TEXT, get_team},
    {"contact_ids", KIND_TEXT, get_contact},
    {NULL, KIND_TEXT, NULL},
};

static const struct field attribute_field = {"custom_attribute", KIND_TEXT, NULL};

struct reading {
  struct exchange *x;
  struct query *q;
  const struct field *fields;
};

static bool refuse(struct exchange *x, const char *message, const char *field) {
  intercom_error(x, 400, "parameter_invalid", message, field);
  return false;
}

static int operator_read(const char *text) {
  static const struct {
    const char *text;
    enum operation op;
  } all[] = {{"=", OP_EQUAL}, {"!=", OP_UNEQUAL}, {"IN", OP_IN},    {"NIN", OP_NOT_IN},
             {">", OP_MORE},  {">=", OP_MORE},    {"<", OP_LESS},   {"<=", OP_LESS},
             {"~", OP_HAS},   {"!~", OP_HAS_NOT}, {"^", OP_BEGINS}, {"$", OP_ENDS}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (strcmp(text, all[i].text) == 0) {
      return (int)all[i].op;
    }
  }
  return -1;
}

static bool field_read(const struct reading *r, struct node *n, const char *name) {
  const char *dot = strchr(name, '.');
  if (text_starts(name, "custom_attribute.") || text_starts(name, "ticket_attribute.")) {
    n->field = &attribute_field;
    n->attribute = dot + 1;
    return true;
  }
  for (const struct field *f = r->fields; f->name; f++) {
    if (strcmp(f->name, name) == 0) {
      n->field = f;
      return true;
    }
  }
  return refuse(r->x, "Invalid search field", name);
}

static bool scalar_fits(enum kind kind, const cJSON *v, int64_t *ret_number) {
  char *end = NULL;
  if (kind == KIND_BOOL) {
    *ret_number = cJSON_IsTrue(v);
    return cJSON_IsBool(v);
  }
  if (cJSON_IsNull(v)) {
    return true;
  }
  if (cJSON_IsNumber(v)) {
    *ret_number = (int64_t)v->valuedouble;
    return true;
  }
  if (!cJSON_IsString(v)) {
    return kind == KIND_TEXT && cJSON_IsBool(v);
  }
  *ret_number = strtoll(v->valuestring, &end, 10);
  return kind == KIND_TEXT || (*v->valuestring && *end == '\0');
}

static bool value_fits(const struct node *n, const cJSON *wanted, int64_t *ret_number) {
  enum kind kind = n->field->kind;
  const cJSON *one = NULL;
  int64_t ignored = 0;
  if (n->op != OP_IN && n->op != OP_NOT_IN) {
    return wanted && !cJSON_IsArray(wanted) && scalar_fits(kind, wanted, ret_number);
  }
  cJSON_ArrayForEach(one, wanted) {
    if (!scalar_fits(kind, one, &ignored)) {
      return false;
    }
  }
  return cJSON_IsArray(wanted);
}

static bool filter_read(const struct reading *r, struct node *n, const cJSON *json) {
  const cJSON *field = cJSON_GetObjectItemCaseSensitive(json, "field");
  const cJSON *sign = cJSON_GetObjectItemCaseSensitive(json, "operator");
  if (!cJSON_IsString(field) || !cJSON_IsString(sign)) {
    return refuse(r->x, "A filter needs field, operator and value", "query");
  }
  int op = operator_read(sign->valuestring);
  if (op < 0) {
    return refuse(r->x, "Invalid operator", field->valuestring);
  }
  if (!field_read(r, n, field->valuestring)) {
    return false;
  }
  n->op = (enum operation)op;
  bool ordered = n->op == OP_MORE || n->op == OP_LESS;
  bool textual = n->op >= OP_HAS;
  if ((ordered && n->field->kind > KIND_NUMBER) || (textual && n->field->kind != KIND_TEXT)) {
    return refuse(r->x, "The operator is not compatible with the field's type", field->valuestring);
  }
  n->wanted = cJSON_GetObjectItemCaseSensitive(json, "value");
  if (!value_fits(n, n->wanted, &n->number)) {
    return refuse(r->x, "The value does not match the field's type", field->valuestring);
  }
  return true;
}

static bool node_read(const struct reading *r, const cJSON *json, int depth, size_t *ret_at) {
  const cJSON *sign = cJSON_GetObjectItemCaseSensitive(json, "operator");
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");
  const cJSON *one = NULL;
  *ret_at = r->q->count++;
  struct node *n = &r->q->nodes[*ret_at];
  bool group = cJSON_IsString(sign) &&
               (strcmp(sign->valuestring, "AND") == 0 || strcmp(sign->valuestring, "OR") == 0);
  if (!group) {
    return filter_read(r, n, json);
  }
  int size = cJSON_GetArraySize(value);
  if (!cJSON_IsArray(value) || size == 0 || size > FILTERS_MAX || depth >= NESTING_MAX) {
    return refuse(r->x,
                  size > FILTERS_MAX     ? "At most 15 filters in a group"
                  : depth >= NESTING_MAX ? "Groups nest at most two deep"
                                         : "A group needs a list of filters",
                  "query");
  }
  n->any = sign->valuestring[0] == 'O';
  cJSON_ArrayForEach(one, value) {
    size_t child = 0;
    if (!node_read(r, one, depth + 1, &child)) { /* NODES_MAX covers what may nest */
      return false;
    }
    n->children[n->child_count++] = child;
  }
  return true;
}

struct query *query_read(struct exchange *x, const cJSON *json, bool tickets) {
  struct query *q = mem_alloc(sizeof *q);
  struct reading r = {x, q, tickets ? ticket_fields : conversation_fields};
  size_t root = 0;
  if (!cJSON_IsObject(json)) {
    intercom_error(x, 400, "parameter_not_found", "query is missing", "query");
  } else if (node_read(&r, json, 0, &root)) {
    return q;
  }
  free(q);
  return NULL;
}

void query_free(struct query *q) {
  free(q);
}

/* One of the lines, without regard to case; of a body one of the words. */
static bool text_equal(const char *text, const char *wanted, bool words) {
  size_t n = strlen(wanted);
  const char *ends = words ? " \n\t.,;:!?" : "\n";
  while (*text) {
    size_t have = strcspn(text, ends);
    if (have == n && strncasecmp(text, wanted, n) == 0) {
      return true;
    }
    text += have + (text[have] ? 1 : 0);
  }
  return n == 0;
}

static bool equal(const struct node *n, struct value *v, const cJSON *wanted, int64_t number) {
  if (cJSON_IsNull(wanted)) {
    return !v->present;
  }
  if (!v->present) {
    return false;
  }
  if (n->field->kind != KIND_TEXT) {
    return v->number == number;
  }
  if (cJSON_IsString(wanted)) {
    return text_equal(buf_text(&v->text), wanted->valuestring, n->field->get == get_body);
  }
  char *json = cJSON_PrintUnformatted(wanted);
  bool same = json && strcmp(json, buf_text(&v->text)) == 0;
  free(json);
  return same;
}

static bool among(const struct node *n, struct value *v) {
  const cJSON *one = NULL;
  cJSON_ArrayForEach(one, n->wanted) {
    int64_t number = 0;
    scalar_fits(n->field->kind, one, &number);
    if (equal(n, v, one, number)) {
      return true;
    }
  }
  return false;
}

static bool text_fits(const struct node *n, struct value *v) {
  const char *wanted = cJSON_IsString(n->wanted) ? n->wanted->valuestring : "";
  const char *text = buf_text(&v->text);
  size_t have = strlen(text);
  size_t length = strlen(wanted);
  if (n->op == OP_BEGINS) {
    return strncasecmp(text, wanted, length) == 0;
  }
  if (n->op == OP_ENDS) {
    return have >= length && strcasecmp(text + have - length, wanted) == 0;
  }
  return (text_find(text, wanted) != NULL) == (n->op == OP_HAS);
}

static bool value_answers(const struct node *n, struct value *v) {
  switch (n->op) {
  case OP_EQUAL:
    return equal(n, v, n->wanted, n->number);
  case OP_UNEQUAL:
    return !equal(n, v, n->wanted, n->number);
  case OP_IN:
    return among(n, v);
  case OP_NOT_IN:
    return !among(n, v);
  case OP_MORE:
    return v->present && v->number >= n->number;
  case OP_LESS:
    return v->present && v->number <= n->number;
  default:
    return text_fits(n, v);
  }
}

static void attribute_get(const struct ticket *t, const char *key, struct value *v) {
  const char *attr = intercom_attr_hidden(key) ? NULL : ticket_attr(t, key);
  cJSON *json = attr ? cJSON_Parse(attr) : NULL;
  if (json && !cJSON_IsNull(json)) {
    text_set(v, cJSON_IsString(json) ? json->valuestring : attr);
  }
  cJSON_Delete(json);
}

static bool node_fits(const struct query *q, const struct node *n, const struct sim *s,
                      const struct ticket *t) {
  if (n->field == NULL) {
    for (size_t i = 0; i < n->child_count; i++) {
      if (node_fits(q, &q->nodes[n->children[i]], s, t) == n->any) {
        return n->any;
      }
    }
    return !n->any;
  }
  struct value v = {0};
  if (n->attribute) {
    attribute_get(t, n->attribute, &v);
  } else {
    n->field->get(s, t, &v);
  }
  bool fits = value_answers(n, &v);
  buf_free(&v.text);
  return fits;
}

bool query_fits(const struct query *q, const struct sim *s, const struct ticket *t) {
  return q == NULL || node_fits(q, &q->nodes[0], s, t);
}
