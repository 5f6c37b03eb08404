/* Writeback: one outbox row, committed before anything is sent; sent once; when the answer is lost,
 * looked for before it is repeated. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/action.h"
#include "pipeline/hand.h"
#include "pipeline/stage.h"
#include "store/knowledge.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/turn.h"
#include "store/work.h"

#define WRITE_DEADLINE_MS 60000
#define CONFLICTS_MAX     8

/* One write under way, in the task's arena. */
struct writing {
  struct outbox row;
  struct trg_action action;
  struct pii_map *map; /* NULL: nothing to restore */
  bool mapped;         /* the ticket was read for its tokens */
  bool changed;        /* its texts are others than those that were stored: no token is restored */
  bool rereading;      /* after a conflict: what changed? */
  bool reread;
  bool finding; /* looking for an uncertain write */
  json *receipts;
  char code[32], why[300];
};

static void write_send(void *arg);

/* --- planning ----------------------------------------------------------------------------------
 */

static bool first_reply(struct road *r, const struct ticket *t, struct arena *a) {
  struct event *e = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(event_list(r->setup.store, t->id, true, a, &e, &n, &err), &err);
  for (size_t i = 0; i < n; i++)
    if (strcmp(e[i].kind, "msg_out") == 0 && strcmp(e[i].actor, "ai") == 0) return false;
  return true;
}

/* Plans this pass's write, or finds the row that was planned for it before. */
static void write_plan(struct road *r, const struct ticket *t, struct arena *a,
                       struct outbox *ret) {
  const char *intent = action_intent(t);
  char key[33];
  action_key(t, intent, key);
  struct draft d;
  struct trg_err err = {0};
  const int rc = draft_newest(r->setup.store, t->id, a, &d, &err);
  if (rc != TRG_ENOTFOUND) store_must(rc, &err);
  struct action_facts f = {.ticket = t,
                           .draft = rc >= 0 && d.pass == t->pass ? &d : NULL,
                           .policy = &r->plan->conf->policy,
                           .first_reply = first_reply(r, t, a),
                           .approved_by = ""};
  if (f.draft != NULL && d.reviewer != NULL && d.reviewer[0] != '\0' &&
      strcmp(t->reason, "approved") == 0)
    f.approved_by = d.reviewer;
  struct past *similar = NULL;
  if (strcmp(intent, "handoff") == 0)
    store_must(past_search(r->setup.store, str_of(t->subject), t->id, 3, a, &similar,
                           &f.similar_count, &err),
               &err);
  f.similar = similar;
  struct message *m = NULL;
  if (strcmp(intent, "handoff") == 0)
    store_must(message_list(r->setup.store, t->id, a, &m, &f.message_count, &err), &err);
  f.messages = m;
  char *action = action_json(&f, a);
  const struct outbox row = {.ticket_id = t->id,
                             .pass = t->pass,
                             .ref = t->ref,
                             .helpdesk = t->helpdesk,
                             .ext_id = t->ext_id,
                             .intent = intent,
                             .idem_key = key,
                             .state = "planned",
                             .action = action,
                             .version = t->version,
                             .last_message_id = t->inbound_id,
                             .planned_ms = clock_now_ms()};
  int64_t id = 0;
  bool fresh = false;
  store_must(outbox_plan(r->setup.store, &row, &id, &fresh, &err), &err);
  store_must(outbox_by_id(r->setup.store, id, a, ret, &err), &err);
  mem_free(action);
}

/* --- what came of it ---------------------------------------------------------------------------
 */

static void write_event(struct road *r, const struct ticket *t, const char *actor, const char *kind,
                        const char *ext_id, const char *data, int64_t at_ms) {
  const struct event e = {.ticket_id = t->id,
                          .kind = kind,
                          .ext_id = ext_id,
                          .actor = actor,
                          .value = strcmp(kind, "msg_out") == 0 ? "answer" : "",
                          .data = data,
                          .at_ms = at_ms,
                          .seen_ms = clock_now_ms()};
  bool fresh = false;
  struct trg_err err = {0};
  store_must(event_add(r->setup.store, &e, &fresh, &err), &err);
}

/* The facts that billing needs, from the vendor's receipts. They have the ids that a later fetch
 * gives the same messages, so each counts once. */
