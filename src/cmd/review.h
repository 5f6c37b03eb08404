/*
 * What the review commands share.
 */
#ifndef CMD_REVIEW_H
#define CMD_REVIEW_H

#include "cmd/cmd.h"

/* Asks for the verb on the ticket that the command names, and prints that it was done. `call`: id
 * of a tool's call, or 0. `was`: hash of the text that an edit replaces, which must still stand
 * there; "" for any. */
int review_act(const struct cmd_call *c, const char *verb, const char *done, struct trg_str text,
               int64_t call, const char *was);

#endif
