/* The fixtures of the conformance suite: tools, resources and prompts under its own names. */
#ifndef TESTS_MCP_FIXTURE_H
#define TESTS_MCP_FIXTURE_H

#include "mcp/server.h"

struct loop;

extern struct loop *fixture_loop; /* for those that take their time */
extern const struct mcp_offer fixture_offer;

/* input_required of 2026-07-28 (fixture_input.c). */
void input_elicitation(void *arg, struct mcp_call *c, const json *a);
void input_sampling(void *arg, struct mcp_call *c, const json *a);
void input_roots(void *arg, struct mcp_call *c, const json *a);
void input_state(void *arg, struct mcp_call *c, const json *a);
void input_multiple(void *arg, struct mcp_call *c, const json *a);
void input_rounds(void *arg, struct mcp_call *c, const json *a);
void input_tampered(void *arg, struct mcp_call *c, const json *a);
void input_capabilities(void *arg, struct mcp_call *c, const json *a);
void input_prompt(struct mcp_call *c);

/* Questions to clients of 2025-11-25 (fixture_ask.c). */
void ask_sampling(void *arg, struct mcp_call *c, const json *a);
void ask_elicitation(void *arg, struct mcp_call *c, const json *a);
void ask_defaults(void *arg, struct mcp_call *c, const json *a);
void ask_enums(void *arg, struct mcp_call *c, const json *a);

json *fixture_text(const char *text); /* a result with one text */

#endif
