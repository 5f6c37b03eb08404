#include "skill/template.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/yaml.h"
#include "skill/frontmatter.h"

#define FILE_MAX ((size_t)256 << 10)

static const char *text_of(const struct yaml *map, const char *key, struct arena *a) {
  const struct yaml *y = yaml_get(map, key);
  return y != NULL && y->kind == YAML_SCALAR ? arena_dup(a, str_of(y->text)) : "";
}

static bool is_required(const struct yaml *root, const char *key) {
  const struct yaml *y = yaml_get(root, key);
  return y != NULL && y->kind == YAML_SCALAR && strcmp(y->text, "required") == 0;
}

static int wrong(const struct yaml *at, struct trg_err *err, const char *file, const char *what) {
  return err_at(err, TRG_EINVAL, "template", at->line, "%s:%u: %s", file, (unsigned)at->line, what);
}

static int controls_read(const struct yaml *list, const char *file, struct arena *a,
                         struct template *t, struct trg_err *err) {
  if (list == NULL || list->kind != YAML_LIST || list->first == NULL)
    return err_set(err, TRG_EINVAL, "template", "%s: no list of controls", file);
  t->controls = arena_alloc(a, yaml_count(list) * sizeof *t->controls);
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    struct control *c = &t->controls[t->control_count++];
    *c = (struct control){.id = text_of(y, "id", a),
                          .text = text_of(y, "text", a),
                          .cite = text_of(y, "cite", a),
                          .check = text_of(y, "check", a)};
    if (c->id[0] == '\0' || c->text[0] == '\0' || c->check[0] == '\0')
      return wrong(y, err, file, "a control has id, text, cite and check");
  }
  return 0;
}

static int keeps_read(const struct yaml *list, const char *file, struct arena *a,
                      struct template *t, struct trg_err *err) {
  if (list == NULL) return 0;
  t->keeps = arena_alloc(a, (yaml_count(list) + 1) * sizeof *t->keeps);
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    struct keeping *k = &t->keeps[t->keep_count++];
    const char *least = text_of(y, "least", a), *most = text_of(y, "most", a);
    *k = (struct keeping){.what = text_of(y, "what", a), .cite = text_of(y, "cite", a)};
    const bool fine = (least[0] == '\0' || duration_parse(str_of(least), &k->least_ms) == 0) &&
                      (most[0] == '\0' || duration_parse(str_of(most), &k->most_ms) == 0);
    if (!fine || k->what[0] == '\0' || (least[0] == '\0') == (most[0] == '\0'))
      return wrong(y, err, file, "retention is what, and least or most as 365d, and cite");
  }
  return 0;
}

static void fields_read(const struct yaml *list, struct arena *a, struct template *t) {
  if (list == NULL || list->kind != YAML_LIST) return;
  t->fields = arena_alloc(a, (yaml_count(list) + 1) * sizeof *t->fields);
  for (const struct yaml *y = list->first; y != NULL; y = y->next)
    if (y->kind == YAML_SCALAR) t->fields[t->field_count++] = arena_dup(a, str_of(y->text));
}

static int two_people_read(const struct yaml *list, const char *file, struct template *t,
                           struct trg_err *err) {
  if (list == NULL) return 0;
  if (list->kind != YAML_LIST) return wrong(list, err, file, "two_people is a list");
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    const struct trg_str word = str_of(y->kind == YAML_SCALAR ? y->text : "");
    if (str_is(word, "changes"))
      t->two_changes = true;
    else if (str_is(word, "money"))
      t->two_money = true;
    else if (str_is(word, "tools"))
      t->two_tools = true;
    else
      return wrong(y, err, file, "two_people knows changes, money and tools");
  }
  return 0;
}

static int restore_read(const struct yaml *list, const char *file, struct template *t,
                        struct trg_err *err) {
  static const struct {
    const char *word;
    unsigned bit;
  } known[] = {{"name", RESTORE_NAME},
               {"email", RESTORE_EMAIL},
               {"phone", RESTORE_PHONE},
               {"knowledge", RESTORE_KNOWLEDGE}};
  t->restore = list == NULL ? RESTORE_ALL : 0;
  if (list == NULL) return 0;
  if (list->kind != YAML_LIST) return wrong(list, err, file, "restore is a list");
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    unsigned bit = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      if (y->kind == YAML_SCALAR && strcmp(y->text, known[i].word) == 0) bit = known[i].bit;
    if (bit == 0) return wrong(y, err, file, "restore knows name, email, phone and knowledge");
    t->restore |= bit;
  }
  return 0;
}

static int skill_read(const char *folder, struct arena *a, struct template *t,
                      struct trg_err *err) {
  char *path = file_join(folder, "SKILL.md");
  struct buf b;
  buf_init(&b, FILE_MAX);
  const int rc = file_read(path, FILE_MAX, &b, err);
  if (rc >= 0) {
    struct frontmatter f;
    frontmatter_read(buf_view(&b), path, &f);
    t->skill = arena_dup(a, f.body);
    yaml_free(&f.map);
  }
  buf_free(&b);
  mem_free(path);
  return rc;
}

int template_load(const char *folder, const char *name, struct arena *a, struct template *ret,
                  struct trg_err *err) {
  char *path = file_join(folder, "controls.yaml");
  const char *file = arena_dup(a, str_of(path));
  mem_free(path);
  struct template t = {.name = arena_dup(a, str_of(name))};
  struct yaml *root = yaml_load(file, FILE_MAX, err);
  if (root == NULL) return TRG_EINVAL;
  t.title = text_of(root, "title", a);
  t.baa = is_required(root, "baa");
  t.disclosure = is_required(root, "disclosure");
  fields_read(yaml_get(root, "fields"), a, &t);
  int rc = controls_read(yaml_get(root, "controls"), file, a, &t, err);
  if (rc >= 0) rc = keeps_read(yaml_get(root, "retention"), file, a, &t, err);
  if (rc >= 0) rc = two_people_read(yaml_get(root, "two_people"), file, &t, err);
  if (rc >= 0) rc = restore_read(yaml_get(root, "restore"), file, &t, err);
  yaml_free(&root);
  if (rc >= 0) rc = skill_read(folder, a, &t, err);
  if (rc >= 0) *ret = t;
  return rc;
}

bool template_allows(const struct template *t, const char *field) {
  if (t->fields == NULL) return true;
  for (size_t i = 0; i < t->field_count; i++)
    if (strcmp(t->fields[i], field) == 0) return true;
  return false;
}

bool template_has(const char *skill_path) {
  char *folder = file_dir(skill_path);
  char *path = file_join(folder, "controls.yaml");
  const bool is = file_exists(path);
  mem_free(path);
  mem_free(folder);
  return is;
}
