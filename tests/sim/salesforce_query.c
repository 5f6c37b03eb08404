/* Queries: finding the rows, putting them in order, and handing them out page by page. */
#include "salesforce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  BATCH_MAX = 2000,
  BATCH_MIN = 200,
  BATCH_FAT = 500, /* rows with long texts come in smaller pages */
  LATE_MS = 240000 /* a row is late only as long as its stamp is this new */
};
static const int64_t LOCATOR_LIFE_MS = 2 * 86400000LL;

static void value_write(struct buf *b, struct sf_value *v) {
  char text[40];
  if (v->is_null) {
    jw_raw(b, "null");
    return;
  }
  switch (v->kind) {
  case SF_BOOL:
    jw_bool(b, v->n != 0);
    break;
  case SF_INT:
    jw_int(b, v->n);
    break;
  case SF_TIME:
    jw_str(b, sf_time(v->n, text));
    break;
  default:
    if (v->raw) {
      jw_raw(b, buf_text(&v->text));
    } else {
      jw_str(b, buf_text(&v->text));
    }
  }
}

static void attributes_write(struct exchange *x, struct buf *b, const struct sf_object *o,
                             const struct sf_row *r) {
  struct sf_value id = {0};
  struct sf_column c;
  char url[160];
  sf_column(o, "Id", &c);
  o->get(x, r, &c, &id);
  snprintf(url, sizeof url, "/services/data/v%d.0/sobjects/%s/%s", sf_version(x), o->name,
           buf_text(&id.text));
  jw_kopen(b, "attributes", '{');
  jw_kstr(b, "type", o->name);
  jw_kstr(b, "url", url);
  jw_close(b, '}');
  buf_free(&id.text);
}

/* "Owner.Name" and "Owner.Type" together are an object of their own. */
static void related_write(struct exchange *x, struct buf *b, const struct sf_object *o,
                          const struct sf_column *columns, size_t n, size_t first,
                          const struct sf_row *r) {
  size_t prefix = strcspn(columns[first].name, ".") + 1;
  char name[80];
  for (size_t i = 0; i < first; i++) {
    if (strncmp(columns[i].name, columns[first].name, prefix) == 0) {
      return; /* written already */
    }
  }
  snprintf(name, sizeof name, "%.*s", (int)prefix - 1, columns[first].name);
  jw_kopen(b, name, '{');
  jw_kopen(b, "attributes", '{');
  jw_kstr(b, "type", strcmp(name, "Contact") == 0 ? "Contact" : "Name");
  jw_close(b, '}');
  for (size_t i = first; i < n; i++) {
    if (strncmp(columns[i].name, columns[first].name, prefix) == 0) {
      struct sf_value v = {0};
      o->get(x, r, &columns[i], &v);
      jw_key(b, columns[i].name + prefix);
      value_write(b, &v);
      buf_free(&v.text);
    }
  }
  jw_close(b, '}');
}

void sf_record_write(struct exchange *x, struct buf *b, const struct sf_object *o,
                     const struct sf_column *columns, size_t n, const struct sf_row *r) {
  struct sf_value v = {0};
  jw_open(b, '{');
  attributes_write(x, b, o, r);
  for (size_t i = 0; i < n; i++) {
    if (strchr(columns[i].name, '.')) {
      related_write(x, b, o, columns, n, i, r);
      continue;
    }
    v.is_null = false;
    o->get(x, r, &columns[i], &v);
    jw_key(b, columns[i].name);
    value_write(b, &v);
  }
  jw_close(b, '}');
  buf_free(&v.text);
}

struct rows {
  struct exchange *x;
  const struct sf_query *q;
  bool all;
  struct sf_row *list;
  size_t n, cap;
};

static void row_take(void *into, const struct sf_row *r) {
  struct rows *rows = into;
  const struct sf_object *o = rows->q->object;
  if ((!rows->all && o->deleted && o->deleted(rows->x, r)) || !sf_query_fits(rows->x, rows->q, r)) {
    return;
  }
  if (rows->n == rows->cap) {
    rows->cap = rows->cap ? rows->cap * 2 : 64;
    rows->list = mem_grow(rows->list, rows->cap * sizeof *rows->list);
  }
  rows->list[rows->n++] = *r;
}

