#include "ticket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fourteen digits, as recent accounts have: a client that keeps ids in 32 bits is found out at
 * once. */
static const uint64_t FIRST_PERSON = 19800000000001u;
static const uint64_t FIRST_UPDATE = 31400000000001u;
static const uint64_t FIRST_NUMBER = 20000000000001u;

static const char *const status_names[] = {"new",    "open",   "pending", "hold",
                                           "solved", "closed", "deleted"};

const char *status_name(enum status s) {
  return status_names[s];
}

int status_parse(const char *name) {
  for (int i = STATUS_NEW; i <= STATUS_CLOSED; i++) {
    if (strcmp(name, status_names[i]) == 0) {
      return i;
    }
  }
  return -1;
}

const char *rating_name(enum rating r) {
  static const char *const names[] = {"unoffered", "offered", "good", "bad"};
  return names[r];
}

static const char *const behaviour_names[] = {"none",   "thanks", "followup",  "human",
                                              "silent", "reopen", "csat_good", "csat_bad",
                                              "merged", "deleted"};

const char *behaviour_name(enum behaviour b) {
  return behaviour_names[b];
}

int behaviour_parse(const char *name) {
  for (int i = 0; i < BEHAVIOUR_COUNT; i++) {
    if (strcmp(name, behaviour_names[i]) == 0) {
      return i;
    }
  }
  return -1;
}

static void people_open(struct store *s) {
  static const char *const agents[][3] = {
      {"Priya Raman", "priya@desk.example", "en"},  {"Tom Becker", "tom@desk.example", "de"},
      {"Lucie Moreau", "lucie@desk.example", "fr"}, {"Diego Santos", "diego@desk.example", "es"},
      {"Hanna Nowak", "hanna@desk.example", "en"},  {"Owen Blake", "owen@desk.example", "en"},
  };
  s->system = person_need(s, "System", "system@desk.example", "en", ROLE_SYSTEM);
  s->bot = person_need(s, "Triage Bot", "triage@desk.example", "en", ROLE_BOT);
  s->agent_count = sizeof agents / sizeof agents[0];
  for (size_t i = 0; i < s->agent_count; i++) {
    uint64_t id = person_need(s, agents[i][0], agents[i][1], agents[i][2], ROLE_AGENT);
    s->first_agent = i == 0 ? id : s->first_agent;
  }
}

void store_open(struct store *s, struct clock *clock) {
  static const char *const names[DESK_COUNT] = {"zendesk", "salesforce", "intercom"};
  memset(s, 0, sizeof *s);
  s->clock = clock;
  s->next_id = FIRST_UPDATE;
  s->next_number = FIRST_NUMBER;
  for (size_t i = 0; i < DESK_COUNT; i++) {
    s->desks[i].name = names[i];
    s->desks[i].reopens = i == DESK_INTERCOM;
    s->desks[i].merge_events = i == DESK_INTERCOM;
    s->desks[i].redaction = i == DESK_ZENDESK    ? REDACTS_PASSAGE
                            : i == DESK_INTERCOM ? REDACTS_MESSAGE
                                                 : REDACTS_NOTHING;
  }
  people_open(s);
}

void store_close(struct store *s) {
  for (size_t i = 0; i < DESK_COUNT; i++) {
    struct desk *d = &s->desks[i];
    for (size_t k = 0; k < d->ticket_count; k++) {
      free(d->tickets[k]->entries);
    }
    free(d->tickets);
    free(d->log);
    map_free(&d->by_number);
    map_free(&d->by_ref);
  }
  free(s->people);
  map_free(&s->person_by_id);
  map_free(&s->person_by_email);
  map_free(&s->words);
  arena_free(&s->arena);
}

struct desk *store_desk(struct store *s, const char *name) {
  for (size_t i = 0; i < DESK_COUNT; i++) {
    if (strcmp(s->desks[i].name, name) == 0) {
      return &s->desks[i];
    }
  }
  return NULL;
}

const char *store_word(struct store *s, const char *text) {
  uint64_t at = 0;
  if (text == NULL) {
    return NULL;
  }
  uint64_t key = hash_text(1, text) | 1;
  if (map_get(&s->words, key, &at)) {
    return (const char *)(uintptr_t)at;
  }
  const char *copy = arena_copy(&s->arena, text);
  map_put(&s->words, key, (uint64_t)(uintptr_t)copy);
  return copy;
}

