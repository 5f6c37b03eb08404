/* Which URLs may stand in a config. Stricter than URLs are, so that no two readers differ. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/field.h"

#define HOST_MAX 255

static bool host_is_loopback(const char *host) {
  struct in_addr v4;
  if (inet_pton(AF_INET, host, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

static bool host_is_plain(const char *host, size_t n) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  if (n == 0 || n > HOST_MAX) return false;
  if (host[0] == '[') {
    char inner[INET6_ADDRSTRLEN + 1];
    struct in6_addr v6;
    if (n < 4 || n - 2 >= sizeof inner || host[n - 1] != ']') return false;
    memcpy(inner, host + 1, n - 2);
    inner[n - 2] = '\0';
    return inet_pton(AF_INET6, inner, &v6) == 1;
  }
  return strspn(host, letters) >= n;
}

static bool port_is_fine(const char *port, size_t n) {
  if (n == 0 || n > 5 || strspn(port, "0123456789") < n) return false;
  const long number = strtol(port, NULL, 10); /* stops at / ? # or the end */
  return number >= 1 && number <= 65535;
}

static bool letters_are_fine(const char *url) {
  for (const char *c = url; *c != '\0'; c++)
    if ((unsigned char)*c <= ' ' || *c == 127 || *c == '\\') return false;
  return true;
}

static const char *authority_wrong(const char *authority, bool loopback_only) {
  const size_t n = strcspn(authority, "/?#");
  if (memchr(authority, '@', n) != NULL)
    return "must not hold a user or password; there are settings for them";
  const char *bracket = authority[0] == '[' ? memchr(authority, ']', n) : NULL;
  const char *from = bracket != NULL ? bracket : authority;
  const char *colon = memchr(from, ':', n - (size_t)(from - authority));
  const size_t host_n = colon == NULL ? n : (size_t)(colon - authority);
  if (!host_is_plain(authority, host_n))
    return "has no host that can be understood; write https://HOST (names in ASCII, as xn--...)";
  if (colon != NULL && !port_is_fine(colon + 1, n - host_n - 1))
    return "has a port that is none; it is a number from 1 to 65535";
  char host[HOST_MAX + 1];
  memcpy(host, authority, host_n);
  host[host_n] = '\0';
  if (loopback_only && !host_is_loopback(host))
    return "uses http://, which is for loopback hosts only; write https://";
  return NULL;
}

const char *field_url_wrong(const char *url) {
  const bool https = strncasecmp(url, "https://", 8) == 0;
  if (!https && strncasecmp(url, "http://", 7) != 0)
    return "must be a URL that begins with https:// (http:// on a loopback host)";
  if (!letters_are_fine(url))
    return "must be a URL without blanks, control characters and backslashes";
  return authority_wrong(url + (https ? 8 : 7), !https);
}
