/* What drafts may do with tools that change something: an entry for each, and by default a person
 * who approves every call. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

struct written {
  char *name, *approval;
  bool personal_data;
};

#define AT(member) offsetof(struct written, member)
const struct trg_field tool_fields[] = {
    {.name = "name",
     .flags = TRG_REQUIRED,
     .offset = AT(name),
     .help = "the server and its tool, as orders.refund"},
    {.name = "approval",
     .type = TRG_CHOICE,
     .words = "person none",
     .default_text = "person",
     .offset = AT(approval),
     .help = "of each call of a tool that does not only read: by a person, or none"},
    {.name = "personal_data",
     .type = TRG_BOOL,
     .default_text = "false",
     .offset = AT(personal_data),
     .help = "true: tokens as [EMAIL_1] in its arguments are replaced by what they stand for"},
    {.name = NULL},
};

/* "server.tool", of a server that is there and allows it. */
static void name_check(struct part *p, const struct yaml *node, const char *path,
                       const char *name) {
  const char *dot = strchr(name, '.');
  const struct conf *c = p->conf;
  for (size_t i = 0; dot != NULL && i < c->mcp_server_count; i++) {
    const struct conf_mcp_server *s = &c->mcp_servers[i];
    if (!str_is((struct trg_str){name, (size_t)(dot - name)}, s->name)) continue;
    for (size_t k = 0; k < s->allow_count; k++)
      if (strcmp(s->allow[k], dot + 1) == 0) return;
    field_wrong(&p->r, node, path, "mcp_servers.%s.allow does not name the tool \"%.60s\"", s->name,
                dot + 1);
    return;
  }
  field_wrong(&p->r, node, path,
              "\"%.80s\" names no tool: write the server of mcp_servers and its tool, as "
              "orders.refund",
              name);
}

void part_tools(struct part *p) {
  const struct yaml *list = yaml_get(yaml_get(p->root, "policy"), "tools");
  if (yaml_is_null(list)) return;
  if (list->kind != YAML_LIST) {
    field_wrong(&p->r, list, "policy.tools",
                "must be a list, as [orders.refund] or [{name: orders.refund, approval: none}]");
    return;
  }
  struct conf_tool *all = arena_alloc(p->r.arena, (yaml_count(list) + 1) * sizeof *all);
  size_t n = 0;
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    struct written w = {0};
    const char *path = path_item(p, "policy.tools", n);
    if (y->kind == YAML_SCALAR)
      w.name = arena_dup(p->r.arena, str_of(field_text(&p->r, y, path, NULL)));
    else
      field_fill(&p->r, y, path, tool_fields, NULL, &w);
    if (w.name == NULL) continue;
    name_check(p, y, path, w.name);
    for (size_t i = 0; i < n; i++)
      if (strcmp(all[i].name, w.name) == 0)
        field_wrong(&p->r, y, path, "\"%.80s\" stands twice", w.name);
    all[n++] = (struct conf_tool){.name = w.name,
                                  .asks = w.approval == NULL || strcmp(w.approval, "none") != 0,
                                  .personal_data = w.personal_data};
  }
  p->conf->policy.tools = all;
  p->conf->policy.tool_count = n;
}
