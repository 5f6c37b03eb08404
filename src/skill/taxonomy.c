#include "skill/taxonomy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/skill.h"

#define EXAMPLES_MAX_BYTES ((size_t)64 << 20)

/* The public face is all const; this is what is filled. */
struct taxonomy_full {
  struct taxonomy t;
  struct arena *arena;
  /* While loading. */
  taxonomy_problem *problem;
  void *arg;
  struct trg_err *err;
  const char *path;
  int errors;
};

static struct arena *arena_of(struct taxonomy *t) {
  return ((struct taxonomy_full *)t)->arena;
}

__attribute__((format(printf, 4, 5))) static void tell(struct taxonomy *t, bool error,
                                                       uint32_t line, const char *format, ...) {
  struct taxonomy_full *full = (struct taxonomy_full *)t;
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (full->problem != NULL) full->problem(full->arg, full->path, line, text);
  if (!error) return;
  if (full->errors++ == 0)
    err_at(full->err, TRG_EINVAL, "taxonomy", line, "%s: %s", full->path, text);
}

/* What stands in when neither skills nor a file name categories. */
static const struct category builtin[] = {
    {"billing", "billing", "P3", "Invoices, charges, payments, prices"},
    {"technical", "technical", "P3", "Errors, defects, things that do not work"},
    {"account-access", "accounts", "P3", "Login, password, locked accounts"},
    {"how-to", "service", "P4", "How to use, set up or change something"},
    {"complaint", "service", "P3", "Dissatisfaction with service or product"},
    {"other", "service", "P4", "Anything else"}};

static const char *const default_priorities[] = {"P1", "P2", "P3", "P4"};

/* --- tables of the triage skill ----------------------------------------------------------------
 */

static const char *cell(const struct md_table *t, size_t row, ptrdiff_t column) {
  return column >= 0 ? t->cells[row * t->columns + (size_t)column] : "";
}

/* "a, b, c" to a list; quotes around a phrase are taken off. */
static size_t split_list(struct arena *a, const char *text, const char *const **ret) {
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

static void from_categories(struct taxonomy *t, const char *body) {
  struct arena *a = arena_of(t);
  struct md_table m;
  if (!md_table_below(a, body, "Categories", &m)) return;
  const ptrdiff_t name = md_column(&m, "Category"), team = md_column(&m, "Team"),
                  priority = md_column(&m, "Default priority"), text = md_column(&m, "Description");
  if (name < 0) return;
  struct category *c = arena_alloc(a, sizeof *c * m.rows);
  t->categories = c;
  for (size_t i = 0; i < m.rows; i++) {
    const char *this = cell(&m, i, name);
    if (this[0] == '\0') continue;
    if (taxonomy_category(t, str_of(this)) != NULL) {
      tell(t, false, 0, "the category \"%.60s\" stands twice in the table; the first counts", this);
      continue;
    }
    c[t->category_count++] = (struct category){this, cell(&m, i, team), cell(&m, i, priority),
                                               cell(&m, i, text)};
  }
}

static void from_others(struct taxonomy *t, const char *body) {
  struct arena *a = arena_of(t);
  struct md_table m;
  if (md_table_below(a, body, "Sub-categories", &m)) {
    struct subcategory *s = arena_alloc(a, sizeof *s * m.rows);
    for (size_t i = 0; i < m.rows; i++)
      s[i] = (struct subcategory){cell(&m, i, md_column(&m, "Category")),
                                  cell(&m, i, md_column(&m, "Sub-category")),
                                  cell(&m, i, md_column(&m, "Description"))};
    t->subcategories = s;
    t->subcategory_count = m.rows;
  }
  if (md_table_below(a, body, "Priorities", &m)) {
    struct priority *p = arena_alloc(a, sizeof *p * m.rows);
    for (size_t i = 0; i < m.rows; i++) {
      p[i].name = cell(&m, i, md_column(&m, "Priority"));
      p[i].when = cell(&m, i, md_column(&m, "When"));
      p[i].signal_count = split_list(a, cell(&m, i, md_column(&m, "Signals")), &p[i].signals);
    }
    t->priorities = p;
    t->priority_count = m.rows;
  }
  if (md_table_below(a, body, "Teams", &m)) {
    struct team *k = arena_alloc(a, sizeof *k * m.rows);
    for (size_t i = 0; i < m.rows; i++)
      k[i] = (struct team){cell(&m, i, md_column(&m, "Team")),
                           cell(&m, i, md_column(&m, "Handles"))};
    t->teams = k;
    t->team_count = m.rows;
  }
  if (md_table_below(a, body, "Escalate to a person", &m)) {
    struct escalation *e = arena_alloc(a, sizeof *e * m.rows);
    for (size_t i = 0; i < m.rows; i++) {
      e[i].reason = cell(&m, i, md_column(&m, "Reason"));
      e[i].signal_count = split_list(a, cell(&m, i, md_column(&m, "Signals")), &e[i].signals);
    }
    t->escalations = e;
    t->escalation_count = m.rows;
  }
}

/* One line of the examples; false: it is none. */
static bool example_read(struct taxonomy *t, struct trg_str line, uint32_t number,
                         struct trg_example *ret) {
  struct trg_err err = {0};
  json *o = json_parse(line, 0, &err);
  const struct trg_str text = json_get_str(o, "text");
  const bool good = text.n > 0 && json_is_object(json_get(o, "labels"));
  if (good) {
    char *labels = json_text(json_get(o, "labels"));
    ret->text = arena_str(arena_of(t), text);
    ret->labels = arena_str(arena_of(t), str_of(labels));
    mem_free(labels);
  } else {
    tell(t, false, number, "%s; the example is left out",
         o == NULL ? err.text : "expected {\"text\": \"...\", \"labels\": {...}}");
  }
  json_free(&o);
  return good;
}

/* references/examples.jsonl beside the triage skill: what the classifier starts from. */
static void from_examples(struct taxonomy *t, const struct skill *k) {
  struct arena *a = arena_of(t);
  char *folder = file_dir(k->path);
  char *path = file_join(folder, "references/examples.jsonl");
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, EXAMPLES_MAX_BYTES);
  ((struct taxonomy_full *)t)->path = path;
  if (file_exists(path)) {
    if (file_read(path, EXAMPLES_MAX_BYTES, &b, &err) < 0) tell(t, false, 0, "%s", err.text);
    struct trg_str rest = buf_view(&b), line;
    size_t room = 1;
    for (size_t i = 0; i < rest.n; i++)
      if (rest.p[i] == '\n') room++;
    struct trg_example *e = arena_alloc(a, sizeof *e * room);
    t->examples = e;
    for (uint32_t number = 1; str_next(&rest, '\n', &line); number++)
      if (str_trim(line).n > 0 && example_read(t, str_trim(line), number, &e[t->example_count]))
        t->example_count++;
  }
  buf_free(&b);
  ((struct taxonomy_full *)t)->path = k->path;
  mem_free(path);
  mem_free(folder);
}

