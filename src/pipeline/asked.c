/* What models are asked is recorded in the program's own terms, so that any model can be asked it
 * again. The texts that all tickets share are kept once. */
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "pipeline/prompt.h"
#include "pipeline/stage.h"
#include "skill/taxonomy.h"
#include "store/asked.h"

int prompts_keep(struct road *r, const struct road_plan *p, struct trg_err *err) {
  const struct {
    const char *text;
    int64_t *ret;
  } all[] = {{p->triage_stable, &r->prompts.triage_stable},
             {p->triage_schema, &r->prompts.triage_schema},
             {p->taxonomy->json, &r->prompts.taxonomy},
             {p->draft_stable, &r->prompts.draft_stable},
             {prompt_draft_schema, &r->prompts.draft_schema},
             {p->verify_stable, &r->prompts.verify_stable},
             {prompt_verify_schema, &r->prompts.verify_schema}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const int rc = prompt_keep(r->setup.store, str_of(all[i].text), all[i].ret, err);
    if (rc < 0) return rc;
  }
  return 0;
}

void asked_keep(struct road *r, const struct router_job *job) {
  const bool triage = strcmp(job->task, "triage") == 0, draft = strcmp(job->task, "draft") == 0;
  struct asked a = {.ticket_id = job->ticket_id,
                    .pass = job->pass,
                    .stage = job->task,
                    .stable_id = triage  ? r->prompts.triage_stable
                                 : draft ? r->prompts.draft_stable
                                         : r->prompts.verify_stable,
                    .schema_id = triage  ? r->prompts.triage_schema
                                 : draft ? r->prompts.draft_schema
                                         : r->prompts.verify_schema,
                    .taxonomy_id = triage ? r->prompts.taxonomy : 0,
                    .part = job->request.parts[0].text,
                    .at_ms = clock_now_ms()};
  struct trg_err err = {0};
  const struct trg_model_request *q = &job->request;
  if (q->system.n > 0) store_must(prompt_keep(r->setup.store, q->system, &a.system_id, &err), &err);
  if (draft && q->schema.p != prompt_draft_schema) /* with tools */
    store_must(prompt_keep(r->setup.store, q->schema, &a.schema_id, &err), &err);
  store_must(asked_put(r->setup.store, &a, &err), &err);
}
