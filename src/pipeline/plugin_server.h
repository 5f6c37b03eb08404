/*
 * MCP servers that plugin folders bring along in .mcp.json: off until the configuration names one
 * under mcp_servers with the tools to allow.
 */
#ifndef PIPELINE_PLUGIN_SERVER_H
#define PIPELINE_PLUGIN_SERVER_H

struct conf;

/* The block of the server `name` in the first of the configuration's skill folders that has it, as
 * JSON text with ${VAR}, ${VAR:-otherwise} and ${CLAUDE_PLUGIN_ROOT} replaced; mem_free. NULL: none
 * has it, or a variable in it is not set (told in the log). */
char *plugin_server(const struct conf *c, const char *name);

#endif
