/* Intercom: lists and searches. A page goes on after a place in an order of rows that has nothing
 * to do with the field that was searched for; "sort" is no part of the documented request and is
 * ignored. What changes meanwhile changes under the reader's hands. */
#include "intercom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_PAGE_DEFAULT = 20, SCATTER = 21, SCATTER_BLOCK = 32 };

struct page {
  int64_t per_page, number;
  uint64_t from; /* place of the first row */
  bool continued;
};

struct rows {
  const struct ticket **list;
  uint64_t *places;
  size_t n;
  int64_t total;
  uint64_t beyond; /* place of the first row of the next page */
  bool more;
};

static bool cursor_read(struct exchange *x, const char *text, struct page *p) {
  struct buf decoded = {0};
  unsigned long long from = 0;
  long long number = 0;
  bool good = base64_get(&decoded, text) &&
              sscanf(buf_text(&decoded), "[%llu,%lld]", &from, &number) == 2 && number > 0 &&
              number < 1000000000;
  buf_free(&decoded);
  if (!good) {
    intercom_error(x, 400, "parameter_invalid", "starting_after is not a cursor", "starting_after");
    return false;
  }
  p->from = from;
  p->number = number;
  p->continued = true;
  return true;
}

static bool page_read(struct exchange *x, const cJSON *pagination, struct page *p) {
  const cJSON *per_page = cJSON_GetObjectItemCaseSensitive(pagination, "per_page");
  const cJSON *after = cJSON_GetObjectItemCaseSensitive(pagination, "starting_after");
  const char *cursor = cJSON_IsString(after) ? after->valuestring
                                             : exchange_query(x, "starting_after");
  *p = (struct page){.number = 1};
  p->per_page = cJSON_IsNumber(per_page) ? (int64_t)per_page->valuedouble
                                         : exchange_query_int(x, "per_page", PER_PAGE_DEFAULT);
  if (p->per_page > PER_PAGE_MAX) {
    intercom_error(x, 400, "parameter_invalid", "Per Page is too big", "per_page");
    return false;
  }
  if (p->per_page < 1) {
    intercom_error(x, 400, "parameter_invalid", "Per Page must be positive", "per_page");
    return false;
  }
  if (x->sim->opt.max_page > 0 && p->per_page > x->sim->opt.max_page) {
    p->per_page = x->sim->opt.max_page;
  }
  return cursor == NULL || *cursor == '\0' || cursor_read(x, cursor, p);
}

/* Rows from the page's place on, and how many there are at all. */
static void rows_find(struct exchange *x, const struct query *q, bool tickets, const struct page *p,
                      struct rows *r) {
  const struct desk *d = intercom_desk(x->sim);
  uint64_t end = (d->ticket_count + SCATTER_BLOCK - 1) / SCATTER_BLOCK * SCATTER_BLOCK;
  memset(r, 0, sizeof *r);
  r->list = mem_alloc((size_t)p->per_page * sizeof *r->list);
  r->places = mem_alloc((size_t)p->per_page * sizeof *r->places);
  for (uint64_t place = 0; place < end; place++) {
    size_t at = (size_t)(place ^ SCATTER);
    const struct ticket *t = at < d->ticket_count ? d->tickets[at] : NULL;
    if (t == NULL || t->status == STATUS_DELETED || intercom_is_ticket(t) != tickets ||
        !query_fits(q, x->sim, t)) {
      continue;
    }
    r->total++;
    if (place < p->from || r->more) {
      continue;
    }
    if (r->n == (size_t)p->per_page) {
      r->more = true;
      r->beyond = place;
      continue;
    }
    r->places[r->n] = place;
    r->list[r->n++] = t;
  }
}

static void rows_free(struct rows *r) {
  free(r->list);
  free(r->places);
}

/* The first row of the next page changes before it can be read, and so leaves the window. */
static void row_escape(struct exchange *x, const struct rows *r) {
  struct desk *d = intercom_desk(x->sim);
  if (!r->more) {
    return;
  }
  struct ticket *t = d->tickets[r->beyond ^ SCATTER];
  struct edit e;
  char count[24];
  edit_begin(&e, &x->sim->store, d, t, x->sim->store.system, 0);
  snprintf(count, sizeof count, "%u", t->version);
  edit_attr(&e, "Swept", count);
  edit_commit(&e);
}

static void pages_write(struct buf *b, const struct page *p, const struct rows *r, bool stuck) {
  jw_kopen(b, "pages", '{');
  jw_kstr(b, "type", "pages");
  if (r->more) {
    struct buf plain = {0};
    struct buf cursor = {0};
    buf_printf(&plain, "[%llu,%lld]", (unsigned long long)(stuck ? p->from : r->beyond),
               (long long)p->number + 1);
    base64_put(&cursor, plain.p, plain.n);
    jw_kopen(b, "next", '{');
    jw_kint(b, "per_page", p->per_page);
    jw_kstr(b, "starting_after", buf_text(&cursor));
    jw_close(b, '}');
    buf_free(&plain);
    buf_free(&cursor);
  }
  jw_kint(b, "page", p->number);
  jw_kint(b, "per_page", p->per_page);
  jw_kint(b, "total_pages", (r->total + p->per_page - 1) / p->per_page);
  jw_close(b, '}');
}

static void search(struct exchange *x, const struct query *q, const cJSON *pagination,
                   bool tickets) {
  struct view v = intercom_view(x);
  struct page p;
  struct rows r;
  if (!page_read(x, pagination, &p)) {
    return;
  }
  if (x->fault == FAULT_REPEAT) {
    p.from -= p.from < 3 ? p.from : 3;
  }
  rows_find(x, q, tickets, &p, &r);
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "type", tickets ? "ticket.list" : "conversation.list");
  jw_kopen(b, tickets ? "tickets" : "conversations", '[');
  for (size_t i = 0; i < r.n; i++) {
    if (tickets) {
      intercom_ticket_write(&v, b, r.list[i]);
    } else {
      intercom_conversation_write(&v, b, r.list[i], false);
    }
  }
  jw_close(b, ']');
  jw_kint(b, "total_count", r.total);
  pages_write(b, &p, &r, x->fault == FAULT_STUCK && p.continued);
  jw_close(b, '}');
  if (x->fault == FAULT_ESCAPE) {
    row_escape(x, &r);
  }
  rows_free(&r);
}

static void search_answer(struct exchange *x, bool tickets) {
  const cJSON *json = exchange_json(x);
  if (x->fault == FAULT_SEARCH404) {
    intercom_error(x, 404, "not_found", "Conversation not found. Message deleted.", NULL);
    return;
  }
  struct query *q = query_read(x, cJSON_GetObjectItemCaseSensitive(json, "query"), tickets);
  if (q) {
    search(x, q, cJSON_GetObjectItemCaseSensitive(json, "pagination"), tickets);
    query_free(q);
  }
}

void intercom_conversations_search(struct exchange *x) {
  search_answer(x, false);
}

void intercom_tickets_search(struct exchange *x) {
  search_answer(x, true);
}

void intercom_conversations_list(struct exchange *x) {
  search(x, NULL, NULL, false);
}
