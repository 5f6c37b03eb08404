#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* Bounds that keep a hostile conversation from taking the process down with it. */
#define MEM_BYTES     ((size_t)96 << 20)
#define MESSAGE_BYTES ((size_t)256 << 10) /* of one message's text */
#define THREAD_BYTES  ((size_t)8 << 20)   /* of all; later messages are then cut short */
#define SHORT_BYTES   ((size_t)2 << 10)

void intercom_thread_init(struct intercom_thread *thread) {
  *thread = (struct intercom_thread){.mem = {.limit_bytes = MEM_BYTES}};
}

void intercom_thread_free(struct intercom_thread *thread) {
  free(thread->parts);
  hd_mem_free(&thread->mem);
  intercom_thread_init(thread);
}

bool intercom_key_read(struct trg_str id, struct intercom_key *ret) {
  const size_t prefix = sizeof INTERCOM_TICKET_PREFIX - 1;
  *ret = (struct intercom_key){false, id};
  if (id.n > prefix && memcmp(id.p, INTERCOM_TICKET_PREFIX, prefix) == 0)
    *ret = (struct intercom_key){true, {id.p + prefix, id.n - prefix}};
  return hd_digits(ret->id);
}

static struct intercom_part *part_add(struct intercom_thread *thread) {
  if (thread->part_count == thread->part_cap) {
    thread->part_cap = thread->part_cap == 0 ? 32 : thread->part_cap * 2;
    thread->parts = realloc(thread->parts, thread->part_cap * sizeof *thread->parts);
    if (thread->parts == NULL) abort();
  }
  struct intercom_part *part = &thread->parts[thread->part_count++];
  memset(part, 0, sizeof *part);
  return part;
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

static struct intercom_author author_read(struct hd_mem *mem, const cJSON *json) {
  return (struct intercom_author){.type = clean_at(mem, json, "type"),
                                  .id = intercom_json_id(mem, json, "id"),
                                  .name = clean_at(mem, json, "name"),
                                  .email = clean_at(mem, json, "email"),
                                  .ai = hd_json_true(json, "from_ai_agent") ||
                                        hd_json_true(json, "is_ai_answer")};
}

/* Tickets know no display_as, and who does not know it for conversations answers in HTML too. */
static bool looks_like_html(struct trg_str body) {
  static const char *const starts[] = {"<p", "<div", "<h", "<ul", "<ol", "<img", "<pre", "<table"};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
    if (hd_seek(body, starts[i]) == 0 && memchr(body.p, '>', body.n) != NULL) return true;
  return false;
}

static struct trg_str body_text(struct intercom_thread *thread, struct trg_str body, bool plain) {
  const size_t most = thread->text_bytes < THREAD_BYTES ? MESSAGE_BYTES : SHORT_BYTES;
  struct hd_buf buf = hd_buf_new(most);
  if (plain && !looks_like_html(body))
    hd_put_clean(&buf, body);
  else
    hd_put_html_text(&buf, body);
  thread->partial = thread->partial || buf.full;
  const struct trg_str kept = hd_keep(&thread->mem, hd_slice(&buf));
  thread->text_bytes += kept.n;
  hd_buf_free(&buf);
  return kept;
}

/* Takes the marker that a note of ours ends with off its text. Anybody may write such a line, so it
 * counts only in what a teammate's app wrote. */
static void marker_take(struct intercom_part *part) {
  const size_t prefix = sizeof INTERCOM_MARKER - 1;
  struct trg_str text = part->text;
  if (!part->by_api || !hd_is(part->author.type, "admin")) return;
  while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' ')) text.n--;
  size_t at = text.n;
  while (at > 0 && text.p[at - 1] != '\n' && text.p[at - 1] != ' ') at--;
  if (text.n - at <= prefix || memcmp(text.p + at, INTERCOM_MARKER, prefix) != 0) return;
  part->marker = (struct trg_str){text.p + at + prefix, text.n - at - prefix};
  while (at > 0 && (text.p[at - 1] == '\n' || text.p[at - 1] == ' ')) at--;
  part->text.n = at;
}

