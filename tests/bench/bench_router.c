/*
 * What the router adds to a model call: from router_ask to on_answer against a plugin that answers
 * at once, so that all of it is ours; with the store in a temporary folder and its commits counted
 * in. Then 1,000 calls in flight at the same time on the one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "bench.h"
#include "conf/conf.h"
#include "model/router.h"
#include "net/loop.h"
#include "plugin/host.h"
#include "store/store.h"
#include "store/turn.h"

#define ROUNDS   200
#define BURST    1000
#define LATER_MS 500

/* --- a model that answers at once, or after LATER_MS --------------------------------------------
 */

struct fake {
  const struct trg_host *host;
};

static bool answer_later;
static struct trg_str filler;
static int waiting, most_waiting;

static void answer(struct fake *f, trg_op op) {
  const struct trg_model_reply reply = {.size = sizeof reply,
                                        .text = TRG_STR("{\"category\":\"billing\"}"),
                                        .stop = TRG_STOP_END,
                                        .stop_word = TRG_STR("end_turn"),
                                        .served = TRG_STR("fake-1"),
                                        .request_bytes = filler,
                                        .response_bytes = TRG_STR("{\"category\":\"billing\"}"),
                                        .usage = {.input = 900, .output = 40}};
  const struct trg_result done = {
      .outcome = TRG_DONE, .http_status = 200, .code = TRG_STR("ok"), .why = TRG_STR("")};
  f->host->emit_reply(op, &reply);
  f->host->done(op, &done);
}

static void fake_timer(void *self, trg_op op, void *arg) {
  (void)arg;
  waiting--;
  answer(self, op);
}

static void fake_complete(void *self, trg_op op, const struct trg_model_request *request) {
  (void)request;
  struct fake *f = self;
  if (!answer_later) {
    answer(f, op);
    return;
  }
  if (++waiting > most_waiting) most_waiting = waiting;
  f->host->timer(op, LATER_MS, fake_timer, NULL);
}

static void fake_estimate(void *self, const struct trg_model_request *request,
                          struct trg_usage *ret) {
  (void)self;
  (void)request;
  *ret = (struct trg_usage){.input = 2000, .output = 500, .estimated = true};
}

static int fake_open(const struct trg_host *host, trg_inst *inst, const void *conf, void **ret_self,
                     struct trg_err *err) {
  (void)inst;
  (void)conf;
  (void)err;
  static struct fake one;
  one.host = host;
  *ret_self = &one;
  return 0;
}

static void fake_close(void *self) {
  (void)self;
}

static const struct trg_field fake_fields[] = {{.name = NULL}};
static const struct trg_model_ops fake_ops = {.size = sizeof fake_ops,
                                              .caps = TRG_MODEL_SCHEMA,
                                              .complete = fake_complete,
                                              .estimate = fake_estimate};
static const struct trg_plugin fake_plugin = {.abi_major = TRG_ABI_MAJOR,
                                              .abi_minor = TRG_ABI_MINOR,
                                              .size = sizeof fake_plugin,
                                              .kind = TRG_MODEL,
                                              .name = "fake",
                                              .version = "1",
                                              .license = "MIT",
                                              .fields = fake_fields,
                                              .conf_size = 1,
                                              .open = fake_open,
                                              .close = fake_close,
                                              .ops = &fake_ops};

/* --- the bench
 * ------------------------------------------------------------------------------------ */

struct bench {
  struct loop *loop;
  struct store *store;
  struct host *host;
  struct router *router;
  struct conf conf;
  struct router_job job;
  int64_t asked_us;
  double *us;
  size_t count, want;
};

static _Noreturn void die(const char *what) {
  (void)fprintf(stderr, "bench_router: %s\n", what);
  exit(1);
}

static void on_turn(void *arg) {
  struct bench *b = arg;
  struct trg_err err = {0};
  clock_turn();
  if (turn_flush(b->store, &err) < 0) die(err.text);
}

static int check(void *arg, struct trg_str text, double *ret_confidence, struct trg_err *err) {
  (void)arg;
  (void)text;
  (void)err;
  *ret_confidence = 0.9;
  return 0;
}

static void ask_one(void *arg) {
  struct bench *b = arg;
  b->asked_us = clock_mono_us();
  (void)router_ask(b->router, &b->job);
}

static void on_single(void *arg, const struct router_answer *a) {
  struct bench *b = arg;
  if (a->end != ROUTER_OK) die("a call failed");
  b->us[b->count++] = (double)(clock_mono_us() - b->asked_us);
  if (b->count == b->want)
    loop_stop(b->loop);
  else
    loop_soon(b->loop, ask_one, b);
}

static void on_burst(void *arg, const struct router_answer *a) {
  struct bench *b = arg;
  if (a->end != ROUTER_OK) die("a call failed");
  if (++b->count == b->want) loop_stop(b->loop);
}

/* Of the processor: what others do on the machine does not count. */
static double cpu_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Bursts: the whole time of BURST calls that are asked for together, by call. */
static void ask_burst(void *arg) {
  struct bench *b = arg;
  for (int i = 0; i < BURST; i++) (void)router_ask(b->router, &b->job);
}

