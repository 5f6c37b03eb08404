#include "admin/ticket_gather.h"

#include <string.h>
#include <triaged/connector.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/reason.h"
#include "store/knowledge.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/talk.h"
#include "store/ticket.h"
#include "store/tool.h"
#include "store/tool_wish.h"
#include "store/work.h"

struct gather {
  struct store *s;
  struct arena *a;
  struct ticket t;
  json *doc;
};

static const char *word_at(const char *const *words, size_t count, int32_t i) {
  return words[i >= 0 && (size_t)i < count ? i : 0];
}

static const char *const statuses[] = {"unknown", "new",    "open",    "pending", "hold",
                                       "solved",  "closed", "deleted", "merged"};
static const char *const channels[] = {"other",     "email", "web",    "chat",
                                       "messaging", "voice", "social", "api"};
static const char *const authors[] = {"unknown", "customer", "agent", "bot", "self", "system"};
#define WORD_AT(list, i) word_at((list), sizeof(list) / sizeof *(list), (i))

/* JSON text from the store as a value; what is none stays a text. */
static void put_parsed(json *o, const char *key, const char *text) {
  json *v = text[0] != '\0' ? json_parse(str_of(text), 0, NULL) : NULL;
  if (v != NULL)
    json_put(o, key, v);
  else if (text[0] != '\0')
    json_put_text(o, key, text);
  else
    json_put_null(o, key);
}

static void put_header(struct gather *g) {
  const struct ticket *t = &g->t;
  json *o = g->doc;
  const struct {
    const char *key, *text;
  } texts[] = {{"ref", t->ref},
               {"subject", t->subject},
               {"helpdesk", t->helpdesk},
               {"state", ticket_state_word(t->state)},
               {"hold_reason", t->hold_reason},
               {"status", WORD_AT(statuses, t->status)},
               {"channel", WORD_AT(channels, t->channel)},
               {"url", t->url},
               {"merged_into", t->merged_into},
               {"requester_hash", t->requester_hash},
               {"category", t->category},
               {"subcategory", t->subcategory},
               {"priority", t->priority},
               {"priority_reason", t->priority_reason},
               {"language", t->language},
               {"sentiment", t->sentiment},
               {"team", t->team},
               {"product_area", t->product_area},
               {"duplicate_of", t->duplicate_of},
               {"summary", t->summary},
               {"model", t->model},
               {"outcome", t->outcome},
               {"reason", t->reason},
               {"reason_meaning", t->reason[0] != '\0' ? reason_meaning(t->reason) : ""},
               {"billing", t->bill_state},
               {"billing_reason", t->bill_reason}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    json_put_text(o, texts[i].key, texts[i].text);
  json_put_double(o, "confidence", t->confidence);
  json_put_bool(o, "wants_human", t->wants_human);
  json_put_bool(o, "sandbox", t->sandbox);
  json_put_int(o, "pass", t->pass);
  json_put_int(o, "attempts", t->attempts);
  json_put_time(o, "created", t->created_ms);
  json_put_time(o, "received", t->received_ms);
  json_put_time(o, "updated", t->changed_ms);
  json_put_time(o, "due", t->due_ms);
  json_put_time(o, "settles", t->settle_ms);
}

static int put_messages(struct gather *g, struct trg_err *err) {
  struct message *m = NULL;
  size_t n = 0;
  const int rc = message_list(g->s, g->t.id, g->a, &m, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_text(o, "id", m[i].ext_id);
    json_put_text(o, "author", WORD_AT(authors, m[i].author));
    json_put_bool(o, "public", (m[i].flags & TRG_MESSAGE_PUBLIC) != 0);
    json_put_bool(o, "automatic", (m[i].flags & TRG_MESSAGE_AUTO) != 0);
    json_put_time(o, "at", m[i].at_ms);
    json_put_text(o, "text", m[i].text);
    put_parsed(o, "attachments", m[i].attachments);
    json_add(list, o);
  }
  json_put(g->doc, "messages", list);
  return rc;
}

static bool is_ruling(const char *stage) {
  return strcmp(stage, "policy") == 0 || strcmp(stage, "guard") == 0;
}

/* The list tells what "ok" means of a ruling; of other stages it says enough by itself. */
static const char *meaning_of(const char *stage, const char *reason) {
  if (reason[0] == '\0' || (strcmp(reason, "ok") == 0 && !is_ruling(stage))) return "";
  return reason_meaning(reason);
}

/* The newest ruling of policy or guard is the verdict. */
static int put_decisions(struct gather *g, struct trg_err *err) {
  struct decision *d = NULL;
  size_t n = 0;
  const int rc = decision_list(g->s, g->t.id, g->a, &d, &n, err);
  json *list = json_array(), *verdict = NULL;
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_int(o, "id", d[i].id);
    json_put_int(o, "pass", d[i].pass);
    json_put_text(o, "stage", d[i].stage);
    json_put_text(o, "model", d[i].model);
    json_put_double(o, "confidence", d[i].confidence);
    json_put_micros(o, "cost", d[i].cost_micros);
    json_put_text(o, "reason", d[i].reason);
    json_put_text(o, "reason_meaning", meaning_of(d[i].stage, d[i].reason));
    put_parsed(o, "verdict", d[i].verdict);
    json_put_int(o, "model_call", d[i].model_call_id);
    json_put_text(o, "prompt_hash", d[i].prompt_hash);
    json_put_text(o, "skills_hash", d[i].skills_hash);
    json_put_text(o, "conf_hash", d[i].conf_hash);
    json_put_time(o, "at", d[i].at_ms);
    json_add(list, o);
    if (!is_ruling(d[i].stage)) continue;
    json_free(&verdict);
    verdict = json_object();
    json_put_text(verdict, "stage", d[i].stage);
    json_put_text(verdict, "reason", d[i].reason);
    json_put_text(verdict, "reason_meaning", reason_meaning(d[i].reason));
    put_parsed(verdict, "verdict", d[i].verdict);
    json_put_time(verdict, "at", d[i].at_ms);
  }
  json_put(g->doc, "decisions", list);
  if (verdict != NULL)
    json_put(g->doc, "policy", verdict);
  else
    json_put_null(g->doc, "policy");
  return rc;
}