static void attachments_read(struct hd_mem *mem, const cJSON *array, struct intercom_part *part) {
  const size_t count = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
  part->attachments = count > 0 ? hd_take(mem, count * sizeof *part->attachments) : NULL;
  if (part->attachments == NULL) return;
  const cJSON *item;
  cJSON_ArrayForEach(item, array) {
    struct trg_attachment *file = &part->attachments[part->attachment_count++];
    file->name = clean_at(mem, item, "name");
    file->media_type = clean_at(mem, item, "content_type");
    file->size_bytes = intercom_json_int(item, "filesize");
  }
}

/* Mail programs say it in the subject; Intercom gives no header that would. */
static bool subject_is_automatic(struct trg_str subject) {
  static const char *const starts[] = {"automatic reply",
                                       "auto-reply",
                                       "autoreply",
                                       "auto:",
                                       "out of office",
                                       "out of the office",
                                       "undeliverable",
                                       "delivery status notification",
                                       "mail delivery failed",
                                       "automatische antwort",
                                       "abwesenheit",
                                       "réponse automatique"};
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
    if (hd_seek(subject, starts[i]) == 0) return true;
  return false;
}

static void part_fill(struct intercom_thread *thread, const cJSON *json, bool plain,
                      struct intercom_part *part) {
  struct hd_mem *mem = &thread->mem;
  const struct trg_str body = hd_json_str(json, "body");
  const cJSON *to = hd_json_in(json, "assigned_to");
  part->id = intercom_json_id(mem, json, "id");
  part->author = author_read(mem, hd_json_in(json, "author"));
  part->redacted = hd_json_true(json, "redacted");
  /* What then stands there is Intercom's word for it and nobody's message. */
  if (!part->redacted) part->text = body_text(thread, body, plain);
  attachments_read(mem, hd_json_in(json, "attachments"), part);
  part->has_body = part->text.n > 0 || part->attachment_count > 0;
  part->type = clean_at(mem, json, "part_type");
  part->state = clean_at(mem, json, "ticket_state");
  part->state_before = clean_at(mem, json, "previous_ticket_state");
  part->to_type = clean_at(mem, to, "type");
  part->to_id = intercom_json_id(mem, to, "id");
  part->by_api = cJSON_IsString(hd_json_in(json, "app_package_code"));
  part->automatic = subject_is_automatic(
      hd_json_str(hd_json_in(json, "email_message_metadata"), "subject"));
  part->at_s = intercom_json_int(json, "created_at");
  marker_take(part);
}

static void parts_read(struct intercom_thread *thread, const cJSON *list, const char *key,
                       bool plain) {
  const cJSON *array = hd_json_in(list, key), *json;
  size_t given = 0;
  cJSON_ArrayForEach(json, array) {
    if (++given > INTERCOM_PARTS_MAX) {
      thread->partial = true;
      break;
    }
    struct intercom_part *part = part_add(thread);
    part_fill(thread, json, plain, part);
    if (part->id.n == 0) thread->part_count--; /* nothing could ever be said of it again */
  }
  thread->item.parts_total = (size_t)intercom_json_int(list, "total_count");
  if (thread->item.parts_total > given) thread->partial = true;
}

/* Stable, and quick on what is in order already, as it mostly is. */
static void parts_sort(struct intercom_thread *thread) {
  for (size_t i = 1; i < thread->part_count; i++) {
    const struct intercom_part part = thread->parts[i];
    size_t at = i;
    for (; at > 0 && thread->parts[at - 1].at_s > part.at_s; at--)
      thread->parts[at] = thread->parts[at - 1];
    thread->parts[at] = part;
  }
}

static void tags_read(struct intercom_thread *thread, const cJSON *json) {
  const cJSON *array = hd_json_in(hd_json_in(json, "tags"), "tags"), *item;
  const size_t count = cJSON_IsArray(array) ? (size_t)cJSON_GetArraySize(array) : 0;
  struct intercom_item *to = &thread->item;
  to->tags = count > 0 ? hd_take(&thread->mem, count * sizeof *to->tags) : NULL;
  if (to->tags == NULL) return;
  cJSON_ArrayForEach(item, array) {
    struct intercom_pair *tag = &to->tags[to->tag_count++];
    tag->a = intercom_json_id(&thread->mem, item, "id");
    tag->b = clean_at(&thread->mem, item, "name");
  }
}

