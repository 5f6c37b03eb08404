/*
 * What a draft looks up before it answers, with the tools of MCP servers: an order, an account, an
 * incident. Bounded in steps, calls, seconds and money. The model asks for a lookup in a field of
 * its answer, which every backend with structured answers can fill in; those without never do.
 */
#ifndef PIPELINE_LOOKUP_H
#define PIPELINE_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

struct conf;
struct http;
struct loop;
struct task;
struct lookup;
struct remotes; /* the servers of one configuration */

/* NULL when no tool of any server is allowed. */
struct remotes *remotes_new(struct loop *l, struct http *h, const struct conf *c);
bool remotes_same(const struct remotes *r, const struct conf *c);
void remotes_close(struct remotes *r); /* calls under way end with a reason; programs are ended */
void remotes_free(struct remotes **r);

/* Finds out which tools there are, and makes the calls that were approved meanwhile; `then` on a
 * later turn. NULL: there are none to ask for. */
struct lookup *lookup_begin(struct remotes *r, struct task *k, void (*then)(struct task *k));
void lookup_end(struct lookup *l); /* no callback comes afterwards; NULL is fine */
/* With further lookups possible: the draft's schema with a member for them (kept as long as the
 * servers are, as the router holds on to it), and what the model is told of the tools (mem_free);
 * else NULL. */
const char *lookup_schema(const struct lookup *l, const char *schema);
char *lookup_system(const struct lookup *l);
json *lookup_results(const struct lookup *l); /* what was looked up so far; a new array */
/* Does this answer ask for lookups that are still possible? */
bool lookup_wanted(const struct lookup *l, struct trg_str answer);
/* Makes them, records them, and then `then`. What changes something is asked of a person first,
 * once, where policy says so. */
void lookup_run(struct lookup *l, struct trg_str answer, void (*then)(struct task *k));
int64_t lookup_cost(const struct lookup *l); /* micro-dollars */
/* A person is waited for, until this moment; 0: nobody. The ticket then waits, and a new lookup of
 * the same pass goes on from there. */
int64_t lookup_held(const struct lookup *l, const char **ret_tool);
/* What a person approved can not be done now: why; NULL: all is well. */
const char *lookup_retry(const struct lookup *l);
/* Why a person must look at the draft: "tool_denied", "tool_approval", "tool_uncertain", or "". */
const char *lookup_reason(const struct lookup *l);

#endif
