#include "base/jws.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define RSA_BITS_LEAST 2048
#define P256_BYTES     32
#define SIGNATURE_MAX  1024

void base64url_put(struct buf *out, struct trg_str data) {
  struct buf plain;
  buf_init(&plain, 0);
  base64_put(&plain, data);
  for (size_t i = 0; i < plain.n && plain.p[i] != '='; i++)
    buf_char(out, plain.p[i] == '+' ? '-' : plain.p[i] == '/' ? '_' : plain.p[i]);
  buf_free(&plain);
}

/* No passphrase is ever asked for on a terminal. */
static int no_passphrase(char *to, int size, int rwflag, void *arg) {
  (void)to;
  (void)size;
  (void)rwflag;
  (void)arg;
  return -1;
}

static EVP_PKEY *key_read(struct trg_str pem) {
  BIO *bio = pem.n > 0 && pem.n < 65536 ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
  EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
  BIO_free(bio);
  return key;
}

static const char *algorithm_of(const EVP_PKEY *key) {
  if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) >= RSA_BITS_LEAST) return "RS256";
  if (EVP_PKEY_base_id(key) == EVP_PKEY_EC && EVP_PKEY_bits(key) == P256_BYTES * 8) return "ES256";
  return NULL;
}

/* ECDSA gives DER; JWS wants the two numbers side by side (RFC 7518, 3.4). */
static bool flat(const unsigned char *der, size_t n, unsigned char out[2 * P256_BYTES]) {
  ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);
  const bool fine = pair != NULL &&
                    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, P256_BYTES) == P256_BYTES &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + P256_BYTES, P256_BYTES) ==
                        P256_BYTES;
  ECDSA_SIG_free(pair);
  return fine;
}

static bool sign(EVP_PKEY *key, struct trg_str text, struct buf *out) {
  unsigned char der[SIGNATURE_MAX], pair[2 * P256_BYTES];
  size_t n = sizeof der;
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool fine = ctx != NULL && EVP_PKEY_size(key) <= SIGNATURE_MAX &&
              EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, der, &n, (const unsigned char *)text.p, text.n) == 1;
  EVP_MD_CTX_free(ctx);
  const bool ec = EVP_PKEY_base_id(key) == EVP_PKEY_EC;
  if (fine && ec) fine = flat(der, n, pair);
  if (fine && ec) base64url_put(out, (struct trg_str){(const char *)pair, sizeof pair});
  if (fine && !ec) base64url_put(out, (struct trg_str){(const char *)der, n});
  return fine;
}

int jws_put(struct buf *out, struct trg_str private_pem, struct trg_str claims,
            struct trg_err *err) {
  EVP_PKEY *key = key_read(private_pem);
  const char *algorithm = key != NULL ? algorithm_of(key) : NULL;
  struct buf head, text, signature;
  buf_init(&head, 0);
  buf_init(&text, 0);
  buf_init(&signature, 0);
  bool fine = algorithm != NULL;
  if (fine) {
    buf_printf(&head, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", algorithm);
    base64url_put(&text, buf_view(&head));
    buf_char(&text, '.');
    base64url_put(&text, claims);
    fine = sign(key, buf_view(&text), &signature);
  }
  if (fine) {
    buf_str(out, buf_view(&text));
    buf_char(out, '.');
    buf_str(out, buf_view(&signature));
  }
  buf_free(&head);
  buf_free(&text);
  buf_free(&signature);
  EVP_PKEY_free(key);
  ERR_clear_error();
  return fine ? 0
              : err_set(err, TRG_EINVAL, "config",
                        "the private key can not sign: it must be the text of an unencrypted RSA "
                        "(2048 bits or more) or P-256 key (PEM)");
}
