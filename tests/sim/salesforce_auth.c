/* Salesforce's sessions: tokens without a known end, that die early all the same. */
#include "salesforce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char login_host[] = "https://login.salesforce.com";
static const char test_host[] = "https://test.salesforce.com";
static const char jwt_grant[] = "urn:ietf:params:oauth:grant-type:jwt-bearer";
enum { ASSERTION_AHEAD_S = 305 }; /* three minutes, and some for clocks that differ */

static struct sf_token *token_find(struct salesforce *sf, const char *text) {
  uint64_t at = 0;
  return map_get(&sf->token_at, hash_text(5, text) | 1, &at) ? &sf->tokens[at] : NULL;
}

static void session_refuse(struct exchange *x, const char *code, const char *why) {
  x->sim->stats.unauthorized++;
  reply_header(x, "WWW-Authenticate", "Token");
  sf_refuse(x, 401, code, why);
}

static const char *bearer(const char *authorization) {
  if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0 && authorization[7]) {
    return authorization + 7;
  }
  if (authorization && strncasecmp(authorization, "OAuth ", 6) == 0 && authorization[6]) {
    return authorization + 6;
  }
  return NULL;
}

static uint64_t host_asked(const struct exchange *x) {
  const char *host = exchange_header(x, "Host");
  return hash_text(6, host ? host : "");
}

/* Is the session over? Tokens from elsewhere are taken at their word. */
static bool session_over(struct exchange *x, const char *token) {
  struct salesforce *sf = x->state;
  struct sf_token *t = token_find(sf, token);
  if (x->fault == FAULT_SESSION) {
    /* the session dies, and with it the org moves to its other name */
    sf->moved = !sf->moved;
    if (t) {
      t->dead = true;
    }
    return true;
  }
  if (t) {
    int64_t age_ms = clock_now_ms(&x->sim->clock) - t->issued_ms;
    return t->dead || t->host != host_asked(x) || age_ms >= x->sim->opt.token_ttl_s * 1000;
  }
  return text_starts(token, SF_ORG "!") || text_starts(token, "bad");
}

bool sf_session(struct exchange *x) {
  const char *authorization = exchange_header(x, "Authorization");
  const char *token = bearer(authorization);
  x->user = x->sim->store.bot;
  if (token && !session_over(x, token)) {
    return true;
  }
  bool odd = authorization && token == NULL;
  session_refuse(x, odd ? "INVALID_AUTH_HEADER" : "INVALID_SESSION_ID",
                 odd ? "INVALID_HEADER_TYPE" : "Session expired or invalid");
  return false;
}

static int hex_of(char c) {
  return c >= '0' && c <= '9'                 ? c - '0'
         : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                              : -1;
}

/* One field of a form body; the caller frees it, never NULL. */
static char *form_field(struct exchange *x, const char *name) {
  size_t n = strlen(name);
  struct buf out = {0};
  buf_str(&out, "");
  for (const char *at = buf_text(&x->body); at && *at;
       at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
    if (strncmp(at, name, n) != 0 || at[n] != '=') {
      continue;
    }
    for (at += n + 1; *at && *at != '&'; at++) {
      if (*at == '%' && hex_of(at[1]) >= 0 && hex_of(at[2]) >= 0) {
        buf_char(&out, (char)(hex_of(at[1]) * 16 + hex_of(at[2])));
        at += 2;
      } else {
        buf_char(&out, *at == '+' ? ' ' : *at);
      }
    }
    break;
  }
  buf_text(&out);
  return buf_take(&out);
}

static void oauth_error(struct exchange *x, const char *error, const char *description) {
  struct buf *b = reply_json(x, 400);
  x->sim->stats.unauthorized++;
  jw_open(b, '{');
  jw_kstr(b, "error", error);
  jw_kstr(b, "error_description", description);
  jw_close(b, '}');
}

