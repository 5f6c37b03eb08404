#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire.h"

#define ATTRIBUTE_PREFIX "custom_attribute:"

/* ---- settings ---- */

static int config_bad(struct trg_err *err, const char *text, const char *a, const char *b) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, text, a, b);
  return -1;
}

int intercom_attribute_check(const char *key, const char *value, struct trg_str *ret_name,
                             struct trg_err *err) {
  const size_t prefix = sizeof ATTRIBUTE_PREFIX - 1;
  *ret_name = (struct trg_str){NULL, 0};
  if (value == NULL || value[0] == '\0' || strcmp(value, "false") == 0) return 0;
  const bool prefixed = strncmp(value, ATTRIBUTE_PREFIX, prefix) == 0;
  const char *name = prefixed ? value + prefix : value;
  /* The name alone will do, but not another vendor's word, nor "yes, please". */
  if (name[0] == '\0' || (!prefixed && (strchr(name, ':') != NULL || strcmp(name, "true") == 0)))
    return config_bad(err,
                      "%s is \"%.80s\": it must be custom_attribute:NAME, with the name of a "
                      "conversation attribute (Settings, Conversations, Conversation attributes)",
                      key, value);
  *ret_name = hd_str(name);
  return 0;
}

/* "44", "team:44" or "admin:991" to who it is; false: none of them. */
static bool assignee_read(struct trg_str text, struct intercom_pair *ret) {
  ret->a = TRG_STR("team");
  if (hd_seek(text, "team:") == 0) {
    text = (struct trg_str){text.p + 5, text.n - 5};
  } else if (hd_seek(text, "admin:") == 0) {
    ret->a = TRG_STR("admin");
    text = (struct trg_str){text.p + 6, text.n - 6};
  }
  ret->b = text;
  return hd_digits(text);
}

static struct trg_str setting_text(struct hd_mem *mem, const cJSON *item) {
  if (cJSON_IsString(item)) return hd_keep(mem, hd_str(item->valuestring));
  char text[32];
  if (!cJSON_IsNumber(item) || item->valuedouble < 1 || item->valuedouble >= 9007199254740992.0)
    return (struct trg_str){NULL, 0};
  const int n = snprintf(text, sizeof text, "%lld", (long long)item->valuedouble);
  return hd_keep(mem, (struct trg_str){text, (size_t)n});
}

int intercom_groups_check(const char *json, struct trg_err *err) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_mem mem = {.limit_bytes = 65536};
  cJSON *map = intercom_json(hd_str(json), &ignored);
  int rc = cJSON_IsObject(map)
               ? 0
               : config_bad(err, "%s must map team words to Intercom's ids%s", "write.group", "");
  const cJSON *item;
  cJSON_ArrayForEach(item, map) {
    struct intercom_pair to;
    if (rc == 0 && !assignee_read(setting_text(&mem, item), &to))
      rc = config_bad(err,
                      "%s: \"%.100s\" must be given a team's numeric id, or admin:ID for a "
                      "teammate",
                      "write.group", item->string);
  }
  cJSON_Delete(map);
  hd_mem_free(&mem);
  return rc;
}

/* ---- what is to be written ---- */

struct intercom_pair intercom_category_of(const struct intercom_map *map,
                                          const struct trg_action *action) {
  const struct intercom_pair none = {{NULL, 0}, {NULL, 0}};
  return map->category.n > 0 && action->category.n > 0
             ? (struct intercom_pair){map->category, action->category}
             : none;
}

/* Intercom's own priority can not be set, so it goes into an attribute, in the words that its own
 * has had since version 2.16. */
struct intercom_pair intercom_priority_of(const struct intercom_map *map,
                                          const struct trg_action *action) {
  static const char *const words[] = {"urgent", "high", "medium", "low"};
  const struct intercom_pair none = {{NULL, 0}, {NULL, 0}};
  const struct trg_str p = action->priority;
  if (map->priority.n == 0 || p.n != 2 || p.p[0] != 'P' || p.p[1] < '1' || p.p[1] > '4')
    return none;
  return (struct intercom_pair){map->priority, hd_str(words[p.p[1] - '1'])};
}

bool intercom_has_attribute(const struct intercom_item *item, const struct intercom_pair *want) {
  if (want->a.n == 0) return true;
  for (size_t i = 0; i < item->attribute_count; i++)
    if (hd_same(item->attributes[i].a, want->a)) return hd_same(item->attributes[i].b, want->b);
  return false;
}

/* Tags are told apart without regard to case. */
bool intercom_has_tag(const struct intercom_item *item, struct trg_str name) {
  for (size_t i = 0; i < item->tag_count; i++)
    if (item->tags[i].b.n == name.n &&
        (name.n == 0 || strncasecmp(item->tags[i].b.p, name.p, name.n) == 0))
      return true;
  return false;
}

