#include "base/str.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

struct trg_str str_of(const char *text) {
  return (struct trg_str){text == NULL ? "" : text, text == NULL ? 0 : strlen(text)};
}

bool str_eq(struct trg_str a, struct trg_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct trg_str a, const char *text) {
  return str_eq(a, str_of(text));
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_nocase(const char *a, const char *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

bool str_is_nocase(struct trg_str a, const char *text) {
  const struct trg_str b = str_of(text);
  return a.n == b.n && same_nocase(a.p, b.p, a.n);
}

bool str_starts(struct trg_str s, const char *prefix) {
  const struct trg_str p = str_of(prefix);
  return s.n >= p.n && (p.n == 0 || memcmp(s.p, p.p, p.n) == 0);
}

bool str_ends(struct trg_str s, const char *suffix) {
  const struct trg_str p = str_of(suffix);
  return s.n >= p.n && (p.n == 0 || memcmp(s.p + s.n - p.n, p.p, p.n) == 0);
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

struct trg_str str_trim(struct trg_str s) {
  while (s.n > 0 && is_space(s.p[0])) {
    s.p++;
    s.n--;
  }
  while (s.n > 0 && is_space(s.p[s.n - 1])) s.n--;
  return s;
}

bool str_next(struct trg_str *rest, char sep, struct trg_str *ret_piece) {
  if (rest->p == NULL || rest->n == 0) return false;
  const char *at = memchr(rest->p, sep, rest->n);
  const size_t n = at == NULL ? rest->n : (size_t)(at - rest->p);
  *ret_piece = (struct trg_str){rest->p, n};
  const size_t used = at == NULL ? n : n + 1;
  rest->p += used;
  rest->n -= used;
  return true;
}

ptrdiff_t str_find(struct trg_str s, const char *needle) {
  const struct trg_str want = str_of(needle);
  if (want.n == 0) return 0;
  if (s.n < want.n) return -1;
  const char *at = memmem(s.p, s.n, want.p, want.n);
  return at == NULL ? -1 : at - s.p;
}

ptrdiff_t str_find_nocase(struct trg_str s, const char *needle) {
  const struct trg_str want = str_of(needle);
  if (want.n == 0) return 0;
  for (size_t i = 0; i + want.n <= s.n; i++)
    if (lower(s.p[i]) == lower(want.p[0]) && same_nocase(s.p + i, want.p, want.n))
      return (ptrdiff_t)i;
  return -1;
}

int str_to_int(struct trg_str s, int64_t *ret) {
  const bool minus = s.n > 0 && s.p[0] == '-';
  if (s.n == (minus ? 1u : 0u)) return -1;
  int64_t value = 0;
  for (size_t i = minus ? 1 : 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return -1;
    const int64_t digit = s.p[i] - '0';
    if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
        __builtin_add_overflow(value, minus ? -digit : digit, &value))
      return -1;
  }
  *ret = value;
  return 0;
}

int str_to_double(struct trg_str s, double *ret) {
  char text[64];
  if (s.n == 0 || s.n >= sizeof text) return -1;
  for (size_t i = 0; i < s.n; i++) /* no "inf", "nan", hex or blanks */
    if (s.p[i] == '\0' || strchr("0123456789.-+eE", s.p[i]) == NULL) return -1;
  memcpy(text, s.p, s.n);
  text[s.n] = '\0';
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (plain == (locale_t)0) return -1;
  char *end = NULL;
  errno = 0;
  const double value = strtod_l(text, &end, plain);
  freelocale(plain);
  const bool huge = errno == ERANGE && (value > 1.0 || value < -1.0);
  if (end != text + s.n || huge) return -1;
  *ret = value;
  return 0;
}
