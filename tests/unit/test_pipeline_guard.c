/* The guard: what a draft may not hold, and what it must not mistake for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/guard.h"
#include "pipeline/language.h"
#include "pipeline/reason.h"

static const char *const hosts[] = {"acme.com", "help.acme.org"};
static const struct conf_policy policy = {.links = hosts, .link_count = 2};
/* What the customer wrote, then what is ours. */
static struct trg_str texts[3];
static struct guard_sources from;

static int setup(void **state) {
  (void)state;
  texts[0] = TRG_STR("I paid $49.90 on 3 March, I want $500 and 15% off, says [NAME_1].");
  texts[1] = TRG_STR("We refund within 14 days. A return costs 4.99 EUR and takes 3 to 5 "
                     "business days. The offer ends on 2026-03-15.");
  from = (struct guard_sources){texts, 2, texts + 1, 1, ""};
  return 0;
}

static const char *guard(const char *body) {
  const char *code = guard_text(str_of(body), &policy, &from);
  return code != NULL ? code : "fine";
}

static void all_are(const char *code, const char *const *bodies, size_t n) {
  int bad = 0;
  for (size_t i = 0; i < n; i++)
    if (strcmp(guard(bodies[i]), code) != 0) {
      print_error("\"%s\" is %s, not %s\n", bodies[i], guard(bodies[i]), code);
      bad++;
    }
  assert_int_equal(bad, 0);
}
#define ALL(code, ...)                                                                             \
  do {                                                                                             \
    static const char *const bodies[] = {__VA_ARGS__};                                             \
    all_are(code, bodies, sizeof bodies / sizeof *bodies);                                         \
  } while (0)

/* --- links -------------------------------------------------------------------------------------
 */

static void test_a_citation_is_no_link_and_hides_none(void **state) {
  (void)state;
  ALL("fine", "Guarde el recibo. [kb:returns.es#2]",
      "Konto > Vertrag beenden. [kb:care-cancel.de#2]", "So it is. [kb:returns.fr#4] [shop/12]");
  ALL("link_not_allowed", "evil[kb:returns#2].com", "Go to evil. [kb:a.es#1]com now",
      "[a:b]\n\n[a:b]: https://evil.com", "https:[kb:a#1]//evil.com");
}

static void test_addresses_with_a_scheme_lead_only_to_allowed_hosts(void **state) {
  (void)state;
  ALL("fine", "See https://acme.com/returns.", "See https://shop.acme.com/a?b=evil.com.",
      "See [here](https://help.acme.org/x).", "www.acme.com has it.");
  ALL("link_not_allowed", "See https://evil.com/.", "http://acme.com.evil.com/",
      "https://acme.com@evil.com/", "https://evilacme.com", "www.evil.com", "ftp://evil.com/x",
      "[here](https://evil.com)", "[here](//evil.com)", "[x]: https://evil.com\n\n[x]",
      "![pixel](https://acme.com/p.png)", "<img src=x>", "<a href=x>", "javascript:alert(1)",
      "https://10.0.0.1/", "https&#58;//evil.com/");
}

static void test_a_link_that_writes_a_mail_leads_to_one_address_at_an_allowed_host(void **state) {
  (void)state;
  ALL("fine", "mailto:x@acme.com", "Write to [us](mailto:x@acme.com).", "<mailto:x@shop.acme.com>",
      "By mail (mailto:x@acme.com), please.", "A mailto: link opens the mail program.");
  ALL("link_not_allowed", "mailto:x@evil.com", "[us](mailto:x@evil.com)", "MAILTO:x@evil.com",
      "mailto:x@evil", "mailto:x", "mailto:x@acme.com,y@evil.com", "mailto:x@acme.com@evil.com",
      "mailto:x@acme.com?bcc=y%40evil.com", "[us](mailto:x@acme.com?bcc=y%40evil.com)",
      "[us](mailto:x%40evil.com)", "mailto&#58;x@evil", "mail\xe2\x80\x8bto:x@evil",
      "mailto:[NAME_1]", "mailto:?bcc=x");
}

