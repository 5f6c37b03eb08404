/* The signature of webhooks; apart, because it needs OpenSSL. */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#include "zendesk.h"

/* Both parts are hashed one after the other: TIMESTAMP then the raw body. (An older page of the
 * documentation had it the other way round; its printed sample is no guide.) The secret's bytes
 * are the key as they are shown, though they look like base64. */
static bool hmac_sha256(const char *secret, struct trg_str a, struct trg_str b,
                        unsigned char ret[32]) {
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", (char[]){"SHA256"}, 0),
                         OSSL_PARAM_construct_end()};
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
  size_t n = 0;
  bool ok = ctx != NULL &&
            EVP_MAC_init(ctx, (const unsigned char *)secret, strlen(secret), params) == 1 &&
            (a.n == 0 || EVP_MAC_update(ctx, (const unsigned char *)a.p, a.n) == 1) &&
            (b.n == 0 || EVP_MAC_update(ctx, (const unsigned char *)b.p, b.n) == 1) &&
            EVP_MAC_final(ctx, ret, &n, 32) == 1 && n == 32;
  EVP_MAC_CTX_free(ctx);
  EVP_MAC_free(mac);
  return ok;
}

bool zd_signature_is(const char *secret, struct trg_str timestamp, struct trg_str body,
                     struct trg_str signature) {
  unsigned char mac[32];
  struct hd_buf text = hd_buf_new(64);
  bool same = false;
  if (hmac_sha256(secret, timestamp, body, mac)) {
    hd_put_base64(&text, (struct trg_str){(const char *)mac, sizeof mac});
    same = text.n == signature.n && CRYPTO_memcmp(text.p, signature.p, text.n) == 0;
  }
  hd_buf_free(&text);
  return same;
}
