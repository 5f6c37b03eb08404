#include "pipeline/action.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <cmark.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "conf/conf.h"
#include "pipeline/guard.h"
#include "pipeline/reason.h"
#include "pipeline/thread.h"
#include "skill/template.h"
#include "store/knowledge.h"
#include "store/talk.h"
#include "store/work.h"

const char *action_intent(const struct ticket *t) {
  if (strcmp(t->outcome, "sent") == 0) return "reply";
  if (strcmp(t->outcome, "draft") == 0) return "note";
  if (strcmp(t->outcome, "handoff") == 0) return "handoff";
  return "fields";
}

void action_key(const struct ticket *t, const char *intent, char out[33]) {
  struct hash *h = hash_new();
  const char *parts[] = {t->ref, t->inbound_id, intent};
  for (size_t i = 0; i < 3; i++) {
    hash_add(h, str_of(parts[i]));
    hash_add(h, (struct trg_str){"", 1});
  }
  uint8_t sum[HASH_BYTES];
  hash_end(&h, sum);
  hex_encode(sum, 16, out);
}

/* --- markdown ----------------------------------------------------------------------------------
 */

static void add_list(struct buf *b, const char *label, const char *json_list) {
  json *list = json_parse(str_of(json_list), 0, NULL);
  if (json_count(list) > 0) {
    buf_printf(b, "**%s:** ", label);
    for (const json *v = json_first(list); v != NULL; v = json_next(v)) {
      if (v != json_first(list)) buf_text(b, ", ");
      buf_str(b, json_str(v));
    }
    buf_text(b, "\n\n");
  }
  json_free(&list);
}

static int percent(double d) {
  return (int)(d * 100 + 0.5);
}

static bool is_answer(const struct message *m) {
  return (m->author == TRG_AUTHOR_AGENT || m->author == TRG_AUTHOR_SELF) &&
         (m->flags & (TRG_MESSAGE_PUBLIC | TRG_MESSAGE_AUTO)) == TRG_MESSAGE_PUBLIC;
}

static void triage_line(struct buf *b, const struct ticket *t) {
  if (t->category[0] == '\0') return; /* handed to a person before anybody judged it */
  buf_printf(b, "**Triage:** %s%s%s, %s (%s), team %s, language %s, %s; %d %% sure\n\n",
             t->category, t->subcategory[0] != '\0' ? " / " : "", t->subcategory, t->priority,
             t->priority_reason, t->team, t->language[0] != '\0' ? t->language : "unknown",
             t->sentiment, percent(t->confidence));
}

static void note_draft(struct buf *b, const struct action_facts *f) {
  const struct draft *d = f->draft;
  buf_printf(b, "**Draft reply** (%d %% sure, not sent: %s)\n\n", percent(d->confidence),
             reason_meaning(f->ticket->reason));
  buf_text(b, d->body);
  buf_text(b, "\n\n---\n\n");
  add_list(b, "Sources", d->citations);
  add_list(b, "Missing", d->missing);
  if (d->next_step[0] != '\0') buf_printf(b, "**Next step:** %s\n\n", d->next_step);
  triage_line(b, f->ticket);
}

#define TRIED_MAX  5
#define GIST_BYTES ((size_t)240)

/* What was answered so far, newest last, so that nobody asks for the same step again. */
static void note_tried(struct buf *b, const struct action_facts *f, struct arena *a) {
  size_t answers = 0, at = 0;
  for (size_t i = 0; i < f->message_count; i++) answers += is_answer(&f->messages[i]);
  if (answers == 0) return;
  buf_text(b, "**Tried so far:**\n\n");
  for (size_t i = 0; i < f->message_count; i++) {
    const struct message *m = &f->messages[i];
    if (!is_answer(m) || at++ + TRIED_MAX < answers) continue;
    const struct trg_str gist = thread_gist(str_of(m->text), GIST_BYTES, a);
    buf_printf(b, "- %s: ", thread_author(m->author));
    buf_str(b, gist);
    buf_char(b, '\n');
  }
  buf_char(b, '\n');
}

