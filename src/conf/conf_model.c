/* The models. */
#include <stddef.h>
#include <string.h>
#include <triaged/model.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/yaml.h"
#include "conf/part.h"

struct head {
  char *name, *backend, *model, *retires;
  int64_t timeout_ms, first_timeout_ms, max_in_flight;
};

#define AT(member) offsetof(struct head, member)
/* The price stands in a table of its own: it is read by conf_price.c. */
const struct trg_field model_fields[] = {
    {.name = "name",
     .flags = TRG_REQUIRED,
     .offset = AT(name),
     .help = "write a unique name; tasks and reports call the model by it"},
    {.name = "backend",
     .flags = TRG_REQUIRED,
     .offset = AT(backend),
     .help = "name the plugin that speaks with it, as anthropic, openai, gemini, bedrock or local"},
    {.name = "model", .offset = AT(model), .help = "the vendor's name of the model"},
    {.name = "timeout",
     .type = TRG_DURATION,
     .default_text = "60s",
     .min = 100,
     .max = 3600000,
     .offset = AT(timeout_ms),
     .help = "for one call"},
    {.name = "first_timeout",
     .type = TRG_DURATION,
     .default_text = "0s",
     .min = 0,
     .max = 3600000,
     .offset = AT(first_timeout_ms),
     .help =
         "for a call until the model has answered once, as vendors compile a schema at its first "
         "use; 0s: timeout where that is written, else 180s"},
    {.name = "max_in_flight",
     .type = TRG_INT,
     .default_text = "32",
     .min = 1,
     .max = 1000,
     .offset = AT(max_in_flight),
     .help = "calls at one time"},
    {.name = "retires",
     .offset = AT(retires),
     .help = "day on which the vendor ends the model, as 2027-03-31; told from 30 days before on"},
    {.name = NULL},
};

static const struct trg_field map_keys[] = {
    {.name = "price", .type = TRG_JSON}, {.name = "baa", .type = TRG_JSON}, {.name = NULL}};

static bool is_local(const struct trg_plugin *plugin) {
  const struct trg_model_ops *ops = plugin->ops;
  return ops != NULL && ops->size >= offsetof(struct trg_model_ops, caps) + sizeof ops->caps &&
         (ops->caps & TRG_MODEL_LOCAL) != 0;
}

/* A backend that keeps its model in a file has it among the daemon's state, unless told. */
static const char *file_default(struct part *p, struct conf_model *m) {
  for (const struct trg_field *f = m->plugin->fields; f != NULL && f->name != NULL; f++) {
    if (strcmp(f->name, "file") != 0 || f->type != TRG_TEXT) continue;
    char *to = (char *)m->settings + f->offset;
    const char *file = NULL;
    memcpy(&file, to, sizeof file);
    if (file == NULL || file[0] == '\0')
      file = arena_printf(p->r.arena, "%s/%s.model", p->conf->state, m->backend);
    else
      file = conf_place_of(p, file);
    memcpy(to, &file, sizeof file);
    return file;
  }
  return NULL;
}

static void is_twice(struct part *p, const struct conf_model *all, size_t count, const char *name,
                     const struct yaml *map, const char *path) {
  for (size_t i = 0; i < count; i++) {
    if (all[i].name == NULL || strcmp(all[i].name, name) != 0) continue;
    field_wrong(&p->r, yaml_get(map, "name"), path_key(p, path, "name"),
                "\"%s\" is the name of the model at line %u already; names are unique", name,
                all[i].line);
    return;
  }
}

/* Everything that is not the plugin's, for telling unknown keys. */
static const struct trg_field *host_keys(struct part *p) {
  const size_t n = sizeof model_fields / sizeof model_fields[0] - 1;
  struct trg_field *all = arena_alloc(p->r.arena, n * sizeof *all + sizeof map_keys);
  memcpy(all, model_fields, n * sizeof *all);
  memcpy(all + n, map_keys, sizeof map_keys);
  return all;
}

static const struct trg_field baa_fields[] = {
    {.name = "party", .flags = TRG_REQUIRED, .offset = 0, .help = "with whom it was made"},
    {.name = "date",
     .flags = TRG_REQUIRED,
     .offset = sizeof(char *),
     .help = "when it was signed, as 2026-03-01"},
    {.name = "scope",
     .flags = TRG_REQUIRED,
     .offset = 2 * sizeof(char *),
     .help = "what it covers, as the plan or the service"},
    {.name = NULL}};

/* The agreement under which health data may reach this model. */
static void baa_read(struct part *p, const struct yaml *map, const char *path,
                     struct conf_model *m) {
  const struct yaml *baa = yaml_get(map, "baa");
  const char *texts[3] = {0};
  int64_t day = 0;
  if (yaml_is_null(baa)) return;
  const char *at = path_key(p, path, "baa");
  field_read(&p->r, baa, at, baa_fields, texts);
  field_unknown(&p->r, baa, at, baa_fields, NULL);
  if (texts[1] != NULL && time_parse(str_of(texts[1]), &day) != 0)
    field_wrong(&p->r, yaml_get(baa, "date"), path_key(p, at, "date"),
                "\"%.40s\" is no day; write it as 2026-03-01", texts[1]);
  m->baa_party = texts[0];
  m->baa_date = texts[1];
  m->baa_scope = texts[2];
}

