/* Secrets: keys with a known form, and what people write behind "password:". */
#include "base/pii_scan.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* So far a token is looked at before it is believed; what is believed is taken to its end. */
#define LOOK_MAX 256
#define FORM_MAX 80
#define PEM_MAX  8192

static bool is_token(unsigned char c) {
  return pii_is_alnum(c) || c == '_' || c == '-';
}

static size_t run_end(const struct pii_scan *scan, size_t i, const char *more, size_t most) {
  const size_t from = i;
  while (i - from < most) {
    const unsigned char c = pii_at(scan, i);
    if (!is_token(c) && (c == 0 || strchr(more, c) == NULL)) break;
    i++;
  }
  return i;
}

static const struct {
  const char *prefix; /* case matters */
  unsigned least;     /* bytes of [A-Za-z0-9_-] behind it */
  const char *more;   /* further bytes of the token */
} forms[] = {{"sk-", 16, ""},
             {"sk_live_", 10, ""},
             {"sk_test_", 10, ""},
             {"rk_live_", 10, ""},
             {"rk_test_", 10, ""},
             {"pk_live_", 10, ""},
             {"ghp_", 20, ""},
             {"gho_", 20, ""},
             {"ghu_", 20, ""},
             {"ghs_", 20, ""},
             {"ghr_", 20, ""},
             {"github_pat_", 20, ""},
             {"glpat-", 16, ""},
             {"gldt-", 16, ""},
             {"xoxb-", 10, ""},
             {"xoxp-", 10, ""},
             {"xoxa-", 10, ""},
             {"xoxr-", 10, ""},
             {"xoxs-", 10, ""},
             {"xapp-", 10, ""},
             {"AIza", 30, ""},
             {"ya29.", 20, "."},
             {"SG.", 20, "."},
             {"npm_", 20, ""},
             {"pypi-", 30, ""},
             {"hf_", 20, ""},
             {"shpat_", 20, ""},
             {"shpss_", 20, ""},
             {"shpca_", 20, ""},
             {"whsec_", 16, "+/="},
             {"sq0atp-", 16, ""},
             {"sq0csp-", 16, ""},
             {"dop_v1_", 30, ""},
             {"glsa_", 20, ""},
             {"lin_api_", 20, ""},
             {"figd_", 20, ""},
             {"AGE-SECRET-KEY-", 20, ""},
             {"EAACEdEose0cBA", 10, ""},
             {"xkeysib-", 20, ""},
             {"tskey-", 16, ""},
             {"gsk_", 20, ""},
             {"r8_", 20, ""},
             {"pat-", 30, ""},
             {"key-", 30, ""},
             {"dapi", 32, ""}};

static bool aws_key(const struct pii_scan *scan, size_t i, size_t *ret_end) {
  static const char *const starts[] = {"AKIA", "ASIA", "AROA", "AIDA"};
  bool known = false;
  for (size_t k = 0; k < 4; k++)
    known |= scan->s.n - i >= 4 && memcmp(scan->s.p + i, starts[k], 4) == 0;
  if (!known) return false;
  size_t at = i + 4;
  while (at - i < 21 &&
         (pii_is_num(pii_at(scan, at)) || (pii_at(scan, at) >= 'A' && pii_at(scan, at) <= 'Z')))
    at++;
  *ret_end = at;
  return at - i == 20 && !pii_is_alnum(pii_at(scan, at));
}

/* eyJ... . ... . ...: a JSON web token; two parts are one without its signature. */
static bool web_token(const struct pii_scan *scan, size_t i, size_t *ret_end) {
  if (scan->s.n - i < 4 || memcmp(scan->s.p + i, "eyJ", 3) != 0) return false;
  size_t at = run_end(scan, i, "", LOOK_MAX);
  if (at - i < 10 || pii_at(scan, at) != '.') return false;
  const size_t body = at + 1;
  at = run_end(scan, body, "", SIZE_MAX);
  if (at - body < 8) return false;
  if (pii_at(scan, at) == '.') at = run_end(scan, at + 1, "=", SIZE_MAX);
  *ret_end = at;
  return true;
}

