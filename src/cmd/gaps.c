/* What customers ask and the knowledge base does not answer. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "skill/gaps.h"
#include "store/question.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX     10000
#define TICKETS_MAX   2000 /* the newest that are looked at: they are compared in pairs */
#define REFS_SHOWN    5

static const struct out_column columns[] = {
    {"tickets", OUT_INT, 0},         {"question", OUT_TEXT, OUT_GIVES},
    {"category", OUT_TEXT, 0},       {"language", OUT_TEXT, OUT_LESS},
    {"answered", OUT_INT, OUT_LESS}, {"examples", OUT_TEXT, OUT_GIVES},
    {"article", OUT_TEXT, OUT_LEAST}};

static const char *refs_of(const struct gap *g, struct arena *a) {
  const char *refs = "";
  for (size_t i = 0; i < g->count && i < REFS_SHOWN; i++)
    refs = arena_printf(a, "%s%s%s", refs, i > 0 ? " " : "", g->tickets[i]->ref);
  return refs;
}

static void row_add(struct out_table *t, const struct gap *g, bool with_article, struct arena *a) {
  int64_t answered = 0;
  for (size_t i = 0; i < g->count; i++) answered += g->tickets[i]->reply[0] != '\0';
  out_int(t, (int64_t)g->count);
  out_text(t, g->title);
  out_text(t, g->tickets[0]->category);
  out_text(t, g->tickets[0]->language);
  out_int(t, answered);
  out_text(t, refs_of(g, a));
  if (!with_article) return;
  char *article = gap_article(g);
  out_text(t, article);
  mem_free(article);
}

/* The proposed article as FOLDER/gap-SLUG.md; one that is there already is left alone. */
static int article_write(const char *folder, const struct gap *g, struct arena *a,
                         struct trg_err *err) {
  char *path = file_join(folder, arena_printf(a, "gap-%s.md", g->slug));
  char *article = gap_article(g);
  int rc = 0;
  if (file_exists(path)) {
    printf("%s is there already\n", path);
  } else {
    rc = file_write(path, str_of(article), 0644, err);
    if (rc >= 0) printf("%s\n", path);
  }
  mem_free(article);
  mem_free(path);
  return rc;
}

static int gaps_print(const struct cmd_call *c, const struct gap *gaps, size_t n, struct arena *a,
                      struct trg_err *err) {
  const char *folder = call_value(c, "write");
  int rc = 0;
  if (folder != NULL) {
    for (size_t i = 0; i < n && rc >= 0; i++) rc = article_write(folder, &gaps[i], a, err);
    return rc;
  }
  /* The article itself is for machines, or for --write. */
  const bool whole = c->format != OUT_TABLE;
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns - !whole);
  for (size_t i = 0; i < n; i++) row_add(t, &gaps[i], whole, a);
  out_table_print(t, c, "no ticket of that time was left without an answer");
  out_table_free(&t);
  return 0;
}

static int gaps_run(const struct cmd_call *c) {
  int64_t from = 0, to = INT64_MAX, limit = LIMIT_DEFAULT, least = 1;
  int status = call_range(c, &from, &to);
  if (status == 0) status = call_int(c, "limit", 1, LIMIT_MAX, &limit);
  if (status == 0) status = call_int(c, "least", 1, LIMIT_MAX, &least);
  if (status != 0) return status;
  struct reading r;
  status = reading_open(c, &r);
  if (status != 0) return status;
  struct question *list = NULL;
  struct gap *gaps = NULL;
  size_t n = 0, count = 0;
  struct trg_err err = {0};
  int rc = question_unanswered(r.store, from, to, TICKETS_MAX, r.arena, &list, &n, &err);
  if (rc >= 0) {
    const size_t all = gaps_find(list, n, r.arena, &gaps);
    while (count < all && (int64_t)count < limit && (int64_t)gaps[count].count >= least) count++;
    rc = gaps_print(c, gaps, count, r.arena, &err);
  }
  if (rc < 0) status = reading_failed(&err);
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"from", "DAY", "tickets that came from this day or moment on", false},
    {"to", "DAY", "to the end of this day, or to this moment", false},
    {"least", "N", "only questions of so many tickets (default 1)", false},
    {"limit", "N", "at most so many questions (default 20)", false},
    {"write", "DIR", "put the proposed articles there, as gap-NAME.md", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_gaps = {
    .name = "gaps",
    .args = "",
    .summary = "questions that the knowledge base does not answer",
    .help = "Tickets of one question together, the most frequent first.",
    .options = options,
    .run = gaps_run,
};
