/* People: customers and human agents. What somebody does is drawn from the seed and the ticket,
 * never from the order in which requests come, so that the same ticket behaves alike in every run.
 */
#include "phrases.h"
#include "sim.h"
#include "text.h"

#include <string.h>

enum deed {
  DEED_SCRIPTED_CUSTOMER = 1,
  DEED_SCRIPTED_AGENT,
  DEED_SCRIPTED_AGENT_NOTE,
  DEED_THANKS,
  DEED_FOLLOWUP,
  DEED_HUMAN,
  DEED_REOPEN,
  DEED_AGENT_ANSWERS, /* a ticket that has only a note, or whose customer asked for a person */
  DEED_AGENT_ANSWERS_CALL,
  DEED_AGENT_SOLVES,
  DEED_OFFER_RATING,
  DEED_RATE_GOOD,
  DEED_RATE_BAD,
  DEED_CLOSE,
  DEED_MERGE,
  DEED_DELETE
};

static const int64_t HOUR = 3600000;
/* The helpdesk's own automation closes what stayed solved for four days. */
static const int64_t CLOSE_AFTER = 96 * 3600000LL;

static uint64_t draw(const struct sim *s, const struct ticket *t, uint64_t what) {
  return hash_mix(hash_mix(s->opt.seed, hash_text(11, t->ref)), what);
}

/* A time between low and high hours from now. */
static int64_t in_hours(const struct sim *s, const struct ticket *t, uint64_t what, double low,
                        double high) {
  double hours = low + (high - low) * hash_unit(draw(s, t, what + 1000));
  return clock_now_ms(&s->clock) + (int64_t)(hours * (double)HOUR);
}

/* subject of an event: the desk, and how often the ticket had been solved when it was planned */
static void plan(struct sim *s, const struct desk *d, struct ticket *t, enum deed deed,
                 int64_t at_ms) {
  uint64_t subject = (uint64_t)(d - s->store.desks) | (uint64_t)t->solve_count << 8;
  due_add(&s->events, at_ms, deed, subject, t);
}

static uint64_t agent_of(const struct sim *s, const struct ticket *t) {
  uint64_t i = draw(s, t, 21) % s->store.agent_count;
  return s->store.first_agent + i * 7;
}

static bool ticket_is_over(const struct ticket *t) {
  return t->status == STATUS_CLOSED || t->status == STATUS_DELETED;
}

static void customer_writes(struct sim *s, struct desk *d, struct ticket *t, unsigned flags,
                            const char *text) {
  struct edit e;
  edit_begin(&e, &s->store, d, t, t->requester, flags);
  edit_message(&e, text, NULL, true);
  if (t->status != STATUS_NEW) {
    edit_status(&e, STATUS_OPEN);
  }
  t->customer_messages++;
  edit_commit(&e);
}

/* A closed ticket takes no more messages: the customer's answer becomes a new one. */
static void follow_up_start(struct sim *s, struct desk *d, struct ticket *t, const char *text) {
  struct ticket *next = ticket_add(&s->store, d, 0, NULL);
  next->requester = t->requester;
  next->channel = t->channel;
  next->language = t->language;
  next->category = t->category;
  ticket_follow(&s->store, t, next);
  next->behaviour = BEHAVIOUR_SILENT;
  next->created_ms = clock_now_ms(&s->clock);
  struct edit e;
  edit_begin(&e, &s->store, d, next, next->requester, ENTRY_CREATES);
  edit_subject(&e, t->subject);
  edit_message(&e, text, NULL, true);
  edit_commit(&e);
}

void people_customer_says(struct sim *s, struct desk *d, struct ticket *t, const char *text) {
  if (t->status == STATUS_DELETED) {
    return;
  }
  if (t->status == STATUS_CLOSED) {
    follow_up_start(s, d, t, text);
    return;
  }
  struct buf quoted = {0};
  buf_str(&quoted, text);
  /* mail programs quote what they answer, every second time in this town */
  if (strcmp(t->channel, "email") == 0 && (draw(s, t, 31 + t->message_count) & 1)) {
    const struct entry *last = &t->entries[t->entry_count - 1];
    if (last->text) {
      buf_str(&quoted, "\n\n> ");
      buf_add(&quoted, last->text, strcspn(last->text, "\n"));
    }
  }
  customer_writes(s, d, t, 0, buf_text(&quoted));
  buf_free(&quoted);
}

