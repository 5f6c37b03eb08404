/* What we send: addresses and bodies. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

/* A ticket's version is "UPDATED_AT" or "UPDATED_AT/GENERATED_TIMESTAMP". The whole of it changes
 * with every change, also with the system's own that leave updated_at alone; the first part is
 * what safe_update compares. */
struct trg_str zd_stamp_of(struct trg_str version) {
  const char *slash = version.n > 0 ? memchr(version.p, '/', version.n) : NULL;
  return slash == NULL ? version : (struct trg_str){version.p, (size_t)(slash - version.p)};
}

void zd_url_export(struct hd_buf *buf, struct trg_str base, struct trg_str cursor, int64_t start_s,
                   int64_t per_page, const char *support_type_scope) {
  hd_put_str(buf, base);
  hd_puts(buf, "/api/v2/incremental/tickets/cursor.json?");
  if (cursor.n > 0) {
    hd_puts(buf, "cursor=");
    hd_put_url(buf, cursor);
  } else {
    hd_puts(buf, "start_time=");
    hd_put_int(buf, start_s);
  }
  hd_puts(buf, "&per_page=");
  hd_put_int(buf, per_page);
  if (support_type_scope != NULL && strcmp(support_type_scope, "agent") != 0) {
    hd_puts(buf, "&support_type_scope=");
    hd_put_url(buf, hd_str(support_type_scope));
  }
}

void zd_url_ticket(struct hd_buf *buf, struct trg_str base, struct trg_str id, const char *rest) {
  hd_put_str(buf, base);
  hd_puts(buf, "/api/v2/tickets/");
  hd_put_url(buf, id);
  hd_puts(buf, rest);
}

void zd_url_list(struct hd_buf *buf, struct trg_str base, struct trg_str id, const char *list,
                 int64_t per_page, bool newest_first, struct trg_str cursor) {
  zd_url_ticket(buf, base, id, "/");
  hd_puts(buf, list);
  hd_puts(buf, ".json?include=users");
  if (strcmp(list, "comments") == 0)
    hd_puts(buf, newest_first ? "&sort=-created_at" : "&sort=created_at");
  if (per_page == 0) return;
  if (cursor.n > 0 && cursor.p[0] == '#') {
    hd_puts(buf, "&per_page=100&page=");
    hd_put_url(buf, (struct trg_str){cursor.p + 1, cursor.n - 1});
    return;
  }
  hd_puts(buf, "&page[size]=");
  hd_put_int(buf, per_page);
  if (cursor.n > 0) {
    hd_puts(buf, "&page[after]=");
    hd_put_url(buf, cursor);
  }
}

void zd_body_token(struct hd_buf *buf, const char *client_id, const char *secret,
                   const char *scope) {
  hd_puts(buf, "{\"grant_type\":\"client_credentials\",\"client_id\":");
  hd_put_json(buf, hd_str(client_id));
  hd_puts(buf, ",\"client_secret\":");
  hd_put_json(buf, hd_str(secret));
  hd_puts(buf, ",\"scope\":");
  hd_put_json(buf, hd_str(scope));
  hd_puts(buf, "}");
}

static struct trg_str priority_word(struct trg_str priority) {
  static const char *const words[] = {"urgent", "high", "normal", "low"};
  if (priority.n == 2 && priority.p[0] == 'P' && priority.p[1] >= '1' && priority.p[1] <= '4')
    return hd_str(words[priority.p[1] - '1']);
  return (struct trg_str){NULL, 0};
}

static bool has_tag(const struct zd_ticket *ticket, struct trg_str tag) {
  for (size_t i = 0; i < ticket->tag_count; i++)
    if (hd_same(ticket->tags[i], tag)) return true;
  return false;
}

/* A tag as Zendesk keeps it: a blank or a comma would make two of it. */
static void tag_put(struct hd_buf *buf, struct trg_str tag) {
  for (size_t i = 0; i < tag.n; i++) {
    char c = tag.p[i];
    if (c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '"')
      c = '_';
    else if (c >= 'A' && c <= 'Z')
      c = (char)(c | 32);
    hd_put(buf, &c, 1);
  }
}

/* The whole list, because it replaces what is there: theirs, then ours. */
static bool tags_put(struct hd_buf *buf, const struct zd_update *update) {
  const struct zd_ticket *now = update->now;
  struct hd_buf list = hd_buf_new((size_t)1 << 20);
  bool any = false;
  hd_puts(&list, ",\"tags\":[");
  for (size_t i = 0; i < now->tag_count; i++) {
    hd_puts(&list, i > 0 ? "," : "");
    hd_put_json(&list, now->tags[i]);
  }
  for (size_t i = 0; update->map->tags && i < update->action->add_tag_count; i++) {
    struct hd_buf tag = hd_buf_new(512);
    tag_put(&tag, update->action->add_tags[i]);
    if (tag.n > 0 && !has_tag(now, hd_slice(&tag))) {
      hd_puts(&list, any || now->tag_count > 0 ? "," : "");
      hd_put_json(&list, hd_slice(&tag));
      any = true;
    }
    hd_buf_free(&tag);
  }
  hd_puts(&list, "]");
  /* A list that did not fit must not be sent: what is missing from it would be removed. */
  any = any && !list.full;
  if (any) hd_put_str(buf, hd_slice(&list));
  hd_buf_free(&list);
  return any;
}

