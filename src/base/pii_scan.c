/* The one pass over the bytes. */
#include "base/pii_scan.h"

#include <pthread.h>
#include <string.h>

#include "base/str.h"

int pii_two(const struct pii_scan *scan, size_t i) {
  const unsigned char a = pii_at(scan, i);
  const unsigned char b = pii_at(scan, i + 1);
  return pii_is_num(a) && pii_is_num(b) ? (a - '0') * 10 + b - '0' : -1;
}

int pii_digit(const struct pii_scan *scan, size_t i, size_t *ret_n) {
  /* Zeros of the scripts that people type numbers in. */
  static const uint32_t zeros[] = {0x660, 0x6F0,  0x7C0,  0x966,  0x9E6, 0xA66, 0xAE6,
                                   0xB66, 0xBE6,  0xC66,  0xCE6,  0xD66, 0xE50, 0xED0,
                                   0xF20, 0x1040, 0x17E0, 0x1810, 0xFF10};
  const unsigned char c = pii_at(scan, i);
  *ret_n = 1;
  if (pii_is_num(c)) return c - '0';
  if (c < 0xD9) return -1;
  size_t next = i;
  const uint32_t cp = utf8_next(scan->s, &next);
  *ret_n = next - i;
  if (cp >= 0x1D7CE && cp <= 0x1D7FF) return (int)((cp - 0x1D7CE) % 10);
  for (size_t k = 0; k < sizeof zeros / sizeof zeros[0]; k++)
    if (cp >= zeros[k] && cp <= zeros[k] + 9) return (int)(cp - zeros[k]);
  return -1;
}

uint32_t pii_before(const struct pii_scan *scan, size_t i, size_t *ret_at) {
  if (i == 0 || i > scan->s.n) {
    *ret_at = 0;
    return 0;
  }
  size_t from = i - 1;
  while (from > 0 && i - from < 4 && ((unsigned char)scan->s.p[from] & 0xC0) == 0x80) from--;
  size_t next = from;
  uint32_t cp = utf8_next((struct trg_str){scan->s.p, i}, &next);
  if (next != i) {
    from = i - 1;
    cp = 0xFFFD;
  }
  *ret_at = from;
  return cp;
}

struct range {
  uint32_t from, to;
};

static bool in_ranges(const struct range *r, size_t count, uint32_t c) {
  for (size_t k = 0; k < count; k++)
    if (c >= r[k].from && c <= r[k].to) return true;
  return false;
}

bool pii_is_wordish(uint32_t c) {
  /* What is no letter or digit beyond ASCII: signs, spaces, punctuation, pictures. */
  static const struct range others[] = {
      {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},       {0xBB, 0xBF},     {0xD7, 0xD7},
      {0xF7, 0xF7},     {0x2000, 0x2BFF}, {0x3000, 0x303F},   {0xFE00, 0xFE4F}, {0xFF00, 0xFF0F},
      {0xFF1A, 0xFF20}, {0xFFF0, 0xFFFF}, {0x1F000, 0x10FFFF}};
  if (c < 0x80) return pii_is_alnum((unsigned char)c);
  return !in_ranges(others, sizeof others / sizeof others[0], c);
}

static bool is_text(const struct pii_scan *scan, size_t i, const char *word) {
  const size_t n = strlen(word);
  return scan->s.n - i >= n && memcmp(scan->s.p + i, word, n) == 0;
}

