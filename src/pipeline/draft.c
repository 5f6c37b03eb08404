/* Draft: the reply, from passages and earlier replies, with citations that exist. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/guard.h"
#include "pipeline/lookup.h"
#include "pipeline/prompt.h"
#include "pipeline/recall.h"
#include "pipeline/stage.h"
#include "pipeline/verdict.h"
#include "skill/cover.h"
#include "skill/skill.h"
#include "skill/template.h"
#include "skill/voice.h"
#include "store/knowledge.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/work.h"

#define PASSAGES_MAX 5
#define SIMILAR_MAX  3
#define VOTERS_MAX   30 /* similar tickets whose sources are looked at */

/* What the model was shown: only these ids may be cited. */
struct shown {
  json *ticket;     /* until it was asked about */
  const char **ids; /* of passages, refs of tickets */
  size_t id_count;
  struct covers *covers; /* what the passages' tokens stand for; NULL: they have none */
  struct lookup *lookup; /* NULL: there are no tools */
  int64_t spent_micros;  /* on answers that asked for lookups */
};

static bool was_shown(const struct shown *s, struct trg_str id) {
  for (size_t i = 0; i < s->id_count; i++)
    if (str_is(id, s->ids[i])) return true;
  return false;
}

static int draft_check(void *arg, struct trg_str text, double *ret_confidence,
                       struct trg_err *err) {
  struct task *k = arg;
  struct draft_answer d;
  const struct shown *s = k->more;
  if (lookup_wanted(s->lookup, text)) { /* no draft yet, and as good an answer */
    *ret_confidence = 1;
    return 0;
  }
  const int rc = draft_parse(text, k->arena, &d, err);
  if (rc >= 0) *ret_confidence = d.confidence;
  return rc;
}

/* Does the text cite what it was not given? Then a person must look at it, whatever else it says.
 */
static bool cites_unknown(struct task *k, const struct draft_answer *d) {
  struct trg_str *cited = NULL;
  const size_t n = guard_cited(d->body, k->arena, &cited);
  for (size_t i = 0; i < n; i++)
    if (!was_shown(k->more, cited[i])) return true;
  return false;
}

/* Citations of the text and of the list together, those that were shown, each once. */
static size_t citations_of(struct task *k, const struct draft_answer *d, struct trg_str **ret) {
  struct trg_str *cited = NULL;
  const size_t n = guard_cited(d->body, k->arena, &cited);
  struct trg_str *all = arena_alloc(k->arena, sizeof *all * (n + d->citation_count + 1));
  size_t count = 0;
  for (size_t i = 0; i < n + d->citation_count; i++) {
    const struct trg_str id = i < n ? cited[i] : d->citations[i - n];
    bool seen = !was_shown(k->more, id);
    for (size_t j = 0; j < count && !seen; j++) seen = str_eq(all[j], id);
    if (!seen) all[count++] = id;
  }
  *ret = all;
  return count;
}

/* What a cited passage says may be said: its tokens get their values back, before anything looks at
 * the draft. A token that no cited passage has stays, and the guard finds it. */
static void uncover(struct task *k, struct draft_answer *d, const struct trg_str *cited, size_t n) {
  const struct covers *c = ((struct shown *)k->more)->covers;
  if ((k->road->plan->restore & RESTORE_KNOWLEDGE) == 0) return;
  d->body = cover_restore(c, d->body, cited, n, k->arena);
  d->next_step = cover_restore(c, d->next_step, cited, n, k->arena);
  for (size_t i = 0; i < d->missing_count; i++)
    d->missing[i] = cover_restore(c, d->missing[i], cited, n, k->arena);
}

static char *list_json(const struct trg_str *texts, size_t n) {
  json *list = json_array();
  for (size_t i = 0; i < n; i++) json_add_str(list, texts[i]);
  char *text = json_text(list);
  json_free(&list);
  return text;
}