void people_message_later(struct sim *s, struct desk *d, struct ticket *t, int64_t at_ms,
                          bool agent, unsigned flags, const char *text) {
  enum deed deed = !agent                 ? DEED_SCRIPTED_CUSTOMER
                   : flags & ENTRY_PUBLIC ? DEED_SCRIPTED_AGENT
                                          : DEED_SCRIPTED_AGENT_NOTE;
  uint64_t desk = (uint64_t)(d - s->store.desks) | (uint64_t)flags << 8;
  /* the ticket and the text travel together: the text is interned, the pair lives as long as the
   * store */
  void **pair = arena_get(&s->store.arena, 2 * sizeof *pair);
  pair[0] = t;
  pair[1] = (void *)(uintptr_t)store_word(&s->store, text);
  due_add(&s->events, at_ms, deed, desk, pair);
}

static enum behaviour behaviour_of(const struct sim *s, const struct ticket *t) {
  if (t->bot_replies <= 1 && t->behaviour != BEHAVIOUR_NONE) {
    return t->behaviour;
  }
  /* the first answer meets the whole range; later ones mostly end the matter */
  static const struct {
    double until_first, until_later;
    enum behaviour what;
  } odds[] = {
      {0.30, 0.50, BEHAVIOUR_THANKS},   {0.62, 0.80, BEHAVIOUR_SILENT},
      {0.76, 0.86, BEHAVIOUR_FOLLOWUP}, {0.84, 0.92, BEHAVIOUR_HUMAN},
      {0.89, 0.94, BEHAVIOUR_REOPEN},   {0.95, 0.98, BEHAVIOUR_CSAT_GOOD},
      {0.98, 0.99, BEHAVIOUR_CSAT_BAD}, {0.99, 1.00, BEHAVIOUR_MERGED},
      {1.00, 1.00, BEHAVIOUR_DELETED},
  };
  double u = hash_unit(draw(s, t, 40 + t->bot_replies));
  for (size_t i = 0; i < sizeof odds / sizeof odds[0]; i++) {
    if (u < (t->bot_replies <= 1 ? odds[i].until_first : odds[i].until_later)) {
      return odds[i].what;
    }
  }
  return BEHAVIOUR_SILENT;
}

static void react_to_reply(struct sim *s, struct desk *d, struct ticket *t) {
  uint64_t n = 100 * (uint64_t)t->bot_replies;
  switch (behaviour_of(s, t)) {
  case BEHAVIOUR_THANKS:
    plan(s, d, t, DEED_THANKS, in_hours(s, t, n + 1, 0.3, 8));
    break;
  case BEHAVIOUR_FOLLOWUP:
    plan(s, d, t, DEED_FOLLOWUP, in_hours(s, t, n + 2, 0.3, 16));
    break;
  case BEHAVIOUR_HUMAN:
    plan(s, d, t, DEED_HUMAN, in_hours(s, t, n + 3, 0.1, 3));
    break;
  case BEHAVIOUR_REOPEN:
    plan(s, d, t, DEED_AGENT_SOLVES, in_hours(s, t, n + 4, 18, 26));
    plan(s, d, t, DEED_REOPEN, in_hours(s, t, n + 5, 30, 110));
    break;
  case BEHAVIOUR_CSAT_GOOD:
  case BEHAVIOUR_CSAT_BAD: {
    bool good = behaviour_of(s, t) == BEHAVIOUR_CSAT_GOOD;
    plan(s, d, t, DEED_AGENT_SOLVES, in_hours(s, t, n + 6, 10, 20));
    plan(s, d, t, good ? DEED_RATE_GOOD : DEED_RATE_BAD, in_hours(s, t, n + 7, 45, 70));
    break;
  }
  case BEHAVIOUR_MERGED:
    plan(s, d, t, DEED_MERGE, in_hours(s, t, n + 8, 1, 30));
    break;
  case BEHAVIOUR_DELETED:
    plan(s, d, t, DEED_DELETE, in_hours(s, t, n + 9, 1, 30));
    break;
  default:
    break;
  }
}

