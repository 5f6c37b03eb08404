/* Payment cards, bank accounts and US social security numbers: numbers with a checksum or a strict
 * form. */
#include "base/pii_scan.h"

#include <string.h>

#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19
#define IBAN_MAX        34
#define GAP_UNITS_MAX   3

struct number {
  unsigned char digit[CARD_DIGITS_MAX + 1];
  size_t end[CARD_DIGITS_MAX + 1];       /* byte behind each digit */
  enum pii_gap gap[CARD_DIGITS_MAX + 2]; /* in front of each digit; the first has none */
  int count;                             /* one more than a card has: it goes on */
};

/* Bytes of the separators at i that lead to another digit, or 0. */
static size_t gap_to_digit(const struct pii_scan *scan, size_t i, enum pii_gap *ret_kind) {
  size_t at = i;
  size_t n;
  enum pii_gap worst = PII_GAP_SOFT;
  for (int k = 0; k < GAP_UNITS_MAX; k++) {
    enum pii_gap kind;
    const size_t unit = pii_gap(scan, at, &kind);
    if (unit == 0) return 0;
    if (kind > worst) worst = kind;
    at += unit;
    if (pii_digit(scan, at, &n) >= 0) {
      *ret_kind = worst;
      return at - i;
    }
  }
  return 0;
}

static void gather(const struct pii_scan *scan, size_t i, struct number *num) {
  num->count = 0;
  num->gap[0] = PII_GAP_NONE;
  for (;;) {
    size_t n;
    const int d = pii_digit(scan, i, &n);
    if (d < 0) {
      enum pii_gap kind;
      n = gap_to_digit(scan, i, &kind);
      if (n == 0) break;
      num->gap[num->count] = kind;
      i += n;
      continue;
    }
    if (num->count > CARD_DIGITS_MAX) break;
    num->digit[num->count] = (unsigned char)d;
    i += n;
    num->end[num->count++] = i;
    num->gap[num->count] = PII_GAP_NONE;
  }
}

static bool luhn(const struct number *num, int length) {
  int sum = 0;
  for (int k = 0; k < length; k++) {
    int d = num->digit[length - 1 - k];
    if (k % 2 == 1) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return sum % 10 == 0;
}

/* How long the numbers are that are issued with this beginning (bit k: k digits). */
static unsigned issued_lengths(const struct number *num) {
#define LEN(k)        (1u << (k))
#define FROM_TO(a, b) ((2u << (b)) - (1u << (a)))
  static const struct {
    unsigned from, to; /* of the first six digits */
    unsigned lengths;
  } ranges[] = {
      {400000, 499999, LEN(13) | LEN(16) | LEN(18) | LEN(19)}, /* Visa */
      {510000, 559999, LEN(16)},                               /* Mastercard */
      {222100, 272099, LEN(16)},
      {340000, 349999, LEN(15)}, /* American Express */
      {370000, 379999, LEN(15)},
      {601100, 601199, FROM_TO(16, 19)}, /* Discover */
      {644000, 659999, FROM_TO(16, 19)},
      {300000, 305999, FROM_TO(14, 19)}, /* Diners Club */
      {309500, 309599, FROM_TO(14, 19)},
      {360000, 369999, FROM_TO(14, 19)},
      {380000, 399999, FROM_TO(14, 19)},
      {350000, 359999, FROM_TO(16, 19)}, /* JCB, and RuPay's part of it */
      {213100, 213199, LEN(15)},
      {180000, 180099, LEN(15)},
      {500000, 509999, FROM_TO(12, 19)}, /* Maestro and the national schemes beside it */
      {560000, 589999, FROM_TO(12, 19)},
      {600000, 643999, FROM_TO(16, 19)}, /* also UnionPay, RuPay, Hipercard */
      {60400, 60499, LEN(12) | LEN(16)},
      {630400, 630499, FROM_TO(12, 19)},
      {639000, 639099, FROM_TO(12, 19)},
      {660000, 699999, FROM_TO(16, 19)},
      {670600, 677199, FROM_TO(12, 19)},
      {220000, 220499, FROM_TO(16, 19)}, /* Mir */
      {810000, 829999, FROM_TO(16, 19)}, /* UnionPay, RuPay */
      {979200, 979299, LEN(16)},         /* Troy */
  };
#undef LEN
#undef FROM_TO
  unsigned first = 0;
  for (int k = 0; k < 6; k++) first = first * 10 + num->digit[k];
  unsigned lengths = 0;
  for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++)
    if (first >= ranges[k].from && first <= ranges[k].to) lengths |= ranges[k].lengths;
  return lengths;
}

