/* OAuth of the client: its texts, and against a server that also authorizes. */
#include "../unit/test_net_help.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "mcp/client.h"
#include "mcp/oauth_text.h"
#include "net/http.h"
#include "net/serve.h"

static struct arena *A;

static int begin(void **state) {
  (void)state;
  log_init(TRG_ERROR, LOG_TEXT, NULL);
  A = arena_new();
  return 0;
}

static int end(void **state) {
  (void)state;
  arena_free(&A);
  return 0;
}

static void test_a_challenge_is_read_among_others(void **state) {
  (void)state;
  struct oauth_challenge c;
  assert_true(oauth_challenge_read(
      TRG_STR("Basic realm=\"a, b\", scope=\"no\", bearer  scope=\"x y\", error=insufficient_scope "
              ", resource_metadata=\"https://h/\\\"q\\\"\""),
      A, &c));
  assert_true(str_is(c.scope, "x y"));
  assert_true(str_is(c.error, "insufficient_scope"));
  assert_true(str_is(c.resource_metadata, "https://h/\"q\""));
  assert_false(oauth_challenge_read(TRG_STR("Basic realm=\"x\""), A, &c));
  assert_false(oauth_challenge_read(TRG_STR(""), A, &c));
  assert_true(oauth_challenge_read(TRG_STR("Bearer"), A, &c));
  assert_null(c.scope.p);
  assert_true(oauth_challenge_read(TRG_STR("Bearer scope=\"never ends"), A, &c));
}

static void test_metadata_is_looked_for_in_its_places(void **state) {
  (void)state;
  const char *at[3];
  assert_int_equal(oauth_resource_places(TRG_STR("https://h:1/a/mcp?x=1"), A, at), 2);
  assert_string_equal(at[0], "https://h:1/.well-known/oauth-protected-resource/a/mcp");
  assert_string_equal(at[1], "https://h:1/.well-known/oauth-protected-resource");
  assert_int_equal(oauth_resource_places(TRG_STR("https://h/"), A, at), 1);
  assert_int_equal(oauth_issuer_places(TRG_STR("https://h/t"), A, at), 3);
  assert_string_equal(at[0], "https://h/.well-known/oauth-authorization-server/t");
  assert_string_equal(at[1], "https://h/.well-known/openid-configuration/t");
  assert_string_equal(at[2], "https://h/t/.well-known/openid-configuration");
  assert_int_equal(oauth_issuer_places(TRG_STR("https://h"), A, at), 2);
}

static void test_a_resource_covers_only_what_is_below_it(void **state) {
  (void)state;
  const struct trg_str server = TRG_STR("https://h/a/mcp");
  assert_true(oauth_resource_covers(server, server));
  assert_true(oauth_resource_covers(TRG_STR("https://h"), server));
  assert_true(oauth_resource_covers(TRG_STR("https://h/a/"), server));
  assert_false(oauth_resource_covers(TRG_STR("https://h/a/m"), server));
  assert_false(oauth_resource_covers(TRG_STR("https://h/b"), server));
  assert_false(oauth_resource_covers(TRG_STR("https://evil.example"), server));
  assert_false(oauth_resource_covers(TRG_STR(""), server));
  assert_false(oauth_place_allowed(TRG_STR("http://127.0.0.1/x"), server)); /* into our own house */
  assert_true(oauth_place_allowed(TRG_STR("https://login.example/x"), server));
  assert_true(oauth_place_allowed(TRG_STR("http://127.0.0.1:2/x"), TRG_STR("http://localhost/m")));
}

static void test_a_redirect_is_only_read_when_it_comes_home(void **state) {
  (void)state;
  struct oauth_redirect r;
  const struct trg_str home = TRG_STR("http://127.0.0.1/callback");
  assert_true(oauth_redirect_read(
      TRG_STR("http://127.0.0.1/callback?code=a%2Fb&state=s+t&iss=https%3A%2F%2Fh#code=z"), home, A,
      &r));
  assert_true(str_is(r.code, "a/b"));
  assert_true(str_is(r.state, "s t"));
  assert_true(str_is(r.iss, "https://h"));
  assert_false(oauth_redirect_read(TRG_STR("http://127.0.0.1/callbackx?code=a"), home, A, &r));
  assert_false(oauth_redirect_read(TRG_STR("http://127.0.0.1/callback"), home, A, &r));
  assert_false(oauth_redirect_read(TRG_STR("https://login.example/?code=a"), home, A, &r));
}

