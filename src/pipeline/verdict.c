#include "pipeline/verdict.h"

#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "skill/taxonomy.h"

#define TEXT_MAX 600

/* A string field that must be there, cut to a sane length. */
static int field(const json *o, const char *key, struct arena *a, struct trg_str *ret,
                 struct trg_err *err) {
  const json *v = json_get(o, key);
  if (!json_is_string(v))
    return err_set(err, TRG_EINVAL, "invalid", "the answer has no text \"%s\"", key);
  struct trg_str s = str_trim(json_str(v));
  s.n = utf8_cut(s, TEXT_MAX);
  *ret = arena_str(a, s);
  return 0;
}

/* One of the words, whatever its letters' case; the canonical spelling is kept. */
static int choice(const json *o, const char *key, const char *const *words, size_t count,
                  struct trg_str *ret, struct trg_err *err) {
  const struct trg_str s = str_trim(json_get_str(o, key));
  for (size_t i = 0; i < count; i++)
    if (str_is_nocase(s, words[i])) {
      *ret = str_of(words[i]);
      return 0;
    }
  return err_set(err, TRG_EINVAL, "invalid", "\"%.*s\" is not a known %s",
                 (int)(s.n < 60 ? s.n : 60), s.p != NULL ? s.p : "", key);
}

/* What is no probability (97 for 97 %, 1e308) says nothing: it must not count as being sure. */
static double unit(double d) {
  return d >= 0 && d <= 1 ? d : 0;
}

static struct trg_str language_code(struct trg_str s, struct arena *a) {
  /* "de-DE" and "DE" are "de"; what is no code is unknown. */
  if (s.n < 2 || (s.n > 2 && s.p[2] != '-' && s.p[2] != '_')) return TRG_STR("");
  char code[3] = {s.p[0], s.p[1], 0};
  for (int i = 0; i < 2; i++) {
    if (code[i] >= 'A' && code[i] <= 'Z') code[i] = (char)(code[i] - 'A' + 'a');
    if (code[i] < 'a' || code[i] > 'z') return TRG_STR("");
  }
  return arena_str(a, str_of(code));
}

static int verdict_names(const json *o, const struct taxonomy *t, struct arena *a,
                         struct verdict *v, struct trg_err *err) {
  struct trg_str name = {0}, team = {0}, sub = {0};
  if (field(o, "category", a, &name, err) < 0 || field(o, "team", a, &team, err) < 0 ||
      field(o, "subcategory", a, &sub, err) < 0)
    return TRG_EINVAL;
  const struct category *c = taxonomy_category(t, name);
  if (c == NULL)
    return err_set(err, TRG_EINVAL, "invalid", "the category \"%.*s\" is not in the taxonomy",
                   (int)(name.n < 60 ? name.n : 60), name.p);
  v->row.category = str_of(c->name);
  v->row.team = taxonomy_team(t, team) ? team : str_of(c->team);
  v->row.subcategory = TRG_STR("");
  for (size_t i = 0; i < t->subcategory_count; i++)
    if (strcmp(t->subcategories[i].category, c->name) == 0 &&
        str_is_nocase(sub, t->subcategories[i].name))
      v->row.subcategory = str_of(t->subcategories[i].name);
  return 0;
}

int verdict_parse(struct trg_str text, const struct taxonomy *t, struct arena *a,
                  struct verdict *ret, struct trg_err *err) {
  static const char *const priorities[] = {"P1", "P2", "P3", "P4"};
  static const char *const moods[] = {"negative", "neutral", "positive"};
  json *o = json_parse(text, JSON_UNIQUE_KEYS, err);
  if (o == NULL) return TRG_EINVAL;
  struct verdict v = {0};
  int rc = json_is_object(o) ? 0 : err_set(err, TRG_EINVAL, "invalid", "the answer is no object");
  if (rc >= 0) rc = verdict_names(o, t, a, &v, err);
  if (rc >= 0) rc = choice(o, "priority", priorities, 4, &v.row.priority, err);
  if (rc >= 0) rc = choice(o, "sentiment", moods, 3, &v.row.sentiment, err);
  if (rc >= 0) rc = field(o, "priority_reason", a, &v.row.priority_reason, err);
  if (rc >= 0) rc = field(o, "product_area", a, &v.row.product_area, err);
  if (rc >= 0) rc = field(o, "summary", a, &v.row.summary, err);
  if (rc >= 0) rc = field(o, "duplicate_of", a, &v.row.duplicate_of, err);
  if (rc >= 0) rc = field(o, "escalate_reason", a, &v.escalate_reason, err);
  if (rc >= 0) rc = field(o, "language", a, &v.row.language, err);
  if (rc >= 0) {
    v.row.language = language_code(v.row.language, a);
    v.row.wants_human = json_get_bool(o, "wants_human", false);
    v.escalate = json_get_bool(o, "escalate", false) && v.escalate_reason.n > 0;
    const json *c = json_get(o, "confidence");
    v.confidence = unit(json_is_number(c) ? json_get_double(o, "confidence", 0)
                                          : json_get_double(c, "category", 0));
    v.row.confidence = v.confidence;
    /* A model may say that it is the same case as another ticket; only the store can know. */
    v.row.duplicate_of = TRG_STR("");
    *ret = v;
  }
  json_free(&o);
  return rc;
}

