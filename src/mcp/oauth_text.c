#include "mcp/oauth_text.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/jws.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/http.h"

/* --- challenges ---------------------------------------------------------------------------- */

struct cursor {
  struct trg_str s;
  size_t at;
};

static bool is_token(char c) {
  return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip(struct cursor *c, const char *of) {
  while (c->at < c->s.n && strchr(of, c->s.p[c->at]) != NULL && c->s.p[c->at] != '\0') c->at++;
}

static struct trg_str word(struct cursor *c) {
  const size_t from = c->at;
  while (c->at < c->s.n && is_token(c->s.p[c->at])) c->at++;
  return (struct trg_str){c->s.p + from, c->at - from};
}

/* A quoted text with its backslashes undone, or a plain word. */
static struct trg_str value(struct cursor *c, struct arena *a) {
  if (c->at >= c->s.n || c->s.p[c->at] != '"') {
    const size_t from = c->at;
    while (c->at < c->s.n && strchr(", \t", c->s.p[c->at]) == NULL) c->at++;
    return arena_str(a, (struct trg_str){c->s.p + from, c->at - from});
  }
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "");
  for (c->at++; c->at < c->s.n && c->s.p[c->at] != '"'; c->at++) {
    if (c->s.p[c->at] == '\\' && c->at + 1 < c->s.n) c->at++;
    buf_char(&b, c->s.p[c->at]);
  }
  if (c->at < c->s.n) c->at++;
  const struct trg_str text = arena_str(a, buf_view(&b));
  buf_free(&b);
  return text;
}

bool oauth_challenge_read(struct trg_str header, struct arena *a, struct oauth_challenge *ret) {
  struct cursor c = {header, 0};
  bool bearer = false, any = false;
  *ret = (struct oauth_challenge){0};
  while (c.at < c.s.n) {
    skip(&c, ", \t");
    const struct trg_str name = word(&c);
    const size_t after = c.at;
    skip(&c, " \t");
    if (name.n == 0) {
      c.at = after + 1; /* what can not stand there */
    } else if (c.at < c.s.n && c.s.p[c.at] == '=') {
      c.at++;
      skip(&c, " \t");
      const struct trg_str v = value(&c, a);
      if (!bearer) continue;
      if (str_is_nocase(name, "resource_metadata")) ret->resource_metadata = v;
      if (str_is_nocase(name, "scope")) ret->scope = v;
      if (str_is_nocase(name, "error")) ret->error = v;
    } else {
      bearer = str_is_nocase(name, "Bearer"); /* another scheme's parameters are not ours */
      any = any || bearer;
    }
  }
  return any;
}

/* --- places -------------------------------------------------------------------------------- */

/* Where the path begins; the end of the text when there is none. */
static size_t path_at(struct trg_str url) {
  const ptrdiff_t scheme = str_find(url, "://");
  size_t i = scheme < 0 ? 0 : (size_t)scheme + 3;
  while (i < url.n && strchr("/?#", url.p[i]) == NULL) i++;
  return i;
}

/* The path alone, without what follows it and without a slash at its end. */
static struct trg_str path_of(struct trg_str url) {
  const size_t from = path_at(url);
  size_t n = 0;
  while (from + n < url.n && url.p[from + n] != '?' && url.p[from + n] != '#') n++;
  while (n > 0 && url.p[from + n - 1] == '/') n--;
  return (struct trg_str){url.p + from, n};
}

const char *oauth_origin(struct trg_str url, struct arena *a) {
  return arena_dup(a, (struct trg_str){url.p, path_at(url)});
}

size_t oauth_resource_places(struct trg_str server_url, struct arena *a, const char *ret[2]) {
  static const char place[] = "/.well-known/oauth-protected-resource";
  const char *origin = oauth_origin(server_url, a);
  const struct trg_str path = path_of(server_url);
  size_t n = 0;
  if (path.n > 0) ret[n++] = arena_printf(a, "%s%s%.*s", origin, place, (int)path.n, path.p);
  ret[n++] = arena_printf(a, "%s%s", origin, place);
  return n;
}

