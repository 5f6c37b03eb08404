/* Calls of tools that change something: asked of a person where policy says so, made once. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "pipeline/lookup_inner.h"

static const char unsure_text[] =
    "it is not known whether this was done: say neither that it was nor that it was not; a person "
    "looks into it";

static struct store *store_of(const struct lookup *l) {
  return l->task->road->setup.store;
}

void wish_ended(struct lookup *l, struct looking *k, const char *state, const char *told) {
  struct trg_err err = {0};
  store_must(tool_wish_end(store_of(l), k->wish_id, state, told, clock_now_ms(), &err), &err);
  log_event(strcmp(state, "uncertain") == 0 ? TRG_WARN : TRG_INFO, "tool.wish", "ticket",
            l->task->ref, "call", log_num(k->wish_id), "tool", k->tool->name, "state", state, NULL);
  k->wish_id = 0;
}

/* What the model is told of a wish that is not run now; and what follows for the draft. */
static void wish_tell(struct lookup *l, const struct tool_wish *w) {
  char when[TIME_RFC3339_MAX];
  if (strcmp(w->state, "waiting") == 0) {
    if (l->held_ms == 0 || w->due_ms < l->held_ms) l->held_ms = w->due_ms;
    l->held_tool = w->tool;
  } else if (strcmp(w->state, "denied") == 0) {
    l->denied = true;
    call_told(l, w->tool, w->arguments, "denied",
              arena_printf(l->arena, "not done: a person said no%s%s",
                           w->why[0] != '\0' ? ": " : "", w->why));
  } else if (strcmp(w->state, "expired") == 0) {
    l->expired = true;
    call_told(l, w->tool, w->arguments, "expired", "not done: nobody approved it in time");
  } else if (strcmp(w->state, "uncertain") == 0 || strcmp(w->state, "running") == 0) {
    l->unsure = true;
    call_told(l, w->tool, w->arguments, "uncertain", unsure_text);
  } else if (strcmp(w->state, "done") == 0) {
    call_told(l, w->tool, w->arguments, "repeated",
              arena_printf(l->arena, "done before, on %s, and not repeated: %s",
                           time_format(w->ended_ms, when), w->result));
  } else if (strcmp(w->state, "failed") == 0) {
    call_told(l, w->tool, w->arguments, "failed", w->result);
  }
}

/* A person is not asked about what could not be sent anyway. */
static bool arguments_fit(const struct known *t, const char *arguments, struct trg_err *err) {
  json *o = json_parse(str_of(arguments), 0, NULL);
  const int rc = mcp_client_check(t->client, t->tool, o, err);
  json_free(&o);
  return rc >= 0;
}

/* Is it being made in this very step? Models ask for the same twice. */
static bool is_under_way(const struct lookup *l, int64_t wish_id) {
  for (size_t i = 0; i < LOOKUP_CALLS; i++)
    if (l->calls[i].wish_id == wish_id) return true;
  return false;
}

void wish_make(struct lookup *l, struct looking *k, const struct known *t, const char *arguments) {
  struct trg_err err = {0};
  char hex[HASH_HEX_MAX];
  struct tool_wish w;
  int64_t id = 0;
  const int64_t now = clock_now_ms();
  if (!arguments_fit(t, arguments, &err)) {
    call_refused(l, t->name, arguments, "invalid", arena_dup(l->arena, str_of(err.text)));
    call_ended(l);
    return;
  }
  const struct tool_wish wish = {.ticket_id = l->task->ticket_id,
                                 .pass = l->task->pass,
                                 .tool = t->name,
                                 .arguments = arguments,
                                 .arguments_hash = hash_hex(str_of(arguments), hex),
                                 .state = t->rule->asks ? "waiting" : "approved",
                                 .who = t->rule->asks ? "" : "policy",
                                 .made_ms = now,
                                 .due_ms = now + l->task->road->plan->conf->policy.approval_ms,
                                 .decided_ms = t->rule->asks ? 0 : now};
  store_must(tool_wish_add(store_of(l), &wish, &id, &err), &err);
  store_must(tool_wish_by_id(store_of(l), id, l->arena, &w, &err), &err);
  if (is_under_way(l, id)) {
    call_told(l, w.tool, w.arguments, "repeated", "asked for twice at once: it is made once");
    call_ended(l);
    return;
  }
  if (strcmp(w.state, "approved") == 0) {
    call_make(l, k, t, w.arguments, id);
    return;
  }
  if (w.made_ms == now && strcmp(w.state, "waiting") == 0)
    log_event(TRG_INFO, "tool.wish", "ticket", l->task->ref, "call", log_num(id), "tool", t->name,
              "state", "waiting", "hint", "triagectl review", NULL);
  wish_tell(l, &w);
  call_ended(l);
}

