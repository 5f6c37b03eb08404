/* The taxonomy from a file of categories and teams (`taxonomy:` in the configuration). */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/taxonomy_inner.h"

static const char *yaml_text(struct arena *a, const struct yaml *map, const char *key) {
  const struct yaml *n = yaml_get(map, key);
  return n != NULL && n->kind == YAML_SCALAR ? arena_dup(a, str_of(n->text)) : "";
}

/* A list of texts, or one text cut at commas. */
static size_t yaml_texts(struct taxonomy *t, const struct yaml *map, const char *key,
                         const char *const **ret) {
  struct arena *a = taxonomy_arena(t);
  const struct yaml *n = yaml_get(map, key);
  *ret = NULL;
  if (n == NULL || n->kind == YAML_MAP) return 0;
  if (n->kind == YAML_SCALAR) return taxonomy_split(a, arena_dup(a, str_of(n->text)), ret);
  const char **list = arena_alloc(a, sizeof *list * (yaml_count(n) + 1));
  size_t count = 0;
  for (const struct yaml *c = n->first; c != NULL; c = c->next)
    if (c->kind == YAML_SCALAR) list[count++] = arena_dup(a, str_of(c->text));
  *ret = list;
  return count;
}

static bool may_be_list(const char *key) {
  return strcmp(key, "signals") == 0 || strcmp(key, "subcategories") == 0 ||
         strcmp(key, "examples") == 0;
}

/* Every key of a map must be one of these, and a text. */
static void keys_check(struct taxonomy *t, const struct yaml *map, const char *what,
                       const char *const *known) {
  for (const struct yaml *y = map->first; y != NULL; y = y->next) {
    bool found = false;
    for (size_t i = 0; known[i] != NULL && !found; i++) found = strcmp(known[i], y->key) == 0;
    if (!found)
      taxonomy_tell(t, true, y->line, "%s%s%.60s: unknown key", what, what[0] != '\0' ? "." : "",
                    y->key);
    else if (what[0] != '\0' && y->kind != YAML_SCALAR &&
             !(y->kind == YAML_LIST && may_be_list(y->key)))
      taxonomy_tell(t, true, y->line, "%s.%s: must be a text", what, y->key);
  }
}

/* The name of a list's item, which is a text or a map; "" and told when it has none. */
static const char *item_name(struct taxonomy *t, const struct yaml *y, const char *what,
                             const char *const *known) {
  const char *name = "";
  if (y->kind == YAML_SCALAR) name = arena_dup(taxonomy_arena(t), str_trim(str_of(y->text)));
  if (y->kind == YAML_MAP) {
    name = yaml_text(taxonomy_arena(t), y, "name");
    keys_check(t, y, what, known);
  }
  if (name[0] == '\0')
    taxonomy_tell(t, true, y->line, "%s: must be a name or a map with `name`", what);
  return name;
}

/* Grows an array by one; the old one stays behind in the arena. */
static void *grown(struct arena *a, const void *list, size_t count, size_t each) {
  char *more = arena_alloc(a, (count + 1) * each);
  if (count > 0) memcpy(more, list, count * each);
  return more;
}

static void example_add(struct taxonomy *t, const char *category, const char *text) {
  struct arena *a = taxonomy_arena(t);
  struct trg_example *all = grown(a, t->examples, t->example_count, sizeof *all);
  json *labels = json_object();
  json_put_text(labels, "category", category);
  char *json_labels = json_text(labels);
  all[t->example_count].text = str_of(text);
  all[t->example_count++].labels = arena_str(a, str_of(json_labels));
  t->examples = all;
  mem_free(json_labels);
  json_free(&labels);
}

/* Its signals, sub-categories and labelled examples. */
static void category_more(struct taxonomy *t, const struct yaml *y, struct category *c) {
  const char *const *list = NULL;
  c->signal_count = yaml_texts(t, y, "signals", &c->signals);
  size_t n = yaml_texts(t, y, "subcategories", &list);
  for (size_t i = 0; i < n; i++) {
    struct subcategory *all = grown(taxonomy_arena(t), t->subcategories, t->subcategory_count,
                                    sizeof *all);
    all[t->subcategory_count++] = (struct subcategory){c->name, list[i], ""};
    t->subcategories = all;
  }
  n = yaml_texts(t, y, "examples", &list);
  for (size_t i = 0; i < n; i++) example_add(t, c->name, list[i]);
}

static void file_categories(struct taxonomy *t, const struct yaml *list) {
  static const char *const known[] = {"name",    "team",          "priority", "description",
                                      "signals", "subcategories", "examples", NULL};
  struct arena *a = taxonomy_arena(t);
  struct category *c = arena_alloc(a, sizeof *c * (yaml_count(list) + 1));
  t->categories = c;
  size_t i = 0;
  for (const struct yaml *y = list->first; y != NULL; y = y->next, i++) {
    const char *what = arena_printf(a, "categories[%zu]", i);
    const char *name = item_name(t, y, what, known);
    if (name[0] == '\0') continue;
    if (taxonomy_category(t, str_of(name)) != NULL)
      taxonomy_tell(t, true, y->line, "%s: \"%.60s\" stands twice; names must differ", what, name);
    const bool map = y->kind == YAML_MAP;
    const char *priority = map ? yaml_text(a, y, "priority") : "P3";
    if (priority[0] != '\0' &&
        (priority[0] != 'P' || strlen(priority) != 2 || strchr("1234", priority[1]) == NULL))
      taxonomy_tell(t, true, y->line, "%s.priority: \"%.20s\" must be P1, P2, P3 or P4", what,
                    priority);
    struct category *one = &c[t->category_count++];
    *one = (struct category){name,     map ? yaml_text(a, y, "team") : "",
                             priority, map ? yaml_text(a, y, "description") : "",
                             NULL,     0};
    if (map) category_more(t, y, one);
  }
}

