#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "cmd/ticket.h"

#define LABEL  12
#define INDENT 4

struct show {
  struct buf *out;
  struct out_screen screen;
  struct arena *a;
};

static const char *text(const struct show *w, const json *o, const char *key) {
  return arena_dup(w->a, json_get_str(o, key));
}

/* A moment without its fraction. */
static const char *moment(const struct show *w, const json *o, const char *key) {
  char *at = arena_dup(w->a, json_get_str(o, key)), *dot = strchr(at, '.');
  if (dot != NULL) memcpy(dot, "Z", 2);
  return at;
}

static const char *money(const struct show *w, const json *o, const char *key) {
  int64_t micros = 0;
  char human[MONEY_TEXT_MAX];
  (void)money_parse(json_get_str(o, key), &micros);
  return micros == 0 ? "" : arena_dup(w->a, str_of(money_human(micros, human)));
}

/* "label       words", nothing when there are none; long words go on below. */
static void line(const struct show *w, const char *label, const char *words) {
  if (words[0] == '\0') return;
  const size_t room = w->screen.width;
  buf_printf(w->out, "%-*s ", LABEL, label);
  if (room > 0 && LABEL + 1 + out_width(words) > room) {
    struct buf b;
    buf_init(&b, 0);
    out_wrap(&b, words, LABEL + 1, room);
    buf_text(w->out, b.n > LABEL + 1 ? b.p + LABEL + 1 : "\n");
    buf_free(&b);
    return;
  }
  out_line(w->out, words, 0);
  buf_char(w->out, '\n');
}

