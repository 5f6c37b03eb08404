/* Intake: a fetched ticket, masked, becomes rows: the ticket, its messages, its facts. Then the
 * stored conversation says what it asks for: a pass of the road, an end, or nothing. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/diff.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/guard.h"
#include "pipeline/redact.h"
#include "pipeline/signal.h"
#include "pipeline/stage.h"
#include "skill/knowledge.h"
#include "store/feedback.h"
#include "store/knowledge.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/subject.h"
#include "store/talk.h"
#include "store/work.h"

/* --- who and what ----------------------------------------------------------------------------- */

/* A pseudonym stands for the requester: the same person is the same in this state directory, and
 * nobody can go back from it once the way to it was erased. */
static const char *requester_hash(const struct road *r, const struct trg_ticket *t,
                                  struct arena *a) {
  const struct trg_str who = t->requester_email.n > 0 ? t->requester_email : t->requester_id;
  if (who.n == 0) return "";
  char lookup[SUBJECT_HEX];
  char *pseudonym = arena_alloc(a, SUBJECT_HEX);
  struct trg_err err = {0};
  subject_lookup(r->key, who, lookup);
  store_must(subject_pseudonym(r->setup.store, lookup, pseudonym, &err), &err);
  return pseudonym;
}

/* The vendor's id of who wrote. Some name who is no user of theirs by the address: a keyed hash
 * stands for that. */
static const char *author_kept(const struct road *r, struct trg_str id, struct arena *a) {
  if (id.n == 0 || memchr(id.p, '@', id.n) == NULL) return arena_dup(a, id);
  char lookup[SUBJECT_HEX];
  subject_lookup(r->key, id, lookup);
  return arena_printf(a, "mail:%.16s", lookup);
}

static const char *actor_word(int32_t author) {
  switch (author) {
  case TRG_AUTHOR_CUSTOMER:
    return "customer";
  case TRG_AUTHOR_AGENT:
    return "human";
  case TRG_AUTHOR_SELF:
    return "ai";
  case TRG_AUTHOR_BOT:
    return "rule";
  default:
    return "system";
  }
}

static const char *fact_word(int32_t kind) {
  static const char *const words[] = {
      [TRG_FACT_SOLVED] = "solved",    [TRG_FACT_REOPENED] = "reopen",
      [TRG_FACT_CLOSED] = "closed",    [TRG_FACT_MERGED] = "merge",
      [TRG_FACT_DELETED] = "deleted",  [TRG_FACT_CSAT_GOOD] = "csat",
      [TRG_FACT_CSAT_BAD] = "csat",    [TRG_FACT_ASSIGNED] = "assigned",
      [TRG_FACT_SPAM] = "spam",        [TRG_FACT_VENDOR_STATE] = "vendor",
      [TRG_FACT_CSAT_NEUTRAL] = "csat"};
  if (kind <= 0 || (size_t)kind >= sizeof words / sizeof words[0]) return NULL;
  return words[kind];
}

static const char *attachments_json(const struct trg_message *m, struct pii_map *map,
                                    struct arena *a) {
  json *list = json_array();
  for (size_t i = 0; i < m->attachment_count; i++) {
    struct buf name;
    struct trg_err err = {0};
    buf_init(&name, 4096);
    /* A name that cannot be masked is not kept. */
    if (pii_mask(map, m->attachments[i].name, &name, NULL, NULL, &err) < 0) buf_reset(&name);
    json *one = json_object();
    json_put_str(one, "name", buf_view(&name));
    json_put_str(one, "media_type", m->attachments[i].media_type);
    json_put_int(one, "size", m->attachments[i].size_bytes);
    json_add(list, one);
    buf_free(&name);
  }
  char *text = json_text(list);
  const char *kept = arena_dup(a, str_of(text));
  mem_free(text);
  json_free(&list);
  return kept;
}

/* --- facts ------------------------------------------------------------------------------------ */

static void fact_put(struct road *r, int64_t ticket_id, const char *kind, const char *ext_id,
                     const char *actor, const char *value, const char *data, int64_t at_ms) {
  const struct event e = {.ticket_id = ticket_id,
                          .kind = kind,
                          .ext_id = ext_id,
                          .actor = actor,
                          .value = value,
                          .data = data,
                          .at_ms = at_ms,
                          .seen_ms = clock_now_ms()};
  bool fresh = false;
  struct trg_err err = {0};
  store_must(event_add(r->setup.store, &e, &fresh, &err), &err);
}

