#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/report.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "pipeline/reason.h"

static const char *const groups[] = {"helpdesk", "category", "model",   "day",    "month", "team",
                                     "language", "priority", "outcome", "reason", NULL};

static int by_check(const char *by) {
  for (size_t i = 0; groups[i] != NULL; i++)
    if (strcmp(by, groups[i]) == 0) return 0;
  char known[200] = "";
  for (size_t i = 0; groups[i] != NULL; i++)
    snprintf(known + strlen(known), sizeof known - strlen(known), " %s", groups[i]);
  return cmd_fail(CMD_USAGE, "--by is one of%s; not \"%.40s\"", known, by);
}

static void report_text(const struct cmd_call *c, const struct report *r, bool to_file,
                        struct buf *b) {
  switch (c->format) {
  case OUT_JSON:
    report_json(r, b);
    break;
  case OUT_CSV:
    report_csv(r, b);
    break;
  case OUT_HTML:
    report_html(r, b);
    break;
  default:
    report_table(r, !to_file && out_screen_of(stdout).colour,
                 to_file ? 0 : out_screen_of(stdout).width, b);
    break;
  }
  if (c->format == OUT_JSON && b->n > 0 && b->p[b->n - 1] != '\n') buf_char(b, '\n');
}

static int report_put(const struct cmd_call *c, const struct report *r) {
  const char *path = call_value(c, "output");
  struct trg_err err = {0};
  int status = CMD_OK;
  struct buf b;
  buf_init(&b, 0);
  report_text(c, r, path != NULL, &b);
  if (path == NULL)
    out_buf_print(&b);
  else if (file_write(path, buf_view(&b), 0644, &err) < 0)
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  buf_free(&b);
  return status;
}

static int report_run(const struct cmd_call *c) {
  const char *by = call_value(c, "by");
  if (by == NULL) by = "helpdesk";
  int64_t from_ms = 0, to_ms = 0;
  int status = by_check(by);
  if (status == 0) status = call_range(c, &from_ms, &to_ms);
  if (status != 0) return status;
  struct reading r;
  status = reading_open(c, &r);
  if (status != 0) return status;
  struct report rep;
  struct trg_err err = {0};
  if (report_make(r.store, by, from_ms, to_ms, clock_now_ms(), r.conf->book, r.arena, &rep, &err) <
      0) {
    status = reading_failed(&err);
  } else {
    rep.meaning = reason_meaning;
    status = report_put(c, &rep);
  }
  if (status == 0 && !rep.conserved)
    status = cmd_fail(CMD_FAILED, "the report does not add up: %s", rep.gap);
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"from", "DAY", "tickets opened from this day on, as 2026-11-01", false},
    {"to", "DAY", "tickets opened until the end of this day", false},
    {"by", "WHAT",
     "a row for each helpdesk (default), category, model, day, month, team, language, priority, "
     "outcome or reason",
     false},
    {"output", "FILE", "write it there instead of to standard output", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_report = {
    .name = "report",
    .args = "",
    .summary = "cost per resolution: outcomes, charges, model cost",
    .help = "Status 1 when the numbers do not add up; what does not is said.",
    .options = options,
    .html = true,
    .run = report_run,
};
