/*
 * Server-sent events (HTML standard, section 9.2): an incremental parser for pieces cut anywhere,
 * and the writer. Pure.
 */
#ifndef MCP_SSE_H
#define MCP_SSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct sse_event {
  struct trg_str type; /* "message" when none was named */
  struct trg_str data;
  struct trg_str id; /* the stream's last event id, also when this event named none */
};

struct sse {
  struct buf line, data, type, id;
  int64_t retry_ms; /* as the server last asked for; -1: it did not */
  size_t event_max;
  bool after_cr, has_data, begun, seen_id;
};

void sse_init(struct sse *s, size_t event_max_bytes); /* of one event's data, and of one line */
void sse_free(struct sse *s);
/* Takes the next piece; on_event is called for each event that it completes, and ends the reading
 * when it returns false. 0, or TRG_ELIMIT and err when an event is larger than the ceiling. */
int sse_take(struct sse *s, struct trg_str piece,
             bool (*on_event)(void *arg, const struct sse_event *e), void *arg,
             struct trg_err *err);
/* The stream ended: an event without its empty line is given out all the same, as servers that
 * close right behind it exist. */
int sse_finish(struct sse *s, bool (*on_event)(void *arg, const struct sse_event *e), void *arg,
               struct trg_err *err);

/* One event; `id` may be empty. Line breaks in data become lines of their own. */
void sse_put(struct buf *out, const char *type, struct trg_str id, struct trg_str data);

#endif
