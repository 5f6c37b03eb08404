#include "skill/skill.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"
#include "base/yaml.h"
#include "skill/bundle.h"
#include "skill/frontmatter.h"
#include "skill/template.h"

#define FILE_MAX_BYTES       ((size_t)1 << 20)
#define DEPTH_MAX            8
#define SKILLS_MAX           2000
#define BUNDLES_MAX          500
#define DESCRIPTION_MAX      1024
#define DESCRIPTION_FALLBACK 1024

struct skills {
  struct arena *arena;
  struct skill *list;
  const char **bodies; /* by skill; NULL: not read yet */
  size_t count;
  const struct bundle **bundles;
  size_t bundle_count;
  char hash[HASH_HEX_MAX];
  /* While loading. */
  void (*problem)(void *arg, const char *path, uint32_t line, const char *text);
  void *arg;
  const char *folder; /* the configured one that is walked */
  size_t from;
};

static void tell(struct skills *s, const char *path, uint32_t line, const char *text) {
  if (s->problem != NULL) s->problem(s->arg, path, line, text);
}

size_t skill_tokens(struct trg_str text) {
  size_t ascii = 0, other = 0;
  for (size_t i = 0; i < text.n; i++) {
    const unsigned char c = (unsigned char)text.p[i];
    ascii += c < 0x80;
    other += c >= 0xc0; /* the first byte of a longer character */
  }
  return (ascii + 3) / 4 + (other * 2 + 2) / 3;
}

/* --- one file ----------------------------------------------------------------------------------
 */

/* The name of the folder that a SKILL.md is in, or of a command's file without its end. */
static const char *fallback_name(struct arena *a, const char *path, bool command) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return "skill";
  if (command) {
    const char *dot = strrchr(slash, '.');
    return arena_dup(a, (struct trg_str){slash + 1, (size_t)(dot - slash) - 1});
  }
  const char *from = slash;
  while (from > path && from[-1] != '/') from--;
  return arena_dup(a, (struct trg_str){from, (size_t)(slash - from)});
}

/* The first paragraph stands for a description that is missing. */
static struct trg_str first_paragraph(struct trg_str body) {
  struct trg_str line = {"", 0};
  while (str_next(&body, '\n', &line)) {
    line = str_trim(line);
    if (line.n > 0 && line.p[0] != '#' && line.p[0] != '|' && line.p[0] != '>') break;
    line.n = 0;
  }
  line.n = utf8_cut(line, DESCRIPTION_FALLBACK);
  return line;
}

static const char *or_empty(const char *text) {
  return text != NULL ? text : "";
}

static void skill_fill(struct skills *s, struct skill *k, const struct frontmatter *f) {
  struct arena *a = s->arena;
  const char *name = frontmatter_text(f, "name", a);
  const char *text = frontmatter_text(f, "description", a);
  const bool named = name != NULL && name[0] != '\0';
  k->name = named ? name : fallback_name(a, k->path, k->command);
  k->description = text != NULL ? text : arena_dup(a, first_paragraph(f->body));
  k->when_to_use = or_empty(frontmatter_text(f, "when-to-use", a));
  k->argument_hint = or_empty(frontmatter_text(f, "argument-hint", a));
  k->version = or_empty(frontmatter_text(f, "version", a));
  k->trigger_count = frontmatter_list(f, "triggers", a, &k->triggers);
  k->allowed_tool_count = frontmatter_list(f, "allowed-tools", a, &k->allowed_tools);
  k->user_invocable = frontmatter_flag(f, "user-invocable", true);
  k->model_invocable = !frontmatter_flag(f, "disable-model-invocation", false);
  k->body_line = f->body_line;
  k->catalog_tokens = skill_tokens(str_of(k->name)) + skill_tokens(str_of(k->description)) +
                      skill_tokens(str_of(k->when_to_use));
  k->body_tokens = skill_tokens(f->body);
  const char *all = arena_printf(a, "%s %s %s", k->name, k->description, k->when_to_use);
  k->word_count = words_telling(str_of(all), SKILL_WORDS_MAX, a, &k->words);
}

static void skill_judge(struct skills *s, const struct skill *k, const struct frontmatter *f) {
  if (f->repaired)
    tell(s, k->path, 1,
         f->map != NULL ? "the front matter is no valid YAML; it was read line by line"
                        : "the front matter can not be read; only the body is used");
  if (k->description[0] == '\0')
    tell(s, k->path, 1, "no description: say what the skill does and when to use it");
  if (utf8_length(str_of(k->description)) > DESCRIPTION_MAX)
    tell(s, k->path, frontmatter_line(f, "description"),
         "the description is longer than 1,024 characters");
}

