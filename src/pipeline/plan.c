/* A plan: one configuration with everything loaded that it names. */
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "billing/book.h"
#include "conf/conf.h"
#include "pipeline/prompt.h"
#include "pipeline/road.h"
#include "skill/connect.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "skill/voice.h"

static void skill_problem(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  log_event(TRG_WARN, "skill.problem", "path", path, "line", log_num(line), "why", text, NULL);
}

static void book_problem(void *arg, uint32_t line, const char *key, const char *text) {
  struct trg_err *err = arg;
  if (err->text[0] == '\0')
    err_at(err, TRG_EINVAL, "book", line, "price book, line %u: %s: %s", line, key, text);
}

struct road_plan *road_plan_load(struct conf *conf, const char *const *labels, size_t label_count,
                                 struct trg_err *err) {
  struct road_plan *p = mem_alloc(sizeof *p);
  err->text[0] = '\0';
  p->skills = skills_load(conf->skills, conf->skill_count, skill_problem, NULL);
  p->taxonomy = taxonomy_load(conf->taxonomy, p->skills, labels, label_count, skill_problem, NULL,
                              err);
  p->book = conf->book_path != NULL ? book_load(conf->book_path, book_problem, err)
                                    : book_builtin();
  if (p->taxonomy == NULL || p->book == NULL) {
    if (p->book == NULL) err_prefix(err, "%s: ", conf->book_path);
    road_plan_free(&p);
    return NULL;
  }
  p->voice = voice_load(p->skills, skill_problem, NULL);
  p->arena = arena_new();
  p->connections = connections_new(conf, p->arena);
  p->triage_stable = prompt_triage_stable(p->taxonomy, p->skills, p->connections);
  p->triage_schema = prompt_triage_schema(p->taxonomy);
  p->draft_stable = prompt_draft_stable(p->skills, p->connections);
  p->verify_stable = prompt_verify_stable();
  p->conf = conf;
  return p;
}

void road_plan_free(struct road_plan **p) {
  while (*p != NULL) {
    struct road_plan *before = (*p)->next;
    if ((*p)->arena != NULL) arena_free(&(*p)->arena);
    voice_free(&(*p)->voice);
    skills_free(&(*p)->skills);
    taxonomy_free(&(*p)->taxonomy);
    book_free(&(*p)->book);
    conf_free(&(*p)->conf);
    mem_free((*p)->triage_stable);
    mem_free((*p)->triage_schema);
    mem_free((*p)->draft_stable);
    mem_free((*p)->verify_stable);
    mem_free(*p);
    *p = before;
  }
}
