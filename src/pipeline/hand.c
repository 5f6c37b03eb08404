#include "pipeline/hand.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/conf.h"
#include "pipeline/action.h"
#include "pipeline/guard.h"
#include "pipeline/reason.h"
#include "pipeline/stage.h"
#include "skill/taxonomy.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/talk.h"

#define PREFIX   "agent."
#define DAY_MS   ((int64_t)24 * 3600 * 1000)
#define TEXT_MAX ((size_t)20000)

bool hand_is(const char *intent) {
  return strncmp(intent, PREFIX, sizeof PREFIX - 1) == 0;
}

bool hand_is_reply(const char *intent) {
  return strcmp(intent, PREFIX "reply") == 0;
}

bool hand_waiting(struct road *r, const struct ticket *t, struct arena *a, struct outbox *ret) {
  struct outbox *rows = NULL;
  size_t n = 0;
  bool found = false;
  struct trg_err err = {0};
  store_must(outbox_list(r->setup.store, t->id, NULL, a, &rows, &n, &err), &err);
  for (size_t i = 0; i < n; i++) {
    const char *state = rows[i].state;
    const bool open = strcmp(state, "planned") == 0 || strcmp(state, "sending") == 0 ||
                      strcmp(state, "uncertain") == 0;
    if (!hand_is(rows[i].intent) || !open) continue;
    if (rows[i].pass == t->pass) {
      *ret = rows[i];
      found = true;
    } else if (strcmp(state, "planned") == 0) {
      store_must(outbox_set(r->setup.store, rows[i].id, "superseded", "",
                            "the customer wrote again", NULL, clock_now_ms(), &err),
                 &err);
    }
  }
  return found;
}

/* --- what may be written ------------------------------------------------------------------- */

static int place_check(const struct road *r, const struct ticket *t, const struct hand_write *w,
                       struct trg_err *err) {
  const struct conf_helpdesk *h = conf_helpdesk(r->plan->conf, str_of(t->helpdesk));
  const bool reply = strcmp(w->intent, "reply") == 0;
  if (h == NULL || h->mode == MODE_OFF || h->mode == MODE_SHADOW)
    return err_set(err, TRG_ESTATE, "mode", "nothing is written into %s: its mode is %s",
                   t->helpdesk, h != NULL ? conf_mode_word(h->mode) : "off");
  if (reply && (t->flags & TRG_TICKET_NOTE_ONLY) != 0)
    return err_set(err, TRG_ESTATE, "note_only",
                   "%s came by a channel that takes no public reply here", t->ref);
  if (status_final(t->status))
    return err_set(err, TRG_ESTATE, "closed", "%s is closed at the helpdesk", t->ref);
  if (t->state != TICKET_FOLLOWING)
    return err_set(err, TRG_ESTATE, "state",
                   "%s is being worked on (%s); try again when it is following", t->ref,
                   ticket_state_word(t->state));
  return 0;
}

int hand_private(struct trg_str text, struct trg_err *err) {
  static const char *const never[] = {"CREDIT_CARD", "IBAN_CODE", "US_SSN", "SECRET"};
  struct pii_map *m = pii_map_new();
  struct pii_span *spans = NULL;
  size_t n = 0;
  struct buf masked;
  buf_init(&masked, 0);
  int rc = pii_mask(m, text, &masked, &spans, &n, err);
  for (size_t i = 0; i < n && rc >= 0; i++)
    for (size_t k = 0; k < sizeof never / sizeof *never; k++)
      if (strcmp(spans[i].type, never[k]) == 0)
        rc = err_set(err, TRG_EINVAL, "private",
                     "the text holds what must not be written (%s, byte %zu); take it out",
                     never[k], spans[i].start);
  mem_free(spans);
  buf_free(&masked);
  pii_map_free(&m);
  return rc;
}

static int reply_check(const struct road *r, const struct ticket *t, const struct hand_write *w,
                       struct arena *a, struct trg_err *err) {
  struct message *m = NULL;
  struct event *e = NULL;
  size_t n = 0, events = 0;
  int64_t today = 0;
  struct trg_err fatal = {0};
  store_must(message_list(r->setup.store, t->id, a, &m, &n, &fatal), &fatal);
  store_must(event_list(r->setup.store, t->id, true, a, &e, &events, &fatal), &fatal);
  for (size_t i = 0; i < events; i++)
    if (strcmp(e[i].kind, "msg_out") == 0 && e[i].at_ms >= clock_now_ms() - DAY_MS &&
        strcmp(e[i].actor, "human") != 0)
      today++;
  if (today >= r->plan->conf->policy.replies_per_ticket)
    return err_set(err, TRG_ESTATE, "loop", "%s had %lld replies within a day, which is the most",
                   t->ref, (long long)today);
  struct trg_str *texts = arena_alloc(a, sizeof *texts * (n + 2));
  struct trg_str *own = arena_alloc(a, sizeof *own * (n + 1));
  struct guard_sources from = {.texts = texts, .count = n, .own = own, .language = t->language};
  for (size_t i = 0; i < n; i++) {
    texts[i] = str_of(m[i].text);
    if (m[i].author == TRG_AUTHOR_AGENT) own[from.own_count++] = texts[i];
  }
  const char *failed = guard_text(w->text, &r->plan->conf->policy, &from);
  if (failed == NULL && action_stays_masked(w->text, r->plan->restore)) failed = "masked_text";
  if (failed == NULL) failed = two_people_of(r, w->text); /* an agent alone is none of two */
  if (failed == NULL) return 0;
  return err_set(err, TRG_EINVAL, failed, "the guard refuses the reply: %s",
                 reason_meaning(failed));
}

