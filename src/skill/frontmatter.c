#include "skill/frontmatter.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"

#define BLOCK_MAX ((size_t)64 << 10)

static bool is_fence(struct trg_str line) {
  while (line.n > 0 &&
         (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
    line.n--;
  return str_is(line, "---");
}

/* Finds the block between the two fences. false: no block. */
static bool block_find(struct trg_str file, struct trg_str *ret_block, struct trg_str *ret_body,
                       uint32_t *ret_line) {
  if (file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0) {
    file.p += 3;
    file.n -= 3;
  }
  struct trg_str rest = file, line;
  if (!str_next(&rest, '\n', &line) || !is_fence(line)) return false;
  const char *from = rest.p;
  uint32_t n = 1;
  while (rest.n > 0) {
    const char *at = rest.p;
    if (!str_next(&rest, '\n', &line)) break;
    n++;
    if (!is_fence(line) && !str_is(str_trim(line), "...")) continue;
    *ret_block = (struct trg_str){from, (size_t)(at - from)};
    *ret_body = rest;
    *ret_line = n + 1;
    return ret_block->n <= BLOCK_MAX;
  }
  return false;
}

static bool is_key_line(struct trg_str line, size_t *ret_colon) {
  size_t i = 0;
  while (i < line.n && (isalnum((unsigned char)line.p[i]) || line.p[i] == '-' || line.p[i] == '_'))
    i++;
  if (i == 0 || i >= line.n || line.p[i] != ':') return false;
  if (i + 1 < line.n && line.p[i + 1] != ' ' && line.p[i + 1] != '\r') return false;
  *ret_colon = i;
  return true;
}

/* "> ", "|-", ">2-": the mark of a block of text. */
static bool is_block_mark(struct trg_str value) {
  if (value.n == 0 || (value.p[0] != '>' && value.p[0] != '|')) return false;
  for (size_t i = 1; i < value.n; i++)
    if (strchr("+-123456789", value.p[i]) == NULL)
      return value.p[i] == ' ' && i + 1 < value.n && value.p[i + 1] == '#';
  return true;
}

/* What stands behind the colon, without block marks and without its own quotes. */
static struct trg_str bare_value(struct trg_str value) {
  value = str_trim(value);
  if (is_block_mark(value)) return (struct trg_str){value.p, 0};
  const char q = value.n >= 2 ? value.p[0] : '\0';
  if ((q == '"' || q == '\'') && value.p[value.n - 1] == q)
    return (struct trg_str){value.p + 1, value.n - 2};
  return value;
}

static void add_quoted(struct buf *out, struct trg_str value) {
  for (size_t i = 0; i < value.n; i++) {
    const char c = value.p[i];
    if (c == '"' || c == '\\') buf_char(out, '\\');
    buf_char(out, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
  }
}

#define KEYS_MAX 64

/* What is being written while the block is put into quotes. */
struct requote {
  struct buf *out;
  struct trg_str keys[KEYS_MAX];
  size_t key_count;
  enum { OPEN_NONE = 0, OPEN_KEY, OPEN_TEXT, OPEN_LIST } open;
};

static void requote_close(struct requote *q) {
  if (q->open == OPEN_KEY) buf_text(q->out, "\"\"");
  if (q->open == OPEN_TEXT) buf_char(q->out, '"');
  if (q->open != OPEN_NONE) buf_char(q->out, '\n');
  q->open = OPEN_NONE;
}

static void requote_key(struct requote *q, struct trg_str key, struct trg_str value) {
  requote_close(q);
  for (size_t i = 0; i < q->key_count; i++)
    if (str_eq(q->keys[i], key)) return; /* the first one counts */
  if (q->key_count == KEYS_MAX) return;
  q->keys[q->key_count++] = key;
  buf_add(q->out, key.p, key.n);
  buf_text(q->out, ": ");
  q->open = OPEN_KEY;
  if (value.n == 0) return;
  buf_char(q->out, '"');
  add_quoted(q->out, value);
  q->open = OPEN_TEXT;
}

static void requote_more(struct requote *q, struct trg_str text) {
  const bool item = text.p[0] == '-' && (text.n == 1 || text.p[1] == ' ');
  if (q->open == OPEN_NONE) return;
  if (item && q->open != OPEN_TEXT) {
    buf_text(q->out, "\n  - \"");
    add_quoted(q->out, bare_value((struct trg_str){text.p + 1, text.n - 1}));
    buf_char(q->out, '"');
    q->open = OPEN_LIST;
    return;
  }
  if (q->open == OPEN_LIST) return; /* below an item: lost */
  buf_text(q->out, q->open == OPEN_KEY ? "\"" : " ");
  add_quoted(q->out, text);
  q->open = OPEN_TEXT;
}

/* Puts the values of top-level "key: value" lines into quotes; lines that belong to no key are
 * joined to the value before them; lists stay lists. */
static void block_quote(struct trg_str block, struct buf *out) {
  struct requote q = {.out = out};
  struct trg_str rest = block, line;
  while (str_next(&rest, '\n', &line)) {
    size_t colon = 0;
    const struct trg_str text = str_trim(line);
    if (text.n == 0 || text.p[0] == '#') continue;
    if (is_key_line(line, &colon))
      requote_key(&q, (struct trg_str){line.p, colon},
                  bare_value((struct trg_str){line.p + colon + 1, line.n - colon - 1}));
    else
      requote_more(&q, text);
  }
  requote_close(&q);
}

static bool has_key(struct trg_str block) {
  struct trg_str line;
  size_t colon = 0;
  while (str_next(&block, '\n', &line))
    if (is_key_line(line, &colon)) return true;
  return false;
}

void frontmatter_read(struct trg_str file, const char *path, struct frontmatter *ret) {
  *ret = (struct frontmatter){.body = file, .body_line = 1};
  struct trg_str block, body;
  uint32_t line = 1;
  if (!block_find(file, &block, &body, &line)) return;
  ret->body = body;
  ret->body_line = line;
  struct trg_err err = {0};
  ret->map = yaml_parse(block, path, &err);
  if (ret->map != NULL && ret->map->kind == YAML_MAP) return;
  yaml_free(&ret->map);
  if (!has_key(block)) {
    *ret = (struct frontmatter){.body = file, .body_line = 1};
    return;
  }
  ret->repaired = true;
  struct buf b;
  buf_init(&b, 4 * BLOCK_MAX);
  block_quote(block, &b);
  if (b.n > 0) ret->map = yaml_parse(buf_view(&b), path, &err);
  if (ret->map != NULL && ret->map->kind != YAML_MAP) yaml_free(&ret->map);
  buf_free(&b);
}

/* --- values ------------------------------------------------------------------------------------
 */

/* "argument-hint" is also argument_hint and argumentHint. */
static bool key_is(const char *key, const char *name) {
  for (;; key++, name++) {
    if (*name == '-') {
      if (*key == '-' || *key == '_') key++;
      name++;
    }
    if (tolower((unsigned char)*key) != *name) return false;
    if (*name == '\0') return true;
  }
}

static const struct yaml *value_of(const struct frontmatter *f, const char *name) {
  const struct yaml *n = f->map != NULL ? yaml_get(f->map, name) : NULL;
  if (n == NULL && f->map != NULL)
    for (n = f->map->first; n != NULL && !key_is(n->key, name);) n = n->next;
  return yaml_is_null(n) ? NULL : n;
}

uint32_t frontmatter_line(const struct frontmatter *f, const char *name) {
  const struct yaml *n = value_of(f, name);
  return n != NULL ? n->line + 1 : 1;
}

const char *frontmatter_text(const struct frontmatter *f, const char *name, struct arena *a) {
  const struct yaml *n = value_of(f, name);
  if (n == NULL || n->kind == YAML_MAP) return NULL;
  if (n->kind == YAML_SCALAR) return arena_dup(a, str_trim(str_of(n->text)));
  /* An unquoted hint as [text, more text] is a list to YAML, and text to who wrote it. */
  struct buf b;
  buf_init(&b, BLOCK_MAX);
  buf_char(&b, '[');
  for (const struct yaml *c = n->first; c != NULL; c = c->next)
    if (c->kind == YAML_SCALAR) buf_printf(&b, "%s%s", c == n->first ? "" : ", ", c->text);
  buf_char(&b, ']');
  const char *text = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return text;
}

bool frontmatter_flag(const struct frontmatter *f, const char *name, bool otherwise) {
  static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off",
                                                                              "0"};
  const struct yaml *n = value_of(f, name);
  if (n == NULL || n->kind != YAML_SCALAR) return otherwise;
  for (size_t i = 0; i < 4; i++) {
    if (str_is_nocase(str_of(n->text), yes[i])) return true;
    if (str_is_nocase(str_of(n->text), no[i])) return false;
  }
  return otherwise;
}

/* Cuts "Read, Grep Bash(git add *)" at commas and blanks outside of round brackets. */
static size_t text_cut(struct trg_str text, struct arena *a, const char **list) {
  size_t n = 0, from = 0, depth = 0;
  for (size_t i = 0; i <= text.n; i++) {
    const char c = i < text.n ? text.p[i] : ',';
    if (c == '(') depth++;
    if (c == ')' && depth > 0) depth--;
    if (i < text.n && (depth > 0 || (c != ',' && !isspace((unsigned char)c)))) continue;
    if (i > from) list[n++] = arena_dup(a, (struct trg_str){text.p + from, i - from});
    from = i + 1;
  }
  return n;
}

size_t frontmatter_list(const struct frontmatter *f, const char *name, struct arena *a,
                        const char *const **ret) {
  const struct yaml *n = value_of(f, name);
  size_t count = 0;
  *ret = NULL;
  if (n == NULL || n->kind == YAML_MAP) return 0;
  if (n->kind == YAML_SCALAR) {
    const struct trg_str text = str_of(n->text);
    const char **list = arena_alloc(a, sizeof *list * (text.n + 1));
    count = text_cut(text, a, list);
    *ret = list;
    return count;
  }
  const char **list = arena_alloc(a, sizeof *list * (yaml_count(n) + 1));
  for (const struct yaml *c = n->first; c != NULL; c = c->next)
    if (c->kind == YAML_SCALAR) list[count++] = arena_dup(a, str_trim(str_of(c->text)));
  *ret = list;
  return count;
}
