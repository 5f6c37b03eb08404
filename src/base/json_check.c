#include "base/json_check.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

/* cJSON copies a number into 64 bytes. */
#define NUMBER_MAX 60

struct scan {
  char *p;
  size_t n, i;
  struct trg_err *err;
};

static int refuse_at(const struct scan *s, size_t at, int status, const char *why) {
  uint32_t line = 1;
  size_t start = 0;
  for (size_t k = 0; k < at && k < s->n; k++) {
    if (s->p[k] != '\n') continue;
    line++;
    start = k + 1;
  }
  const size_t column = utf8_length((struct trg_str){s->p + start, at - start}) + 1;
  return err_at(s->err, status, "json", line, "line %u, column %zu: %s", line, column, why);
}

static int refuse(const struct scan *s, const char *why) {
  return refuse_at(s, s->i, TRG_EINVAL, s->i >= s->n ? "the JSON text ends too early" : why);
}

static char peek(const struct scan *s) {
  return s->i < s->n ? s->p[s->i] : '\0';
}

static void skip_space(struct scan *s) {
  while (s->i < s->n) {
    const char c = s->p[s->i];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
    s->i++;
  }
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t digits(struct scan *s) {
  const size_t from = s->i;
  while (is_digit(peek(s))) s->i++;
  return s->i - from;
}

/* "." digits and "e" digits, both optional. */
static int fraction(struct scan *s, bool *ret_exponent) {
  if (peek(s) == '.') {
    s->i++;
    if (digits(s) == 0) return refuse(s, "a digit was expected");
  }
  *ret_exponent = peek(s) == 'e' || peek(s) == 'E';
  if (!*ret_exponent) return 0;
  s->i++;
  if (peek(s) == '+' || peek(s) == '-') s->i++;
  return digits(s) == 0 ? refuse(s, "a digit was expected") : 0;
}

static int number(struct scan *s) {
  const size_t from = s->i;
  bool exponent;
  if (peek(s) == '-') s->i++;
  if (peek(s) == '0')
    s->i++;
  else if (digits(s) == 0)
    return refuse(s, "a value was expected");
  if (is_digit(peek(s))) return refuse(s, "a number must not start with 0");
  const int status = fraction(s, &exponent);
  if (status != 0) return status;
  const struct trg_str text = {s->p + from, s->i - from};
  if (text.n > NUMBER_MAX) return refuse_at(s, from, TRG_ELIMIT, "the number has too many digits");
  double value;
  if (exponent && (str_to_double(text, &value) != 0 || !isfinite(value)))
    return refuse_at(s, from, TRG_EINVAL, "the number is out of range");
  return 0;
}

/* The four hex digits after \u, or -1. */
static int hex4(const struct scan *s, size_t at) {
  int value = 0;
  if (s->n < 4 || at > s->n - 4) return -1;
  for (size_t k = at; k < at + 4; k++) {
    const char c = s->p[k];
    const char l = (char)(c | 0x20);
    if (is_digit(c))
      value = value * 16 + (c - '0');
    else if (l >= 'a' && l <= 'f')
      value = value * 16 + (l - 'a' + 10);
    else
      return -1;
  }
  return value;
}

/* At the four digits. A text cut inside an emoji is no reason to lose the whole document. */
static int unicode_escape(struct scan *s) {
  const int unit = hex4(s, s->i);
  if (unit < 0) return refuse(s, "four hexadecimal digits were expected after \\u");
  const size_t at = s->i;
  s->i += 4;
  if (unit >= 0xD800 && unit <= 0xDBFF && s->n - s->i >= 6 && s->p[s->i] == '\\' &&
      s->p[s->i + 1] == 'u') {
    const int low = hex4(s, s->i + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      s->i += 6;
      return 0;
    }
  }
  if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF)) memcpy(s->p + at, "fffd", 4);
  return 0;
}

static int string(struct scan *s) {
  s->i++;
  while (s->i < s->n) {
    const unsigned char c = (unsigned char)s->p[s->i];
    if (c == '"') {
      s->i++;
      return 0;
    }
    if (c < 0x20) return refuse(s, "a control character in a string must be escaped");
    s->i++;
    if (c != '\\') continue;
    const char e = peek(s);
    if (e == '\0' || strchr("\"\\/bfnrtu", e) == NULL)
      return refuse(s, "unknown escape in a string");
    s->i++;
    if (e == 'u') {
      const int status = unicode_escape(s);
      if (status != 0) return status;
    }
  }
  return refuse(s, "");
}

static int scalar(struct scan *s) {
  static const char *const words[] = {"true", "false", "null"};
  if (peek(s) == '"') return string(s);
  for (size_t k = 0; k < 3; k++) {
    if (!str_starts((struct trg_str){s->p + s->i, s->n - s->i}, words[k])) continue;
    s->i += strlen(words[k]);
    return 0;
  }
  return number(s);
}

static int key(struct scan *s) {
  skip_space(s);
  if (peek(s) != '"') return refuse(s, "a key in quotes was expected");
  const int status = string(s);
  if (status != 0) return status;
  skip_space(s);
  if (peek(s) != ':') return refuse(s, "\":\" was expected");
  s->i++;
  return 0;
}

/* Opens containers until a scalar or an empty container is complete. */
static int open_value(struct scan *s, char *closers, size_t *depth) {
  for (;;) {
    skip_space(s);
    const char c = peek(s);
    if (c != '{' && c != '[') return scalar(s);
    if (*depth == JSON_DEPTH_MAX)
      return refuse_at(s, s->i, TRG_ELIMIT, "nested deeper than 64 levels");
    const char closer = c == '{' ? '}' : ']';
    s->i++;
    skip_space(s);
    if (peek(s) == closer) {
      s->i++;
      return 0;
    }
    closers[(*depth)++] = closer;
    if (c == '{') {
      const int status = key(s);
      if (status != 0) return status;
    }
  }
}

static int whole(struct scan *s) {
  char closers[JSON_DEPTH_MAX];
  size_t depth = 0;
  for (;;) {
    int status = open_value(s, closers, &depth);
    if (status != 0) return status;
    skip_space(s);
    while (depth > 0 && peek(s) == closers[depth - 1]) {
      s->i++;
      depth--;
      skip_space(s);
    }
    if (depth == 0) return s->i == s->n ? 0 : refuse(s, "text after the end of the JSON value");
    if (peek(s) != ',')
      return refuse(s, closers[depth - 1] == '}' ? "\",\" or \"}\" was expected"
                                                 : "\",\" or \"]\" was expected");
    s->i++;
    status = closers[depth - 1] == '}' ? key(s) : 0;
    if (status != 0) return status;
  }
}

int json_check(char *text, size_t n, struct trg_err *err) {
  struct scan s = {.p = text, .n = n, .err = err};
  const struct trg_str all = {text, n};
  if (!utf8_valid(all)) {
    size_t at = 0;
    for (size_t k = 0; k < n; at = k)
      if (utf8_next(all, &k) == 0xFFFD && k - at != 3) break;
    return refuse_at(&s, at, TRG_EINVAL, "not valid UTF-8");
  }
  return whole(&s);
}
