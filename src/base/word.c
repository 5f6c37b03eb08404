#include "base/word.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/word_list.h"

/* What stands between words: ASCII but letters and digits, then punctuation, symbols and private
 * characters. What FTS5 would split further stays one quoted phrase. */
static const struct {
  uint32_t first, last;
} gaps[] = {
    {0x00, 0x2F},       {0x3A, 0x40},        {0x5B, 0x60},     {0x7B, 0xA9},     {0xAB, 0xB4},
    {0xB6, 0xB9},       {0xBB, 0xBF},        {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2000, 0x2BFF},
    {0x3000, 0x303F},   {0xE000, 0xF8FF},    {0xFE00, 0xFE6F}, {0xFF00, 0xFF0F}, {0xFFF0, 0xFFFF},
    {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
};

static bool in_word(uint32_t c) {
  for (size_t i = 0; i < sizeof gaps / sizeof *gaps && gaps[i].first <= c; i++)
    if (c <= gaps[i].last) return false;
  return true;
}

bool word_next(struct trg_str text, size_t *at, char word[WORD_MAX], size_t *ret_n) {
  size_t n = 0;
  while (*at < text.n) {
    const uint32_t c = utf8_next(text, at);
    if (!in_word(c)) {
      if (n > 0) break;
      continue;
    }
    char piece[4];
    const size_t k = utf8_put(piece, utf8_lower(c));
    if (n + k < WORD_MAX) {
      memcpy(word + n, piece, k);
      n += k;
    }
  }
  word[n] = '\0';
  *ret_n = n;
  return n > 0;
}

static int by_text(const void *a, const void *b) {
  return strcmp(a, *(const char *const *)b);
}

bool word_is_weak(const char *word, size_t n) {
  if (utf8_length((struct trg_str){word, n}) < 2) return true;
  return bsearch(word, word_list, word_list_count, sizeof *word_list, by_text) != NULL;
}

static bool among(char words[][WORD_MAX], size_t count, const char *word) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i], word) == 0) return true;
  return false;
}

/* Endings are how one word differs from text to text ("charged", "charge"; "Kosten", "kostet"), in
 * more languages than there are stemmers: a longer word of a short question stands for all that
 * begin like it. Chosen on helpdesk-demo's past tickets, each asked of those of other origin: the
 * right article among the first three for 0.84 of 559 instead of 0.80; 0.90 instead of 0.87 of the
 * 39 tickets that were kept apart. In a long question other words make up for it. */
#define STEM_LETTERS   5  /* of a word that has a stem */
#define STEM_CUT       3  /* letters at its end that do not count... */
#define STEM_LEAST     4  /* ...but so many do */
#define STEM_WORDS_MAX 48 /* in a question that is short */

/* Bytes of the word's stem; 0: it counts as it is. */
static size_t stem_bytes(const char *word) {
  const struct trg_str all = str_of(word);
  size_t letters = 0, at = 0, want = STEM_LEAST;
  while (at < all.n) {
    const uint32_t c = utf8_next(all, &at);
    if (c >= '0' && c <= '9') return 0;
    letters++;
  }
  if (letters < STEM_LETTERS) return 0;
  if (letters > STEM_LEAST + STEM_CUT) want = letters - STEM_CUT;
  for (at = 0; want > 0; want--) (void)utf8_next(all, &at);
  return at;
}

char *words_query(struct trg_str text, struct arena *a) {
  char words[WORDS_MAX][WORD_MAX];
  size_t count = 0, at = 0, n = 0;
  char word[WORD_MAX];
  while (count < WORDS_MAX && word_next(text, &at, word, &n))
    if (!word_is_weak(word, n) && !among(words, count, word)) memcpy(words[count++], word, n + 1);
  if (count == 0) return NULL;
  struct buf b;
  buf_init(&b, WORDS_MAX * (WORD_MAX + 8));
  for (size_t i = 0; i < count; i++) {
    const size_t stem = count <= STEM_WORDS_MAX ? stem_bytes(words[i]) : 0;
    buf_printf(&b, "%s\"%.*s\"%s", i == 0 ? "" : " OR ",
               stem > 0 ? (int)stem : (int)strlen(words[i]), words[i], stem > 0 ? "*" : "");
  }
  char *query = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return query;
}

size_t words_telling(struct trg_str text, size_t max, struct arena *a, struct trg_str **ret) {
  struct trg_str *list = NULL;
  size_t count = 0, room = 0, at = 0, n = 0;
  char word[WORD_MAX];
  while (count < max && word_next(text, &at, word, &n)) {
    if (word_is_weak(word, n)) continue;
    bool known = false;
    for (size_t i = 0; i < count && !known; i++) known = str_eq(list[i], (struct trg_str){word, n});
    if (known) continue;
    if (count == room) {
      struct trg_str *more = arena_alloc(a, sizeof *more * (room * 2 + 16));
      if (count > 0) memcpy(more, list, sizeof *more * count);
      list = more;
      room = room * 2 + 16;
    }
    list[count++] = arena_str(a, (struct trg_str){word, n});
  }
  *ret = list;
  return count;
}
