/* The embedded model as the daemon sees it: open, complete, train. */
#include "local_rig.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define TAXONOMY                                                                                   \
  "\"taxonomy\":{\"categories\":["                                                                 \
  "{\"name\":\"billing\",\"description\":\"invoices, charges and refunds\",\"team\":\"Money\","    \
  "\"priority\":\"P3\",\"subcategories\":[{\"name\":\"refund\",\"description\":\"money back\"},"   \
  "{\"name\":\"invoice\",\"description\":\"paper for the accountant\"}]},"                         \
  "{\"name\":\"delivery\",\"description\":\"parcels, tracking and couriers\",\"team\":\"Post\","   \
  "\"priority\":\"P4\"}],"                                                                         \
  "\"priorities\":[{\"name\":\"P1\",\"signals\":[\"whole site down\"]},{\"name\":\"P2\"},"         \
  "{\"name\":\"P3\"},{\"name\":\"P4\"}],"                                                          \
  "\"escalations\":[{\"reason\":\"Product safety\"},{\"reason\":\"vip\",\"signals\":[\"gold "      \
  "member\"]}],\"products\":[\"Halo Lamp\",\"Halo\"]}"

static void test_test_answers_ok_and_unknown_tasks_are_rejected(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  cJSON *ok = local_rig_answer(&rig, "test", "");
  assert_true(local_rig_flag(ok, "ok"));
  cJSON_Delete(ok);
  assert_int_equal(local_rig_ask(&rig, "poem", "{}")->result.outcome, TRG_REJECTED);
  assert_int_equal(local_rig_ask(&rig, "triage", "not json")->result.outcome, TRG_REJECTED);
  assert_int_equal(local_rig_ask(&rig, "triage", "[1]")->result.outcome, TRG_REJECTED);
  local_rig_close(&rig);
}

static void test_an_untrained_model_leans_on_descriptions_and_says_so(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  cJSON *got = local_rig_answer(
      &rig, "triage",
      "{\"ticket\":{\"subject\":\"Where is it?\",\"body\":\"The courier lost my "
      "parcel and the tracking shows nothing.\"}," TAXONOMY "}");
  assert_string_equal(local_rig_text(got, "category"), "delivery");
  assert_string_equal(local_rig_text(got, "team"), "Post");
  assert_string_equal(local_rig_text(got, "language"), "en");
  assert_string_equal(local_rig_text(got, "priority"), "P4");
  assert_string_equal(local_rig_text(got, "escalate_reason"), "");
  assert_false(local_rig_flag(got, "escalate"));
  const cJSON *confidence = cJSON_GetObjectItem(got, "confidence");
  assert_true(local_rig_share(confidence, "category") <= 0.5);
  cJSON_Delete(got);
  local_rig_close(&rig);
}

static void test_danger_is_never_below_p2_whatever_the_taxonomy_says(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  cJSON *got = local_rig_answer(
      &rig, "triage",
      "{\"ticket\":{\"body\":\"Aus dem Akku der Halo Lamp kommt Rauch, was nun?\"}," TAXONOMY "}");
  assert_string_equal(local_rig_text(got, "language"), "de");
  assert_string_equal(local_rig_text(got, "priority"), "P1");
  assert_string_equal(local_rig_text(got, "escalate_reason"), "Product safety");
  assert_string_equal(local_rig_text(got, "product_area"), "Halo Lamp");
  cJSON_Delete(got);
  got = local_rig_answer(&rig, "triage",
                         "{\"ticket\":{\"body\":\"Somebody hacked my account\"}," TAXONOMY "}");
  assert_string_equal(local_rig_text(got, "escalate_reason"), "account_takeover");
  assert_string_equal(local_rig_text(got, "priority"), "P1");
  cJSON_Delete(got);
  local_rig_close(&rig);
}

/* Everyday words of some desks that sound like a reason to escalate, beside what is one. */
static void test_everyday_words_are_no_reason_to_escalate(void **state) {
  (void)state;
  static const struct {
    const char *body, *reason;
  } cases[] = {
      {"Wiki access request for two new colleagues, please.", ""},
      {"This is my data access request.", "privacy_request"},
      {"How many times can I use a voucher?", ""},
      {"How many times do I have to write to you?", "repeated_contact"},
      {"I used my card at the till and was charged a fee.", ""},
      {"Somebody in another town used my card.", "account_takeover"},
      {"How do I stop unauthorized transactions on my card?", "account_takeover"},
      {"There are transactions I don't recognize.", "account_takeover"},
      {"The last two transactions failed and I did not get my order.", ""},
  };
  struct local_rig rig;
  local_rig_open(&rig);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char input[2400];
    snprintf(input, sizeof input,
             "{\"ticket\":{\"body\":\"%s\"},\"taxonomy\":{\"categories\":[{\"name\":\"other\"}],"
             "\"escalations\":[{\"reason\":\"privacy_request\"},{\"reason\":\"repeated_contact\"},"
             "{\"reason\":\"account_takeover\"}]}}",
             cases[i].body);
    cJSON *got = local_rig_answer(&rig, "triage", input);
    if (strcmp(local_rig_text(got, "escalate_reason"), cases[i].reason) != 0)
      fail_msg("\"%s\" is a case of \"%s\"", cases[i].body, local_rig_text(got, "escalate_reason"));
    cJSON_Delete(got);
  }
  local_rig_close(&rig);
}