static void test_pkce_and_scopes(void **state) {
  (void)state;
  /* RFC 7636, appendix B. */
  assert_string_equal(oauth_pkce(TRG_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), A),
                      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  assert_string_equal(oauth_scopes_join(TRG_STR("a b"), TRG_STR("b  c a"), A), "a b c");
}

static void test_only_keys_that_can_sign_do(void **state) {
  (void)state;
  char p256[1000] = "";
  EVP_PKEY *key = EVP_EC_gen("P-256");
  BIO *bio = BIO_new(BIO_s_mem());
  assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
  assert_true(BIO_read(bio, p256, sizeof p256 - 1) > 0);
  BIO_free(bio);
  EVP_PKEY_free(key);
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, 0);
  assert_int_equal(jws_put(&b, str_of(p256), TRG_STR("{\"iss\":\"me\"}"), &err), 0);
  assert_int_equal(str_find(buf_view(&b), "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJtZSJ9."),
                   0);
  assert_int_equal(b.n, 36 + 1 + 16 + 1 + 86); /* two numbers of 32 bytes */
  assert_int_equal(jws_put(&b, TRG_STR("no key"), TRG_STR("{}"), &err), TRG_EINVAL);
  buf_free(&b);
}

/* --- against a server ---------------------------------------------------------------------- */

static struct loop *L;
static struct http *H;
static struct mcp_client *C;
static struct serve *S;
static struct trg_err E;
static bool Told, Ready;
static char Why[400], Base[64];
static int Tokens, Registrations;
static const char *Issuer; /* what the metadata says; NULL: the truth */
static bool Login;         /* the authorization server shows a page */
static char Asked[2000];   /* forms and queries that came */

static void on_ready(void *arg, bool ready, const char *why) {
  (void)arg;
  Told = true;
  Ready = ready;
  snprintf(Why, sizeof Why, "%s", why);
}

static bool told(void *arg) {
  (void)arg;
  return Told;
}

static void answer(const struct serve_request *r, int status, const char *name, const char *value,
                   const char *body) {
  const struct trg_header h = {str_of(name), str_of(value)};
  serve_answer(S, r->id, status, TRG_STR("application/json"), &h, name[0] != '\0', str_of(body));
}

static void noted(struct trg_str text) {
  const size_t n = strlen(Asked);
  snprintf(Asked + n, sizeof Asked - n, "%.*s\n", (int)text.n, text.p != NULL ? text.p : "");
}

static void metadata(const struct serve_request *r) {
  char text[900];
  if (str_starts(r->path, "/.well-known/oauth-protected-resource/mcp"))
    snprintf(text, sizeof text,
             "{\"resource\":\"%s/mcp\",\"authorization_servers\":[\"%s\"],\"scopes_supported\":["
             "\"orders\"]}",
             Base, Base);
  else
    snprintf(text, sizeof text,
             "{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/authorize\",\"token_endpoint\":"
             "\"%s/token\",\"registration_endpoint\":\"%s/register\","
             "\"code_challenge_methods_supported\":[\"S256\"],\"grant_types_supported\":["
             "\"authorization_code\",\"client_credentials\"],"
             "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]}",
             Issuer != NULL ? Issuer : Base, Base, Base, Base);
  answer(r, 200, "", "", text);
}

static struct trg_str parameter(struct trg_str query, const char *name) {
  struct trg_str piece;
  const size_t n = strlen(name);
  while (str_next(&query, '&', &piece))
    if (str_starts(piece, name) && piece.n > n && piece.p[n] == '=')
      return (struct trg_str){piece.p + n + 1, piece.n - n - 1};
  return TRG_STR("");
}

static void on_server(void *arg, const struct serve_request *r) {
  char text[600];
  (void)arg;
  if (str_find(r->path, ".well-known") >= 0) {
    metadata(r);
  } else if (str_is(r->path, "/register")) {
    Registrations++;
    answer(r, 201, "", "",
           "{\"client_id\":\"new\",\"client_secret\":\"s\",\"token_endpoint_auth_method\":"
           "\"client_secret_post\"}");
  } else if (str_is(r->path, "/authorize")) {
    const struct trg_str state = parameter(r->query, "state");
    noted(r->query);
    snprintf(text, sizeof text, "http://127.0.0.1/callback?code=c0de&state=%.*s", (int)state.n,
             state.p);
    if (Login)
      answer(r, 200, "", "", "<form>");
    else
      answer(r, 302, "Location", text, "");
  } else if (str_is(r->path, "/token")) {
    noted(r->body);
    snprintf(text, sizeof text, "{\"access_token\":\"t%d\",\"token_type\":\"bearer\"}", ++Tokens);
    answer(r, 200, "", "", text);
  } else {
    snprintf(text, sizeof text, "Bearer t%d", Tokens);
    if (Tokens == 0 || !str_is(serve_header(r, "authorization"), text))
      answer(r, 401, "WWW-Authenticate", "Bearer", "{}");
    else if (str_is(serve_header(r, "mcp-method"), "server/discover"))
      answer(r, 200, "", "",
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\"],"
             "\"capabilities\":{}}}");
    else
      answer(r, 200, "", "", "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[]}}");
  }
}

