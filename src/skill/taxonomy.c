#include "skill/taxonomy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/cover.h"
#include "skill/skill.h"
#include "skill/taxonomy_inner.h"
#include "store/knowledge.h"

#define EXAMPLES_MAX_BYTES ((size_t)64 << 20)

void taxonomy_tell(struct taxonomy *t, bool error, uint32_t line, const char *format, ...) {
  struct taxonomy_full *full = (struct taxonomy_full *)t;
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (full->problem != NULL) full->problem(full->arg, full->path, line, text);
  if (!error) return;
  if (full->errors++ == 0)
    err_at(full->err, TRG_EINVAL, "taxonomy", line, "%s: %s", full->path, text);
}

/* What stands in when neither skills nor a file name categories. */
static const struct category builtin[] = {
    {"billing", "billing", "P3", "Invoices, charges, payments, prices", NULL, 0},
    {"technical", "technical", "P3", "Errors, defects, things that do not work", NULL, 0},
    {"account-access", "accounts", "P3", "Login, password, locked accounts", NULL, 0},
    {"how-to", "service", "P4", "How to use, set up or change something", NULL, 0},
    {"complaint", "service", "P3", "Dissatisfaction with service or product", NULL, 0},
    {"other", "service", "P4", "Anything else", NULL, 0}};

static const char *const default_priorities[] = {"P1", "P2", "P3", "P4"};

/* One line of the examples; false: it is none. */
static bool example_read(struct taxonomy *t, struct trg_str line, uint32_t number,
                         struct trg_example *ret) {
  struct trg_err err = {0};
  json *o = json_parse(line, 0, &err);
  const struct trg_str text = json_get_str(o, "text");
  const bool good = text.n > 0 && json_is_object(json_get(o, "labels"));
  const struct trg_str category = json_get_str(json_get(o, "labels"), "category");
  if (good && category.n > 0 && t->category_count > 0 && taxonomy_category(t, category) == NULL)
    taxonomy_tell(t, false, number, "the example is labelled \"%.*s\", which is no category",
                  (int)(category.n < 60 ? category.n : 60), category.p);
  if (good) {
    char *labels = json_text(json_get(o, "labels"));
    ret->text = arena_str(taxonomy_arena(t), text);
    ret->labels = arena_str(taxonomy_arena(t), str_of(labels));
    mem_free(labels);
  } else {
    taxonomy_tell(t, false, number, "%s; the example is left out",
                  o == NULL ? err.text : "expected {\"text\": \"...\", \"labels\": {...}}");
  }
  json_free(&o);
  return good;
}

/* references/examples.jsonl beside the triage skill: what the classifier starts from. */
static void from_examples(struct taxonomy *t, const struct skill *k) {
  struct arena *a = taxonomy_arena(t);
  char *folder = file_dir(k->path);
  char *path = file_join(folder, "references/examples.jsonl");
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, EXAMPLES_MAX_BYTES);
  ((struct taxonomy_full *)t)->path = path;
  if (file_exists(path)) {
    if (file_read(path, EXAMPLES_MAX_BYTES, &b, &err) < 0)
      taxonomy_tell(t, false, 0, "%s", err.text);
    struct trg_str rest = buf_view(&b), line;
    size_t room = 1;
    for (size_t i = 0; i < rest.n; i++)
      if (rest.p[i] == '\n') room++;
    struct trg_example *e = arena_alloc(a, sizeof *e * room);
    t->examples = e;
    for (uint32_t number = 1; str_next(&rest, '\n', &line); number++)
      if (str_trim(line).n > 0 && example_read(t, str_trim(line), number, &e[t->example_count]))
        t->example_count++;
  }
  buf_free(&b);
  ((struct taxonomy_full *)t)->path = k->path;
  mem_free(path);
  mem_free(folder);
}

/* --- together ----------------------------------------------------------------------------------
 */

/* What the operator trained the classifier on is part of the taxonomy: a label that was learnt is a
 * category, even when no table describes it. */
