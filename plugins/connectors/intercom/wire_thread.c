/* A conversation or ticket as Intercom tells it, in the daemon's terms: who spoke, and what. */
#include <string.h>

#include "wire.h"

#define CHANNELS_NOBODY_ANSWERS "phone_call phone_switch push"

static bool starts(struct trg_str text, const char *with) {
  return hd_seek(text, with) == 0;
}

static bool has(struct trg_str text, const char *part) {
  return hd_seek(text, part) != SIZE_MAX;
}

static bool word_in(struct trg_str word, const char *words) {
  for (const char *p = words; word.n > 0 && *p != '\0'; p += strspn(p, " ")) {
    const size_t n = strcspn(p, " ");
    if (hd_same(word, (struct trg_str){p, n})) return true;
    p += n;
  }
  return false;
}

static bool is_contact(const struct intercom_author *author) {
  return word_in(author->type, "user lead contact");
}

int32_t intercom_author_of(const struct intercom_part *part, struct trg_str own_id) {
  const struct intercom_author *author = &part->author;
  if (author->ai || word_in(author->type, "bot operator fin")) return TRG_AUTHOR_BOT;
  if (is_contact(author)) return TRG_AUTHOR_CUSTOMER;
  if (hd_is(author->type, "team")) return TRG_AUTHOR_SYSTEM;
  if (!hd_is(author->type, "admin")) return TRG_AUTHOR_UNKNOWN;
  /* The teammate that we write as may also type: only what came through the API is ours. */
  const bool ours = part->by_api && own_id.n > 0 && hd_same(author->id, own_id);
  return ours ? TRG_AUTHOR_SELF : TRG_AUTHOR_AGENT;
}

bool intercom_is_private(const struct intercom_part *part) {
  return starts(part->type, "note") || has(part->type, "_note");
}

/* Part types are an open list, and some events carry a body for people to read. So what is surely
 * an event is left out, and whatever else has words is taken for a message. */
bool intercom_is_message(const struct intercom_part *part) {
  static const char *const events[] = {
      "attribute", "_sla",     "sla_",   "workflow", "custom_action", "state_",    "title",
      "tags",      "language", "merged", "rating",   "timer_",        "participa", "convert"};
  if (word_in(part->type, "comment note quick_reply note_and_reopen source description"))
    return part->has_body || part->redacted;
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
    if (has(part->type, events[i])) return false;
  return part->has_body || part->redacted;
}

/* The part that a conversation gets which was merged into another one; no customer can make one.
 * Which one it went into is not told. */
bool intercom_is_merged(const struct intercom_thread *thread) {
  bool merged = false;
  for (size_t i = 0; i < thread->part_count; i++)
    merged = merged || hd_is(thread->parts[i].type, "merged_secondary_conversation");
  return merged && hd_is(thread->item.state, "closed");
}

