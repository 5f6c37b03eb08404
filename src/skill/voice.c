#include "skill/voice.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "skill/skill.h"
#include "skill/voice_inner.h"

const char *const voice_measure_names[VOICE_MEASURES] = {
    "words at least",    "words at most", "words a sentence",  "longest sentence", "reading level",
    "exclamation marks", "emoji",         "words in capitals", "greeting",         "sign-off"};

struct reading {
  struct voice *v;
  const struct md_table *m; /* the table that is read */
  uint32_t body_line;
  void (*problem)(void *arg, const char *path, uint32_t line, const char *text);
  void *arg;
};

static void tell(const struct reading *r, uint32_t line, const char *text) {
  if (r->problem != NULL) r->problem(r->arg, r->v->path, line, text);
}

static uint32_t row_line(const struct reading *r, size_t row) {
  return r->body_line + r->m->line + 1 + (uint32_t)row;
}

static const char *cell_of(const struct reading *r, size_t row, const char *column) {
  return md_cell(r->m, row, md_column(r->m, column));
}

/* "any", "all", "-" and "" are everybody. */
static const char *scope_word(const char *cell) {
  static const char *const all[] = {"any", "all", "-", "*", "every"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcasecmp(cell, all[i]) == 0) return "";
  return cell;
}

static struct voice_scope scope_of(const struct reading *r, size_t row) {
  return (struct voice_scope){scope_word(cell_of(r, row, "Language")),
                              scope_word(cell_of(r, row, "Channel"))};
}

static bool is_hard(const struct reading *r, size_t row, bool otherwise) {
  const char *word = cell_of(r, row, "Severity");
  if (word[0] == '\0') return otherwise;
  if (strcasecmp(word, "hard") == 0) return true;
  if (strcasecmp(word, "soft") != 0)
    tell(r, row_line(r, row), "a severity is hard or soft; it counts as soft");
  return false;
}

/* --- greetings and sign-offs -------------------------------------------------------------------
 */

static bool same_scope(const struct voice_scope *a, const struct voice_scope *b) {
  return strcasecmp(a->language, b->language) == 0 && strcasecmp(a->channel, b->channel) == 0;
}

static void form_add(const struct reading *r, size_t row, struct voice_form *list, size_t *count,
                     struct voice_form f) {
  for (size_t i = 0; i < *count; i++)
    if (same_scope(&list[i].scope, &f.scope)) {
      tell(r, row_line(r, row), "this language and channel stand twice; the first counts");
      return;
    }
  if (*count < VOICE_FORMS_MAX) list[(*count)++] = f;
}

static void read_greetings(const struct reading *r) {
  for (size_t i = 0; i < r->m->rows; i++) {
    const struct voice_form f = {scope_of(r, i), cell_of(r, i, "Name known"),
                                 cell_of(r, i, "Name unknown")};
    if (f.unknown[0] == '\0' || strstr(f.unknown, "{name}") != NULL) {
      tell(r, row_line(r, i), "a greeting needs a form for an unknown name, without {name}");
      continue;
    }
    form_add(r, i, r->v->greetings, &r->v->greeting_count, f);
  }
}

static void read_signoffs(const struct reading *r) {
  for (size_t i = 0; i < r->m->rows; i++) {
    const char *text = cell_of(r, i, "Sign-off");
    if (text[0] != '\0')
      form_add(r, i, r->v->signoffs, &r->v->signoff_count,
               (struct voice_form){scope_of(r, i), text, text});
  }
}

/* --- words -------------------------------------------------------------------------------------
 */

static void words_add(const struct reading *r, size_t row, const char *list, const char *instead,
                      bool hard) {
  struct trg_str rest = str_of(list), one;
  while (str_next(&rest, ',', &one)) {
    one = str_trim(one);
    while (one.n >= 2 && strchr("\"'*`", one.p[0]) != NULL && one.p[one.n - 1] == one.p[0])
      one = (struct trg_str){one.p + 1, one.n - 2};
    struct voice *v = r->v;
    if (one.n < 2 || v->word_count == VOICE_WORDS_MAX) continue;
    const struct trg_str folded = voice_fold(one, v->arena);
    v->words[v->word_count++] = (struct voice_words){.scope = scope_of(r, row),
                                                     .phrase = arena_dup(v->arena, folded),
                                                     .instead = instead,
                                                     .hard = hard,
                                                     .line = row_line(r, row)};
  }
}

static void read_words(const struct reading *r) {
  for (size_t i = 0; i < r->m->rows; i++)
    words_add(r, i, cell_of(r, i, "Avoid"), cell_of(r, i, "Use"), is_hard(r, i, false));
}

static void read_never(const struct reading *r) {
  for (size_t i = 0; i < r->m->rows; i++)
    words_add(r, i, cell_of(r, i, "Never"), "", is_hard(r, i, true));
}

