/* How it goes: queue, lag, models, budget, dead letters. Live figures come from the daemon when it
 * runs; the rest is in the store. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/retrain.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/open.h"
#include "cmd/out.h"
#include "conf/conf.h"
#include "store/dispute.h"
#include "store/gap.h"
#include "store/inbox.h"
#include "store/meter_event.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/work.h"

#define GAPS_SHOWN   5
#define EVENTS_SHOWN 5

struct look {
  struct reading r;
  json *live; /* the daemon's answer, or NULL */
  json *doc;
  int64_t now_ms, dead, waiting;
};

static const json *named(const json *live, const char *list, const char *name) {
  for (const json *m = json_first(json_get(live, list)); m != NULL; m = json_next(m))
    if (str_is(json_get_str(m, "name"), name)) return m;
  return NULL;
}

/* --- the document -------------------------------------------------------------------------- */

static void put_daemon(struct look *k) {
  struct trg_err err = {0};
  const bool running = store_locked(k->r.conf->state);
  if (running) k->live = ask_daemon(k->r.conf->state, "status", &err);
  json *o = json_object();
  json_put_bool(o, "running", running);
  json_put_bool(o, "answers", k->live != NULL);
  json_put_bool(o, "ready", json_get_bool(k->live, "ready", false));
  json_put_text(o, "error", err.text);
  json_put(k->doc, "daemon", o);
}

static void put_database(struct look *k) {
  static const char *const ends[] = {"", "-wal"};
  int64_t bytes = 0;
  for (size_t i = 0; i < 2; i++) {
    struct stat s;
    if (stat(arena_printf(k->r.arena, "%s%s", store_path(k->r.store), ends[i]), &s) == 0)
      bytes += (int64_t)s.st_size;
  }
  json *o = json_object();
  json_put_text(o, "path", store_path(k->r.store));
  json_put_int(o, "bytes", bytes);
  json_put_text(o, "engine", store_engine());
  json_put(k->doc, "database", o);
}

static int put_desks(struct look *k, struct trg_err *err) {
  json *list = json_array();
  int rc = 0;
  for (size_t i = 0; i < k->r.conf->helpdesk_count && rc >= 0; i++) {
    const struct conf_helpdesk *d = &k->r.conf->helpdesks[i];
    const json *l = named(k->live, "helpdesks", d->name);
    struct cursor c = {0};
    int64_t waiting = 0, dead = 0;
    rc = cursor_get(k->r.store, str_of(d->name), k->r.arena, &c, err);
    if (rc >= 0) rc = inbox_depth(k->r.store, str_of(d->name), &waiting, &dead, err);
    int64_t behind = c.covered_ms > 0 ? k->now_ms - c.covered_ms : -1;
    if (c.covered_ms > 0 && behind < 0) behind = 0; /* the clock was set back */
    const int64_t lag = l != NULL ? json_get_int(l, "lag_ms", -1) : behind;
    json *o = json_object();
    json_put_text(o, "name", d->name);
    json_put_text(o, "connector", d->connector);
    json_put_text(o, "mode", conf_mode_word(d->mode));
    if (lag >= 0)
      json_put_int(o, "lag_ms", lag);
    else
      json_put_null(o, "lag_ms");
    json_put_time(o, "last_success", c.ok_ms);
    json_put_int(o, "waiting", waiting);
    json_put_int(o, "dead", dead);
    json_put_str(o, "error", l != NULL ? json_get_str(l, "error") : str_of(c.error));
    json_add(list, o);
    k->waiting += waiting;
    k->dead += dead;
  }
  json_put(k->doc, "helpdesks", list);
  return rc;
}

static int put_queue(struct look *k, struct trg_err *err) {
  int64_t depth[TICKET_STATES] = {0};
  const int rc = ticket_depth(k->r.store, depth, err);
  json *list = json_array();
  for (int s = TICKET_NONE; s < TICKET_STATES; s++) {
    json *o = json_object();
    json_put_text(o, "stage", s == TICKET_NONE ? "inbox" : ticket_state_word((enum ticket_state)s));
    json_put_int(o, "tickets", s == TICKET_NONE ? k->waiting : depth[s]);
    json_add(list, o);
  }
  json_put(k->doc, "queue", list);
  k->dead += depth[TICKET_DEAD];
  return rc;
}

