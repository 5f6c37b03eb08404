#include "pipeline/claim.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/word.h"
#include "pipeline/guard.h"
#include "skill/support.h"

/* A shorter sentence says nothing that could be checked: "Kind regards," "Here is how:" */
#define WORDS_LEAST 3

/* Beginnings of words that speak of policy, price, refund and terms. */
static const char *const topics[] = {
    "refund",   "reimburs",    "money back",  "warrant",  "guarant",     "policy",
    "policies", "price",       "pricing",     "cost",     "fee",         "free of charge",
    "discount", "voucher",     "entitled",    "eligib",   "deadline",    "compensat",
    "erstatt",  "rückerstatt", "geld zurück", "garantie", "gewährleist", "kostenlos",
    "kosten",   "preis",       "gebühr",      "rabatt",   "gutschein",   "gutschrift",
    "frist",    "rembours",    "gratuit",     "prix",     "remise",      "délai",
    "reembols", "garantía",    "gratis",      "precio",   "descuento",   "plazo",
    "rimbors",  "garanzia",    "prezzo",      "costo",    "sconto",      "terugbeta",
    "prijs",    "korting",     "termijn",     "garantia", "preço",       "desconto",
    "prazo",    "zwrot",       "gwarancj",    "bezpłatn", "cena",        "opłat",
    "rabat"};
/* What makes a number a time or a sum. */
static const char *const units[] = {
    "day",      "days",    "week",      "weeks",     "month",     "months",   "year",
    "years",    "hour",    "hours",     "tag",       "tage",      "tagen",    "woche",
    "wochen",   "monat",   "monate",    "monaten",   "jahr",      "jahre",    "jahren",
    "stunde",   "stunden", "jour",      "jours",     "semaine",   "semaines", "mois",
    "an",       "ans",     "heure",     "heures",    "día",       "días",     "semana",
    "semanas",  "mes",     "meses",     "año",       "años",      "hora",     "horas",
    "giorno",   "giorni",  "settimana", "settimane", "mese",      "mesi",     "anno",
    "anni",     "ora",     "ore",       "dag",       "dagen",     "weken",    "maand",
    "maanden",  "jaar",    "uur",       "dia",       "dias",      "ano",      "anos",
    "dni",      "tydzień", "tygodni",   "miesiąc",   "miesięcy",  "eur",      "usd",
    "gbp",      "chf",     "euro",      "euros",     "dollar",    "dollars",  "percent",
    "prozent",  "working", "business",  "january",   "february",  "march",    "april",
    "may",      "june",    "july",      "august",    "september", "october",  "november",
    "december", "januar",  "februar",   "märz",      "mai",       "juni",     "juli",
    "oktober",  "dezember"};

static bool begins_any(const char *word, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strncmp(word, list[i], strlen(list[i])) == 0) return true;
  return false;
}

static bool is_any(const char *word, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(word, list[i]) == 0) return true;
  return false;
}

static bool is_number(const char *word) {
  return isdigit((unsigned char)word[0]);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* "I am sorry that the refund is late": it repeats the customer and claims nothing. */
static bool is_courtesy(struct trg_str s) {
  static const char *const openers[] = {
      "thank",        "i am sorry",     "i'm sorry",   "we are sorry", "sorry",
      "i understand", "we understand",  "vielen dank", "danke",        "es tut",
      "merci",        "je suis désolé", "gracias",     "lamento",      "grazie",
      "mi dispiace",  "bedankt",        "het spijt",   "obrigad"};
  for (size_t i = 0; i < s.n; i++)
    if (strchr(",;:", s.p[i]) != NULL || isdigit((unsigned char)s.p[i])) return false;
  for (size_t i = 0; i < COUNT(openers); i++)
    if (str_find_nocase(s, openers[i]) == 0) return true;
  return false;
}

bool claim_is(struct trg_str sentence) {
  sentence = str_trim(sentence);
  if (sentence.n == 0 || sentence.p[sentence.n - 1] == '?' || is_courtesy(sentence)) return false;
  static const char *const marks[] = {"$", "€", "£", "%"};
  for (size_t i = 0; i < COUNT(marks); i++)
    if (str_find(sentence, marks[i]) >= 0) return true;
  char word[WORD_MAX], before[WORD_MAX] = "";
  size_t at = 0, n = 0;
  while (word_next(sentence, &at, word, &n)) {
    if (begins_any(word, topics, COUNT(topics))) return true;
    const bool unit = is_any(word, units, COUNT(units)), was = is_any(before, units, COUNT(units));
    if ((is_number(before) && unit) || (was && is_number(word))) return true;
    memcpy(before, word, n + 1);
  }
  return str_find_nocase(sentence, "money back") >= 0 ||
         str_find_nocase(sentence, "free of charge") >= 0 ||
         str_find_nocase(sentence, "geld zurück") >= 0;
}

/* --- sentences and what covers them ------------------------------------------------------------
 */

/* The id of a citation that begins at `at`, and its length with the brackets; 0: none. */
static size_t citation_at(struct trg_str s, size_t at, struct arena *a, struct trg_str *ret_id) {
  const char *close = s.p[at] == '[' ? memchr(s.p + at, ']', s.n - at) : NULL;
  if (close == NULL) return 0;
  const size_t n = (size_t)(close - (s.p + at)) + 1;
  struct trg_str *ids = NULL;
  /* With what stands behind it, as a markdown link is no citation. */
  const struct trg_str piece = {s.p + at, at + n < s.n ? n + 1 : n};
  if (guard_cited(piece, a, &ids) == 0) return 0;
  *ret_id = ids[0];
  return n;
}

struct checking {
  const struct claim_source *sources;
  size_t count;
  struct arena *arena;
  struct trg_str *ret_sentence;
};

static size_t word_count(struct trg_str s) {
  char word[WORD_MAX];
  size_t at = 0, n = 0, count = 0;
  while (word_next(s, &at, word, &n)) count += !word_is_weak(word, n);
  return count;
}

/* The best that one of the cited sources does for the sentence. */
static bool supported(const struct checking *x, struct trg_str sentence, const struct trg_str *ids,
                      size_t n) {
  double best = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < x->count; k++) {
      if (!str_eq(ids[i], x->sources[k].id)) continue;
      const double s = support_of(sentence, x->sources[k].text);
      if (s > best) best = s;
    }
  return best >= SUPPORT_LEAST;
}

