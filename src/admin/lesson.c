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

#define HELD_EVERY   5
#define LEAD_PERCENT 1

void lesson_split(struct lesson solved, struct arena *a, struct lesson *ret_learn,
                  struct lesson *ret_held) {
  struct lesson learn = {arena_alloc(a, sizeof *learn.list * (solved.count + 1)), 0}, held = learn;
  held.list = arena_alloc(a, sizeof *held.list * (solved.count + 1));
  for (size_t i = 0; i < solved.count; i++) {
    uint8_t hash[HASH_BYTES];
    hash_sha256(str_trim(solved.list[i].text), hash);
    if ((hash[0] << 8 | hash[1]) % HELD_EVERY == 0)
      held.list[held.count++] = solved.list[i];
    else
      learn.list[learn.count++] = solved.list[i];
  }
  *ret_learn = learn;
  *ret_held = held;
}

const char *trial_against(const struct trial *t) {
  const int64_t lead = t->after.right - t->before.right;
  if (lead <= 0 || lead * 100 < t->held * LEAD_PERCENT) return "accuracy";
  if (t->after.macro_f1 < t->before.macro_f1) return "macro_f1";
  return t->after.brier > t->before.brier ? "calibration" : NULL;
}

/* --- what stands in labels ----------------------------------------------------------------------
 */

/* The distinct values of one label, in the order of their first appearance. */
static json *values_of(struct lesson l, const char *label) {
  json *list = json_array(), *seen = json_object();
  for (size_t i = 0; i < l.count; i++) {
    json *labels = json_parse(l.list[i].labels, 0, NULL);
    const struct trg_str v = json_get_str(labels, label);
    char key[200];
    if (v.n > 0 && v.n < sizeof key) {
      memcpy(key, v.p, v.n);
      key[v.n] = '\0';
      if (json_get(seen, key) == NULL) {
        json_put_bool(seen, key, true);
        json_add_str(list, v);
      }
    }
    json_free(&labels);
  }
  json_free(&seen);
  return list;
}

char *lesson_categories(struct lesson l) {
  json *list = values_of(l, "category");
  char *text = json_text(list);
  json_free(&list);
  return text;
}

/* The name in the list that is this one, perhaps in another spelling; NULL: none. */
static const json *same_name(const json *names, struct trg_str name) {
  char key[200];
  if (name.n == 0 || name.n >= sizeof key) return NULL;
  memcpy(key, name.p, name.n);
  key[name.n] = '\0';
  const json *same = NULL;
  for (const json *c = json_first(names); c != NULL; c = json_next(c)) {
    if (str_eq(json_str(c), name)) return c;
    if (same == NULL && taxonomy_same(json_str(c), key)) same = c;
  }
  return same;
}

static size_t shared_count(const json *names, const json *others) {
  size_t n = 0;
  for (const json *c = json_first(names); c != NULL; c = json_next(c))
    if (same_name(others, json_str(c)) != NULL) n++;
  return n;
}

/* --- the skills' examples beside files ----------------------------------------------------------
 */

#define LABELS 4
static const char *const label_keys[LABELS] = {"category", "priority", "sentiment", "language"};

/* What the files say of one label. */
struct speech {
  json *values;
  bool foreign; /* the files have it, and none of their values is one of the skills' */
  bool within;  /* every value is one of the skills' */
};

static struct speech speech_of(struct lesson files, struct lesson skills, const char *label) {
  struct speech s = {.values = values_of(files, label)};
  json *known = values_of(skills, label);
  const size_t shared = shared_count(s.values, known), all = json_count(s.values);
  s.foreign = all > 0 && shared == 0;
  s.within = shared == all;
  json_free(&known);
  return s;
}

/* The example in the files' words. False: its category is not theirs. */
static bool example_fit(const struct trg_example *e, const struct speech *speech, struct arena *a,
                        struct trg_example *ret) {
  json *labels = json_parse(e->labels, 0, NULL), *o = json_object();
  bool fits = speech[0].within;
  for (size_t k = 0; k < LABELS; k++) {
    const struct trg_str value = json_get_str(labels, label_keys[k]);
    const json *name = same_name(speech[k].values, value);
    if (k == 0 && name != NULL) fits = true;
    if (value.n > 0 && !speech[k].foreign)
      json_put_str(o, label_keys[k], name != NULL ? json_str(name) : value);
  }
  char *text = json_text(o);
  *ret = (struct trg_example){e->text, arena_str(a, str_of(text))};
  mem_free(text);
  json_free(&labels);
  json_free(&o);
  return fits;
}

struct lesson lesson_fit(struct lesson files, struct lesson skills, struct arena *a) {
  if (files.count == 0 || skills.count == 0) return skills;
  struct speech speech[LABELS];
  for (size_t k = 0; k < LABELS; k++) speech[k] = speech_of(files, skills, label_keys[k]);
  /* Files without a category say nothing of whose categories hold. */
  const bool related = json_count(speech[0].values) > 0 && !speech[0].foreign;
  struct lesson out = {arena_alloc(a, sizeof *out.list * skills.count), 0};
  for (size_t i = 0; i < skills.count && related; i++)
    if (example_fit(&skills.list[i], speech, a, &out.list[out.count])) out.count++;
  for (size_t k = 0; k < LABELS; k++) json_free(&speech[k].values);
  return out;
}
