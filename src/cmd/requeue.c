#include <string.h>

#include "base/str.h"
#include "cmd/open.h"
#include "cmd/out.h"

#define TIMEOUT_MS 30000

static int requeue_run(const struct cmd_call *c) {
  struct reading r;
  const int opened = reading_open(c, &r);
  if (opened != 0) return opened;
  reading_close(&r);
  json *request = ask_request("requeue");
  json_put_text(request, "ref", c->words[0]);
  const int status = ask_once(c, request, TIMEOUT_MS, NULL);
  if (status != 0) return status;
  json *done = json_object();
  json_put_text(done, "ref", c->words[0]);
  json_put_bool(done, "requeued", true);
  if (!out_document_print(done, c))
    printf("%s %s back at work\n", c->words[0], strcmp(c->words[0], "all") == 0 ? "are" : "is");
  json_free(&done);
  return CMD_OK;
}

const struct cmd cmd_requeue = {
    .name = "requeue",
    .args = "REF",
    .summary = "put a dead letter back to work",
    .help =
        "REF is as support/101, or all: every dead letter. What may have been written already is\n"
        "looked for first, so that nothing is written twice. `triagectl tickets --state dead` "
        "lists the dead letters.\n"
        "A charge that is held because its judge failed is judged once more.\n"
        "meter:12 sends the meter event of ledger line 12 again that was rejected or held, "
        "meter:all\n"
        "all of them; status lists them.",
    .run = requeue_run,
};
