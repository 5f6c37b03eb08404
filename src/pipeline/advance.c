/* The only place where a ticket's state changes. */
#include "pipeline/stage.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "store/store.h"

#define TO(state) (1u << (state))

/* From each state, the states a ticket may go to. A new message of the customer leads back to
 * RECEIVED from everywhere but a write in flight, which must end first. */
static const unsigned transitions[TICKET_STATES] = {
    [TICKET_NONE] = TO(TICKET_RECEIVED) | TO(TICKET_FOLLOWING) | TO(TICKET_DONE),
    [TICKET_RECEIVED] = TO(TICKET_TRIAGING) | TO(TICKET_DONE) | TO(TICKET_FOLLOWING) |
                        TO(TICKET_DEAD),
    [TICKET_TRIAGING] = TO(TICKET_TRIAGED) | TO(TICKET_DECIDED) | TO(TICKET_RECEIVED) |
                        TO(TICKET_DONE) | TO(TICKET_FOLLOWING) | TO(TICKET_DEAD),
    [TICKET_TRIAGED] = TO(TICKET_ADMITTED) | TO(TICKET_DECIDED) | TO(TICKET_RECEIVED) |
                       TO(TICKET_DONE) | TO(TICKET_FOLLOWING),
    [TICKET_ADMITTED] = TO(TICKET_DRAFTING) | TO(TICKET_RECEIVED) | TO(TICKET_DONE) |
                        TO(TICKET_FOLLOWING) | TO(TICKET_DEAD),
    [TICKET_DRAFTING] = TO(TICKET_DRAFTED) | TO(TICKET_ADMITTED) | TO(TICKET_DECIDED) |
                        TO(TICKET_RECEIVED) | TO(TICKET_DONE) | TO(TICKET_FOLLOWING) |
                        TO(TICKET_DEAD),
    [TICKET_DRAFTED] = TO(TICKET_DECIDED) | TO(TICKET_RECEIVED) | TO(TICKET_DONE) |
                       TO(TICKET_FOLLOWING),
    [TICKET_DECIDED] = TO(TICKET_WRITING) | TO(TICKET_FOLLOWING) | TO(TICKET_RECEIVED) |
                       TO(TICKET_DONE) | TO(TICKET_DEAD),
    [TICKET_WRITING] = TO(TICKET_FOLLOWING) | TO(TICKET_UNCERTAIN) | TO(TICKET_DECIDED) |
                       TO(TICKET_RECEIVED) | TO(TICKET_DONE) | TO(TICKET_DEAD),
    [TICKET_UNCERTAIN] = TO(TICKET_WRITING) | TO(TICKET_DEAD),
    [TICKET_FOLLOWING] = TO(TICKET_RECEIVED) | TO(TICKET_DECIDED) | TO(TICKET_DONE),
    [TICKET_DONE] = TO(TICKET_RECEIVED) | TO(TICKET_FOLLOWING),
    [TICKET_DEAD] = TO(TICKET_RECEIVED) | TO(TICKET_DECIDED) | TO(TICKET_UNCERTAIN) |
                    TO(TICKET_DONE) | TO(TICKET_FOLLOWING),
};

bool advance_allowed(enum ticket_state from, enum ticket_state to) {
  return from < TICKET_STATES && to < TICKET_STATES && (transitions[from] & TO(to)) != 0;
}

void advance(struct road *r, int64_t ticket_id, enum ticket_state from, enum ticket_state to,
             const struct advance *how) {
  if (!advance_allowed(from, to)) {
    log_event(TRG_ERROR, "road.broken", "from", ticket_state_word(from), "to",
              ticket_state_word(to), NULL);
    BUG("a move that the road does not have");
  }
  struct buf why;
  buf_init(&why, 4096);
  if (how->why != NULL) {
    buf_text(&why, "{\"why\":");
    buf_json(&why, str_of(how->why));
    buf_char(&why, '}');
  }
  const struct ticket_step step = {.due_ms = how->due_ms,
                                   .lease_ms = how->lease_ms,
                                   .attempts = how->attempts,
                                   .hold_reason = str_of(how->hold),
                                   .why = buf_view(&why)};
  struct trg_err err = {0};
  store_must(ticket_move(r->setup.store, ticket_id, from, to, &step, clock_now_ms(), &err), &err);
  buf_free(&why);
  if (to == TICKET_DEAD) r->failed = true;
  if (to == TICKET_FOLLOWING || to == TICKET_DONE || to == TICKET_DEAD) pace_end(r, ticket_id);
  road_kick(r);
}
