/* The reader of field tables. */
#include "conf/field.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/yaml.h"
#include "conf/part.h"

#define KEY_LINES_MAX 50 /* comments may stand between a key and the value below it */

/* ---- telling ---- */

/* Does this line of the file open the key? */
static bool line_opens(struct trg_str line, struct trg_str key) {
  line = str_trim(line);
  while (line.n > 1 && line.p[0] == '-' && (line.p[1] == ' ' || line.p[1] == '\t'))
    line = str_trim((struct trg_str){line.p + 1, line.n - 1});
  const bool quoted = line.n > 0 && (line.p[0] == '"' || line.p[0] == '\'');
  const size_t from = quoted ? 1 : 0;
  if (line.n < from + key.n + 1 || memcmp(line.p + from, key.p, key.n) != 0) return false;
  const char after = line.p[from + key.n];
  return quoted ? after == line.p[0] : after == ':' || after == ' ';
}

static bool is_key_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

/* Does the key stand somewhere in this line, as in {a: 1, key: 2}? */
static bool line_has(struct trg_str line, struct trg_str key) {
  for (size_t i = 0; key.n > 0 && i + key.n < line.n; i++) {
    if (line.p[i] != key.p[0] || memcmp(line.p + i, key.p, key.n) != 0) continue;
    if (i > 0 && is_key_letter(line.p[i - 1])) continue;
    const char after = line.p[i + key.n];
    if (after == ':' || after == '"' || after == '\'' || after == ' ') return true;
  }
  return false;
}

/* A block below its key begins on a later line than the key, which is the one to point at. */
static uint32_t line_of(const struct field_reader *r, const struct yaml *at) {
  if (at == NULL) return 0;
  if (at->key == NULL || at->line < 2 || r->source.n == 0) return at->line;
  const struct trg_str key = str_of(at->key);
  struct trg_str rest = r->source, line;
  uint32_t found = at->line, number = 0;
  while (number < at->line && str_next(&rest, '\n', &line)) {
    number++;
    if (number + KEY_LINES_MAX < at->line) continue;
    if (number == at->line && line_has(line, key)) return number;
    if (number < at->line && line_opens(line, key)) found = number;
  }
  return found;
}

uint32_t field_line(const struct field_reader *r, const struct yaml *at) {
  const uint32_t line = line_of(r, at);
  return line == 0 ? 1 : line;
}

void field_wrong(struct field_reader *r, const struct yaml *at, const char *path,
                 const char *format, ...) {
  va_list args;
  va_start(args, format);
  problems_vadd(r->problems, false, r->file, line_of(r, at), path, format, args);
  va_end(args);
}

void field_warn(struct field_reader *r, const struct yaml *at, const char *path, const char *format,
                ...) {
  va_list args;
  va_start(args, format);
  problems_vadd(r->problems, true, r->file, line_of(r, at), path, format, args);
  va_end(args);
}

static const char *below(struct field_reader *r, const char *path, const char *key) {
  if (path == NULL || path[0] == '\0') return arena_dup(r->arena, str_of(key));
  return arena_printf(r->arena, "%s.%s", path, key);
}

/* ---- one value ---- */

static bool has_low(const struct trg_field *f) {
  return f->min != 0 || f->max != 0;
}
static bool has_high(const struct trg_field *f) {
  return f->max != 0 || f->min < 0;
}

static void range_add(struct buf *b, const struct trg_field *f) {
  char low[24], high[24];
  if (f->type == TRG_DURATION) {
    duration_format(f->min, low);
    duration_format(f->max, high);
  } else {
    snprintf(low, sizeof low, "%" PRId64, f->min);
    snprintf(high, sizeof high, "%" PRId64, f->max);
  }
  if (has_low(f) && has_high(f))
    buf_printf(b, " from %s to %s", low, high);
  else if (has_low(f))
    buf_printf(b, " of at least %s", low);
}

/* What would be right, as the end of "must be ...". */
static void expected_add(struct buf *b, const struct trg_field *f) {
  switch (f->type) {
  case TRG_BOOL:
    buf_text(b, "true or false");
    return;
  case TRG_INT:
    buf_text(b, "a whole number");
    range_add(b, f);
    return;
  case TRG_DURATION:
    buf_text(b, "a length of time such as 30s, 5m, 72h or 7d");
    range_add(b, f);
    return;
  case TRG_DECIMAL:
    buf_text(b, "a number such as 0.85");
    range_add(b, f);
    return;
  case TRG_CHOICE:
    buf_text(b, "one of");
    for (const char *w = f->words == NULL ? "" : f->words; *w != '\0'; w += strcspn(w, " ")) {
      w += strspn(w, " ");
      buf_printf(b, "%s %.*s", w == f->words ? "" : ",", (int)strcspn(w, " "), w);
    }
    return;
  case TRG_URL:
    buf_text(b, "a URL: https://HOST, or http:// on a loopback host");
    return;
  default:
    buf_text(b, "text");
  }
}

