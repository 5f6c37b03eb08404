#include "pipeline/signal.h"

#include <string.h>

#include "base/str.h"
#include "skill/taxonomy.h"

/* A message of more words is not taken for mere thanks. */
#define THANKS_WORDS_MAX 25
#define TEXT_MAX         4000

static const char *const thanks[] = {"thank",   "thx",    "cheers",  "danke",     "merci",
                                     "gracias", "grazie", "bedankt", "dank je",   "dank u",
                                     "obrigad", "dzięk",  "dziek",   "appreciate"};
static const char *const confirms[] = {"that helped",
                                       "this helped",
                                       "it helped",
                                       "that worked",
                                       "it worked",
                                       "this worked",
                                       "works now",
                                       "working now",
                                       "it works",
                                       "all good",
                                       "problem solved",
                                       "solved it",
                                       "that solved",
                                       "is solved",
                                       "issue resolved",
                                       "that's all",
                                       "all sorted",
                                       "sorted now",
                                       "fixed it",
                                       "hat geholfen",
                                       "hat geklappt",
                                       "klappt jetzt",
                                       "geht jetzt",
                                       "funktioniert jetzt",
                                       "hat funktioniert",
                                       "ist gelöst",
                                       "problem gelöst",
                                       "alles klar",
                                       "ça marche",
                                       "ca marche",
                                       "fonctionne maintenant",
                                       "problème résolu",
                                       "c'est bon",
                                       "c’est bon",
                                       "c'est réglé",
                                       "ya funciona",
                                       "funciona ahora",
                                       "me ha servido",
                                       "problema resuelto",
                                       "está resuelto",
                                       "todo bien",
                                       "ora funziona",
                                       "adesso funziona",
                                       "ha funzionato",
                                       "risolto",
                                       "werkt nu",
                                       "is opgelost",
                                       "het werkt",
                                       "já funciona",
                                       "funcionou",
                                       "resolvido",
                                       "działa",
                                       "już działa"};
static const char *const negatives[] = {"didn't help",
                                        "did not help",
                                        "doesn't help",
                                        "does not help",
                                        "doesn't work",
                                        "does not work",
                                        "didn't work",
                                        "did not work",
                                        "still not",
                                        "still doesn't",
                                        "still have",
                                        "not solved",
                                        "not resolved",
                                        "no help",
                                        "useless",
                                        "not what i asked",
                                        "wrong answer",
                                        "hilft nicht",
                                        "hat nicht geholfen",
                                        "funktioniert nicht",
                                        "geht nicht",
                                        "immer noch",
                                        "nicht gelöst",
                                        "ne marche pas",
                                        "ne fonctionne pas",
                                        "toujours pas",
                                        "pas résolu",
                                        "no funciona",
                                        "sigue sin",
                                        "no me ayuda",
                                        "no está resuelto",
                                        "non funziona",
                                        "non risolto",
                                        "ancora non",
                                        "werkt niet",
                                        "nog steeds",
                                        "niet opgelost",
                                        "não funciona",
                                        "ainda não",
                                        "não resolveu",
                                        "nie działa",
                                        "nadal nie"};
static const char *const humans[] = {"a human",
                                     "real person",
                                     "a person please",
                                     "human please",
                                     "speak to someone",
                                     "talk to someone",
                                     "speak with someone",
                                     "human agent",
                                     "live agent",
                                     "real agent",
                                     "speak to a person",
                                     "talk to a person",
                                     "no bots",
                                     "not a bot",
                                     "speak to an agent",
                                     "echten menschen",
                                     "mit einem menschen",
                                     "mit einem mitarbeiter",
                                     "mitarbeiter sprechen",
                                     "keinen bot",
                                     "à un humain",
                                     "avec un humain",
                                     "un vrai humain",
                                     "une vraie personne",
                                     "parler à quelqu",
                                     "à un conseiller",
                                     "avec un conseiller",
                                     "joindre un conseiller",
                                     "una persona real",
                                     "hablar con una persona",
                                     "hablar con un agente",
                                     "con un humano",
                                     "a un humano",
                                     "una persona vera",
                                     "parlare con un operatore",
                                     "parlare con una persona",
                                     "un operatore umano",
                                     "echt mens",
                                     "met een mens",
                                     "met een medewerker",
                                     "medewerker spreken",
                                     "echt persoon",
                                     "com uma pessoa",
                                     "uma pessoa real",
                                     "falar com um atendente",
                                     "com um humano",
                                     "z człowiekiem",
                                     "z konsultantem"};

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* Words with which thanks go on to something else. */
static const char *const opens[] = {
    "but",        "however",       "although",   "another",         "could you",  "can you",
    "would you",  "unfortunately", "still",      "error",           "aber",       "jedoch",
    "allerdings", "leider",        "noch eine",  "könnten sie",     "können sie", "fehler",
    "mais",       "cependant",     "par contre", "malheureusement", "pourriez",   "pouvez",
    "pero",       "sin embargo",   "podría",     "puede",           "ma",         "però",
    "purtroppo",  "potrebbe",      "maar",       "helaas",          "kunt u",     "mas",
    "porém",      "poderia",       "ale",        "niestety",        "jeszcze"};

