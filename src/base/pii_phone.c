/* Telephone numbers: the form of the digits first, then the words around them. */
#include "base/pii_scan.h"

#include <string.h>

#define DIGITS_MAX  15
#define GROUPS_MAX  9
#define CONTEXT_MAX 48

struct phone {
  size_t start, end;
  bool plus, paren; /* + in front; first group in parentheses */
  bool cut;         /* more digits follow than a number has */
  char sep;         /* first separator: ' ' '-' '.' '/' or 0 */
  bool same_sep;
  int groups, digits;
  int size[GROUPS_MAX];
  size_t at[GROUPS_MAX];
  unsigned char digit[DIGITS_MAX + 1];
};

/* Country calling codes, as digits; two-digit ones of one block share a line. */
static int country_code_length(const unsigned char *d, int n) {
  static const char two[] =
      "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 "
      "64 65 66 81 82 84 86 90 91 92 93 94 95 98";
  static const char three_starts[] = "21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 "
                                     "96 97 99";
  if (n < 3) return 0;
  if (d[0] == 1 || d[0] == 7) return 1;
  const char pair[3] = {(char)('0' + d[0]), (char)('0' + d[1]), '\0'};
  if (strstr(two, pair) != NULL) return 2;
  return strstr(three_starts, pair) != NULL ? 3 : 0;
}

/* Bytes of a blank at i, in its encodings, or 0. */
static size_t blank(const struct pii_scan *scan, size_t i) {
  static const char *const blanks[] = {"\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "\xE2\x80\x87",
                                       "%20"};
  if (pii_at(scan, i) == ' ') return 1;
  for (size_t k = 0; k < sizeof blanks / sizeof blanks[0]; k++) {
    const size_t n = strlen(blanks[k]);
    if (i < scan->s.n && scan->s.n - i >= n && memcmp(scan->s.p + i, blanks[k], n) == 0) return n;
  }
  return 0;
}

/* Bytes of a dash, dot or slash at i, or 0. */
static size_t mark(const struct pii_scan *scan, size_t i, char *ret_kind) {
  const unsigned char c = pii_at(scan, i);
  *ret_kind = (char)c;
  if (pii_is_one_of(c, "-./")) return 1;
  const unsigned char last = pii_at(scan, i + 2);
  *ret_kind = '-'; /* U+2010 to U+2014 */
  return c == 0xE2 && pii_at(scan, i + 1) == 0x80 && last >= 0x90 && last <= 0x94 ? 3 : 0;
}

/* Bytes between two groups of one number at i (0: the number ends), and the separator's kind: what
 * tells most of "-" "." "/" ")" "(" and a blank. */
static size_t between(const struct pii_scan *scan, size_t i, char *ret_kind) {
  char kind;
  const size_t closing = pii_at(scan, i) == ')' ? 1 : 0;
  size_t at = i + closing + blank(scan, i + closing);
  const size_t n = mark(scan, at, &kind);
  *ret_kind = closing > 0 ? ')' : n > 0 ? kind : ' ';
  at += n;
  if (at > i) at += blank(scan, at);
  if (pii_at(scan, at) == '(') {
    if (at == i) *ret_kind = '(';
    at++;
  }
  return at > i && pii_is_num(pii_at(scan, at)) ? at - i : 0;
}

static int digits_at(const struct pii_scan *scan, size_t i) {
  int n = 0;
  while (n <= DIGITS_MAX && pii_is_num(pii_at(scan, i + (size_t)n))) n++;
  return n;
}

/* One or two digits at i as a number and their count; -1 when there are more or none. */
static int day_or_month(const struct pii_scan *scan, size_t i, int *ret_n) {
  *ret_n = digits_at(scan, i);
  if (*ret_n < 1 || *ret_n > 2) return -1;
  return *ret_n == 2 ? pii_two(scan, i) : pii_at(scan, i) - '0';
}

static bool is_day_and_month(int a, int b) {
  return a >= 1 && b >= 1 && ((a <= 31 && b <= 12) || (a <= 12 && b <= 31));
}

