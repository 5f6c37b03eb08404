#include "admin/control_change.h"

#include <string.h>

#include "admin/core.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "store/change.h"
#include "store/store.h"
#include "store/talk.h"

#define DAY_MS INT64_C(86400000)

struct change_request {
  struct core *core;
  const json *q;
  json *answer;
  struct arena *a;
  const char *who, *why;
  int64_t now_ms;
};

/* The change that is named, else the one in force. */
static int change_meant(const struct change_request *b, struct change *ret, struct trg_err *err) {
  const struct trg_str hash = json_get_str(b->q, "hash");
  return hash.n > 0 ? change_get(b->core->store, hash, b->a, ret, err)
                    : change_now(b->core->store, b->a, ret, err);
}

static int ask_for(const struct change_request *b, struct trg_err *err) {
  struct change c;
  const int rc = change_meant(b, &c, err);
  if (rc < 0) return rc;
  if (c.approved_ms != 0)
    return err_set(err, TRG_ESTATE, "state", "rules %.12s are approved already, by %s", c.hash,
                   c.approved_by);
  json_put_text(b->answer, "hash", c.hash);
  return change_request(b->core->store, c.hash, b->who, b->why, b->now_ms, err);
}

static int approve(const struct change_request *b, struct trg_err *err) {
  struct change c;
  const bool emergency = json_get_bool(b->q, "emergency", false);
  const int rc = change_meant(b, &c, err);
  if (rc < 0) return rc;
  if (change_is_approved(&c))
    return err_set(err, TRG_ESTATE, "state", "rules %.12s are approved already, by %s", c.hash,
                   c.approved_by);
  if (c.requested_ms == 0)
    return err_set(err, TRG_ESTATE, "state",
                   "nobody asked for rules %.12s yet: `triagectl change request --why ...` says "
                   "what changed and how it was tested",
                   c.hash);
  const bool same = strcmp(c.requested_by, b->who) == 0 ||
                    (c.emergency && strcmp(c.approved_by, b->who) == 0);
  if (same && !emergency)
    return err_set(err, TRG_ESTATE, "two_people",
                   "%s asked for this change and so cannot approve it: another person must, or "
                   "--emergency, which is to be reviewed",
                   b->who);
  json_put_text(b->answer, "hash", c.hash);
  json_put_bool(b->answer, "emergency", emergency);
  return change_approve(b->core->store, c.hash, b->who, b->why, emergency && same, b->now_ms, err);
}

static int confirm(const struct change_request *b, struct trg_err *err) {
  const int64_t days = json_get_int(b->q, "days", 365);
  const struct confirmation c = {.control = arena_dup(b->a, json_get_str(b->q, "control")),
                                 .who = b->who,
                                 .text = b->why,
                                 .at_ms = b->now_ms,
                                 .until_ms = b->now_ms + days * DAY_MS};
  json_put_text(b->answer, "control", c.control);
  json_put_time(b->answer, "until", c.until_ms / 1000 * 1000);
  return confirmation_add(b->core->store, &c, err);
}

static const struct {
  const char *what;
  int (*fn)(const struct change_request *b, struct trg_err *err);
} requests[] = {{"change request", ask_for}, {"change approve", approve}, {"confirm", confirm}};
#define REQUESTS (sizeof requests / sizeof requests[0])

bool control_changes(struct trg_str what) {
  for (size_t i = 0; i < REQUESTS; i++)
    if (str_is(what, requests[i].what)) return true;
  return false;
}

int control_change(struct core *c, struct trg_str what, const json *request, json *answer,
                   struct arena *a, struct trg_err *err) {
  const struct change_request b = {.core = c,
                                   .q = request,
                                   .answer = answer,
                                   .a = a,
                                   .who = arena_dup(a, json_get_str(request, "who")),
                                   .why = arena_dup(a, str_trim(json_get_str(request, "why"))),
                                   .now_ms = clock_now_ms()};
  if (b.why[0] == '\0') return err_set(err, TRG_EINVAL, "usage", "--why is empty: say why");
  int rc = TRG_EINVAL;
  for (size_t i = 0; i < REQUESTS; i++)
    if (str_is(what, requests[i].what)) rc = requests[i].fn(&b, err);
  struct trg_err fatal = {0};
  if (rc >= 0) {
    const struct trg_str object = json_get_str(answer, "hash");
    store_must(audit_add(c->store, b.who, arena_dup(a, what),
                         arena_dup(a, object.n > 0 ? object : json_get_str(answer, "control")),
                         b.why, b.now_ms, &fatal),
               &fatal);
  } else if (rc != TRG_ENOTFOUND && rc != TRG_EINVAL && rc != TRG_ESTATE) {
    store_must(rc, err);
  }
  return rc;
}

bool control_change_fine(struct core *c, struct arena *a, struct trg_err *err) {
  struct change now = {0};
  struct trg_err fatal = {0};
  if (!c->plan->two_changes) return true;
  store_must(change_now(c->store, a, &now, &fatal), &fatal);
  if (change_is_approved(&now)) return true;
  (void)err_set(err, TRG_ESTATE, "change_unapproved",
                "the rules in force (%.12s) are not approved by two people: `triagectl change`",
                now.hash);
  return false;
}
