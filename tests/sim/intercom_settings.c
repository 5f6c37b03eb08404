/* Intercom: the workspace. Admins, teams, tags and contacts. */
#include "intercom.h"

#include <stdlib.h>
#include <string.h>

const struct intercom_team intercom_teams[] = {
    {5017690, "Support"}, {5017691, "Billing"}, {5017692, "Technical"}, {0, NULL}};

bool intercom_is_team(uint64_t id) {
  for (const struct intercom_team *t = intercom_teams; t->id; t++) {
    if (t->id == id) {
      return true;
    }
  }
  return false;
}

bool intercom_is_admin(const struct sim *s, uint64_t id) {
  const struct person *p = person_get(&s->store, id);
  return p && (p->role == ROLE_AGENT || p->role == ROLE_BOT);
}

static void admin_fields(struct buf *b, const struct person *p) {
  jw_kstr(b, "type", "admin");
  k_id(b, "id", p->id);
  jw_kstr(b, "name", p->name);
  jw_kstr(b, "email", p->email);
  jw_kstr(b, "job_title", p->role == ROLE_BOT ? "Automation" : "Support");
  jw_kbool(b, "away_mode_enabled", false);
  jw_kbool(b, "away_mode_reassign", false);
  jw_kbool(b, "has_inbox_seat", true);
  jw_kopen(b, "team_ids", '[');
  jw_int(b, (int64_t)intercom_teams[p->id % 3].id);
  jw_close(b, ']');
}

void intercom_me(struct exchange *x) {
  const struct store *store = &x->sim->store;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  admin_fields(b, person_get(store, store->bot));
  jw_kbool(b, "email_verified", true);
  jw_kraw(b, "avatar", "{\"type\":\"avatar\",\"image_url\":null}");
  jw_kopen(b, "app", '{');
  jw_kstr(b, "type", "app");
  jw_kstr(b, "id_code", "simapp01");
  jw_kstr(b, "name", "Simulated workspace");
  jw_kstr(b, "region", "US");
  jw_kstr(b, "timezone", "America/Los_Angeles");
  jw_kint(b, "created_at", 1734537243);
  jw_kbool(b, "identity_verification", false);
  jw_kbool(b, "secure", false);
  jw_close(b, '}');
  jw_close(b, '}');
}

