/* Which models do what. */
#include <stddef.h>
#include <string.h>
#include <triaged/model.h>

#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

#define TRIAGE_ACCEPT 0.60

struct written {
  double accept, share;
  int64_t hedge_ms;
  const char *cost_per_day;
  bool batch;
};

#define AT(member) offsetof(struct written, member)
#define ACCEPT                                                                                     \
  {                                                                                                \
    .name = "accept", .type = TRG_DECIMAL, .min = 0, .max = 1, .offset = AT(accept),               \
    .help = "below this confidence the next model decides"                                         \
  }
#define BATCH                                                                                      \
  {                                                                                                \
    .name = "batch", .type = TRG_BOOL, .default_text = "false", .offset = AT(batch),               \
    .help = "may wait for the vendor's cheaper batches"                                            \
  }
const struct trg_field task_fields[] = {
    ACCEPT,
    BATCH,
    {.name = "hedge",
     .type = TRG_DURATION,
     .default_text = "0s",
     .min = 0,
     .max = 3600000,
     .offset = AT(hedge_ms),
     .help = "after so long without an answer the next model is asked too, and the first answer "
             "taken; both are paid for; 0s: never"},
    {.name = NULL}};
const struct trg_field shadow_fields[] = {
    {.name = "share",
     .type = TRG_DECIMAL,
     .default_text = "0.1",
     .min = 0,
     .max = 1,
     .offset = AT(share),
     .help = "part of the live tickets that it sees"},
    {.name = "cost_per_day",
     .type = TRG_TEXT,
     .offset = AT(cost_per_day),
     .help = "US dollars a day, beside limits.model_cost_per_day; default that limit times share"},
    ACCEPT,
    BATCH,
    {.name = NULL},
};
static const struct trg_field models_key[] = {{.name = "models", .type = TRG_JSON}, {.name = NULL}};
static const struct trg_field task_names[] = {{.name = "triage", .type = TRG_JSON},
                                              {.name = "draft", .type = TRG_JSON},
                                              {.name = "verify", .type = TRG_JSON},
                                              {.name = "shadow", .type = TRG_JSON},
                                              {.name = NULL}};

/* Not told, when the models themselves could not be read: that was told. */
static const struct conf_model *model_named(struct part *p, const struct yaml *node,
                                            const char *path, const char *name) {
  const struct conf *c = p->conf;
  const char **names = arena_alloc(p->r.arena, (c->model_count + 1) * sizeof *names);
  size_t n = 0;
  for (size_t i = 0; i < c->model_count; i++) {
    if (c->models[i].name == NULL) continue;
    if (strcmp(c->models[i].name, name) == 0) return &c->models[i];
    names[n++] = c->models[i].name;
  }
  if (c->model_count == 0) return NULL;
  const char *near = field_nearest(name, names);
  const char *known = "";
  for (size_t i = 0; i < n && i < 30; i++)
    known = arena_printf(p->r.arena, "%s%s %s", known, i == 0 ? "" : ",", names[i]);
  if (near != NULL)
    field_wrong(&p->r, node, path, "there is no model \"%.80s\"; did you mean \"%s\"?", name, near);
  else
    field_wrong(&p->r, node, path, "there is no model \"%.80s\"; models has%s", name, known);
  return NULL;
}

static void task_models(struct part *p, const struct yaml *list, const char *path,
                        struct conf_task *t) {
  size_t n = 0;
  const char *const *names = field_list(&p->r, list, path, &n);
  if (list->kind != YAML_LIST) return;
  const struct conf_model **all = arena_alloc(p->r.arena, (n + 1) * sizeof *all);
  if (list->first == NULL) field_wrong(&p->r, list, path, "is empty; name at least one model");
  for (size_t i = 0; i < n; i++) {
    const struct conf_model *m = model_named(p, list, path_item(p, path, i), names[i]);
    for (size_t k = 0; k < t->model_count; k++)
      if (all[k] == m)
        field_wrong(&p->r, list, path_item(p, path, i), "\"%s\" is named twice; take one out",
                    names[i]);
    if (m != NULL) all[t->model_count++] = m;
  }
  t->models = all;
}