static void test_signals_of_the_request_are_heard(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  cJSON *got = local_rig_answer(&rig, "triage",
                                "{\"ticket\":{\"body\":\"The WHOLE SITE is down\"}," TAXONOMY "}");
  assert_string_not_equal(local_rig_text(got, "priority"), "P1");
  cJSON_Delete(got);
  got = local_rig_answer(&rig, "triage",
                         "{\"ticket\":{\"body\":\"I am a gold member. Whole site down!\"}," TAXONOMY
                         "}");
  assert_string_equal(local_rig_text(got, "priority"), "P1");
  assert_string_equal(local_rig_text(got, "escalate_reason"), "vip");
  cJSON_Delete(got);
  local_rig_close(&rig);
}

static void test_empty_and_odd_requests_still_get_every_key(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  static const char *const inputs[] = {
      "{}", "{\"ticket\":null,\"taxonomy\":[],\"similar\":{}}",
      "{\"ticket\":{\"body\":7},\"taxonomy\":{\"categories\":[1,\"a\",{}],\"priorities\":{}}}"};
  static const char *const keys[] = {
      "category",        "subcategory",  "priority",     "priority_reason", "team",
      "language",        "sentiment",    "product_area", "wants_human",     "escalate",
      "escalate_reason", "duplicate_of", "summary",      "confidence"};
  for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
    cJSON *got = local_rig_answer(&rig, "triage", inputs[i]);
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
      assert_non_null(cJSON_GetObjectItemCaseSensitive(got, keys[k]));
    cJSON_Delete(got);
    cJSON_Delete(local_rig_answer(&rig, "draft", inputs[i]));
    cJSON_Delete(local_rig_answer(&rig, "verify", inputs[i]));
  }
  local_rig_close(&rig);
}

static void test_a_new_subject_above_the_question_is_not_the_summary(void **state) {
  (void)state;
  static const struct {
    const char *body, *summary;
  } cases[] = {
      {"Asunto nuevo: el resto\\n\\n¿Cuándo llega el resto?", "Dinero – ¿Cuándo llega el resto?"},
      {"Betreff: Garantie\\nWie melde ich das?", "Dinero – Wie melde ich das?"},
      {"Subject: the rest", "Dinero – Subject: the rest"},
      {"Subjective as it is: too late\\nMore.", "Dinero – Subjective as it is: too late"},
  };
  struct local_rig rig;
  local_rig_open(&rig);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char input[256];
    snprintf(input, sizeof input, "{\"ticket\":{\"subject\":\"Dinero\",\"body\":\"%s\"}}",
             cases[i].body);
    cJSON *got = local_rig_answer(&rig, "triage", input);
    assert_string_equal(local_rig_text(got, "summary"), cases[i].summary);
    cJSON_Delete(got);
  }
  local_rig_close(&rig);
}

static void test_thanks_resolve_and_remaining_trouble_does_not(void **state) {
  (void)state;
  static const struct {
    const char *body;
    bool resolved;
  } cases[] = {{"Thank you so much, it works now!", true},
               {"Vielen Dank, jetzt funktioniert es wieder. Das hat geholfen.", true},
               {"Merci beaucoup, le problème est résolu.", true},
               {"Thanks, but it still does not work.", false},
               {"Danke, aber der Fehler ist immer noch da.", false},
               {"Thanks! And how do I change my address?", false},
               {"ok", false}};
  struct local_rig rig;
  local_rig_open(&rig);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char input[256];
    snprintf(input, sizeof input, "{\"ticket\":{\"body\":\"%s\"}}", cases[i].body);
    cJSON *got = local_rig_answer(&rig, "verify", input);
    assert_int_equal(local_rig_flag(got, "resolved"), cases[i].resolved);
    cJSON_Delete(got);
  }
  local_rig_close(&rig);
}

