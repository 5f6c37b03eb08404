/* Questions in SOQL, and the cursor of polling. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire.h"

/* ---- columns ---- */

static const struct {
  unsigned bit;
  const char *word; /* as Salesforce quotes it in an error */
} optional[] = {
    {SF_NO_MASTER, "MasterRecordId"}, {SF_NO_CONTACT, "Contact"},  {SF_NO_OWNER, "Owner"},
    {SF_NO_CREATOR, "CreatedBy"},     {SF_NO_CREATOR, "UserType"}, {SF_NO_HEADERS, "Headers"},
    {SF_NO_FROM_NAME, "FromName"},    {SF_NO_RICH, "IsRichText"},  {SF_NO_VISIBILITY, "Visibility"},
    {SF_NO_LABEL, "MasterLabel"},     {SF_NO_LANGUAGE, "Language"}};

/* Is the word quoted in the text, alone or as one side of "Owner.Name"? */
static bool is_quoted(const char *text, const char *word) {
  static const char ends[][2] = {{'\'', '\''}, {'\'', '.'}, {'.', '\''}};
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    struct hd_buf quoted = hd_buf_new(64);
    hd_put(&quoted, &ends[i][0], 1);
    hd_puts(&quoted, word);
    hd_put(&quoted, &ends[i][1], 1);
    const bool found = strstr(text, quoted.p) != NULL;
    hd_buf_free(&quoted);
    if (found) return true;
  }
  return false;
}

unsigned salesforce_columns_blamed(const char *error_text, unsigned asked) {
  unsigned blamed = 0;
  for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++)
    if (is_quoted(error_text, optional[i].word)) blamed |= optional[i].bit & asked;
  /* "No such column 'Triage__c'": of the settings, or one that must be there. */
  if (blamed == 0 && strstr(error_text, "column '") != NULL) return 0;
  return blamed != 0 ? blamed : asked;
}

unsigned salesforce_case_columns(unsigned without) {
  return (SF_NO_MASTER | SF_NO_CONTACT | SF_NO_OWNER | SF_NO_LANGUAGE) & ~without;
}

unsigned salesforce_list_columns(int list, unsigned without) {
  static const unsigned asked[] = {[SF_MAILS] = SF_NO_CREATOR | SF_NO_HEADERS | SF_NO_FROM_NAME,
                                   [SF_COMMENTS] = SF_NO_CREATOR,
                                   [SF_FEED] = SF_NO_CREATOR | SF_NO_RICH | SF_NO_VISIBILITY,
                                   [SF_HISTORY] = SF_NO_CREATOR};
  return asked[list] & ~without;
}

unsigned salesforce_status_columns(unsigned without) {
  return SF_NO_LABEL & ~without;
}

/* ---- questions ---- */

const char *salesforce_list_object(int list) {
  static const char *const names[] = {"Case", "EmailMessage", "CaseComment", "FeedItem",
                                      "CaseHistory"};
  return names[list];
}

void salesforce_put_soql(struct hd_buf *buf, struct trg_str text) {
  hd_put(buf, "'", 1);
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '\'' || text.p[i] == '\\') hd_put(buf, "\\", 1);
    if ((unsigned char)text.p[i] >= 0x20) hd_put(buf, text.p + i, 1);
  }
  hd_put(buf, "'", 1);
}

void salesforce_put_time(struct hd_buf *buf, int64_t at_ms) {
  const time_t seconds = (time_t)(at_ms / 1000);
  char text[40], fraction[8] = "";
  struct tm tm;
  gmtime_r(&seconds, &tm);
  if (at_ms % 1000 != 0) snprintf(fraction, sizeof fraction, ".%03d", (int)(at_ms % 1000));
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  hd_puts(buf, text);
  hd_puts(buf, fraction);
  hd_puts(buf, "Z");
}

static void put_unless(struct hd_buf *buf, unsigned without, unsigned bit, const char *columns) {
  if ((without & bit) == 0) hd_puts(buf, columns);
}

