/* Resources (tickets, reports, skills) and prompts (skills). */
#include <string.h>

#include "admin/agent_inner.h"
#include "admin/ticket_gather.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/prompt.h"
#include "skill/skill.h"
#include "store/ticket.h"

#define TICKETS_SHOWN 50
#define COMPLETIONS   20

static const char *const groups[] = {"helpdesk", "category", "model",   "day",    "month", "team",
                                     "language", "priority", "outcome", "reason", NULL};

const char agent_templates[] =
    "[{\"uriTemplate\":\"" TICKET_URI "{+ref}\",\"name\":\"ticket\",\"title\":\"Ticket\","
    "\"description\":\"Everything about one ticket, by its reference (support/101)\",\"mimeType\":"
    "\"application/json\"},{\"uriTemplate\":\"" REPORT_URI "{by}\",\"name\":\"report\",\"title\":"
    "\"Report\",\"description\":\"Cost per resolution by helpdesk, category, model, day, month, "
    "team, language, priority, outcome or reason\",\"mimeType\":\"application/json\"},"
    "{\"uriTemplate\":\"" SKILL_URI "{name}\",\"name\":\"skill\",\"title\":\"Skill\","
    "\"description\":\"Instructions of one skill\",\"mimeType\":\"text/markdown\"}]";

static void resource_add(json *list, const char *prefix, const char *name, const char *description,
                         const char *type) {
  struct buf b;
  json *o = json_object();
  buf_init(&b, 0);
  buf_text(&b, prefix);
  buf_text(&b, name);
  json_put_str(o, "uri", buf_view(&b));
  json_put_text(o, "name", name);
  json_put_text(o, "description", description);
  json_put_text(o, "mimeType", type);
  json_add(list, o);
  buf_free(&b);
}

static struct skills *skills_of(const struct agent *g) {
  return g->core->plan->skills;
}

void agent_resource_list(void *arg, struct mcp_call *c, struct trg_str cursor) {
  struct agent *g = arg;
  struct ticket *t = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  if (cursor.p != NULL) {
    mcp_answer_error(c, RPC_BAD_PARAMS, "that cursor was not given out here", NULL);
    return;
  }
  const struct ticket_filter f = {.helpdesk = mcp_caller_of(c)->helpdesk, .limit = TICKETS_SHOWN};
  if ((mcp_caller_of(c)->grants & MCP_READ) == 0)
    n = 0;
  else if (ticket_list(g->core->store, &f, mcp_arena(c), &t, &n, &err) < 0) {
    mcp_answer_error(c, RPC_INTERNAL, err.text, NULL);
    return;
  }
  json *o = json_object(), *list = json_array();
  for (size_t i = 0; i < skills_count(skills_of(g)); i++) {
    const struct skill *k = skills_at(skills_of(g), i);
    resource_add(list, SKILL_URI, k->name, k->description, "text/markdown");
  }
  for (size_t i = 0; groups[i] != NULL; i++)
    resource_add(list, REPORT_URI, groups[i], "Cost per resolution", "application/json");
  for (size_t i = 0; i < n; i++)
    resource_add(list, TICKET_URI, t[i].ref, t[i].subject, "application/json");
  json_put(o, "resources", list);
  mcp_answer(c, o);
}

static void contents(struct mcp_call *c, struct trg_str uri, const char *type, const char *text) {
  json *o = json_object(), *list = json_array(), *one = json_object();
  json_put_str(one, "uri", uri);
  json_put_text(one, "mimeType", type);
  json_put_text(one, "text", text);
  json_add(list, one);
  json_put(o, "contents", list);
  mcp_answer(c, o);
}

static void missing(struct mcp_call *c, struct trg_str uri) {
  json *data = json_object();
  json_put_str(data, "uri", uri);
  mcp_answer_error(c, mcp_is_modern(c) ? RPC_BAD_PARAMS : RPC_NO_RESOURCE_LEGACY,
                   "Resource not found", data);
}

static bool after(struct trg_str s, const char *prefix, struct trg_str *ret) {
  const size_t n = strlen(prefix);
  if (!str_starts(s, prefix) || s.n == n) return false;
  *ret = (struct trg_str){s.p + n, s.n - n};
  return true;
}

static void ticket_read(struct agent *g, struct mcp_call *c, struct trg_str uri,
                        struct trg_str ref) {
  json *doc = NULL;
  struct trg_err err = {0};
  if (!agent_may_see(c, ref) || ticket_gather(g->core->store, ref, &doc, &err) < 0) {
    missing(c, uri);
    return;
  }
  char *text = json_text(doc);
  contents(c, uri, "application/json", text);
  mem_free(text);
  json_free(&doc);
}