static void test_a_long_input_is_answered_on_the_pool(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  const size_t n = 300000;
  char *input = calloc(n + 64, 1);
  assert_non_null(input);
  strcpy(input, "{\"ticket\":{\"body\":\"");
  for (size_t at = strlen(input); at < n; at += 6) memcpy(input + at, "parcel", 6);
  strcat(input, "\"}}");
  const struct trg_model_ops *ops = fake_inst_ops(rig.inst);
  const struct trg_model_request request = {
      .size = sizeof request, .task = TRG_STR("triage"), .input = {input, strlen(input)}};
  const trg_op op = fake_op_start(rig.inst, 60000, false);
  ops->complete(fake_inst_self(rig.inst), op, &request);
  assert_int_equal(fake_op_get(rig.host, op)->reply_count, 0);
  fake_host_settle(rig.host);
  assert_int_equal(fake_op_get(rig.host, op)->reply_count, 1);
  free(input);
  local_rig_close(&rig);
}

static const struct trg_example examples[] = {
    {TRG_STR("please send the invoice"), TRG_STR("{\"category\":\"billing\"}")},
    {TRG_STR("i was charged twice"), TRG_STR("{\"category\":\"billing\"}")},
    {TRG_STR("the invoice is wrong"), TRG_STR("{\"category\":\"billing\"}")},
    {TRG_STR("refund my payment"), TRG_STR("{\"category\":\"billing\"}")},
    {TRG_STR("where is my parcel"), TRG_STR("{\"category\":\"delivery\"}")},
    {TRG_STR("the courier did not come"), TRG_STR("{\"category\":\"delivery\"}")},
    {TRG_STR("tracking shows nothing"), TRG_STR("{\"category\":\"delivery\"}")},
    {TRG_STR("parcel still not here"), TRG_STR("{\"category\":\"delivery\"}")},
};

static const struct fake_op *train(struct local_rig *rig, const struct trg_example *list,
                                   size_t count, const char *path) {
  const struct trg_model_ops *ops = fake_inst_ops(rig->inst);
  const trg_op op = fake_op_start(rig->inst, 60000, true);
  ops->train(fake_inst_self(rig->inst), op, list, count, (struct trg_str){path, strlen(path)});
  fake_host_settle(rig->host);
  return fake_op_get(rig->host, op);
}

static void test_training_writes_the_file_and_answers_with_it(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  const struct fake_op *op = train(&rig, examples, 8, rig.file);
  assert_int_equal(op->result.outcome, TRG_DONE);
  cJSON *report = cJSON_Parse(op->replies[0].text.p);
  assert_int_equal((int)local_rig_share(report, "examples"), 8);
  const cJSON *category = cJSON_GetObjectItem(cJSON_GetObjectItem(report, "labels"), "category");
  assert_int_equal((int)local_rig_share(category, "classes"), 2);
  cJSON_Delete(report);
  cJSON *got = local_rig_answer(&rig, "triage", "{\"ticket\":{\"body\":\"my parcel is lost\"}}");
  assert_string_equal(local_rig_text(got, "category"), "delivery");
  cJSON_Delete(got);
  const char *const settings[] = {rig.setting, NULL}; /* a second instance finds the file */
  struct fake_inst *second = NULL;
  struct trg_err err = {0};
  assert_int_equal(fake_host_open(rig.host, &triaged_plugin_local, settings, &second, &err), 0);
  local_rig_close(&rig);
}

/* A strange text, with similar tickets of that category, and maybe a category never learnt. */
static void asked_of(struct local_rig *rig, const char *similar, bool gap, char out[40]) {
  char input[700];
  snprintf(input, sizeof input,
           "{\"ticket\":{\"subject\":\"hm\",\"body\":\"quite another matter, warranty or tariff\"},"
           "\"taxonomy\":{\"categories\":[{\"name\":\"invoice\"},{\"name\":\"parcel\"},"
           "{\"name\":\"password\"},{\"name\":\"warranty\"},{\"name\":\"tariff\"},{\"name\":"
           "\"router\"}%s]},\"similar\":[{\"ref\":\"a/1\",\"category\":\"%s\",\"score\":9},"
           "{\"ref\":\"a/2\",\"category\":\"%s\",\"score\":8}]}",
           gap ? ",{\"name\":\"privacy\"}" : "", similar, similar);
  cJSON *got = local_rig_answer(rig, "triage", input);
  snprintf(out, 40, "%s", local_rig_text(got, "category"));
  cJSON_Delete(got);
}

/* Similar past tickets vote while there is a category that nothing was learnt of; a model that was
 * trained on all of them has seen those tickets, and knows better. */
