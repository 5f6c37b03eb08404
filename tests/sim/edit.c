/* Updates of tickets: the one place where a ticket changes. */
#include "ticket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void edit_begin(struct edit *e, struct store *s, struct desk *d, struct ticket *t, uint64_t author,
                unsigned flags) {
  e->store = s;
  e->desk = d;
  e->ticket = t;
  memset(&e->entry, 0, sizeof e->entry);
  e->entry.author = author;
  e->entry.flags = (uint16_t)flags;
}

static void edit_note(struct edit *e, const char *field, const char *from, const char *to) {
  if (e->entry.change_count == sizeof e->changes / sizeof e->changes[0]) {
    return;
  }
  e->changes[e->entry.change_count++] = (struct change){field, from, to};
}

static const char *json_text(struct edit *e, const char *text) {
  if (text == NULL) {
    return NULL;
  }
  struct buf b = {0};
  jw_str(&b, text);
  const char *word = store_word(e->store, buf_text(&b));
  buf_free(&b);
  return word;
}

static const char *json_id(struct edit *e, uint64_t id) {
  char text[32];
  if (id == 0) {
    return NULL;
  }
  snprintf(text, sizeof text, "\"%llu\"", (unsigned long long)id);
  return store_word(e->store, text);
}

void edit_message(struct edit *e, const char *text, const char *html, bool is_public) {
  /* interned: a backlog made of repeated tickets shares its texts */
  e->entry.text = store_word(e->store, text);
  e->entry.html = store_word(e->store, html);
  e->entry.flags |= ENTRY_MESSAGE | (is_public ? ENTRY_PUBLIC : 0);
}

void edit_status(struct edit *e, enum status status) {
  struct ticket *t = e->ticket;
  if (t->status == status) {
    return;
  }
  edit_note(e, "status", json_text(e, status_name(t->status)), json_text(e, status_name(status)));
  int64_t now = clock_now_ms(e->store->clock);
  if (status == STATUS_SOLVED) {
    t->solve_count++;
    t->solved_ms = now;
  } else if (t->status == STATUS_SOLVED && status < STATUS_SOLVED) {
    t->reopen_count++;
    t->solved_ms = 0;
  }
  t->status = status;
}

