/* What the server and its authorization server say of themselves. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/oauth_inner.h"

static struct trg_str server_url(const struct oauth *o) {
  return str_of(o->o.server_url);
}

static json *document(const struct trg_http_reply *r) {
  struct trg_err err = {0};
  json *doc = r->status == 200 ? json_parse(r->body, 0, &err) : NULL;
  if (!json_is_object(doc)) json_free(&doc);
  return doc;
}

/* --- the authorization server -------------------------------------------------------------- */

static void issuer_next(struct oauth *o);

static const char *place_in(struct oauth *o, const char *key) {
  const struct trg_str url = json_get_str(o->metadata, key);
  return oauth_place_allowed(url, server_url(o)) ? arena_dup(o->arena, url) : NULL;
}

static void issuer_known(struct oauth *o) {
  o->authorize_url = place_in(o, "authorization_endpoint");
  o->token_url = place_in(o, "token_endpoint");
  o->register_url = place_in(o, "registration_endpoint");
  if (o->token_url == NULL)
    oauth_end(o, "the authorization server's metadata has no token_endpoint that may be used");
  else
    oauth_grant(o);
}

/* Servers of 2025-03-26 may have no metadata at all, and then these places. */
static void issuer_assumed(struct oauth *o) {
  const char *origin = oauth_origin(server_url(o), o->arena);
  o->metadata = json_object();
  json_put_text(o->metadata, "authorization_endpoint",
                arena_printf(o->arena, "%s/authorize", origin));
  json_put_text(o->metadata, "token_endpoint", arena_printf(o->arena, "%s/token", origin));
  json_put_text(o->metadata, "registration_endpoint",
                arena_printf(o->arena, "%s/register", origin));
  issuer_known(o);
}

/* What it says must be of the issuer that was asked for, to the letter (RFC 8414, 3.3). */
static void on_issuer(struct oauth *o, const struct trg_http_reply *r) {
  o->metadata = document(r);
  if (o->metadata == NULL) {
    issuer_next(o);
    return;
  }
  if (!str_is(json_get_str(o->metadata, "issuer"), o->issuer)) {
    oauth_end(o, "the authorization server's metadata is of another issuer");
    return;
  }
  issuer_known(o);
}

static void issuer_next(struct oauth *o) {
  if (o->place < o->place_count)
    oauth_ask(o, "GET", o->places[o->place++], "application/json", TRG_STR(""), NULL, NULL,
              on_issuer);
  else if (o->pathless)
    issuer_assumed(o);
  else
    oauth_end(o, "the authorization server has no metadata");
}

/* Another issuer than before: what the client is there is unknown, and what it was elsewhere stays
 * elsewhere. */
static void issuer_take(struct oauth *o, struct trg_str issuer) {
  const struct trg_str configured = oauth_conf(o, "issuer");
  if (!oauth_place_allowed(issuer, server_url(o))) {
    oauth_end(o, "the server names an authorization server that may not be used");
    return;
  }
  if (configured.n > 0 && !str_eq(configured, issuer)) {
    oauth_end(o, "the server names another authorization server than oauth.issuer");
    return;
  }
  if (o->issuer != NULL && !str_is(issuer, o->issuer)) {
    if (!o->registered) {
      oauth_end(o, "the server names another authorization server than before, and the client's "
                   "credentials are not shown to it; name it in oauth.issuer");
      return;
    }
    log_event(TRG_WARN, "mcp.issuer_changed", "server", o->o.server, NULL);
    mem_free(o->client_id);
    mem_free(o->client_secret);
    mem_free(o->refresh);
    o->client_id = o->client_secret = o->refresh = NULL;
    o->registered = false;
  }
  mem_free(o->issuer);
  o->issuer = mem_dup_str(issuer);
  o->place = 0;
  o->place_count = oauth_issuer_places(issuer, o->arena, o->places);
  issuer_next(o);
}

/* --- the server ---------------------------------------------------------------------------- */

static void resource_next(struct oauth *o);

static const char *scopes_of(struct oauth *o, const json *list) {
  const char *all = "";
  for (const json *s = json_first(list); s != NULL; s = json_next(s))
    all = oauth_scopes_join(str_of(all), json_str(s), o->arena);
  return all;
}

static void on_resource(struct oauth *o, const struct trg_http_reply *r) {
  json *doc = document(r);
  if (doc == NULL) {
    resource_next(o);
    return;
  }
  const struct trg_str resource = json_get_str(doc, "resource");
  const struct trg_str issuer = arena_str(
      o->arena, json_str(json_first(json_get(doc, "authorization_servers"))));
  const bool covers = oauth_resource_covers(resource, server_url(o));
  o->resource = arena_dup(o->arena, resource);
  o->offered_scopes = scopes_of(o, json_get(doc, "scopes_supported"));
  json_free(&doc);
  if (!covers)
    oauth_end(o, "its protected-resource metadata is of another server");
  else
    issuer_take(o, issuer);
}

static void resource_next(struct oauth *o) {
  if (o->place < o->place_count) {
    oauth_ask(o, "GET", o->places[o->place++], "application/json", TRG_STR(""), NULL, NULL,
              on_resource);
    return;
  }
  /* 2025-03-26: the server is its own authorization server. */
  o->pathless = true;
  o->resource = arena_dup(o->arena, server_url(o));
  o->offered_scopes = "";
  issuer_take(o, str_of(oauth_origin(server_url(o), o->arena)));
}

void oauth_find(struct oauth *o, struct trg_str place) {
  o->place = 0;
  o->pathless = false;
  json_free(&o->metadata);
  if (place.n > 0 && http_url_same_origin(place, server_url(o))) {
    o->places[0] = arena_dup(o->arena, place);
    o->place_count = 1;
  } else {
    o->place_count = oauth_resource_places(server_url(o), o->arena, o->places);
  }
  resource_next(o);
}
