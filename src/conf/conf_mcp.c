/* MCP servers, in the form of .mcp.json. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

struct written {
  char *type, *url, *headers, *oauth, *command, *args, *env, *cwd;
  char *price, *elicitation, *era;
  int64_t timeout_ms, timeout_max_ms;
};

#define AT(member) offsetof(struct written, member)
const struct trg_field mcp_fields[] = {
    {.name = "type",
     .type = TRG_CHOICE,
     .words = "http sse stdio",
     .offset = AT(type),
     .help = "http (or sse) by url, stdio by command"},
    {.name = "url", .type = TRG_URL, .offset = AT(url), .help = "http: where it answers"},
    {.name = "headers",
     .type = TRG_JSON,
     .offset = AT(headers),
     .help = "http: as {Authorization: \"Bearer ${env:NAME}\"}"},
    {.name = "oauth",
     .type = TRG_JSON,
     .offset = AT(oauth),
     .help =
         "http: how a token is got, as {issuer, client_id, client_secret}; {} registers a client"},
    {.name = "command", .offset = AT(command), .help = "stdio: the program"},
    {.name = "args", .type = TRG_JSON, .offset = AT(args), .help = "stdio: its arguments"},
    {.name = "env", .type = TRG_JSON, .offset = AT(env), .help = "stdio: its environment"},
    {.name = "cwd", .offset = AT(cwd), .help = "stdio: the folder that it starts in"},
    {.name = "timeout",
     .type = TRG_DURATION,
     .default_text = "30s",
     .min = 100,
     .max = 600000,
     .offset = AT(timeout_ms),
     .help = "for one call, or from one notice of its progress to the next"},
    {.name = "era",
     .type = TRG_CHOICE,
     .words = "auto legacy",
     .default_text = "auto",
     .offset = AT(era),
     .help = "legacy: initialized at once, without asking for 2026-07-28 first"},
    {.name = "timeout_max",
     .type = TRG_DURATION,
     .default_text = "5m",
     .min = 100,
     .max = 3600000,
     .offset = AT(timeout_max_ms),
     .help = "for one call that goes on telling of its progress"},
    {.name = "elicitation",
     .type = TRG_CHOICE,
     .words = "none cancel defaults",
     .default_text = "none",
     .offset = AT(elicitation),
     .help = "forms that the server wants filled in: not taken, put away, or their own defaults"},
    {.name = "price", .offset = AT(price), .help = "US dollars that one call costs, as 0.002"},
    {.name = NULL},
};
static const struct trg_field allow_key[] = {{.name = "allow", .type = TRG_JSON}, {.name = NULL}};

static void kind_check(struct part *p, const struct yaml *map, const char *path,
                       const struct written *w) {
  /* Neither: a server that a plugin folder brings, switched on by naming its tools. */
  if (w->type == NULL && w->command == NULL && yaml_is_null(yaml_get(map, "url")) &&
      !yaml_is_null(yaml_get(map, "allow")))
    return;
  const bool stdio = w->type != NULL ? strcmp(w->type, "stdio") == 0 : w->command != NULL;
  if (stdio && w->command == NULL)
    field_wrong(&p->r, map, path_key(p, path, "command"),
                "is missing; a stdio server needs the program to start");
  if (!stdio && w->url == NULL && yaml_is_null(yaml_get(map, "url")))
    field_wrong(&p->r, map, path_key(p, path, "url"),
                "is missing; write url: https://... for a server on the network, or command: for a "
                "program");
  if (w->url != NULL && w->command != NULL)
    field_wrong(&p->r, map, path, "has both url and command; take one out");
}

static void headers_check(struct part *p, const struct yaml *map, const char *path) {
  static const char *const lists[] = {"headers", "env", NULL};
  for (size_t i = 0; lists[i] != NULL; i++) {
    const struct yaml *below = yaml_get(map, lists[i]);
    const char *key = path_key(p, path, lists[i]);
    if (yaml_is_null(below)) continue;
    if (below->kind != YAML_MAP) {
      field_wrong(&p->r, below, key, "must be a map of names and texts");
      continue;
    }
    for (const struct yaml *c = below->first; c != NULL; c = c->next) {
      if (c->kind != YAML_SCALAR) {
        field_wrong(&p->r, c, path_key(p, key, c->key), "must be text");
      } else if (strcasecmp(c->key, "authorization") == 0 && strstr(c->text, "${") == NULL) {
        p->r.clear_secrets++;
        field_warn(&p->r, c, path_key(p, key, c->key),
                   "this secret stands in the file; write \"Bearer ${env:NAME}\" or "
                   "\"Bearer ${file:PATH}\"");
      }
    }
  }
}

