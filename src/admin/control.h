/*
 * What can be asked of a running program: the same requests through the control socket and, when no
 * daemon runs, by triagectl itself.
 *
 * A request is a JSON object with "do": requeue {ref, who} · review {verb, ref, who, text} ·
 * train {file | history, forget, who} · status · reload {tell} · test {model} · mcp {message,
 * version, grants, helpdesk} (agent.h); those about money are in control_bill.h. The answer is
 * {"ok":true,...} or
 * {"ok":false,"code":"...","error":"..."}.
 */
#ifndef ADMIN_CONTROL_H
#define ADMIN_CONTROL_H

#include <triaged/plugin.h>

struct core;

/* Does it and answers once: at once or on a later turn, after its writes were committed. Before,
 * when the request wants it ("tell": true), on_told (or NULL) hears how far a reload is:
 * {"told":{"done":...,"total":...}} in files. */
void control_do(struct core *c, struct trg_str request,
                void (*on_answer)(void *arg, struct trg_str answer),
                void (*on_told)(void *arg, struct trg_str line), void *arg);

#endif