/* 2024-01-31, 31.01.2024, 01/31/24 or 10:30 begins here: not a group of the number before it. */
static bool date_at(const struct pii_scan *scan, size_t i) {
  int b;
  const int a = digits_at(scan, i);
  const size_t second = i + (size_t)a + 1;
  const unsigned char sep = pii_at(scan, second - 1);
  if (sep == ':' && a <= 2) return pii_is_num(pii_at(scan, second));
  if (!pii_is_one_of(sep, "-./")) return false;
  const int month = day_or_month(scan, second, &b);
  const size_t third = second + (size_t)b + 1;
  if (month < 0 || pii_at(scan, third - 1) != sep) return false;
  const int c = digits_at(scan, third);
  const size_t end = third + (size_t)c;
  if (pii_at(scan, end) == sep && pii_is_num(pii_at(scan, end + 1))) return false;
  if (a == 4) return month >= 1 && month <= 12 && c >= 1 && c <= 2;
  int n;
  return (c == 2 || c == 4) && is_day_and_month(day_or_month(scan, i, &n), month);
}

/* Collects the groups; false when this is no number that could be dialled. */
static bool collect(const struct pii_scan *scan, size_t i, struct phone *p) {
  size_t at = i;
  p->same_sep = true;
  for (;;) {
    const int n = digits_at(scan, at);
    if (p->groups == GROUPS_MAX || p->digits + n > DIGITS_MAX) {
      p->cut = true;
      break;
    }
    for (int k = 0; k < n; k++)
      p->digit[p->digits + k] = (unsigned char)(pii_at(scan, at + (size_t)k) - '0');
    p->at[p->groups] = at;
    p->size[p->groups++] = n;
    p->digits += n;
    at += (size_t)n;
    p->end = at;
    char kind;
    const size_t gap = between(scan, at, &kind);
    if (gap == 0 || (kind == ' ' && date_at(scan, at + gap))) break;
    if (p->groups == 1)
      p->sep = kind;
    else if (p->sep != kind)
      p->same_sep = false;
    at += gap;
  }
  return p->groups > 0;
}

/* " ext. 12", "x4587", " Durchwahl 3". */
static size_t extension(const struct pii_scan *scan, size_t i) {
  static const char *const words[] = {"extension", "ext.", "ext", "durchwahl", "poste", "x", "#"};
  size_t at = i;
  while (pii_at(scan, at) == ' ' && at - i < 2) at++;
  if (pii_at(scan, at) == 0 || strchr("eExXdDpP#", pii_at(scan, at)) == NULL) return i;
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    const size_t n = pii_match_word(scan, at, words[k]);
    if (n == 0) continue;
    size_t d = at + n;
    if (pii_at(scan, d) == ' ' || pii_at(scan, d) == ':') d++;
    if (pii_at(scan, d) == ' ') d++;
    const int digits = digits_at(scan, d);
    if (digits >= 1 && digits <= 6 && !pii_is_alnum(pii_at(scan, d + (size_t)digits)))
      return d + (size_t)digits;
    return i;
  }
  return i;
}

/* --- the words around ------------------------------------------------------------------------ */

enum verdict { AGAINST = -1, NEUTRAL = 0, FOR = 1 };

/* Beginnings of words ("telefon" also finds "Telefonnummer"); a full stop asks for the whole. */
static const char *const words_for[] = {
    "phone",     "tel.",     "telefon",   "telephone", "teléfono",  "téléphone", "tél.",
    "mobil",     "mob.",     "móvil",     "movil",     "cell",      "celular",   "fax",
    "call",      "whatsapp", "dial",      "sms",       "handy",     "rufnummer", "anruf",
    "anzurufen", "rückruf",  "ruf",       "erreich",   "portable",  "appel",     "rappel",
    "joindre",   "llám",     "llam",      "contact",   "reach",     "hotline",   "helpline",
    "ph.",       "message",  "answering", "ring.",     "signal.",   "telegram",  "viber",
    "landline",  "festnetz", "fixe",      "numéros",   "rejoindre", "cel.",      "tlf",
    "tfno",      "telefoon", "bel.",      "bereik",    "sim.",      "text.",     "voicemail"};
