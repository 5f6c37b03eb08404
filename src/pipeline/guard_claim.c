/*
 * Claims that bind: sums, percentages, periods and dates must stand in a source. What is promised
 * (money back, a discount, a guarantee) must stand in a source of ours; that the customer wrote of
 * it makes it no policy.
 */
#include "pipeline/guard_inner.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Beginnings of words, lower case, of the languages that drafts are written in; a list a promise.
 */
static const char *const refund[] = {
    "refund",   "reimburs", "money back", "erstatt", "zurückzahl", "gutschrift", "rembours",
    "reembols", "rimbors",  "terugbeta",  "restitu", "zwrot",      "återbeta"};
static const char *const gift[] = {
    "compensat",  "voucher",   "goodwill",  "store credit", "free of charge", "for free",
    "entschädig", "gutschein", "kostenlos", "kostenfrei",   "dédommag",       "bon d'achat",
    "gratuit",    "compensac", "gratis",    "indennizz",    "schadeloos",     "darmow"};
static const char *const discount[] = {"discount",  "% off",     "rabatt", "preisnachlass",
                                       "remise de", "descuento", "sconto", "korting",
                                       "desconto",  "zniżk"};
static const char *const promise[] = {"guarante", "we promise", "we will make an exception",
                                      "garanti",  "garanz",     "garant",
                                      "gwaranc",  "verspreche", "waive"};
static const struct {
  const char *const *words;
  size_t count;
} promises[] = {{refund, COUNT(refund)},
                {gift, COUNT(gift)},
                {discount, COUNT(discount)},
                {promise, COUNT(promise)}};

/* Beginnings of what makes a number before it a period of time. */
static const char *const periods[] = {
    "day",   "business day", "working day", "week",    "month",      "year",  "hour",
    "minut", "tag ",         "tage",        "werktag", "arbeitstag", "woche", "monat",
    "jahr",  "stunde",       "jour",        "semaine", "mois",       "ans ",  "heure",
    "día",   "dia ",         "dias",        "semana",  "mes ",       "meses", "año",
    "ano ",  "anos",         "hora",        "giorn",   "settiman",   "mese",  "mesi",
    "ora ",  "ore ",         "dag ",        "dagen",   "maand",      "jaar",  "uur",
    "dni",   "tygod",        "miesi",       "godzin",  "dagar",      "veck",  "månad"};
static const char *const months[] = {
    "january",   "february",  "march",    "april",    "may ",       "june",     "july",
    "august",    "september", "october",  "november", "december",   "januar",   "februar",
    "märz",      "mai",       "juni",     "juli",     "oktober",    "dezember", "janvier",
    "février",   "mars",      "avril",    "juin",     "juillet",    "août",     "septembre",
    "octobre",   "novembre",  "décembre", "enero",    "febrero",    "marzo",    "abril",
    "mayo",      "junio",     "julio",    "agosto",   "septiembre", "octubre",  "noviembre",
    "diciembre", "de enero",  "gennaio",  "febbraio", "aprile",     "maggio",   "giugno",
    "luglio",    "settembre", "ottobre",  "dicembre", "jan ",       "feb ",     "mar ",
    "apr ",      "jun ",      "jul ",     "aug ",     "sep ",       "sept ",    "oct ",
    "nov ",      "dec "};

static bool any_of(struct trg_str s, const char *const *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (str_find(s, words[i]) >= 0) return true;
  return false;
}

static bool starts_any(struct trg_str s, const char *const *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (str_starts(s, words[i])) return true;
  return false;
}

/* Lower case, line breaks as blanks, and a blank at the end; same length as the letters allow. */
static struct trg_str lower(struct trg_str s, struct arena *a) {
  char *out = arena_alloc(a, s.n * 4 + 2);
  size_t n = 0;
  for (size_t at = 0; at < s.n;) {
    const uint32_t c = utf8_lower(utf8_next(s, &at));
    n += utf8_put(out + n, c == '\n' || c == '\r' || c == '\t' || c == 0xA0 ? ' '
                           : c == 0x2019                                    ? '\''
                                                                            : c);
  }
  out[n++] = ' ';
  return (struct trg_str){out, n};
}

