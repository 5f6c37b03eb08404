/* Saved replies: what agents insert into their answers. One JSON object a line: helpdesk, id
 * (a number), title, text, html, category, active, personal (an agent's own), internal (a note),
 * updated_at. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "intercom.h"
#include "sim.h"
#include "text.h"
#include "zendesk.h"

void macros_close(struct sim *s) {
  free(s->macros);
  arena_free(&s->macro_mem);
  s->macros = NULL;
  s->macro_count = 0;
}

static bool flag(const cJSON *line, const char *key, bool otherwise) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(line, key);
  return cJSON_IsBool(v) ? cJSON_IsTrue(v) : otherwise;
}

static const char *text_of(struct sim *s, const cJSON *line, const char *key) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(line, key);
  return cJSON_IsString(v) ? arena_copy(&s->macro_mem, v->valuestring) : NULL;
}

static bool line_take(struct sim *s, const cJSON *line) {
  const char *desk = text_of(s, line, "helpdesk");
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(line, "id");
  int64_t at = clock_now_ms(&s->clock);
  if (desk == NULL || !cJSON_IsNumber(id)) {
    return false;
  }
  const char *updated = text_of(s, line, "updated_at");
  if (updated) {
    (void)time_parse(updated, &at);
  }
  s->macros = mem_grow(s->macros, (s->macro_count + 1) * sizeof *s->macros);
  s->macros[s->macro_count++] = (struct saved_reply){
      desk,
      text_of(s, line, "title"),
      text_of(s, line, "text"),
      text_of(s, line, "html"),
      text_of(s, line, "category"),
      (uint64_t)id->valuedouble,
      flag(line, "active", true),
      flag(line, "personal", false),
      flag(line, "internal", false),
      at,
  };
  return true;
}

static int by_id(const void *a, const void *b) {
  const struct saved_reply *x = a;
  const struct saved_reply *y = b;
  return x->id < y->id ? -1 : x->id > y->id;
}

bool macros_set(struct sim *s, const char *text, char *ret_why, size_t why_bytes) {
  macros_close(s);
  for (size_t n = 1; *text; n++) {
    const char *end = strchr(text, '\n');
    size_t bytes = end ? (size_t)(end - text) : strlen(text);
    cJSON *line = cJSON_ParseWithLength(text, bytes);
    bool good = bytes == 0 || line_take(s, line);
    cJSON_Delete(line);
    if (!good) {
      snprintf(ret_why, why_bytes, "line %zu is no macro: it needs helpdesk and id", n);
      return false;
    }
    text += bytes + (end ? 1 : 0);
  }
  if (s->macro_count) {
    qsort(s->macros, s->macro_count, sizeof *s->macros, by_id);
  }
  return true;
}

const struct saved_reply *macro_at(const struct sim *s, const char *desk, size_t n) {
  for (size_t i = 0; i < s->macro_count; i++) {
    if (strcmp(s->macros[i].desk, desk) == 0 && n-- == 0) {
      return &s->macros[i];
    }
  }
  return NULL;
}

/* ---- Zendesk: GET /api/v2/macros, with the filters active and access ---- */

static void action(struct buf *b, const char *field, const char *value) {
  jw_open(b, '{');
  jw_kstr(b, "field", field);
  jw_kstr(b, "value", value);
  jw_close(b, '}');
}

/* Plain comments carry their channel in front since macros can have one for each. */
static void comment(struct buf *b, const char *text) {
  jw_open(b, '{');
  jw_kstr(b, "field", "comment_value");
  jw_kopen(b, "value", '[');
  jw_str(b, "channel:all");
  jw_str(b, text);
  jw_close(b, ']');
  jw_close(b, '}');
}

static void zendesk_macro_write(struct exchange *x, struct buf *b, const struct saved_reply *m) {
  struct buf url = {0};
  jw_open(b, '{');
  jw_kstr(b, "url", zendesk_url(x, &url, "macros/%llu.json", (unsigned long long)m->id));
  jw_kid(b, "id", m->id);
  jw_kstr(b, "title", m->title);
  jw_kbool(b, "active", m->active);
  jw_ktime(b, "updated_at", m->updated_ms);
  jw_ktime(b, "created_at", m->updated_ms);
  jw_kbool(b, "default", false);
  jw_kint(b, "position", 9999);
  jw_kraw(b, "description", "null");
  jw_kopen(b, "actions", '[');
  action(b, "status", "pending");
  if (m->html) {
    action(b, "comment_value_html", m->html);
  } else if (m->text) {
    comment(b, m->text);
  }
  if (m->internal) {
    action(b, "comment_mode_is_public", "false");
  }
  jw_close(b, ']');
  jw_kraw(b, "restriction", m->personal ? "{\"type\":\"User\",\"id\":4}" : "null");
  jw_close(b, '}');
  buf_free(&url);
}

