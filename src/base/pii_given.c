/* Finds names by the given name that they begin with. */
#include "base/pii_given.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/pii_scan.h"
#include "base/str.h"

#define SLOTS       ((size_t)1 << 13)
#define GIVEN_MAX   12 /* letters */
#define SURNAME_MAX 60 /* bytes */

static struct trg_str *slots; /* as long as the process */

static size_t slot_of(struct trg_str word) {
  uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
  for (size_t i = 0; i < word.n; i++) h = (h ^ (unsigned char)word.p[i]) * UINT64_C(0x100000001B3);
  size_t k = (h ^ (h >> 32)) & (SLOTS - 1);
  while (slots[k].n > 0 && !str_eq(slots[k], word)) k = (k + 1) & (SLOTS - 1);
  return k;
}

static void rows_add(const char *const *rows) {
  for (; *rows != NULL; rows++) {
    struct trg_str rest = str_of(*rows), name;
    while (str_next(&rest, ' ', &name)) slots[slot_of(name)] = name;
  }
}

static void names_open(void) {
  slots = mem_array(SLOTS, sizeof *slots);
  rows_add(pii_given_names);
}

bool pii_is_given(struct trg_str word) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, names_open);
  return word.n > 0 && slots[slot_of(word)].n > 0;
}

static unsigned char byte_at(struct trg_str text, size_t i) {
  return i < text.n ? (unsigned char)text.p[i] : 0;
}

static bool is_capital(struct trg_str text, size_t i) {
  const unsigned char c = byte_at(text, i);
  size_t next = i;
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  const uint32_t cp = utf8_next(text, &next);
  return utf8_lower(cp) != cp;
}

/* Letters from i on; bytes beyond ASCII count as letters, but for the dashes and quotes of U+2010
 * to U+201F, of which the apostrophe alone is inside a name. */
static size_t letters_end(struct trg_str text, size_t i, size_t most) {
  const size_t from = i;
  while (i - from < most) {
    const unsigned char c = byte_at(text, i);
    if (c == 0xE2 && byte_at(text, i + 1) == 0x80 && byte_at(text, i + 2) != 0x99) break;
    const bool joins = (c == '\'' || c == '-') && pii_is_alpha(byte_at(text, i + 1));
    if (c < 0x80 && !pii_is_alpha(c) && !joins) break;
    i++;
  }
  return i;
}

static bool is_among(struct trg_str word, const char *const *list) {
  for (; *list != NULL; list++)
    if (str_is(word, *list)) return true;
  return false;
}

/* What stands behind a given name that names something else. */
static const char *const no_surnames[] = {
    "St",          "Street",    "Ave",     "Avenue",      "Rd",        "Road",      "Lane",
    "Drive",       "Dr",        "Way",     "Place",       "Pl",        "Court",     "Ct",
    "Close",       "Terrace",   "Square",  "Park",        "Hill",      "Village",   "Pass",
    "Bypass",      "Flat",      "Bridge",  "Inc",         "Plc",       "Ltd",       "Llc",
    "Gmbh",        "Group",     "Bank",    "University",  "College",   "School",    "Hospital",
    "Hotel",       "Airport",   "Station", "Suite",       "Plus",      "Pro",       "Union",
    "Research",    "Orchestra", "Museum",  "Investments", "January",   "February",  "March",
    "April",       "May",       "June",    "July",        "August",    "September", "October",
    "November",    "December",  "Monday",  "Tuesday",     "Wednesday", "Thursday",  "Friday",
    "Saturday",    "Sunday",    "Iban",    "Card",        "Order",     "Ticket",    "Invoice",
    "Stra\u00dfe", "Strasse",   "Platz",   "Weg",         "Gasse",     "Allee",     NULL};
static const char *const particles[] = {"van", "von", "de", "der", "den", "del", "di",
                                        "da",  "la",  "du", "dos", "al",  "el",  NULL};

/* End of one family name at i, or i. */
static size_t surname_end(struct trg_str text, size_t i) {
  if (!is_capital(text, i)) return i;
  const size_t end = letters_end(text, i, SURNAME_MAX);
  const struct trg_str word = {text.p + i, end - i};
  bool small = false; /* "PIN" and "IBAN" are no names */
  for (size_t k = 1; k < word.n; k++) small |= word.p[k] >= 'a' && word.p[k] <= 'z';
  const unsigned char c = byte_at(text, end);
  if (!small || word.n == SURNAME_MAX || pii_is_num(c) || c == '_' || c == '@') return i;
  return is_among(word, no_surnames) ? i : end;
}

/* Over "J. " and "van der " behind the blank. */
static size_t skip_between(struct trg_str text, size_t i) {
  if (is_capital(text, i) && byte_at(text, i + 1) == '.' && byte_at(text, i + 2) == ' ') i += 3;
  for (int n = 0; n < 2; n++) {
    const size_t end = letters_end(text, i, 4);
    if (byte_at(text, end) != ' ' || !is_among((struct trg_str){text.p + i, end - i}, particles))
      break;
    i = end + 1;
  }
  return i;
}

/* A word begins at i, and not behind a house number. */
static bool begins(struct trg_str text, size_t i) {
  if (i == 0) return true;
  const unsigned char c = byte_at(text, i - 1);
  if (c >= 0x80 || pii_is_alnum(c) || pii_is_one_of(c, "@._-/'&#+")) return false;
  return c != ' ' || i < 2 || !pii_is_num(byte_at(text, i - 2));
}

/* End of the name that begins at i, or i. */
static size_t name_end(struct trg_str text, size_t i) {
  size_t given = i;
  while (given - i <= GIVEN_MAX && pii_is_alpha(byte_at(text, given))) given++;
  if (given - i < 3 || !pii_is_given((struct trg_str){text.p + i, given - i})) return i;
  if (byte_at(text, given) == '-') given = letters_end(text, given, SURNAME_MAX);
  if (byte_at(text, given) != ' ') return i;
  const size_t from = skip_between(text, given + 1);
  const size_t end = surname_end(text, from);
  if (end == from) return i;
  const size_t second = byte_at(text, end) == ' ' ? surname_end(text, end + 1) : end;
  return second > end + 1 ? second : end;
}

bool pii_given_find(struct trg_str text, size_t from, size_t *ret_start, size_t *ret_end) {
  for (size_t i = from; i < text.n; i++) {
    const unsigned char c = (unsigned char)text.p[i];
    if (c < 'A' || c > 'Z' || !begins(text, i)) continue;
    const size_t end = name_end(text, i);
    if (end == i) continue;
    *ret_start = i;
    *ret_end = end;
    return true;
  }
  return false;
}
