/*
 * Signatures: Ed25519 keys as PEM text (PKCS#8 private, SubjectPublicKeyInfo public), so that any
 * OpenSSL can make and check them too. (RFC 8032)
 */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#define SIGN_BYTES 64

/* A new pair; both mem_free. */
int sign_keys(char **ret_private_pem, char **ret_public_pem, struct trg_err *err);
/* The public half of a private key; mem_free. TRG_EINVAL when it is no Ed25519 key. */
int sign_public(struct trg_str private_pem, char **ret_public_pem, struct trg_err *err);
int sign_make(struct trg_str private_pem, struct trg_str data, uint8_t out[SIGN_BYTES],
              struct trg_err *err);
/* 0; TRG_ECORRUPT when the signature is not of this key and data; TRG_EINVAL for a bad key. */
int sign_check(struct trg_str public_pem, struct trg_str data, const uint8_t signature[SIGN_BYTES],
               struct trg_err *err);

#endif