bool pii_find_secret(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  size_t end;
  const unsigned char c = pii_at(scan, i);
  const unsigned char second = pii_at(scan, i + 1);
  if ((c == 'A' && aws_key(scan, i, &end)) || (c == 'e' && web_token(scan, i, &end))) {
    *hit = (struct pii_hit){PII_SECRET, i, end};
    return true;
  }
  for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++) {
    const char *prefix = forms[k].prefix;
    if ((unsigned char)prefix[0] != c || (unsigned char)prefix[1] != second) continue;
    const size_t n = strlen(prefix);
    if (scan->s.n - i < n || memcmp(scan->s.p + i, prefix, n) != 0) continue;
    end = run_end(scan, i + n, forms[k].more, FORM_MAX);
    if (end - i - n < forms[k].least) continue;
    bool digit = false; /* "key-value-store-with-many-words" is no key */
    for (size_t at = i + n; at < end && !digit; at++) digit = pii_is_num(pii_at(scan, at));
    if (!digit) continue;
    *hit = (struct pii_hit){PII_SECRET, i, run_end(scan, end, forms[k].more, SIZE_MAX)};
    return true;
  }
  return false;
}

/* Behind the line "-----END ... -----" whose first dash is at foot. */
static size_t foot_end(struct trg_str s, size_t foot) {
  size_t end = foot + 8;
  while (end < s.n && end - foot < 64 && s.p[end] != '-' && s.p[end] != '\n') end++;
  while (end < s.n && end - foot < 72 && s.p[end] == '-') end++;
  return end;
}

/* -----BEGIN ... PRIVATE KEY----- up to its end, or as far as it goes. */
bool pii_find_pem(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  const struct trg_str rest = {scan->s.p + i, scan->s.n - i};
  if (!str_starts(rest, "-----BEGIN ")) return false;
  const struct trg_str head = {rest.p, rest.n < 64 ? rest.n : 64};
  const ptrdiff_t title = str_find(head, "PRIVATE KEY");
  if (title < 0 || memchr(head.p, '\n', (size_t)title) != NULL) return false;
  const struct trg_str body = {rest.p, rest.n < PEM_MAX ? rest.n : PEM_MAX};
  const ptrdiff_t foot = str_find(body, "-----END");
  size_t end = (size_t)title;
  if (foot >= 0)
    end = foot_end(rest, (size_t)foot);
  else
    while (end < body.n && (pii_is_alnum((unsigned char)rest.p[end]) ||
                            pii_is_one_of((unsigned char)rest.p[end], "+/=- \r\n\\:,")))
      end++;
  *hit = (struct pii_hit){PII_SECRET, i, i + end};
  return true;
}

/* --- told by its label ------------------------------------------------------------------------ */

enum label { LABEL_PASSWORD, LABEL_KEY, LABEL_BEARER, LABEL_CHECK, LABEL_CODE };

static const struct {
  const char *word;
  enum label kind;
} labels[] = {{"password", LABEL_PASSWORD},
              {"passwort", LABEL_PASSWORD},
              {"passwd", LABEL_PASSWORD},
              {"passphrase", LABEL_PASSWORD},
              {"passcode", LABEL_PASSWORD},
              {"pass", LABEL_PASSWORD},
              {"pwd", LABEL_PASSWORD},
              {"pw", LABEL_PASSWORD},
              {"kennwort", LABEL_PASSWORD},
              {"mot de passe", LABEL_PASSWORD},
              {"mdp", LABEL_PASSWORD},
              {"contraseña", LABEL_PASSWORD},
              {"contrasena", LABEL_PASSWORD},
              {"clave", LABEL_PASSWORD},
              {"senha", LABEL_PASSWORD},
              {"wachtwoord", LABEL_PASSWORD},
              {"hasło", LABEL_PASSWORD},
              {"lösenord", LABEL_PASSWORD},
              {"adgangskode", LABEL_PASSWORD},
              {"salasana", LABEL_PASSWORD},
              {"парол", LABEL_PASSWORD},
              {"密码", LABEL_PASSWORD},
              {"密碼", LABEL_PASSWORD},
              {"パスワード", LABEL_PASSWORD},
              {"api key", LABEL_KEY},
              {"api token", LABEL_KEY},
              {"access key id", LABEL_KEY},
              {"access key", LABEL_KEY},
              {"access token", LABEL_KEY},
              {"auth token", LABEL_KEY},
              {"refresh token", LABEL_KEY},
              {"client secret", LABEL_KEY},
              {"secret access key", LABEL_KEY},
              {"secret key", LABEL_KEY},
              {"private key", LABEL_KEY},
              {"account key", LABEL_KEY},
              {"secret", LABEL_KEY},
              {"token", LABEL_KEY},
              {"bearer", LABEL_BEARER},
              {"authorization: basic", LABEL_BEARER},
              {"cvv2", LABEL_CHECK},
              {"cvv", LABEL_CHECK},
              {"cvc2", LABEL_CHECK},
              {"cvc", LABEL_CHECK},
              {"csc", LABEL_CHECK},
              {"security code", LABEL_CHECK},
              {"sicherheitscode", LABEL_CHECK},
              {"kartenprüfnummer", LABEL_CHECK},
              {"prüfziffer", LABEL_CHECK},
              {"prüfnummer", LABEL_CHECK},
              {"cryptogramme", LABEL_CHECK},
              {"código de seguridad", LABEL_CHECK},
              {"card verification", LABEL_CHECK},
              {"pin", LABEL_CODE},
              {"tan", LABEL_CODE},
              {"otp", LABEL_CODE},
              {"verification code", LABEL_CODE},
              {"one time code", LABEL_CODE},
              {"2fa code", LABEL_CODE},
              {"bestätigungscode", LABEL_CODE}};