static bool has_word(struct trg_str plain, const char *word) {
  const size_t n = strlen(word);
  for (size_t at = 0; at + n <= plain.n; at++) {
    const ptrdiff_t found = str_find((struct trg_str){plain.p + at, plain.n - at}, word);
    if (found < 0) return false;
    at += (size_t)found;
    const bool before = at == 0 || !is_letter(plain.p[at - 1]);
    if (before && (at + n == plain.n || !is_letter(plain.p[at + n]))) return true;
  }
  return false;
}

static bool goes_on(struct trg_str plain) {
  for (size_t i = 0; i < sizeof opens / sizeof *opens; i++)
    if (has_word(plain, opens[i])) return true;
  return false;
}

/* Lower case, blanks folded, quoted lines left out. Returns the number of words. */
static size_t text_plain(struct trg_str s, char *out, size_t room, size_t *ret_n) {
  size_t n = 0, words = 0;
  bool blank = true, line_start = true, quoted = false;
  for (size_t at = 0; at < s.n && n + 5 < room;) {
    const uint32_t c = utf8_lower(utf8_next(s, &at));
    if (c == '\n') {
      line_start = true;
      quoted = false;
      if (!blank) out[n++] = ' ';
      blank = true;
      continue;
    }
    if (line_start && c == '>') quoted = true;
    line_start = false;
    if (quoted) continue;
    if (c == ' ' || c == '\t' || c == 0xa0) {
      if (!blank) out[n++] = ' ';
      blank = true;
      continue;
    }
    if (blank) words++;
    blank = false;
    n += utf8_put(out + n, c == 0x2019 ? '\'' : c);
  }
  out[n] = '\0';
  *ret_n = n;
  return words;
}

static bool any_of(struct trg_str plain, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (str_find(plain, words[i]) >= 0) return true;
  return false;
}

static bool taxonomy_asks(struct trg_str plain, const struct taxonomy *t) {
  if (t == NULL) return false;
  for (size_t i = 0; i < t->escalation_count; i++) {
    const struct escalation *e = &t->escalations[i];
    if (strcmp(e->reason, "asks-for-person") != 0) continue;
    for (size_t k = 0; k < e->signal_count; k++)
      if (str_find_nocase(plain, e->signals[k]) >= 0) return true;
  }
  return false;
}

#define ANY(plain, list) any_of((plain), (list), sizeof(list) / sizeof((list)[0]))

struct signals signals_of(struct trg_str text, const struct taxonomy *t) {
  char out[TEXT_MAX + 8];
  size_t n = 0;
  const size_t words = text_plain(text, out, sizeof out, &n);
  const struct trg_str plain = {out, n};
  struct signals s = {0};
  s.wants_human = ANY(plain, humans) || taxonomy_asks(plain, t);
  s.negative = ANY(plain, negatives);
  const bool asks = memchr(out, '?', n) != NULL;
  s.confirms = !s.negative && !s.wants_human && !asks && words <= 2 * THANKS_WORDS_MAX &&
               ANY(plain, confirms);
  s.thanks = !s.negative && !s.wants_human && !asks && words <= THANKS_WORDS_MAX &&
             ANY(plain, thanks);
  s.more = goes_on(plain);
  if (s.more && !s.confirms) s.thanks = false;
  return s;
}
