/* Tools that read, and those that ask a model for its opinion. */
#include <string.h>

#include "admin/agent_inner.h"
#include "admin/ticket_gather.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/report.h"
#include "net/loop.h"
#include "pipeline/consult.h"
#include "pipeline/prompt.h"
#include "pipeline/reason.h"
#include "skill/knowledge.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/ticket.h"

#define LIST_DEFAULT   50
#define SEARCH_DEFAULT 5

bool agent_may_see(const struct mcp_call *c, struct trg_str ref) {
  const char *only = mcp_caller_of(c)->helpdesk;
  if (only == NULL) return true;
  const size_t n = strlen(only);
  return ref.n > n && ref.p[n] == '/' && str_is((struct trg_str){ref.p, n}, only);
}

void agent_failed(struct mcp_call *c, const struct trg_err *err) {
  mcp_answer_fail(c, err->text[0] != '\0' ? err->text : "it could not be done");
}

/* The reference, when this caller may see it; else told. */
static bool ref_of(struct mcp_call *c, const json *in, struct trg_str *ret) {
  *ret = json_get_str(in, "ref");
  if (ret->n == 0 || agent_may_see(c, *ret)) return true;
  mcp_answer_fail(c, "there is no such ticket");
  return false;
}

static const char *text_or_null(struct mcp_call *c, const json *in, const char *key) {
  const struct trg_str s = json_get_str(in, key);
  return s.n > 0 ? arena_dup(mcp_arena(c), s) : NULL;
}