/* The summary of triage; of a ticket that was handed over before it, the customer's own words. */
static void note_summary(struct buf *b, const struct action_facts *f, struct arena *a) {
  const char *newest = "";
  for (size_t i = 0; i < f->message_count; i++)
    if (f->messages[i].author == TRG_AUTHOR_CUSTOMER) newest = f->messages[i].text;
  const struct trg_str gist = f->ticket->summary[0] != '\0'
                                  ? str_of(f->ticket->summary)
                                  : thread_gist(str_of(newest), GIST_BYTES, a);
  if (gist.n == 0) return;
  buf_text(b, "**Summary:** ");
  buf_str(b, gist);
  buf_text(b, "\n\n");
}

static void note_handoff(struct buf *b, const struct action_facts *f, struct arena *a) {
  const struct ticket *t = f->ticket;
  buf_printf(b, "**For a person:** %s\n\n", reason_meaning(t->reason));
  note_summary(b, f, a);
  note_tried(b, f, a);
  triage_line(b, t);
  if (t->duplicate_of[0] != '\0') buf_printf(b, "**Same case:** %s\n\n", t->duplicate_of);
  if (f->similar_count > 0) {
    buf_text(b, "**Similar tickets:** ");
    for (size_t i = 0; i < f->similar_count; i++)
      buf_printf(b, "%s%s", i > 0 ? ", " : "", f->similar[i].ref);
    buf_text(b, "\n\n");
  }
  if (f->draft == NULL) return;
  add_list(b, "Missing", f->draft->missing);
  if (f->draft->next_step[0] != '\0') buf_printf(b, "**Next step:** %s\n\n", f->draft->next_step);
}

static void reply_body(struct buf *b, const struct action_facts *f, struct arena *a) {
  const struct draft *d = f->draft;
  const char *body = d->edited != NULL && d->edited[0] != '\0' ? d->edited : d->body;
  buf_str(b, guard_uncited(str_of(body), a));
  const char *disclosure = f->policy->disclosure;
  /* The first AI message of a conversation says so, whatever the skill or model wrote. */
  if (f->first_reply && disclosure != NULL && disclosure[0] != '\0' &&
      strstr(body, disclosure) == NULL)
    buf_printf(b, "\n\n%s", disclosure);
}

char *action_json(const struct action_facts *f, struct arena *a) {
  const struct ticket *t = f->ticket;
  const char *intent = action_intent(t);
  struct buf text;
  buf_init(&text, 1 << 20);
  json *o = json_object();
  json_put_text(o, "intent", intent);
  if (strcmp(intent, "reply") == 0) {
    reply_body(&text, f, a);
    json_put_str(o, "reply", buf_view(&text));
  } else if (strcmp(intent, "note") == 0) {
    note_draft(&text, f);
    json_put_str(o, "note", buf_view(&text));
  } else if (strcmp(intent, "handoff") == 0) {
    note_handoff(&text, f, a);
    json_put_str(o, "note", buf_view(&text));
  }
  buf_free(&text);
  json *tags = json_array();
  json_add_str(tags, TRG_STR("ai_triaged"));
  json_add_str(tags, str_of(arena_printf(a, "ai_%s", t->outcome)));
  json_put(o, "tags", tags);
  json_put_text(o, "priority", t->priority);
  json_put_text(o, "category", t->category);
  json_put_text(o, "team", t->team);
  json_put_text(o, "approved_by", f->approved_by);
  json_put_bool(o, "edited",
                f->draft != NULL && f->draft->edited != NULL && f->draft->edited[0] != '\0');
  char *out = json_text(o);
  json_free(&o);
  return out;
}

/* --- to the connector --------------------------------------------------------------------------
 */

bool action_needs_map(struct trg_str json_text) {
  return guard_has_token(json_text);
}

bool action_restorable(const char *type) {
  return strcmp(type, "PERSON") == 0 || strcmp(type, "EMAIL_ADDRESS") == 0 ||
         strcmp(type, "PHONE_NUMBER") == 0;
}

