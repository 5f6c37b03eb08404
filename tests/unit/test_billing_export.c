/* The signed export: checked without a database, and every change is found. */
#include "test_billing_help.h"

#include "base/sign.h"
#include "billing/export.h"

static struct { char *private_pem, *public_pem, *other_private, *other_public; } keys;

static int keys_made(void **state) {
  struct trg_err err = {0};
  (void)state;
  return sign_keys(&keys.private_pem, &keys.public_pem, &err) != 0 ||
         sign_keys(&keys.other_private, &keys.other_public, &err) != 0;
}

static int keys_freed(void **state) {
  (void)state;
  mem_free(keys.private_pem);
  mem_free(keys.public_pem);
  mem_free(keys.other_private);
  mem_free(keys.other_public);
  return 0;
}

/* Three charges, exported. */
static char *exported(struct desk *d, size_t *ret_n) {
  struct book *b = book_builtin();
  for (int i = 0; i < 3; i++) {
    char ext_id[16];
    (void)snprintf(ext_id, sizeof ext_id, "%d", i);
    const int64_t id = ticket_made(d, ext_id, TRG_CHANNEL_EMAIL, "ann", false, T0);
    asked(d, id, T0);
    answered(d, id, T0 + MINUTE);
    (void)settle(d, b, id, T0 + 5 * DAY);
  }
  book_free(&b);
  char *text = NULL;
  FILE *f = open_memstream(&text, ret_n);
  int64_t entries = 0;
  must(d, export_write(d->s, str_of(keys.private_pem), T0, f, &entries, &d->err));
  assert_int_equal(fclose(f), 0);
  assert_int_equal(entries, 3);
  return text;
}

static int checked(struct desk *d, const char *text, size_t n, const char *pem,
                   struct export_seen *seen) {
  FILE *f = fmemopen((void *)(uintptr_t)text, n, "r");
  assert_non_null(f);
  const int rc = export_check(f, str_of(pem), seen, &d->err);
  (void)fclose(f);
  return rc;
}

static void test_an_export_verifies_with_its_key_and_adds_up(void **state) {
  struct desk *d = *state;
  struct export_seen seen;
  size_t n = 0;
  char *text = exported(d, &n);
  must(d, checked(d, text, n, keys.public_pem, &seen));
  assert_int_equal(seen.entries, 3);
  assert_int_equal(seen.amount_micros, 3 * 990000);
  must(d, checked(d, text, n, NULL, &seen));
  free(text);
}

static void test_an_empty_ledger_has_an_export_too(void **state) {
  struct desk *d = *state;
  struct export_seen seen;
  char *text = NULL;
  size_t n = 0;
  int64_t entries = -1;
  FILE *f = open_memstream(&text, &n);
  must(d, export_write(d->s, str_of(keys.private_pem), T0, f, &entries, &d->err));
  assert_int_equal(fclose(f), 0);
  assert_int_equal(entries, 0);
  must(d, checked(d, text, n, keys.public_pem, &seen));
  free(text);
}

static void test_another_key_does_not_verify_it(void **state) {
  struct desk *d = *state;
  struct export_seen seen;
  size_t n = 0;
  char *text = exported(d, &n);
  assert_int_equal(checked(d, text, n, keys.other_public, &seen), TRG_ECORRUPT);
  assert_string_equal(d->err.code, "signature");
  assert_int_equal(checked(d, text, n, "no key", &seen), TRG_EINVAL);
  free(text);
}

static void test_every_changed_byte_is_found_and_in_an_entry_with_its_number(void **state) {
  struct desk *d = *state;
  struct export_seen seen;
  size_t n = 0;
  char *text = exported(d, &n);
  int64_t line = 0;
  for (size_t i = 0; i < n; i++) {
    const char was = text[i];
    text[i] = (char)(was ^ 1);
    assert_int_not_equal(checked(d, text, n, keys.public_pem, &seen), 0);
    if (line >= 1 && line <= 3 && was != '\n' && seen.bad != line)
      fail_msg("byte %zu (%c) of line %lld: %lld: %s", i, was, (long long)line, (long long)seen.bad,
               d->err.text);
    text[i] = was;
    line += was == '\n';
  }
  assert_int_equal(line, 5);
  free(text);
}

static void test_a_line_cut_out_or_an_end_cut_off_is_found(void **state) {
  struct desk *d = *state;
  struct export_seen seen;
  size_t n = 0;
  char *text = exported(d, &n);
  for (size_t cut = 1; cut < n; cut += 97)
    assert_int_not_equal(checked(d, text, n - cut, keys.public_pem, &seen), 0);
  char *second = strchr(strchr(text, '\n') + 1, '\n') + 1, *third = strchr(second, '\n') + 1;
  memmove(second, third, n - (size_t)(third - text) + 1);
  assert_int_equal(checked(d, text, n - (size_t)(third - second), keys.public_pem, &seen),
                   TRG_ECORRUPT);
  assert_int_equal(seen.bad, 2);
  free(text);
}

static void test_something_else_is_no_export(void **state) {
  struct desk *d = *state;
  struct export_seen seen;
  static const char *const others[] = {"{}\n", "hello\n", "\n", "{\"format\":\"other\"}\n"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_int_not_equal(checked(d, others[i], strlen(others[i]), NULL, &seen), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_an_export_verifies_with_its_key_and_adds_up),
      TEST(test_an_empty_ledger_has_an_export_too),
      TEST(test_another_key_does_not_verify_it),
      TEST(test_every_changed_byte_is_found_and_in_an_entry_with_its_number),
      TEST(test_a_line_cut_out_or_an_end_cut_off_is_found),
      TEST(test_something_else_is_no_export),
  };
  return cmocka_run_group_tests(tests, keys_made, keys_freed);
}
