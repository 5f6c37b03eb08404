#include "net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http.h"

#define URL_MAX 16384

static bool is_loopback(const char *host) {
  struct in_addr v4;
  if (inet_pton(AF_INET, host, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

static bool part_is_set(CURLU *u, CURLUPart part) {
  char *text = NULL;
  const bool set = curl_url_get(u, part, &text, 0) == CURLUE_OK;
  curl_free(text);
  return set;
}

static int take_apart(CURLU *u, struct url *ret, struct trg_err *err) {
  char *scheme = NULL, *host = NULL, *port = NULL;
  int status = TRG_EINVAL;
  if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
      curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
      curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
      strlen(host) >= sizeof ret->host) {
    (void)err_set(err, status, "url", "the URL has no scheme or host");
    goto out;
  }
  ret->https = strcasecmp(scheme, "https") == 0;
  ret->port = (unsigned)strtoul(port, NULL, 10);
  for (size_t i = 0; i <= strlen(host); i++)
    ret->host[i] = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] + 32) : host[i];
  ret->loopback = is_loopback(ret->host);
  ret->http = strcasecmp(scheme, "http") == 0;
  ret->userinfo = part_is_set(u, CURLUPART_USER) || part_is_set(u, CURLUPART_PASSWORD);
  status = 0;
out:
  curl_free(scheme);
  curl_free(host);
  curl_free(port);
  return status;
}

static bool is_clean(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 127) return false;
  return true;
}

int url_parse(struct trg_str text, struct url *ret, struct trg_err *err) {
  if (text.n == 0) return err_set(err, TRG_EINVAL, "url", "the URL is empty; write https://HOST");
  if (text.n > URL_MAX)
    return err_set(err, TRG_ELIMIT, "url", "the URL is longer than %d bytes", URL_MAX);
  if (!is_clean(text))
    return err_set(err, TRG_EINVAL, "url", "the URL holds a blank or control character");
  char copy[512];
  char *z = text.n < sizeof copy ? copy : malloc(text.n + 1);
  CURLU *u = curl_url();
  int status = TRG_EIO;
  if (z == NULL || u == NULL) {
    (void)err_set(err, status, "system", "out of memory while reading a URL");
    goto out;
  }
  memcpy(z, text.p, text.n);
  z[text.n] = '\0';
  /* NON_SUPPORT_SCHEME: the sentence about the scheme is ours. */
  const CURLUcode rc = curl_url_set(u, CURLUPART_URL, z, CURLU_NON_SUPPORT_SCHEME);
  if (rc != CURLUE_OK) {
    status = err_set(err, TRG_EINVAL, "url", "not a URL: %s; write https://HOST",
                     curl_url_strerror(rc));
    goto out;
  }
  status = take_apart(u, ret, err);
out:
  curl_url_cleanup(u);
  if (z != copy) free(z);
  return status;
}

int url_check(const struct url *u, struct trg_err *err) {
  if (!u->https && !u->http)
    return err_set(err, TRG_EINVAL, "url", "this scheme is not possible; write https://%.100s",
                   u->host);
  if (!u->https && !u->loopback)
    return err_set(err, TRG_EINVAL, "url",
                   "http:// is for loopback hosts only and %.100s is none; write https://",
                   u->host);
  if (u->userinfo)
    return err_set(err, TRG_EINVAL, "url",
                   "a user or password in the URL is not possible; use the settings for them");
  return 0;
}

int http_url_check(struct trg_str url, struct trg_err *err) {
  struct url parts;
  const int rc = url_parse(url, &parts, err);
  return rc != 0 ? rc : url_check(&parts, err);
}

int http_url_host(struct trg_str url, char *out, size_t out_size) {
  struct url parts;
  if (url_parse(url, &parts, NULL) != 0 || strlen(parts.host) >= out_size) return -1;
  memcpy(out, parts.host, strlen(parts.host) + 1);
  return 0;
}

bool url_same_origin(const struct url *a, const struct url *b) {
  return a->https == b->https && a->http == b->http && a->port == b->port &&
         strcmp(a->host, b->host) == 0;
}

bool http_url_same_origin(struct trg_str a, struct trg_str b) {
  struct url x = {0}, y = {0};
  if (url_parse(a, &x, NULL) != 0 || url_parse(b, &y, NULL) != 0) return false;
  return url_same_origin(&x, &y);
}

/* Where scheme, host and port of the origin end in the text, or 0. */
static size_t origin_end(struct trg_str text, const struct url *origin) {
  const char *scheme = origin->https ? "https://" : "http://";
  const size_t host_n = strlen(origin->host);
  const size_t at = strlen(scheme), end = at + host_n;
  if (!origin->https && !origin->http) return 0;
  if (!str_starts(text, scheme) || text.n < end ||
      strncasecmp(text.p + at, origin->host, host_n) != 0)
    return 0;
  if (end == text.n || text.p[end] != ':')
    return origin->port == (origin->https ? 443U : 80U) ? end : 0;
  char port[16];
  const int n = snprintf(port, sizeof port, ":%u", origin->port);
  return str_starts((struct trg_str){text.p + end, text.n - end}, port) ? end + (size_t)n : 0;
}

bool url_begins(struct trg_str text, const struct url *origin) {
  const size_t at = origin_end(text, origin);
  if (at == 0 || text.n > URL_MAX) return false;
  /* Only here does the host end for certain: "@" may come before. */
  if (at < text.n && strchr("/?#", text.p[at]) == NULL) return false;
  return is_clean((struct trg_str){text.p + at, text.n - at});
}