/* --- numbers ------------------------------------------------------------------------------------
 */

static bool digit_at(struct trg_str s, size_t at) {
  return at < s.n && isdigit((unsigned char)s.p[at]);
}

static size_t number_end(struct trg_str s, size_t at) {
  while (digit_at(s, at) || (at < s.n && (s.p[at] == '.' || s.p[at] == ',') && digit_at(s, at + 1)))
    at++;
  return at;
}

static size_t digits_at(struct trg_str s, size_t at) {
  size_t n = 0;
  while (digit_at(s, at + n)) n++;
  return n;
}

/* Lengths of up to three groups of digits with one mark between them: "15.03.2026". */
struct groups {
  size_t n[3], end;
  char mark;
};

static struct groups groups_at(struct trg_str s, size_t at) {
  struct groups g = {.n = {digits_at(s, at)}};
  g.end = at + g.n[0];
  for (size_t i = 1; i < 3; i++) {
    const char mark = g.end < s.n ? s.p[g.end] : '\0';
    if (mark == '\0' || strchr("-./", mark) == NULL || (i > 1 && mark != g.mark)) break;
    g.n[i] = digits_at(s, g.end + 1);
    if (g.n[i] == 0) break;
    g.mark = mark;
    g.end += 1 + g.n[i];
  }
  return g;
}

/* The end of a date in digits that begins at `at`: "2026-03-15", "15.03.2026", "15/03/2026",
 * "03/15"; 0: none. "24/7" is none, "10.2.1" is a version. */
static size_t date_end(struct trg_str s, size_t at) {
  const struct groups g = groups_at(s, at);
  if (g.n[1] == 0 || g.n[1] > 2) return 0;
  if (g.mark == '-') return g.n[0] == 4 && (g.n[2] == 1 || g.n[2] == 2) ? g.end : 0;
  if (g.n[0] > 2) return 0;
  if (g.n[2] > 0) return g.n[2] == 4 ? g.end : 0;
  return g.mark == '/' && !str_starts((struct trg_str){s.p + at, s.n - at}, "24/7") ? g.end : 0;
}

/* Does the number stand in s by itself, not as a part of a longer one? */
static bool number_in(struct trg_str s, struct trg_str number) {
  for (size_t at = 0; at < s.n;) {
    if (!digit_at(s, at)) {
      at++;
      continue;
    }
    const size_t date = date_end(s, at), end = number_end(s, at);
    /* "[NAME_1]" is no 1. */
    if (at > 0 && s.p[at - 1] == '_') {
      at = end;
      continue;
    }
    if (date > 0 && str_eq((struct trg_str){s.p + at, date - at}, number)) return true;
    if (str_eq((struct trg_str){s.p + at, end - at}, number)) return true;
    at = date > end ? date : end;
  }
  return false;
}

static bool number_known(const struct trg_str *texts, size_t count, struct trg_str number) {
  for (size_t i = 0; i < count; i++)
    if (number_in(texts[i], number)) return true;
  return false;
}

/* Does a currency or percent sign stand within a few bytes of the number? */
static bool is_amount(struct trg_str s, size_t from, size_t end) {
  static const char *const marks[] = {"$",   "€",  "£",      "%",     "eur",     "usd",    "gbp",
                                      "chf", "zł", "dollar", "pound", "prozent", "percent"};
  const size_t before = from >= 4 ? from - 4 : 0, after = end + 10 < s.n ? end + 10 : s.n;
  const struct trg_str left = {s.p + before, from - before}, right = {s.p + end, after - end};
  for (size_t k = 0; k < COUNT(marks); k++) {
    const ptrdiff_t at = str_find(right, marks[k]);
    if (str_find(left, marks[k]) >= 0 || (at >= 0 && at <= 2)) return true;
  }
  return false;
}

/* Where the unit of a number stands that ends at `end`: in "3 to 5 days" and "2-3 Tage" the first
 * number shares the second one's. */