/* What becomes of a ticket that has a note and no answer. */
static enum deed fate_of_note(const struct sim *s, const struct ticket *t) {
  double u = hash_unit(draw(s, t, 50));
  enum behaviour drawn = u < 0.015  ? BEHAVIOUR_MERGED
                         : u > 0.99 ? BEHAVIOUR_DELETED
                                    : BEHAVIOUR_NONE;
  enum behaviour b = t->behaviour != BEHAVIOUR_NONE ? t->behaviour : drawn;
  return b == BEHAVIOUR_MERGED    ? DEED_MERGE
         : b == BEHAVIOUR_DELETED ? DEED_DELETE
                                  : DEED_AGENT_ANSWERS;
}

void people_react(struct sim *s, struct desk *d, struct ticket *t, const struct entry *e) {
  const struct person *author = person_get(&s->store, e->author);
  if (!s->opt.behaviour || author == NULL || ticket_is_over(t)) {
    return;
  }
  for (size_t i = 0; i < e->change_count; i++) {
    if (strcmp(e->changes[i].field, "status") == 0 && t->status == STATUS_SOLVED) {
      if (!d->reopens) {
        plan(s, d, t, DEED_CLOSE, clock_now_ms(&s->clock) + CLOSE_AFTER);
      }
      plan(s, d, t, DEED_OFFER_RATING, clock_now_ms(&s->clock) + 24 * HOUR);
    }
  }
  if (author->role != ROLE_BOT || !(e->flags & ENTRY_MESSAGE)) {
    return;
  }
  if (e->flags & ENTRY_PUBLIC) {
    t->bot_replies++;
    react_to_reply(s, d, t);
    return;
  }
  t->bot_notes++;
  if (t->bot_notes == 1 && t->bot_replies == 0) {
    plan(s, d, t, fate_of_note(s, t), in_hours(s, t, 51, 1, 8));
  }
}

/* The last internal note of the bot, as plain text, or NULL. */
static const char *note_of_bot(struct sim *s, const struct ticket *t, struct buf *plain) {
  for (size_t i = t->entry_count; i-- > 0;) {
    const struct entry *e = &t->entries[i];
    if (e->author == s->store.bot && (e->flags & ENTRY_MESSAGE) && !(e->flags & ENTRY_PUBLIC)) {
      if (e->html) {
        text_from_html(plain, e->html);
      } else {
        buf_str(plain, e->text);
      }
      return buf_text(plain);
    }
  }
  return NULL;
}

static void agent_answers(struct sim *s, struct desk *d, struct ticket *t, bool called) {
  struct buf note = {0};
  struct buf text = {0};
  const char *draft = note_of_bot(s, t, &note);
  double u = hash_unit(draw(s, t, 60));
  if (!called && t->bot_replies > 0) {
    buf_free(&note);
    return; /* the bot has answered in the meantime */
  }
  if (draft == NULL || called || u > 0.75) {
    buf_str(&text, phrase_pick(PHRASE_AGENT_ANSWER, t->language, draw(s, t, 61)));
  } else if (u < 0.40) {
    buf_str(&text, draft);
  } else {
    const char *end = strstr(draft, "\n\n");
    buf_add(&text, draft, end && end - draft > 80 ? (size_t)(end - draft) : strlen(draft));
    buf_str(&text, "\n\n");
    buf_str(&text, phrase_pick(PHRASE_AGENT_ADDS, t->language, draw(s, t, 62)));
  }
  struct edit e;
  edit_begin(&e, &s->store, d, t, agent_of(s, t), 0);
  edit_message(&e, buf_text(&text), NULL, true);
  edit_assignee(&e, agent_of(s, t));
  edit_status(&e, STATUS_SOLVED);
  edit_commit(&e);
  if (hash_unit(draw(s, t, 63)) < 0.25) {
    plan(s, d, t, DEED_THANKS, in_hours(s, t, 64, 0.5, 6));
  }
  buf_free(&note);
  buf_free(&text);
}

