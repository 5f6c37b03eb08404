/* Skills in prompts: the fixed ones of a task, and those that a ticket calls for. */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "pipeline/prompt.h"
#include "skill/render.h"
#include "skill/skill.h"

#define CHOSEN_MAX 2

static void skill_problem(void *arg, const char *path, const char *text) {
  log_event(TRG_WARN, "skill.problem", "ticket", (const char *)arg, "path", path, "why", text,
            NULL);
}

void prompt_add_skill(struct buf *b, struct skills *s, const struct connections *c,
                      const char *name) {
  const struct skill *k = s != NULL ? skills_find(s, name) : NULL;
  if (k == NULL) return;
  struct buf body;
  struct trg_err err = {0};
  buf_init(&body, (size_t)1 << 20);
  if (skill_render(s, k, c, SKILL_TOKENS_MAX, &body, &err) < 0) {
    skill_problem(NULL, k->path, err.text);
  } else {
    buf_printf(b, "\n<skill name=\"%s\">\n", k->name);
    buf_str(b, buf_view(&body));
    buf_text(b, "\n</skill>\n");
  }
  buf_free(&body);
}

char *prompt_chosen(struct skills *s, const struct connections *c, struct trg_str words,
                    const char *ref) {
  static const char *const fixed[] = {"ticket-triage", "draft-response", "brand-voice"};
  const struct skill *chosen[CHOSEN_MAX];
  struct buf b;
  buf_init(&b, (size_t)1 << 20);
  const size_t n = skills_choose(s, words, fixed, sizeof fixed / sizeof *fixed, CHOSEN_MAX, chosen);
  if (n > 0) {
    buf_text(&b, "These skills fit the ticket. They speak of tools and of people at a desk: follow "
                 "what applies to writing the reply.\n");
    if (skills_render_chosen(s, chosen, n, words, c, &b, skill_problem, (void *)ref) == 0)
      buf_reset(&b);
  }
  return buf_take(&b, NULL);
}
