/*
 * Calls that other agents made here and that were answered: who, which tool, about which ticket,
 * and the ledger line that charges it, when the price book has a meter for calls. Append-only.
 */
#ifndef STORE_AGENT_CALL_H
#define STORE_AGENT_CALL_H

#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct agent_call {
  int64_t id;
  const char *who; /* name of the caller's access token */
  const char *tool;
  const char *ref; /* of the ticket that it was about; "" for a case that was handed over */
  int64_t at_ms;
  const char *charge_key; /* of its ledger line; "": it was not priced */
};
/* The id that the next row gets. */
int agent_call_next(struct store *s, int64_t *ret_id, struct trg_err *err);
int agent_call_add(struct store *s, const struct agent_call *c, struct trg_err *err);
int agent_call_get(struct store *s, int64_t id, struct arena *a, struct agent_call *ret,
                   struct trg_err *err);
/* Those in [from, to), to 0: without an end; in order. fn nonzero stops and is returned. Strings
 * live during the call. */
int agent_call_each(struct store *s, int64_t from_ms, int64_t to_ms,
                    int (*fn)(void *arg, const struct agent_call *c), void *arg,
                    struct trg_err *err);
/* The same by caller and tool, with what was charged for them (corrections included). */
struct agent_use {
  const char *who, *tool;
  int64_t calls, charged_micros;
};
int agent_call_sums(struct store *s, int64_t from_ms, int64_t to_ms, struct arena *a,
                    struct agent_use **ret, size_t *ret_count, struct trg_err *err);

#endif
