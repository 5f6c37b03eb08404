/* Tools that write: each by its own grant, over the outbox. */
#include <stdio.h>
#include <string.h>

#include "admin/agent_inner.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "pipeline/hand.h"
#include "store/talk.h"
#include "store/turn.h"

#define TAGS_MAX 20

/* Told once the plan is durable. */
struct told {
  struct mcp_call *call;
  const char *state;
};

static void told_cb(void *arg) {
  struct told *t = arg;
  json *o = json_object();
  json_put_text(o, "state", t->state);
  json_put_text(
      o, "meaning",
      strcmp(t->state, "done") == 0 ? "it stands in the helpdesk"
      : strcmp(t->state, "planned") == 0
          ? "it is written as soon as the helpdesk takes it; get_ticket shows the delivery"
          : "it was asked for before; get_ticket shows what became of it");
  mcp_answer_json(t->call, o);
  mem_free(t);
}

static void hand(struct agent *g, struct mcp_call *c, const json *in,
                 const struct hand_write *what) {
  const struct trg_str ref = json_get_str(in, "ref");
  const char *state = "planned";
  struct trg_err err = {0};
  char who[80];
  (void)snprintf(who, sizeof who, "mcp:%s", mcp_caller_of(c)->name);
  struct hand_write w = *what;
  w.who = who;
  if (!agent_may_see(c, ref)) {
    mcp_answer_fail(c, "there is no such ticket");
    return;
  }
  if (road_hand(g->core->road, ref, &w, &state, &err) < 0) {
    agent_failed(c, &err);
    return;
  }
  struct told *t = mem_alloc(sizeof *t);
  t->call = c;
  t->state = state;
  turn_after_commit(g->core->store, told_cb, t);
}

void agent_update_ticket(void *arg, struct mcp_call *c, const json *in) {
  struct trg_str tags[TAGS_MAX];
  struct hand_write w = {.intent = "fields",
                         .priority = json_get_str(in, "priority"),
                         .category = json_get_str(in, "category"),
                         .team = json_get_str(in, "team"),
                         .tags = tags};
  for (const json *t = json_first(json_get(in, "tags")); t != NULL && w.tag_count < TAGS_MAX;
       t = json_next(t))
    tags[w.tag_count++] = json_str(t);
  if (w.priority.n + w.category.n + w.team.n + w.tag_count == 0)
    mcp_answer_fail(c, "nothing to change: give priority, category, team or tags");
  else
    hand(arg, c, in, &w);
}

void agent_add_note(void *arg, struct mcp_call *c, const json *in) {
  struct hand_write w = {.intent = "note", .text = json_get_str(in, "text")};
  hand(arg, c, in, &w);
}

/* --- a reply that a person at the client confirms --------------------------------------------- */

#define CONFIRM_MS ((int64_t)15 * 60 * 1000)
#define SHOWN_MAX  ((size_t)4000)

static void reply(struct agent *g, struct mcp_call *c, const json *in) {
  struct hand_write w = {.intent = "reply", .text = json_get_str(in, "body")};
  hand(g, c, in, &w);
}

static void reply_confirmed(struct agent *g, struct mcp_call *c, const json *in,
                            const json *answer) {
  const bool yes = str_is(json_get_str(answer, "action"), "accept") &&
                   json_get_bool(json_get(answer, "content"), "send", false);
  if (yes)
    reply(g, c, in);
  else
    mcp_answer_fail(c, "nothing was sent: the person at the client did not confirm it");
}

/* What the person sees: the reply itself. */
static json *form_of(struct mcp_call *c, const json *in) {
  json *params = json_object();
  const struct trg_str ref = json_get_str(in, "ref"), body = json_get_str(in, "body");
  const struct trg_str cut = {body.p, utf8_cut(body, SHOWN_MAX)};
  json_put_text(params, "message",
                arena_printf(mcp_arena(c), "Send this to the customer of %.*s?\n\n%.*s%s",
                             (int)ref.n, ref.p, (int)cut.n, cut.p, cut.n < body.n ? " ..." : ""));
  json_put(params, "requestedSchema",
           json_parse(TRG_STR("{\"type\":\"object\",\"properties\":{\"send\":{\"type\":\"boolean\","
                              "\"title\":\"Send it\",\"default\":false}},\"required\":[\"send\"]}"),
                      0, NULL));
  return params;
}

/* "UNTIL.HMAC" over who asks, what for, and until when: it confirms this reply and no other. */
static const char *state_of(const struct agent *g, struct mcp_call *c, const json *in,
                            int64_t until_ms) {
  uint8_t sum[HASH_BYTES];
  char hex[2 * HASH_BYTES + 1];
  char *arguments = json_text(in);
  const char *text = arena_printf(mcp_arena(c), "%lld\n%s\n%s", (long long)until_ms,
                                  mcp_caller_of(c)->name, arguments);
  mem_free(arguments);
  hash_hmac((struct trg_str){(const char *)g->key, sizeof g->key}, str_of(text), sum);
  hex_encode(sum, sizeof sum, hex);
  return arena_printf(mcp_arena(c), "%lld.%s", (long long)until_ms, hex);
}

static bool state_holds(const struct agent *g, struct mcp_call *c, const json *in) {
  const struct trg_str given = json_get_str(mcp_params_of(c), "requestState");
  struct trg_str rest = given, until;
  int64_t until_ms = 0;
  if (!str_next(&rest, '.', &until) || str_to_int(until, &until_ms) != 0) return false;
  const char *want = state_of(g, c, in, until_ms);
  return until_ms > clock_now_ms() && given.n == strlen(want) &&
         bytes_equal(given.p, want, given.n);
}

/* 2026-07-28: the question is the result, and its answer comes with the same call once more. */
static void reply_modern(struct agent *g, struct mcp_call *c, const json *in) {
  const json *answer = json_get(json_get(mcp_params_of(c), "inputResponses"), "confirm");
  if (json_is_object(answer) && state_holds(g, c, in)) {
    reply_confirmed(g, c, in, answer);
    return;
  }
  json *o = json_object(), *all = json_object(), *one = json_object();
  if (mcp_capability(c, "elicitation") == NULL) {
    json_put(one, "elicitation", json_object());
    json_put(o, "requiredCapabilities", one);
    json_free(&all);
    mcp_answer_error(c, RPC_NO_CAPABILITY, "this token needs a person at the client to confirm", o);
    return;
  }
  json_put_text(one, "method", "elicitation/create");
  json_put(one, "params", form_of(c, in));
  json_put(all, "confirm", one);
  json_put_text(o, "resultType", "input_required");
  json_put(o, "inputRequests", all);
  json_put_text(o, "requestState", state_of(g, c, in, clock_now_ms() + CONFIRM_MS));
  mcp_answer(c, o);
}

static void on_confirmed(void *arg, struct mcp_call *c, const json *answer) {
  reply_confirmed(arg, c, json_get(mcp_params_of(c), "arguments"), answer);
}

void agent_send_reply(void *arg, struct mcp_call *c, const json *in) {
  struct agent *g = arg;
  if (!mcp_caller_of(c)->confirms)
    reply(g, c, in);
  else if (mcp_is_modern(c))
    reply_modern(g, c, in);
  else if (mcp_may_ask(c, MCP_CAN_ELICIT))
    mcp_ask(c, "elicitation/create", form_of(c, in), on_confirmed, g);
  else
    mcp_answer_fail(c, "nothing was sent: this token needs a person at the client to confirm, and "
                       "this client can ask nobody");
}
