/* Rows of cells, printed as a table, JSON or CSV. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/out.h"

#define GAP         2
#define NARROWEST   10 /* a column that gives way keeps so many */
#define EASY        16 /* ... and as long as others can be left out, so many */
#define COLUMNS_MAX 64

struct cell {
  bool none;
  const char *text; /* OUT_TEXT */
  int64_t n;
  double d;
};

struct out_table {
  const struct out_column *columns;
  size_t column_count;
  struct cell *cells;
  size_t cell_count, room;
  struct arena *arena;
};

struct out_table *out_table_new(const struct out_column *columns, size_t count) {
  BUG_UNLESS(count > 0 && count <= COLUMNS_MAX);
  struct out_table *t = mem_alloc(sizeof *t);
  t->columns = columns;
  t->column_count = count;
  t->arena = arena_new();
  return t;
}

void out_table_free(struct out_table **t) {
  if (*t == NULL) return;
  arena_free(&(*t)->arena);
  mem_free((*t)->cells);
  mem_free(*t);
  *t = NULL;
}

static struct cell *cell_add(struct out_table *t) {
  if (t->cell_count == t->room) {
    t->room = t->room == 0 ? 256 : t->room * 2;
    t->cells = mem_grow(t->cells, t->room * sizeof *t->cells);
  }
  struct cell *c = &t->cells[t->cell_count++];
  *c = (struct cell){0};
  return c;
}

static enum out_kind kind_next(const struct out_table *t) {
  return t->columns[t->cell_count % t->column_count].kind;
}

void out_text(struct out_table *t, const char *text) {
  BUG_UNLESS(kind_next(t) == OUT_TEXT);
  cell_add(t)->text = arena_dup(t->arena, str_of(text));
}

void out_int(struct out_table *t, int64_t n) {
  const enum out_kind k = kind_next(t);
  BUG_UNLESS(k != OUT_TEXT && k != OUT_SHARE && k != OUT_NUMBER);
  cell_add(t)->n = n;
}

void out_double(struct out_table *t, double d) {
  BUG_UNLESS(kind_next(t) == OUT_SHARE || kind_next(t) == OUT_NUMBER);
  cell_add(t)->d = d;
}

void out_none(struct out_table *t) {
  cell_add(t)->none = true;
}

size_t out_rows(const struct out_table *t) {
  return t->column_count > 0 ? t->cell_count / t->column_count : 0;
}

/* A double without needless zeroes. */
static void number_text(char *out, size_t size, double d) {
  snprintf(out, size, "%.6f", d);
  char *end = out + strlen(out);
  while (end > out && end[-1] == '0') *--end = '\0';
  if (end > out && end[-1] == '.') end[-1] = '\0';
}

#define CELL_MAX 64

/* The cell as text; `people`: as a table shows it, else exactly. */
static const char *cell_text(const struct out_table *t, size_t i, bool people, char tmp[CELL_MAX]) {
  const struct cell *c = &t->cells[i];
  tmp[0] = '\0';
  if (c->none) return "";
  switch (t->columns[i % t->column_count].kind) {
  case OUT_TEXT:
    return c->text;
  case OUT_INT:
    snprintf(tmp, CELL_MAX, "%lld", (long long)c->n);
    return tmp;
  case OUT_SHARE:
    if (people)
      snprintf(tmp, CELL_MAX, "%.2f", c->d);
    else
      number_text(tmp, CELL_MAX, c->d);
    return tmp;
  case OUT_NUMBER:
    number_text(tmp, CELL_MAX, c->d);
    return tmp;
  case OUT_MICROS:
    return people ? money_human(c->n, tmp) : money_format(c->n, tmp);
  case OUT_TIME:
    return c->n == 0 ? "" : time_format(people ? c->n / 1000 * 1000 : c->n, tmp);
  case OUT_BOOL:
    return people ? (c->n != 0 ? "yes" : "no") : (c->n != 0 ? "true" : "false");
  case OUT_LENGTH:
    if (people) return duration_human(c->n, tmp);
    snprintf(tmp, CELL_MAX, "%lld", (long long)c->n);
    return tmp;
  }
  return "";
}

static bool is_right(enum out_kind k) {
  return k != OUT_TEXT && k != OUT_TIME && k != OUT_BOOL;
}

/* --- table --------------------------------------------------------------------------------- */

struct layout {
  size_t width[COLUMNS_MAX];
  bool hidden[COLUMNS_MAX];
};