/* The separators inside numbers, as characters. */
static bool is_gap(uint32_t c, enum pii_gap *ret_kind) {
  static const struct range gaps[] = {
      {'\t', '\t'},     {' ', ' '},       {'+', '+'},       {'-', '.'},       {0xA0, 0xA0},
      {0xAD, 0xAD},     {0xB7, 0xB7},     {0x2000, 0x2015}, {0x2022, 0x2022}, {0x202F, 0x202F},
      {0x205F, 0x2060}, {0x2212, 0x2212}, {0x20E3, 0x20E3}, {0x3000, 0x3000}, {0xFE0F, 0xFE0F},
      {0xFEFF, 0xFEFF}, {0xFF0D, 0xFF0D}};
  static const struct range lines[] = {{'\n', '\n'}, {'\r', '\r'}, {0x85, 0x85}, {0x2028, 0x2029}};
  static const struct range odd[] = {{'*', '*'}, {',', ','}, {'/', '/'}, {'_', '_'}, {'|', '|'}};
#define IN(ranges) in_ranges(ranges, sizeof(ranges) / sizeof(ranges)[0], c)
  *ret_kind = IN(lines) ? PII_GAP_LINE : IN(odd) ? PII_GAP_ODD : PII_GAP_SOFT;
  return *ret_kind != PII_GAP_SOFT || IN(gaps);
#undef IN
}

