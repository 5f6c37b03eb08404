/*
 * The embedded model backend: no network, no key, free. It answers with what it learned from the
 * team's own tickets (classifier.h), with phrases (rules.h) and with sentences of the knowledge
 * base (passage.h), and says honestly how sure it is.
 */
#include <triaged/model.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "answer.h"
#include "train.h"

/* Above this an answer may take longer than the loop should wait. */
#define INLINE_BYTES_MAX (256u << 10)
#define INPUT_BYTES_MAX  (16u << 20)
#define SERVED           "local"

struct local_conf {
  char *file;
  int64_t seed;
};

/* A model that is in use: by the instance and by answers on pool threads. Counted on the loop
 * thread only. */
struct shared_model {
  struct local_model model;
  size_t users;
};

struct backend {
  const struct trg_host *host;
  trg_inst *inst;
  const struct local_conf *conf;
  struct shared_model *shared;
  struct local_language *language;
  struct local_scratch scratch;
  struct local_text text;
  struct training *training; /* the newest that runs; NULL: none */
};

struct training {
  struct backend *backend;
  struct local_train *train;
};

static const struct trg_field fields[] = {
    {.name = "file",
     .type = TRG_TEXT,
     .offset = offsetof(struct local_conf, file),
     .help = "where the trained model is kept"},
    {.name = "seed",
     .type = TRG_INT,
     .default_text = "1",
     .min = 0,
     .max = 2147483647,
     .offset = offsetof(struct local_conf, seed),
     .help = "start of the random numbers in training: the same gives the same model"},
    {.name = NULL}};

static void shared_drop(struct shared_model **shared) {
  if (*shared != NULL && --(*shared)->users == 0) {
    local_model_free(&(*shared)->model);
    free(*shared);
  }
  *shared = NULL;
}

static struct shared_model *shared_new(struct local_model *model) {
  struct shared_model *shared = local_alloc(1, sizeof *shared);
  shared->model = *model;
  shared->users = 1;
  *model = (struct local_model){0};
  return shared;
}

static void backend_close(void *self) {
  struct backend *backend = self;
  if (backend == NULL) return;
  shared_drop(&backend->shared);
  local_language_free(&backend->language);
  local_scratch_free(&backend->scratch);
  local_text_free(&backend->text);
  free(backend);
}

/* A file that is refused stops the start: to run on without the trained model would look like a
 * bad model, not like a bad file. No file at all is where everybody begins. */
static int backend_open(const struct trg_host *host, trg_inst *inst, const void *conf,
                        void **ret_self, struct trg_err *err) {
  struct backend *backend = local_alloc(1, sizeof *backend);
  backend->host = host;
  backend->inst = inst;
  backend->conf = conf;
  struct local_model model = {0};
  const char *file = backend->conf->file;
  if (file != NULL && file[0] != '\0' && local_model_load(file, &model, err) < 0) {
    backend_close(backend);
    return -1;
  }
  backend->shared = shared_new(&model);
  backend->language = local_language_open(LOCAL_FINGERPRINTS);
  *ret_self = backend;
  return 0;
}

static void op_done(const struct backend *backend, trg_op op, int32_t outcome, const char *code,
                    const char *why) {
  const struct trg_result result = {
      .outcome = outcome, .code = {code, strlen(code)}, .why = {why, strlen(why)}};
  backend->host->done(op, &result);
}

/* One question on its way to its answer. */
struct question {
  char *task, *input;
  size_t input_n;
  struct shared_model *shared; /* held while a pool thread reads it */
  const struct local_language *language;
  char *answer;    /* NULL: refused */
  const char *why; /* why it was refused */
};

static void question_free(void *state) {
  struct question *question = state;
  shared_drop(&question->shared);
  free(question->task);
  free(question->input);
  cJSON_free(question->answer);
  free(question);
}

static void question_answer(struct question *question, struct local_scratch *scratch,
                            struct local_text *text) {
  if (strcmp(question->task, "test") == 0) {
    question->answer = cJSON_malloc(sizeof "{\"ok\":true}");
    if (question->answer != NULL) memcpy(question->answer, "{\"ok\":true}", sizeof "{\"ok\":true}");
    return;
  }
  cJSON *input = cJSON_ParseWithLength(question->input, question->input_n);
  if (!cJSON_IsObject(input)) {
    cJSON_Delete(input);
    question->why = "the request's input is not a JSON object";
    return;
  }
  const struct local_mind mind = {.model = &question->shared->model,
                                  .language = question->language,
                                  .scratch = scratch,
                                  .text = text};
  cJSON *answer = NULL;
  if (strcmp(question->task, "triage") == 0)
    answer = local_triage(&mind, input);
  else if (strcmp(question->task, "draft") == 0)
    answer = local_draft(&mind, input);
  else if (strcmp(question->task, "verify") == 0)
    answer = local_verify(&mind, input);
  else
    question->why = "the local backend knows the tasks triage, draft, verify and test";
  question->answer = answer != NULL ? cJSON_PrintUnformatted(answer) : NULL;
  if (answer != NULL && question->answer == NULL)
    question->why = "the answer could not be written as JSON";
  cJSON_Delete(answer);
  cJSON_Delete(input);
}

