/*
 * Is a text plainly in another language than it should be? For the guard, which looks at whole
 * replies: scripts, then the small words of fifteen languages. It finds clear contradictions only;
 * what it cannot tell it lets pass. Pure.
 */
#ifndef PIPELINE_LANGUAGE_H
#define PIPELINE_LANGUAGE_H

#include <stdbool.h>
#include <triaged/plugin.h>

/* `code`: ISO 639-1, lower case; "" or NULL: nothing is known, nothing contradicts. */
bool language_contradicts(struct trg_str text, const char *code);

#endif
