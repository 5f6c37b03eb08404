/* Intercom's webhooks: topics, what they carry, and their signature, which covers the body alone.
 */
#include "intercom.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

static void headers_write(const struct sim *s, uint64_t event, const char *body, struct buf *out) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  (void)event;
  const char *secret = s->opt.webhook_secret[DESK_INTERCOM];
  HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)body, strlen(body), mac, &n);
  buf_str(out, "User-Agent: intercom-service-server-webhooks\r\nX-Hub-Signature: sha1=");
  for (unsigned i = 0; i < n; i++) {
    buf_printf(out, "%02x", mac[i]);
  }
  buf_str(out, "\r\n");
}

/* Once more, whatever went wrong; then it is lost. */
static bool again(int status, unsigned attempt) {
  return status != 410 && attempt < 2;
}

static const struct push_way way = {.desk = DESK_INTERCOM,
                                    .content_type = "application/json",
                                    .headers = headers_write,
                                    .again = again};

/* Deliveries are stamped with the receiver's time: the simulator's own may have jumped. */
static void push_item(struct sim *s, const char *topic, const char *item) {
  struct buf b = {0};
  char id[40];
  uint64_t event = ++s->pushed;
  snprintf(id, sizeof id, "notif_%016llx", (unsigned long long)hash_mix(s->opt.seed, event));
  jw_open(&b, '{');
  jw_kstr(&b, "type", "notification_event");
  jw_kstr(&b, "app_id", "simapp01");
  jw_kstr(&b, "id", id);
  jw_kstr(&b, "topic", topic);
  jw_kint(&b, "delivery_attempts", 1);
  jw_kint(&b, "created_at", clock_wall_ms() / 1000);
  jw_kint(&b, "first_sent_at", clock_wall_ms() / 1000);
  jw_kopen(&b, "data", '{');
  jw_kstr(&b, "type", "notification_event_data");
  jw_kraw(&b, "item", item);
  jw_close(&b, '}');
  jw_close(&b, '}');
  pusher_send(s, buf_text(&b), event, &way);
  buf_free(&b);
}

static void push_topic(struct sim *s, const struct ticket *t, const char *topic) {
  struct view v = {s, 14, false};
  struct buf b = {0};
  if (t->status == STATUS_DELETED) {
    jw_open(&b, '{');
    jw_kstr(&b, "type", intercom_is_ticket(t) ? "ticket" : "conversation");
    k_id(&b, "id", t->number);
    jw_close(&b, '}');
  } else if (intercom_is_ticket(t)) {
    intercom_ticket_write(&v, &b, t);
  } else {
    intercom_conversation_write(&v, &b, t, true);
  }
  push_item(s, topic, buf_text(&b));
  buf_free(&b);
}

static const char *topic_of_message(bool ticket, bool customer, bool is_public) {
  if (customer) {
    return ticket ? "ticket.contact.replied" : "conversation.user.replied";
  }
  if (is_public) {
    return ticket ? "ticket.admin.replied" : "conversation.admin.replied";
  }
  return ticket ? "ticket.note.created" : "conversation.admin.noted";
}

static const char *topic_of_status(const struct ticket *t, bool customer, const struct change *c) {
  if (t->status == STATUS_DELETED) {
    return "conversation.deleted";
  }
  if (intercom_is_ticket(t)) {
    return "ticket.state.updated";
  }
  if (intercom_is_closed(t->status)) {
    return "conversation.admin.closed";
  }
  if (t->status == STATUS_HOLD) {
    return "conversation.admin.snoozed";
  }
  if (c->from && strcmp(c->from, "\"hold\"") == 0) {
    return "conversation.admin.unsnoozed";
  }
  bool reopened = c->from &&
                  (strcmp(c->from, "\"solved\"") == 0 || strcmp(c->from, "\"closed\"") == 0);
  return reopened && !customer ? "conversation.admin.opened" : NULL;
}

static const char *topic_of_change(const struct ticket *t, bool customer, const struct change *c) {
  static const struct {
    const char *field, *conversation, *ticket;
  } all[] = {
      {"assignee", "conversation.admin.assigned", "ticket.admin.assigned"},
      {"group", "conversation.admin.assigned", "ticket.team.assigned"},
      {"rating", "conversation.rating.added", "ticket.rating.provided"},
      {"priority", "conversation.priority.updated", NULL},
  };
  if (strcmp(c->field, "status") == 0) {
    return topic_of_status(t, customer, c);
  }
  if (strcmp(c->field, "rating") == 0 && t->rating == RATING_OFFERED) {
    return NULL;
  }
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (strcmp(all[i].field, c->field) == 0) {
      return intercom_is_ticket(t) ? all[i].ticket : all[i].conversation;
    }
  }
  bool attribute = text_starts(c->field, "attr:") && !intercom_attr_hidden(c->field + 5);
  return attribute && intercom_is_ticket(t) ? "ticket.attribute.updated" : NULL;
}

/* Of a redaction only the ids are told. */
static void push_redaction(struct sim *s, const struct ticket *t, uint64_t part) {
  char item[160];
  snprintf(item, sizeof item,
           "{\"type\":\"conversation_part\",\"id\":\"%llu\",\"conversation_id\":\"%llu\"}",
           (unsigned long long)part, (unsigned long long)t->number);
  push_item(s, "conversation_part.redacted", item);
}

void intercom_pushed(struct sim *s, const struct ticket *t, const struct entry *e) {
  const struct person *author = person_get(&s->store, e->author);
  bool customer = author && author->role == ROLE_CUSTOMER;
  bool ticket = intercom_is_ticket(t);
  if (e->flags & ENTRY_CREATES) {
    push_topic(s, t, ticket ? "ticket.created" : "conversation.user.created");
    return;
  }
  if (e->flags & ENTRY_MESSAGE) {
    push_topic(s, t, topic_of_message(ticket, customer, (e->flags & ENTRY_PUBLIC) != 0));
  }
  if (e->redacts) {
    push_redaction(s, t, e->redacts);
  }
  for (size_t i = 0; i < e->change_count; i++) {
    const char *topic = topic_of_change(t, customer, &e->changes[i]);
    if (topic) {
      push_topic(s, t, topic);
    }
    if (topic && strcmp(topic, "ticket.state.updated") == 0 && intercom_is_closed(t->status)) {
      push_topic(s, t, "ticket.resolved");
    }
  }
}