static void attributes_read(struct intercom_thread *thread, const cJSON *object) {
  const size_t count = cJSON_IsObject(object) ? (size_t)cJSON_GetArraySize(object) : 0;
  struct intercom_item *to = &thread->item;
  to->attributes = count > 0 ? hd_take(&thread->mem, count * sizeof *to->attributes) : NULL;
  if (to->attributes == NULL) return;
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    if (!cJSON_IsString(item) || item->string == NULL) continue;
    to->attributes[to->attribute_count++] = (struct intercom_pair){
        clean(&thread->mem, hd_str(item->string), 256),
        clean(&thread->mem, hd_str(item->valuestring), MESSAGE_BYTES)};
  }
}

static void opening_read(struct intercom_thread *thread, const cJSON *source) {
  struct intercom_item *item = &thread->item;
  if (!cJSON_IsObject(source)) return;
  struct intercom_part *part = part_add(thread);
  part_fill(thread, source, true, part);
  part->id = intercom_joined(&thread->mem, TRG_STR("source:"), part->id.n > 0 ? part->id : item->id,
                             TRG_STR(""));
  part->type = TRG_STR("source");
  part->at_s = item->created_s;
  part->automatic = part->automatic || subject_is_automatic(hd_json_str(source, "subject"));
  item->channel = clean_at(&thread->mem, source, "type");
  item->delivered_as = clean_at(&thread->mem, source, "delivered_as");
  if (item->title.n == 0) {
    const struct trg_str subject = body_text(thread, hd_json_str(source, "subject"), true);
    item->title = subject.n <= 4096 ? subject : (struct trg_str){subject.p, 0};
  }
}

static void conversation_fill(struct intercom_thread *thread, const cJSON *json, bool plain) {
  struct hd_mem *mem = &thread->mem;
  struct intercom_item *item = &thread->item;
  const cJSON *statistics = hd_json_in(json, "statistics"),
              *rating = hd_json_in(json, "conversation_rating"), *ai = hd_json_in(json, "ai_agent");
  item->title = clean_at(mem, json, "title");
  item->state = clean_at(mem, json, "state");
  item->priority = clean_at(mem, json, "priority");
  /* Set once an agent has made a customer ticket of it; from then on it is read as that. */
  item->ticket_id = intercom_json_id(mem, hd_json_in(json, "ticket"), "id");
  item->last_contact_s = intercom_json_int(statistics, "last_contact_reply_at");
  item->last_close_s = intercom_json_int(statistics, "last_close_at");
  item->rating = intercom_json_int(rating, "rating");
  item->rating_s = intercom_json_int(rating, "created_at");
  item->ai_rating = intercom_json_int(ai, "rating");
  item->ai_rating_s = intercom_json_int(ai, "created_at");
  item->ai_state = clean_at(mem, ai, "resolution_state");
  attributes_read(thread, hd_json_in(json, "custom_attributes"));
  opening_read(thread, hd_json_in(json, "source"));
  parts_read(thread, hd_json_in(json, "conversation_parts"), "conversation_parts", plain);
}

/* The state that "solved" is for this kind of ticket, where the answer names its states. */
static void states_read(struct intercom_thread *thread, const cJSON *type) {
  const cJSON *state;
  cJSON_ArrayForEach(state, hd_json_in(hd_json_in(type, "ticket_states"), "data")) {
    if (hd_is(hd_json_str(state, "category"), "resolved") && thread->item.resolved_state_id.n == 0)
      thread->item.resolved_state_id = intercom_json_id(&thread->mem, state, "id");
  }
}

static void description_read(struct intercom_thread *thread, const cJSON *attributes) {
  struct intercom_item *item = &thread->item;
  const struct trg_str text = body_text(thread, hd_json_str(attributes, "_default_description_"),
                                        true);
  struct intercom_part *part = part_add(thread);
  part->id = intercom_joined(&thread->mem, TRG_STR("description:"), item->id,
                             (struct trg_str){NULL, 0});
  part->type = TRG_STR("description");
  part->text = text.n > 0 ? text : item->title;
  part->has_body = part->text.n > 0;
  part->at_s = item->created_s;
  /* A ticket without a contact is between colleagues. */
  part->author = (struct intercom_author){.type = item->contact_id.n > 0 ? TRG_STR("contact")
                                                                         : TRG_STR("admin"),
                                          .id = item->contact_id};
  if (!part->has_body) thread->part_count--;
}

