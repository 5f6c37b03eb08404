/* Holds a request body against the vendor's published API description, where it is at hand. */
#ifndef TESTS_WIRE_SPEC_CHECK_H
#define TESTS_WIRE_SPEC_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct spec {
  const char *file, *schema;
  bool only_known_keys; /* where the vendor answers 400 to a key that the schema tolerates */
};
static const struct spec spec_anthropic = {"anthropic-messages.json", "CreateMessageParams", false};
static const struct spec spec_openai = {"openai-chat.json", "CreateChatCompletionRequest", true};

/* 1: the body is valid; 0: it is not, and `why` names the place; -1: the description is not there.
 * It is looked for in $TRIAGED_SPECS, else in ../shared/specs. */
int spec_check(const struct spec *s, const char *body, char *why, size_t why_room);

#endif