static void task_all_models(struct part *p, struct conf_task *t) {
  const struct conf *c = p->conf;
  const struct conf_model **all = arena_alloc(p->r.arena, (c->model_count + 1) * sizeof *all);
  for (size_t i = 0; i < c->model_count; i++) all[i] = &c->models[i];
  t->models = all;
  t->model_count = c->model_count;
}

static bool some_can_batch(const struct conf_task *t) {
  for (size_t i = 0; i < t->model_count; i++) {
    const struct trg_plugin *plugin = t->models[i]->plugin;
    const struct trg_model_ops *ops = plugin == NULL ? NULL : plugin->ops;
    if (plugin == NULL || ops == NULL || (ops->caps & TRG_MODEL_BATCH) != 0) return true;
  }
  return t->model_count == 0;
}

struct task_kind {
  const char *name;
  double accept;
  bool by_all; /* unless told, every model in the order of the file */
  bool shadow;
};

/* What comparison may cost a day: told, or the same share of the live limit. */
static void shadow_limit(struct part *p, const struct yaml *map, const char *path, const char *text,
                         struct conf_task *t) {
  if (text == NULL || text[0] == '\0') {
    t->cost_per_day_micros = (int64_t)((double)p->conf->model_cost_per_day_micros * t->share);
    return;
  }
  if (money_parse(str_of(text), &t->cost_per_day_micros) != 0 || t->cost_per_day_micros <= 0)
    field_wrong(&p->r, yaml_get(map, "cost_per_day"), path_key(p, path, "cost_per_day"),
                "must be US dollars above 0, as 5.00");
}

static void task_read(struct part *p, const struct yaml *tasks, const struct task_kind *kind,
                      struct conf_task *t) {
  const struct yaml *map = yaml_get(tasks, kind->name);
  struct written w = {.accept = kind->accept};
  const char *path = path_key(p, "tasks", kind->name);
  t->set = !yaml_is_null(map);
  if (t->set) {
    field_fill(&p->r, map, path, kind->shadow ? shadow_fields : task_fields, models_key, &w);
    const struct yaml *list = yaml_get(map, "models");
    if (!yaml_is_null(list))
      task_models(p, list, path_key(p, path, "models"), t);
    else if (!kind->by_all && map->kind == YAML_MAP)
      field_wrong(&p->r, map, path_key(p, path, "models"),
                  "is missing; name the models in the order of trying, as [haiku, gpt]");
  }
  t->accept = w.accept;
  t->share = w.share;
  if (kind->shadow) shadow_limit(p, map, path, w.cost_per_day, t);
  t->batch = w.batch;
  t->hedge_ms = w.hedge_ms;
  if (t->hedge_ms > 0 && t->batch)
    field_wrong(&p->r, yaml_get(map, "hedge"), path_key(p, path, "hedge"),
                "what waits for a batch is not asked twice; take hedge or batch out");
  if (kind->by_all && t->models == NULL) task_all_models(p, t);
  if (t->batch && !some_can_batch(t))
    field_wrong(&p->r, yaml_get(map, "batch"), path_key(p, path, "batch"),
                "none of the task's models has a backend with batches; take batch out, or name a "
                "model of the anthropic or openai backend");
}

void part_tasks(struct part *p) {
  const struct yaml *tasks = yaml_get(p->root, "tasks");
  struct conf *c = p->conf;
  if (tasks != NULL && yaml_is_null(tasks)) tasks = NULL;
  if (tasks != NULL && tasks->kind != YAML_MAP) {
    field_wrong(&p->r, tasks, "tasks", "must be a map, as {triage: {models: [haiku]}}");
    tasks = NULL;
  }
  field_unknown(&p->r, tasks, "tasks", task_names, NULL);
  task_read(p, tasks, &(struct task_kind){"triage", TRIAGE_ACCEPT, true, false}, &c->triage);
  task_read(p, tasks, &(struct task_kind){"draft", 0, true, false}, &c->draft);
  task_read(p, tasks, &(struct task_kind){"verify", 0, false, false}, &c->verify);
  task_read(p, tasks, &(struct task_kind){"shadow", 0, false, true}, &c->shadow);
}

bool conf_task_has(const struct conf_task *t, const char *model) {
  for (size_t i = 0; i < t->model_count; i++)
    if (strcmp(t->models[i]->name, model) == 0) return true;
  return false;
}
