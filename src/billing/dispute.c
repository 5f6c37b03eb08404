#include "billing/dispute.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/book.h"
#include "billing/settle.h"
#include "billing/settle_inner.h"
#include "store/dispute.h"
#include "store/store.h"
#include "store/talk.h"

/* --- the records ------------------------------------------------------------------------------ */

/* The ticket's own history tells of it too. */
static int tell_ticket(struct store *s, const struct ledger_line *l, const struct dispute_step *d,
                       struct arena *a, struct trg_err *err) {
  bool fresh = false;
  if (l->ticket_id == 0) return 0;
  const struct event e = {.ticket_id = l->ticket_id,
                          .kind = "dispute",
                          .ext_id = "",
                          .actor = arena_printf(a, "person:%s", d->who),
                          .value = d->step,
                          .data = arena_printf(a, "{\"dispute\":%" PRId64 ",\"entry\":%" PRId64 "}",
                                               d->dispute, l->seq),
                          .at_ms = d->at_ms,
                          .seen_ms = d->at_ms};
  return event_add(s, &e, &fresh, err);
}

static int step_add(struct store *s, const struct ledger_line *l, struct dispute_step *d,
                    struct trg_err *err) {
  struct arena *a = arena_new();
  int rc = dispute_add(s, d, &d->dispute, err);
  if (rc == 0) rc = tell_ticket(s, l, d, a, err);
  if (rc == 0)
    rc = audit_add(s, d->who, arena_printf(a, "dispute %s", d->step),
                   arena_printf(a, "dispute %" PRId64 ", entry %" PRId64 "%s%s", d->dispute, l->seq,
                                l->ref[0] != '\0' ? ", " : "", l->ref),
                   d->reason, d->at_ms, err);
  arena_free(&a);
  return rc;
}

static int need_reason(const char *reason, struct trg_err *err) {
  if (str_trim(str_of(reason)).n > 0) return 0;
  return err_set(err, TRG_EINVAL, "usage", "a dispute's step needs a reason in words");
}

/* --- opening ---------------------------------------------------------------------------------- */

static int charge_of_ticket(struct store *s, struct trg_str ref, struct arena *a,
                            struct ledger_line *ret, struct trg_err *err) {
  struct ticket t;
  struct lines l;
  int rc = ticket_by_ref(s, ref, a, &t, err);
  if (rc == 0) rc = lines_read(s, t.id, a, &l, err);
  if (rc != 0) return rc;
  int64_t found = 0;
  for (size_t i = 0; i < l.n; i++) {
    if (!l.live[i] || l.p[i].amount_micros == 0) continue;
    *ret = l.p[i];
    found++;
  }
  if (found == 1) return 0;
  if (found == 0)
    return err_set(err, TRG_ESTATE, "no_charge", "%s has no charge that stands", t.ref);
  return err_set(err, TRG_EINVAL, "several",
                 "%s has %" PRId64 " charges that stand: name one with --entry (`triagectl ticket "
                 "%s` lists them)",
                 t.ref, found, t.ref);
}

static int charge_of_entry(struct store *s, int64_t entry, struct arena *a, struct ledger_line *ret,
                           bool *ret_live, struct trg_err *err) {
  struct ledger_line live;
  int rc = ledger_get(s, entry, a, ret, err);
  if (rc != 0) return rc;
  rc = ledger_live(s, str_of(ret->charge_key), a, &live, err);
  *ret_live = rc == 0 && live.seq == entry;
  return rc == TRG_ENOTFOUND ? 0 : rc;
}

int dispute_open(struct store *s, const struct dispute_actor *who, struct trg_str ref,
                 int64_t entry, const char *reason, int64_t deadline_ms, int64_t now_ms,
                 int64_t *ret_id, struct trg_err *err) {
  struct arena *a = arena_new();
  struct ledger_line l = {.ref = ""};
  bool live = true;
  int rc = need_reason(reason, err);
  if (rc == 0 && deadline_ms <= now_ms)
    rc = err_set(err, TRG_EINVAL, "usage", "the deadline must lie ahead");
  if (rc == 0)
    rc = entry == 0 ? charge_of_ticket(s, ref, a, &l, err)
                    : charge_of_entry(s, entry, a, &l, &live, err);
  if (rc == 0 && (!live || l.amount_micros == 0))
    rc = err_set(err, TRG_ESTATE, "no_charge",
                 "ledger line %" PRId64 " is no charge that stands: there is nothing to give back",
                 l.seq);
  struct dispute_step d = {.ledger_seq = l.seq,
                           .step = "open",
                           .who = who->signed_as,
                           .reason = reason,
                           .deadline_ms = deadline_ms,
                           .at_ms = now_ms};
  if (rc == 0) rc = step_add(s, &l, &d, err);
  if (rc == 0) *ret_id = d.dispute;
  arena_free(&a);
  return rc;
}

/* --- going on --------------------------------------------------------------------------------- */

