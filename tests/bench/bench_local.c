/*
 * Accuracy, calibration, speed and size of the embedded model on the shared test data, beside the
 * bars of its README files. It links the plugin's objects; sets that are absent are skipped.
 *   TRIAGED_SHARED   folder of the test data's folder `data` (default ../shared)
 *   bench_local [banking|oos|it|language|helpdesk]...   default: all
 * Thresholds and calibration come from the training files alone; every test file is read once.
 */
#include "../../plugins/models/local/alloc.h"
#include "../../plugins/models/local/answer.h"
#include "../../plugins/models/local/fit.h"
#include "../../plugins/models/local/train.h"
#include "bars.h"
#include "sets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Of the processor: everything here is one thread, and other work on the machine must not count. */
static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct outcome {
  float confidence, scope;
  uint32_t best;
  bool right;
};

struct figures {
  size_t n;
  double accuracy, error, macro_f1, ece, ece_error, coverage, precision, best_coverage, micros;
};

static int outcome_compare(const void *left, const void *right) {
  const float a = ((const struct outcome *)left)->confidence;
  const float b = ((const struct outcome *)right)->confidence;
  return a > b ? -1 : a < b;
}

static double macro_f1(const struct outcome *outcomes, const struct set *set, size_t classes) {
  double sum = 0;
  size_t counted = 0;
  for (uint32_t k = 0; k < classes; k++) {
    double hit = 0;
    double said = 0;
    double is = 0;
    for (size_t i = 0; i < set->n; i++) {
      is += set->samples[i].label == k;
      said += outcomes[i].best == k;
      hit += set->samples[i].label == k && outcomes[i].best == k;
    }
    if (is == 0) continue;
    sum += 2 * hit / (said + is);
    counted++;
  }
  return counted > 0 ? sum / (double)counted : 0;
}

static double ece_of(const struct outcome *outcomes, const size_t *places, size_t n) {
  double gaps[10] = {0}, sum = 0;
  for (size_t i = 0; i < n; i++) {
    const struct outcome *o = &outcomes[places ? places[i] : i];
    const int part = (int)(o->confidence * 10.0f);
    gaps[part > 9 ? 9 : part] += (double)o->confidence - o->right;
  }
  for (int part = 0; part < 10; part++) sum += fabs(gaps[part]) / (double)n;
  return sum;
}

/* Standard error of the calibration error: how it spreads over texts drawn again with repetition.
 */
static double ece_error(const struct outcome *outcomes, size_t n) {
  enum { ROUNDS = 100 };
  size_t *places = local_alloc(n, sizeof *places);
  double sum = 0, squares = 0;
  uint64_t state = 0x9E3779B97F4A7C15u;
  for (int round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < n; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      places[i] = (size_t)(state >> 33) % n;
    }
    const double ece = ece_of(outcomes, places, n);
    sum += ece;
    squares += ece * ece;
  }
  free(places);
  const double mean = sum / ROUNDS;
  return sqrt(fmax(0, squares / ROUNDS - mean * mean));
}

/* `accept`: the threshold; best_coverage is what the best threshold on this very file would give
 * at 95 % precision. Sorts the outcomes. */
static struct figures figures_of(struct outcome *outcomes, const struct set *set, size_t classes,
                                 float accept, double seconds) {
  struct figures figures = {.n = set->n, .macro_f1 = macro_f1(outcomes, set, classes)};
  double right = 0;
  double taken = 0;
  double taken_right = 0;
  for (size_t i = 0; i < set->n; i++) {
    right += outcomes[i].right;
    if (outcomes[i].confidence >= accept) {
      taken++;
      taken_right += outcomes[i].right;
    }
  }
  const double n = (double)set->n;
  figures.accuracy = right / n;
  figures.error = sqrt(figures.accuracy * (1 - figures.accuracy) / n);
  figures.ece = ece_of(outcomes, NULL, set->n);
  figures.ece_error = ece_error(outcomes, set->n);
  figures.coverage = taken / n;
  figures.precision = taken > 0 ? taken_right / taken : 0;
  figures.micros = seconds * 1e6 / n;
  qsort(outcomes, set->n, sizeof *outcomes, outcome_compare);
  double so_far = 0;
  for (size_t i = 0; i < set->n; i++) {
    so_far += outcomes[i].right;
    if (so_far >= 0.95 * (double)(i + 1)) figures.best_coverage = (double)(i + 1) / n;
  }
  return figures;
}

