#include "sigv4.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { SUM = 32 };

static void hex_put(struct buf *b, const unsigned char *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    buf_printf(b, "%02x", p[i]);
  }
}

static void sum_put(struct buf *b, const void *p, size_t n) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  EVP_Digest(p, n, sum, &bytes, EVP_sha256(), NULL);
  hex_put(b, sum, bytes);
}

static void hmac(const void *key, size_t key_bytes, const char *text, unsigned char ret[SUM]) {
  unsigned int bytes = SUM;
  HMAC(EVP_sha256(), key, (int)key_bytes, (const unsigned char *)text, strlen(text), ret, &bytes);
}

/* x->path is decoded once already, so each byte is encoded twice to get back to "once more than
 * sent". */
static void path_put(struct buf *b, const char *path) {
  for (; *path; path++) {
    const unsigned char c = (unsigned char)*path;
    if (isalnum(c) || strchr("-._~/", c)) {
      buf_char(b, (char)c);
    } else {
      buf_printf(b, "%%25%02X", c);
    }
  }
}

/* Value of "name=" in the Authorization header. */
static bool part_get(const char *from, const char *name, char *to, size_t room) {
  const char *at = strstr(from, name);
  if (at == NULL) {
    return false;
  }
  at += strlen(name);
  snprintf(to, room, "%.*s", (int)strcspn(at, ", "), at);
  return true;
}

static void canonical_put(const struct exchange *x, char *signed_headers, struct buf *b) {
  const char *sum = exchange_header(x, "x-amz-content-sha256");
  char copy[400];
  char *rest = NULL;
  snprintf(copy, sizeof copy, "%s", signed_headers);
  buf_printf(b, "%s\n", x->method);
  path_put(b, x->path);
  buf_str(b, "\n\n");
  for (char *name = strtok_r(copy, ";", &rest); name; name = strtok_r(NULL, ";", &rest)) {
    const char *value = exchange_header(x, name);
    buf_printf(b, "%s:%s\n", name, value ? value : "");
  }
  buf_printf(b, "\n%s\n", signed_headers);
  if (sum) {
    buf_str(b, sum);
  } else {
    sum_put(b, x->body.p ? x->body.p : "", x->body.n);
  }
}

bool sigv4_check(const struct exchange *x, const char *service, char *why, size_t why_bytes) {
  const char *given = exchange_header(x, "Authorization");
  const char *when = exchange_header(x, "x-amz-date");
  char credential[200];
  char headers[400];
  char signature[100];
  char key[64], day[16], region[40], its[40];
  snprintf(why, why_bytes,
           "The request signature we calculated does not match the signature you "
           "provided. Check your AWS Secret Access Key and signing method.");
  if (!given || !when || !text_starts(given, "AWS4-HMAC-SHA256 ") ||
      !part_get(given, "Credential=", credential, sizeof credential) ||
      !part_get(given, "SignedHeaders=", headers, sizeof headers) ||
      !part_get(given, "Signature=", signature, sizeof signature)) {
    snprintf(why, why_bytes, "Missing Authentication Token");
    return false;
  }
  if (sscanf(credential, "%60[^/]/%12[^/]/%36[^/]/%36[^/]/aws4_request", key, day, region, its) !=
          4 ||
      strcmp(its, service) != 0 || text_starts(key, "bad")) {
    snprintf(why, why_bytes, "The security token included in the request is invalid.");
    return false;
  }
  struct buf canonical = {0};
  struct buf text = {0};
  struct buf hex = {0};
  unsigned char sum[SUM];
  canonical_put(x, headers, &canonical);
  buf_printf(&text, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n", when, day, region, service);
  sum_put(&text, canonical.p, canonical.n);
  hmac("AWS4" SIGV4_SECRET, strlen("AWS4" SIGV4_SECRET), day, sum);
  hmac(sum, SUM, region, sum);
  hmac(sum, SUM, service, sum);
  hmac(sum, SUM, "aws4_request", sum);
  hmac(sum, SUM, buf_text(&text), sum);
  hex_put(&hex, sum, SUM);
  const bool good = strcmp(buf_text(&hex), signature) == 0;
  buf_free(&canonical);
  buf_free(&text);
  buf_free(&hex);
  return good;
}
