/* One file to one configuration: the frame. The parts are in the files beside it. */
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

#define FILE_BYTES ((size_t)1 << 20)

/* Who asks decides what may be missing. */
enum purpose { RUNNING, READING, CHECKING };

struct whole {
  struct conf conf; /* first: its address is the configuration's */
  struct arena *arena;
};

const char *conf_mode_word(enum conf_mode m) {
  static const char *const words[] = {"off", "shadow", "draft", "auto"};
  return m >= MODE_OFF && m <= MODE_AUTO ? words[m] : "off";
}

const char *path_key(struct part *p, const char *path, const char *key) {
  if (path[0] == '\0') return arena_dup(p->r.arena, str_of(key));
  return arena_printf(p->r.arena, "%s.%s", path, key);
}

const char *path_item(struct part *p, const char *path, size_t i) {
  return arena_printf(p->r.arena, "%s[%zu]", path, i);
}

const char *conf_place_of(struct part *p, const char *text) {
  if (text[0] == '/') return arena_dup(p->r.arena, str_of(text));
  char *path = file_join(p->r.folder, text);
  const char *kept = arena_dup(p->r.arena, str_of(path));
  mem_free(path);
  return kept;
}

bool name_fine(struct part *p, const struct yaml *map, const char *path, const char *name) {
  const size_t n = strlen(name);
  if (n >= 1 && n <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n) return true;
  const struct yaml *node = yaml_get(map, "name");
  field_wrong(&p->r, node, path_key(p, path, "name"),
              "must be 1 to 40 of the characters a-z 0-9 _ -, as it stands in references and URLs");
  return false;
}

/* Of a plugin's own settings anything may be missing for a reader, of ours only secrets. */
void lenience(struct part *p, bool plugin) {
  p->r.lenient = !p->reading ? LENIENT_NONE : plugin ? LENIENT_ALL : LENIENT_SECRETS;
}

void block_hash(struct part *p, const struct yaml *map, const char *path, const char *more,
                char hash[65]) {
  lenience(p, true);
  const char *json = field_json(&p->r, map, path);
  lenience(p, false);
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "%s\n%s", more == NULL ? "" : more, json);
  (void)hash_hex(buf_view(&b), hash);
  explicit_bzero(b.p, b.n);
  buf_free(&b);
}

/* ---- plugins ---- */

static void names_add(struct buf *b, const char *const *names, const char *wrong) {
  const char *near = names == NULL ? NULL : field_nearest(wrong, names);
  if (near != NULL) buf_printf(b, "; did you mean \"%s\"?", near);
  if (names == NULL || names[0] == NULL) {
    buf_text(b, "; there are none at all: is the plugin folder where the program looks for it?");
    return;
  }
  buf_text(b, near != NULL ? " Known are" : "; known are");
  for (size_t i = 0; names[i] != NULL; i++) buf_printf(b, "%s %s", i == 0 ? "" : ",", names[i]);
}

const struct trg_plugin *plugin_find(struct part *p, const struct yaml *map, const char *path,
                                     const char *key, int32_t kind, const char *name) {
  struct trg_err *err = arena_alloc(p->r.arena, sizeof *err);
  const struct trg_plugin *plugin = p->plugins->find(p->plugins->arg, kind, name, err);
  if (plugin != NULL) return plugin;
  struct buf b;
  buf_init(&b, 4096);
  if (err->text[0] != '\0')
    buf_text(&b, err->text);
  else
    buf_printf(&b, "there is no %s \"%.60s\"", kind == TRG_CONNECTOR ? "connector" : "backend",
               name);
  names_add(&b, p->plugins->names == NULL ? NULL : p->plugins->names(p->plugins->arg, kind), name);
  field_wrong(&p->r, yaml_get(map, key), path_key(p, path, key), "%s", b.p);
  buf_free(&b);
  return NULL;
}

void *settings_read(struct part *p, const struct yaml *map, const char *path,
                    const struct trg_plugin *plugin, const struct trg_field *host,
                    const char *origins[4], size_t *ret_origin_count) {
  /* Room for the last field, whatever its type is said to be. */
  char *settings = arena_alloc(p->r.arena, plugin->conf_size + 16);
  lenience(p, true);
  field_fill(&p->r, map, path, plugin->fields, host, settings);
  lenience(p, false);
  size_t n = 0;
  for (const struct trg_field *f = plugin->fields; f != NULL && f->name != NULL && n < 4; f++) {
    const char *url = NULL;
    if (f->type == TRG_URL) memcpy(&url, settings + f->offset, sizeof url);
    if (url != NULL) origins[n++] = url;
  }
  *ret_origin_count = n;
  return settings;
}