static struct outcome *outcomes_of(const struct local_classifier *classifier, const struct set *set,
                                   double *ret_seconds) {
  struct outcome *outcomes = local_alloc(set->n, sizeof *outcomes);
  struct local_text text = {0};
  struct local_scratch scratch = {0};
  float *p = local_alloc(classifier->stride, sizeof *p);
  const double start = seconds_now();
  for (size_t i = 0; i < set->n; i++) {
    struct local_verdict verdict;
    local_text_read(&text, set->samples[i].text.p, set->samples[i].text.n, &classifier->recipe);
    local_classify(classifier, &text, &scratch, NULL, p, &verdict);
    outcomes[i] = (struct outcome){verdict.confidence, verdict.scope, verdict.best,
                                   verdict.best == set->samples[i].label};
  }
  *ret_seconds = seconds_now() - start;
  free(p);
  local_text_free(&text);
  local_scratch_free(&scratch);
  return outcomes;
}

static void figures_print(const char *name, const struct figures *figures) {
  printf("%-34s n=%zu acc=%.2f±%.2f F1=%.2f ECE=%.4f cov=%.3f@prec=%.4f cov95=%.3f us/text=%.1f\n",
         name, figures->n, 100 * figures->accuracy, 100 * figures->error, 100 * figures->macro_f1,
         figures->ece, figures->coverage, figures->precision, figures->best_coverage,
         figures->micros);
}

/* Trains as the plugin does and asks one test file. The caller frees the classifier. */
static struct local_classifier *trained(const char *key, const struct set *set,
                                        const struct names *names) {
  const struct local_fit_options options = local_fit_rule(key, set->n, names->count, 1);
  const double start = seconds_now();
  struct local_classifier *classifier = local_fit(
      set->samples, set->n, (const char *const *)names->names, names->count, &options);
  const double seconds = seconds_now() - start;
  classifier->key = local_copy(key, strlen(key));
  struct local_model model = {.classifiers = {classifier}, .count = 1};
  char *bytes = NULL;
  size_t n = 0;
  local_model_write(&model, &bytes, &n);
  free(bytes);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("  trained on %zu, %zu classes: %.2f s (calibration included), %.2f MB, peak RSS %ld MB, "
         "holdout n=%u acc=%.4f ECE=%.4f accept=%.3f\n",
         set->n, names->count, seconds, (double)n / 1e6, usage.ru_maxrss / 1024,
         classifier->holdout.n, (double)classifier->holdout.accuracy,
         (double)classifier->holdout.ece, (double)classifier->holdout.accept_at_95);
  bar("training seconds", seconds, 5, false);
  bar("model megabytes", (double)n / 1e6, 8, false);
  return classifier;
}

static struct figures asked(const struct local_classifier *classifier, const char *file,
                            struct names *names, float accept) {
  struct set test = {0};
  struct figures figures = {0};
  if (!set_read(&test, file, names, false)) return figures;
  double seconds = 0;
  struct outcome *outcomes = outcomes_of(classifier, &test, &seconds);
  figures = figures_of(outcomes, &test, classifier->class_count, accept, seconds);
  figures_print(file, &figures);
  free(outcomes);
  set_free(&test);
  return figures;
}

/* Lets cal.tsv set the calibration and the threshold, as the set's README asks. */
static float calibrate_on(struct local_classifier *classifier, const char *file,
                          struct names *names) {
  struct set set = {0};
  struct local_trials trials = {0};
  struct local_trials none = {0};
  if (set_read(&set, file, names, false)) {
    local_trials_add(&trials, classifier, set.samples, set.n);
    local_calibrate(classifier, &trials, &none);
  }
  local_trials_free(&trials);
  set_free(&set);
  return classifier->holdout.accept_at_95;
}

