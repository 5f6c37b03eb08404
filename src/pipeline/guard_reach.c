/*
 * Links that dial a number or write to an address, as mail programs and telephones make them of a
 * text too: "tel:+493012345", "sms:0800123456", "mailto:help@acme.com". A mail address is judged by
 * its host, as any other link is. A number has none: it must stand in a source of ours, where other
 * blanks, dashes and brackets may be between its digits, and "00" for "+".
 *
 * "Tel: 030 12345" with a blank is the word, not the link.
 */
#include "pipeline/guard_inner.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* So many digits of a number are the number; what stands behind it may be another ("24/7"). */
#define WHOLE 7

static const char *const dials[] = {"tel:",    "sms:", "smsto:", "mms:",      "mmsto:",
                                    "callto:", "sip:", "sips:",  "facetime:", "facetime-audio:"};
static const char mail[] = "mailto:";

static size_t scheme_length(struct trg_str s, const char *scheme) {
  const size_t n = strlen(scheme);
  return s.n >= n && strncasecmp(s.p, scheme, n) == 0 ? n : 0;
}

static size_t dial_length(struct trg_str s) {
  for (size_t i = 0; i < sizeof dials / sizeof dials[0]; i++) {
    const size_t n = scheme_length(s, dials[i]);
    if (n > 0) return n;
  }
  return 0;
}

/* --- numbers -----------------------------------------------------------------------------------
 */

static char at_of(struct trg_str s, size_t at) {
  return at < s.n ? s.p[at] : '\0';
}

static bool digit_at(struct trg_str s, size_t at) {
  return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

/* Length of what only parts the digits of a number: "(0)" behind a country's code is one of them.
 */
static size_t part_length(struct trg_str s, size_t at) {
  const struct trg_str rest = {s.p + at, s.n - at};
  if (str_starts(rest, "(0)")) return 3;
  if (str_starts(rest, "\xc2\xa0")) return 2; /* a blank that does not break */
  return at < s.n && strchr(" -./()+", s.p[at]) != NULL ? 1 : 0;
}

/* The next digit at or behind `at`, over what parts digits; s.n or what is no digit: none. */
static size_t digit_next(struct trg_str s, size_t at) {
  for (size_t n; at < s.n && !digit_at(s, at) && (n = part_length(s, at)) > 0;) at += n;
  return at;
}

static bool between_digits(struct trg_str s, size_t at) {
  return at > 0 && digit_at(s, at - 1) && digit_at(s, at);
}

/* Behind a "00" at a number's beginning. */
static size_t plus_skip(struct trg_str s, size_t at) {
  return at_of(s, at) == '0' && at_of(s, at + 1) == '0' ? digit_next(s, at + 2) : at;
}

/* Is the number that begins at `from` in the text the one at `at` in the source, as far as it goes?
 * Where they part there must be no digit cut off. */
static bool same_number(struct trg_str text, size_t from, struct trg_str source, size_t at) {
  size_t same = 0;
  size_t a = plus_skip(text, from), b = plus_skip(source, at);
  size_t end_a = a, end_b = b;
  while (digit_at(text, a) && digit_at(source, b) && text.p[a] == source.p[b]) {
    same++;
    end_a = a + 1;
    end_b = b + 1;
    a = digit_next(text, end_a);
    b = digit_next(source, end_b);
  }
  if (between_digits(text, end_a) || between_digits(source, end_b)) return false;
  return same >= WHOLE || (same > 2 && !digit_at(text, a) && !digit_at(source, b));
}

static bool number_known(struct trg_str text, size_t from, const struct guard_sources *by) {
  for (size_t k = 0; k < by->own_count; k++)
    for (size_t at = 0; at < by->own[k].n; at++)
      if (digit_at(by->own[k], at) && !between_digits(by->own[k], at) &&
          same_number(text, from, by->own[k], at))
        return true;
  return false;
}

/* What a dialler would read on: another text, an extension, an escape, a code of the network. */
static bool goes_on(struct trg_str s, size_t at) {
  while (digit_at(s, at) || (part_length(s, at) > 0 && at_of(s, at) != ' ')) at++;
  const char c = at_of(s, at);
  if (c == ';' || c == ',' || c == ':') return at + 1 < s.n && !isspace((unsigned char)s.p[at + 1]);
  return c != '\0' && (isalnum((unsigned char)c) || strchr("?%&=#*@_", c) != NULL);
}

/* `to`: what stands behind the scheme. */
static bool dial_allowed(struct trg_str to, const struct guard_sources *by) {
  const size_t from = digit_next(to, 0);
  return digit_at(to, from) && !goes_on(to, from) && number_known(to, from, by);
}

/* --- mail --------------------------------------------------------------------------------------
 */

/* One plain address and nothing else: no second one, no subject, no escape. */
static bool mail_allowed(struct trg_str to, const struct conf_policy *p) {
  size_t end = 0, at = 0;
  while (end < to.n && !isspace((unsigned char)to.p[end]) && strchr(")>\"'<]", to.p[end]) == NULL)
    end++;
  while (end > 0 && strchr(".,;:!?", to.p[end - 1]) != NULL) end--;
  for (size_t i = 0; i < end; i++) {
    if (to.p[i] == '@' && at > 0) return false;
    if (to.p[i] == '@')
      at = i;
    else if (!isalnum((unsigned char)to.p[i]) && strchr("._+-", to.p[i]) == NULL)
      return false;
  }
  return at > 0 && host_allowed((struct trg_str){to.p + at + 1, end - at - 1}, p);
}

/* --- both --------------------------------------------------------------------------------------
 */

bool reach_allowed(struct trg_str url, const struct conf_policy *p,
                   const struct guard_sources *from) {
  const size_t m = scheme_length(url, mail), d = dial_length(url);
  if (m > 0) return mail_allowed((struct trg_str){url.p + m, url.n - m}, p);
  return d > 0 && dial_allowed((struct trg_str){url.p + d, url.n - d}, from);
}

/* In a text it is a link when what it leads to stands directly behind the scheme. */
static bool is_reach(struct trg_str s) {
  const size_t m = scheme_length(s, mail), d = dial_length(s);
  if (m > 0) return m < s.n && !isspace((unsigned char)s.p[m]);
  const char c = d > 0 ? at_of(s, d) : '\0';
  return c != '\0' && (isdigit((unsigned char)c) || strchr("+(*#%[?", c) != NULL);
}

bool reaches_allowed(struct trg_str text, const struct conf_policy *p,
                     const struct guard_sources *from) {
  for (size_t i = 0; i < text.n; i++) {
    if (i > 0 && isalnum((unsigned char)text.p[i - 1])) continue;
    const struct trg_str rest = {text.p + i, text.n - i};
    if (is_reach(rest) && !reach_allowed(rest, p, from)) return false;
  }
  return true;
}
