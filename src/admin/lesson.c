#include "admin/lesson.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/taxonomy.h"

/* --- each text once -----------------------------------------------------------------------------
 */

struct seat {
  uint8_t hash[HASH_BYTES];
  size_t part, place; /* place: in its part */
  size_t rank;        /* in the joined order */
};

/* The same text side by side; of these the one to keep first. */
static int by_text(const void *left, const void *right) {
  const struct seat *l = left, *r = right;
  const int c = memcmp(l->hash, r->hash, sizeof l->hash);
  if (c != 0) return c;
  if (l->part != r->part) return l->part < r->part ? -1 : 1;
  return l->place > r->place ? -1 : l->place < r->place ? 1 : 0;
}

static int by_rank(const void *left, const void *right) {
  const struct seat *l = left, *r = right;
  return l->rank < r->rank ? -1 : l->rank > r->rank ? 1 : 0;
}

struct lesson lesson_join(const struct lesson *parts, size_t count, struct arena *a) {
  size_t total = 0, kept = 0;
  for (size_t p = 0; p < count; p++) total += parts[p].count;
  struct lesson out = {0};
  if (total == 0) return out;
  struct seat *seats = mem_array(total, sizeof *seats);
  for (size_t p = 0, n = 0; p < count; p++)
    for (size_t i = 0; i < parts[p].count; i++, n++) {
      seats[n] = (struct seat){.part = p, .place = i, .rank = n};
      hash_sha256(str_trim(parts[p].list[i].text), seats[n].hash);
    }
  qsort(seats, total, sizeof *seats, by_text);
  for (size_t i = 0; i < total; i++)
    if (kept == 0 || memcmp(seats[kept - 1].hash, seats[i].hash, HASH_BYTES) != 0)
      seats[kept++] = seats[i];
  qsort(seats, kept, sizeof *seats, by_rank);
  out.list = arena_alloc(a, sizeof *out.list * kept);
  for (size_t i = 0; i < kept; i++) out.list[i] = parts[seats[i].part].list[seats[i].place];
  out.count = kept;
  mem_free(seats);
  return out;
}

/* --- categories ---------------------------------------------------------------------------------
 */

static json *categories_of(struct lesson l) {
  json *list = json_array(), *seen = json_object();
  for (size_t i = 0; i < l.count; i++) {
    json *labels = json_parse(l.list[i].labels, 0, NULL);
    const struct trg_str c = json_get_str(labels, "category");
    char key[200];
    if (c.n > 0 && c.n < sizeof key) {
      memcpy(key, c.p, c.n);
      key[c.n] = '\0';
      if (json_get(seen, key) == NULL) {
        json_put_bool(seen, key, true);
        json_add_str(list, c);
      }
    }
    json_free(&labels);
  }
  json_free(&seen);
  return list;
}

char *lesson_categories(struct lesson l) {
  json *list = categories_of(l);
  char *text = json_text(list);
  json_free(&list);
  return text;
}

/* Another spelling of the name in the list; NULL: none. The same spelling first. */
static const json *same_name(const json *names, const char *name) {
  const json *same = NULL;
  for (const json *c = json_first(names); c != NULL; c = json_next(c)) {
    if (str_is(json_str(c), name)) return c;
    if (same == NULL && taxonomy_same(json_str(c), name)) same = c;
  }
  return same;
}

/* The labels with the category of that name. */
static struct trg_str renamed(const json *labels, struct trg_str name, struct arena *a) {
  json *o = json_object();
  for (const json *l = json_first(labels); l != NULL; l = json_next(l))
    if (strcmp(json_key(l), "category") != 0) json_put(o, json_key(l), json_copy(l));
  json_put_str(o, "category", name);
  char *text = json_text(o);
  const struct trg_str out = arena_str(a, str_of(text));
  mem_free(text);
  json_free(&o);
  return out;
}

struct lesson lesson_fit(struct lesson files, struct lesson skills, struct arena *a) {
  if (files.count == 0 || skills.count == 0) return skills;
  json *names = categories_of(files);
  struct lesson out = {arena_alloc(a, sizeof *out.list * skills.count), skills.count};
  size_t shared = 0;
  for (size_t i = 0; i < skills.count; i++) {
    out.list[i] = skills.list[i];
    json *labels = json_parse(skills.list[i].labels, 0, NULL);
    const char *category = arena_dup(a, json_get_str(labels, "category"));
    const json *name = same_name(names, category);
    if (name != NULL) {
      shared++;
      if (!str_is(json_str(name), category))
        out.list[i].labels = renamed(labels, json_str(name), a);
    }
    json_free(&labels);
  }
  json_free(&names);
  return shared > 0 ? out : (struct lesson){0};
}
