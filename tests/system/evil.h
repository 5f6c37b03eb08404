/*
 * A model that does harm: it triages plainly and with full confidence, and drafts what it is told.
 */
#ifndef TESTS_SYSTEM_EVIL_H
#define TESTS_SYSTEM_EVIL_H

#include "rig.h"

#define EVIL_EACH "*"
/* Starts it in a process of its own, which ends with the rig; returns its port. Every draft has
 * that body; with NULL it obeys the orders that it finds anywhere in the request; with EVIL_EACH
 * the drafts are all the harms that it knows, in turns. */
int evil_model(struct rig *r, const char *body);

/* One that answers so: the reason to escalate of each verdict ("" for none), and each draft, as the
 * text that a model gives. */
int plain_model(struct rig *r, const char *escalate_reason, const char *draft);

#endif
