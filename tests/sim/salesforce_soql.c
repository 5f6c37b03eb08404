/* A small reader of SOQL: SELECT fields FROM object WHERE conditions ORDER BY fields LIMIT n OFFSET
 * n. What it does not know is a MALFORMED_QUERY. */
#include "salesforce.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 256, NEST_MAX = 40 };

struct parse {
  struct sf_query *q;
  const char *text, *at;
  char word[WORD_MAX]; /* the token: a name, a number, an operator, or "'" for a text */
  struct buf quoted;   /* the text */
  bool failed;
  int depth;
};

static void fail(struct parse *p, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fail(struct parse *p, const char *code, const char *format, ...) {
  va_list args;
  if (p->failed) {
    return;
  }
  p->failed = true;
  p->word[0] = '\0';
  snprintf(p->q->code, sizeof p->q->code, "%s", code);
  va_start(args, format);
  vsnprintf(p->q->why, sizeof p->q->why, format, args);
  va_end(args);
}

static void fail_unexpected(struct parse *p) {
  char word[WORD_MAX];
  snprintf(word, sizeof word, "%s", p->word[0] ? p->word : "<EOF>");
  fail(p, "MALFORMED_QUERY", "\n%.200s\n^\nERROR at Row:1:Column:%d\nunexpected token: '%s'",
       p->text, (int)(p->at - p->text), word);
}

static void text_next(struct parse *p) {
  p->quoted.n = 0;
  p->at++;
  while (*p->at && *p->at != '\'') {
    if (*p->at == '\\' && p->at[1]) {
      p->at++;
      buf_char(&p->quoted, *p->at == 'n' ? '\n' : *p->at);
    } else {
      buf_char(&p->quoted, *p->at);
    }
    p->at++;
  }
  if (*p->at != '\'') {
    fail(p, "MALFORMED_QUERY", "line 1: unterminated string literal");
    return;
  }
  p->at++;
  buf_text(&p->quoted);
  p->word[0] = '\'';
  p->word[1] = '\0';
}

static void next(struct parse *p) {
  size_t n = 0;
  while (isspace((unsigned char)*p->at)) {
    p->at++;
  }
  p->word[0] = '\0';
  if (p->failed || *p->at == '\0') {
    return;
  }
  if (*p->at == '\'') {
    text_next(p);
    return;
  }
  if (strchr("<>=!", *p->at)) {
    while (strchr("<>=!", *p->at) && *p->at && n < 2) {
      p->word[n++] = *p->at++;
    }
  } else if (strchr("(),", *p->at)) {
    p->word[n++] = *p->at++;
  } else {
    while (*p->at && (isalnum((unsigned char)*p->at) || strchr("_.:+-", *p->at)) &&
           n < WORD_MAX - 1) {
      p->word[n++] = *p->at++;
    }
    if (n == 0) {
      p->word[n++] = *p->at++; /* nothing that a query knows */
    }
  }
  p->word[n] = '\0';
}

static bool is(const struct parse *p, const char *word) {
  return strcasecmp(p->word, word) == 0;
}

static bool take(struct parse *p, const char *word) {
  if (!is(p, word) || p->failed) {
    return false;
  }
  next(p);
  return true;
}

static void need(struct parse *p, const char *word) {
  if (!take(p, word)) {
    fail_unexpected(p);
  }
}

static bool is_name(const struct parse *p) {
  return isalpha((unsigned char)p->word[0]) != 0;
}

static void column_read(struct parse *p, const char *name, struct sf_column *ret_column) {
  const struct sf_object *o = p->q->object;
  if (p->failed || sf_column(o, name, ret_column)) {
    return;
  }
  char copy[WORD_MAX];
  snprintf(copy, sizeof copy, "%s", name);
  fail(p, "INVALID_FIELD",
       "\nSELECT %.80s\n^\nERROR at Row:1:Column:8\nNo such column '%s' on entity '%s'. If you are "
       "attempting to use a custom field, be sure to append the '__c' after the custom field name. "
       "Please reference your WSDL or the describe call for the appropriate names.",
       copy, copy, o->name);
}

static bool time_literal(struct parse *p, struct sf_literal *l) {
  const int64_t day = 86400000;
  int64_t midnight = p->q->now_ms / day * day;
  l->kind = LITERAL_TIME;
  if (isdigit((unsigned char)p->word[0]) && strlen(p->word) >= 10 && p->word[4] == '-') {
    bool zoned = strchr(p->word, 'Z') || strchr(p->word + 10, '+') || strchr(p->word + 10, '-');
    return (zoned || strlen(p->word) == 10) && time_parse(p->word, &l->n);
  }
  if (is(p, "TODAY") || is(p, "YESTERDAY")) {
    l->n = midnight - (is(p, "TODAY") ? 0 : day);
    return true;
  }
  if (strncasecmp(p->word, "LAST_N_DAYS:", 12) == 0) {
    l->n = midnight - strtoll(p->word + 12, NULL, 10) * day;
    return true;
  }
  return false;
}

static struct sf_literal literal_read(struct parse *p) {
  struct sf_literal l = {.kind = LITERAL_NULL};
  if (p->word[0] == '\'') {
    l.kind = LITERAL_TEXT;
    l.text = arena_copy(&p->q->arena, buf_text(&p->quoted));
  } else if (is(p, "true") || is(p, "false")) {
    l.kind = LITERAL_BOOL;
    l.n = is(p, "true");
  } else if (is(p, "null")) {
    l.kind = LITERAL_NULL;
  } else if (!time_literal(p, &l)) {
    char *end = NULL;
    l.kind = LITERAL_NUMBER;
    l.n = strtoll(p->word, &end, 10);
    if (end == p->word || *end != '\0') {
      fail_unexpected(p);
    }
  }
  next(p);
  return l;
}

static bool literal_suits(const struct sf_literal *l, const struct sf_field *f) {
  bool custom = f == &sf_custom_field;
  switch (l->kind) {
  case LITERAL_TEXT:
    return f->kind == SF_ID || f->kind == SF_TEXT;
  case LITERAL_NUMBER:
    return f->kind == SF_INT || custom;
  case LITERAL_BOOL:
    return f->kind == SF_BOOL || custom;
  case LITERAL_TIME:
    return f->kind == SF_TIME;
  default:
    return true;
  }
}

/* Literals must suit the field; ids are compared in their long form. */
static void literal_check(struct parse *p, const struct sf_column *c, struct sf_literal *l) {
  static const char *const types[] = {"ID", "string", "textarea", "boolean", "int", "dateTime"};
  if (p->failed) {
    return;
  }
  enum sf_kind kind = c->field->kind;
  bool quotes = l->kind == LITERAL_TEXT;
  bool good = literal_suits(l, c->field);
  if (!good) {
    fail(p, "INVALID_FIELD",
         "value of filter criterion for field '%s' must be of type %s and should %sbe enclosed in "
         "quotes",
         c->name, types[kind], quotes ? "not " : "");
    return;
  }
  uint64_t number = 0;
  if (kind == SF_ID && quotes) {
    if (!sf_id_formed(l->text)) {
      fail(p, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: %.40s", l->text);
      return;
    }
    char prefix[4] = {l->text[0], l->text[1], l->text[2], '\0'};
    if (sf_id_parse(l->text, prefix, &number)) {
      l->text = arena_get(&p->q->arena, SF_ID_BYTES);
      sf_id(l->text, prefix, number);
    }
  }
}

static struct sf_node *node_new(struct parse *p, int kind) {
  struct sf_node *n = arena_get(&p->q->arena, sizeof *n);
  memset(n, 0, sizeof *n);
  n->kind = kind;
  return n;
}

static void list_read(struct parse *p, struct sf_node *n) {
  struct sf_literal *list = NULL;
  size_t cap = 0;
  need(p, "(");
  do {
    if (n->n == cap) {
      cap = cap ? cap * 2 : 16;
      list = mem_grow(list, cap * sizeof *list);
    }
    list[n->n] = literal_read(p);
    literal_check(p, &n->column, &list[n->n]);
    n->n++;
  } while (take(p, ","));
  need(p, ")");
  n->list = arena_get(&p->q->arena, n->n * sizeof *list);
  memcpy(n->list, list, n->n * sizeof *list);
  free(list);
}

static struct sf_node *compare_read(struct parse *p) {
  static const struct {
    const char *word;
    enum sf_op op;
  } ops[] = {{"=", OP_EQ}, {"!=", OP_NE}, {"<>", OP_NE},     {"<=", OP_LE}, {">=", OP_GE},
             {"<", OP_LT}, {">", OP_GT},  {"LIKE", OP_LIKE}, {"IN", OP_IN}, {"NOT", OP_NOT_IN}};
  struct sf_node *n = node_new(p, NODE_COMPARE);
  bool known = false;
  if (!is_name(p)) {
    fail_unexpected(p);
    return n;
  }
  column_read(p, p->word, &n->column);
  if (!p->failed && n->column.field->kind == SF_LONG) {
    fail(p, "INVALID_FIELD", "field '%s' can not be filtered in a query call", n->column.name);
  }
  next(p);
  for (size_t i = 0; i < sizeof ops / sizeof ops[0] && !known && !p->failed; i++) {
    if (is(p, ops[i].word)) {
      n->op = ops[i].op;
      known = true;
    }
  }
  if (!known) {
    fail_unexpected(p);
    return n;
  }
  next(p);
  if (n->op == OP_NOT_IN) {
    need(p, "IN");
  }
  if (n->op == OP_IN || n->op == OP_NOT_IN) {
    list_read(p, n);
    return n;
  }
  n->n = 1;
  n->list = arena_get(&p->q->arena, sizeof *n->list);
  n->list[0] = literal_read(p);
  if (!p->failed) {
    literal_check(p, &n->column, &n->list[0]);
  }
  return n;
}

static struct sf_node *terms_read(struct parse *p);

static struct sf_node *term_read(struct parse *p) {
  struct sf_node *n = NULL;
  if (++p->depth > NEST_MAX) {
    fail(p, "MALFORMED_QUERY", "nested too deeply");
  }
  if (take(p, "(")) {
    n = terms_read(p);
    need(p, ")");
  } else if (take(p, "NOT")) {
    n = node_new(p, NODE_NOT);
    n->a = p->failed ? NULL : term_read(p);
  } else {
    n = p->failed ? node_new(p, NODE_COMPARE) : compare_read(p);
  }
  p->depth--;
  return n;
}

/* AND and OR do not mix without parentheses. */
static struct sf_node *terms_read(struct parse *p) {
  struct sf_node *left = term_read(p);
  bool any = is(p, "OR");
  while (!p->failed && (is(p, "AND") || is(p, "OR"))) {
    if (is(p, "OR") != any) {
      fail_unexpected(p);
      break;
    }
    next(p);
    struct sf_node *n = node_new(p, any ? NODE_OR : NODE_AND);
    n->a = left;
    n->b = term_read(p);
    left = n;
  }
  return left;
}

static void order_read(struct parse *p) {
  struct sf_query *q = p->q;
  need(p, "BY");
  do {
    if (q->order_count == ORDER_MAX || !is_name(p)) {
      fail_unexpected(p);
      return;
    }
    struct sf_column *c = &q->order[q->order_count].column;
    column_read(p, p->word, c);
    if (!p->failed && c->field->kind == SF_LONG) {
      fail(p, "INVALID_FIELD", "field '%s' can not be sorted in a query call", c->name);
    }
    next(p);
    q->order[q->order_count].down = take(p, "DESC");
    if (!q->order[q->order_count].down) {
      take(p, "ASC");
    }
    if (take(p, "NULLS")) {
      q->order[q->order_count].nulls_last = take(p, "LAST");
      if (!q->order[q->order_count].nulls_last) {
        need(p, "FIRST");
      }
    }
    q->order_count++;
  } while (take(p, ","));
}

static int64_t number_read(struct parse *p) {
  char *end = NULL;
  long long n = strtoll(p->word, &end, 10);
  if (end == p->word || *end != '\0' || n < 0) {
    fail_unexpected(p);
    return 0;
  }
  next(p);
  return n;
}

/* The selected names come before the object that gives them a meaning. */
static size_t select_read(struct parse *p, char names[COLUMN_MAX][80]) {
  size_t n = 0;
  need(p, "SELECT");
  if (is(p, "COUNT")) {
    next(p);
    need(p, "(");
    need(p, ")");
    p->q->count_only = true;
    return 0;
  }
  do {
    if (n == COLUMN_MAX || !is_name(p) || strlen(p->word) > 79 || is(p, "FROM")) {
      fail_unexpected(p);
      break;
    }
    snprintf(names[n++], 80, "%.79s", p->word);
    next(p);
  } while (take(p, ","));
  return n;
}

static void columns_resolve(struct parse *p, char names[COLUMN_MAX][80], size_t n) {
  struct sf_query *q = p->q;
  for (size_t i = 0; i < n && !p->failed; i++) {
    column_read(p, names[i], &q->columns[i]);
    for (size_t k = 0; k < i && !p->failed; k++) {
      if (strcasecmp(q->columns[k].name, q->columns[i].name) == 0) {
        fail(p, "INVALID_FIELD", "duplicate field selected: %.79s", names[i]);
      }
    }
  }
  q->column_count = n;
}

bool sf_query_parse(struct sf_query *q, const char *soql, int64_t now_ms) {
  char names[COLUMN_MAX][80];
  memset(q, 0, sizeof *q);
  q->limit = -1;
  q->now_ms = now_ms;
  struct parse p = {.q = q, .text = soql, .at = soql};
  next(&p);
  size_t n = select_read(&p, names);
  need(&p, "FROM");
  q->object = p.failed ? NULL : sf_object(p.word);
  if (!p.failed && q->object == NULL) {
    char word[WORD_MAX];
    snprintf(word, sizeof word, "%s", p.word);
    fail(
        &p, "INVALID_TYPE",
        "sObject type '%s' is not supported. If you are attempting to use a custom object, be sure "
        "to append the '__c' after the entity name.",
        word);
  }
  next(&p);
  if (q->object) {
    columns_resolve(&p, names, n);
  }
  if (take(&p, "WHERE")) {
    q->where = terms_read(&p);
  }
  if (take(&p, "ORDER")) {
    order_read(&p);
  }
  if (take(&p, "LIMIT")) {
    q->limit = number_read(&p);
  }
  if (take(&p, "OFFSET")) {
    q->offset = number_read(&p);
    if (!p.failed && q->offset > 2000) {
      fail(&p, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000");
    }
  }
  if (!p.failed && p.word[0]) {
    fail_unexpected(&p);
  }
  buf_free(&p.quoted);
  return !p.failed;
}

void sf_query_close(struct sf_query *q) {
  arena_free(&q->arena);
}

/* Percent sign: any text; underscore: any character; without regard to case. */
static bool like(const char *text, const char *pattern) {
  if (*pattern == '\0') {
    return *text == '\0';
  }
  if (*pattern == '%') {
    while (pattern[1] == '%') {
      pattern++;
    }
    for (;; text++) {
      if (like(text, pattern + 1)) {
        return true;
      }
      if (*text == '\0') {
        return false;
      }
    }
  }
  bool same = *pattern == '_' || tolower((unsigned char)*pattern) == tolower((unsigned char)*text);
  return *text && same && like(text + 1, pattern + 1);
}

static int order_of(const struct sf_value *v, const struct sf_literal *l) {
  if (l->kind == LITERAL_TEXT) {
    const char *text = v->text.p ? v->text.p : "";
    return v->kind == SF_ID ? strcmp(text, l->text) : strcasecmp(text, l->text);
  }
  if (v->raw && l->kind == LITERAL_BOOL) {
    return (strcmp(v->text.p, "true") == 0) != (l->n != 0);
  }
  int64_t n = l->kind == LITERAL_TIME ? l->n / 1000 * 1000 : l->n;
  return v->n < n ? -1 : v->n > n;
}

static bool order_fits(enum sf_op op, int order) {
  switch (op) {
  case OP_EQ:
    return order == 0;
  case OP_NE:
    return order != 0;
  case OP_LT:
    return order < 0;
  case OP_LE:
    return order <= 0;
  case OP_GT:
    return order > 0;
  default:
    return order >= 0;
  }
}

static bool list_has(const struct sf_node *n, const struct sf_value *v) {
  for (size_t i = 0; i < n->n; i++) {
    bool null = n->list[i].kind == LITERAL_NULL;
    if (null ? v->is_null : !v->is_null && order_of(v, &n->list[i]) == 0) {
      return true;
    }
  }
  return false;
}

static bool value_fits(const struct sf_node *n, struct sf_value *v) {
  const struct sf_literal *l = &n->list[0];
  if (n->op == OP_IN || n->op == OP_NOT_IN) {
    return list_has(n, v) == (n->op == OP_IN);
  }
  if (l->kind == LITERAL_NULL || v->is_null) {
    bool equal = v->is_null && l->kind == LITERAL_NULL;
    return n->op == OP_EQ ? equal : n->op == OP_NE && !equal;
  }
  if (n->op == OP_LIKE) {
    return l->kind == LITERAL_TEXT && like(buf_text(&v->text), l->text);
  }
  return order_fits(n->op, order_of(v, l));
}

static bool node_fits(struct exchange *x, const struct sf_query *q, const struct sf_node *n,
                      const struct sf_row *r, struct sf_value *scratch) {
  switch (n->kind) {
  case NODE_AND:
    return node_fits(x, q, n->a, r, scratch) && node_fits(x, q, n->b, r, scratch);
  case NODE_OR:
    return node_fits(x, q, n->a, r, scratch) || node_fits(x, q, n->b, r, scratch);
  case NODE_NOT:
    return !node_fits(x, q, n->a, r, scratch);
  default:
    scratch->is_null = false;
    q->object->get(x, r, &n->column, scratch);
    return value_fits(n, scratch);
  }
}

bool sf_query_fits(struct exchange *x, const struct sf_query *q, const struct sf_row *r) {
  struct sf_value scratch = {0};
  bool fits = q->where == NULL || node_fits(x, q, q->where, r, &scratch);
  buf_free(&scratch.text);
  return fits;
}
