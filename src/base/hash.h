/*
 * Hashes, signatures and their encodings (OpenSSL inside).
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#define HASH_BYTES   32
#define HASH_HEX_MAX 65

void hash_sha256(struct trg_str data, uint8_t out[HASH_BYTES]);
const char *hash_hex(struct trg_str data, char out[HASH_HEX_MAX]); /* SHA-256 in hex */
void hash_hmac(struct trg_str key, struct trg_str data, uint8_t out[HASH_BYTES]);
int hash_file(const char *path, char out[HASH_HEX_MAX], struct trg_err *err);
/* In pieces. */
struct hash;
struct hash *hash_new(void);
void hash_add(struct hash *h, struct trg_str data);
struct hash *hash_copy(const struct hash *h);            /* goes on from here, beside the first */
void hash_end(struct hash **h, uint8_t out[HASH_BYTES]); /* frees it */

void hex_encode(const uint8_t *p, size_t n, char *out);   /* 2n+1 bytes */
int hex_decode(struct trg_str s, uint8_t *out, size_t n); /* exactly n bytes; 0 or -1 */
bool bytes_equal(const void *a, const void *b, size_t n); /* in constant time */
void random_bytes(void *out, size_t n);                   /* from the system; cannot fail */

/* A seeded generator for jitter, sampling and tests (xoshiro256**); not for secrets. */
struct rng {
  uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
double rng_unit(struct rng *r);                /* [0, 1) */
uint64_t rng_below(struct rng *r, uint64_t n); /* [0, n) */

#endif
