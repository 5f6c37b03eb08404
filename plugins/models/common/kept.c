#include "kept.h"

#include <stdlib.h>
#include <string.h>

#define WORTH_BYTES 1024 /* of a string; a shorter one is made as fast as it is found */

static const struct llm_text *find(const struct llm_kept *kept, const void *how, struct trg_str s) {
  for (size_t i = 0; i < LLM_KEPT_MAX; i++) {
    const struct llm_kept_text *t = &kept->texts[i];
    if (t->how == how && t->from.n == s.n && memcmp(t->from.p, s.p, s.n) == 0) return &t->made;
  }
  return NULL;
}

/* Takes `made`. */
static const struct llm_text *keep(struct llm_kept *kept, const void *how, struct trg_str s,
                                   struct llm_text made) {
  struct llm_kept_text *t = &kept->texts[kept->next];
  kept->next = (kept->next + 1) % LLM_KEPT_MAX;
  llm_text_clear(&t->from);
  llm_text_clear(&t->made);
  t->how = how;
  llm_text_add(&t->from, s.p, s.n);
  llm_text_trim(&t->from);
  t->made = made;
  llm_text_trim(&t->made);
  return &t->made;
}

void llm_kept_json(struct llm_kept *kept, struct llm_text *to, struct trg_str s) {
  static const char how[] = "json";
  if (kept == NULL || s.n < WORTH_BYTES) {
    llm_text_json(to, s);
    return;
  }
  const struct llm_text *made = find(kept, how, s);
  if (made == NULL) {
    struct llm_text new = {0};
    llm_text_json(&new, s);
    made = keep(kept, how, s, new);
  }
  llm_text_add(to, made->p, made->n);
}

const char *llm_kept_schema(struct llm_kept *kept, struct trg_str schema, llm_render_fn *render,
                            char **ret_own) {
  static const char how[] = "schema";
  *ret_own = kept == NULL ? render(schema) : NULL;
  if (kept == NULL) return *ret_own;
  const struct llm_text *made = find(kept, how, schema);
  if (made != NULL) return made->p;
  char *text = render(schema);
  if (text == NULL) return NULL;
  struct llm_text new = {0};
  llm_text_put(&new, text);
  free(text);
  return keep(kept, how, schema, new)->p;
}

void llm_kept_clear(struct llm_kept *kept) {
  for (size_t i = 0; i < LLM_KEPT_MAX; i++) {
    llm_text_clear(&kept->texts[i].from);
    llm_text_clear(&kept->texts[i].made);
  }
  *kept = (struct llm_kept){0};
}