/* Misspelt keys would be missed only when the server asks for a token. */
static void oauth_check(struct part *p, const struct yaml *map, const char *path) {
  static const char *const known[] = {
      "token_url",     "issuer",      "grant", "client_id",
      "client_secret", "private_key", "scope", "client_metadata_url",
      "redirect_uri",  NULL};
  const struct yaml *below = yaml_get(map, "oauth");
  const char *key = path_key(p, path, "oauth");
  if (yaml_is_null(below)) return;
  if (below->kind != YAML_MAP) {
    field_wrong(&p->r, below, key, "must be a map, as {client_id: ..., client_secret: ...}, or {}");
    return;
  }
  for (const struct yaml *c = below->first; c != NULL; c = c->next) {
    size_t i = 0;
    while (known[i] != NULL && strcmp(known[i], c->key) != 0) i++;
    const char *near = known[i] == NULL ? field_nearest(c->key, known) : NULL;
    const bool secret = strcmp(c->key, "client_secret") == 0 || strcmp(c->key, "private_key") == 0;
    if (known[i] == NULL)
      field_wrong(&p->r, c, path_key(p, key, c->key), "unknown key; %s%s%s",
                  near != NULL ? "did you mean \"" : "see triaged.yaml(5)",
                  near != NULL ? near : "", near != NULL ? "\"?" : "");
    else if (c->kind != YAML_SCALAR)
      field_wrong(&p->r, c, path_key(p, key, c->key), "must be text");
    else if (secret && strstr(c->text, "${") == NULL) {
      p->r.clear_secrets++;
      field_warn(&p->r, c, path_key(p, key, c->key),
                 "this secret stands in the file; write \"${env:NAME}\" or \"${file:PATH}\"");
    }
  }
}

static void server_read(struct part *p, const struct yaml *map, const char *path,
                        struct conf_mcp_server *s) {
  struct written w = {0};
  *s = (struct conf_mcp_server){.name = arena_dup(p->r.arena, str_of(map->key)), .line = map->line};
  field_fill(&p->r, map, path, mcp_fields, allow_key, &w);
  if (map->kind != YAML_MAP) return;
  kind_check(p, map, path, &w);
  if (w.price != NULL &&
      (money_parse(str_of(w.price), &s->price_micros) != 0 || s->price_micros < 0))
    field_wrong(&p->r, map, path_key(p, path, "price"),
                "must be US dollars, with at most six decimal places, as 0.002");
  headers_check(p, map, path);
  oauth_check(p, map, path);
  const struct yaml *args = yaml_get(map, "args");
  size_t n = 0;
  if (!yaml_is_null(args)) (void)field_list(&p->r, args, path_key(p, path, "args"), &n);
  s->allow = field_list(&p->r, yaml_get(map, "allow"), path_key(p, path, "allow"), &s->allow_count);
  s->json = field_json(&p->r, map, path);
}

static bool name_is_plain(const char *name) {
  const size_t n = strlen(name);
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return n >= 1 && n <= 40 && strspn(name, letters) == n;
}

void part_mcp_servers(struct part *p) {
  const struct yaml *map = yaml_get(p->root, "mcp_servers");
  if (yaml_is_null(map)) return;
  if (map->kind != YAML_MAP) {
    field_wrong(
        &p->r, map, "mcp_servers",
        "must be a map of servers by name, as {orders: {type: http, url: \"https://...\"}}");
    return;
  }
  struct conf_mcp_server *all = arena_alloc(p->r.arena, (yaml_count(map) + 1) * sizeof *all);
  size_t n = 0;
  lenience(p, true);
  for (const struct yaml *c = map->first; c != NULL; c = c->next, n++) {
    const char *path = path_key(p, "mcp_servers", c->key);
    if (!name_is_plain(c->key))
      field_wrong(&p->r, c, path, "a server's name is 1 to 40 of a-z A-Z 0-9 _ -");
    server_read(p, c, path, &all[n]);
  }
  lenience(p, false);
  p->conf->mcp_servers = all;
  p->conf->mcp_server_count = n;
}

/* ---- what the placeholders of skills stand for ---- */

static bool is_connected(const struct conf *c, const char *name) {
  for (size_t i = 0; i < c->mcp_server_count; i++)
    if (strcmp(c->mcp_servers[i].name, name) == 0) return true;
  return conf_helpdesk(c, str_of(name)) != NULL;
}

void part_connectors(struct part *p) {
  const struct yaml *map = yaml_get(p->root, "connectors");
  if (yaml_is_null(map)) return;
  if (map->kind != YAML_MAP) {
    field_wrong(&p->r, map, "connectors",
                "must be a map of categories and names, as {CRM: orders}; a name is that of a "
                "helpdesk or of one of mcp_servers");
    return;
  }
  struct conf_connector *all = arena_alloc(p->r.arena, (yaml_count(map) + 1) * sizeof *all);
  size_t n = 0;
  for (const struct yaml *c = map->first; c != NULL; c = c->next) {
    const char *path = path_key(p, "connectors", c->key);
    const char *name = field_text(&p->r, c, path, NULL);
    if (name == NULL) continue;
    if (!is_connected(p->conf, name)) {
      field_wrong(&p->r, c, path, "there is no helpdesk and no MCP server \"%.60s\"", name);
      continue;
    }
    const char *key = strncmp(c->key, "~~", 2) == 0 ? c->key + 2 : c->key;
    all[n++] = (struct conf_connector){arena_dup(p->r.arena, str_of(key)), name};
  }
  p->conf->connectors = all;
  p->conf->connector_count = n;
}