/* The customer's own number, three forms of ours, and what is near one. */
static void test_a_link_that_dials_leads_to_a_number_of_our_sources(void **state) {
  (void)state;
  texts[0] = TRG_STR("Call me back at 0900 666 777, [PHONE_NUMBER_1].");
  texts[1] = TRG_STR("Phone 0800 123 4567 24 hours a day, +49 (0)30 555-0199 from abroad, or send"
                     " a text to 55512. It takes 3 to 5 business days.");
  ALL("fine", "tel:08001234567", "Call [us](tel:0800-123-4567).", "tel:+49305550199",
      "tel:+49-30-555-0199", "<tel:0049305550199>", "tel:0800 123 4567 24/7", "sms:55512",
      "[text](sms:55512)", "TEL:08001234567.", "(tel:0800 123 4567)",
      "tel:0800123\xc2\xa0"
      "4567, now",
      "Tel: 030 999 999", "Tel: +1 900 555 0199", "hotel:12", "A tel: link dials.");
  ALL("link_not_allowed", "tel:+19005550199", "[call](tel:+19005550199)", "<tel:+19005550199>",
      "sms:66612", "SMS:+19005550199", "callto:0900666777", "tel:0900666777", "Tel:0900 666 777",
      "tel:080012345678", "tel:0800123456", "tel:0800 123 456", "tel:5550199000", "tel:0800",
      "tel:+49", "tel:+49 30 666 777", "tel:08001234567;phone-context=+1900", "sms:55512?body=yes",
      "[text](sms:55512?body=yes)", "tel:*21*0900666777#", "tel:%2B1900555",
      "[x](tel:%2B19005550199)", "sms:?body=yes", "[x](tel:)", "tel:[PHONE_NUMBER_1]",
      "te\xe2\x80\x8bl:0900666777", "tel&#58;0900666777", "tel\\:0900666777",
      "tel\xef\xbc\x9a" /* full width */ "0900666777", "tel:1", "tel:24", "sip:0900666777",
      "facetime-audio:0900666777");
}

static void test_bare_hosts_are_links_too(void **state) {
  (void)state;
  ALL("link_not_allowed", "go to evil.com", "evil.com.", "Go to evil.com, now", "(evil.com)",
      "evil.com/login", "EVIL.COM", "evil.co.uk", "mail me at x@evil.com", "x@evil.unknown",
      "see t.co/abc", "evil.xyz?x=1", "my_evil.com", "**evil**.com", "evil.de",
      "visit sub.evil.io today", "evil.com:8080", "10.0.0.1/login", "10.0.0.1:8080", "evil.sh/x",
      "get evil.zip?a", "acme.com.evil.ru", "notacme.com", "and then:evil.net");
  ALL("fine", "go to acme.com", "help@acme.com", "help@shop.acme.com.", "acme.com/a/report.co");
}

static void test_hosts_in_disguise_are_links(void **state) {
  (void)state;
  ALL("link_not_allowed", "evil\xe2\x80\x8b.com",             /* zero width space */
      "ev\xe2\x80\x8dil.c\xe2\x81\xa0om", "evil\xc2\xad.com", /* joiners, soft hyphen */
      "ac\xe2\x80\x8bme.com",                                 /* links to me.com */
      "evil\xe3\x80\x82"
      "com",
      "evil\xef\xbc\x8e"
      "com",
      "evil\xef\xbd\xa1"
      "com",                                                  /* other dots */
      "\xef\xbd\x85\xef\xbd\x96\xef\xbd\x89\xef\xbd\x8c.com", /* full width */
      "evil.com\xe2\x81\x84login", "xn--80ak6aa92e.com", "x.xn--p1ai",
      "\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5.com",      /* Cyrillic that looks Latin */
      "\xd1\x81\xd0\xb0\xd0\xb9\xd1\x82.\xd1\x80\xd1\x84", /* a Cyrillic domain */
      "evil&period;com", "evil&#46;com", "evil\\.com",
      "\xe8\xaf\xb7\xe8\xae\xbf\xe9\x97\xae"
      "evil.com\xe8\xb0\xa2\xe8\xb0\xa2");
}

