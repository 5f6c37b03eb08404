#include "admin/control.h"

#include <stdio.h>
#include <string.h>

#include "admin/agent.h"
#include "admin/control_bill.h"
#include "admin/control_change.h"
#include "admin/control_subject.h"
#include "admin/core.h"
#include "admin/meter.h"
#include "admin/train.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "plugin/host.h"
#include "store/eval_run.h"
#include "store/talk.h"
#include "store/turn.h"

#define MODELS_MAX       128
#define DESKS_MAX        128
#define TEST_DEADLINE_MS 30000
#define TELL_EVERY_US    100000

struct asking {
  struct core *core;
  void (*on_answer)(void *arg, struct trg_str answer);
  void (*on_told)(void *arg, struct trg_str line);
  void *arg;
  int64_t told_us; /* when it was told last how far this is */
  struct arena *arena;
  char *answer;
  struct labelled with; /* train */
  int64_t from_us;      /* test */
  bool replied;
};

/* The answer goes out after the commit of what was done. */
static void asking_end(void *arg) {
  struct asking *k = arg;
  k->on_answer(k->arg, str_of(k->answer));
  mem_free(k->answer);
  arena_free(&k->arena);
  mem_free(k);
}

static void asking_answer(struct asking *k, json *o) {
  k->answer = json_text(o);
  json_free(&o);
  turn_after_commit(k->core->store, asking_end, k);
}

static void asking_result(struct asking *k, int rc, const struct trg_err *err) {
  json *o = json_object();
  json_put_bool(o, "ok", rc >= 0);
  if (rc < 0) {
    json_put_text(o, "code", err->code);
    json_put_text(o, "error", err->text);
  }
  asking_answer(k, o);
}

static json *models_json(struct core *c) {
  struct router_model m[MODELS_MAX];
  const size_t n = router_models(c->router, m, MODELS_MAX);
  json *list = json_array();
  for (size_t i = 0; i < n; i++) {
    json *o = json_object();
    json_put_text(o, "name", m[i].name);
    json_put_text(o, "backend", m[i].backend);
    json_put_text(o, "model", m[i].model);
    json_put_int(o, "in_flight", m[i].in_flight);
    json_put_int(o, "queued", m[i].queued);
    json_put_bool(o, "resting", m[i].open_circuit);
    json_put_int(o, "rest_ms", m[i].rest_ms);
    json_put_int(o, "rate_wait_ms", m[i].rate_wait_ms);
    json_put_int(o, "calls", m[i].calls);
    json_put_int(o, "failures", m[i].failures);
    json_put_text(o, "last_error", m[i].last_error);
    json_add(list, o);
  }
  return list;
}

static json *desks_json(struct core *c) {
  struct desk_state d[DESKS_MAX];
  const size_t n = road_desks(c->road, d, DESKS_MAX);
  json *list = json_array();
  for (size_t i = 0; i < n; i++) {
    json *o = json_object();
    json_put_text(o, "name", d[i].name);
    json_put_text(o, "connector", d[i].connector);
    json_put_text(o, "mode", d[i].mode);
    json_put_bool(o, "reached", d[i].reached);
    json_put_int(o, "lag_ms", d[i].lag_ms);
    json_put_time(o, "last_success", d[i].ok_ms);
    json_put_int(o, "waiting", d[i].waiting);
    json_put_int(o, "dead", d[i].dead);
    json_put_int(o, "rate_wait_ms", d[i].rate_wait_ms);
    json_put_text(o, "error", d[i].error);
    json_put_text(o, "code", d[i].code);
    json_add(list, o);
  }
  return list;
}

static void do_status(struct asking *k) {
  json *o = json_object();
  json_put_bool(o, "ok", true);
  json_put_bool(o, "ready", road_ready(k->core->road));
  json_put(o, "helpdesks", desks_json(k->core));
  json_put(o, "models", models_json(k->core));
  asking_answer(k, o);
}

/* --- train --------------------------------------------------------------------------------------
 */

static void train_done(void *arg, struct trg_str report, const struct trg_err *err) {
  struct asking *k = arg;
  json *o = json_object();
  json_put_bool(o, "ok", err == NULL);
  if (err != NULL) {
    json_put_text(o, "code", err->code);
    json_put_text(o, "error", err->text);
  } else {
    json *r = json_parse(report, 0, NULL);
    json_put(o, "report", r != NULL ? r : json_object());
    /* New labels are new categories: the plan is made again with them. */
    struct trg_err bad = {0};
    if (core_reload(k->core, &bad) < 0) json_put_text(o, "warning", bad.text);
  }
  asking_answer(k, o);
}