static void bench_banking(void) {
  static const struct {
    const char *file;
    double bar;
  } sizes[] = {{"banking77/train.tsv", 0.915},
               {"banking77/train_10.tsv", 0.745},
               {"banking77/train_5.tsv", 0.625}};
  for (size_t i = 0; i < 3; i++) {
    struct names names = {0};
    struct set set = {0};
    if (set_read(&set, sizes[i].file, &names, true)) {
      printf("\n== %s -> banking77/test.tsv\n", sizes[i].file);
      struct local_classifier *classifier = trained("category", &set, &names);
      const struct figures figures = asked(classifier, "banking77/test.tsv", &names,
                                           classifier->holdout.accept_at_95);
      bar_share("accuracy", figures.accuracy, (double)figures.n, sizes[i].bar);
      bar("us per text", figures.micros, 25, false);
      if (i == 0) {
        bar_below("ECE", figures.ece, figures.ece_error, figures.n, 0.03);
        bar_share("coverage at the learned threshold", figures.coverage, (double)figures.n, 0.90);
        bar_share("precision at the learned threshold", figures.precision,
                  figures.coverage * (double)figures.n, 0.945);
      }
      local_classifier_free(&classifier);
    }
    set_free(&set);
    names_free(&names);
  }
  struct names names = {0};
  struct set set = {0};
  if (set_read(&set, "banking77/fit.tsv", &names, true)) {
    printf("\n== banking77/fit.tsv, calibrated on cal.tsv -> banking77/test.tsv\n");
    struct local_classifier *classifier = trained("category", &set, &names);
    const float accept = calibrate_on(classifier, "banking77/cal.tsv", &names);
    const struct figures figures = asked(classifier, "banking77/test.tsv", &names, accept);
    bar_share("coverage", figures.coverage, (double)figures.n, 0.90);
    bar_share("precision", figures.precision, figures.coverage * (double)figures.n, 0.945);
    bar_below("ECE", figures.ece, figures.ece_error, figures.n, 0.03);
    local_classifier_free(&classifier);
  }
  set_free(&set);
  names_free(&names);
}

/* How often a text of the set ranks above one from outside it; ties count half. */
static double auroc(const struct outcome *in, size_t in_n, const struct outcome *out, size_t out_n,
                    bool by_scope) {
  struct outcome *all = local_alloc(in_n + out_n, sizeof *all);
  for (size_t i = 0; i < in_n + out_n; i++) {
    const struct outcome *outcome = i < in_n ? &in[i] : &out[i - in_n];
    all[i] = (struct outcome){.confidence = by_scope ? outcome->scope : outcome->confidence,
                              .right = i < in_n};
  }
  qsort(all, in_n + out_n, sizeof *all, outcome_compare);
  double above = 0;
  double sum = 0;
  for (size_t i = 0; i < in_n + out_n;) {
    double same_in = 0;
    double same_out = 0;
    size_t k = i;
    for (; k < in_n + out_n && all[k].confidence == all[i].confidence; k++) {
      same_in += all[k].right;
      same_out += !all[k].right;
    }
    sum += same_out * (above + same_in / 2);
    above += same_in;
    i = k;
  }
  free(all);
  return sum / ((double)in_n * (double)out_n);
}

static void bench_oos(void) {
  struct names names = {0};
  struct set set = {0};
  struct set test = {0};
  if (set_read(&set, "banking77/oos/fit.tsv", &names, true) &&
      set_read(&test, "banking77/oos/test.tsv", &names, false)) {
    printf("\n== banking77/oos: 50 known intents, near and far strangers\n");
    struct local_classifier *classifier = trained("category", &set, &names);
    double seconds = 0;
    struct outcome *in = outcomes_of(classifier, &test, &seconds);
    static const struct {
      const char *name, *file;
      double bar;
    } strangers[] = {{"near", "banking77/oos/near_oos_test.tsv", 0.85},
                     {"far", "banking77/oos/far_oos_test.tsv", 0.97}};
    for (size_t i = 0; i < 2; i++) {
      struct set out_set = {0};
      if (set_read(&out_set, strangers[i].file, &names, true)) {
        struct outcome *out = outcomes_of(classifier, &out_set, &seconds);
        double taken = 0;
        for (size_t k = 0; k < out_set.n; k++)
          taken += out[k].confidence >= classifier->holdout.accept_at_95;
        printf(
            "  %s: n=%zu, accepted at the learned threshold %.3f, AUROC of the confidence %.3f\n",
            strangers[i].name, out_set.n, taken / (double)out_set.n,
            auroc(in, test.n, out, out_set.n, false));
        bar_auroc(i == 0 ? "AUROC near" : "AUROC far", auroc(in, test.n, out, out_set.n, true),
                  (double)test.n, (double)out_set.n, strangers[i].bar);
        free(out);
      }
      set_free(&out_set);
    }
    const struct figures figures = figures_of(in, &test, classifier->class_count,
                                              classifier->holdout.accept_at_95, seconds);
    figures_print("banking77/oos/test.tsv", &figures);
    free(in);
    local_classifier_free(&classifier);
  }
  set_free(&test);
  set_free(&set);
  names_free(&names);
}