#define LABELS      (sizeof labels / sizeof labels[0])
#define LABELS_EACH 16

/* Labels by their first byte in lower case, plus one; ends with 0. */
static unsigned char by_first[256][LABELS_EACH + 1];

static void mark(unsigned char *pairs, unsigned a, unsigned b, unsigned kind) {
  pairs[a * 256 + b] |= (unsigned char)kind;
}

static unsigned other_case(unsigned char c) {
  return pii_is_alpha(c) ? c ^ 0x20u : c;
}

void pii_mark_words(unsigned char pairs[256 * 256]) {
  for (size_t k = 0; k < LABELS; k++) {
    const unsigned char a = (unsigned char)labels[k].word[0];
    const unsigned char b = (unsigned char)labels[k].word[1];
    size_t n = 0;
    while (by_first[a][n] != 0) n++;
    BUG_UNLESS(n < LABELS_EACH);
    by_first[a][n] = (unsigned char)(k + 1);
    mark(pairs, a, b, PII_PAIR_LABEL);
    mark(pairs, other_case(a), b, PII_PAIR_LABEL);
    mark(pairs, a, other_case(b), PII_PAIR_LABEL);
    mark(pairs, other_case(a), other_case(b), PII_PAIR_LABEL);
  }
  mark(pairs, 0xD0, 0x9F, PII_PAIR_LABEL); /* upper case of the Cyrillic one */
  for (size_t k = 0; k < sizeof forms / sizeof forms[0]; k++)
    mark(pairs, (unsigned char)forms[k].prefix[0], (unsigned char)forms[k].prefix[1],
         PII_PAIR_FORM);
  for (const char *t = "AKASARAIey"; *t != '\0'; t += 2)
    mark(pairs, (unsigned char)t[0], (unsigned char)t[1], PII_PAIR_FORM);
}

static size_t skip_blanks(const struct pii_scan *scan, size_t i) {
  const size_t from = i;
  while (i - from < 8 && (pii_at(scan, i) == ' ' || pii_at(scan, i) == '\t' ||
                          (pii_at(scan, i) == 0xC2 && pii_at(scan, i + 1) == 0xA0)))
    i += pii_at(scan, i) == 0xC2 ? 2 : 1;
  return i;
}

/* How the value is tied to its label. */
enum tie { TIE_NONE, TIE_SIGN, TIE_WORD, TIE_BLANK };

/* Bytes of ':', '=', "->", "=>" or a full-width colon at i, or 0. */
static size_t tie_sign(const struct pii_scan *scan, size_t i) {
  const unsigned char c = pii_at(scan, i);
  const unsigned char next = pii_at(scan, i + 1);
  if (c == ':' || c == '=') return pii_is_one_of(next, ">=") ? 2 : 1;
  if (c == '-' && next == '>') return 2;
  return c == 0xEF && next == 0xBC && pii_at(scan, i + 2) == 0x9A ? 3 : 0;
}

