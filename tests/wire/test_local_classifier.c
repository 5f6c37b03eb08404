/* The embedded model's parts: features, classifier, model file, language, phrases. */
#include "models/local/alloc.h"
#include "models/local/fit.h"
#include "models/local/language.h"
#include "models/local/modelfile.h"
#include "models/local/phrases.h"
#include "models/local/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define PER_CLASS 30u

static const char *const class_names[] = {"billing", "delivery", "login"};
static const char *const class_words[3][6] = {
    {"invoice", "charged", "refund", "payment", "card", "bank"},
    {"parcel", "courier", "tracking", "shipped", "delivery", "address"},
    {"password", "account", "locked", "sign", "code", "reset"}};
static const char *const filler[] = {"please", "help", "today", "again", "my", "the", "with"};

/* Texts of three topics, drawn with a fixed sequence. Free with samples_free. */
static struct local_sample *samples_make(uint32_t seed) {
  struct local_sample *samples = local_alloc(3 * PER_CLASS, sizeof *samples);
  uint32_t draw = seed;
  for (uint32_t i = 0; i < 3 * PER_CLASS; i++) {
    char text[256] = "";
    for (int word = 0; word < 7; word++) {
      draw = draw * 1664525u + 1013904223u;
      const char *next = word % 2 ? filler[(draw >> 16) % 7] : class_words[i % 3][(draw >> 16) % 6];
      strcat(strcat(text, next), " ");
    }
    samples[i] = (struct local_sample){{local_copy(text, strlen(text)), strlen(text)}, i % 3};
  }
  return samples;
}

static void samples_free(struct local_sample *samples) {
  for (uint32_t i = 0; i < 3 * PER_CLASS; i++) free((char *)(uintptr_t)samples[i].text.p);
  free(samples);
}

static struct local_classifier *classifier_make(void) {
  struct local_sample *samples = samples_make(7);
  const struct local_fit_options options = local_fit_rule("category", 3 * PER_CLASS, 3, 1);
  struct local_classifier *made = local_fit(samples, 3 * PER_CLASS, class_names, 3, &options);
  made->key = local_copy("category", 8);
  samples_free(samples);
  return made;
}

static struct local_verdict ask(const struct local_classifier *classifier, const char *text,
                                const bool *allowed, float p[3]) {
  struct local_text read = {0};
  struct local_scratch scratch = {0};
  struct local_verdict verdict = {0};
  local_text_read(&read, text, strlen(text), &classifier->recipe);
  assert_true(local_classify(classifier, &read, &scratch, allowed, p, &verdict));
  local_scratch_free(&scratch);
  local_text_free(&read);
  return verdict;
}

static void test_what_was_learned_is_answered_with_confidence(void **state) {
  (void)state;
  struct local_classifier *classifier = classifier_make();
  float p[3];
  assert_int_equal(ask(classifier, "the PARCEL and its tracking", NULL, p).best, 1);
  assert_int_equal(ask(classifier, "reset my password", NULL, p).best, 2);
  assert_true(ask(classifier, "invoice charged refund", NULL, p).confidence > 0.8f);
  assert_true(ask(classifier, "giraffes zoo", NULL, p).confidence <
              ask(classifier, "invoice charged refund", NULL, p).confidence);
  assert_true(classifier->holdout.n == 3 * PER_CLASS);
  assert_true(classifier->holdout.accuracy > 0.9f);
  local_classifier_free(&classifier);
}

static void test_only_allowed_classes_are_answered_and_shares_add_up(void **state) {
  (void)state;
  struct local_classifier *classifier = classifier_make();
  const bool allowed[3] = {true, false, true};
  float p[3];
  const struct local_verdict verdict = ask(classifier, "parcel tracking courier", allowed, p);
  assert_int_not_equal(verdict.best, 1);
  assert_true(p[1] == 0.0f);
  assert_true(p[0] + p[2] > 0.999f && p[0] + p[2] < 1.001f);
  local_classifier_free(&classifier);
}

