/* The taxonomy from the tables and headings of a triage skill. Skills are written by many: tables
 * are known by their columns, not by one name. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "skill/render.h"
#include "skill/skill.h"
#include "skill/taxonomy_inner.h"

size_t taxonomy_split(struct arena *a, const char *text, const char *const **ret) {
  size_t room = 1;
  for (const char *p = text; *p != '\0'; p++)
    if (*p == ',' || *p == ';') room++;
  const char **list = arena_alloc(a, sizeof *list * room);
  size_t n = 0;
  struct trg_str rest = str_of(text);
  while (rest.n > 0) {
    size_t end = 0;
    while (end < rest.n && rest.p[end] != ',' && rest.p[end] != ';') end++;
    struct trg_str one = str_trim((struct trg_str){rest.p, end});
    if (one.n >= 2 && (one.p[0] == '"' || one.p[0] == '\'') && one.p[one.n - 1] == one.p[0]) {
      one.p++;
      one.n -= 2;
    }
    if (one.n > 0) list[n++] = arena_dup(a, one);
    const size_t skip = end < rest.n ? end + 1 : end;
    rest.p += skip;
    rest.n -= skip;
  }
  *ret = list;
  return n;
}

const char *taxonomy_priority(const char *text) {
  static const char *const names[] = {"P1", "P2", "P3", "P4"};
  static const struct {
    const char *word;
    int at;
  } words[] = {{"urgent", 0}, {"critical", 0}, {"high", 1},
               {"medium", 2}, {"normal", 2},   {"low", 3}};
  for (const char *p = text; *p != '\0'; p++) {
    const bool inside = p > text && isalnum((unsigned char)p[-1]);
    if (!inside && (*p == 'P' || *p == 'p') && p[1] >= '1' && p[1] <= '4' &&
        !isalnum((unsigned char)p[2]))
      return names[p[1] - '1'];
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strncasecmp(text, words[i].word, strlen(words[i].word)) == 0) return names[words[i].at];
  return NULL;
}

/* The first of these columns that the table has; -1. */
static ptrdiff_t column_of(const struct md_table *t, const char *const *names) {
  for (size_t i = 0; names[i] != NULL; i++)
    if (md_column(t, names[i]) >= 0) return md_column(t, names[i]);
  return -1;
}

static const char *const category_names[] = {"Category", "Categories", "Topic", "Type", NULL};
static const char *const sub_names[] = {"Sub-category", "Subcategory", "Sub category", NULL};
static const char *const team_names[] = {"Team", "Route to", "Queue", "Group", NULL};
static const char *const handle_names[] = {"Handles", "When", "Description", "Responsible for",
                                           NULL};
static const char *const text_names[] = {"Description", "Covers",     "Meaning",
                                         "When",        "Definition", NULL};
static const char *const priority_names[] = {"Default priority", "Priority", "Severity", NULL};
static const char *const level_names[] = {"Priority", "Level", "Severity", NULL};
static const char *const when_names[] = {"When", "Criteria", "Description", "Definition", NULL};
static const char *const signal_names[] = {"Signals", "Signal words", "Keywords", "Indicators",
                                           NULL};
static const char *const reason_names[] = {"Reason", "Trigger", NULL};

struct tables {
  struct taxonomy *t;
  struct arena *arena;
  const struct md_table *list;
  size_t count;
  uint32_t body_line;
};

/* The table below this heading if it has the column, else the first one for which `fits`. */
static const struct md_table *table_find(const struct tables *x, const char *heading,
                                         const char *const *column,
                                         bool (*fits)(const struct md_table *m)) {
  for (size_t i = 0; i < x->count; i++)
    if (x->list[i].rows > 0 && str_is_nocase(str_of(x->list[i].heading), heading) &&
        column_of(&x->list[i], column) >= 0)
      return &x->list[i];
  for (size_t i = 0; i < x->count; i++)
    if (x->list[i].rows > 0 && fits(&x->list[i])) return &x->list[i];
  return NULL;
}

static bool heading_has(const struct md_table *m, const char *word) {
  return strcasestr(m->heading, word) != NULL;
}

static bool is_categories(const struct md_table *m) {
  return column_of(m, category_names) >= 0 && column_of(m, sub_names) < 0 &&
         (column_of(m, text_names) >= 0 || column_of(m, team_names) >= 0) &&
         (heading_has(m, "categor") || heading_has(m, "taxonomy"));
}
static bool is_subcategories(const struct md_table *m) {
  return column_of(m, sub_names) >= 0 && column_of(m, category_names) >= 0;
}
static bool is_priorities(const struct md_table *m) {
  return column_of(m, level_names) == 0 && column_of(m, when_names) > 0 && m->rows > 0 &&
         taxonomy_priority(m->cells[0]) != NULL;
}
static bool is_teams(const struct md_table *m) {
  return column_of(m, team_names) == 0 && column_of(m, handle_names) > 0;
}
static bool is_escalations(const struct md_table *m) {
  return column_of(m, reason_names) >= 0 && column_of(m, signal_names) >= 0 &&
         heading_has(m, "escalat");
}

