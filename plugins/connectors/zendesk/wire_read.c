#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* Bounds that keep a hostile ticket from taking the process down with it. */
#define MESSAGE_BYTES ((size_t)256 << 10) /* of one message's text */
#define THREAD_BYTES  ((size_t)8 << 20)   /* of all; later messages are then cut short */
#define SHORT_BYTES   ((size_t)2 << 10)

void zd_thread_init(struct zd_thread *thread) {
  *thread = (struct zd_thread){.mem = {.limit_bytes = ZD_MEM_BYTES}};
}

void zd_thread_free(struct zd_thread *thread) {
  free(thread->users);
  free(thread->comments);
  free(thread->audits);
  free(thread->chats);
  hd_mem_free(&thread->mem);
  zd_thread_init(thread);
}

/* Room for one more item, zeroed; the array belongs to the thread. */
static void *item_add(void *items_pointer, size_t *count, size_t *cap, size_t item_bytes) {
  void *items;
  memcpy(&items, items_pointer, sizeof items);
  if (*count == *cap) {
    *cap = *cap == 0 ? 16 : *cap * 2;
    items = realloc(items, *cap * item_bytes);
    if (items == NULL) abort();
    memcpy(items_pointer, &items, sizeof items);
  }
  char *item = (char *)items + (*count)++ * item_bytes;
  memset(item, 0, item_bytes);
  return item;
}

