/* Help, made from the table. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/out.h"

#define COLUMN 22
#define WIDTH  80 /* of a page of help, wherever it is printed */

static const char foot[] =
    "\nBeside a daemon, changes are asked of it; without one triagectl makes them.\n"
    "Exit status: 0 fine, 1 failure or a check that failed, 2 usage,\n"
    "78 configuration. See triagectl(1).\n";

static void line_add(struct buf *out, const char *left, const char *right) {
  const size_t indent = COLUMN + 3;
  struct buf text;
  buf_init(&text, 0);
  out_wrap(&text, right, indent, WIDTH);
  buf_printf(out, "  %-*s", COLUMN, left);
  if (strlen(left) > COLUMN)
    buf_printf(out, "\n%s", text.p);
  else
    buf_printf(out, " %s", text.p + indent);
  buf_free(&text);
}

static void options_add(struct buf *out, const struct cmd_option *o) {
  for (; o != NULL && o->name != NULL; o++) {
    char left[80];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg != NULL ? " " : "",
             o->arg != NULL ? o->arg : "");
    line_add(out, left, o->help);
  }
}

void help_all(struct buf *out) {
  buf_text(out, "Usage: triagectl [-c FILE] [--format table|json|csv] COMMAND [ARGUMENT...]\n\n"
                "Commands (triagectl help COMMAND says more):\n");
  for (const struct cmd *const *c = cmd_table; *c != NULL; c++) {
    char left[80];
    snprintf(left, sizeof left, "%s%s%s", (*c)->name, (*c)->args[0] != '\0' ? " " : "", (*c)->args);
    line_add(out, left, (*c)->summary);
  }
  buf_text(out, "\nOptions, before or after the command:\n");
  options_add(out, cmd_common);
  buf_text(out, foot);
}

void help_usage(const struct cmd *c, struct buf *out) {
  buf_printf(out, "triagectl %s%s%s", c->name, c->args[0] != '\0' ? " " : "", c->args);
  for (const struct cmd_option *o = c->options; o != NULL && o->name != NULL; o++)
    buf_printf(out, " %s--%s%s%s%s", o->required ? "" : "[", o->name, o->arg != NULL ? " " : "",
               o->arg != NULL ? o->arg : "", o->required ? "" : "]");
}

void help_one(const struct cmd *c, struct buf *out) {
  buf_text(out, "Usage: ");
  help_usage(c, out);
  buf_printf(out, "\n\n%c%s.\n",
             c->summary[0] >= 'a' && c->summary[0] <= 'z' ? c->summary[0] - 'a' + 'A'
                                                          : c->summary[0],
             c->summary + 1);
  if (c->help != NULL) buf_printf(out, "%s\n", c->help);
  if (c->options != NULL) {
    buf_text(out, "\nOptions:\n");
    options_add(out, c->options);
  }
  if (c->html) buf_text(out, "\n--format is table, json, csv or html.\n");
}

/* --- triagectl help ------------------------------------------------------------------------ */

static int help_run(const struct cmd_call *call) {
  struct buf b;
  buf_init(&b, 0);
  if (call->word_count == 0) help_all(&b);
  char name[160] = "";
  for (size_t i = 0; i < call->word_count; i++)
    snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", i > 0 ? " " : "",
             call->words[i]);
  const size_t length = strlen(name);
  for (const struct cmd *const *c = cmd_table; *c != NULL && length > 0; c++) {
    const bool whole = strcmp((*c)->name, name) == 0;
    const bool member = strncmp((*c)->name, name, length) == 0 && (*c)->name[length] == ' ';
    if (!whole && !member) continue;
    if (b.n > 0) buf_text(&b, "\n");
    help_one(*c, &b);
  }
  int status = CMD_OK;
  if (b.n == 0)
    status = cmd_fail(CMD_USAGE, "there is no command \"%.60s\"; `triagectl help` lists them",
                      name);
  else
    fwrite(b.p, 1, b.n, stdout);
  buf_free(&b);
  return status;
}

const struct cmd cmd_help = {
    .name = "help",
    .args = "[COMMAND]...",
    .summary = "help, or help on a command",
    .run = help_run,
};
