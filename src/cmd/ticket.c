#include "cmd/ticket.h"

#include "base/buf.h"
#include "base/str.h"
#include "cmd/open.h"

static int ticket_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  json *doc = NULL;
  int status = ask_note(c, "read", c->words[0]);
  if (status == 0) status = reading_open(c, &r);
  if (status != 0) return status;
  if (ticket_gather(r.store, str_of(c->words[0]), &doc, &err) < 0) {
    status = reading_failed(&err);
  } else if (!out_document_print(doc, c)) {
    struct buf b;
    buf_init(&b, 0);
    ticket_show(doc, out_screen_of(stdout), &b);
    out_buf_print(&b);
    buf_free(&b);
  }
  json_free(&doc);
  reading_close(&r);
  return status;
}

const struct cmd cmd_ticket = {
    .name = "ticket",
    .args = "REF",
    .summary = "everything about one ticket",
    .help =
        "Messages (masked), decisions with their reasons, model calls with their cost, draft and\n"
        "citations, policy, deliveries, events and charges. REF is as support/101; json is one\n"
        "object, csv lines of field and value.",
    .run = ticket_run,
};
