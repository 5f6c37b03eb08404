/* A person's word on calls of tools that change something. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "pipeline/hand.h"
#include "pipeline/stage.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/tool_wish.h"

struct open {
  struct tool_wish *rows;
  size_t count; /* that wait, in this pass */
};

static void open_read(struct road *r, const struct ticket *t, struct arena *a, struct open *ret) {
  struct tool_wish *w = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(tool_wish_list(r->setup.store, t->id, a, &w, &n, &err), &err);
  *ret = (struct open){.rows = w};
  for (size_t i = 0; i < n; i++)
    if (w[i].pass == t->pass && strcmp(w[i].state, "waiting") == 0) w[ret->count++] = w[i];
}

bool wish_review_wanted(struct road *r, const struct ticket *t, const char *verb, int64_t call) {
  struct arena *a = arena_new();
  struct open o;
  open_read(r, t, a, &o);
  const bool waits = t->state == TICKET_ADMITTED && o.count > 0;
  arena_free(&a);
  return call != 0 || (waits && strcmp(verb, "edit") != 0);
}

static int which(const struct ticket *t, const struct open *o, int64_t call,
                 const struct tool_wish **ret, struct trg_err *err) {
  char all[200] = "";
  size_t n = 0;
  for (size_t i = 0; i < o->count; i++) {
    if (o->rows[i].id == call || (call == 0 && o->count == 1)) {
      *ret = &o->rows[i];
      return 0;
    }
    if (n < sizeof all)
      n += (size_t)snprintf(all + n, sizeof all - n, "%s%lld (%s)", i == 0 ? "" : ", ",
                            (long long)o->rows[i].id, o->rows[i].tool);
  }
  if (o->count == 0)
    return err_set(err, TRG_ENOTFOUND, "not_found", "no tool's call of %s waits for a person",
                   t->ref);
  if (call == 0)
    return err_set(err, TRG_EINVAL, "usage", "%s waits for %zu calls; say which with --call: %s",
                   t->ref, o->count, all);
  return err_set(err, TRG_ENOTFOUND, "not_found", "%s does not wait for call %lld; it waits for %s",
                 t->ref, (long long)call, all);
}

/* What the audit log keeps: no text of a customer. */
static const char *detail_of(const struct tool_wish *w, struct trg_str why, struct arena *a) {
  struct buf b;
  buf_init(&b, 1 << 16);
  buf_printf(&b, "{\"call\":%lld,\"tool\":", (long long)w->id);
  buf_json(&b, str_of(w->tool));
  buf_printf(&b, ",\"arguments_sha256\":\"%s\",\"why\":", w->arguments_hash);
  buf_json(&b, why);
  buf_char(&b, '}');
  const char *text = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return text;
}

/* Where a template wants two people for a call: 1 when this is the second, or none is wanted, with
 * *ret_who as it is kept; 0 when another must approve it too. */
static int second_yes(struct road *r, const struct ticket *t, const struct tool_wish *w,
                      const char **who, struct arena *a, struct trg_err *err) {
  struct trg_err fatal = {0};
  if (!r->plan->two_tools) return 1;
  if (strcmp(w->who, *who) == 0)
    return err_set(err, TRG_ESTATE, "two_people",
                   "%s approved call %lld of %s already; another person must approve it too", *who,
                   (long long)w->id, t->ref);
  if (w->who[0] == '\0') {
    store_must(tool_wish_first(r->setup.store, w->id, *who, &fatal), &fatal);
    return 0;
  }
  *who = arena_printf(a, "%s, %s", w->who, *who);
  return 1;
}

/* The call that is meant, and that it can be decided on now. */
static int wish_open(const struct ticket *t, const struct open *o, int64_t call, struct trg_str why,
                     const struct tool_wish **ret, struct trg_err *err) {
  const int rc = which(t, o, call, ret, err);
  if (rc < 0) return rc;
  BUG_UNLESS(*ret != NULL);
  if (t->state != TICKET_ADMITTED)
    return err_set(err, TRG_ESTATE, "state", "%s is %s: its call can be decided while it waits",
                   t->ref, ticket_state_word(t->state));
  if ((*ret)->due_ms <= clock_now_ms())
    return err_set(err, TRG_ESTATE, "expired", "call %lld of %s was not decided in time",
                   (long long)(*ret)->id, t->ref);
  return hand_private(why, err);
}

int wish_review(struct road *r, const struct ticket *t, const char *verb, int64_t call,
                const char *who, struct trg_str why, struct arena *a, struct trg_err *err) {
  const struct tool_wish *w = NULL;
  struct open o;
  struct trg_err fatal = {0};
  const int64_t now = clock_now_ms();
  const bool yes = strcmp(verb, "approve") == 0;
  if (!yes && strcmp(verb, "reject") != 0)
    return err_set(err, TRG_EINVAL, "usage", "a tool's call can be approved or rejected");
  open_read(r, t, a, &o);
  const int rc = wish_open(t, &o, call, why, &w, err);
  if (rc < 0) return rc;
  const char *both = who;
  const int people = yes ? second_yes(r, t, w, &both, a, err) : 1;
  if (people < 0) return people;
  if (people > 0)
    store_must(tool_wish_decide(r->setup.store, w->id, yes ? "approved" : "denied", both,
                                arena_dup(a, why), now, &fatal),
               &fatal);
  store_must(audit_add(r->setup.store, who, yes ? "tool approve" : "tool reject", t->ref,
                       detail_of(w, why, a), now, &fatal),
             &fatal);
  log_event(TRG_INFO, "tool.reviewed", "ticket", t->ref, "call", log_num(w->id), "tool", w->tool,
            "verb", verb, "who", who, NULL);
  if (people == 0) return ROAD_REVIEW_WAITS;
  if (o.count > 1) return 0; /* the others are waited for */
  const struct ticket_step now_due = {.attempts = t->attempts, .hold_reason = TRG_STR("")};
  store_must(ticket_wait(r->setup.store, t->id, &now_due, now, &fatal), &fatal);
  road_kick(r);
  return 0;
}
