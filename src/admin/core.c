#include "admin/core.h"
#include "admin/agent.h"
#include "admin/owner.h"
#include "admin/retrain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/dispute.h"
#include "net/http.h"
#include "net/loop.h"
#include "pipeline/stage.h"
#include "plugin/registry.h"
#include "skill/knowledge.h"
#include "skill/macro.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "store/change.h"
#include "store/store.h"
#include "store/turn.h"

#define EXIT_CONFIG 78

static const struct trg_plugin *find_plugin(void *arg, int32_t kind, const char *name,
                                            struct trg_err *err) {
  return registry_find(arg, kind, name, err);
}

static const char *const *plugin_names(void *arg, int32_t kind) {
  return registry_names(arg, kind);
}

static struct conf *conf_read(struct registry *r, const char *path, bool checking,
                              size_t *ret_errors) {
  const struct conf_plugins plugins = {find_plugin, plugin_names, r};
  struct conf_problems problems = {0};
  struct conf *c = checking ? conf_load_checking(path, &plugins, &problems)
                            : conf_load(path, &plugins, &problems);
  problems_print(&problems, stderr);
  *ret_errors = problems.errors;
  problems_free(&problems);
  return c;
}

struct conf *core_conf(struct registry *r, const char *path) {
  size_t errors = 0;
  return conf_read(r, path, false, &errors);
}

/* While the daemon runs, its problems are lines of the log like all others. */
static struct conf *conf_again(struct registry *r, const char *path) {
  const struct conf_plugins plugins = {find_plugin, plugin_names, r};
  struct conf_problems problems = {0};
  struct conf *c = conf_load(path, &plugins, &problems);
  for (size_t i = 0; i < problems.count; i++) {
    char *text = problem_text(&problems.items[i]);
    log_event(problems.items[i].warning ? TRG_WARN : TRG_ERROR, "config.problem", "why", text,
              NULL);
    mem_free(text);
  }
  problems_free(&problems);
  return c;
}

/* --- the labels of the trained classifier ------------------------------------------------------
 */

/* Category names that the trained model knows, from the last training; NULL-terminated. */
const char **core_trained(struct store *s, struct arena *a, size_t *ret_count) {
  char *text = NULL;
  struct trg_err err = {0};
  *ret_count = 0;
  if (store_get(s, "train.categories", a, &text, &err) < 0 || text == NULL) return NULL;
  json *list = json_parse(str_of(text), 0, &err);
  const size_t n = json_count(list);
  const char **labels = arena_alloc(a, sizeof *labels * (n + 1));
  size_t k = 0;
  for (const json *v = json_first(list); v != NULL; v = json_next(v))
    labels[k++] = arena_dup(a, json_str(v));
  json_free(&list);
  *ret_count = k;
  return labels;
}

static struct road_plan *plan_load(struct core *c, struct conf *conf, struct trg_err *err) {
  struct arena *a = arena_new();
  size_t n = 0;
  const char **labels = core_trained(c->store, a, &n);
  struct road_plan *p = road_plan_load(conf, labels, n, err);
  arena_free(&a);
  return p;
}

/* --- opening ------------------------------------------------------------------------------------
 */

static void core_turn(void *arg) {
  struct core *c = arg;
  struct trg_err err = {0};
  clock_turn();
  if (c->failed || turn_end(c->store, &err) >= 0) return;
  /* Nothing that waited for this was told to anybody. */
  log_event(TRG_ERROR, "store.commit", "code", err.code, "why", err.text, NULL);
  c->failed = true;
  _Exit(1);
}

#define START_EXTEND_US 600000000 /* a step of SQLite's that tells nothing may take minutes */
#define WAIT_LOG_MS     5000

/* A large database is brought up to date: the service manager is not to give up meanwhile, and who
 * asks for the end is not to wait for it. */
static bool on_wait(void *arg, const char *what) {
  int64_t *logged_ms = arg;
  const int64_t now = clock_mono_us() / 1000;
  if (stop_asked() != 0) return false;
  sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%d\nSTATUS=%s", START_EXTEND_US, what);
  if (*logged_ms != 0 && now - *logged_ms < WAIT_LOG_MS) return true;
  *logged_ms = now;
  log_event(TRG_INFO, "store.waits", "for", what, NULL);
  return true;
}

