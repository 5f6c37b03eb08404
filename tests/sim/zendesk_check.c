/* Is a ticket of a request acceptable? Problems are collected as the vendor does: by field, all at
 * once. */
#include "zendesk_write.h"

#include <stdio.h>
#include <string.h>

static void problem_add(struct buf *details, const char *field, const char *description,
                        const char *error) {
  /* one list per field; several problems with one field do not occur here */
  if (details->n == 0) {
    buf_char(details, '{');
  }
  jw_kopen(details, field, '[');
  jw_open(details, '{');
  jw_kstr(details, "description", description);
  jw_kstr(details, "error", error);
  jw_close(details, '}');
  jw_close(details, ']');
}

static void check_word(const cJSON *in, struct buf *details, const char *key, const char *label,
                       const char *const *words) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(in, key);
  char text[256];
  if (v == NULL || cJSON_IsNull(v)) {
    return;
  }
  for (size_t i = 0; cJSON_IsString(v) && words[i]; i++) {
    if (strcmp(words[i], v->valuestring) == 0) {
      return;
    }
  }
  snprintf(text, sizeof text, "%s: %.100s is not valid", label,
           cJSON_IsString(v) ? v->valuestring : "value");
  problem_add(details, key, text, "InvalidValue");
}

static bool tag_valid(const char *tag) {
  return *tag && strpbrk(tag, " \t\n\"'<>,") == NULL;
}

static void check_field(const cJSON *item, struct buf *details) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, "value");
  uint64_t number = wish_id(id);
  const struct zendesk_field *f = zendesk_field(number);
  char text[160];
  char key[32];
  if (f == NULL || value == NULL || cJSON_IsNull(value)) {
    return; /* unknown fields are ignored without a word */
  }
  bool good = true;
  if (strcmp(f->type, "tagger") == 0) {
    good = cJSON_IsString(value) && (*value->valuestring == '\0' || tag_valid(value->valuestring));
  } else if (strcmp(f->type, "multiselect") == 0) {
    good = cJSON_IsArray(value);
  } else if (strcmp(f->type, "checkbox") == 0) {
    good = cJSON_IsBool(value) || cJSON_IsString(value);
  } else {
    good = cJSON_IsString(value) || cJSON_IsNumber(value);
  }
  if (!good) {
    snprintf(text, sizeof text, "%s: is invalid", f->title);
    snprintf(key, sizeof key, "custom_field_%llu", (unsigned long long)number);
    problem_add(details, key, text, "InvalidValue");
  }
}

static void check_people(struct exchange *x, const struct ticket *t, const cJSON *in,
                         struct buf *details) {
  const cJSON *group = cJSON_GetObjectItemCaseSensitive(in, "group_id");
  const cJSON *assignee = cJSON_GetObjectItemCaseSensitive(in, "assignee_id");
  if (group && !cJSON_IsNull(group) && zendesk_group(wish_id(group)) == NULL) {
    problem_add(details, "group", "Group: is invalid", "InvalidValue");
  }
  if (assignee && !cJSON_IsNull(assignee)) {
    const struct person *p = person_get(&x->sim->store, wish_id(assignee));
    if (p == NULL || p->role == ROLE_CUSTOMER || p->role == ROLE_SYSTEM) {
      problem_add(details, "assignee", "Assignee: is invalid", "InvalidValue");
    }
  }
  const cJSON *requester = cJSON_GetObjectItemCaseSensitive(in, "requester_id");
  if (requester && person_get(&x->sim->store, wish_id(requester)) == NULL) {
    problem_add(details, "requester", "Requester: is invalid", "InvalidValue");
  }
  (void)t;
}

static void check_solved(struct exchange *x, const struct ticket *t, const cJSON *in,
                         struct buf *details) {
  const char *required = x->sim->opt.required_to_solve;
  const cJSON *item = NULL;
  if (required == NULL || wish_status(in, (int)t->status) != STATUS_SOLVED ||
      t->status == STATUS_SOLVED) {
    return;
  }
  const char *have = ticket_attr(t, required);
  bool filled = have && strcmp(have, "null") != 0 && strcmp(have, "\"\"") != 0;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(in, "custom_fields")) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, "value");
    char id[32];
    snprintf(id, sizeof id, "%llu",
             (unsigned long long)wish_id(cJSON_GetObjectItemCaseSensitive(item, "id")));
    if (strcmp(id, required) == 0) {
      filled = value && !cJSON_IsNull(value) &&
               !(cJSON_IsString(value) && *value->valuestring == '\0');
    }
  }
  if (filled) {
    return;
  }
  const struct zendesk_field *f = zendesk_field(strtoull(required, NULL, 10));
  if (details->n == 0) {
    buf_char(details, '{');
  }
  jw_kopen(details, "base", '[');
  jw_open(details, '{');
  struct buf text = {0};
  buf_printf(&text, "%s: is required when solving a ticket", f ? f->title : required);
  jw_kstr(details, "description", buf_text(&text));
  buf_free(&text);
  jw_kraw(details, "error", "null");
  jw_kraw(details, "ticket_field_id", required);
  jw_kstr(details, "ticket_field_type",
          f && strcmp(f->type, "tagger") == 0 ? "FieldTagger" : "FieldText");
  jw_close(details, '}');
  jw_close(details, ']');
}

static void check_metadata(const cJSON *in, struct buf *details) {
  const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(in, "metadata");
  if (metadata == NULL || cJSON_IsNull(metadata)) {
    return;
  }
  char *text = cJSON_PrintUnformatted(metadata);
  if (!cJSON_IsObject(metadata) || (text && strlen(text) > 1024)) {
    problem_add(details, "metadata", "Metadata: must be an object of less than 1 kilobyte",
                "InvalidValue");
  }
  cJSON_free(text);
}

void zendesk_check(struct exchange *x, const struct ticket *t, const cJSON *in,
                   struct buf *details) {
  static const char *const status_words[] = {"new",    "open",   "pending", "hold",
                                             "solved", "closed", NULL};
  static const char *const priority_words[] = {"urgent", "high", "normal", "low", NULL};
  static const char *const type_words[] = {"problem", "incident", "question", "task", NULL};
  const cJSON *item = NULL;
  if (t->status == STATUS_CLOSED) {
    problem_add(details, "status", "Status: closed prevents ticket update", NULL);
    return;
  }
  check_word(in, details, "status", "Status", status_words);
  check_word(in, details, "priority", "Priority", priority_words);
  check_word(in, details, "type", "Type", type_words);
  const cJSON *custom = cJSON_GetObjectItemCaseSensitive(in, "custom_status_id");
  if (custom && !cJSON_IsNull(custom) && zendesk_custom_status_find((int64_t)wish_id(custom)) < 0) {
    problem_add(details, "custom_status_id", "Custom status: is invalid", "InvalidValue");
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(in, "custom_fields")) {
    check_field(item, details);
  }
  check_people(x, t, in, details);
  check_metadata(in, details);
  check_solved(x, t, in, details);
  const cJSON *author = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(in, "comment"), "author_id");
  if (author && person_get(&x->sim->store, wish_id(author)) == NULL) {
    problem_add(details, "comment", "Author: is invalid", "InvalidValue");
  }
  if (t->message_count >= 5000 && cJSON_GetObjectItemCaseSensitive(in, "comment")) {
    problem_add(details, "base", "Ticket has reached its limit of 5000 comments", NULL);
  }
}