static const char *sentence_check(const struct checking *x, struct trg_str s,
                                  const struct trg_str *ids, size_t n) {
  s = str_trim(s);
  if (word_count(s) < WORDS_LEAST && !claim_is(s)) return NULL;
  const char *wrong = NULL;
  if (n > 0 && !supported(x, s, ids, n)) wrong = "unsupported_citation";
  /* What a tool answered has no id to cite. */
  const struct trg_str no_id = {"", 0};
  if (n == 0 && claim_is(s) && !supported(x, s, &no_id, 1)) wrong = "uncited_claim";
  if (wrong != NULL && x->ret_sentence != NULL) *x->ret_sentence = s;
  return wrong;
}

static bool ends_sentence(struct trg_str s, size_t i) {
  if (s.p[i] == '\n') return true;
  if (strchr(".!?", s.p[i]) == NULL) return false;
  return i + 1 >= s.n || isspace((unsigned char)s.p[i + 1]) || s.p[i + 1] == '[';
}

/* Sentences of one run of text that the same citations cover. */
static const char *run_check(const struct checking *x, struct trg_str run,
                             const struct trg_str *ids, size_t n) {
  size_t from = 0;
  for (size_t i = 0; i <= run.n; i++) {
    if (i < run.n && !ends_sentence(run, i)) continue;
    const size_t end = i < run.n ? i + 1 : i;
    const char *wrong = sentence_check(x, (struct trg_str){run.p + from, end - from}, ids, n);
    if (wrong != NULL) return wrong;
    from = end;
  }
  return NULL;
}

#define IDS_MAX 8

/* One paragraph: text, citations, text, citations... */
static const char *paragraph_check(const struct checking *x, struct trg_str p) {
  struct trg_str ids[IDS_MAX];
  size_t from = 0;
  for (size_t i = 0; i < p.n;) {
    struct trg_str id;
    size_t n = 0, length = citation_at(p, i, x->arena, &id);
    if (length == 0) {
      i++;
      continue;
    }
    const struct trg_str run = {p.p + from, i - from};
    while (length > 0) {
      if (n < IDS_MAX) ids[n++] = id;
      i += length;
      while (i < p.n && p.p[i] == ' ') i++;
      length = i < p.n ? citation_at(p, i, x->arena, &id) : 0;
    }
    if (i < p.n && strchr(".!?", p.p[i]) != NULL) i++; /* "... [kb:a#1]." */
    const char *wrong = run_check(x, run, ids, n);
    if (wrong != NULL) return wrong;
    from = i;
  }
  return run_check(x, (struct trg_str){p.p + from, p.n - from}, NULL, 0);
}

const char *claim_check(struct trg_str body, const struct claim_source *sources, size_t count,
                        struct arena *a, struct trg_str *ret_sentence) {
  const struct checking x = {sources, count, a, ret_sentence};
  size_t from = 0;
  for (size_t i = 0; i <= body.n; i++) {
    const bool gap = i + 1 < body.n && body.p[i] == '\n' && body.p[i + 1] == '\n';
    if (i < body.n && !gap) continue;
    const char *wrong = paragraph_check(&x, (struct trg_str){body.p + from, i - from});
    if (wrong != NULL) return wrong;
    from = i;
  }
  return NULL;
}
