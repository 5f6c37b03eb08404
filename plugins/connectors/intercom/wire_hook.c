/* Webhook deliveries. They only say "look at this": everything is fetched afterwards. */
#include <cjson/cJSON.h>
#include <string.h>

#include "wire.h"

static cJSON *hook_open(struct trg_str body, struct trg_err *err) {
  cJSON *json = intercom_json(body, err);
  const cJSON *data = hd_json_in(json, "data");
  const char *wrong = NULL;
  if (json == NULL) return NULL;
  if (!cJSON_IsObject(json))
    wrong = "not a JSON object";
  else if (cJSON_GetArraySize(json) > 64 || cJSON_GetArraySize(data) > 64)
    wrong = "too many keys for a notification";
  else if (hd_json_twins(json) || (cJSON_IsObject(data) && hd_json_twins(data)))
    wrong = "the same key twice";
  if (wrong == NULL) return json;
  cJSON_Delete(json);
  (void)intercom_malformed(err, wrong);
  return NULL;
}

/* Past the string whose opening quote is at `at`; body.n when it has no end. */
static size_t string_end(struct trg_str body, size_t at) {
  for (at++; at < body.n && body.p[at] != '"'; at++)
    if (body.p[at] == '\\') at++;
  return at < body.n ? at + 1 : body.n;
}

static size_t blanks_skip(struct trg_str body, size_t at) {
  while (at < body.n && (body.p[at] == ' ' || (body.p[at] >= '\t' && body.p[at] <= '\r'))) at++;
  return at;
}

/* The string that is the value of the key which ends at `at`; empty when it is something else, or
 * can not be taken as it stands. */
static struct trg_str value_slice(struct trg_str body, size_t at) {
  const struct trg_str none = {NULL, 0};
  size_t next = blanks_skip(body, at);
  if (next >= body.n || body.p[next] != ':') return none;
  next = blanks_skip(body, next + 1);
  if (next >= body.n || body.p[next] != '"') return none;
  const size_t end = string_end(body, next);
  if (end < next + 2) return none;
  const struct trg_str text = {body.p + next + 1, end - next - 2};
  return text.n > 0 && text.n <= 128 && memchr(text.p, '\\', text.n) == NULL ? text : none;
}

/* The text of the outermost object's "id", where it stands. The body has been parsed already, so
 * that it is well-formed. */
static struct trg_str own_id(struct trg_str body) {
  size_t depth = 0;
  for (size_t at = 0; at < body.n;) {
    const char c = body.p[at];
    if (c == '"') {
      const size_t end = string_end(body, at);
      if (depth == 1 && end - at == 4 && memcmp(body.p + at, "\"id\"", 4) == 0)
        return value_slice(body, end);
      at = end;
      continue;
    }
    depth += c == '{' || c == '[';
    depth -= (c == '}' || c == ']') && depth > 0;
    at++;
  }
  return (struct trg_str){NULL, 0};
}

int intercom_hook_head(struct trg_str body, struct trg_str *ret_id, int64_t *ret_created_s,
                       struct trg_err *err) {
  cJSON *json = hook_open(body, err);
  if (json == NULL) return -1;
  *ret_created_s = intercom_json_int(json, "created_at");
  *ret_id = own_id(body);
  cJSON_Delete(json);
  return 0;
}

struct named {
  struct hd_mem mem;
  struct trg_str id;
  bool is_ticket;
};

/* The item is a conversation or a ticket; or a part, which names its conversation; or, since
 * version 2.15 and for ticket.closed, a conversation with the ticket inside. */
static void item_name(struct named *named, const cJSON *item, bool ticket_topic) {
  const cJSON *ticket = hd_json_in(item, "ticket"), *inside = hd_json_in(item, "conversation");
  const struct trg_str type = hd_json_str(item, "type");
  const struct trg_str conversation = intercom_json_id(&named->mem, item, "conversation_id");
  named->is_ticket = hd_is(type, "ticket") || (type.n == 0 && ticket_topic);
  if (ticket_topic && cJSON_IsObject(ticket)) {
    named->is_ticket = true;
    named->id = intercom_json_id(&named->mem, ticket, "id");
  } else if (conversation.n > 0) {
    named->id = conversation;
  } else if (cJSON_IsObject(inside)) {
    named->id = intercom_json_id(&named->mem, inside, "id");
  } else if (named->is_ticket || type.n == 0 || hd_is(type, "conversation")) {
    named->id = intercom_json_id(&named->mem, item, "id");
  }
}

static bool topic_is_ours(struct trg_str topic, bool *ret_ticket) {
  *ret_ticket = hd_seek(topic, "ticket.") == 0;
  return *ret_ticket || hd_seek(topic, "conversation.") == 0 ||
         hd_seek(topic, "conversation_part.") == 0;
}

static void version_put(struct hd_buf *buf, const cJSON *json) {
  const struct trg_str id = hd_json_str(json, "id");
  hd_puts(buf, "hook:");
  if (id.n > 0) {
    hd_put_clean(buf, id);
    return;
  }
  hd_put_clean(buf, hd_json_str(json, "topic"));
  hd_puts(buf, "/");
  hd_put_int(buf, intercom_json_int(json, "created_at"));
}

int intercom_hook_read(const struct trg_delivery *delivery,
                       void (*sink)(void *arg, const struct trg_notice *), void *arg,
                       struct trg_err *err) {
  bool ticket_topic;
  cJSON *json = hook_open(delivery->body, err);
  if (json == NULL) return -1;
  const cJSON *item = hd_json_in(hd_json_in(json, "data"), "item");
  int rc = 0;
  /* "ping" and other objects' topics are signed and fine, and not for us. */
  if (topic_is_ours(hd_json_str(json, "topic"), &ticket_topic)) {
    struct named named = {.mem = {.limit_bytes = 8192}};
    struct hd_buf version = hd_buf_new(512);
    const int64_t at_s = intercom_json_int(json, "created_at");
    item_name(&named, item, ticket_topic);
    version_put(&version, json);
    if (!hd_digits(named.id)) {
      rc = intercom_malformed(err, "a notification that names no conversation or ticket");
    } else {
      const struct trg_str none = {NULL, 0};
      const struct trg_notice notice = {
          .size = sizeof notice,
          .id = intercom_joined(
              &named.mem, named.is_ticket ? TRG_STR(INTERCOM_TICKET_PREFIX) : none, named.id, none),
          .version = hd_slice(&version),
          .at_ms = at_s > 0 ? at_s * 1000 : delivery->now_ms};
      sink(arg, &notice);
    }
    hd_buf_free(&version);
    hd_mem_free(&named.mem);
  }
  cJSON_Delete(json);
  return rc;
}
