/* Tables of a markdown text, found by the heading above them. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "skill/skill.h"

static bool heading_is(struct trg_str line, const char *heading) {
  size_t i = 0;
  while (i < line.n && line.p[i] == '#') i++;
  if (i == 0 || i > 6) return false;
  struct trg_str text = str_trim((struct trg_str){line.p + i, line.n - i});
  while (text.n > 0 && text.p[text.n - 1] == '#') text.n--; /* "## Teams ##" */
  return str_is_nocase(str_trim(text), heading);
}

static bool is_heading(struct trg_str line) {
  return line.n > 0 && line.p[0] == '#';
}

static bool is_row(struct trg_str line) {
  line = str_trim(line);
  return line.n > 1 && line.p[0] == '|';
}

static bool is_pipe(struct trg_str line, size_t i) {
  return line.p[i] == '|' && (i == 0 || line.p[i - 1] != '\\');
}

/* The cell's text; an escaped pipe is a pipe. */
static const char *cell_text(struct arena *a, struct trg_str text) {
  char *out = arena_dup(a, str_trim(text)), *to = out;
  for (const char *p = out; *p != '\0'; p++)
    if (p[0] != '\\' || p[1] != '|') *to++ = *p;
  *to = '\0';
  return out;
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

#define COLUMNS_MAX 16
#define ROWS_MAX    512

static bool is_ruler(const char *const *cells, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strchr(cells[i], '-') == NULL || strspn(cells[i], "-: ") != strlen(cells[i])) return false;
  return true;
}

/* Takes one row: the first is the header, the second the ruler (when it is one), the others are
 * cells. */
static void table_row(struct arena *a, struct md_table *t, size_t number, struct trg_str line) {
  const char *cells[COLUMNS_MAX];
  const size_t n = row_cells(a, line, cells, COLUMNS_MAX);
  if (number == 0) {
    t->columns = n;
    t->header = arena_alloc(a, sizeof *t->header * (n + 1));
    memcpy(t->header, cells, sizeof *cells * n);
    t->cells = arena_alloc(a, sizeof *t->cells * n * ROWS_MAX);
    return;
  }
  if ((number == 1 && is_ruler(cells, n)) || t->rows == ROWS_MAX) return;
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

/* The part of the text between the heading and the next one; empty when it is not there. */
static struct trg_str section_of(const char *markdown, const char *heading) {
  struct trg_str rest = str_of(markdown), line;
  const char *from = NULL;
  char fence = '\0';
  while (rest.n > 0) {
    const char *at = rest.p;
    if (!str_next(&rest, '\n', &line)) break;
    if (md_fence(line, &fence) || !is_heading(line)) continue;
    if (from != NULL) return (struct trg_str){from, (size_t)(at - from)};
    if (heading_is(line, heading)) from = rest.p;
  }
  if (from == NULL) return (struct trg_str){NULL, 0};
  return (struct trg_str){from, strlen(from)};
}

bool md_table_below(struct arena *a, const char *markdown, const char *heading,
                    struct md_table *ret) {
  struct trg_str rest = section_of(markdown, heading), line;
  struct md_table t = {0};
  size_t number = 0;
  while (str_next(&rest, '\n', &line)) {
    if (is_row(line))
      table_row(a, &t, number++, line);
    else if (number > 0)
      break;
  }
  if (t.header == NULL || t.rows == 0) return false;
  *ret = t;
  return true;
}

ptrdiff_t md_column(const struct md_table *t, const char *header) {
  for (size_t c = 0; c < t->columns; c++)
    if (str_is_nocase(str_of(t->header[c]), header)) return (ptrdiff_t)c;
  return -1;
}
