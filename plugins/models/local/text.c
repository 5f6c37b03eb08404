#include "text.h"

#include <stdlib.h>

#include "alloc.h"

static uint32_t latin_extended_lower(uint32_t c)
{
  if (c == 0x130) /* Turkish dotted I */
    return 'i';
  if (c == 0x178)
    return 0xFF;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
    return (c & 1) != 0 ? c + 1 : c;
  return (c & 1) == 0 ? c + 1 : c;
}

uint32_t local_char_lower(uint32_t c)
{
  if (c < 0x80)
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if (c >= 0xC0 && c <= 0xDE)
    return c == 0xD7 ? c : c + 32;
  if (c >= 0x100 && c <= 0x17E && c != 0x131 && c != 0x138 && c != 0x149)
    return latin_extended_lower(c);
  if (c >= 0x218 && c <= 0x21B)
    return c | 1u;
  if (c >= 0x391 && c <= 0x3A9)
    return c + 32;
  if (c >= 0x410 && c <= 0x42F)
    return c + 32;
  if (c >= 0x400 && c <= 0x40F)
    return c + 80;
  if (c >= 0x460 && c <= 0x481)
    return c | 1u;
  if (c >= 0x48A && c <= 0x4BF)
    return c | 1u;
  if (c >= 0x531 && c <= 0x556)
    return c + 48;
  if (c >= 0x1E00 && c <= 0x1EFF)
    return c | 1u;
  if (c >= 0xFF21 && c <= 0xFF3A) /* full-width Latin, as typed in East Asian text */
    return c - 0xFF21 + 'a';
  return c;
}

bool local_char_is_digit(uint32_t c)
{
  return (c >= '0' && c <= '9') || (c >= 0x660 && c <= 0x669) || (c >= 0xFF10 && c <= 0xFF19);
}

bool local_char_is_dense(uint32_t c)
{
  return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x2FFFF);
}

bool local_char_is_letter(uint32_t c)
{
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xC0)
    return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7 || c == 0xFFFD || local_char_is_digit(c))
    return false;
  if (c >= 0x2000 && c <= 0x2BFF) /* punctuation, currency, arrows, symbols */
    return false;
  if (c >= 0x2E00 && c <= 0x2E7F)
    return false;
  if (c >= 0x3000 && c <= 0x303F)
    return c == 0x3005;
  if (c >= 0xE000 && c <= 0xF8FF) /* private use */
    return false;
  if (c >= 0xFE00 && c <= 0xFE6F)
    return false;
  if (c >= 0xFF00 && c <= 0xFFEF)
    return (c >= 0xFF21 && c <= 0xFF3A) || (c >= 0xFF41 && c <= 0xFF5A) ||
           (c >= 0xFF66 && c <= 0xFFDC);
  if (c == 0x60C || c == 0x61B || c == 0x61F || c == 0x640)
    return false;
  return c < 0x1F000 || c >= 0x20000;
}

uint32_t local_utf8_next(const char *bytes, size_t n, size_t *ret_n)
{
  const unsigned char *p = (const unsigned char *)bytes;
  uint32_t c = p[0];
  size_t more = 0;
  uint32_t least = 0;
  *ret_n = 1;
  if (c < 0x80)
    return c;
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
  if (n <= more)
    return 0xFFFD;
  for (size_t i = 1; i <= more; i++) {
    if ((p[i] & 0xC0) != 0x80)
      return 0xFFFD;
    c = c << 6 | (p[i] & 0x3Fu);
  }
  if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
    return 0xFFFD;
  *ret_n = more + 1;
  return c;
}

bool local_utf8_valid(const char *bytes, size_t n)
{
  size_t at = 0;
  while (at < n) {
    size_t used = 0;
    /* U+FFFD itself is three bytes long; a bad byte is reported with length 1. */
    if (local_utf8_next(bytes + at, n - at, &used) == 0xFFFD && used == 1)
      return false;
    at += used;
  }
  return true;
}

void local_text_free(struct local_text *text)
{
  free(text->chars);
  free(text->word_hashes);
  free(text->char_hashes);
  *text = (struct local_text){0};
}

static uint32_t hash_step(uint32_t h, uint32_t value)
{
  h = (h ^ value) * 0x9E3779B1u;
  return h ^ h >> 15;
}

static uint32_t hash_end(uint32_t h)
{
  h *= 0x85EBCA6Bu;
  h ^= h >> 13;
  h *= 0xC2B2AE35u;
  return h ^ h >> 16;
}

/* Folds the text into words between single blanks. Digits become '0', runs of them are cut to
 * four: order numbers must not become words of their own. '?' and '!' and symbols such as emoji
 * stand as words. */
static void text_fold(struct local_text *text, const char *bytes, size_t n)
{
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
      if (++digits <= 4)
        out[used++] = '0';
      continue;
    }
    digits = 0;
    if (local_char_is_letter(c)) {
      out[used++] = c;
      text->letters++;
      continue;
    }
    if (out[used - 1] != ' ')
      out[used++] = ' ';
    if (c == '?' || c == '!' || (c >= 0x1F000 && c < 0x20000)) {
      out[used++] = c;
      out[used++] = ' ';
    }
  }
  if (out[used - 1] != ' ')
    out[used++] = ' ';
  text->char_count = used;
}

static void text_words(struct local_text *text, const struct local_recipe *recipe)
{
  if (text->word_room < text->char_count + 2) {
    text->word_hashes = local_grow(text->word_hashes, text->char_count + 2, sizeof(uint32_t));
    text->word_room = text->char_count + 2;
  }
  size_t used = 0;
  uint32_t previous = 0x5EED0001u;
  for (size_t at = 1; at < text->char_count && recipe->word_max > 0; at++) {
    uint32_t h = 0x811C9DC5u;
    while (text->chars[at] != ' ')
      h = hash_step(h, text->chars[at++]);
    text->word_hashes[used++] = hash_end(h);
    if (recipe->word_max > 1)
      text->word_hashes[used++] = hash_end(hash_step(previous, h));
    previous = h;
  }
  text->word_count = used;
}

static void text_grams(struct local_text *text, const struct local_recipe *recipe)
{
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
      if (n >= recipe->char_min && (n > 1 || c != ' '))
        text->char_hashes[used++] = hash_end(h);
      if (c == ' ' && n > 1) /* a gram ends with its word */
        break;
    }
  }
  text->gram_count = used;
}

void local_text_read(struct local_text *text, const char *bytes, size_t n,
                     const struct local_recipe *recipe)
{
  text_fold(text, bytes, n);
  text_words(text, recipe);
  text_grams(text, recipe);
}