uint64_t person_need(struct store *s, const char *name, const char *email, const char *locale,
                     enum role role) {
  char unnamed[48];
  uint64_t at = 0;
  if (email == NULL || *email == '\0') {
    snprintf(unnamed, sizeof unnamed, "visitor-%zu@people.example", s->person_count);
    email = unnamed;
  }
  uint64_t key = hash_text(2, email) | 1;
  if (map_get(&s->person_by_email, key, &at)) {
    return s->people[at].id;
  }
  if (s->person_count == s->person_cap) {
    s->person_cap = s->person_cap ? s->person_cap * 2 : 256;
    s->people = mem_grow(s->people, s->person_cap * sizeof *s->people);
  }
  struct person *p = &s->people[s->person_count];
  p->id = FIRST_PERSON + s->person_count * 7;
  p->email = arena_copy(&s->arena, email);
  p->name = name && *name ? arena_copy(&s->arena, name) : p->email;
  p->locale = store_word(s, locale ? locale : "en");
  p->role = role;
  p->created_ms = clock_now_ms(s->clock) - 90 * 86400000LL;
  map_put(&s->person_by_email, key, s->person_count);
  map_put(&s->person_by_id, p->id, s->person_count);
  s->person_count++;
  return p->id;
}

const struct person *person_get(const struct store *s, uint64_t id) {
  uint64_t at = 0;
  return map_get(&s->person_by_id, id, &at) ? &s->people[at] : NULL;
}

struct ticket *ticket_get(const struct desk *d, uint64_t number) {
  uint64_t at = 0;
  return map_get(&d->by_number, number, &at) ? d->tickets[at] : NULL;
}

struct ticket *ticket_by_ref(const struct desk *d, const char *ref) {
  uint64_t at = 0;
  return map_get(&d->by_ref, hash_text(3, ref) | 1, &at) ? d->tickets[at] : NULL;
}

struct ticket *ticket_add(struct store *s, struct desk *d, uint64_t number, const char *ref) {
  if (number == 0) {
    number = s->next_number++;
  }
  if (ticket_get(d, number) || (ref && ticket_by_ref(d, ref))) {
    return NULL;
  }
  struct ticket *t = arena_get(&s->arena, sizeof *t);
  memset(t, 0, sizeof *t);
  t->number = number;
  if (ref == NULL) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    t->ref = arena_copy(&s->arena, text);
  } else {
    t->ref = arena_copy(&s->arena, ref);
  }
  t->channel = "web";
  t->language = "en";
  if (d->ticket_count == d->ticket_cap) {
    d->ticket_cap = d->ticket_cap ? d->ticket_cap * 2 : 256;
    d->tickets = mem_grow(d->tickets, d->ticket_cap * sizeof(struct ticket *));
  }
  d->tickets[d->ticket_count] = t;
  map_put(&d->by_number, number, d->ticket_count);
  map_put(&d->by_ref, hash_text(3, t->ref) | 1, d->ticket_count);
  d->ticket_count++;
  return t;
}

void ticket_follow(struct store *s, struct ticket *t, struct ticket *next) {
  uint64_t *all = arena_get(&s->arena, (t->followup_count + 1) * sizeof *all);
  if (t->followup_count) {
    memcpy(all, t->followups, t->followup_count * sizeof *all);
  }
  all[t->followup_count++] = next->number;
  t->followups = all;
  next->parent = t->number;
}

bool ticket_has_tag(const struct ticket *t, const char *tag) {
  for (size_t i = 0; i < t->tag_count; i++) {
    if (strcmp(t->tags[i], tag) == 0) {
      return true;
    }
  }
  return false;
}

const char *ticket_attr(const struct ticket *t, const char *key) {
  for (size_t i = 0; i < t->attr_count; i++) {
    if (strcmp(t->attrs[i].key, key) == 0) {
      return t->attrs[i].json;
    }
  }
  return NULL;
}

const struct entry *ticket_message(const struct ticket *t, uint64_t message_id) {
  for (size_t i = 0; i < t->entry_count; i++) {
    if (t->entries[i].message_id == message_id) {
      return &t->entries[i];
    }
  }
  return NULL;
}