static void write_facts(struct task *k, const struct ticket *t, const struct writing *w) {
  json *action = json_parse(str_of(w->row.action), 0, NULL);
  const bool approved = json_get_str(action, "approved_by").n > 0;
  /* What somebody wrote by hand is no answer of ours, and nothing to charge for. */
  const char *actor = hand_is(w->row.intent) ? "human" : "ai";
  const char *data = approved
                         ? arena_printf(k->arena, "{\"approved_by\":\"person\",\"edited\":%s}",
                                        json_get_bool(action, "edited", false) ? "true" : "false")
                         : "";
  for (const json *one = json_first(w->receipts); one != NULL; one = json_next(one)) {
    const struct trg_str kind = json_get_str(one, "kind"), id = json_get_str(one, "id");
    const char *ext = arena_printf(k->arena, "msg:%.*s", (int)id.n, id.p != NULL ? id.p : "");
    const int64_t at = json_get_int(one, "at", clock_now_ms());
    if (id.n == 0) continue;
    if (str_is(kind, "reply")) write_event(k->road, t, actor, "msg_out", ext, data, at);
    if (str_is(kind, "note")) write_event(k->road, t, actor, "note", ext, "", at);
  }
  json_free(&action);
}

static void outbox_end(struct task *k, const char *state) {
  struct writing *w = k->more;
  char *receipts = json_text(w->receipts);
  struct trg_err err = {0};
  store_must(outbox_set(k->road->setup.store, w->row.id, state, w->code, w->why, receipts,
                        clock_now_ms(), &err),
             &err);
  mem_free(receipts);
}

void follow(struct road *r, const struct ticket *t) {
  advance(r, t->id, t->state, status_final(t->status) ? TICKET_DONE : TICKET_FOLLOWING,
          &(struct advance){0});
  intake_route(r, t->id); /* the customer may have written while the write was under way */
}

static void write_done(struct task *k, const struct ticket *t) {
  struct writing *w = k->more;
  struct road *r = k->road;
  outbox_end(k, "done");
  write_facts(k, t, w);
  if (strcmp(w->row.intent, "reply") == 0) {
    struct draft d;
    struct trg_err err = {0};
    const int rc = draft_newest(r->setup.store, t->id, k->arena, &d, &err);
    if (rc != TRG_ENOTFOUND) store_must(rc, &err);
    if (rc >= 0) store_must(draft_set_state(r->setup.store, d.id, "sent", t->reason, &err), &err);
  }
  log_event(TRG_INFO, "write.done", "ticket", k->ref, "intent", w->row.intent, "attempts",
            log_num(w->row.attempts), NULL);
  follow(r, t);
}

static void write_give_up(struct task *k, const struct ticket *t, const char *outcome,
                          const char *reason) {
  struct road *r = k->road;
  struct trg_err err = {0};
  outbox_end(k, "superseded");
  if (hand_is(((struct writing *)k->more)->row.intent))
    return; /* the ticket's own outcome stands */
  store_must(
      ticket_outcome(r->setup.store, t->id, str_of(outcome), str_of(reason), clock_now_ms(), &err),
      &err);
  store_must(draft_supersede(r->setup.store, t->id, clock_now_ms(), &err), &err);
}

/* What was said publicly after the message that the write answers: by a person (leave it to them),
 * or by the customer (a new pass). NULL: nothing. */
static const char *write_outspoken(struct task *k, const struct ticket *t) {
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(message_list(k->road->setup.store, t->id, k->arena, &m, &n, &err), &err);
  bool newer = false, seen = false;
  for (size_t i = 0; i < n; i++) {
    const bool counts = (m[i].flags & (TRG_MESSAGE_PUBLIC | TRG_MESSAGE_AUTO)) ==
                        TRG_MESSAGE_PUBLIC;
    if (seen && counts && m[i].author == TRG_AUTHOR_AGENT) return "human_answered";
    if (seen && counts && m[i].author == TRG_AUTHOR_CUSTOMER) newer = true;
    if (strcmp(m[i].ext_id, t->inbound_id) == 0) seen = true;
  }
  return newer ? "already_answered" : NULL;
}

/* Why the write has no place any more, after the ticket was read again: it ended, somebody spoke,
 * or somebody solved it without a word. NULL: only fields moved. */
static const char *write_overtaken(struct task *k, const struct ticket *t) {
  const struct writing *w = k->more;
  if (t->status == TRG_STATUS_DELETED) return "deleted";
  if (t->status == TRG_STATUS_MERGED) return "merged";
  if (t->status == TRG_STATUS_CLOSED) return "closed";
  if (hand_is(w->row.intent) && !hand_is_reply(w->row.intent)) return NULL;
  const char *said = write_outspoken(k, t);
  const bool solved = t->status == TRG_STATUS_SOLVED && !hand_is(w->row.intent);
  return said != NULL ? said : solved ? "already_solved" : NULL;
}