/* --- a file of categories and teams ------------------------------------------------------------
 */

static const char *yaml_text(struct arena *a, const struct yaml *map, const char *key) {
  const struct yaml *n = yaml_get(map, key);
  return n != NULL && n->kind == YAML_SCALAR ? arena_dup(a, str_of(n->text)) : "";
}

/* Every key of a map must be one of these, and a text. */
static void keys_check(struct taxonomy *t, const struct yaml *map, const char *what,
                       const char *const *known) {
  for (const struct yaml *y = map->first; y != NULL; y = y->next) {
    bool found = false;
    for (size_t i = 0; known[i] != NULL && !found; i++) found = strcmp(known[i], y->key) == 0;
    if (!found)
      tell(t, true, y->line, "%s%s%.60s: unknown key", what, what[0] != '\0' ? "." : "", y->key);
    else if (what[0] != '\0' && y->kind != YAML_SCALAR)
      tell(t, true, y->line, "%s.%s: must be a text", what, y->key);
  }
}

/* The name of a list's item, which is a text or a map; "" and told when it has none. */
static const char *item_name(struct taxonomy *t, const struct yaml *y, const char *what,
                             const char *const *known) {
  const char *name = "";
  if (y->kind == YAML_SCALAR) name = arena_dup(arena_of(t), str_trim(str_of(y->text)));
  if (y->kind == YAML_MAP) {
    name = yaml_text(arena_of(t), y, "name");
    keys_check(t, y, what, known);
  }
  if (name[0] == '\0') tell(t, true, y->line, "%s: must be a name or a map with `name`", what);
  return name;
}