static bool is_allowed(struct trg_str token, unsigned restore) {
  return ((restore & RESTORE_NAME) != 0 && str_starts(token, "[NAME_")) ||
         ((restore & RESTORE_EMAIL) != 0 && str_starts(token, "[EMAIL_")) ||
         ((restore & RESTORE_PHONE) != 0 && str_starts(token, "[PHONE_"));
}

bool action_stays_masked(struct trg_str body, unsigned restore) {
  for (size_t i = 0; i < body.n; i++) {
    const struct trg_str token = {body.p + i, pii_token_at(body, i)};
    if (token.n > 0 && !is_allowed(token, restore)) return true;
  }
  return false;
}

/* A customer chooses their own name. One that would be a link or a placeholder in the text, of
 * which the person at that address is to be protected, does not go back into it. */
static bool is_harmless(struct trg_str value) {
  if (str_find(value, "://") >= 0 || str_find_nocase(value, "www.") >= 0 ||
      str_find(value, "{{") >= 0)
    return false;
  if (memchr(value.p, '@', value.n) != NULL) return memchr(value.p, ' ', value.n) == NULL;
  for (size_t i = 0; i + 2 < value.n; i++)
    if (value.p[i] == '.' && isalpha((unsigned char)value.p[i + 1]) &&
        isalpha((unsigned char)value.p[i + 2]))
      return false;
  return true;
}

/* Restores the tokens of rendered text, so that nothing in a value is taken for markup. */
static void restore(const struct pii_map *m, unsigned which, struct trg_str html, struct buf *out) {
  for (size_t at = 0; at < html.n;) {
    const char *open = memchr(html.p + at, '[', html.n - at);
    const size_t from = open != NULL ? (size_t)(open - html.p) : html.n;
    buf_add(out, html.p + at, from - at);
    if (open == NULL) return;
    const char *close = memchr(open, ']', html.n - from < 64 ? html.n - from : 64);
    const struct trg_str token = {open, close != NULL ? (size_t)(close - open) + 1 : 1};
    struct buf value;
    buf_init(&value, 1 << 16);
    pii_restore(m, token, action_restorable, &value);
    const bool known = close != NULL && is_allowed(token, which) &&
                       !str_eq(buf_view(&value), token);
    if (!known) buf_char(out, '[');
    if (known && is_harmless(buf_view(&value))) buf_html(out, buf_view(&value));
    at = from + (known ? token.n : 1);
    buf_free(&value);
  }
}

/* cmark's default is its safe mode: raw HTML is left out and dangerous links are emptied. */
static struct trg_str to_html(struct trg_str markdown, const struct pii_map *m, unsigned which,
                              struct arena *a) {
  if (markdown.n == 0) return markdown;
  char *html = cmark_markdown_to_html(markdown.p, markdown.n,
                                      CMARK_OPT_VALIDATE_UTF8 | CMARK_OPT_HARDBREAKS);
  struct buf restored;
  buf_init(&restored, 4 << 20);
  if (m != NULL)
    restore(m, which, str_of(html), &restored);
  else
    buf_text(&restored, html);
  const struct trg_str kept = arena_str(a, buf_view(&restored));
  free(html);
  buf_free(&restored);
  return kept;
}

int action_fill(struct trg_str json_text, const struct pii_map *m, unsigned restore,
                struct arena *a, struct trg_action *ret, struct trg_err *err) {
  json *o = json_parse(json_text, 0, err);
  if (o == NULL) return TRG_ECORRUPT;
  ret->size = sizeof *ret;
  ret->note = to_html(json_get_str(o, "note"), m, RESTORE_ALL, a);
  ret->reply = to_html(json_get_str(o, "reply"), m, restore, a);
  ret->priority = arena_str(a, json_get_str(o, "priority"));
  ret->category = arena_str(a, json_get_str(o, "category"));
  ret->team = arena_str(a, json_get_str(o, "team"));
  const json *tags = json_get(o, "tags");
  struct trg_str *list = arena_alloc(a, sizeof *list * (json_count(tags) + 1));
  size_t n = 0;
  for (const json *v = json_first(tags); v != NULL; v = json_next(v))
    list[n++] = arena_str(a, json_str(v));
  ret->add_tags = list;
  ret->add_tag_count = n;
  json_free(&o);
  return 0;
}