void salesforce_put_case_query(struct hd_buf *buf, struct trg_str id, unsigned without,
                               struct trg_str extra) {
  hd_puts(buf, "SELECT Id,Subject,Description,Status,IsClosed,ClosedDate,Priority,Origin,"
               "OwnerId,ContactId,ContactEmail,SuppliedEmail,SuppliedName,CreatedDate,"
               "LastModifiedDate,LastModifiedById,SystemModstamp,IsDeleted");
  put_unless(buf, without, SF_NO_MASTER, ",MasterRecordId");
  put_unless(buf, without, SF_NO_CONTACT, ",Contact.Name");
  put_unless(buf, without, SF_NO_OWNER, ",Owner.Name");
  put_unless(buf, without, SF_NO_LANGUAGE, ",Language");
  hd_put_str(buf, extra);
  hd_puts(buf, " FROM Case WHERE Id=");
  salesforce_put_soql(buf, id);
}

void salesforce_put_list_query(struct hd_buf *buf, int list, struct trg_str case_id,
                               unsigned without) {
  static const char *const columns[] = {
      [SF_MAILS] = "ParentId,Incoming,Status,FromAddress,ToAddress,Subject,TextBody,HtmlBody,"
                   "MessageDate",
      [SF_COMMENTS] = "ParentId,CommentBody,IsPublished",
      [SF_FEED] = "ParentId,Type,Body",
      [SF_HISTORY] = "CaseId,Field,OldValue,NewValue"};
  hd_puts(buf, "SELECT Id,");
  hd_puts(buf, columns[list]);
  hd_puts(buf, ",CreatedById,CreatedDate");
  const unsigned asked = salesforce_list_columns(list, without);
  put_unless(buf, ~asked, SF_NO_CREATOR, ",CreatedBy.Name,CreatedBy.UserType");
  put_unless(buf, ~asked, SF_NO_HEADERS, ",Headers");
  put_unless(buf, ~asked, SF_NO_FROM_NAME, ",FromName");
  put_unless(buf, ~asked, SF_NO_RICH, ",IsRichText");
  put_unless(buf, ~asked, SF_NO_VISIBILITY, ",Visibility");
  hd_puts(buf, " FROM ");
  hd_puts(buf, salesforce_list_object(list));
  hd_puts(buf, list == SF_HISTORY ? " WHERE CaseId=" : " WHERE ParentId=");
  salesforce_put_soql(buf, case_id);
  hd_puts(buf, " ORDER BY CreatedDate,Id");
}

void salesforce_put_status_query(struct hd_buf *buf, unsigned without) {
  hd_puts(buf, "SELECT ApiName,IsClosed,IsDefault");
  put_unless(buf, without, SF_NO_LABEL, ",MasterLabel");
  hd_puts(buf, " FROM CaseStatus");
}

void salesforce_put_changes_query(struct hd_buf *buf, const struct sf_cursor *cursor,
                                  int64_t until_ms, int64_t limit) {
  static const char *const columns[] = {
      "Id,Status,OwnerId,Priority,LastModifiedDate,SystemModstamp,IsDeleted",
      "Id,ParentId,Status,SystemModstamp,IsDeleted", "Id,ParentId,SystemModstamp,IsDeleted",
      "Id,ParentId,Type,SystemModstamp,IsDeleted"};
  const bool bounded = until_ms > 0, keyed = cursor->id[0] != '\0';
  hd_puts(buf, "SELECT ");
  hd_puts(buf, columns[cursor->on]);
  hd_puts(buf, " FROM ");
  hd_puts(buf, salesforce_list_object(cursor->on));
  hd_puts(buf, bounded && keyed ? " WHERE (" : " WHERE ");
  hd_puts(buf, keyed ? "SystemModstamp>" : "SystemModstamp>=");
  salesforce_put_time(buf, cursor->at_ms);
  if (keyed) { /* many rows share one second: > alone loses some, >= alone repeats them for ever */
    hd_puts(buf, " OR (SystemModstamp=");
    salesforce_put_time(buf, cursor->at_ms);
    hd_puts(buf, " AND Id>");
    salesforce_put_soql(buf, hd_str(cursor->id));
    hd_puts(buf, bounded ? "))" : ")");
  }
  if (bounded) {
    hd_puts(buf, " AND SystemModstamp<");
    salesforce_put_time(buf, until_ms);
  }
  hd_puts(buf, " ORDER BY SystemModstamp,Id LIMIT ");
  hd_put_int(buf, limit);
}