static bool is_word(const char *words, const char *text) {
  struct trg_str rest = str_of(words), word;
  while (str_next(&rest, ' ', &word))
    if (word.n > 0 && str_is(word, text)) return true;
  return false;
}

static bool in_range(const struct trg_field *f, double low_side, double high_side) {
  return (!has_low(f) || low_side >= (double)f->min) &&
         (!has_high(f) || high_side <= (double)f->max);
}

static bool whole_read(const struct trg_field *f, const char *text, int64_t *ret) {
  const struct trg_str s = str_of(text);
  const int rc = f->type == TRG_DURATION ? duration_parse(s, ret) : str_to_int(s, ret);
  return rc == 0 && (!has_low(f) || *ret >= f->min) && (!has_high(f) || *ret <= f->max);
}

/* Puts a text into the struct by the field's type. False when it is not of that type. */
static bool value_put(struct field_reader *r, const struct trg_field *f, const char *text,
                      void *out) {
  char *to = (char *)out + f->offset;
  int64_t whole = 0;
  double decimal = 0;
  bool truth = false;
  switch (f->type) {
  case TRG_BOOL:
    truth = strcmp(text, "true") == 0;
    if (!truth && strcmp(text, "false") != 0) return false;
    memcpy(to, &truth, sizeof truth);
    return true;
  case TRG_INT:
  case TRG_DURATION:
    if (!whole_read(f, text, &whole)) return false;
    memcpy(to, &whole, sizeof whole);
    return true;
  case TRG_DECIMAL:
    if (str_to_double(str_of(text), &decimal) != 0 || !isfinite(decimal)) return false;
    if (!in_range(f, decimal, decimal)) return false;
    memcpy(to, &decimal, sizeof decimal);
    return true;
  case TRG_CHOICE:
    if (!is_word(f->words, text)) return false;
    break;
  case TRG_URL:
    if (field_url_wrong(text) != NULL) return false;
    break;
  default:
    break;
  }
  char *kept = arena_dup(r->arena, str_of(text));
  memcpy(to, &kept, sizeof kept);
  return true;
}

/* A hint for the slip that was probably made; empty when none comes to mind. */
static void hint_add(struct field_reader *r, struct buf *b, const struct trg_field *f,
                     const char *text) {
  int64_t whole;
  if (f->type == TRG_DURATION && str_to_int(str_of(text), &whole) == 0 && whole > 0) {
    buf_printf(b, "; add the unit: %ss", text);
  } else if (f->type == TRG_BOOL && is_word("yes on Yes On YES ON True TRUE y 1", text)) {
    buf_text(b, "; write true");
  } else if (f->type == TRG_BOOL && is_word("no off No Off NO OFF False FALSE n 0", text)) {
    buf_text(b, "; write false");
  } else if (f->type == TRG_CHOICE && f->words != NULL) {
    const char *words[33] = {NULL};
    struct trg_str rest = str_of(f->words), word;
    for (size_t n = 0; n < 32 && str_next(&rest, ' ', &word);)
      if (word.n > 0) words[n++] = arena_dup(r->arena, word);
    const char *near = field_nearest(text, words);
    if (near != NULL) buf_printf(b, "; did you mean \"%s\"?", near);
  }
}

static void value_wrong(struct field_reader *r, const struct yaml *node, const char *path,
                        const struct trg_field *f, const char *text, bool secret) {
  struct buf b;
  buf_init(&b, 4096);
  if (f->type == TRG_URL && !secret) {
    buf_printf(&b, "%s", field_url_wrong(text));
  } else {
    buf_text(&b, "must be ");
    expected_add(&b, f);
    if (secret)
      buf_text(&b, "; the value of the reference is not");
    else
      buf_printf(&b, ", not \"%.*s\"", (int)utf8_cut(str_of(text), 80), text);
    if (!secret) hint_add(r, &b, f, text);
  }
  field_wrong(r, node, path, "%s", b.p);
  buf_free(&b);
}

