/* Zendesk's writing endpoints: who may write when. Two kinds of 409, closed tickets, idempotent
 * creation. */
#include "zendesk_write.h"

#include <stdio.h>
#include <string.h>

enum { KEY_LIFE_MS = 2 * 3600000 };

/* The object under the name, or NULL when it has answered. */
static const cJSON *body_object(struct exchange *x, const char *name) {
  const char *type = exchange_header(x, "Content-Type");
  const cJSON *json = exchange_json(x);
  bool declared = type && strstr(type, "application/json");
  if (declared && json == NULL) {
    struct buf *b = reply_json(x, 422);
    buf_str(b, "{\"error\":\"Unprocessable Entity\",\"message\":\"Server could not parse JSON\"}");
    return NULL;
  }
  const cJSON *object = declared ? cJSON_GetObjectItemCaseSensitive(json, name) : NULL;
  if (!cJSON_IsObject(object)) {
    char why[160];
    snprintf(why, sizeof why,
             "You passed an invalid value for the %s attribute. Invalid parameter: %s must be an "
             "object%s",
             name, name, declared ? "" : " (Content-Type is not application/json)");
    zendesk_error_titled(x, 400, "Invalid attribute", why);
    return NULL;
  }
  return object;
}

/* The two conflicts. False when it has answered. */
static bool stamp_fits(struct exchange *x, const struct ticket *t, const cJSON *in) {
  const cJSON *safe = cJSON_GetObjectItemCaseSensitive(in, "safe_update");
  const cJSON *stamp = cJSON_GetObjectItemCaseSensitive(in, "updated_stamp");
  int64_t at_ms = 0;
  if (x->fault == FAULT_CONFLICT) {
    zendesk_error(x, 409, "DatabaseConflict", "Database collision");
    return false;
  }
  if (safe == NULL) {
    return true; /* its presence switches the check on, whatever it says */
  }
  if (!cJSON_IsString(stamp) || !time_parse(stamp->valuestring, &at_ms)) {
    zendesk_error_titled(x, 400, "Invalid attribute",
                         "updated_stamp must be a time when safe_update is given");
    return false;
  }
  if (at_ms / 1000 != t->updated_ms / 1000) {
    x->sim->stats.conflicts++;
    zendesk_error(x, 409, "UpdateConflict",
                  "Safe Update prevented the update due to outdated ticket data. Please fetch the "
                  "latest ticket "
                  "data and try again.");
    return false;
  }
  return true;
}

static bool wish_fits(struct exchange *x, struct ticket *t, const cJSON *in) {
  struct buf details = {0};
  zendesk_check(x, t, in, &details);
  if (details.n == 0) {
    return true;
  }
  if (t->status == STATUS_CLOSED) {
    stats_after_close(x->sim, zendesk_desk(x), t);
  }
  struct buf *b = reply_json(x, 422);
  jw_open(b, '{');
  jw_kstr(b, "error", "RecordInvalid");
  jw_kstr(b, "description", "Record validation errors");
  jw_close(&details, '}');
  jw_kraw(b, "details", buf_text(&details));
  jw_close(b, '}');
  buf_free(&details);
  return false;
}

/* Thirty updates in ten minutes by one user to one ticket. */
static bool ticket_limit(struct exchange *x, const struct ticket *t) {
  struct zendesk *z = x->state;
  uint64_t at = 0;
  if (!x->sim->opt.rate_limits) {
    return true;
  }
  if (!map_get(&z->ticket_buckets, t->number, &at)) {
    if (z->per_ticket_count == z->per_ticket_cap) {
      z->per_ticket_cap = z->per_ticket_cap ? z->per_ticket_cap * 2 : 64;
      z->per_ticket = mem_grow(z->per_ticket, z->per_ticket_cap * sizeof *z->per_ticket);
    }
    at = z->per_ticket_count++;
    z->per_ticket[at] = (struct bucket){0, 0};
    map_put(&z->ticket_buckets, t->number, at);
  }
  return zendesk_limit(x, &z->per_ticket[at], "ticket-updates-by-user", 30, 600);
}

