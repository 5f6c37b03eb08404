/* What models and customers write: drafts through the guard, answers through their readers,
 * messages through the signals. Nothing leads elsewhere that is said to be fine. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/guard.h"
#include "pipeline/language.h"
#include "pipeline/signal.h"
#include "pipeline/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void guarded(struct arena *a, struct trg_str text) {
  static const char *const hosts[] = {"acme.com"};
  const struct conf_policy policy = {.links = hosts, .link_count = 1};
  const struct guard_sources from = {
      .texts = &text, .count = 1, .own = &text, .own_count = 1, .language = "de"};
  const char *failed = guard_text(text, &policy, &from);
  if (failed == NULL && str_find_nocase(text, "https://evil.") >= 0) abort();
  struct trg_str *ids = NULL;
  const size_t n = guard_cited(text, a, &ids);
  for (size_t i = 0; i < n; i++)
    if (ids[i].n == 0 || ids[i].p < text.p || ids[i].p + ids[i].n > text.p + text.n) abort();
  if (guard_uncited(text, a).n > text.n) abort();
  (void)guard_has_token(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str text = {(const char *)bytes, size};
  struct arena *a = arena_new();
  struct trg_err err = {0};
  struct draft_answer d;
  if (size > 0) guarded(a, text);
  if (draft_parse(text, a, &d, &err) >= 0)
    guarded(a, d.body);
  else if (err.text[0] == '\0')
    abort();
  (void)language_contradicts(text, "ja");
  const struct signals s = signals_of(text, NULL);
  if (s.thanks && s.wants_human) abort();
  arena_free(&a);
  return 0;
}
