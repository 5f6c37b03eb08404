/* Three helpdesks of three vendors in one configuration: shop (zendesk), trade (salesforce) and
 * chat (intercom), all in auto mode, with webhooks. */
#ifndef TESTS_SYSTEM_MIXED_H
#define TESTS_SYSTEM_MIXED_H

#include "rig.h"

#define MIXED_DESKS  3
#define MIXED_SECRET "the-webhook-secret"

extern const char *const mixed_name[MIXED_DESKS];   /* of the helpdesk */
extern const char *const mixed_vendor[MIXED_DESKS]; /* of its connector, and in ticket lines */

/* Writes triaged.yaml: nothing listens, each is polled every second. */
void mixed_conf(struct rig *r);
/* Changes it: the daemon listens on a port of loopback and polls each helpdesk so often ("1h").
 * Returns its base URL (static). */
const char *mixed_listen(struct rig *r, const char *poll);
/* Writes tickets.jsonl: so many for each vendor, ids from 1, in turns. */
void mixed_tickets(struct rig *r, int each);
/* Runs the simulator (with mixed_conf behind it) on a port that was chosen beforehand, with
 * webhooks to `base`. */
void mixed_sim(struct rig *r, const char *base, const char *args);

/* One ticket line more; the vendors in turns as in mixed_tickets. */
void mixed_add(struct rig *r, int id);

#endif