static void bench_it(void) {
  struct names names = {0};
  struct set set = {0};
  if (set_read(&set, "it-tickets/train.tsv", &names, true)) {
    printf("\n== it-tickets\n");
    struct local_classifier *classifier = trained("category", &set, &names);
    const struct figures figures = asked(classifier, "it-tickets/test.tsv", &names,
                                         classifier->holdout.accept_at_95);
    bar_share("accuracy", figures.accuracy, (double)figures.n, 0.845);
    bar_share("coverage at 95 % precision", figures.best_coverage, (double)figures.n, 0.70);
    bar("us per text (10,000 a second)", figures.micros, 100, false);
    local_classifier_free(&classifier);
  }
  set_free(&set);
  names_free(&names);
}

static void language_builtin(const char *file) {
  struct names names = {0};
  struct set set = {0};
  if (set_read(&set, file, &names, true)) {
    struct local_language *language = local_language_open(LOCAL_FINGERPRINTS);
    double right = 0;
    const double start = seconds_now();
    for (size_t i = 0; i < set.n; i++) {
      const struct local_language_answer answer = local_language_find(
          language, set.samples[i].text.p, set.samples[i].text.n);
      right += strcmp(answer.code, names.names[set.samples[i].label]) == 0;
    }
    const double seconds = seconds_now() - start;
    printf("%-34s n=%zu acc=%.2f±%.2f us/text=%.1f (no training)\n", file, set.n,
           100 * right / (double)set.n,
           100 * sqrt(right / (double)set.n * (1 - right / (double)set.n) / (double)set.n),
           seconds * 1e6 / (double)set.n);
    local_language_free(&language);
  }
  set_free(&set);
  names_free(&names);
}

/* Too short, numbers, code: no language, asked as a ticket with the trained classifier. */
static void language_unknown(struct local_classifier *classifier) {
  static const char *const texts[] = {"",
                                      "a",
                                      "ok",
                                      "12",
                                      "!?",
                                      "4711 0815 23",
                                      "+49 171 2345678",
                                      "2026-11-21 16:03:22",
                                      "if (x==0) { y=*p++; }",
                                      "0x7f3a 0x0041 0xdead",
                                      "{\"a\":1,\"b\":[2,3]}",
                                      "</div></td></tr>"};
  const size_t n = sizeof texts / sizeof *texts;
  struct local_model model = {.classifiers = {classifier}, .count = 1};
  struct local_language *language = local_language_open(LOCAL_FINGERPRINTS);
  struct local_scratch scratch = {0};
  struct local_text text = {0};
  const struct local_mind mind = {&model, language, &scratch, &text};
  double unknown = 0;
  for (size_t i = 0; i < n; i++) {
    const char *code = local_ticket_language(&mind, texts[i], strlen(texts[i]), "").code;
    unknown += strcmp(code, "und") == 0;
    if (strcmp(code, "und") != 0) printf("  \"%s\" is taken for %s\n", texts[i], code);
  }
  bar_share("unknown: short, numbers, code", unknown / (double)n, (double)n, 1);
  local_text_free(&text);
  local_scratch_free(&scratch);
  local_language_free(&language);
}

static void bench_language(void) {
  printf("\n== language-id\n");
  language_builtin("language-id/dev.tsv");
  language_builtin("language-id/dev_wordpairs.tsv");
  struct names names = {0};
  struct set set = {0};
  if (set_read(&set, "language-id/train.tsv", &names, true)) {
    struct local_classifier *classifier = trained("language", &set, &names);
    struct figures figures = asked(classifier, "language-id/dev.tsv", &names, 0);
    bar_share("accuracy, sentences", figures.accuracy, (double)figures.n, 0.99);
    figures = asked(classifier, "language-id/dev_wordpairs.tsv", &names, 0);
    bar_share("accuracy, word pairs", figures.accuracy, (double)figures.n, 0.87);
    language_unknown(classifier);
    local_classifier_free(&classifier);
  }
  set_free(&set);
  names_free(&names);
}

