/* Calls of tools: sent, masked and cut, recorded. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "pipeline/action.h"
#include "pipeline/guard.h"
#include "pipeline/lookup_inner.h"
#include "plugin/host.h"
#include "store/tool.h"
#include "store/turn.h"

#define READ_MS 20000

/* --- what came back ------------------------------------------------------------------------ */

/* A value that the ticket has keeps its token, others get round brackets: nobody can put them back,
 * and their names are this result's alone ("(T2_EMAIL_1)" in the second). */
static void result_token(struct lookup *l, const struct pii_map *m, struct trg_str token,
                         struct buf *out) {
  const char *name, *type;
  struct trg_str value;
  for (size_t i = 0; i < pii_map_count(m); i++) {
    pii_map_at(m, i, &name, &type, &value);
    const char *own = str_is(token, name) && value.n > 0 && l->map != NULL
                          ? pii_map_find(l->map, type, value)
                          : NULL;
    if (own == NULL) continue;
    buf_text(out, own);
    return;
  }
  char prefix[24];
  (void)snprintf(prefix, sizeof prefix, "T%zu_", json_count(l->results) + 1);
  pii_turn(token, prefix, out);
}

/* By the same rules as the ticket's text. */
static const char *result_masked(struct lookup *l, struct trg_str text) {
  struct trg_err err = {0};
  struct buf masked, told;
  struct pii_map *m = pii_map_new();
  const struct trg_str cut = {text.p, utf8_cut(text, LOOKUP_RESULT)};
  pii_map_profiles(m, l->task->road->plan->conf->pii_profiles);
  if (l->map != NULL) pii_map_learn(m, l->map);
  buf_init(&masked, 0);
  buf_init(&told, 0);
  const bool fine = pii_mask(m, cut, &masked, NULL, NULL, &err) >= 0;
  for (size_t at = 0; at < masked.n;) {
    const size_t n = pii_token_at(buf_view(&masked), at);
    if (n > 0)
      result_token(l, m, (struct trg_str){masked.p + at, n}, &told);
    else
      buf_char(&told, masked.p[at]);
    at += n > 0 ? n : 1;
  }
  const char *kept = !fine ? "(the result could not be masked and is left out)"
                           : arena_printf(l->arena, "%s%s", arena_dup(l->arena, buf_view(&told)),
                                          cut.n < text.n ? " (cut)" : "");
  buf_free(&masked);
  buf_free(&told);
  pii_map_free(&m);
  return kept;
}

/* The texts of a result; its structured value when there is one. */
static char *result_text(const json *result) {
  const json *structured = json_get(result, "structuredContent");
  struct buf b;
  if (structured != NULL) return json_text(structured);
  buf_init(&b, 0);
  buf_text(&b, "");
  for (const json *c = json_first(json_get(result, "content")); c != NULL; c = json_next(c)) {
    const struct trg_str type = json_get_str(c, "type");
    if (b.n > 0) buf_char(&b, '\n');
    if (str_is(type, "text"))
      buf_str(&b, json_get_str(c, "text"));
    else if (str_is(type, "resource"))
      buf_str(&b, json_get_str(json_get(c, "resource"), "text"));
    else
      buf_printf(&b, "(content of type %.*s is left out)", type.n > 40 ? 40 : (int)type.n,
                 type.p != NULL ? type.p : "");
  }
  return buf_take(&b, NULL);
}

void call_told(struct lookup *l, const char *tool, const char *arguments, const char *outcome,
               const char *told) {
  json *o = json_object();
  json_put_text(o, "tool", tool);
  json_put_text(o, "arguments", arguments);
  json_put_text(o, "outcome", outcome);
  json_put_text(o, "result", told);
  json_add(l->results, o);
}

