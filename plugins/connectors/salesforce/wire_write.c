/* What we send: bodies. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire.h"

/* ---- signing in ---- */

static void put_form(struct hd_buf *buf, const char *name, struct trg_str value) {
  if (buf->n > 0) hd_puts(buf, "&");
  hd_puts(buf, name);
  hd_puts(buf, "=");
  hd_put_url(buf, value);
}

void salesforce_body_client(struct hd_buf *buf, const char *client_id, const char *secret) {
  put_form(buf, "grant_type", TRG_STR("client_credentials"));
  put_form(buf, "client_id", hd_str(client_id));
  put_form(buf, "client_secret", hd_str(secret));
}

void salesforce_put_base64url(struct hd_buf *buf, struct trg_str bytes) {
  const size_t from = buf->n;
  hd_put_base64(buf, bytes);
  while (buf->n > from && buf->p[buf->n - 1] == '=') buf->p[--buf->n] = '\0';
  for (size_t i = from; i < buf->n; i++) {
    if (buf->p[i] == '+') buf->p[i] = '-';
    if (buf->p[i] == '/') buf->p[i] = '_';
  }
}

void salesforce_put_claims(struct hd_buf *buf, const char *client_id, const char *username,
                           const char *audience, int64_t now_s) {
  struct hd_buf claims = hd_buf_new(8192);
  hd_puts(&claims, "{\"iss\":");
  hd_put_json(&claims, hd_str(client_id));
  hd_puts(&claims, ",\"sub\":");
  hd_put_json(&claims, hd_str(username));
  hd_puts(&claims, ",\"aud\":");
  hd_put_json(&claims, hd_str(audience));
  hd_puts(&claims, ",\"exp\":");
  hd_put_int(&claims, now_s + 170); /* three minutes are the most; clocks differ */
  hd_puts(&claims, "}");
  salesforce_put_base64url(buf, TRG_STR("{\"alg\":\"RS256\"}"));
  hd_puts(buf, ".");
  salesforce_put_base64url(buf, hd_slice(&claims));
  hd_buf_free(&claims);
}

void salesforce_body_assertion(struct hd_buf *buf, struct trg_str assertion) {
  put_form(buf, "grant_type", TRG_STR("urn:ietf:params:oauth:grant-type:jwt-bearer"));
  put_form(buf, "assertion", assertion);
}

/* ---- settings ---- */

static int config_bad(struct trg_err *err, const char *key, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s %s", key, text);
  return -1;
}

int salesforce_groups_check(const char *json, struct trg_err *err) {
  cJSON *map = salesforce_json(hd_str(json), err);
  const cJSON *item;
  int rc = cJSON_IsObject(map) ? 0
                               : config_bad(err, "write.group",
                                            "must map team words to ids: "
                                            "{billing: \"00G...\"}");
  cJSON_ArrayForEach(item, map) {
    const struct trg_str id = hd_str(cJSON_GetStringValue(item));
    if (rc == 0 && !salesforce_is_id(id, "00G") && !salesforce_is_id(id, "005"))
      rc = config_bad(err, "write.group",
                      "must give the id of a queue (00G...) or of a user "
                      "(005...), of 15 or 18 characters, for each team");
  }
  cJSON_Delete(map);
  return rc;
}

int salesforce_priorities_check(const char *json, struct trg_err *err) {
  static const char says[] = "must map P1 to P4 to values of the priority picklist: "
                             "{P1: \"Critical\"}";
  cJSON *map = salesforce_json(hd_str(json), err);
  const cJSON *item;
  int rc = cJSON_IsObject(map) ? 0 : config_bad(err, "write.priorities", says);
  cJSON_ArrayForEach(item, map) {
    const char *key = item->string;
    const bool known = key[0] == 'P' && key[1] >= '1' && key[1] <= '4' && key[2] == '\0';
    if (rc == 0 && (!known || cJSON_GetStringValue(item) == NULL))
      rc = config_bad(err, "write.priorities", says);
  }
  cJSON_Delete(map);
  return rc;
}

int salesforce_column_check(const char *text, const char *key, char ret_name[80],
                            struct trg_err *err) {
  const char *name = strncmp(text, "field:", 6) == 0 ? text + 6 : text;
  size_t n = 0;
  while ((name[n] >= '0' && name[n] <= '9') || (name[n] >= 'A' && name[n] <= 'Z') ||
         (name[n] >= 'a' && name[n] <= 'z') || name[n] == '_')
    n++;
  if (n == 0 || n > 79 || name[n] != '\0')
    return config_bad(err, key,
                      "must be field:API_NAME of a field of Case, as "
                      "field:Triage_Category__c");
  memcpy(ret_name, name, n + 1);
  return 0;
}

/* ---- fields ---- */