static void put_text(struct field_reader *r, const struct yaml *node, const char *path,
                     const struct trg_field *f, void *out) {
  if (f->type == TRG_JSON) {
    const char *json = field_json(r, node, path);
    memcpy((char *)out + f->offset, &json, sizeof json);
    return;
  }
  if (node->kind != YAML_SCALAR) {
    struct buf b;
    buf_init(&b, 4096);
    expected_add(&b, f);
    field_wrong(r, node, path, "must be %s, not a %s", b.p,
                node->kind == YAML_MAP ? "map" : "list");
    buf_free(&b);
    return;
  }
  bool referred = false;
  const char *text = field_text(r, node, path, &referred);
  if (text == NULL) return;
  const bool secret = (f->flags & TRG_SECRET) != 0;
  if (secret && !referred && text[0] != '\0') {
    log_mask(text);
    r->clear_secrets++;
    field_warn(r, node, path,
               "this secret stands in the file; put it into a file of its own and write "
               "\"${file:PATH}\", or into the environment and write \"${env:NAME}\"");
  }
  if (text[0] == '\0' && (f->flags & TRG_REQUIRED) != 0)
    field_wrong(r, node, path, "is empty; %s", f->help == NULL ? "write a value" : f->help);
  else if (!value_put(r, f, text, out))
    value_wrong(r, node, path, f, text, secret || referred);
}

static void put_node(struct field_reader *r, const struct yaml *node, const char *path,
                     const struct trg_field *f, void *out) {
  const enum field_lenient before = r->lenient;
  if (before == LENIENT_SECRETS)
    r->lenient = (f->flags & TRG_SECRET) != 0 ? LENIENT_ALL : LENIENT_NONE;
  put_text(r, node, path, f, out);
  r->lenient = before;
}

/* ---- the table ---- */

/* The node of a dotted name; *ret_parent is the deepest map on the way to it. */
static const struct yaml *node_of(struct field_reader *r, const struct yaml *map, const char *name,
                                  const struct yaml **ret_parent) {
  struct trg_str rest = str_of(name), piece;
  const struct yaml *at = map;
  *ret_parent = map;
  while (at != NULL && str_next(&rest, '.', &piece)) {
    if (at->kind == YAML_MAP) *ret_parent = at;
    at = yaml_get(at, arena_dup(r->arena, piece));
  }
  return at;
}

static void default_put(struct field_reader *r, const struct trg_field *f, const char *path,
                        void *out) {
  if (f->default_text == NULL) return;
  if (!value_put(r, f, f->default_text, out))
    field_wrong(r, NULL, path, "the default \"%s\" of this setting is wrong; a fault of the plugin",
                f->default_text);
}

void field_read(struct field_reader *r, const struct yaml *map, const char *path,
                const struct trg_field *fields, void *out) {
  bool wrong = false;
  if (map != NULL && map->kind != YAML_MAP) {
    field_wrong(r, map, path, "must be a map of settings, as {key: value}");
    wrong = true;
    map = NULL;
  }
  for (const struct trg_field *f = fields; f != NULL && f->name != NULL; f++) {
    const char *key = below(r, path, f->name);
    const struct yaml *parent = map;
    const struct yaml *node = node_of(r, map, f->name, &parent);
    default_put(r, f, key, out);
    if (!yaml_is_null(node))
      put_node(r, node, key, f, out);
    else if ((f->flags & TRG_REQUIRED) != 0 && !wrong)
      field_wrong(r, parent, key, "is missing; %s", f->help == NULL ? "write a value" : f->help);
  }
}

/* ---- unknown keys ---- */

enum key_kind { KEY_UNKNOWN = 0, KEY_BELOW = 1, KEY_FIELD = 2 };

static enum key_kind key_kind(const struct trg_field *fields, const char *name) {
  const size_t n = strlen(name);
  enum key_kind kind = KEY_UNKNOWN;
  for (const struct trg_field *f = fields; f != NULL && f->name != NULL; f++) {
    if (strncmp(f->name, name, n) != 0) continue;
    if (f->name[n] == '\0') return KEY_FIELD;
    if (f->name[n] == '.') kind = KEY_BELOW;
  }
  return kind;
}

#define NAMES_MAX 96
struct names {
  const char *here[NAMES_MAX + 1];
  const char *deeper; /* a dotted name that ends with the word */
  size_t count;
};