static void draft_store(struct task *k, const struct ticket *t, const struct router_answer *a) {
  struct road *r = k->road;
  struct draft_answer d;
  struct trg_err err = {0};
  const struct shown *s = k->more;
  BUG_UNLESS(draft_parse(a->text, k->arena, &d, &err) >= 0);
  const int64_t now = clock_now_ms();
  const struct decision row = {.ticket_id = t->id,
                               .pass = t->pass,
                               .stage = "draft",
                               .verdict = arena_dup(k->arena, a->text),
                               .model = a->model,
                               .model_call_id = a->call_id,
                               .confidence = d.confidence,
                               .cost_micros = a->cost_micros + s->spent_micros +
                                              lookup_cost(s->lookup),
                               .reason = d.not_sure ? "not_sure" : "ok",
                               .prompt_hash = a->prompt_hash,
                               .skills_hash = skills_hash(r->plan->skills),
                               .conf_hash = r->plan->conf->hash,
                               .at_ms = now};
  int64_t id = 0;
  store_must(decision_add(r->setup.store, &row, &id, &err), &err);
  store_must(draft_supersede(r->setup.store, t->id, now, &err), &err);
  struct trg_str *cited = NULL;
  const size_t cited_count = citations_of(k, &d, &cited);
  const bool invented = cites_unknown(k, &d);
  uncover(k, &d, cited, cited_count);
  char *citations = list_json(cited, cited_count);
  char *missing = list_json(d.missing, d.missing_count);
  const struct draft draft = {.ticket_id = t->id,
                              .pass = t->pass,
                              .body = arena_dup(k->arena, d.body),
                              .citations = citations,
                              .missing = missing,
                              .next_step = arena_dup(k->arena, d.next_step),
                              .model = a->model,
                              .confidence = d.confidence,
                              .state = "proposed",
                              .reason = d.not_sure ? "not_sure"
                                        : invented ? "invented_citation"
                                                   : lookup_reason(s->lookup),
                              .made_ms = now};
  store_must(draft_add(r->setup.store, &draft, &id, &err), &err);
  mem_free(citations);
  mem_free(missing);
  advance(r, t->id, TICKET_DRAFTING, TICKET_DRAFTED, &(struct advance){0});
  log_event(TRG_INFO, "draft.made", "ticket", k->ref, "model", a->model, "sure",
            d.not_sure ? "no" : "yes", NULL);
}

/* Triage stands; a person can write what no model could. A model that goes on answering with no
 * draft at all is asked no more often than one whose drafts are wrong: each answer is paid for. */
static void draft_failed(struct task *k, const struct ticket *t, const char *code, const char *why,
                         int64_t retry_after_ms) {
  const bool own = strcmp(code, "invalid") == 0 || strcmp(code, TRG_CODE_MALFORMED) == 0;
  if (own && k->attempts + 1 >= ATTEMPTS_OWN)
    decide(k->road, t, "handoff", "no_draft");
  else
    task_retry(k, t, code, why, retry_after_ms);
}

static void draft_again(struct task *k);

static void draft_on_answer(void *arg, const struct router_answer *a) {
  struct task *k = arg;
  struct shown *s = k->more;
  struct ticket t;
  const bool answered = a->end == ROUTER_OK || a->end == ROUTER_UNSURE;
  if (answered && lookup_wanted(s->lookup, a->text) && task_current(k, &t)) {
    k->ask = 0;
    s->spent_micros += a->cost_micros;
    k->paid = s->spent_micros > 0;
    lookup_run(s->lookup, a->text, draft_again);
    return;
  }
  task_answered(arg, a, draft_store, draft_failed);
}

static json *triage_json(const struct ticket *t) {
  json *o = json_object();
  json_put_text(o, "category", t->category);
  json_put_text(o, "subcategory", t->subcategory);
  json_put_text(o, "priority", t->priority);
  json_put_text(o, "team", t->team);
  json_put_text(o, "language", t->language);
  json_put_text(o, "sentiment", t->sentiment);
  json_put_text(o, "summary", t->summary);
  json_put_double(o, "confidence", t->confidence);
  return o;
}

/* Those beyond only vote for passages. */
static size_t similar_shown(const struct recalled *like) {
  return like->similar_count < SIMILAR_MAX ? like->similar_count : SIMILAR_MAX;
}

static void draft_ask(struct task *k, const struct ticket *t, json *ticket) {
  struct road *r = k->road;
  const struct shown *shown = k->more;
  const struct recalled *like = recall_found(k->recall);
  json *data = json_object();
  json_put(data, "ticket", ticket);
  json_put(data, "triage", triage_json(t));
  json_put(data, "passages", prompt_passages(like->passages, like->passage_count));
  json_put(data, "similar", prompt_past(like->similar, similar_shown(like), true));
  if (shown->lookup != NULL) json_put(data, "looked_up", lookup_results(shown->lookup));
  const char *schema = lookup_schema(shown->lookup, prompt_draft_schema);
  char *system = lookup_system(shown->lookup);
  char *voice = voice_json(r->plan->voice, str_of(t->language), str_of(prompt_channel(t->channel)));
  json_put(data, "voice", json_parse(str_of(voice), 0, NULL));
  mem_free(voice);
  char *text = prompt_render("The ticket and what is known, as data:", data);
  char *chosen = prompt_chosen(r->plan->skills, r->plan->connections, str_of(like->words), k->ref);
  const struct trg_prompt_part part = {TRG_ROLE_USER, str_of(text)};
  struct buf all; /* tools, then the skills that the ticket calls for */
  buf_init(&all, (size_t)1 << 21);
  buf_text(&all, system);
  buf_text(&all, chosen);
  const struct router_job job = {
      .conf = r->plan->conf,
      .task = "draft",
      .request = {.size = sizeof job.request,
                  .task = TRG_STR("draft"),
                  .stable = str_of(r->plan->draft_stable),
                  .parts = &part,
                  .part_count = 1,
                  .system = buf_view(&all),
                  .schema = str_of(schema != NULL ? schema : prompt_draft_schema),
                  .schema_name = TRG_STR("draft"),
                  .input = prompt_data(text),
                  .max_output_tokens = PROMPT_DRAFT_TOKENS,
                  .user_hash = str_of(t->requester_hash)},
      .ticket_id = t->id,
      .pass = t->pass,
      .ref = k->ref,
      .skills_hash = skills_hash(r->plan->skills),
      .check = draft_check,
      .on_answer = draft_on_answer,
      .arg = k};
  asked_keep(r, &job);
  k->ask = router_ask(r->setup.router, &job);
  /* With tools each model would look up other things. */
  if (job.request.schema.p == prompt_draft_schema) shadow_offer(r, t, &job);
  buf_free(&all);
  mem_free(system);
  mem_free(chosen);
  mem_free(text);
  json_free(&data);
  if (shown->lookup == NULL) recall_end(&k->recall); /* else it may be asked again */
}