/* Our own public message: was its text approved or edited by a person before it went out? The
 * outbox row that carries its marker knows. */
static const char *own_message_data(struct road *r, int64_t ticket_id, struct trg_str marker,
                                    struct arena *a) {
  if (marker.n == 0) return "";
  struct outbox *rows = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(outbox_list(r->setup.store, ticket_id, NULL, a, &rows, &n, &err), &err);
  for (size_t i = 0; i < n; i++) {
    if (!str_starts(marker, rows[i].idem_key)) continue;
    json *action = json_parse(str_of(rows[i].action), 0, NULL);
    const struct trg_str by = json_get_str(action, "approved_by");
    const bool edited = json_get_bool(action, "edited", false);
    char *data = by.n == 0 ? NULL
                           : arena_printf(a, "{\"approved_by\":\"person\",\"edited\":%s}",
                                          edited ? "true" : "false");
    json_free(&action);
    return data != NULL ? data : "";
  }
  return "";
}

static void message_facts(struct road *r, int64_t ticket_id, const struct trg_message *m,
                          struct trg_str masked, struct arena *a) {
  const bool public = (m->flags & TRG_MESSAGE_PUBLIC) != 0;
  const bool automatic = (m->flags & TRG_MESSAGE_AUTO) != 0;
  const char *id = arena_printf(a, "msg:%.*s", (int)m->id.n, m->id.p);
  if (m->author == TRG_AUTHOR_SYSTEM || m->author == TRG_AUTHOR_UNKNOWN) return;
  if (m->author == TRG_AUTHOR_CUSTOMER) {
    const struct signals s = automatic ? (struct signals){0}
                                       : signals_of(masked, r->plan->taxonomy);
    fact_put(r, ticket_id, "msg_in", id, "customer",
             automatic  ? "auto"
             : s.thanks ? "thanks"
                        : "",
             "", m->at_ms);
    const struct {
      bool is;
      const char *word;
    } each[] = {{s.confirms, "confirm"},
                {s.thanks, "thanks"},
                {s.negative, "negative"},
                {s.wants_human, "wants_human"}};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
      if (each[i].is)
        fact_put(r, ticket_id, "signal", arena_printf(a, "%s:%s", id, each[i].word), "customer",
                 each[i].word, "", m->at_ms);
    return;
  }
  if (!public) {
    fact_put(r, ticket_id, "note", id, actor_word(m->author), "", "", m->at_ms);
    return;
  }
  const char *data = m->author == TRG_AUTHOR_SELF ? own_message_data(r, ticket_id, m->marker, a)
                                                  : "";
  fact_put(r, ticket_id, "msg_out", id, actor_word(m->author),
           m->author == TRG_AUTHOR_BOT || automatic ? "notice" : "answer", data, m->at_ms);
}

static void ticket_facts_put(struct road *r, int64_t ticket_id, const struct trg_ticket *t,
                             struct arena *a) {
  for (size_t i = 0; i < t->fact_count; i++) {
    const struct trg_ticket_fact *f = &t->facts[i];
    const char *kind = fact_word(f->kind);
    if (kind == NULL) continue; /* of a newer interface */
    const char *value = arena_dup(a, f->value);
    if (f->kind == TRG_FACT_CSAT_GOOD && f->value.n == 0) value = "good";
    if (f->kind == TRG_FACT_CSAT_BAD && f->value.n == 0) value = "bad";
    fact_put(r, ticket_id, kind, arena_dup(a, f->id), actor_word(f->by), value, "",
             f->at_ms != 0 ? f->at_ms : t->updated_ms);
  }
  /* What the status itself says, should the connector have no record of the moment. */
  if (t->status == TRG_STATUS_DELETED)
    fact_put(r, ticket_id, "deleted", "status:deleted", "system", "", "", t->updated_ms);
  if (t->status == TRG_STATUS_MERGED)
    fact_put(r, ticket_id, "merge", "status:merged", "system", arena_dup(a, t->merged_into), "",
             t->updated_ms);
}

