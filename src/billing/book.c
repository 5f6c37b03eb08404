#include "billing/book.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book_builtin.h"
#include "billing/book_read.h"

#define BOOK_BYTES_MAX ((size_t)1 << 20)

static void summary_lengths(struct buf *s, const struct book_version *v) {
  char text[24];
  size_t count[BOOK_CHANNELS] = {0}, most = 0;
  for (size_t i = 0; i < BOOK_CHANNELS; i++)
    for (size_t k = 0; k < BOOK_CHANNELS; k++) count[i] += v->window.ms[k] == v->window.ms[i];
  for (size_t i = 1; i < BOOK_CHANNELS; i++)
    if (count[i] > count[most]) most = i;
  buf_text(s, duration_format(v->window.ms[most], text));
  for (size_t i = 0; i < BOOK_CHANNELS; i++)
    if (v->window.ms[i] != v->window.ms[most])
      buf_printf(s, ", %s %s", book_channels[i], duration_format(v->window.ms[i], text));
}

/* What the invoice says when the file has no sentence of its own. */
static const char *summary_make(struct book *b) {
  const struct book_version *v = &b->versions[b->version_count - 1];
  static const char *const bases[] = {"the last AI answer", "the first message", "inactivity"};
  char text[MONEY_TEXT_MAX];
  struct buf s;
  buf_init(&s, 4096);
  for (size_t i = 0; i < v->meter_count; i++)
    for (size_t k = 0; k < v->meters[i].price_count; k++)
      buf_printf(&s, "%s%s %s per %s", s.n == 0 ? "" : ", ",
                 money_human(v->meters[i].prices[k].micros, text), b->currency,
                 v->meters[i].prices[k].outcome);
  buf_text(&s, "; window ");
  summary_lengths(&s, v);
  buf_printf(&s, " from %s", bases[v->basis[0]]);
  char *made = arena_dup(b->arena, buf_view(&s));
  buf_free(&s);
  return made;
}

static const char *text_of(struct book_reader *r, const struct yaml *root, const char *key,
                           const char *otherwise) {
  const struct yaml *y = yaml_get(root, key);
  if (y == NULL) return otherwise;
  if (y->kind == YAML_SCALAR && y->text[0] != '\0') return arena_dup(r->arena, str_of(y->text));
  book_wrong(r, y->line, key, "must be one text");
  return otherwise;
}

/* changed_by: one name, or a list: who does not decide disputes about these rules. */
static void changer_add(struct book_reader *r, struct book *b, const struct yaml *y) {
  if (y->kind != YAML_SCALAR || y->text[0] == '\0')
    book_wrong(r, y->line, "changed_by", "must be a name or a list of names");
  else if (b->changer_count == BOOK_CHANGERS)
    book_wrong(r, y->line, "changed_by", "names more than %d people", BOOK_CHANGERS);
  else
    b->changers[b->changer_count++] = arena_dup(r->arena, str_of(y->text));
}

static void read_changers(struct book_reader *r, const struct yaml *root, struct book *b) {
  const struct yaml *y = yaml_get(root, "changed_by");
  if (y != NULL && y->kind != YAML_LIST) changer_add(r, b, y);
  for (const struct yaml *n = y != NULL && y->kind == YAML_LIST ? y->first : NULL; n != NULL;
       n = n->next)
    changer_add(r, b, n);
}

static void check_dates(struct book_reader *r, const struct book *b, uint32_t line) {
  for (size_t i = 1; i < b->version_count; i++) {
    const struct book_version *older = &b->versions[i - 1], *v = &b->versions[i];
    if (v->effective_ms <= older->effective_ms)
      book_wrong(r, v->line, "effective",
                 "overlaps the version before it: versions stand in order of their dates");
    else if (older->until_ms > v->effective_ms)
      book_wrong(r, v->line, "effective",
                 "overlaps the version before it, which has a later until");
    else if (older->until_ms != 0 && older->until_ms < v->effective_ms)
      book_wrong(r, v->line, "effective", "leaves days without rules after the version before it");
  }
  if (b->version_count > 0 && b->versions[b->version_count - 1].until_ms != 0)
    book_wrong(r, line, "until", "the last version must have no end");
}

