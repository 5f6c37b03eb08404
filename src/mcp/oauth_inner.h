/*
 * Inside of the client's OAuth: what is known of the servers, and the step that is under way.
 */
#ifndef MCP_OAUTH_INNER_H
#define MCP_OAUTH_INNER_H

#include <stdint.h>

#include "base/buf.h"
#include "mcp/oauth.h"
#include "mcp/oauth_text.h"
#include "net/http.h"
#include "net/loop.h"

enum oauth_method { METHOD_NONE = 0, METHOD_BASIC, METHOD_POST, METHOD_KEY };

struct oauth {
  struct oauth_options o;
  char *token, *refresh;
  int64_t token_until_ms;
  char *wanted; /* scopes asked for so far */
  /* The client, as this issuer knows it: never shown to another. */
  char *issuer, *client_id, *client_secret;
  enum oauth_method method;
  bool registered; /* by us; else as configured */
  /* The run that is under way; all from `arena`. */
  bool running;
  http_id exchange;
  loop_timer ending;
  char why[300];
  struct arena *arena;
  void (*then)(struct oauth *o, const struct trg_http_reply *r);
  const char *places[3];
  size_t place, place_count;
  const char *resource, *challenged, *offered_scopes; /* of the server */
  const char *authorize_url, *token_url, *register_url;
  const char *state, *verifier, *scope;
  json *metadata; /* of the authorization server */
  bool pathless;  /* the server has no metadata of its own: as in 2025-03-26 */
  int redirects;
};

/* oauth.c */
struct trg_str oauth_conf(const struct oauth *o, const char *key);
void oauth_ask(struct oauth *o, const char *method, const char *url, const char *accept,
               struct trg_str body, const char *type, const char *authorization,
               void (*then)(struct oauth *o, const struct trg_http_reply *r));
void oauth_end(struct oauth *o, const char *why); /* NULL: there is a token */
const char *oauth_say(struct oauth *o, const char *what, const struct trg_http_reply *r);

/* oauth_find.c: the servers' metadata, then oauth_grant. */
void oauth_find(struct oauth *o, struct trg_str place);
/* oauth_token.c: registration, authorization, token. */
void oauth_grant(struct oauth *o);
void oauth_token_first(struct oauth *o); /* as configured, without any metadata */

#endif