static void write_after_reread(struct task *k, const struct ticket *t) {
  struct writing *w = k->more;
  struct road *r = k->road;
  struct trg_err err = {0};
  const char *overtaken = write_overtaken(k, t);
  if (overtaken != NULL) {
    write_give_up(k, t, "skipped", overtaken);
    follow(r, t);
    return;
  }
  /* The same write under a fresh guard. */
  store_must(outbox_guard(r->setup.store, w->row.id, t->version, t->inbound_id, &err), &err);
  outbox_end(k, "planned");
  advance(r, t->id, TICKET_WRITING, TICKET_DECIDED,
          &(struct advance){.due_ms = clock_now_ms() + backoff_ms(r, k->attempts, 0),
                            .attempts = k->attempts + 1,
                            .hold = w->why,
                            .why = "conflict"});
}

static void write_dead(struct task *k, const struct ticket *t) {
  struct writing *w = k->more;
  outbox_end(k, "rejected");
  struct trg_err err = {0};
  if (hand_is(w->row.intent)) { /* its end, not the ticket's */
    log_event(TRG_ERROR, "hand.rejected", "ticket", k->ref, "intent", w->row.intent, "code",
              w->code, "why", w->why, NULL);
    follow(k->road, t);
    return;
  }
  store_must(ticket_outcome(k->road->setup.store, t->id, TRG_STR("failed"), str_of(w->code),
                            clock_now_ms(), &err),
             &err);
  log_event(TRG_ERROR, "ticket.dead", "ticket", k->ref, "stage", "writeback", "code", w->code,
            "why", w->why, NULL);
  advance(k->road, t->id, t->state, TICKET_DEAD,
          &(struct advance){.attempts = k->attempts + 1, .hold = w->why, .why = w->code});
}

static void write_uncertain(struct task *k, const struct ticket *t, int64_t retry_after_ms) {
  struct writing *w = k->more;
  outbox_end(k, "uncertain");
  log_event(TRG_WARN, "write.uncertain", "ticket", k->ref, "code", w->code, "why", w->why, NULL);
  advance(k->road, t->id, TICKET_WRITING, TICKET_UNCERTAIN,
          &(struct advance){.due_ms = clock_now_ms() +
                                      backoff_ms(k->road, k->attempts + 1, retry_after_ms),
                            .attempts = k->attempts + 1,
                            .hold = w->why,
                            .why = "uncertain"});
}

/* A token may stand for another person now. The reply goes to the agent, with its tokens. */
static void write_as_draft(struct task *k, const struct ticket *t) {
  struct trg_err err = {0};
  outbox_end(k, "superseded");
  store_must(ticket_outcome(k->road->setup.store, t->id, TRG_STR("draft"), TRG_STR("text_changed"),
                            clock_now_ms(), &err),
             &err);
  log_event(TRG_WARN, "write.text_changed", "ticket", k->ref, NULL);
  advance(k->road, t->id, TICKET_WRITING, TICKET_DECIDED, &(struct advance){.why = "text_changed"});
}

static void write_again(struct task *k, const struct ticket *t, int64_t retry_after_ms) {
  struct writing *w = k->more;
  outbox_end(k, "planned");
  task_retry(k, t, w->code, w->why, retry_after_ms);
}

/* --- sending -----------------------------------------------------------------------------------
 */

static void write_cleanup(struct task *k) {
  struct writing *w = k->more;
  if (w == NULL) return;
  pii_map_free(&w->map);
  json_free(&w->receipts);
}

static void on_receipt(void *arg, const struct trg_receipt *rc) {
  struct writing *w = ((struct task *)arg)->more;
  json *one = json_object();
  json_put_str(one, "kind", rc->kind);
  json_put_str(one, "id", rc->id);
  json_put_int(one, "at", rc->at_ms);
  json_add(w->receipts, one);
}

