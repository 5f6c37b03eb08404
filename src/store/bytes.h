/*
 * The exact bytes of model calls. Requests of one task begin with the same long text (instructions,
 * taxonomy, skills), so a head that several share is kept once and a row has the rest: nothing is
 * lost, and a ticket costs a tenth of the room. Private to this room.
 */
#ifndef STORE_BYTES_H
#define STORE_BYTES_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct heads; /* what a writer remembers of heads; lives in struct store */

/* Inserts or completes the row of a call; what is empty leaves what is there. */
int bytes_put(struct store *s, int64_t call_id, int64_t started_ms, struct trg_str request,
              struct trg_str response, struct trg_err *err);
void heads_free(struct heads **h);

/* The whole request in a query that has model_bytes as b and model_head as h. */
#define BYTES_REQUEST                                                                              \
  "CASE WHEN h.id IS NULL THEN b.request ELSE CAST(h.head || b.request AS BLOB) END"

#endif
