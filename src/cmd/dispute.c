/* Disputes: objections to charges, and what became of them. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "store/dispute.h"

#define TIMEOUT_MS 30000

static int id_of(const char *word, int64_t *ret) {
  if (str_to_int(str_of(word), ret) == 0 && *ret > 0) return 0;
  return cmd_fail(CMD_USAGE, "a dispute has a number, not \"%.40s\": `triagectl dispute list`",
                  word);
}

static json *request_of(const struct cmd_call *c, const char *what) {
  json *o = ask_request(what);
  json_put_text(o, "as", call_value(c, "as"));
  json_put_text(o, "reason", call_value(c, "reason"));
  return o;
}

/* --- acting ---------------------------------------------------------------------------------- */

static int open_run(const struct cmd_call *c) {
  int64_t entry = 0, length = 0;
  const char *deadline = call_value(c, "deadline");
  int status = call_int(c, "entry", 1, INT64_MAX, &entry);
  if (status != 0) return status;
  if (deadline != NULL && (duration_parse(str_of(deadline), &length) != 0 || length <= 0))
    return cmd_fail(CMD_USAGE, "--deadline is a length as 14d, not \"%.40s\"", deadline);
  if (c->word_count == 0 && entry == 0)
    return cmd_fail(CMD_USAGE, "name the ticket (support/101), or the ledger line with --entry");
  json *q = request_of(c, "dispute open"), *answer = NULL;
  if (c->word_count > 0) json_put_text(q, "ref", c->words[0]);
  if (entry > 0) json_put_int(q, "entry", entry);
  if (length > 0) json_put_int(q, "deadline_ms", length);
  status = ask_once(c, q, TIMEOUT_MS, &answer);
  if (status != 0) return status;
  json *done = json_object();
  json_put_int(done, "dispute", json_get_int(answer, "dispute", 0));
  json_put_text(done, "state", "open");
  json_put_str(done, "deadline", json_get_str(answer, "deadline"));
  if (!out_document_print(done, c)) {
    const struct trg_str until = json_get_str(answer, "deadline");
    printf("dispute %lld is open until %.*s\n", (long long)json_get_int(answer, "dispute", 0),
           (int)until.n, until.p);
  }
  json_free(&done);
  json_free(&answer);
  return CMD_OK;
}

static int evidence_run(const struct cmd_call *c) {
  int64_t id = 0;
  int status = id_of(c->words[0], &id);
  if (status != 0) return status;
  json *q = request_of(c, "dispute evidence");
  json_put_int(q, "dispute", id);
  status = ask_once(c, q, TIMEOUT_MS, NULL);
  if (status != 0) return status;
  json *done = json_object();
  json_put_int(done, "dispute", id);
  json_put_text(done, "state", "open");
  if (!out_document_print(done, c)) printf("added to dispute %lld\n", (long long)id);
  json_free(&done);
  return CMD_OK;
}

static int decide_run(const struct cmd_call *c) {
  int64_t id = 0;
  const char *verdict = call_value(c, "verdict");
  int status = id_of(c->words[0], &id);
  if (status != 0) return status;
  if (strcmp(verdict, "upheld") != 0 && strcmp(verdict, "credited") != 0)
    return cmd_fail(CMD_USAGE,
                    "--verdict is upheld (the charge stands) or credited (it is given "
                    "back), not \"%.40s\"",
                    verdict);
  json *q = request_of(c, "dispute decide"), *answer = NULL;
  json_put_int(q, "dispute", id);
  json_put_text(q, "verdict", verdict);
  status = ask_once(c, q, TIMEOUT_MS, &answer);
  if (status != 0) return status;
  const int64_t entry = json_get_int(answer, "entry", 0);
  json *done = json_object();
  json_put_int(done, "dispute", id);
  json_put_text(done, "state", verdict);
  if (entry > 0) json_put_int(done, "entry", entry);
  json_put_str(done, "amount", json_get_str(answer, "amount"));
  if (!out_document_print(done, c)) {
    const struct trg_str amount = json_get_str(answer, "amount");
    if (entry > 0)
      printf("dispute %lld is credited: ledger line %lld of %.*s USD\n", (long long)id,
             (long long)entry, (int)amount.n, amount.p);
    else
      printf("dispute %lld is %s\n", (long long)id, verdict);
  }
  json_free(&done);
  json_free(&answer);
  return CMD_OK;
}

/* --- looking --------------------------------------------------------------------------------- */

static const char *state_of(const struct dispute *d, int64_t now_ms) {
  return strcmp(d->state, "open") == 0 && d->deadline_ms < now_ms ? "overdue" : d->state;
}

static int list_run(const struct cmd_call *c) {
  static const struct out_column columns[] = {
      {"dispute", OUT_INT, 0},        {"state", OUT_TEXT, OUT_TINT}, {"ref", OUT_TEXT, 0},
      {"entry", OUT_INT, 0},          {"amount", OUT_MICROS, 0},     {"opened", OUT_TIME, 0},
      {"opened_by", OUT_TEXT, 0},     {"deadline", OUT_TIME, 0},     {"decided_by", OUT_TEXT, 0},
      {"reason", OUT_TEXT, OUT_GIVES}};
  struct reading r;
  struct trg_err err = {0};
  struct dispute *d = NULL;
  size_t n = 0;
  const char *state = call_value(c, "state");
  int status = reading_open(c, &r);
  if (status != 0) return status;
  if (dispute_list(r.store, state, r.arena, &d, &n, &err) < 0) {
    status = reading_failed(&err);
  } else {
    struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
      out_int(t, d[i].id);
      out_text(t, state_of(&d[i], clock_now_ms()));
      out_text(t, d[i].ref);
      out_int(t, d[i].ledger_seq);
      out_int(t, d[i].amount_micros);
      out_int(t, d[i].opened_ms / 1000 * 1000);
      out_text(t, d[i].opened_by);
      out_int(t, d[i].deadline_ms / 1000 * 1000);
      out_text(t, d[i].decided_by);
      out_text(t, d[i].reason);
    }
    out_table_print(t, c, "no disputes");
    out_table_free(&t);
  }
  reading_close(&r);
  return status;
}