/* What the vendor's own AI says that it resolved, where it says so by a tag. */
static void vendor_tag_put(struct desk *d, int64_t ticket_id, const struct trg_ticket *t,
                           struct arena *a) {
  const char *tag = d->conf->resolved_tag;
  for (size_t i = 0; i < t->tag_count && tag != NULL && tag[0] != '\0'; i++)
    if (str_is(t->tags[i], tag))
      fact_put(d->road, ticket_id, "vendor", arena_printf(a, "tag:%s", tag), "rule", "resolved", "",
               t->updated_ms);
}

/* --- storing ---------------------------------------------------------------------------------- */

/* What is stored of this ticket is what masking gives now, as far as both have the message. */
static bool is_stored(const struct road *r, int64_t ticket_id, const struct trg_ticket *t,
                      const struct redacted *masked, struct arena *a) {
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(message_list(r->setup.store, ticket_id, a, &m, &n, &err), &err);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < t->message_count; k++)
      if (str_is(t->messages[k].id, m[i].ext_id) && !str_is(masked->messages[k], m[i].text))
        return false;
  return true;
}

int intake_map(const struct road *r, int64_t ticket_id, const struct trg_ticket *t,
               struct pii_map *m, bool *ret_same, struct trg_err *err) {
  struct arena *a = arena_new();
  struct redacted out;
  pii_map_profiles(m, r->plan->conf->pii_profiles);
  const int rc = redact_ticket(t, m, a, &out, err);
  if (rc >= 0) *ret_same = is_stored(r, ticket_id, t, &out, a);
  arena_free(&a);
  return rc;
}

static void messages_put(struct desk *d, int64_t id, const struct trg_ticket *t,
                         const struct redacted *masked, struct pii_map *map, struct arena *a) {
  struct trg_err err = {0};
  for (size_t i = 0; i < t->message_count; i++) {
    const struct trg_message *m = &t->messages[i];
    const struct message row = {.ticket_id = id,
                                .ext_id = arena_dup(a, m->id),
                                .author = m->author,
                                .flags = m->flags,
                                .at_ms = m->at_ms,
                                .author_id = author_kept(d->road, m->author_id, a),
                                .text = arena_dup(a, masked->messages[i]),
                                .attachments = attachments_json(m, map, a),
                                .marker = arena_dup(a, m->marker)};
    bool fresh = false;
    store_must(message_put(d->road->setup.store, &row, &fresh, &err), &err);
    if (fresh) message_facts(d->road, id, m, masked->messages[i], a);
  }
}

static int intake_rows(struct desk *d, const struct trg_ticket *t, const struct redacted *masked,
                       struct pii_map *map, struct arena *a, struct intake *ret,
                       struct trg_err *err) {
  struct road *r = d->road;
  const struct ticket_facts f = {.helpdesk = str_of(d->conf->name),
                                 .ext_id = t->id,
                                 .version = t->version,
                                 .subject = masked->subject,
                                 .requester_hash = str_of(requester_hash(r, t, a)),
                                 .url = t->url,
                                 .merged_into = t->merged_into,
                                 .status = t->status,
                                 .channel = t->channel,
                                 .flags = t->flags,
                                 .sandbox = d->conf->sandbox,
                                 .created_ms = t->created_ms,
                                 .updated_ms = t->updated_ms};
  bool fresh = false;
  const int rc = ticket_put(r->setup.store, &f, clock_now_ms(), &ret->ticket_id, &fresh, err);
  if (rc < 0) return rc;
  messages_put(d, ret->ticket_id, t, masked, map, a);
  ticket_facts_put(r, ret->ticket_id, t, a);
  vendor_tag_put(d, ret->ticket_id, t, a);
  if (fresh)
    log_event(TRG_INFO, "ticket.received", "ticket",
              arena_printf(a, "%s/%.*s", d->conf->name, (int)t->id.n, t->id.p), "messages",
              log_num((int64_t)t->message_count), NULL);
  return 0;
}

int intake_store(struct desk *d, const struct trg_ticket *t, struct intake *ret,
                 struct trg_err *err) {
  struct arena *a = arena_new();
  struct pii_map *map = pii_map_new();
  struct redacted masked = {0};
  pii_map_profiles(map, d->road->plan->conf->pii_profiles);
  int rc = redact_ticket(t, map, a, &masked, err);
  ret->held = rc < 0;
  if (rc >= 0) rc = intake_rows(d, t, &masked, map, a, ret, err);
  pii_map_free(&map);
  arena_free(&a);
  return rc;
}

