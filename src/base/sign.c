#include "base/sign.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/err.h"
#include "base/mem.h"

static int no_key(struct trg_err *err, const char *which) {
  return err_set(err, TRG_EINVAL, "key",
                 "the %s key is no Ed25519 key in PEM form; make one with `triagectl ledger keygen "
                 "--output FILE`",
                 which);
}

/* Never asks for a pass phrase. */
static int no_phrase(char *out, int room, int writing, void *arg) {
  (void)out;
  (void)room;
  (void)writing;
  (void)arg;
  return 0;
}

static EVP_PKEY *key_read(struct trg_str pem, bool private, struct trg_err *err) {
  EVP_PKEY *key = NULL;
  BIO *in = pem.n > 0 && pem.n < INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
  if (in != NULL)
    key = private ? PEM_read_bio_PrivateKey(in, NULL, no_phrase, NULL)
                  : PEM_read_bio_PUBKEY(in, NULL, no_phrase, NULL);
  BIO_free(in);
  if (key != NULL && EVP_PKEY_id(key) == EVP_PKEY_ED25519) return key;
  EVP_PKEY_free(key);
  (void)no_key(err, private ? "private" : "public");
  return NULL;
}

static char *bio_text(BIO *b) {
  char *p = NULL;
  const long n = BIO_get_mem_data(b, &p);
  return mem_dup_str((struct trg_str){p, n > 0 ? (size_t)n : 0});
}

static char *public_text(EVP_PKEY *key) {
  BIO *out = BIO_new(BIO_s_mem());
  BUG_UNLESS(out != NULL && PEM_write_bio_PUBKEY(out, key) == 1);
  char *text = bio_text(out);
  BIO_free(out);
  return text;
}

int sign_keys(char **ret_private_pem, char **ret_public_pem, struct trg_err *err) {
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  BIO *out = BIO_new(BIO_s_mem());
  const bool made = key != NULL && out != NULL &&
                    PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
  if (made) {
    *ret_private_pem = bio_text(out);
    *ret_public_pem = public_text(key);
  }
  BIO_free(out);
  EVP_PKEY_free(key);
  return made ? 0 : err_set(err, TRG_EIO, "key", "OpenSSL could not make a key");
}

int sign_public(struct trg_str private_pem, char **ret_public_pem, struct trg_err *err) {
  EVP_PKEY *key = key_read(private_pem, true, err);
  if (key == NULL) return TRG_EINVAL;
  *ret_public_pem = public_text(key);
  EVP_PKEY_free(key);
  return 0;
}

int sign_make(struct trg_str private_pem, struct trg_str data, uint8_t out[SIGN_BYTES],
              struct trg_err *err) {
  EVP_PKEY *key = key_read(private_pem, true, err);
  if (key == NULL) return TRG_EINVAL;
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  size_t n = SIGN_BYTES;
  BUG_UNLESS(c != NULL && EVP_DigestSignInit(c, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(c, out, &n, (const unsigned char *)data.p, data.n) == 1 &&
             n == SIGN_BYTES);
  EVP_MD_CTX_free(c);
  EVP_PKEY_free(key);
  return 0;
}

int sign_check(struct trg_str public_pem, struct trg_str data, const uint8_t signature[SIGN_BYTES],
               struct trg_err *err) {
  EVP_PKEY *key = key_read(public_pem, false, err);
  if (key == NULL) return TRG_EINVAL;
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  BUG_UNLESS(c != NULL && EVP_DigestVerifyInit(c, NULL, NULL, NULL, key) == 1);
  const bool good = EVP_DigestVerify(c, signature, SIGN_BYTES, (const unsigned char *)data.p,
                                     data.n) == 1;
  EVP_MD_CTX_free(c);
  EVP_PKEY_free(key);
  return good ? 0
              : err_set(err, TRG_ECORRUPT, "signature",
                        "the signature was not made with this key over these bytes");
}
