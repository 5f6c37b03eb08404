/*
 * What the files of the agent share.
 */
#ifndef ADMIN_AGENT_INNER_H
#define ADMIN_AGENT_INNER_H

#include "admin/agent.h"
#include "admin/core.h"
#include "mcp/endpoint.h"

#define TICKET_URI "triaged://tickets/"
#define SKILL_URI  "triaged://skills/"
#define REPORT_URI "triaged://reports/"

struct watched {
  char *uri;
  int64_t changed_ms; /* of the ticket, when it was last told */
  bool seen;          /* in this look */
  struct watched *next;
};

struct agent {
  struct core *core;
  struct mcp_offer offer;
  struct mcp_server *server;
  struct mcp_endpoint *endpoint; /* NULL: not over HTTP */
  uint64_t timer;
  uint32_t stranger; /* the user that was refused last; 0: nobody was */
  uint8_t key[32];   /* of what clients carry for us; new with every start */
  struct watched *watched;
};

extern const struct mcp_tool agent_tools[];
extern const size_t agent_tool_count;

/* May this caller see tickets of that reference's helpdesk? */
bool agent_may_see(const struct mcp_call *c, struct trg_str ref);
/* A failed read or write: what is the caller's fault is for the model to mend. */
void agent_failed(struct mcp_call *c, const struct trg_err *err);
/* The report as a tool's value, made on a pool thread. */
void agent_report(struct agent *a, struct mcp_call *c, const char *by, int64_t from_ms,
                  int64_t to_ms, bool as_resource);

/* Tools (agent_read.c, agent_write.c); arg is the agent. */
void agent_list_tickets(void *arg, struct mcp_call *c, const json *in);
void agent_get_ticket(void *arg, struct mcp_call *c, const json *in);
void agent_triage_ticket(void *arg, struct mcp_call *c, const json *in);
void agent_draft_reply(void *arg, struct mcp_call *c, const json *in);
void agent_search_knowledge(void *arg, struct mcp_call *c, const json *in);
void agent_similar_tickets(void *arg, struct mcp_call *c, const json *in);
void agent_report_tool(void *arg, struct mcp_call *c, const json *in);
void agent_explain_charge(void *arg, struct mcp_call *c, const json *in);
void agent_update_ticket(void *arg, struct mcp_call *c, const json *in);
void agent_add_note(void *arg, struct mcp_call *c, const json *in);
void agent_send_reply(void *arg, struct mcp_call *c, const json *in);

/* Resources and prompts (agent_show.c). */
void agent_resource_list(void *arg, struct mcp_call *c, struct trg_str cursor);
void agent_resource_read(void *arg, struct mcp_call *c, struct trg_str uri);
void agent_prompt_list(void *arg, struct mcp_call *c, struct trg_str cursor);
void agent_prompt_get(void *arg, struct mcp_call *c, struct trg_str name, const json *arguments);
void agent_complete(void *arg, struct mcp_call *c, const json *params);
extern const char agent_templates[];

#endif