static void test_the_same_examples_give_the_same_bytes(void **state) {
  (void)state;
  char *bytes[2];
  size_t n[2];
  for (int i = 0; i < 2; i++) {
    struct local_model model = {.classifiers = {classifier_make()}, .count = 1};
    local_model_write(&model, &bytes[i], &n[i]);
    local_model_free(&model);
  }
  assert_int_equal(n[0], n[1]);
  assert_memory_equal(bytes[0], bytes[1], n[0]);
  free(bytes[0]);
  free(bytes[1]);
}

static void test_a_saved_model_answers_as_before(void **state) {
  (void)state;
  struct local_model model = {.classifiers = {classifier_make()}, .count = 1};
  char path[] = "/tmp/test_local.XXXXXX";
  close(mkstemp(path));
  char *bytes = NULL;
  size_t n = 0;
  struct trg_err err;
  local_model_write(&model, &bytes, &n);
  assert_int_equal(local_model_save(path, bytes, n, &err), 0);
  struct local_model loaded = {0};
  assert_int_equal(local_model_load(path, &loaded, &err), 0);
  const struct local_classifier *again = local_model_find(&loaded, "category");
  assert_non_null(again);
  assert_null(local_model_find(&loaded, "priority"));
  float p[3];
  float q[3];
  assert_true(ask(model.classifiers[0], "card refund", NULL, p).confidence ==
              ask(again, "card refund", NULL, q).confidence);
  assert_memory_equal(p, q, sizeof p);
  unlink(path);
  assert_int_equal(local_model_load(path, &loaded, &err), 1);
  free(bytes);
  local_model_free(&loaded);
  local_model_free(&model);
}

static void test_a_damaged_file_is_refused_with_a_reason(void **state) {
  (void)state;
  struct local_model model = {.classifiers = {classifier_make()}, .count = 1};
  char *bytes = NULL;
  size_t n = 0;
  local_model_write(&model, &bytes, &n);
  local_model_free(&model);
  struct trg_err err;
  for (size_t cut = 0; cut < n; cut += 1 + n / 50) {
    assert_int_equal(local_model_read(bytes, cut, &model, &err), -1);
    assert_non_null(strstr(err.text, "train again"));
  }
  for (size_t at = 0; at < n; at += 1 + n / 50) {
    bytes[at] ^= 0x10;
    assert_int_equal(local_model_read(bytes, n, &model, &err), -1);
    bytes[at] ^= 0x10;
  }
  assert_int_equal(local_model_read(bytes, n, &model, &err), 0);
  local_model_free(&model);
  free(bytes);
}

static void test_letters_are_folded_and_numbers_are_one(void **state) {
  (void)state;
  const struct local_recipe recipe = {1, 2, 3};
  struct local_text a = {0};
  struct local_text b = {0};
  const char *loud = "ÄRGER mit Größe ПРИВЕТ Ελλάδα 123456";
  const char *quiet = "ärger mit größe привет ελλάδα 98765";
  local_text_read(&a, loud, strlen(loud), &recipe);
  local_text_read(&b, quiet, strlen(quiet), &recipe);
  assert_int_equal(a.word_count, b.word_count);
  assert_memory_equal(a.word_hashes, b.word_hashes, a.word_count * sizeof(uint32_t));
  assert_false(local_utf8_valid("\xC3\x28", 2));
  assert_false(local_utf8_valid("\xED\xA0\x80", 3));
  local_text_read(&a, "\xFF\xFE\x80 ok \xC3", 8, &recipe);
  assert_int_equal(a.word_count, 1);
  local_text_read(&a, NULL, 0, &recipe);
  assert_int_equal(a.word_count, 0);
  local_text_free(&a);
  local_text_free(&b);
}

