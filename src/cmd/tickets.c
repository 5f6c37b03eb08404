#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/ticket.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     100000000

/* What scripts and the view v_tickets know them as. */
static const struct out_column columns[] = {
    {"ref", OUT_TEXT, 0},
    {"subject", OUT_TEXT, OUT_GIVES},
    {"state", OUT_TEXT, OUT_TINT},
    {"category", OUT_TEXT, 0},
    {"priority", OUT_TEXT, 0},
    {"language", OUT_TEXT, OUT_LEAST},
    {"sentiment", OUT_TEXT, OUT_LEAST},
    {"team", OUT_TEXT, OUT_LEAST},
    {"confidence", OUT_SHARE, OUT_LESS},
    {"model", OUT_TEXT, OUT_LEAST},
    {"outcome", OUT_TEXT, OUT_TINT},
    {"reason", OUT_TEXT, OUT_GIVES},
    {"updated", OUT_TIME, OUT_LESS},
};

static void row_add(struct out_table *t, const struct ticket *k) {
  out_text(t, k->ref);
  out_text(t, k->subject);
  out_text(t, ticket_state_word(k->state));
  out_text(t, k->category);
  out_text(t, k->priority);
  out_text(t, k->language);
  out_text(t, k->sentiment);
  out_text(t, k->team);
  if (k->category[0] != '\0')
    out_double(t, k->confidence);
  else
    out_none(t);
  out_text(t, k->model);
  out_text(t, k->outcome);
  out_text(t, k->reason);
  out_int(t, k->changed_ms);
}

static int state_check(const char *word) {
  if (word == NULL || ticket_state_of(str_of(word)) != TICKET_NONE) return 0;
  char known[300] = "";
  for (int s = TICKET_RECEIVED; s < TICKET_STATES; s++)
    snprintf(known + strlen(known), sizeof known - strlen(known), " %s",
             ticket_state_word((enum ticket_state)s));
  return cmd_fail(CMD_USAGE, "there is no state \"%.40s\"; there are%s", word, known);
}

static int desk_check(const struct conf *c, const char *name) {
  if (name == NULL || conf_helpdesk(c, str_of(name)) != NULL) return 0;
  return cmd_fail(CMD_USAGE, "the configuration has no helpdesk \"%.40s\"", name);
}

static int tickets_run(const struct cmd_call *c) {
  struct ticket_filter f = {.state = call_value(c, "state"),
                            .helpdesk = call_value(c, "helpdesk"),
                            .outcome = call_value(c, "outcome"),
                            .category = call_value(c, "category"),
                            .limit = LIMIT_DEFAULT};
  int status = call_int(c, "limit", 1, LIMIT_MAX, &f.limit);
  if (status == 0) status = state_check(f.state);
  if (status != 0) return status;
  struct reading r;
  status = reading_open(c, &r);
  if (status != 0) return status;
  struct ticket *list = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  status = desk_check(r.conf, f.helpdesk);
  if (status == 0 && ticket_list(r.store, &f, r.arena, &list, &n, &err) < 0)
    status = reading_failed(&err);
  if (status == 0) {
    struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) row_add(t, &list[i]);
    out_table_print(t, c, "no tickets");
    out_table_free(&t);
  }
  reading_close(&r);
  return status;
}

static const struct cmd_option options[] = {
    {"state", "STATE", "only those in this state, e.g. following or dead", false},
    {"helpdesk", "NAME", "only those of this helpdesk", false},
    {"outcome", "WORD", "only those that ended so: sent, draft, handoff, observed, skipped, failed",
     false},
    {"category", "NAME", "only those of this category", false},
    {"limit", "N", "at most so many, newest change first (default 100)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_tickets = {
    .name = "tickets",
    .args = "",
    .summary = "tickets, one a row",
    .options = options,
    .run = tickets_run,
};
