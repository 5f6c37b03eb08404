#include "cmd/lint.h"

#include <cmark.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"
#include "base/yaml.h"
#include "skill/frontmatter.h"
#include "skill/render.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "skill/voice.h"

/* https://agentskills.io/specification */
#define NAME_MAX_CHARS        64
#define DESCRIPTION_MAX_CHARS 1024
#define BODY_LINES            500
#define ALIKE_WORDS           6 /* shorter descriptions are not compared */
#define FILE_MAX_BYTES        ((size_t)4 << 20)

__attribute__((format(printf, 5, 6))) static void
found(struct lint *l, bool error, const char *path, uint32_t line, const char *format, ...) {
  char text[600];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (l->count == l->room) {
    l->room = l->room == 0 ? 16 : l->room * 2;
    l->items = mem_grow(l->items, l->room * sizeof *l->items);
  }
  l->items[l->count++] = (struct lint_problem){mem_dup(path), mem_dup(text), line, error};
  if (error) l->errors++;
}

void lint_free(struct lint *l) {
  for (size_t i = 0; i < l->count; i++) {
    mem_free(l->items[i].path);
    mem_free(l->items[i].text);
  }
  mem_free(l->items);
  *l = (struct lint){0};
}

/* --- front matter -------------------------------------------------------------------------- */

