/* Zendesk's reading endpoints: tickets, comments, audits, users. */
#include "zendesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t page_limit(const struct exchange *x, int64_t wanted, int64_t max) {
  int64_t bound = x->sim->opt.max_page > 0 && x->sim->opt.max_page < max ? x->sim->opt.max_page
                                                                         : max;
  return (size_t)(wanted < 1 ? 1 : wanted > bound ? bound : wanted);
}

static bool page_by_cursor(struct exchange *x, size_t total, int64_t max, struct page *p) {
  const char *size = exchange_query(x, "page[size]");
  const char *after = exchange_query(x, "page[after]");
  char *end = NULL;
  long long wanted = size ? strtoll(size, &end, 10) : max;
  if ((size && *end != '\0') || wanted < 1 || wanted > max) {
    zendesk_error_list(x, 400, "InvalidPaginationParameter", "Invalid pagination parameter",
                       "page[size] must be between 1 and 100");
    return false;
  }
  struct buf decoded = {0};
  unsigned long long from = 0;
  bool good = after == NULL ||
              (base64_get(&decoded, after) && sscanf(buf_text(&decoded), "o:%llu", &from) == 1);
  buf_free(&decoded);
  if (!good) {
    zendesk_error_list(x, 400, "InvalidCursor", "Invalid cursor", "page[after] is not a cursor");
    return false;
  }
  p->cursor = true;
  p->from = from < total ? (size_t)from : total;
  p->size = (int64_t)page_limit(x, wanted, max);
  return true;
}

static bool page_by_number(struct exchange *x, size_t total, int64_t max, struct page *p) {
  p->number = exchange_query_int(x, "page", 1);
  p->number = p->number < 1 ? 1 : p->number;
  p->size = (int64_t)page_limit(x, exchange_query_int(x, "per_page", max), max);
  if (p->number > 100 && p->number * p->size > 10000) {
    zendesk_error_list(x, 400, "InvalidPaginationDepth", "Invalid pagination depth",
                       "Offset pagination ends after 100 pages. Use cursor pagination.");
    return false;
  }
  size_t from = (size_t)((p->number - 1) * p->size);
  p->from = from < total ? from : total;
  return true;
}

bool zendesk_page(struct exchange *x, size_t total, int64_t max, struct page *ret_page) {
  struct page p = {0};
  bool cursor = exchange_query(x, "page[size]") || exchange_query(x, "page[after]");
  if (cursor ? !page_by_cursor(x, total, max, &p) : !page_by_number(x, total, max, &p)) {
    return false;
  }
  if (x->fault == FAULT_REPEAT) {
    p.from -= p.from < 2 ? p.from : 2;
  }
  p.to = p.from + (size_t)p.size < total ? p.from + (size_t)p.size : total;
  *ret_page = p;
  return true;
}

static void cursor_put(struct buf *b, const char *key, size_t position, bool there) {
  struct buf text = {0};
  struct buf cursor = {0};
  if (!there) {
    jw_kraw(b, key, "null");
    return;
  }
  buf_printf(&text, "o:%zu", position);
  base64_put(&cursor, buf_text(&text), text.n);
  jw_kstr(b, key, buf_text(&cursor));
  buf_free(&text);
  buf_free(&cursor);
}

void zendesk_page_write(struct exchange *x, struct buf *b, const struct page *p, size_t total) {
  struct buf url = {0};
  bool more = p->to < total;
  const char *path = x->path + strlen("/api/v2/");
  if (!p->cursor) {
    jw_kint(b, "count", (int64_t)total);
    jw_kstr(b, "next_page",
            more ? zendesk_url(x, &url, "%s?page=%lld&per_page=%lld", path,
                               (long long)p->number + 1, (long long)p->size)
                 : NULL);
    jw_kstr(b, "previous_page",
            p->number > 1 ? zendesk_url(x, &url, "%s?page=%lld&per_page=%lld", path,
                                        (long long)p->number - 1, (long long)p->size)
                          : NULL);
    buf_free(&url);
    return;
  }
  jw_kopen(b, "meta", '{');
  jw_kbool(b, "has_more", more);
  cursor_put(b, "after_cursor", p->to, p->to > p->from);
  cursor_put(b, "before_cursor", p->from, p->to > p->from);
  jw_close(b, '}');
  jw_kopen(b, "links", '{');
  struct buf text = {0};
  struct buf cursor = {0};
  buf_printf(&text, "o:%zu", p->to);
  base64_put(&cursor, buf_text(&text), text.n);
  jw_kstr(b, "next",
          more ? zendesk_url(x, &url, "%s?page%%5Bafter%%5D=%s&page%%5Bsize%%5D=%lld", path,
                             buf_text(&cursor), (long long)p->size)
               : NULL);
  jw_kraw(b, "prev", "null");
  jw_close(b, '}');
  buf_free(&text);
  buf_free(&cursor);
  buf_free(&url);
}