static void skill_add(struct skills *s, const char *path, const struct bundle *b, bool command,
                      struct trg_str file) {
  if (s->count >= SKILLS_MAX) {
    tell(s, path, 0, "there are 2,000 skills already; it is left out");
    return;
  }
  struct frontmatter f;
  frontmatter_read(file, path, &f);
  struct skill *k = &s->list[s->count++];
  k->path = arena_dup(s->arena, str_of(path));
  k->plugin = b != NULL ? b->name : "";
  k->root = b != NULL ? b->root : s->folder;
  k->command = command;
  k->from = s->from;
  skill_fill(s, k, &f);
  hash_hex(file, k->hash);
  skill_judge(s, k, &f);
  yaml_free(&f.map);
}

static void file_take(struct skills *s, const char *path, const struct bundle *b, bool command) {
  struct buf buf;
  struct trg_err err = {0};
  buf_init(&buf, FILE_MAX_BYTES);
  if (file_read(path, FILE_MAX_BYTES, &buf, &err) < 0)
    tell(s, path, 0, err.text);
  else if (!utf8_valid(buf_view(&buf)))
    tell(s, path, 0, "not valid UTF-8; the skill is left out");
  else
    skill_add(s, path, b, command, buf_view(&buf));
  buf_free(&buf);
}

/* --- folders -----------------------------------------------------------------------------------
 */

static const struct bundle *bundle_at(struct skills *s, const char *root) {
  for (size_t i = 0; i < s->bundle_count; i++)
    if (strcmp(s->bundles[i]->root, root) == 0) return s->bundles[i];
  if (s->bundle_count == BUNDLES_MAX) return NULL;
  const struct bundle *b = bundle_read(s->arena, root, s->problem, s->arg);
  s->bundles[s->bundle_count++] = b;
  return b;
}

/* The innermost folder above the file, not above the configured one, that has a manifest; else the
 * one whose skills/ or commands/ it is in. NULL: a plain folder of skills. */
static const struct bundle *bundle_of(struct skills *s, const char *path) {
  char *root = mem_dup(path);
  const size_t least = strlen(s->folder);
  const struct bundle *found = NULL;
  char *outer = NULL;
  for (char *slash = strrchr(root, '/'); slash != NULL && (size_t)(slash - root) >= least;
       slash = strrchr(root, '/')) {
    const char *leaf = slash + 1;
    const bool inner = strcmp(leaf, "skills") == 0 || strcmp(leaf, "commands") == 0;
    *slash = '\0';
    if (inner) {
      mem_free(outer);
      outer = mem_dup(root);
    }
    char *manifest = file_join(root, ".claude-plugin/plugin.json");
    const bool here = file_exists(manifest);
    mem_free(manifest);
    if (here) {
      found = bundle_at(s, root);
      break;
    }
  }
  if (found == NULL && outer != NULL) found = bundle_at(s, outer);
  mem_free(outer);
  mem_free(root);
  return found;
}

static int walk_file(void *arg, const char *path) {
  struct skills *s = arg;
  const struct trg_str p = str_of(path);
  if (str_ends(p, "/.claude-plugin/plugin.json")) {
    char *folder = file_dir(path), *root = file_dir(folder);
    (void)bundle_at(s, root);
    mem_free(root);
    mem_free(folder);
    return 0;
  }
  const bool skill = str_ends(p, "/SKILL.md") || str_ends(p, "/skill.md");
  if (!skill && !str_ends(p, ".md")) return 0;
  if (skill && template_has(path)) return 0; /* used when `compliance` names it, and only then */
  const struct bundle *b = bundle_of(s, path);
  const char *relative = b != NULL ? path + strlen(b->root) + 1 : "";
  if (skill && (b == NULL || bundle_has_skill(b, relative)))
    file_take(s, path, b, false);
  else if (!skill && b != NULL && bundle_has_command(b, relative))
    file_take(s, path, b, true);
  return 0;
}

static int skill_order(const void *a, const void *b) {
  const struct skill *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  const int c = strcmp(x->plugin, y->plugin);
  return c != 0 ? c : strcmp(x->path, y->path);
}

static void folder_load(struct skills *s, const char *folder) {
  struct trg_err err = {0};
  struct trg_str plain = str_of(folder);
  while (plain.n > 1 && plain.p[plain.n - 1] == '/') plain.n--;
  s->folder = arena_dup(s->arena, plain);
  if (!file_is_dir(s->folder))
    tell(s, s->folder, 0, "no such folder; its skills are missing");
  else if (file_walk(s->folder, DEPTH_MAX, walk_file, s, &err) < 0)
    tell(s, s->folder, 0, err.text);
}

