/*
 * Retraining while the daemon runs. When enough more tickets were solved (training.retrain), a
 * second instance of the embedded model learns from everything that is known, without the fifth of
 * the solved tickets that lesson_split() holds out. Both are then asked those. The new one takes
 * the place of the old when it is better, and is thrown away when it is not; both figures are
 * logged and kept ("retrain.last").
 */
#ifndef ADMIN_RETRAIN_H
#define ADMIN_RETRAIN_H

#include <stdbool.h>

struct core;
struct retrain;

/* The store's keys: how many solved tickets there were at the last look that trained, and what came
 * of it: {"at","held_out","before","after","macro_f1_before","macro_f1_after","brier_before",
 * "brier_after","examples","swapped","against"}: before and after are shares, against is what kept
 * the new model out (accuracy, macro_f1, calibration) or "". */
#define RETRAIN_SEEN "retrain.seen"
#define RETRAIN_LAST "retrain.last"

struct retrain *retrain_new(struct core *c);
/* After the host is gone; work on the pool ends first. */
void retrain_free(struct retrain **r);
/* Looks whether there is enough that is new, on a pool thread, and goes on from there. Nothing
 * while one is under way. */
void retrain_look(struct retrain *r);
/* Is the new model being put in place? Another training must wait. NULL: no. */
bool retrain_swaps(const struct retrain *r);

#endif