/* --- limits ------------------------------------------------------------------------------------
 */

static void limit_add(const struct reading *r, size_t row, enum voice_measure what) {
  struct voice *v = r->v;
  const char *text = cell_of(r, row, "Limit");
  int64_t limit = 0;
  const bool flag = what == VOICE_GREETING || what == VOICE_SIGNOFF;
  if (!flag && (str_to_int(str_trim(str_of(text)), &limit) != 0 || limit < 0)) {
    tell(r, row_line(r, row), "a limit is a whole number, 0 or more");
    return;
  }
  const struct voice_limit l = {scope_of(r, row), what, limit, is_hard(r, row, false),
                                row_line(r, row)};
  for (size_t i = 0; i < v->limit_count; i++)
    if (v->limits[i].measure == what && same_scope(&v->limits[i].scope, &l.scope)) {
      tell(r, l.line, "this rule stands twice for one language and channel; the first counts");
      return;
    }
  if (v->limit_count < VOICE_LIMITS_MAX) v->limits[v->limit_count++] = l;
}

static void read_limits(const struct reading *r) {
  for (size_t i = 0; i < r->m->rows; i++) {
    const char *rule = cell_of(r, i, "Rule");
    size_t k = 0;
    while (k < VOICE_MEASURES && strcasecmp(rule, voice_measure_names[k]) != 0) k++;
    if (k < VOICE_MEASURES)
      limit_add(r, i, (enum voice_measure)k);
    else
      tell(
          r, row_line(r, i),
          arena_printf(r->v->arena,
                       "there is no rule \"%.40s\"; there are words at least, words at most, words "
                       "a sentence, longest sentence, reading level, exclamation marks, emoji, "
                       "words in capitals, greeting, sign-off",
                       rule));
  }
}

/* --- contradictions ----------------------------------------------------------------------------
 */

static void check_words(const struct reading *r) {
  const struct voice *v = r->v;
  for (size_t i = 0; i < v->word_count; i++) {
    const struct voice_words *w = &v->words[i];
    for (size_t k = 0; k < v->word_count; k++)
      if (v->words[k].instead[0] != '\0' &&
          voice_find(voice_fold(str_of(v->words[k].instead), v->arena), w->phrase) >= 0 &&
          voice_applies(&w->scope, str_of(v->words[k].scope.language), TRG_STR("")))
        tell(r, v->words[k].line,
             arena_printf(v->arena, "\"%s\" is to be used here and to be avoided in line %u",
                          v->words[k].instead, w->line));
    for (size_t k = 0; k < v->greeting_count + v->signoff_count; k++) {
      const struct voice_form *f = k < v->greeting_count ? &v->greetings[k]
                                                         : &v->signoffs[k - v->greeting_count];
      if (voice_applies(&w->scope, str_of(f->scope.language), str_of(f->scope.channel)) &&
          voice_find(voice_fold(str_of(f->unknown), v->arena), w->phrase) >= 0)
        tell(r, w->line,
             arena_printf(v->arena, "\"%s\" is to be avoided and stands in \"%s\"", w->phrase,
                          f->unknown));
    }
  }
}

static void check_limits(const struct reading *r) {
  const struct voice *v = r->v;
  for (size_t i = 0; i < v->limit_count; i++)
    for (size_t k = 0; k < v->limit_count; k++)
      if (v->limits[i].measure == VOICE_WORDS_LEAST && v->limits[k].measure == VOICE_WORDS_MOST &&
          same_scope(&v->limits[i].scope, &v->limits[k].scope) &&
          v->limits[i].limit > v->limits[k].limit)
        tell(r, v->limits[i].line, "a reply can not be longer than this and shorter than the most");
}

/* Good examples must keep to the rules themselves; length apart, as they are excerpts. */
static void check_examples(const struct reading *r) {
  const struct voice *v = r->v;
  struct arena *a = arena_new();
  for (size_t i = 0; i < r->m->rows; i++) {
    const struct trg_str good = voice_fold(str_of(cell_of(r, i, "Good")), a);
    for (size_t k = 0; k < v->word_count; k++)
      if (voice_applies(&v->words[k].scope, str_of(cell_of(r, i, "Language")), TRG_STR("")) &&
          voice_find(good, v->words[k].phrase) >= 0)
        tell(r, row_line(r, i),
             arena_printf(v->arena, "the good example has \"%s\", which line %u avoids",
                          v->words[k].phrase, v->words[k].line));
  }
  arena_free(&a);
}

/* --- together ----------------------------------------------------------------------------------
 */

static void read_table(struct reading *r) {
  const struct md_table *m = r->m;
  if (md_column(m, "Name unknown") >= 0)
    read_greetings(r);
  else if (md_column(m, "Sign-off") >= 0)
    read_signoffs(r);
  else if (md_column(m, "Avoid") >= 0)
    read_words(r);
  else if (md_column(m, "Never") >= 0)
    read_never(r);
  else if (md_column(m, "Rule") >= 0 && md_column(m, "Limit") >= 0)
    read_limits(r);
}