/* A person decides on a tool's call: the ticket waits, and the draft goes on from there. */
static void draft_hold(struct task *k, int64_t until_ms, const char *tool) {
  advance(k->road, k->ticket_id, TICKET_DRAFTING, TICKET_ADMITTED,
          &(struct advance){.due_ms = until_ms,
                            .attempts = k->attempts,
                            .hold = arena_printf(k->arena, "a person must approve %s", tool),
                            .why = "tool_approval"});
  task_end(k);
}

/* Asks once the tools are known, and again with what they said. */
static void draft_again(struct task *k) {
  struct ticket t;
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  const struct shown *s = k->more;
  const char *tool = "";
  if (!task_current(k, &t)) {
    task_end(k);
    return;
  }
  const int64_t held_ms = lookup_held(s->lookup, &tool);
  if (held_ms != 0) {
    draft_hold(k, held_ms, tool);
    return;
  }
  if (lookup_retry(s->lookup) != NULL) {
    task_retry(k, &t, TRG_CODE_TRANSIENT, lookup_retry(s->lookup), 0);
    task_end(k);
    return;
  }
  store_must(message_list(k->road->setup.store, t.id, k->arena, &m, &n, &err), &err);
  draft_ask(k, &t, prompt_ticket(&t, m, n));
}

static void draft_cleanup(struct task *k) {
  struct shown *s = k->more;
  json_free(&s->ticket);
  covers_free(&s->covers);
  lookup_end(s->lookup);
}

static void ids_keep(struct task *k, struct shown *s, const struct recalled *like) {
  const size_t similar = similar_shown(like);
  s->ids = arena_alloc(k->arena, sizeof *s->ids * (like->passage_count + similar + 1));
  for (size_t i = 0; i < like->passage_count; i++)
    s->ids[s->id_count++] = arena_dup(k->arena, str_of(like->passages[i].id));
  for (size_t i = 0; i < similar; i++)
    s->ids[s->id_count++] = arena_dup(k->arena, str_of(like->similar[i].ref));
}

static void draft_begin(struct task *k) {
  struct shown *s = k->more;
  struct ticket t;
  if (!task_current(k, &t)) {
    task_end(k);
    return;
  }
  ids_keep(k, s, recall_found(k->recall));
  s->covers = recall_covers(k->recall);
  json *ticket = s->ticket;
  s->ticket = NULL;
  s->lookup = lookup_begin(k->road->remotes, k, draft_again);
  if (s->lookup == NULL)
    draft_ask(k, &t, ticket);
  else
    json_free(&ticket);
}

void draft_run(struct road *r, const struct stage *st, const struct ticket *t, struct arena *a) {
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(message_list(r->setup.store, t->id, a, &m, &n, &err), &err);
  json *ticket = prompt_ticket(t, m, n);
  const char *words = arena_printf(a, "%s %s", t->subject, json_get_str(ticket, "body").p);
  struct task *k = task_start(r, st, t);
  struct shown *shown = arena_alloc(k->arena, sizeof *shown);
  shown->ticket = ticket;
  k->more = shown;
  k->cleanup = draft_cleanup;
  recall_start(r->recalls, k,
               &(struct recall_want){.words = str_of(words),
                                     .language = str_of(t->language),
                                     .ticket_id = t->id,
                                     .similar = VOTERS_MAX,
                                     .passages = PASSAGES_MAX,
                                     .profiles = r->plan->conf->pii_profiles},
               draft_begin);
}
