/* A reply against the voice's rules. Pure. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "base/word.h"
#include "skill/voice_inner.h"

/* Bjoernsson's readability index (LIX): mean words of a sentence plus the share of words of more
 * than six letters in percent. It needs no syllables, so it holds for many languages. */
#define LONG_LETTERS 6
/* Of a name in a greeting. */
#define NAME_MAX_BYTES 80

struct trg_str voice_fold(struct trg_str text, struct arena *a) {
  char *out = arena_alloc(a, text.n * 2 + 4);
  size_t n = 0;
  bool blank = true;
  for (size_t at = 0; at < text.n;) {
    uint32_t c = utf8_lower(utf8_next(text, &at));
    if (c == 0x2018 || c == 0x2019) c = '\'';
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xa0;
    if (space && blank) continue;
    blank = space;
    n += utf8_put(out + n, space ? ' ' : c);
  }
  while (n > 0 && out[n - 1] == ' ') n--;
  return (struct trg_str){out, n};
}

static bool in_word(struct trg_str s, size_t at) {
  return at < s.n && (isalnum((unsigned char)s.p[at]) || (unsigned char)s.p[at] >= 0x80);
}

ptrdiff_t voice_find(struct trg_str folded, const char *phrase) {
  const size_t n = strlen(phrase);
  for (size_t at = 0; n > 0 && at + n <= folded.n; at++) {
    const char *hit = memmem(folded.p + at, folded.n - at, phrase, n);
    if (hit == NULL) return -1;
    at = (size_t)(hit - folded.p);
    const bool open = in_word((struct trg_str){phrase, n}, 0) && at > 0 && in_word(folded, at - 1);
    const bool close = in_word((struct trg_str){phrase, n}, n - 1) && in_word(folded, at + n);
    if (!open && !close) return (ptrdiff_t)at;
  }
  return -1;
}

/* --- counting ----------------------------------------------------------------------------------
 */

struct counts {
  int64_t words, sentences, long_words, longest, exclamations, emoji, capitals;
};

static bool is_emoji(uint32_t c) {
  return (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf);
}

static void count_marks(struct trg_str body, struct counts *c) {
  for (size_t at = 0; at < body.n;) {
    const uint32_t u = utf8_next(body, &at);
    c->exclamations += u == '!';
    c->emoji += is_emoji(u);
  }
}

/* A word of four letters or more, all of them capitals: shouting, or a long abbreviation. */
static void count_capitals(struct trg_str body, struct counts *c) {
  size_t run = 0;
  bool capitals = true;
  for (size_t i = 0; i <= body.n; i++) {
    const char x = i < body.n ? body.p[i] : ' ';
    if (x == '[') { /* a token of masked data */
      const char *close = memchr(body.p + i, ']', body.n - i);
      if (close != NULL) i = (size_t)(close - body.p);
    } else if (isalpha((unsigned char)x)) {
      run++;
      capitals = capitals && isupper((unsigned char)x);
      continue;
    }
    c->capitals += run >= 4 && capitals;
    run = 0;
    capitals = true;
  }
}

static void count_sentence(struct trg_str s, struct counts *c) {
  char word[WORD_MAX];
  size_t at = 0, n = 0;
  int64_t words = 0;
  while (word_next(s, &at, word, &n)) {
    words++;
    c->long_words += utf8_length((struct trg_str){word, n}) > LONG_LETTERS;
  }
  if (words == 0) return;
  c->sentences++;
  c->words += words;
  if (words > c->longest) c->longest = words;
}

static struct counts count(struct trg_str body) {
  struct counts c = {0};
  size_t from = 0;
  count_marks(body, &c);
  count_capitals(body, &c);
  for (size_t i = 0; i <= body.n; i++) {
    const char x = i < body.n ? body.p[i] : '\n';
    const bool stop = (x == '.' || x == '!' || x == '?' || x == ':') &&
                      (i + 1 >= body.n || isspace((unsigned char)body.p[i + 1]));
    if (!stop && x != '\n') continue;
    count_sentence((struct trg_str){body.p + from, i - from}, &c);
    from = i + 1;
  }
  return c;
}

/* --- rules -------------------------------------------------------------------------------------
 */

struct checking {
  const struct voice *v;
  struct trg_str body, folded, language, channel;
  struct counts counts;
  struct arena *arena;
  struct voice_break *list;
  size_t broken, applied;
};

static void broken(struct checking *x, const char *rule, bool hard, const char *what) {
  x->list[x->broken++] = (struct voice_break){rule, what, hard};
}

static void check_words(struct checking *x) {
  for (size_t i = 0; i < x->v->word_count; i++) {
    const struct voice_words *w = &x->v->words[i];
    if (!voice_applies(&w->scope, x->language, x->channel)) continue;
    x->applied++;
    if (voice_find(x->folded, w->phrase) < 0) continue;
    broken(x, w->hard ? "never" : "avoid", w->hard,
           w->instead[0] != '\0'
               ? arena_printf(x->arena, "\"%s\": say \"%s\"", w->phrase, w->instead)
               : arena_printf(x->arena, "\"%s\"", w->phrase));
  }
}