/* A copy in valid UTF-8, at most `most` bytes. */
static struct trg_str clean(struct hd_mem *mem, struct trg_str text, size_t most) {
  struct hd_buf buf = hd_buf_new(most);
  hd_put_clean(&buf, text);
  struct trg_str kept = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

static struct trg_str clean_at(struct hd_mem *mem, const cJSON *object, const char *key) {
  return clean(mem, hd_json_str(object, key), 4096);
}

static int mem_full(const struct hd_mem *mem, struct trg_err *err) {
  return mem->full ? zd_malformed(err, "it is larger than this connector keeps in memory") : 0;
}

static struct trg_str *strings_read(struct hd_mem *mem, const cJSON *array, size_t *ret_count) {
  size_t count = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0, kept = 0;
  struct trg_str *out = count > 0 ? hd_take(mem, count * sizeof *out) : NULL;
  const cJSON *item;
  if (out != NULL) cJSON_ArrayForEach(item, array) {
      if (cJSON_IsString(item)) out[kept++] = clean(mem, hd_str(item->valuestring), 1024);
    }
  *ret_count = kept;
  return out;
}

static int ids_read(struct hd_mem *mem, const cJSON *array, struct trg_str **ret, size_t *ret_count,
                    struct trg_err *err) {
  size_t count = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0, kept = 0;
  *ret = count > 0 ? hd_take(mem, count * sizeof **ret) : NULL;
  const cJSON *item;
  if (*ret != NULL) cJSON_ArrayForEach(item, array) {
      /* cJSON looks items up by name; an array's have none, so this one is wrapped. */
      cJSON holder = {.type = cJSON_Object}, borrowed = *item;
      borrowed.next = borrowed.prev = NULL;
      borrowed.string = (char[]){"id"};
      holder.child = &borrowed;
      if (zd_json_id(mem, &holder, "id", &(*ret)[kept], err) != 0) return -1;
      kept++;
    }
  *ret_count = kept;
  return 0;
}

/* The stamp of a ticket for deduping: see zd_stamp_of() for the part that guards writes. */
static struct trg_str version_of(struct hd_mem *mem, const cJSON *ticket) {
  struct hd_buf buf = hd_buf_new(128);
  hd_put_clean(&buf, hd_json_str(ticket, "updated_at"));
  const cJSON *generated = hd_json_in(ticket, "generated_timestamp");
  if (cJSON_IsNumber(generated) && generated->valuedouble > 0 && generated->valuedouble < 1e15) {
    hd_puts(&buf, "/");
    hd_put_int(&buf, (int64_t)generated->valuedouble);
  }
  struct trg_str version = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return version;
}

static int users_read(struct zd_thread *thread, const cJSON *users, struct trg_err *err) {
  const cJSON *item;
  cJSON_ArrayForEach(item, users) {
    struct trg_str id;
    if (zd_json_id(&thread->mem, item, "id", &id, err) != 0) return -1;
    if (id.n == 0 || zd_user_find(thread, id) != NULL) continue;
    struct zd_user *user = item_add(&thread->users, &thread->user_count, &thread->user_cap,
                                    sizeof *user);
    user->id = id;
    user->role = clean_at(&thread->mem, item, "role");
    user->name = clean_at(&thread->mem, item, "name");
    user->email = clean_at(&thread->mem, item, "email");
    user->locale = clean_at(&thread->mem, item, "locale");
  }
  return mem_full(&thread->mem, err);
}

const struct zd_user *zd_user_find(const struct zd_thread *thread, struct trg_str id) {
  for (size_t i = 0; i < thread->user_count; i++)
    if (hd_same(thread->users[i].id, id)) return &thread->users[i];
  return NULL;
}

static void group_read(struct zd_thread *thread, const cJSON *groups) {
  const cJSON *item;
  cJSON_ArrayForEach(item, groups) {
    struct trg_str id;
    struct trg_err ignored = {{0}, {0}, 0};
    if (zd_json_id(&thread->mem, item, "id", &id, &ignored) == 0 && id.n > 0 &&
        hd_same(id, thread->ticket.group_id))
      thread->ticket.group_name = clean_at(&thread->mem, item, "name");
  }
}

static int ticket_fill(struct zd_thread *thread, const cJSON *json, struct trg_err *err) {
  struct hd_mem *mem = &thread->mem;
  struct zd_ticket *t = &thread->ticket;
  const cJSON *rating = hd_json_in(json, "satisfaction_rating");
  if (zd_json_id(mem, json, "id", &t->id, err) != 0 ||
      zd_json_id(mem, json, "custom_status_id", &t->custom_status_id, err) != 0 ||
      zd_json_id(mem, json, "group_id", &t->group_id, err) != 0 ||
      zd_json_id(mem, json, "assignee_id", &t->assignee_id, err) != 0 ||
      zd_json_id(mem, json, "requester_id", &t->requester_id, err) != 0 ||
      zd_json_id(mem, rating, "id", &t->csat_id, err) != 0 ||
      ids_read(mem, hd_json_in(json, "followup_ids"), &t->followups, &t->followup_count, err) != 0)
    return -1;
  if (t->id.n == 0) return zd_malformed(err, "a ticket without an id");
  t->version = version_of(mem, json);
  t->subject = clean_at(mem, json, "subject");
  t->description = clean(mem, hd_json_str(json, "description"), MESSAGE_BYTES);
  t->status = clean_at(mem, json, "status");
  t->priority = clean_at(mem, json, "priority");
  t->updated_at = clean_at(mem, json, "updated_at");
  t->channel = clean_at(mem, hd_json_in(json, "via"), "channel");
  t->csat_score = clean_at(mem, rating, "score");
  t->tags = strings_read(mem, hd_json_in(json, "tags"), &t->tag_count);
  t->messaging = hd_json_true(json, "from_messaging_channel");
  t->created_ms = hd_time_ms(hd_json_str(json, "created_at"));
  t->updated_ms = hd_time_ms(t->updated_at);
  return mem_full(mem, err);
}

int zd_ticket_read(struct zd_thread *thread, struct trg_str body, struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  if (json == NULL) return -1;
  const cJSON *ticket = hd_json_in(json, "ticket");
  int rc = cJSON_IsObject(ticket) ? ticket_fill(thread, ticket, err)
                                  : zd_malformed(err, "no \"ticket\" in it");
  if (rc == 0) rc = users_read(thread, hd_json_in(json, "users"), err);
  if (rc == 0) group_read(thread, hd_json_in(json, "groups"));
  cJSON_Delete(json);
  return rc;
}

static void page_read(struct hd_mem *mem, const cJSON *json, struct zd_page *ret) {
  const cJSON *meta = hd_json_in(json, "meta");
  *ret = (struct zd_page){.has_more = hd_json_true(meta, "has_more")};
  if (ret->has_more) ret->cursor = clean_at(mem, meta, "after_cursor");
  struct trg_str next = hd_json_str(json, "next_page");
  size_t at = hd_seek(next, "page=");
  /* Offset paging, where a server does not know cursors. Only the number is taken from the URL:
   * its host is nobody we know. */
  if (meta != NULL || at == SIZE_MAX) return;
  struct trg_str number = {next.p + at + 5, 0};
  while (at + 5 + number.n < next.n && number.p[number.n] >= '0' && number.p[number.n] <= '9')
    number.n++;
  struct hd_buf buf = hd_buf_new(32);
  hd_puts(&buf, "#");
  hd_put_str(&buf, number);
  ret->has_more = number.n > 0;
  ret->cursor = hd_keep(mem, hd_slice(&buf));
  hd_buf_free(&buf);
}

static struct trg_str body_text(struct zd_thread *thread, const cJSON *comment) {
  size_t most = thread->text_bytes < THREAD_BYTES ? MESSAGE_BYTES : SHORT_BYTES;
  struct hd_buf raw = hd_buf_new(most), buf = hd_buf_new(most);
  struct trg_str plain = hd_json_str(comment, "plain_body");
  if (plain.n == 0) plain = hd_json_str(comment, "body");
  if (plain.n > 0) /* plain_body is HTML with its tags taken off: &nbsp; and its like can remain. */
    hd_put_clean(&raw, plain);
  else
    hd_put_html_text(&raw, hd_json_str(comment, "html_body"));
  struct trg_str text = hd_slice(&raw);
  for (size_t at; (at = hd_seek(text, "&nbsp;")) != SIZE_MAX;) {
    hd_put(&buf, text.p, at);
    hd_puts(&buf, " ");
    text = (struct trg_str){text.p + at + 6, text.n - at - 6};
  }
  hd_put_str(&buf, text);
  thread->partial = thread->partial || raw.full || buf.full;
  struct trg_str kept = hd_keep(&thread->mem, zd_unquoted(hd_slice(&buf)));
  thread->text_bytes += kept.n;
  hd_buf_free(&raw);
  hd_buf_free(&buf);
  return kept;
}

static uint32_t flags_read(const cJSON *metadata) {
  uint32_t flags = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, hd_json_in(metadata, "flags")) {
    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 32)
      flags |= 1u << (unsigned)item->valuedouble;
  }
  return flags;
}