static int strings(const json *o, const char *key, size_t max, struct arena *a,
                   struct trg_str **ret, size_t *ret_count, struct trg_err *err) {
  const json *list = json_get(o, key);
  if (!json_is_array(list))
    return err_set(err, TRG_EINVAL, "invalid", "the answer has no list \"%s\"", key);
  size_t n = json_count(list);
  if (n > max) n = max;
  struct trg_str *out = arena_alloc(a, sizeof *out * (n + 1));
  size_t kept = 0;
  for (const json *v = json_first(list); v != NULL && kept < n; v = json_next(v)) {
    struct trg_str s = str_trim(json_str(v));
    s.n = utf8_cut(s, TEXT_MAX);
    if (s.n > 0) out[kept++] = arena_str(a, s);
  }
  *ret = out;
  *ret_count = kept;
  return 0;
}

int draft_parse(struct trg_str text, struct arena *a, struct draft_answer *ret,
                struct trg_err *err) {
  json *o = json_parse(text, JSON_UNIQUE_KEYS, err);
  if (o == NULL) return TRG_EINVAL;
  struct draft_answer d = {0};
  int rc = 0;
  const struct trg_str body = str_trim(json_get_str(o, "body"));
  d.not_sure = json_get_bool(o, "not_sure", false);
  if (!json_is_object(o) || body.n == 0)
    rc = err_set(err, TRG_EINVAL, "invalid", "the answer has no text \"body\"");
  if (rc >= 0) rc = field(o, "next_step", a, &d.next_step, err);
  if (rc >= 0) rc = strings(o, "citations", 32, a, &d.citations, &d.citation_count, err);
  if (rc >= 0) rc = strings(o, "missing", 32, a, &d.missing, &d.missing_count, err);
  if (rc >= 0 && !json_is_number(json_get(o, "confidence")))
    rc = err_set(err, TRG_EINVAL, "invalid", "the answer has no number \"confidence\"");
  if (rc >= 0) {
    d.body = arena_str(a, body);
    d.confidence = unit(json_get_double(o, "confidence", 0));
    *ret = d;
  }
  json_free(&o);
  return rc;
}

int verify_parse(struct trg_str text, struct arena *a, struct verify_answer *ret,
                 struct trg_err *err) {
  json *o = json_parse(text, JSON_UNIQUE_KEYS, err);
  if (o == NULL) return TRG_EINVAL;
  struct verify_answer v = {0};
  int rc = 0;
  if (!json_is_bool(json_get(o, "resolved")) || !json_is_bool(json_get(o, "confirmed")))
    rc = err_set(err, TRG_EINVAL, "invalid",
                 "the answer has no true or false for \"resolved\" and \"confirmed\"");
  if (rc >= 0) rc = field(o, "reason", a, &v.reason, err);
  if (rc >= 0 && !json_is_number(json_get(o, "confidence")))
    rc = err_set(err, TRG_EINVAL, "invalid", "the answer has no number \"confidence\"");
  if (rc >= 0) {
    v.resolved = json_get_bool(o, "resolved", false);
    v.confirmed = json_get_bool(o, "confirmed", false);
    v.confidence = unit(json_get_double(o, "confidence", 0));
    *ret = v;
  }
  json_free(&o);
  return rc;
}
