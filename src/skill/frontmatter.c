#include "skill/frontmatter.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
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

/* What stands behind the colon, without block marks and without its own quotes. */
static struct trg_str bare_value(struct trg_str value) {
  static const char *const blocks[] = {">", "|", ">-", "|-", ">+", "|+"};
  value = str_trim(value);
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
    if (str_is(value, blocks[i])) return (struct trg_str){value.p, 0};
  if (value.n >= 2 && (value.p[0] == '"' || value.p[0] == '\'') &&
      value.p[value.n - 1] == value.p[0])
    return (struct trg_str){value.p + 1, value.n - 2};
  return value;
}

static void add_quoted(struct buf *out, struct trg_str value) {
  for (size_t i = 0; i < value.n; i++) {
    const char c = value.p[i];
    if (c == '"' || c == '\\') buf_char(out, '\\');
    buf_char(out, (unsigned char)c < 0x20 ? ' ' : c);
  }
}

/* Does this key stand in the block before `line`? */
static bool key_before(struct trg_str block, struct trg_str line, size_t colon) {
  struct trg_str rest = {block.p, (size_t)(line.p - block.p)}, other;
  size_t end = 0;
  while (str_next(&rest, '\n', &other))
    if (is_key_line(other, &end) && end == colon && memcmp(other.p, line.p, colon) == 0)
      return true;
  return false;
}

/* Puts the values of top-level "key: value" lines into quotes; lines that belong to no key are
 * joined to the value before them. Of a key that stands twice the first counts. */
static void block_quote(struct trg_str block, struct buf *out) {
  struct trg_str rest = block, line;
  bool open = false;
  while (str_next(&rest, '\n', &line)) {
    size_t colon = 0;
    const struct trg_str text = str_trim(line);
    if (text.n == 0 || text.p[0] == '#') continue;
    if (is_key_line(line, &colon)) {
      if (open) buf_text(out, "\"\n");
      open = false;
      if (key_before(block, line, colon)) continue;
      buf_add(out, line.p, colon);
      buf_text(out, ": \"");
      add_quoted(out, bare_value((struct trg_str){line.p + colon + 1, line.n - colon - 1}));
      open = true;
    } else if (open) {
      buf_char(out, ' ');
      add_quoted(out, text);
    }
  }
  if (open) buf_text(out, "\"\n");
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
  ret->map = yaml_parse(buf_view(&b), path, &err);
  if (ret->map != NULL && ret->map->kind != YAML_MAP) yaml_free(&ret->map);
  buf_free(&b);
}