/* ---- the cursor ---- */

static const char *const mark_names[SF_LISTS] = {"case", "mail", "comment", "feed"};

void salesforce_cursor_start(struct sf_cursor *ret, int64_t since_ms) {
  memset(ret, 0, sizeof *ret);
  if (since_ms < 1000) since_ms = 1000; /* 0 would read as "unknown" */
  ret->from_ms = since_ms - since_ms % 1000;
  for (int i = 0; i < SF_LISTS; i++) ret->mark_ms[i] = ret->from_ms;
  ret->on = -1;
}

void salesforce_cursor_enter(struct sf_cursor *cursor, int list, int64_t overlap_ms) {
  int64_t at_ms = cursor->mark_ms[list] - overlap_ms;
  cursor->on = list;
  cursor->at_ms = at_ms > cursor->from_ms ? at_ms : cursor->from_ms;
  cursor->id[0] = cursor->next[0] = '\0';
}

static void put_stamp(struct hd_buf *buf, const char *name, int64_t at_ms) {
  hd_puts(buf, " ");
  hd_puts(buf, name);
  hd_puts(buf, "=");
  salesforce_put_time(buf, at_ms);
}

void salesforce_cursor_put(struct hd_buf *buf, const struct sf_cursor *cursor) {
  hd_puts(buf, "1");
  put_stamp(buf, "from", cursor->from_ms);
  for (int i = 0; i < SF_LISTS; i++) put_stamp(buf, mark_names[i], cursor->mark_ms[i]);
  if (cursor->on < 0) return;
  hd_puts(buf, " on=");
  hd_puts(buf, mark_names[cursor->on]);
  put_stamp(buf, "at", cursor->at_ms);
  if (cursor->id[0] != '\0') {
    hd_puts(buf, " id=");
    hd_puts(buf, cursor->id);
  }
  if (cursor->next[0] != '\0') {
    hd_puts(buf, " next=");
    hd_puts(buf, cursor->next);
  }
}

bool salesforce_next_is_path(struct trg_str next) {
  if (next.n < 16 || next.n > 255 || hd_seek(next, "/services/data/v") != 0) return false;
  if (hd_seek(next, "/query/") == SIZE_MAX) return false;
  for (size_t i = 0; i < next.n; i++) {
    const char c = next.p[i];
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!plain && (c == '\0' || strchr("/-_.~", c) == NULL)) return false;
  }
  return hd_seek(next, "..") == SIZE_MAX;
}

static bool list_named(struct trg_str name, int *ret_list) {
  for (int i = 0; i < SF_LISTS; i++)
    if (hd_is(name, mark_names[i])) {
      *ret_list = i;
      return true;
    }
  return false;
}

static bool cursor_take(struct sf_cursor *cursor, struct trg_str key, struct trg_str value) {
  int list;
  if (hd_is(key, "on")) return list_named(value, &cursor->on);
  if (hd_is(key, "id")) return salesforce_id18(value, cursor->id);
  if (hd_is(key, "next")) {
    if (!salesforce_next_is_path(value)) return false;
    memcpy(cursor->next, value.p, value.n);
    cursor->next[value.n] = '\0';
    return true;
  }
  int64_t at_ms = hd_time_ms(value);
  if (hd_is(key, "from"))
    cursor->from_ms = at_ms;
  else if (hd_is(key, "at"))
    cursor->at_ms = at_ms;
  else if (list_named(key, &list))
    cursor->mark_ms[list] = at_ms;
  else
    return false;
  return at_ms > 0;
}

int salesforce_cursor_read(struct sf_cursor *ret, struct trg_str text, struct trg_err *err) {
  memset(ret, 0, sizeof *ret);
  ret->on = -1;
  bool good = text.n > 2 && memcmp(text.p, "1 ", 2) == 0;
  for (size_t at = 2; good && at < text.n;) {
    const char *end = memchr(text.p + at, ' ', text.n - at);
    const struct trg_str word = {text.p + at,
                                 end != NULL ? (size_t)(end - text.p) - at : text.n - at};
    const char *equals = word.n > 0 ? memchr(word.p, '=', word.n) : NULL;
    if (equals == NULL) {
      good = false;
      break;
    }
    const size_t key = (size_t)(equals - word.p);
    good = cursor_take(ret, (struct trg_str){word.p, key},
                       (struct trg_str){equals + 1, word.n - key - 1});
    at += word.n + 1;
  }
  for (int i = 0; i < SF_LISTS; i++) good = good && ret->mark_ms[i] > 0;
  if (good && ret->from_ms > 0 && (ret->on < 0 || ret->at_ms > 0)) return 0;
  snprintf(err->code, sizeof err->code, "%s", TRG_CODE_MALFORMED);
  snprintf(err->text, sizeof err->text,
           "the stored poll position is not one of this connector's: it can not be read on from");
  return -1;
}

