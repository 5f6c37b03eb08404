/* The money of a price book: meters, their outcomes, prices, tiers. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/money.h"
#include "base/str.h"
#include "billing/book_read.h"

static const char *const units[] = {"resolution", "ticket", "conversation", "action", "reply",
                                    "call",       NULL};

/* "0.99", or "20 credits" of the meter's credit. */
static void read_price(struct book_reader *r, const struct yaml *y, int64_t credit_micros,
                       int64_t *ret) {
  static const char word[] = " credits";
  if (y == NULL || y->kind != YAML_SCALAR || !str_ends(str_of(y->text), word)) {
    book_read_money(r, y, ret);
    return;
  }
  const struct trg_str s = {y->text, strlen(y->text) - (sizeof word - 1)};
  int64_t n = 0;
  if (credit_micros == 0)
    book_wrong(r, y->line, y->key, "priced in credits, but the meter has no price of a credit");
  else if (str_to_int(s, &n) != 0 || n < 0 || money_mul(credit_micros, n, ret) != 0)
    book_wrong(r, y->line, y->key, "\"%.40s\" is no number of credits", y->text);
}

static void price_add(struct book_reader *r, struct book_meter *m, const char *outcome,
                      const struct yaml *y, int64_t credit_micros) {
  if (m->price_count == BOOK_OUTCOMES) {
    book_wrong(r, y->line, y->key, "more than %d outcomes in one meter", BOOK_OUTCOMES);
    return;
  }
  struct book_price *p = &m->prices[m->price_count++];
  p->outcome = arena_dup(r->arena, str_of(outcome));
  for (size_t i = 0; i < BOOK_CHANNELS; i++) p->channel_micros[i] = -1;
  if (y->kind != YAML_MAP) {
    read_price(r, y, credit_micros, &p->micros);
    return;
  }
  static const char *const known[] = {"price", "proof", NULL};
  static const char *const proofs[] = {"none", "required", NULL};
  (void)book_keys_or_channels(r, y, "a price", known);
  p->proof = book_read_word(r, yaml_get(y, "proof"), proofs, 0) == 1;
  if (p->proof && strcmp(outcome, "resolution") == 0)
    book_wrong(r, y->line, "proof",
               "a resolution is proved by what the customer does (evidence); an external proof "
               "goes with an outcome that a procedure ends in");
  if (yaml_get(y, "price") == NULL) book_wrong(r, y->line, "price", "is missing");
  read_price(r, yaml_get(y, "price"), credit_micros, &p->micros);
  for (size_t i = 0; i < BOOK_CHANNELS; i++)
    if (yaml_get(y, book_channels[i]) != NULL)
      read_price(r, yaml_get(y, book_channels[i]), credit_micros, &p->channel_micros[i]);
}

static const char *const outcome_words[] = {"resolution",
                                            "procedure",
                                            "procedure_handoff",
                                            "qualification",
                                            "disqualification",
                                            "cancellation_saved",
                                            "upsell",
                                            NULL};

static void read_outcomes(struct book_reader *r, const struct yaml *map, struct book_meter *m,
                          int64_t credit_micros) {
  if (map->kind != YAML_MAP || map->first == NULL) {
    book_wrong(r, map->line, "outcomes", "must name at least one outcome and its price");
    return;
  }
  for (const struct yaml *y = map->first; y != NULL; y = y->next) {
    bool known = false;
    for (size_t i = 0; outcome_words[i] != NULL; i++)
      known = known || strcmp(outcome_words[i], y->key) == 0;
    if (!known)
      book_wrong(r, y->line, y->key,
                 "unknown outcome; known are resolution, procedure, procedure_handoff, "
                 "qualification, disqualification, cancellation_saved, upsell");
    price_add(r, m, y->key, y, credit_micros);
  }
}

/* What other agents may call here, as src/admin/agent_tools.c has it. */
const char *const book_call_tools[] = {"list_tickets",    "get_ticket",       "triage_ticket",
                                       "draft_reply",     "search_knowledge", "report",
                                       "explain_charge",  "update_ticket",    "add_note",
                                       "similar_tickets", "send_reply",       NULL};

static void read_calls(struct book_reader *r, const struct yaml *map, struct book_meter *m,
                       int64_t credit_micros) {
  if (map->kind != YAML_MAP || map->first == NULL) {
    book_wrong(r, map->line, "calls", "must name at least one tool and the price of its call");
    return;
  }
  for (const struct yaml *y = map->first; y != NULL; y = y->next) {
    size_t i = 0;
    while (book_call_tools[i] != NULL && strcmp(book_call_tools[i], y->key) != 0) i++;
    if (book_call_tools[i] == NULL)
      book_wrong(r, y->line, y->key,
                 "is no tool that agents can call; those are list_tickets, get_ticket, "
                 "triage_ticket, draft_reply, search_knowledge, similar_tickets, report, "
                 "explain_charge, update_ticket, add_note, send_reply");
    if (strlen(m->name) + strlen(y->key) + 1 > BOOK_OUTCOME_BYTES)
      book_wrong(r, y->line, "meter", "\"%.40s\" is too long a name", m->name);
    price_add(r, m, arena_printf(r->arena, "%s:%s", m->name, y->key), y, credit_micros);
  }
}