/* --- helpdesk-demo -----------------------------------------------------------------------------
 */

static const char *const demo_categories[] = {
    "billing",      "refund_return",    "shipping",         "account_access",     "technical",
    "cancellation", "product_question", "security_privacy", "complaint_feedback", "spam_other"};
static const char *const demo_labels[] = {"category", "priority", "sentiment", NULL};
static const char *const demo_priorities[] = {"urgent", "high", "normal", "low"};
static const char *const demo_reasons[] = {
    "safety",          "account_takeover", "privacy_request",  "legal_threat",
    "manager_request", "churn_business",   "repeated_contact", "media_threat"};

static void names_list(cJSON *to, const char *key, const char *field, const char *const *names,
                       size_t count) {
  cJSON *list = cJSON_AddArrayToObject(to, key);
  for (size_t i = 0; i < count; i++) {
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, field, names[i]);
    cJSON_AddItemToArray(list, entry);
  }
}

/* The request as the daemon would render it, with names only: no signal, no description. */
static cJSON *demo_request(const cJSON *row) {
  cJSON *input = cJSON_CreateObject();
  cJSON *ticket = cJSON_AddObjectToObject(input, "ticket");
  cJSON_AddStringToObject(ticket, "subject", local_json_text(row, "subject"));
  cJSON_AddStringToObject(ticket, "body", local_json_text(row, "body"));
  cJSON *taxonomy = cJSON_AddObjectToObject(input, "taxonomy");
  names_list(taxonomy, "categories", "name", demo_categories, 10);
  names_list(taxonomy, "priorities", "name", demo_priorities, 4);
  names_list(taxonomy, "escalations", "reason", demo_reasons, 8);
  return input;
}

static cJSON *demo_read(const char *file) {
  FILE *in = data_open(file);
  if (in == NULL) return NULL;
  cJSON *rows = cJSON_CreateArray();
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, in) > 0) {
    cJSON *row = cJSON_Parse(line);
    if (row != NULL) cJSON_AddItemToArray(rows, row);
  }
  free(line);
  fclose(in);
  return rows;
}

static struct local_model demo_train(const cJSON *rows) {
  const size_t count = (size_t)cJSON_GetArraySize(rows);
  struct trg_example *examples = local_alloc(count, sizeof *examples);
  size_t i = 0;
  const cJSON *row = NULL;
  cJSON_ArrayForEach(row, rows) {
    cJSON *labels = cJSON_CreateObject();
    for (const char *const *key = demo_labels; *key; key++)
      cJSON_AddStringToObject(labels, *key, local_json_text(row, *key));
    size_t n = 0;
    char *text = local_ticket_text(row, &n);
    char *rendered = cJSON_PrintUnformatted(labels);
    examples[i++] = (struct trg_example){{text, n}, {rendered, strlen(rendered)}};
    cJSON_Delete(labels);
  }
  char path[] = "/tmp/bench_local.XXXXXX";
  close(mkstemp(path));
  struct local_train *train = local_train_new(examples, count, (struct trg_str){path, strlen(path)},
                                              1);
  local_train_run(train);
  unlink(path);
  printf("  trained: %s\n", train->report != NULL ? train->report : train->err.text);
  struct local_model model = train->model;
  train->model = (struct local_model){0};
  local_train_free(train);
  for (i = 0; i < count; i++) {
    free((char *)(uintptr_t)examples[i].text.p);
    cJSON_free((char *)(uintptr_t)examples[i].labels.p);
  }
  free(examples);
  return model;
}

struct demo_tally {
  double n, category, priority, sentiment, language;
  double escalate, escalate_hit, escalate_said, reason_right, urgent, urgent_low;
};