static void file_teams(struct taxonomy *t, const struct yaml *list) {
  static const char *const known[] = {"name", "handles", NULL};
  struct arena *a = taxonomy_arena(t);
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

static void file_priorities(struct taxonomy *t, const struct yaml *list) {
  static const char *const known[] = {"name", "when", "signals", NULL};
  struct arena *a = taxonomy_arena(t);
  struct priority *p = arena_alloc(a, sizeof *p * (yaml_count(list) + 1));
  size_t i = 0, n = 0;
  for (const struct yaml *y = list->first; y != NULL; y = y->next, i++) {
    const char *what = arena_printf(a, "priorities[%zu]", i);
    const char *name = item_name(t, y, what, known), *level = taxonomy_priority(name);
    if (name[0] != '\0' && level == NULL)
      taxonomy_tell(t, true, y->line, "%s: \"%.20s\" must be P1, P2, P3 or P4", what, name);
    if (level == NULL) continue;
    p[n].name = level;
    p[n].when = y->kind == YAML_MAP ? yaml_text(a, y, "when") : "";
    if (y->kind == YAML_MAP) p[n].signal_count = yaml_texts(t, y, "signals", &p[n].signals);
    n++;
  }
  t->priorities = p;
  t->priority_count = n;
}

static void file_escalations(struct taxonomy *t, const struct yaml *list) {
  static const char *const known[] = {"reason", "signals", NULL};
  struct arena *a = taxonomy_arena(t);
  struct escalation *e = arena_alloc(a, sizeof *e * (yaml_count(list) + 1));
  size_t i = 0, n = 0;
  for (const struct yaml *y = list->first; y != NULL; y = y->next, i++) {
    const char *what = arena_printf(a, "escalations[%zu]", i);
    const char *reason = y->kind == YAML_MAP ? yaml_text(a, y, "reason") : "";
    if (y->kind == YAML_MAP) keys_check(t, y, what, known);
    if (reason[0] == '\0') {
      taxonomy_tell(t, true, y->line, "%s: must be a map with `reason` and `signals`", what);
      continue;
    }
    e[n].reason = reason;
    e[n].signal_count = yaml_texts(t, y, "signals", &e[n].signals);
    n++;
  }
  t->escalations = e;
  t->escalation_count = n;
}

/* A list of the root below this key, if it is there. */
static void list_read(struct taxonomy *t, const struct yaml *root, const char *key,
                      const char *shape,
                      void (*read)(struct taxonomy *t, const struct yaml *list)) {
  const struct yaml *list = root->kind == YAML_MAP ? yaml_get(root, key) : NULL;
  if (list == NULL) return;
  if (list->kind == YAML_LIST)
    read(t, list);
  else
    taxonomy_tell(t, true, list->line, "%s: expected a list of %s", key, shape);
}

/* What a reader of YAML says without the file and line that are told with it. */
static const char *without_place(const char *text, const char *file) {
  const size_t n = strlen(file);
  if (strncmp(text, file, n) == 0 && strncmp(text + n, ": ", 2) == 0) text += n + 2;
  const char *behind = strncmp(text, "line ", 5) == 0 ? strstr(text, ": ") : NULL;
  return behind != NULL ? behind + 2 : text;
}

int taxonomy_file(struct taxonomy *t, const char *file) {
  static const char *const known[] = {"categories", "teams", "priorities", "escalations", NULL};
  struct trg_err bad = {0};
  ((struct taxonomy_full *)t)->path = file;
  struct yaml *root = yaml_load(file, (size_t)4 << 20, &bad);
  if (root == NULL) {
    taxonomy_tell(t, true, bad.line, "yaml: %s", without_place(bad.text, file));
    return TRG_EINVAL;
  }
  const struct yaml *list = root->kind == YAML_MAP ? yaml_get(root, "categories") : root;
  if (list == NULL || list->kind != YAML_LIST || yaml_count(list) == 0)
    taxonomy_tell(t, true, list != NULL ? list->line : 1,
                  "categories: expected a list of names or of {name, team, priority, description}");
  else
    file_categories(t, list);
  if (root->kind == YAML_MAP) keys_check(t, root, "", known);
  list_read(t, root, "teams", "names or of {name, handles}", file_teams);
  list_read(t, root, "priorities", "{name, when, signals}", file_priorities);
  list_read(t, root, "escalations", "{reason, signals}", file_escalations);
  yaml_free(&root);
  return ((struct taxonomy_full *)t)->errors > 0 ? TRG_EINVAL : 0;
}