static int fields_check(const struct road *r, const struct hand_write *w, struct trg_err *err) {
  if (w->category.n == 0 || taxonomy_category(r->plan->taxonomy, w->category) != NULL) return 0;
  return err_set(err, TRG_EINVAL, "category", "the taxonomy has no category \"%.*s\"",
                 w->category.n > 60 ? 60 : (int)w->category.n, w->category.p);
}

static int hand_check(const struct road *r, const struct ticket *t, const struct hand_write *w,
                      struct arena *a, struct trg_err *err) {
  const bool fields = strcmp(w->intent, "fields") == 0;
  int rc = place_check(r, t, w, err);
  if (rc >= 0) rc = fields_check(r, w, err);
  if (rc < 0) return rc;
  if (fields) return 0;
  if (str_trim(w->text).n == 0 || w->text.n > TEXT_MAX)
    return err_set(err, TRG_EINVAL, "usage", "the text must have 1 to %zu bytes", TEXT_MAX);
  rc = hand_private(w->text, err);
  if (rc >= 0 && strcmp(w->intent, "reply") == 0) rc = reply_check(r, t, w, a, err);
  return rc;
}

/* --- planning ------------------------------------------------------------------------------ */

static char *hand_json(const struct hand_write *w) {
  json *o = json_object(), *tags = json_array();
  json_put_text(o, "intent", w->intent);
  if (strcmp(w->intent, "fields") != 0) json_put_str(o, w->intent, w->text);
  for (size_t i = 0; i < w->tag_count; i++) json_add_str(tags, w->tags[i]);
  json_put(o, "tags", tags);
  json_put_str(o, "priority", w->priority);
  json_put_str(o, "category", w->category);
  json_put_str(o, "team", w->team);
  json_put_text(o, "approved_by", w->who);
  json_put_bool(o, "edited", false);
  char *text = json_text(o);
  json_free(&o);
  return text;
}

/* The same content for the same inbound message is the same effect. */
static void hand_key(const struct ticket *t, const char *action, char out[33]) {
  const struct trg_str parts[] = {str_of(t->ref), str_of(t->inbound_id), str_of(action)};
  struct hash *h = hash_new();
  uint8_t sum[HASH_BYTES];
  for (size_t i = 0; i < 3; i++) {
    hash_add(h, parts[i]);
    hash_add(h, (struct trg_str){"", 1});
  }
  hash_end(&h, sum);
  hex_encode(sum, 16, out);
}

static const char *hand_plan(struct road *r, const struct ticket *t, const struct hand_write *w,
                             const char *action, const char *key, struct arena *a) {
  struct trg_err err = {0};
  const struct outbox row = {.ticket_id = t->id,
                             .pass = t->pass,
                             .ref = t->ref,
                             .helpdesk = t->helpdesk,
                             .ext_id = t->ext_id,
                             .intent = arena_printf(a, PREFIX "%s", w->intent),
                             .idem_key = key,
                             .state = "planned",
                             .action = action,
                             .version = t->version,
                             .last_message_id = t->inbound_id,
                             .planned_ms = clock_now_ms()};
  int64_t id = 0;
  bool fresh = false;
  struct outbox planned = {0};
  store_must(outbox_plan(r->setup.store, &row, &id, &fresh, &err), &err);
  store_must(outbox_by_id(r->setup.store, id, a, &planned, &err), &err);
  if (fresh) advance(r, t->id, t->state, TICKET_DECIDED, &(struct advance){.why = "agent"});
  return planned.state;
}

static const char *state_word(const char *state) {
  static const char *const words[] = {"planned",  "sending",   "done",
                                      "rejected", "uncertain", "superseded"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(state, words[i]) == 0) return words[i];
  return "planned";
}

int road_hand(struct road *r, struct trg_str ref, const struct hand_write *w,
              const char **ret_state, struct trg_err *err) {
  struct arena *a = arena_new();
  struct ticket t = {0};
  struct outbox *rows = NULL;
  size_t n = 0;
  char key[33] = "";
  char *action = hand_json(w);
  int rc = ticket_by_ref(r->setup.store, ref, a, &t, err);
  if (rc >= 0) hand_key(&t, action, key);
  if (rc >= 0) rc = outbox_list(r->setup.store, t.id, NULL, a, &rows, &n, err);
  const struct outbox *known = NULL;
  for (size_t i = 0; i < n && rc >= 0; i++)
    if (strcmp(rows[i].idem_key, key) == 0) known = &rows[i];
  if (rc >= 0 && known == NULL) rc = hand_check(r, &t, w, a, err);
  if (rc >= 0) {
    const char *state = known != NULL ? known->state : hand_plan(r, &t, w, action, key, a);
    *ret_state = state_word(state);
    log_event(TRG_INFO, "hand.planned", "ticket", t.ref, "intent", w->intent, "who", w->who,
              "state", *ret_state, NULL);
  }
  mem_free(action);
  arena_free(&a);
  return rc;
}