static int core_parts(struct core *c, struct conf *conf, struct trg_err *err) {
  int64_t logged_ms = 0;
  int rc = store_open_told(conf->state, on_wait, &logged_ms, &c->store, err);
  if (rc >= 0 && logged_ms != 0) {
    sd_notify(0, "STATUS=");
    log_event(TRG_INFO, "store.ready", "version", log_num(STORE_VERSION), NULL);
  }
  if (rc >= 0) rc = store_key(conf->state, c->key, err);
  if (rc < 0) return rc;
  c->loop = loop_new(err);
  if (c->loop == NULL) return TRG_EIO;
  c->http = http_new(c->loop, err);
  if (c->http == NULL) return TRG_EIO;
  c->host = host_new(c->loop, c->http);
  c->router = router_new(c->loop, c->host, c->store);
  const struct road_setup setup = {c->loop, c->host, c->store, c->router, c->http};
  c->road = road_new(&setup, c->key);
  loop_on_turn(c->loop, core_turn, c);
  return 0;
}

static int plan_enforce(struct core *c, struct road_plan *p, struct trg_err *err) {
  int rc = router_configure(c->router, p->conf, err);
  if (rc < 0) return rc;
  rc = road_configure(c->road, p, err);
  if (rc < 0 && c->plan != NULL) {
    struct trg_err again = {0};
    BUG_UNLESS(router_configure(c->router, c->plan->conf, &again) >= 0);
  }
  if (rc < 0) return rc;
  p->next = c->plan;
  c->plan = p;
  const struct change change = {.hash = p->change_hash,
                                .conf_hash = p->conf->hash,
                                .book_hash = book_hash(p->book),
                                .skills_hash = skills_hash(p->skills)};
  store_must(change_in_force(c->store, &change, clock_now_ms(), err), err);
  store_must(book_in_force(c->store, p->book, p->conf->book_path, clock_now_ms(), err), err);
  return 0;
}

bool core_interrupted(const struct trg_err *err) {
  return strcmp(err->code, "interrupted") == 0;
}

/* A store that fails just now is no mistake in the configuration: the next start may succeed. */
static int plan_first(struct core *c, struct conf *conf, const char *conf_path) {
  struct trg_err err = {0};
  struct road_plan *p = plan_load(c, conf, &err);
  if (p == NULL) conf_free(&conf);
  const int rc = p != NULL ? plan_enforce(c, p, &err) : TRG_EINVAL;
  if (rc >= 0) return 0;
  if (p != NULL) road_plan_free(&p);
  if (rc == TRG_EINVAL) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, conf_path, err.text);
    return EXIT_CONFIG;
  }
  if (stop_asked() != 0 && core_interrupted(&err)) return CORE_STOPPED;
  fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.text);
  return 1;
}

int core_open(const char *conf_path, struct core *ret) {
  struct core *c = ret;
  *c = (struct core){0};
  struct trg_err err = {0};
  if (clock_init(&err) < 0) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.text);
    return 2;
  }
  c->conf_path = mem_dup(conf_path);
  c->registry = registry_new(NULL);
  struct conf *conf = core_conf(c->registry, conf_path);
  if (conf == NULL) {
    core_close(c);
    return EXIT_CONFIG;
  }
  log_init(conf->log_level, conf->log_json ? LOG_JSON : LOG_TEXT, NULL);
  c->state = mem_dup(conf->state);
  if (core_parts(c, conf, &err) < 0) {
    const bool told = stop_asked() != 0 && core_interrupted(&err);
    if (!told) fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.text);
    conf_free(&conf);
    core_close(c);
    return told ? CORE_STOPPED : 1;
  }
  owner_give_back(c->state);
  const int status = plan_first(c, conf, conf_path);
  if (status != 0) core_close(c);
  return status;
}

void core_close(struct core *c) {
  agent_free(&c->agent);
  road_free(&c->road);
  router_free(&c->router);
  host_free(&c->host);
  http_free(&c->http);
  if (c->store != NULL) turn_sync_end(c->store); /* it wakes the loop */
  loop_free(&c->loop);
  retrain_free(&c->retrain);
  store_close(&c->store);
  owner_give_back(c->state);
  mem_free(c->state);
  c->state = NULL;
  road_plan_free(&c->plan);
  registry_free(&c->registry);
  mem_free(c->conf_path);
  c->conf_path = NULL;
}