static void updated_write(struct exchange *x, int status, const struct ticket *t,
                          const struct entry *e) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_key(b, "ticket");
  zendesk_ticket_write(x, b, t);
  if (e) {
    jw_key(b, "audit");
    zendesk_audit_write(x, b, t, e);
  }
  jw_close(b, '}');
}

/* Says so, as the vendor does, when keys of the request mean nothing to it. */
static void unknown_warn(struct exchange *x, const cJSON *in) {
  static const char known[] =
      " comment status priority type group_id assignee_id custom_fields tags metadata "
      "safe_update updated_stamp subject custom_status_id requester_id requester external_id "
      "due_at problem_id organization_id email_ccs followers collaborator_ids "
      "additional_tags remove_tags via_followup_source_id submitter_id recipient brand_id "
      "ticket_form_id assignee_email additional_collaborators attribute_value_ids ";
  struct buf keys = {0};
  const cJSON *item = NULL;
  cJSON_ArrayForEach(item, in) {
    char word[80];
    snprintf(word, sizeof word, " %s ", item->string);
    if (strstr(known, word) == NULL) {
      buf_printf(&keys, "%s\"ticket.%s\"", keys.n ? ", " : "", item->string);
    }
  }
  if (keys.n) {
    reply_header(x, "x-zendesk-api-warn",
                 "Removed restricted keys [%s] from parameters according to whitelist",
                 buf_text(&keys));
  }
  buf_free(&keys);
}

void zendesk_update(struct exchange *x) {
  struct ticket *t = zendesk_ticket(x, false);
  const cJSON *in = t ? body_object(x, "ticket") : NULL;
  if (in == NULL || !ticket_limit(x, t) || !stamp_fits(x, t, in) || !wish_fits(x, t, in)) {
    return;
  }
  unknown_warn(x, in);
  struct entry *e = wish_apply(x, t, in, 0);
  updated_write(x, 200, t, e);
}

static uint64_t requester_of(struct exchange *x, const cJSON *in) {
  const cJSON *requester = cJSON_GetObjectItemCaseSensitive(in, "requester");
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(requester, "name");
  const cJSON *email = cJSON_GetObjectItemCaseSensitive(requester, "email");
  uint64_t id = wish_id(cJSON_GetObjectItemCaseSensitive(in, "requester_id"));
  if (id) {
    return id;
  }
  if (cJSON_IsString(email)) {
    return person_need(&x->sim->store, cJSON_IsString(name) ? name->valuestring : NULL,
                       email->valuestring, "en", ROLE_CUSTOMER);
  }
  return x->user;
}

/* Idempotency-Key: true when the request was answered from memory or refused. */
static bool idea_known(struct exchange *x, const char *key) {
  struct zendesk *z = x->state;
  uint64_t at = 0;
  if (strlen(key) > 255) {
    zendesk_error(x, 400, "IdempotentRequestError",
                  "Idempotency-Key is longer than 255 characters");
    return true;
  }
  if (!map_get(&z->idempotency, hash_text(9, key) | 1, &at) ||
      clock_now_ms(&x->sim->clock) - z->ideas[at].at_ms > KEY_LIFE_MS) {
    reply_header(x, "x-idempotency-lookup", "miss");
    return false;
  }
  if (z->ideas[at].body_hash != hash_bytes(4, x->body.p, x->body.n)) {
    zendesk_error(x, 400, "IdempotentRequestError",
                  "Request parameters don't match the given idempotency key");
    return true;
  }
  const struct ticket *t = ticket_get(zendesk_desk(x), z->ideas[at].ticket);
  reply_header(x, "x-idempotency-lookup", "hit");
  updated_write(x, 201, t, &t->entries[0]);
  return true;
}

