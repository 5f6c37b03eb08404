/* triagectl: the operator's command line. Options and wiring; the commands are in cmd/. */
#include <locale.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/cmd.h"

#ifndef TRIAGED_VERSION
#define TRIAGED_VERSION "unknown"
#endif

static int print_help(const struct cmd *c) {
  struct buf b;
  buf_init(&b, 0);
  if (c != NULL)
    help_one(c, &b);
  else
    help_all(&b);
  fwrite(b.p, 1, b.n, stdout);
  buf_free(&b);
  return CMD_OK;
}

/* What was printed counts only when it arrived. */
static int written(int status) {
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return status;
  return cmd_fail(CMD_FAILED, "the output could not be written");
}

int main(int argc, char **argv) {
  struct cmd_call call;
  struct trg_err err = {0};
  /* Only for how wide characters are; numbers and times never depend on the locale. */
  if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) (void)setlocale(LC_CTYPE, "");
  log_init(TRG_WARN, LOG_TEXT, NULL);
  if (cmd_parse(argc, argv, &call, &err) != 0)
    return cmd_fail(CMD_USAGE, "%s\nTry `triagectl help`.", err.text);
  if (call.version) {
    puts("triagectl " TRIAGED_VERSION);
    return written(CMD_OK);
  }
  if (call.help) return written(print_help(call.cmd));
  if (clock_init(&err) < 0) return cmd_fail(CMD_USAGE, "%s", err.text);
  return written(call.cmd->run(&call));
}