int core_index(struct core *c, struct trg_err *err) {
  size_t changed = 0;
  const struct conf *f = c->plan->conf;
  const int rc = knowledge_index(c->store, f->knowledge, f->knowledge_count, f->pii_profiles,
                                 c->index_told, c->index_arg, &changed, err);
  if (rc >= 0 && changed > 0)
    log_event(TRG_INFO, "knowledge.indexed", "files", log_num((int64_t)changed), NULL);
  const char **desks = mem_array(f->helpdesk_count + 1, sizeof *desks);
  for (size_t i = 0; i < f->helpdesk_count; i++)
    desks[i] = f->helpdesks[i].macros_ms > 0 ? f->helpdesks[i].name : "-";
  const int kept = macro_keep_desks(c->store, desks, f->helpdesk_count, err);
  mem_free(desks);
  if (kept < 0) return TRG_EIO;
  if (rc < 0 || taxonomy_index(c->plan->taxonomy, c->store, f->pii_profiles, err) < 0)
    return TRG_EIO;
  return turn_flush(c->store, err);
}

int core_reload(struct core *c, struct trg_err *err) {
  struct conf *conf = conf_again(c->registry, c->conf_path);
  if (conf == NULL)
    return err_set(err, TRG_EINVAL, "config",
                   "the new configuration has errors (listed above); the old one stays in force");
  const struct conf *old = c->plan->conf;
  if (strcmp(conf->state, old->state) != 0) {
    conf_free(&conf);
    return err_set(err, TRG_EINVAL, "config",
                   "`state` cannot change while running: stop, move the directory, start");
  }
  struct road_plan *p = plan_load(c, conf, err);
  if (p == NULL) {
    conf_free(&conf);
    return TRG_EINVAL;
  }
  const int rc = plan_enforce(c, p, err);
  if (rc < 0) {
    road_plan_free(&p);
    return rc;
  }
  log_init(conf->log_level, conf->log_json ? LOG_JSON : LOG_TEXT, NULL);
  return core_index(c, err);
}

/* --- --check ------------------------------------------------------------------------------------
 */

struct checking {
  const char *file; /* what a problem without a file of its own is in */
  const struct conf *conf;
  int problems;
};

static void check_plugin(void *arg, const char *path, const char *problem) {
  struct checking *k = arg;
  fprintf(stderr, "%s:0: plugin: %s\n", path, problem);
  k->problems++;
}

static void check_skill(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg; /* a warning: the other skills load */
  fprintf(stderr, "%s:%u: skill: warning: %s\n", path, line, text);
}

/* Of a file an error, each with its key; of the skills a warning. */
static void check_taxonomy(void *arg, const char *path, uint32_t line, const char *text) {
  const struct checking *k = arg;
  const struct trg_str p = str_of(path);
  if (str_is(p, "skills"))
    fprintf(stderr, "%s:%u: skills: warning: %s\n", k->conf->file, k->conf->lines.skills, text);
  else if (str_ends(p, ".md") || str_ends(p, ".jsonl"))
    fprintf(stderr, "%s:%u: taxonomy: warning: %s\n", path, line, text);
  else
    fprintf(stderr, "%s:%u: %s\n", path, line, text);
}

static void check_book(void *arg, uint32_t line, const char *key, const char *text) {
  struct checking *k = arg;
  fprintf(stderr, "%s:%u: %s: %s\n", k->file, line, key, text);
  k->problems++;
}