/* Group sizes as a decimal number ("4444"), single-digit groups only; line breaks may be read as
 * no break, as mail programs wrap inside a number. */
struct shape {
  int groups, least, most;
  bool odd, fours; /* fours: all of four but the last, which has at most four */
  char text[CARD_DIGITS_MAX + 1];
};

static struct shape shape_of(const struct number *num, int length, bool join_lines) {
  struct shape s = {.least = 99, .fours = true};
  int size = 0;
  for (int k = 1; k <= length; k++) {
    size++;
    const enum pii_gap gap = k == length ? PII_GAP_SOFT : num->gap[k];
    if (gap == PII_GAP_ODD) s.odd = true;
    if (gap == PII_GAP_NONE || (gap == PII_GAP_LINE && join_lines)) continue;
    if (k < length ? size != 4 : size > 4) s.fours = false;
    s.text[s.groups++] = (char)(size < 10 ? '0' + size : 'a' + size - 10);
    if (size < s.least) s.least = size;
    if (size > s.most) s.most = size;
    size = 0;
  }
  return s;
}

/* Cards are written in few ways; numbers that stand side by side in many. */
static bool is_card_shape(const struct shape *s, bool alone) {
  static const char *const usual[] = {"465", "464", "88",  "6a",  "4c",  "c4",  "664",
                                      "555", "556", "448", "844", "484", "445", "4441",
                                      "4b",  "69",  "646", "466", "4652"};
  if (s->groups == 1) return true;
  if (s->fours && s->groups >= 3) return true;
  for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
    if (strcmp(s->text, usual[k]) == 0) return !s->odd || k < 2;
  if (s->odd || !alone) return false;
  return s->most == 1 || (s->most == 2 && s->least == 2) || (s->groups <= 3 && s->least >= 3);
}

/* Part of a hash or a UUID: 32 hexadecimal digits or more with letters among them. */
static bool in_hash(const struct pii_scan *scan, size_t start, size_t end) {
  size_t digits = 0;
  bool letters = false;
  size_t i = start;
  while (i > 0 && start - i < 48 && (pii_is_hex(pii_at(scan, i - 1)) || pii_at(scan, i - 1) == '-'))
    i--;
  while (i < end + 48) {
    const unsigned char c = pii_at(scan, i);
    if (!pii_is_hex(c) && c != '-') break;
    if (c != '-') digits++;
    letters |= pii_is_alpha(c);
    i++;
  }
  return digits >= 32 && letters;
}

/* Digits right behind a decimal point after zero: a fraction. */
static bool is_fraction(const struct pii_scan *scan, size_t i) {
  return i >= 2 && pii_at(scan, i - 1) == '.' && pii_at(scan, i - 2) == '0' &&
         (i == 2 || !pii_is_num(pii_at(scan, i - 3)));
}

/* Another number stands right in front of i, with only a separator between. */
static bool follows_digits(const struct pii_scan *scan, size_t i) {
  if (scan->digits_end == 0 || scan->digits_end >= i || i - scan->digits_end > 6) return false;
  enum pii_gap kind;
  return scan->digits_end + gap_to_digit(scan, scan->digits_end, &kind) == i;
}

/* EAN-13 of products made in some countries begin like Visa numbers. */
static bool is_article(const struct pii_scan *scan, size_t i) {
  const size_t from = i > 8 ? i - 8 : scan->done;
  for (size_t at = from; at < i; at++)
    if (pii_match_word(scan, at, "ean") > 0 || pii_match_word(scan, at, "gtin") > 0) return true;
  return false;
}

/* The first two digits already tell most other numbers apart. */
static bool may_be_card(const struct pii_scan *scan, size_t i) {
  static const char *const seconds[] = {
      "6", "8", "01234567", "0123456789", "0123456789", "0123456789", "0123456789", "", "12", "7"};
  size_t n;
  const int first = pii_digit(scan, i, &n);
  if (first < 0 || first == 7) return false;
  const unsigned char second = pii_at(scan, i + n);
  return n > 1 || !pii_is_num(second) || pii_is_one_of(second, seconds[first]);
}

