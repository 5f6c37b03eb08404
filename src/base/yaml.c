#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define DEPTH_MAX 32
#define NODES_MAX 100000

/* Every node of a tree is one of these; the rest of the program sees its first member. */
struct item {
  struct yaml node;
  struct item *tail; /* last child, so that appending needs no search */
  uint32_t key_line;
};

struct tree {
  struct item root; /* first: its address is the tree's */
  struct arena *arena;
};

struct builder {
  struct tree *tree;
  const char *file;
  struct trg_err *err;
  struct item *open; /* container that is being filled, or NULL */
  const char *key;   /* read, and waiting for its value */
  uint32_t key_line;
  int depth, documents;
  size_t nodes;
};

static int refuse(const struct builder *b, uint32_t line, const char *what, const char *why) {
  struct trg_err *err = b->err;
  if (what == NULL)
    (void)err_at(err, TRG_EINVAL, "yaml", line, "line %u: %s", line, why);
  else
    (void)err_at(err, TRG_EINVAL, "yaml", line, "line %u: \"%.100s\" %s", line, what, why);
  if (b->file != NULL && b->file[0] != '\0') err_prefix(err, "%.200s", b->file);
  return TRG_EINVAL;
}

static uint32_t line_of(const yaml_event_t *e) {
  return (uint32_t)e->start_mark.line + 1;
}

/* A new node as the next child of what is open, or as the root. NULL when refused. */
static struct item *place(struct builder *b, enum yaml_kind kind, uint32_t line) {
  if (++b->nodes > NODES_MAX) {
    (void)refuse(b, line, NULL, "more than 100000 values");
    return NULL;
  }
  struct item *parent = b->open;
  struct item *item = parent == NULL ? &b->tree->root
                                     : arena_alloc(b->tree->arena, sizeof(struct item));
  item->node.kind = kind;
  item->node.line = line;
  if (parent == NULL) return item;
  item->node.parent = &parent->node;
  item->node.key = b->key;
  item->key_line = b->key_line;
  b->key = NULL;
  if (parent->tail == NULL)
    parent->node.first = &item->node;
  else
    parent->tail->node.next = &item->node;
  parent->tail = item;
  return item;
}

static int check_plainness(const struct builder *b, const yaml_event_t *e, const void *anchor,
                           const void *tag) {
  if (anchor != NULL) return refuse(b, line_of(e), NULL, "anchors (&name) are not used here");
  if (tag != NULL) return refuse(b, line_of(e), NULL, "tags (!name) are not used here");
  return 0;
}

static int take_scalar(struct builder *b, const yaml_event_t *e) {
  const uint32_t line = line_of(e);
  const char *value = (const char *)e->data.scalar.value;
  const size_t n = e->data.scalar.length;
  const int status = check_plainness(b, e, e->data.scalar.anchor, e->data.scalar.tag);
  if (status != 0) return status;
  if (strlen(value) != n) return refuse(b, line, NULL, "a NUL character");
  const char *text = arena_dup(b->tree->arena, (struct trg_str){value, n});
  if (b->open != NULL && b->open->node.kind == YAML_MAP && b->key == NULL) {
    b->key = text;
    b->key_line = line;
    return 0;
  }
  struct item *item = place(b, YAML_SCALAR, line);
  if (item == NULL) return TRG_EINVAL;
  item->node.text = text;
  item->node.plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  return 0;
}

static int open_container(struct builder *b, const yaml_event_t *e) {
  const bool map = e->type == YAML_MAPPING_START_EVENT;
  const uint32_t line = line_of(e);
  const int status = map ? check_plainness(b, e, e->data.mapping_start.anchor,
                                           e->data.mapping_start.tag)
                         : check_plainness(b, e, e->data.sequence_start.anchor,
                                           e->data.sequence_start.tag);
  if (status != 0) return status;
  if (b->open != NULL && b->open->node.kind == YAML_MAP && b->key == NULL)
    return refuse(b, line, NULL, "a key must be a single word or text");
  if (b->depth == DEPTH_MAX) return refuse(b, line, NULL, "nested deeper than 32 levels");
  struct item *item = place(b, map ? YAML_MAP : YAML_LIST, line);
  if (item == NULL) return TRG_EINVAL;
  b->depth++;
  b->open = item;
  return 0;
}

struct given {
  const char *key;
  uint32_t line;
};

static int by_key(const void *a, const void *b) {
  const struct given *x = a;
  const struct given *y = b;
  const int order = strcmp(x->key, y->key);
  if (order != 0) return order;
  return x->line < y->line ? -1 : x->line > y->line ? 1 : 0;
}

/* Sorted, so that a file with very many keys costs no square of them. */
static int check_keys(const struct builder *b, const struct item *map) {
  const size_t n = yaml_count(&map->node);
  if (n < 2) return 0;
  struct given *all = mem_array(n, sizeof(struct given));
  struct given twice = {NULL, 0};
  size_t k = 0;
  for (const struct yaml *c = map->node.first; c != NULL; c = c->next)
    all[k++] = (struct given){c->key, ((const struct item *)c)->key_line};
  qsort(all, n, sizeof(struct given), by_key);
  for (k = 1; k < n; k++)
    if (strcmp(all[k - 1].key, all[k].key) == 0 && (twice.key == NULL || all[k].line < twice.line))
      twice = all[k];
  mem_free(all);
  return twice.key == NULL ? 0 : refuse(b, twice.line, twice.key, "is given twice");
}

static int close_container(struct builder *b) {
  struct item *done = b->open;
  BUG_UNLESS(done != NULL);
  const int status = done->node.kind == YAML_MAP ? check_keys(b, done) : 0;
  b->open = (struct item *)done->node.parent;
  b->depth--;
  return status;
}

