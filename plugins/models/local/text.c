#include "text.h"

#include <stdlib.h>

#include "alloc.h"

/* How the capitals of a range turn small. */
enum fold {
  FOLD_ADD, /* by a distance */
  FOLD_ODD, /* pairs whose small letter is odd */
  FOLD_EVEN /* pairs whose small letter is even */
};

/* Beyond ASCII: Latin, Greek, Cyrillic, Armenian, full-width Latin; in rising order. */
static const struct {
  uint32_t first, last;
  enum fold fold;
  int32_t by;
} folds[] = {
    {0xC0, 0xD6, FOLD_ADD, 32},    {0xD8, 0xDE, FOLD_ADD, 32},
    {0x100, 0x12F, FOLD_ODD, 0},   {0x130, 0x130, FOLD_ADD, -0xC7}, /* Turkish dotted I: i */
    {0x132, 0x137, FOLD_ODD, 0},   {0x139, 0x148, FOLD_EVEN, 0},
    {0x14A, 0x177, FOLD_ODD, 0},   {0x178, 0x178, FOLD_ADD, -0x79},
    {0x179, 0x17E, FOLD_EVEN, 0},  {0x218, 0x21B, FOLD_ODD, 0},
    {0x391, 0x3A9, FOLD_ADD, 32},  {0x400, 0x40F, FOLD_ADD, 80},
    {0x410, 0x42F, FOLD_ADD, 32},  {0x460, 0x481, FOLD_ODD, 0},
    {0x48A, 0x4BF, FOLD_ODD, 0},   {0x531, 0x556, FOLD_ADD, 48},
    {0x1E00, 0x1EFF, FOLD_ODD, 0}, {0xFF21, 0xFF3A, FOLD_ADD, 'a' - 0xFF21},
};

uint32_t local_char_lower(uint32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  for (size_t i = 0; i < sizeof folds / sizeof folds[0] && c >= folds[i].first; i++) {
    if (c > folds[i].last) continue;
    if (folds[i].fold == FOLD_ADD) return (uint32_t)((int32_t)c + folds[i].by);
    if (folds[i].fold == FOLD_ODD) return c | 1u;
    return (c & 1u) != 0 ? c + 1 : c;
  }
  return c;
}

bool local_char_is_digit(uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 0x660 && c <= 0x669) || (c >= 0xFF10 && c <= 0xFF19);
}

bool local_char_is_dense(uint32_t c) {
  return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x2FFFF);
}

/* What from U+00C0 on is no letter: signs, punctuation, currency, symbols, digits, private use,
 * emoji; in rising order. Everything else counts as one, combining marks too. */
static const struct {
  uint32_t first, last;
} no_letters[] = {{0xD7, 0xD7},     {0xF7, 0xF7},     {0x60C, 0x60C},    {0x61B, 0x61B},
                  {0x61F, 0x61F},   {0x640, 0x640},   {0x660, 0x669},    {0x2000, 0x2BFF},
                  {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3006, 0x303F},  {0xE000, 0xF8FF},
                  {0xFE00, 0xFE6F}, {0xFF00, 0xFF20}, {0xFF3B, 0xFF40},  {0xFF5B, 0xFF65},
                  {0xFFDD, 0xFFEF}, {0xFFFD, 0xFFFD}, {0x1F000, 0x1FFFF}};

bool local_char_is_letter(uint32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  for (size_t i = 0; i < sizeof no_letters / sizeof no_letters[0] && c >= no_letters[i].first; i++)
    if (c <= no_letters[i].last) return false;
  return true;
}

uint32_t local_utf8_next(const char *bytes, size_t n, size_t *ret_n) {
  const unsigned char *p = (const unsigned char *)bytes;
  uint32_t c = p[0];
  size_t more = 0;
  uint32_t least = 0;
  *ret_n = 1;
  if (c < 0x80) return c;
  if (c >= 0xC2 && c <= 0xDF) {
    more = 1;
    c &= 0x1F;
    least = 0x80;
  } else if (c >= 0xE0 && c <= 0xEF) {
    more = 2;
    c &= 0x0F;
    least = 0x800;
  } else if (c >= 0xF0 && c <= 0xF4) {
    more = 3;
    c &= 0x07;
    least = 0x10000;
  } else {
    return 0xFFFD;
  }
  if (n <= more) return 0xFFFD;
  for (size_t i = 1; i <= more; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0xFFFD;
    c = c << 6 | (p[i] & 0x3Fu);
  }
  if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0xFFFD;
  *ret_n = more + 1;
  return c;
}