static void read_tiers(struct book_reader *r, const struct yaml *list, struct book_meter *m) {
  static const char *const known[] = {"above", "price", NULL};
  if (list == NULL) return;
  if (list->kind != YAML_LIST) {
    book_wrong(r, list->line, "tiers", "must be a list of {above, price}");
    return;
  }
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    if (!book_keys(r, y, "a tier", known)) continue;
    if (m->tier_count == BOOK_TIERS) {
      book_wrong(r, y->line, "tiers", "more than %d tiers", BOOK_TIERS);
      return;
    }
    struct book_tier t = {.above = -1, .micros = -1};
    book_read_int(r, yaml_get(y, "above"), 0, &t.above);
    book_read_money(r, yaml_get(y, "price"), &t.micros);
    if (t.above < 0 || t.micros < 0)
      book_wrong(r, y->line, "tiers", "a tier needs both above and price");
    else if (m->tier_count > 0 && t.above <= m->tiers[m->tier_count - 1].above)
      book_wrong(r, y->line, "tiers", "overlap: each tier begins above the one before it");
    else
      m->tiers[m->tier_count++] = t;
  }
}

static void read_channels(struct book_reader *r, const struct yaml *list, struct book_meter *m) {
  for (size_t i = 0; i < BOOK_CHANNELS; i++) m->channels[i] = list == NULL;
  if (list == NULL) return;
  if (list->kind != YAML_LIST) {
    book_wrong(r, list->line, "channels", "must be a list");
    return;
  }
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    const int i = book_read_word(r, y, book_channels, -1);
    if (i >= 0) m->channels[i] = true;
  }
}

static bool all_channels(const struct book_meter *m) {
  bool all = true;
  for (size_t i = 0; i < BOOK_CHANNELS; i++) all = all && m->channels[i];
  return all;
}

/* Keys that say something of one unit alone. */
static void check_unit(struct book_reader *r, const struct yaml *map, const struct book_meter *m) {
  const struct {
    bool given;
    const char *key, *with;
    bool fits;
  } keys[] = {{m->per > 0, "per", "units action and reply",
               m->unit == UNIT_ACTION || m->unit == UNIT_REPLY},
              {m->inputs > 0, "inputs", "unit conversation", m->unit == UNIT_CONVERSATION},
              {m->split, "split", "unit conversation", m->unit == UNIT_CONVERSATION},
              {m->unit == UNIT_CALL && !all_channels(m), "channels", "units of tickets", false},
              {m->tokens > 0, "tokens", "unit action", m->unit == UNIT_ACTION}};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (keys[i].given && !keys[i].fits)
      book_wrong(r, map->line, keys[i].key, "goes with the %s", keys[i].with);
}

static void check_tiers(struct book_reader *r, const struct yaml *map, const struct book_meter *m) {
  if (m->tier_count > 0 && m->overage >= 0)
    book_wrong(r, map->line, m->name, "tiers and overage both price the later units: keep one");
  for (size_t i = 0; i < m->tier_count && m->included > 0; i++)
    if (m->tiers[i].above < m->included)
      book_wrong(r, map->line, "tiers", "a tier begins within the included units");
}

static void check_money(struct book_reader *r, const struct yaml *map, const struct book_meter *m) {
  const bool ordered = m->included > 0 || m->tier_count > 0 || m->per > 0;
  if (m->rollover && m->included == 0)
    book_wrong(r, map->line, "rollover", "there is nothing included that could be left over");
  if (m->overage >= 0 && m->included == 0)
    book_wrong(r, map->line, "overage", "there is nothing included that could be passed");
  if (ordered && m->price_count > 1)
    book_wrong(r, map->line, m->name,
               "included units and tiers need one outcome: with several it is not clear which one "
               "they price");
  if (ordered && m->tokens > 0)
    book_wrong(r, map->line, m->name, "included units and tiers do not go with tokens");
}

static void read_session(struct book_reader *r, const struct yaml *y, struct book_meter *m) {
  static const char *const lengths[] = {"length", "basis", NULL};
  static const char *const bases[] = {"start", "inactivity", NULL};
  const struct yaml *session = yaml_get(y, "session");
  if (session == NULL) {
    if (m->unit == UNIT_CONVERSATION)
      book_wrong(r, y->line, "session", "is missing: how long is one conversation?");
    return;
  }
  if (m->unit != UNIT_CONVERSATION)
    book_wrong(r, session->line, "session", "goes with the unit conversation");
  if (session->kind == YAML_MAP) (void)book_keys_or_channels(r, session, "session", lengths);
  if (session->kind == YAML_MAP)
    m->quiet = book_read_word(r, yaml_get(session, "basis"), bases, 0) == 1;
  book_read_lengths(r, session, "length", &m->session);
}

