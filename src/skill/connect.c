#include "skill/connect.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"
#include "skill/bundle.h"
#include "skill/skill.h"

/* Categories that skills of many makers use; others are known from a CONNECTORS.md. */
static const char *const known_categories[] = {
    "support platform",  "knowledge base", "project tracker", "cloud storage", "data warehouse",
    "product analytics", "chat",           "email",           "calendar",      "CRM"};

/* --- what is connected -------------------------------------------------------------------------
 */

static const char *connection_text(const struct connection *c, struct arena *a) {
  return c->product[0] != '\0' ? arena_printf(a, "%s (%s)", c->name, c->product) : c->name;
}

static bool given(const struct connection *c, struct trg_str category) {
  for (size_t i = 0; i < c->category_count; i++)
    if (str_is_nocase(category, c->categories[i])) return true;
  return false;
}

/* Does the word stand in the text by itself, whatever its letters' case? */
static bool has_word(const char *text, const char *word) {
  const size_t n = strlen(word);
  for (const char *p = text; n > 0 && (p = strcasestr(p, word)) != NULL; p++)
    if ((p == text || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n])) return true;
  return false;
}

/* The first connection that a plugin's row for the category names. */
static const struct connection *by_products(const struct connections *c, const struct skills *s,
                                            struct trg_str category) {
  const struct bundle *const *bundles = NULL;
  const size_t n = skills_bundles(s, &bundles);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < bundles[i]->category_count; k++) {
      const struct bundle_category *row = &bundles[i]->categories[k];
      if (!str_is_nocase(category, row->name)) continue;
      for (size_t j = 0; j < c->count; j++)
        if (has_word(row->products, c->list[j].product) || has_word(row->products, c->list[j].name))
          return &c->list[j];
    }
  return NULL;
}

struct connections *connections_new(const struct conf *f, struct arena *a) {
  struct connections *c = arena_alloc(a, sizeof *c);
  struct connection *list = arena_alloc(a, sizeof *list *
                                               (f->helpdesk_count + f->mcp_server_count + 1));
  for (size_t i = 0; i < f->helpdesk_count; i++)
    if (f->helpdesks[i].mode != MODE_OFF)
      list[c->count++] = (struct connection){.name = f->helpdesks[i].name,
                                             .product = f->helpdesks[i].connector};
  c->helpdesk_count = c->count;
  for (size_t i = 0; i < f->mcp_server_count; i++)
    list[c->count++] = (struct connection){.name = f->mcp_servers[i].name, .product = ""};
  for (size_t i = 0; i < c->count; i++) {
    const char **own = arena_alloc(a, sizeof *own * (f->connector_count + 1));
    for (size_t k = 0; k < f->connector_count; k++)
      if (strcmp(f->connectors[k].name, list[i].name) == 0)
        own[list[i].category_count++] = f->connectors[k].category;
    list[i].categories = own;
  }
  c->list = list;
  c->knowledge = f->knowledge_count > 0;
  return c;
}

const char *connection_of(const struct connections *c, const struct skills *s,
                          struct trg_str category, struct arena *a) {
  for (size_t i = 0; i < c->count; i++)
    if (given(&c->list[i], category)) return connection_text(&c->list[i], a);
  const struct connection *named = by_products(c, s, category);
  if (named != NULL) return connection_text(named, a);
  if (str_is_nocase(category, "support platform") && c->helpdesk_count > 0)
    return connection_text(&c->list[0], a);
  if (str_is_nocase(category, "knowledge base") && c->knowledge) return "the given passages";
  return NULL;
}

/* The longer of `best` and this name, when the text begins with it. */
static size_t longest(size_t best, const char *name, struct trg_str rest) {
  const size_t n = strlen(name);
  return n > best && n <= rest.n && strncasecmp(rest.p, name, n) == 0 ? n : best;
}

static size_t longest_known(const struct skills *s, const struct connections *c,
                            struct trg_str rest) {
  size_t best = 0;
  for (size_t i = 0; i < sizeof known_categories / sizeof *known_categories; i++)
    best = longest(best, known_categories[i], rest);
  const struct bundle *const *bundles = NULL;
  const size_t count = skills_bundles(s, &bundles);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < bundles[i]->category_count; k++)
      best = longest(best, bundles[i]->categories[k].name, rest);
  for (size_t i = 0; i < c->count; i++)
    for (size_t k = 0; k < c->list[i].category_count; k++)
      best = longest(best, c->list[i].categories[k], rest);
  return best;
}

size_t category_length(const struct skills *s, const struct connections *c, struct trg_str rest) {
  size_t n = longest_known(s, c, rest);
  if (n < rest.n && isalnum((unsigned char)rest.p[n])) n = 0; /* "chat" of "chatter" */
  if (n == 0)
    while (n < rest.n && isalnum((unsigned char)rest.p[n])) n++;
  return n;
}
