#include "skill/macro.h"

#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/cover.h"
#include "skill/knowledge.h"
#include "store/knowledge.h"

#define BEGIN "macro:"

/* As a citation in square brackets can hold it (pipeline/guard.c). */
static bool id_fine(struct trg_str id) {
  for (size_t i = 0; i < id.n; i++)
    if (!isalnum((unsigned char)id.p[i]) && (id.p[i] == '\0' || strchr("._-", id.p[i]) == NULL))
      return false;
  return id.n > 0;
}

static const char *source_of(struct arena *a, const char *helpdesk, struct trg_str id) {
  return arena_printf(a, BEGIN "%s:%.*s", helpdesk, (int)id.n, id.p);
}

/* Of all that is searched and the rules that mask it, and nothing else: a macro that was only
 * touched stays as it is. */
static void hash_of(struct arena *a, const struct trg_macro *m, unsigned profiles,
                    char hash[HASH_HEX_MAX]) {
  const struct trg_str parts[] = {m->title, m->category, m->language, m->text};
  const char *all = "";
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    all = arena_printf(a, "%s%.*s\x1f", all, (int)parts[i].n, parts[i].n > 0 ? parts[i].p : "");
  all = arena_printf(a, "%s%lld", all, (long long)cover_rules(profiles));
  hash_hex(str_of(all), hash);
}

int macro_put(struct store *s, const char *helpdesk, const struct trg_macro *m, unsigned profiles,
              bool *ret_changed, struct trg_err *err) {
  *ret_changed = false;
  if (!id_fine(m->id))
    return err_set(err, TRG_EINVAL, "macro", "the id \"%.*s\" cannot be cited", (int)m->id.n,
                   m->id.p != NULL ? m->id.p : "");
  struct arena *a = arena_new();
  char hash[HASH_HEX_MAX];
  bool known = false;
  hash_of(a, m, profiles, hash);
  const char *source = source_of(a, helpdesk, m->id);
  int rc = passage_known(s, source, hash, &known, err);
  if (rc == 0 && !known) {
    const struct passage of = {.id = source,
                               .source = source,
                               .title = arena_dup(a, m->title),
                               .language = arena_dup(a, m->language),
                               .category = arena_dup(a, m->category)};
    struct passage *list = NULL;
    size_t n = 0;
    knowledge_pieces(a, &of, m->text, profiles, &list, &n);
    rc = passage_replace(s, source, hash, list, n, ret_changed, err);
  }
  arena_free(&a);
  return rc;
}

int macro_keep(struct store *s, const char *helpdesk, const char *const *ids, size_t count,
               bool *ret_changed, struct trg_err *err) {
  struct arena *a = arena_new();
  const char **sources = arena_alloc(a, sizeof *sources * (count + 1));
  for (size_t i = 0; i < count; i++) sources[i] = source_of(a, helpdesk, str_of(ids[i]));
  const int rc = passage_keep_of(s, arena_printf(a, BEGIN "%s:", helpdesk), sources, count,
                                 ret_changed, err);
  arena_free(&a);
  return rc;
}

int macro_keep_desks(struct store *s, const char *const *helpdesks, size_t count,
                     struct trg_err *err) {
  struct arena *a = arena_new();
  const char **begins = arena_alloc(a, sizeof *begins * (count + 1));
  for (size_t i = 0; i < count; i++) begins[i] = arena_printf(a, BEGIN "%s:", helpdesks[i]);
  const int rc = passage_keep_begins(s, BEGIN, begins, count, err);
  arena_free(&a);
  return rc;
}