static void put_models(struct look *k) {
  json *list = json_array();
  for (size_t i = 0; i < k->r.conf->model_count; i++) {
    const struct conf_model *m = &k->r.conf->models[i];
    const json *l = named(k->live, "models", m->name);
    json *o = json_object();
    json_put_text(o, "name", m->name);
    json_put_text(o, "backend", m->backend);
    json_put_text(o, "model", m->model);
    json_put_text(o, "health",
                  l == NULL                            ? "unknown"
                  : json_get_bool(l, "resting", false) ? "resting"
                                                       : "ok");
    static const char *const counts[] = {"in_flight", "queued", "calls", "failures", "rest_ms"};
    for (size_t n = 0; n < sizeof counts / sizeof *counts && l != NULL; n++)
      json_put_int(o, counts[n], json_get_int(l, counts[n], 0));
    if (l != NULL) json_put_str(o, "last_error", json_get_str(l, "last_error"));
    json_add(list, o);
  }
  json_put(k->doc, "models", list);
}

static int put_budget(struct look *k, struct trg_err *err) {
  int64_t spent = 0, reserved = 0;
  const int rc = budget_today(k->r.store, k->now_ms, &spent, &reserved, err);
  const int64_t limit = k->r.conf->model_cost_per_day_micros;
  json *o = json_object();
  json_put_micros(o, "spent_today", spent);
  json_put_micros(o, "reserved", reserved);
  if (limit > 0) {
    const int64_t left = limit - spent - reserved;
    json_put_micros(o, "limit_per_day", limit);
    json_put_micros(o, "left", left > 0 ? left : 0);
  } else {
    json_put_null(o, "limit_per_day");
    json_put_null(o, "left");
  }
  json_put(k->doc, "budget", o);
  return rc;
}

/* What does not add up, and what people object to. */
static int put_money(struct look *k, struct trg_err *err) {
  struct gap *g = NULL;
  size_t n = 0;
  int64_t total = 0, open = 0, overdue = 0;
  int rc = gap_list(k->r.store, GAPS_SHOWN, k->r.arena, &g, &n, &total, err);
  if (rc >= 0) rc = dispute_depth(k->r.store, k->now_ms, &open, &overdue, err);
  if (rc < 0) return rc;
  json *o = json_object(), *list = json_array();
  json_put_int(o, "gaps", total);
  for (size_t i = 0; i < n; i++) {
    json *e = json_object();
    json_put_text(e, "subject", g[i].subject);
    json_put_text(e, "what", g[i].what);
    json_put_time(e, "since", g[i].since_ms / 1000 * 1000);
    json_add(list, e);
  }
  json_put(o, "gap_list", list);
  json_put_int(o, "disputes_open", open);
  json_put_int(o, "disputes_overdue", overdue);
  json_put(k->doc, "money", o);
  return 0;
}

/* What came of the last retraining of the embedded model; null: none yet. */
static int put_retrain(struct look *k, struct trg_err *err) {
  char *last = NULL;
  const int rc = store_get(k->r.store, RETRAIN_LAST, k->r.arena, &last, err);
  json *o = rc >= 0 && last != NULL ? json_parse(str_of(last), 0, NULL) : NULL;
  if (o != NULL)
    json_put(k->doc, "retrained", o);
  else
    json_put_null(k->doc, "retrained");
  return rc;
}

/* Final charges on their way to who writes the invoice; null when they go nowhere. */
static int put_meter(struct look *k, struct trg_err *err) {
  struct meter_event_depth n;
  struct meter_event *bad = NULL;
  size_t bad_count = 0;
  int rc = meter_event_depth(k->r.store, &n, err);
  if (rc >= 0) rc = meter_event_bad(k->r.store, EVENTS_SHOWN, k->r.arena, &bad, &bad_count, err);
  if (rc < 0) return rc;
  const bool on = k->r.conf->meter.event_name != NULL;
  if (!on && n.waiting + n.planned + n.done + n.rejected + n.held + n.dropped == 0) {
    json_put_null(k->doc, "meter_events");
    return 0;
  }
  json *o = json_object(), *list = json_array();
  json_put_bool(o, "on", on);
  json_put_int(o, "waiting", n.waiting);
  json_put_int(o, "planned", n.planned);
  json_put_int(o, "done", n.done);
  json_put_int(o, "rejected", n.rejected);
  json_put_int(o, "held", n.held);
  json_put_int(o, "dropped", n.dropped);
  for (size_t i = 0; i < bad_count; i++) {
    json *e = json_object();
    json_put_text(e, "ref", arena_printf(k->r.arena, "meter:%lld", (long long)bad[i].seq));
    json_put_text(e, "state", bad[i].state);
    json_put_text(e, "why", bad[i].why);
    json_add(list, e);
  }
  json_put(o, "bad_list", list);
  json_put(k->doc, "meter_events", o);
  return 0;
}

static int look(struct look *k, struct trg_err *err) {
  k->now_ms = clock_now_ms();
  k->doc = json_object();
  json_put_time(k->doc, "at", k->now_ms / 1000 * 1000);
  json_put_text(k->doc, "state", k->r.conf->state);
  put_daemon(k);
  int rc = put_desks(k, err);
  if (rc >= 0) rc = put_queue(k, err);
  put_models(k);
  if (rc >= 0) rc = put_budget(k, err);
  if (rc >= 0) rc = put_money(k, err);
  if (rc >= 0) rc = put_retrain(k, err);
  if (rc >= 0) rc = put_meter(k, err);
  json_put_int(k->doc, "dead_letters", k->dead);
  put_database(k);
  return rc;
}

