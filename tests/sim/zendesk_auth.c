/* Zendesk's credentials: bearer tokens, API tokens in Basic form, and the token endpoint. */
#include "zendesk.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char token_mark[] = "zdsim-"; /* begins every token that was issued here */

static unsigned scope_grants(const char *scope) {
  static const struct {
    const char *name;
    unsigned grants;
  } scopes[] = {
      {"read", GRANT_READ},
      {"write", GRANT_WRITE},
      {"tickets:read", GRANT_TICKETS_READ},
      {"tickets:write", GRANT_TICKETS_WRITE},
      {"users:read", GRANT_USERS_READ},
      {"webhooks:read", GRANT_WEBHOOKS_READ},
      {"webhooks:write", GRANT_WEBHOOKS_READ},
  };
  unsigned grants = 0;
  while (*scope) {
    size_t n = strcspn(scope, " ");
    bool known = n == 0;
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
      if (strlen(scopes[i].name) == n && strncmp(scopes[i].name, scope, n) == 0) {
        grants |= scopes[i].grants;
        known = true;
      }
    }
    if (!known) {
      return GRANT_ADMIN; /* a token all right, but one that opens nothing */
    }
    scope += n + (scope[n] == ' ' ? 1 : 0);
  }
  return grants | GRANT_ADMIN;
}

static struct token *token_find(struct zendesk *z, const char *text) {
  uint64_t at = 0;
  return map_get(&z->token_at, hash_text(5, text) | 1, &at) ? &z->tokens[at] : NULL;
}

static struct token *token_add(struct exchange *x, const char *scope, bool refresh, int64_t life_s,
                               char ret_text[64]) {
  struct zendesk *z = x->state;
  if (z->token_count == z->token_cap) {
    z->token_cap = z->token_cap ? z->token_cap * 2 : 16;
    z->tokens = mem_grow(z->tokens, z->token_cap * sizeof *z->tokens);
  }
  uint64_t a = hash_mix(x->sim->opt.seed, z->token_count + 77);
  snprintf(ret_text, 64, "%s%016llx%016llx", token_mark, (unsigned long long)a,
           (unsigned long long)hash_mix(a, (uint64_t)clock_wall_ms()));
  struct token *t = &z->tokens[z->token_count];
  memset(t, 0, sizeof *t);
  t->expires_ms = clock_now_ms(&x->sim->clock) + life_s * 1000;
  t->grants = scope_grants(scope);
  t->refresh = refresh;
  snprintf(t->scope, sizeof t->scope, "%s", scope);
  map_put(&z->token_at, hash_text(5, ret_text) | 1, z->token_count);
  z->token_count++;
  return t;
}

static unsigned bearer_grants(struct exchange *x, const char *token, bool *ret_expired) {
  if (*token == '\0' || text_starts(token, "bad")) {
    *ret_expired = true;
    return 0;
  }
  if (!text_starts(token, token_mark)) {
    return GRANT_READ | GRANT_WRITE | (text_starts(token, "agent") ? 0 : GRANT_ADMIN);
  }
  const struct token *t = token_find(x->state, token);
  if (t == NULL || t->dead || t->refresh || t->expires_ms <= clock_now_ms(&x->sim->clock)) {
    *ret_expired = true;
    return 0;
  }
  return t->grants;
}

/* "EMAIL/token:TOKEN"; passwords died in January 2026. */
static unsigned basic_grants(const char *encoded) {
  struct buf b = {0};
  unsigned grants = 0;
  if (base64_get(&b, encoded)) {
    const char *pair = buf_text(&b);
    const char *token = strstr(pair, "/token:");
    if (token && token != pair && !text_starts(pair, "bad") && token[7] != '\0' &&
        !text_starts(token + 7, "bad")) {
      grants = GRANT_READ | GRANT_WRITE | (text_starts(token + 7, "agent") ? 0 : GRANT_ADMIN);
    }
  }
  buf_free(&b);
  return grants;
}

unsigned zendesk_grants(struct exchange *x, bool *ret_expired) {
  const char *authorization = exchange_header(x, "Authorization");
  *ret_expired = false;
  if (authorization == NULL) {
    return GRANT_ANONYMOUS;
  }
  if (strncasecmp(authorization, "Bearer ", 7) == 0) {
    unsigned grants = bearer_grants(x, authorization + 7, ret_expired);
    bool me = x->route && x->route->answer == zendesk_me;
    if (*ret_expired && me) {
      *ret_expired =
          false; /* the trap of this endpoint: bad credentials are an anonymous visitor */
    }
    if (x->route && x->route->answer == zendesk_token) {
      *ret_expired = false;
    }
    return grants;
  }
  if (strncasecmp(authorization, "Basic ", 6) == 0) {
    return basic_grants(authorization + 6);
  }
  return 0;
}