size_t oauth_issuer_places(struct trg_str issuer, struct arena *a, const char *ret[3]) {
  const char *origin = oauth_origin(issuer, a);
  const struct trg_str path = path_of(issuer);
  const int n = (int)path.n;
  const char *p = path.n > 0 ? path.p : "";
  ret[0] = arena_printf(a, "%s/.well-known/oauth-authorization-server%.*s", origin, n, p);
  ret[1] = arena_printf(a, "%s/.well-known/openid-configuration%.*s", origin, n, p);
  if (path.n == 0) return 2;
  ret[2] = arena_printf(a, "%s%.*s/.well-known/openid-configuration", origin, n, p);
  return 3;
}

bool oauth_resource_covers(struct trg_str resource, struct trg_str server_url) {
  if (!http_url_same_origin(resource, server_url)) return false;
  const struct trg_str above = path_of(resource), path = path_of(server_url);
  return path.n >= above.n && memcmp(path.p, above.p, above.n) == 0 &&
         (path.n == above.n || path.p[above.n] == '/');
}

bool oauth_place_allowed(struct trg_str url, struct trg_str server_url) {
  struct trg_err err = {0};
  if (url.n == 0 || http_url_check(url, &err) != 0) return false;
  return str_starts(url, "https://") || str_starts(server_url, "http://");
}

/* --- scopes, PKCE -------------------------------------------------------------------------- */

bool oauth_scopes_have(struct trg_str scopes, const char *one) {
  struct trg_str piece;
  while (str_next(&scopes, ' ', &piece))
    if (str_is(piece, one)) return true;
  return false;
}

const char *oauth_scopes_join(struct trg_str a, struct trg_str b, struct arena *arena) {
  struct trg_str piece;
  const char *all = "";
  struct trg_str lists[] = {a, b};
  for (size_t i = 0; i < 2; i++)
    while (str_next(&lists[i], ' ', &piece)) {
      const char *one = arena_dup(arena, piece);
      if (piece.n == 0 || oauth_scopes_have(str_of(all), one)) continue;
      all = arena_printf(arena, "%s%s%s", all, all[0] != '\0' ? " " : "", one);
    }
  return all;
}

const char *oauth_pkce(struct trg_str verifier, struct arena *a) {
  uint8_t sum[HASH_BYTES];
  struct buf b;
  buf_init(&b, 0);
  hash_sha256(verifier, sum);
  base64url_put(&b, (struct trg_str){(const char *)sum, sizeof sum});
  const char *text = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return text;
}

/* --- redirects ----------------------------------------------------------------------------- */

static struct trg_str decoded(struct trg_str s, struct arena *a) {
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "");
  for (size_t i = 0; i < s.n; i++) {
    uint8_t byte = 0;
    if (s.p[i] == '%' && i + 2 < s.n &&
        hex_decode((struct trg_str){s.p + i + 1, 2}, &byte, 1) == 0) {
      buf_char(&b, (char)byte);
      i += 2;
    } else {
      buf_char(&b, s.p[i] == '+' ? ' ' : s.p[i]);
    }
  }
  const struct trg_str text = arena_str(a, buf_view(&b));
  buf_free(&b);
  return text;
}

bool oauth_redirect_read(struct trg_str location, struct trg_str redirect_uri, struct arena *a,
                         struct oauth_redirect *ret) {
  *ret = (struct oauth_redirect){0};
  if (location.n <= redirect_uri.n || memcmp(location.p, redirect_uri.p, redirect_uri.n) != 0 ||
      location.p[redirect_uri.n] != '?')
    return false;
  struct trg_str rest = {location.p + redirect_uri.n + 1, location.n - redirect_uri.n - 1}, piece;
  const char *hash = memchr(rest.p, '#', rest.n);
  if (hash != NULL) rest.n = (size_t)(hash - rest.p);
  while (str_next(&rest, '&', &piece)) {
    struct trg_str v = piece, name;
    if (!str_next(&v, '=', &name)) continue;
    if (str_is(name, "code")) ret->code = decoded(v, a);
    if (str_is(name, "state")) ret->state = decoded(v, a);
    if (str_is(name, "iss")) ret->iss = decoded(v, a);
    if (str_is(name, "error")) ret->error = decoded(v, a);
  }
  return true;
}
