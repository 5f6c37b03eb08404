/* The last look: where a connector can not list what was deleted, a conversation that is gone would
 * look like one that is content, and silence is what is charged for. So such a ticket is read once
 * more when the time has come to settle it, and what is found settles it. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/stage.h"
#include "plugin/host.h"
#include "store/inbox.h"
#include "store/store.h"
#include "store/ticket.h"

/* What was read or done so recently needs no look. */
#define LOOK_FRESH_MS (10 * INT64_C(60000))
/* So long a settling waits before it asks for the look again. */
#define LOOK_WAIT_MS (15 * INT64_C(60000))

static bool hides_deleted(const struct road *r, const struct ticket *t) {
  const struct desk *d = desk_find(r, str_of(t->helpdesk));
  return d != NULL && (inst_caps(d->inst) & TRG_HIDES_DELETED) != 0;
}

bool look_first(struct road *r, int64_t ticket_id, int64_t now) {
  struct arena *a = arena_new();
  struct trg_err err = {0};
  struct ticket t;
  store_must(ticket_by_id(r->setup.store, ticket_id, a, &t, &err), &err);
  const bool wait = t.state == TICKET_FOLLOWING && now - t.changed_ms >= LOOK_FRESH_MS &&
                    str_is(str_of(t.bill_state), "open") && hides_deleted(r, &t);
  if (wait) {
    const char *version = arena_printf(a, "look:%lld", (long long)now);
    store_must(inbox_look(r->setup.store, str_of(t.helpdesk), str_of(t.ext_id), str_of(version),
                          t.updated_ms, now, &err),
               &err);
    store_must(ticket_bill(r->setup.store, ticket_id, str_of(t.bill_state), str_of(t.bill_reason),
                           now + LOOK_WAIT_MS, &err),
               &err);
    road_kick(r);
  }
  arena_free(&a);
  return wait;
}