static void demo_count(struct demo_tally *tally, const cJSON *row, const cJSON *answer) {
  tally->n++;
  static const char *const keys[] = {"category", "priority", "sentiment", "language"};
  double *const hits[] = {&tally->category, &tally->priority, &tally->sentiment, &tally->language};
  for (size_t i = 0; i < 4; i++)
    *hits[i] += strcmp(local_json_text(row, keys[i]), local_json_text(answer, keys[i])) == 0;
  const bool is = cJSON_IsTrue(local_json_item(row, "escalate"));
  const bool said = cJSON_IsTrue(local_json_item(answer, "escalate"));
  tally->escalate += is;
  tally->escalate_said += said;
  tally->escalate_hit += is && said;
  tally->reason_right += is && said &&
                         strcmp(local_json_text(row, "escalate_reason"),
                                local_json_text(answer, "escalate_reason")) == 0;
  const char *priority = local_json_text(answer, "priority");
  tally->urgent += strcmp(local_json_text(row, "priority"), "urgent") == 0;
  tally->urgent_low += strcmp(local_json_text(row, "priority"), "urgent") == 0 &&
                       strcmp(priority, "urgent") != 0 && strcmp(priority, "high") != 0;
}

static struct demo_tally demo_ask(const struct local_model *model, const cJSON *rows,
                                  const char *name) {
  struct local_language *language = local_language_open(LOCAL_FINGERPRINTS);
  struct local_scratch scratch = {0};
  struct local_text text = {0};
  const struct local_mind mind = {model, language, &scratch, &text};
  struct demo_tally tally = {0};
  double seconds = 0;
  const cJSON *row = NULL;
  cJSON_ArrayForEach(row, rows) {
    cJSON *input = demo_request(row);
    const double start = seconds_now();
    cJSON *answer = local_triage(&mind, input);
    seconds += seconds_now() - start;
    demo_count(&tally, row, answer);
    cJSON_Delete(answer);
    cJSON_Delete(input);
  }
  printf("%-34s n=%.0f category=%.1f±%.1f priority=%.1f sentiment=%.1f language=%.1f "
         "escalation recall=%.3f (of %.0f) precision=%.3f reason=%.3f us/triage=%.0f\n",
         name, tally.n, 100 * tally.category / tally.n,
         100 * sqrt(tally.category / tally.n * (1 - tally.category / tally.n) / tally.n),
         100 * tally.priority / tally.n, 100 * tally.sentiment / tally.n,
         100 * tally.language / tally.n, tally.escalate_hit / fmax(1, tally.escalate),
         tally.escalate, tally.escalate_hit / fmax(1, tally.escalate_said),
         tally.reason_right / fmax(1, tally.escalate_hit), seconds * 1e6 / tally.n);
  local_text_free(&text);
  local_scratch_free(&scratch);
  local_language_free(&language);
  return tally;
}

static void bench_helpdesk(void) {
  printf("\n== helpdesk-demo\n");
  cJSON *history = demo_read("helpdesk-demo/history.jsonl");
  if (history == NULL) return;
  demo_ask(&(struct local_model){0}, history, "history, untrained (rules only)");
  cJSON *rows = demo_read("helpdesk-demo/eval.jsonl");
  if (rows != NULL) {
    struct local_model model = demo_train(history);
    const struct demo_tally tally = demo_ask(&model, rows, "helpdesk-demo/eval.jsonl");
    bar_share("category", tally.category / tally.n, tally.n, 0.80);
    bar_share("urgent tickets at high or above", 1 - tally.urgent_low / tally.urgent, tally.urgent,
              1);
    bar_share("escalation recall", tally.escalate_hit / fmax(1, tally.escalate), tally.escalate,
              0.9);
    bar_share("escalation precision", tally.escalate_hit / fmax(1, tally.escalate_said),
              tally.escalate_said, 0.7);
    local_model_free(&model);
  }
  cJSON_Delete(rows);
  cJSON_Delete(history);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } benches[] = {{"banking", bench_banking},
                 {"oos", bench_oos},
                 {"it", bench_it},
                 {"language", bench_language},
                 {"helpdesk", bench_helpdesk}};
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
    bool wanted = argc == 1;
    for (int k = 1; k < argc; k++) wanted = wanted || strcmp(argv[k], benches[i].name) == 0;
    if (wanted) benches[i].run();
  }
  printf("\n%d bars missed\n", bars_missed);
  return 0;
}