static size_t unit_at(struct trg_str s, size_t end) {
  static const char *const links[] = {"to ", "bis ", "à ",   "or ", "oder ",
                                      "a ",  "tot ", "and ", "do "};
  size_t at = end;
  while (at < s.n && strchr(" .-", s.p[at]) != NULL) at++;
  const struct trg_str near = {s.p + at, s.n - at};
  for (size_t k = 0; k < COUNT(links); k++)
    if (str_starts(near, links[k]) && digit_at(near, strlen(links[k]))) at += strlen(links[k]);
  if (at == end || !digit_at(s, at)) return at;
  at = number_end(s, at);
  while (at < s.n && s.p[at] == ' ') at++;
  return at;
}

/* "March 15": a month ends right before the number. */
static bool month_before(struct trg_str s, size_t from) {
  const size_t before = from >= 12 ? from - 12 : 0;
  const struct trg_str left = {s.p + before, from - before};
  for (size_t i = 0; i < COUNT(months); i++) {
    const ptrdiff_t found = str_find(left, months[i]);
    if (found >= 0 && left.n - (size_t)found - strlen(months[i]) <= 1) return true;
  }
  return false;
}

/* "3 business days", "2-3 Tage", "15. März", "15 de marzo", "March 15". */
static bool is_term(struct trg_str s, size_t from, size_t end) {
  const size_t at = unit_at(s, end);
  struct trg_str rest = {s.p + at, s.n - at};
  if (str_starts(rest, "de ")) rest = (struct trg_str){rest.p + 3, rest.n - 3};
  return starts_any(rest, periods, COUNT(periods)) || starts_any(rest, months, COUNT(months)) ||
         month_before(s, from);
}

/* --- sentences -----------------------------------------------------------------------------------
 */

/* From `at` to behind the next end of a sentence. */
static size_t sentence_end(struct trg_str s, size_t at) {
  for (; at + 1 < s.n; at++)
    if (strchr(".!?", s.p[at]) != NULL && s.p[at + 1] == ' ' &&
        !(at > 0 && isdigit((unsigned char)s.p[at - 1]))) /* "15. März" */
      return at + 1;
  return s.n;
}

static bool promises_any(struct trg_str sentence) {
  for (size_t i = 0; i < COUNT(promises); i++)
    if (any_of(sentence, promises[i].words, promises[i].count)) return true;
  return false;
}

static bool numbers_known(struct trg_str s, const struct guard_sources *from) {
  const bool binds = promises_any(s);
  for (size_t at = 0; at < s.n;) {
    if (!digit_at(s, at)) {
      at++;
      continue;
    }
    const size_t date = date_end(s, at), end = date > 0 ? date : number_end(s, at);
    const struct trg_str number = {s.p + at, end - at};
    if ((date > 0 || is_amount(s, at, end) || is_term(s, at, end)) &&
        !(binds ? number_known(from->own, from->own_count, number)
                : number_known(from->texts, from->count, number) ||
                      number_known(from->own, from->own_count, number)))
      return false;
    at = end;
  }
  return true;
}

static bool promises_known(struct trg_str body, const struct guard_sources *from, struct arena *a) {
  for (size_t i = 0; i < COUNT(promises); i++) {
    if (!any_of(body, promises[i].words, promises[i].count)) continue;
    bool known = false;
    for (size_t k = 0; k < from->own_count && !known; k++)
      known = any_of(lower(from->own[k], a), promises[i].words, promises[i].count);
    if (!known) return false;
  }
  return true;
}

bool claims_known(struct trg_str body, const struct guard_sources *from) {
  struct arena *a = arena_new();
  const struct trg_str text = lower(body, a);
  bool ok = promises_known(text, from, a);
  for (size_t at = 0; ok && at < text.n;) {
    const size_t end = sentence_end(text, at);
    ok = numbers_known((struct trg_str){text.p + at, end - at}, from);
    at = end;
  }
  arena_free(&a);
  return ok;
}

bool guard_names_money(struct trg_str body) {
  struct arena *a = arena_new();
  const struct trg_str s = lower(body, a);
  bool names = any_of(s, refund, COUNT(refund)) || any_of(s, gift, COUNT(gift));
  for (size_t at = 0; at < s.n && !names;) {
    if (!digit_at(s, at)) {
      at++;
      continue;
    }
    const size_t end = number_end(s, at);
    names = is_amount(s, at, end) && !(end < s.n && s.p[end] == '%');
    at = end;
  }
  arena_free(&a);
  return names;
}