/* ---- a page of changes ---- */

static uint32_t hash_add(uint32_t hash, struct trg_str text) {
  for (size_t i = 0; i < text.n; i++) hash = (hash ^ (unsigned char)text.p[i]) * 16777619u;
  return (hash ^ '/') * 16777619u;
}

/* Stamps have a grain of one second, and two changes may fall into one: what else the row says is
 * part of the version. A child's version names the child. */
static struct trg_str version_of(struct hd_mem *mem, int list, const cJSON *row, struct trg_str id,
                                 int64_t at_ms) {
  static const char *const told[] = {"Status", "OwnerId", "Priority", "LastModifiedDate", "Type"};
  struct hd_buf buf = hd_buf_new(128);
  char hash[12];
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
    sum = hash_add(sum, hd_json_str(row, told[i]));
  if (hd_json_true(row, "IsDeleted")) sum = hash_add(sum, TRG_STR("deleted"));
  salesforce_put_time(&buf, at_ms);
  snprintf(hash, sizeof hash, "/%08x", (unsigned)sum);
  hd_puts(&buf, hash);
  if (list != SF_CASES) {
    hd_puts(&buf, "/");
    hd_put_str(&buf, id);
  }
  struct trg_str kept = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

/* Posts that stand for a change which is told elsewhere are no messages. */
static bool is_talk(int list, const cJSON *row) {
  return list != SF_FEED || salesforce_feed_is_talk(hd_json_str(row, "Type"));
}

static int change_read(struct sf_changes *ret, int list, const cJSON *row, struct trg_err *err) {
  struct trg_str id = salesforce_json_id(&ret->mem, row, "Id");
  int64_t at_ms = hd_time_ms(hd_json_str(row, "SystemModstamp"));
  if (id.n == 0 || at_ms == 0)
    return salesforce_malformed(err, "a row without a usable Id or SystemModstamp");
  ret->last_id = id;
  ret->last_ms = at_ms;
  ret->rows++;
  struct trg_str about = list == SF_CASES ? id : salesforce_json_id(&ret->mem, row, "ParentId");
  if (!salesforce_is_id(about, "500") || !is_talk(list, row)) return 0;
  ret->notices[ret->count++] = (struct trg_notice){
      sizeof *ret->notices, about, version_of(&ret->mem, list, row, id, at_ms), at_ms};
  return 0;
}

int salesforce_changes_read(struct sf_changes *ret, int list, struct trg_str body,
                            struct trg_err *err) {
  cJSON *json = salesforce_json(body, err);
  *ret = (struct sf_changes){.mem = {.limit_bytes = SF_MEM_BYTES}};
  if (json == NULL) return -1;
  const cJSON *row, *rows = salesforce_json_rows(json, &ret->done, err);
  int rc = rows != NULL ? 0 : -1;
  if (rc == 0)
    ret->notices = hd_take(&ret->mem,
                           (size_t)(cJSON_GetArraySize(rows) + 1) * sizeof *ret->notices);
  cJSON_ArrayForEach(row, rows) {
    if (rc == 0 && ret->notices != NULL) rc = change_read(ret, list, row, err);
  }
  ret->next = hd_keep(&ret->mem, hd_json_str(json, "nextRecordsUrl"));
  if (rc == 0 && ret->mem.full) rc = salesforce_malformed(err, "a page that is too large");
  cJSON_Delete(json);
  if (rc != 0) salesforce_changes_free(ret);
  return rc;
}

void salesforce_changes_free(struct sf_changes *page) {
  hd_mem_free(&page->mem);
}