/* "a · b · c" of those that are there. */
static const char *joined(const struct show *w, const char *const *parts, size_t count) {
  const char *all = "";
  for (size_t i = 0; i < count; i++)
    if (parts[i][0] != '\0')
      all = all[0] == '\0' ? parts[i] : arena_printf(w->a, "%s · %s", all, parts[i]);
  return all;
}
#define JOIN(w, ...)                                                                               \
  joined((w), (const char *const[]){__VA_ARGS__},                                                  \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void head(const struct show *w, const char *words) {
  buf_char(w->out, '\n');
  out_head(w->out, w->screen, words);
}

static const char *with_meaning(const struct show *w, const json *o, const char *code,
                                const char *meaning) {
  const char *c = text(w, o, code), *m = text(w, o, meaning);
  if (m[0] == '\0' || strcmp(c, m) == 0) return c;
  return arena_printf(w->a, "%s (%s)", c, m);
}

static const char *confidence(const struct show *w, const json *o) {
  const double d = json_get_double(o, "confidence", 0);
  return d > 0 ? arena_printf(w->a, "%.2f sure", d) : "";
}

static void show_header(const struct show *w, const json *o) {
  char title[600];
  snprintf(title, sizeof title, "%s  %s", text(w, o, "ref"), text(w, o, "subject"));
  struct buf b;
  buf_init(&b, 0);
  out_line(&b, title, 0);
  out_head(w->out, w->screen, b.p);
  buf_free(&b);
  const char *hold = text(w, o, "hold_reason");
  line(w, "state",
       JOIN(w, text(w, o, "state"), hold[0] != '\0' ? arena_printf(w->a, "waits: %s", hold) : "",
            json_get_bool(o, "sandbox", false) ? "sandbox" : ""));
  line(w, "helpdesk",
       JOIN(w, text(w, o, "helpdesk"), text(w, o, "status"), text(w, o, "channel"),
            text(w, o, "url")));
  line(w, "category",
       JOIN(w, text(w, o, "category"), text(w, o, "subcategory"), text(w, o, "product_area"),
            confidence(w, o), text(w, o, "model")));
  line(w, "priority", JOIN(w, text(w, o, "priority"), text(w, o, "priority_reason")));
  line(w, "customer",
       JOIN(w, text(w, o, "language"), text(w, o, "sentiment"),
            json_get_bool(o, "wants_human", false) ? "asks for a person" : ""));
  line(w, "team", text(w, o, "team"));
  line(w, "summary", text(w, o, "summary"));
  line(w, "duplicate of", text(w, o, "duplicate_of"));
  line(w, "merged into", text(w, o, "merged_into"));
  line(w, "outcome",
       JOIN(w, text(w, o, "outcome"), with_meaning(w, o, "reason", "reason_meaning")));
  line(w, "billing",
       JOIN(w, text(w, o, "billing"), text(w, o, "billing_reason"),
            moment(w, o, "settles")[0] != '\0'
                ? arena_printf(w->a, "settles %s", moment(w, o, "settles"))
                : ""));
  line(w, "times",
       JOIN(w, arena_printf(w->a, "created %s", moment(w, o, "created")),
            arena_printf(w->a, "received %s", moment(w, o, "received")),
            arena_printf(w->a, "updated %s", moment(w, o, "updated"))));
}

static void show_messages(const struct show *w, const json *doc) {
  head(w, "Messages (masked)");
  for (const json *m = json_first(json_get(doc, "messages")); m != NULL; m = json_next(m)) {
    buf_printf(w->out, "%s\n",
               JOIN(w, moment(w, m, "at"), text(w, m, "author"),
                    json_get_bool(m, "public", false) ? "" : "internal",
                    json_get_bool(m, "automatic", false) ? "automatic" : ""));
    out_wrap(w->out, text(w, m, "text"), INDENT, w->screen.width);
  }
}

static void show_decisions(const struct show *w, const json *doc) {
  static const struct out_column columns[] = {
      {"at", OUT_TEXT, 0},         {"stage", OUT_TEXT, 0}, {"model", OUT_TEXT, 0},
      {"confidence", OUT_TEXT, 0}, {"cost", OUT_TEXT, 0},  {"reason", OUT_TEXT, OUT_GIVES}};
  const json *list = json_get(doc, "decisions");
  if (json_count(list) == 0) return;
  head(w, "Decisions");
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *d = json_first(list); d != NULL; d = json_next(d)) {
    const double sure = json_get_double(d, "confidence", 0);
    out_text(t, moment(w, d, "at"));
    out_text(t, text(w, d, "stage"));
    out_text(t, text(w, d, "model"));
    out_text(t, sure > 0 ? arena_printf(w->a, "%.2f", sure) : "");
    out_text(t, money(w, d, "cost"));
    out_text(t, with_meaning(w, d, "reason", "reason_meaning"));
  }
  out_table_text(t, w->screen, w->out);
  out_table_free(&t);
}

static void show_calls(const struct show *w, const json *doc) {
  static const struct out_column columns[] = {
      {"started", OUT_TEXT, 0},        {"task", OUT_TEXT, 0}, {"model", OUT_TEXT, 0},
      {"outcome", OUT_TEXT, OUT_TINT}, {"input", OUT_INT, 0}, {"output", OUT_INT, 0},
      {"cost", OUT_TEXT, 0},           {"ms", OUT_INT, 0},    {"why", OUT_TEXT, OUT_GIVES}};
  const json *list = json_get(doc, "model_calls");
  if (json_count(list) == 0) return;
  head(w, "Model calls");
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *c = json_first(list); c != NULL; c = json_next(c)) {
    out_text(t, moment(w, c, "started"));
    out_text(t, json_get_bool(c, "shadow", false) ? "shadow" : text(w, c, "task"));
    out_text(t, text(w, c, "model"));
    out_text(t, text(w, c, "outcome"));
    out_int(t, json_get_int(c, "input_tokens", 0) + json_get_int(c, "cache_read_tokens", 0) +
                   json_get_int(c, "cache_write_tokens", 0));
    out_int(t, json_get_int(c, "output_tokens", 0));
    out_text(t, money(w, c, "cost"));
    out_int(t, (int64_t)json_get_double(c, "latency_ms", 0));
    out_text(t, JOIN(w, text(w, c, "code"), text(w, c, "why")));
  }
  out_table_text(t, w->screen, w->out);
  out_table_free(&t);
}