static void agent_solves(struct sim *s, struct desk *d, struct ticket *t) {
  if (t->status == STATUS_SOLVED) {
    return;
  }
  struct edit e;
  edit_begin(&e, &s->store, d, t, agent_of(s, t), 0);
  if (hash_unit(draw(s, t, 70)) < 0.3) {
    edit_message(&e, phrase_pick(PHRASE_AGENT_SOLVES, t->language, draw(s, t, 71)), NULL, true);
  }
  edit_assignee(&e, agent_of(s, t));
  edit_status(&e, STATUS_SOLVED);
  edit_commit(&e);
}

static void ticket_rated(struct sim *s, struct desk *d, struct ticket *t, bool good) {
  struct edit e;
  enum phrase p = good ? PHRASE_RATING_GOOD : PHRASE_RATING_BAD;
  edit_begin(&e, &s->store, d, t, t->requester, 0);
  edit_rating(&e, good ? RATING_GOOD : RATING_BAD, phrase_pick(p, t->language, draw(s, t, 80)));
  edit_commit(&e);
}

static void system_changes(struct sim *s, struct desk *d, struct ticket *t, enum deed deed) {
  struct edit e;
  edit_begin(&e, &s->store, d, t, s->store.system, ENTRY_SYSTEM);
  if (deed == DEED_CLOSE) {
    edit_status(&e, STATUS_CLOSED);
  } else {
    edit_rating(&e, RATING_OFFERED, NULL);
  }
  edit_commit(&e);
}

/* Another ticket of the same kind that is still there, or NULL. */
static struct ticket *merge_target(const struct sim *s, const struct desk *d,
                                   const struct ticket *t) {
  size_t from = draw(s, t, 90) % d->ticket_count;
  for (size_t i = 0; i < d->ticket_count; i++) {
    struct ticket *into = d->tickets[(from + i) % d->ticket_count];
    if (into != t && into->status != STATUS_DELETED && into->type == t->type) {
      return into;
    }
  }
  return NULL;
}

/* Where a merge is an event: it stands on both sides, and the one that goes is closed. */
static void ticket_joins(struct sim *s, struct desk *d, struct ticket *t) {
  struct ticket *into = merge_target(s, d, t);
  struct edit e;
  edit_begin(&e, &s->store, d, t, agent_of(s, t), ENTRY_MERGES);
  t->merged_into = into ? into->number : 0;
  edit_status(&e, STATUS_CLOSED);
  edit_commit(&e);
  if (into) {
    edit_begin(&e, &s->store, d, into, agent_of(s, t), ENTRY_ABSORBS);
    edit_commit(&e);
  }
}

static void ticket_leaves(struct sim *s, struct desk *d, struct ticket *t, enum deed deed) {
  struct edit e;
  if (deed == DEED_MERGE && d->merge_events) {
    ticket_joins(s, d, t);
    return;
  }
  edit_begin(&e, &s->store, d, t, agent_of(s, t), 0);
  if (deed == DEED_DELETE) {
    edit_status(&e, STATUS_DELETED);
  } else {
    /* the customer's older ticket takes it over; for the sake of the story any other ticket will do
     */
    struct ticket *into = d->tickets[draw(s, t, 90) % d->ticket_count];
    t->merged_into = into == t ? 0 : into->number;
    struct buf text = {0};
    buf_printf(&text, "This request was closed and merged into request #%llu.",
               (unsigned long long)t->merged_into);
    edit_message(&e, buf_text(&text), NULL, false);
    edit_tag_add(&e, "closed_by_merge");
    edit_status(&e, STATUS_CLOSED);
    buf_free(&text);
  }
  edit_commit(&e);
}

void people_merge(struct sim *s, struct desk *d, struct ticket *t) {
  ticket_leaves(s, d, t, DEED_MERGE);
}