static void add_labels(struct taxonomy *t, const char *const *labels, size_t count) {
  struct arena *a = taxonomy_arena(t);
  struct category *all = arena_alloc(a, sizeof *all * (t->category_count + count + 1));
  if (t->category_count > 0) memcpy(all, t->categories, sizeof *all * t->category_count);
  size_t n = t->category_count;
  t->categories = all;
  for (size_t i = 0; i < count; i++) {
    if (taxonomy_category(t, str_of(labels[i])) != NULL) continue;
    all[n++] = (struct category){arena_dup(a, str_of(labels[i])), "", "P3", "", NULL, 0};
    t->category_count = n;
  }
}

static json *signals_json(const char *const *s, size_t n) {
  json *list = json_array();
  for (size_t i = 0; i < n; i++) json_add_str(list, str_of(s[i]));
  return list;
}

static json *categories_json(const struct taxonomy *t) {
  json *list = json_array();
  for (size_t i = 0; i < t->category_count; i++) {
    const struct category *c = &t->categories[i];
    json *o = json_object();
    json_put_text(o, "name", c->name);
    json_put_text(o, "description", c->description);
    json_put_text(o, "team", c->team);
    json_put_text(o, "priority", c->priority);
    if (c->signal_count > 0) json_put(o, "signals", signals_json(c->signals, c->signal_count));
    json *subs = json_array();
    for (size_t k = 0; k < t->subcategory_count; k++) {
      if (!taxonomy_same(str_of(t->subcategories[k].category), c->name)) continue;
      json *s = json_object();
      json_put_text(s, "name", t->subcategories[k].name);
      json_put_text(s, "description", t->subcategories[k].description);
      json_add(subs, s);
    }
    json_put(o, "subcategories", subs);
    json_add(list, o);
  }
  return list;
}

static void render(struct taxonomy *t) {
  json *o = json_object();
  json_put(o, "categories", categories_json(t));
  json *list = json_array();
  for (size_t i = 0; i < t->priority_count; i++) {
    json *p = json_object();
    json_put_text(p, "name", t->priorities[i].name);
    json_put_text(p, "when", t->priorities[i].when);
    json_put(p, "signals", signals_json(t->priorities[i].signals, t->priorities[i].signal_count));
    json_add(list, p);
  }
  json_put(o, "priorities", list);
  list = json_array();
  for (size_t i = 0; i < t->team_count; i++) {
    json *k = json_object();
    json_put_text(k, "name", t->teams[i].name);
    json_put_text(k, "handles", t->teams[i].handles);
    json_add(list, k);
  }
  json_put(o, "teams", list);
  list = json_array();
  for (size_t i = 0; i < t->escalation_count; i++) {
    json *e = json_object();
    json_put_text(e, "reason", t->escalations[i].reason);
    json_put(e, "signals", signals_json(t->escalations[i].signals, t->escalations[i].signal_count));
    json_add(list, e);
  }
  json_put(o, "escalations", list);
  char *text = json_text(o);
  t->json = arena_dup(taxonomy_arena(t), str_of(text));
  struct hash *h = hash_new();
  hash_add(h, str_of(text));
  for (size_t i = 0; i < t->example_count; i++) {
    hash_add(h, t->examples[i].text);
    hash_add(h, t->examples[i].labels);
  }
  uint8_t sum[HASH_BYTES];
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, t->hash);
  mem_free(text);
  json_free(&o);
}

static void from_skill(struct taxonomy *t, struct skills *s, const char *file) {
  struct trg_err bad = {0};
  const struct skill *k = skills_find(s, "ticket-triage");
  if (k == NULL) return;
  ((struct taxonomy_full *)t)->path = k->path;
  const char *body = skill_body(s, k, &bad);
  if (body == NULL) {
    taxonomy_tell(t, false, 0, "%s", bad.text);
    return;
  }
  taxonomy_tables(t, body, k->body_line, file == NULL);
  if (file == NULL) from_examples(t, k);
}

