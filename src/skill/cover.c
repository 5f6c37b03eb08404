#include "skill/cover.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "store/knowledge.h"

#define PREFIX "KB_"
#define GONE   "(removed)"

enum { TITLE = 't', HEADING = 'h', TEXT = 'x' }; /* fields */

int64_t cover_rules(unsigned profiles) {
  return strtoll(PII_RULES_VERSION, NULL, 10) * 256 + profiles;
}

/* --- what is hidden ----------------------------------------------------------------------------
 */

static bool is_never_kept(const char *type) {
  return strcmp(type, "CREDIT_CARD") == 0 || strcmp(type, "SECRET") == 0;
}

/* The stored text out of the masked one: each token's value is put back, or what may be on no disk
 * is left out. The pieces between have the same length in both. */
static void put_back(struct trg_str text, struct trg_str masked, const struct pii_span *spans,
                     size_t count, char field, struct buf *out, struct buf *hidden) {
  size_t from = 0, at = 0; /* of text, of masked */
  for (size_t i = 0; i < count; i++) {
    const size_t between = spans[i].start - from;
    buf_add(out, masked.p + at, between);
    at += between;
    at += pii_token_at(masked, at);
    from = spans[i].end;
    if (is_never_kept(spans[i].type)) {
      buf_text(out, GONE);
      continue;
    }
    const size_t start = out->n;
    buf_add(out, text.p + spans[i].start, spans[i].end - spans[i].start);
    buf_printf(hidden, "%c%zu-%zu %s\n", field, start, out->n, spans[i].type);
  }
  buf_add(out, masked.p + at, masked.n - at);
}

struct trg_str cover_clean(struct arena *a, struct trg_str text, unsigned profiles, char field,
                           struct buf *hidden) {
  struct pii_map *map = pii_map_new();
  struct pii_span *spans = NULL;
  size_t n = 0;
  struct buf masked;
  struct trg_err err = {0};
  struct trg_str kept = {"", 0};
  buf_init(&masked, SIZE_MAX / 4);
  pii_map_profiles(map, profiles);
  if (pii_mask(map, text, &masked, &spans, &n, &err) < 0) {
    log_event(TRG_WARN, "knowledge.problem", "code", err.code, "why", err.text, NULL);
  } else {
    struct buf out;
    buf_init(&out, SIZE_MAX / 4);
    put_back(text, buf_view(&masked), spans, n, field, &out, hidden);
    kept = arena_str(a, buf_view(&out));
    buf_free(&out);
  }
  buf_free(&masked);
  mem_free(spans);
  pii_map_free(&map);
  return kept;
}

/* --- what is shown -----------------------------------------------------------------------------
 */

struct shown {
  const char *id, *text; /* masked, all fields; NULL: nothing is hidden in it */
};
struct covers {
  struct arena *arena;
  struct pii_map *map;
  struct shown *shown;
  size_t count;
};

struct line {
  char field;
  size_t from, to;
  const char *type;
};

/* The next line of what is hidden; false at its end, and when it is none. */
static bool line_next(const char **at, struct arena *a, struct line *ret) {
  const char *s = *at;
  char *end = NULL;
  if (*s == '\0') return false;
  ret->field = *s;
  ret->from = strtoul(s + 1, &end, 10);
  if (*end != '-') return false;
  ret->to = strtoul(end + 1, &end, 10);
  const char *newline = strchr(end, '\n');
  if (*end != ' ' || newline == NULL) return false;
  ret->type = arena_dup(a, (struct trg_str){end + 1, (size_t)(newline - end - 1)});
  *at = newline + 1;
  return true;
}

/* One field with tokens; NULL when what is noted of it does not fit it. */
static const char *field_masked(struct covers *c, const char *text, char field, const char *hidden,
                                struct arena *a) {
  const size_t n = strlen(text);
  size_t at = 0;
  bool fits = true;
  struct line l;
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  while (fits && line_next(&hidden, a, &l)) {
    if (l.field != field) continue;
    fits = l.from >= at && l.to > l.from && l.to <= n;
    if (!fits) break;
    buf_add(&b, text + at, l.from - at);
    buf_text(&b, pii_map_token(c->map, l.type, (struct trg_str){text + l.from, l.to - l.from}));
    at = l.to;
  }
  fits = fits && *hidden == '\0';
  buf_add(&b, text + at, n - at);
  const char *masked = fits ? arena_dup(a, buf_view(&b)) : NULL;
  buf_free(&b);
  return masked;
}