static void agent_writes(struct sim *s, struct desk *d, struct ticket *t, unsigned flags,
                         bool is_public, const char *text) {
  struct edit e;
  edit_begin(&e, &s->store, d, t, agent_of(s, t), flags);
  edit_message(&e, text, NULL, is_public);
  if (is_public && t->status <= STATUS_OPEN) {
    edit_assignee(&e, agent_of(s, t));
    edit_status(&e, STATUS_PENDING);
  }
  edit_commit(&e);
}

void people_agent_says(struct sim *s, struct desk *d, struct ticket *t, const char *text) {
  agent_writes(s, d, t, 0, true, text);
}

static void script_event(struct sim *s, struct desk *d, const struct due *event) {
  void **pair = event->what;
  struct ticket *t = pair[0];
  const char *text = pair[1];
  const unsigned how = (unsigned)(event->subject >> 8) & (ENTRY_COMMENT | ENTRY_POST);
  if (event->kind == DEED_SCRIPTED_CUSTOMER) {
    if (ticket_is_over(t)) {
      people_customer_says(s, d, t, text);
    } else {
      customer_writes(s, d, t, how, text);
    }
    return;
  }
  if (ticket_is_over(t)) {
    return;
  }
  agent_writes(s, d, t, how, event->kind == DEED_SCRIPTED_AGENT, text);
}

static void customer_deed(struct sim *s, struct desk *d, struct ticket *t, enum deed deed) {
  static const enum phrase phrases[] = {[DEED_THANKS] = PHRASE_THANKS,
                                        [DEED_FOLLOWUP] = PHRASE_FOLLOWUP,
                                        [DEED_HUMAN] = PHRASE_HUMAN,
                                        [DEED_REOPEN] = PHRASE_REOPEN};
  uint64_t n = 200 + t->customer_messages;
  people_customer_says(s, d, t, phrase_pick(phrases[deed], t->language, draw(s, t, n)));
  if (deed == DEED_HUMAN) {
    plan(s, d, t, DEED_AGENT_ANSWERS_CALL, in_hours(s, t, n + 1, 1, 10));
  } else if (deed == DEED_THANKS && (draw(s, t, n + 2) & 1)) {
    plan(s, d, t, DEED_AGENT_SOLVES, in_hours(s, t, n + 3, 1, 12));
  }
}

static void staff_deed(struct sim *s, struct desk *d, struct ticket *t, enum deed deed,
                       bool as_solved) {
  switch (deed) {
  case DEED_AGENT_ANSWERS:
  case DEED_AGENT_ANSWERS_CALL:
    agent_answers(s, d, t, deed == DEED_AGENT_ANSWERS_CALL);
    break;
  case DEED_AGENT_SOLVES:
    agent_solves(s, d, t);
    break;
  case DEED_RATE_GOOD:
  case DEED_RATE_BAD:
    ticket_rated(s, d, t, deed == DEED_RATE_GOOD);
    break;
  case DEED_MERGE:
  case DEED_DELETE:
    ticket_leaves(s, d, t, deed);
    break;
  default:
    /* closing and the offer to rate: only if the ticket still is as it was solved */
    if (as_solved && (deed == DEED_CLOSE || t->rating == RATING_UNOFFERED)) {
      system_changes(s, d, t, deed);
    }
  }
}

void people_event(struct sim *s, const struct due *event) {
  struct desk *d = &s->store.desks[event->subject & 0xff];
  enum deed deed = (enum deed)event->kind;
  if (deed <= DEED_SCRIPTED_AGENT_NOTE) {
    script_event(s, d, event);
    return;
  }
  struct ticket *t = event->what;
  bool as_solved = t->status == STATUS_SOLVED && t->solve_count == (uint32_t)(event->subject >> 8);
  bool customer = deed >= DEED_THANKS && deed <= DEED_REOPEN;
  if (!s->opt.behaviour || t->status == STATUS_DELETED || (ticket_is_over(t) && !customer)) {
    return;
  }
  if (customer) {
    customer_deed(s, d, t, deed);
    return;
  }
  staff_deed(s, d, t, deed, as_solved);
}
