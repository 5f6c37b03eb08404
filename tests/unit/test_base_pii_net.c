/* E-mail addresses, IP addresses, passwords in URLs. */
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

static void test_addresses(void **state) {
  (void)state;
  expect("john.doe+tag@mail.example.co.uk.", "[EMAIL_1].");
  expect("<mailto:j@example.org?subject=x>", "<mailto:[EMAIL_1]?subject=x>");
  expect("a@example.com;b@example.org", "[EMAIL_1];[EMAIL_2]");
  expect("\"x@example.com\",'y@example.com'", "\"[EMAIL_1]\",'[EMAIL_2]'");
  expect("o'brien@example.com", "[EMAIL_1]");
  expect("j\xC3\xBCrgen@m\xC3\xBCller.de", "[EMAIL_1]");
  expect("x@xn--mller-kva.xn--p1ai", "[EMAIL_1]");
  expect("请联系zhang@example.cn谢谢", "请联系[EMAIL_1]谢谢");
  expect("?mail=a@example.com&x", "?mail=[EMAIL_1]&x");
  expect("?mail=a%40example.com&x", "?mail=[EMAIL_1]&x");
  expect("a\xEF\xBC\xA0"
         "example.com",
         "[EMAIL_1]");
  expect("1a@example.com", "[EMAIL_1]");
}

static void test_what_is_no_address(void **state) {
  (void)state;
  const char *const texts[] = {"@halden_support please look",
                               "a@b",
                               "a @example.com",
                               "x@1.2",
                               "@example.com",
                               "a@.com",
                               "@",
                               "a@"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) unchanged(texts[k]);
}

static void test_passwords_in_urls(void **state) {
  (void)state;
  expect("https://bob:pa55@example.com/x", "https://[SECRET_1]@example.com/x");
  expect("postgres://u:p%40x@10.0.0.1:5432/db", "postgres://[SECRET_1]@[IP_1]:5432/db");
  unchanged("https://example.com/a:b@c");
  unchanged("https://example.com:8080/x");
}

static void test_ipv4(void **state) {
  (void)state;
  expect("from 192.168.1.1:80, 10.0.0.1/8", "from [IP_1]:80, [IP_2]/8");
  expect("(8.8.8.8).", "([IP_1]).");
  const char *const texts[] = {"256.1.1.1",        "1.2.3",       "1.2.3.4.5",       "v1.2.3.4",
                               "version 10.2.3.4", "01.02.03.04", "firmware 1.2.3.4"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) unchanged(texts[k]);
}

static void test_ipv6(void **state) {
  (void)state;
  expect("f53b:11c0:4059:89a4:78ac:0b0d:eb39:3aa1 x", "[IP_1] x");
  expect("[2001:db8::1]:443", "[[IP_1]]:443");
  expect("::1 and fe80::1%eth0", "[IP_1] and [IP_2]%eth0");
  expect("::ffff:10.0.0.1", "[IP_1]");
  const char *const texts[] = {"std::string", "12:30:45",      "aa:bb:cc:dd:ee:ff", "a::b",   "::",
                               "key: value",  "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "x::y::z"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) unchanged(texts[k]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_addresses),
      cmocka_unit_test(test_what_is_no_address),
      cmocka_unit_test(test_passwords_in_urls),
      cmocka_unit_test(test_ipv4),
      cmocka_unit_test(test_ipv6),
  };
  return cmocka_run_group_tests_name("base_pii_net", tests, NULL, NULL);
}