static void test_languages_are_told_without_training(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"en", "I was charged twice for my order and would like the money back."},
      {"de", "Mein Paket ist immer noch nicht angekommen, wo bleibt es?"},
      {"fr", "Bonjour, je n'arrive plus à me connecter à mon compte."},
      {"es", "No puedo entrar en mi cuenta, ¿qué tengo que hacer?"},
      {"it", "Buongiorno, non riesco ad accedere al mio account."},
      {"nl", "Ik heb mijn bestelling nog steeds niet ontvangen."},
      {"pt", "Não consigo entrar na minha conta, o que devo fazer?"},
      {"pl", "Nie mogę zalogować się na swoje konto, proszę o pomoc."},
      {"sv", "Jag har inte fått mitt paket än, var är det?"},
      {"da", "Jeg har ikke modtaget min pakke endnu, hvor er den?"},
      {"fi", "En ole vielä saanut tilaustani, missä se on?"},
      {"cs", "Nemohu se přihlásit ke svému účtu, prosím o pomoc."},
      {"tr", "Siparişim hâlâ gelmedi, lütfen yardımcı olur musunuz?"},
      {"ru", "Я не могу войти в свой аккаунт, помогите пожалуйста."},
      {"uk", "Я не можу увійти до свого облікового запису, допоможіть."},
      {"ar", "لا أستطيع الدخول إلى حسابي"},
      {"ja", "アカウントにログインできません。"},
      {"zh", "我无法登录我的账户，请帮忙。"},
      {"ko", "계정에 로그인할 수 없습니다."},
      {"und", "ok"},
      {"und", "12345 67.8"},
      {"und", "if (a[i] != b[i]) { return x->y; } /* {{}} */"}};
  struct local_language *language = local_language_open(LOCAL_FINGERPRINTS);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    const struct local_language_answer answer = local_language_find(language, texts[i][1],
                                                                    strlen(texts[i][1]));
    assert_string_equal(answer.code, texts[i][0]);
  }
  local_language_free(&language);
  language = local_language_open("/nonexistent"); /* words and letters alone */
  assert_string_equal(local_language_find(language, texts[1][1], strlen(texts[1][1])).code, "de");
  local_language_free(&language);
}

static bool occurs(const char *text, const char *patterns) {
  struct local_phrases phrases;
  local_phrases_take(&phrases, text, strlen(text));
  const bool found = local_phrases_find(&phrases, patterns, NULL) >= 0;
  local_phrases_free(&phrases);
  return found;
}

static void test_phrases_know_stars_gaps_accents_and_quotes(void **state) {
  (void)state;
  assert_true(occurs("I want to SPEAK with your manager!", "nothing|speak ~ manager"));
  assert_false(occurs("speak one two three four five six manager", "speak ~ manager"));
  assert_true(occurs("Der Akku ist aufgebläht.", "aufgeblah*"));
  assert_true(occurs("the 4th time", "0th time"));
  assert_false(occurs("smoker", "smoke"));
  assert_false(occurs("> smoke everywhere\nall fine", "smoke"));
  assert_false(occurs("", "a|b"));
}

static void test_danger_is_found_and_denied_danger_is_not(void **state) {
  (void)state;
  struct local_phrases phrases;
  const char *text = "There is smoke coming out of the device";
  local_phrases_take(&phrases, text, strlen(text));
  struct local_reason reason = local_rules_escalate(&phrases, "en", NULL);
  assert_string_equal(reason.name, "safety");
  assert_int_equal(reason.level, LOCAL_URGENT_LEVEL);
  local_phrases_free(&phrases);
  text = "No smoke, it just does not start";
  local_phrases_take(&phrases, text, strlen(text));
  reason = local_rules_escalate(&phrases, "en", NULL);
  assert_string_equal(reason.name, "");
  local_phrases_free(&phrases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_learned_is_answered_with_confidence),
      cmocka_unit_test(test_only_allowed_classes_are_answered_and_shares_add_up),
      cmocka_unit_test(test_the_same_examples_give_the_same_bytes),
      cmocka_unit_test(test_a_saved_model_answers_as_before),
      cmocka_unit_test(test_a_damaged_file_is_refused_with_a_reason),
      cmocka_unit_test(test_letters_are_folded_and_numbers_are_one),
      cmocka_unit_test(test_languages_are_told_without_training),
      cmocka_unit_test(test_phrases_know_stars_gaps_accents_and_quotes),
      cmocka_unit_test(test_danger_is_found_and_denied_danger_is_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