static void bursts(struct bench *b) {
  double each[ROUNDS], own[ROUNDS];
  const size_t rounds = (size_t)bench_env("BENCH_ROUNDS", 20);
  b->job.on_answer = on_burst;
  b->want = BURST;
  for (size_t i = 0; i < rounds && i < ROUNDS; i++) {
    b->count = 0;
    const double from = bench_now(), cpu_from = cpu_now();
    loop_soon(b->loop, ask_burst, b);
    loop_run(b->loop);
    each[i] = 1e6 * (bench_now() - from) / BURST;
    own[i] = 1e6 * (cpu_now() - cpu_from) / BURST;
  }
  const double p50 = bench_quantile(each, rounds, 0.5), p99 = bench_quantile(each, rounds, 0.99);
  printf("  %d calls at once, commits and records counted in: p50 %.1f us, p99 %.1f us a call\n",
         BURST, p50, p99);
  bench_row("routing overhead per model call",
            bench_text("p50 %.3f ms, p99 %.3f ms", p50 / 1000, p99 / 1000), "p99 < 0.1 ms", "",
            p99 < 100 ? BENCH_OK : BENCH_BELOW);
  const double own50 = bench_quantile(own, rounds, 0.5), own99 = bench_quantile(own, rounds, 0.99);
  printf("  the same of the processor, system calls included: p50 %.1f us, p99 %.1f us\n", own50,
         own99);
  bench_row("the same, of the processor",
            bench_text("p50 %.3f ms, p99 %.3f ms", own50 / 1000, own99 / 1000), "p99 < 0.1 ms", "",
            own99 < 100 ? BENCH_OK : BENCH_BELOW);
}

static void singles(struct bench *b) {
  b->want = 2000;
  b->us = mem_array(b->want, sizeof *b->us);
  b->count = 0;
  b->job.on_answer = on_single;
  loop_soon(b->loop, ask_one, b);
  loop_run(b->loop);
  printf("  one call after the other, two durable commits each: p50 %.0f us, p99 %.0f us\n",
         bench_quantile(b->us, b->count, 0.5), bench_quantile(b->us, b->count, 0.99));
  bench_row("one call alone, with its two commits",
            bench_text("p50 %.2f ms, p99 %.2f ms", bench_quantile(b->us, b->count, 0.5) / 1000,
                       bench_quantile(b->us, b->count, 0.99) / 1000),
            "", "", BENCH_NONE);
  mem_free(b->us);
}

static void together(struct bench *b) {
  answer_later = true;
  b->job.on_answer = on_burst;
  b->want = BURST;
  b->count = 0;
  const double from = bench_now();
  loop_soon(b->loop, ask_burst, b);
  loop_run(b->loop);
  const double s = bench_now() - from;
  printf("  %d calls of %d ms each: %.0f ms for all, %d in flight at the most\n", BURST, LATER_MS,
         1000 * s, most_waiting);
  bench_row("calls in flight on one thread",
            bench_text("%d (%.0f ms for all)", most_waiting, 1000 * s), "1,000",
            bench_text("%.2f of %d ms", 1000 * s / LATER_MS, LATER_MS),
            most_waiting >= BURST ? BENCH_OK : BENCH_BELOW);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct bench b = {0};
  struct trg_err err = {0};
  char dir[] = "/tmp/triaged-bench-XXXXXX";
  if (clock_init(&err) < 0 || mkdtemp(dir) == NULL) die("cannot start");
  log_init(TRG_ERROR, LOG_TEXT, NULL);
  if (store_open(dir, &b.store, &err) != 0) die(err.text);
  b.loop = loop_new(&err);
  if (b.loop == NULL) die(err.text);
  b.host = host_new(b.loop, NULL);
  b.router = router_new(b.loop, b.host, b.store);
  loop_on_turn(b.loop, on_turn, &b);
  static char settings[1];
  const struct conf_model model = {.name = "fake",
                                   .backend = "fake",
                                   .model = "fake-1",
                                   .timeout_ms = 60000,
                                   .first_timeout_ms = 60000,
                                   .max_in_flight = BURST,
                                   .plugin = &fake_plugin,
                                   .settings = settings};
  const struct conf_model *const list[] = {&model};
  b.conf.models = &model;
  b.conf.model_count = 1;
  b.conf.triage = (struct conf_task){.models = list, .model_count = 1};
  if (router_configure(b.router, &b.conf, &err) < 0) die(err.text);
  char *stable = mem_alloc(2048 + 1), *prompt = mem_alloc(2048 + 1);
  memset(stable, 's', 2048);
  memset(prompt, 'p', 2048);
  filler = str_of(prompt);
  const struct trg_prompt_part part = {TRG_ROLE_USER, str_of(prompt)};
  b.job = (struct router_job){.conf = &b.conf,
                              .task = "triage",
                              .request = {.size = sizeof b.job.request,
                                          .task = TRG_STR("triage"),
                                          .stable = str_of(stable),
                                          .parts = &part,
                                          .part_count = 1,
                                          .max_output_tokens = 500},
                              .pass = 1,
                              .ref = "bench/1",
                              .skills_hash = "",
                              .check = check,
                              .arg = &b};
  bursts(&b);
  singles(&b);
  together(&b);
  router_free(&b.router);
  host_free(&b.host);
  loop_free(&b.loop);
  store_close(&b.store);
  mem_free(stable);
  mem_free(prompt);
  static const char *const files[] = {"triaged.db", "triaged.db-wal", "triaged.db-shm", "lock"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char *path = file_join(dir, files[i]);
    (void)unlink(path);
    mem_free(path);
  }
  (void)rmdir(dir);
  return 0;
}