static bool connects(const char *oauth) {
  char conf[600];
  const struct serve_options o = {.host = "127.0.0.1", .on_request = on_server};
  L = loop_new(&E);
  H = http_new(L, &E);
  S = serve_new(L, &o, &E);
  assert_non_null(S);
  snprintf(Base, sizeof Base, "http://127.0.0.1:%d", serve_port(S));
  snprintf(conf, sizeof conf, "{\"url\":\"%s/mcp\",\"timeout\":\"5s\",\"oauth\":%s}", Base, oauth);
  const struct mcp_client_options c = {.loop = L, .http = H, .name = "peer", .json = conf};
  C = mcp_client_new(&c, &E);
  assert_non_null(C);
  Asked[0] = '\0';
  Told = false;
  mcp_client_ready(C, on_ready, NULL);
  assert_true(run_until(L, told, NULL, 20000));
  return Ready;
}

static int begin_server(void **state) {
  Tokens = Registrations = 0;
  Issuer = NULL;
  Login = false;
  return begin(state);
}

static int end_server(void **state) {
  mcp_client_free(&C);
  serve_free(&S);
  http_free(&H);
  loop_free(&L);
  return end(state);
}

static void test_client_credentials_are_taken_where_the_challenge_leads(void **state) {
  (void)state;
  assert_true(connects("{\"client_id\":\"me\",\"client_secret\":\"s&t\"}"));
  assert_int_equal(Tokens, 1);
  assert_int_equal(Registrations, 0);
  assert_non_null(strstr(Asked, "grant_type=client_credentials"));
  assert_non_null(strstr(Asked, "client_secret=s%26t"));
  assert_non_null(strstr(Asked, "scope=orders"));
  assert_non_null(strstr(Asked, "resource=http%3A%2F%2F127.0.0.1"));
  assert_null(strstr(Asked, "code_challenge"));
}

static void test_without_credentials_the_client_registers_and_is_authorized(void **state) {
  (void)state;
  assert_true(connects("{}"));
  assert_int_equal(Registrations, 1);
  assert_non_null(strstr(Asked, "code_challenge_method=S256"));
  assert_non_null(strstr(Asked, "grant_type=authorization_code&code=c0de"));
  assert_non_null(strstr(Asked, "client_id=new"));
}

static void test_a_page_to_log_in_on_is_told_and_not_waited_for(void **state) {
  (void)state;
  Login = true;
  assert_false(connects("{}"));
  assert_non_null(strstr(Why, "a person would have to log in"));
  assert_int_equal(Tokens, 0);
}

static void test_credentials_are_not_shown_to_another_issuer(void **state) {
  (void)state;
  assert_false(connects("{\"client_id\":\"me\",\"client_secret\":\"s\",\"issuer\":"
                        "\"https://login.example.com\"}"));
  assert_non_null(strstr(Why, "oauth.issuer"));
  assert_string_equal(Asked, "");
}

static void test_metadata_of_another_issuer_is_refused(void **state) {
  (void)state;
  Issuer = "http://127.0.0.1:1/";
  assert_false(connects("{\"client_id\":\"me\",\"client_secret\":\"s\"}"));
  assert_non_null(strstr(Why, "of another issuer"));
  assert_string_equal(Asked, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define N(f) cmocka_unit_test_setup_teardown(f, begin_server, end_server)
int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_a_challenge_is_read_among_others),
      T(test_metadata_is_looked_for_in_its_places),
      T(test_a_resource_covers_only_what_is_below_it),
      T(test_a_redirect_is_only_read_when_it_comes_home),
      T(test_pkce_and_scopes),
      T(test_only_keys_that_can_sign_do),
      N(test_client_credentials_are_taken_where_the_challenge_leads),
      N(test_without_credentials_the_client_registers_and_is_authorized),
      N(test_a_page_to_log_in_on_is_told_and_not_waited_for),
      N(test_credentials_are_not_shown_to_another_issuer),
      N(test_metadata_of_another_issuer_is_refused),
  };
  return cmocka_run_group_tests_name("mcp oauth", tests, NULL, NULL);
}