static void ticket_fill(struct intercom_thread *thread, const cJSON *json) {
  struct hd_mem *mem = &thread->mem;
  struct intercom_item *item = &thread->item;
  const cJSON *state = hd_json_in(json, "ticket_state"),
              *attributes = hd_json_in(json, "ticket_attributes");
  item->title = clean_at(mem, attributes, "_default_title_");
  item->state = cJSON_IsString(state) ? clean_at(mem, json, "ticket_state")
                                      : clean_at(mem, state, "category");
  item->category = clean_at(mem, json, "category");
  item->is_shared = hd_json_true(json, "is_shared");
  item->type_id = intercom_json_id(mem, hd_json_in(json, "ticket_type"), "id");
  states_read(thread, hd_json_in(json, "ticket_type"));
  attributes_read(thread, attributes);
  description_read(thread, attributes);
  parts_read(thread, hd_json_in(json, "ticket_parts"), "ticket_parts", false);
}

static void item_fill(struct intercom_thread *thread, const cJSON *json) {
  struct hd_mem *mem = &thread->mem;
  struct intercom_item *item = &thread->item;
  const cJSON *contacts = hd_json_in(hd_json_in(json, "contacts"), "contacts");
  item->id = intercom_json_id(mem, json, "id");
  item->created_s = intercom_json_int(json, "created_at");
  item->updated_s = intercom_json_int(json, "updated_at");
  item->snoozed_s = intercom_json_int(json, "snoozed_until");
  item->team_id = intercom_json_id(mem, json, "team_assignee_id");
  item->admin_id = intercom_json_id(mem, json, "admin_assignee_id");
  item->contact_id = intercom_json_id(mem, cJSON_GetArrayItem(contacts, 0), "id");
  item->has_open = cJSON_IsBool(hd_json_in(json, "open"));
  item->is_open = hd_json_true(json, "open");
  if (hd_is(item->team_id, "0")) item->team_id.n = 0;
  if (hd_is(item->admin_id, "0")) item->admin_id.n = 0;
  tags_read(thread, json);
}

/* "UPDATED_AT/LAST_PART/LAST_CONTACT_REPLY_AT": see intercom_news(). */
static void version_set(struct intercom_thread *thread) {
  struct hd_buf buf = hd_buf_new(256);
  hd_put_int(&buf, thread->item.updated_s);
  hd_puts(&buf, "/");
  if (thread->part_count > 0) hd_put_str(&buf, thread->parts[thread->part_count - 1].id);
  hd_puts(&buf, "/");
  hd_put_int(&buf, thread->item.last_contact_s);
  thread->item.version = hd_keep(&thread->mem, hd_slice(&buf));
  hd_buf_free(&buf);
}

int intercom_thread_read(struct intercom_thread *thread, struct trg_str body, bool is_ticket,
                         bool plain, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  struct intercom_item *item = &thread->item;
  item->is_ticket = is_ticket;
  item_fill(thread, json);
  int rc = hd_digits(item->id)
               ? 0
               : intercom_malformed(err, is_ticket ? "no ticket in it" : "no conversation in it");
  if (rc == 0 && is_ticket)
    ticket_fill(thread, json);
  else if (rc == 0)
    conversation_fill(thread, json, plain);
  cJSON_Delete(json);
  if (rc == 0) {
    parts_sort(thread);
    version_set(thread);
  }
  if (rc == 0 && thread->mem.full)
    rc = intercom_malformed(err, "it is larger than this connector keeps in memory");
  return rc;
}

int intercom_part_read(struct intercom_thread *thread, struct trg_str body, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  struct intercom_part *part = part_add(thread);
  part_fill(thread, json, false, part);
  cJSON_Delete(json);
  return part->id.n > 0 ? 0 : intercom_malformed(err, "no part in it");
}

int intercom_contact_read(struct intercom_thread *thread, struct trg_str body,
                          struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  if (json == NULL) return -1;
  thread->contact = author_read(&thread->mem, json);
  cJSON_Delete(json);
  return 0;
}