static int put_calls(struct gather *g, struct trg_err *err) {
  struct model_call *c = NULL;
  size_t n = 0;
  const int rc = model_call_list(g->s, g->t.id, false, g->a, &c, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_int(o, "id", c[i].id);
    json_put_int(o, "pass", c[i].pass);
    json_put_text(o, "task", c[i].task);
    json_put_text(o, "model", c[i].model);
    json_put_text(o, "backend", c[i].backend);
    json_put_text(o, "vendor_model", c[i].vendor_model);
    json_put_text(o, "served", c[i].served);
    json_put_text(o, "outcome", c[i].outcome[0] != '\0' ? c[i].outcome : "open");
    json_put_text(o, "code", c[i].code);
    json_put_text(o, "why", c[i].why);
    json_put_int(o, "http_status", c[i].http_status);
    json_put_text(o, "request_id", c[i].request_id);
    json_put_int(o, "input_tokens", c[i].usage.input);
    json_put_int(o, "output_tokens", c[i].usage.output);
    json_put_int(o, "cache_read_tokens", c[i].usage.cache_read);
    json_put_int(o, "cache_write_tokens", c[i].usage.cache_write);
    json_put_micros(o, "cost", c[i].cost_micros);
    json_put_double(o, "latency_ms", (double)c[i].latency_us / 1000.0);
    json_put_bool(o, "shadow", c[i].shadow);
    json_put_time(o, "started", c[i].started_ms);
    json_add(list, o);
  }
  json_put(g->doc, "model_calls", list);
  return rc;
}

static int put_tools(struct gather *g, struct trg_err *err) {
  struct tool_call *c = NULL;
  size_t n = 0;
  const int rc = tool_call_list(g->s, g->t.id, g->a, &c, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_int(o, "pass", c[i].pass);
    json_put_int(o, "step", c[i].step);
    json_put_text(o, "tool", c[i].tool);
    put_parsed(o, "arguments", c[i].arguments);
    json_put_text(o, "outcome", c[i].outcome);
    json_put_text(o, "why", c[i].why);
    json_put_text(o, "result", c[i].result);
    json_put_text(o, "result_hash", c[i].result_hash);
    json_put_micros(o, "cost", c[i].cost_micros);
    json_put_double(o, "latency_ms", (double)c[i].latency_us / 1000.0);
    json_put_time(o, "started", c[i].started_ms);
    json_add(list, o);
  }
  json_put(g->doc, "tool_calls", list);
  return rc;
}

/* Calls of tools that change something: who let them be made, and what came of it. */
static int put_wishes(struct gather *g, struct trg_err *err) {
  struct tool_wish *w = NULL;
  size_t n = 0;
  const int rc = tool_wish_list(g->s, g->t.id, g->a, &w, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_int(o, "call", w[i].id);
    json_put_int(o, "pass", w[i].pass);
    json_put_text(o, "tool", w[i].tool);
    put_parsed(o, "arguments", w[i].arguments);
    json_put_text(o, "state", w[i].state);
    json_put_text(o, "who", w[i].who);
    json_put_text(o, "why", w[i].why);
    json_put_text(o, "result", w[i].result);
    json_put_time(o, "asked", w[i].made_ms);
    json_put_time(o, "decided", w[i].decided_ms);
    json_put_time(o, "ended", w[i].ended_ms);
    json_add(list, o);
  }
  json_put(g->doc, "tool_approvals", list);
  return rc;
}

/* What a citation names: a passage's title, a past ticket's subject, or nothing that is known. */
static void put_citations(struct gather *g, json *o, const char *text) {
  json *ids = json_parse(str_of(text), 0, NULL), *list = json_array();
  for (const json *id = json_first(ids); id != NULL; id = json_next(id)) {
    struct passage p;
    struct ticket t;
    struct trg_err none = {0};
    json *one = json_object();
    json_put_str(one, "id", json_str(id));
    if (passage_by_id(g->s, json_str(id), g->a, &p, &none) >= 0) {
      json_put_text(one, "title", p.title);
      json_put_text(one, "heading", p.heading);
      json_put_text(one, "source", p.source);
    } else if (ticket_by_ref(g->s, json_str(id), g->a, &t, &none) >= 0) {
      json_put_text(one, "title", t.subject);
    } else {
      json_put_null(one, "title");
    }
    json_add(list, one);
  }
  json_free(&ids);
  json_put(o, "citations", list);
}

