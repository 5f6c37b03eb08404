/* Rows that come one after the other and may be more than memory holds. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/out.h"

#define AT_ONCE 512 /* rows that are printed together */

struct out_flow {
  const struct out_column *columns;
  size_t column_count;
  const struct cmd_call *call;
  const char *list; /* the key of the rows in the JSON document */
  struct out_table *rows;
  bool begun;       /* something was printed */
  size_t shown_max; /* rows of the table that people read; the others are counted */
  size_t left_out;
  struct out_table *left; /* cells of a row that is left out */
};

struct out_flow *out_flow_new(const struct out_column *columns, size_t count,
                              const struct cmd_call *c, const char *list, size_t shown_max) {
  struct out_flow *f = mem_alloc(sizeof *f);
  *f = (struct out_flow){.columns = columns,
                         .column_count = count,
                         .call = c,
                         .list = list,
                         .rows = out_table_new(columns, count),
                         .shown_max = shown_max};
  return f;
}

void out_flow_free(struct out_flow **f) {
  if (*f == NULL) return;
  out_table_free(&(*f)->rows);
  out_table_free(&(*f)->left);
  mem_free(*f);
  *f = NULL;
}

static void rows_csv(struct out_flow *f, struct buf *out) {
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  out_table_csv(f->rows, &b);
  const char *body = strstr(b.p, "\r\n"); /* the head, which comes once */
  buf_text(out, !f->begun || body == NULL ? b.p : body + 2);
  buf_free(&b);
}

static void rows_json(struct out_flow *f, struct buf *out) {
  json *list = out_table_json(f->rows);
  bool first = !f->begun;
  if (first) buf_printf(out, "{\n\"%s\": [", f->list);
  for (const json *row = json_first(list); row != NULL; row = json_next(row), first = false) {
    char *text = json_text(row);
    buf_printf(out, "%s\n%s", first ? "" : ",", text);
    mem_free(text);
  }
  json_free(&list);
}

/* Prints what has come; the table of people waits for the end. */
static void rows_print(struct out_flow *f) {
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  if (f->call->format == OUT_CSV)
    rows_csv(f, &b);
  else
    rows_json(f, &b);
  out_buf_print(&b);
  buf_free(&b);
  f->begun = true;
  out_table_free(&f->rows);
  f->rows = out_table_new(f->columns, f->column_count);
}

struct out_table *out_flow_row(struct out_flow *f) {
  if (f->call->format == OUT_CSV || f->call->format == OUT_JSON) {
    if (out_rows(f->rows) >= AT_ONCE) rows_print(f);
    return f->rows;
  }
  if (out_rows(f->rows) < f->shown_max) return f->rows;
  f->left_out++;
  out_table_free(&f->left);
  f->left = out_table_new(f->columns, f->column_count);
  return f->left;
}

size_t out_flow_end(struct out_flow *f, const json *more) {
  if (f->call->format == OUT_CSV) {
    rows_print(f);
  } else if (f->call->format == OUT_JSON) {
    rows_print(f);
    char *rest = json_text_pretty(more); /* an object of at least one key: its first sign is { */
    printf("\n],%s\n", rest + 1);
    mem_free(rest);
  } else if (out_rows(f->rows) > 0) {
    out_table_print(f->rows, f->call, NULL);
    if (f->left_out > 0)
      printf("(%zu more rows: --format csv or json has all of them)\n", f->left_out);
  }
  return out_rows(f->rows);
}