static size_t total_of(const struct out_table *t, const struct layout *l, size_t most_of_giving) {
  size_t total = 0;
  for (size_t k = 0; k < t->column_count; k++) {
    const bool gives = (t->columns[k].flags & OUT_GIVES) != 0 && l->width[k] > most_of_giving;
    if (!l->hidden[k]) total += (total > 0 ? GAP : 0) + (gives ? most_of_giving : l->width[k]);
  }
  return total;
}

/* Leaves columns out, the least first and from the right, until the others have room. */
static void layout_hide(const struct out_table *t, size_t screen, struct layout *l) {
  static const unsigned order[] = {OUT_LEAST, OUT_LESS};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++)
    for (size_t k = t->column_count; k > 0 && total_of(t, l, EASY) > screen; k--)
      if ((t->columns[k - 1].flags & order[i]) != 0) l->hidden[k - 1] = true;
}

/* Narrows, the widest first: those that give way, then any text but the first, which names the
 * row. */
static void layout_narrow(const struct out_table *t, size_t screen, struct layout *l) {
  for (int pass = 0; pass < 2; pass++)
    for (size_t total = total_of(t, l, SIZE_MAX); total > screen; total--) {
      size_t widest = COLUMNS_MAX;
      for (size_t k = (size_t)pass; k < t->column_count; k++) {
        const bool may = pass == 1 ? t->columns[k].kind == OUT_TEXT
                                   : (t->columns[k].flags & OUT_GIVES) != 0;
        if (may && !l->hidden[k] && l->width[k] > NARROWEST &&
            (widest == COLUMNS_MAX || l->width[k] > l->width[widest]))
          widest = k;
      }
      if (widest == COLUMNS_MAX) break;
      l->width[widest]--;
    }
}

static void layout_of(const struct out_table *t, size_t screen, struct layout *l) {
  char tmp[CELL_MAX];
  *l = (struct layout){0};
  for (size_t k = 0; k < t->column_count; k++) l->width[k] = out_width(t->columns[k].name);
  for (size_t i = 0; i < t->cell_count; i++) {
    const size_t w = out_width(cell_text(t, i, true, tmp));
    if (w > l->width[i % t->column_count]) l->width[i % t->column_count] = w;
  }
  if (screen == 0) return;
  layout_hide(t, screen, l);
  layout_narrow(t, screen, l);
}

static void cell_add_text(const struct out_column *column, const char *text, size_t width,
                          struct out_screen s, bool head, struct buf *out) {
  const size_t w = out_width(text), blanks = w < width ? width - w : 0;
  const bool tinted = s.colour && !head && (column->flags & OUT_TINT) != 0;
  const char *tint = tinted ? out_tint(text) : "";
  if (is_right(column->kind)) buf_printf(out, "%*s", (int)blanks, "");
  buf_text(out, tint);
  out_line(out, text, s.width > 0 ? width : 0);
  if (tint[0] != '\0') buf_text(out, "\033[0m");
  if (!is_right(column->kind)) buf_printf(out, "%*s", (int)blanks, "");
}

/* What stands beyond the edge is left out: half a number would be a wrong number. */
static void row_add(const struct out_table *t, const char *const *texts, const struct layout *l,
                    struct out_screen s, bool head, struct buf *out) {
  size_t at = 0;
  if (head && s.colour) buf_text(out, "\033[1m");
  for (size_t k = 0; k < t->column_count; k++) {
    const size_t gap = at > 0 ? GAP : 0;
    if (l->hidden[k]) continue;
    if (s.width > 0 && at + gap + l->width[k] > s.width) break;
    buf_printf(out, "%*s", (int)gap, "");
    cell_add_text(&t->columns[k], texts[k], l->width[k], s, head, out);
    at += gap + l->width[k];
  }
  while (out->n > 0 && out->p[out->n - 1] == ' ') out->p[--out->n] = '\0';
  if (head && s.colour) buf_text(out, "\033[0m");
  buf_char(out, '\n');
}

static void hidden_add(const struct out_table *t, const struct layout *l, struct out_screen s,
                       struct buf *out) {
  struct buf names;
  buf_init(&names, 0);
  for (size_t k = 0; k < t->column_count; k++)
    if (l->hidden[k]) buf_printf(&names, "%s%s", names.n > 0 ? ", " : "", t->columns[k].name);
  if (names.n > 0) {
    char *text = mem_alloc(names.n + 64);
    snprintf(text, names.n + 64, "(this terminal has no room for %s)", names.p);
    buf_text(out, s.colour ? "\033[2m" : "");
    out_line(out, text, s.width);
    buf_printf(out, "%s\n", s.colour ? "\033[0m" : "");
    mem_free(text);
  }
  buf_free(&names);
}

