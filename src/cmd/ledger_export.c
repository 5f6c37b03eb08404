/* The ledger given away: as rows, or as a signed file that a second party can check; the keys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/sign.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/export.h"
#include "cmd/ledger.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/ledger.h"

#define KEY_BYTES_MAX 16384

/* --- rows ---------------------------------------------------------------------------------- */

static const struct out_column line_columns[] = {
    {"seq", OUT_INT, 0},
    {"kind", OUT_TEXT, 0},
    {"ref", OUT_TEXT, 0},
    {"helpdesk", OUT_TEXT, OUT_LESS},
    {"category", OUT_TEXT, OUT_LESS},
    {"model", OUT_TEXT, OUT_LEAST},
    {"period", OUT_TEXT, OUT_LESS},
    {"outcome", OUT_TEXT, 0},
    {"evidence_level", OUT_TEXT, OUT_LESS},
    {"rule", OUT_TEXT, OUT_LESS | OUT_GIVES},
    {"amount", OUT_MICROS, 0},
    {"model_cost", OUT_MICROS, OUT_LESS},
    {"corrects", OUT_INT, OUT_LESS},
    {"reason", OUT_TEXT, 0},
    {"at", OUT_TIME, OUT_LESS},
    {"written", OUT_TIME, OUT_LEAST},
    {"charge_key", OUT_TEXT, OUT_LEAST},
    {"book", OUT_TEXT, OUT_LESS},
    {"book_hash", OUT_TEXT, OUT_LEAST},
    {"evidence", OUT_TEXT, OUT_LEAST | OUT_GIVES},
    {"evidence_hash", OUT_TEXT, OUT_LEAST},
    {"prev_hash", OUT_TEXT, OUT_LEAST},
    {"hash", OUT_TEXT, OUT_LEAST},
};

static int line_add(void *arg, const struct ledger_line *l) {
  struct out_table *t = arg;
  out_int(t, l->seq);
  out_text(t, l->kind);
  out_text(t, l->ref);
  out_text(t, l->helpdesk);
  out_text(t, l->category);
  out_text(t, l->model);
  out_text(t, l->period);
  out_text(t, l->outcome);
  out_text(t, l->evidence_level);
  out_text(t, l->rule);
  out_int(t, l->amount_micros);
  out_int(t, l->model_cost_micros);
  if (l->corrects != 0)
    out_int(t, l->corrects);
  else
    out_none(t);
  out_text(t, l->reason);
  out_int(t, l->at_ms);
  out_int(t, l->written_ms);
  out_text(t, l->charge_key);
  out_text(t, l->book);
  out_text(t, l->book_hash);
  out_text(t, l->evidence);
  out_text(t, l->evidence_hash);
  out_text(t, l->prev_hash);
  out_text(t, l->hash);
  return 0;
}

static int rows_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  int64_t from_ms = 0, to_ms = 0;
  int status = call_range(c, &from_ms, &to_ms);
  if (status == 0) status = reading_open(c, &r);
  if (status != 0) return status;
  struct out_table *t = out_table_new(line_columns, sizeof line_columns / sizeof *line_columns);
  if (ledger_each(r.store, from_ms, to_ms, line_add, t, &err) < 0)
    status = reading_failed(&err);
  else
    out_table_print(t, c, "the ledger is empty");
  out_table_free(&t);
  reading_close(&r);
  return status;
}

/* --- signed -------------------------------------------------------------------------------- */

static int signed_write(struct reading *r, const char *path, struct trg_err *err) {
  int64_t entries = 0;
  char *beside = path != NULL ? arena_printf(r->arena, "%s.new", path) : NULL;
  FILE *out = path != NULL ? fopen(beside, "we") : stdout;
  if (out == NULL) return err_set(err, TRG_EIO, "write", "%s: %s", beside, strerror(errno));
  int rc = export_write(r->store, str_of(r->conf->signing_key), clock_now_ms(), out, &entries, err);
  if (path == NULL) return rc;
  if (fclose(out) != 0 && rc == 0)
    rc = err_set(err, TRG_EIO, "write", "%s: %s", beside, strerror(errno));
  if (rc == 0 && rename(beside, path) != 0)
    rc = err_set(err, TRG_EIO, "write", "%s: %s", path, strerror(errno));
  if (rc != 0) (void)unlink(beside);
  return rc;
}

static int signed_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  if (c->format_given || call_has(c, "from") || call_has(c, "to"))
    return cmd_fail(CMD_USAGE, "--signed has a form of its own and holds every entry: leave out "
                               "--format, --from and --to");
  int status = reading_open(c, &r);
  if (status != 0) return status;
  if (r.conf->signing_key == NULL || r.conf->signing_key[0] == '\0')
    status = cmd_fail(CMD_CONFIG,
                      "there is no key to sign with, or this user cannot read it: make one with "
                      "`triagectl ledger keygen --output FILE` and name it in the configuration as "
                      "billing: {signing_key: \"${file:FILE}\"}");
  else if (signed_write(&r, call_value(c, "output"), &err) < 0)
    status = reading_failed(&err);
  reading_close(&r);
  return status;
}

