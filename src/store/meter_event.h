/*
 * Meter events: final charges on their way to who writes the invoice. One row a ledger line:
 * waiting (not final yet), planned, sending, done, rejected, held (sent perhaps, and too long ago
 * to be repeated without harm) or dropped (taken back before it was sent). A row is planned and
 * committed before anything is sent, with the bytes that every attempt sends.
 */
#ifndef STORE_METER_EVENT_H
#define STORE_METER_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

#include "store/ledger.h"

struct store;
struct arena;

struct meter_event {
  int64_t seq; /* of the ledger line */
  const char *state, *period;
  const char *identifier; /* unique to the line, also across databases */
  int64_t value;
  const char *body;
  int64_t due_ms, planned_ms, first_ms, attempts, key_no;
  const char *code, *why; /* of the last attempt */
  int64_t done_ms;
};
/* Adds it unless the line has one. */
int meter_event_add(struct store *s, const struct meter_event *e, struct trg_err *err);
/* Of this line, or TRG_ENOTFOUND. */
int meter_event_get(struct store *s, int64_t seq, struct arena *a, struct meter_event *ret,
                    struct trg_err *err);
/* Those of a state that are due, earliest first. */
int meter_event_due(struct store *s, const char *state, int64_t now_ms, int limit, struct arena *a,
                    struct meter_event **ret, size_t *ret_count, struct trg_err *err);
/* Writes state, value, body, due_ms, planned_ms, first_ms, attempts, key_no, code, why and
 * done_ms of the row of e->seq. */
int meter_event_set(struct store *s, const struct meter_event *e, struct trg_err *err);
/* At start: what was `sending` is planned again, due at once; its first_ms stays. */
int meter_event_recover(struct store *s, int64_t *ret_count, struct trg_err *err);
/* When the earliest planned one is due; 0: none is planned. */
int meter_event_next(struct store *s, int64_t *ret_ms, struct trg_err *err);
/* Rejected and held ones, oldest first. */
int meter_event_bad(struct store *s, int limit, struct arena *a, struct meter_event **ret,
                    size_t *ret_count, struct trg_err *err);
struct meter_event_depth {
  int64_t waiting, planned, done, rejected, held, dropped; /* sending ones count as planned */
};
int meter_event_depth(struct store *s, struct meter_event_depth *ret, struct trg_err *err);

/* Lines of the ledger after this one, in order; their count may be 0. */
int meter_event_lines(struct store *s, int64_t after_seq, int limit, struct arena *a,
                      struct ledger_line **ret, size_t *ret_count, struct trg_err *err);
/* Is a dispute about this line open? */
int meter_event_disputed(struct store *s, int64_t seq, bool *ret, struct trg_err *err);

#endif