static void do_train(struct asking *k, const json *q) {
  struct trg_err err = {0};
  const char *file = arena_dup(k->arena, json_get_str(q, "file"));
  const bool history = json_get_bool(q, "history", false);
  int rc = history ? labelled_history(k->core->store, k->core->plan->conf->triage.accept, k->arena,
                                      &k->with, &err)
                   : labelled_read(file, k->arena, &k->with, &err);
  const char *slash = strrchr(file, '/');
  const struct train_job job = {.source = history         ? "history"
                                          : slash != NULL ? slash + 1
                                                          : file,
                                .with = &k->with,
                                .remember = true,
                                .history = history,
                                .forget = json_get_bool(q, "forget", false),
                                .on_done = train_done,
                                .arg = k};
  if (rc >= 0) rc = labelled_check(&k->with, history ? "the solved tickets" : file, &err);
  if (rc >= 0) rc = train_start(k->core, &job, &err);
  if (rc < 0) asking_result(k, rc, &err);
}

/* How far the training is that runs now; 0 of 0: none, or the backend does not tell. */
static void do_progress(struct asking *k) {
  json *o = json_object();
  int64_t done = 0, total = 0;
  train_progress(k->core, &done, &total);
  json_put_bool(o, "ok", true);
  json_put_int(o, "done", done);
  json_put_int(o, "total", total);
  asking_answer(k, o);
}

/* --- test: one tiny round trip ------------------------------------------------------------------
 */

static void test_on_reply(void *arg, const struct trg_model_reply *r) {
  struct asking *k = arg;
  (void)r;
  k->replied = true;
}

static void test_on_done(void *arg, const struct trg_result *res) {
  struct asking *k = arg;
  json *o = json_object();
  json_put_bool(o, "ok", res->outcome == TRG_DONE && k->replied);
  json_put_int(o, "latency_us", clock_mono_us() - k->from_us);
  json_put_str(o, "code", res->code);
  json_put_str(o, "error", res->why);
  asking_answer(k, o);
}

static const struct op_events test_events = {.on_reply = test_on_reply, .on_done = test_on_done};

static void do_test(struct asking *k, const json *q) {
  struct trg_err err = {0};
  const char *name = arena_dup(k->arena, json_get_str(q, "model"));
  struct trg_inst *inst = router_instance(k->core->router, name);
  if (inst == NULL) {
    asking_result(k, err_set(&err, TRG_ENOTFOUND, "not_found", "no model is named \"%s\"", name),
                  &err);
    return;
  }
  const struct trg_prompt_part part = {TRG_ROLE_USER, TRG_STR("Answer with {\"ok\":true}.")};
  const struct trg_model_request request = {
      .size = sizeof request,
      .task = TRG_STR("test"),
      .stable = TRG_STR("This is a connection test."),
      .parts = &part,
      .part_count = 1,
      .schema = TRG_STR("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                        "\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}"),
      .schema_name = TRG_STR("test"),
      .input = TRG_STR("{}"),
      .max_output_tokens = 256};
  k->from_us = clock_mono_us();
  op_complete(inst, &request, &test_events, k, TEST_DEADLINE_MS);
}

static bool is_whole(struct trg_str what) {
  return control_bills(what) || control_changes(what) || str_is(what, "erase");
}

/* Done wholly or not at all, with what came of it in the answer. */
static void do_whole(struct asking *k, struct trg_str what, const json *q) {
  struct trg_err err = {0};
  json *o = json_object();
  json_put_bool(o, "ok", true);
  const int rc = str_is(what, "erase")   ? control_erase(k->core, q, o, k->arena, &err)
                 : control_changes(what) ? control_change(k->core, what, q, o, k->arena, &err)
                                         : control_bill(k->core, what, q, o, k->arena, &err);
  if (rc >= 0) {
    asking_answer(k, o);
    return;
  }
  json_free(&o);
  asking_result(k, rc, &err);
}

/* --- mcp: one message of a client on standard input --------------------------------------------
 */

static void mcp_answered(void *arg, json *answer) {
  json_put_bool(answer, "ok", true);
  asking_answer(arg, answer);
}

static void do_mcp(struct asking *k, const json *q) {
  struct core *c = k->core;
  if (c->agent == NULL) c->agent = agent_new(c, false);
  agent_line(c->agent, q, mcp_answered, k);
}

/* --- eval: what triagectl measured --------------------------------------------------------------
 */

