/* Hashes against published vectors, encodings, and the generator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"

static void test_sha256_and_hmac_vectors(void **state) {
  (void)state;
  char hex[HASH_HEX_MAX];
  uint8_t raw[HASH_BYTES];
  assert_string_equal(hash_hex(TRG_STR("abc"), hex),
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_string_equal(hash_hex((struct trg_str){NULL, 0}, hex),
                      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  /* RFC 4231, test case 2 */
  hash_hmac(TRG_STR("Jefe"), TRG_STR("what do ya want for nothing?"), raw);
  hex_encode(raw, sizeof raw, hex);
  assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void test_pieces_and_files_hash_like_the_whole(void **state) {
  (void)state;
  char whole[HASH_HEX_MAX];
  char other[HASH_HEX_MAX];
  uint8_t raw[HASH_BYTES];
  (void)hash_hex(TRG_STR("abcdef"), whole);
  struct hash *h = hash_new();
  hash_add(h, TRG_STR("abc"));
  hash_add(h, TRG_STR(""));
  struct hash *longer = hash_copy(h);
  hash_add(h, TRG_STR("def"));
  hash_add(longer, TRG_STR("def!"));
  hash_end(&h, raw);
  assert_null(h);
  hex_encode(raw, sizeof raw, other);
  assert_string_equal(whole, other);
  hash_end(&longer, raw);
  hex_encode(raw, sizeof raw, other);
  assert_string_equal(other, hash_hex(TRG_STR("abcdef!"), whole));
  (void)hash_hex(TRG_STR("abcdef"), whole);
  char path[] = "/tmp/triaged-hash-XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  (void)close(fd);
  assert_int_equal(file_write(path, TRG_STR("abcdef"), 0600, NULL), 0);
  assert_int_equal(hash_file(path, other, NULL), 0);
  assert_string_equal(whole, other);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(hash_file(path, other, NULL), TRG_ENOTFOUND);
  assert_int_equal(hash_file("/tmp", other, NULL), TRG_EIO);
}

static void test_hex(void **state) {
  (void)state;
  uint8_t raw[2] = {9, 9};
  assert_int_equal(hex_decode(TRG_STR("Ff0a"), raw, 2), 0);
  assert_int_equal(raw[0], 255);
  assert_int_equal(raw[1], 10);
  assert_int_equal(hex_decode(TRG_STR("ff0"), raw, 2), -1);
  assert_int_equal(hex_decode(TRG_STR("fg00"), raw, 2), -1);
  assert_int_equal(hex_decode(TRG_STR("ff0a00"), raw, 2), -1);
  assert_int_equal(raw[0], 255);
}

static void test_bytes_compare_whole(void **state) {
  (void)state;
  assert_true(bytes_equal("abc", "abc", 3));
  assert_false(bytes_equal("abc", "abd", 3));
  assert_true(bytes_equal(NULL, NULL, 0));
}

static void test_the_generator_is_reproducible_and_even(void **state) {
  (void)state;
  struct rng a;
  struct rng b;
  unsigned seen[7] = {0};
  rng_seed(&a, 1);
  rng_seed(&b, 1);
  for (int i = 0; i < 1000; i++) assert_true(rng_next(&a) == rng_next(&b));
  for (int i = 0; i < 70000; i++) {
    seen[rng_below(&a, 7)]++;
    const double u = rng_unit(&a);
    assert_true(u >= 0.0 && u < 1.0);
  }
  for (int i = 0; i < 7; i++) assert_in_range(seen[i], 9500, 10500);
  assert_int_equal(rng_below(&a, 1), 0);
  assert_int_equal(rng_below(&a, 0), 0);
}

static void test_random_bytes_differ(void **state) {
  (void)state;
  uint8_t a[32] = {0};
  uint8_t b[32] = {0};
  random_bytes(a, sizeof a);
  random_bytes(b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sha256_and_hmac_vectors),
      cmocka_unit_test(test_pieces_and_files_hash_like_the_whole),
      cmocka_unit_test(test_hex),
      cmocka_unit_test(test_bytes_compare_whole),
      cmocka_unit_test(test_the_generator_is_reproducible_and_even),
      cmocka_unit_test(test_random_bytes_differ),
  };
  return cmocka_run_group_tests_name("base_hash", tests, NULL, NULL);
}
