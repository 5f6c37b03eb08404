#include "wire.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct place {
  struct trg_str host; /* without port */
  struct trg_str path; /* from the first slash behind the host, without trailing slashes */
  size_t path_at;      /* where it starts in the URL */
  const char *query;   /* behind '?', or "" */
};

static struct place place_of(const char *url) {
  struct place place = {.query = ""};
  const char *at = strstr(url, "://");
  at = at ? at + 3 : url;
  const size_t authority = strcspn(at, "/?#");
  const size_t host = at[0] == '[' ? strcspn(at, "]") : strcspn(at, ":/?#");
  const char *path = at + authority;
  size_t n = strcspn(path, "?#");
  if (path[n] == '?') place.query = path + n + 1;
  while (n && path[n - 1] == '/') n--;
  place.host = (struct trg_str){at, host < authority ? host : authority};
  place.path = (struct trg_str){path, n};
  place.path_at = (size_t)(path - url);
  return place;
}

static bool host_ends(const char *url, const char *with) {
  const struct trg_str host = place_of(url).host;
  const size_t n = strlen(with);
  return host.n >= n && strncasecmp(host.p + host.n - n, with, n) == 0 &&
         (host.n == n || with[0] == '.' || host.p[host.n - n - 1] == '.');
}

bool openai_url_is_openai(const char *url) {
  return host_ends(url, "api.openai.com");
}

bool openai_url_is_azure(const char *url) {
  return host_ends(url, ".openai.azure.com") || host_ends(url, ".cognitiveservices.azure.com") ||
         host_ends(url, ".services.ai.azure.com");
}

static bool path_ends(struct trg_str path, const char *with) {
  const size_t n = strlen(with);
  return path.n >= n && memcmp(path.p + path.n - n, with, n) == 0;
}

static bool path_has(struct trg_str path, const char *part) {
  return path.n && memmem(path.p, path.n, part, strlen(part)) != NULL;
}

/* A segment such as /v1, /v1beta or /v4: the base says its version itself. */
static bool has_version(struct trg_str path) {
  for (size_t i = 0; i + 2 < path.n; i++)
    if (path.p[i] == '/' && path.p[i + 1] == 'v' && isdigit((unsigned char)path.p[i + 2]))
      return true;
  return false;
}

static bool is_set(const char *text) {
  return text && *text;
}

/* What lies between the base and the endpoint. */
static void middle_add(struct llm_text *ret, const char *base, struct trg_str path,
                       const char *deployment) {
  if (is_set(deployment) && !path_has(path, "/deployments/")) {
    llm_text_put(ret, path_ends(path, "/openai") ? "" : "/openai");
    llm_text_put(ret, "/deployments/");
    llm_text_put(ret, deployment);
  } else if (openai_url_is_azure(base) && !path_has(path, "/openai/")) {
    llm_text_put(ret, path_ends(path, "/openai") ? "/v1" : "/openai/v1");
  } else if (!has_version(path) && !path_has(path, "/deployments/")) {
    llm_text_put(ret, "/v1");
  }
}

static void query_add(struct llm_text *ret, const char *query, const char *api_version) {
  const size_t n = strcspn(query, "#");
  if (n) {
    llm_text_put(ret, "?");
    llm_text_add(ret, query, n);
  }
  if (!is_set(api_version) || strstr(query, "api-version=")) return;
  llm_text_put(ret, n ? "&api-version=" : "?api-version=");
  llm_text_put(ret, api_version);
}

void openai_url_build(const char *base, enum openai_api api, const char *deployment,
                      const char *api_version, struct llm_text *ret) {
  static const char *const tails[] = {"/chat/completions", "/responses"};
  const struct place place = place_of(base);
  struct trg_str path = place.path;
  bool whole = false;
  for (size_t i = 0; i < 2 && !whole; i++) {
    whole = path_ends(path, tails[i]);
    if (whole) path.n -= strlen(tails[i]);
  }
  llm_text_add(ret, base, place.path_at + path.n);
  if (!whole) middle_add(ret, base, path, deployment);
  llm_text_put(ret, tails[api == OPENAI_RESPONSES]);
  query_add(ret, place.query, api_version);
}