static bool zendesk_lists(const struct exchange *x, const struct saved_reply *m) {
  const char *active = exchange_query(x, "active");
  const char *access = exchange_query(x, "access");
  if (active && m->active != (strcmp(active, "true") == 0)) {
    return false;
  }
  return !(access && strcmp(access, "shared") == 0 && m->personal);
}

void zendesk_macros(struct exchange *x) {
  const struct saved_reply *m = NULL;
  size_t total = 0;
  size_t at = 0;
  struct page p;
  for (size_t i = 0; (m = macro_at(x->sim, "zendesk", i)) != NULL; i++) {
    total += zendesk_lists(x, m);
  }
  if (!zendesk_page(x, total, 100, &p)) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "macros", '[');
  for (size_t i = 0; (m = macro_at(x->sim, "zendesk", i)) != NULL; i++) {
    if (!zendesk_lists(x, m)) {
      continue;
    }
    if (at >= p.from && at < p.to) {
      zendesk_macro_write(x, b, m);
    }
    at++;
  }
  jw_close(b, ']');
  zendesk_page_write(x, b, &p, total);
  jw_close(b, '}');
}

/* ---- Intercom: GET /macros, since 2.16 ---- */

enum { MACROS_MINOR = 16 };

static void intercom_macro_write(struct buf *b, const struct saved_reply *m) {
  jw_open(b, '{');
  jw_kstr(b, "type", "macro");
  k_id(b, "id", m->id);
  jw_kstr(b, "name", m->title);
  jw_kstr(b, "body", m->html ? m->html : m->text);
  jw_kstr(b, "body_text", m->text);
  jw_ktime(b, "created_at", m->updated_ms);
  jw_ktime(b, "updated_at", m->updated_ms);
  jw_kstr(b, "visible_to", m->personal ? "specific_teams" : "everyone");
  jw_kraw(b, "visible_to_team_ids", "[]");
  jw_kraw(b, "available_on", "[\"inbox\"]");
  jw_close(b, '}');
}

void intercom_macros(struct exchange *x) {
  if (x->grants < MACROS_MINOR) {
    intercom_not_found(x);
    return;
  }
  int64_t per_page = exchange_query_int(x, "per_page", 50);
  const char *after = exchange_query(x, "starting_after");
  struct buf decoded = {0};
  unsigned long long from = 0;
  double updated = 0;
  bool good = per_page >= 1 && per_page <= 150 &&
              (after == NULL ||
               (base64_get(&decoded, after) &&
                sscanf(buf_text(&decoded), "[%lf, \"%llu\"]", &updated, &from) == 2));
  buf_free(&decoded);
  if (!good) {
    intercom_error(x, 400, "parameter_invalid", "starting_after or per_page is invalid", NULL);
    return;
  }
  if (x->sim->opt.max_page > 0 && per_page > x->sim->opt.max_page) {
    per_page = x->sim->opt.max_page;
  }
  struct buf *b = reply_json(x, 200);
  const struct saved_reply *m = NULL;
  const struct saved_reply *last = NULL;
  int64_t written = 0;
  jw_open(b, '{');
  jw_kstr(b, "type", "list");
  jw_kopen(b, "data", '[');
  for (size_t i = 0; (m = macro_at(x->sim, "intercom", i)) != NULL && written <= per_page; i++) {
    if (m->id <= from || !m->active || m->personal) {
      continue;
    }
    if (written++ < per_page) {
      intercom_macro_write(b, m);
      last = m;
    }
  }
  jw_close(b, ']');
  jw_kopen(b, "pages", '{');
  jw_kstr(b, "type", "pages");
  jw_kint(b, "per_page", per_page);
  if (written > per_page) {
    struct buf plain = {0};
    struct buf cursor = {0};
    buf_printf(&plain, "[%lld.0, \"%llu\"]", (long long)(last->updated_ms / 1000),
               (unsigned long long)last->id);
    base64_put(&cursor, buf_text(&plain), plain.n);
    jw_kopen(b, "next", '{');
    jw_kstr(b, "starting_after", buf_text(&cursor));
    jw_close(b, '}');
    buf_free(&plain);
    buf_free(&cursor);
  } else {
    jw_kraw(b, "next", "null");
  }
  jw_close(b, '}');
  jw_close(b, '}');
}
