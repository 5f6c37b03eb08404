#include "billing/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/money.h"
#include "billing/book.h"
#include "billing/settle.h"
#include "billing/settle_inner.h"
#include "store/gap.h"

static int note(struct store *s, const char *subject, const char *what, int64_t now_ms,
                struct trg_err *err) {
  bool fresh = false;
  const int rc = gap_note(s, subject, what, now_ms, &fresh, err);
  if (rc == 0 && fresh) log_event(TRG_ERROR, "billing.gap", "subject", subject, "why", what, NULL);
  return rc;
}

int watch_totals(struct store *s, int64_t now_ms, struct trg_err *err) {
  struct trg_err gap = {0};
  const int rc = totals_conserved(s, &gap);
  if (rc != 0 && rc != TRG_ECORRUPT) {
    *err = gap;
    return rc;
  }
  return note(s, "totals", rc == 0 ? NULL : gap.text, now_ms, err);
}

/* --- one ticket ------------------------------------------------------------------------------- */

struct watched {
  char what[240];
};

static void differs(void *arg, const char *ref, const char *key, int64_t is_micros,
                    int64_t ought_micros, const char *why) {
  struct watched *w = arg;
  char is[MONEY_TEXT_MAX], ought[MONEY_TEXT_MAX];
  (void)ref;
  if (w->what[0] != '\0') return;
  (void)snprintf(w->what, sizeof w->what, "%.80s: the ledger has %s, evidence gives %s: %.80s", key,
                 money_format(is_micros, is), money_format(ought_micros, ought), why);
}

/* Does the ticket's place say what its lines say? */
static void state_check(const struct ticket *t, const struct lines *l, struct watched *w) {
  bool any = false, resolved = false;
  for (size_t i = 0; i < l->n; i++) {
    if (!l->live[i]) continue;
    any = true;
    resolved = resolved || strcmp(l->p[i].evidence_level, "usage") != 0;
  }
  const bool is = strcmp(t->bill_state, "resolved") == 0;
  if (is && !any)
    (void)snprintf(w->what, sizeof w->what, "it is resolved and has no charge that stands");
  else if (!is && resolved)
    (void)snprintf(w->what, sizeof w->what, "it is %s and has a charge that stands", t->bill_state);
}

/* Lines of an earlier price book stand as they were priced. */
static bool of_one_book(const struct lines *l, const struct book *b) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->p[i].book_hash, book_hash(b)) != 0) return false;
  return true;
}

int watch_ticket(struct store *s, const struct book *b, int64_t ticket_id, int64_t now_ms,
                 struct trg_err *err) {
  struct arena *a = arena_new();
  struct ticket t;
  struct lines l;
  struct watched w = {0};
  int rc = ticket_by_id(s, ticket_id, a, &t, err);
  if (rc == 0) rc = lines_read(s, ticket_id, a, &l, err);
  if (rc == 0) state_check(&t, &l, &w);
  if (rc == 0 && w.what[0] == '\0' && of_one_book(&l, b))
    rc = recount_ticket(s, b, ticket_id, now_ms, differs, &w, err);
  if (rc == 0) rc = note(s, t.ref, w.what[0] != '\0' ? w.what : NULL, now_ms, err);
  arena_free(&a);
  return rc;
}