/* The condition that names the cases, if every row must meet it: spares reading all others. */
static const struct sf_node *cases_named(const struct sf_query *q, const struct sf_node *n) {
  if (n == NULL || !q->object->of_case) {
    return NULL;
  }
  if (n->kind == NODE_AND) {
    const struct sf_node *found = cases_named(q, n->a);
    return found ? found : cases_named(q, n->b);
  }
  bool names = n->kind == NODE_COMPARE && (n->op == OP_EQ || n->op == OP_IN) &&
               strcmp(n->column.name, q->object->parent) == 0;
  return names ? n : NULL;
}

static void rows_find(struct rows *rows) {
  const struct sf_query *q = rows->q;
  const struct sf_node *named = cases_named(q, q->where);
  struct map seen = {0};
  if (named == NULL) {
    q->object->scan(rows->x, NULL, row_take, rows);
    return;
  }
  for (size_t i = 0; i < named->n; i++) {
    uint64_t number = 0;
    uint64_t once = 0;
    const char *id = named->list[i].kind == LITERAL_TEXT ? named->list[i].text : "";
    struct ticket *t = sf_id_parse(id, "500", &number) ? ticket_get(sf_desk(rows->x), number)
                                                       : NULL;
    if (t && !map_get(&seen, number + 1, &once)) {
      map_put(&seen, number + 1, 1);
      q->object->scan(rows->x, t, row_take, rows);
    }
  }
  map_free(&seen);
}

struct sorted {
  struct sf_row row;
  struct {
    int64_t n;
    char text[64];
    bool is_null;
  } key[ORDER_MAX];
  uint64_t tie;
  const struct sf_query *q;
};

static int sorted_order(const void *a, const void *b) {
  const struct sorted *x = a;
  const struct sorted *y = b;
  for (size_t i = 0; i < x->q->order_count; i++) {
    int order = 0;
    if (x->key[i].is_null != y->key[i].is_null) {
      return (x->key[i].is_null ? -1 : 1) * (x->q->order[i].nulls_last ? -1 : 1);
    }
    if (x->key[i].n != y->key[i].n) {
      order = x->key[i].n < y->key[i].n ? -1 : 1;
    } else {
      order = strcmp(x->key[i].text, y->key[i].text);
    }
    if (order) {
      return x->q->order[i].down ? -order : order;
    }
  }
  return x->tie < y->tie ? -1 : x->tie > y->tie;
}

/* Rows that no ORDER BY tells apart come in an order of their own. */
static void rows_sort(struct rows *rows) {
  struct sorted *all = mem_alloc((rows->n + 1) * sizeof *all);
  struct sf_value v = {0};
  for (size_t i = 0; i < rows->n; i++) {
    all[i].row = rows->list[i];
    all[i].q = rows->q;
    all[i].tie = hash_mix(rows->x->sim->opt.seed, rows->list[i].number);
    for (size_t k = 0; k < rows->q->order_count; k++) {
      v.n = 0;
      v.is_null = false;
      v.text.n = 0;
      rows->q->object->get(rows->x, &rows->list[i], &rows->q->order[k].column, &v);
      all[i].key[k].n = v.kind == SF_ID || v.kind == SF_TEXT ? 0 : v.n;
      snprintf(all[i].key[k].text, sizeof all[i].key[k].text, "%s", buf_text(&v.text));
      all[i].key[k].is_null = v.is_null;
    }
  }
  qsort(all, rows->n, sizeof *all, sorted_order);
  for (size_t i = 0; i < rows->n; i++) {
    rows->list[i] = all[i].row;
  }
  buf_free(&v.text);
  free(all);
}

/* Takes one row away that is not the newest: it appears later, with its old stamp. Each row is late
 * once. */
