/*
 * A Claude plugin folder as a whole: its manifest (.claude-plugin/plugin.json), the names in its
 * .mcp.json, the table of its CONNECTORS.md. For this room.
 */
#ifndef SKILL_BUNDLE_H
#define SKILL_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;

/* One MCP server of the folder, by name only: src/mcp reads the rest. */
struct bundle_server {
  const char *name;
  bool configured; /* it has an address or a program */
};
/* "~~category" and the products that may stand behind it. */
struct bundle_category {
  const char *name;     /* "support platform" */
  const char *products; /* cells of its row, joined */
};
struct bundle {
  const char *name, *version, *root; /* root as the path begins, without a slash at the end */
  bool manifest;                     /* it has a plugin.json */
  const char *const *skill_paths;    /* of the manifest, relative to root; none: skills/ */
  size_t skill_path_count;
  const char *const *command_paths; /* likewise, else commands/ */
  size_t command_path_count;
  const struct bundle_server *servers;
  size_t server_count;
  const struct bundle_category *categories;
  size_t category_count;
};
/* Reads what is there; never fails. Strings from `a`. */
struct bundle *bundle_read(struct arena *a, const char *root,
                           void (*problem)(void *arg, const char *path, uint32_t line,
                                           const char *text),
                           void *arg);
/* Is this file (relative to the root) a skill, or a command, of the folder? */
bool bundle_has_skill(const struct bundle *b, const char *relative);
bool bundle_has_command(const struct bundle *b, const char *relative);

#endif