static void token_write(struct exchange *x) {
  struct salesforce *sf = x->state;
  char token[128];
  char url[160];
  char other[256];
  char user[SF_ID_BYTES];
  char org[SF_ID_BYTES];
  uint64_t a = hash_mix(x->sim->opt.seed, sf->token_count + 177);
  uint64_t b = hash_mix(a, (uint64_t)clock_wall_ms());
  snprintf(token, sizeof token, "%s!AR8AQ%016llx%016llx.%016llx", SF_ORG, (unsigned long long)a,
           (unsigned long long)b, (unsigned long long)hash_mix(a, b));
  sf->tokens = mem_grow(sf->tokens, (sf->token_count + 1) * sizeof *sf->tokens);
  sf_id(user, "005", x->sim->store.bot);
  sf_id(org, "00D", 1);
  sf_host(x, url, sizeof url);
  sf->tokens[sf->token_count] = (struct sf_token){.issued_ms = clock_now_ms(&x->sim->clock),
                                                  .host = hash_text(6, strstr(url, "://") + 3)};
  map_put(&sf->token_at, hash_text(5, token) | 1, sf->token_count++);
  struct buf *out = reply_json(x, 200);
  jw_open(out, '{');
  jw_kstr(out, "access_token", token);
  jw_kstr(out, "signature", "c2lnbmF0dXJlIG9mIHRoZSBzaW11bGF0b3I=");
  jw_kstr(out, "scope", "api");
  jw_kstr(out, "instance_url", url);
  snprintf(other, sizeof other, "%s/id/%s/%s", url, org, user);
  jw_kstr(out, "id", other);
  jw_kstr(out, "token_type", "Bearer");
  snprintf(other, sizeof other, "%lld", (long long)clock_now_ms(&x->sim->clock));
  jw_kstr(out, "issued_at", other);
  jw_kstr(out, "token_format", "opaque");
  jw_close(out, '}');
}

/* A part of a JWT, decoded; NULL when it is none. */
static cJSON *jwt_part(const char *text, size_t n) {
  struct buf padded = {0};
  struct buf json = {0};
  cJSON *v = NULL;
  for (size_t i = 0; i < n; i++) {
    buf_char(&padded, text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
  }
  while (padded.n % 4) {
    buf_char(&padded, '=');
  }
  if (n && base64_get(&json, buf_text(&padded))) {
    v = cJSON_Parse(buf_text(&json));
  }
  buf_free(&padded);
  buf_free(&json);
  return v;
}

static bool audience_known(struct exchange *x, const char *aud) {
  char url[160];
  sf_host(x, url, sizeof url);
  return aud &&
         (strcmp(aud, login_host) == 0 || strcmp(aud, test_host) == 0 || strcmp(aud, url) == 0);
}

static bool expiry_near(struct exchange *x, const cJSON *exp) {
  const int64_t nows[] = {clock_now_ms(&x->sim->clock) / 1000, clock_wall_ms() / 1000};
  for (size_t i = 0; i < 2 && cJSON_IsNumber(exp); i++) {
    double ahead = exp->valuedouble - (double)nows[i];
    if (ahead > 0 && ahead <= ASSERTION_AHEAD_S) {
      return true;
    }
  }
  return false;
}

/* The claims are judged, the signature only has to be there. */
static void claims_answer(struct exchange *x, const cJSON *header, const cJSON *claims) {
  const char *alg = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(header, "alg"));
  const char *iss = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "iss"));
  const char *sub = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "sub"));
  const char *aud = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "aud"));
  if (alg == NULL || strcmp(alg, "RS256") != 0) {
    oauth_error(x, "invalid_grant", "invalid assertion");
  } else if (iss == NULL || *iss == '\0' || text_starts(iss, "bad")) {
    oauth_error(x, "invalid_client", "client identifier invalid");
  } else if (!audience_known(x, aud)) {
    oauth_error(x, "invalid_grant", "audience is invalid");
  } else if (!expiry_near(x, cJSON_GetObjectItemCaseSensitive(claims, "exp"))) {
    oauth_error(x, "invalid_grant", "assertion expired or too far ahead");
  } else if (sub == NULL || *sub == '\0' || text_starts(sub, "bad")) {
    oauth_error(x, "invalid_grant", "user hasn't approved this consumer");
  } else {
    token_write(x);
  }
}