static void rows_late(struct rows *rows) {
  struct salesforce *sf = rows->x->state;
  const struct sf_object *o = rows->q->object;
  int64_t now = clock_now_ms(&rows->x->sim->clock);
  int64_t newest = 0;
  uint64_t seen = 0;
  if (o->stamp == NULL) {
    return;
  }
  for (size_t i = 0; i < rows->n; i++) {
    int64_t at = o->stamp(rows->x, &rows->list[i]);
    newest = at > newest ? at : newest;
  }
  for (size_t i = 0; i < rows->n; i++) {
    int64_t at = o->stamp(rows->x, &rows->list[i]);
    uint64_t key = hash_mix(hash_text(7, o->name), hash_mix(rows->list[i].number, (uint64_t)at)) |
                   1;
    if (at < newest && at > now - LATE_MS && !map_get(&sf->late_seen, key, &seen)) {
      map_put(&sf->late_seen, key, 1);
      memmove(&rows->list[i], &rows->list[i + 1], (rows->n - i - 1) * sizeof *rows->list);
      rows->n--;
      return;
    }
  }
}

static int64_t batch_of(const struct sf_call *c, const struct sf_query *q) {
  const char *options = sf_call_header(c, "Sforce-Query-Options");
  const char *size = options ? strstr(options, "batchSize=") : NULL;
  int64_t batch = size ? strtoll(size + 10, NULL, 10) : BATCH_MAX;
  int64_t max = c->x->sim->opt.max_page;
  batch = batch < BATCH_MIN ? BATCH_MIN : batch > BATCH_MAX ? BATCH_MAX : batch;
  for (size_t i = 0; i < q->column_count; i++) {
    if (q->columns[i].field->kind == SF_LONG && batch > BATCH_FAT) {
      batch = BATCH_FAT;
    }
  }
  return max > 0 && max < batch ? max : batch;
}

static void locator_free(struct sf_locator *l) {
  free(l->soql);
  free(l->rows);
  memset(l, 0, sizeof *l);
}

/* A user has ten at most: the oldest gives way. */
static struct sf_locator *locator_keep(struct exchange *x, struct rows *rows, const char *soql,
                                       int64_t batch) {
  struct salesforce *sf = x->state;
  struct sf_locator *l = &sf->locators[sf->locator_count++ % LOCATOR_MAX];
  struct buf copy = {0};
  locator_free(l);
  char id[SF_ID_BYTES];
  sf_id(id, "0r8", sf->locator_count + 1000);
  snprintf(l->id, sizeof l->id, "%s", id);
  buf_str(&copy, soql);
  l->soql = buf_take(&copy);
  l->rows = rows->list;
  l->n = rows->n;
  l->batch = batch;
  l->made_ms = clock_now_ms(&x->sim->clock);
  rows->list = NULL;
  return l;
}