static void show_tools(const struct show *w, const json *doc) {
  static const struct out_column columns[] = {
      {"started", OUT_TEXT, 0},        {"tool", OUT_TEXT, 0}, {"arguments", OUT_TEXT, OUT_GIVES},
      {"outcome", OUT_TEXT, OUT_TINT}, {"cost", OUT_TEXT, 0}, {"ms", OUT_INT, 0},
      {"result", OUT_TEXT, OUT_LESS}};
  const json *list = json_get(doc, "tool_calls");
  if (json_count(list) == 0) return;
  head(w, "Tools");
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *c = json_first(list); c != NULL; c = json_next(c)) {
    char *arguments = json_text(json_get(c, "arguments"));
    out_text(t, moment(w, c, "started"));
    out_text(t, text(w, c, "tool"));
    out_text(t, arena_dup(w->a, str_of(arguments)));
    out_text(t, text(w, c, "outcome"));
    out_text(t, money(w, c, "cost"));
    out_int(t, (int64_t)json_get_double(c, "latency_ms", 0));
    out_text(t, arena_printf(w->a, "%.12s", text(w, c, "result_hash")));
    mem_free(arguments);
  }
  out_table_text(t, w->screen, w->out);
  out_table_free(&t);
}

static void show_approvals(const struct show *w, const json *doc) {
  static const struct out_column columns[] = {{"call", OUT_INT, 0},
                                              {"asked", OUT_TEXT, 0},
                                              {"tool", OUT_TEXT, 0},
                                              {"arguments", OUT_TEXT, OUT_GIVES},
                                              {"state", OUT_TEXT, OUT_TINT},
                                              {"who", OUT_TEXT, 0},
                                              {"decided", OUT_TEXT, OUT_LESS},
                                              {"why", OUT_TEXT, OUT_LESS}};
  const json *list = json_get(doc, "tool_approvals");
  if (json_count(list) == 0) return;
  head(w, "Tools that change something");
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *c = json_first(list); c != NULL; c = json_next(c)) {
    char *arguments = json_text(json_get(c, "arguments"));
    out_int(t, json_get_int(c, "call", 0));
    out_text(t, moment(w, c, "asked"));
    out_text(t, text(w, c, "tool"));
    out_text(t, arena_dup(w->a, str_of(arguments)));
    out_text(t, text(w, c, "state"));
    out_text(t, text(w, c, "who"));
    out_text(t, moment(w, c, "decided"));
    out_text(t, text(w, c, "why"));
    mem_free(arguments);
  }
  out_table_text(t, w->screen, w->out);
  out_table_free(&t);
}

static void show_draft(const struct show *w, const json *doc) {
  const json *d = json_get(doc, "draft");
  if (!json_is_object(d)) return;
  head(w, "Draft");
  const char *by = text(w, d, "reviewer");
  line(w, "state",
       JOIN(w, text(w, d, "state"), by[0] != '\0' ? arena_printf(w->a, "by %s", by) : "",
            text(w, d, "review_reason")));
  line(w, "made by", JOIN(w, text(w, d, "model"), confidence(w, d), moment(w, d, "made")));
  line(w, "checks", with_meaning(w, d, "reason", "reason_meaning"));
  out_wrap(w->out, text(w, d, "body"), INDENT, w->screen.width);
  for (const json *c = json_first(json_get(d, "citations")); c != NULL; c = json_next(c)) {
    const char *title = text(w, c, "title"), *heading = text(w, c, "heading");
    line(w, "cites",
         JOIN(w, text(w, c, "id"), title[0] != '\0' ? title : "(not there any more)",
              strcmp(title, heading) != 0 ? heading : ""));
  }
  for (const json *m = json_first(json_get(d, "missing")); m != NULL; m = json_next(m))
    line(w, "missing", arena_dup(w->a, json_str(m)));
  line(w, "next step", text(w, d, "next_step"));
  if (text(w, d, "edited")[0] != '\0') {
    head(w, "Draft as edited");
    out_wrap(w->out, text(w, d, "edited"), INDENT, w->screen.width);
  }
}