static bool passage_masked(struct covers *c, struct passage *p, struct arena *a) {
  const char *title = field_masked(c, p->title, TITLE, p->hidden, a);
  const char *heading = field_masked(c, p->heading, HEADING, p->hidden, a);
  const char *text = field_masked(c, p->text, TEXT, p->hidden, a);
  if (title == NULL || heading == NULL || text == NULL) return false;
  p->title = title;
  p->heading = heading;
  p->text = text;
  return true;
}

/* By the rules of now, where the passage was indexed by others. */
static void look_over(struct passage *p, unsigned profiles, struct arena *a) {
  struct buf hidden;
  buf_init(&hidden, SIZE_MAX / 4);
  p->title = cover_clean(a, str_of(p->title), profiles, TITLE, &hidden).p;
  p->heading = cover_clean(a, str_of(p->heading), profiles, HEADING, &hidden).p;
  p->text = cover_clean(a, str_of(p->text), profiles, TEXT, &hidden).p;
  p->hidden = arena_dup(a, buf_view(&hidden));
  p->rules = cover_rules(profiles);
  buf_free(&hidden);
}

static struct covers *covers_new(const struct passage *p, size_t count) {
  struct covers *c = mem_alloc(sizeof *c);
  c->arena = arena_new();
  c->map = pii_map_new();
  pii_map_prefix(c->map, PREFIX);
  c->count = count;
  c->shown = arena_alloc(c->arena, sizeof *c->shown * count);
  for (size_t i = 0; i < count; i++)
    c->shown[i] = (struct shown){.id = arena_dup(c->arena, str_of(p[i].id))};
  return c;
}

struct covers *cover_passages(struct passage *p, size_t count, unsigned profiles, struct arena *a) {
  struct covers *c = NULL;
  for (size_t i = 0; i < count; i++) {
    if (p[i].rules != cover_rules(profiles)) look_over(&p[i], profiles, a);
    if (p[i].hidden[0] == '\0') continue;
    if (c == NULL) c = covers_new(p, count);
    if (!passage_masked(c, &p[i], a)) {
      look_over(&p[i], profiles, a); /* noted of another text: made anew */
      BUG_UNLESS(passage_masked(c, &p[i], a));
    }
    c->shown[i].text = arena_printf(c->arena, "%s\n%s\n%s", p[i].title, p[i].heading, p[i].text);
  }
  return c;
}

void covers_free(struct covers **at) {
  struct covers *c = *at;
  if (c == NULL) return;
  *at = NULL;
  pii_map_free(&c->map);
  arena_free(&c->arena);
  mem_free(c);
}

/* --- the way back ------------------------------------------------------------------------------
 */

static bool stands_in(const struct covers *c, const struct trg_str *ids, size_t count,
                      const char *token) {
  for (size_t i = 0; i < c->count; i++)
    for (size_t k = 0; k < count && c->shown[i].text != NULL; k++)
      if (str_is(ids[k], c->shown[i].id) && strstr(c->shown[i].text, token) != NULL) return true;
  return false;
}

static bool value_of(const struct covers *c, struct trg_str token, const struct trg_str *ids,
                     size_t count, struct trg_str *ret) {
  const char *name, *type;
  for (size_t i = 0; i < pii_map_count(c->map); i++) {
    pii_map_at(c->map, i, &name, &type, ret);
    if (str_is(token, name)) return stands_in(c, ids, count, name);
  }
  return false;
}

struct trg_str cover_restore(const struct covers *c, struct trg_str text, const struct trg_str *ids,
                             size_t count, struct arena *a) {
  if (c == NULL || text.n == 0) return text;
  struct buf b;
  buf_init(&b, SIZE_MAX / 4);
  for (size_t at = 0; at < text.n;) {
    struct trg_str value;
    const size_t n = pii_token_at(text, at);
    if (n > 0 && value_of(c, (struct trg_str){text.p + at, n}, ids, count, &value)) {
      buf_str(&b, value);
      at += n;
    } else {
      buf_char(&b, text.p[at++]);
    }
  }
  const struct trg_str restored = arena_str(a, buf_view(&b));
  buf_free(&b);
  return restored;
}
