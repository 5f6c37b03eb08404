/* A plan: one configuration with everything loaded that it names. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/book.h"
#include "conf/conf.h"
#include "pipeline/prompt.h"
#include "pipeline/road.h"
#include "skill/connect.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "skill/template.h"
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

/* A template that lists fields lets no other field of a ticket reach a model. */
static int fields_check(const struct template *t, struct trg_err *err) {
  for (const char *const *f = prompt_ticket_fields; *f != NULL; f++)
    if (!template_allows(t, *f))
      return err_set(
          err, TRG_EINVAL, "fields",
          "compliance: %s does not list the ticket's field \"%s\", which is part of "
          "every prompt: add it to `fields` in its controls.yaml, or take the template out",
          t->name, *f);
  return 0;
}

static int templates_load(struct road_plan *p, const struct conf *conf, struct trg_err *err) {
  p->arena = arena_new();
  p->restore = RESTORE_ALL;
  p->templates = arena_alloc(p->arena, (conf->compliance_count + 1) * sizeof *p->templates);
  for (size_t i = 0; i < conf->compliance_count; i++) {
    struct template *t = &p->templates[p->template_count];
    int rc = template_load(conf->compliance_folders[i], conf->compliance[i], p->arena, t, err);
    if (rc >= 0) rc = fields_check(t, err);
    if (rc < 0) return rc;
    p->template_count++;
    p->two_changes = p->two_changes || t->two_changes;
    p->two_money = p->two_money || t->two_money;
    p->two_tools = p->two_tools || t->two_tools;
    p->restore &= t->restore;
  }
  return 0;
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
  if (p->taxonomy != NULL && p->book == NULL) err_prefix(err, "%s", conf->book_path);
  const bool loaded = p->taxonomy != NULL && p->book != NULL && templates_load(p, conf, err) >= 0;
  if (!loaded) {
    road_plan_free(&p);
    return NULL;
  }
  p->voice = voice_load(p->skills, skill_problem, NULL);
  p->connections = connections_new(conf, p->arena);
  p->triage_stable = prompt_triage_stable(p->taxonomy, p->skills, p->connections);
  p->triage_schema = prompt_triage_schema(p->taxonomy);
  p->draft_stable = prompt_draft_stable(p->skills, p->connections, p->templates, p->template_count);
  p->verify_stable = prompt_verify_stable();
  p->conf = conf;
  char hash[HASH_HEX_MAX];
  hash_hex(str_of(arena_printf(p->arena, "%s %s %s", conf->hash, book_hash(p->book),
                               skills_hash(p->skills))),
           hash);
  p->change_hash = arena_dup(p->arena, str_of(hash));
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
