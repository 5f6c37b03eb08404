/* Changes of the rules: configuration, price book and skills, with who asked for them and who
 * approved them. And what a person confirms of a control. */
#include <stdio.h>

#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "skill/template.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "store/change.h"
#include "store/store.h"

#define TIMEOUT_MS 30000
#define LIST_MAX   1000
#define DAY_MS     INT64_C(86400000)
#define DAYS_MAX   400

static const char *state_of(const struct change *c) {
  if (change_is_approved(c)) return "approved";
  if (c->emergency) return "emergency";
  return c->requested_ms != 0 ? "requested" : "new";
}

static int list_run(const struct cmd_call *c) {
  static const struct out_column columns[] = {
      {"hash", OUT_TEXT, 0},          {"state", OUT_TEXT, OUT_TINT},
      {"in_force", OUT_TEXT, 0},      {"seen", OUT_TIME, 0},
      {"requested_by", OUT_TEXT, 0},  {"request", OUT_TEXT, OUT_GIVES},
      {"approved_by", OUT_TEXT, 0},   {"approval", OUT_TEXT, OUT_GIVES},
      {"conf", OUT_TEXT, OUT_LESS},   {"book", OUT_TEXT, OUT_LESS},
      {"skills", OUT_TEXT, OUT_LESS}, {"approved", OUT_TIME, OUT_LEAST}};
  struct reading r;
  struct trg_err err = {0};
  struct change *list = NULL, now = {.hash = ""};
  size_t n = 0;
  int status = reading_open(c, &r);
  if (status != 0) return status;
  if (change_list(r.store, LIST_MAX, r.arena, &list, &n, &err) < 0) {
    status = reading_failed(&err);
  } else {
    (void)change_now(r.store, r.arena, &now, &err); /* none before the first start */
    struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
      out_text(t, arena_printf(r.arena, "%.12s", list[i].hash));
      out_text(t, state_of(&list[i]));
      out_text(t, str_is(str_of(now.hash), list[i].hash) ? "yes" : "");
      out_int(t, list[i].seen_ms / 1000 * 1000);
      out_text(t, list[i].requested_by);
      out_text(t, list[i].request_why);
      out_text(t, list[i].approved_by);
      out_text(t, list[i].approve_why);
      out_text(t, arena_printf(r.arena, "%.12s", list[i].conf_hash));
      out_text(t, arena_printf(r.arena, "%.12s", list[i].book_hash));
      out_text(t, arena_printf(r.arena, "%.12s", list[i].skills_hash));
      if (list[i].approved_ms != 0)
        out_int(t, list[i].approved_ms / 1000 * 1000);
      else
        out_none(t);
    }
    out_table_print(t, c, "no daemon ran here yet");
    out_table_free(&t);
  }
  reading_close(&r);
  return status;
}

static int act(const struct cmd_call *c, const char *what, const char *done) {
  json *q = ask_request(what), *answer = NULL;
  json_put_text(q, "why", call_value(c, "why"));
  if (c->word_count > 0) json_put_text(q, "hash", c->words[0]);
  if (call_has(c, "emergency")) json_put_bool(q, "emergency", true);
  const int status = ask_once(c, q, TIMEOUT_MS, &answer);
  if (status != 0) return status;
  const struct trg_str hash = json_get_str(answer, "hash");
  json *o = json_object();
  json_put_str(o, "hash", hash);
  json_put_text(o, "change", done);
  json_put_text(o, "who", who_asks());
  if (!out_document_print(o, c))
    printf("rules %.*s: %s by %s\n", (int)(hash.n < 12 ? hash.n : 12), hash.p, done, who_asks());
  json_free(&o);
  json_free(&answer);
  return CMD_OK;
}

static int request_run(const struct cmd_call *c) {
  return act(c, "change request", "asked for");
}

static int approve_run(const struct cmd_call *c) {
  return act(c, "change approve", "approved");
}

/* --- compliance confirm ------------------------------------------------------------------------
 */

/* Is it a control of a template that is on? */
static bool control_known(const struct reading *r, const char *id) {
  for (size_t i = 0; i < r->conf->compliance_count; i++) {
    struct template t;
    struct trg_err err = {0};
    if (template_load(r->conf->compliance_folders[i], r->conf->compliance[i], r->arena, &t, &err) <
        0)
      continue;
    for (size_t k = 0; k < t.control_count; k++)
      if (str_is(str_of(t.controls[k].id), id)) return true;
  }
  return false;
}

static int confirm_run(const struct cmd_call *c) {
  int64_t length = INT64_C(365) * DAY_MS;
  const char *keeps = call_value(c, "for");
  if (keeps != NULL && (duration_parse(str_of(keeps), &length) != 0 || length < DAY_MS ||
                        length > DAYS_MAX * DAY_MS))
    return cmd_fail(CMD_USAGE, "--for is a length from 1d to %dd, not \"%.40s\"", DAYS_MAX, keeps);
  struct reading r;
  int status = reading_conf(c, &r);
  if (status != 0) return status;
  const bool known = control_known(&r, c->words[0]);
  reading_close(&r);
  if (!known)
    return cmd_fail(CMD_USAGE,
                    "no control of the templates that are on is called \"%.60s\": "
                    "`triagectl compliance` lists them",
                    c->words[0]);
  json *q = ask_request("confirm"), *answer = NULL;
  json_put_text(q, "control", c->words[0]);
  json_put_text(q, "why", call_value(c, "why"));
  json_put_int(q, "days", length / DAY_MS);
  status = ask_once(c, q, TIMEOUT_MS, &answer);
  if (status != 0) return status;
  const struct trg_str until = json_get_str(answer, "until");
  json *o = json_object();
  json_put_text(o, "control", c->words[0]);
  json_put_text(o, "who", who_asks());
  json_put_str(o, "until", until);
  if (!out_document_print(o, c))
    printf("%s: confirmed by %s until %.*s\n", c->words[0], who_asks(), (int)until.n, until.p);
  json_free(&o);
  json_free(&answer);
  return CMD_OK;
}

static const struct cmd_option request_options[] = {
    {"why", "TEXT", "what changed and how it was tested; kept with the change", true},
    {NULL, NULL, NULL, false},
};
static const struct cmd_option approve_options[] = {
    {"why", "TEXT", "what was looked at; kept with the change", true},
    {"emergency", NULL, "by who asked for it; another person is to review it", false},
    {NULL, NULL, NULL, false},
};
static const struct cmd_option confirm_options[] = {
    {"why", "TEXT", "what was looked at, and where the evidence is", true},
    {"for", "D", "how long that holds (default 365d)", false},
    {NULL, NULL, NULL, false},
};

const struct cmd cmd_change = {
    .name = "change",
    .args = "",
    .summary = "rules that were in force, and who approved them",
    .run = list_run,
};
const struct cmd cmd_change_request = {
    .name = "change request",
    .args = "[HASH]",
    .summary = "ask for a change of the rules (those in force)",
    .options = request_options,
    .run = request_run,
};
const struct cmd cmd_change_approve = {
    .name = "change approve",
    .args = "[HASH]",
    .summary = "approve a change that another person asked for",
    .help =
        "Where a compliance template wants two people for changes (sox), nothing is sent without\n"
        "a person and no period is closed until the rules in force are approved.",
    .options = approve_options,
    .run = approve_run,
};
const struct cmd cmd_compliance_confirm = {
    .name = "compliance confirm",
    .args = "CONTROL",
    .summary = "record what you saw and no program can see",
    .options = confirm_options,
    .run = confirm_run,
};