static const char *const words_against[] = {
    "order",   "bestell",     "invoice",  "rechnung", "ticket",   "case.",    "refer",
    "ref.",    "tracking",    "parcel",   "customer", "kunde",    "serial",   "serie",
    "sn.",     "isbn",        "ean.",     "version",  "firmware", "build",    "error",
    "code",    "iban",        "konto",    "account",  "article",  "artikel",  "sku",
    "item",    "id.",         "imei",     "vat.",     "ust",      "steuer",   "tax.",
    "license", "licence",     "postcode", "plz",      "zip.",     "commande", "facture",
    "colis",   "pedido",      "factura",  "envío",    "po.",      "location", "latitude",
    "device",  "session",     "amount",   "total",    "sum.",     "eur.",     "usd.",
    "gbp.",    "dated",       "siren",    "siret",    "passport", "sendung",  "paket",
    "batch",   "charge",      "model",    "modell",   "part.",    "card",     "karte",
    "carte",   "transaction", "price",    "preis",    "betrag",   "montant",  "importe",
    "date",    "datum",       "fecha",    "born",     "birth",    "bic.",     "swift",
    "blz",     "policy",      "contract", "vertrag",  "contrat",  "dossier",  "voucher",
    "coupon",  "ssn",         "license",  "series",   "chapter",  "page",     "line.",
    "port.",   "timestamp",   "checksum", "member",   "mitglied", "booking"};

static bool in_list(const struct pii_scan *scan, size_t i, const char *const *list, size_t count) {
  const unsigned char first = pii_at(scan, i) < 0x80 ? pii_at(scan, i) | 0x20 : pii_at(scan, i);
  const unsigned char second = pii_at(scan, i + 1) | 0x20;
  for (size_t k = 0; k < count; k++) {
    const char *w = list[k];
    if (first != (unsigned char)w[0]) continue;
    if (pii_is_alpha((unsigned char)w[1]) && second != (unsigned char)w[1]) continue;
    const size_t n = strlen(w);
    if (w[n - 1] != '.') {
      if (pii_match_word(scan, i, w) > 0) return true;
      continue;
    }
    char whole[16];
    memcpy(whole, w, n - 1);
    whole[n - 1] = '\0';
    const size_t m = pii_match_word(scan, i, whole);
    if (m > 0 && !pii_is_alpha(pii_at(scan, i + m)) && pii_at(scan, i + m) < 0x80) return true;
  }
  return false;
}

static enum verdict word_verdict(const struct pii_scan *scan, size_t i) {
  static const char *const cjk[] = {"电话", "電話", "手机", "手機", "携帯", "전화", "휴대폰"};
  if (pii_at(scan, i) >= 0xE3) {
    for (size_t k = 0; k < sizeof cjk / sizeof cjk[0]; k++)
      if (pii_match_word(scan, i, cjk[k]) > 0) return FOR;
    return NEUTRAL;
  }
  if (in_list(scan, i, words_for, sizeof words_for / sizeof words_for[0])) return FOR;
  if (in_list(scan, i, words_against, sizeof words_against / sizeof words_against[0]))
    return AGAINST;
  /* "my number is ..." */
  if (pii_match_word(scan, i, "my number") > 0 || pii_match_word(scan, i, "meine nummer") > 0 ||
      pii_match_word(scan, i, "mon numéro") > 0 || pii_match_word(scan, i, "mi número") > 0)
    return FOR;
  return NEUTRAL;
}

/* The nearest telling word in front decides. */
static enum verdict before(const struct pii_scan *scan, size_t i) {
  const size_t from = i > CONTEXT_MAX ? i - CONTEXT_MAX : 0;
  size_t at = i;
  while (at > from) {
    size_t start;
    const unsigned char byte = pii_at(scan, at - 1);
    if (byte < 0x80 && !pii_is_alpha(byte)) { /* no word begins here */
      at--;
      continue;
    }
    const uint32_t c = pii_before(scan, at, &start);
    if (start < from) break;
    size_t prior;
    const bool begins = pii_is_wordish(c) && (c >= 0x2E80 || start == 0 ||
                                              !pii_is_wordish(pii_before(scan, start, &prior)));
    at = start;
    if (!begins) continue;
    const enum verdict v = word_verdict(scan, start);
    if (v != NEUTRAL) return v;
  }
  return NEUTRAL;
}