struct fields {
  struct hd_buf *buf;
  unsigned wrote;
};

static void put_field(struct fields *f, const char *name, struct trg_str value, unsigned what) {
  hd_puts(f->buf, f->buf->n > 1 ? "," : "");
  hd_put_json(f->buf, hd_str(name));
  hd_puts(f->buf, ":");
  hd_put_json(f->buf, value);
  f->wrote |= what;
}

/* The value that a setting's JSON object has for a word, in the arena. */
static struct trg_str mapped(struct hd_mem *mem, const char *json, struct trg_str key) {
  struct trg_err ignored = {{0}, {0}, 0};
  struct hd_buf name = hd_buf_new(256);
  cJSON *map = json != NULL ? salesforce_json(hd_str(json), &ignored) : NULL;
  hd_put_str(&name, key);
  struct trg_str value = {NULL, 0};
  if (name.n > 0) value = hd_keep(mem, hd_json_str(map, name.p));
  cJSON_Delete(map);
  hd_buf_free(&name);
  return value;
}

static struct trg_str priority_word(struct hd_mem *mem, const char *json, struct trg_str priority) {
  static const char *const words[] = {"High", "High", "Medium", "Low"};
  struct trg_str word = mapped(mem, json, priority);
  if (word.n == 0 && priority.n == 2 && priority.p[0] == 'P' && priority.p[1] >= '1' &&
      priority.p[1] <= '4')
    word = hd_str(words[priority.p[1] - '1']);
  return word;
}

static bool has_tag(struct trg_str list, struct trg_str tag) {
  for (size_t at = 0; at < list.n;) {
    const char *end = memchr(list.p + at, ';', list.n - at);
    const size_t n = end != NULL ? (size_t)(end - list.p) - at : list.n - at;
    if (hd_same((struct trg_str){list.p + at, n}, tag)) return true;
    at += n + 1;
  }
  return false;
}

/* The whole of the multi-select picklist, because it replaces what is there: theirs, then ours. */
static void tags_put(struct fields *f, const struct sf_case *now, const struct trg_action *action,
                     const char *column) {
  struct hd_buf list = hd_buf_new(4096);
  bool any = false;
  hd_put_str(&list, now->tags);
  for (size_t i = 0; i < action->add_tag_count; i++) {
    const struct trg_str tag = action->add_tags[i];
    if (tag.n == 0 || memchr(tag.p, ';', tag.n) != NULL || has_tag(hd_slice(&list), tag)) continue;
    hd_puts(&list, list.n > 0 ? ";" : "");
    hd_put_str(&list, tag);
    any = true;
  }
  /* A list that did not fit must not be sent: what is missing from it would be removed. */
  if (any && !list.full) put_field(f, column, hd_slice(&list), SF_WROTE_TAGS);
  hd_buf_free(&list);
}

static void owner_put(struct fields *f, const struct sf_case *now, struct trg_str id) {
  char id18[SF_ID_BYTES];
  if (!salesforce_id18(id, id18) || hd_is(now->owner_id, id18)) return;
  put_field(f, "OwnerId", hd_str(id18), SF_WROTE_FIELDS);
}

unsigned salesforce_put_fields(struct hd_buf *buf, const struct sf_case *now,
                               const struct trg_action *action, const struct sf_map *map,
                               const char *with_status) {
  struct fields f = {buf, 0};
  struct hd_mem mem = {.limit_bytes = 4096};
  const struct sf_columns *columns = &map->columns;
  hd_puts(buf, "{");
  if (columns->marker[0] != '\0' && !hd_same(now->marker, action->idem_key))
    put_field(&f, columns->marker, action->idem_key, SF_WROTE_MARKER);
  struct trg_str priority = priority_word(&mem, map->priorities, action->priority);
  if (map->priority && priority.n > 0 && !hd_same(priority, now->priority))
    put_field(&f, "Priority", priority, SF_WROTE_FIELDS);
  if (columns->category[0] != '\0' && action->category.n > 0 &&
      !hd_same(action->category, now->category))
    put_field(&f, columns->category, action->category, SF_WROTE_FIELDS);
  if (map->tags && columns->tags[0] != '\0') tags_put(&f, now, action, columns->tags);
  owner_put(&f, now, mapped(&mem, map->groups, action->team));
  if (with_status != NULL && !now->is_closed)
    put_field(&f, "Status", hd_str(with_status), SF_WROTE_STATUS);
  hd_puts(buf, "}");
  hd_mem_free(&mem);
  return f.wrote;
}

/* ---- what is said ---- */

