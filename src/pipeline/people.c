/* What people ask of the road: put a dead letter back, approve, reject or edit a draft. */
#include <string.h>

#include "base/diff.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/hand.h"
#include "pipeline/guard.h"
#include "pipeline/stage.h"
#include "store/change.h"
#include "store/feedback.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/verify.h"
#include "store/work.h"

static const char *outcome_of_intent(const char *intent) {
  if (strcmp(intent, "reply") == 0) return "sent";
  if (strcmp(intent, "note") == 0) return "draft";
  if (strcmp(intent, "handoff") == 0) return "handoff";
  return "skipped";
}

#define ALL_BATCH 64

/* A dead letter whose write had been decided goes on from there; what may have been written is
 * looked for first. Everything else begins again with triage. */
static void requeue_ticket(struct road *r, const struct ticket *t, struct arena *a) {
  struct outbox *rows = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(outbox_list(r->setup.store, t->id, NULL, a, &rows, &n, &err), &err);
  const struct outbox *last = n > 0 && rows[n - 1].pass == t->pass ? &rows[n - 1] : NULL;
  if (last == NULL || strcmp(last->state, "done") == 0 || strcmp(last->state, "superseded") == 0) {
    advance(r, t->id, TICKET_DEAD, TICKET_RECEIVED, &(struct advance){.why = "requeue"});
    return;
  }
  if (!hand_is(last->intent))
    store_must(ticket_outcome(r->setup.store, t->id, str_of(outcome_of_intent(last->intent)),
                              TRG_STR("requeued"), clock_now_ms(), &err),
               &err);
  const bool uncertain = strcmp(last->state, "uncertain") == 0;
  advance(r, t->id, TICKET_DEAD, uncertain ? TICKET_UNCERTAIN : TICKET_DECIDED,
          &(struct advance){.why = "requeue"});
}

/* A charge that is held because the judge failed: judged once more. */
static bool rejudge(struct road *r, const struct ticket *t) {
  struct trg_err err = {0};
  if (strcmp(t->bill_state, "held") != 0 || strcmp(t->bill_reason, "verify_failed") != 0 ||
      r->plan->conf->verify.model_count == 0)
    return false;
  store_must(verify_want(r->setup.store, t->id, clock_now_ms(), &err), &err);
  return true;
}

/* After an outage nobody wants to name them one by one. */
static int requeue_all(struct road *r, const char *who, struct trg_err *err) {
  int64_t ids[ALL_BATCH], notices = 0, total = 0;
  size_t n = 0;
  struct trg_err fatal = {0};
  do {
    store_must(ticket_due(r->setup.store, TICKET_DEAD, INT64_MAX, ALL_BATCH, ids, &n, &fatal),
               &fatal);
    for (size_t i = 0; i < n; i++) {
      struct arena *a = arena_new();
      struct ticket t = {0};
      store_must(ticket_by_id(r->setup.store, ids[i], a, &t, &fatal), &fatal);
      requeue_ticket(r, &t, a);
      arena_free(&a);
    }
    total += (int64_t)n;
  } while (n == ALL_BATCH);
  for (size_t i = 0; i < r->plan->conf->helpdesk_count; i++) {
    const struct trg_str desk = str_of(r->plan->conf->helpdesks[i].name);
    store_must(inbox_requeue(r->setup.store, desk, TRG_STR(""), clock_now_ms(), &notices, &fatal),
               &fatal);
    total += notices;
  }
  if (total == 0) return err_set(err, TRG_ENOTFOUND, "none", "there are no dead letters");
  store_must(audit_add(r->setup.store, who, "requeue", "all", "", clock_now_ms(), &fatal), &fatal);
  road_kick(r);
  return 0;
}

