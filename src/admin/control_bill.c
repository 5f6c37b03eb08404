#include "admin/control_bill.h"

#include "admin/control_change.h"
#include "admin/core.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/book.h"
#include "billing/book_price.h"
#include "billing/dispute.h"
#include "billing/period.h"
#include "pipeline/stage.h"
#include "store/report.h"
#include "store/talk.h"
#include "store/turn.h"

#define DAY_MS INT64_C(86400000)

struct billing_request {
  struct core *core;
  const json *q;
  json *answer;
  struct arena *a;
  struct dispute_actor who;
};

static const char *text_of(const struct billing_request *b, const char *key) {
  return arena_dup(b->a, json_get_str(b->q, key));
}

static int close_period(struct billing_request *b, struct trg_err *err) {
  struct period_closed done;
  if (!control_change_fine(b->core, b->a, err)) return TRG_ESTATE;
  const int rc = period_close(b->core->store, b->core->plan->book, text_of(b, "period"),
                              b->who.signed_as, clock_now_ms(), &done, err);
  if (rc < 0) return rc;
  json_put_text(b->answer, "period", text_of(b, "period"));
  json_put_int(b->answer, "entries", done.lines);
  json_put_micros(b->answer, "total", done.amount_micros);
  json_put_int(b->answer, "settled", done.settled);
  return 0;
}

static int open_dispute(struct billing_request *b, struct trg_err *err) {
  const int64_t now = clock_now_ms(),
                deadline = now + json_get_int(b->q, "deadline_ms", DISPUTE_DAYS * DAY_MS);
  int64_t id = 0;
  const int rc = dispute_open(b->core->store, &b->who, json_get_str(b->q, "ref"),
                              json_get_int(b->q, "entry", 0), text_of(b, "reason"), deadline, now,
                              &id, err);
  if (rc < 0) return rc;
  json_put_int(b->answer, "dispute", id);
  json_put_time(b->answer, "deadline", deadline / 1000 * 1000);
  return 0;
}

static int add_evidence(struct billing_request *b, struct trg_err *err) {
  return dispute_evidence(b->core->store, &b->who, json_get_int(b->q, "dispute", 0),
                          text_of(b, "reason"), clock_now_ms(), err);
}

static int decide_dispute(struct billing_request *b, struct trg_err *err) {
  struct dispute_decided done;
  const int rc = dispute_decide(b->core->store, b->core->plan->book, &b->who,
                                json_get_int(b->q, "dispute", 0), text_of(b, "verdict"),
                                text_of(b, "reason"), clock_now_ms(), &done, err);
  if (rc < 0) return rc;
  json_put_int(b->answer, "entry", done.line);
  json_put_micros(b->answer, "amount", done.amount_micros);
  return 0;
}

/* Somebody outside says that an outcome came true. */
static int add_proof(struct billing_request *b, struct trg_err *err) {
  struct store *s = b->core->store;
  const char *outcome = text_of(b, "outcome"), *ref = text_of(b, "ref");
  const int64_t now = clock_now_ms();
  struct ticket t;
  bool fresh = false;
  int rc = ticket_by_ref(s, str_of(ref), b->a, &t, err);
  if (rc == 0 && !book_proves(b->core->plan->book, outcome))
    rc = err_set(err, TRG_EINVAL, "outcome",
                 "no outcome \"%.40s\" of the price book %s asks for a proof", outcome,
                 book_name(b->core->plan->book));
  const struct event e = {.ticket_id = t.id,
                          .kind = "proof",
                          .ext_id = arena_printf(b->a, "proof:%s", outcome),
                          .actor = arena_printf(b->a, "person:%s", b->who.signed_as),
                          .value = outcome,
                          .data = "",
                          .at_ms = now,
                          .seen_ms = now};
  if (rc == 0) rc = event_add(s, &e, &fresh, err);
  if (rc == 0 && !fresh)
    rc = err_set(err, TRG_ESTATE, "known", "%s of %s is proved already", outcome, ref);
  if (rc == 0) rc = audit_add(s, b->who.signed_as, "proof", ref, text_of(b, "reason"), now, err);
  if (rc == 0) road_kick(b->core->road);
  return rc;
}

/* One day of the report's roll-ups; the next request names it. After the last one, how many rows
 * there are of a kind. */
static int rebuild_day(struct billing_request *b, struct trg_err *err) {
  struct store *s = b->core->store;
  const int64_t now = clock_now_ms(), after = json_get_int(b->q, "after", -1);
  int64_t day = after;
  int rc = report_day_next(s, after, &day, err);
  const bool more = rc == 0;
  if (more) rc = report_day_rebuild(s, day, err);
  if (more && rc == 0 && after < 0)
    rc = audit_add(s, b->who.signed_as, "ledger rebuild", "report", "", now, err);
  if (rc == TRG_ENOTFOUND) rc = report_depth_rebuild(s, err);
  if (rc != 0) return rc;
  json_put_bool(b->answer, "rebuilt", more);
  json_put_int(b->answer, "day", day);
  json_put_int(b->answer, "today", now / DAY_MS);
  return 0;
}

static const struct {
  const char *what;
  int (*fn)(struct billing_request *b, struct trg_err *err);
} requests[] = {{"period close", close_period},     {"proof", add_proof},
                {"ledger rebuild", rebuild_day},    {"dispute open", open_dispute},
                {"dispute evidence", add_evidence}, {"dispute decide", decide_dispute}};
#define REQUESTS (sizeof requests / sizeof requests[0])

bool control_bills(struct trg_str what) {
  for (size_t i = 0; i < REQUESTS; i++)
    if (str_is(what, requests[i].what)) return true;
  return false;
}

int control_bill(struct core *c, struct trg_str what, const json *request, json *answer,
                 struct arena *a, struct trg_err *err) {
  struct billing_request b = {.core = c, .q = request, .answer = answer, .a = a};
  struct trg_err fatal = {0};
  const char *user = text_of(&b, "who"), *as = text_of(&b, "as");
  const bool named = as[0] != '\0' && !str_eq(str_of(as), str_of(user));
  b.who.name = as[0] != '\0' ? as : user;
  b.who.signed_as = named ? arena_printf(a, "%s (by %s)", as, user) : b.who.name;
  int rc = TRG_EINVAL;
  store_must(turn_write(c->store, &fatal), &fatal);
  store_must(turn_save(c->store, &fatal), &fatal);
  for (size_t i = 0; i < REQUESTS; i++)
    if (str_is(what, requests[i].what)) rc = requests[i].fn(&b, err);
  const bool refused = rc == TRG_ENOTFOUND || rc == TRG_EINVAL || rc == TRG_ESTATE;
  if (rc < 0 && !refused) store_must(rc, err);
  store_must(rc < 0 ? turn_undo(c->store, &fatal) : turn_keep(c->store, &fatal), &fatal);
  return rc;
}
