/*
 * JSON Web Signatures in their compact form (RFC 7515): a header, claims and a signature, each in
 * base64url. RS256 with RSA keys of at least 2048 bits, ES256 with P-256 keys (RFC 7518).
 */
#ifndef BASE_JWS_H
#define BASE_JWS_H

#include <triaged/plugin.h>

struct buf;

void base64url_put(struct buf *out, struct trg_str data); /* without padding */
/* Appends "header.claims.signature". private_pem: an unencrypted key; the algorithm is the key's.
 * `claims` is JSON text. TRG_EINVAL and err when the key is none that can sign. */
int jws_put(struct buf *out, struct trg_str private_pem, struct trg_str claims,
            struct trg_err *err);

#endif