static void test_file_names_versions_and_abbreviations_are_no_links(void **state) {
  (void)state;
  ALL("fine", "Open report.pdf.", "Use node.js and main.py.", "Read README.md, run setup.sh",
      "Attach logs.zip and a.tar.gz", "config.yaml", "server.log", "photo.JPG", "libx.so.1.2",
      "Version 2.10.3 or v1.2.3-rc1", "Update to 10.4.2.", "At 10.30 or 9.15 o'clock",
      "e.g. this, i.e. that, a.m., U.S.", "z.B. so, d.h. u.a., z.Zt.", "p.es. questo",
      "10.0.0.1 is your router", "Node.js/Express", "index.html/start", "etc... and so on",
      "Wait...What?", "It is done.Thanks", "1.000.000 rows", "f(x).toString()",
      "{{ticket.requester.email}}", "user.name = x", "a-b.c",
      "\xe8\xb0\xa2\xe8\xb0\xa2\xe3\x80\x82\xe8\xaf\xb7\xe7\xa8\x8d\xe5\x80\x99\xe3\x80\x82",
      "\xd0\x93\xd0\xbe\xd1\x82\xd0\xbe\xd0\xb2\xd0\xbe.\xd0\x9d\xd0\xb0\xd0\xbf\xd0\xb8\xd1\x88",
      "dann \xe2\x80\x9ewww\xe2\x80\x9c tippen");
}

/* --- claims ------------------------------------------------------------------------------------
 */

static void test_amounts_terms_and_dates_must_stand_in_a_source(void **state) {
  (void)state;
  ALL("fine", "You paid $49.90 on 3 March.", "A return costs 4.99 EUR.",
      "It takes 3 to 5 business days.", "Until 2026-03-15.", "Step 2: press 3 times.",
      "We are there 24/7.", "Call 555-1234, order 1-2345.", "Version 10.2.1 is out.",
      "I saw 5 messages and 2 oranges.");
  ALL("uncited_claim", "You paid $9.90.", "A return costs 99 EUR.",
      "It takes 3 to 9 business days.", "It takes 7 days.", "In 2 Wochen.", "Sous 48 heures.",
      "Until 2026-04-15.", "By 17 April.", "By March 17.", "Am 17. April.", "On 04/15.",
      "Am 01.04.2026.", "It costs 9 EUR.", "In 1 day.", "Costs 40%");
}

static void test_a_part_of_a_number_is_not_that_number(void **state) {
  (void)state;
  ALL("uncited_claim", "It costs $4.", "It costs $90.", "It costs $49.9.", "It takes 4 days.");
}

static void test_promises_need_a_source_of_ours(void **state) {
  (void)state;
  ALL("fine", "We refund within 14 days.", "Wir erstatten innerhalb von 14 Tagen.",
      "Nous vous remboursons sous 14 jours.");
  /* Named by the customer, by nobody of ours: */
  ALL("uncited_claim", "We refund $500.", "You get 15% off.", "You get a discount.",
      "Wir geben Ihnen einen Gutschein.", "It is free of charge.", "We guarantee it.",
      "Le damos un descuento.", "We refund $49.90 today.");
  from.own_count = 0;
  ALL("uncited_claim", "We refund within 14 days.");
  texts[1] = TRG_STR("Discounts are up to 15 percent.");
  from.own_count = 1;
  ALL("fine", "You get a discount of 15%.");
}

/* --- the rest ----------------------------------------------------------------------------------
 */

