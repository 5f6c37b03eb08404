#include "pipeline/consult.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/pii.h"
#include "base/str.h"
#include "conf/conf.h"
#include "pipeline/action.h"
#include "pipeline/guard.h"
#include "pipeline/policy.h"
#include "pipeline/prompt.h"
#include "pipeline/reason.h"
#include "pipeline/stage.h"
#include "pipeline/verdict.h"
#include "skill/cover.h"
#include "skill/knowledge.h"
#include "skill/skill.h"
#include "skill/taxonomy.h"
#include "skill/template.h"
#include "store/knowledge.h"
#include "store/talk.h"

#define TRIAGE_TOKENS 1500
#define DRAFT_TOKENS  2500
#define PASSAGES_MAX  5
#define SIMILAR_MAX   5
#define TEXT_MAX      ((size_t)40000)

struct consulting {
  struct road *road;
  const struct road_plan *plan;
  struct arena *arena;
  struct ticket ticket;
  struct message *messages;
  size_t message_count;
  struct passage *passages;
  size_t passage_count;
  struct covers *covers; /* what the passages' tokens stand for */
  bool draft;
  void (*on_answer)(void *arg, json *opinion, const struct trg_err *err);
  void *arg;
};

/* --- the case ------------------------------------------------------------------------------ */

static int masked(struct pii_map *m, struct trg_str text, struct arena *a, const char **ret,
                  struct trg_err *err) {
  struct buf b;
  buf_init(&b, 0);
  const int rc = pii_mask(m, text, &b, NULL, NULL, err);
  if (rc >= 0) *ret = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return rc;
}

/* A case that no helpdesk knows, as a ticket of one message. */
static int case_make(struct consulting *k, const struct consult *q, struct trg_err *err) {
  if (str_trim(q->body).n == 0 || q->body.n > TEXT_MAX || q->subject.n > 1000)
    return err_set(err, TRG_EINVAL, "usage",
                   "a case needs a body of 1 to %zu bytes and a subject of at most 1000", TEXT_MAX);
  struct pii_map *m = pii_map_new();
  pii_map_profiles(m, k->plan->conf->pii_profiles);
  const char *subject = "", *body = "";
  int rc = masked(m, q->subject, k->arena, &subject, err);
  if (rc >= 0) rc = masked(m, q->body, k->arena, &body, err);
  pii_map_free(&m);
  if (rc < 0) return rc;
  k->ticket = (struct ticket){.helpdesk = "",
                              .ext_id = "",
                              .ref = "",
                              .subject = subject,
                              .requester_hash = "",
                              .language = "",
                              .category = "",
                              .subcategory = "",
                              .priority = "",
                              .team = "",
                              .sentiment = "",
                              .summary = "",
                              .channel = TRG_CHANNEL_API};
  k->messages = arena_alloc(k->arena, sizeof *k->messages);
  *k->messages = (struct message){.ext_id = "",
                                  .author = TRG_AUTHOR_CUSTOMER,
                                  .flags = TRG_MESSAGE_PUBLIC,
                                  .author_id = "",
                                  .text = body,
                                  .attachments = "",
                                  .marker = ""};
  k->message_count = 1;
  return 0;
}

static int case_read(struct consulting *k, const struct consult *q, struct trg_err *err) {
  struct store *s = k->road->setup.store;
  if (q->ref.n == 0) return case_make(k, q, err);
  const int rc = ticket_by_ref(s, q->ref, k->arena, &k->ticket, err);
  return rc < 0 ? rc
                : message_list(s, k->ticket.id, k->arena, &k->messages, &k->message_count, err);
}

/* --- the answer ---------------------------------------------------------------------------- */

static int triage_check(void *arg, struct trg_str text, double *ret_confidence,
                        struct trg_err *err) {
  struct consulting *k = arg;
  struct verdict v;
  const int rc = verdict_parse(text, k->plan->taxonomy, k->arena, &v, err);
  if (rc >= 0) *ret_confidence = v.confidence;
  return rc;
}

static int draft_check(void *arg, struct trg_str text, double *ret_confidence,
                       struct trg_err *err) {
  struct consulting *k = arg;
  struct draft_answer d;
  const int rc = draft_parse(text, k->arena, &d, err);
  if (rc >= 0) *ret_confidence = d.confidence;
  return rc;
}