static int32_t channel_of(const struct intercom_item *item) {
  static const struct {
    const char *word;
    int32_t channel;
  } known[] = {{"conversation", TRG_CHANNEL_CHAT},  {"email", TRG_CHANNEL_EMAIL},
               {"facebook", TRG_CHANNEL_SOCIAL},    {"instagram", TRG_CHANNEL_SOCIAL},
               {"twitter", TRG_CHANNEL_SOCIAL},     {"whatsapp", TRG_CHANNEL_MESSAGING},
               {"sms", TRG_CHANNEL_MESSAGING},      {"phone_call", TRG_CHANNEL_VOICE},
               {"phone_switch", TRG_CHANNEL_VOICE}, {"api", TRG_CHANNEL_API}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (hd_is(item->channel, known[i].word)) return known[i].channel;
  return item->is_ticket && hd_is(item->category, "Customer") ? TRG_CHANNEL_WEB : TRG_CHANNEL_OTHER;
}

static int32_t ticket_status(const struct intercom_item *item) {
  if (hd_is(item->state, "resolved")) return TRG_STATUS_SOLVED;
  if (item->snoozed_s > 0) return TRG_STATUS_PENDING;
  if (hd_is(item->state, "submitted")) return TRG_STATUS_NEW;
  if (hd_is(item->state, "in_progress")) return TRG_STATUS_OPEN;
  if (hd_is(item->state, "waiting_on_customer")) return TRG_STATUS_PENDING;
  return TRG_STATUS_UNKNOWN;
}

static int32_t status_of(const struct intercom_thread *thread) {
  const struct intercom_item *item = &thread->item;
  int32_t status = TRG_STATUS_UNKNOWN;
  if (item->is_ticket)
    status = ticket_status(item);
  else if (item->ticket_id.n > 0 || intercom_is_merged(thread))
    status = TRG_STATUS_MERGED;
  else if (hd_is(item->state, "open"))
    status = TRG_STATUS_OPEN;
  else if (hd_is(item->state, "closed")) /* the customer's next message opens it again */
    status = TRG_STATUS_SOLVED;
  else if (hd_is(item->state, "snoozed"))
    status = TRG_STATUS_PENDING;
  /* A word of a later version of the API: whether it is open at all is told apart from it. */
  if (status == TRG_STATUS_UNKNOWN && item->has_open)
    status = item->is_open ? TRG_STATUS_OPEN : TRG_STATUS_SOLVED;
  return status;
}

uint32_t intercom_flags_of(const struct intercom_thread *thread) {
  const struct intercom_item *item = &thread->item;
  uint32_t flags = thread->partial ? TRG_TICKET_PARTIAL : 0;
  /* No customer sees what is written into a ticket that is not shared with one. */
  const bool inside = item->is_ticket &&
                      (!item->is_shared || word_in(item->category, "Back-office Tracker"));
  if (inside || word_in(item->channel, CHANNELS_NOBODY_ANSWERS)) flags |= TRG_TICKET_NOTE_ONLY;
  return flags;
}

static struct trg_message message_of(const struct intercom_item *item,
                                     const struct intercom_part *part, struct trg_str own_id) {
  struct trg_message message = {.size = sizeof message,
                                .id = part->id,
                                .author = intercom_author_of(part, own_id),
                                .author_id = part->author.id,
                                .author_name = part->author.name,
                                .at_ms = part->at_s * 1000,
                                .text = part->text,
                                .attachments = part->attachments,
                                .attachment_count = part->attachment_count};
  if (message.author == TRG_AUTHOR_SELF) message.marker = part->marker;
  if (!intercom_is_private(part)) message.flags |= TRG_MESSAGE_PUBLIC;
  if (part->redacted) message.flags |= TRG_MESSAGE_REDACTED;
  if (part->automatic) message.flags |= TRG_MESSAGE_AUTO;
  /* A campaign or a greeting that opened it is nothing anybody said to us. */
  if (hd_is(part->type, "source") && message.author != TRG_AUTHOR_CUSTOMER &&
      item->delivered_as.n > 0 &&
      !word_in(item->delivered_as, "customer_initiated admin_initiated"))
    message.flags |= TRG_MESSAGE_AUTO;
  return message;
}

static void messages_tell(struct intercom_thread *thread, struct trg_str own_id,
                          struct trg_ticket *ret) {
  struct trg_message *messages = hd_take(&thread->mem, (thread->part_count + 1) * sizeof *messages);
  size_t count = 0;
  for (size_t i = 0; messages != NULL && i < thread->part_count; i++)
    if (intercom_is_message(&thread->parts[i]))
      messages[count++] = message_of(&thread->item, &thread->parts[i], own_id);
  ret->messages = messages;
  ret->message_count = count;
}

static void requester_tell(const struct intercom_thread *thread, struct trg_ticket *ret) {
  const struct trg_str wanted = thread->item.contact_id;
  const struct intercom_author *found = thread->contact.id.n > 0 ? &thread->contact : NULL;
  for (size_t i = 0; found == NULL && i < thread->part_count; i++) {
    const struct intercom_author *author = &thread->parts[i].author;
    if (is_contact(author) && author->email.n > 0 && (wanted.n == 0 || hd_same(author->id, wanted)))
      found = author;
  }
  ret->requester_id = wanted;
  if (found == NULL) return;
  ret->requester_name = found->name;
  ret->requester_email = found->email;
  if (wanted.n == 0) ret->requester_id = found->id;
}

bool intercom_needs_contact(const struct intercom_thread *thread) {
  struct trg_ticket ticket = {.size = sizeof ticket};
  requester_tell(thread, &ticket);
  return thread->item.contact_id.n > 0 && ticket.requester_email.n == 0 &&
         status_of(thread) != TRG_STATUS_MERGED;
}

static struct trg_str link_of(struct intercom_thread *thread, const struct intercom_me *me) {
  static const char *const hosts[] = {"https://app.intercom.com/a/inbox/",
                                      "https://app.eu.intercom.com/a/inbox/",
                                      "https://app.au.intercom.com/a/inbox/"};
  const size_t at = strcmp(me->region, "EU") == 0 ? 1 : strcmp(me->region, "AU") == 0 ? 2 : 0;
  if (me->app_id[0] == '\0') return (struct trg_str){NULL, 0};
  struct hd_buf buf = hd_buf_new(512);
  hd_puts(&buf, hosts[at]);
  hd_put_url(&buf, hd_str(me->app_id));
  hd_puts(&buf, "/inbox/conversation/");
  hd_put_url(&buf, thread->item.id);
  const struct trg_str kept = hd_keep(&thread->mem, hd_slice(&buf));
  hd_buf_free(&buf);
  return kept;
}

void intercom_thread_tell(struct intercom_thread *thread, const struct intercom_me *me,
                          struct trg_ticket *ret) {
  const struct intercom_item *item = &thread->item;
  struct trg_str *tags = hd_take(&thread->mem, (item->tag_count + 1) * sizeof *tags);
  const struct trg_str none = {NULL, 0};
  *ret = (struct trg_ticket){
      .size = sizeof *ret,
      .id = intercom_joined(&thread->mem, item->is_ticket ? TRG_STR(INTERCOM_TICKET_PREFIX) : none,
                            item->id, none),
      .version = item->version,
      .subject = item->title,
      .status = status_of(thread),
      .channel = channel_of(item),
      .flags = intercom_flags_of(thread),
      .priority = item->priority,
      .team = item->team_id,
      .created_ms = item->created_s * 1000,
      .updated_ms = item->updated_s * 1000};
  for (size_t i = 0; tags != NULL && i < item->tag_count; i++) tags[i] = item->tags[i].b;
  ret->tags = tags;
  ret->tag_count = tags != NULL ? item->tag_count : 0;
  if (!item->is_ticket && item->ticket_id.n > 0)
    ret->merged_into = intercom_joined(&thread->mem, TRG_STR(INTERCOM_TICKET_PREFIX),
                                       item->ticket_id, none);
  ret->url = link_of(thread, me);
  requester_tell(thread, ret);
  messages_tell(thread, hd_str(me->id), ret);
  intercom_facts_tell(thread, hd_str(me->id), ret);
}
