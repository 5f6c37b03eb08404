/* Who may use /mcp: named tokens with their grants, and the names it may be asked under. */
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

#define TOKEN_BYTES_MIN 16

struct written {
  char *name, *token, *grants, *helpdesk;
  int64_t per_minute;
  bool confirm;
};

#define AT(member) offsetof(struct written, member)
const struct trg_field token_fields[] = {
    {.name = "name", .flags = TRG_REQUIRED, .offset = AT(name), .help = "stands in the audit log"},
    {.name = "token",
     .flags = TRG_REQUIRED | TRG_SECRET,
     .offset = AT(token),
     .help = "what the caller shows as bearer token"},
    {.name = "grants",
     .type = TRG_JSON,
     .offset = AT(grants),
     .help = "read, write (fields, notes), send (what customers see); read by default"},
    {.name = "helpdesk", .offset = AT(helpdesk), .help = "the only one it may see; all by default"},
    {.name = "confirm",
     .type = TRG_BOOL,
     .default_text = "false",
     .offset = AT(confirm),
     .help = "true: the person at the client confirms each reply before the customer gets it"},
    {.name = "per_minute",
     .type = TRG_INT,
     .default_text = "6000",
     .min = 1,
     .max = 1000000,
     .offset = AT(per_minute),
     .help = "requests"},
    {.name = NULL},
};

static uint32_t grants_read(struct part *p, const struct yaml *map, const char *path) {
  static const struct {
    const char *word;
    uint32_t grant;
  } known[] = {{"read", CONF_MCP_READ}, {"write", CONF_MCP_WRITE}, {"send", CONF_MCP_SEND}};
  const struct yaml *node = yaml_get(map, "grants");
  if (yaml_is_null(node)) return CONF_MCP_READ;
  size_t n = 0;
  uint32_t all = 0;
  const char *key = path_key(p, path, "grants");
  const char *const *words = field_list(&p->r, node, key, &n);
  for (size_t i = 0; i < n; i++) {
    size_t k = 0;
    while (k < 3 && strcmp(words[i], known[k].word) != 0) k++;
    if (k == 3)
      field_wrong(&p->r, node, path_item(p, key, i),
                  "there is no grant \"%.40s\"; there are read, write, send", words[i]);
    else
      all |= known[k].grant;
  }
  return all;
}

static void token_check(struct part *p, const struct yaml *map, const char *path,
                        const struct written *w, const struct conf_mcp_token *before,
                        size_t count) {
  if (w->token != NULL && strlen(w->token) < TOKEN_BYTES_MIN)
    field_wrong(&p->r, map, path_key(p, path, "token"),
                "is shorter than %d characters and could be guessed; make one with `openssl rand "
                "-hex 24`",
                TOKEN_BYTES_MIN);
  if (w->helpdesk != NULL && conf_helpdesk(p->conf, str_of(w->helpdesk)) == NULL)
    field_wrong(&p->r, map, path_key(p, path, "helpdesk"),
                "there is no helpdesk \"%.40s\" in `helpdesks`", w->helpdesk);
  for (size_t i = 0; i < count; i++) {
    if (w->name != NULL && before[i].name != NULL && strcmp(w->name, before[i].name) == 0)
      field_wrong(&p->r, map, path_key(p, path, "name"), "stands twice; names must differ");
    if (w->token != NULL && before[i].token != NULL && strcmp(w->token, before[i].token) == 0)
      field_wrong(&p->r, map, path_key(p, path, "token"),
                  "is the token of \"%s\" too; each needs its own", before[i].name);
  }
}

void part_access(struct part *p) {
  const struct yaml *access = yaml_get(p->root, "access");
  const struct yaml *list = yaml_get(access, "mcp_tokens");
  struct conf *c = p->conf;
  c->access_hosts = field_list(&p->r, yaml_get(access, "hosts"), "access.hosts",
                               &c->access_host_count);
  if (yaml_is_null(list)) return;
  if (list->kind != YAML_LIST) {
    field_wrong(&p->r, list, "access.mcp_tokens",
                "must be a list, as [{name: agent, token: \"${file:agent}\", grants: [read]}]");
    return;
  }
  struct conf_mcp_token *all = arena_alloc(p->r.arena, (yaml_count(list) + 1) * sizeof *all);
  size_t n = 0;
  for (const struct yaml *map = list->first; map != NULL; map = map->next, n++) {
    struct written w = {0};
    const char *path = path_item(p, "access.mcp_tokens", n);
    field_fill(&p->r, map, path, token_fields, NULL, &w);
    if (map->kind != YAML_MAP) continue;
    if (w.name != NULL) (void)name_fine(p, map, path, w.name);
    token_check(p, map, path, &w, all, n);
    all[n] = (struct conf_mcp_token){.name = w.name,
                                     .token = w.token,
                                     .grants = grants_read(p, map, path),
                                     .helpdesk = w.helpdesk,
                                     .per_minute = w.per_minute,
                                     .confirm = w.confirm};
  }
  c->mcp_tokens = all;
  c->mcp_token_count = n;
}