void out_table_text(const struct out_table *t, struct out_screen s, struct buf *out) {
  struct layout l;
  const char *texts[COLUMNS_MAX];
  char tmp[COLUMNS_MAX][CELL_MAX];
  layout_of(t, s.width, &l);
  for (size_t k = 0; k < t->column_count; k++) texts[k] = t->columns[k].name;
  row_add(t, texts, &l, s, true, out);
  for (size_t r = 0; r < out_rows(t); r++) {
    for (size_t k = 0; k < t->column_count; k++)
      texts[k] = cell_text(t, r * t->column_count + k, true, tmp[k]);
    row_add(t, texts, &l, s, false, out);
  }
  hidden_add(t, &l, s, out);
}

/* --- JSON and CSV -------------------------------------------------------------------------- */

static void cell_json(const struct out_table *t, size_t i, json *row) {
  const struct cell *c = &t->cells[i];
  const struct out_column *column = &t->columns[i % t->column_count];
  if (c->none) {
    json_put_null(row, column->name);
    return;
  }
  switch (column->kind) {
  case OUT_TEXT:
    json_put_text(row, column->name, c->text);
    break;
  case OUT_INT:
  case OUT_LENGTH:
    json_put_int(row, column->name, c->n);
    break;
  case OUT_SHARE:
  case OUT_NUMBER:
    json_put_double(row, column->name, c->d);
    break;
  case OUT_MICROS:
    json_put_micros(row, column->name, c->n);
    break;
  case OUT_TIME:
    json_put_time(row, column->name, c->n);
    break;
  case OUT_BOOL:
    json_put_bool(row, column->name, c->n != 0);
    break;
  }
}

json *out_table_json(const struct out_table *t) {
  json *list = json_array();
  for (size_t r = 0; r < out_rows(t); r++) {
    json *row = json_object();
    for (size_t k = 0; k < t->column_count; k++) cell_json(t, r * t->column_count + k, row);
    json_add(list, row);
  }
  return list;
}

void out_table_csv(const struct out_table *t, struct buf *out) {
  char tmp[CELL_MAX];
  for (size_t k = 0; k < t->column_count; k++) {
    if (k > 0) buf_char(out, ',');
    buf_csv(out, str_of(t->columns[k].name));
  }
  buf_text(out, "\r\n");
  for (size_t r = 0; r < out_rows(t); r++) {
    for (size_t k = 0; k < t->column_count; k++) {
      if (k > 0) buf_char(out, ',');
      buf_csv_text(out, str_of(cell_text(t, r * t->column_count + k, false, tmp)));
    }
    buf_text(out, "\r\n");
  }
}

void out_table_print(const struct out_table *t, const struct cmd_call *c, const char *none) {
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  if (c->format == OUT_JSON) {
    json *list = out_table_json(t);
    char *text = json_text_pretty(list);
    buf_printf(&b, "%s\n", text);
    mem_free(text);
    json_free(&list);
  } else if (c->format == OUT_CSV) {
    out_table_csv(t, &b);
  } else if (out_rows(t) == 0 && none != NULL) {
    fprintf(stderr, "%s\n", none);
  } else {
    out_table_text(t, out_screen_of(stdout), &b);
  }
  out_buf_print(&b);
  buf_free(&b);
}

/* --- documents ----------------------------------------------------------------------------- */

static void flat_add(const json *value, const char *path, struct buf *out) {
  if (json_is_object(value) || json_is_array(value)) {
    size_t i = 0;
    for (const json *m = json_first(value); m != NULL; m = json_next(m), i++) {
      char number[24];
      snprintf(number, sizeof number, "%zu", i);
      const char *key = json_key(m) != NULL ? json_key(m) : number;
      struct buf below;
      buf_init(&below, 0);
      buf_printf(&below, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
      flat_add(m, below.p, out);
      buf_free(&below);
    }
    return;
  }
  buf_csv(out, str_of(path));
  buf_char(out, ',');
  if (json_is_string(value)) {
    buf_csv_text(out, json_str(value));
  } else {
    char *text = json_text(value);
    buf_csv(out, str_of(strcmp(text, "null") == 0 ? "" : text));
    mem_free(text);
  }
  buf_text(out, "\r\n");
}

void out_document_csv(const json *document, struct buf *out) {
  buf_text(out, "field,value\r\n");
  flat_add(document, "", out);
}

bool out_document_print(const json *document, const struct cmd_call *c) {
  if (c->format != OUT_JSON && c->format != OUT_CSV) return false;
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  if (c->format == OUT_JSON) {
    char *text = json_text_pretty(document);
    buf_printf(&b, "%s\n", text);
    mem_free(text);
  } else {
    out_document_csv(document, &b);
  }
  out_buf_print(&b);
  buf_free(&b);
  return true;
}