/* The first `length` digits are a card's, and stand as a card's stand. */
static bool is_card(const struct pii_scan *scan, size_t i, const struct number *num, int length) {
  if (length < num->count && num->gap[length] == PII_GAP_NONE) return false;
  if (!luhn(num, length)) return false;
  const bool alone = length == num->count && !follows_digits(scan, i) &&
                     (i == 0 || pii_at(scan, i - 1) != '+');
  const struct shape plain = shape_of(num, length, false);
  const struct shape joined = shape_of(num, length, true);
  if (!is_card_shape(&plain, alone) && !is_card_shape(&joined, alone)) return false;
  if (length < 13 && (joined.groups > 1 || plain.groups > 2)) return false;
  if (length == 13 && is_article(scan, i)) return false;
  return !in_hash(scan, i, num->end[length - 1]) && !is_fraction(scan, i);
}

bool pii_find_card(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  struct number num;
  if (!may_be_card(scan, i)) return false;
  gather(scan, i, &num);
  if (num.count < CARD_DIGITS_MIN) return false;
  const unsigned lengths = issued_lengths(&num);
  int length = num.count < CARD_DIGITS_MAX ? num.count : CARD_DIGITS_MAX;
  for (; lengths != 0 && length >= CARD_DIGITS_MIN; length--) {
    if ((lengths >> length & 1) == 0 || !is_card(scan, i, &num, length)) continue;
    *hit = (struct pii_hit){PII_CARD, i, num.end[length - 1]};
    return true;
  }
  return false;
}

static size_t skip_any(const struct pii_scan *scan, size_t i, const char *chars, size_t most) {
  const size_t from = i;
  while (i - from < most && pii_is_one_of(pii_at(scan, i), chars)) i++;
  return i;
}

static size_t skip_digits(const struct pii_scan *scan, size_t i, size_t most) {
  return skip_any(scan, i, "0123456789", most);
}

/* Behind i the number goes on, in letters or after one of `links`. */
static bool goes_on(const struct pii_scan *scan, size_t i, const char *links) {
  const unsigned char c = pii_at(scan, i);
  return pii_is_alnum(c) || (pii_is_one_of(c, links) && pii_is_alnum(pii_at(scan, i + 1)));
}

/* In front of i stands its beginning, or a sign that makes it another kind of number. */
static bool came_from(const struct pii_scan *scan, size_t i, const char *signs, const char *links) {
  if (i == 0) return false;
  const unsigned char c = pii_at(scan, i - 1);
  if (pii_is_alnum(c) || pii_is_one_of(c, signs)) return true;
  return i > 1 && pii_is_one_of(c, links) && pii_is_alnum(pii_at(scan, i - 2));
}

/* End of "12/27" or "12 / 2027" at i, or i. */
static size_t expiry_end(const struct pii_scan *scan, size_t i) {
  const int month = pii_two(scan, i);
  if (month < 1 || month > 12) return i;
  const size_t slash = skip_any(scan, i + 2, " ", 4);
  if (!pii_is_one_of(pii_at(scan, slash), "/-.")) return i;
  const size_t year = skip_any(scan, slash + 1, " ", 4);
  const size_t end = skip_digits(scan, year, 5);
  return end - year == 2 || end - year == 4 ? end : i;
}

/* "... 12/27 123" behind a card number: the check value. */
bool pii_find_cvv_after(const struct pii_scan *scan, size_t card_end, struct pii_hit *hit) {
  size_t i = card_end;
  while (i - card_end < 24 && pii_at(scan, i) != 0 && !pii_is_num(pii_at(scan, i))) i++;
  const size_t expiry = expiry_end(scan, i);
  if (expiry == i) return false;
  const size_t start = skip_any(scan, expiry, " ,;/|-\t", 4);
  const size_t end = skip_digits(scan, start, 5);
  if (start == expiry || end - start < 3 || end - start > 4) return false;
  if (goes_on(scan, end, "/-.")) return false;
  *hit = (struct pii_hit){PII_SECRET, start, end};
  return true;
}

