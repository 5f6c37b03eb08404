#include "skill/gaps.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"
#include "store/question.h"

#define WORDS_MAX_READ 40
/* Of the words of the shorter question, this share makes two questions one. */
#define ALIKE      0.5
#define STEM_BYTES 5
/* Of an article that is proposed. */
#define QUESTIONS_SHOWN 5
#define ANSWERS_SHOWN   3
#define SLUG_MAX        48

struct bag {
  struct trg_str *words;
  size_t n;
};

static struct bag bag_of(const struct question *q, struct arena *a) {
  struct bag b;
  struct trg_str text = str_of(q->text);
  text.n = utf8_cut(text, 600);
  const char *all = arena_printf(a, "%s %.*s", q->subject, (int)text.n, text.p);
  b.n = words_telling(str_of(all), WORDS_MAX_READ, a, &b.words);
  return b;
}

static bool akin(struct trg_str a, struct trg_str b) {
  const size_t n = a.n < STEM_BYTES ? a.n : STEM_BYTES, m = b.n < STEM_BYTES ? b.n : STEM_BYTES;
  return n == m && memcmp(a.p, b.p, n) == 0;
}

static double shared(const struct bag *x, const struct bag *y) {
  size_t both = 0;
  for (size_t i = 0; i < x->n; i++)
    for (size_t k = 0; k < y->n; k++)
      if (akin(x->words[i], y->words[k])) {
        both++;
        break;
      }
  const size_t less = x->n < y->n ? x->n : y->n;
  return less > 0 ? (double)both / (double)less : 0;
}

static const char *slug_of(const char *title, struct arena *a) {
  char slug[SLUG_MAX + 8], word[WORD_MAX];
  size_t at = 0, n = 0, used = 0;
  while (word_next(str_of(title), &at, word, &n) && used + n + 1 < SLUG_MAX) {
    if (used > 0) slug[used++] = '-';
    memcpy(slug + used, word, n);
    used += n;
  }
  if (used == 0) memcpy(slug, "question", used = 8);
  return arena_dup(a, (struct trg_str){slug, used});
}

/* The member that shares most with the others names the group. */
static const char *title_of(const size_t *members, size_t count, const struct question *list,
                            const struct bag *bags) {
  double best = -1;
  const char *title = "";
  for (size_t i = 0; i < count; i++) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += shared(&bags[members[i]], &bags[members[k]]);
    if (sum <= best || list[members[i]].subject[0] == '\0') continue;
    best = sum;
    title = list[members[i]].subject;
  }
  return title;
}

static int gap_order(const void *x, const void *y) {
  const struct gap *a = x, *b = y;
  if (a->count != b->count) return a->count > b->count ? -1 : 1;
  return strcmp(a->title, b->title);
}

size_t gaps_find(const struct question *list, size_t count, struct arena *a, struct gap **ret) {
  struct bag *bags = arena_alloc(a, sizeof *bags * (count + 1));
  bool *taken = arena_alloc(a, sizeof *taken * (count + 1));
  size_t *members = arena_alloc(a, sizeof *members * (count + 1));
  struct gap *gaps = arena_alloc(a, sizeof *gaps * (count + 1));
  size_t n = 0;
  for (size_t i = 0; i < count; i++) bags[i] = bag_of(&list[i], a);
  for (size_t i = 0; i < count; i++) {
    if (taken[i]) continue;
    size_t m = 0;
    for (size_t k = i; k < count; k++) {
      if (taken[k] || (k != i && shared(&bags[i], &bags[k]) < ALIKE)) continue;
      taken[k] = true;
      members[m++] = k;
    }
    const struct question **tickets = arena_alloc(a, sizeof *tickets * m);
    for (size_t k = 0; k < m; k++) tickets[k] = &list[members[k]];
    const char *title = title_of(members, m, list, bags);
    gaps[n++] = (struct gap){tickets, m, title, slug_of(title, a)};
  }
  if (n > 1) qsort(gaps, n, sizeof *gaps, gap_order);
  *ret = gaps;
  return n;
}

/* --- the article -------------------------------------------------------------------------------
 */

static void quote(struct buf *b, const char *text) {
  struct trg_str s = str_of(text), line;
  s.n = utf8_cut(s, 500);
  while (str_next(&s, '\n', &line)) {
    buf_text(b, "> ");
    buf_str(b, str_trim(line));
    buf_char(b, '\n');
  }
  buf_char(b, '\n');
}

static void put_missing(struct buf *b, const struct gap *g) {
  bool any = false;
  for (size_t i = 0; i < g->count && !any; i++) {
    json *list = json_parse(str_of(g->tickets[i]->missing), 0, NULL);
    for (const json *v = json_first(list); v != NULL; v = json_next(v)) {
      if (!any) buf_text(b, "## What was missing\n\n");
      any = true;
      buf_text(b, "- ");
      buf_str(b, json_str(v));
      buf_char(b, '\n');
    }
    json_free(&list);
  }
  if (any) buf_char(b, '\n');
}

char *gap_article(const struct gap *g) {
  struct buf b;
  buf_init(&b, (size_t)1 << 20);
  buf_text(&b, "---\ntitle: ");
  buf_json(&b, str_of(g->title));
  buf_printf(&b, "\nlanguage: %s\ncategory: ", g->tickets[0]->language);
  buf_json(&b, str_of(g->tickets[0]->category));
  buf_printf(&b, "\n---\n# %s\n\nProposed from %zu tickets that no article answers.\n\n", g->title,
             g->count);
  buf_text(&b, "## How customers ask\n\n");
  for (size_t i = 0; i < g->count && i < QUESTIONS_SHOWN; i++) {
    buf_printf(&b, "%s, %s:\n\n", g->tickets[i]->ref, g->tickets[i]->subject);
    quote(&b, g->tickets[i]->text);
  }
  put_missing(&b, g);
  buf_text(&b, "## Answer\n\n");
  size_t answers = 0;
  for (size_t i = 0; i < g->count && answers < ANSWERS_SHOWN; i++) {
    if (g->tickets[i]->reply[0] == '\0') continue;
    answers++;
    buf_printf(&b, "What a person answered to %s:\n\n", g->tickets[i]->ref);
    quote(&b, g->tickets[i]->reply);
  }
  if (answers == 0) buf_text(&b, "Nobody has answered one of these tickets yet.\n");
  return buf_take(&b, NULL);
}
