/*
 * A client's token for one server: found by its challenge (RFC 9728, 8414), asked for by client
 * credentials or by an authorization code (PKCE), kept until it runs out or is refused. Nobody sits
 * at a browser: an authorization server that answers with a page instead of a redirect is told of.
 */
#ifndef MCP_OAUTH_H
#define MCP_OAUTH_H

#include "base/json.h"

struct oauth;
struct http;
struct loop;
struct trg_http_reply;

struct oauth_options {
  struct loop *loop;
  struct http *http;
  const char *server; /* its name, for the log */
  const char *server_url;
  const json *conf; /* token_url, issuer, grant, client_id, client_secret, private_key, scope,
                       client_metadata_url, redirect_uri; outlives it */
  /* A token is there (why NULL), or none can be had. On a later turn than oauth_get. */
  void (*on_end)(void *arg, const char *why);
  void *arg;
};
/* NULL when the block has no oauth. */
struct oauth *oauth_new(const struct oauth_options *o);
void oauth_free(struct oauth **o); /* no callback comes afterwards */

/* The token, when it still holds; else NULL. */
const char *oauth_bearer(const struct oauth *o);
/* Must a token be there before the first request is sent? */
bool oauth_wanted_first(const struct oauth *o);
/* Gets one, if that is not under way. `refusal`: the answer that asked for it, or NULL. false: it
 * asks for nothing that could be given. */
bool oauth_get(struct oauth *o, const struct trg_http_reply *refusal);

#endif
