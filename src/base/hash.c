#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

struct hash {
  EVP_MD_CTX *ctx;
};

struct hash *hash_new(void) {
  struct hash *h = mem_alloc(sizeof *h);
  h->ctx = EVP_MD_CTX_new();
  BUG_UNLESS(h->ctx != NULL && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) == 1);
  return h;
}

void hash_add(struct hash *h, struct trg_str data) {
  if (data.n > 0) BUG_UNLESS(EVP_DigestUpdate(h->ctx, data.p, data.n) == 1);
}

struct hash *hash_copy(const struct hash *h) {
  struct hash *copy = mem_alloc(sizeof *copy);
  copy->ctx = EVP_MD_CTX_new();
  BUG_UNLESS(copy->ctx != NULL && EVP_MD_CTX_copy_ex(copy->ctx, h->ctx) == 1);
  return copy;
}

void hash_end(struct hash **h, uint8_t out[HASH_BYTES]) {
  if (h == NULL || *h == NULL) return;
  BUG_UNLESS(EVP_DigestFinal_ex((*h)->ctx, out, NULL) == 1);
  EVP_MD_CTX_free((*h)->ctx);
  mem_free(*h);
  *h = NULL;
}

void hash_sha256(struct trg_str data, uint8_t out[HASH_BYTES]) {
  BUG_UNLESS(EVP_Digest(data.n > 0 ? data.p : "", data.n, out, NULL, EVP_sha256(), NULL) == 1);
}

const char *hash_hex(struct trg_str data, char out[HASH_HEX_MAX]) {
  uint8_t raw[HASH_BYTES];
  hash_sha256(data, raw);
  hex_encode(raw, sizeof raw, out);
  return out;
}

void hash_hmac(struct trg_str key, struct trg_str data, uint8_t out[HASH_BYTES]) {
  unsigned n = 0;
  BUG_UNLESS(key.n <= INT32_MAX);
  const unsigned char *p = (const unsigned char *)(data.n > 0 ? data.p : "");
  BUG_UNLESS(HMAC(EVP_sha256(), key.n > 0 ? key.p : "", (int)key.n, p, data.n, out, &n) != NULL);
  BUG_UNLESS(n == HASH_BYTES);
}

int hash_file(const char *path, char out[HASH_HEX_MAX], struct trg_err *err) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return err_set(err, errno == ENOENT ? TRG_ENOTFOUND : TRG_EIO, "file", "%s: %s", path,
                   strerror(errno));
  struct hash *h = hash_new();
  uint8_t raw[HASH_BYTES];
  char piece[32768];
  ssize_t n;
  do {
    n = read(fd, piece, sizeof piece);
    if (n > 0) hash_add(h, (struct trg_str){piece, (size_t)n});
  } while (n > 0 || (n < 0 && errno == EINTR));
  const int failed = n < 0 ? errno : 0;
  (void)close(fd);
  hash_end(&h, raw);
  if (failed != 0)
    return err_set(err, TRG_EIO, "file", "%s: reading failed: %s", path, strerror(failed));
  hex_encode(raw, sizeof raw, out);
  return 0;
}

void hex_encode(const uint8_t *p, size_t n, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    out[2 * i] = digits[p[i] >> 4];
    out[2 * i + 1] = digits[p[i] & 15];
  }
  out[2 * n] = '\0';
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int hex_decode(struct trg_str s, uint8_t *out, size_t n) {
  if (n > SIZE_MAX / 2 || s.n != 2 * n) return -1;
  for (size_t i = 0; i < s.n; i++)
    if (hex_value(s.p[i]) < 0) return -1;
  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t)(hex_value(s.p[2 * i]) * 16 + hex_value(s.p[2 * i + 1]));
  return 0;
}

bool bytes_equal(const void *a, const void *b, size_t n) {
  return n == 0 || CRYPTO_memcmp(a, b, n) == 0;
}

void random_bytes(void *out, size_t n) {
  uint8_t *p = out;
  while (n > 0) {
    const ssize_t got = getrandom(p, n, 0);
    if (got < 0 && errno == EINTR) continue;
    BUG_UNLESS(got > 0);
    p += got;
    n -= (size_t)got;
  }
}

/* splitmix64, which the authors of xoshiro recommend for seeding. */
void rng_seed(struct rng *r, uint64_t seed) {
  for (int i = 0; i < 4; i++) {
    seed += 0x9E3779B97F4A7C15u;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    r->s[i] = z ^ (z >> 31);
  }
}

static uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

uint64_t rng_next(struct rng *r) {
  uint64_t *s = r->s;
  const uint64_t result = rotate(s[1] * 5, 7) * 9;
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

double rng_unit(struct rng *r) {
  return (double)(rng_next(r) >> 11) * 0x1.0p-53;
}

/* Rejects the uneven rest, so that every value is as likely as the others. */
uint64_t rng_below(struct rng *r, uint64_t n) {
  if (n == 0) return 0;
  const uint64_t least = (0 - n) % n;
  uint64_t x;
  do x = rng_next(r);
  while (x < least);
  return x % n;
}