/* One field of the request, from a JSON or a form body. */
static void field_get(struct exchange *x, const char *name, char *ret_value, size_t bytes) {
  const cJSON *v = cJSON_GetObjectItemCaseSensitive(exchange_json(x), name);
  ret_value[0] = '\0';
  if (cJSON_IsString(v)) {
    snprintf(ret_value, bytes, "%s", v->valuestring);
    return;
  }
  size_t n = strlen(name);
  for (const char *at = buf_text(&x->body); at && *at;
       at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
    if (strncmp(at, name, n) != 0 || at[n] != '=') {
      continue;
    }
    size_t k = 0;
    for (at += n + 1; *at && *at != '&' && k + 1 < bytes; at++) {
      unsigned code = 0;
      if (*at == '%' && sscanf(at + 1, "%2x", &code) == 1) {
        ret_value[k++] = (char)code;
        at += 2;
      } else {
        ret_value[k++] = *at == '+' ? ' ' : *at;
      }
    }
    ret_value[k] = '\0';
    return;
  }
}

static void oauth_error(struct exchange *x, int status, const char *error,
                        const char *description) {
  struct buf *b = reply_json(x, status);
  x->sim->stats.unauthorized++;
  jw_open(b, '{');
  jw_kstr(b, "error", error);
  jw_kstr(b, "error_description", description);
  jw_close(b, '}');
}

static void tokens_issue(struct exchange *x, const char *scope, bool with_refresh) {
  char access[64];
  char refresh[64];
  int64_t life_s = x->sim->opt.token_ttl_s;
  token_add(x, scope, false, life_s, access);
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "access_token", access);
  jw_kstr(b, "token_type", "bearer");
  jw_kstr(b, "scope", scope);
  jw_kint(b, "expires_in", life_s);
  if (with_refresh) {
    token_add(x, scope, true, 30 * 86400, refresh);
    jw_kstr(b, "refresh_token", refresh);
    jw_kint(b, "refresh_token_expires_in", 30 * 86400);
  }
  jw_close(b, '}');
}

static void tokens_renew(struct exchange *x, const char *refresh) {
  struct token *old = token_find(x->state, refresh);
  bool known = old && old->refresh && !old->dead && old->expires_ms > clock_now_ms(&x->sim->clock);
  /* one from elsewhere is taken at its word, as bearer tokens from elsewhere are */
  bool foreign = *refresh && !text_starts(refresh, token_mark) && !text_starts(refresh, "bad");
  char scope[128];
  if (!known && !foreign) {
    oauth_error(x, 400, "invalid_grant",
                "The provided refresh token is invalid, expired or revoked.");
    return;
  }
  snprintf(scope, sizeof scope, "%s", known ? old->scope : "read write");
  if (known) {
    /* both old ones die at once: the access token was issued right before its refresh token */
    old->dead = true;
    (old - 1)->dead = true;
  }
  tokens_issue(x, scope, true);
}

void zendesk_token(struct exchange *x) {
  char grant[64];
  char client[128];
  char secret[256];
  char scope[128];
  char refresh[128];
  field_get(x, "grant_type", grant, sizeof grant);
  field_get(x, "client_id", client, sizeof client);
  field_get(x, "client_secret", secret, sizeof secret);
  field_get(x, "scope", scope, sizeof scope);
  field_get(x, "refresh_token", refresh, sizeof refresh);
  if (*client == '\0' || *secret == '\0' || text_starts(client, "bad") ||
      text_starts(secret, "bad")) {
    oauth_error(
        x, 401, "invalid_client",
        "Client authentication failed due to unknown client, no client authentication included, or "
        "unsupported authentication method.");
    return;
  }
  if (strcmp(grant, "client_credentials") == 0) {
    tokens_issue(x, *scope ? scope : "read", false);
    return;
  }
  if (strcmp(grant, "refresh_token") == 0) {
    tokens_renew(x, refresh);
    return;
  }
  oauth_error(x, 400, *grant ? "unsupported_grant_type" : "invalid_request",
              "The authorization grant type is not supported by the authorization server.");
}
