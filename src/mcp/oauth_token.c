/* The client at the authorization server: registered, authorized, given a token. */
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "mcp/oauth_inner.h"

#define LIFE_DEFAULT  3600
#define EARLY_S       30
#define REDIRECTS_MAX 3
#define ASSERTION_S   300
#define FORM          "application/x-www-form-urlencoded"
#define REDIRECT_URI                                                                               \
  "http://127.0.0.1/callback" /* nothing listens: the answer is read on its way */

static bool list_has(const json *list, const char *word) {
  for (const json *s = json_first(list); s != NULL; s = json_next(s))
    if (str_is(json_str(s), word)) return true;
  return false;
}

static struct trg_str redirect_uri(const struct oauth *o) {
  const struct trg_str given = oauth_conf(o, "redirect_uri");
  return given.n > 0 ? given : TRG_STR(REDIRECT_URI);
}

static const char *random_text(struct oauth *o) {
  uint8_t bytes[32];
  struct buf b;
  buf_init(&b, 0);
  random_bytes(bytes, sizeof bytes);
  base64url_put(&b, (struct trg_str){(const char *)bytes, sizeof bytes});
  const char *text = arena_dup(o->arena, buf_view(&b));
  buf_free(&b);
  return text;
}

/* --- the token ----------------------------------------------------------------------------- */

static void form_add(struct buf *b, const char *name, struct trg_str value) {
  if (value.n == 0) return;
  buf_printf(b, "%s%s=", b->n > 0 ? "&" : "", name);
  buf_url(b, value);
}

/* Each form-encoded, then Basic (RFC 6749, 2.3.1). */
static const char *basic(struct oauth *o) {
  struct buf pair, out;
  buf_init(&pair, 0);
  buf_init(&out, 0);
  buf_url(&pair, str_of(o->client_id));
  buf_char(&pair, ':');
  buf_url(&pair, str_of(o->client_secret));
  buf_text(&out, "Basic ");
  base64_put(&out, buf_view(&pair));
  const char *text = arena_dup(o->arena, buf_view(&out));
  buf_free(&pair);
  buf_free(&out);
  return text;
}