static void page_write(struct sf_call *c, const struct sf_query *q, const struct sf_row *rows,
                       size_t total, size_t from, size_t to, const char *locator) {
  struct buf *b = &c->out;
  c->status = 200;
  jw_open(b, '{');
  jw_kint(b, "totalSize", (int64_t)total);
  jw_kbool(b, "done", to >= total);
  if (to < total) {
    char url[120];
    snprintf(url, sizeof url, "/services/data/v%d.0/query/%s-%zu", sf_version(c->x), locator, to);
    jw_kstr(b, "nextRecordsUrl", url);
  }
  jw_kopen(b, "records", '[');
  for (size_t i = from; i < to; i++) {
    sf_record_write(c->x, b, q->object, q->columns, q->column_count, &rows[i]);
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

static void rows_answer(struct sf_call *c, const struct sf_query *q, struct rows *rows,
                        const char *soql) {
  if (q->count_only) {
    buf_printf(&c->out, "{\"totalSize\":%zu,\"done\":true,\"records\":[]}", rows->n);
    c->status = 200;
    return;
  }
  rows_sort(rows);
  if (c->x->fault == FAULT_LATE) {
    rows_late(rows);
  }
  size_t skip = (size_t)q->offset < rows->n ? (size_t)q->offset : rows->n;
  if (skip) {
    memmove(rows->list, rows->list + skip, (rows->n - skip) * sizeof *rows->list);
    rows->n -= skip;
  }
  if (q->limit >= 0 && (size_t)q->limit < rows->n) {
    rows->n = (size_t)q->limit;
  }
  size_t batch = (size_t)batch_of(c, q);
  size_t total = rows->n;
  if (total <= batch) {
    page_write(c, q, rows->list, total, 0, total, "");
    return;
  }
  const struct sf_locator *l = locator_keep(c->x, rows, soql, (int64_t)batch);
  page_write(c, q, l->rows, total, 0, batch, l->id);
}

void sf_call_query_run(struct sf_call *c, bool all) {
  struct sf_query *q = mem_alloc(sizeof *q);
  char *soql = sf_call_query(c, "q");
  if (soql == NULL || *soql == '\0') {
    sf_error(c, 400, "MALFORMED_QUERY", NULL, "SOQL statements cannot be empty or null");
  } else if (!sf_query_parse(q, soql, clock_now_ms(&c->x->sim->clock))) {
    sf_error(c, 400, q->code, NULL, "%s", q->why);
    sf_query_close(q);
  } else {
    struct rows rows = {.x = c->x, .q = q, .all = all};
    rows_find(&rows);
    rows_answer(c, q, &rows, soql);
    free(rows.list);
    sf_query_close(q);
  }
  free(soql);
  free(q);
}

void sf_call_more(struct sf_call *c, const char *locator) {
  struct salesforce *sf = c->x->state;
  const char *dash = strchr(locator, '-');
  int64_t now = clock_now_ms(&c->x->sim->clock);
  char *end = NULL;
  size_t from = dash ? (size_t)strtoull(dash + 1, &end, 10) : 0;
  for (size_t i = 0; i < LOCATOR_MAX && dash && c->x->fault != FAULT_LOCATOR; i++) {
    struct sf_locator *l = &sf->locators[i];
    size_t n = (size_t)(dash - locator);
    if (l->id[0] == '\0' || strlen(l->id) != n || strncmp(l->id, locator, n) != 0 ||
        now - l->made_ms > LOCATOR_LIFE_MS || from >= l->n || *end != '\0') {
      continue;
    }
    struct sf_query *q = mem_alloc(sizeof *q);
    size_t to = from + (size_t)l->batch < l->n ? from + (size_t)l->batch : l->n;
    if (sf_query_parse(q, l->soql, now)) {
      page_write(c, q, l->rows, l->n, from, to, l->id);
    }
    sf_query_close(q);
    free(q);
    return;
  }
  sf_error(c, 400, "INVALID_QUERY_LOCATOR", NULL, "invalid query locator");
}

struct wanted {
  struct exchange *x;
  const struct sf_object *o;
  const char *id;
  struct sf_row row;
  bool found;
};

static void wanted_take(void *into, const struct sf_row *r) {
  struct wanted *w = into;
  struct sf_value v = {0};
  struct sf_column c;
  sf_column(w->o, "Id", &c);
  w->o->get(w->x, r, &c, &v);
  if (strncmp(buf_text(&v.text), w->id, 15) == 0) {
    w->row = *r;
    w->found = true;
  }
  buf_free(&v.text);
}

bool sf_row_find(struct exchange *x, const struct sf_object *o, const char *id,
                 struct sf_row *ret_row) {
  struct wanted w = {.x = x, .o = o, .id = id};
  uint64_t number = 0;
  if (!sf_id_parse(id, o->prefix, &number)) {
    return false;
  }
  struct ticket *t = o == &sf_case ? ticket_get(sf_desk(x), number) : NULL;
  if (o == &sf_case && t == NULL) {
    return false;
  }
  o->scan(x, t, wanted_take, &w);
  *ret_row = w.row;
  return w.found;
}