/* ---- the file ---- */

/* The advice that libyaml's own words lack. */
static const char *syntax_advice(const char *why) {
  if (strstr(why, "mapping values are not allowed") != NULL)
    return "; a text that holds \": \" must be in quotes, and a key must stand in the column of "
           "its neighbours";
  if (strstr(why, "did not find expected key") != NULL ||
      strstr(why, "did not find expected '-'") != NULL)
    return "; look at the indentation of this line and the one before";
  if (strstr(why, "did not find expected ',' or") != NULL)
    return "; a [ or { before this line is not closed";
  if (strstr(why, "unexpected end of stream") != NULL ||
      strstr(why, "found unexpected document indicator") != NULL)
    return "; a quote before this line is not closed";
  if (strstr(why, "UTF-8") != NULL) return "; save the file as UTF-8";
  return "";
}

static bool has_tab(struct trg_str text, uint32_t line) {
  struct trg_str piece;
  for (uint32_t i = 1; str_next(&text, '\n', &piece); i++) {
    if (i < line) continue;
    for (size_t k = 0;
         k < piece.n && (piece.p[k] == ' ' || piece.p[k] == '\t' || piece.p[k] == '-'); k++)
      if (piece.p[k] == '\t') return true;
    return false;
  }
  return false;
}

static void syntax_tell(struct conf_problems *problems, const char *path, struct trg_str text,
                        const struct trg_err *err) {
  const char *why = err->text;
  if (strncmp(why, "line ", 5) == 0 && strstr(why, ": ") != NULL) why = strstr(why, ": ") + 2;
  if (has_tab(text, err->line))
    problems_add(problems, false, path, err->line, "yaml",
                 "a tab stands in the indentation, where YAML takes only spaces; replace it");
  else
    problems_add(problems, false, path, err->line, "yaml", "%s%s", why, syntax_advice(why));
}

/* The folder that relative paths start from, absolute, as they are used later from anywhere. */
static const char *folder_of(struct arena *a, const char *path) {
  char *dir = file_dir(path);
  char *real = realpath(dir, NULL);
  const char *kept = arena_dup(a, str_of(real == NULL ? dir : real));
  free(real);
  mem_free(dir);
  return kept;
}

static void lines_keep(struct part *p) {
  struct conf *c = p->conf;
  const struct yaml *automatic = yaml_get(yaml_get(p->root, "policy"), "auto");
  c->lines.skills = field_line(&p->r, yaml_get(p->root, "skills"));
  c->lines.knowledge = field_line(&p->r, yaml_get(p->root, "knowledge"));
  c->lines.auto_categories = field_line(&p->r, yaml_get(automatic, "categories"));
  c->lines.tasks = field_line(&p->r, yaml_get(p->root, "tasks"));
}

static void parts_read(struct part *p) {
  lines_keep(p);
  part_top(p);
  part_helpdesks(p);
  part_meter(p);
  part_access(p);
  part_models(p);
  part_tasks(p);
  part_policy(p);
  part_places(p);
  part_mcp_servers(p);
  part_connectors(p);
  part_tools(p);
}

/* Everybody on the machine could read what stands in clear. */
static void exposure_check(struct part *p) {
  struct stat s;
  if (p->r.clear_secrets == 0 || stat(p->conf->file, &s) != 0 || !S_ISREG(s.st_mode)) return;
  if ((s.st_mode & S_IROTH) != 0)
    problems_add(p->r.problems, true, p->conf->file, 0, "",
                 "holds secrets and every user of this machine can read it; chmod o-r %s",
                 p->conf->file);
}

static struct conf *tree_read(const struct yaml *root, struct trg_str text, const char *path,
                              const struct conf_plugins *plugins, struct conf_problems *problems,
                              enum purpose purpose) {
  struct whole *w = mem_alloc(sizeof *w);
  w->arena = arena_new();
  struct conf *c = &w->conf;
  c->file = arena_dup(w->arena, str_of(path));
  (void)hash_hex(text, c->hash);
  struct part p = {.conf = c, .plugins = plugins, .root = root, .reading = purpose == READING};
  p.r = (struct field_reader){.arena = w->arena,
                              .file = c->file,
                              .folder = folder_of(w->arena, path),
                              .problems = problems,
                              .source = text};
  lenience(&p, false);
  if (root->kind == YAML_MAP)
    parts_read(&p);
  else
    problems_add(problems, false, path, root->line, "yaml",
                 "the file must be a map of keys; it begins with \"helpdesks:\", for example");
  exposure_check(&p);
  return c;
}