/* RFC 7523: the client signs who it is, for this authorization server. */
static int assertion_add(struct oauth *o, struct buf *form, struct trg_err *err) {
  struct buf jws;
  json *claims = json_object();
  const int64_t now_s = clock_now_ms() / 1000;
  buf_init(&jws, 0);
  json_put_text(claims, "iss", o->client_id);
  json_put_text(claims, "sub", o->client_id);
  json_put_text(claims, "aud", o->issuer != NULL ? o->issuer : o->token_url);
  json_put_text(claims, "jti", random_text(o));
  json_put_int(claims, "iat", now_s);
  json_put_int(claims, "exp", now_s + ASSERTION_S);
  char *text = json_text(claims);
  const int rc = jws_put(&jws, oauth_conf(o, "private_key"), str_of(text), err);
  form_add(form, "client_assertion_type",
           TRG_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
  form_add(form, "client_assertion", buf_view(&jws));
  mem_free(text);
  json_free(&claims);
  buf_free(&jws);
  return rc;
}

static void token_keep(struct oauth *o, const json *doc) {
  const struct trg_str refresh = json_get_str(doc, "refresh_token");
  int64_t life = json_get_int(doc, "expires_in", LIFE_DEFAULT);
  if (life > EARLY_S * 2) life -= EARLY_S;
  mem_free(o->token);
  o->token = mem_dup_str(json_get_str(doc, "access_token"));
  o->token_until_ms = clock_mono_us() / 1000 + life * 1000;
  if (refresh.n == 0) return;
  mem_free(o->refresh);
  o->refresh = mem_dup_str(refresh);
}

static void authorize(struct oauth *o);

static void on_token(struct oauth *o, const struct trg_http_reply *r) {
  struct trg_err err = {0};
  json *doc = r->status == 200 ? json_parse(r->body, 0, &err) : NULL;
  const struct trg_str token = json_get_str(doc, "access_token"),
                       type = json_get_str(doc, "token_type");
  const bool bearer = token.n > 0 && (type.n == 0 || str_is_nocase(type, "bearer"));
  if (bearer) token_keep(o, doc);
  json_free(&doc);
  if (bearer)
    oauth_end(o, NULL);
  else
    oauth_end(o, oauth_say(o, "its token endpoint gave no token", r));
}

/* The refresh token may have run out too: then everything once more. */
static void on_refresh(struct oauth *o, const struct trg_http_reply *r) {
  mem_free(o->refresh);
  o->refresh = NULL;
  if (r->status == 200)
    on_token(o, r);
  else
    authorize(o);
}

/* `form` has the grant; the client and the resource are added (RFC 8707). */
static void token_ask(struct oauth *o, struct buf *form,
                      void (*then)(struct oauth *o, const struct trg_http_reply *r)) {
  struct trg_err err = {0};
  int rc = 0;
  form_add(form, "resource", str_of(o->resource));
  if (o->method != METHOD_BASIC) form_add(form, "client_id", str_of(o->client_id));
  if (o->method == METHOD_POST) form_add(form, "client_secret", str_of(o->client_secret));
  if (o->method == METHOD_KEY) rc = assertion_add(o, form, &err);
  if (rc < 0)
    oauth_end(o, arena_dup(o->arena, str_of(err.text)));
  else
    oauth_ask(o, "POST", o->token_url, "application/json", buf_view(form), FORM,
              o->method == METHOD_BASIC ? basic(o) : NULL, then);
}

static void credentials(struct oauth *o) {
  struct buf form;
  buf_init(&form, 0);
  form_add(&form, "grant_type", TRG_STR("client_credentials"));
  form_add(&form, "scope", str_of(o->scope));
  token_ask(o, &form, on_token);
  buf_free(&form);
}

static void refresh(struct oauth *o) {
  struct buf form;
  buf_init(&form, 0);
  form_add(&form, "grant_type", TRG_STR("refresh_token"));
  form_add(&form, "refresh_token", str_of(o->refresh));
  token_ask(o, &form, on_refresh);
  buf_free(&form);
}

/* --- authorization ------------------------------------------------------------------------- */

static void code_exchange(struct oauth *o, struct trg_str code) {
  struct buf form;
  buf_init(&form, 0);
  form_add(&form, "grant_type", TRG_STR("authorization_code"));
  form_add(&form, "code", code);
  form_add(&form, "redirect_uri", redirect_uri(o));
  form_add(&form, "code_verifier", str_of(o->verifier));
  token_ask(o, &form, on_token);
  buf_free(&form);
}

/* The answer is of who was asked: its state is ours, and its iss the issuer's to the letter
 * (RFC 9207). */
static const char *redirect_wrong(const struct oauth *o, const struct oauth_redirect *to) {
  const bool names_itself = json_get_bool(o->metadata,
                                          "authorization_response_iss_parameter_supported", false);
  if (!str_is(to->state, o->state)) return "the authorization server's answer has another state";
  if (to->iss.p == NULL && names_itself)
    return "the authorization server's answer does not say of which issuer it is";
  if (to->iss.p != NULL && !str_is(to->iss, o->issuer))
    return "the authorization server's answer is of another issuer";
  if (to->error.n > 0 || to->code.n == 0) return "the authorization server did not authorize";
  return NULL;
}

static void on_authorized(struct oauth *o, const struct trg_http_reply *r) {
  struct trg_str location = {NULL, 0};
  struct oauth_redirect to;
  for (size_t i = 0; i < r->header_count; i++)
    if (str_is_nocase(r->headers[i].name, "location")) location = r->headers[i].value;
  if (r->status < 300 || r->status > 399 || location.n == 0) {
    oauth_end(o, oauth_say(o,
                           "the authorization server does not answer with a redirect: a person "
                           "would have to log in",
                           r));
    return;
  }
  if (!oauth_redirect_read(location, redirect_uri(o), o->arena, &to)) {
    /* On its own ground it may send us around a little. */
    if (++o->redirects > REDIRECTS_MAX || !http_url_same_origin(location, str_of(o->authorize_url)))
      oauth_end(o, "the authorization server sends elsewhere: a person would have to log in");
    else
      oauth_ask(o, "GET", arena_dup(o->arena, location), "text/html", TRG_STR(""), NULL, NULL,
                on_authorized);
    return;
  }
  const char *wrong = redirect_wrong(o, &to);
  if (wrong != NULL)
    oauth_end(o, wrong);
  else
    code_exchange(o, to.code);
}

static void authorize(struct oauth *o) {
  struct buf url;
  if (o->authorize_url == NULL) {
    oauth_end(o, "the authorization server has no authorization_endpoint that may be used");
    return;
  }
  const json *methods = json_get(o->metadata, "code_challenge_methods_supported");
  if (!list_has(methods, "S256") && !o->pathless) {
    oauth_end(o, "the authorization server does not do PKCE with S256");
    return;
  }
  o->state = random_text(o);
  o->verifier = random_text(o);
  buf_init(&url, 0);
  form_add(&url, "response_type", TRG_STR("code"));
  form_add(&url, "client_id", str_of(o->client_id));
  form_add(&url, "redirect_uri", redirect_uri(o));
  form_add(&url, "code_challenge", str_of(oauth_pkce(str_of(o->verifier), o->arena)));
  form_add(&url, "code_challenge_method", TRG_STR("S256"));
  form_add(&url, "state", str_of(o->state));
  form_add(&url, "scope", str_of(o->scope));
  form_add(&url, "resource", str_of(o->resource));
  const char *whole = arena_printf(o->arena, "%s%s%s", o->authorize_url,
                                   strchr(o->authorize_url, '?') != NULL ? "&" : "?", url.p);
  buf_free(&url);
  oauth_ask(o, "GET", whole, "text/html", TRG_STR(""), NULL, NULL, on_authorized);
}

/* --- the client ---------------------------------------------------------------------------- */

/* Of what the authorization server takes (client_secret_basic when it does not say: RFC 8414). */
static enum oauth_method method_of(const struct oauth *o) {
  const json *taken = json_get(o->metadata, "token_endpoint_auth_methods_supported");
  if (oauth_conf(o, "private_key").n > 0) return METHOD_KEY;
  if (o->client_secret == NULL) return METHOD_NONE;
  if (taken == NULL || list_has(taken, "client_secret_basic")) return METHOD_BASIC;
  return list_has(taken, "client_secret_post") ? METHOD_POST : METHOD_NONE;
}

static bool uses_credentials(const struct oauth *o) {
  const struct trg_str grant = oauth_conf(o, "grant");
  const bool able = o->client_secret != NULL || oauth_conf(o, "private_key").n > 0;
  if (grant.n > 0) return str_is(grant, "client_credentials");
  return able && !o->registered &&
         list_has(json_get(o->metadata, "grant_types_supported"), "client_credentials");
}

/* What is asked for: the challenge's scopes or else all that the server names, and what was asked
 * for before (2026-07-28, "Scope Challenge Handling"). */
static void scope_choose(struct oauth *o) {
  const struct trg_str now = o->challenged[0] != '\0' ? str_of(o->challenged)
                                                      : str_of(o->offered_scopes);
  const char *all = oauth_scopes_join(oauth_conf(o, "scope"), str_of(o->wanted), o->arena);
  all = oauth_scopes_join(str_of(all), now, o->arena);
  mem_free(o->wanted);
  o->wanted = mem_dup(all);
  /* For a token that can be renewed, where that is offered. */
  if (!uses_credentials(o) && list_has(json_get(o->metadata, "scopes_supported"), "offline_access"))
    all = oauth_scopes_join(str_of(all), TRG_STR("offline_access"), o->arena);
  o->scope = all;
}

static void client_ready(struct oauth *o) {
  scope_choose(o);
  if (o->refresh != NULL)
    refresh(o);
  else if (uses_credentials(o))
    credentials(o);
  else
    authorize(o);
}

static void client_is(struct oauth *o, struct trg_str id, struct trg_str secret) {
  mem_free(o->client_id);
  mem_free(o->client_secret);
  o->client_id = mem_dup_str(id);
  o->client_secret = secret.n > 0 ? mem_dup_str(secret) : NULL;
  o->method = method_of(o);
}

static void on_registered(struct oauth *o, const struct trg_http_reply *r) {
  struct trg_err err = {0};
  json *doc = r->status == 200 || r->status == 201 ? json_parse(r->body, 0, &err) : NULL;
  const struct trg_str id = json_get_str(doc, "client_id"),
                       method = json_get_str(doc, "token_endpoint_auth_method");
  if (id.n == 0) {
    json_free(&doc);
    oauth_end(o, oauth_say(o, "the authorization server does not register this client", r));
    return;
  }
  client_is(o, id, json_get_str(doc, "client_secret"));
  if (str_is(method, "client_secret_post")) o->method = METHOD_POST;
  if (str_is(method, "none")) o->method = METHOD_NONE;
  o->registered = true;
  json_free(&doc);
  client_ready(o);
}

static json *words(const char *a, const char *b) {
  json *list = json_array();
  json_add_str(list, str_of(a));
  if (b != NULL) json_add_str(list, str_of(b));
  return list;
}

/* RFC 7591. */
static void register_client(struct oauth *o) {
  const json *taken = json_get(o->metadata, "token_endpoint_auth_methods_supported");
  json *doc = json_object(), *uris = json_array();
  json_put_text(doc, "client_name", "triaged");
  json_put_text(doc, "application_type", "native");
  json_add_str(uris, redirect_uri(o));
  json_put(doc, "redirect_uris", uris);
  json_put(doc, "grant_types", words("authorization_code", "refresh_token"));
  json_put(doc, "response_types", words("code", NULL));
  json_put_text(doc, "token_endpoint_auth_method",
                taken == NULL || list_has(taken, "client_secret_basic") ? "client_secret_basic"
                : list_has(taken, "client_secret_post")                 ? "client_secret_post"
                                                                        : "none");
  char *text = json_text(doc);
  oauth_ask(o, "POST", o->register_url, "application/json", str_of(text), "application/json", NULL,
            on_registered);
  mem_free(text);
  json_free(&doc);
}

static struct trg_str configured_id(const struct oauth *o) {
  const struct trg_str id = oauth_conf(o, "client_id");
  return id.n > 0 ? id : oauth_conf(o, "clientId"); /* as .mcp.json of plugins has it */
}

/* As configured, by a metadata document of its own, or registered: in this order. */
void oauth_grant(struct oauth *o) {
  const struct trg_str id = configured_id(o), page = oauth_conf(o, "client_metadata_url");
  if (o->client_id != NULL) {
    client_ready(o);
  } else if (id.n > 0) {
    client_is(o, id, oauth_conf(o, "client_secret"));
    client_ready(o);
  } else if (page.n > 0 &&
             json_get_bool(o->metadata, "client_id_metadata_document_supported", false)) {
    client_is(o, page, (struct trg_str){NULL, 0});
    client_ready(o);
  } else if (o->register_url != NULL) {
    register_client(o);
  } else {
    oauth_end(o, "the authorization server registers nobody: set oauth.client_id");
  }
}

void oauth_token_first(struct oauth *o) {
  o->token_url = arena_dup(o->arena, oauth_conf(o, "token_url"));
  o->resource = o->o.server_url; /* RFC 8707 */
  o->scope = oauth_scopes_join(oauth_conf(o, "scope"), str_of(o->challenged), o->arena);
  client_is(o, configured_id(o), oauth_conf(o, "client_secret"));
  credentials(o);
}