void zendesk_show(struct exchange *x) {
  const struct ticket *t = zendesk_ticket(x, false);
  if (t == NULL) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  const char *include = exchange_query(x, "include");
  jw_open(b, '{');
  jw_key(b, "ticket");
  zendesk_ticket_open(x, b, t);
  if (include && strstr(include, "comment_count")) {
    jw_kint(b, "comment_count", t->message_count);
  }
  jw_close(b, '}');
  if (include && strstr(include, "users")) {
    struct users u = {0};
    users_add(&u, t->requester);
    users_add(&u, t->assignee);
    users_write(x, b, &u);
  }
  jw_close(b, '}');
}

/* Closed for 120 days, whatever was redacted in it since. */
static bool archived(const struct exchange *x, const struct ticket *t) {
  int64_t closed_ms = 0;
  for (size_t i = 0; t->status == STATUS_CLOSED && i < t->entry_count; i++) {
    for (size_t k = 0; k < t->entries[i].change_count; k++) {
      bool turned = strcmp(t->entries[i].changes[k].field, "status") == 0;
      closed_ms = turned ? t->entries[i].at_ms : closed_ms;
    }
  }
  return closed_ms != 0 && clock_now_ms(&x->sim->clock) - closed_ms > 120 * 86400000LL;
}

/* Lists leave out what is deleted or archived. */
static bool listed(const struct exchange *x, const struct ticket *t) {
  return t->status != STATUS_DELETED && !archived(x, t);
}

void zendesk_list(struct exchange *x) {
  const struct desk *d = zendesk_desk(x);
  struct page p;
  if (!zendesk_page(x, d->ticket_count, 100, &p)) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "tickets", '[');
  for (size_t i = p.from; i < p.to; i++) {
    if (listed(x, d->tickets[i])) {
      zendesk_ticket_write(x, b, d->tickets[i]);
    }
  }
  jw_close(b, ']');
  zendesk_page_write(x, b, &p, d->ticket_count);
  jw_close(b, '}');
}

/* Reads "ids=1,2,3"; false when there are none or more than a hundred: it has answered then. */
static size_t ids_read(struct exchange *x, uint64_t ids[100]) {
  const char *text = exchange_query(x, "ids");
  size_t n = 0;
  while (text && *text && n < 100) {
    char *end = NULL;
    ids[n] = strtoull(text, &end, 10);
    if (end == text) {
      break;
    }
    n++;
    text = *end == ',' ? end + 1 : end;
  }
  if (n == 0 || (text && *text)) {
    zendesk_error_titled(x, 400, "Invalid attribute", "ids must be a list of at most 100 numbers");
    return 0;
  }
  return n;
}

void zendesk_show_many(struct exchange *x) {
  uint64_t ids[100];
  size_t n = ids_read(x, ids);
  if (n == 0) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  size_t found = 0;
  jw_open(b, '{');
  jw_kopen(b, "tickets", '[');
  for (size_t i = 0; i < n; i++) {
    const struct ticket *t = ticket_get(zendesk_desk(x), ids[i]);
    if (t && t->status != STATUS_DELETED) {
      zendesk_ticket_write(x, b, t);
      found++;
    }
  }
  jw_close(b, ']');
  jw_kint(b, "count", (int64_t)found);
  jw_kraw(b, "next_page", "null");
  jw_kraw(b, "previous_page", "null");
  jw_close(b, '}');
}

static bool is_comment(const struct ticket *t, const struct entry *e) {
  return (e->flags & ENTRY_MESSAGE) && !zendesk_is_chat(t, e);
}

void zendesk_comments(struct exchange *x) {
  const struct ticket *t = zendesk_ticket(x, false);
  struct page p;
  size_t n = 0;
  for (size_t i = 0; t && i < t->entry_count; i++) {
    n += is_comment(t, &t->entries[i]);
  }
  if (t == NULL || !zendesk_page(x, n, 100, &p)) {
    return;
  }
  const char *sort = exchange_query(x, p.cursor ? "sort" : "sort_order");
  bool backwards = sort && (strcmp(sort, "-created_at") == 0 || strcmp(sort, "desc") == 0);
  const struct entry **messages = mem_alloc((n + 1) * sizeof(const struct entry *));
  n = 0;
  for (size_t i = 0; i < t->entry_count; i++) {
    const struct entry *e = &t->entries[backwards ? t->entry_count - 1 - i : i];
    if (is_comment(t, e)) {
      messages[n++] = e;
    }
  }
  struct users u = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "comments", '[');
  for (size_t i = p.from; i < p.to; i++) {
    zendesk_comment_write(x, b, t, messages[i]);
    users_add(&u, messages[i]->author);
  }
  jw_close(b, ']');
  const char *include = exchange_query(x, "include");
  if (include && strstr(include, "users")) {
    users_write(x, b, &u);
  } else {
    free(u.ids);
    map_free(&u.seen);
  }
  zendesk_page_write(x, b, &p, n);
  jw_close(b, '}');
  free(messages);
}