static void test_similar_tickets_vote_only_where_the_training_has_gaps(void **state) {
  static const char *const words[] = {"invoice",  "parcel", "password",
                                      "warranty", "tariff", "router"};
  static char texts[90][60], labels[90][60];
  struct trg_example list[90];
  char alone[40], voted[40];
  struct local_rig rig;
  (void)state;
  for (int i = 0; i < 90; i++) {
    snprintf(texts[i], sizeof texts[i], "the %s of %c%c is not right", words[i % 6], 'a' + i % 26,
             'k' + i / 26);
    snprintf(labels[i], sizeof labels[i], "{\"category\":\"%s\"}", words[i % 6]);
    list[i] = (struct trg_example){{texts[i], strlen(texts[i])}, {labels[i], strlen(labels[i])}};
  }
  local_rig_open(&rig);
  assert_int_equal(train(&rig, list, 90, "")->result.outcome, TRG_DONE);
  asked_of(&rig, "", false, alone);
  const char *other = strcmp(alone, "router") == 0 ? "parcel" : "router";
  asked_of(&rig, other, false, voted);
  assert_string_equal(voted, alone);
  asked_of(&rig, other, true, voted);
  assert_string_equal(voted, other);
  local_rig_close(&rig);
}

/* What a few tickets of a language teach weighs less than what the detector knows of it. */
static void test_a_rare_language_of_the_training_is_still_told(void **state) {
  static const struct trg_example list[] = {
      {TRG_STR("please send the invoice"), TRG_STR("{\"category\":\"a\",\"language\":\"en\"}")},
      {TRG_STR("i was charged twice"), TRG_STR("{\"category\":\"b\",\"language\":\"en\"}")},
      {TRG_STR("the invoice is wrong"), TRG_STR("{\"category\":\"a\",\"language\":\"en\"}")},
      {TRG_STR("where is my parcel"), TRG_STR("{\"category\":\"b\",\"language\":\"en\"}")},
      {TRG_STR("¿cuándo llega mi pedido? gracias por la ayuda"),
       TRG_STR("{\"category\":\"b\",\"language\":\"es\"}")},
      {TRG_STR("la factura no es correcta, un saludo"),
       TRG_STR("{\"category\":\"a\",\"language\":\"es\"}")},
      {TRG_STR("não consigo entrar"), TRG_STR("{\"category\":\"a\",\"language\":\"pt\"}")},
      {TRG_STR("faktura jest zła"), TRG_STR("{\"category\":\"a\",\"language\":\"pl\"}")},
  };
  struct local_rig rig;
  (void)state;
  local_rig_open(&rig);
  assert_int_equal(train(&rig, list, sizeof list / sizeof list[0], "")->result.outcome, TRG_DONE);
  cJSON *got = local_rig_answer(
      &rig, "triage",
      "{\"ticket\":{\"subject\":\"Encomenda parada\",\"body\":\"Bom dia, a minha "
      "encomenda continua parada há dez dias. Quando é que chega?\"}}");
  assert_string_equal(local_rig_text(got, "language"), "pt");
  cJSON_Delete(got);
  got = local_rig_answer(
      &rig, "triage",
      "{\"ticket\":{\"subject\":\"Dostawa\",\"body\":\"Dzień dobry, kiedy przyjdzie moja "
      "przesyłka? Czekam już od tygodnia.\"}}");
  assert_string_equal(local_rig_text(got, "language"), "pl");
  cJSON_Delete(got);
  local_rig_close(&rig);
}

/* "BF-25312." has no language, and a word of a product has the wrong one. */
static void test_what_a_customer_wrote_before_tells_the_language_of_a_short_message(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  cJSON *got = local_rig_answer(
      &rig, "triage",
      "{\"ticket\":{\"subject\":\"Mi dinero\",\"body\":\"BF-25312.\",\"messages\":["
      "{\"author\":\"customer\",\"text\":\"Hola,\\n\\nDevolví el casco el lunes y sigo sin el "
      "dinero. "
      "¿Cuánto tarda?\"},{\"author\":\"agent\",\"text\":\"Guten Tag, wie lautet die Nummer der "
      "Bestellung, und wann haben Sie sie aufgegeben?\"},{\"author\":\"customer\",\"text\":"
      "\"BF-25312.\"}]}}");
  assert_string_equal(local_rig_text(got, "language"), "es");
  cJSON_Delete(got);
  got = local_rig_answer(
      &rig, "triage",
      "{\"ticket\":{\"body\":\"Danke, aber die Rechnung ist immer noch falsch.\",\"messages\":"
      "[{\"author\":\"customer\",\"text\":\"Hello, the invoice that you sent to me is wrong, "
      "please send another one to this address.\"},{\"author\":\"customer\",\"text\":"
      "\"Danke, aber die Rechnung ist immer noch falsch.\"}]}}");
  assert_string_equal(local_rig_text(got, "language"), "de");
  cJSON_Delete(got);
  got = local_rig_answer(&rig, "triage", "{\"ticket\":{\"body\":\"BF-25312.\",\"messages\":[]}}");
  assert_string_equal(local_rig_text(got, "language"), "und");
  cJSON_Delete(got);
  local_rig_close(&rig);
}

