#include "skill/bundle.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/skill.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

struct reading {
  struct arena *arena;
  struct bundle *b;
  void (*problem)(void *arg, const char *path, uint32_t line, const char *text);
  void *arg;
};

static void tell(const struct reading *r, const char *path, uint32_t line, const char *text) {
  if (r->problem != NULL) r->problem(r->arg, path, line, text);
}

/* A file of the folder as JSON; NULL when it is not there or is not JSON (told). */
static json *json_of(const struct reading *r, const char *name) {
  char *path = file_join(r->b->root, name);
  json *o = NULL;
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, FILE_MAX_BYTES);
  if (file_exists(path)) {
    if (file_read(path, FILE_MAX_BYTES, &b, &err) >= 0) o = json_parse(buf_view(&b), 0, &err);
    if (o == NULL) tell(r, path, err.line, err.text);
  }
  buf_free(&b);
  mem_free(path);
  return o;
}

/* "./custom/" to "custom"; NULL for what does not begin so or leads out. */
static const char *inner_path(struct arena *a, struct trg_str s) {
  if (!str_starts(s, "./") || str_find(s, "..") >= 0) return NULL;
  s.p += 2;
  s.n -= 2;
  while (s.n > 0 && s.p[s.n - 1] == '/') s.n--;
  return arena_dup(a, s);
}

/* A text or a list of texts. */
static size_t paths_of(const struct reading *r, const json *manifest, const char *key,
                       const char *const **ret) {
  const json *v = json_get(manifest, key);
  const bool list = json_is_array(v);
  const char **out = arena_alloc(r->arena, sizeof *out * (json_count(v) + 2));
  size_t n = 0;
  for (const json *one = list ? json_first(v) : v; one != NULL;
       one = list ? json_next(one) : NULL) {
    const char *path = inner_path(r->arena, json_str(one));
    if (path != NULL)
      out[n++] = path;
    else
      tell(r, arena_printf(r->arena, "%s/.claude-plugin/plugin.json", r->b->root), 0,
           arena_printf(r->arena, "%s: a path must begin with ./ and stay in the folder", key));
  }
  *ret = out;
  return n;
}

static void add_servers(const struct reading *r, const json *map) {
  const json *inner = json_get(map, "mcpServers");
  if (json_is_object(inner)) map = inner;
  if (!json_is_object(map)) return;
  struct bundle *b = r->b;
  struct bundle_server *all = arena_alloc(r->arena,
                                          sizeof *all * (b->server_count + json_count(map) + 1));
  if (b->server_count > 0) memcpy(all, b->servers, sizeof *all * b->server_count);
  for (const json *s = json_first(map); s != NULL; s = json_next(s)) {
    if (!json_is_object(s)) continue;
    all[b->server_count].name = arena_dup(r->arena, str_of(json_key(s)));
    all[b->server_count++].configured = json_get_str(s, "url").n > 0 ||
                                        json_get_str(s, "command").n > 0;
  }
  b->servers = all;
}

/* .mcp.json, and what the manifest adds: a path, a list of paths, or the map itself. */
static void read_servers(const struct reading *r, const json *manifest) {
  json *own = json_of(r, ".mcp.json");
  add_servers(r, own);
  json_free(&own);
  const json *more = json_get(manifest, "mcpServers");
  if (json_is_object(more)) add_servers(r, more);
  if (!json_is_string(more) && !json_is_array(more)) return;
  const char *const *paths = NULL;
  const size_t n = paths_of(r, manifest, "mcpServers", &paths);
  for (size_t i = 0; i < n; i++) {
    if (strcmp(paths[i], ".mcp.json") == 0) continue;
    json *o = json_of(r, paths[i]);
    add_servers(r, o);
    json_free(&o);
  }
}

/* The first table that has a column of placeholders. */
static void read_categories(const struct reading *r, const char *markdown) {
  struct md_table t;
  struct bundle *b = r->b;
  if (!md_table_with(r->arena, markdown, "placeholder", &t)) return;
  const ptrdiff_t at = md_column(&t, "placeholder");
  struct bundle_category *list = arena_alloc(r->arena, sizeof *list * (t.rows + 1));
  for (size_t i = 0; i < t.rows; i++) {
    const char *mark = strstr(md_cell(&t, i, at), "~~");
    if (mark == NULL) continue;
    mark += 2;
    struct buf all;
    buf_init(&all, 1 << 16);
    for (ptrdiff_t c = 0; c < (ptrdiff_t)t.columns; c++)
      if (c != at) buf_printf(&all, "%s; ", md_cell(&t, i, c));
    const struct trg_str name = {mark, strcspn(mark, "`*|")};
    list[b->category_count].name = arena_dup(r->arena, str_trim(name));
    list[b->category_count++].products = arena_dup(r->arena, buf_view(&all));
    buf_free(&all);
  }
  b->categories = list;
}

static const char *leaf_of(struct arena *a, const char *root) {
  const char *slash = strrchr(root, '/');
  return arena_dup(a, str_of(slash != NULL ? slash + 1 : root));
}

struct bundle *bundle_read(struct arena *a, const char *root,
                           void (*problem)(void *arg, const char *path, uint32_t line,
                                           const char *text),
                           void *arg) {
  struct bundle *b = arena_alloc(a, sizeof *b);
  const struct reading r = {a, b, problem, arg};
  b->root = arena_dup(a, str_of(root));
  json *m = json_of(&r, ".claude-plugin/plugin.json");
  b->manifest = m != NULL;
  b->name = arena_dup(a, json_get_str(m, "name"));
  if (b->name[0] == '\0') b->name = leaf_of(a, b->root);
  b->version = arena_dup(a, json_get_str(m, "version"));
  if (json_get(m, "skills") != NULL)
    b->skill_path_count = paths_of(&r, m, "skills", &b->skill_paths);
  if (json_get(m, "commands") != NULL)
    b->command_path_count = paths_of(&r, m, "commands", &b->command_paths);
  read_servers(&r, m);
  json_free(&m);
  char *path = file_join(root, "CONNECTORS.md");
  struct buf text;
  struct trg_err err = {0};
  buf_init(&text, FILE_MAX_BYTES);
  if (file_exists(path) && file_read(path, FILE_MAX_BYTES, &text, &err) >= 0 && text.n > 0)
    read_categories(&r, text.p);
  buf_free(&text);
  mem_free(path);
  return b;
}

static bool below(const char *relative, const char *folder) {
  const size_t n = strlen(folder);
  return n == 0 ||
         (strncmp(relative, folder, n) == 0 && (relative[n] == '/' || relative[n] == '\0'));
}

static bool below_any(const char *relative, const char *const *folders, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (below(relative, folders[i])) return true;
  return false;
}

bool bundle_has_skill(const struct bundle *b, const char *relative) {
  if (!b->manifest) return true; /* none, or it can not be read: what is there counts */
  if (b->skill_path_count > 0) return below_any(relative, b->skill_paths, b->skill_path_count);
  if (below(relative, "skills")) return true;
  char *folder = file_join(b->root, "skills");
  const bool single = !file_is_dir(folder) && strchr(relative, '/') == NULL;
  mem_free(folder);
  return single; /* a root SKILL.md alone is a plugin of one skill */
}

bool bundle_has_command(const struct bundle *b, const char *relative) {
  if (b->command_path_count > 0)
    return below_any(relative, b->command_paths, b->command_path_count);
  return below(relative, "commands");
}
