/*
 * What the "~~category" placeholders of skills stand for: the helpdesks and MCP servers of the
 * configuration.
 */
#ifndef SKILL_CONNECT_H
#define SKILL_CONNECT_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct arena;
struct conf;
struct skills;

/* What stands behind "~~category": what the configuration names. */
struct connection {
  const char *name;              /* of a helpdesk or MCP server: "support" */
  const char *product;           /* its connector, or "" */
  const char *const *categories; /* that the configuration gives it; may be NULL */
  size_t category_count;
};
struct connections {
  const struct connection *list; /* helpdesks first */
  size_t count;
  size_t helpdesk_count; /* the first so many of the list */
  bool knowledge;        /* there is a knowledge base */
};
/* From the configuration; all of it points into it or into `a`. */
struct connections *connections_new(const struct conf *f, struct arena *a);
/* "support (product)", or NULL: nothing is connected for it. The configuration's own word comes
 * first, then the products of the plugins' CONNECTORS.md. String from `a`. */
const char *connection_of(const struct connections *c, const struct skills *s,
                          struct trg_str category, struct arena *a);
/* Length of the longest known category at the front; of an unknown one, its first word; 0: none. */
size_t category_length(const struct skills *s, const struct connections *c, struct trg_str rest);

#endif