static int export_run(const struct cmd_call *c) {
  if (call_has(c, "signed")) return signed_run(c);
  if (call_has(c, "output"))
    return cmd_fail(CMD_USAGE, "--output goes with --signed; rows go to standard output");
  if (!call_has(c, "focus")) return rows_run(c);
  int64_t from_ms = 0, to_ms = 0;
  int status = call_range(c, &from_ms, &to_ms);
  if (status == 0 && c->format_given && c->format != OUT_CSV)
    status = cmd_fail(CMD_USAGE, "--focus is CSV: leave out --format");
  return status == 0 ? ledger_focus(c, from_ms, to_ms) : status;
}

static int seen_print(const struct cmd_call *c, const struct export_seen *seen,
                      const struct trg_err *err, bool ok, bool trusted) {
  char money[MONEY_TEXT_MAX];
  json *o = json_object();
  json_put_bool(o, "ok", ok);
  json_put_int(o, "entries", seen->entries);
  json_put_micros(o, "total", seen->amount_micros);
  json_put_text(o, "head", seen->head);
  json_put_text(o, "key", seen->fingerprint);
  json_put_bool(o, "key_given", trusted);
  if (seen->bad > 0) json_put_int(o, "first_bad", seen->bad);
  if (!ok) json_put_text(o, "error", err->text);
  if (!out_document_print(o, c) && ok)
    printf("%lld entries of %s in all, the chain is whole, the signature is good\nkey %s%s\n",
           (long long)seen->entries, money_human(seen->amount_micros, money), seen->fingerprint,
           trusted ? "" : " (named by the file itself: compare it with one you trust)");
  json_free(&o);
  return ok ? CMD_OK : cmd_fail(CMD_FAILED, "%s", err->text);
}

int ledger_file_verify(const struct cmd_call *c) {
  const char *path = call_value(c, "file"), *key = call_value(c, "key");
  struct trg_err err = {0};
  struct export_seen seen;
  struct buf pem;
  buf_init(&pem, KEY_BYTES_MAX);
  if (key != NULL && file_read(key, KEY_BYTES_MAX, &pem, &err) < 0) {
    buf_free(&pem);
    return cmd_fail(CMD_FAILED, "%s", err.text);
  }
  FILE *in = fopen(path, "re");
  int status;
  if (in == NULL) {
    status = cmd_fail(CMD_FAILED, "%s: %s", path, strerror(errno));
  } else {
    const int rc = export_check(in, buf_view(&pem), &seen, &err);
    (void)fclose(in);
    status = seen_print(c, &seen, &err, rc == 0, key != NULL);
  }
  buf_free(&pem);
  return status;
}

/* --- keys ---------------------------------------------------------------------------------- */

static int key_put(const char *path, const char *pem, unsigned mode, struct trg_err *err) {
  if (file_exists(path))
    return err_set(err, TRG_ESTATE, "exists",
                   "%s is there already: a key that has signed is not overwritten; name another",
                   path);
  return file_write(path, str_of(pem), mode, err);
}

static int keygen_run(const struct cmd_call *c) {
  const char *path = call_value(c, "output");
  struct arena *a = arena_new();
  const char *pub = arena_printf(a, "%s.pub", path);
  struct trg_err err = {0};
  char *private_pem = NULL, *public_pem = NULL;
  int rc = sign_keys(&private_pem, &public_pem, &err);
  if (rc == 0) rc = key_put(path, private_pem, 0600, &err);
  if (rc == 0) rc = key_put(pub, public_pem, 0644, &err);
  int status = CMD_OK;
  if (rc < 0) {
    status = cmd_fail(CMD_FAILED, "%s", err.text);
  } else {
    json *o = json_object();
    json_put_text(o, "private_key", path);
    json_put_text(o, "public_key", pub);
    if (!out_document_print(o, c))
      printf("private key %s: name it as billing: {signing_key: \"${file:%s}\"}\n"
             "public key  %s: give it to who checks\n",
             path, path, pub);
    json_free(&o);
  }
  mem_free(private_pem);
  mem_free(public_pem);
  arena_free(&a);
  return status;
}

static const struct cmd_option keygen_options[] = {
    {"output", "FILE", "where the private key goes; the public one beside it as FILE.pub", true},
    {NULL, NULL, NULL, false},
};
static const struct cmd_option export_options[] = {
    {"from", "DAY", "entries from this day on", false},
    {"to", "DAY", "entries until the end of this day", false},
    {"focus", NULL, "as CSV in the columns of FOCUS 1.0, for cost tools", false},
    {"signed", NULL, "as a file that a second party can check with ledger verify --file", false},
    {"output", "FILE", "with --signed: write it there instead of to standard output", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_ledger_export = {
    .name = "ledger export",
    .args = "",
    .summary = "every entry, with its evidence and hashes",
    .help =
        "--signed needs billing.signing_key. The file is JSON lines: each entry as it is hashed,\n"
        "with its hash, and at the end an Ed25519 signature over all of it.",
    .options = export_options,
    .run = export_run,
};
const struct cmd cmd_ledger_keygen = {
    .name = "ledger keygen",
    .args = "",
    .summary = "make an Ed25519 key pair for signed exports",
    .help = "Never overwrites a key.",
    .options = keygen_options,
    .run = keygen_run,
};