struct voice *voice_load(struct skills *s,
                         void (*problem)(void *arg, const char *path, uint32_t line,
                                         const char *text),
                         void *arg) {
  struct voice *v = mem_alloc(sizeof *v);
  v->arena = arena_new();
  const struct skill *k = skills_find(s, "brand-voice");
  struct trg_err err = {0};
  const char *body = k != NULL ? skill_body(s, k, &err) : NULL;
  struct reading r = {.v = v, .problem = problem, .arg = arg};
  if (k != NULL) v->path = arena_dup(v->arena, str_of(k->path));
  if (k != NULL && body == NULL) tell(&r, 0, err.text);
  if (body == NULL) return v;
  struct md_table *list = NULL;
  const size_t n = md_tables(v->arena, body, &list);
  r.body_line = k->body_line;
  for (size_t i = 0; i < n; i++) {
    r.m = &list[i];
    read_table(&r);
  }
  check_words(&r);
  check_limits(&r);
  for (size_t i = 0; i < n; i++) {
    r.m = &list[i];
    if (md_column(r.m, "Good") >= 0) check_examples(&r);
  }
  return v;
}

void voice_free(struct voice **v) {
  if (*v == NULL) return;
  arena_free(&(*v)->arena);
  mem_free(*v);
  *v = NULL;
}

size_t voice_rules(const struct voice *v) {
  return v->greeting_count + v->signoff_count + v->word_count + v->limit_count;
}

bool voice_applies(const struct voice_scope *s, struct trg_str language, struct trg_str channel) {
  return (s->language[0] == '\0' || str_is_nocase(language, s->language)) &&
         (s->channel[0] == '\0' || str_is_nocase(channel, s->channel));
}

/* The form for the language and channel; one for the channel alone comes before one for any. */
static const struct voice_form *form_for(const struct voice_form *list, size_t count,
                                         struct trg_str language, struct trg_str channel) {
  const struct voice_form *best = NULL;
  for (size_t i = 0; i < count; i++) {
    if (list[i].scope.language[0] == '\0' || !voice_applies(&list[i].scope, language, channel))
      continue;
    if (best == NULL || list[i].scope.channel[0] != '\0') best = &list[i];
  }
  return best;
}

const char *voice_greeting(const struct voice *v, struct trg_str language, struct trg_str channel,
                           bool name_known) {
  const struct voice_form *f = form_for(v->greetings, v->greeting_count, language, channel);
  return f == NULL ? NULL : name_known && f->known[0] != '\0' ? f->known : f->unknown;
}

const char *voice_signoff(const struct voice *v, struct trg_str language, struct trg_str channel) {
  const struct voice_form *f = form_for(v->signoffs, v->signoff_count, language, channel);
  return f != NULL ? f->unknown : NULL;
}

/* Phrases to avoid, or never to use. */
static json *phrases_json(const struct voice *v, bool hard, struct trg_str language,
                          struct trg_str channel) {
  json *list = json_array();
  for (size_t i = 0; i < v->word_count; i++)
    if (v->words[i].hard == hard && voice_applies(&v->words[i].scope, language, channel))
      json_add_str(list, str_of(v->words[i].phrase));
  return list;
}

static json *limits_json(const struct voice *v, struct trg_str language, struct trg_str channel) {
  json *list = json_array();
  for (size_t i = 0; i < v->limit_count; i++) {
    const struct voice_limit *l = &v->limits[i];
    char text[80];
    if (l->measure == VOICE_GREETING || l->measure == VOICE_SIGNOFF ||
        !voice_applies(&l->scope, language, channel))
      continue;
    snprintf(text, sizeof text, "%s: %lld", voice_measure_names[l->measure], (long long)l->limit);
    json_add_str(list, str_of(text));
  }
  return list;
}

static void put_text(json *o, const char *key, const char *text) {
  if (text != NULL) json_put_text(o, key, text);
}

char *voice_json(const struct voice *v, struct trg_str language, struct trg_str channel) {
  json *o = json_object();
  put_text(o, "greeting", voice_greeting(v, language, channel, false));
  put_text(o, "greeting_by_name", voice_greeting(v, language, channel, true));
  put_text(o, "signoff", voice_signoff(v, language, channel));
  if (v->word_count > 0) json_put(o, "avoid", phrases_json(v, false, language, channel));
  if (v->word_count > 0) json_put(o, "never", phrases_json(v, true, language, channel));
  if (v->limit_count > 0) json_put(o, "limits", limits_json(v, language, channel));
  char *text = json_text(o);
  json_free(&o);
  return text;
}
