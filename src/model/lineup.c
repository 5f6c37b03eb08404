/* The open models: opened together for a configuration, retired together, looked at by others. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "model/inner.h"
#include "plugin/host.h"

struct rmodel *rmodel_find(const struct router *r, const char *name) {
  for (struct rmodel *m = r->models; m != NULL; m = m->next)
    if (strcmp(m->conf->name, name) == 0) return m;
  return NULL;
}

static int rmodel_open(struct router *r, const struct conf_model *c, struct rmodel **ret,
                       struct trg_err *err) {
  struct rmodel *m = mem_alloc(sizeof *m);
  const struct inst_options o = {.plugin = c->plugin,
                                 .name = c->name,
                                 .conf = c->settings,
                                 .origins = c->origins,
                                 .origin_count = c->origin_count,
                                 .max_in_flight = (int)c->max_in_flight,
                                 .user = m};
  const int rc = inst_open(r->host, &o, &m->inst, err);
  if (rc < 0) {
    err_prefix(err, "model %s", c->name);
    mem_free(m);
    return rc;
  }
  m->conf = c;
  breaker_init(&m->breaker);
  *ret = m;
  return 0;
}

void rmodels_retire(struct rmodel *m) {
  while (m != NULL) {
    struct rmodel *next = m->next;
    inst_retire(m->inst);
    mem_free(m);
    m = next;
  }
}

/* Opens every model of the new configuration first, so that a failure changes nothing. Calls that
 * are under way end on the old instances, which close by themselves; a job of an old model finds
 * its place in the list again by name. */
int router_configure(struct router *r, const struct conf *c, struct trg_err *err) {
  struct rmodel *fresh = NULL;
  struct rmodel **tail = &fresh;
  for (size_t i = 0; i < c->model_count; i++) {
    const int rc = rmodel_open(r, &c->models[i], tail, err);
    if (rc < 0) {
      rmodels_retire(fresh);
      return rc;
    }
    struct rmodel *was = rmodel_find(r, c->models[i].name);
    if (was != NULL && strcmp(was->conf->hash, c->models[i].hash) == 0) {
      (*tail)->breaker = was->breaker;
      (*tail)->answered = was->answered;
      (*tail)->calls = was->calls;
      (*tail)->failures = was->failures;
    }
    tail = &(*tail)->next;
  }
  /* Calls go on; only the counters are not updated any more. */
  for (size_t b = 0; b < JOB_BUCKETS; b++)
    for (struct job *j = r->jobs[b]; j != NULL; j = j->next)
      for (size_t i = 0; i < ATTEMPTS_MAX; i++) j->attempts[i].model = NULL;
  rmodels_retire(r->models);
  r->models = fresh;
  return 0;
}

/* An answer that was refused, or cut off, is one; what was given up says nothing. */
void rmodel_told(struct rmodel *m, const struct trg_result *res) {
  if (res->outcome == TRG_CANCELLED) return;
  if (res->outcome == TRG_DONE || str_is(res->code, TRG_CODE_REFUSAL) ||
      str_is(res->code, TRG_CODE_LENGTH)) {
    breaker_worked(&m->breaker);
    m->answered = true;
    return;
  }
  m->failures++;
  snprintf(m->last_error, sizeof m->last_error, "%.*s", (int)res->why.n,
           res->why.p != NULL ? res->why.p : "");
  breaker_failed(&m->breaker, clock_now_ms());
}

size_t router_models(const struct router *r, struct router_model *ret, size_t room) {
  size_t n = 0;
  const int64_t now = clock_now_ms();
  for (const struct rmodel *m = r->models; m != NULL && n < room; m = m->next, n++) {
    const int64_t rest = breaker_rest_ms(&m->breaker, now);
    ret[n] = (struct router_model){.name = m->conf->name,
                                   .backend = m->conf->backend,
                                   .model = m->conf->model,
                                   .in_flight = inst_in_flight(m->inst),
                                   .queued = inst_queued(m->inst),
                                   .open_circuit = rest > 0,
                                   .rest_ms = rest,
                                   .rate_wait_ms = inst_wait_ms(m->inst),
                                   .calls = m->calls,
                                   .failures = m->failures,
                                   .last_error = m->last_error};
  }
  return n;
}

struct trg_inst *router_trainable(struct router *r, const char **ret_name) {
  for (struct rmodel *m = r->models; m != NULL; m = m->next)
    if ((inst_caps(m->inst) & TRG_MODEL_TRAIN) != 0) {
      if (ret_name != NULL) *ret_name = m->conf->name;
      return m->inst;
    }
  return NULL;
}

struct trg_inst *router_instance(struct router *r, const char *model) {
  struct rmodel *m = rmodel_find(r, model);
  return m != NULL ? m->inst : NULL;
}

/* A model that live tasks name too keeps at least half of its places for them, and is left alone
 * while its vendor tells it to wait. */
bool router_spare(const struct router *r, const struct conf *c, const char *model) {
  const struct rmodel *m = rmodel_find(r, model);
  if (m == NULL || inst_wait_ms(m->inst) > 0) return false;
  const int64_t busy = inst_in_flight(m->inst) + inst_queued(m->inst);
  const bool live = conf_task_has(&c->triage, model) || conf_task_has(&c->draft, model) ||
                    conf_task_has(&c->verify, model);
  return live ? (busy + 1) * 2 <= m->conf->max_in_flight : busy < m->conf->max_in_flight;
}
