/*
 * Reason codes: why a ticket has its outcome. One list for the program, its reports and its
 * manual.
 */
#ifndef PIPELINE_REASON_H
#define PIPELINE_REASON_H

#include <stddef.h>

struct reason {
  const char *code;
  const char *outcome; /* the outcome it goes with */
  const char *meaning; /* for people */
};
extern const struct reason reasons[];
extern const size_t reason_count;
/* The meaning, or the code itself when it is not in the list. */
const char *reason_meaning(const char *code);

#endif
