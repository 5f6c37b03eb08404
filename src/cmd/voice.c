/* Drafts, or any text, against the rules of the brand voice. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "pipeline/guard.h"
#include "pipeline/prompt.h"
#include "skill/skill.h"
#include "skill/voice.h"
#include "store/ticket.h"
#include "store/work.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     100000
#define TEXT_MAX      ((size_t)1 << 20)

static const struct out_column columns[] = {{"ref", OUT_TEXT, 0},  {"language", OUT_TEXT, OUT_LESS},
                                            {"score", OUT_INT, 0}, {"severity", OUT_TEXT, OUT_TINT},
                                            {"rule", OUT_TEXT, 0}, {"what", OUT_TEXT, OUT_GIVES}};

/* What one look needs, and what came of all. */
struct looking {
  const struct voice *voice;
  struct out_table *table;
  struct arena *arena;
  size_t drafts, hard;
  int64_t sum;
};

static void look(struct looking *x, const char *ref, struct trg_str body, const char *language,
                 const char *channel) {
  struct voice_break *list = NULL;
  int score = 0;
  const size_t n = voice_check(x->voice, guard_uncited(body, x->arena), str_of(language),
                               str_of(channel), x->arena, &list, &score);
  bool hard = false;
  for (size_t i = 0; i < n || i == 0; i++) {
    out_text(x->table, ref);
    out_text(x->table, language);
    out_int(x->table, score);
    out_text(x->table, n == 0 ? "" : list[i].hard ? "hard" : "soft");
    out_text(x->table, n == 0 ? "" : list[i].rule);
    out_text(x->table, n == 0 ? "" : list[i].what);
    hard = hard || (n > 0 && list[i].hard);
  }
  x->drafts++;
  x->sum += score;
  x->hard += hard;
}

static int look_draft(struct looking *x, struct store *s, const struct draft *d,
                      struct trg_err *err) {
  struct ticket t;
  const int rc = ticket_by_id(s, d->ticket_id, x->arena, &t, err);
  if (rc < 0) return rc;
  look(x, d->ref, str_of(d->edited[0] != '\0' ? d->edited : d->body), t.language,
       prompt_channel(t.channel));
  return 0;
}

static int look_file(struct looking *x, const char *path, const struct cmd_call *c,
                     struct trg_err *err) {
  const char *language = call_value(c, "language"), *channel = call_value(c, "channel");
  struct buf b;
  buf_init(&b, TEXT_MAX);
  const int rc = strcmp(path, "-") == 0 ? cmd_stdin(&b, err) : file_read(path, TEXT_MAX, &b, err);
  if (rc >= 0)
    look(x, path, buf_view(&b), language != NULL ? language : "en",
         channel != NULL ? channel : "email");
  buf_free(&b);
  return rc;
}

static int look_store(struct looking *x, struct reading *r, const struct cmd_call *c, int64_t limit,
                      struct trg_err *err) {
  struct draft *list = NULL, one;
  size_t n = 0;
  int rc = 0;
  if (c->word_count > 0) {
    struct ticket t;
    rc = ticket_by_ref(r->store, str_of(c->words[0]), r->arena, &t, err);
    if (rc >= 0) rc = draft_newest(r->store, t.id, r->arena, &one, err);
    return rc < 0 ? rc : look_draft(x, r->store, &one, err);
  }
  rc = draft_recent(r->store, limit, r->arena, &list, &n, err);
  for (size_t i = 0; i < n && rc >= 0; i++) rc = look_draft(x, r->store, &list[i], err);
  return rc;
}

static void problem_print(void *arg, const char *path, uint32_t line, const char *text) {
  (void)arg;
  fprintf(stderr, "%s:%u: %s\n", path, line, text);
}

static int voice_run(const struct cmd_call *c) {
  const char *path = call_value(c, "file");
  int64_t limit = LIMIT_DEFAULT;
  int status = call_int(c, "limit", 1, LIMIT_MAX, &limit);
  if (status != 0) return status;
  struct reading r;
  status = path != NULL ? reading_conf(c, &r) : reading_open(c, &r);
  if (status != 0) return status;
  struct trg_err err = {0};
  struct skills *s = skills_load(r.conf->skills, r.conf->skill_count, NULL, NULL);
  struct voice *v = voice_load(s, problem_print, NULL);
  struct looking x = {.voice = v,
                      .table = out_table_new(columns, sizeof columns / sizeof *columns),
                      .arena = r.arena};
  const int rc = path != NULL ? look_file(&x, path, c, &err) : look_store(&x, &r, c, limit, &err);
  if (rc < 0) {
    status = reading_failed(&err);
  } else {
    out_table_print(x.table, c, "there are no drafts yet");
    if (c->format == OUT_TABLE && x.drafts > 0)
      printf("%zu drafts, mean score %lld of 100, %zu break a hard rule; %zu rules\n", x.drafts,
             (long long)(x.sum / (int64_t)x.drafts), x.hard, voice_rules(v));
    if (x.hard > 0) status = CMD_FAILED;
  }
  out_table_free(&x.table);
  voice_free(&v);
  skills_free(&s);
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"file", "FILE", "a text instead of drafts; - for standard input", false},
    {"language", "CODE", "of that text (default en)", false},
    {"channel", "NAME", "of that text (default email)", false},
    {"limit", "N", "at most so many drafts, newest first (default 100)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_voice = {
    .name = "voice",
    .args = "[REF]",
    .summary = "score drafts against the rules of the brand voice",
    .help = "Prints what each draft breaks, one rule a line. Status 1 when a hard rule is broken.",
    .options = options,
    .run = voice_run,
};
