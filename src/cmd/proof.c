/* An outcome that only somebody outside can confirm: a cancellation that was saved, a sale. */
#include <stdio.h>

#include "cmd/open.h"
#include "cmd/out.h"

#define TIMEOUT_MS 30000

static int proof_run(const struct cmd_call *c) {
  json *q = ask_request("proof");
  json_put_text(q, "ref", c->words[0]);
  json_put_text(q, "outcome", c->words[1]);
  json_put_text(q, "reason", call_value(c, "reason"));
  json_put_text(q, "as", call_value(c, "as"));
  const int status = ask_once(c, q, TIMEOUT_MS, NULL);
  if (status != 0) return status;
  json *done = json_object();
  json_put_text(done, "ref", c->words[0]);
  json_put_text(done, "outcome", c->words[1]);
  json_put_bool(done, "proved", true);
  if (!out_document_print(done, c)) printf("%s of %s is proved\n", c->words[1], c->words[0]);
  json_free(&done);
  return CMD_OK;
}

static const struct cmd_option options[] = {
    {"reason", "TEXT", "by what it is proved", true},
    {"as", "NAME", "in whose name; the audit log has the user too", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_proof = {
    .name = "proof",
    .args = "REF OUTCOME",
    .summary = "confirm an outcome that is charged with proof only",
    .options = options,
    .run = proof_run,
};
