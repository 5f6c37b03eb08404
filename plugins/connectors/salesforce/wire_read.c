/* Cases, mails, comments, posts and history rows: reply bytes to structs. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define TEXT_BYTES   ((size_t)32 << 20) /* of all messages together */
#define LINE_BYTES   ((size_t)1 << 20)  /* of one */
#define STATUS_DRAFT "5"

void salesforce_thread_init(struct sf_thread *thread) {
  *thread = (struct sf_thread){.mem = {.limit_bytes = SF_MEM_BYTES}};
}

void salesforce_thread_free(struct sf_thread *thread) {
  free(thread->lines);
  free(thread->changes);
  hd_mem_free(&thread->mem);
  salesforce_thread_init(thread);
}

static void *grown(void *items, size_t count, size_t *cap, size_t item_bytes) {
  if (count < *cap) return items;
  *cap = *cap == 0 ? 32 : *cap * 2;
  void *more = realloc(items, *cap * item_bytes);
  if (more == NULL) abort();
  return more;
}

static struct trg_str clean(struct sf_thread *thread, struct trg_str text) {
  struct hd_buf buf = hd_buf_new(LINE_BYTES);
  hd_put_clean(&buf, text);
  thread->partial = thread->partial || buf.full;
  struct trg_str kept = hd_keep(&thread->mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

static struct trg_str word(struct sf_thread *thread, const cJSON *row, const char *key) {
  return clean(thread, hd_json_str(row, key));
}

static struct trg_str inner(struct sf_thread *thread, const cJSON *row, const char *key,
                            const char *field) {
  return clean(thread, hd_json_str(hd_json_in(row, key), field));
}

static int64_t moment(const cJSON *row, const char *key) {
  return hd_time_ms(hd_json_str(row, key));
}

/* A message's own words: as plain text, without tokens and without the history it quotes. */
static struct trg_str said(struct sf_thread *thread, struct trg_str text, bool html, bool mail) {
  struct hd_buf plain = hd_buf_new(LINE_BYTES), out = hd_buf_new(LINE_BYTES),
                clear = hd_buf_new(LINE_BYTES);
  if (html)
    hd_put_html_text(&plain, text);
  else
    hd_put_clean(&plain, text);
  hd_put_clean(&clear, hd_slice(&plain)); /* also what entities stood for */
  salesforce_put_untokened(&out, hd_slice(&clear));
  thread->partial = thread->partial || plain.full || out.full || clear.full;
  struct trg_str kept = hd_slice(&out);
  if (mail) kept = salesforce_unquoted(kept);
  while (kept.n > 0 && (kept.p[kept.n - 1] == '\n' || kept.p[kept.n - 1] == ' ')) kept.n--;
  if (thread->text_bytes + kept.n > TEXT_BYTES) {
    thread->partial = true;
    kept.n = 0;
  }
  thread->text_bytes += kept.n;
  kept = hd_keep(&thread->mem, kept);
  hd_buf_free(&plain);
  hd_buf_free(&clear);
  hd_buf_free(&out);
  return kept;
}

/* ---- the case ---- */

static struct trg_str column(struct sf_thread *thread, const cJSON *row, const char *name) {
  return name[0] != '\0' ? word(thread, row, name) : (struct trg_str){NULL, 0};
}

static struct trg_str untokened(struct sf_thread *thread, struct trg_str text) {
  struct hd_buf buf = hd_buf_new(8192);
  salesforce_put_untokened(&buf, text);
  struct trg_str kept = hd_keep(&thread->mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

static void case_take(struct sf_thread *thread, const struct sf_columns *columns,
                      const cJSON *row) {
  struct hd_mem *mem = &thread->mem;
  thread->kase = (struct sf_case){
      .id = salesforce_json_id(mem, row, "Id"),
      .subject = untokened(thread, word(thread, row, "Subject")),
      .description = said(thread, hd_json_str(row, "Description"), false, true),
      .status = word(thread, row, "Status"),
      .priority = word(thread, row, "Priority"),
      .origin = word(thread, row, "Origin"),
      .owner_id = salesforce_json_id(mem, row, "OwnerId"),
      .owner_name = inner(thread, row, "Owner", "Name"),
      .language = word(thread, row, "Language"),
      .contact_id = salesforce_json_id(mem, row, "ContactId"),
      .contact_name = inner(thread, row, "Contact", "Name"),
      .contact_email = word(thread, row, "ContactEmail"),
      .supplied_email = word(thread, row, "SuppliedEmail"),
      .supplied_name = word(thread, row, "SuppliedName"),
      .master_id = salesforce_json_id(mem, row, "MasterRecordId"),
      .modified_by = salesforce_json_id(mem, row, "LastModifiedById"),
      .category = column(thread, row, columns->category),
      .tags = column(thread, row, columns->tags),
      .marker = column(thread, row, columns->marker),
      .created_ms = moment(row, "CreatedDate"),
      .modified_ms = moment(row, "LastModifiedDate"),
      .stamp_ms = moment(row, "SystemModstamp"),
      .closed_ms = moment(row, "ClosedDate"),
      .is_closed = hd_json_true(row, "IsClosed"),
      .is_deleted = hd_json_true(row, "IsDeleted")};
}

int salesforce_case_read(struct sf_thread *thread, const struct sf_columns *columns,
                         struct trg_str body, struct trg_err *err) {
  cJSON *json = salesforce_json(body, err);
  bool done;
  if (json == NULL) return -1;
  const cJSON *rows = salesforce_json_rows(json, &done, err);
  int rc = rows != NULL ? 0 : -1;
  thread->found = rc == 0 && rows->child != NULL;
  if (thread->found) {
    case_take(thread, columns, rows->child);
    if (thread->kase.id.n == 0 || thread->kase.stamp_ms == 0)
      rc = salesforce_malformed(err, "a case without a usable Id or SystemModstamp");
  }
  cJSON_Delete(json);
  return rc;
}

/* ---- the lists ---- */

/* What mail programs and the vendor write into the headers of mails that nobody wrote. */
static bool is_automatic(struct trg_str headers, struct trg_str from, struct trg_str subject) {
  static const char *const marks[] = {
      "\nAuto-Submitted: auto", "\nX-Autoreply",
      "\nX-Autorespond",        "\nPrecedence: auto_reply",
      "\nPrecedence: bulk",     "\nX-Auto-Response-Suppress: All\nAuto-Submitted",
      "\nX-Failed-Recipients"};
  static const char *const senders[] = {"mailer-daemon@", "postmaster@"};
  static const char *const subjects[] = {"Automatic reply:", "Out of Office:", "Undeliverable:",
                                         "Delivery Status Notification", "Undelivered Mail"};
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
    if (hd_seek(headers, marks[i]) != SIZE_MAX || hd_seek(headers, marks[i] + 1) == 0) return true;
  for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++)
    if (hd_seek(from, senders[i]) == 0) return true;
  for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
    if (hd_seek(subject, subjects[i]) == 0) return true;
  return false;
}

/* Types of posts that a person writes. The others stand for changes, mails, comments and files
 * that are told elsewhere; a type of tomorrow is more likely one of those. */
bool salesforce_feed_is_talk(struct trg_str type) {
  static const char *const words[] = {"TextPost", "LinkPost", "ContentPost", "QuestionPost",
                                      "AdvancedTextPost"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (hd_is(type, words[i])) return true;
  return type.n == 0;
}

/* Status is the text of a number; some servers give the number. */
static bool status_is(const cJSON *row, const char *status) {
  const cJSON *item = hd_json_in(row, "Status");
  if (cJSON_IsNumber(item)) return item->valuedouble == status[0] - '0';
  return hd_is(hd_json_str(row, "Status"), status);
}

static bool mail_take(struct sf_thread *thread, struct sf_line *line, const cJSON *row) {
  if (status_is(row, STATUS_DRAFT)) return false;
  struct trg_str text = hd_json_str(row, "TextBody");
  const bool html = text.n == 0;
  if (html) text = hd_json_str(row, "HtmlBody");
  line->incoming = hd_json_true(row, "Incoming");
  line->is_public = line->incoming || !status_is(row, "4"); /* forwarded: to a third party */
  line->text = said(thread, text, html, true);
  line->address = word(thread, row, "FromAddress");
  line->recipients = word(thread, row, "ToAddress");
  if (line->incoming) {
    line->author_id = line->address;
    line->author_name = word(thread, row, "FromName");
  }
  line->automatic = is_automatic(word(thread, row, "Headers"), line->address,
                                 hd_json_str(row, "Subject"));
  if (line->at_ms == 0) line->at_ms = moment(row, "MessageDate");
  return true;
}

static bool post_take(struct sf_thread *thread, struct sf_line *line, const cJSON *row) {
  struct trg_str body = hd_json_str(row, "Body");
  if (!salesforce_feed_is_talk(hd_json_str(row, "Type")) || body.n == 0) return false;
  line->is_public = hd_is(hd_json_str(row, "Visibility"), "AllUsers");
  line->text = said(thread, body, hd_json_true(row, "IsRichText"), false);
  return true;
}

static bool line_take(struct sf_thread *thread, struct sf_line *line, const cJSON *row) {
  line->author_id = salesforce_json_id(&thread->mem, row, "CreatedById");
  line->author_name = inner(thread, row, "CreatedBy", "Name");
  line->author_type = inner(thread, row, "CreatedBy", "UserType");
  line->at_ms = moment(row, "CreatedDate");
  if (hd_json_true(row, "IsDeleted")) return false;
  if (line->list == SF_MAILS) return mail_take(thread, line, row);
  if (line->list == SF_FEED) return post_take(thread, line, row);
  line->is_public = hd_json_true(row, "IsPublished");
  line->text = said(thread, hd_json_str(row, "CommentBody"), false, false);
  return true;
}

static bool has_line(const struct sf_thread *thread, struct trg_str id) {
  for (size_t i = 0; i < thread->line_count; i++)
    if (hd_same(thread->lines[i].id, id)) return true;
  return false;
}

static void row_take(struct sf_thread *thread, int list, const cJSON *row, struct trg_str id) {
  if (list != SF_HISTORY) {
    struct sf_line line = {.list = list, .id = id};
    if (has_line(thread, id) || !line_take(thread, &line, row)) return;
    thread->lines = grown(thread->lines, thread->line_count, &thread->line_cap, sizeof line);
    thread->lines[thread->line_count++] = line;
    return;
  }
  thread->changes = grown(thread->changes, thread->change_count, &thread->change_cap,
                          sizeof *thread->changes);
  thread->changes[thread->change_count++] = (struct sf_change){
      .id = id,
      .field = word(thread, row, "Field"),
      .before = word(thread, row, "OldValue"),
      .after = word(thread, row, "NewValue"),
      .author_id = salesforce_json_id(&thread->mem, row, "CreatedById"),
      .author_type = inner(thread, row, "CreatedBy", "UserType"),
      .at_ms = moment(row, "CreatedDate")};
}

int salesforce_list_read(struct sf_thread *thread, int list, struct trg_str body,
                         struct sf_page *ret_page, struct trg_err *err) {
  cJSON *json = salesforce_json(body, err);
  if (json == NULL) return -1;
  const cJSON *row, *rows = salesforce_json_rows(json, &ret_page->done, err);
  int rc = rows != NULL ? 0 : -1;
  cJSON_ArrayForEach(row, rows) {
    struct trg_str id = salesforce_json_id(&thread->mem, row, "Id");
    if (id.n == 0) rc = salesforce_malformed(err, "a row without a usable Id");
    if (rc != 0) break;
    row_take(thread, list, row, id);
  }
  ret_page->next = hd_keep(&thread->mem, hd_json_str(json, "nextRecordsUrl"));
  cJSON_Delete(json);
  return rc;
}

void salesforce_list_forget(struct sf_thread *thread, int list) {
  size_t kept = 0;
  if (list == SF_HISTORY) thread->change_count = 0;
  for (size_t i = 0; i < thread->line_count; i++)
    if (thread->lines[i].list != list) thread->lines[kept++] = thread->lines[i];
  thread->line_count = kept;
}
