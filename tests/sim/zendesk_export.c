/* Zendesk's incremental exports and search. Both read the log of changes or all tickets, never a
 * snapshot. */
#include "zendesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Cursors look like the vendor's: base64 of "SECONDS.0||POSITION". */
static void cursor_write(struct buf *b, const struct desk *d, size_t position) {
  struct buf text = {0};
  int64_t at_ms = position < d->log_count ? d->log[position].at_ms
                  : d->log_count          ? d->log[d->log_count - 1].at_ms
                                          : 0;
  buf_printf(&text, "%lld.0||%zu", (long long)(at_ms / 1000), position);
  base64_put(b, buf_text(&text), text.n);
  buf_free(&text);
}

static bool cursor_read(const char *cursor, size_t *ret_position) {
  struct buf text = {0};
  unsigned long long position = 0;
  bool good = base64_get(&text, cursor) && sscanf(buf_text(&text), "%*d.0||%llu", &position) == 1;
  buf_free(&text);
  *ret_position = (size_t)position;
  return good;
}

/* Where the hidden present begins: nothing of the last minute is shown. */
static size_t export_end(struct exchange *x) {
  return log_find(zendesk_desk(x), clock_now_ms(&x->sim->clock) - x->sim->opt.export_lag_ms);
}

static bool export_start(struct exchange *x, const char *text, size_t *ret_position) {
  char *end = NULL;
  long long seconds = text ? strtoll(text, &end, 10) : 0;
  if (text == NULL || *text == '\0' || *end != '\0' || seconds < 0 || seconds > 1000000000000) {
    zendesk_error_titled(x, 400, "Invalid attribute",
                         "start_time must be a Unix time, or cursor must be given");
    return false;
  }
  if (seconds * 1000 > clock_now_ms(&x->sim->clock) - x->sim->opt.export_lag_ms) {
    zendesk_error(x, 422, "StartTimeTooRecent",
                  "Too recent start_time. Use a start_time older than 1 minute");
    return false;
  }
  *ret_position = log_find(zendesk_desk(x), seconds * 1000);
  return true;
}

struct export_page {
  size_t from, next, end;
  size_t count;
  int64_t last_ms;
};

static void export_tickets(struct exchange *x, struct buf *b, struct export_page *p, size_t size) {
  const struct desk *d = zendesk_desk(x);
  const char *include = exchange_query(x, "include");
  const char *exclude = exchange_query(x, "exclude_deleted");
  const char *scope = exchange_query(x, "support_type_scope");
  bool counts = include && strstr(include, "comment_count");
  bool no_deleted = exclude && strcasecmp(exclude, "true") == 0;
  bool only_ai = scope && strcmp(scope, "ai_agent") == 0; /* there are no such tickets here */
  struct users u = {0};
  jw_kopen(b, "tickets", '[');
  for (p->next = p->from; p->next < p->end && p->count < size; p->next++) {
    const struct ticket *t = log_ticket(d, p->next);
    if (t == NULL || only_ai || (no_deleted && t->status == STATUS_DELETED)) {
      continue;
    }
    zendesk_ticket_open(x, b, t);
    if (counts) {
      jw_kint(b, "comment_count", t->message_count);
    }
    jw_close(b, '}');
    users_add(&u, t->requester);
    users_add(&u, t->assignee);
    p->count++;
    p->last_ms = t->changed_ms;
  }
  jw_close(b, ']');
  if (include && strstr(include, "users")) {
    users_write(x, b, &u);
  } else {
    free(u.ids);
    map_free(&u.seen);
  }
  /* what follows and is stale has nothing to show: the stream ends with the last ticket that counts
   */
  while (p->next < p->end && log_ticket(d, p->next) == NULL) {
    p->next++;
  }
}

static size_t export_size(const struct exchange *x) {
  int64_t bound = x->sim->opt.max_page > 0 && x->sim->opt.max_page < 1000 ? x->sim->opt.max_page
                                                                          : 1000;
  int64_t wanted = exchange_query_int(x, "per_page", 1000);
  return (size_t)(wanted < 1 ? 1 : wanted > bound ? bound : wanted);
}

void zendesk_export_cursor(struct exchange *x) {
  const struct desk *d = zendesk_desk(x);
  const char *cursor = exchange_query(x, "cursor");
  size_t size = export_size(x);
  struct export_page p = {.end = export_end(x)};
  if (cursor ? !cursor_read(cursor, &p.from)
             : !export_start(x, exchange_query(x, "start_time"), &p.from)) {
    if (cursor) {
      zendesk_error(x, 400, "InvalidCursor", "cursor is invalid");
    }
    return;
  }
  size_t asked = p.from;
  if (x->fault == FAULT_REPEAT) {
    size_t back = size / 2 + 1;
    p.from -= p.from < back ? p.from : back;
  }
  struct buf after = {0};
  struct buf url = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  export_tickets(x, b, &p, size);
  bool stuck = x->fault == FAULT_STUCK;
  if (p.next < asked) {
    p.next = asked; /* a page that repeats never moves the reader backwards */
  }
  cursor_write(&after, d, stuck ? asked : p.next);
  jw_kstr(b, "after_cursor", buf_text(&after));
  jw_kstr(b, "after_url",
          zendesk_url(x, &url, "incremental/tickets/cursor.json?cursor=%s", buf_text(&after)));
  jw_kraw(b, "before_cursor", "null");
  jw_kraw(b, "before_url", "null");
  jw_kbool(b, "end_of_stream", !stuck && p.next >= p.end);
  jw_close(b, '}');
  buf_free(&after);
  buf_free(&url);
}