/* The ticket as it is now: for the tokens of a reply, or to see what a conflict was about. */
static void on_ticket(void *arg, const struct trg_ticket *ticket) {
  struct task *k = arg;
  struct writing *w = k->more;
  struct trg_err err = {0};
  if (w->rereading) {
    struct intake in = {0};
    if (k->desk == NULL) return;
    const int rc = intake_store(k->desk, ticket, &in, &err);
    if (in.held) return;
    store_must(rc, &err);
    w->reread = true;
    return;
  }
  pii_map_free(&w->map);
  w->map = pii_map_new();
  bool same = false;
  w->mapped = intake_map(k->road, k->ticket_id, ticket, w->map, &same, &err) >= 0;
  w->changed = w->mapped && !same;
  if (!same) pii_map_free(&w->map);
}

static void on_done(void *arg, const struct trg_result *res);
static const struct op_events write_events = {
    .on_ticket = on_ticket, .on_receipt = on_receipt, .on_done = on_done};

static void write_result(struct task *k, const struct ticket *t, const struct trg_result *res) {
  struct writing *w = k->more;
  switch (res->outcome) {
  case TRG_DONE:
    write_done(k, t);
    return;
  case TRG_UNCERTAIN:
    write_uncertain(k, t, res->retry_after_ms);
    return;
  case TRG_RETRY:
  case TRG_CANCELLED:
    write_again(k, t, res->retry_after_ms);
    return;
  default:
    break;
  }
  if (code_is_peer(w->code)) { /* e.g. credentials: the helpdesk waits, not the ticket's fault */
    write_again(k, t, res->retry_after_ms);
    return;
  }
  if (strcmp(w->code, TRG_CODE_CLOSED) == 0 || strcmp(w->code, TRG_CODE_NOT_FOUND) == 0) {
    write_give_up(k, t, "skipped", strcmp(w->code, TRG_CODE_CLOSED) == 0 ? "closed" : "deleted");
    follow(k->road, t);
    return;
  }
  write_dead(k, t);
}

/* The end of a look for an uncertain write. */
static void find_result(struct task *k, const struct ticket *t, const struct trg_result *res) {
  struct writing *w = k->more;
  if (res->outcome == TRG_DONE) {
    write_done(k, t);
    return;
  }
  if (res->outcome == TRG_REJECTED && strcmp(w->code, TRG_CODE_NOT_FOUND) == 0) {
    outbox_end(k, "planned"); /* surely not written: it may be sent again */
    advance(k->road, t->id, TICKET_WRITING, TICKET_DECIDED,
            &(struct advance){.attempts = k->attempts, .why = "not_written"});
    return;
  }
  /* Credentials, a path that moved: the helpdesk's trouble, and the write may have happened. */
  const bool refused = res->outcome == TRG_REJECTED && !code_is_peer(w->code);
  if (refused || (!code_waits(w->code) && (k->attempts + 1) % ATTEMPTS_PEER == 0)) {
    outbox_end(k, "uncertain");
    write_dead(k, t);
    return;
  }
  write_uncertain(k, t, res->retry_after_ms);
}

/* What the end of an op means, by what the op was for. */
static void write_judge(struct task *k, const struct ticket *t, const struct trg_result *res) {
  const struct writing *w = k->more;
  const bool asked = w->action.idem_key.n > 0; /* the write or the look for it was begun */
  if (w->rereading && w->reread)
    write_after_reread(k, t);
  else if (w->finding && !asked)
    write_uncertain(k, t, res->retry_after_ms); /* the read before the look failed */
  else if (w->finding)
    find_result(k, t, res);
  else if (w->rereading || !asked)
    write_again(k, t, res->retry_after_ms); /* the read failed: nothing was written */
  else
    write_result(k, t, res);
}

/* A conflict is looked into, once for each attempt, by reading the ticket again. */
static bool write_rereads(struct task *k, const struct trg_result *res) {
  struct writing *w = k->more;
  if (res->outcome != TRG_REJECTED || strcmp(w->code, TRG_CODE_CONFLICT) != 0) return false;
  if (w->rereading || k->attempts >= CONFLICTS_MAX || k->desk == NULL || k->desk->retired)
    return false;
  w->rereading = true;
  k->op = op_fetch(k->desk->inst, str_of(w->row.ext_id), &write_events, k, WRITE_DEADLINE_MS);
  return true;
}