void zendesk_audits(struct exchange *x) {
  const struct ticket *t = zendesk_ticket(x, false);
  struct page p;
  const bool whole = t != NULL && archived(x, t);
  if (whole && (exchange_query(x, "page[size]") || exchange_query(x, "page"))) {
    zendesk_error(x, 400, "InvalidPaginationParameter",
                  "Audits of archived tickets do not support pagination");
    return;
  }
  if (t == NULL || !zendesk_page(x, t->entry_count, 100, &p)) {
    return;
  }
  p.to = whole ? t->entry_count : p.to;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "audits", '[');
  for (size_t i = p.from; i < p.to; i++) {
    zendesk_audit_write(x, b, t, &t->entries[i]);
  }
  jw_close(b, ']');
  zendesk_page_write(x, b, &p, t->entry_count);
  jw_close(b, '}');
}

static void metric_write(struct buf *b, const struct ticket *t) {
  jw_open(b, '{');
  jw_kid(b, "id", t->number % 100000000 + 36000000000000);
  jw_kid(b, "ticket_id", t->number);
  jw_ktime(b, "created_at", t->created_ms);
  jw_ktime(b, "updated_at", t->updated_ms);
  jw_kint(b, "group_stations", t->group ? 1 : 0);
  jw_kint(b, "assignee_stations", t->assignee ? 1 : 0);
  jw_kint(b, "reopens", t->reopen_count);
  jw_kint(b, "replies", t->bot_replies);
  jw_ktime(b, "solved_at", t->solved_ms);
  jw_ktime(b, "status_updated_at", t->updated_ms);
  jw_close(b, '}');
}

void zendesk_metrics(struct exchange *x) {
  const struct ticket *t = zendesk_ticket(x, false);
  if (t == NULL) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_key(b, "ticket_metric");
  metric_write(b, t);
  jw_close(b, '}');
}

/* The same by the id of the metric; here it is the ticket's, and the description has it as a list.
 */
void zendesk_metrics_by_id(struct exchange *x) {
  const struct ticket *t = zendesk_ticket(x, false);
  if (t == NULL) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "ticket_metric", '[');
  metric_write(b, t);
  jw_close(b, ']');
  jw_close(b, '}');
}

void zendesk_tags_get(struct exchange *x) {
  const struct ticket *t = zendesk_ticket(x, false);
  if (t == NULL) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "tags", '[');
  for (size_t i = 0; i < t->tag_count; i++) {
    jw_str(b, t->tags[i]);
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

void zendesk_me(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  if (x->grants == 0 || x->grants == GRANT_ANONYMOUS) {
    x->sim->stats.unauthorized++;
    jw_kraw(
        b, "user",
        "{\"id\":null,\"url\":\"\",\"name\":\"Anonymous user\",\"email\":\"invalid@example.com\","
        "\"created_at\":null,\"updated_at\":null,\"role\":\"end-user\",\"verified\":false,"
        "\"locale\":\"en-US\","
        "\"locale_id\":1,\"tags\":[],\"authenticity_token\":null}");
  } else {
    jw_key(b, "user");
    zendesk_user_write(x, b, person_get(&x->sim->store, x->user));
  }
  jw_close(b, '}');
}

void zendesk_user_show(struct exchange *x) {
  const struct person *p = person_get(&x->sim->store, strtoull(x->capture[0], NULL, 10));
  if (p == NULL) {
    zendesk_not_found(x);
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_key(b, "user");
  zendesk_user_write(x, b, p);
  jw_close(b, '}');
}

void zendesk_users_many(struct exchange *x) {
  uint64_t ids[100];
  struct users u = {0};
  size_t n = ids_read(x, ids);
  if (n == 0) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (person_get(&x->sim->store, ids[i])) {
      users_add(&u, ids[i]);
    }
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  size_t found = u.n;
  users_write(x, b, &u);
  jw_kint(b, "count", (int64_t)found);
  jw_kraw(b, "next_page", "null");
  jw_kraw(b, "previous_page", "null");
  jw_close(b, '}');
}
