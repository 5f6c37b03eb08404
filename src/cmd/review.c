/* Drafts that wait for a person. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "cmd/review.h"
#include "store/ticket.h"
#include "store/tool_wish.h"
#include "store/work.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000000
#define TIMEOUT_MS    30000

static const struct out_column columns[] = {
    {"ref", OUT_TEXT, 0},           {"subject", OUT_TEXT, OUT_GIVES},
    {"category", OUT_TEXT, 0},      {"priority", OUT_TEXT, OUT_LESS},
    {"model", OUT_TEXT, OUT_LEAST}, {"confidence", OUT_SHARE, 0},
    {"reason", OUT_TEXT, 0},        {"edited_by", OUT_TEXT, OUT_LESS},
    {"made", OUT_TIME, OUT_LEAST},  {"call", OUT_INT, OUT_LESS},
    {"tool", OUT_TEXT, 0},          {"body", OUT_TEXT, OUT_GIVES}};

/* Only drafts that can still be approved are listed: a ticket that is closed needs no reply. */
static int row_add(struct out_table *t, struct reading *r, const struct draft *d,
                   struct trg_err *err) {
  struct ticket k;
  const int rc = ticket_by_id(r->store, d->ticket_id, r->arena, &k, err);
  if (rc < 0 || k.state != TICKET_FOLLOWING) return rc;
  const bool edited = d->edited[0] != '\0';
  out_text(t, d->ref);
  out_text(t, d->subject);
  out_text(t, k.category);
  out_text(t, k.priority);
  out_text(t, d->model);
  out_double(t, d->confidence);
  out_text(t, k.reason);
  out_text(t, edited ? d->reviewer : "");
  out_int(t, d->made_ms);
  out_int(t, 0);
  out_text(t, "");
  out_text(t, edited ? d->edited : d->body);
  return 0;
}

/* A tool's call that a draft waits for; its arguments stand where a draft's text does. */
static int call_add(struct out_table *t, struct reading *r, const struct tool_wish *w,
                    struct trg_err *err) {
  struct ticket k;
  const int rc = ticket_by_id(r->store, w->ticket_id, r->arena, &k, err);
  if (rc < 0 || k.state != TICKET_ADMITTED || k.pass != w->pass) return rc;
  out_text(t, k.ref);
  out_text(t, k.subject);
  out_text(t, k.category);
  out_text(t, k.priority);
  out_text(t, "");
  out_double(t, k.confidence);
  out_text(t, "tool_approval");
  out_text(t, "");
  out_int(t, w->made_ms);
  out_int(t, w->id);
  out_text(t, w->tool);
  out_text(t, w->arguments);
  return 0;
}

static int calls_add(struct out_table *t, struct reading *r, int64_t limit, struct trg_err *err) {
  struct tool_wish *list = NULL;
  size_t n = 0;
  int rc = tool_wish_in(r->store, "waiting", LIMIT_MAX, r->arena, &list, &n, err);
  for (size_t i = 0; i < n && rc >= 0 && (int64_t)out_rows(t) < limit; i++)
    rc = call_add(t, r, &list[i], err);
  return rc;
}

static int review_run(const struct cmd_call *c) {
  int64_t limit = LIMIT_DEFAULT;
  int status = call_int(c, "limit", 1, LIMIT_MAX, &limit);
  if (status != 0) return status;
  struct reading r;
  status = reading_open(c, &r);
  if (status != 0) return status;
  struct draft *list = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  int rc = draft_list(r.store, "waiting", LIMIT_MAX, r.arena, &list, &n, &err);
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (size_t i = 0; i < n && rc >= 0 && (int64_t)out_rows(t) < limit; i++)
    rc = row_add(t, &r, &list[i], &err);
  if (rc >= 0) rc = calls_add(t, &r, limit, &err);
  if (rc < 0)
    status = reading_failed(&err);
  else
    out_table_print(t, c, "nothing waits for a person");
  out_table_free(&t);
  reading_close(&r);
  return status;
}

int review_act(const struct cmd_call *c, const char *verb, const char *done, struct trg_str text,
               int64_t call, const char *was) {
  json *request = ask_request("review");
  if (call != 0) json_put_int(request, "call", call);
  json_put_text(request, "verb", verb);
  json_put_text(request, "ref", c->words[0]);
  json_put_str(request, "text", text);
  json_put_text(request, "was", was);
  json *answer = NULL;
  const int status = ask_once(c, request, TIMEOUT_MS, &answer);
  if (status != 0) return status;
  const bool waits = json_get_bool(answer, "waits", false);
  json_free(&answer);
  json *o = json_object();
  json_put_text(o, "ref", c->words[0]);
  json_put_text(o, "review", waits ? "waits" : done);
  json_put_text(o, "who", who_asks());
  if (!out_document_print(o, c))
    printf("%s: %s by %s%s\n", c->words[0], done, who_asks(),
           waits
               ? "; a compliance template wants two people for this: it waits until another person "
                 "has approved it too"
               : "");
  json_free(&o);
  return CMD_OK;
}

static int approve_run(const struct cmd_call *c) {
  int64_t call = 0;
  const int status = call_int(c, "call", 1, INT64_MAX, &call);
  return status != 0 ? status : review_act(c, "approve", "approved", TRG_STR(""), call, "");
}

static int reject_run(const struct cmd_call *c) {
  const struct trg_str why = str_trim(str_of(call_value(c, "why")));
  int64_t call = 0;
  const int status = call_int(c, "call", 1, INT64_MAX, &call);
  if (status != 0) return status;
  if (why.n == 0) return cmd_fail(CMD_USAGE, "--why is empty: say what is wrong with it");
  return review_act(c, "reject", "rejected", why, call, "");
}

static const struct cmd_option list_options[] = {
    {"limit", "N", "at most so many (default 100)", false},
    {NULL, NULL, NULL, false},
};
#define CALL                                                                                       \
  { "call", "ID", "a tool's call that the draft waits for; needed when there are several", false }
static const struct cmd_option approve_options[] = {
    CALL,
    {NULL, NULL, NULL, false},
};
static const struct cmd_option reject_options[] = {
    {"why", "TEXT", "what is wrong with it; kept with the draft or the call", true},
    CALL,
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_review = {
    .name = "review",
    .args = "",
    .summary = "drafts and tools' calls that wait for a person",
    .options = list_options,
    .run = review_run,
};
const struct cmd cmd_review_approve = {
    .name = "review approve",
    .args = "REF",
    .summary = "send the draft, as edited; or let a tool's call be made",
    .options = approve_options,
    .run = approve_run,
};
const struct cmd cmd_review_reject = {
    .name = "review reject",
    .args = "REF",
    .summary = "reject the draft, or a tool's call; a person takes over",
    .options = reject_options,
    .run = reject_run,
};
