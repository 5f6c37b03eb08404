#include "store/word.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/word_list.h"

/* Letters and digits in any script. What FTS5 would split further stays one quoted phrase. */
static bool in_word(uint32_t c) {
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (c < 0xC0)
    return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7 || c == 0xFFFD)
    return false;
  return !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x303F) &&
         !(c >= 0xE000 && c <= 0xF8FF) && !(c >= 0xFE00 && c <= 0xFE6F) &&
         !(c >= 0xFF00 && c <= 0xFF0F) && !(c >= 0x1F000 && c <= 0x1FAFF) && c < 0xE0000;
}

bool word_next(struct trg_str text, size_t *at, char word[WORD_MAX], size_t *ret_n) {
  size_t n = 0;
  while (*at < text.n) {
    const uint32_t c = utf8_next(text, at);
    if (!in_word(c)) {
      if (n > 0)
        break;
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
  if (utf8_length((struct trg_str){word, n}) < 2)
    return true;
  return bsearch(word, word_list, word_list_count, sizeof *word_list, by_text) != NULL;
}

static bool among(char words[][WORD_MAX], size_t count, const char *word) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(words[i], word) == 0)
      return true;
  return false;
}

char *words_query(struct trg_str text, struct arena *a) {
  char words[WORDS_MAX][WORD_MAX];
  size_t count = 0, at = 0, n = 0;
  char word[WORD_MAX];
  while (count < WORDS_MAX && word_next(text, &at, word, &n))
    if (!word_is_weak(word, n) && !among(words, count, word))
      memcpy(words[count++], word, n + 1);
  if (count == 0)
    return NULL;
  struct buf b;
  buf_init(&b, WORDS_MAX * (WORD_MAX + 8));
  for (size_t i = 0; i < count; i++)
    buf_printf(&b, "%s\"%s\"", i == 0 ? "" : " OR ", words[i]);
  char *query = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return query;
}