struct intercom_pair intercom_assignee_of(const struct intercom_map *map, struct trg_str team,
                                          struct hd_mem *mem) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct intercom_pair to = {{NULL, 0}, {NULL, 0}}, found;
  char word[128];
  if (team.n == 0 || team.n >= sizeof word || map->groups == NULL) return to;
  memcpy(word, team.p, team.n);
  word[team.n] = '\0';
  cJSON *json = intercom_json(hd_str(map->groups), &ignored);
  if (assignee_read(setting_text(mem, hd_json_in(json, word)), &found)) to = found;
  cJSON_Delete(json);
  return to;
}

bool intercom_is_assigned(const struct intercom_item *item, const struct intercom_pair *to) {
  if (to->b.n == 0) return true;
  return hd_same(to->b, hd_is(to->a, "admin") ? item->admin_id : item->team_id);
}

/* ---- addresses and bodies ---- */

void intercom_url(struct hd_buf *buf, struct trg_str base, struct intercom_key key,
                  const char *rest) {
  hd_put_str(buf, base);
  hd_puts(buf, key.is_ticket ? "/tickets/" : "/conversations/");
  hd_put_url(buf, key.id);
  hd_puts(buf, rest);
}

void intercom_body_attributes(struct hd_buf *buf, bool is_ticket, struct trg_str admin_id,
                              const struct intercom_pair *pairs, size_t count) {
  bool any = false;
  hd_puts(buf, is_ticket ? "{\"ticket_attributes\":{" : "{\"custom_attributes\":{");
  for (size_t i = 0; i < count; i++) {
    if (pairs[i].a.n == 0) continue;
    hd_puts(buf, any ? "," : "");
    hd_put_json(buf, pairs[i].a);
    hd_puts(buf, ":");
    hd_put_json(buf, pairs[i].b);
    any = true;
  }
  hd_puts(buf, "}");
  if (is_ticket) {
    hd_puts(buf, ",\"admin_id\":");
    hd_put_str(buf, admin_id); /* a number there, a string everywhere else */
    hd_puts(buf, ",\"skip_notifications\":true");
  }
  hd_puts(buf, "}");
}

static void admin_put(struct hd_buf *buf, struct trg_str admin_id) {
  hd_puts(buf, ",\"admin_id\":");
  hd_put_json(buf, admin_id);
}

void intercom_body_assign(struct hd_buf *buf, bool is_ticket, struct trg_str admin_id,
                          const struct intercom_pair *to) {
  if (is_ticket) {
    hd_puts(buf, "{\"admin_id\":");
    hd_put_str(buf, admin_id);
    hd_puts(buf, ",\"skip_notifications\":true");
  } else {
    hd_puts(buf, "{\"message_type\":\"assignment\",\"type\":");
    hd_put_json(buf, to->a);
    admin_put(buf, admin_id);
  }
  hd_puts(buf, ",\"assignee_id\":");
  hd_put_json(buf, to->b);
  hd_puts(buf, "}");
}

void intercom_body_tag(struct hd_buf *buf, struct trg_str admin_id, struct trg_str tag_id) {
  hd_puts(buf, "{\"id\":");
  hd_put_json(buf, tag_id);
  admin_put(buf, admin_id);
  hd_puts(buf, "}");
}

void intercom_put_marker(struct hd_buf *buf, struct trg_str key) {
  for (size_t i = 0; i < key.n; i++) {
    const char c = key.p[i];
    const bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' ||
                       c == '-' || c == '_';
    hd_put(buf, plain ? &c : "_", 1);
  }
}

/* Customers see no marker: a reply is found again by who wrote it, when, and its words. */
void intercom_body_reply(struct hd_buf *buf, struct trg_str admin_id, bool is_note,
                         struct trg_str html, struct trg_str key) {
  struct hd_buf body = hd_buf_new(INTERCOM_BODY_BYTES + 512);
  hd_put_html_safe(&body, html, INTERCOM_BODY_BYTES);
  if (is_note && key.n > 0) {
    hd_puts(&body, "<p>" INTERCOM_MARKER);
    intercom_put_marker(&body, key);
    hd_puts(&body, "</p>");
  }
  /* Said explicitly and always: who sees it hangs on this word alone. */
  hd_puts(buf, is_note ? "{\"message_type\":\"note\",\"type\":\"admin\""
                       : "{\"message_type\":\"comment\",\"type\":\"admin\"");
  admin_put(buf, admin_id);
  hd_puts(buf, ",\"body\":");
  hd_put_json(buf, hd_slice(&body));
  hd_puts(buf, "}");
  hd_buf_free(&body);
}

void intercom_body_solve(struct hd_buf *buf, bool is_ticket, struct trg_str admin_id,
                         struct trg_str state_id) {
  if (!is_ticket) {
    hd_puts(buf, "{\"message_type\":\"close\",\"type\":\"admin\"");
    admin_put(buf, admin_id);
    hd_puts(buf, "}");
    return;
  }
  hd_puts(buf, "{\"admin_id\":");
  hd_put_str(buf, admin_id);
  if (state_id.n > 0) {
    hd_puts(buf, ",\"ticket_state_id\":");
    hd_put_json(buf, state_id);
  }
  hd_puts(buf, ",\"open\":false}");
}