static void idea_keep(struct exchange *x, const char *key, const struct ticket *t) {
  struct zendesk *z = x->state;
  if (z->idea_count == z->idea_cap) {
    z->idea_cap = z->idea_cap ? z->idea_cap * 2 : 64;
    z->ideas = mem_grow(z->ideas, z->idea_cap * sizeof *z->ideas);
  }
  z->ideas[z->idea_count] = (struct idea){hash_bytes(4, x->body.p, x->body.n), t->number,
                                          clock_now_ms(&x->sim->clock)};
  map_put(&z->idempotency, hash_text(9, key) | 1, z->idea_count);
  z->idea_count++;
}

void zendesk_create(struct exchange *x) {
  const char *key = exchange_header(x, "Idempotency-Key");
  if (x->fault == FAULT_CONFLICT) {
    zendesk_error(x, 409, "DatabaseConflict", "Database collision");
    return;
  }
  const cJSON *in = body_object(x, "ticket");
  if (in == NULL || (key && idea_known(x, key))) {
    return;
  }
  const cJSON *comment = cJSON_GetObjectItemCaseSensitive(in, "comment");
  const cJSON *body = cJSON_GetObjectItemCaseSensitive(comment, "body");
  const cJSON *html = cJSON_GetObjectItemCaseSensitive(comment, "html_body");
  if (!(cJSON_IsString(body) && *body->valuestring) &&
      !(cJSON_IsString(html) && *html->valuestring)) {
    buf_str(reply_json(x, 422),
            "{\"error\":\"RecordInvalid\",\"description\":\"Record validation errors\","
            "\"details\":{\"base\":[{\"description\":\"Description: cannot be blank\","
            "\"error\":\"BlankValue\"}]}}");
    return;
  }
  struct ticket blank = {0};
  if (!wish_fits(x, &blank, in)) {
    return;
  }
  struct ticket *source = ticket_get(
      zendesk_desk(x), wish_id(cJSON_GetObjectItemCaseSensitive(in, "via_followup_source_id")));
  if (cJSON_GetObjectItemCaseSensitive(in, "via_followup_source_id") &&
      (source == NULL || source->status != STATUS_CLOSED)) {
    zendesk_error_titled(x, 422, "Invalid attribute",
                         "via_followup_source_id must be a closed ticket");
    return;
  }
  struct ticket *t = ticket_add(&x->sim->store, zendesk_desk(x), 0, NULL);
  t->subject = "";
  t->channel = "api";
  t->created_ms = clock_now_ms(&x->sim->clock);
  t->requester = requester_of(x, in);
  if (source) {
    ticket_follow(&x->sim->store, source, t);
  }
  struct entry *e = wish_apply(x, t, in, ENTRY_CREATES);
  if (key) {
    idea_keep(x, key, t);
  }
  updated_write(x, 201, t, e);
}

enum tags_verb { TAGS_SET, TAGS_ADD, TAGS_REMOVE };

static void tags_change(struct exchange *x, enum tags_verb how) {
  struct ticket *t = zendesk_ticket(x, false);
  const cJSON *in = exchange_json(x);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(in, "tags");
  if (t == NULL) {
    return;
  }
  if (list == NULL) {
    zendesk_error_titled(x, 400, "Invalid attribute", "tags is missing");
    return;
  }
  if (!stamp_fits(x, t, in)) {
    return;
  }
  if (t->status == STATUS_CLOSED) {
    stats_after_close(x->sim, zendesk_desk(x), t);
    zendesk_error(x, 422, "RecordInvalid", "Status: closed prevents ticket update");
    return;
  }
  struct tags tags;
  struct edit e;
  tags_read(list, &tags);
  edit_begin(&e, &x->sim->store, zendesk_desk(x), t, x->user, ENTRY_API);
  if (how == TAGS_SET) {
    edit_tags(&e, (const char *const *)tags.list, tags.n);
  }
  for (size_t i = 0; i < tags.n && how != TAGS_SET; i++) {
    if (how == TAGS_ADD) {
      edit_tag_add(&e, tags.list[i]);
    } else {
      edit_tag_remove(&e, tags.list[i]);
    }
  }
  tags_free(&tags);
  stats_update(x->sim, zendesk_desk(x), t, e.entry.change_count ? edit_commit(&e) : NULL);
  if (how == TAGS_REMOVE) {
    reply_json(x, 204);
    return;
  }
  zendesk_tags_get(x);
  x->status = how == TAGS_SET ? 201 : 200;
}