static void assertion_answer(struct exchange *x) {
  char *assertion = form_field(x, "assertion");
  char *first = strchr(assertion, '.');
  char *second = first ? strchr(first + 1, '.') : NULL;
  cJSON *header = second ? jwt_part(assertion, (size_t)(first - assertion)) : NULL;
  cJSON *claims = second ? jwt_part(first + 1, (size_t)(second - first - 1)) : NULL;
  if (header == NULL || claims == NULL || strlen(second + 1) < 80) {
    oauth_error(x, "invalid_grant", "invalid assertion");
  } else {
    claims_answer(x, header, claims);
  }
  cJSON_Delete(header);
  cJSON_Delete(claims);
  free(assertion);
}

/* Name and secret of the client, from the form or from Basic. */
static bool client_read(struct exchange *x, char *ret_id, char *ret_secret, size_t bytes) {
  const char *authorization = exchange_header(x, "Authorization");
  char *id = form_field(x, "client_id");
  char *secret = form_field(x, "client_secret");
  struct buf pair = {0};
  snprintf(ret_id, bytes, "%s", id);
  snprintf(ret_secret, bytes, "%s", secret);
  if (authorization && strncasecmp(authorization, "Basic ", 6) == 0 &&
      base64_get(&pair, authorization + 6)) {
    const char *colon = strchr(buf_text(&pair), ':');
    if (colon) {
      snprintf(ret_id, bytes, "%.*s", (int)(colon - pair.p), pair.p);
      snprintf(ret_secret, bytes, "%s", colon + 1);
    }
  }
  buf_free(&pair);
  free(id);
  free(secret);
  if (*ret_id == '\0' || text_starts(ret_id, "bad")) {
    oauth_error(x, "invalid_client_id", "client identifier invalid");
    return false;
  }
  if (*ret_secret == '\0' || text_starts(ret_secret, "bad")) {
    oauth_error(x, "invalid_client", "invalid client credentials");
    return false;
  }
  return true;
}

void sf_token_issue(struct exchange *x) {
  char id[256];
  char secret[256];
  char *grant = form_field(x, "grant_type");
  char *refresh = form_field(x, "refresh_token");
  if (strcmp(grant, jwt_grant) == 0) {
    assertion_answer(x);
  } else if (strcmp(grant, "client_credentials") == 0) {
    if (client_read(x, id, secret, sizeof id)) {
      if (text_starts(id, "nouser")) {
        oauth_error(x, "invalid_grant", "no client credentials user enabled");
      } else {
        token_write(x);
      }
    }
  } else if (strcmp(grant, "refresh_token") == 0) {
    if (*refresh == '\0' || text_starts(refresh, "bad")) {
      oauth_error(x, "invalid_grant", "expired access/refresh token");
    } else if (client_read(x, id, secret, sizeof id)) {
      token_write(x);
    }
  } else {
    oauth_error(x, "unsupported_grant_type", "grant type not supported");
  }
  free(grant);
  free(refresh);
}

void sf_userinfo(struct exchange *x) {
  const struct person *p = person_get(&x->sim->store, x->user);
  char user[SF_ID_BYTES];
  char org[SF_ID_BYTES];
  struct buf *b = reply_json(x, 200);
  sf_id(user, "005", p->id);
  sf_id(org, "00D", 1);
  jw_open(b, '{');
  jw_kstr(b, "sub", user);
  jw_kstr(b, "id", user);
  jw_kstr(b, "user_id", user);
  jw_kstr(b, "organization_id", org);
  jw_kstr(b, "preferred_username", p->email);
  jw_kstr(b, "username", p->email);
  jw_kstr(b, "name", p->name);
  jw_kstr(b, "display_name", p->name);
  jw_kstr(b, "email", p->email);
  jw_kstr(b, "user_type", "STANDARD");
  jw_kbool(b, "active", true);
  jw_close(b, '}');
}