/* --- for people ---------------------------------------------------------------------------- */

static const char *text_of(const struct look *k, const json *o, const char *key) {
  return arena_dup(k->r.arena, json_get_str(o, key));
}

static void daemon_text(const struct look *k, struct buf *b) {
  const json *d = json_get(k->doc, "daemon");
  if (!json_get_bool(d, "running", false))
    buf_text(b, "daemon     not running\n");
  else if (k->live == NULL)
    buf_printf(b, "daemon     running; its live figures are not to be had: %s\n",
               text_of(k, d, "error"));
  else
    buf_printf(b, "daemon     running, %s\n",
               json_get_bool(d, "ready", false) ? "ready"
                                                : "not ready: some helpdesk was not reached yet");
  const double mb = (double)json_get_int(json_get(k->doc, "database"), "bytes", 0) / 1e6;
  buf_printf(b, "database   %s, %.1f MB\n", store_path(k->r.store), mb);
}

static const char *money(const struct look *k, const json *o, const char *key) {
  int64_t micros = 0;
  char text[MONEY_TEXT_MAX];
  (void)money_parse(json_get_str(o, key), &micros);
  return arena_dup(k->r.arena, str_of(money_human(micros, text)));
}

static void budget_text(const struct look *k, struct buf *b) {
  const json *o = json_get(k->doc, "budget");
  if (json_is_string(json_get(o, "left")))
    buf_printf(b, "budget     %s of %s a day left (%s spent, %s reserved)\n", money(k, o, "left"),
               money(k, o, "limit_per_day"), money(k, o, "spent_today"), money(k, o, "reserved"));
  else
    buf_printf(b, "budget     %s spent today; no limit is set\n", money(k, o, "spent_today"));
  buf_printf(b, "dead       %lld%s\n", (long long)k->dead,
             k->dead > 0 ? " (triagectl tickets --state dead; triagectl requeue REF)" : "");
}

static void money_text(const struct look *k, struct buf *b) {
  const json *o = json_get(k->doc, "money");
  const int64_t gaps = json_get_int(o, "gaps", 0), open = json_get_int(o, "disputes_open", 0);
  if (gaps == 0) buf_text(b, "books      add up\n");
  for (const json *g = json_first(json_get(o, "gap_list")); g != NULL; g = json_next(g)) {
    buf_text(b, "GAP        ");
    out_line(b, text_of(k, g, "subject"), 0);
    buf_text(b, ": ");
    out_line(b, text_of(k, g, "what"), 0);
    buf_char(b, '\n');
  }
  if (gaps > GAPS_SHOWN)
    buf_printf(b, "           and %lld more; triagectl ledger verify\n",
               (long long)(gaps - GAPS_SHOWN));
  if (open > 0)
    buf_printf(b, "disputes   %lld open, %lld overdue (triagectl dispute list)\n", (long long)open,
               (long long)json_get_int(o, "disputes_overdue", 0));
}

static void retrain_text(const struct look *k, struct buf *b) {
  const json *o = json_get(k->doc, "retrained");
  if (!json_is_object(o)) return;
  const char *against = text_of(k, o, "against");
  buf_printf(
      b,
      "retrained  %s: of %lld held-out tickets %.1f %% right before, %.1f %% after (macro F1 "
      "%.3f, %.3f; Brier score %.3f, %.3f); %s%s\n",
      text_of(k, o, "at"), (long long)json_get_int(o, "held_out", 0),
      100 * json_get_double(o, "before", 0), 100 * json_get_double(o, "after", 0),
      json_get_double(o, "macro_f1_before", 0), json_get_double(o, "macro_f1_after", 0),
      json_get_double(o, "brier_before", 0), json_get_double(o, "brier_after", 0),
      json_get_bool(o, "swapped", false) ? "the new model is in use"
                                         : "the old one stayed, for its ",
      against);
}

static void meter_text(const struct look *k, struct buf *b) {
  const json *o = json_get(k->doc, "meter_events");
  if (json_get(o, "done") == NULL) return;
  buf_printf(b, "meter      %lld sent, %lld to send, %lld not final yet%s\n",
             (long long)json_get_int(o, "done", 0), (long long)json_get_int(o, "planned", 0),
             (long long)json_get_int(o, "waiting", 0),
             json_get_bool(o, "on", false) ? "" : " (off: billing.stripe is not set)");
  const int64_t bad = json_get_int(o, "rejected", 0) + json_get_int(o, "held", 0);
  if (bad > 0)
    buf_printf(b, "           %lld rejected or held; triagectl requeue meter:LINE, or meter:all\n",
               (long long)bad);
  for (const json *e = json_first(json_get(o, "bad_list")); e != NULL; e = json_next(e)) {
    buf_printf(b, "           %s %s: ", text_of(k, e, "ref"), text_of(k, e, "state"));
    out_line(b, text_of(k, e, "why"), 0);
    buf_char(b, '\n');
  }
}