static bool name_is_legal(const char *name) {
  const size_t n = strlen(name);
  if (n == 0 || n > NAME_MAX_CHARS || name[0] == '-' || name[n - 1] == '-') return false;
  if (strstr(name, "--") != NULL) return false;
  return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* Lines of the tree count from the one below the fence. */
static uint32_t front_line(const struct yaml *node) {
  return node != NULL ? node->line + 1 : 1;
}

static void check_name(struct lint *l, const char *path, const struct yaml *map) {
  const struct yaml *node = yaml_get(map, "name");
  char *folder = file_dir(path), *real = realpath(folder, NULL); /* "." has a name too */
  const char *whole = real != NULL ? real : folder, *slash = strrchr(whole, '/');
  const char *leaf = slash != NULL ? slash + 1 : whole;
  if (yaml_is_null(node) || node->kind != YAML_SCALAR)
    found(l, true, path, front_line(map), "no name: write name: %s", leaf);
  else if (!name_is_legal(node->text))
    found(l, true, path, front_line(node),
          "the name \"%.80s\" is not 1 to %d of a-z, 0-9 and single hyphens inside", node->text,
          NAME_MAX_CHARS);
  else if (strcmp(node->text, leaf) != 0)
    found(l, true, path, front_line(node), "the name \"%s\" is not that of its folder, \"%.80s\"",
          node->text, leaf);
  free(real);
  mem_free(folder);
}

static void check_description(struct lint *l, const char *path, const struct yaml *map) {
  const struct yaml *node = yaml_get(map, "description");
  if (yaml_is_null(node) || node->kind != YAML_SCALAR || str_trim(str_of(node->text)).n == 0) {
    found(l, true, path, front_line(node),
          "no description: say what the skill does and when to use it");
    return;
  }
  const size_t n = utf8_length(str_of(node->text));
  if (n > DESCRIPTION_MAX_CHARS)
    found(l, true, path, front_line(node), "the description has %zu characters; %d are allowed", n,
          DESCRIPTION_MAX_CHARS);
}

/* --- body ---------------------------------------------------------------------------------- */

/* How many folders the skill's file lies below the root that reads stay in. */
static int depth_of(const struct skill *k) {
  const size_t n = strlen(k->root);
  int depth = -1;
  for (const char *p = strncmp(k->path, k->root, n) == 0 ? k->path + n : k->path; *p != '\0'; p++)
    depth += *p == '/';
  return depth;
}

static bool is_outside(const char *target, int depth) {
  struct trg_str rest = str_of(target), piece;
  while (str_next(&rest, '/', &piece)) {
    if (str_is(piece, ".."))
      depth--;
    else if (piece.n > 0 && !str_is(piece, "."))
      depth++;
    if (depth < 0) return true;
  }
  return false;
}

static int hex_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "a%20b.md#part" is the file "a b.md"; mem_free. */
static char *link_file(const char *url) {
  char *out = mem_alloc(strlen(url) + 1);
  size_t n = 0;
  for (const char *p = url; *p != '\0' && *p != '#' && *p != '?'; p++) {
    const int high = *p == '%' ? hex_of(p[1]) : -1, low = high >= 0 ? hex_of(p[2]) : -1;
    out[n++] = low >= 0 ? (char)(high * 16 + low) : *p;
    if (low >= 0) p += 2;
  }
  return out;
}

static bool has_scheme(const char *url) {
  const size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
  return n > 1 && url[n] == ':';
}

static void check_link(struct lint *l, const struct skill *k, uint32_t line, const char *url) {
  const char *path = k->path;
  if (url == NULL || url[0] == '\0' || url[0] == '#' || has_scheme(url) ||
      strncmp(url, "//", 2) == 0)
    return;
  char *file = link_file(url), *folder = file_dir(path), *full = file_join(folder, file);
  if (file[0] == '/')
    found(l, true, path, line, "the link %.200s is absolute; write it relative to the skill", url);
  else if (is_outside(file, depth_of(k)))
    found(l, true, path, line, "the link %.200s leads out of %s", url, k->root);
  else if (file[0] != '\0' && !file_exists(full))
    found(l, true, path, line, "the link %.200s leads nowhere", url);
  mem_free(full);
  mem_free(folder);
  mem_free(file);
}

/* Files that stand in code marks: a hint to the model, so only a warning. */
static void check_paths(struct lint *l, const struct skill *k, const struct frontmatter *f) {
  struct arena *a = arena_new();
  struct skill_link *list = NULL;
  const size_t n = skill_links(arena_dup(a, f->body), a, &list);
  for (size_t i = 0; i < n; i++) {
    const char *text = NULL;
    struct trg_err err = {0};
    if (list[i].code && skill_reference(k, list[i].file, a, &text, &err) == TRG_ENOTFOUND)
      found(l, false, k->path, f->body_line + list[i].line_number - 1,
            "the file %.200s, named here, is not there", list[i].file);
  }
  arena_free(&a);
}

static uint32_t line_of(cmark_node *node) {
  while (node != NULL && cmark_node_get_start_line(node) == 0) node = cmark_node_parent(node);
  return node != NULL ? (uint32_t)cmark_node_get_start_line(node) : 0;
}

static void check_body(struct lint *l, const struct skill *k, const struct frontmatter *f) {
  const char *path = k->path;
  size_t lines = 0;
  for (size_t i = 0; i < f->body.n; i++) lines += f->body.p[i] == '\n';
  if (f->body.n > 0 && f->body.p[f->body.n - 1] != '\n') lines++;
  if (lines > BODY_LINES)
    found(l, false, path, f->body_line,
          "the body has %zu lines; above %d move detail into files that it links to", lines,
          BODY_LINES);
  const size_t tokens = skill_tokens(f->body);
  if (tokens > SKILL_TOKENS_MAX)
    found(l, false, path, f->body_line,
          "the body has about %zu tokens; a prompt takes %d of them, the rest is cut", tokens,
          SKILL_TOKENS_MAX);
  check_paths(l, k, f);
  if (str_trim(f->body).n == 0) found(l, false, path, f->body_line, "the body is empty");
  cmark_node *root = cmark_parse_document(f->body.p, f->body.n, CMARK_OPT_DEFAULT);
  cmark_iter *walk = cmark_iter_new(root);
  for (cmark_event_type e; (e = cmark_iter_next(walk)) != CMARK_EVENT_DONE;) {
    cmark_node *node = cmark_iter_get_node(walk);
    const cmark_node_type t = cmark_node_get_type(node);
    if (e == CMARK_EVENT_ENTER && (t == CMARK_NODE_LINK || t == CMARK_NODE_IMAGE))
      check_link(l, k, f->body_line + line_of(node) - 1, cmark_node_get_url(node));
  }
  cmark_iter_free(walk);
  cmark_node_free(root);
}

/* --- a skill, a folder --------------------------------------------------------------------- */

static void check_skill(struct lint *l, const struct skill *k) {
  const char *path = k->path;
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, FILE_MAX_BYTES);
  if (file_read(path, FILE_MAX_BYTES, &b, &err) < 0) {
    found(l, true, path, 0, "%s", err.text);
  } else {
    struct frontmatter f;
    frontmatter_read(buf_view(&b), path, &f);
    if (f.map == NULL && !k->command)
      found(l, true, path, 1, "no front matter: begin the file with ---, name:, description:, ---");
    if (f.repaired)
      found(l, true, path, 1, "the front matter is no valid YAML; put texts with : or # in quotes");
    if (f.map != NULL && !k->command) check_name(l, path, f.map);
    if (f.map != NULL) check_description(l, path, f.map);
    check_body(l, k, &f);
    yaml_free(&f.map);
  }
  buf_free(&b);
}

