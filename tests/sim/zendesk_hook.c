/* Zendesk's event webhooks: what they say, and their signature. In events ids are texts and choices
 * upper case. */
#include "sim.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

/* Timestamp and raw body, keyed with the secret as shown. */
static void headers_write(const struct sim *s, uint64_t event, const char *body, struct buf *out) {
  struct buf signed_text = {0};
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  char stamp[TIME_TEXT];
  time_text(clock_wall_ms(), stamp);
  buf_str(&signed_text, stamp);
  buf_str(&signed_text, body);
  const char *secret = s->opt.webhook_secret[DESK_ZENDESK];
  HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)signed_text.p,
       signed_text.n, mac, &n);
  /* the invocation id stays the same when a delivery is repeated */
  buf_printf(out,
             "User-Agent: Zendesk Webhook\r\nX-Zendesk-Account-Id: 123456\r\nX-Zendesk-Webhook-Id: "
             "01SIMHOOK\r\n"
             "X-Zendesk-Webhook-Invocation-Id: 01INV%021llu\r\n"
             "X-Zendesk-Webhook-Signature-Timestamp: %s\r\nX-Zendesk-Webhook-Signature: ",
             (unsigned long long)event, stamp);
  base64_put(out, mac, n);
  buf_str(out, "\r\n");
  buf_free(&signed_text);
}

/* Repeated after a conflict up to three times and after a time-out up to five; after 429 and 503
 * because the answer says when. Other codes never. */
static bool again(int status, unsigned attempt) {
  return (status == 409 && attempt < 3) || (status == 0 && attempt < 5) ||
         ((status == 429 || status == 503) && attempt < 3);
}

static const struct push_way way = {.desk = DESK_ZENDESK,
                                    .content_type = "application/json",
                                    .headers = headers_write,
                                    .again = again};

static void upper_kstr(struct buf *b, const char *key, const char *value) {
  char text[64];
  size_t n = 0;
  for (; value && value[n] && n < sizeof text - 1; n++) {
    text[n] = value[n] >= 'a' && value[n] <= 'z' ? (char)(value[n] - 32) : value[n];
  }
  text[n] = '\0';
  jw_kstr(b, key, value ? text : NULL);
}

static void side_write(struct buf *b, const char *key, const char *field, const char *json) {
  cJSON *v = json ? cJSON_Parse(json) : NULL;
  bool choice = strcmp(field, "status") == 0 || strcmp(field, "priority") == 0;
  if (choice && cJSON_IsString(v)) {
    upper_kstr(b, key, v->valuestring);
  } else {
    jw_kraw(b, key, json ? json : "null");
  }
  cJSON_Delete(v);
}

static void change_write(struct buf *b, const struct change *c) {
  side_write(b, "current", c->field, c->to);
  side_write(b, "previous", c->field, c->from);
}

static void comment_write(const struct sim *s, struct buf *b, const struct entry *e) {
  char id[40];
  const struct person *author = person_get(&s->store, e->author);
  jw_kopen(b, "comment", '{');
  snprintf(id, sizeof id, "%llu", (unsigned long long)e->message_id);
  jw_kstr(b, "id", id);
  jw_kstr(b, "body", e->text);
  jw_kbool(b, "is_public", (e->flags & ENTRY_PUBLIC) != 0);
  jw_kopen(b, "author", '{');
  snprintf(id, sizeof id, "%llu", (unsigned long long)e->author);
  jw_kstr(b, "id", id);
  jw_kbool(b, "is_staff", author && author->role != ROLE_CUSTOMER);
  jw_kstr(b, "name", author ? author->name : NULL);
  jw_close(b, '}');
  jw_close(b, '}');
}

static void event_write(struct sim *s, struct buf *b, const struct ticket *t, const struct entry *e,
                        const char *type, const struct change *c, uint64_t event) {
  char id[40];
  char name[80];
  jw_open(b, '{');
  snprintf(name, sizeof name, "zen:event-type:ticket.%s", type);
  jw_kstr(b, "type", name);
  snprintf(id, sizeof id, "01SIM%021llu", (unsigned long long)event);
  jw_kstr(b, "id", id);
  jw_kint(b, "account_id", 123456);
  jw_ktime(b, "time", e->at_ms);
  jw_kstr(b, "zendesk_event_version", "2022-11-06");
  snprintf(id, sizeof id, "%llu", (unsigned long long)t->number);
  snprintf(name, sizeof name, "zen:ticket:%s", id);
  jw_kstr(b, "subject", name);
  jw_kopen(b, "detail", '{');
  jw_kstr(b, "id", id);
  upper_kstr(b, "status", status_name(t->status));
  jw_kstr(b, "subject", t->subject);
  upper_kstr(b, "priority", t->priority);
  snprintf(id, sizeof id, "%llu", (unsigned long long)t->requester);
  jw_kstr(b, "requester_id", id);
  jw_ktime(b, "created_at", t->created_ms);
  jw_ktime(b, "updated_at", t->updated_ms);
  jw_kopen(b, "tags", '[');
  for (size_t i = 0; i < t->tag_count; i++) {
    jw_str(b, t->tags[i]);
  }
  jw_close(b, ']');
  jw_close(b, '}');
  jw_kopen(b, "event", '{');
  if (c) {
    change_write(b, c);
  } else if (e->flags & ENTRY_MESSAGE) {
    comment_write(s, b, e);
  }
  jw_close(b, '}');
  jw_close(b, '}');
}

static void push_event(struct sim *s, const struct ticket *t, const struct entry *e,
                       const char *type, const struct change *c) {
  struct buf body = {0};
  uint64_t event = ++s->pushed;
  event_write(s, &body, t, e, type, c, event);
  pusher_send(s, buf_text(&body), event, &way);
  buf_free(&body);
}

void zendesk_pushed(struct sim *s, const struct ticket *t, const struct entry *e) {
  if (e->flags & ENTRY_CREATES) {
    push_event(s, t, e, "created", NULL);
    return;
  }
  if (e->flags & ENTRY_MESSAGE) {
    push_event(s, t, e, "comment_added", NULL);
  }
  if (e->redacts) {
    push_event(s, t, e, "comment_redacted", NULL);
  }
  static const char *const types[][2] = {{"priority", "priority_changed"},
                                         {"assignee", "agent_assignment_changed"},
                                         {"group", "group_assignment_changed"},
                                         {"tags", "tags_changed"},
                                         {"subject", "subject_changed"}};
  for (size_t i = 0; i < e->change_count; i++) {
    const struct change *c = &e->changes[i];
    if (strcmp(c->field, "status") == 0) {
      bool merged = t->merged_into && t->status == STATUS_CLOSED;
      push_event(s, t, e,
                 merged                        ? "merged"
                 : t->status == STATUS_DELETED ? "soft_deleted"
                                               : "status_changed",
                 c);
    } else if (text_starts(c->field, "attr:")) {
      push_event(s, t, e, "custom_field_changed", c);
    }
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
      if (strcmp(c->field, types[k][0]) == 0) {
        push_event(s, t, e, types[k][1], c);
      }
    }
  }
}
