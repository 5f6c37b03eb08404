/*
 * What is looked at before a write, and to find one: the vendor has neither a lock nor a key for
 * repetitions, so all of it is told by the parts of a fresh reading.
 */
#include <string.h>

#include "wire.h"

struct known { /* what the decision knew, out of its version */
  int64_t updated_s, last_contact_s;
  struct trg_str last_part;
};

static int64_t number_of(struct trg_str text) {
  int64_t value = 0;
  for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && i < 15; i++)
    value = value * 10 + (text.p[i] - '0');
  return value;
}

static struct trg_str field_take(struct trg_str *text) {
  const char *slash = text->n > 0 ? memchr(text->p, '/', text->n) : NULL;
  const size_t n = slash == NULL ? text->n : (size_t)(slash - text->p);
  const struct trg_str field = {text->p, n};
  const size_t skip = slash == NULL ? n : n + 1;
  *text = (struct trg_str){text->p == NULL ? NULL : text->p + skip, text->n - skip};
  return field;
}

static struct known known_read(struct trg_str version) {
  struct known known;
  known.updated_s = number_of(field_take(&version));
  known.last_part = field_take(&version);
  known.last_contact_s = number_of(field_take(&version));
  return known;
}

static size_t part_find(const struct intercom_thread *thread, struct trg_str id) {
  for (size_t i = thread->part_count; id.n > 0 && i-- > 0;)
    if (hd_same(thread->parts[i].id, id)) return i;
  return SIZE_MAX;
}

/* Was this part not there when it was decided? Its place in the list says so; its second only
 * where the last known part is no longer given. */
static bool unseen(const struct known *known, size_t known_at, size_t at,
                   const struct intercom_part *part) {
  if (known_at != SIZE_MAX) return at > known_at;
  return known->updated_s == 0 || part->at_s > known->updated_s;
}

struct looking {
  struct known known;
  size_t known_at, last_at; /* places of the parts that the decision knew as the newest */
  struct trg_str own_id;
};

static const char *customer_news(const struct looking *l, size_t at,
                                 const struct intercom_part *part) {
  if (!intercom_is_message(part) || part->automatic) return NULL;
  const bool newer = l->last_at != SIZE_MAX ? at > l->last_at
                                            : unseen(&l->known, l->known_at, at, part);
  return newer ? "the customer wrote again after this was decided: read and decide again" : NULL;
}

static const char *teammate_news(const struct looking *l, size_t at, bool is_agent,
                                 const struct intercom_part *part) {
  if (!unseen(&l->known, l->known_at, at, part)) return NULL;
  if (intercom_is_message(part) && !intercom_is_private(part))
    return "a teammate wrote after this was decided: read and decide again";
  if (is_agent && hd_is(part->type, "close"))
    return "a teammate closed it after this was decided: read and decide again";
  return NULL;
}

static const char *part_news(const struct looking *l, size_t at, const struct intercom_part *part) {
  switch (intercom_author_of(part, l->own_id)) {
  case TRG_AUTHOR_CUSTOMER:
    return customer_news(l, at, part);
  case TRG_AUTHOR_AGENT:
    return teammate_news(l, at, true, part);
  case TRG_AUTHOR_UNKNOWN:
    return teammate_news(l, at, false, part);
  default: /* ours, and machines' */
    return NULL;
  }
}

/* The figures can be ahead of the list that is given. */
static bool figures_news(const struct intercom_thread *fresh, const struct looking *l) {
  int64_t newest_s = l->known.last_contact_s;
  for (size_t i = 0; i < fresh->part_count; i++)
    if (intercom_author_of(&fresh->parts[i], l->own_id) == TRG_AUTHOR_CUSTOMER &&
        fresh->parts[i].at_s > newest_s)
      newest_s = fresh->parts[i].at_s;
  return l->known.last_contact_s > 0 && fresh->item.last_contact_s > newest_s;
}

const char *intercom_news(const struct intercom_thread *fresh, const struct trg_action *action,
                          struct trg_str own_id) {
  struct looking l = {.known = known_read(action->version), .own_id = own_id};
  const char *news = NULL;
  l.known_at = part_find(fresh, l.known.last_part);
  l.last_at = part_find(fresh, action->last_message_id);
  for (size_t i = 0; news == NULL && i < fresh->part_count; i++)
    news = part_news(&l, i, &fresh->parts[i]);
  if (news != NULL) return news;
  if (action->last_message_id.n > 0 && l.last_at == SIZE_MAX && !fresh->partial)
    return "the message that this answers is not there any more: read and decide again";
  return figures_news(fresh, &l)
             ? "the customer wrote again, though it is not to be seen yet: read and decide again"
             : NULL;
}

static bool counts(uint32_t code) {
  if (code < 0x80)
    return (code >= '0' && code <= '9') || ((code | 32) >= 'a' && (code | 32) <= 'z');
  /* Blanks, dashes, quotes, bullets, zero-width characters; Latin-1 punctuation; CJK blanks. */
  return code >= 0xC0 && !(code >= 0x2000 && code <= 0x206F) &&
         !(code >= 0x25A0 && code <= 0x25FF) && code != 0x3000 && code != 0xFEFF && code != 0xFFFD;
}

void intercom_put_essence(struct hd_buf *buf, struct trg_str text) {
  for (size_t i = 0, step = 1; i < text.n; i += step) {
    const uint32_t code = hd_utf8_next(text.p + i, text.n - i, &step);
    if (counts(code)) hd_put_char(buf, code);
  }
}

static bool same_words(struct trg_str text, const struct hd_buf *essence) {
  struct hd_buf have = hd_buf_new((size_t)1 << 20);
  intercom_put_essence(&have, text);
  const bool same = have.n > 0 && hd_same(hd_slice(&have), hd_slice(essence));
  hd_buf_free(&have);
  return same;
}

/* Zero-width spaces and cuts are put in before sending, so it is compared as it was sent. */
static struct hd_buf essence_of_html(struct trg_str html) {
  struct hd_buf safe = hd_buf_new(INTERCOM_BODY_BYTES), text = hd_buf_new((size_t)1 << 20),
                essence = hd_buf_new((size_t)1 << 20);
  hd_put_html_safe(&safe, html, INTERCOM_BODY_BYTES);
  hd_put_html_text(&text, hd_slice(&safe));
  intercom_put_essence(&essence, hd_slice(&text));
  hd_buf_free(&safe);
  hd_buf_free(&text);
  return essence;
}

const struct intercom_part *intercom_own_part(const struct intercom_thread *thread,
                                              struct trg_str own_id, bool is_note,
                                              struct trg_str html, struct trg_str marker,
                                              int64_t since_s) {
  struct hd_buf essence = essence_of_html(html), wanted = hd_buf_new(256);
  const struct intercom_part *found = NULL;
  intercom_put_marker(&wanted, marker);
  for (size_t i = thread->part_count; found == NULL && i-- > 0;) {
    const struct intercom_part *part = &thread->parts[i];
    if (intercom_author_of(part, own_id) != TRG_AUTHOR_SELF ||
        intercom_is_private(part) != is_note || !intercom_is_message(part))
      continue;
    const bool marked = wanted.n > 0 && hd_same(part->marker, hd_slice(&wanted));
    /* A note of ours says by its marker which write it is of, and then of no other. */
    if (is_note && part->marker.n > 0 ? marked
                                      : part->at_s >= since_s && same_words(part->text, &essence))
      found = part;
  }
  hd_buf_free(&essence);
  hd_buf_free(&wanted);
  return found;
}