/* --- what the conversation asks for ----------------------------------------------------------- */

struct thread_view {
  const struct message *inbound; /* newest customer message that is worth an answer */
  bool answered;                 /* somebody answered publicly after it */
  bool only_thanks;              /* it is but thanks, after an answer */
};

static bool is_ours_or_theirs(const struct message *m) {
  return m->author == TRG_AUTHOR_AGENT || m->author == TRG_AUTHOR_SELF ||
         m->author == TRG_AUTHOR_BOT;
}

/* Everything that it said was taken out at the helpdesk: there is nothing to answer in it. */
static bool is_emptied(const struct message *m) {
  return (m->flags & TRG_MESSAGE_REDACTED) != 0 && m->text[0] == '\0';
}

static bool is_only_thanks(const struct road *r, const struct message *m) {
  const struct signals s = signals_of(str_of(m->text), r->plan->taxonomy);
  return (s.thanks || s.confirms) && !s.more && !s.wants_human && !s.negative;
}

static struct thread_view thread_look(const struct road *r, const struct message *m, size_t n) {
  struct thread_view v = {0};
  bool spoken = false; /* a person or we answered before the newest inbound */
  for (size_t i = 0; i < n; i++) {
    if ((m[i].flags & TRG_MESSAGE_PUBLIC) == 0) continue;
    if (m[i].author == TRG_AUTHOR_CUSTOMER) {
      if ((m[i].flags & TRG_MESSAGE_AUTO) != 0 || is_emptied(&m[i])) continue;
      v.inbound = &m[i];
      v.answered = false;
      v.only_thanks = spoken && is_only_thanks(r, &m[i]);
      continue;
    }
    if (is_ours_or_theirs(&m[i]) && (m[i].flags & TRG_MESSAGE_AUTO) == 0) {
      v.answered = true;
      spoken = true;
    }
  }
  return v;
}

bool status_final(int32_t status) {
  return status == TRG_STATUS_CLOSED || status == TRG_STATUS_DELETED || status == TRG_STATUS_MERGED;
}

static const char *status_reason(int32_t status) {
  return status == TRG_STATUS_DELETED  ? "deleted"
         : status == TRG_STATUS_MERGED ? "merged"
                                       : "closed";
}

/* Ends the road for now without an answer of ours. A ticket that had its outcome keeps it. */
static void route_end(struct road *r, const struct ticket *t, enum ticket_state to,
                      const char *reason) {
  struct trg_err err = {0};
  if (t->outcome[0] == '\0' || strcmp(t->outcome, "failed") == 0)
    store_must(ticket_outcome(r->setup.store, t->id, TRG_STR("skipped"), str_of(reason),
                              clock_now_ms(), &err),
               &err);
  if (t->state == to) return;
  task_cancel(r, t->id);
  advance(r, t->id, t->state, to, &(struct advance){.why = reason});
}

/* What answered it: what our draft cited, when that was sent; else the passage that the person's
 * reply rests on. */
static const char *past_cited(struct road *r, const struct ticket *t, const char *reply,
                              struct arena *a) {
  struct draft d;
  struct trg_err err = {0};
  const char *cited = "[]";
  const int rc = draft_newest(r->setup.store, t->id, a, &d, &err);
  if (rc != TRG_ENOTFOUND) store_must(rc, &err);
  if (rc >= 0 && strcmp(d.state, "sent") == 0) return d.citations;
  if (reply != NULL)
    store_must(knowledge_source(r->setup.store, str_of(reply), a, &cited, &err), &err);
  return cited;
}