static json *row_json(const struct ticket *t) {
  json *o = json_object();
  const struct {
    const char *key, *text;
  } texts[] = {{"ref", t->ref},
               {"subject", t->subject},
               {"state", ticket_state_word(t->state)},
               {"category", t->category},
               {"priority", t->priority},
               {"language", t->language},
               {"sentiment", t->sentiment},
               {"team", t->team},
               {"model", t->model},
               {"outcome", t->outcome},
               {"reason", t->reason}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    json_put_text(o, texts[i].key, texts[i].text);
  json_put_double(o, "confidence", t->confidence);
  json_put_time(o, "updated", t->changed_ms);
  return o;
}

void agent_list_tickets(void *arg, struct mcp_call *c, const json *in) {
  struct agent *g = arg;
  struct ticket *t = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  const char *only = mcp_caller_of(c)->helpdesk;
  struct ticket_filter f = {.state = text_or_null(c, in, "state"),
                            .helpdesk = text_or_null(c, in, "helpdesk"),
                            .outcome = text_or_null(c, in, "outcome"),
                            .category = text_or_null(c, in, "category"),
                            .limit = json_get_int(in, "limit", LIST_DEFAULT)};
  if (only != NULL) f.helpdesk = only;
  if (f.state != NULL && ticket_state_of(str_of(f.state)) == TICKET_NONE) {
    mcp_answer_fail(c, "there is no such state; there are received, triaged, admitted, drafted, "
                       "decided, following, done, dead and those in between");
    return;
  }
  if (ticket_list(g->core->store, &f, mcp_arena(c), &t, &n, &err) < 0) {
    agent_failed(c, &err);
    return;
  }
  json *o = json_object(), *list = json_array();
  for (size_t i = 0; i < n; i++) json_add(list, row_json(&t[i]));
  json_put(o, "tickets", list);
  mcp_answer_json(c, o);
}

void agent_get_ticket(void *arg, struct mcp_call *c, const json *in) {
  struct agent *g = arg;
  struct trg_str ref;
  struct trg_err err = {0};
  json *doc = NULL;
  if (!ref_of(c, in, &ref)) return;
  if (ticket_gather(g->core->store, ref, &doc, &err) < 0)
    agent_failed(c, &err);
  else
    mcp_answer_json(c, doc);
}

/* --- opinions ------------------------------------------------------------------------------ */

static void on_opinion(void *arg, json *opinion, const struct trg_err *err) {
  struct mcp_call *c = arg;
  if (opinion != NULL)
    mcp_answer_json(c, opinion);
  else
    agent_failed(c, err);
}

static void consult(struct agent *g, struct mcp_call *c, const json *in, bool draft) {
  struct trg_str ref;
  struct trg_err err = {0};
  if (!ref_of(c, in, &ref)) return;
  const struct consult q = {.ref = ref,
                            .subject = json_get_str(in, "subject"),
                            .body = json_get_str(in, "body"),
                            .draft = draft,
                            .on_answer = on_opinion,
                            .arg = c};
  if (road_consult(g->core->road, &q, &err) < 0) agent_failed(c, &err);
}

void agent_triage_ticket(void *arg, struct mcp_call *c, const json *in) {
  consult(arg, c, in, false);
}

void agent_draft_reply(void *arg, struct mcp_call *c, const json *in) {
  consult(arg, c, in, true);
}

/* --- searches ------------------------------------------------------------------------------ */

void agent_search_knowledge(void *arg, struct mcp_call *c, const json *in) {
  struct agent *g = arg;
  struct passage *p = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  const struct trg_str language = json_get_str(in, "language");
  if (knowledge_find(
          g->core->store, json_get_str(in, "query"), language.n > 0 ? language : TRG_STR(""),
          (int)json_get_int(in, "limit", SEARCH_DEFAULT), mcp_arena(c), &p, &n, &err) < 0) {
    agent_failed(c, &err);
    return;
  }
  json *o = json_object(), *list = json_array();
  for (size_t i = 0; i < n; i++) {
    json *one = json_object();
    json_put_text(one, "id", p[i].id);
    json_put_text(one, "title", p[i].title);
    json_put_text(one, "heading", p[i].heading);
    json_put_text(one, "text", p[i].text);
    json_put_text(one, "language", p[i].language);
    json_put_double(one, "score", p[i].score);
    json_add(list, one);
  }
  json_put(o, "passages", list);
  mcp_answer_json(c, o);
}

/* What to look for: the ticket's own words, or those that were given. */
static int words_of(struct agent *g, struct mcp_call *c, const json *in, struct trg_str ref,
                    const char **ret, int64_t *ret_id, struct trg_err *err) {
  struct ticket t;
  if (ref.n == 0) {
    *ret = arena_dup(mcp_arena(c), json_get_str(in, "query"));
    return (*ret)[0] != '\0' ? 0 : err_set(err, TRG_EINVAL, "usage", "give ref or query");
  }
  const int rc = ticket_by_ref(g->core->store, ref, mcp_arena(c), &t, err);
  if (rc < 0) return rc;
  *ret = arena_printf(mcp_arena(c), "%s %s", t.subject, t.summary);
  *ret_id = t.id;
  return 0;
}

void agent_similar_tickets(void *arg, struct mcp_call *c, const json *in) {
  struct agent *g = arg;
  struct trg_str ref;
  struct trg_err err = {0};
  struct past *p = NULL;
  size_t n = 0;
  const char *words = NULL;
  int64_t id = 0;
  if (!ref_of(c, in, &ref)) return;
  int rc = words_of(g, c, in, ref, &words, &id, &err);
  if (rc >= 0)
    rc = past_search(g->core->store, str_of(words), id,
                     (int)json_get_int(in, "limit", SEARCH_DEFAULT), mcp_arena(c), &p, &n, &err);
  if (rc < 0) {
    agent_failed(c, &err);
    return;
  }
  json *o = json_object(), *list = json_array();
  for (size_t i = 0; i < n; i++) {
    if (!agent_may_see(c, str_of(p[i].ref))) continue;
    const size_t place = json_count(list) + 1;
    json *one = json_object();
    json_put_text(one, "ref", p[i].ref);
    json_put_text(one, "subject", prompt_past_turned(p[i].subject, place, mcp_arena(c)));
    json_put_text(one, "category", p[i].category);
    json_put_text(one, "status", p[i].status);
    json_put_text(one, "reply", prompt_past_turned(p[i].reply, place, mcp_arena(c)));
    json_put_double(one, "score", p[i].score);
    json_add(list, one);
  }
  json_put(o, "tickets", list);
  mcp_answer_json(c, o);
}

/* --- money --------------------------------------------------------------------------------- */

/* A report reads much: on a pool thread, with a reader of its own. */
struct reporting {
  struct mcp_call *call;
  char *state, *book, *by, *only;
  int64_t from_ms, to_ms;
  bool as_resource;
  int rc;
  struct trg_err err;
  char *text;
};

static void report_work(void *arg) {
  struct reporting *k = arg;
  struct store *s = NULL;
  struct arena *a = arena_new();
  struct report r;
  k->rc = store_open_reader(k->state, &s, &k->err);
  if (k->rc >= 0)
    k->rc = report_make(s, k->by, k->from_ms, k->to_ms, clock_now_ms(), k->book, a, &r, &k->err);
  if (k->rc >= 0) {
    struct buf b;
    buf_init(&b, 0);
    r.meaning = reason_meaning;
    report_json(&r, &b);
    k->text = buf_take(&b, NULL);
  }
  store_close(&s);
  arena_free(&a);
}

/* Of one helpdesk only its own row. */
static json *report_cut(json *o, const char *only) {
  json *kept = json_object(), *rows = json_array();
  for (const json *r = json_first(json_get(o, "rows")); r != NULL; r = json_next(r))
    if (str_is(json_get_str(r, "key"), only)) json_add(rows, json_copy(r));
  static const char *const same[] = {"from", "to", "currency", "by"};
  for (size_t i = 0; i < 4; i++) json_put_str(kept, same[i], json_get_str(o, same[i]));
  json_put(kept, "rows", rows);
  json_free(&o);
  return kept;
}

static void report_after(void *arg) {
  struct reporting *k = arg;
  json *o = k->rc >= 0 ? json_parse(str_of(k->text), 0, &k->err) : NULL;
  if (o != NULL && k->only != NULL) o = report_cut(o, k->only);
  if (o == NULL) {
    if (k->as_resource)
      mcp_answer_error(k->call, RPC_INTERNAL, k->err.text, NULL);
    else
      agent_failed(k->call, &k->err);
  } else if (k->as_resource) {
    char *text = json_text(o);
    json *result = json_object(), *list = json_array(), *one = json_object();
    json_put_str(one, "uri", json_get_str(mcp_params_of(k->call), "uri"));
    json_put_text(one, "mimeType", "application/json");
    json_put_text(one, "text", text);
    json_add(list, one);
    json_put(result, "contents", list);
    mem_free(text);
    json_free(&o);
    mcp_answer(k->call, result);
  } else {
    mcp_answer_json(k->call, o);
  }
  mem_free(k->state);
  mem_free(k->book);
  mem_free(k->by);
  mem_free(k->only);
  mem_free(k->text);
  mem_free(k);
}

void agent_report(struct agent *g, struct mcp_call *c, const char *by, int64_t from_ms,
                  int64_t to_ms, bool as_resource) {
  struct reporting *k = mem_alloc(sizeof *k);
  const struct conf *f = g->core->plan->conf;
  const char *only = mcp_caller_of(c)->helpdesk;
  *k = (struct reporting){.call = c,
                          .state = mem_dup(f->state),
                          .book = mem_dup(f->book),
                          .by = mem_dup(only != NULL ? "helpdesk" : by),
                          .only = mem_dup(only),
                          .from_ms = from_ms,
                          .to_ms = to_ms,
                          .as_resource = as_resource};
  if (loop_work(g->core->loop, report_work, report_after, k) >= 0) return;
  k->rc = err_set(&k->err, TRG_ELIMIT, "busy", "too much is being worked on; try again");
  report_after(k);
}

void agent_report_tool(void *arg, struct mcp_call *c, const json *in) {
  const struct trg_str from = json_get_str(in, "from"), to = json_get_str(in, "to");
  const char *by = text_or_null(c, in, "by");
  int64_t from_ms = 0, to_ms = 0;
  if ((from.n > 0 && time_parse(from, &from_ms) != 0) ||
      (to.n > 0 && time_parse(to, &to_ms) != 0)) {
    mcp_answer_fail(c, "from and to are days, as 2026-11-01");
    return;
  }
  if (to.n == 10) to_ms += (int64_t)24 * 3600 * 1000; /* the day is meant whole */
  agent_report(arg, c, by != NULL ? by : "helpdesk", from_ms, to_ms, false);
}

void agent_explain_charge(void *arg, struct mcp_call *c, const json *in) {
  static const char *const kept[] = {"ref",     "outcome",        "reason",  "reason_meaning",
                                     "billing", "billing_reason", "settles", "charges",
                                     "events"};
  struct agent *g = arg;
  struct trg_str ref;
  struct trg_err err = {0};
  json *doc = NULL;
  if (!ref_of(c, in, &ref)) return;
  if (ticket_gather(g->core->store, ref, &doc, &err) < 0) {
    agent_failed(c, &err);
    return;
  }
  json *o = json_object();
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    json *v = json_copy(json_get(doc, kept[i]));
    if (v != NULL) json_put(o, kept[i], v);
  }
  json_put_text(o, "book", g->core->plan->conf->book);
  json_free(&doc);
  mcp_answer_json(c, o);
}