/* The id that the settings give for a team, or empty. The map was checked at open. */
static bool group_put(struct hd_buf *buf, const struct zd_update *update) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_mem mem = {.limit_bytes = 1024};
  char team[128];
  struct trg_str word = update->action->team, id = {NULL, 0};
  if (word.n == 0 || word.n >= sizeof team || update->map->groups == NULL) return false;
  memcpy(team, word.p, word.n);
  team[word.n] = '\0';
  cJSON *json = zd_json(hd_str(update->map->groups), &ignored);
  bool known = json != NULL && zd_json_id(&mem, json, team, &id, &ignored) == 0 && id.n > 0 &&
               !hd_same(id, update->now->group_id);
  if (known) {
    hd_puts(buf, ",\"group_id\":");
    hd_put_str(buf, id);
  }
  cJSON_Delete(json);
  hd_mem_free(&mem);
  return known;
}

static unsigned fields_put(struct hd_buf *buf, const struct zd_update *update) {
  const struct trg_action *action = update->action;
  unsigned wrote = 0;
  struct trg_str priority = priority_word(action->priority);
  if (update->map->priority && priority.n > 0 && !hd_same(priority, update->now->priority)) {
    hd_puts(buf, ",\"priority\":");
    hd_put_json(buf, priority);
    wrote |= ZD_WROTE_FIELDS;
  }
  if (update->map->field_id.n > 0 && action->category.n > 0) {
    hd_puts(buf, ",\"custom_fields\":[{\"id\":");
    hd_put_str(buf, update->map->field_id);
    hd_puts(buf, ",\"value\":");
    hd_put_json(buf, action->category);
    hd_puts(buf, "}]");
    wrote |= ZD_WROTE_FIELDS;
  }
  if (group_put(buf, update)) wrote |= ZD_WROTE_FIELDS;
  if (tags_put(buf, update)) wrote |= ZD_WROTE_TAGS;
  /* Never "closed": that is final, and Zendesk's own to set. */
  if ((action->flags & TRG_ACTION_SOLVE) != 0 && !hd_is(update->now->status, "solved")) {
    hd_puts(buf, ",\"status\":\"solved\"");
    wrote |= ZD_WROTE_STATUS;
  }
  return wrote;
}

unsigned zd_body_update(struct hd_buf *buf, const struct zd_update *update) {
  unsigned wrote = 0;
  hd_puts(buf, "{\"ticket\":{\"metadata\":{\"triage_run\":");
  hd_put_json(buf, update->action->idem_key);
  hd_puts(buf, "}");
  if (update->with_fields) {
    wrote = fields_put(buf, update);
    hd_puts(buf, ",\"safe_update\":true,\"updated_stamp\":");
    hd_put_json(buf, update->now->updated_at);
  }
  if (update->comment.n > 0) {
    struct hd_buf html = hd_buf_new(ZD_BODY_BYTES);
    hd_put_html_safe(&html, update->comment, ZD_BODY_BYTES);
    hd_puts(buf, ",\"comment\":{\"html_body\":");
    hd_put_json(buf, hd_slice(&html));
    /* Always said: left out, it is what the ticket's first comment was. */
    hd_puts(buf, update->is_public ? ",\"public\":true}" : ",\"public\":false}");
    hd_buf_free(&html);
    wrote |= ZD_WROTE_COMMENT;
  }
  hd_puts(buf, "}}");
  return wrote;
}

static int config_bad(struct trg_err *err, const char *text, const char *value) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, text, value);
  return -1;
}

int zd_groups_check(const char *json, struct trg_err *err) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_mem mem = {.limit_bytes = 65536};
  cJSON *map = zd_json(hd_str(json), &ignored);
  int rc = cJSON_IsObject(map)
               ? 0
               : config_bad(err, "write.group must map team words to group ids%s", "");
  const cJSON *item;
  cJSON_ArrayForEach(item, map) {
    struct trg_str id;
    if (rc == 0 && (zd_json_id(&mem, map, item->string, &id, &ignored) != 0 || !hd_digits(id)))
      rc = config_bad(err, "write.group: \"%.100s\" must be given a group's numeric id",
                      item->string);
  }
  cJSON_Delete(map);
  hd_mem_free(&mem);
  return rc;
}

int zd_category_check(const char *category, struct trg_str *ret_field_id, struct trg_err *err) {
  static const char prefix[] = "custom_field:";
  struct trg_str id = {NULL, 0};
  if (strncmp(category, prefix, sizeof prefix - 1) == 0) id = hd_str(category + sizeof prefix - 1);
  if (!hd_digits(id))
    return config_bad(err,
                      "write.category is \"%.80s\": it must be custom_field:ID, with the "
                      "number of a ticket field",
                      category);
  *ret_field_id = id;
  return 0;
}