static void attachments_read(struct hd_mem *mem, const cJSON *array, struct zd_comment *comment) {
  size_t count = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
  comment->attachments = count > 0 ? hd_take(mem, count * sizeof *comment->attachments) : NULL;
  const cJSON *item;
  if (comment->attachments != NULL) cJSON_ArrayForEach(item, array) {
      struct trg_attachment *file = &comment->attachments[comment->attachment_count++];
      const cJSON *size = hd_json_in(item, "size");
      file->name = clean_at(mem, item, "file_name");
      file->media_type = clean_at(mem, item, "content_type");
      if (cJSON_IsNumber(size) && size->valuedouble > 0 && size->valuedouble < 1e15)
        file->size_bytes = (int64_t)size->valuedouble;
    }
}

/* "This request was closed and merged into request #77 ...": Zendesk's default words. */
static struct trg_str merge_target(struct trg_str text) {
  size_t at = hd_seek(text, "merged into request #");
  if (at == SIZE_MAX) return (struct trg_str){NULL, 0};
  struct trg_str id = {text.p + at + 21, 0};
  while (at + 21 + id.n < text.n && id.p[id.n] >= '0' && id.p[id.n] <= '9') id.n++;
  return hd_digits(id) ? id : (struct trg_str){NULL, 0};
}

static int comment_read(struct zd_thread *thread, const cJSON *json, struct trg_err *err) {
  struct hd_mem *mem = &thread->mem;
  struct zd_comment *c = item_add(&thread->comments, &thread->comment_count, &thread->comment_cap,
                                  sizeof *c);
  if (zd_json_id(mem, json, "id", &c->id, err) != 0 ||
      zd_json_id(mem, json, "audit_id", &c->audit_id, err) != 0 ||
      zd_json_id(mem, json, "author_id", &c->author_id, err) != 0)
    return -1;
  if (c->id.n == 0) return zd_malformed(err, "a comment without an id");
  for (size_t i = 0; i + 1 < thread->comment_count; i++)
    if (hd_same(thread->comments[i].id, c->id)) { /* neighbouring pages can repeat items */
      thread->comment_count--;
      return 0;
    }
  const cJSON *via = hd_json_in(json, "via"), *source = hd_json_in(via, "source");
  c->text = body_text(thread, json);
  c->redacted = hd_seek(c->text, "\xE2\x96\x87\xE2\x96\x87") != SIZE_MAX; /* how it redacts */
  c->channel = clean_at(mem, via, "channel");
  c->rel = clean_at(mem, source, "rel");
  if (zd_json_id(mem, hd_json_in(source, "to"), "ticket_id", &c->merge_target, err) != 0) return -1;
  if (!hd_is(c->rel, "merge")) c->merge_target = merge_target(c->text);
  c->is_public = hd_json_true(json, "public");
  c->flags = flags_read(hd_json_in(json, "metadata"));
  c->at_ms = hd_time_ms(hd_json_str(json, "created_at"));
  attachments_read(mem, hd_json_in(json, "attachments"), c);
  return mem_full(mem, err);
}

