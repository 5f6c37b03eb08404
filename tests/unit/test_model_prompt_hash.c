/* The hash of a prompt whose beginning was hashed before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "model/inner.h"

static void test_a_kept_beginning_changes_no_hash(void **state) {
  (void)state;
  struct prompts_hashed kept = {0};
  char begin[PROMPTS_HASHED + 3][200], plain[65], fast[65];
  /* More beginnings than are kept, in one place of memory after another, then all again. */
  for (int round = 0; round < 3; round++)
    for (size_t i = 0; i < PROMPTS_HASHED + 3; i++) {
      memset(begin[i], (char)('a' + (int)i + round), sizeof begin[i]);
      const struct trg_prompt_part part = {.text = TRG_STR("Where is my parcel?")};
      const struct trg_model_request q = {.stable = {begin[i], i * 30},
                                          .system = TRG_STR("Be short."),
                                          .parts = &part,
                                          .part_count = 1,
                                          .schema = TRG_STR("{}")};
      router_prompt_hash(&q, plain);
      for (int again = 0; again < 2; again++) {
        prompt_hash_kept(&kept, &q, fast);
        assert_string_equal(fast, plain);
      }
    }
  prompts_hashed_free(&kept);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_kept_beginning_changes_no_hash),
  };
  return cmocka_run_group_tests_name("model_prompt_hash", tests, NULL, NULL);
}