int dispute_evidence(struct store *s, const struct dispute_actor *who, int64_t id, const char *text,
                     int64_t now_ms, struct trg_err *err) {
  struct arena *a = arena_new();
  struct dispute d;
  struct ledger_line l;
  int rc = need_reason(text, err);
  if (rc == 0) rc = dispute_get(s, id, a, &d, err);
  if (rc == 0) rc = ledger_get(s, d.ledger_seq, a, &l, err);
  struct dispute_step step = {
      .dispute = id, .step = "evidence", .who = who->signed_as, .reason = text, .at_ms = now_ms};
  if (rc == 0) {
    step.ledger_seq = d.ledger_seq;
    rc = step_add(s, &l, &step, err);
  }
  arena_free(&a);
  return rc;
}

/* Whoever made the rules of this line does not judge it. */
static int may_decide(struct store *s, const struct dispute_actor *who, const struct ledger_line *l,
                      struct trg_err *err) {
  bool made = false;
  const int rc = book_changed_by(s, l->book_hash, who->name, &made, err);
  if (rc == 0 && made)
    return err_set(err, TRG_ESTATE, "own_rules",
                   "%s put the price book %s in force by which this line was charged, and so "
                   "cannot decide about it: somebody else must (--as NAME names who decides)",
                   who->name, l->book);
  return rc;
}

/* The line that gives it back. */
static int give_back(struct store *s, const struct book *b, const struct ledger_line *l,
                     const struct dispute *d, int64_t now_ms, struct dispute_decided *ret,
                     struct arena *a, struct trg_err *err) {
  struct correction c;
  int rc = correction_begin(s, b, l, now_ms, &c, err);
  if (rc != 0) return rc;
  c.line.rule = arena_printf(a, RULE_PEOPLE "%" PRId64, d->id);
  c.line.reason = "dispute";
  rc = ledger_append(s, &c.line, err);
  if (rc != 0) return rc;
  ret->line = c.line.seq;
  ret->amount_micros = c.line.amount_micros;
  struct settled done;
  return l->ticket_id == 0 ? 0 : settle_ticket(s, b, l->ticket_id, now_ms, &done, err);
}

int dispute_decide(struct store *s, const struct book *b, const struct dispute_actor *who,
                   int64_t id, const char *verdict, const char *reason, int64_t now_ms,
                   struct dispute_decided *ret, struct trg_err *err) {
  struct arena *a = arena_new();
  struct dispute d;
  struct ledger_line l;
  bool live = false;
  *ret = (struct dispute_decided){0};
  const bool credit = strcmp(verdict, "credited") == 0;
  int rc = need_reason(reason, err);
  if (rc == 0 && !credit && strcmp(verdict, "upheld") != 0)
    rc = err_set(err, TRG_EINVAL, "usage", "a dispute ends upheld or credited, not '%.20s'",
                 verdict);
  if (rc == 0) rc = dispute_get(s, id, a, &d, err);
  if (rc == 0) rc = charge_of_entry(s, d.ledger_seq, a, &l, &live, err);
  if (rc == 0) rc = may_decide(s, who, &l, err);
  struct dispute_step step = {
      .dispute = id, .step = verdict, .who = who->signed_as, .reason = reason, .at_ms = now_ms};
  if (rc == 0) {
    step.ledger_seq = d.ledger_seq;
    rc = step_add(s, &l, &step, err);
  }
  /* What was taken back meanwhile needs no second line. */
  if (rc == 0 && credit && live) rc = give_back(s, b, &l, &d, now_ms, ret, a, err);
  arena_free(&a);
  return rc;
}

/* --- who made the rules ----------------------------------------------------------------------- */

static const char *owner_of(const char *path, char out[72]) {
  struct stat st;
  if (stat(path, &st) != 0) return NULL;
  const struct passwd *p = getpwuid(st.st_uid);
  if (p != NULL)
    (void)snprintf(out, 72, "%.64s", p->pw_name);
  else
    (void)snprintf(out, 72, "uid %u", (unsigned)st.st_uid);
  return out;
}

int book_in_force(struct store *s, const struct book *b, const char *path, int64_t now_ms,
                  struct trg_err *err) {
  char owner[72];
  const char *name = NULL;
  const char *who = path != NULL ? owner_of(path, owner) : NULL;
  bool fresh = false;
  int rc = 0;
  for (size_t i = 0; rc == 0 && (name = book_changer(b, i)) != NULL; i++)
    rc = book_change_add(s, book_name(b), book_hash(b), name, "named in the file", now_ms, &fresh,
                         err);
  if (rc == 0)
    rc = book_change_add(s, book_name(b), book_hash(b), who != NULL ? who : "",
                         path != NULL ? "owner of the file" : "part of the program", now_ms, &fresh,
                         err);
  if (rc == 0 && fresh)
    rc = audit_add(s, who != NULL ? who : "triaged", "book in force", book_name(b), book_hash(b),
                   now_ms, err);
  return rc;
}
