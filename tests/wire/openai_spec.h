/* Holds a request body against the vendor's published API description, where it is at hand. */
#ifndef TESTS_WIRE_OPENAI_SPEC_H
#define TESTS_WIRE_OPENAI_SPEC_H

#include <stddef.h>

/* 1: the body is a valid CreateChatCompletionRequest without unknown keys; 0: it is not, and `why`
 * names the place; -1: the description is not there. It is looked for in $TRIAGED_SPECS, else in
 * ../shared/specs. */
int openai_spec_check(const char *body, char *why, size_t why_room);

#endif
