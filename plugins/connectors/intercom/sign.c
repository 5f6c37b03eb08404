/* The signature of webhooks; apart, because it needs OpenSSL. */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#include "intercom.h"

#define SHA1_BYTES 20

/* SHA-1 is what Intercom signs with; as a keyed hash it has not been broken. */
static bool hmac_sha1(const char *secret, struct trg_str body, unsigned char ret[SHA1_BYTES]) {
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", (char[]){"SHA1"}, 0),
                         OSSL_PARAM_construct_end()};
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
  size_t n = 0;
  const bool ok = ctx != NULL &&
                  EVP_MAC_init(ctx, (const unsigned char *)secret, strlen(secret), params) == 1 &&
                  (body.n == 0 ||
                   EVP_MAC_update(ctx, (const unsigned char *)body.p, body.n) == 1) &&
                  EVP_MAC_final(ctx, ret, &n, SHA1_BYTES) == 1 && n == SHA1_BYTES;
  EVP_MAC_CTX_free(ctx);
  EVP_MAC_free(mac);
  return ok;
}

bool intercom_signature_is(const char *secret, struct trg_str body, struct trg_str header) {
  static const char digits[] = "0123456789abcdef";
  unsigned char mac[SHA1_BYTES];
  char text[5 + 2 * SHA1_BYTES] = "sha1=";
  if (!hmac_sha1(secret, body, mac)) return false;
  for (size_t i = 0; i < SHA1_BYTES; i++) {
    text[5 + 2 * i] = digits[mac[i] >> 4];
    text[6 + 2 * i] = digits[mac[i] & 15];
  }
  return header.n == sizeof text && CRYPTO_memcmp(text, header.p, sizeof text) == 0;
}