static bool same(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static void edit_word(struct edit *e, const char *field, const char **at, const char *value) {
  if (same(*at, value)) {
    return;
  }
  edit_note(e, field, json_text(e, *at), json_text(e, value));
  *at = store_word(e->store, value);
}

void edit_priority(struct edit *e, const char *priority) {
  edit_word(e, "priority", &e->ticket->priority, priority);
}

void edit_type(struct edit *e, const char *type) {
  edit_word(e, "type", &e->ticket->type, type);
}

void edit_subject(struct edit *e, const char *subject) {
  edit_word(e, "subject", &e->ticket->subject, subject);
}

static void edit_number(struct edit *e, const char *field, uint64_t *at, uint64_t value) {
  if (*at == value) {
    return;
  }
  edit_note(e, field, json_id(e, *at), json_id(e, value));
  *at = value;
}

void edit_group(struct edit *e, uint64_t group) {
  edit_number(e, "group", &e->ticket->group, group);
}

void edit_assignee(struct edit *e, uint64_t assignee) {
  edit_number(e, "assignee", &e->ticket->assignee, assignee);
}

void edit_requester(struct edit *e, uint64_t requester) {
  edit_number(e, "requester", &e->ticket->requester, requester);
}

static const char *tags_json(struct edit *e, const char *const *tags, size_t n) {
  struct buf b = {0};
  jw_open(&b, '[');
  for (size_t i = 0; i < n; i++) {
    jw_str(&b, tags[i]);
  }
  jw_close(&b, ']');
  const char *word = store_word(e->store, buf_text(&b));
  buf_free(&b);
  return word;
}

void edit_tags(struct edit *e, const char *const *tags, size_t n) {
  struct ticket *t = e->ticket;
  const char *before = tags_json(e, t->tags, t->tag_count);
  const char **kept = arena_get(&e->store->arena, (n + 1) * sizeof *kept);
  uint32_t count = 0;
  for (size_t i = 0; i < n; i++) {
    const char *word = store_word(e->store, tags[i]);
    bool twice = false;
    for (uint32_t k = 0; k < count; k++) {
      twice = twice || kept[k] == word;
    }
    if (!twice && *word) {
      kept[count++] = word;
    }
  }
  t->tags = kept;
  t->tag_count = count;
  const char *after = tags_json(e, t->tags, t->tag_count);
  if (before == after) {
    return;
  }
  for (uint16_t i = 0; i < e->entry.change_count; i++) {
    if (strcmp(e->changes[i].field, "tags") == 0) {
      e->changes[i].to = after;
      return;
    }
  }
  edit_note(e, "tags", before, after);
}

void edit_tag_add(struct edit *e, const char *tag) {
  struct ticket *t = e->ticket;
  if (*tag == '\0' || ticket_has_tag(t, tag)) {
    return;
  }
  const char **all = mem_alloc((t->tag_count + 1) * sizeof *all);
  for (size_t i = 0; i < t->tag_count; i++) {
    all[i] = t->tags[i];
  }
  all[t->tag_count] = tag;
  edit_tags(e, all, t->tag_count + 1);
  free(all);
}

void edit_tag_remove(struct edit *e, const char *tag) {
  struct ticket *t = e->ticket;
  const char **rest = mem_alloc((t->tag_count + 1) * sizeof *rest);
  size_t n = 0;
  for (size_t i = 0; i < t->tag_count; i++) {
    if (strcmp(t->tags[i], tag) != 0) {
      rest[n++] = t->tags[i];
    }
  }
  if (n < t->tag_count) {
    edit_tags(e, rest, n);
  }
  free(rest);
}

void edit_attr(struct edit *e, const char *key, const char *json) {
  struct ticket *t = e->ticket;
  char field[128];
  snprintf(field, sizeof field, "attr:%s", key);
  for (size_t i = 0; i < t->attr_count; i++) {
    if (strcmp(t->attrs[i].key, key) == 0) {
      if (!same(t->attrs[i].json, json)) {
        edit_note(e, store_word(e->store, field), t->attrs[i].json, store_word(e->store, json));
        t->attrs[i].json = store_word(e->store, json);
      }
      return;
    }
  }
  struct attr *all = arena_get(&e->store->arena, (t->attr_count + 1) * sizeof *all);
  if (t->attr_count) {
    memcpy(all, t->attrs, t->attr_count * sizeof *all);
  }
  all[t->attr_count] = (struct attr){store_word(e->store, key), store_word(e->store, json)};
  t->attrs = all;
  t->attr_count++;
  edit_note(e, store_word(e->store, field), NULL, all[t->attr_count - 1].json);
}

void edit_rating(struct edit *e, enum rating rating, const char *comment) {
  if (e->ticket->rating == rating) {
    return;
  }
  edit_note(e, "rating", json_text(e, rating_name(e->ticket->rating)),
            json_text(e, rating_name(rating)));
  e->ticket->rating = rating;
  if (comment) {
    edit_attr(e, "rating_comment", json_text(e, comment));
  }
}

/* The text with a block in place of each character of the passage; NULL stays NULL. */
static const char *blanked(struct store *s, const char *text, const char *passage) {
  struct buf out = {0};
  const char *at = text;
  for (const char *hit; at && (hit = strstr(at, passage)) != NULL; at = hit + strlen(passage)) {
    buf_add(&out, at, (size_t)(hit - at));
    for (const char *c = passage; *c; c++) {
      buf_str(&out, ((unsigned char)*c & 0xc0) == 0x80 ? "" : "\xe2\x96\x87");
    }
  }
  if (at) {
    buf_str(&out, at);
  }
  const char *word = text ? store_word(s, buf_text(&out)) : NULL;
  buf_free(&out);
  return word;
}

bool edit_redact(struct edit *e, const char *passage) {
  for (size_t i = 0; i < e->ticket->entry_count && *passage; i++) {
    struct entry *said = &e->ticket->entries[i];
    if (!(said->flags & ENTRY_MESSAGE) || said->text == NULL || !strstr(said->text, passage) ||
        e->desk->redaction == REDACTS_NOTHING) {
      continue;
    }
    bool whole = e->desk->redaction == REDACTS_MESSAGE;
    said->text = whole ? store_word(e->store, "") : blanked(e->store, said->text, passage);
    said->html = whole ? NULL : blanked(e->store, said->html, passage);
    said->flags |= ENTRY_REDACTED;
    e->entry.redacts = said->message_id;
    return true;
  }
  return false;
}

void edit_metadata(struct edit *e, const char *json) {
  e->entry.metadata = arena_copy(&e->store->arena, json);
}

static void log_add(struct desk *d, struct ticket *t) {
  uint64_t at = 0;
  if (d->log_count == d->log_cap) {
    d->log_cap = d->log_cap ? d->log_cap * 2 : 1024;
    d->log = mem_grow(d->log, d->log_cap * sizeof *d->log);
  }
  map_get(&d->by_number, t->number, &at);
  d->log[d->log_count++] = (struct log_record){t->changed_ms, (uint32_t)at, t->version};
}

struct entry *edit_commit(struct edit *e) {
  struct store *s = e->store;
  struct ticket *t = e->ticket;
  struct entry *entry = &e->entry;
  entry->id = s->next_id++;
  entry->at_ms = clock_now_ms(s->clock);
  if (entry->flags & ENTRY_MESSAGE) {
    entry->message_id = s->next_id++;
    t->message_count++;
    if (t->message_count == 1) {
      t->first_public = (entry->flags & ENTRY_PUBLIC) != 0;
    }
  }
  if (entry->change_count) {
    size_t bytes = entry->change_count * sizeof(struct change);
    entry->changes = arena_get(&s->arena, bytes);
    memcpy(entry->changes, e->changes, bytes);
  }
  if (t->entry_count == t->entry_cap) {
    t->entry_cap = t->entry_cap ? t->entry_cap * 2 : 1;
    t->entries = mem_grow(t->entries, t->entry_cap * sizeof *t->entries);
  }
  t->entries[t->entry_count] = *entry;
  t->entry_count++;
  if (!(entry->flags & ENTRY_SYSTEM) || t->updated_ms == 0) {
    t->updated_ms = entry->at_ms;
  }
  t->changed_ms = entry->at_ms;
  struct desk *d = e->desk;
  if (!s->loading && d->log_count && d->log[d->log_count - 1].at_ms > t->changed_ms) {
    /* an event handled a little late must not break the order that readers of the log rely on */
    t->changed_ms = d->log[d->log_count - 1].at_ms;
  }
  t->version++;
  log_add(e->desk, t);
  struct entry *kept = &t->entries[t->entry_count - 1];
  if (s->on_entry) {
    s->on_entry(s->on_entry_subject, e->desk, t, kept);
    kept = &t->entries[t->entry_count - 1];
  }
  return kept;
}

size_t log_find(const struct desk *d, int64_t at_ms) {
  size_t low = 0;
  size_t high = d->log_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (d->log[middle].at_ms < at_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct ticket *log_ticket(const struct desk *d, size_t position) {
  const struct log_record *r = &d->log[position];
  struct ticket *t = d->tickets[r->ticket];
  return t->version == r->version ? t : NULL;
}

static int record_order(const void *a, const void *b) {
  const struct log_record *x = a;
  const struct log_record *y = b;
  if (x->at_ms != y->at_ms) {
    return x->at_ms < y->at_ms ? -1 : 1;
  }
  if (x->ticket != y->ticket) {
    return x->ticket < y->ticket ? -1 : 1;
  }
  return x->version < y->version ? -1 : 1;
}

void log_sort(struct desk *d) {
  if (d->log_count) {
    qsort(d->log, d->log_count, sizeof *d->log, record_order);
  }
}