void intercom_admins(struct exchange *x) {
  const struct store *store = &x->sim->store;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "type", "admin.list");
  jw_kopen(b, "admins", '[');
  for (size_t i = 0; i < store->person_count; i++) {
    const struct person *p = &store->people[i];
    if (!intercom_is_admin(x->sim, p->id)) {
      continue;
    }
    jw_open(b, '{');
    admin_fields(b, p);
    jw_kraw(b, "avatar", "null");
    jw_kraw(b, "team_priority_level", "{\"primary_team_ids\":[],\"secondary_team_ids\":[]}");
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

void intercom_teams_list(struct exchange *x) {
  const struct store *store = &x->sim->store;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "type", "team.list");
  jw_kopen(b, "teams", '[');
  for (size_t i = 0; intercom_teams[i].id; i++) {
    jw_open(b, '{');
    jw_kstr(b, "type", "team");
    k_id(b, "id", intercom_teams[i].id);
    jw_kstr(b, "name", intercom_teams[i].name);
    jw_kopen(b, "admin_ids", '[');
    for (size_t k = 0; k < store->person_count; k++) {
      const struct person *p = &store->people[k];
      if (p->id % 3 == i && intercom_is_admin(x->sim, p->id)) {
        jw_int(b, (int64_t)p->id);
      }
    }
    jw_close(b, ']');
    jw_kstr(b, "distribution_method", "manual");
    jw_kraw(b, "assignment_limit", "null");
    jw_kraw(b, "admin_priority_level", "{\"primary_admin_ids\":[],\"secondary_admin_ids\":[]}");
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

uint64_t intercom_tag_id(const char *name) {
  return 1000000 + hash_text(13, name) % 900000000;
}

static const char *tag_on_tickets(const struct desk *d, uint64_t id) {
  for (size_t i = 0; i < d->ticket_count; i++) {
    for (size_t k = 0; k < d->tickets[i]->tag_count; k++) {
      if (intercom_tag_id(d->tickets[i]->tags[k]) == id) {
        return d->tickets[i]->tags[k];
      }
    }
  }
  return NULL;
}

const char *intercom_tag_name(struct exchange *x, uint64_t id) {
  const struct intercom *ic = x->state;
  for (size_t i = 0; i < ic->tag_count; i++) {
    if (intercom_tag_id(ic->tags[i]) == id) {
      return ic->tags[i];
    }
  }
  return tag_on_tickets(intercom_desk(x->sim), id);
}

static void tag_basic_write(struct buf *b, const char *name) {
  jw_open(b, '{');
  jw_kstr(b, "type", "tag");
  k_id(b, "id", intercom_tag_id(name));
  jw_kstr(b, "name", name);
  jw_close(b, '}');
}

static void tag_once(struct buf *b, struct map *seen, const char *name) {
  uint64_t ignored = 0;
  if (!map_get(seen, intercom_tag_id(name), &ignored)) {
    map_put(seen, intercom_tag_id(name), 1);
    tag_basic_write(b, name);
  }
}

void intercom_tags_list(struct exchange *x) {
  const struct intercom *ic = x->state;
  const struct desk *d = intercom_desk(x->sim);
  struct map seen = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kstr(b, "type", "list");
  jw_kopen(b, "data", '[');
  for (size_t i = 0; i < ic->tag_count; i++) {
    tag_once(b, &seen, ic->tags[i]);
  }
  for (size_t i = 0; i < d->ticket_count; i++) {
    for (size_t k = 0; k < d->tickets[i]->tag_count; k++) {
      tag_once(b, &seen, d->tickets[i]->tags[k]);
    }
  }
  jw_close(b, ']');
  jw_close(b, '}');
  map_free(&seen);
}

void intercom_tag_make(struct exchange *x) {
  struct intercom *ic = x->state;
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(exchange_json(x), "name");
  if (!cJSON_IsString(name) || *name->valuestring == '\0') {
    intercom_error(x, 400, "parameter_invalid", "invalid tag parameters", NULL);
    return;
  }
  const char *word = store_word(&x->sim->store, name->valuestring);
  if (intercom_tag_name(x, intercom_tag_id(word)) == NULL) {
    ic->tags = mem_grow(ic->tags, (ic->tag_count + 1) * sizeof *ic->tags);
    ic->tags[ic->tag_count++] = word;
  }
  tag_basic_write(reply_json(x, 200), word);
}

static void list_write(struct buf *b, const char *key) {
  jw_kopen(b, key, '{');
  jw_kstr(b, "type", "list");
  jw_kraw(b, "data", "[]");
  jw_kint(b, "total_count", 0);
  jw_kbool(b, "has_more", false);
  jw_kstr(b, "url", "");
  jw_close(b, '}');
}

void intercom_contact(struct exchange *x) {
  const struct person *p = person_get(&x->sim->store, intercom_contact_find(x->sim, x->capture[0]));
  char id[CONTACT_ID];
  if (p == NULL) {
    intercom_error(x, 404, "not_found", "User Not Found", NULL);
    return;
  }
  struct buf *b = reply_json(x, 200);
  const char *at = strchr(p->email, '@');
  jw_open(b, '{');
  jw_kstr(b, "type", "contact");
  jw_kstr(b, "id", intercom_contact_id(p->id, id));
  jw_kstr(b, "workspace_id", "simapp01");
  jw_kraw(b, "external_id", "null");
  jw_kstr(b, "role", "user");
  jw_kstr(b, "email", p->email);
  jw_kstr(b, "email_domain", at ? at + 1 : "");
  jw_kstr(b, "name", p->name);
  jw_kraw(b, "phone", "null");
  jw_kraw(b, "avatar", "null");
  jw_kraw(b, "owner_id", "null");
  jw_kbool(b, "has_hard_bounced", false);
  jw_kbool(b, "marked_email_as_spam", false);
  jw_kbool(b, "unsubscribed_from_emails", false);
  k_seconds(b, "created_at", p->created_ms);
  k_seconds(b, "updated_at", p->created_ms);
  k_seconds(b, "signed_up_at", p->created_ms);
  jw_kraw(b, "last_seen_at", "null");
  jw_kraw(b, "last_replied_at", "null");
  jw_kraw(b, "last_contacted_at", "null");
  jw_kstr(b, "browser_language", p->locale);
  jw_kraw(b, "language_override", "null");
  jw_kraw(b, "location", "{\"type\":\"location\",\"country\":null,\"region\":null,\"city\":null}");
  jw_kraw(b, "custom_attributes", "{}");
  jw_kraw(b, "social_profiles", "{\"type\":\"list\",\"data\":[]}");
  list_write(b, "companies");
  list_write(b, "notes");
  list_write(b, "tags");
  jw_close(b, '}');
}