static uint32_t row_line(const struct tables *x, const struct md_table *m, size_t row) {
  return x->body_line + m->line + 1 + (uint32_t)row;
}

/* A category that names what the other tables do not have. */
static void check_category(const struct tables *x, const struct md_table *m, size_t row,
                           const struct category *c) {
  const uint32_t line = row_line(x, m, row);
  struct taxonomy *t = x->t;
  bool known = c->team[0] == '\0' || t->team_count == 0;
  for (size_t i = 0; i < t->team_count && !known; i++)
    known = taxonomy_same(str_of(c->team), t->teams[i].name);
  if (!known)
    taxonomy_tell(t, false, line,
                  "the team \"%.60s\" of the category \"%.60s\" is in no table of teams", c->team,
                  c->name);
  if (c->priority[0] != '\0' && taxonomy_priority(c->priority) == NULL)
    taxonomy_tell(t, false, line, "the priority \"%.20s\" of \"%.60s\" is not P1, P2, P3 or P4",
                  c->priority, c->name);
  if (c->description[0] == '\0' && c->signal_count == 0)
    taxonomy_tell(t, false, line, "the category \"%.60s\" has no description and no signals",
                  c->name);
}

static void read_categories(const struct tables *x) {
  const struct md_table *m = table_find(x, "Categories", category_names, is_categories);
  if (m == NULL) return;
  const ptrdiff_t name = column_of(m, category_names), team = column_of(m, team_names),
                  priority = column_of(m, priority_names), text = column_of(m, text_names),
                  signals = column_of(m, signal_names);
  struct taxonomy *t = x->t;
  struct category *c = arena_alloc(x->arena, sizeof *c * m->rows);
  t->categories = c;
  for (size_t i = 0; i < m->rows; i++) {
    const char *this = md_cell(m, i, name);
    if (this[0] == '\0') continue;
    if (taxonomy_category(t, str_of(this)) != NULL) {
      taxonomy_tell(t, false, row_line(x, m, i),
                    "the category \"%.60s\" stands twice in the table; the first counts", this);
      continue;
    }
    const char *level = taxonomy_priority(md_cell(m, i, priority));
    struct category *one = &c[t->category_count++];
    *one = (struct category){this,
                             md_cell(m, i, team),
                             level != NULL ? level : md_cell(m, i, priority),
                             md_cell(m, i, text),
                             NULL,
                             0};
    one->signal_count = taxonomy_split(x->arena, md_cell(m, i, signals), &one->signals);
    check_category(x, m, i, one);
  }
}

static void read_subcategories(const struct tables *x) {
  const struct md_table *m = table_find(x, "Sub-categories", sub_names, is_subcategories);
  if (m == NULL) return;
  struct subcategory *s = arena_alloc(x->arena, sizeof *s * m->rows);
  for (size_t i = 0; i < m->rows; i++)
    s[i] = (struct subcategory){md_cell(m, i, column_of(m, category_names)),
                                md_cell(m, i, column_of(m, sub_names)),
                                md_cell(m, i, column_of(m, text_names))};
  for (size_t i = 0; i < m->rows && x->t->category_count > 0; i++)
    if (taxonomy_category(x->t, str_of(s[i].category)) == NULL)
      taxonomy_tell(x->t, false, row_line(x, m, i),
                    "the sub-category \"%.60s\" is of \"%.60s\", which is no category", s[i].name,
                    s[i].category);
  x->t->subcategories = s;
  x->t->subcategory_count = m->rows;
}

static void read_priorities(const struct tables *x) {
  const struct md_table *m = table_find(x, "Priorities", level_names, is_priorities);
  if (m == NULL) return;
  struct priority *p = arena_alloc(x->arena, sizeof *p * m->rows);
  for (size_t i = 0; i < m->rows; i++) {
    const char *name = md_cell(m, i, column_of(m, level_names)), *level = taxonomy_priority(name);
    p[i].name = level != NULL ? level : name;
    for (size_t k = 0; k < i; k++)
      if (strcmp(p[k].name, p[i].name) == 0)
        taxonomy_tell(x->t, false, row_line(x, m, i), "the priority %.20s stands twice", p[i].name);
    p[i].when = md_cell(m, i, column_of(m, when_names));
    p[i].signal_count = taxonomy_split(x->arena, md_cell(m, i, column_of(m, signal_names)),
                                       &p[i].signals);
  }
  x->t->priorities = p;
  x->t->priority_count = m->rows;
}

