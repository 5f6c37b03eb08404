/* `ledger rebuild`: the roll-ups of reports again from their rows, a day at a time, so that the
 * daemon goes on with its work in between. */
#include <stdio.h>

#include "base/err.h"
#include "cmd/open.h"
#include "cmd/out.h"

#define TIMEOUT_MS 600000

static int days_rebuild(struct asking_side *s, struct out_bar *bar, int64_t *ret_days,
                        struct trg_err *err) {
  int64_t day = -1, first = 0;
  for (*ret_days = 0;; (*ret_days)++) {
    json *request = ask_request("ledger rebuild"), *answer = NULL;
    json_put_int(request, "after", day);
    const int rc = ask_send(s, request, TIMEOUT_MS, &answer, err);
    if (rc < 0) return rc;
    const bool more = json_get_bool(answer, "rebuilt", false);
    const int64_t today = json_get_int(answer, "today", 0);
    day = json_get_int(answer, "day", 0);
    json_free(&answer);
    if (!more) return 0;
    if (*ret_days == 0) first = day;
    out_bar_show(bar, (size_t)(day - first + 1), (size_t)(today >= day ? today - first + 1 : 0));
  }
}

static int rebuild_run(const struct cmd_call *c) {
  struct asking_side s;
  struct out_bar bar;
  struct trg_err err = {0};
  int64_t days = 0;
  int status = ask_open(c, &s);
  if (status != 0) return status;
  out_bar_start(&bar, "rebuilding");
  const int rc = days_rebuild(&s, &bar, &days, &err);
  out_bar_end(&bar);
  ask_close(&s);
  if (rc < 0) return cmd_fail(CMD_FAILED, "%s", err.text);
  json *done = json_object();
  json_put_int(done, "days", days);
  if (!out_document_print(done, c))
    printf("the report's roll-ups of %lld days are made again from their rows\n", (long long)days);
  json_free(&done);
  return CMD_OK;
}

const struct cmd cmd_ledger_rebuild = {
    .name = "ledger rebuild",
    .args = "",
    .summary = "make the report's roll-ups again from their rows",
    .help = "For when `triagectl ledger verify` says that a roll-up of the report is not what its\n"
            "rows give. The ledger itself is never changed.",
    .run = rebuild_run,
};