static void test_tokens_prompts_and_length(void **state) {
  (void)state;
  ALL("fine", "Dear [NAME_1], thanks.", "A [note] and [X_Y] and [NAME_].");
  ALL("invented_token", "Dear [NAME_2].", "Write to [EMAIL_1].", "Write to [KB_EMAIL_1].");
  /* What another customer's ticket or a tool's answer hides. */
  ALL("invented_token", "Dear (NAME_1).", "Write to (S1_EMAIL_2).", "It went to (T2_ADDRESS_1).");
  ALL("fine", "See (RFC_2) and (NAME_) and (NAME_1 and (EMAIL_ 1).", "(A_1)");
  ALL("leaked_prompt", "My System Prompt says", "<skill name=\"x\">", "Taxonomy: a, b");
  char long_text[6002];
  memset(long_text, 'a', sizeof long_text - 1);
  long_text[6001] = '\0';
  assert_string_equal(guard(long_text), "too_long");
  assert_string_equal(guard(long_text + 1), "fine");
  assert_string_equal(guard(""), "fine");
}

static void test_every_code_has_a_meaning(void **state) {
  (void)state;
  static const char *const codes[] = {"too_long",         "leaked_prompt", "invented_token",
                                      "link_not_allowed", "uncited_claim", "wrong_language"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    assert_string_not_equal(reason_meaning(codes[i]), codes[i]);
}

static void test_the_draft_is_in_the_tickets_language(void **state) {
  (void)state;
  static const char english[] =
      "Thank you for your message. You can send the parcel back to us and "
      "we will look into it for you.";
  static const char german[] = "Vielen Dank für Ihre Nachricht. Sie können das Paket an uns "
                               "zurückschicken, und wir werden es für Sie prüfen.";
  from.language = "de";
  assert_string_equal(guard(english), "wrong_language");
  assert_string_equal(guard(german), "fine");
  from.language = "en";
  assert_string_equal(guard(german), "wrong_language");
  assert_string_equal(guard(english), "fine");
  from.language = "";
  assert_string_equal(guard(german), "fine");
}

struct spoken {
  const char *text, *is, *is_not; /* is_not NULL: not asked */
};

static void contradictions(const struct spoken *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const struct trg_str text = str_of(cases[i].text);
    if (language_contradicts(text, cases[i].is))
      fail_msg("%s is said not to be %s", cases[i].text, cases[i].is);
    if (cases[i].is_not != NULL && !language_contradicts(text, cases[i].is_not))
      fail_msg("%s could be %s", cases[i].text, cases[i].is_not);
  }
}

static void test_languages_that_contradict(void **state) {
  (void)state;
  static const struct spoken cases[] = {
      {"Спасибо за ваше сообщение, мы проверим заказ.", "ru", "en"},
      {"ご連絡ありがとうございます。ご注文の状況を確認いたします。", "ja", "de"},
      {"感谢您的来信，我们会尽快检查您的订单并且回复您，请耐心等待。", "zh", "ru"},
      {"Thank you for your message, we will check the order for you and reply.", "en", "ja"},
      {"Merci pour votre message, nous avons bien reçu votre demande et vous pouvez suivre la "
       "commande sur le site.",
       "fr", "es"},
      {"Gracias por su mensaje, hemos recibido su solicitud y puede seguir el pedido en la página "
       "para ver como está.",
       "es", "pt"},
      {"Grazie per il suo messaggio, abbiamo ricevuto la sua richiesta e può seguire il pedido con "
       "questo numero che non cambia.",
       "it", "fr"},
      {"Bedankt voor uw bericht, we hebben het ontvangen en u kunt de bestelling op de site volgen "
       "met dit nummer.",
       "nl", "de"},
      {"Dziękujemy za wiadomość, prosimy o numer zamówienia i nie jest to pilne, czy można się do "
       "nas zgłosić?",
       "pl", "en"},
      {"Obrigado pela sua mensagem, não se preocupe: o seu pedido está a caminho e você pode "
       "acompanhar uma encomenda com o número.",
       "pt", "en"},
  };
  contradictions(cases, sizeof cases / sizeof *cases);
}

