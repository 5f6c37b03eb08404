/* Training the embedded model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"

#define TIMEOUT_MS (INT64_C(31) * 60 * 1000)

/* The report in words. Its keys are the backend's; what is not there is not said. */
static void report_text(const json *r, struct buf *b) {
  buf_printf(b, "learned from %lld examples in %.1f s; the model takes %lld kB\n",
             (long long)json_get_int(r, "examples", 0), json_get_double(r, "seconds", 0),
             (long long)(json_get_int(r, "bytes", 0) / 1024));
  const json *from = json_get(r, "sources");
  if (from != NULL)
    buf_printf(b,
               "  of them %lld of the file, %lld of files before, %lld solved tickets, %lld of the "
               "skills\n",
               (long long)json_get_int(from, "file", 0),
               (long long)json_get_int(from, "earlier_files", 0),
               (long long)json_get_int(from, "solved_tickets", 0),
               (long long)json_get_int(from, "skills", 0));
  for (const json *l = json_first(json_get(r, "labels")); l != NULL; l = json_next(l)) {
    buf_printf(b, "  %s: %lld classes from %lld examples", json_key(l),
               (long long)json_get_int(l, "classes", 0), (long long)json_get_int(l, "n", 0));
    const int64_t held = json_get_int(l, "holdout_n", 0);
    if (held > 0) {
      buf_printf(b, "; of %lld held-out examples %.1f %% right, calibration error %.3f",
                 (long long)held, 100 * json_get_double(l, "holdout_accuracy", 0),
                 json_get_double(l, "ece", 0));
      if (json_get_double(l, "coverage_at_95", 0) > 0)
        buf_printf(b, ";\n    at accept %.2f it decides %.0f %% and is right in 95 of 100",
                   json_get_double(l, "accept_at_95", 0),
                   100 * json_get_double(l, "coverage_at_95", 0));
    }
    buf_char(b, '\n');
  }
}

static int train_ask(const struct cmd_call *c, json *request) {
  struct asking_side s;
  struct trg_err err = {0};
  json *answer = NULL;
  int status = ask_open(c, &s);
  if (status != 0) {
    json_free(&request);
    return status;
  }
  struct out_clock *clock = out_clock_start("training", ask_progress, &s);
  const int rc = ask_send(&s, request, TIMEOUT_MS, &answer, &err);
  out_clock_end(&clock);
  ask_close(&s);
  if (rc < 0) return cmd_fail(CMD_FAILED, "%s", err.text);
  const json *report = json_get(answer, "report");
  const struct trg_str warning = json_get_str(answer, "warning");
  if (warning.n > 0) (void)cmd_fail(0, "trained, but: %.*s", (int)warning.n, warning.p);
  if (!out_document_print(report, c)) {
    struct buf b;
    buf_init(&b, 0);
    report_text(report, &b);
    out_buf_print(&b);
    buf_free(&b);
  }
  json_free(&answer);
  return CMD_OK;
}

static int train_run(const struct cmd_call *c) {
  const bool history = call_has(c, "from-history");
  if (history == (c->word_count == 1))
    return cmd_fail(CMD_USAGE, "train takes either FILE or --from-history");
  json *request = ask_request("train");
  json_put_bool(request, "forget", call_has(c, "forget"));
  if (history) {
    json_put_bool(request, "history", true);
    return train_ask(c, request);
  }
  char *path = realpath(c->words[0], NULL); /* the daemon stands in another folder */
  if (path == NULL) {
    json_free(&request);
    return cmd_fail(CMD_FAILED, "%s: there is no such file, or it cannot be reached", c->words[0]);
  }
  json_put_text(request, "file", path);
  free(path);
  return train_ask(c, request);
}

static const struct cmd_option options[] = {
    {"from-history", NULL, "without a new file: learn again from what is known", false},
    {"forget", NULL, "without the files before, which are forgotten", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_train = {
    .name = "train",
    .args = "[FILE]",
    .summary = "train the embedded model on labelled or solved tickets",
    .help =
        "FILE has lines \"label<TAB>text\", or JSON lines with \"text\" (or \"subject\" and "
        "\"body\"),\n"
        "\"labels\":{\"category\":...} and, if there was one, the \"reply\" that people gave. "
        "A running\n"
        "daemon reads FILE itself, so it must be allowed to. FILE is learned together with the\n"
        "files before it, the solved tickets that a person answered and whose category triage\n"
        "was sure of, and the examples of the skills that fit the files.\n"
        "Of one text the newest file's labels count, then the ticket's, then the skills'.",
    .options = options,
    .run = train_run,
};
