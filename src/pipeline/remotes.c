/* The MCP servers of one configuration, connected when a draft first needs them. */
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "pipeline/lookup_inner.h"
#include "pipeline/plugin_server.h"

static void servers_hash(const struct conf *c, char hex[65]) {
  struct hash *h = hash_new();
  uint8_t sum[HASH_BYTES];
  for (size_t i = 0; i < c->mcp_server_count; i++) {
    const struct conf_mcp_server *s = &c->mcp_servers[i];
    hash_add(h, str_of(s->name));
    hash_add(h, (struct trg_str){"", 1});
    hash_add(h, str_of(s->json)); /* with its allow and price */
    hash_add(h, (struct trg_str){"", 1});
  }
  hash_end(&h, sum);
  hex_encode(sum, sizeof sum, hex);
}

/* Only named, with the tools to allow: a plugin folder has the rest. */
static bool is_brought(const struct conf_mcp_server *s) {
  json *o = json_parse(str_of(s->json), 0, NULL);
  const bool brought = json_get_str(o, "url").n == 0 && json_get_str(o, "command").n == 0;
  json_free(&o);
  return brought;
}

struct remotes *remotes_new(struct loop *l, struct http *h, const struct conf *c) {
  struct remotes *r = mem_alloc(sizeof *r);
  servers_hash(c, r->hash);
  r->kept = arena_new();
  for (size_t i = 0; i < c->mcp_server_count && r->count < REMOTES_MAX; i++) {
    const struct conf_mcp_server *s = &c->mcp_servers[i];
    struct trg_err err = {0};
    if (s->allow_count == 0) continue;
    char *brought = is_brought(s) ? plugin_server(c, s->name) : NULL;
    const struct mcp_client_options o = {.loop = l,
                                         .http = h,
                                         .name = s->name,
                                         .json = brought != NULL ? brought : s->json,
                                         .allow = s->allow,
                                         .allow_count = s->allow_count};
    r->clients[r->count] = mcp_client_new(&o, &err);
    mem_free(brought);
    if (r->clients[r->count] == NULL) {
      log_event(TRG_WARN, "mcp.server", "server", s->name, "why", err.text, NULL);
      continue;
    }
    r->servers[r->count++] = s;
  }
  if (r->count == 0) remotes_free(&r);
  return r;
}

bool remotes_same(const struct remotes *r, const struct conf *c) {
  char hex[65];
  servers_hash(c, hex);
  return r != NULL && strcmp(r->hash, hex) == 0;
}

void remotes_close(struct remotes *r) {
  for (size_t i = 0; r != NULL && i < r->count; i++) mcp_client_close(r->clients[i]);
}

struct errand *errand_new(struct lookup *l, struct looking *k) {
  struct errand *e = mem_alloc(sizeof *e);
  struct remotes *r = l->remotes;
  *e = (struct errand){.next = r->errands, .at = &r->errands, .lookup = l, .call = k};
  if (e->next != NULL) e->next->at = &e->next;
  r->errands = e;
  return e;
}

struct lookup *errand_end(struct errand *e, struct looking **ret_call) {
  struct lookup *l = e->lookup;
  if (ret_call != NULL) *ret_call = e->call;
  *e->at = e->next;
  if (e->next != NULL) e->next->at = e->at;
  mem_free(e);
  return l;
}

void remotes_free(struct remotes **r) {
  if (*r == NULL) return;
  for (size_t i = 0; i < (*r)->count; i++) mcp_client_free(&(*r)->clients[i]);
  while ((*r)->errands != NULL) (void)errand_end((*r)->errands, NULL);
  arena_free(&(*r)->kept);
  mem_free(*r);
  *r = NULL;
}

size_t road_tool_servers(const struct road *road, struct tool_server_state *ret, size_t room) {
  const struct remotes *r = road->remotes;
  size_t n = 0;
  for (; r != NULL && n < r->count && n < room; n++) {
    const struct mcp_client_stats s = mcp_client_stats(r->clients[n]);
    ret[n] = (struct tool_server_state){.name = r->servers[n]->name,
                                        .ready = mcp_client_version(r->clients[n])[0] != '\0',
                                        .answered = s.answered,
                                        .failed = s.failed,
                                        .progress = s.progress};
  }
  return n;
}