static uint32_t hex_value(const struct pii_scan *scan, size_t i, size_t n) {
  uint32_t v = 0;
  for (size_t k = 0; k < n; k++) {
    const unsigned char c = pii_at(scan, i + k);
    v = v * 16 + (uint32_t)(pii_is_num(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return v;
}

static size_t hex_run(const struct pii_scan *scan, size_t i, size_t most) {
  size_t n = 0;
  while (n < most && pii_is_hex(pii_at(scan, i + n))) n++;
  return n;
}

/* One character of UTF-8 in bytes written as %XX or =XX; what it takes, or 0. */
static size_t byte_coded(const struct pii_scan *scan, size_t i, uint32_t *ret_c) {
  char utf8[4];
  const char mark = scan->s.p[i];
  size_t n = 0, next = 0;
  while (n < sizeof utf8 && pii_at(scan, i + 3 * n) == (unsigned char)mark &&
         hex_run(scan, i + 3 * n + 1, 2) == 2) {
    utf8[n] = (char)hex_value(scan, i + 3 * n + 1, 2);
    n++;
  }
  if (n == 0) return 0;
  *ret_c = utf8_next((struct trg_str){utf8, n}, &next);
  return 3 * next;
}

/* \n, \r, \t and \uXXXX of JSON. */
static size_t json_coded(const struct pii_scan *scan, size_t i, uint32_t *ret_c) {
  const unsigned char next = pii_at(scan, i + 1);
  if (next == 'u' && hex_run(scan, i + 2, 4) == 4) {
    *ret_c = hex_value(scan, i + 2, 4);
    return 6;
  }
  *ret_c = next == 't' ? '\t' : '\n';
  return pii_is_one_of(next, "nrt") ? 2 : 0;
}

/* &nbsp; &#160; &#xA0; of HTML. */
static size_t entity(const struct pii_scan *scan, size_t i, uint32_t *ret_c) {
  static const struct {
    const char *text;
    uint32_t c;
  } named[] = {{"&nbsp;", 0xA0},     {"&ndash;", 0x2013}, {"&mdash;", 0x2014}, {"&shy;", 0xAD},
               {"&thinsp;", 0x2009}, {"&ensp;", 0x2002},  {"&emsp;", 0x2003},  {"&middot;", 0xB7},
               {"&hyphen;", 0x2010}, {"&dash;", 0x2010},  {"&minus;", 0x2212}, {"&bull;", 0x2022},
               {"&zwnj;", 0x200C},   {"&period;", '.'},   {"&Tab;", '\t'},     {"&NewLine;", '\n'}};
  for (size_t k = 0; k < sizeof named / sizeof named[0]; k++)
    if (is_text(scan, i, named[k].text)) {
      *ret_c = named[k].c;
      return strlen(named[k].text);
    }
  if (pii_at(scan, i + 1) != '#') return 0;
  const bool hex = (pii_at(scan, i + 2) | 0x20) == 'x';
  const size_t from = i + (hex ? 3 : 2);
  size_t n = 0;
  uint32_t c = 0;
  if (hex) {
    n = hex_run(scan, from, 6);
    c = hex_value(scan, from, n);
  } else {
    for (; n < 7 && pii_is_num(pii_at(scan, from + n)); n++)
      c = c * 10 + (uint32_t)(pii_at(scan, from + n) - '0');
  }
  *ret_c = c;
  return n > 0 && pii_at(scan, from + n) == ';' ? from + n + 1 - i : 0;
}

#define TAG_BYTES_MAX 160

/* A tag of HTML between digits: a break of the line, nothing (<wbr>), or a border of two cells. */
static size_t tag_gap(const struct pii_scan *scan, size_t i, enum pii_gap *ret_kind) {
  const unsigned char first = pii_at(scan, i + 1);
  if (!pii_is_alpha(first) && !(first == '/' && pii_is_alpha(pii_at(scan, i + 2)))) return 0;
  size_t n = 2;
  while (n < TAG_BYTES_MAX && !pii_is_one_of(pii_at(scan, i + n), "<>") && i + n < scan->s.n) n++;
  if (pii_at(scan, i + n) != '>') return 0;
  *ret_kind = PII_GAP_ODD;
  if (pii_match_word(scan, i + 1, "br") == 2 && !pii_is_alnum(pii_at(scan, i + 3)))
    *ret_kind = PII_GAP_LINE;
  if (pii_match_word(scan, i + 1, "wbr") == 3) *ret_kind = PII_GAP_SOFT;
  return n + 1;
}

/* Separators as a URL, JSON text, HTML or quoted-printable writes them. */
static size_t coded_gap(const struct pii_scan *scan, size_t i, enum pii_gap *ret_kind) {
  uint32_t c = 0;
  size_t n = 0;
  switch (pii_at(scan, i)) {
  case '<':
    return tag_gap(scan, i, ret_kind);
  case '\\':
    n = json_coded(scan, i, &c);
    break;
  case '&':
    n = entity(scan, i, &c);
    break;
  default:
    *ret_kind = PII_GAP_LINE;
    if (is_text(scan, i, "=\n")) return 2;
    if (is_text(scan, i, "=\r\n")) return 3;
    n = byte_coded(scan, i, &c);
  }
  return n > 0 && is_gap(c, ret_kind) ? n : 0;
}

/* The marks of a quoted mail behind a line's end: "> > ". */
static size_t quote_marks(const struct pii_scan *scan, size_t i) {
  size_t n = 0, end = 0;
  for (; n < 16 && pii_is_one_of(pii_at(scan, i + n), "> "); n++)
    if (pii_at(scan, i + n) == '>') end = n + 1;
  return end;
}

size_t pii_gap(const struct pii_scan *scan, size_t i, enum pii_gap *ret_kind) {
  const unsigned char c = pii_at(scan, i);
  size_t next = i;
  *ret_kind = PII_GAP_SOFT;
  switch (c) {
  case ' ':
  case '-':
  case '.':
  case '\t':
  case '+':
    return 1;
  case '\n':
    *ret_kind = PII_GAP_LINE;
    return 1 + quote_marks(scan, i + 1);
  case '\r':
    *ret_kind = PII_GAP_LINE;
    return 1;
  case '/':
  case '_':
  case ',':
  case '|':
  case '*':
    *ret_kind = PII_GAP_ODD;
    return 1;
  case '%':
  case '\\':
  case '&':
  case '<':
  case '=':
    return coded_gap(scan, i, ret_kind);
  default:
    return c >= 0xC2 && is_gap(utf8_next(scan->s, &next), ret_kind) ? next - i : 0;
  }
}

/* What a blank of a label stands for at i. */
static size_t word_gap(const struct pii_scan *scan, size_t i) {
  if (pii_is_one_of(pii_at(scan, i), " _-")) return 1;
  return pii_at(scan, i) == 0xC2 && pii_at(scan, i + 1) == 0xA0 ? 2 : 0;
}

size_t pii_match_whole(const struct pii_scan *scan, size_t i, const char *word) {
  size_t at = i;
  size_t k = 0;
  while (word[k] != '\0') {
    const unsigned char want = (unsigned char)word[k];
    const unsigned char here = pii_at(scan, at);
    if (want == ' ') {
      at += word_gap(scan, at);
      k++;
    } else if (want < 0x80 && here < 0x80) {
      if (here != want && !(pii_is_alpha(here) && (here | 0x20) == want)) return 0;
      at++;
      k++;
    } else {
      if (want < 0x80 || at >= scan->s.n) return 0;
      size_t from = 0;
      const struct trg_str rest = {word + k, strnlen(word + k, 4)};
      if (utf8_lower(utf8_next(scan->s, &at)) != utf8_next(rest, &from)) return 0;
      k += from;
    }
  }
  return at - i;
}

static unsigned char actions[256];
static unsigned char within[256]; /* what may begin behind this byte */
static unsigned char pairs[256 * 256];

static void fill_actions(void) {
  static const char high[] = "\xD9\xDB\xDF\xE0\xE1\xEF\xF0"; /* scripts of pii_digit */
  pii_mark_words(pairs);
  for (size_t k = 0; k < sizeof pairs; k++)
    if (pairs[k] != 0) actions[k / 256] |= PII_AT_WORD;
  for (unsigned c = 0; c < 256; c++)
    within[c] = pii_is_alnum((unsigned char)c) ? (unsigned char)~PII_AT_WORD : 0xFF;
  for (const char *d = "0123456789"; *d != '\0'; d++) actions[(unsigned char)*d] |= PII_AT_DIGIT;
  for (const char *m = "@:%\\-"; *m != '\0'; m++) actions[(unsigned char)*m] |= PII_AT_MARK;
  for (const char *h = high; *h != '\0'; h++) actions[(unsigned char)*h] |= PII_AT_HIGH;
}

void pii_scan_init(struct pii_scan *scan, struct trg_str text) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, fill_actions);
  *scan = (struct pii_scan){.s = text};
  memcpy(scan->action, actions, sizeof actions);
}

static size_t take(struct pii_scan *scan, const struct pii_hit *hit) {
  scan->found(scan->arg, hit);
  scan->done = hit->end;
  scan->digits_end = 0;
  struct pii_hit cvv;
  if (strcmp(hit->type, PII_CARD) == 0 && pii_find_cvv_after(scan, hit->end, &cvv)) {
    scan->found(scan->arg, &cvv);
    scan->done = cvv.end;
  }
  return scan->done;
}

/* At the first digit of a run. */
static size_t at_number(struct pii_scan *scan, size_t i, size_t digit_bytes) {
  struct pii_hit hit;
  if (pii_find_iban(scan, i, &hit) || pii_find_ipv4(scan, i, &hit) ||
      pii_find_card(scan, i, &hit) || pii_find_ssn(scan, i, &hit) || pii_find_phone(scan, i, &hit))
    return take(scan, &hit);
  /* "=204111...": the digits of quoted-printable belong to no number. */
  if (i > 0 && pii_at(scan, i - 1) == '=' && pii_two(scan, i) >= 0 &&
      pii_find_card(scan, i + 2, &hit))
    return take(scan, &hit);
  if (i > 1 && pii_at(scan, i - 2) == '=' && pii_is_hex(pii_at(scan, i - 1))) { /* "=A9 4111..." */
    scan->digits_end = 0;
    return i + digit_bytes;
  }
  scan->digits_end = i + digit_bytes;
  return scan->digits_end;
}

static size_t at_digit(struct pii_scan *scan, size_t i, size_t digit_bytes) {
  if (i > 0 && scan->digits_end == i) {
    scan->digits_end = i + digit_bytes;
    return scan->digits_end;
  }
  return at_number(scan, i, digit_bytes);
}

/* Bytes of a %XX, \uXXXX or \n at i, or 0. */
static size_t escape_length(const struct pii_scan *scan, size_t i) {
  const unsigned char next = pii_at(scan, i + 1);
  if (pii_at(scan, i) == '%') return hex_run(scan, i + 1, 2) == 2 ? 3 : 0;
  if (next == 'u') return hex_run(scan, i + 2, 4) == 4 ? 6 : 0;
  return pii_is_alpha(next) ? 2 : 0; /* the letter begins no word */
}

/* The digits of an escape belong to no number, except that "100%4111..." may be one. */
static size_t at_escape(struct pii_scan *scan, size_t i) {
  struct pii_hit hit;
  const size_t n = escape_length(scan, i);
  if (n == 0) return i + 1;
  if (is_text(scan, i, "%40") && pii_find_email(scan, i, 3, &hit)) return take(scan, &hit);
  if (n == 3 && pii_is_num(pii_at(scan, i + 1)) && pii_find_card(scan, i + 1, &hit))
    return take(scan, &hit);
  return i + n;
}

static size_t at_mark(struct pii_scan *scan, size_t i) {
  struct pii_hit hit;
  switch (pii_at(scan, i)) {
  case '@':
    if (pii_find_email(scan, i, 1, &hit)) return take(scan, &hit);
    break;
  case ':':
    if (pii_find_userinfo(scan, i, &hit) || pii_find_ipv6(scan, i, &hit)) return take(scan, &hit);
    break;
  case '-':
    if (pii_at(scan, i + 1) == '-' && pii_find_pem(scan, i, &hit)) return take(scan, &hit);
    break;
  default:
    return at_escape(scan, i);
  }
  return i + 1;
}

/* Not inside a word; _ and - separate words here, as in DB_PASSWORD. */
static bool begins_word(const struct pii_scan *scan, size_t i) {
  size_t at;
  return i == 0 || !pii_is_wordish(pii_before(scan, i, &at));
}

static size_t at_word(struct pii_scan *scan, size_t i, unsigned action) {
  struct pii_hit hit;
  const unsigned pair = pairs[pii_at(scan, i) * 256 + pii_at(scan, i + 1)];
  if (pair == 0) action &= ~(unsigned)PII_AT_WORD;
  if (action == 0 || !begins_word(scan, i)) return i + 1;
  if ((action & PII_AT_KNOWN) != 0) {
    const char *type;
    const size_t n = scan->known(scan->arg, i, &type);
    if (n > 0) return take(scan, &(struct pii_hit){type, i, i + n});
  }
  if (((pair & PII_PAIR_FORM) != 0 && pii_find_secret(scan, i, &hit)) ||
      ((pair & PII_PAIR_LABEL) != 0 && pii_find_told(scan, i, &hit)))
    return take(scan, &hit);
  return i + 1;
}

static bool is_cjk_lead(unsigned char c) {
  return c >= 0xE3 && c <= 0xED;
}

static size_t at_high(struct pii_scan *scan, size_t i) {
  struct pii_hit hit;
  size_t n;
  if (pii_digit(scan, i, &n) >= 0) return at_digit(scan, i, n);
  if (is_text(scan, i, "\xEF\xBC\xA0") && pii_find_email(scan, i, 3, &hit)) return take(scan, &hit);
  return i + 1;
}

void pii_scan_run(struct pii_scan *scan) {
  const unsigned char *p = (const unsigned char *)scan->s.p;
  const size_t n = scan->s.n;
  size_t i = 0;
  while (i < n) {
    const unsigned action = scan->action[p[i]] & within[i > 0 ? p[i - 1] : 0];
    if (action == 0 || (action == PII_AT_WORD && pairs[p[i] * 256u + pii_at(scan, i + 1)] == 0)) {
      i++;
      continue;
    }
    const size_t from = i;
    if ((action & PII_AT_KNOWN) != 0 && is_cjk_lead(p[i])) { /* no blanks between words there */
      const char *type;
      const size_t length = scan->known(scan->arg, i, &type);
      if (length > 0) {
        i = take(scan, &(struct pii_hit){type, i, i + length});
        continue;
      }
    }
    if ((action & PII_AT_DIGIT) != 0)
      i = at_digit(scan, i, 1);
    else if ((action & PII_AT_MARK) != 0)
      i = at_mark(scan, i);
    else if ((action & (PII_AT_WORD | PII_AT_KNOWN)) != 0)
      i = at_word(scan, i, action & (PII_AT_WORD | PII_AT_KNOWN));
    if (i == from + 1 && (action & PII_AT_HIGH) != 0) i = at_high(scan, from);
    if (i == from) i = at_high(scan, from);
  }
}