int road_requeue(struct road *r, struct trg_str ref, const char *who, struct trg_err *err) {
  if (str_is(ref, "all")) return requeue_all(r, who, err);
  struct arena *a = arena_new();
  struct ticket t = {0};
  int rc = ticket_by_ref(r->setup.store, ref, a, &t, err);
  int64_t notices = 0;
  const char *slash = memchr(ref.p, '/', ref.n);
  if (slash != NULL) {
    const struct trg_str desk = {ref.p, (size_t)(slash - ref.p)};
    const struct trg_str ext = {slash + 1, ref.n - desk.n - 1};
    struct trg_err fatal = {0};
    store_must(inbox_requeue(r->setup.store, desk, ext, clock_now_ms(), &notices, &fatal), &fatal);
  }
  const bool judged = rc >= 0 && t.state != TICKET_DEAD && rejudge(r, &t);
  if (rc >= 0 && t.state == TICKET_DEAD)
    requeue_ticket(r, &t, a);
  else if (judged)
    rc = 0;
  else if (rc >= 0 && notices == 0)
    rc = err_set(err, TRG_ESTATE, "state", "%.*s is no dead letter: it is %s", (int)ref.n, ref.p,
                 ticket_state_word(t.state));
  else if (notices > 0)
    rc = 0;
  if (rc >= 0) {
    struct trg_err fatal = {0};
    store_must(
        audit_add(r->setup.store, who, "requeue", arena_dup(a, ref), "", clock_now_ms(), &fatal),
        &fatal);
    road_kick(r);
  }
  arena_free(&a);
  return rc;
}

/* What came of a draft is kept as a signal: by it models and skills are compared. */
static void review_signal(struct road *r, const struct draft *d, const char *kind, const char *who,
                          struct arena *a) {
  const bool edited = d->edited != NULL && d->edited[0] != '\0';
  double distance = strcmp(kind, "rejected") == 0 ? -1 : 0;
  if (edited)
    distance = diff_distance(guard_uncited(str_of(d->body), a),
                             guard_uncited(str_of(d->edited), a));
  struct trg_err err = {0};
  store_must(feedback_add(r->setup.store, d->id, kind, who, distance, clock_now_ms(), &err), &err);
}

/* Where a template wants two people for a reply that names money: 1 when this is the second, or
 * none is wanted; 0 when another must approve it too. Who edited it is one of them. */
static int second_person(struct road *r, const struct ticket *t, const struct draft *d,
                         const char *who, struct trg_err *err) {
  const bool edited = d->edited != NULL && d->edited[0] != '\0';
  const struct trg_str text = str_of(edited ? d->edited : d->body);
  if (!r->plan->two_money || !guard_names_money(text)) return 1;
  char hash[HASH_HEX_MAX];
  int64_t people = 0;
  bool again = false;
  struct trg_err fatal = {0};
  hash_hex(text, hash);
  store_must(approval_add(r->setup.store, d->id, hash, who, edited ? d->reviewer : "",
                          clock_now_ms(), &people, &again, &fatal),
             &fatal);
  if (people >= 2) return 1;
  if (again && !edited)
    return err_set(err, TRG_ESTATE, "two_people",
                   "%s approved the reply on %s already; it names money, so another person must "
                   "approve it too",
                   who, t->ref);
  return 0;
}

/* Two people may have the same draft open: the later one does not undo the other unseen. */
static int edit_apply(struct road *r, const struct ticket *t, const struct draft *d,
                      const struct review *v, struct arena *a, struct trg_err *err) {
  char hash[HASH_HEX_MAX];
  struct trg_err fatal = {0};
  const bool edited = d->edited != NULL && d->edited[0] != '\0';
  if (str_trim(v->text).n == 0)
    return err_set(err, TRG_EINVAL, "usage", "the edited reply is empty");
  hash_hex(str_of(edited ? d->edited : d->body), hash);
  if (v->was.n > 0 && !str_is(v->was, hash))
    return err_set(err, TRG_ESTATE, "changed",
                   "%s edited the draft of %s meanwhile; look at it and edit again",
                   edited ? d->reviewer : "somebody", t->ref);
  store_must(draft_review(r->setup.store, d->id, "waiting", v->who, arena_dup(a, v->text), "",
                          clock_now_ms(), &fatal),
             &fatal);
  return 0;
}

