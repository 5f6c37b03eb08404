/* Ticket lines: one JSON object a line, as the contract describes them, and a few keys more. */
#include "sim.h"
#include "text.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct load {
  struct sim *sim;
  const cJSON *line;
  int64_t created_ms; /* for lines that do not say */
  uint64_t copy;      /* 0: the line itself; n: its n-th repetition */
  char *why;
  size_t why_bytes;
};

static const char *line_text(const struct load *l, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(l->line, key);
  return cJSON_IsString(v) ? v->valuestring : NULL;
}

static bool refuse(const struct load *l, const char *why, const char *what) {
  snprintf(l->why, l->why_bytes, why, what);
  return false;
}

/* The id as text, whether it was written as text or as a number. */
static bool line_id(const struct load *l, char *ret_ref, size_t bytes, uint64_t *ret_number) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(l->line, "id");
  if (cJSON_IsString(id) && *id->valuestring) {
    snprintf(ret_ref, bytes, "%s", id->valuestring);
  } else if (cJSON_IsNumber(id) && id->valuedouble >= 1) {
    snprintf(ret_ref, bytes, "%.0f", id->valuedouble);
  } else {
    return refuse(l, "%s is missing", "id");
  }
  char *end = NULL;
  uint64_t number = strtoull(ret_ref, &end, 10);
  *ret_number = isdigit((unsigned char)*ret_ref) && *end == '\0' && number < (1ULL << 53) ? number
                                                                                          : 0;
  if (l->copy) {
    size_t n = strlen(ret_ref);
    snprintf(ret_ref + n, bytes - n, "~%llu", (unsigned long long)l->copy);
    *ret_number = 0;
  }
  return true;
}

static uint64_t line_requester(const struct load *l, const char *ref, const char *language) {
  const cJSON *r = cJSON_GetObjectItemCaseSensitive(l->line, "requester");
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(r, "name");
  const cJSON *email = cJSON_GetObjectItemCaseSensitive(r, "email");
  char made_name[96];
  char made_email[128];
  snprintf(made_name, sizeof made_name, "Customer %.60s", ref);
  snprintf(made_email, sizeof made_email, "customer-%.80s@people.example", ref);
  return person_need(&l->sim->store, cJSON_IsString(name) ? name->valuestring : made_name,
                     cJSON_IsString(email) ? email->valuestring : made_email, language,
                     ROLE_CUSTOMER);
}

static void line_fields(const struct load *l, struct edit *e) {
  const cJSON *item = NULL;
  const cJSON *tags = cJSON_GetObjectItemCaseSensitive(l->line, "tags");
  cJSON_ArrayForEach(item, tags) {
    if (cJSON_IsString(item)) {
      edit_tag_add(e, item->valuestring);
    }
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(l->line, "custom_fields")) {
    char *json = cJSON_PrintUnformatted(item);
    if (json && item->string) {
      edit_attr(e, item->string, json);
    }
    free(json);
  }
  const char *status = line_text(l, "status");
  if (status && status_parse(status) >= 0) {
    edit_status(e, (enum status)status_parse(status));
  }
  edit_priority(e, line_text(l, "priority"));
  edit_type(e, line_text(l, "type"));
  const cJSON *group = cJSON_GetObjectItemCaseSensitive(l->line, "group");
  if (cJSON_IsNumber(group)) {
    edit_group(e, (uint64_t)group->valuedouble);
  } else if (cJSON_IsString(group)) {
    edit_group(e, strtoull(group->valuestring, NULL, 10));
  }
}

/* How a message of a thread was written, as a flag of its entry; negative: unknown. */
static int thread_as(const cJSON *as) {
  if (as == NULL || (cJSON_IsString(as) && strcmp(as->valuestring, "mail") == 0)) {
    return 0;
  }
  if (cJSON_IsString(as) && strcmp(as->valuestring, "comment") == 0) {
    return ENTRY_COMMENT;
  }
  return cJSON_IsString(as) && strcmp(as->valuestring, "post") == 0 ? ENTRY_POST : -1;
}

static bool line_thread(const struct load *l, struct desk *d, struct ticket *t) {
  struct sim *s = l->sim;
  const cJSON *message = NULL;
  int64_t at_ms = t->created_ms;
  cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(l->line, "thread")) {
    const cJSON *author = cJSON_GetObjectItemCaseSensitive(message, "author");
    const cJSON *body = cJSON_GetObjectItemCaseSensitive(message, "body");
    const cJSON *created = cJSON_GetObjectItemCaseSensitive(message, "created_at");
    const cJSON *is_public = cJSON_GetObjectItemCaseSensitive(message, "public");
    int64_t said_ms = 0;
    if (!cJSON_IsString(author) || !cJSON_IsString(body)) {
      return refuse(l, "%s: every message needs author and body", "thread");
    }
    bool agent = strcmp(author->valuestring, "agent") == 0;
    if (!agent && strcmp(author->valuestring, "customer") != 0) {
      return refuse(l, "thread: author '%s' is neither customer nor agent", author->valuestring);
    }
    if (cJSON_IsString(created) && !time_parse(created->valuestring, &said_ms)) {
      return refuse(l, "thread: created_at '%s' is not an RFC 3339 time", created->valuestring);
    }
    int how = thread_as(cJSON_GetObjectItemCaseSensitive(message, "as"));
    if (how < 0) {
      return refuse(l, "%s: as is mail, comment or post", "thread");
    }
    at_ms = said_ms > at_ms ? said_ms : at_ms + 3600000;
    people_message_later(s, d, t, at_ms, agent,
                         (unsigned)how | (cJSON_IsFalse(is_public) ? 0 : ENTRY_PUBLIC),
                         body->valuestring);
  }
  return true;
}