struct taxonomy *taxonomy_load(const char *file, struct skills *s, const char *const *labels,
                               size_t label_count, taxonomy_problem *problem, void *arg,
                               struct trg_err *err) {
  struct taxonomy_full *full = mem_alloc(sizeof *full);
  full->arena = arena_new();
  full->problem = problem;
  full->arg = arg;
  full->err = err;
  struct taxonomy *t = &full->t;
  if (s != NULL) from_skill(t, s, file);
  if (file != NULL) {
    t->subcategory_count = 0;
    if (taxonomy_file(t, file) < 0) {
      taxonomy_free(&t);
      return NULL;
    }
  }
  if (t->category_count == 0 && label_count == 0) {
    if (full->path == NULL) full->path = "skills";
    taxonomy_tell(
        t, false, 0,
        "no categories: there is no skill ticket-triage with a table below \"Categories\" and no "
        "taxonomy file; %zu general ones stand in",
        sizeof builtin / sizeof builtin[0]);
    t->categories = builtin;
    t->category_count = sizeof builtin / sizeof builtin[0];
  }
  if (label_count > 0) add_labels(t, labels, label_count);
  if (t->priority_count == 0) {
    struct priority *p = arena_alloc(full->arena, sizeof *p * 4);
    for (size_t i = 0; i < 4; i++) p[i].name = default_priorities[i];
    t->priorities = p;
    t->priority_count = 4;
  }
  taxonomy_route(t);
  render(t);
  return t;
}

/* Masked as tickets are; "" when that cannot be done. */
static const char *example_masked(struct trg_str text, unsigned profiles, struct arena *a) {
  struct pii_map *m = pii_map_new();
  struct buf masked;
  struct trg_err err = {0};
  buf_init(&masked, 0);
  pii_map_profiles(m, profiles);
  if (pii_mask(m, text, &masked, NULL, NULL, &err) < 0) {
    log_event(TRG_WARN, "taxonomy.problem", "code", err.code, "why", err.text, NULL);
    buf_reset(&masked);
  }
  const char *kept = arena_dup(a, buf_view(&masked));
  buf_free(&masked);
  pii_map_free(&m);
  return kept;
}

int taxonomy_index(const struct taxonomy *t, struct store *s, unsigned profiles,
                   struct trg_err *err) {
  struct arena *a = arena_new();
  const char *hash = arena_printf(a, "%s-%lld", t->hash, (long long)cover_rules(profiles));
  struct example *list = arena_alloc(a, sizeof *list * (t->example_count + 1));
  size_t n = 0;
  for (size_t i = 0; i < t->example_count; i++) {
    json *labels = json_parse(t->examples[i].labels, 0, NULL);
    const struct category *c = taxonomy_category(t, json_get_str(labels, "category"));
    if (c != NULL)
      list[n++] = (struct example){.text = example_masked(t->examples[i].text, profiles, a),
                                   .category = c->name,
                                   .labels = arena_dup(a, t->examples[i].labels)};
    json_free(&labels);
  }
  bool changed = false;
  const int rc = example_keep(s, hash, list, n, &changed, err);
  arena_free(&a);
  return rc;
}

void taxonomy_free(struct taxonomy **t) {
  if (*t == NULL) return;
  struct taxonomy_full *full = (struct taxonomy_full *)*t;
  arena_free(&full->arena);
  mem_free(full);
  *t = NULL;
}

static char folded(char c) {
  return c == '_' || c == ' ' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool taxonomy_same(struct trg_str a, const char *b) {
  size_t i = 0;
  for (; i < a.n && b[i] != '\0'; i++)
    if (folded(a.p[i]) != folded(b[i])) return false;
  return i == a.n && b[i] == '\0';
}

const struct category *taxonomy_category(const struct taxonomy *t, struct trg_str name) {
  for (size_t i = 0; i < t->category_count; i++)
    if (taxonomy_same(name, t->categories[i].name)) return &t->categories[i];
  return NULL;
}

bool taxonomy_team(const struct taxonomy *t, struct trg_str name) {
  for (size_t i = 0; i < t->team_count; i++)
    if (taxonomy_same(name, t->teams[i].name)) return true;
  for (size_t i = 0; i < t->category_count; i++)
    if (name.n > 0 && taxonomy_same(name, t->categories[i].team)) return true;
  return false;
}
