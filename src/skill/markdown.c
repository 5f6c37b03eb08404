/* Tables of a markdown text, with the heading above them. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "skill/skill.h"

#define COLUMNS_MAX 16
#define ROWS_MAX    512
#define TABLES_MAX  64

static bool heading_text(struct trg_str line, struct trg_str *ret) {
  size_t i = 0;
  while (i < line.n && line.p[i] == '#') i++;
  if (i == 0 || i > 6) return false;
  struct trg_str text = str_trim((struct trg_str){line.p + i, line.n - i});
  while (text.n > 0 && text.p[text.n - 1] == '#') text.n--; /* "## Teams ##" */
  *ret = str_trim(text);
  return true;
}

static bool is_row(struct trg_str line) {
  line = str_trim(line);
  return line.n > 1 && line.p[0] == '|';
}

/* "**Bug**" and "`bug`" are the word bug; "\|" is a pipe. */
static const char *cell_text(struct arena *a, struct trg_str s) {
  s = str_trim(s);
  for (;;) {
    const char c = s.n >= 2 ? s.p[0] : '\0';
    if ((c != '*' && c != '`' && c != '_') || s.p[s.n - 1] != c) break;
    if (c != '*' && memchr(s.p + 1, c, s.n - 2) != NULL) break; /* `a`, `b` */
    s.p++;
    s.n -= 2;
  }
  char *text = arena_dup(a, s);
  size_t n = 0;
  for (size_t i = 0; text[i] != '\0'; i++)
    if (text[i] != '\\' || text[i + 1] != '|') text[n++] = text[i];
  text[n] = '\0';
  return text;
}

static bool is_pipe(struct trg_str line, size_t i) {
  return line.p[i] == '|' && (i == 0 || line.p[i - 1] != '\\');
}

/* Splits "| a | b |" at pipes that are not escaped. */
static size_t row_cells(struct arena *a, struct trg_str line, const char **cells, size_t room) {
  line = str_trim(line);
  line.p++;
  line.n--;
  if (line.n > 0 && is_pipe(line, line.n - 1)) line.n--;
  size_t n = 0, from = 0;
  for (size_t i = 0; i <= line.n && n < room; i++) {
    if (i < line.n && !is_pipe(line, i)) continue;
    cells[n++] = cell_text(a, (struct trg_str){line.p + from, i - from});
    from = i + 1;
  }
  return n;
}

/* "| --- | :-: |" */
static bool is_ruler(struct trg_str line) {
  bool dash = false;
  for (size_t i = 0; i < line.n; i++) {
    if (strchr("|:- \t\r", line.p[i]) == NULL) return false;
    dash = dash || line.p[i] == '-';
  }
  return dash;
}

static void table_open(struct arena *a, struct md_table *t, struct trg_str line) {
  const char *cells[COLUMNS_MAX];
  t->columns = row_cells(a, line, cells, COLUMNS_MAX);
  t->header = arena_alloc(a, sizeof *t->header * (t->columns + 1));
  memcpy(t->header, cells, sizeof *cells * t->columns);
}

static void table_row(struct arena *a, struct md_table *t, size_t *room, struct trg_str line) {
  const char *cells[COLUMNS_MAX];
  const size_t n = row_cells(a, line, cells, COLUMNS_MAX);
  if (t->rows == ROWS_MAX) return;
  if (t->rows == *room) {
    *room = *room == 0 ? 8 : *room * 2;
    const char **more = arena_alloc(a, sizeof *more * t->columns * *room);
    if (t->rows > 0) memcpy(more, t->cells, sizeof *more * t->columns * t->rows);
    t->cells = more;
  }
  for (size_t c = 0; c < t->columns; c++)
    t->cells[t->rows * t->columns + c] = c < n ? cells[c] : "";
  t->rows++;
}

bool md_fence(struct trg_str line, char *open) {
  line = str_trim(line);
  if (*open != '\0') {
    const char marks[] = {*open, *open, *open, '\0'};
    if (str_starts(line, marks)) *open = '\0';
    return true;
  }
  if (str_starts(line, "```")) *open = '`';
  if (str_starts(line, "~~~")) *open = '~';
  return *open != '\0';
}

/* Where the reading of a text stands. */
struct scan {
  struct arena *arena;
  struct md_table *list;
  size_t count, room; /* room: of the open table's rows */
  struct md_table *open;
  size_t taken; /* rows of the open table with its header and ruler; 0: none is open */
  const char *heading;
  uint32_t line;
  char fence;
};

/* The first row of a run is the header, the second the ruler (when it is one). */
static void scan_row(struct scan *s, struct trg_str line) {
  if (s->taken++ == 0) {
    s->open = s->count < TABLES_MAX ? &s->list[s->count++] : NULL;
    if (s->open == NULL) return;
    table_open(s->arena, s->open, line);
    s->open->heading = s->heading;
    s->open->line = s->line;
    s->room = 0;
  } else if (s->open != NULL && (s->taken != 2 || !is_ruler(line))) {
    table_row(s->arena, s->open, &s->room, line);
  }
}

static void scan_line(struct scan *s, struct trg_str line) {
  struct trg_str text;
  s->line++;
  const bool fenced = md_fence(line, &s->fence);
  if (!fenced && is_row(line)) {
    scan_row(s, line);
    return;
  }
  s->taken = 0;
  if (!fenced && heading_text(line, &text)) s->heading = arena_dup(s->arena, text);
}

size_t md_tables(struct arena *a, const char *markdown, struct md_table **ret) {
  struct scan s = {.arena = a, .heading = ""};
  struct trg_str rest = str_of(markdown), line;
  s.list = arena_alloc(a, sizeof *s.list * TABLES_MAX);
  while (str_next(&rest, '\n', &line)) scan_line(&s, line);
  *ret = s.list;
  return s.count;
}

bool md_table_below(struct arena *a, const char *markdown, const char *heading,
                    struct md_table *ret) {
  struct md_table *list = NULL;
  const size_t n = md_tables(a, markdown, &list);
  for (size_t i = 0; i < n; i++)
    if (list[i].rows > 0 && str_is_nocase(str_of(list[i].heading), heading)) {
      *ret = list[i];
      return true;
    }
  return false;
}

bool md_table_with(struct arena *a, const char *markdown, const char *header,
                   struct md_table *ret) {
  struct md_table *list = NULL;
  const size_t n = md_tables(a, markdown, &list);
  for (size_t i = 0; i < n; i++)
    if (list[i].rows > 0 && md_column(&list[i], header) >= 0) {
      *ret = list[i];
      return true;
    }
  return false;
}

ptrdiff_t md_column(const struct md_table *t, const char *header) {
  for (size_t c = 0; c < t->columns; c++)
    if (str_is_nocase(str_of(t->header[c]), header)) return (ptrdiff_t)c;
  return -1;
}

const char *md_cell(const struct md_table *t, size_t row, ptrdiff_t column) {
  return column >= 0 ? t->cells[row * t->columns + (size_t)column] : "";
}