/* With the values of the passages that were shown, unless a template keeps them hidden. */
static struct trg_str everything(struct consulting *k, struct trg_str text) {
  if ((k->plan->restore & RESTORE_KNOWLEDGE) == 0) return text;
  struct trg_str *ids = arena_alloc(k->arena, sizeof *ids * (k->passage_count + 1));
  for (size_t i = 0; i < k->passage_count; i++) ids[i] = str_of(k->passages[i].id);
  return cover_restore(k->covers, text, ids, k->passage_count, k->arena);
}

/* What the guard says of a draft that is only an opinion. */
static const char *draft_guard(struct consulting *k, const json *o) {
  const size_t most = k->message_count + k->passage_count;
  struct trg_str *texts = arena_alloc(k->arena, sizeof *texts * (most + 1));
  struct trg_str *own = arena_alloc(k->arena, sizeof *own * (most + 1));
  struct guard_sources from = {.texts = texts, .own = own, .language = k->ticket.language};
  for (size_t i = 0; i < k->message_count; i++) {
    texts[from.count++] = str_of(k->messages[i].text);
    if (k->messages[i].author == TRG_AUTHOR_AGENT)
      own[from.own_count++] = str_of(k->messages[i].text);
  }
  for (size_t i = 0; i < k->passage_count; i++)
    texts[from.count++] = own[from.own_count++] = everything(k, str_of(k->passages[i].text));
  const struct trg_str body = json_get_str(o, "body");
  const char *failed = guard_text(body, &k->plan->conf->policy, &from);
  return failed == NULL && action_stays_masked(body, k->plan->restore) ? "masked_text" : failed;
}

/* What would become of the case by this verdict, with the rule that says so. */
static json *decision_of(struct consulting *k, const struct router_answer *a) {
  struct verdict v;
  struct ticket t = k->ticket;
  struct trg_err err = {0};
  json *o = json_object();
  if (verdict_parse(a->text, k->plan->taxonomy, k->arena, &v, &err) < 0) return o;
  t.category = arena_dup(k->arena, v.row.category);
  t.duplicate_of = arena_dup(k->arena, v.row.duplicate_of);
  t.wants_human = v.row.wants_human;
  const struct policy_facts f = {
      .mode = MODE_DRAFT,
      .policy = &k->plan->conf->policy,
      .ticket = &t,
      .unsure = a->end == ROUTER_UNSURE,
      .escalate_reason = v.escalate ? arena_dup(k->arena, v.escalate_reason) : ""};
  const struct ruling rule = policy_admit(&f);
  json_put_text(o, "outcome", rule.outcome != NULL ? rule.outcome : "draft");
  json_put_text(o, "reason", rule.reason);
  json_put_text(o, "meaning",
                rule.outcome != NULL ? reason_meaning(rule.reason)
                                     : "nothing speaks against a drafted reply");
  return o;
}

static json *opinion_of(struct consulting *k, const struct router_answer *a) {
  json *o = json_parse(a->text, 0, NULL);
  if (o == NULL) return NULL;
  json_put_bool(o, "sure", a->end == ROUTER_OK);
  json_put_text(o, "model", a->model);
  json_put_micros(o, "cost", a->cost_micros);
  if (!k->draft) {
    json_put(o, "decision", decision_of(k, a));
    return o;
  }
  json_put_str(o, "body", arena_str(k->arena, everything(k, json_get_str(o, "body"))));
  const char *failed = draft_guard(k, o);
  json_put_bool(o, "sendable", failed == NULL);
  json_put_text(o, "guard", failed != NULL ? reason_meaning(failed) : "");
  return o;
}

static void on_answer(void *arg, const struct router_answer *a) {
  struct consulting *k = arg;
  struct trg_err err = {0};
  json *o = a->end == ROUTER_OK || a->end == ROUTER_UNSURE ? opinion_of(k, a) : NULL;
  if (o == NULL) {
    char code[32];
    snprintf(code, sizeof code, "%.*s", (int)a->code.n, a->code.p != NULL ? a->code.p : "");
    (void)err_set(&err, TRG_ESTATE, code, "no model gave an opinion: %.*s", (int)a->why.n,
                  a->why.p != NULL ? a->why.p : "");
  }
  k->on_answer(k->arg, o, &err);
  covers_free(&k->covers);
  arena_free(&k->arena);
  mem_free(k);
}

