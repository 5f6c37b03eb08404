/* Tools that write: each by its own grant, over the outbox. */
#include <stdio.h>
#include <string.h>

#include "admin/agent_inner.h"
#include "base/err.h"
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

void agent_send_reply(void *arg, struct mcp_call *c, const json *in) {
  struct hand_write w = {.intent = "reply", .text = json_get_str(in, "body")};
  hand(arg, c, in, &w);
}