/* "450 0840 office", "34 712-Fax". */
static enum verdict after(const struct pii_scan *scan, size_t i) {
  static const char *const words[] = {"office", "fax",   "mobile", "cell",  "desk", "home",
                                      "work",   "mobil", "handy",  "phone", "tel"};
  size_t at = i;
  while (at - i < 3 && pii_at(scan, at) != 0 && strchr(" -([", pii_at(scan, at)) != NULL) at++;
  if (at == i) return NEUTRAL;
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    const size_t n = pii_match_word(scan, at, words[k]);
    if (n > 0 && !pii_is_alpha(pii_at(scan, at + n))) return FOR;
  }
  return NEUTRAL;
}

/* --- the form --------------------------------------------------------------------------------- */

enum sureness { NEVER, IF_CALLED_SO, LIKELY, SURE };

static bool sizes_are(const struct phone *p, int from, int a, int b, int c) {
  return p->groups == from + 3 && p->size[from] == a && p->size[from + 1] == b &&
         p->size[from + 2] == c;
}

/* North America: 202-555-0198, (202) 555-0198, 1-202-555-0198. */
static enum sureness north_american(const struct phone *p) {
  const bool one = p->groups == 4 && p->size[0] == 1 && p->digit[0] == 1;
  const int from = one ? 1 : 0;
  if (!sizes_are(p, from, 3, 3, 4)) return NEVER;
  const unsigned char *d = p->digit + from;
  if (d[0] < 2) return NEVER;
  if (p->paren || one) return SURE;
  if (d[3] < 2 && p->sep != '-' && p->sep != '.') return IF_CALLED_SO;
  return p->sep == '-' ? SURE : LIKELY;
}

/* With a trunk zero: 020 7946 0466, 06 39 98 17 89, 030/23125573. */
static enum sureness national(const struct phone *p) {
  if (p->digit[0] != 0 || p->digits < 9 || p->digits > 12) return NEVER;
  if (p->digit[1] == 0) return NEVER;
  if (p->groups == 1) return p->digits <= 11 ? IF_CALLED_SO : NEVER;
  if (!p->paren && (p->size[0] < 2 || p->size[0] > 5)) return NEVER;
  if (p->groups == 2 && p->sep == '.') return NEVER; /* 0123.456789 is a decimal */
  for (int k = 1; k < p->groups; k++)
    if (p->size[k] < 2) return IF_CALLED_SO;
  return LIKELY;
}

static enum sureness international(const struct phone *p) {
  const int skip = p->plus ? 0 : 2;
  if (!p->plus && (p->digits < 5 || p->digit[0] != 0 || p->digit[1] != 0)) return NEVER;
  if (country_code_length(p->digit + skip, p->digits - skip) == 0) return NEVER;
  if (p->digits - skip < 7) return NEVER;
  if (p->plus) return p->digits - skip < 8 ? LIKELY : SURE;
  if (p->digits - skip < 8) return IF_CALLED_SO;
  return p->groups > 1 ? SURE : IF_CALLED_SO;
}

/* Digits that no rule of a country knows: only a word can make them a number to dial. */
static enum sureness other(const struct phone *p) {
  if (p->digits < 7 || p->digits > (p->groups == 1 ? 13 : 14)) return NEVER;
  const bool dotted = p->groups > 1 && p->groups < 4 && p->sep == '.';
  return dotted && p->size[p->groups - 1] < 3 ? NEVER : IF_CALLED_SO;
}