static void on_done(void *arg, const struct trg_result *res) {
  struct task *k = arg;
  struct writing *w = k->more;
  const int64_t ticket_id = k->ticket_id;
  const struct pace from = pace_begin();
  struct road *r = k->road;
  k->op = 0;
  snprintf(w->code, sizeof w->code, "%.*s", (int)res->code.n,
           res->code.p != NULL ? res->code.p : "");
  snprintf(w->why, sizeof w->why, "%.*s", (int)res->why.n, res->why.p != NULL ? res->why.p : "");
  const bool read_for_tokens = w->mapped && w->action.idem_key.n == 0;
  const bool unsure = w->changed && !w->finding && strcmp(w->row.intent, "reply") == 0;
  if (read_for_tokens && res->outcome == TRG_DONE && !unsure) {
    write_send(k); /* the tokens can be restored now */
    return;
  }
  if (write_rereads(k, res)) return;
  struct ticket t;
  if (task_current(k, &t)) {
    if (read_for_tokens && res->outcome == TRG_DONE)
      write_as_draft(k, &t);
    else
      write_judge(k, &t, res);
  }
  task_end(k);
  pace_add(r, ticket_id, from);
}

static void action_guards(struct writing *w) {
  w->action.ticket_id = str_of(w->row.ext_id);
  w->action.version = str_of(w->row.version);
  w->action.last_message_id = str_of(w->row.last_message_id);
  w->action.idem_key = str_of(w->row.idem_key);
  w->action.attempt_ms = w->row.sent_ms != 0 ? w->row.sent_ms : clock_now_ms();
}

/* After the commit that made "sending" durable. */
static void write_send(void *arg) {
  struct task *k = arg;
  struct writing *w = k->more;
  if (k->desk == NULL || k->desk->retired) {
    on_done(k, &(struct trg_result){.outcome = TRG_RETRY,
                                    .code = TRG_STR("transient"),
                                    .why = TRG_STR("the helpdesk is not in the configuration")});
    return;
  }
  if (!w->mapped && action_needs_map(str_of(w->row.action))) {
    k->op = op_fetch(k->desk->inst, str_of(w->row.ext_id), &write_events, k, WRITE_DEADLINE_MS);
    return;
  }
  /* A look needs the texts too: some vendors keep no marker, and only the words can be compared. */
  struct trg_err err = {0};
  store_must(action_fill(str_of(w->row.action), w->map, k->road->plan->restore, k->arena,
                         &w->action, &err),
             &err);
  action_guards(w);
  k->op = w->finding ? op_find(k->desk->inst, &w->action, &write_events, k, WRITE_DEADLINE_MS)
                     : op_write(k->desk->inst, &w->action, &write_events, k, WRITE_DEADLINE_MS);
}

static void write_begin(struct road *r, const struct stage *st, const struct ticket *t,
                        const struct outbox *row, bool finding) {
  struct task *k = task_start(r, st, t);
  struct writing *w = arena_alloc(k->arena, sizeof *w);
  k->more = w;
  k->cleanup = write_cleanup;
  w->receipts = json_array();
  w->finding = finding;
  struct trg_err err = {0};
  store_must(outbox_set(r->setup.store, row->id, finding ? "uncertain" : "sending", NULL, NULL,
                        NULL, clock_now_ms(), &err),
             &err);
  store_must(outbox_by_id(r->setup.store, row->id, k->arena, &w->row, &err), &err);
  turn_after_commit(r->setup.store, write_send, k);
}

void write_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a) {
  struct outbox row;
  if (!hand_waiting(r, t, a, &row)) write_plan(r, t, a, &row);
  if (strcmp(row.state, "done") == 0) {
    advance(r, t->id, TICKET_DECIDED, TICKET_FOLLOWING,
            &(struct advance){.why = "already_written"});
    return;
  }
  if (strcmp(row.state, "uncertain") == 0 || strcmp(row.state, "sending") == 0) {
    write_begin(r, st, t, &row, true);
    return;
  }
  write_begin(r, st, t, &row, false);
}

/* Which of the ticket's writes is uncertain: the newest that is. */
void reconcile_run(struct road *r, const struct stage *st, const struct ticket *t,
                   struct arena *a) {
  struct outbox *rows = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(outbox_list(r->setup.store, t->id, "uncertain", a, &rows, &n, &err), &err);
  if (n > 0) {
    write_begin(r, st, t, &rows[n - 1], true);
    return;
  }
  /* Nothing was sent: the crash came between the plan and the send. */
  advance(r, t->id, TICKET_UNCERTAIN, TICKET_WRITING, &(struct advance){.attempts = t->attempts});
  advance(r, t->id, TICKET_WRITING, TICKET_DECIDED, &(struct advance){.attempts = t->attempts});
}
