#ifndef OPENAI_SPEC_H
#define OPENAI_SPEC_H

#include <stddef.h>

/* Checks a Chat Completions body against the published API description in the folder
 * $TRIAGED_SPECS (default ../shared/specs), and that it holds no key which that does not know.
 * 1: fits; 0: does not, and why says where; -1: the description is not there. */
int openai_spec_check(const char *body, char *why, size_t why_room);

#endif
