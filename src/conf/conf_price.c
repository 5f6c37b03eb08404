/* What a model costs: decimal dollars per million tokens, dated and tiered. Never a double. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#include "base/yaml.h"
#include "conf/part.h"

#define PRICE_MAX_MICROS (INT64_C(100000) * 1000000) /* more overflows sums, and is a slip */

struct written {
  char *input, *output, *cache_read, *cache_write, *batch, *from;
  int64_t above;
};

#define AT(member) offsetof(struct written, member)
const struct trg_field price_fields[] = {
    {.name = "input",
     .flags = TRG_REQUIRED,
     .offset = AT(input),
     .help = "US dollars per million input tokens, as 0.10"},
    {.name = "output",
     .flags = TRG_REQUIRED,
     .offset = AT(output),
     .help = "US dollars per million output tokens, as 0.50"},
    {.name = "cache_read",
     .offset = AT(cache_read),
     .help = "for tokens read from the vendor's cache; default: input's"},
    {.name = "cache_write",
     .offset = AT(cache_write),
     .help = "for tokens written to it; default: input's"},
    {.name = "batch",
     .default_text = "0.5",
     .offset = AT(batch),
     .help = "what a batched call costs, as a share of the rest: 0.5 is half"},
    {.name = "from", .offset = AT(from), .help = "in a list: from this day on, as 2026-12-01"},
    {.name = "above",
     .type = TRG_INT,
     .min = 0,
     .max = INT64_C(1000000000),
     .offset = AT(above),
     .help = "in a list: for prompts of more tokens than this"},
    {.name = NULL},
};

static int64_t dollars(struct part *p, const struct yaml *map, const char *path, const char *key,
                       const char *text) {
  int64_t micros = 0;
  if (text == NULL) return 0;
  if (money_parse(str_of(text), &micros) == 0 && micros >= 0 && micros <= PRICE_MAX_MICROS)
    return micros;
  field_wrong(&p->r, yaml_get(map, key), path_key(p, path, key),
              "must be US dollars per million tokens with at most six decimal places, from 0 to "
              "100000, as 0.125");
  return 0;
}

static void price_read(struct part *p, const struct yaml *map, const char *path,
                       struct conf_price *price) {
  struct written w = {0};
  field_fill(&p->r, map, path, price_fields, NULL, &w);
  *price = (struct conf_price){
      .above_tokens = w.above,
      .input_micros = dollars(p, map, path, "input", w.input),
      .output_micros = dollars(p, map, path, "output", w.output),
      .cache_read_micros = dollars(p, map, path, "cache_read", w.cache_read),
      .cache_write_micros = dollars(p, map, path, "cache_write", w.cache_write),
      .has_cache_read = w.cache_read != NULL,
      .has_cache_write = w.cache_write != NULL};
  if (money_parse(str_of(w.batch), &price->batch_millionths) != 0 || price->batch_millionths < 0 ||
      price->batch_millionths > 1000000)
    field_wrong(&p->r, yaml_get(map, "batch"), path_key(p, path, "batch"),
                "must be a share from 0 to 1 with at most six decimal places, as 0.5");
  if (w.from != NULL && time_parse(str_of(w.from), &price->from_ms) != 0)
    field_wrong(&p->r, yaml_get(map, "from"), path_key(p, path, "from"),
                "must be a day such as 2026-12-01, or a time such as 2026-12-01T00:00:00Z");
}

static int by_from_and_above(const void *a, const void *b) {
  const struct conf_price *x = a, *y = b;
  if (x->from_ms != y->from_ms) return x->from_ms < y->from_ms ? -1 : 1;
  return x->above_tokens < y->above_tokens ? -1 : x->above_tokens > y->above_tokens ? 1 : 0;
}

/* Every call of today must find a price, or it would pass as free. */
static void gaps_tell(struct part *p, const struct yaml *node, const char *path,
                      const struct conf_price *all, size_t n) {
  for (size_t i = 1; i < n; i++)
    if (by_from_and_above(&all[i - 1], &all[i]) == 0) {
      field_wrong(&p->r, node, path, "has two prices of the same from and above; take one out");
      return;
    }
  const struct conf_price *base = NULL;
  for (size_t i = 0; i < n && base == NULL; i++)
    if (all[i].above_tokens == 0) base = &all[i];
  if (base == NULL) {
    field_wrong(&p->r, node, path, "has no price for short prompts; add one without above");
    return;
  }
  char since[TIME_RFC3339_MAX];
  if (base->from_ms > clock_now_ms())
    field_wrong(&p->r, node, path,
                "has no price for today, as the first begins at %s; add one without from",
                time_format(base->from_ms, since));
}

void prices_read(struct part *p, const struct yaml *node, const char *path, struct conf_model *m) {
  const bool list = node->kind == YAML_LIST;
  if (node->kind == YAML_SCALAR || (list && node->first == NULL)) {
    field_wrong(&p->r, node, path,
                "must be a map such as {input: 0.10, output: 0.50}, or a list of such maps with "
                "from: DATE and above: TOKENS");
    return;
  }
  struct conf_price *all = arena_alloc(p->r.arena, (list ? yaml_count(node) : 1) * sizeof *all);
  size_t n = 0;
  const size_t errors = p->r.problems->errors;
  if (list)
    for (const struct yaml *c = node->first; c != NULL; c = c->next, n++)
      price_read(p, c, path_item(p, path, n), &all[n]);
  else
    price_read(p, node, path, &all[n++]);
  qsort(all, n, sizeof *all, by_from_and_above);
  if (p->r.problems->errors == errors) gaps_tell(p, node, path, all, n);
  m->prices = all;
  m->price_count = n;
}