static void queue_text(const struct look *k, struct out_screen s, struct buf *b) {
  static const struct out_column columns[] = {{"stage", OUT_TEXT, OUT_TINT},
                                              {"tickets", OUT_INT, 0}};
  struct out_table *t = out_table_new(columns, 2);
  for (const json *q = json_first(json_get(k->doc, "queue")); q != NULL; q = json_next(q)) {
    if (json_get_int(q, "tickets", 0) == 0) continue;
    out_text(t, text_of(k, q, "stage"));
    out_int(t, json_get_int(q, "tickets", 0));
  }
  buf_char(b, '\n');
  if (out_rows(t) > 0)
    out_table_text(t, s, b);
  else
    buf_text(b, "no tickets yet\n");
  out_table_free(&t);
}

static void desks_text(const struct look *k, struct out_screen s, struct buf *b) {
  static const struct out_column columns[] = {
      {"helpdesk", OUT_TEXT, 0}, {"connector", OUT_TEXT, 0},    {"mode", OUT_TEXT, 0},
      {"lag", OUT_LENGTH, 0},    {"last_success", OUT_TEXT, 0}, {"inbox", OUT_INT, 0},
      {"dead", OUT_INT, 0},      {"error", OUT_TEXT, OUT_GIVES}};
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *d = json_first(json_get(k->doc, "helpdesks")); d != NULL; d = json_next(d)) {
    out_text(t, text_of(k, d, "name"));
    out_text(t, text_of(k, d, "connector"));
    out_text(t, text_of(k, d, "mode"));
    if (json_is_number(json_get(d, "lag_ms")))
      out_int(t, json_get_int(d, "lag_ms", 0) / 1000 * 1000);
    else
      out_none(t);
    out_text(t, text_of(k, d, "last_success"));
    out_int(t, json_get_int(d, "waiting", 0));
    out_int(t, json_get_int(d, "dead", 0));
    out_text(t, text_of(k, d, "error"));
  }
  buf_char(b, '\n');
  out_table_text(t, s, b);
  out_table_free(&t);
}

static void models_text(const struct look *k, struct out_screen s, struct buf *b) {
  static const struct out_column columns[] = {{"model", OUT_TEXT, 0},
                                              {"backend", OUT_TEXT, 0},
                                              {"health", OUT_TEXT, OUT_TINT},
                                              {"in_flight", OUT_INT, 0},
                                              {"calls", OUT_INT, 0},
                                              {"failures", OUT_INT, 0},
                                              {"last_error", OUT_TEXT, OUT_GIVES}};
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *m = json_first(json_get(k->doc, "models")); m != NULL; m = json_next(m)) {
    static const char *const counts[] = {"in_flight", "calls", "failures"};
    out_text(t, text_of(k, m, "name"));
    out_text(t, text_of(k, m, "backend"));
    out_text(t, text_of(k, m, "health"));
    for (size_t n = 0; n < 3; n++) {
      if (json_get(m, counts[n]) != NULL)
        out_int(t, json_get_int(m, counts[n], 0));
      else
        out_none(t);
    }
    out_text(t, text_of(k, m, "last_error"));
  }
  buf_char(b, '\n');
  out_table_text(t, s, b);
  out_table_free(&t);
}

static int status_run(const struct cmd_call *c) {
  struct look k = {0};
  struct trg_err err = {0};
  int status = reading_open(c, &k.r);
  if (status != 0) return status;
  if (look(&k, &err) < 0) {
    status = reading_failed(&err);
  } else if (!out_document_print(k.doc, c)) {
    const struct out_screen s = out_screen_of(stdout);
    struct buf b;
    buf_init(&b, 0);
    daemon_text(&k, &b);
    budget_text(&k, &b);
    money_text(&k, &b);
    retrain_text(&k, &b);
    meter_text(&k, &b);
    queue_text(&k, s, &b);
    desks_text(&k, s, &b);
    models_text(&k, s, &b);
    out_buf_print(&b);
    buf_free(&b);
  }
  json_free(&k.live);
  json_free(&k.doc);
  reading_close(&k.r);
  return status;
}

const struct cmd cmd_status = {
    .name = "status",
    .args = "",
    .summary = "queue, lag, models' health, budget, dead letters",
    .run = status_run,
};
