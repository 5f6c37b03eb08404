/*
 * Notices waiting to be fetched ("look at this ticket"), and poll cursors. A notice and the cursor
 * that covers it are written in one turn, so that neither can be lost without the other.
 */
#ifndef STORE_INBOX_H
#define STORE_INBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

/* Unique by (helpdesk, ext_id, version): *ret_new is false when it was known. */
int inbox_add(struct store *s, struct trg_str helpdesk, struct trg_str ext_id,
              struct trg_str version, struct trg_str source, int64_t at_ms, int64_t now_ms,
              bool *ret_new, struct trg_err *err);
/* Asks for a ticket to be read again, though nothing is new at the helpdesk: a notice with source
 * "look" and a version of ours, in place of the look before. Errors as inbox_add. */
int inbox_look(struct store *s, struct trg_str helpdesk, struct trg_str ext_id,
               struct trg_str version, int64_t at_ms, int64_t now_ms, struct trg_err *err);
/* Webhook deliveries by their own id: *ret_new false for a replay. */
int inbox_delivery(struct store *s, struct trg_str helpdesk, struct trg_str delivery_id,
                   int64_t now_ms, bool *ret_new, struct trg_err *err);
struct inbox_item {
  int64_t seq; /* newest notice of that ticket */
  const char *ext_id, *source;
  int64_t attempts; /* earlier ones; counted when they are taken */
  int64_t at_ms;    /* of that notice: when the ticket changed, as the helpdesk says; 0: unknown */
};
/* Tickets of one helpdesk that wait for a fetch (one item a ticket, oldest first, due now, not
 * leased) and leases them until lease_ms. */
int inbox_take(struct store *s, struct trg_str helpdesk, int64_t now_ms, int64_t lease_ms,
               int limit, struct arena *a, struct inbox_item **ret, size_t *ret_count,
               struct trg_err *err);
/* All notices of that ticket up to `seq` are dealt with. */
int inbox_done(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t seq,
               struct trg_err *err);
/* Not yet: again at due_ms, with the reason. `dead`: given up until requeued, or until a newer
 * notice comes. due_ms 0: at once, and the attempt does not count (it was cancelled). */
int inbox_retry(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t seq,
                int64_t due_ms, bool dead, struct trg_str reason, struct trg_err *err);
/* At start: nothing is leased. */
int inbox_release(struct store *s, struct trg_err *err);
int inbox_depth(struct store *s, struct trg_str helpdesk, int64_t *ret_waiting, int64_t *ret_dead,
                struct trg_err *err);
int inbox_next_due(struct store *s, struct trg_str helpdesk, int64_t *ret_ms, struct trg_err *err);
/* Puts dead notices of one ticket (or of all, empty) back to work. */
int inbox_requeue(struct store *s, struct trg_str helpdesk, struct trg_str ext_id, int64_t now_ms,
                  int64_t *ret_count, struct trg_err *err);

struct cursor {
  const char *cursor; /* "" before the first page */
  int64_t since_ms;   /* fixed at the first poll */
  int64_t polled_ms;  /* last attempt */
  int64_t ok_ms;      /* last success */
  int64_t covered_ms; /* everything the helpdesk changed up to here has been seen */
  const char *error;  /* "" when the last attempt was fine */
};
int cursor_get(struct store *s, struct trg_str helpdesk, struct arena *a, struct cursor *ret,
               struct trg_err *err); /* zeroes when unknown */
int cursor_put(struct store *s, struct trg_str helpdesk, const struct cursor *c,
               struct trg_err *err);

#endif