static void record(struct lookup *l, const char *tool, const char *arguments, const char *outcome,
                   const char *why, struct trg_str said, const char *told, int64_t from_us,
                   int64_t cost) {
  struct road *r = l->task->road;
  struct trg_err err = {0};
  char hex[HASH_HEX_MAX];
  const struct tool_call row = {.ticket_id = l->task->ticket_id,
                                .pass = l->task->pass,
                                .step = l->step,
                                .tool = tool,
                                .arguments = arguments,
                                .outcome = outcome,
                                .why = why,
                                .result = told,
                                .result_hash = hash_hex(said, hex),
                                .started_ms = clock_now_ms(),
                                .latency_us = clock_mono_us() - from_us,
                                .cost_micros = cost};
  store_must(tool_call_add(r->setup.store, &row, &err), &err);
  log_event(TRG_INFO, "tool.called", "ticket", l->task->ref, "tool", tool, "outcome", outcome,
            NULL);
  call_told(l, tool, arguments, outcome, told);
  l->cost_micros += cost;
}

void call_refused(struct lookup *l, const char *tool, const char *arguments, const char *outcome,
                  const char *told) {
  record(l, tool, arguments, outcome, "", TRG_STR(""), told, clock_mono_us(), 0);
}

static void all_done(void *arg) {
  struct lookup *l = arg;
  l->timer = 0;
  l->step++;
  if (l->resuming)
    wishes_go(l);
  else
    lookup_go_on(l);
}

void call_ended(struct lookup *l) {
  if (--l->waiting > 0) return;
  l->timer = loop_timer_start(l->task->road->setup.loop, 1, 0, all_done, l);
}

/* What a call without an answer did: surely nothing, or nobody knows. */
static bool surely_not_done(const char *code) {
  static const char *const not_done[] = {"invalid", "protocol", "auth", "input"};
  for (size_t i = 0; i < sizeof not_done / sizeof *not_done; i++)
    if (strcmp(code, not_done[i]) == 0) return true;
  return false;
}

static void on_reply(void *arg, const struct mcp_reply *reply) {
  struct looking *k = arg;
  struct lookup *l = k->lookup;
  k->id = 0;
  if (reply->ok) {
    char *said = result_text(reply->result);
    const char *told = result_masked(l, str_of(said));
    record(l, k->tool->name, k->arguments, reply->tool_error ? "tool_error" : "ok", "",
           str_of(said), told, k->from_us, k->tool->price_micros);
    mem_free(said);
    if (k->wish_id != 0) wish_ended(l, k, reply->tool_error ? "failed" : "done", told);
  } else {
    const bool not_done = surely_not_done(reply->code);
    const bool done = strcmp(reply->code, "output") == 0; /* and said so in a way that is no use */
    const char *why = result_masked(l, str_of(reply->why));
    record(l, k->tool->name, k->arguments, reply->code, why, TRG_STR(""), why, k->from_us, 0);
    l->unsure = l->unsure || (k->wish_id != 0 && !not_done && !done);
    if (k->wish_id != 0) wish_ended(l, k, done ? "done" : not_done ? "failed" : "uncertain", why);
  }
  call_ended(l);
}

/* --- tokens -------------------------------------------------------------------------------- */

/* In texts alone, so that no value is taken for JSON. */
static json *restored(const struct pii_map *m, const json *j) {
  if (json_is_string(j)) {
    struct buf b;
    json *list = json_array();
    buf_init(&b, 1 << 16);
    buf_text(&b, "");
    pii_restore(m, json_str(j), action_restorable, &b);
    json_add_str(list, buf_view(&b));
    json *text = json_copy(json_first(list));
    buf_free(&b);
    json_free(&list);
    return text;
  }
  const bool object = json_is_object(j);
  if (!object && !json_is_array(j)) return json_copy(j);
  json *o = object ? json_object() : json_array();
  for (const json *c = json_first(j); c != NULL; c = json_next(c)) {
    if (object)
      json_put(o, json_key(c), restored(m, c));
    else
      json_add(o, restored(m, c));
  }
  return o;
}