static void check_plugin(struct lint *l, const char *folder) {
  char *path = file_join(folder, ".claude-plugin/plugin.json");
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, FILE_MAX_BYTES);
  if (file_exists(path)) {
    json *o = file_read(path, FILE_MAX_BYTES, &b, &err) >= 0 ? json_parse(buf_view(&b), 0, &err)
                                                             : NULL;
    if (o == NULL)
      found(l, true, path, err.line, "%s", err.text);
    else if (json_get_str(o, "name").n == 0)
      found(l, true, path, 0, "no \"name\"");
    json_free(&o);
  }
  buf_free(&b);
  mem_free(path);
}

/* What only the loader sees: what it left out. Its words on single files are said above better. */
static void loader_problem(void *arg, const char *path, uint32_t line, const char *text) {
  struct lint *l = arg;
  const struct trg_str s = str_of(text);
  if (str_starts(s, "no description") || str_starts(s, "the description") ||
      str_starts(s, "the front matter"))
    return;
  for (size_t i = 0; i < l->count; i++)
    if (l->items[i].error && strcmp(l->items[i].path, path) == 0 &&
        strcmp(l->items[i].text, text) == 0)
      return;
  found(l, true, path, line, "%s", text);
}

static int problem_order(const void *a, const void *b) {
  const struct lint_problem *x = a, *y = b;
  const int c = strcmp(x->path, y->path);
  return c != 0 ? c : x->line < y->line ? -1 : x->line > y->line;
}

/* Two descriptions that say the same leave it open which skill is chosen. */
static void check_alike(struct lint *l, const struct skills *s, size_t at) {
  const struct skill *k = skills_at(s, at);
  struct arena *a = arena_new();
  struct trg_str *own = NULL, *other = NULL;
  const size_t n = words_telling(str_of(k->description), 200, a, &own);
  for (size_t i = 0; i < at; i++) {
    const struct skill *o = skills_at(s, i);
    const size_t m = words_telling(str_of(o->description), 200, a, &other);
    const size_t common = words_common(str_of(k->description), str_of(o->description), a);
    if (n >= ALIKE_WORDS && m >= ALIKE_WORDS && common * 10 >= m * 8 && common * 10 >= n * 8)
      found(l, false, k->path, 1, "the description says the same as that of %.200s", o->path);
  }
  arena_free(&a);
}

/* What contradicts itself in the tables that are read by program. */
static void check_tables(struct lint *l, struct skills *s) {
  struct trg_err err = {0};
  if (skills_find(s, "ticket-triage") != NULL) {
    struct taxonomy *t = taxonomy_load(NULL, s, NULL, 0, loader_problem, l, &err);
    taxonomy_free(&t);
  }
  struct voice *v = voice_load(s, loader_problem, l);
  voice_free(&v);
}

void lint_folder(const char *folder, struct lint *ret) {
  *ret = (struct lint){0};
  if (!file_is_dir(folder)) {
    found(ret, true, folder, 0, "there is no such folder");
    return;
  }
  check_plugin(ret, folder);
  struct skills *s = skills_load(&folder, 1, loader_problem, ret);
  ret->skills = skills_count(s);
  for (size_t i = 0; i < ret->skills; i++) {
    const struct skill *k = skills_at(s, i);
    check_skill(ret, k);
    for (size_t j = 0; j < i; j++)
      if (strcmp(skills_at(s, j)->name, k->name) == 0)
        found(ret, true, k->path, 1, "the name \"%.80s\" is that of %.200s too", k->name,
              skills_at(s, j)->path);
    check_alike(ret, s, i);
  }
  check_tables(ret, s);
  if (ret->skills == 0) found(ret, true, folder, 0, "no SKILL.md in it or below it");
  skills_free(&s);
  if (ret->count > 0) qsort(ret->items, ret->count, sizeof *ret->items, problem_order);
}