/* Bytes of "is " or "is:" in some language at i, or 0. */
static size_t tie_verb(const struct pii_scan *scan, size_t i) {
  static const char *const verbs[] = {"is",  "was", "ist", "lautet", "war",
                                      "est", "es",  "era", "é",      "to"};
  for (size_t k = 0; k < sizeof verbs / sizeof verbs[0]; k++) {
    const size_t n = pii_match_word(scan, i, verbs[k]);
    if (n > 0 && pii_is_one_of(pii_at(scan, i + n), " :\t")) return n + 1;
  }
  return 0;
}

/* What ties the label that ends at *at to its value; *at moves to the value. */
static enum tie tie_at(const struct pii_scan *scan, size_t *at) {
  size_t i = *at;
  if (pii_is_one_of(pii_at(scan, i), "\"'")) i++; /* "password": */
  if (pii_at(scan, i) == '\\' && pii_at(scan, i + 1) == '"') i += 2;
  i = skip_blanks(scan, i);
  size_t n = tie_sign(scan, i);
  if (n > 0) {
    *at = skip_blanks(scan, i + n);
    return TIE_SIGN;
  }
  if (i == *at) return TIE_NONE;
  n = tie_verb(scan, i);
  *at = skip_blanks(scan, i + n);
  if (n == 0) return TIE_BLANK;
  return pii_at(scan, i + n - 1) == ':' ? TIE_SIGN : TIE_WORD;
}

struct value {
  size_t start, end;
  bool quoted, digit, symbol, inner_upper, last; /* last: nothing else on its line */
};

/* The byte at `at` ends a value without quotes. */
static bool ends_value(const struct pii_scan *scan, size_t at) {
  const unsigned char c = pii_at(scan, at);
  if (c <= ' ' || (c == 0xC2 && pii_at(scan, at + 1) == 0xA0)) return true;
  if (c == '<' || c == '"' || c == '&') return true;
  return (c == ',' || c == ';') && pii_at(scan, at + 1) <= ' ';
}

/* Nothing but punctuation follows on the line. */
static bool is_last(const struct pii_scan *scan, size_t at) {
  size_t i = at;
  while (i - at < 8 && pii_at(scan, i) != 0 && strchr("\".,;)]}' \t\r", pii_at(scan, i)) != NULL)
    i++;
  return i >= scan->s.n || pii_at(scan, i) == '\n';
}

/* End of a value in quotes that begins at `start`; 0 when the quotes do not end on this line. In
 * JSON text \" is part of the value; in JSON text inside JSON text it is what ends it. */
static size_t quoted_end(const struct pii_scan *scan, size_t start, unsigned char quote,
                         bool escaped) {
  for (size_t at = start; at - start < LOOK_MAX; at++) {
    const unsigned char c = pii_at(scan, at);
    if (c == 0 || c == '\n') return 0;
    if (c == '\\' && quote == '"') {
      if (escaped && pii_at(scan, at + 1) == '"') return at;
      at++;
    } else if (c == quote && !escaped) {
      return at;
    }
  }
  return 0;
}

static struct value value_at(const struct pii_scan *scan, size_t i) {
  struct value v = {.start = i};
  const bool escaped = pii_at(scan, i) == '\\' && pii_at(scan, i + 1) == '"';
  const unsigned char quote = pii_at(scan, escaped ? i + 1 : i);
  if (quote == '"' || quote == '\'' || quote == '`') {
    v.start = escaped ? i + 2 : i + 1;
    v.end = quoted_end(scan, v.start, quote, escaped);
    v.quoted = v.end != 0;
  }
  if (!v.quoted) {
    v.end = v.start;
    while (v.end - v.start < LOOK_MAX && !ends_value(scan, v.end)) v.end++;
  }
  for (size_t at = v.start; at < v.end; at++) {
    const unsigned char c = pii_at(scan, at);
    v.digit |= pii_is_num(c);
    v.symbol |= c < 0x80 && !pii_is_alnum(c);
    v.inner_upper |= at > v.start && c >= 'A' && c <= 'Z';
  }
  v.last = is_last(scan, v.end);
  return v;
}

