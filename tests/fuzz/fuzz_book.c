/* Feeds any bytes to the reader of price books; what it accepts must fold and print. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "billing/book.h"
#include "billing/book_price.h"
#include "billing/fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void problem(void *arg, uint32_t line, const char *key, const char *text) {
  (void)line;
  if (key == NULL || text == NULL || text[0] == '\0') abort();
  (*(int *)arg)++;
}

static void fold_some(const struct book *b) {
  static const struct fact facts[] = {
      {.seq = 1, .kind = FACT_MSG_IN, .actor = ACTOR_CUSTOMER, .id = "a", .value = "", .at_ms = 1},
      {.seq = 2, .kind = FACT_MSG_OUT, .actor = ACTOR_AI, .id = "b", .value = "answer", .at_ms = 2},
      {.seq = 3,
       .kind = FACT_ACTION,
       .actor = ACTOR_AI,
       .id = "c",
       .value = "x",
       .tokens = INT64_C(1) << 50,
       .at_ms = 3},
      {.seq = 4,
       .kind = FACT_MSG_IN,
       .actor = ACTOR_CUSTOMER,
       .id = "d",
       .value = "thanks",
       .at_ms = 4},
      {.seq = 5,
       .kind = FACT_MSG_IN,
       .actor = ACTOR_CUSTOMER,
       .id = "e",
       .value = "",
       .at_ms = INT64_C(4000000000000)}};
  static const struct fact_case c = {
      .ref = "s/1", .helpdesk = "s", .customer = "k", .channel = "chat", .category = "x"};
  struct arena *a = arena_new();
  struct fold f;
  fold(facts, sizeof facts / sizeof *facts, &c, b, INT64_C(1795255200000), a, &f);
  for (size_t i = 0; i < f.charge_count; i++) {
    const struct book_place place = {.count = 7, .spent_micros = 1000000};
    struct book_priced p;
    book_price_unit(b, f.charges[i].at_ms, f.charges[i].outcome, f.charges[i].amount_micros, &place,
                    &p);
    if (p.amount_micros < 0) abort();
  }
  mem_free(fold_text(&f));
  arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  int problems = 0;
  struct book *b = book_parse((struct trg_str){(const char *)bytes, size}, "fuzz", problem,
                              &problems);
  if ((b == NULL) != (problems > 0)) abort();
  if (b != NULL) {
    if (strlen(book_hash(b)) != 64 || book_summary(b) == NULL) abort();
    fold_some(b);
  }
  book_free(&b);
  return 0;
}
