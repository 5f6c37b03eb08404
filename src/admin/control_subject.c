#include "admin/control_subject.h"

#include "admin/core.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "store/store.h"
#include "store/subject.h"
#include "store/talk.h"
#include "store/turn.h"

/* Once the turn is committed, so that no erased word stays in the write-ahead log either. */
static void checkpoint(void *arg) {
  store_idle(arg);
}

int control_erase(struct core *c, const json *request, json *answer, struct arena *a,
                  struct trg_err *err) {
  const struct trg_str who = str_trim(json_get_str(request, "subject"));
  struct subject_erased e;
  char lookup[SUBJECT_HEX];
  if (who.n == 0) return err_set(err, TRG_EINVAL, "subject", "no address was given");
  subject_lookup(c->key, who, lookup);
  int rc = subject_erase(c->store, lookup, clock_now_ms(), &e, err);
  /* The log says that it was done, by whom and how much; not for whom: that would be data again. */
  if (rc >= 0)
    rc = audit_add(
        c->store, arena_dup(a, json_get_str(request, "who")), "erase", "subject",
        arena_printf(a, "%lld tickets, %lld messages", (long long)e.tickets, (long long)e.messages),
        clock_now_ms(), err);
  if (rc < 0) return rc;
  json_put_int(answer, "tickets", e.tickets);
  json_put_int(answer, "messages", e.messages);
  json_put_int(answer, "drafts", e.drafts);
  json_put_int(answer, "requests", e.requests);
  json_put_int(answer, "past", e.past);
  json_put_int(answer, "taught", e.taught);
  turn_after_commit(c->store, checkpoint, c->store);
  return 0;
}