static bool still_masked(const json *arguments) {
  char *text = json_text(arguments);
  const bool masked = guard_has_token(str_of(text));
  mem_free(text);
  return masked;
}

static void call_go(struct lookup *l, struct looking *k);

static void on_ticket(void *arg, const struct trg_ticket *ticket) {
  const struct errand *e = arg;
  struct lookup *l = e->lookup;
  struct trg_err err = {0};
  bool same = false;
  if (l == NULL || l->map != NULL) return;
  l->map = pii_map_new();
  if (intake_map(l->task->road, l->task->ticket_id, ticket, l->map, &same, &err) < 0 || !same)
    pii_map_free(&l->map); /* a token may stand for another person now */
}

static void on_read(void *arg, const struct trg_result *res) {
  struct lookup *l = errand_end(arg, NULL);
  (void)res;
  if (l == NULL) return;
  l->reading = NULL;
  l->op = 0;
  for (size_t i = 0; i < LOOKUP_CALLS; i++) {
    if (!l->calls[i].needs_map) continue;
    l->calls[i].needs_map = false;
    call_go(l, &l->calls[i]);
  }
}

/* Reads the ticket, once. false: there is nothing to wait for. */
static bool reads_ticket(struct lookup *l) {
  static const struct op_events events = {.on_ticket = on_ticket, .on_done = on_read};
  const struct desk *d = l->task->desk;
  struct ticket t;
  if (l->reading != NULL) return true;
  if (l->map_tried || d == NULL || d->retired || !task_current(l->task, &t)) return false;
  l->map_tried = true;
  l->reading = errand_new(l, NULL);
  l->op = op_fetch(d->inst, str_of(t.ext_id), &events, l->reading, READ_MS);
  return true;
}

/* --- sending ------------------------------------------------------------------------------- */

static void call_failed(struct lookup *l, struct looking *k, const char *outcome, const char *why) {
  call_refused(l, k->tool->name, k->arguments, outcome, why);
  if (k->wish_id != 0) wish_ended(l, k, "failed", why);
  call_ended(l);
}

static void call_send(struct lookup *l, struct looking *k) {
  json *masked = json_parse(str_of(k->arguments), 0, NULL);
  json *arguments = l->map != NULL ? restored(l->map, masked) : json_copy(masked);
  json_free(&masked);
  k->from_us = clock_mono_us();
  if (still_masked(arguments))
    call_failed(l, k, "personal_data",
                "not done: what the masked data stands for can not be told any more");
  else
    k->id = mcp_client_call(k->client, k->tool->tool, arguments, on_reply, k);
  json_free(&arguments);
}

/* After the commit that made "running" durable. */
static void committed_cb(void *arg) {
  struct looking *k = NULL;
  struct lookup *l = errand_end(arg, &k);
  if (l == NULL) return;
  k->errand = NULL;
  call_send(l, k);
}

static void call_go(struct lookup *l, struct looking *k) {
  struct trg_err err = {0};
  struct store *s = l->task->road->setup.store;
  if (k->wish_id == 0) {
    call_send(l, k);
    return;
  }
  store_must(tool_wish_run(s, k->wish_id, &err), &err);
  k->errand = errand_new(l, k);
  turn_after_commit(s, committed_cb, k->errand);
}

void call_make(struct lookup *l, struct looking *k, const struct known *t, const char *arguments,
               int64_t wish_id) {
  *k = (struct looking){.lookup = l,
                        .client = t->client,
                        .tool = t,
                        .wish_id = wish_id,
                        .arguments = arena_dup(l->arena, str_of(arguments))};
  /* For the tokens of what is asked, and to know the ticket's values in what is said. */
  k->needs_map = l->map == NULL && reads_ticket(l);
  if (!k->needs_map) call_go(l, k);
}

const struct known *tool_find(const struct lookup *l, struct trg_str name) {
  for (size_t i = 0; i < l->tool_count; i++)
    if (str_is(name, l->tools[i].name)) return &l->tools[i];
  return NULL;
}
