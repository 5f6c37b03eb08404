#include "model/router.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "model/inner.h"
#include "plugin/host.h"

struct router *router_new(struct loop *l, struct host *h, struct store *s) {
  struct router *r = mem_alloc(sizeof *r);
  r->loop = l;
  r->host = h;
  r->store = s;
  return r;
}

void router_free(struct router **r) {
  if (*r == NULL) return;
  for (size_t b = 0; b < JOB_BUCKETS; b++)
    while ((*r)->jobs[b] != NULL) job_free((*r)->jobs[b]);
  rmodels_retire((*r)->models);
  prompts_hashed_free(&(*r)->hashed);
  mem_free(*r);
  *r = NULL;
}

/* Copies what changes from ticket to ticket; `stable`, the schema and their names are the caller's
 * and outlive the job. */
static void job_copy_request(struct job *j, const struct trg_model_request *q, bool with_input) {
  struct trg_model_request *mine = &j->want.request;
  *mine = *q;
  mine->size = sizeof *mine;
  mine->system = arena_str(j->arena, q->system);
  mine->input = with_input ? arena_str(j->arena, q->input) : (struct trg_str){NULL, 0};
  mine->user_hash = arena_str(j->arena, q->user_hash);
  struct trg_prompt_part *parts = arena_alloc(
      j->arena, sizeof *parts * (q->part_count > 0 ? q->part_count : 1));
  for (size_t i = 0; i < q->part_count; i++) {
    parts[i].role = q->parts[i].role;
    parts[i].text = arena_str(j->arena, q->parts[i].text);
  }
  mine->parts = parts;
}

static void job_soon(void *arg) {
  job_step(arg);
}

/* Does any of the task's models read what is meant for classifiers? It is as large as a prompt. */
static bool wants_input(const struct router *r, const struct conf_task *task) {
  for (size_t i = 0; i < task->model_count; i++) {
    const struct rmodel *m = rmodel_find(r, task->models[i]->name);
    if (m == NULL || (inst_caps(m->inst) & TRG_MODEL_NO_INPUT) == 0) return true;
  }
  return false;
}

static struct job *job_new(struct router *r, const struct router_job *want,
                           const struct conf_task *task) {
  struct job *j = mem_alloc(sizeof *j);
  j->router = r;
  j->id = ++r->last_id;
  j->arena = arena_new();
  j->want = *want;
  j->want.ref = arena_dup(j->arena, str_of(want->ref));
  if (want->shadow_model != NULL)
    j->want.shadow_model = arena_dup(j->arena, str_of(want->shadow_model));
  j->task = task;
  for (size_t i = 0; i < ATTEMPTS_MAX; i++) j->attempts[i].job = j;
  j->marks = arena_alloc(j->arena, (task->model_count + 1) * sizeof *j->marks);
  job_copy_request(j, &want->request, wants_input(r, task));
  prompt_hash_kept(&r->hashed, &want->request, j->best.prompt_hash);
  j->next = r->jobs[j->id % JOB_BUCKETS];
  r->jobs[j->id % JOB_BUCKETS] = j;
  return j;
}

router_id router_ask(struct router *r, const struct router_job *want) {
  const struct conf *c = want->conf;
  struct job *j = job_new(r, want,
                          want->shadow_model != NULL          ? &c->shadow
                          : strcmp(want->task, "draft") == 0  ? &c->draft
                          : strcmp(want->task, "verify") == 0 ? &c->verify
                                                              : &c->triage);
  loop_soon(r->loop, job_soon, j);
  return j->id;
}

static struct job *job_of(const struct router *r, router_id id) {
  for (struct job *j = r->jobs[id % JOB_BUCKETS]; j != NULL; j = j->next)
    if (j->id == id) return j;
  return NULL;
}

void router_drain(struct router *r) {
  r->draining = true;
  while (r->parked != NULL) job_unpark(r->parked);
}

/* The end of its calls comes back and frees the job; one that waits for its first step, or for the
 * commit of an attempt, is freed there. */
void router_cancel(struct router *r, router_id id) {
  struct job *j = job_of(r, id);
  if (j == NULL) return;
  j->cancelled = true;
  job_unpark(j);
  for (size_t i = 0; i < ATTEMPTS_MAX; i++)
    if (j->attempts[i].op != 0) op_cancel(r->host, j->attempts[i].op);
}