static enum sureness form(const struct pii_scan *scan, const struct phone *p) {
  if (p->digits < 6 || p->groups > p->digits / 2 + 2) return NEVER;
  enum sureness s = international(p);
  if (p->plus || s != NEVER) return s;
  if (p->cut || date_at(scan, p->start)) return NEVER;
  s = north_american(p);
  if (s == NEVER) s = national(p);
  return s == NEVER ? other(p) : s;
}

/* This sign of a currency ends at `end`. */
static bool is_sign(const struct pii_scan *scan, size_t end, const char *sign) {
  const size_t n = strlen(sign);
  return end >= n && end <= scan->s.n && memcmp(scan->s.p + end - n, sign, n) == 0;
}

#define EURO  "\xE2\x82\xAC"
#define POUND "\xC2\xA3"

/* What stands right before a number that is part of something else. */
static bool may_begin(const struct pii_scan *scan, size_t i, bool plus) {
  if (i == 0) return true;
  const unsigned char c = pii_at(scan, i - 1);
  const unsigned char d = i > 1 ? pii_at(scan, i - 2) : 0;
  if (pii_is_alnum(c) || pii_is_one_of(c, "_#$%@&\\^~*")) return false;
  if (is_sign(scan, i, EURO) || is_sign(scan, i, POUND)) return false;
  if (plus) return c != '+';
  if (pii_is_one_of(c, "-/,+")) return !pii_is_alnum(d) && d != c;
  return !pii_is_one_of(c, ".:") || !pii_is_num(d);
}

/* The groups in front, which are no part of this number, may well be one number with it. */
static bool follows_group(const struct pii_scan *scan, size_t i) {
  size_t at;
  const uint32_t c = pii_before(scan, i, &at);
  return (c == ' ' || c == 0xA0) && at > 0 && pii_is_num(pii_at(scan, at - 1));
}

static bool may_end(const struct pii_scan *scan, size_t i) {
  const unsigned char c = pii_at(scan, i);
  const unsigned char d = pii_at(scan, i + 1);
  if (pii_is_alnum(c) || pii_is_one_of(c, "_%@") || is_sign(scan, i + 3, EURO)) return false;
  if (pii_is_one_of(c, ":,-./") && pii_is_num(d)) return false;
  if (pii_is_one_of(c, "-/") && pii_is_alpha(d)) return after(scan, i) == FOR;
  return true;
}

/* Takes "(", "+" and "(+" in front of the first digit into the number. */
static void take_front(const struct pii_scan *scan, size_t i, struct phone *p) {
  p->start = i;
  if (i > scan->done && pii_at(scan, i - 1) == '(') {
    p->paren = true;
    p->start--;
  }
  if (p->start > scan->done && pii_at(scan, p->start - 1) == '+') {
    p->plus = true;
    p->start--;
    if (p->start > scan->done && pii_at(scan, p->start - 1) == '(') p->start--;
  }
}

/* The words around agree with what the form says. */
static bool is_called_so(const struct pii_scan *scan, const struct phone *p, size_t end,
                         enum sureness s) {
  if (s == SURE && p->plus) return true;
  const enum verdict v = after(scan, end) == FOR ? FOR : before(scan, p->start);
  return v == FOR || (v == NEUTRAL && s != IF_CALLED_SO);
}

bool pii_find_phone(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  struct phone p = {.start = i};
  if (!pii_is_num(pii_at(scan, i))) return false;
  take_front(scan, i, &p);
  if (!may_begin(scan, p.start, p.plus) || !collect(scan, i, &p)) return false;
  if (p.paren && (p.groups < 2 || pii_at(scan, i + (size_t)p.size[0]) != ')')) {
    p.paren = false; /* "(030 1234567)" */
    if (!p.plus) p.start = i;
  }
  enum sureness s = form(scan, &p);
  if (s == NEVER) return false;
  if (!p.plus && !p.paren && follows_group(scan, p.start)) s = IF_CALLED_SO;
  const size_t end = extension(scan, p.end);
  if (!may_end(scan, end) || pii_email_ahead(scan, end)) return false;
  if (!is_called_so(scan, &p, end, s)) return false;
  *hit = (struct pii_hit){PII_PHONE, p.start, end};
  return true;
}