static void question_reply(const struct backend *backend, trg_op op,
                           const struct question *question) {
  if (question->answer == NULL) {
    op_done(backend, op, TRG_REJECTED, TRG_CODE_PERMANENT, question->why);
    return;
  }
  const struct trg_str text = {question->answer, strlen(question->answer)};
  const struct trg_model_reply reply = {
      .size = sizeof reply,
      .text = text,
      .stop = TRG_STOP_END,
      .stop_word = TRG_STR("end"),
      .served = TRG_STR(SERVED),
      .request_bytes = {question->input, question->input_n},
      .response_bytes = text,
  };
  backend->host->emit_reply(op, &reply);
  op_done(backend, op, TRG_DONE, TRG_CODE_OK, "");
}

static void question_work(void *arg) {
  struct question *question = arg;
  struct local_scratch scratch = {0};
  struct local_text text = {0};
  question_answer(question, &scratch, &text);
  local_scratch_free(&scratch);
  local_text_free(&text);
}

static void question_after(void *self, trg_op op, void *arg) {
  question_reply(self, op, arg);
}

static void complete(void *self, trg_op op, const struct trg_model_request *request) {
  struct backend *backend = self;
  if (request->input.n > INPUT_BYTES_MAX) {
    op_done(backend, op, TRG_REJECTED, TRG_CODE_PERMANENT, "the request's input is too large");
    return;
  }
  struct question *question = local_alloc(1, sizeof *question);
  question->task = local_copy(request->task.p, request->task.n);
  question->input = local_copy(request->input.p, request->input.n);
  question->input_n = request->input.n;
  question->shared = backend->shared;
  question->shared->users++;
  question->language = backend->language;
  backend->host->op_set(op, question, question_free);
  if (request->input.n > INLINE_BYTES_MAX) {
    backend->host->work(op, question_work, question_after, question);
    return;
  }
  question_answer(question, &backend->scratch, &backend->text);
  question_reply(backend, op, question);
}

static void estimate(void *self, const struct trg_model_request *request, struct trg_usage *ret) {
  (void)self;
  (void)request;
  *ret = (struct trg_usage){0}; /* free */
}

static void train_free(void *state) {
  struct training *training = state;
  if (training->backend->training == training) training->backend->training = NULL;
  local_train_free(training->train);
  free(training);
}

static void train_progress(void *self, int64_t *ret_done, int64_t *ret_total) {
  const struct backend *backend = self;
  const struct training *training = backend->training;
  *ret_done = training != NULL ? training->train->steps.done : 0;
  *ret_total = training != NULL ? training->train->steps.total : 0;
}

static void train_after(void *self, trg_op op, void *arg) {
  struct backend *backend = self;
  struct local_train *train = arg;
  if (train->report == NULL) {
    op_done(backend, op, TRG_REJECTED, TRG_CODE_PERMANENT, train->err.text);
    return;
  }
  shared_drop(&backend->shared);
  backend->shared = shared_new(&train->model);
  const struct trg_str text = {train->report, strlen(train->report)};
  const struct trg_model_reply reply = {.size = sizeof reply,
                                        .text = text,
                                        .stop = TRG_STOP_END,
                                        .stop_word = TRG_STR("end"),
                                        .served = TRG_STR(SERVED),
                                        .response_bytes = text};
  backend->host->emit_reply(op, &reply);
  op_done(backend, op, TRG_DONE, TRG_CODE_OK, "");
}

static void train_work(void *arg) {
  local_train_run(arg);
}

static void train(void *self, trg_op op, const struct trg_example *examples, size_t count,
                  struct trg_str path) {
  struct backend *backend = self;
  const char *file = backend->conf->file;
  if (path.n == 0 && file != NULL) path = (struct trg_str){file, strlen(file)};
  struct training *training = local_alloc(1, sizeof *training);
  training->backend = backend;
  training->train = local_train_new(examples, count, path, (uint32_t)backend->conf->seed);
  backend->training = training;
  backend->host->op_set(op, training, train_free);
  backend->host->work(op, train_work, train_after, training->train);
}

static const struct trg_model_ops ops = {
    .size = sizeof ops,
    .caps = TRG_MODEL_TRAIN | TRG_MODEL_LOCAL | TRG_MODEL_SCHEMA,
    .complete = complete,
    .estimate = estimate,
    .train = train,
    .train_progress = train_progress,
};

extern const struct trg_plugin triaged_plugin_local;

TRG_EXPORT const struct trg_plugin triaged_plugin_local = {
    .abi_major = TRG_ABI_MAJOR,
    .abi_minor = TRG_ABI_MINOR,
    .size = sizeof(struct trg_plugin),
    .kind = TRG_MODEL,
    .name = "local",
    .version = "1.0.0",
    .license = "MIT",
    .summary = "Embedded model: learns from your own tickets, needs no network and no key.",
    .fields = fields,
    .conf_size = sizeof(struct local_conf),
    .open = backend_open,
    .close = backend_close,
    .ops = &ops,
};