/* The rest of a long value, without the punctuation of the sentence around it. */
static size_t value_end(const struct pii_scan *scan, const struct value *v) {
  size_t end = v->end;
  if (v->quoted) return end;
  while (!ends_value(scan, end)) end++;
  while (end > v->start + 1 && strchr(".,;)]}'", pii_at(scan, end - 1)) != NULL) end--;
  return end;
}

/* "password: reset does not work" tells no password. */
static bool is_password(const struct value *v, enum tie tie) {
  const size_t n = v->end - v->start;
  const bool mixed = v->digit || v->inner_upper;
  if (n < 3) return false;
  switch (tie) {
  case TIE_SIGN:
    return mixed || v->symbol || v->quoted || v->last;
  case TIE_WORD:
    return (n >= 4 && (v->digit || v->quoted)) || (mixed && v->symbol);
  default:
    return v->digit && (v->quoted || (v->symbol && n >= 6));
  }
}

static bool is_key(const struct pii_scan *scan, const struct value *v, enum tie tie) {
  if (!v->digit || v->end - v->start < (tie == TIE_SIGN ? 8 : 16)) return false;
  for (size_t i = v->start; i < v->end; i++) {
    const unsigned char c = pii_at(scan, i);
    if (!is_token(c) && (c == 0 || strchr(".+/=~:%!", c) == NULL)) return false;
  }
  return true;
}

static bool told_digits(const struct pii_scan *scan, size_t i, size_t least, size_t most,
                        struct pii_hit *hit) {
  size_t at = i;
  size_t n;
  size_t count = 0;
  while (count <= most && pii_digit(scan, at, &n) >= 0) {
    at += n;
    count++;
  }
  if (count < least || count > most) return false;
  const unsigned char after = pii_at(scan, at);
  if (pii_is_alnum(after) ||
      ((after == '.' || after == '-' || after == '/') && pii_is_num(pii_at(scan, at + 1))))
    return false;
  *hit = (struct pii_hit){PII_SECRET, i, at};
  return true;
}

/* "(CVV) 123", "cvv nr. 123", "security code on the back: 123": the digits within 24 bytes. */
static bool check_value(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  for (size_t at = i; at < i + 24 && at < scan->s.n; at++) {
    size_t n;
    if (pii_at(scan, at) == '\n' && at > i + 1) return false;
    if (pii_digit(scan, at, &n) >= 0) return told_digits(scan, at, 3, 4, hit);
  }
  return false;
}

static bool told_value(const struct pii_scan *scan, size_t i, enum label kind,
                       struct pii_hit *hit) {
  if (kind == LABEL_CHECK) return check_value(scan, i, hit);
  size_t at = i;
  const enum tie tie = tie_at(scan, &at);
  if (tie == TIE_NONE) return false;
  if (kind == LABEL_CODE) return tie != TIE_BLANK && told_digits(scan, at, 4, 8, hit);
  const struct value v = value_at(scan, at);
  bool is = false;
  switch (kind) {
  case LABEL_PASSWORD:
    is = is_password(&v, tie);
    break;
  case LABEL_KEY:
    is = is_key(scan, &v, tie) && tie != TIE_BLANK;
    break;
  default: /* LABEL_BEARER */
    is = is_key(scan, &v, TIE_SIGN) && v.end - v.start >= 12;
    break;
  }
  if (!is) return false;
  *hit = (struct pii_hit){PII_SECRET, v.start, value_end(scan, &v)};
  return true;
}

bool pii_find_told(const struct pii_scan *scan, size_t i, struct pii_hit *hit) {
  const unsigned char c = pii_at(scan, i);
  const unsigned char *list = by_first[c < 0x80 ? c | 0x20 : c];
  for (; *list != 0; list++) {
    const size_t k = *list - 1u;
    const size_t n = pii_match_word(scan, i, labels[k].word);
    if (n == 0) continue;
    size_t end = i + n;
    if (c == 0xD0) /* the endings of its cases */
      while (end < i + n + 8 && pii_at(scan, end) >= 0x80) end++;
    if (c < 0x80 && pii_is_alnum(pii_at(scan, end))) continue;
    if (told_value(scan, end, labels[k].kind, hit)) return true;
  }
  return false;
}