static json *dispute_json(const struct dispute *d, const struct dispute_step *s, size_t n) {
  json *o = json_object(), *list = json_array();
  json_put_int(o, "dispute", d->id);
  json_put_text(o, "state", state_of(d, clock_now_ms()));
  json_put_text(o, "ref", d->ref);
  json_put_int(o, "entry", d->ledger_seq);
  json_put_micros(o, "amount", d->amount_micros);
  json_put_time(o, "deadline", d->deadline_ms / 1000 * 1000);
  for (size_t i = 0; i < n; i++) {
    json *e = json_object();
    json_put_text(e, "step", s[i].step);
    json_put_text(e, "who", s[i].who);
    json_put_time(e, "at", s[i].at_ms / 1000 * 1000);
    json_put_text(e, "reason", s[i].reason);
    json_add(list, e);
  }
  json_put(o, "steps", list);
  return o;
}

static void dispute_text(const struct dispute *d, const struct dispute_step *s, size_t n) {
  char money[MONEY_TEXT_MAX], at[TIME_RFC3339_MAX];
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "dispute   %lld, %s\n", (long long)d->id, state_of(d, clock_now_ms()));
  buf_printf(&b, "about     ledger line %lld, %s, ", (long long)d->ledger_seq,
             money_human(d->amount_micros, money));
  out_line(&b, d->ref[0] != '\0' ? d->ref : "a line of the period", 0);
  buf_printf(&b, "\ndeadline  %s\n", time_format(d->deadline_ms / 1000 * 1000, at));
  for (size_t i = 0; i < n; i++) {
    buf_printf(&b, "\n%s  %s  ", time_format(s[i].at_ms / 1000 * 1000, at), s[i].step);
    out_line(&b, s[i].who, 0);
    buf_char(&b, '\n');
    out_wrap(&b, s[i].reason, 2, 80);
  }
  out_buf_print(&b);
  buf_free(&b);
}

static int show_run(const struct cmd_call *c) {
  struct reading r;
  struct trg_err err = {0};
  struct dispute d;
  struct dispute_step *s = NULL;
  size_t n = 0;
  int64_t id = 0;
  int status = id_of(c->words[0], &id);
  if (status == 0) status = reading_open(c, &r);
  if (status != 0) return status;
  int rc = dispute_get(r.store, id, r.arena, &d, &err);
  if (rc == 0) rc = dispute_steps(r.store, id, r.arena, &s, &n, &err);
  if (rc < 0) {
    status = reading_failed(&err);
  } else {
    json *o = dispute_json(&d, s, n);
    if (!out_document_print(o, c)) dispute_text(&d, s, n);
    json_free(&o);
  }
  reading_close(&r);
  return status;
}

/* --- the entries ----------------------------------------------------------------------------- */

#define AS                                                                                         \
  { "as", "NAME", "in whose name; the audit log has the user too", false }
#define WHY                                                                                        \
  { "reason", "TEXT", "why, in words", true }

static const struct cmd_option open_options[] = {
    WHY,
    {"entry", "N", "the ledger line, when the ticket has several charges or none is meant", false},
    {"deadline", "LENGTH", "until when it must be decided, as 14d (default 30d)", false},
    AS,
    {NULL, NULL, NULL, false},
};
static const struct cmd_option evidence_options[] = {WHY, AS, {NULL, NULL, NULL, false}};
static const struct cmd_option decide_options[] = {
    {"verdict", "upheld|credited", "the charge stands, or is given back", true},
    WHY,
    AS,
    {NULL, NULL, NULL, false},
};
static const struct cmd_option list_options[] = {
    {"state", "S", "open, upheld or credited only", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_dispute_open = {
    .name = "dispute open",
    .args = "[REF]",
    .summary = "object to a charge",
    .options = open_options,
    .run = open_run,
};
const struct cmd cmd_dispute_evidence = {
    .name = "dispute evidence",
    .args = "ID",
    .summary = "add to an open dispute what speaks for or against it",
    .options = evidence_options,
    .run = evidence_run,
};
const struct cmd cmd_dispute_decide = {
    .name = "dispute decide",
    .args = "ID",
    .summary = "decide an open dispute; credited gives the charge back",
    .help = "Whoever put the price book of that charge in force cannot decide: the owner of its\n"
            "file, and whom its key changed_by names. A charge is given back by a new ledger line\n"
            "that names it, in the next open month when its own is over or closed.",
    .options = decide_options,
    .run = decide_run,
};
const struct cmd cmd_dispute_list = {
    .name = "dispute list",
    .args = "",
    .summary = "disputes with reason, deadline and decision",
    .options = list_options,
    .run = list_run,
};
const struct cmd cmd_dispute_show = {
    .name = "dispute show",
    .args = "ID",
    .summary = "one dispute, step by step",
    .run = show_run,
};