bool local_utf8_valid(const char *bytes, size_t n) {
  size_t at = 0;
  while (at < n) {
    size_t used = 0;
    /* U+FFFD itself is three bytes long; a bad byte is reported with length 1. */
    if (local_utf8_next(bytes + at, n - at, &used) == 0xFFFD && used == 1) return false;
    at += used;
  }
  return true;
}

void local_text_free(struct local_text *text) {
  free(text->chars);
  free(text->word_hashes);
  free(text->char_hashes);
  *text = (struct local_text){0};
}

static uint32_t hash_step(uint32_t h, uint32_t value) {
  h = (h ^ value) * 0x9E3779B1u;
  return h ^ h >> 15;
}

static uint32_t hash_end(uint32_t h) {
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ h >> 16;
}

/* Folds the text into words between single blanks. Digits become '0', runs of them are cut to
 * four: order numbers must not become words of their own. '?' and '!' and symbols such as emoji
 * stand as words. */
static void text_fold(struct local_text *text, const char *bytes, size_t n) {
  text->char_count = 0;
  text->letters = 0;
  const size_t room = 2 * (n < LOCAL_TEXT_MAX_CHARS ? n : LOCAL_TEXT_MAX_CHARS) + 4;
  if (text->char_room < room) {
    text->chars = local_grow(text->chars, room, sizeof *text->chars);
    text->char_room = room;
  }
  uint32_t *out = text->chars;
  size_t used = 0;
  size_t digits = 0;
  out[used++] = ' ';
  size_t step = 0;
  for (size_t at = 0, count = 0; at < n && count < LOCAL_TEXT_MAX_CHARS; at += step, count++) {
    const uint32_t c = local_char_lower(local_utf8_next(bytes + at, n - at, &step));
    if (local_char_is_digit(c)) {
      if (++digits <= 4) out[used++] = '0';
      continue;
    }
    digits = 0;
    if (local_char_is_letter(c)) {
      out[used++] = c;
      text->letters++;
      continue;
    }
    if (out[used - 1] != ' ') out[used++] = ' ';
    if (c == '?' || c == '!' || (c >= 0x1F000 && c < 0x20000)) {
      out[used++] = c;
      out[used++] = ' ';
    }
  }
  if (out[used - 1] != ' ') out[used++] = ' ';
  text->char_count = used;
}

static void text_words(struct local_text *text, const struct local_recipe *recipe) {
  if (text->word_room < text->char_count + 2) {
    text->word_hashes = local_grow(text->word_hashes, text->char_count + 2, sizeof(uint32_t));
    text->word_room = text->char_count + 2;
  }
  size_t used = 0;
  uint32_t previous = 0x5EED0001u;
  for (size_t at = 1; at < text->char_count && recipe->word_max > 0; at++) {
    uint32_t h = 0x811C9DC5u;
    while (text->chars[at] != ' ') h = hash_step(h, text->chars[at++]);
    text->word_hashes[used++] = hash_end(h);
    if (recipe->word_max > 1) text->word_hashes[used++] = hash_end(hash_step(previous, h));
    previous = h;
  }
  text->word_count = used;
}

static void text_grams(struct local_text *text, const struct local_recipe *recipe) {
  const size_t longest = recipe->char_max;
  const size_t room = text->char_count * (longest + 1) + 1;
  if (text->gram_room < room) {
    text->char_hashes = local_grow(text->char_hashes, room, sizeof(uint32_t));
    text->gram_room = room;
  }
  size_t used = 0;
  for (size_t at = 0; at + 1 < text->char_count && longest > 0; at++) {
    uint32_t h = 0x1000193u;
    for (size_t n = 1; n <= longest && at + n <= text->char_count; n++) {
      const uint32_t c = text->chars[at + n - 1];
      h = hash_step(h, c);
      if (n >= recipe->char_min && (n > 1 || c != ' ')) text->char_hashes[used++] = hash_end(h);
      if (c == ' ' && n > 1) /* a gram ends with its word */
        break;
    }
  }
  text->gram_count = used;
}

void local_text_read(struct local_text *text, const char *bytes, size_t n,
                     const struct local_recipe *recipe) {
  text_fold(text, bytes, n);
  text_words(text, recipe);
  text_grams(text, recipe);
}