static int review_apply(struct road *r, const struct review *v, const struct ticket *t,
                        const struct draft *d, struct arena *a, struct trg_err *err) {
  const int64_t now = clock_now_ms();
  const char *verb = v->verb, *who = v->who;
  struct trg_err fatal = {0};
  if (strcmp(verb, "edit") == 0) return edit_apply(r, t, d, v, a, err);
  if (strcmp(verb, "reject") == 0) {
    store_must(draft_review(r->setup.store, d->id, "rejected", who, d->edited,
                            arena_dup(a, v->text), now, &fatal),
               &fatal);
    store_must(
        ticket_outcome(r->setup.store, t->id, TRG_STR("handoff"), TRG_STR("rejected"), now, &fatal),
        &fatal);
    review_signal(r, d, "rejected", who, a);
    return 0;
  }
  if (strcmp(verb, "approve") != 0)
    return err_set(err, TRG_EINVAL, "usage", "review knows approve, reject and edit, not %s", verb);
  if (t->state != TICKET_FOLLOWING)
    return err_set(err, TRG_ESTATE, "state",
                   "%s is %s: its draft can be approved when it is following", t->ref,
                   ticket_state_word(t->state));
  if ((t->flags & TRG_TICKET_NOTE_ONLY) != 0)
    return err_set(
        err, TRG_ESTATE, "note_only",
        "%s came by a channel that takes no public reply here: answer it in the helpdesk", t->ref);
  const bool edited = d->edited != NULL && d->edited[0] != '\0';
  const int people = second_person(r, t, d, who, err);
  if (people <= 0) return people < 0 ? people : ROAD_REVIEW_WAITS;
  store_must(draft_review(r->setup.store, d->id, edited ? "edited" : "approved", who, d->edited, "",
                          now, &fatal),
             &fatal);
  store_must(
      ticket_outcome(r->setup.store, t->id, TRG_STR("sent"), TRG_STR("approved"), now, &fatal),
      &fatal);
  review_signal(r, d, edited ? "edited" : "approved", who, a);
  advance(r, t->id, TICKET_FOLLOWING, TICKET_DECIDED, &(struct advance){.why = "approved"});
  return 0;
}

int road_review(struct road *r, const struct review *v, struct trg_err *err) {
  struct arena *a = arena_new();
  struct ticket t = {0};
  struct draft d = {.state = ""};
  int rc = ticket_by_ref(r->setup.store, v->ref, a, &t, err);
  if (rc >= 0 && wish_review_wanted(r, &t, v->verb, v->call)) {
    rc = wish_review(r, &t, v->verb, v->call, v->who, v->text, a, err);
    arena_free(&a);
    return rc;
  }
  if (rc >= 0) rc = draft_newest(r->setup.store, t.id, a, &d, err);
  if (rc == TRG_ENOTFOUND)
    rc = err_set(err, rc, "not_found",
                 "%.*s has no draft; `triagectl review` lists those that wait", (int)v->ref.n,
                 v->ref.p);
  if (rc >= 0 && strcmp(d.state, "waiting") != 0)
    rc = err_set(err, TRG_ESTATE, "state", "the draft of %s does not wait for a person: it is %s",
                 t.ref, d.state);
  if (rc >= 0) rc = hand_private(v->text, err);
  if (rc >= 0) rc = review_apply(r, v, &t, &d, a, err);
  if (rc >= 0) {
    struct trg_err fatal = {0};
    store_must(audit_add(r->setup.store, v->who, arena_printf(a, "review %s", v->verb), t.ref,
                         arena_dup(a, strcmp(v->verb, "edit") == 0 ? TRG_STR("") : v->text),
                         clock_now_ms(), &fatal),
               &fatal);
    log_event(TRG_INFO, "draft.reviewed", "ticket", t.ref, "verb", v->verb, "who", v->who, NULL);
  }
  arena_free(&a);
  return rc;
}
