/* The skills that the configuration names, and a look at a folder of them. */
#include <stdio.h>
#include <string.h>

#include "cmd/lint.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "skill/render.h"
#include "skill/skill.h"

static const struct out_column columns[] = {{"name", OUT_TEXT, 0},
                                            {"plugin", OUT_TEXT, 0},
                                            {"kind", OUT_TEXT, OUT_LESS},
                                            {"description", OUT_TEXT, OUT_GIVES},
                                            {"description_tokens", OUT_INT, OUT_LEAST},
                                            {"body_tokens", OUT_INT, 0},
                                            {"files", OUT_INT, OUT_LEAST},
                                            {"chosen", OUT_TEXT, OUT_LESS},
                                            {"path", OUT_TEXT, OUT_LESS | OUT_GIVES},
                                            {"hash", OUT_TEXT, OUT_LEAST}};

static void problem_print(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  fprintf(stderr, "%s:%u: %s\n", path, line, text);
}

/* How it comes into a prompt: always for its task, when a ticket calls for it, or never. */
static const char *chosen_word(const struct skills *s, const struct skill *k) {
  static const char *const tasks[][2] = {
      {"ticket-triage", "triage"}, {"draft-response", "draft"}, {"brand-voice", "draft"}};
  if (skills_find(s, k->name) != k) return "replaced";
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
    if (strcmp(k->name, tasks[i][0]) == 0) return tasks[i][1];
  return k->model_invocable ? "by ticket" : "no";
}

static size_t file_count(struct skills *s, const struct skill *k, struct arena *a) {
  struct trg_err err = {0};
  struct skill_link *links = NULL;
  const char *body = skill_body(s, k, &err);
  return body != NULL ? skill_links(body, a, &links) : 0;
}

/* What the sizes mean for a prompt, for people. */
static void budget_print(const struct skills *s) {
  size_t names = 0, over = 0;
  for (size_t i = 0; i < skills_count(s); i++) {
    names += skills_at(s, i)->catalog_tokens;
    over += skills_at(s, i)->body_tokens > SKILL_TOKENS_MAX;
  }
  printf("%zu skills; names and descriptions %zu tokens; a body is cut at %d tokens",
         skills_count(s), names, SKILL_TOKENS_MAX);
  printf(over > 0 ? " (%zu are longer)\n" : "\n", over);
}

static int skills_run(const struct cmd_call *c) {
  struct reading r;
  const int status = reading_conf(c, &r);
  if (status != 0) return status;
  struct skills *s = skills_load(r.conf->skills, r.conf->skill_count, problem_print, NULL);
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < skills_count(s); i++) {
    const struct skill *k = skills_at(s, i);
    out_text(t, k->name);
    out_text(t, k->plugin);
    out_text(t, k->command ? "command" : "skill");
    out_text(t, k->description);
    out_int(t, (int64_t)k->catalog_tokens);
    out_int(t, (int64_t)k->body_tokens);
    out_int(t, (int64_t)file_count(s, k, r.arena));
    out_text(t, chosen_word(s, k));
    out_text(t, k->path);
    out_text(t, k->hash);
  }
  out_table_print(t, c, "no skills are loaded; name their folders under `skills`");
  if (c->format == OUT_TABLE && skills_count(s) > 0) budget_print(s);
  out_table_free(&t);
  skills_free(&s);
  reading_close(&r);
  return CMD_OK;
}

static const struct out_column problem_columns[] = {{"path", OUT_TEXT, 0},
                                                    {"line", OUT_INT, 0},
                                                    {"severity", OUT_TEXT, OUT_TINT},
                                                    {"problem", OUT_TEXT, OUT_GIVES}};

static int lint_run(const struct cmd_call *c) {
  struct lint l;
  lint_folder(c->words[0], &l);
  if (c->format == OUT_JSON || c->format == OUT_CSV) {
    struct out_table *t = out_table_new(problem_columns,
                                        sizeof problem_columns / sizeof *problem_columns);
    for (size_t i = 0; i < l.count; i++) {
      out_text(t, l.items[i].path);
      out_int(t, l.items[i].line);
      out_text(t, l.items[i].error ? "error" : "warning");
      out_text(t, l.items[i].text);
    }
    out_table_print(t, c, NULL);
    out_table_free(&t);
  } else {
    for (size_t i = 0; i < l.count; i++)
      printf("%s:%u: %s: %s\n", l.items[i].path, l.items[i].line,
             l.items[i].error ? "error" : "warning", l.items[i].text);
    printf("%zu skills, %zu errors, %zu warnings\n", l.skills, l.errors, l.count - l.errors);
  }
  const int status = l.errors > 0 ? CMD_FAILED : CMD_OK;
  lint_free(&l);
  return status;
}

const struct cmd cmd_skills = {
    .name = "skills",
    .args = "",
    .summary = "loaded skills: plugin, size in tokens, use, hash",
    .run = skills_run,
};
const struct cmd cmd_skills_lint = {
    .name = "skills lint",
    .args = "DIR",
    .summary = "problems in a skill or plugin folder, one a line",
    .help = "Status 1 when there is an error. Needs no configuration.",
    .run = lint_run,
};