int zd_comments_read(struct zd_thread *thread, struct trg_str body, struct zd_page *ret_page,
                     struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  if (json == NULL) return -1;
  const cJSON *comments = hd_json_in(json, "comments"), *item;
  int rc = cJSON_IsArray(comments) ? users_read(thread, hd_json_in(json, "users"), err)
                                   : zd_malformed(err, "no \"comments\" in it");
  cJSON_ArrayForEach(item, comments) {
    if (rc == 0) rc = comment_read(thread, item, err);
  }
  if (rc == 0) page_read(&thread->mem, json, ret_page);
  cJSON_Delete(json);
  return rc;
}

/* The value of a change as text; lists and objects are of no interest here. */
static struct trg_str value_read(struct hd_mem *mem, const cJSON *event, const char *key) {
  const cJSON *value = hd_json_in(event, key);
  struct trg_err ignored = {{0}, {0}, 0};
  struct trg_str text = {NULL, 0};
  if (cJSON_IsString(value)) return clean(mem, hd_str(value->valuestring), 256);
  if (cJSON_IsNumber(value)) (void)zd_json_id(mem, event, key, &text, &ignored);
  return text;
}

static void chats_read(struct zd_thread *thread, struct trg_str event_id, const cJSON *history) {
  struct hd_mem *mem = &thread->mem;
  const cJSON *line;
  int64_t index = 0;
  cJSON_ArrayForEach(line, history) {
    struct trg_err ignored = {{0}, {0}, 0};
    struct trg_str text = hd_json_str(line, "message");
    index++;
    if (!hd_is(hd_json_str(line, "type"), "ChatMessage") || text.n == 0) continue;
    struct zd_chat *chat = item_add(&thread->chats, &thread->chat_count, &thread->chat_cap,
                                    sizeof *chat);
    const cJSON *at = hd_json_in(line, "timestamp");
    size_t most = thread->text_bytes < THREAD_BYTES ? MESSAGE_BYTES : SHORT_BYTES;
    struct hd_buf id = hd_buf_new(64);
    hd_puts(&id, "chat:");
    hd_put_str(&id, event_id);
    hd_puts(&id, ":");
    hd_put_int(&id, index);
    chat->id = hd_keep(mem, hd_slice(&id));
    hd_buf_free(&id);
    (void)zd_json_id(mem, line, "actor_id", &chat->actor_id, &ignored);
    chat->actor_name = clean_at(mem, line, "actor_name");
    chat->actor_type = clean_at(mem, line, "actor_type");
    chat->text = clean(mem, text, most);
    thread->text_bytes += chat->text.n;
    if (cJSON_IsNumber(at) && at->valuedouble > 0 && at->valuedouble < 1e15)
      chat->at_ms = (int64_t)(at->valuedouble < 1e11 ? at->valuedouble * 1000 : at->valuedouble);
  }
}

static int event_read(struct zd_thread *thread, const cJSON *json, struct zd_change *change,
                      struct trg_err *err) {
  struct hd_mem *mem = &thread->mem;
  if (zd_json_id(mem, json, "id", &change->id, err) != 0) return -1;
  change->type = clean_at(mem, json, "type");
  change->field = clean_at(mem, json, "field_name");
  change->value = value_read(mem, json, "value");
  change->previous = value_read(mem, json, "previous_value");
  change->is_public = hd_json_true(json, "public");
  if (hd_is(change->type, "ChatStartedEvent") || hd_is(change->type, "ChatEndedEvent"))
    chats_read(thread, change->id, hd_json_in(hd_json_in(json, "value"), "history"));
  return 0;
}

static int events_read(struct zd_thread *thread, const cJSON *events, struct zd_audit *audit,
                       struct trg_err *err) {
  size_t count = cJSON_IsArray(events) ? (size_t)cJSON_GetArraySize(events) : 0;
  if (count == 0) return 0;
  audit->events = hd_take(&thread->mem, count * sizeof *audit->events);
  if (audit->events == NULL) return mem_full(&thread->mem, err);
  const cJSON *item = NULL;
  int rc = 0;
  cJSON_ArrayForEach(item, events) {
    if (rc == 0) rc = event_read(thread, item, &audit->events[audit->event_count++], err);
  }
  return rc != 0 ? rc : mem_full(&thread->mem, err);
}