/* Each unit has one key that says what it costs. */
static void read_prices(struct book_reader *r, const struct yaml *y, struct book_meter *m,
                        int64_t credit_micros) {
  static const char *const keys[] = {"outcomes", "price", "calls"};
  const size_t own = m->unit == UNIT_RESOLUTION ? 0 : m->unit == UNIT_CALL ? 2 : 1;
  const struct yaml *price = yaml_get(y, keys[own]);
  for (size_t i = 0; i < 3; i++)
    if (i != own && yaml_get(y, keys[i]) != NULL)
      book_wrong(r, yaml_get(y, keys[i])->line, keys[i], "does not go with unit %s",
                 units[m->unit]);
  if (price == NULL)
    book_wrong(r, y->line, keys[own], "is missing");
  else if (own == 0)
    read_outcomes(r, price, m, credit_micros);
  else if (own == 2)
    read_calls(r, price, m, credit_micros);
  else
    price_add(r, m, m->name, price, credit_micros);
}

static void read_meter(struct book_reader *r, const struct yaml *y, struct book_meter *m) {
  static const char *const rollovers[] = {"none", "next_month", NULL};
  static const char *const splits[] = {"never", "month", NULL};
  static const char *const known[] = {"meter",    "unit",    "price",  "outcomes", "channels",
                                      "credit",   "session", "inputs", "calls",    "tokens",
                                      "included", "overage", "tiers",  "per",      "rollover",
                                      "split",    NULL};
  const struct yaml *name = yaml_get(y, "meter");
  m->overage = -1;
  (void)book_keys(r, y, "a meter", known);
  m->name = name != NULL && name->kind == YAML_SCALAR ? arena_dup(r->arena, str_of(name->text))
                                                      : "";
  if (m->name[0] == '\0') book_wrong(r, y->line, "meter", "a meter needs a name");
  if (yaml_get(y, "unit") == NULL) book_wrong(r, y->line, "unit", "is missing");
  m->unit = (enum book_unit)book_read_word(r, yaml_get(y, "unit"), units, UNIT_RESOLUTION);
  int64_t credit = 0;
  book_read_money(r, yaml_get(y, "credit"), &credit);
  read_channels(r, yaml_get(y, "channels"), m);
  read_prices(r, y, m, credit);
  book_read_int(r, yaml_get(y, "included"), 0, &m->included);
  book_read_int(r, yaml_get(y, "inputs"), 1, &m->inputs);
  book_read_int(r, yaml_get(y, "tokens"), 1, &m->tokens);
  book_read_money(r, yaml_get(y, "overage"), &m->overage);
  book_read_int(r, yaml_get(y, "per"), 2, &m->per);
  m->rollover = book_read_word(r, yaml_get(y, "rollover"), rollovers, 0) == 1;
  m->split = book_read_word(r, yaml_get(y, "split"), splits, 0) == 1;
  read_session(r, y, m);
  read_tiers(r, yaml_get(y, "tiers"), m);
  check_unit(r, y, m);
  check_money(r, y, m);
  check_tiers(r, y, m);
}

static bool share_channel(const struct book_meter *a, const struct book_meter *b) {
  for (size_t i = 0; i < BOOK_CHANNELS; i++)
    if (a->channels[i] && b->channels[i]) return true;
  return false;
}

static void check_pair(struct book_reader *r, uint32_t line, const struct book_meter *a,
                       const struct book_meter *b) {
  if (strcmp(a->name, b->name) == 0)
    book_wrong(r, line, a->name, "two meters have this name");
  else if (a->unit == b->unit && share_channel(a, b))
    book_wrong(r, line, b->name, "counts the same unit on the same channel as meter %s", a->name);
  for (size_t i = 0; i < a->price_count; i++)
    for (size_t k = 0; k < b->price_count; k++)
      if (strcmp(a->prices[i].outcome, b->prices[k].outcome) == 0 && strcmp(a->name, b->name) != 0)
        book_wrong(r, line, b->prices[k].outcome, "is priced by two meters, %s and %s", a->name,
                   b->name);
}

void book_read_meters(struct book_reader *r, const struct yaml *list, struct book_version *v) {
  if (list->kind != YAML_LIST || list->first == NULL) {
    book_wrong(r, list->line, "meters", "must be a list of at least one meter");
    return;
  }
  for (const struct yaml *y = list->first; y != NULL; y = y->next) {
    if (y->kind != YAML_MAP) {
      book_wrong(r, y->line, "meters", "each meter is a map");
      continue;
    }
    if (v->meter_count == BOOK_METERS) {
      book_wrong(r, y->line, "meters", "more than %d meters", BOOK_METERS);
      return;
    }
    struct book_meter *m = &v->meters[v->meter_count];
    read_meter(r, y, m);
    for (size_t i = 0; i < v->meter_count; i++) check_pair(r, y->line, &v->meters[i], m);
    v->meter_count++;
  }
}