static void show_deliveries(const struct show *w, const json *doc) {
  const json *list = json_get(doc, "deliveries");
  if (json_count(list) == 0) return;
  head(w, "Deliveries");
  for (const json *d = json_first(list); d != NULL; d = json_next(d)) {
    const char *done = moment(w, d, "done");
    const long long tries = (long long)json_get_int(d, "attempts", 0);
    line(w, text(w, d, "intent"),
         JOIN(w, text(w, d, "state"),
              arena_printf(w->a, "%lld attempt%s", tries, tries == 1 ? "" : "s"),
              done[0] != '\0' ? done : moment(w, d, "planned"), text(w, d, "code"),
              text(w, d, "why")));
    for (const json *r = json_first(json_get(d, "receipts")); r != NULL; r = json_next(r))
      line(w, "", JOIN(w, "receipt", text(w, r, "kind"), text(w, r, "id"), moment(w, r, "at")));
  }
}

static void show_events(const struct show *w, const json *doc) {
  static const struct out_column columns[] = {{"at", OUT_TEXT, 0},
                                              {"kind", OUT_TEXT, 0},
                                              {"actor", OUT_TEXT, 0},
                                              {"value", OUT_TEXT, OUT_GIVES},
                                              {"data", OUT_TEXT, OUT_GIVES}};
  const json *list = json_get(doc, "events");
  if (json_count(list) == 0) return;
  head(w, "Events");
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *e = json_first(list); e != NULL; e = json_next(e)) {
    const json *data = json_get(e, "data");
    char *d = json_is_object(data) ? json_text(data) : mem_dup("");
    out_text(t, moment(w, e, "at"));
    out_text(t, text(w, e, "kind"));
    out_text(t, text(w, e, "actor"));
    out_text(t, text(w, e, "value"));
    out_text(t, d);
    mem_free(d);
  }
  out_table_text(t, w->screen, w->out);
  out_table_free(&t);
}

static void show_charges(const struct show *w, const json *doc) {
  static const struct out_column columns[] = {
      {"seq", OUT_INT, 0},     {"kind", OUT_TEXT, 0},          {"amount", OUT_TEXT, 0},
      {"period", OUT_TEXT, 0}, {"evidence", OUT_TEXT, 0},      {"rule", OUT_TEXT, OUT_GIVES},
      {"book", OUT_TEXT, 0},   {"reason", OUT_TEXT, OUT_GIVES}};
  const json *list = json_get(doc, "charges");
  if (json_count(list) == 0) return;
  head(w, "Charges");
  struct out_table *t = out_table_new(columns, sizeof columns / sizeof *columns);
  for (const json *c = json_first(list); c != NULL; c = json_next(c)) {
    out_int(t, json_get_int(c, "seq", 0));
    out_text(t, text(w, c, "kind"));
    out_text(t, text(w, c, "amount"));
    out_text(t, text(w, c, "period"));
    out_text(t, text(w, c, "evidence_level"));
    out_text(t, text(w, c, "rule"));
    out_text(t, text(w, c, "book"));
    out_text(t, text(w, c, "reason"));
  }
  out_table_text(t, w->screen, w->out);
  out_table_free(&t);
}

void ticket_show(const json *doc, struct out_screen s, struct buf *out) {
  const struct show w = {out, s, arena_new()};
  struct arena *a = w.a;
  show_header(&w, doc);
  const json *policy = json_get(doc, "policy");
  if (json_is_object(policy))
    line(&w, "policy", with_meaning(&w, policy, "reason", "reason_meaning"));
  show_messages(&w, doc);
  show_decisions(&w, doc);
  show_calls(&w, doc);
  show_tools(&w, doc);
  show_approvals(&w, doc);
  show_draft(&w, doc);
  show_deliveries(&w, doc);
  show_events(&w, doc);
  show_charges(&w, doc);
  arena_free(&a);
}