void zendesk_tags_set(struct exchange *x) {
  tags_change(x, TAGS_SET);
}

void zendesk_tags_add(struct exchange *x) {
  tags_change(x, TAGS_ADD);
}

void zendesk_tags_remove(struct exchange *x) {
  tags_change(x, TAGS_REMOVE);
}

/* One ticket of a bulk update; writes its line of the job's results. */
static void bulk_one(struct exchange *x, uint64_t id, const cJSON *in, struct buf *results) {
  struct ticket *t = ticket_get(zendesk_desk(x), id);
  struct buf details = {0};
  if (t && t->status != STATUS_DELETED) {
    zendesk_check(x, t, in, &details);
  }
  bool good = t && t->status != STATUS_DELETED && details.n == 0;
  if (good) {
    struct edit e;
    struct tags more;
    struct tags less;
    wish_apply(x, t, in, 0);
    tags_read(cJSON_GetObjectItemCaseSensitive(in, "additional_tags"), &more);
    tags_read(cJSON_GetObjectItemCaseSensitive(in, "remove_tags"), &less);
    edit_begin(&e, &x->sim->store, zendesk_desk(x), t, x->user, ENTRY_API);
    for (size_t i = 0; i < more.n; i++) {
      edit_tag_add(&e, more.list[i]);
    }
    for (size_t i = 0; i < less.n; i++) {
      edit_tag_remove(&e, less.list[i]);
    }
    if (e.entry.change_count) {
      edit_commit(&e);
    }
    tags_free(&more);
    tags_free(&less);
  }
  jw_open(results, '{');
  jw_kid(results, "id", id);
  jw_kstr(results, "action", "update");
  jw_kbool(results, "success", good);
  jw_kstr(results, "status", good ? "Updated" : "Failed");
  if (!good) {
    jw_kstr(results, "error", t ? "TicketUpdateInvalid" : "TicketNotFound");
  }
  jw_close(results, '}');
  buf_free(&details);
}

void zendesk_update_many(struct exchange *x) {
  struct zendesk *z = x->state;
  const char *ids = exchange_query(x, "ids");
  const cJSON *in = body_object(x, "ticket");
  if (in == NULL) {
    return;
  }
  if (ids == NULL) {
    zendesk_error_titled(x, 400, "Invalid attribute", "ids is missing");
    return;
  }
  z->jobs = mem_grow(z->jobs, (z->job_count + 1) * sizeof *z->jobs);
  struct job *job = &z->jobs[z->job_count++];
  memset(job, 0, sizeof *job);
  snprintf(job->id, sizeof job->id, "V3-%016llx",
           (unsigned long long)hash_mix(x->sim->opt.seed, z->job_count));
  jw_open(&job->results, '[');
  for (const char *at = ids; *at;) {
    char *end = NULL;
    uint64_t id = strtoull(at, &end, 10);
    if (end == at) {
      break;
    }
    bulk_one(x, id, in, &job->results);
    job->total++;
    at = *end == ',' ? end + 1 : end;
  }
  jw_close(&job->results, ']');
  struct buf url = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "job_status", '{');
  jw_kstr(b, "id", job->id);
  jw_kstr(b, "job_type", "Bulk Update Ticket");
  jw_kstr(b, "url", zendesk_url(x, &url, "job_statuses/%s.json", job->id));
  jw_kint(b, "total", job->total);
  jw_kraw(b, "progress", "null");
  jw_kstr(b, "status", "queued");
  jw_kraw(b, "message", "null");
  jw_kraw(b, "results", "null");
  jw_close(b, '}');
  jw_close(b, '}');
  buf_free(&url);
}