static void read_root(struct book_reader *r, const struct yaml *root, const char *name,
                      struct book *b) {
  static const char *const known[] = {"book", "about", "currency", "changed_by", "versions", NULL};
  if (!book_keys(r, root, "a price book", known)) return;
  b->name = text_of(r, root, "book", arena_dup(r->arena, str_of(name)));
  b->currency = text_of(r, root, "currency", "USD");
  b->summary = text_of(r, root, "about", NULL);
  if (strcmp(b->currency, "USD") != 0)
    book_wrong(r, root->line, "currency", "must be USD: model costs are in US dollars");
  read_changers(r, root, b);
  const struct yaml *list = yaml_get(root, "versions");
  if (list == NULL || list->kind != YAML_LIST || list->first == NULL) {
    book_wrong(r, list != NULL ? list->line : 1, "versions",
               "must be a list of at least one version");
    return;
  }
  b->versions = arena_alloc(b->arena, yaml_count(list) * sizeof *b->versions);
  for (const struct yaml *y = list->first; y != NULL; y = y->next)
    book_read_version(r, y, &b->versions[b->version_count++]);
  check_dates(r, b, list->line);
}

struct book *book_parse(struct trg_str text, const char *name,
                        void (*problem)(void *arg, uint32_t line, const char *key,
                                        const char *text),
                        void *arg) {
  struct trg_err err = {0};
  struct book *b = mem_alloc(sizeof *b);
  b->arena = arena_new();
  struct book_reader r = {.problem = problem, .arg = arg, .arena = b->arena};
  struct yaml *root = yaml_parse(text, NULL, &err);
  if (root == NULL)
    book_wrong(&r, err.line, "", "%s", err.text);
  else
    read_root(&r, root, name, b);
  yaml_free(&root);
  if (r.failed || b->version_count == 0) {
    book_free(&b);
    return NULL;
  }
  if (b->summary == NULL) b->summary = summary_make(b);
  (void)hash_hex(text, b->hash);
  return b;
}

struct book *book_load(const char *path,
                       void (*problem)(void *arg, uint32_t line, const char *key, const char *text),
                       void *arg) {
  struct trg_err err = {0};
  struct buf text;
  buf_init(&text, BOOK_BYTES_MAX);
  struct book *b = NULL;
  if (file_read(path, BOOK_BYTES_MAX, &text, &err) != 0) {
    if (problem != NULL) problem(arg, 0, "", err.text);
  } else {
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    char *name = mem_dup_str(
        (struct trg_str){base, dot != NULL ? (size_t)(dot - base) : strlen(base)});
    b = book_parse(buf_view(&text), name, problem, arg);
    mem_free(name);
  }
  buf_free(&text);
  return b;
}

static void builtin_problem(void *arg, uint32_t line, const char *key, const char *text) {
  (void)arg;
  (void)key;
  trg_bug("price book per-resolution", (int)line, text);
}

struct book *book_builtin(void) {
  return book_parse(str_of(book_builtin_text), "per-resolution", builtin_problem, NULL);
}

void book_free(struct book **b) {
  if (b == NULL || *b == NULL) return;
  arena_free(&(*b)->arena);
  mem_free(*b);
  *b = NULL;
}

const char *book_name(const struct book *b) {
  return b->name;
}

const char *book_hash(const struct book *b) {
  return b->hash;
}

const char *book_changer(const struct book *b, size_t i) {
  return i < b->changer_count ? b->changers[i] : NULL;
}

const char *book_summary(const struct book *b) {
  return b->summary;
}

bool book_wants_verdict(const struct book *b) {
  for (size_t i = 0; i < b->version_count; i++) {
    const struct book_version *v = &b->versions[i];
    if (v->assumed == EVIDENCE_VERIFY || v->confirmed == EVIDENCE_VERIFY ||
        v->procedure == EVIDENCE_VERIFY)
      return true;
  }
  return false;
}
