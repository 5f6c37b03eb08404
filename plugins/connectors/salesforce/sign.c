/* Signatures: of webhooks, and of the assertion that signs us in. Apart, because it needs OpenSSL.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/sign.h"
#include "salesforce.h"

#define KEY_BITS_LEAST 2048

struct sf_key {
  EVP_PKEY *pkey;
};

/* No passphrase is ever asked for on a terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg) {
  (void)buf;
  (void)size;
  (void)rwflag;
  (void)arg;
  return -1;
}

static struct sf_key *key_bad(struct trg_err *err, const char *why) {
  ERR_clear_error();
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text,
           "auth.key %s: it must be the text of an unencrypted RSA private key (PEM, \"-----BEGIN "
           "PRIVATE KEY-----\"), as ${file:NAME}; its certificate belongs to the app in Salesforce",
           why);
  return NULL;
}

struct sf_key *salesforce_key_open(const char *pem, struct trg_err *err) {
  const size_t n = strlen(pem);
  BIO *bio = n < 65536 ? BIO_new_mem_buf(pem, (int)n) : NULL;
  EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
  BIO_free(bio);
  if (pkey == NULL) return key_bad(err, "can not be read");
  if (EVP_PKEY_base_id(pkey) != EVP_PKEY_RSA || EVP_PKEY_bits(pkey) < KEY_BITS_LEAST) {
    EVP_PKEY_free(pkey);
    return key_bad(err, "is no RSA key of at least 2048 bits");
  }
  struct sf_key *key = calloc(1, sizeof *key);
  if (key == NULL) abort();
  key->pkey = pkey;
  return key;
}

void salesforce_key_close(struct sf_key **key) {
  if (*key != NULL) EVP_PKEY_free((*key)->pkey);
  free(*key);
  *key = NULL;
}

bool salesforce_key_sign(const struct sf_key *key, struct trg_str text, struct hd_buf *ret) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  unsigned char signature[2048];
  size_t n = sizeof signature;
  const bool ok = ctx != NULL && EVP_PKEY_size(key->pkey) <= (int)sizeof signature &&
                  EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
                  EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text.p, text.n) == 1;
  EVP_MD_CTX_free(ctx);
  ERR_clear_error();
  if (ok) hd_put(ret, (const char *)signature, n);
  return ok;
}

bool salesforce_signature_is(const char *secret, struct trg_str stamp, struct trg_str body,
                             struct trg_str signature) {
  unsigned char mac[HD_SHA256_BYTES];
  char hex[2 * HD_SHA256_BYTES], lower[sizeof hex];
  if (!hd_hmac("SHA256", secret, stamp, body, mac, sizeof mac)) return false;
  if (signature.n > 7 && memcmp(signature.p, "sha256=", 7) == 0)
    signature = (struct trg_str){signature.p + 7, signature.n - 7};
  struct hd_buf base64 = hd_buf_new(64);
  hd_put_base64(&base64, (struct trg_str){(const char *)mac, sizeof mac});
  const bool same = hd_equal_secret(hd_slice(&base64), signature);
  hd_buf_free(&base64);
  if (signature.n != sizeof hex) return same;
  hd_hex(hex, mac, sizeof mac);
  for (size_t i = 0; i < sizeof lower; i++) {
    const char c = signature.p[i];
    lower[i] = c >= 'A' && c <= 'F' ? (char)(c | 32) : c;
  }
  return hd_equal_secret((struct trg_str){hex, sizeof hex}, (struct trg_str){lower, sizeof lower});
}

bool salesforce_secret_is(const char *secret, struct trg_str given) {
  return hd_equal_secret(hd_str(secret), given);
}