void salesforce_put_comment(struct hd_buf *buf, struct trg_str case_id, struct trg_str html,
                            bool is_public) {
  struct hd_buf text = hd_buf_new(SF_COMMENT_BYTES);
  salesforce_put_comment_text(&text, html, SF_COMMENT_BYTES);
  hd_puts(buf, "{\"ParentId\":");
  hd_put_json(buf, case_id);
  hd_puts(buf, ",\"CommentBody\":");
  hd_put_json(buf, hd_slice(&text));
  hd_puts(buf, is_public ? ",\"IsPublished\":true}" : ",\"IsPublished\":false}");
  hd_buf_free(&text);
}

void salesforce_put_post(struct hd_buf *buf, struct trg_str case_id, struct trg_str html) {
  struct hd_buf text = hd_buf_new((size_t)SF_FEED_CHARS * 4);
  salesforce_put_feed_html(&text, html, SF_FEED_CHARS);
  hd_puts(buf, "{\"ParentId\":");
  hd_put_json(buf, case_id);
  hd_puts(buf, ",\"Type\":\"TextPost\",\"Body\":");
  hd_put_json(buf, hd_slice(&text));
  hd_puts(buf, ",\"IsRichText\":true,\"Visibility\":\"InternalUsers\"}");
  hd_buf_free(&text);
}

static void subject_put(struct hd_buf *buf, struct trg_str subject) {
  struct hd_buf text = hd_buf_new(1024);
  size_t n = subject.n < 240 ? subject.n : 240; /* a subject takes 255 */
  while (n > 0 && n < subject.n && ((unsigned char)subject.p[n] & 0xC0) == 0x80) n--;
  if (hd_seek(subject, "re:") != 0) hd_puts(&text, "Re: ");
  for (size_t i = 0; i < n; i++) {
    const char c = subject.p[i];
    hd_put(&text, (unsigned char)c < 0x20 ? " " : &c, 1);
    /* {! and {{ may be merged there, too. */
    if (c == '{') hd_puts(&text, " ");
  }
  hd_put_json(buf, hd_slice(&text));
  hd_buf_free(&text);
}

void salesforce_put_mail(struct hd_buf *buf, const struct sf_case *kase, struct trg_str html,
                         const char *sender) {
  struct hd_buf text = hd_buf_new((size_t)SF_MAIL_BYTES * 4);
  salesforce_put_mail_html(&text, html, SF_MAIL_BYTES);
  hd_puts(buf, "{\"inputs\":[{\"emailAddresses\":");
  hd_put_json(buf, salesforce_address_of(kase));
  hd_puts(buf, ",\"emailSubject\":");
  subject_put(buf, kase->subject);
  hd_puts(buf, ",\"emailBody\":");
  hd_put_json(buf, hd_slice(&text));
  hd_puts(buf, ",\"sendRichBody\":true,\"relatedRecordId\":");
  hd_put_json(buf, kase->id);
  hd_puts(buf, ",\"logEmailOnSend\":true");
  if (sender != NULL && sender[0] != '\0') {
    hd_puts(buf, ",\"senderType\":\"OrgWideEmailAddress\",\"senderAddress\":");
    hd_put_json(buf, hd_str(sender));
  }
  /* Without a token the customer's answer would open another case. */
  hd_puts(buf, ",\"addThreadingTokenToBody\":true,\"addThreadingTokenToSubject\":true}]}");
  hd_buf_free(&text);
}

/* ---- requests ---- */

void salesforce_put_http_date(struct hd_buf *buf, int64_t at_ms) {
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = (time_t)(at_ms / 1000);
  struct tm tm;
  char text[96];
  gmtime_r(&seconds, &tm);
  /* Not strftime: its names are those of the process's language. */
  snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
           tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  hd_puts(buf, text);
}

void salesforce_put_composite(struct hd_buf *buf, const struct sf_part *parts, size_t count) {
  hd_puts(buf, "{\"allOrNone\":true,\"compositeRequest\":[");
  for (size_t i = 0; i < count; i++) {
    hd_puts(buf, i > 0 ? ",{\"method\":" : "{\"method\":");
    hd_put_json(buf, hd_str(parts[i].method));
    hd_puts(buf, ",\"url\":");
    hd_put_json(buf, parts[i].path);
    hd_puts(buf, ",\"referenceId\":\"part");
    hd_put_int(buf, (int64_t)i);
    hd_puts(buf, "\",\"httpHeaders\":{\"Sforce-Auto-Assign\":\"FALSE\"");
    if (parts[i].unmodified_ms > 0) {
      hd_puts(buf, ",\"If-Unmodified-Since\":\"");
      salesforce_put_http_date(buf, parts[i].unmodified_ms);
      hd_puts(buf, "\"");
    }
    hd_puts(buf, "},\"body\":");
    hd_put_str(buf, parts[i].body);
    hd_puts(buf, "}");
  }
  hd_puts(buf, "]}");
}