static int audit_read(struct zd_thread *thread, const cJSON *json, struct trg_err *err) {
  struct hd_mem *mem = &thread->mem;
  struct zd_audit audit = {.at_ms = hd_time_ms(hd_json_str(json, "created_at"))};
  if (zd_json_id(mem, json, "id", &audit.id, err) != 0 ||
      zd_json_id(mem, json, "author_id", &audit.author_id, err) != 0)
    return -1;
  if (audit.id.n == 0) return zd_malformed(err, "an audit without an id");
  for (size_t i = 0; i < thread->audit_count; i++)
    if (hd_same(thread->audits[i].id, audit.id)) return 0;
  const cJSON *custom = hd_json_in(hd_json_in(json, "metadata"), "custom");
  audit.marker = clean(mem, hd_json_str(custom, "triage_run"), 256);
  audit.channel = clean_at(mem, hd_json_in(json, "via"), "channel");
  if (events_read(thread, hd_json_in(json, "events"), &audit, err) != 0) return -1;
  struct zd_audit *kept = item_add(&thread->audits, &thread->audit_count, &thread->audit_cap,
                                   sizeof *kept);
  *kept = audit;
  return 0;
}

int zd_audits_read(struct zd_thread *thread, struct trg_str body, struct zd_page *ret_page,
                   struct trg_err *err) {
  cJSON *json = zd_json(body, err);
  if (json == NULL) return -1;
  const cJSON *audits = hd_json_in(json, "audits"), *single = hd_json_in(json, "audit"), *item;
  int rc = users_read(thread, hd_json_in(json, "users"), err);
  if (rc == 0 && cJSON_IsObject(single)) /* the answer to an update has just the one it made */
    rc = audit_read(thread, single, err);
  else if (rc == 0 && !cJSON_IsArray(audits) && !cJSON_IsObject(hd_json_in(json, "ticket")))
    rc = zd_malformed(err, "no \"audits\" in it");
  cJSON_ArrayForEach(item, audits) {
    if (rc == 0) rc = audit_read(thread, item, err);
  }
  if (rc == 0) page_read(&thread->mem, json, ret_page);
  cJSON_Delete(json);
  return rc;
}

static int export_fill(struct zd_export *page, const cJSON *json, struct trg_err *err) {
  const cJSON *tickets = hd_json_in(json, "tickets"), *item;
  if (!cJSON_IsArray(tickets)) return zd_malformed(err, "no \"tickets\" in it");
  const cJSON *end = hd_json_in(json, "end_of_stream");
  if (!cJSON_IsBool(end)) return zd_malformed(err, "no \"end_of_stream\" in it");
  page->end_of_stream = cJSON_IsTrue(end);
  page->cursor = clean_at(&page->mem, json, "after_cursor");
  size_t count = (size_t)cJSON_GetArraySize(tickets);
  page->notices = hd_take(&page->mem, (count + 1) * sizeof *page->notices);
  if (page->notices == NULL) return zd_malformed(err, "the page is too large");
  cJSON_ArrayForEach(item, tickets) {
    struct trg_notice *notice = &page->notices[page->count];
    notice->size = sizeof *notice;
    if (zd_json_id(&page->mem, item, "id", &notice->id, err) != 0) return -1;
    if (notice->id.n == 0) return zd_malformed(err, "a ticket without an id");
    notice->version = version_of(&page->mem, item);
    notice->at_ms = hd_time_ms(hd_json_str(item, "updated_at"));
    const cJSON *generated = hd_json_in(item, "generated_timestamp");
    /* updated_at stands still on system updates; this one moves with every change. */
    if (cJSON_IsNumber(generated) && generated->valuedouble > 0 && generated->valuedouble < 1e12)
      notice->at_ms = (int64_t)generated->valuedouble * 1000;
    page->count++;
  }
  return mem_full(&page->mem, err);
}

int zd_export_read(struct zd_export *ret, struct trg_str body, struct trg_err *err) {
  *ret = (struct zd_export){.mem = {.limit_bytes = ZD_MEM_BYTES}};
  cJSON *json = zd_json(body, err);
  int rc = json == NULL ? -1 : export_fill(ret, json, err);
  cJSON_Delete(json);
  if (rc != 0) zd_export_free(ret);
  return rc;
}

void zd_export_free(struct zd_export *page) {
  hd_mem_free(&page->mem);
  *page = (struct zd_export){.mem = {.limit_bytes = ZD_MEM_BYTES}};
}