static bool line_when(const struct load *l, int64_t *ret_ms) {
  const char *text = line_text(l, "created_at");
  int64_t now = clock_now_ms(&l->sim->clock);
  *ret_ms = l->created_ms;
  if (text && !time_parse(text, ret_ms)) {
    return refuse(l, "created_at '%s' is not an RFC 3339 time", text);
  }
  if (*ret_ms > now) {
    *ret_ms = now;
  }
  return true;
}

static struct desk *line_desk(const struct load *l) {
  const char *key = l->sim->opt.desk_key;
  const char *name = key ? line_text(l, key) : NULL;
  name = name ? name : line_text(l, "helpdesk");
  struct desk *d = store_desk(&l->sim->store, name ? name : "zendesk");
  if (d == NULL) {
    refuse(l, "unknown helpdesk '%s'", name);
  }
  return d;
}

static void line_about(const struct load *l, struct ticket *t, const char *body) {
  struct store *store = &l->sim->store;
  const char *language = line_text(l, "language");
  const char *channel = line_text(l, "channel");
  const char *behaviour = line_text(l, "behaviour");
  const cJSON *labels = cJSON_GetObjectItemCaseSensitive(l->line, "labels");
  const cJSON *category = cJSON_GetObjectItemCaseSensitive(labels, "category");
  t->language = store_word(store, language ? language : text_language(body));
  t->channel = store_word(store, channel ? channel : "web");
  const char *attachment = line_text(l, "attachment");
  t->attachment = attachment ? store_word(store, attachment) : NULL;
  t->behaviour = behaviour ? (enum behaviour)behaviour_parse(behaviour) : BEHAVIOUR_NONE;
  t->category = cJSON_IsString(category) ? store_word(store, category->valuestring) : NULL;
}

static bool line_add(struct load *l) {
  struct sim *s = l->sim;
  char ref[128];
  uint64_t number = 0;
  int64_t created_ms = 0;
  struct desk *d = line_desk(l);
  const char *behaviour = line_text(l, "behaviour");
  if (d == NULL) {
    return false;
  }
  if (behaviour && behaviour_parse(behaviour) < 0) {
    return refuse(l, "unknown behaviour '%s'", behaviour);
  }
  if (!line_id(l, ref, sizeof ref, &number) || !line_when(l, &created_ms)) {
    return false;
  }
  struct ticket *t = ticket_add(&s->store, d, number, ref);
  if (t == NULL) {
    return refuse(l, "id '%s' is there already", ref);
  }
  const char *body = line_text(l, "body");
  const char *subject = line_text(l, "subject");
  line_about(l, t, body ? body : "");
  t->requester = line_requester(l, ref, t->language);
  int64_t frozen_before = s->clock.frozen_ms;
  s->clock.frozen_ms = created_ms;
  t->created_ms = created_ms;
  struct edit e;
  unsigned automatic = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l->line, "automatic"))
                           ? ENTRY_AUTOMATIC
                           : 0;
  edit_begin(&e, &s->store, d, t, t->requester, ENTRY_CREATES | automatic);
  edit_subject(&e, subject ? subject : "");
  line_fields(l, &e);
  edit_message(&e, body ? body : "", line_text(l, "html_body"), true);
  edit_commit(&e);
  s->clock.frozen_ms = frozen_before;
  return line_thread(l, d, t);
}

static size_t lines_count(const char *text, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) {
    count += text[i] == '\n' ? 1 : 0;
  }
  return count + 1;
}

static bool line_blank(const char *line, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!isspace((unsigned char)line[i])) {
      return false;
    }
  }
  return true;
}

int64_t tickets_load(struct sim *s, const char *text, size_t n, char *ret_why, size_t why_bytes) {
  char why[256] = "";
  struct load l = {.sim = s, .why = why, .why_bytes = sizeof why};
  bool starting = s->store.loading;
  uint64_t copies = starting && s->opt.repeat > 1 ? (uint64_t)s->opt.repeat : 1;
  /* tickets without a date arrived one after the other in the hours before the start, and all
   * before the minute that exports hide; those added later arrive now */
  int64_t span_ms = 6 * 3600000;
  int64_t total = (int64_t)(lines_count(text, n) * copies);
  int64_t step_ms = span_ms / (total + 1) < 10000 ? span_ms / (total + 1) : 10000;
  int64_t start_ms = clock_now_ms(&s->clock) - 120000 - step_ms * total;
  int64_t added = 0;
  for (l.copy = 0; l.copy < copies; l.copy++) {
    size_t line_number = 0;
    for (size_t at = 0; at < n;) {
      const char *end = memchr(text + at, '\n', n - at);
      size_t length = end ? (size_t)(end - text) - at : n - at;
      line_number++;
      if (!line_blank(text + at, length)) {
        l.created_ms = starting ? start_ms + added * step_ms : clock_now_ms(&s->clock);
        cJSON *json = cJSON_ParseWithLength(text + at, length);
        l.line = json;
        bool good = cJSON_IsObject(json) ? line_add(&l) : refuse(&l, "%s", "not a JSON object");
        cJSON_Delete(json);
        if (!good) {
          snprintf(ret_why, why_bytes, "%zu: %s", line_number, why);
          return -1;
        }
        added++;
      }
      at += length + 1;
    }
  }
  return added;
}