/* The words that may stand below `prefix`, and whether the key belongs somewhere deeper. */
static void names_take(struct field_reader *r, struct names *n, const struct trg_field *fields,
                       const char *prefix, const char *key) {
  const size_t skip = strlen(prefix);
  for (const struct trg_field *f = fields; f != NULL && f->name != NULL; f++) {
    const char *leaf = strrchr(f->name, '.');
    if (leaf != NULL && strcmp(leaf + 1, key) == 0 && n->deeper == NULL) n->deeper = f->name;
    if (strncmp(f->name, prefix, skip) != 0 || n->count == NAMES_MAX) continue;
    const char *word = arena_dup(r->arena,
                                 (struct trg_str){f->name + skip, strcspn(f->name + skip, ".")});
    bool there = false;
    for (size_t i = 0; i < n->count && !there; i++) there = strcmp(n->here[i], word) == 0;
    if (!there) n->here[n->count++] = word;
  }
}

static void unknown_tell(struct field_reader *r, const struct yaml *node, const char *path,
                         const char *prefix, const struct trg_field *a, const struct trg_field *b) {
  struct names n = {.count = 0};
  names_take(r, &n, a, prefix, node->key);
  names_take(r, &n, b, prefix, node->key);
  const char *near = field_nearest(node->key, n.here);
  struct buf text;
  buf_init(&text, 4096);
  buf_text(&text, "there is no such key");
  if (near != NULL) {
    buf_printf(&text, "; did you mean \"%s\"?", near);
  } else if (n.deeper != NULL && strcmp(n.deeper, node->key) != 0) {
    buf_printf(&text, "; did you mean \"%s\"?", n.deeper);
  } else {
    buf_text(&text, "; known here are");
    for (size_t i = 0; i < n.count; i++) buf_printf(&text, "%s %s", i == 0 ? "" : ",", n.here[i]);
  }
  field_wrong(r, node, path, "%s", text.p);
  buf_free(&text);
}

static void unknown_in(struct field_reader *r, const struct yaml *map, const char *path,
                       const char *prefix, const struct trg_field *a, const struct trg_field *b) {
  for (const struct yaml *c = map->first; c != NULL; c = c->next) {
    const char *name = arena_printf(r->arena, "%s%s", prefix, c->key);
    const char *key = below(r, path, c->key);
    enum key_kind kind = key_kind(a, name);
    if (kind != KEY_FIELD && key_kind(b, name) > kind) kind = key_kind(b, name);
    if (strchr(c->key, '.') != NULL)
      kind = KEY_UNKNOWN; /* "auth.token: x" is not auth: {token: x} */
    if (kind == KEY_UNKNOWN)
      unknown_tell(r, c, key, prefix, a, b);
    else if (kind == KEY_BELOW && c->kind == YAML_MAP)
      unknown_in(r, c, key, arena_printf(r->arena, "%s.", name), a, b);
    else if (kind == KEY_BELOW && !yaml_is_null(c))
      field_wrong(r, c, key, "must be a map of settings, as {key: value}");
  }
}

void field_unknown(struct field_reader *r, const struct yaml *map, const char *path,
                   const struct trg_field *a, const struct trg_field *b) {
  if (map != NULL && map->kind == YAML_MAP) unknown_in(r, map, path, "", a, b);
}

void field_fill(struct field_reader *r, const struct yaml *map, const char *path,
                const struct trg_field *fields, const struct trg_field *also, void *out) {
  field_read(r, map, path, fields, out);
  field_unknown(r, map, path, fields, also);
}

const char *const *field_list(struct field_reader *r, const struct yaml *node, const char *path,
                              size_t *ret_count) {
  *ret_count = 0;
  if (yaml_is_null(node)) return NULL;
  if (node->kind != YAML_LIST) {
    const bool word = node->kind == YAML_SCALAR && strstr(node->text, "${") == NULL;
    if (word && strlen(node->text) < 80)
      field_wrong(r, node, path, "must be a list; write [%s]", node->text);
    else
      field_wrong(r, node, path, "must be a list, as [one, two]");
    return NULL;
  }
  const char **all = arena_alloc(r->arena, (yaml_count(node) + 1) * sizeof *all);
  size_t n = 0, i = 0;
  for (const struct yaml *c = node->first; c != NULL; c = c->next, i++) {
    const char *key = arena_printf(r->arena, "%s[%zu]", path, i);
    const char *text = yaml_is_null(c) ? "" : field_text(r, c, key, NULL);
    if (text != NULL && text[0] == '\0') field_wrong(r, c, key, "is empty; write a text");
    if (text != NULL && text[0] != '\0') all[n++] = text;
  }
  *ret_count = n;
  return all;
}