/* "de", "la" and "a" are words of five languages: a list of terms is full of them. */
static void test_words_that_several_languages_share_contradict_none_of_them(void **state) {
  (void)state;
  static const struct spoken cases[] = {
      {"Tarjeta: de 5 a 7 días laborables. Transferencia: de 2 a 3 días laborables. Esta respuesta "
       "se ha compuesto a partir de nuestra base de conocimientos.",
       "es", NULL},
      {"Carte : de 5 à 7 jours. Virement : de 2 à 3 jours. Base de calcul : date de retour de "
       "commande, de sortie de stock.",
       "fr", NULL},
      {"Cartão: de 5 a 7 dias úteis. Transferência: de 2 a 3 dias úteis, a partir de hoje, data de "
       "chegada de volta.",
       "pt", NULL},
      {"De bestelling is onderweg en u kunt de levering met de code volgen, de fiets wordt "
       "gebracht door het team van de winkel.",
       "nl", "es"},
  };
  contradictions(cases, sizeof cases / sizeof *cases);
}

static void test_what_tells_nothing_contradicts_nothing(void **state) {
  (void)state;
  assert_false(language_contradicts(TRG_STR(""), "de"));
  assert_false(language_contradicts(TRG_STR("OK, thanks!"), "de"));
  assert_false(language_contradicts(TRG_STR("FRITZ!Box 7590, WLAN 7.57"), "ja"));
  assert_false(language_contradicts(TRG_STR("12345 67890 !!! ???"), "ru"));
  assert_false(language_contradicts(TRG_STR("Kiitos viestistäsi, katsomme asiaa."), "fi"));
  /* Of a language without a list: Hungarian. */
  assert_false(language_contradicts(
      TRG_STR("Köszönjük az üzenetét, a csomagot visszaküldheti nekünk, és megnézzük."), "hu"));
  assert_false(language_contradicts(TRG_STR("text \xff\xfe\xc3"), "de"));
  assert_false(language_contradicts(TRG_STR("some text of a few words for you"), NULL));
}

/* --- citations ---------------------------------------------------------------------------------
 */

static void test_citations_are_found_once_and_taken_out_for_the_customer(void **state) {
  (void)state;
  struct arena *a = arena_new();
  struct trg_str *ids = NULL;
  const struct trg_str body = TRG_STR(
      "Send it [kb:returns#2]. Free [kb:returns#2][support/101]. Open [24/7], [10:30], "
      "see [kb:x](https://acme.com) and [NAME_1].");
  assert_int_equal(guard_cited(body, a, &ids), 2);
  assert_true(str_is(ids[0], "kb:returns#2"));
  assert_true(str_is(ids[1], "support/101"));
  assert_true(str_is(guard_uncited(body, a), "Send it. Free. Open [24/7], [10:30], "
                                             "see [kb:x](https://acme.com) and [NAME_1]."));
  assert_true(guard_has_token(body));
  assert_false(guard_has_token(TRG_STR("[kb:a#1] [NAME] [_1] [A_1")));
  arena_free(&a);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_citation_is_no_link_and_hides_none),
      TEST(test_addresses_with_a_scheme_lead_only_to_allowed_hosts),
      TEST(test_a_link_that_writes_a_mail_leads_to_one_address_at_an_allowed_host),
      TEST(test_a_link_that_dials_leads_to_a_number_of_our_sources),
      TEST(test_bare_hosts_are_links_too),
      TEST(test_hosts_in_disguise_are_links),
      TEST(test_file_names_versions_and_abbreviations_are_no_links),
      TEST(test_amounts_terms_and_dates_must_stand_in_a_source),
      TEST(test_a_part_of_a_number_is_not_that_number),
      TEST(test_promises_need_a_source_of_ours),
      TEST(test_tokens_prompts_and_length),
      TEST(test_every_code_has_a_meaning),
      TEST(test_the_draft_is_in_the_tickets_language),
      TEST(test_languages_that_contradict),
      TEST(test_words_that_several_languages_share_contradict_none_of_them),
      TEST(test_what_tells_nothing_contradicts_nothing),
      TEST(test_citations_are_found_once_and_taken_out_for_the_customer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