/* The older form; it pins itself when a page is full of one second, as the original does. */
void zendesk_export_time(struct exchange *x) {
  struct export_page p = {.end = export_end(x)};
  const char *start = exchange_query(x, "start_time");
  if (!export_start(x, start, &p.from)) {
    return;
  }
  struct buf url = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  export_tickets(x, b, &p, export_size(x));
  int64_t end_time = p.count ? p.last_ms / 1000 : strtoll(start, NULL, 10);
  jw_kint(b, "count", (int64_t)p.count);
  jw_kint(b, "end_time", end_time);
  jw_kstr(b, "next_page",
          zendesk_url(x, &url, "incremental/tickets.json?start_time=%lld", (long long)end_time));
  jw_kbool(b, "end_of_stream", p.next >= p.end);
  jw_close(b, '}');
  buf_free(&url);
}

static bool status_fits(const struct ticket *t, char how, const char *value) {
  int status = status_parse(value);
  return how == '<'   ? (int)t->status < status
         : how == '>' ? (int)t->status > status
                      : (int)t->status == status;
}

static bool time_fits(int64_t own_ms, char how, const char *value) {
  int64_t at_ms = 0;
  value += *value == '=' ? 1 : 0;
  return time_parse(value, &at_ms) && (how == '<' ? own_ms <= at_ms : own_ms >= at_ms);
}

/* One word of a search: "type:ticket", "status:open", "tags:x", "created>2026-11-01", or text. */
static bool word_fits(const struct ticket *t, const char *word) {
  size_t key = strcspn(word, ":<>");
  const char *value = word[key] ? word + key + 1 : "";
  if (word[key] == '\0') {
    return text_find(t->subject, word) ||
           (t->entry_count && t->entries[0].text && text_find(t->entries[0].text, word));
  }
  if (strncmp(word, "status", key) == 0) {
    return status_fits(t, word[key], value);
  }
  if (strncmp(word, "tags", key) == 0) {
    return ticket_has_tag(t, value);
  }
  if (strncmp(word, "priority", key) == 0) {
    return t->priority && strcmp(t->priority, value) == 0;
  }
  if (strncmp(word, "created", key) == 0) {
    return time_fits(t->created_ms, word[key], value);
  }
  if (strncmp(word, "updated", key) == 0) {
    return time_fits(t->updated_ms, word[key], value);
  }
  return true; /* type:ticket, order_by:... */
}

static bool query_fits(const struct ticket *t, const char *query) {
  char word[128];
  while (*query) {
    size_t n = strcspn(query, " ");
    if (n > 0 && n < sizeof word) {
      memcpy(word, query, n);
      word[n] = '\0';
      if (!word_fits(t, word)) {
        return false;
      }
    }
    query += n + (query[n] ? 1 : 0);
  }
  return true;
}

/* The index lags by two minutes. Returns how many fit; the first max of them from skip on are
 * written. */
static size_t search_write(struct exchange *x, struct buf *b, const char *query, size_t skip,
                           size_t max) {
  const struct desk *d = zendesk_desk(x);
  int64_t indexed = clock_now_ms(&x->sim->clock) - 2 * x->sim->opt.export_lag_ms;
  size_t found = 0;
  jw_kopen(b, "results", '[');
  for (size_t i = d->ticket_count; i-- > 0;) {
    const struct ticket *t = d->tickets[i];
    if (t->changed_ms > indexed || t->status == STATUS_DELETED || !query_fits(t, query)) {
      continue;
    }
    if (found >= skip && found < skip + max) {
      zendesk_ticket_open(x, b, t);
      jw_kstr(b, "result_type", "ticket");
      jw_close(b, '}');
    }
    found++;
  }
  jw_close(b, ']');
  return found;
}

void zendesk_search(struct exchange *x) {
  const char *query = exchange_query(x, "query");
  int64_t number = exchange_query_int(x, "page", 1);
  int64_t size = exchange_query_int(x, "per_page", 100);
  if (query == NULL) {
    zendesk_error(x, 422, "invalid", "Invalid search: query is required");
    return;
  }
  number = number < 1 ? 1 : number;
  size = size < 1 || size > 100 ? 100 : size;
  if (number * size > 1000) {
    zendesk_error(
        x, 422, "invalid",
        "Invalid search: Requested response size was greater than Search Response Limits");
    return;
  }
  struct buf url = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  size_t found = search_write(x, b, query, (size_t)((number - 1) * size), (size_t)size);
  jw_kint(b, "count", (int64_t)found);
  jw_kraw(b, "facets", "null");
  bool more = (size_t)(number * size) < found;
  jw_kstr(b, "next_page",
          more ? zendesk_url(x, &url, "search.json?page=%lld&per_page=%lld", (long long)number + 1,
                             (long long)size)
               : NULL);
  jw_kraw(b, "previous_page", "null");
  jw_close(b, '}');
  buf_free(&url);
}

void zendesk_search_export(struct exchange *x) {
  const char *query = exchange_query(x, "query");
  const char *type = exchange_query(x, "filter[type]");
  struct page p;
  if (query == NULL || type == NULL) {
    zendesk_error(x, 422, "invalid", "Invalid search: query and filter[type] are required");
    return;
  }
  if (!zendesk_page(x, zendesk_desk(x)->ticket_count, 1000, &p)) {
    return;
  }
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  size_t found = search_write(x, b, query, p.from, (size_t)p.size);
  p.cursor = true;
  p.to = p.from + (size_t)p.size < found ? p.from + (size_t)p.size : found;
  jw_kraw(b, "facets", "null");
  zendesk_page_write(x, b, &p, found);
  jw_close(b, '}');
}