/* --- a draft that goes on ------------------------------------------------------------------ */

/* Time's word on what waits: it was too long, or the customer wrote again. */
static void overdue(struct lookup *l, struct tool_wish *w) {
  const bool old = w->pass != l->task->pass;
  struct trg_err err = {0};
  if (strcmp(w->state, "waiting") != 0 || (!old && w->due_ms > clock_now_ms())) return;
  store_must(tool_wish_decide(store_of(l), w->id, "expired", "",
                              old ? "the customer wrote again" : "nobody decided in time",
                              clock_now_ms(), &err),
             &err);
  w->state = "expired";
}

/* A server that is away may come back; one that is there and has no such tool, or may not be used
 * for it any more, will not. */
static bool may_come_back(const struct lookup *l, const char *tool) {
  for (size_t i = 0; i < l->remotes->count; i++) {
    const char *name = l->remotes->servers[i]->name;
    const size_t n = strlen(name);
    if (strncmp(tool, name, n) == 0 && tool[n] == '.')
      return mcp_client_version(l->remotes->clients[i])[0] == '\0';
  }
  return false;
}

static void approved_lost(struct lookup *l, const struct tool_wish *w) {
  struct trg_err err = {0};
  if (may_come_back(l, w->tool)) {
    l->retry = arena_printf(l->arena, "%s was approved, and its server is not there", w->tool);
    return;
  }
  store_must(tool_wish_end(store_of(l), w->id, "failed", "not done: the tool is not there any more",
                           clock_now_ms(), &err),
             &err);
  call_told(l, w->tool, w->arguments, "failed", "not done: the tool is not there any more");
  l->expired = true; /* a person decided on it, and must see that it was not done */
}

/* Approved calls are made before the model is asked again; as many at once as in a step. */
static size_t approved_run(struct lookup *l, const struct tool_wish *w, size_t n) {
  size_t at = 0;
  for (size_t i = 0; i < n && at < LOOKUP_CALLS; i++) {
    if (w[i].pass != l->task->pass || strcmp(w[i].state, "approved") != 0) continue;
    const struct known *t = tool_find(l, str_of(w[i].tool));
    if (t != NULL && !t->reads)
      call_make(l, &l->calls[at++], t, w[i].arguments, w[i].id);
    else
      approved_lost(l, &w[i]);
  }
  return at;
}

void wishes_go(struct lookup *l) {
  struct tool_wish *w = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(tool_wish_list(store_of(l), l->task->ticket_id, l->arena, &w, &n, &err), &err);
  for (size_t i = 0; i < n; i++) overdue(l, &w[i]);
  l->waiting = approved_run(l, w, n);
  l->resuming = l->waiting > 0;
  if (l->resuming) return;
  for (size_t i = 0; i < n; i++) {
    const bool ran = strcmp(w[i].state, "done") == 0 || strcmp(w[i].state, "failed") == 0;
    if (w[i].pass != l->task->pass || ran) continue; /* what ran is among the calls */
    wish_tell(l, &w[i]);
    l->step++;
  }
  lookup_go_on(l);
}