void agent_resource_read(void *arg, struct mcp_call *c, struct trg_str uri) {
  struct agent *g = arg;
  struct trg_str name;
  if ((mcp_caller_of(c)->grants & MCP_READ) == 0) {
    missing(c, uri);
    return;
  }
  if (after(uri, TICKET_URI, &name)) {
    ticket_read(g, c, uri, name);
    return;
  }
  if (after(uri, REPORT_URI, &name)) {
    for (size_t i = 0; groups[i] != NULL; i++)
      if (str_is(name, groups[i])) {
        agent_report(g, c, groups[i], 0, 0, true);
        return;
      }
  }
  if (after(uri, SKILL_URI, &name)) {
    const struct skill *k = skills_find(skills_of(g), arena_dup(mcp_arena(c), name));
    struct trg_err err = {0};
    const char *body = k != NULL ? skill_body(skills_of(g), k, &err) : NULL;
    if (body != NULL) {
      contents(c, uri, "text/markdown", body);
      return;
    }
  }
  missing(c, uri);
}

/* --- prompts ------------------------------------------------------------------------------- */

void agent_prompt_list(void *arg, struct mcp_call *c, struct trg_str cursor) {
  const struct agent *g = arg;
  if (cursor.p != NULL) {
    mcp_answer_error(c, RPC_BAD_PARAMS, "that cursor was not given out here", NULL);
    return;
  }
  json *o = json_object(), *list = json_array();
  for (size_t i = 0; i < skills_count(skills_of(g)); i++) {
    const struct skill *k = skills_at(skills_of(g), i);
    json *one = json_object(), *arguments = json_array(), *ref = json_object();
    json_put_text(one, "name", k->name);
    json_put_text(one, "description", k->description);
    json_put_text(ref, "name", "ref");
    json_put_text(ref, "description", "the ticket it is about, as support/101");
    json_put_bool(ref, "required", false);
    json_add(arguments, ref);
    json_put(one, "arguments", arguments);
    json_add(list, one);
  }
  json_put(o, "prompts", list);
  mcp_answer(c, o);
}

static void message_add(json *list, struct trg_str text) {
  json *m = json_object(), *content = json_object();
  json_put_text(content, "type", "text");
  json_put_str(content, "text", text);
  json_put_text(m, "role", "user");
  json_put(m, "content", content);
  json_add(list, m);
}

void agent_prompt_get(void *arg, struct mcp_call *c, struct trg_str name, const json *arguments) {
  struct agent *g = arg;
  const struct skill *k = skills_find(skills_of(g), arena_dup(mcp_arena(c), name));
  const struct trg_str ref = json_get_str(arguments, "ref");
  struct trg_err err = {0};
  json *doc = NULL;
  const bool seen = (mcp_caller_of(c)->grants & MCP_READ) != 0 && agent_may_see(c, ref);
  const char *body = k != NULL ? skill_body(skills_of(g), k, &err) : NULL;
  if (body == NULL) {
    mcp_answer_error(c, RPC_BAD_PARAMS, k == NULL ? "Unknown prompt" : err.text, NULL);
    return;
  }
  if (ref.n > 0 && (!seen || ticket_gather(g->core->store, ref, &doc, &err) < 0)) {
    mcp_answer_error(c, RPC_BAD_PARAMS, "there is no such ticket", NULL);
    return;
  }
  json *o = json_object(), *list = json_array();
  json_put_text(o, "description", k->description);
  message_add(list, str_of(body));
  if (doc != NULL) {
    char *text = prompt_render("The ticket, as data:", doc);
    message_add(list, str_of(text));
    mem_free(text);
    json_free(&doc);
  }
  json_put(o, "messages", list);
  mcp_answer(c, o);
}

/* References of tickets for "ref", groups for "by", names for "name". */
void agent_complete(void *arg, struct mcp_call *c, const json *params) {
  struct agent *g = arg;
  const json *argument = json_get(params, "argument");
  const struct trg_str what = json_get_str(argument, "name");
  char *so_far = arena_dup(mcp_arena(c), json_get_str(argument, "value"));
  json *values = json_array();
  if (str_is(what, "ref") && (mcp_caller_of(c)->grants & MCP_READ) != 0) {
    struct ticket *t = NULL;
    size_t n = 0;
    struct trg_err err = {0};
    const struct ticket_filter f = {.helpdesk = mcp_caller_of(c)->helpdesk, .limit = 200};
    if (ticket_list(g->core->store, &f, mcp_arena(c), &t, &n, &err) < 0) n = 0;
    for (size_t i = 0; i < n && json_count(values) < COMPLETIONS; i++)
      if (str_starts(str_of(t[i].ref), so_far)) json_add_str(values, str_of(t[i].ref));
  }
  for (size_t i = 0; str_is(what, "by") && groups[i] != NULL; i++)
    if (str_starts(str_of(groups[i]), so_far)) json_add_str(values, str_of(groups[i]));
  for (size_t i = 0; str_is(what, "name") && i < skills_count(skills_of(g)); i++)
    if (str_starts(str_of(skills_at(skills_of(g), i)->name), so_far))
      json_add_str(values, str_of(skills_at(skills_of(g), i)->name));
  json *o = json_object(), *completion = json_object();
  json_put(completion, "values", values);
  json_put(o, "completion", completion);
  mcp_answer(c, o);
}
