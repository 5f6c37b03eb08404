/* Ed25519: keys, signatures, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/sign.h"
#include "base/str.h"

/* RFC 8032, 7.1, test 2: the key as PKCS#8, and the signature of the byte 0x72. */
static const char rfc_key[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
                              "-----END PRIVATE KEY-----\n";

static void test_a_signature_holds_for_its_bytes_and_key_alone(void **state) {
  char *private_pem = NULL, *public_pem = NULL, *again = NULL, *p2 = NULL, *other = NULL;
  struct trg_err err = {0};
  uint8_t s[SIGN_BYTES];
  (void)state;
  assert_int_equal(sign_keys(&private_pem, &public_pem, &err), 0);
  assert_int_equal(sign_keys(&p2, &other, &err), 0);
  assert_int_equal(sign_public(str_of(private_pem), &again, &err), 0);
  assert_string_equal(again, public_pem);
  assert_int_equal(sign_make(str_of(private_pem), TRG_STR("a bill"), s, &err), 0);
  assert_int_equal(sign_check(str_of(public_pem), TRG_STR("a bill"), s, &err), 0);
  assert_int_equal(sign_check(str_of(public_pem), TRG_STR("a bilk"), s, &err), TRG_ECORRUPT);
  assert_int_equal(sign_check(str_of(other), TRG_STR("a bill"), s, &err), TRG_ECORRUPT);
  s[9] ^= 1;
  assert_int_equal(sign_check(str_of(public_pem), TRG_STR("a bill"), s, &err), TRG_ECORRUPT);
  mem_free(private_pem);
  mem_free(public_pem);
  mem_free(again);
  mem_free(p2);
  mem_free(other);
}

static void test_it_is_the_signature_of_the_standard(void **state) {
  static const char want[] = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  struct trg_err err = {0};
  uint8_t s[SIGN_BYTES];
  char hex[SIGN_BYTES * 2 + 1];
  (void)state;
  assert_int_equal(sign_make(str_of(rfc_key), TRG_STR("r"), s, &err), 0);
  hex_encode(s, sizeof s, hex);
  assert_string_equal(hex, want);
}

static void test_what_is_no_key_is_refused(void **state) {
  struct trg_err err = {0};
  uint8_t s[SIGN_BYTES] = {0};
  char *out = NULL;
  (void)state;
  assert_int_equal(sign_make(TRG_STR(""), TRG_STR("x"), s, &err), TRG_EINVAL);
  assert_int_equal(sign_make(TRG_STR("-----BEGIN PRIVATE KEY-----\n"), TRG_STR("x"), s, &err),
                   TRG_EINVAL);
  assert_int_equal(sign_public(TRG_STR("no"), &out, &err), TRG_EINVAL);
  assert_int_equal(sign_check(str_of(rfc_key), TRG_STR("x"), s, &err), TRG_EINVAL);
  assert_non_null(strstr(err.text, "ledger keygen"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_signature_holds_for_its_bytes_and_key_alone),
      cmocka_unit_test(test_it_is_the_signature_of_the_standard),
      cmocka_unit_test(test_what_is_no_key_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