struct skills *skills_load(const char *const *folders, size_t count,
                           void (*problem)(void *arg, const char *path, uint32_t line,
                                           const char *text),
                           void *arg) {
  struct skills *s = mem_alloc(sizeof *s);
  s->arena = arena_new();
  s->list = arena_alloc(s->arena, sizeof *s->list * SKILLS_MAX);
  s->bundles = arena_alloc(s->arena, sizeof *s->bundles * BUNDLES_MAX);
  s->problem = problem;
  s->arg = arg;
  for (s->from = 0; s->from < count; s->from++) folder_load(s, folders[s->from]);
  s->bodies = arena_alloc(s->arena, sizeof *s->bodies * (s->count + 1));
  if (s->count > 0) qsort(s->list, s->count, sizeof *s->list, skill_order);
  struct hash *h = hash_new();
  for (size_t i = 0; i < s->count; i++) {
    hash_add(h, str_of(s->list[i].name));
    hash_add(h, str_of(s->list[i].hash));
  }
  uint8_t sum[HASH_BYTES];
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, s->hash);
  s->problem = NULL;
  return s;
}

void skills_free(struct skills **s) {
  if (*s == NULL) return;
  arena_free(&(*s)->arena);
  mem_free(*s);
  *s = NULL;
}

/* --- reading -----------------------------------------------------------------------------------
 */

size_t skills_count(const struct skills *s) {
  return s->count;
}
const struct skill *skills_at(const struct skills *s, size_t i) {
  return &s->list[i];
}
const char *skills_hash(const struct skills *s) {
  return s->hash;
}
size_t skills_bundles(const struct skills *s, const struct bundle *const **ret) {
  *ret = s->bundles;
  return s->bundle_count;
}

const struct skill *skills_find(const struct skills *s, const char *name) {
  const char *colon = strchr(name, ':');
  const struct trg_str plugin = {name, colon != NULL ? (size_t)(colon - name) : 0};
  const struct skill *best = NULL;
  if (colon != NULL) name = colon + 1;
  for (size_t i = 0; i < s->count; i++) {
    const struct skill *k = &s->list[i];
    if (strcmp(k->name, name) != 0 || (colon != NULL && !str_is(plugin, k->plugin))) continue;
    if (best == NULL || k->from > best->from) best = k;
  }
  return best;
}

const char *skill_body(struct skills *s, const struct skill *k, struct trg_err *err) {
  const char **body = &s->bodies[k - s->list];
  if (*body != NULL) return *body;
  struct buf b;
  buf_init(&b, FILE_MAX_BYTES);
  char hash[HASH_HEX_MAX];
  int rc = file_read(k->path, FILE_MAX_BYTES, &b, err);
  if (rc >= 0) hash_hex(buf_view(&b), hash);
  if (rc >= 0 && strcmp(hash, k->hash) != 0)
    rc = err_set(err, TRG_ESTATE, "changed",
                 "%s was changed since it was loaded: reload (SIGHUP, or triagectl reindex)",
                 k->path);
  if (rc >= 0) {
    struct frontmatter f;
    frontmatter_read(buf_view(&b), k->path, &f);
    *body = arena_dup(s->arena, f.body);
    yaml_free(&f.map);
  }
  buf_free(&b);
  return *body;
}

/* Is this real path of a file that may be read for this skill? */
static bool readable(const char *real, const char *root) {
  const size_t n = strlen(root);
  if (strncmp(real, root, n) != 0 || (real[n] != '/' && n > 1)) return false;
  return strstr(real + n, "/scripts/") == NULL && strstr(real + n, "/bin/") == NULL &&
         strstr(real + n, "/hooks/") == NULL;
}

int skill_reference(const struct skill *k, const char *relative, struct arena *a, const char **ret,
                    struct trg_err *err) {
  char *folder = file_dir(k->path), *path = file_join(folder, relative);
  char *real = realpath(path, NULL), *root = realpath(k->root, NULL);
  struct buf b;
  buf_init(&b, FILE_MAX_BYTES);
  int rc = 0;
  if (real == NULL || root == NULL)
    rc = err_set(err, TRG_ENOTFOUND, "not_found", "%s: there is no %s", k->path, relative);
  else if (relative[0] == '/' || !readable(real, root))
    rc = err_set(err, TRG_EINVAL, "outside", "%s: %s is outside of %s, or a script", k->path,
                 relative, k->root);
  else
    rc = file_read(real, FILE_MAX_BYTES, &b, err);
  if (rc >= 0 && (!utf8_valid(buf_view(&b)) || memchr(b.p, '\0', b.n) != NULL))
    rc = err_set(err, TRG_EINVAL, "utf8", "%s: %s is no text", k->path, relative);
  if (rc >= 0) *ret = arena_dup(a, buf_view(&b));
  buf_free(&b);
  free(real);
  free(root);
  mem_free(path);
  mem_free(folder);
  return rc;
}