static void assert_refused(struct local_rig *rig, const struct trg_example *list, size_t count,
                           const char *path, const char *part) {
  const struct fake_op *op = train(rig, list, count, path);
  assert_int_equal(op->result.outcome, TRG_REJECTED);
  assert_non_null(strstr(op->result.why.p, part));
  assert_int_equal(op->reply_count, 0);
}

static void test_training_that_cannot_work_is_refused_and_the_old_model_stays(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  assert_int_equal(train(&rig, examples, 8, rig.file)->result.outcome, TRG_DONE);
  struct stat before;
  assert_int_equal(stat(rig.file, &before), 0);
  const struct trg_example broken[] = {examples[0], {TRG_STR("\xFF\xFE"), examples[7].labels}};
  const struct trg_example no_object[] = {{TRG_STR("a"), TRG_STR("7")}};
  const struct trg_example no_label[] = {{TRG_STR("a"), TRG_STR("{\"colour\":\"red\"}")}};
  assert_refused(&rig, examples, 4, rig.file, "same category");
  assert_refused(&rig, broken, 2, rig.file, "example 2 is not UTF-8");
  assert_refused(&rig, no_object, 1, rig.file, "example 1");
  assert_refused(&rig, no_label, 1, rig.file, "no example has a label");
  assert_refused(&rig, examples, 0, rig.file, "no examples");
  assert_refused(&rig, examples, 8, "/nonexistent/model.bin", "/nonexistent/model.bin");
  assert_refused(&rig, examples, 8, "/dev/full/x", "/dev/full/x");
  struct stat after;
  assert_int_equal(stat(rig.file, &after), 0);
  assert_int_equal(before.st_ino, after.st_ino);
  cJSON *got = local_rig_answer(&rig, "triage", "{\"ticket\":{\"body\":\"my parcel is lost\"}}");
  assert_string_equal(local_rig_text(got, "category"), "delivery");
  cJSON_Delete(got);
  local_rig_close(&rig);
}

static void test_a_damaged_model_file_stops_the_start_with_a_sentence(void **state) {
  (void)state;
  struct local_rig rig;
  local_rig_open(&rig);
  FILE *file = fopen(rig.file, "w");
  assert_non_null(file);
  fputs("TRGLOCAL but not really a model at all", file);
  fclose(file);
  const char *const settings[] = {rig.setting, NULL};
  struct fake_inst *second = NULL;
  struct trg_err err = {0};
  assert_int_equal(fake_host_open(rig.host, &triaged_plugin_local, settings, &second, &err), -1);
  assert_non_null(strstr(err.text, "train again or remove the file"));
  local_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_test_answers_ok_and_unknown_tasks_are_rejected),
      cmocka_unit_test(test_an_untrained_model_leans_on_descriptions_and_says_so),
      cmocka_unit_test(test_danger_is_never_below_p2_whatever_the_taxonomy_says),
      cmocka_unit_test(test_everyday_words_are_no_reason_to_escalate),
      cmocka_unit_test(test_signals_of_the_request_are_heard),
      cmocka_unit_test(test_empty_and_odd_requests_still_get_every_key),
      cmocka_unit_test(test_a_new_subject_above_the_question_is_not_the_summary),
      cmocka_unit_test(test_thanks_resolve_and_remaining_trouble_does_not),
      cmocka_unit_test(test_a_long_input_is_answered_on_the_pool),
      cmocka_unit_test(test_training_writes_the_file_and_answers_with_it),
      cmocka_unit_test(test_similar_tickets_vote_only_where_the_training_has_gaps),
      cmocka_unit_test(test_a_rare_language_of_the_training_is_still_told),
      cmocka_unit_test(test_what_a_customer_wrote_before_tells_the_language_of_a_short_message),
      cmocka_unit_test(test_training_that_cannot_work_is_refused_and_the_old_model_stays),
      cmocka_unit_test(test_a_damaged_model_file_stops_the_start_with_a_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
