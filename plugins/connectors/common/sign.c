#include "sign.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

/* The parts are hashed one after the other: nothing is copied, and nobody can move a byte from one
 * to the other without a vendor whose format allows it. */
bool hd_hmac(const char *digest, const char *secret, struct trg_str a, struct trg_str b,
             unsigned char *mac, size_t n) {
  char name[16] = "";
  const size_t length = strlen(digest);
  if (length >= sizeof name) return false;
  memcpy(name, digest, length + 1);
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
  size_t made = 0;
  const bool ok = ctx != NULL &&
                  EVP_MAC_init(ctx, (const unsigned char *)secret, strlen(secret), params) == 1 &&
                  (a.n == 0 || EVP_MAC_update(ctx, (const unsigned char *)a.p, a.n) == 1) &&
                  (b.n == 0 || EVP_MAC_update(ctx, (const unsigned char *)b.p, b.n) == 1) &&
                  EVP_MAC_final(ctx, mac, &made, n) == 1 && made == n;
  EVP_MAC_CTX_free(ctx);
  EVP_MAC_free(hmac);
  return ok;
}

void hd_hex(char *out, const unsigned char *bytes, size_t n) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
}

bool hd_equal_secret(struct trg_str a, struct trg_str b) {
  return a.n == b.n && a.n > 0 && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}