static void file_categories(struct taxonomy *t, const struct yaml *list) {
  static const char *const known[] = {"name", "team", "priority", "description", NULL};
  struct arena *a = arena_of(t);
  struct category *c = arena_alloc(a, sizeof *c * (yaml_count(list) + 1));
  t->categories = c;
  size_t i = 0;
  for (const struct yaml *y = list->first; y != NULL; y = y->next, i++) {
    const char *what = arena_printf(a, "categories[%zu]", i);
    const char *name = item_name(t, y, what, known);
    if (name[0] == '\0') continue;
    if (taxonomy_category(t, str_of(name)) != NULL)
      tell(t, true, y->line, "%s: \"%.60s\" stands twice; names must differ", what, name);
    const bool map = y->kind == YAML_MAP;
    const char *priority = map ? yaml_text(a, y, "priority") : "P3";
    if (priority[0] != '\0' &&
        (priority[0] != 'P' || strlen(priority) != 2 || strchr("1234", priority[1]) == NULL))
      tell(t, true, y->line, "%s.priority: \"%.20s\" must be P1, P2, P3 or P4", what, priority);
    c[t->category_count++] = (struct category){name, map ? yaml_text(a, y, "team") : "", priority,
                                               map ? yaml_text(a, y, "description") : ""};
  }
}

static void file_teams(struct taxonomy *t, const struct yaml *list) {
  static const char *const known[] = {"name", "handles", NULL};
  struct arena *a = arena_of(t);
  struct team *k = arena_alloc(a, sizeof *k * (yaml_count(list) + 1));
  size_t i = 0, n = 0;
  for (const struct yaml *y = list->first; y != NULL; y = y->next, i++) {
    const char *name = item_name(t, y, arena_printf(a, "teams[%zu]", i), known);
    if (name[0] != '\0')
      k[n++] = (struct team){name, y->kind == YAML_MAP ? yaml_text(a, y, "handles") : ""};
  }
  t->teams = k;
  t->team_count = n;
}

/* categories: a list of names or of {name, team, priority, description}; teams likewise. */
static int from_file(struct taxonomy *t, const char *file) {
  static const char *const known[] = {"categories", "teams", NULL};
  struct trg_err bad = {0};
  ((struct taxonomy_full *)t)->path = file;
  struct yaml *root = yaml_load(file, (size_t)4 << 20, &bad);
  if (root == NULL) {
    tell(t, true, bad.line, "yaml: %s", bad.text);
    return TRG_EINVAL;
  }
  const struct yaml *list = root->kind == YAML_MAP ? yaml_get(root, "categories") : root;
  if (list == NULL || list->kind != YAML_LIST || yaml_count(list) == 0)
    tell(t, true, list != NULL ? list->line : 1,
         "categories: expected a list of names or of {name, team, priority, description}");
  else
    file_categories(t, list);
  if (root->kind == YAML_MAP) keys_check(t, root, "", known);
  const struct yaml *teams = root->kind == YAML_MAP ? yaml_get(root, "teams") : NULL;
  if (teams != NULL && teams->kind == YAML_LIST)
    file_teams(t, teams);
  else if (teams != NULL)
    tell(t, true, teams->line, "teams: expected a list of names or of {name, handles}");
  yaml_free(&root);
  return ((struct taxonomy_full *)t)->errors > 0 ? TRG_EINVAL : 0;
}

/* --- together ----------------------------------------------------------------------------------
 */

/* What the operator trained the classifier on is part of the taxonomy: a label that was learnt is a
 * category, even when no table describes it. */
static void add_labels(struct taxonomy *t, const char *const *labels, size_t count) {
  struct arena *a = arena_of(t);
  struct category *all = arena_alloc(a, sizeof *all * (t->category_count + count + 1));
  if (t->category_count > 0) memcpy(all, t->categories, sizeof *all * t->category_count);
  size_t n = t->category_count;
  t->categories = all;
  for (size_t i = 0; i < count; i++) {
    if (taxonomy_category(t, str_of(labels[i])) != NULL) continue;
    all[n++] = (struct category){arena_dup(a, str_of(labels[i])), "", "P3", ""};
    t->category_count = n;
  }
}

static json *signals_json(const char *const *s, size_t n) {
  json *list = json_array();
  for (size_t i = 0; i < n; i++) json_add_str(list, str_of(s[i]));
  return list;
}

static json *categories_json(const struct taxonomy *t) {
  json *list = json_array();
  for (size_t i = 0; i < t->category_count; i++) {
    const struct category *c = &t->categories[i];
    json *o = json_object();
    json_put_text(o, "name", c->name);
    json_put_text(o, "description", c->description);
    json_put_text(o, "team", c->team);
    json_put_text(o, "priority", c->priority);
    json *subs = json_array();
    for (size_t k = 0; k < t->subcategory_count; k++) {
      if (strcmp(t->subcategories[k].category, c->name) != 0) continue;
      json *s = json_object();
      json_put_text(s, "name", t->subcategories[k].name);
      json_put_text(s, "description", t->subcategories[k].description);
      json_add(subs, s);
    }
    json_put(o, "subcategories", subs);
    json_add(list, o);
  }
  return list;
}

