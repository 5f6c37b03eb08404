/*
 * The texts of OAuth as MCP uses it: challenges, well-known places, redirects. Pure.
 * (RFC 6750, 8414, 8707, 9207, 9728; MCP 2026-07-28, "Authorization")
 */
#ifndef MCP_OAUTH_TEXT_H
#define MCP_OAUTH_TEXT_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct arena;

/* Of a WWW-Authenticate header; absent ones have p NULL. Slices of the arena. */
struct oauth_challenge {
  struct trg_str resource_metadata, scope, error;
};
/* false: it has no Bearer challenge. */
bool oauth_challenge_read(struct trg_str header, struct arena *a, struct oauth_challenge *ret);

/* Where a server's protected-resource metadata may be, in the order of trying. */
size_t oauth_resource_places(struct trg_str server_url, struct arena *a, const char *ret[2]);
/* Where an authorization server's metadata may be, in the order of trying. */
size_t oauth_issuer_places(struct trg_str issuer, struct arena *a, const char *ret[3]);
/* "https://host:port" of a URL. */
const char *oauth_origin(struct trg_str url, struct arena *a);
/* Does the resource that the metadata names cover this server? Same origin, and its path is the
 * server's or a folder above it. */
bool oauth_resource_covers(struct trg_str resource, struct trg_str server_url);
/* May a server at server_url send us there? http:// only from a server on http:// (loopback). */
bool oauth_place_allowed(struct trg_str url, struct trg_str server_url);

/* Scopes of both, each once, in their order. */
const char *oauth_scopes_join(struct trg_str a, struct trg_str b, struct arena *arena);
bool oauth_scopes_have(struct trg_str scopes, const char *one);
/* BASE64URL(SHA256(verifier)): the S256 of RFC 7636. */
const char *oauth_pkce(struct trg_str verifier, struct arena *a);

/* What an authorization server sent back to redirect_uri. Slices of the arena, decoded. */
struct oauth_redirect {
  struct trg_str code, state, iss, error;
};
/* false: it leads elsewhere. */
bool oauth_redirect_read(struct trg_str location, struct trg_str redirect_uri, struct arena *a,
                         struct oauth_redirect *ret);

#endif
