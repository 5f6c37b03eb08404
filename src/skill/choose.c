/* Which skills and files a ticket calls for, by the words of their descriptions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"
#include "skill/render.h"
#include "skill/skill.h"

/* Words are taken as forms of one when so many bytes agree: refund, refunded. */
#define STEM 5
/* Three words that few other descriptions have, or a trigger: a skill in a prompt costs tokens. A
 * word that one description alone has counts 1. */
#define SCORE_LEAST  2.3
#define SCORE_SPOKEN 2.5
#define HOLDERS_PART 4 /* a word of more than this part of the skills tells nothing */

static bool akin(struct trg_str a, struct trg_str b) {
  const size_t n = a.n < STEM ? a.n : STEM, m = b.n < STEM ? b.n : STEM;
  return n == m && n >= 3 && memcmp(a.p, b.p, n) == 0;
}

static bool holds(const struct trg_str *list, size_t n, struct trg_str word) {
  for (size_t i = 0; i < n; i++)
    if (akin(list[i], word)) return true;
  return false;
}

size_t words_common(struct trg_str a, struct trg_str b, struct arena *arena) {
  struct trg_str *x = NULL, *y = NULL;
  const size_t n = words_telling(a, SKILL_WORDS_MAX, arena, &x);
  const size_t m = words_telling(b, SKILL_WORDS_MAX, arena, &y);
  size_t common = 0;
  for (size_t i = 0; i < m; i++) common += holds(x, n, y[i]);
  return common;
}

struct bag {
  struct trg_str *words;
  size_t n;
};

static double score_of(const struct skills *s, const struct skill *k, const struct bag *ticket,
                       struct trg_str words) {
  const size_t count = skills_count(s);
  double score = 0;
  for (size_t i = 0; i < k->trigger_count; i++)
    if (k->triggers[i][0] != '\0' && str_find_nocase(words, k->triggers[i]) >= 0)
      score += SCORE_SPOKEN;
  for (size_t i = 0; i < k->word_count; i++) {
    if (!holds(ticket->words, ticket->n, k->words[i]) || holds(k->words, i, k->words[i])) continue;
    size_t holders = 0;
    for (size_t j = 0; j < count; j++) {
      const struct skill *other = skills_at(s, j);
      holders += holds(other->words, other->word_count, k->words[i]);
    }
    if (holders > 2 && holders * HOLDERS_PART > count) continue;
    score += log(1.0 + (double)(count + 4) / (double)(holders + 1)) /
             log(1.0 + (double)(count + 4) / 2);
  }
  return score;
}

static bool excepted(const struct skill *k, const char *const *except, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(k->name, except[i]) == 0) return true;
  return false;
}

/* Puts it into the list at its place; the list stays no longer than limit. */
static size_t insert(const struct skill **list, double *scores, size_t n, size_t limit,
                     const struct skill *k, double score) {
  size_t at = n;
  while (at > 0 && scores[at - 1] < score) at--;
  if (at >= limit) return n;
  if (n == limit) n--;
  memmove(list + at + 1, list + at, sizeof *list * (n - at));
  memmove(scores + at + 1, scores + at, sizeof *scores * (n - at));
  list[at] = k;
  scores[at] = score;
  return n + 1;
}

size_t skills_choose(const struct skills *s, struct trg_str words, const char *const *except,
                     size_t except_count, size_t limit, const struct skill **ret) {
  struct arena *a = arena_new();
  const size_t count = skills_count(s);
  struct bag ticket;
  double *scores = arena_alloc(a, sizeof *scores * (limit + 1));
  size_t n = 0;
  ticket.n = words_telling(words, SKILL_WORDS_MAX, a, &ticket.words);
  for (size_t i = 0; i < count && ticket.n > 0; i++) {
    const struct skill *k = skills_at(s, i);
    if (!k->model_invocable || excepted(k, except, except_count) || skills_find(s, k->name) != k)
      continue;
    const double score = score_of(s, k, &ticket, words);
    if (score >= SCORE_LEAST) n = insert(ret, scores, n, limit, k, score);
  }
  arena_free(&a);
  return n;
}

/* --- links -------------------------------------------------------------------------------------
 */

struct links {
  struct arena *arena;
  struct skill_link *list;
  size_t count, room;
  uint32_t line_number;
};

static bool has_scheme(struct trg_str url) {
  size_t n = 0;
  while (n < url.n && (strchr("+.-", url.p[n]) != NULL || (url.p[n] >= '0' && url.p[n] <= '9') ||
                       ((url.p[n] | 32) >= 'a' && (url.p[n] | 32) <= 'z')))
    n++;
  return n > 1 && n < url.n && url.p[n] == ':';
}

static void link_add(struct links *x, struct trg_str target, struct trg_str line, bool code) {
  size_t n = 0;
  while (n < target.n && strchr("#? \t", target.p[n]) == NULL) n++;
  target.n = n;
  if (n == 0 || has_scheme(target) || target.p[0] == '/' || target.p[0] == '<') return;
  for (size_t i = 0; i < x->count; i++)
    if (str_is(target, x->list[i].file)) return;
  if (x->count == x->room) {
    struct skill_link *more = arena_alloc(x->arena, sizeof *more * (x->room * 2 + 16));
    if (x->count > 0) memcpy(more, x->list, sizeof *more * x->count);
    x->list = more;
    x->room = x->room * 2 + 16;
  }
  x->list[x->count++] = (struct skill_link){arena_dup(x->arena, target), arena_dup(x->arena, line),
                                            x->line_number, code};
}

/* "references/a.md" in code marks: a folder, a name, a known end. */
static bool is_path(struct trg_str s) {
  static const char *const ends[] = {".md", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".csv"};
  if (memchr(s.p, '/', s.n) == NULL || s.p[0] == '/') return false;
  for (size_t i = 0; i < s.n; i++)
    if (strchr(" \t{}*<>$~|=()", s.p[i]) != NULL) return false;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (str_ends(s, ends[i])) return true;
  return false;
}

static void links_of_line(struct links *x, struct trg_str line) {
  for (size_t i = 0; i + 1 < line.n; i++) {
    if (line.p[i] == ']' && line.p[i + 1] == '(') {
      const char *close = memchr(line.p + i, ')', line.n - i);
      if (close == NULL) return;
      const size_t from = i + 2;
      link_add(x, (struct trg_str){line.p + from, (size_t)(close - line.p) - from}, line, false);
    } else if (line.p[i] == '`') {
      const char *close = memchr(line.p + i + 1, '`', line.n - i - 1);
      if (close == NULL) return;
      const struct trg_str inner = {line.p + i + 1, (size_t)(close - line.p) - i - 1};
      if (inner.n > 0 && is_path(inner)) link_add(x, inner, line, true);
      i = (size_t)(close - line.p);
    }
  }
}

size_t skill_links(const char *body, struct arena *a, struct skill_link **ret) {
  struct links x = {.arena = a};
  struct trg_str rest = str_of(body), line;
  char fence = '\0';
  while (str_next(&rest, '\n', &line)) {
    x.line_number++;
    if (!md_fence(line, &fence)) links_of_line(&x, line);
  }
  *ret = x.list;
  return x.count;
}