/* A person solved or answered it: what was said is worth remembering for similar tickets. */
static void past_learn(struct road *r, const struct ticket *t, const struct message *m, size_t n,
                       struct arena *a) {
  const char *question = NULL, *reply = NULL;
  for (size_t i = 0; i < n; i++) {
    if ((m[i].flags & TRG_MESSAGE_PUBLIC) == 0) continue;
    if (m[i].author == TRG_AUTHOR_CUSTOMER && question == NULL) question = m[i].text;
    if (m[i].author == TRG_AUTHOR_AGENT) reply = m[i].text;
  }
  if (question == NULL) return;
  const struct past p = {.ticket_id = t->id,
                         .cited = past_cited(r, t, reply, a),
                         .ref = t->ref,
                         .subject = t->subject,
                         .text = question,
                         .category = t->category,
                         .language = t->language,
                         .reply = reply != NULL ? reply : "",
                         .status = "solved"};
  struct trg_err err = {0};
  store_must(past_put(r->setup.store, &p, clock_now_ms(), &err), &err);
}

static void route_pass(struct road *r, const struct ticket *t, const struct message *inbound) {
  struct trg_err err = {0};
  task_cancel(r, t->id);
  store_must(ticket_pass(r->setup.store, t->id, t->pass + 1, str_of(inbound->ext_id), &err), &err);
  if (t->state == TICKET_RECEIVED) return;
  advance(r, t->id, t->state, TICKET_RECEIVED,
          &(struct advance){.why = t->pass == 0 ? "new_ticket" : "new_message"});
}

static const char *no_pass_reason(const struct thread_view *v, bool solved) {
  if (v->inbound == NULL) return "nothing_to_answer";
  if (v->only_thanks) return "thanks";
  return solved ? "already_solved" : "already_answered";
}

static void route(struct road *r, const struct ticket *t, const struct thread_view *v) {
  const bool handled = v->inbound == NULL || strcmp(v->inbound->ext_id, t->inbound_id) == 0;
  const bool solved = t->status == TRG_STATUS_SOLVED;
  const bool asks = v->inbound != NULL && !v->answered && !v->only_thanks && !solved;
  if (status_final(t->status))
    route_end(r, t, TICKET_DONE, status_reason(t->status));
  else if (asks && !handled)
    route_pass(r, t, v->inbound);
  else if (!asks && t->state != TICKET_FOLLOWING && t->state != TICKET_DONE)
    route_end(r, t, TICKET_FOLLOWING, no_pass_reason(v, solved));
}

/* A person answered in the helpdesk while our draft waited: how far is their text from it? */
static void draft_answered(struct road *r, const struct ticket *t, const struct message *m,
                           size_t n, struct arena *a) {
  struct draft d;
  struct trg_err err = {0};
  const char *sent = NULL;
  const int rc = draft_newest(r->setup.store, t->id, a, &d, &err);
  if (rc != TRG_ENOTFOUND) store_must(rc, &err);
  if (rc < 0 || strcmp(d.state, "waiting") != 0) return;
  for (size_t i = 0; i < n; i++)
    if (m[i].author == TRG_AUTHOR_AGENT && m[i].at_ms >= d.made_ms &&
        (m[i].flags & (TRG_MESSAGE_PUBLIC | TRG_MESSAGE_AUTO)) == TRG_MESSAGE_PUBLIC)
      sent = m[i].text;
  if (sent == NULL) return;
  store_must(feedback_add(r->setup.store, d.id, "answered", "helpdesk",
                          diff_distance(guard_uncited(str_of(d.body), a), str_of(sent)),
                          clock_now_ms(), &err),
             &err);
}

void intake_route(struct road *r, int64_t ticket_id) {
  struct arena *a = arena_new();
  struct ticket t;
  struct message *m = NULL;
  size_t n = 0;
  struct trg_err err = {0};
  store_must(ticket_by_id(r->setup.store, ticket_id, a, &t, &err), &err);
  store_must(message_list(r->setup.store, ticket_id, a, &m, &n, &err), &err);
  const struct thread_view v = thread_look(r, m, n);
  if (t.status == TRG_STATUS_SOLVED || t.status == TRG_STATUS_CLOSED) past_learn(r, &t, m, n, a);
  /* A draft that somebody else has answered, or whose ticket ended, waits for nobody. */
  if (v.answered) draft_answered(r, &t, m, n, a);
  if (v.answered || t.status >= TRG_STATUS_SOLVED)
    store_must(draft_supersede(r->setup.store, t.id, clock_now_ms(), &err), &err);
  /* A write under way must end first; write.c looks here again when it has. */
  if (t.state != TICKET_WRITING && t.state != TICKET_UNCERTAIN) route(r, &t, &v);
  arena_free(&a);
}
