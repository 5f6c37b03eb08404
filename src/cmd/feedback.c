/* What people made of drafts, by what may be to blame for it. */
#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "store/feedback.h"

static const struct out_column columns[] = {
    {"key", OUT_TEXT, OUT_GIVES}, {"drafts", OUT_INT, 0},         {"approved", OUT_INT, 0},
    {"edited", OUT_INT, 0},       {"rejected", OUT_INT, 0},       {"answered", OUT_INT, 0},
    {"acceptance", OUT_SHARE, 0}, {"edit_distance", OUT_SHARE, 0}};

static void row_print(struct out_table *t, const struct feedback_row *r) {
  out_text(t, r->key);
  out_int(t, r->drafts);
  out_int(t, r->approved);
  out_int(t, r->edited);
  out_int(t, r->rejected);
  out_int(t, r->answered);
  out_double(t, (double)(r->approved + r->edited) / (double)r->drafts);
  if (r->distance < 0)
    out_none(t);
  else
    out_double(t, r->distance);
}

static int feedback_run(const struct cmd_call *c) {
  const char *by = call_value(c, "by");
  int64_t from = 0, to = INT64_MAX;
  int status = call_range(c, &from, &to);
  if (status != 0) return status;
  struct reading r;
  status = reading_open(c, &r);
  if (status != 0) return status;
  struct feedback_row *list = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  if (feedback_report(r.store, by != NULL ? by : "category", from, to, r.arena, &list, &n, &err) <
      0) {
    status = strcmp(err.code, "usage") == 0 ? cmd_fail(CMD_USAGE, "--by: %s", err.text)
                                            : reading_failed(&err);
  } else {
    struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) row_print(t, &list[i]);
    out_table_print(t, c, "nobody has acted on a draft in that time");
    out_table_free(&t);
  }
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"by", "WHAT", "category (default), model, skills, who, or month", false},
    {"from", "DAY", "from this day or moment on", false},
    {"to", "DAY", "to the end of this day, or to this moment", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_feedback = {
    .name = "feedback",
    .args = "",
    .summary = "what people made of drafts: accepted, changed, rejected",
    .options = options,
    .run = feedback_run,
};
