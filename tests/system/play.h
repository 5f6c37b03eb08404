/* One helpdesk of the simulator with a fault on, and the daemon in passes until all is done. The
 * configuration is that of mixed.h; the rig's port was chosen before (rig_port). */
#ifndef TESTS_SYSTEM_PLAY_H
#define TESTS_SYSTEM_PLAY_H

#include "mixed.h"

enum { ZENDESK, SALESFORCE, INTERCOM }; /* positions in mixed_vendor */

/* Writes tickets.jsonl: so many lines of a vendor, with more keys (",\"k\":v"). */
void play_feed(struct rig *r, int vendor, int count, const char *more);
/* Starts the simulator with options and the vendor's faults ("KIND=P,...", may be ""), and writes
 * the configuration. */
void play_start(struct rig *r, int vendor, const char *args, const char *faults);
/* Passes with the clock moved in between until so many tickets are done; then two more, which must
 * find nothing to do. Nothing is there twice. */
void play_done(struct rig *r, int count);
int64_t play_stat(struct rig *r, const char *name); /* of /sim/stats */
cJSON *play_truth(struct rig *r, int vendor, const char *id);
/* Messages of ours in a ticket's history that are public or not; the text of the last in *ret_body
 * (free it; may be NULL). */
int play_ours(struct rig *r, int vendor, const char *id, bool public, char **ret_body);
bool play_has_tag(const cJSON *ticket, const char *tag);
/* The model of the simulator is replaced by one that drafts this text. */
void play_model(struct rig *r, const char *draft);

#endif