static int take(struct builder *b, const yaml_event_t *e) {
  switch (e->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (e->data.document_start.version_directive != NULL ||
        e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
      return refuse(b, line_of(e), NULL, "directives (%) are not used here");
    return ++b->documents == 1 ? 0
                               : refuse(b, line_of(e), NULL, "a second document (---) in one file");
  case YAML_ALIAS_EVENT:
    return refuse(b, line_of(e), NULL,
                  "aliases (*name) are not used here; put text with * in quotes");
  case YAML_SCALAR_EVENT:
    return take_scalar(b, e);
  case YAML_SEQUENCE_START_EVENT:
  case YAML_MAPPING_START_EVENT:
    return open_container(b, e);
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    return close_container(b);
  default:
    return 0;
  }
}

static int refuse_syntax(const struct builder *b, const yaml_parser_t *p) {
  uint32_t line = (uint32_t)p->problem_mark.line + 1;
  if (p->error == YAML_READER_ERROR) { /* it knows the byte, not the line */
    line = 1;
    for (size_t i = 0; i < p->problem_offset && p->input.string.start + i < p->input.string.end;
         i++)
      if (p->input.string.start[i] == '\n') line++;
  }
  return refuse(b, line, NULL, p->problem == NULL ? "not understood" : p->problem);
}

static int build(struct builder *b, yaml_parser_t *p) {
  for (;;) {
    yaml_event_t e;
    if (yaml_parser_parse(p, &e) != 1) return refuse_syntax(b, p);
    const bool end = e.type == YAML_STREAM_END_EVENT;
    const int status = take(b, &e);
    yaml_event_delete(&e);
    if (status != 0 || end) return status;
  }
}

struct yaml *yaml_parse(struct trg_str text, const char *file, struct trg_err *err) {
  yaml_parser_t parser;
  BUG_UNLESS(yaml_parser_initialize(&parser) == 1);
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  if (str_starts(text, "\xEF\xBB\xBF")) {
    text.p += 3;
    text.n -= 3;
  }
  yaml_parser_set_input_string(&parser, (const unsigned char *)(text.n > 0 ? text.p : ""), text.n);
  struct tree *tree = mem_alloc(sizeof *tree);
  tree->arena = arena_new();
  tree->root.node.kind = YAML_MAP;
  tree->root.node.line = 1;
  struct builder b = {.tree = tree, .file = file, .err = err};
  const int status = build(&b, &parser);
  yaml_parser_delete(&parser);
  struct yaml *root = &tree->root.node;
  if (status != 0) {
    yaml_free(&root);
    return NULL;
  }
  if (root->kind == YAML_SCALAR && root->plain && root->text[0] == '\0')
    root->kind = YAML_MAP; /* "---" and nothing else */
  return root;
}

struct yaml *yaml_load(const char *path, size_t max_bytes, struct trg_err *err) {
  struct buf b;
  buf_init(&b, max_bytes);
  struct yaml *root = NULL;
  if (file_read(path, max_bytes, &b, err) == 0) root = yaml_parse(buf_view(&b), path, err);
  buf_free(&b);
  return root;
}

/* libyaml.so has an internal function of this name and calls it through the symbol table: ours must
 * not be found there. */
__attribute__((visibility("hidden"))) void yaml_free(struct yaml **root) {
  if (root == NULL || *root == NULL) return;
  struct tree *tree = (struct tree *)*root;
  arena_free(&tree->arena);
  mem_free(tree);
  *root = NULL;
}

struct yaml *yaml_get(const struct yaml *map, const char *key) {
  if (map == NULL || map->kind != YAML_MAP) return NULL;
  struct yaml *c = map->first;
  while (c != NULL && strcmp(c->key, key) != 0) c = c->next;
  return c;
}

size_t yaml_count(const struct yaml *container) {
  size_t n = 0;
  for (const struct yaml *c = container == NULL ? NULL : container->first; c != NULL; c = c->next)
    n++;
  return n;
}

bool yaml_is_null(const struct yaml *node) {
  if (node == NULL) return true;
  return node->kind == YAML_SCALAR && node->plain &&
         (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* A number as JSON writes them. Long ones stay text: no reader of JSON keeps their digits. */
static bool is_number(const char *text) {
  if (!(text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) || strlen(text) > 24) return false;
  if (strpbrk(text, ".eE") == NULL && strlen(text) > 15) return false;
  json *j = json_parse(str_of(text), 0, NULL);
  const bool is = json_is_number(j);
  json_free(&j);
  return is;
}

static void write_json(struct buf *b, const struct yaml *node) {
  const struct trg_str text = str_of(node->text);
  if (yaml_is_null(node)) {
    buf_text(b, "null");
    return;
  }
  if (node->kind == YAML_SCALAR) {
    if (node->plain && (str_is(text, "true") || str_is(text, "false") || is_number(node->text)))
      buf_str(b, text);
    else
      buf_json(b, text);
    return;
  }
  const bool map = node->kind == YAML_MAP;
  buf_char(b, map ? '{' : '[');
  for (const struct yaml *c = node->first; c != NULL; c = c->next) {
    if (c != node->first) buf_char(b, ',');
    if (map) {
      buf_json(b, str_of(c->key));
      buf_char(b, ':');
    }
    write_json(b, c);
  }
  buf_char(b, map ? '}' : ']');
}

char *yaml_to_json(const struct yaml *node) {
  struct buf b;
  buf_init(&b, 0);
  if (node == NULL)
    buf_text(&b, "null");
  else
    write_json(&b, node);
  return buf_take(&b, NULL);
}