static void render(struct taxonomy *t) {
  json *o = json_object();
  json_put(o, "categories", categories_json(t));
  json *list = json_array();
  for (size_t i = 0; i < t->priority_count; i++) {
    json *p = json_object();
    json_put_text(p, "name", t->priorities[i].name);
    json_put_text(p, "when", t->priorities[i].when);
    json_put(p, "signals", signals_json(t->priorities[i].signals, t->priorities[i].signal_count));
    json_add(list, p);
  }
  json_put(o, "priorities", list);
  list = json_array();
  for (size_t i = 0; i < t->team_count; i++) {
    json *k = json_object();
    json_put_text(k, "name", t->teams[i].name);
    json_put_text(k, "handles", t->teams[i].handles);
    json_add(list, k);
  }
  json_put(o, "teams", list);
  list = json_array();
  for (size_t i = 0; i < t->escalation_count; i++) {
    json *e = json_object();
    json_put_text(e, "reason", t->escalations[i].reason);
    json_put(e, "signals", signals_json(t->escalations[i].signals, t->escalations[i].signal_count));
    json_add(list, e);
  }
  json_put(o, "escalations", list);
  char *text = json_text(o);
  t->json = arena_dup(arena_of(t), str_of(text));
  struct hash *h = hash_new();
  hash_add(h, str_of(text));
  for (size_t i = 0; i < t->example_count; i++) {
    hash_add(h, t->examples[i].text);
    hash_add(h, t->examples[i].labels);
  }
  uint8_t sum[HASH_BYTES];
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, t->hash);
  mem_free(text);
  json_free(&o);
}

struct taxonomy *taxonomy_load(const char *file, const struct skills *s, const char *const *labels,
                               size_t label_count, taxonomy_problem *problem, void *arg,
                               struct trg_err *err) {
  struct taxonomy_full *full = mem_alloc(sizeof *full);
  full->arena = arena_new();
  full->problem = problem;
  full->arg = arg;
  full->err = err;
  struct taxonomy *t = &full->t;
  const struct skill *k = s != NULL ? skills_find(s, "ticket-triage") : NULL;
  if (k != NULL) {
    full->path = k->path;
    if (file == NULL) from_categories(t, k->body);
    from_others(t, k->body);
    if (file == NULL) from_examples(t, k);
  }
  if (file != NULL) {
    t->subcategory_count = 0;
    if (from_file(t, file) < 0) {
      taxonomy_free(&t);
      return NULL;
    }
  }
  if (t->category_count == 0 && label_count == 0) {
    if (full->path == NULL) full->path = "skills";
    tell(t, false, 0,
         "no categories: there is no skill ticket-triage with a table below \"Categories\" and no "
         "taxonomy file; %zu general ones stand in",
         sizeof builtin / sizeof builtin[0]);
    t->categories = builtin;
    t->category_count = sizeof builtin / sizeof builtin[0];
  }
  if (label_count > 0) add_labels(t, labels, label_count);
  if (t->priority_count == 0) {
    struct priority *p = arena_alloc(full->arena, sizeof *p * 4);
    for (size_t i = 0; i < 4; i++) p[i].name = default_priorities[i];
    t->priorities = p;
    t->priority_count = 4;
  }
  render(t);
  return t;
}

void taxonomy_free(struct taxonomy **t) {
  if (*t == NULL) return;
  struct taxonomy_full *full = (struct taxonomy_full *)*t;
  arena_free(&full->arena);
  mem_free(full);
  *t = NULL;
}

const struct category *taxonomy_category(const struct taxonomy *t, struct trg_str name) {
  for (size_t i = 0; i < t->category_count; i++)
    if (str_is_nocase(name, t->categories[i].name)) return &t->categories[i];
  return NULL;
}

bool taxonomy_team(const struct taxonomy *t, struct trg_str name) {
  for (size_t i = 0; i < t->team_count; i++)
    if (str_is_nocase(name, t->teams[i].name)) return true;
  for (size_t i = 0; i < t->category_count; i++)
    if (name.n > 0 && str_is_nocase(name, t->categories[i].team)) return true;
  return false;
}
