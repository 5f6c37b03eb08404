/* Secrets by their form and by their label. The keys are made up; they are put together at run
 * time so that no scanner takes this file for a leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/buf.h"
#include "base/pii.h"
#include "base/str.h"

static void expect(const char *text, const char *want) {
  struct pii_map *m = pii_map_new();
  struct buf out = {0};
  assert_int_equal(pii_mask(m, str_of(text), &out, NULL, NULL, NULL), 0);
  const char *got = out.p == NULL ? "" : out.p;
  if (strcmp(got, want) != 0) fail_msg("\"%s\"\n gave \"%s\"\n not  \"%s\"", text, got, want);
  buf_free(&out);
  pii_map_free(&m);
}

static void unchanged(const char *text) {
  expect(text, text);
}

#define NOISE "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"

static void key(const char *prefix, const char *rest) {
  char text[512];
  (void)snprintf(text, sizeof text, "my key %s%s, ok", prefix, rest);
  expect(text, "my key [SECRET_1], ok");
}

static void test_keys_with_a_known_form(void **state) {
  (void)state;
  const char *const prefixes[] = {"sk-",    "sk-ant-api03-", "ghp_",     "gho_", "github_pat_",
                                  "glpat-", "xoxb-",         "sk_live_", "npm_", "hf_",
                                  "shpat_", "whsec_",        "AIza"};
  for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++) key(prefixes[k], NOISE);
  key("AKIA", "BECZ44PAJGTM5XAX");
  key("eyJ", "hbGciOiJIUzI1NiJ9." NOISE "." NOISE);
  unchanged("key-value-store-with-many-words-in-its-name");
  unchanged("sk-short");
  unchanged("task-" NOISE);
  unchanged("AKIAshort");
}

static void test_private_keys(void **state) {
  (void)state;
  char text[512];
  (void)snprintf(text, sizeof text, "x\n-----BEGIN %s-----\n" NOISE "\n-----END %s-----\ny",
                 "RSA PRIVATE KEY", "RSA PRIVATE KEY");
  expect(text, "x\n[SECRET_1]\ny");
  (void)snprintf(text, sizeof text, "-----BEGIN %s-----\n" NOISE "\n", "PRIVATE KEY");
  expect(text, "[SECRET_1]");
  unchanged("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----");
}

static void test_what_stands_behind_a_label(void **state) {
  (void)state;
  expect("my password is hunter2!", "my password is [SECRET_1]");
  expect("Passwort: geheim", "Passwort: [SECRET_1]");
  expect("Passwort: geheim.\nDanke", "Passwort: [SECRET_1].\nDanke");
  expect("mot de passe : Soleil2024", "mot de passe : [SECRET_1]");
  expect("contrase\xC3\xB1"
         "a: Sol.2024",
         "contrase\xC3\xB1"
         "a: [SECRET_1]");
  expect("PASSWORD=abc123&x=1", "PASSWORD=[SECRET_1]&x=1");
  expect("DB_PASSWORD=abc123", "DB_PASSWORD=[SECRET_1]");
  expect("{\"password\":\"s3cret\\\"x y\",\"u\":1}", "{\"password\":\"[SECRET_1]\",\"u\":1}");
  expect("{\\\"password\\\":\\\"s3cret\\\"}", "{\\\"password\\\":\\\"[SECRET_1]\\\"}");
  expect("пароль: Привет1", "пароль: [SECRET_1]");
  expect("密码：abc123", "密码：[SECRET_1]");
  expect("api_key=" NOISE, "api_key=[SECRET_1]");
  expect("Authorization: Bearer " NOISE, "Authorization: Bearer [SECRET_1]");
}

static void test_talk_about_passwords_stays(void **state) {
  (void)state;
  const char *const texts[] = {"Password: reset does not work",
                               "my password is not working",
                               "I forgot my password.",
                               "Passwort vergessen",
                               "the token is invalid",
                               "the secret: patience and time",
                               "pass the salt",
                               "password reset link",
                               "my password was changed yesterday"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) unchanged(texts[k]);
}

static void test_check_values_and_codes(void **state) {
  (void)state;
  expect("cvv 123", "cvv [SECRET_1]");
  expect("The CVV (on the back) is 737.", "The CVV (on the back) is [SECRET_1].");
  expect("Pr\xC3\xBC"
         "fziffer: 1234",
         "Pr\xC3\xBC"
         "fziffer: [SECRET_1]");
  expect("PIN: 4711", "PIN: [SECRET_1]");
  unchanged("pin code 560001");
  unchanged("cvv is wrong");
  unchanged("cvv 12345");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_keys_with_a_known_form),
      cmocka_unit_test(test_private_keys),
      cmocka_unit_test(test_what_stands_behind_a_label),
      cmocka_unit_test(test_talk_about_passwords_stays),
      cmocka_unit_test(test_check_values_and_codes),
  };
  return cmocka_run_group_tests_name("base_pii_secret", tests, NULL, NULL);
}