static void check_loads(const struct conf *conf, struct checking *k) {
  struct trg_err err = {0};
  struct skills *s = skills_load(conf->skills, conf->skill_count, check_skill, NULL);
  struct taxonomy *t = taxonomy_load(conf->taxonomy, s, NULL, 0, check_taxonomy, k, &err);
  if (t == NULL) k->problems++;
  if (conf->book_path != NULL) {
    k->file = conf->book_path;
    struct book *b = book_load(conf->book_path, check_book, k);
    if (b != NULL && book_wants_verdict(b) && conf->verify.model_count == 0) {
      fprintf(
          stderr,
          "%s:%u: tasks.verify: the price book %s charges only what a model judged as resolved; "
          "name models, as verify: {models: [%s]}\n",
          conf->file, conf->lines.tasks, book_name(b), conf->models[0].name);
      k->problems++;
    }
    book_free(&b);
  }
  for (size_t i = 0; i < conf->knowledge_count; i++)
    if (!file_is_dir(conf->knowledge[i])) {
      fprintf(stderr, "%s:%u: knowledge: %s is a file; name the folder that it is in\n", conf->file,
              conf->lines.knowledge, conf->knowledge[i]);
      k->problems++;
    }
  for (size_t i = 0; t != NULL && i < conf->policy.auto_category_count; i++)
    if (taxonomy_category(t, str_of(conf->policy.auto_categories[i])) == NULL)
      fprintf(
          stderr,
          "%s:%u: policy.auto.categories: warning: \"%s\" is no category of the taxonomy; nothing "
          "is sent for it unless it was trained\n",
          conf->file, conf->lines.auto_categories, conf->policy.auto_categories[i]);
  taxonomy_free(&t);
  skills_free(&s);
}

static void check_instance(struct host *host, const struct inst_options *o, uint32_t line,
                           const char *list, size_t i, struct checking *k) {
  struct trg_err err = {0};
  struct trg_inst *inst = NULL;
  if (o->plugin == NULL) return; /* its block has an error, which is told */
  if (inst_open(host, o, &inst, &err) >= 0) {
    inst_retire(inst);
    return;
  }
  fprintf(stderr, "%s:%u: %s[%zu]: %s\n", k->file, line, list, i, err.text);
  k->problems++;
}

/* Opens every instance once, as the daemon would, and closes it: what a plugin itself finds wrong
 * with its settings is a problem like any other. */
static void check_instances(const struct conf *conf, struct checking *k) {
  struct trg_err err = {0};
  struct loop *l = loop_new(&err);
  struct http *h = l != NULL ? http_new(l, &err) : NULL;
  if (h == NULL) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.text);
    loop_free(&l);
    return;
  }
  struct host *host = host_new(l, h);
  k->file = conf->file;
  for (size_t i = 0; i < conf->helpdesk_count; i++) {
    const struct conf_helpdesk *d = &conf->helpdesks[i];
    const struct inst_options o = {.plugin = d->plugin,
                                   .name = d->name,
                                   .conf = d->settings,
                                   .origins = d->origins,
                                   .origin_count = d->origin_count};
    check_instance(host, &o, d->line, "helpdesks", i, k);
  }
  for (size_t i = 0; i < conf->model_count; i++) {
    const struct conf_model *m = &conf->models[i];
    const struct inst_options o = {.plugin = m->plugin,
                                   .name = m->name,
                                   .conf = m->settings,
                                   .origins = m->origins,
                                   .origin_count = m->origin_count};
    check_instance(host, &o, m->line, "models", i, k);
  }
  host_free(&host);
  http_free(&h);
  loop_free(&l);
}

int core_check(const char *conf_path) {
  struct trg_err err = {0};
  if (clock_init(&err) < 0) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.text);
    return 2;
  }
  log_init(TRG_WARN, LOG_TEXT, NULL);
  struct checking k = {.file = conf_path};
  struct registry *r = registry_new(NULL);
  size_t errors = 0;
  struct conf *conf = conf_read(r, conf_path, true, &errors);
  k.conf = conf;
  registry_check(r, check_plugin, &k);
  if (conf != NULL) {
    check_loads(conf, &k);
    check_instances(conf, &k);
  }
  const bool good = conf != NULL && errors == 0 && k.problems == 0;
  if (good) printf("%s: ok\n", conf_path);
  conf_free(&conf);
  registry_free(&r);
  return good ? 0 : EXIT_CONFIG;
}

int core_explain(void) {
  struct registry *r = registry_new(NULL);
  const struct conf_plugins plugins = {find_plugin, plugin_names, r};
  char *text = conf_reference(&plugins);
  const bool written = fputs(text, stdout) >= 0 && fflush(stdout) == 0;
  mem_free(text);
  registry_free(&r);
  return written ? 0 : 1;
}