/* Lengths by country, from the registry of IBAN formats (SWIFT, release 99). */
static int iban_length(char a, char b) {
  static const char table[] =
      "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29"
      "ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20"
      "LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29"
      "PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20"
      "YE30";
  for (const char *t = table; *t != '\0'; t += 4)
    if (t[0] == a && t[1] == b) return (t[2] - '0') * 10 + (t[3] - '0');
  return 0;
}

static char upper(unsigned char c) {
  return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

/* Bytes of at most two separators at i that lead to a letter or digit, or 0. */
static size_t iban_gap(const struct pii_scan *scan, size_t i) {
  size_t gap = 0;
  for (int k = 0; k < 2 && !pii_is_alnum(pii_at(scan, i + gap)); k++) {
    enum pii_gap kind;
    const size_t unit = pii_gap(scan, i + gap, &kind);
    if (unit == 0 || kind == PII_GAP_ODD) return 0;
    gap += unit;
  }
  return pii_is_alnum(pii_at(scan, i + gap)) ? gap : 0;
}

/* Fills text from *n to length; the byte behind, or 0 when there is not that much. */
static size_t iban_gather(const struct pii_scan *scan, size_t at, char *text, int length) {
  for (int n = 2; n < length;) {
    if (pii_is_alnum(pii_at(scan, at))) {
      text[n++] = upper(pii_at(scan, at++));
      continue;
    }
    const size_t gap = iban_gap(scan, at);
    if (gap == 0) return 0;
    at += gap;
  }
  return pii_is_alnum(pii_at(scan, at)) ? 0 : at;
}

static bool mod97(const char *text, int length) {
  unsigned rest = 0;
  for (int k = 0; k < length; k++) {
    const char c = text[(k + 4) % length];
    rest = c <= '9' ? (rest * 10 + (unsigned)(c - '0')) % 97
                    : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
  }
  return rest == 1;
}

/* i: the first check digit, behind the two letters of the country. */
bool pii_find_iban(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  char text[IBAN_MAX + 1];
  if (i < 2 || i - 2 < scan->done || pii_two(scan, i) < 0) return false;
  const size_t start = i - 2;
  text[0] = upper(pii_at(scan, start));
  text[1] = upper(pii_at(scan, start + 1));
  if (!pii_is_alpha((unsigned char)text[0]) || !pii_is_alpha((unsigned char)text[1])) return false;
  const int length = iban_length(text[0], text[1]);
  if (length == 0) return false;
  const bool named = start >= 4 && pii_match_word(scan, start - 4, "iban") == 4;
  if (!named && came_from(scan, start, "", "")) return false;
  const size_t end = iban_gather(scan, i, text, length);
  if (end == 0 || !mod97(text, length)) return false;
  *hit = (struct pii_hit){PII_IBAN, start, end};
  return true;
}

static bool says_ssn(const struct pii_scan *scan, size_t i) {
  const size_t from = i > 28 ? i - 28 : 0;
  for (size_t at = from; at < i; at++)
    if (pii_match_word(scan, at, "ssn") > 0 || pii_match_word(scan, at, "social security") > 0 ||
        pii_match_word(scan, at, "social sec") > 0)
      return true;
  return false;
}

/* `count` digits at *at as a number, or -1; *at moves behind them. */
static int take_part(const struct pii_scan *scan, size_t *at, int count) {
  int value = 0;
  for (int k = 0; k < count; k++) {
    const unsigned char c = pii_at(scan, (*at)++);
    if (!pii_is_num(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool pii_find_ssn(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  size_t at = i;
  const int area = take_part(scan, &at, 3);
  if (area <= 0 || area == 666 || area >= 900) return false;
  const unsigned char sep = pii_at(scan, at);
  const bool parted = pii_is_one_of(sep, "- .");
  if (parted) at++;
  const int group = take_part(scan, &at, 2);
  if (group <= 0 || (parted && pii_at(scan, at++) != sep)) return false;
  const int serial = take_part(scan, &at, 4);
  if (serial <= 0 || goes_on(scan, at, "-.") || came_from(scan, i, "_+#", "-./")) return false;
  if ((sep != '-' && !says_ssn(scan, i)) || pii_email_ahead(scan, at)) return false;
  *hit = (struct pii_hit){PII_SSN, i, at};
  return true;
}