static bool has_error(const struct conf_problems *p, const char *list, size_t i) {
  char path[48];
  const int n = snprintf(path, sizeof path, "%s[%zu]", list, i);
  for (size_t k = 0; k < p->count; k++)
    if (!p->items[k].warning && strncmp(p->items[k].key, path, (size_t)n) == 0) return true;
  return false;
}

/* Nobody opens an instance of a block that has an error. */
static void broken_close(struct conf *c, const struct conf_problems *p) {
  for (size_t i = 0; i < c->helpdesk_count; i++) {
    struct conf_helpdesk *d = (struct conf_helpdesk *)&c->helpdesks[i];
    if (has_error(p, "helpdesks", i)) d->plugin = NULL, d->settings = NULL;
  }
  for (size_t i = 0; i < c->model_count; i++) {
    struct conf_model *m = (struct conf_model *)&c->models[i];
    if (has_error(p, "models", i)) m->plugin = NULL, m->settings = NULL;
  }
}

/* Its problems apart first: the caller's may hold the same ones, of an earlier reading. */
static struct conf *parse(struct trg_str text, const char *path, const struct conf_plugins *plugins,
                          struct conf_problems *problems, enum purpose purpose) {
  struct conf_problems found = {0};
  struct trg_err err = {0};
  struct conf *c = NULL;
  struct yaml *root = yaml_parse(text, NULL, &err);
  if (root == NULL)
    syntax_tell(&found, path, text, &err);
  else
    c = tree_read(root, text, path, plugins, &found, purpose);
  const bool is_map = root != NULL && root->kind == YAML_MAP;
  yaml_free(&root);
  if (found.errors > 0 && (purpose != CHECKING || !is_map)) conf_free(&c);
  if (c != NULL && found.errors > 0) broken_close(c, &found);
  problems_move(&found, problems);
  return c;
}

struct conf *conf_parse(struct trg_str text, const char *path, const struct conf_plugins *plugins,
                        struct conf_problems *p) {
  return parse(text, path, plugins, p, RUNNING);
}

static void unreadable_tell(struct conf_problems *p, const char *path, int cause) {
  if (cause == ENOENT)
    problems_add(p, false, path, 0, "",
                 "there is no such file; name another with -c FILE, or write one (begin with "
                 "triaged.yaml.example, which was installed, or config/triaged.yaml)");
  else if (cause == EACCES)
    problems_add(p, false, path, 0, "",
                 "permission denied; run as a user that may read it, or change its owner or mode");
  else
    problems_add(p, false, path, 0, "", "can not be read: %s", strerror(cause));
}

static struct conf *load(const char *path, const struct conf_plugins *plugins,
                         struct conf_problems *p, enum purpose purpose) {
  struct stat s;
  if (stat(path, &s) != 0) {
    unreadable_tell(p, path, errno);
    return NULL;
  }
  if (S_ISDIR(s.st_mode)) {
    problems_add(p, false, path, 0, "", "is a folder; name the file in it, as %s/triaged.yaml",
                 path);
    return NULL;
  }
  if (access(path, R_OK) != 0) {
    unreadable_tell(p, path, errno);
    return NULL;
  }
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, FILE_BYTES + 1);
  struct conf *c = NULL;
  if (file_read(path, FILE_BYTES, &b, &err) == 0)
    c = parse(buf_view(&b), path, plugins, p, purpose);
  else
    problems_add(p, false, path, 0, "", "%s", err.text);
  if (b.n > 0) explicit_bzero(b.p, b.n);
  buf_free(&b);
  return c;
}

struct conf *conf_load(const char *path, const struct conf_plugins *plugins,
                       struct conf_problems *p) {
  return load(path, plugins, p, RUNNING);
}

struct conf *conf_load_reading(const char *path, const struct conf_plugins *plugins,
                               struct conf_problems *p) {
  return load(path, plugins, p, READING);
}

struct conf *conf_load_checking(const char *path, const struct conf_plugins *plugins,
                                struct conf_problems *p) {
  return load(path, plugins, p, CHECKING);
}

void conf_free(struct conf **c) {
  if (c == NULL || *c == NULL) return;
  struct whole *w = (struct whole *)*c;
  arena_free(&w->arena);
  mem_free(w);
  *c = NULL;
}

const struct conf_helpdesk *conf_helpdesk(const struct conf *c, struct trg_str name) {
  for (size_t i = 0; i < c->helpdesk_count; i++)
    if (str_is(name, c->helpdesks[i].name)) return &c->helpdesks[i];
  return NULL;
}

const struct conf_model *conf_model(const struct conf *c, struct trg_str name) {
  for (size_t i = 0; i < c->model_count; i++)
    if (str_is(name, c->models[i].name)) return &c->models[i];
  return NULL;
}
