#include "skill/skill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/frontmatter.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define DEPTH_MAX      6
#define SKILLS_MAX     2000

struct skills {
  struct arena *arena;
  struct skill *list;
  size_t count;
  char hash[HASH_HEX_MAX];
  /* While loading. */
  void (*problem)(void *arg, const char *path, uint32_t line, const char *text);
  void *arg;
  const char *root, *plugin;
};

static void tell(struct skills *s, const char *path, uint32_t line, const char *text) {
  if (s->problem != NULL) s->problem(s->arg, path, line, text);
}

/* The name of the folder that a SKILL.md is in. */
static const char *folder_name(struct arena *a, const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return "skill";
  const char *from = slash;
  while (from > path && from[-1] != '/') from--;
  return arena_dup(a, (struct trg_str){from, (size_t)(slash - from)});
}

static const char *scalar(const struct yaml *map, const char *key) {
  const struct yaml *n = map != NULL ? yaml_get(map, key) : NULL;
  return n != NULL && n->kind == YAML_SCALAR && !yaml_is_null(n) ? n->text : NULL;
}

/* The first paragraph stands for a description that is missing. */
static struct trg_str first_paragraph(struct trg_str body) {
  struct trg_str line;
  while (str_next(&body, '\n', &line)) {
    line = str_trim(line);
    if (line.n > 0 && line.p[0] != '#' && line.p[0] != '|') break;
    line.n = 0;
  }
  line.n = utf8_cut(line, 1024);
  return line;
}

static void skill_add(struct skills *s, const char *path, struct trg_str file) {
  if (s->count >= SKILLS_MAX) return;
  struct frontmatter f;
  frontmatter_read(file, path, &f);
  struct skill *k = &s->list[s->count];
  const char *name = scalar(f.map, "name"), *text = scalar(f.map, "description");
  if (f.repaired) tell(s, path, 1, "the front matter is no valid YAML; it was read line by line");
  k->path = arena_dup(s->arena, str_of(path));
  k->name = arena_dup(s->arena, name != NULL ? str_of(name) : str_of(folder_name(s->arena, path)));
  k->description = arena_dup(s->arena, text != NULL ? str_of(text) : first_paragraph(f.body));
  k->plugin = s->plugin;
  k->root = s->root;
  k->body = arena_dup(s->arena, f.body);
  hash_hex(file, k->hash);
  if (k->description[0] == '\0')
    tell(s, path, 1, "no description: say what the skill does and when to use it");
  if (strlen(k->description) > 1024)
    tell(s, path, 1, "the description is longer than 1,024 characters");
  yaml_free(&f.map);
  s->count++;
}

static int walk_file(void *arg, const char *path) {
  struct skills *s = arg;
  const struct trg_str p = str_of(path);
  if (!str_ends(p, "/SKILL.md") && !str_ends(p, "/skill.md")) return 0;
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, FILE_MAX_BYTES);
  if (file_read(path, FILE_MAX_BYTES, &b, &err) < 0)
    tell(s, path, 0, err.text);
  else if (!utf8_valid(buf_view(&b)))
    tell(s, path, 0, "not valid UTF-8; the skill is left out");
  else
    skill_add(s, path, buf_view(&b));
  buf_free(&b);
  return 0;
}

/* The plugin's name from .claude-plugin/plugin.json, else the folder's. */
static const char *plugin_name(struct skills *s, const char *folder) {
  char *path = file_join(folder, ".claude-plugin/plugin.json");
  const char *name = "";
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, FILE_MAX_BYTES);
  if (file_exists(path) && file_read(path, FILE_MAX_BYTES, &b, &err) >= 0) {
    json *o = json_parse(buf_view(&b), 0, &err);
    if (o == NULL) tell(s, path, err.line, err.text);
    name = arena_dup(s->arena, json_get_str(o, "name"));
    if (name[0] == '\0') name = folder_name(s->arena, arena_printf(s->arena, "%s/x", folder));
    json_free(&o);
  }
  buf_free(&b);
  mem_free(path);
  return name;
}

static int skill_order(const void *a, const void *b) {
  const struct skill *x = a, *y = b;
  const int c = strcmp(x->plugin, y->plugin);
  return c != 0 ? c : strcmp(x->path, y->path);
}

struct skills *skills_load(const char *const *folders, size_t count,
                           void (*problem)(void *arg, const char *path, uint32_t line,
                                           const char *text),
                           void *arg) {
  struct skills *s = mem_alloc(sizeof *s);
  s->arena = arena_new();
  s->list = arena_alloc(s->arena, sizeof *s->list * SKILLS_MAX);
  s->problem = problem;
  s->arg = arg;
  for (size_t i = 0; i < count; i++) {
    struct trg_err err = {0};
    if (!file_is_dir(folders[i])) {
      tell(s, folders[i], 0, "no such folder; its skills are missing");
      continue;
    }
    s->root = arena_dup(s->arena, str_of(folders[i]));
    s->plugin = plugin_name(s, folders[i]);
    if (file_walk(folders[i], DEPTH_MAX, walk_file, s, &err) < 0) tell(s, folders[i], 0, err.text);
  }
  qsort(s->list, s->count, sizeof *s->list, skill_order);
  struct hash *h = hash_new();
  for (size_t i = 0; i < s->count; i++) {
    hash_add(h, str_of(s->list[i].name));
    hash_add(h, str_of(s->list[i].hash));
  }
  uint8_t sum[HASH_BYTES];
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, s->hash);
  return s;
}

void skills_free(struct skills **s) {
  if (*s == NULL) return;
  arena_free(&(*s)->arena);
  mem_free(*s);
  *s = NULL;
}

size_t skills_count(const struct skills *s) {
  return s->count;
}
const struct skill *skills_at(const struct skills *s, size_t i) {
  return &s->list[i];
}
const char *skills_hash(const struct skills *s) {
  return s->hash;
}

const struct skill *skills_find(const struct skills *s, const char *name) {
  for (size_t i = 0; i < s->count; i++)
    if (strcmp(s->list[i].name, name) == 0) return &s->list[i];
  return NULL;
}