static int64_t measured(const struct counts *c, enum voice_measure m) {
  switch (m) {
  case VOICE_SENTENCE_WORDS:
    return c->sentences > 0 ? (c->words + c->sentences / 2) / c->sentences : 0;
  case VOICE_LONGEST_SENTENCE:
    return c->longest;
  case VOICE_LIX:
    return c->sentences > 0 ? c->words / c->sentences + 100 * c->long_words / c->words : 0;
  case VOICE_EXCLAMATIONS:
    return c->exclamations;
  case VOICE_EMOJI:
    return c->emoji;
  case VOICE_CAPITALS:
    return c->capitals;
  default:
    return c->words;
  }
}

/* Does the text begin here with the form, any name standing for "{name}"? */
static bool begins(struct trg_str folded, struct trg_str form) {
  const ptrdiff_t at = str_find(form, "{name}");
  if (at < 0) return folded.n >= form.n && memcmp(folded.p, form.p, form.n) == 0;
  const size_t n = (size_t)at;
  if (folded.n < n || memcmp(folded.p, form.p, n) != 0) return false;
  const struct trg_str after = {form.p + n + 6, form.n - n - 6};
  const struct trg_str rest = {folded.p + n,
                               folded.n - n < NAME_MAX_BYTES ? folded.n - n : NAME_MAX_BYTES};
  return after.n == 0 || memmem(rest.p, rest.n, after.p, after.n) != NULL;
}

static void check_greeting(struct checking *x, bool hard) {
  const char *known = voice_greeting(x->v, x->language, x->channel, true);
  const char *unknown = voice_greeting(x->v, x->language, x->channel, false);
  if (unknown == NULL) return;
  x->applied++;
  if (begins(x->folded, voice_fold(str_of(known), x->arena)) ||
      begins(x->folded, voice_fold(str_of(unknown), x->arena)))
    return;
  broken(x, "greeting", hard, arena_printf(x->arena, "it does not begin with \"%s\"", unknown));
}

static void check_signoff(struct checking *x, bool hard) {
  const char *form = voice_signoff(x->v, x->language, x->channel);
  if (form == NULL) return;
  x->applied++;
  if (voice_find(x->folded, voice_fold(str_of(form), x->arena).p) >= 0) return;
  broken(x, "sign-off", hard, arena_printf(x->arena, "\"%s\" is missing", form));
}

static void check_limit(struct checking *x, const struct voice_limit *l) {
  if (l->measure == VOICE_GREETING) {
    check_greeting(x, l->hard);
    return;
  }
  if (l->measure == VOICE_SIGNOFF) {
    check_signoff(x, l->hard);
    return;
  }
  x->applied++;
  const int64_t is = measured(&x->counts, l->measure);
  const bool holds = l->measure == VOICE_WORDS_LEAST ? is >= l->limit : is <= l->limit;
  if (holds) return;
  broken(x, voice_measure_names[l->measure], l->hard,
         arena_printf(x->arena, "%lld; %s %lld", (long long)is,
                      l->measure == VOICE_WORDS_LEAST ? "at least" : "at most",
                      (long long)l->limit));
}

/* A rule for this channel or language takes the place of the same rule for all. */
static bool overruled(const struct checking *x, const struct voice_limit *l) {
  const bool general = l->scope.language[0] == '\0' || l->scope.channel[0] == '\0';
  for (size_t i = 0; i < x->v->limit_count && general; i++) {
    const struct voice_limit *o = &x->v->limits[i];
    if (o == l || o->measure != l->measure || !voice_applies(&o->scope, x->language, x->channel))
      continue;
    const int more = (o->scope.language[0] != '\0') + 2 * (o->scope.channel[0] != '\0');
    const int less = (l->scope.language[0] != '\0') + 2 * (l->scope.channel[0] != '\0');
    if (more > less) return true;
  }
  return false;
}

size_t voice_check(const struct voice *v, struct trg_str body, struct trg_str language,
                   struct trg_str channel, struct arena *a, struct voice_break **ret,
                   int *ret_score) {
  struct checking x = {.v = v,
                       .body = body,
                       .folded = voice_fold(body, a),
                       .language = language,
                       .channel = channel,
                       .counts = count(body),
                       .arena = a};
  x.list = arena_alloc(a, sizeof *x.list * (v->word_count + v->limit_count + 1));
  for (size_t i = 0; i < v->limit_count; i++)
    if (voice_applies(&v->limits[i].scope, language, channel) && !overruled(&x, &v->limits[i]))
      check_limit(&x, &v->limits[i]);
  check_words(&x);
  *ret = x.list;
  if (ret_score != NULL)
    *ret_score = x.applied == 0 ? 100 : (int)(100 * (x.applied - x.broken) / x.applied);
  return x.broken;
}