static int put_draft(struct gather *g, struct trg_err *err) {
  struct draft d;
  const int rc = draft_newest(g->s, g->t.id, g->a, &d, err);
  if (rc == TRG_ENOTFOUND) {
    json_put_null(g->doc, "draft");
    return 0;
  }
  if (rc < 0) return rc;
  json *o = json_object();
  json_put_text(o, "state", d.state);
  json_put_text(o, "body", d.body);
  put_citations(g, o, d.citations);
  put_parsed(o, "missing", d.missing);
  json_put_text(o, "next_step", d.next_step);
  json_put_text(o, "model", d.model);
  json_put_double(o, "confidence", d.confidence);
  json_put_text(o, "reason", d.reason);
  json_put_text(o, "reason_meaning", d.reason[0] != '\0' ? reason_meaning(d.reason) : "");
  json_put_text(o, "reviewer", d.reviewer);
  json_put_text(o, "edited", d.edited);
  json_put_text(o, "review_reason", d.review_reason);
  json_put_time(o, "made", d.made_ms);
  json_put_time(o, "reviewed", d.reviewed_ms);
  json_put(g->doc, "draft", o);
  return 0;
}

static int put_deliveries(struct gather *g, struct trg_err *err) {
  struct outbox *x = NULL;
  size_t n = 0;
  const int rc = outbox_list(g->s, g->t.id, NULL, g->a, &x, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_text(o, "intent", x[i].intent);
    json_put_text(o, "state", x[i].state);
    json_put_int(o, "attempts", x[i].attempts);
    json_put_text(o, "code", x[i].code);
    json_put_text(o, "why", x[i].why);
    json_put_text(o, "idem_key", x[i].idem_key);
    put_parsed(o, "receipts", x[i].receipts);
    put_parsed(o, "action", x[i].action);
    json_put_int(o, "pass", x[i].pass);
    json_put_time(o, "planned", x[i].planned_ms);
    json_put_time(o, "sent", x[i].sent_ms);
    json_put_time(o, "done", x[i].done_ms);
    json_add(list, o);
  }
  json_put(g->doc, "deliveries", list);
  return rc;
}

static int put_events(struct gather *g, struct trg_err *err) {
  struct event *e = NULL;
  size_t n = 0;
  const int rc = event_list(g->s, g->t.id, false, g->a, &e, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_int(o, "seq", e[i].seq);
    json_put_text(o, "kind", e[i].kind);
    json_put_text(o, "actor", e[i].actor);
    json_put_text(o, "value", e[i].value);
    put_parsed(o, "data", e[i].data);
    json_put_time(o, "at", e[i].at_ms);
    json_put_time(o, "seen", e[i].seen_ms);
    json_add(list, o);
  }
  json_put(g->doc, "events", list);
  return rc;
}

static int put_charges(struct gather *g, struct trg_err *err) {
  struct ledger_line *l = NULL;
  size_t n = 0;
  const int rc = ledger_of_ticket(g->s, g->t.id, g->a, &l, &n, err);
  json *list = json_array();
  for (size_t i = 0; i < n && rc >= 0; i++) {
    json *o = json_object();
    json_put_int(o, "seq", l[i].seq);
    json_put_text(o, "kind", l[i].kind);
    json_put_text(o, "outcome", l[i].outcome);
    json_put_text(o, "evidence_level", l[i].evidence_level);
    json_put_text(o, "rule", l[i].rule);
    json_put_micros(o, "amount", l[i].amount_micros);
    json_put_micros(o, "model_cost", l[i].model_cost_micros);
    json_put_text(o, "period", l[i].period);
    json_put_text(o, "book", l[i].book);
    json_put_int(o, "corrects", l[i].corrects);
    put_parsed(o, "evidence", l[i].evidence);
    json_put_text(o, "reason", l[i].reason);
    json_put_time(o, "at", l[i].at_ms);
    json_put_time(o, "written", l[i].written_ms);
    json_add(list, o);
  }
  json_put(g->doc, "charges", list);
  return rc;
}

int ticket_gather(struct store *s, struct trg_str ref, json **ret, struct trg_err *err) {
  static int (*const parts[])(struct gather *, struct trg_err *) = {
      put_messages, put_decisions,  put_calls,  put_tools,  put_wishes,
      put_draft,    put_deliveries, put_events, put_charges};
  struct gather g = {.s = s, .a = arena_new(), .doc = json_object()};
  int rc = ticket_by_ref(s, ref, g.a, &g.t, err);
  if (rc >= 0) put_header(&g);
  for (size_t i = 0; i < sizeof parts / sizeof *parts && rc >= 0; i++) rc = parts[i](&g, err);
  if (rc >= 0)
    *ret = g.doc;
  else
    json_free(&g.doc);
  arena_free(&g.a);
  return rc;
}