static int do_eval_keep(struct asking *k, const json *q, struct trg_err *err) {
  int rc = 0;
  for (const json *v = json_first(json_get(q, "rows")); v != NULL && rc >= 0; v = json_next(v)) {
    char *scores = json_text(json_get(v, "scores"));
    const struct eval_row row = {.at_ms = clock_now_ms(),
                                 .source = arena_dup(k->arena, json_get_str(v, "source")),
                                 .source_hash = arena_dup(k->arena, json_get_str(v, "source_hash")),
                                 .model = arena_dup(k->arena, json_get_str(v, "model")),
                                 .prompt_hash = arena_dup(k->arena, json_get_str(v, "prompt_hash")),
                                 .conf_hash = arena_dup(k->arena, json_get_str(v, "conf_hash")),
                                 .scores = scores};
    rc = eval_row_add(k->core->store, &row, err);
    mem_free(scores);
  }
  return rc;
}

static void do_review(struct asking *k, const json *q, struct trg_str ref, const char *who) {
  struct trg_err err = {0};
  const struct review v = {.verb = arena_dup(k->arena, json_get_str(q, "verb")),
                           .ref = ref,
                           .text = json_get_str(q, "text"),
                           .who = who,
                           .call = json_get_int(q, "call", 0),
                           .was = json_get_str(q, "was")};
  const int rc = road_review(k->core->road, &v, &err);
  if (rc != ROAD_REVIEW_WAITS) {
    asking_result(k, rc, &err);
    return;
  }
  json *o = json_object();
  json_put_bool(o, "ok", true);
  json_put_bool(o, "waits", true);
  asking_answer(k, o);
}

static int do_requeue(struct core *c, struct trg_str ref, const char *who, struct trg_err *err) {
  return meter_ref(ref) ? meter_requeue(c, ref, who, err) : road_requeue(c->road, ref, who, err);
}

static bool reload_told(void *arg, size_t done, size_t total) {
  struct asking *k = arg;
  const int64_t now = clock_mono_us();
  if (k->told_us != 0 && now - k->told_us < TELL_EVERY_US) return true;
  char line[100];
  k->told_us = now;
  (void)snprintf(line, sizeof line, "{\"told\":{\"done\":%zu,\"total\":%zu}}", done, total);
  k->on_told(k->arg, str_of(line));
  return true;
}

static void do_reload(struct asking *k, bool tell) {
  struct trg_err err = {0};
  if (tell && k->on_told != NULL) {
    k->core->index_told = reload_told;
    k->core->index_arg = k;
  }
  const int rc = core_reload(k->core, &err);
  k->core->index_told = NULL;
  asking_result(k, rc, &err);
}

/* --- which
 * ---------------------------------------------------------------------------------------- */

void control_do(struct core *c, struct trg_str request,
                void (*on_answer)(void *arg, struct trg_str answer),
                void (*on_told)(void *arg, struct trg_str line), void *arg) {
  struct asking *k = mem_alloc(sizeof *k);
  k->core = c;
  k->on_answer = on_answer;
  k->on_told = on_told;
  k->arg = arg;
  k->arena = arena_new();
  struct trg_err err = {0};
  json *q = json_parse(request, 0, &err);
  const struct trg_str what = json_get_str(q, "do"), ref = json_get_str(q, "ref");
  const char *who = arena_dup(k->arena, json_get_str(q, "who"));
  if (q == NULL)
    asking_result(k, TRG_EINVAL, &err);
  else if (str_is(what, "status"))
    do_status(k);
  else if (str_is(what, "requeue"))
    asking_result(k, do_requeue(c, ref, who, &err), &err);
  else if (str_is(what, "review"))
    do_review(k, q, ref, who);
  else if (str_is(what, "note"))
    asking_result(k,
                  audit_add(c->store, who, arena_dup(k->arena, json_get_str(q, "what")),
                            arena_dup(k->arena, json_get_str(q, "object")), "", clock_now_ms(),
                            &err),
                  &err);
  else if (str_is(what, "reload"))
    do_reload(k, json_get_bool(q, "tell", false));
  else if (str_is(what, "mcp"))
    do_mcp(k, q);
  else if (str_is(what, "eval_keep"))
    asking_result(k, do_eval_keep(k, q, &err), &err);
  else if (str_is(what, "train"))
    do_train(k, q);
  else if (str_is(what, "progress"))
    do_progress(k);
  else if (str_is(what, "test"))
    do_test(k, q);
  else if (is_whole(what))
    do_whole(k, what, q);
  else
    asking_result(k,
                  err_set(&err, TRG_EINVAL, "usage", "no such request: \"%.*s\"", (int)what.n,
                          what.p != NULL ? what.p : ""),
                  &err);
  json_free(&q);
}