static void plugin_read(struct part *p, const struct yaml *map, const char *path,
                        struct conf_model *m) {
  m->plugin = plugin_find(p, map, path, "backend", TRG_MODEL, m->backend);
  if (m->plugin == NULL) return;
  m->local = is_local(m->plugin);
  m->settings = settings_read(p, map, path, m->plugin, host_keys(p), m->origins, &m->origin_count);
  const char *file = file_default(p, m);
  const struct yaml *price = yaml_get(map, "price");
  if (!yaml_is_null(price))
    prices_read(p, price, path_key(p, path, "price"), m);
  else if (!m->local)
    field_wrong(&p->r, map, path_key(p, path, "price"),
                "is missing, so nobody could say what \"%s\" costs; write its US dollars per "
                "million tokens: price: {input: 0.10, output: 0.50}",
                m->name == NULL ? "this model" : m->name);
  block_hash(p, map, path, arena_printf(p->r.arena, "%s\n%s", m->backend, file == NULL ? "" : file),
             m->hash);
}

/* Anthropic's documentation of structured outputs: a schema is compiled at its first use, for up to
 * 180 seconds. */
#define FIRST_TIMEOUT_MS 180000

static int64_t first_timeout(const struct yaml *map, const struct head *h) {
  if (h->first_timeout_ms > 0) return h->first_timeout_ms;
  const bool told = !yaml_is_null(yaml_get(map, "timeout"));
  return told || h->timeout_ms > FIRST_TIMEOUT_MS ? h->timeout_ms : FIRST_TIMEOUT_MS;
}

#define RETIRES_SOON_MS (INT64_C(30) * 24 * 3600 * 1000)

/* A model that ends answers 404 from one day to the next: better to be told before. */
static void retires_read(struct part *p, const struct yaml *map, const char *path, const char *text,
                         struct conf_model *m) {
  int64_t day = 0;
  if (text == NULL || text[0] == '\0') return;
  const struct yaml *at = yaml_get(map, "retires");
  const char *key = path_key(p, path, "retires");
  if (time_parse(str_of(text), &day) != 0) {
    field_wrong(&p->r, at, key, "\"%.40s\" is no day; write it as 2027-03-31", text);
    return;
  }
  m->retires = text;
  if (day > clock_now_ms() + RETIRES_SOON_MS) return;
  field_warn(&p->r, at, key, "%s %s on %s; name its successor", m->model,
             day > clock_now_ms() ? "ends" : "has ended", text);
}

static void model_read(struct part *p, const struct yaml *map, const char *path,
                       const struct conf_model *before, size_t count, struct conf_model *m) {
  struct head h = {0};
  field_read(&p->r, map, path, model_fields, &h);
  *m = (struct conf_model){.name = h.name,
                           .backend = h.backend,
                           .model = h.model != NULL ? h.model : h.backend,
                           .timeout_ms = h.timeout_ms,
                           .first_timeout_ms = h.timeout_ms,
                           .max_in_flight = h.max_in_flight,
                           .line = map->line};
  if (map->kind != YAML_MAP) return;
  m->first_timeout_ms = first_timeout(map, &h);
  if (h.name != NULL && name_fine(p, map, path, h.name))
    is_twice(p, before, count, h.name, map, path);
  baa_read(p, map, path, m);
  retires_read(p, map, path, h.retires, m);
  if (h.backend != NULL && h.backend[0] != '\0') plugin_read(p, map, path, m);
}

/* Without `models` the embedded one does everything. */
static const struct yaml *local_only(struct part *p) {
  struct yaml *nodes = arena_alloc(p->r.arena, 4 * sizeof *nodes);
  nodes[0] = (struct yaml){.kind = YAML_LIST, .line = 1, .first = &nodes[1]};
  nodes[1] = (struct yaml){.kind = YAML_MAP, .line = 1, .first = &nodes[2], .parent = &nodes[0]};
  nodes[2] = (struct yaml){.kind = YAML_SCALAR,
                           .line = 1,
                           .key = "name",
                           .text = "local",
                           .next = &nodes[3],
                           .parent = &nodes[1]};
  nodes[3] = (struct yaml){
      .kind = YAML_SCALAR, .line = 1, .key = "backend", .text = "local", .parent = &nodes[1]};
  return nodes;
}

void part_models(struct part *p) {
  const struct yaml *list = yaml_get(p->root, "models");
  if (yaml_is_null(list)) list = local_only(p);
  if (list->kind != YAML_LIST || list->first == NULL) {
    field_wrong(&p->r, list, "models",
                "must be a list of at least one model, each begun with \"- name:\"; leave the key "
                "out for the embedded local model");
    return;
  }
  struct conf_model *all = arena_alloc(p->r.arena, yaml_count(list) * sizeof *all);
  size_t n = 0;
  for (const struct yaml *map = list->first; map != NULL; map = map->next, n++)
    model_read(p, map, path_item(p, "models", n), all, n, &all[n]);
  p->conf->models = all;
  p->conf->model_count = n;
}