/* --- asking -------------------------------------------------------------------------------- */

static json *triage_known(const struct ticket *t) {
  json *o = json_object();
  json_put_text(o, "category", t->category);
  json_put_text(o, "priority", t->priority);
  json_put_text(o, "team", t->team);
  json_put_text(o, "language", t->language);
  json_put_text(o, "summary", t->summary);
  return o;
}

static int facts_gather(struct consulting *k, json *data, struct trg_err *err) {
  struct store *s = k->road->setup.store;
  json *ticket = prompt_ticket(&k->ticket, k->messages, k->message_count);
  const char *words = arena_printf(k->arena, "%s %s", k->ticket.subject,
                                   json_get_str(ticket, "body").p);
  struct past *similar = NULL;
  size_t n = 0;
  json_put(data, "ticket", ticket);
  int rc = past_search(s, str_of(words), k->ticket.id, SIMILAR_MAX, k->arena, &similar, &n, err);
  if (rc >= 0 && k->draft)
    rc = knowledge_find(s, str_of(words), str_of(k->ticket.language), PASSAGES_MAX, k->arena,
                        &k->passages, &k->passage_count, err);
  if (rc < 0) return rc;
  if (k->draft) {
    json_put(data, "triage", triage_known(&k->ticket));
    k->covers = cover_passages(k->passages, k->passage_count, k->plan->conf->pii_profiles,
                               k->arena);
    json_put(data, "passages", prompt_passages(k->passages, k->passage_count));
  }
  json_put(data, "similar", prompt_past(similar, n, k->draft));
  return 0;
}

static void ask(struct consulting *k, const json *data) {
  const struct road_plan *p = k->plan;
  char *text = prompt_render("The case, as data:", data), *body = json_text(data);
  const struct trg_prompt_part part = {TRG_ROLE_USER, str_of(text)};
  struct buf input;
  buf_init(&input, 0);
  if (!k->draft) buf_printf(&input, "{\"taxonomy\":%s,", p->taxonomy->json);
  buf_text(&input, k->draft ? body : body + 1);
  const struct router_job job = {
      .conf = p->conf,
      .task = k->draft ? "draft" : "triage",
      .request = {.size = sizeof job.request,
                  .task = k->draft ? TRG_STR("draft") : TRG_STR("triage"),
                  .stable = str_of(k->draft ? p->draft_stable : p->triage_stable),
                  .parts = &part,
                  .part_count = 1,
                  .schema = str_of(k->draft ? prompt_draft_schema : p->triage_schema),
                  .schema_name = k->draft ? TRG_STR("draft") : TRG_STR("triage"),
                  .input = buf_view(&input),
                  .max_output_tokens = k->draft ? DRAFT_TOKENS : TRIAGE_TOKENS,
                  .user_hash = str_of(k->ticket.requester_hash)},
      .ticket_id = k->ticket.id,
      .pass = k->ticket.pass,
      .ref = k->ticket.ref,
      .skills_hash = skills_hash(p->skills),
      .check = k->draft ? draft_check : triage_check,
      .on_answer = on_answer,
      .arg = k};
  (void)router_ask(k->road->setup.router, &job);
  buf_free(&input);
  mem_free(body);
  mem_free(text);
}

int road_consult(struct road *r, const struct consult *q, struct trg_err *err) {
  struct consulting *k = mem_alloc(sizeof *k);
  *k = (struct consulting){.road = r,
                           .plan = r->plan,
                           .arena = arena_new(),
                           .draft = q->draft,
                           .on_answer = q->on_answer,
                           .arg = q->arg};
  json *data = json_object();
  int rc = case_read(k, q, err);
  if (rc >= 0) rc = facts_gather(k, data, err);
  if (rc >= 0) {
    ask(k, data);
  } else {
    arena_free(&k->arena);
    mem_free(k);
  }
  json_free(&data);
  return rc;
}
