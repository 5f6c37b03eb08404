/*
 * Keyed hashes of webhooks. Apart, because it needs OpenSSL: connectors that link it are listed in
 * the Makefile.
 */
#ifndef CONNECTOR_SIGN_H
#define CONNECTOR_SIGN_H

#include "text.h"

enum { HD_SHA1_BYTES = 20, HD_SHA256_BYTES = 32 };

/* HMAC over a, then b, with the secret's bytes as they are shown. digest: "SHA1" or "SHA256"; mac
 * takes n bytes, as many as the digest has. False: OpenSSL does not do it; mac says nothing then.
 */
bool hd_hmac(const char *digest, const char *secret, struct trg_str a, struct trg_str b,
             unsigned char *mac, size_t n);
/* In lower case, without a NUL: room for 2 * n bytes. */
void hd_hex(char *out, const unsigned char *bytes, size_t n);
/* In constant time for texts of one length; empty ones are never equal. */
bool hd_equal_secret(struct trg_str a, struct trg_str b);

#endif