/* The level of a heading such as "### P1 - Critical"; NULL: it is no such heading. */
static const char *heading_level(struct arena *a, struct trg_str line) {
  size_t marks = 0;
  while (marks < line.n && line.p[marks] == '#') marks++;
  const struct trg_str title = str_trim((struct trg_str){line.p + marks, line.n - marks});
  const bool named = title.n >= 2 && (title.p[0] | 32) == 'p' && title.p[1] >= '1' &&
                     title.p[1] <= '4';
  return marks > 0 && named ? taxonomy_priority(arena_dup(a, title)) : NULL;
}

/* "### P1 - Critical" with text below it, to the next heading. */
static void read_priority_headings(const struct tables *x, const char *body) {
  struct priority *p = arena_alloc(x->arena, sizeof *p * 4);
  size_t n = 0;
  struct trg_str rest = str_of(body), line;
  char fence = '\0';
  const char *from = NULL;
  while (n < 4 && rest.n > 0) {
    const char *at = rest.p;
    const bool heading = str_next(&rest, '\n', &line) && !md_fence(line, &fence) && line.n > 0 &&
                         line.p[0] == '#';
    const char *end = heading ? at : rest.n == 0 ? line.p + line.n : NULL;
    if (from != NULL && end != NULL) {
      const struct trg_str text = {from, (size_t)(end - from)};
      p[n++].when = arena_dup(x->arena, str_trim(text));
    }
    if (heading) from = NULL;
    if (!heading || n == 4) continue;
    p[n].name = heading_level(x->arena, line);
    if (p[n].name != NULL) from = rest.p;
  }
  x->t->priorities = p;
  x->t->priority_count = n;
}

static void read_teams(const struct tables *x) {
  const struct md_table *m = table_find(x, "Teams", team_names, is_teams);
  if (m == NULL) return;
  struct team *k = arena_alloc(x->arena, sizeof *k * m->rows);
  for (size_t i = 0; i < m->rows; i++)
    k[i] = (struct team){md_cell(m, i, column_of(m, team_names)),
                         md_cell(m, i, column_of(m, handle_names))};
  x->t->teams = k;
  x->t->team_count = m->rows;
}

static void read_escalations(const struct tables *x) {
  const struct md_table *m = table_find(x, "Escalate to a person", reason_names, is_escalations);
  if (m == NULL) return;
  struct escalation *e = arena_alloc(x->arena, sizeof *e * m->rows);
  for (size_t i = 0; i < m->rows; i++) {
    e[i].reason = md_cell(m, i, column_of(m, reason_names));
    e[i].signal_count = taxonomy_split(x->arena, md_cell(m, i, column_of(m, signal_names)),
                                       &e[i].signals);
  }
  for (size_t i = 1; i < m->rows; i++)
    for (size_t k = 0; k < i; k++)
      if (strcasecmp(e[i].reason, e[k].reason) == 0)
        taxonomy_tell(x->t, false, row_line(x, m, i), "the reason \"%.60s\" stands twice",
                      e[i].reason);
  x->t->escalations = e;
  x->t->escalation_count = m->rows;
}

void taxonomy_tables(struct taxonomy *t, const char *body, uint32_t body_line, bool categories) {
  struct md_table *list = NULL;
  struct tables x = {.t = t, .arena = taxonomy_arena(t), .body_line = body_line};
  x.count = md_tables(x.arena, body, &list);
  x.list = list;
  read_teams(&x); /* first: categories name them */
  if (categories) read_categories(&x);
  read_subcategories(&x);
  read_priorities(&x);
  if (t->priority_count == 0) read_priority_headings(&x, body);
  read_escalations(&x);
}

/* --- routing -----------------------------------------------------------------------------------
 */

/* Words of the name count double: "Billing" is "billing inquiries". */
static size_t team_score(const struct category *c, const struct team *k, struct arena *a) {
  const struct trg_str handles = str_of(arena_printf(a, "%s. %s", k->name, k->handles));
  const size_t named = str_find_nocase(handles, c->name) >= 0 ? 8 : 0;
  return named + 4 * words_common(handles, str_of(c->name), a) +
         words_common(handles, str_of(c->description), a);
}

void taxonomy_route(struct taxonomy *t) {
  struct arena *a = taxonomy_arena(t);
  struct category *all = arena_alloc(a, sizeof *all * (t->category_count + 1));
  if (t->category_count > 0) memcpy(all, t->categories, sizeof *all * t->category_count);
  for (size_t i = 0; i < t->category_count; i++) {
    size_t best = 0;
    if (all[i].team[0] != '\0') continue;
    for (size_t k = 0; k < t->team_count; k++) {
      const size_t score = team_score(&all[i], &t->teams[k], a);
      if (score <= best) continue;
      best = score;
      all[i].team = t->teams[k].name;
    }
  }
  t->categories = all;
}
