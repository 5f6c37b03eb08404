#include "pipeline/language.h"

#include <string.h>

#include "base/str.h"

/* Fewer letters or small words than these tell nothing. */
#define LETTERS_MIN 20
#define HITS_MIN    4
#define WORD_BYTES  24

enum script { LATIN, CYRILLIC, GREEK, HEBREW, ARABIC, INDIC, THAI, HAN, KANA, HANGUL, SCRIPTS };

static enum script script_of(uint32_t c) {
  static const struct {
    uint32_t from, end;
    enum script script;
  } blocks[] = {{0, 0x370, LATIN},      {0x370, 0x400, GREEK},   {0x400, 0x530, CYRILLIC},
                {0x590, 0x600, HEBREW}, {0x600, 0x780, ARABIC},  {0x900, 0xE00, INDIC},
                {0xE00, 0xE80, THAI},   {0x1E00, 0x1F00, LATIN}, {0x3040, 0x3100, KANA},
                {0x4E00, 0xA000, HAN},  {0xAC00, 0xD7B0, HANGUL}};
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
    if (c >= blocks[i].from && c < blocks[i].end) return blocks[i].script;
  return SCRIPTS;
}

static const struct {
  const char *code;
  enum script script;
} scripts[] = {{"ru", CYRILLIC}, {"uk", CYRILLIC}, {"bg", CYRILLIC}, {"be", CYRILLIC},
               {"mk", CYRILLIC}, {"el", GREEK},    {"he", HEBREW},   {"ar", ARABIC},
               {"fa", ARABIC},   {"ur", ARABIC},   {"hi", INDIC},    {"bn", INDIC},
               {"ta", INDIC},    {"te", INDIC},    {"th", THAI},     {"zh", HAN},
               {"ja", KANA},     {"ko", HANGUL}};

/* Small words that are frequent in one language and rare in the others of the list; `shared` are
 * those that it has in common with one of them, so that they speak against neither. */
static const struct {
  const char *code, *words, *shared;
} small[] = {
    {"en",
     " the and you your is are for with this that have can will please we our of to not been "
     "from if would ",
     ""},
    {"de",
     " der die das und sie ihr ihre ihnen ist nicht wir bitte mit für auf ein eine einen zu "
     "wird werden können haben den dem ",
     ""},
    {"fr",
     " le les des et vous votre vos est pas nous une pour avec dans que qui sur sont merci "
     "avez pouvez du au ",
     " de la en on se si a o "},
    {"es",
     " el los las y usted su sus es para con una por que del está puede gracias hemos nuestro "
     "si pero como ",
     " de la en a e o se no un me te "},
    {"it",
     " il gli che e di è per con una non sono del della può grazie abbiamo suo nostro questo "
     "anche alla ",
     " la a o se in un da al i "},
    {"nl",
     " de het een en u uw is niet wij we met voor van op dat kunt worden hebben bij dit onze "
     "naar ook ",
     ""},
    {"pt",
     " o os as e você seu sua é para com uma não por que do da pode obrigado nosso está mais "
     "em ao ",
     " de se no na me te "},
    {"pl",
     " i w na się nie jest że do z proszę można dla oraz prosimy czy jak po za o są twoje "
     "dziękujemy ",
     ""},
    {"sv", " och att det är du din inte vi för med på som en ett har kan till av om från våra ",
     ""},
    {"da", " og at det er du din ikke vi for med på som en et har kan til af om fra vores ", ""},
    {"no", " og å det er du din ikke vi for med på som en et har kan til av om fra våre ", ""},
    {"cs", " a je na se že v do s pro prosím jsme vám vás si jako které nebo není můžete ", ""},
    {"tr", " ve bir bu için ile da de çok olarak lütfen değil size sizin var mı olan gibi ", ""},
    {"ro", " și în de la cu pe nu este un o pentru vă care sunt dumneavoastră din mai să ", ""},
    {"fi", " ja on ei se että oli olen voit kun mutta tai jos teidän sinun myös ovat ", ""},
};
#define SMALL (sizeof small / sizeof small[0])

static enum script expected(const char *code) {
  for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
    if (strcmp(scripts[i].code, code) == 0) return scripts[i].script;
  return LATIN;
}

static bool script_contradicts(struct trg_str text, const char *code) {
  size_t count[SCRIPTS + 1] = {0}, all = 0;
  for (size_t at = 0; at < text.n;) {
    const uint32_t c = utf8_next(text, &at);
    const bool latin = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c < 0x370);
    if (!latin && c < 0x370) continue;
    const enum script s = script_of(c);
    if (s == SCRIPTS) continue;
    count[s]++;
    all++;
  }
  const enum script want = expected(code);
  size_t fits = count[want];
  if (want == KANA) fits += count[HAN]; /* a short Japanese text may have few kana */
  /* Names and words of the product stay Latin in a text of any script. */
  return all >= LETTERS_MIN && fits * 5 < all;
}

struct hits {
  size_t of[SMALL];
};

static void word_count(struct hits *h, const char *word, size_t n, const char *shared) {
  char key[WORD_BYTES + 3];
  key[0] = ' ';
  memcpy(key + 1, word, n);
  key[n + 1] = ' ';
  key[n + 2] = '\0';
  if (strstr(shared, key) != NULL) return;
  for (size_t i = 0; i < SMALL; i++)
    if (strstr(small[i].words, key) != NULL) h->of[i]++;
}

/* The words that a text in the language of `code` may share with others, else "". */
static const char *shared_of(const char *code) {
  for (size_t i = 0; i < SMALL; i++)
    if (strcmp(small[i].code, code) == 0) return small[i].shared;
  return "";
}

static void words_count(struct trg_str text, const char *shared, struct hits *h) {
  char word[WORD_BYTES];
  size_t n = 0;
  for (size_t at = 0; at <= text.n;) {
    const bool end = at == text.n;
    const uint32_t c = end ? ' ' : utf8_lower(utf8_next(text, &at));
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 0xDF && c < 0x370);
    if (letter && n + 4 <= sizeof word)
      n += utf8_put(word + n, c);
    else if (letter)
      n = sizeof word; /* too long for a small word */
    else {
      if (n > 0 && n < sizeof word) word_count(h, word, n, shared);
      n = 0;
    }
    if (end) break;
  }
}

bool language_contradicts(struct trg_str text, const char *code) {
  if (code == NULL || code[0] == '\0') return false;
  if (script_contradicts(text, code)) return true;
  if (expected(code) != LATIN) return false;
  struct hits h = {{0}};
  words_count(text, shared_of(code), &h);
  size_t own = 0, best = 0;
  bool known = false;
  for (size_t i = 0; i < SMALL; i++) {
    const bool is_own = strcmp(small[i].code, code) == 0;
    if (is_own) own = h.of[i];
    known |= is_own;
    if (!is_own && h.of[i] > best) best = h.of[i];
  }
  /* Of a language without a list only a text that is full of another's small words is not. */
  return best >= (known ? HITS_MIN : 3 * HITS_MIN) && best > 2 * own;
}
