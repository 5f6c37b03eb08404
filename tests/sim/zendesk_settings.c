/* What the account is made of: groups, ticket fields, statuses, jobs, webhooks; and the lists of
 * ratings and of deleted tickets. */
#include "zendesk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct zendesk_group groups[] = {
    {41, "Support", "First line"},
    {42, "Technical", "Devices, software, connections"},
    {43, "Shipping", "Parcels and stock"},
    {44, "Billing", "Invoices, payments, refunds"},
    {45, "Accounts and privacy", "Access, security, data requests"},
    {39700000000046, "Complaints", "Escalations"},
};

const struct zendesk_group *zendesk_group(uint64_t id) {
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
    if (groups[i].id == id) {
      return &groups[i];
    }
  }
  return NULL;
}

uint64_t zendesk_default_group(void) {
  return groups[0].id;
}

const struct zendesk_field zendesk_fields[] = {
    {360001, "tagger", "Category"},
    {360002, "text", "Order number"},
    {360003, "checkbox", "Needs a person"},
    {360004, "multiselect", "Topics"},
    {360005, "text", "Language"},
    {39800000000006, "text", "Triage reference"},
    {0, NULL, NULL},
};

const struct zendesk_field *zendesk_field(uint64_t id) {
  for (size_t i = 0; zendesk_fields[i].id; i++) {
    if (zendesk_fields[i].id == id) {
      return &zendesk_fields[i];
    }
  }
  return NULL;
}

static const struct {
  int64_t id;
  enum status status;
  const char *label;
} statuses[] = {
    {39600000000001, STATUS_NEW, "New"},
    {39600000000002, STATUS_OPEN, "Open"},
    {39600000000003, STATUS_PENDING, "Pending"},
    {39600000000004, STATUS_HOLD, "On-hold"},
    {39600000000005, STATUS_SOLVED, "Solved"},
    {39600000000006, STATUS_PENDING, "Waiting for carrier"},
    /* of an account with words of its own; two are not what they seem */
    {39700000000001, STATUS_NEW, "Eingang"},
    {39700000000002, STATUS_OPEN, "Solved?"},
    {39700000000003, STATUS_PENDING, "Closed for now"},
    {39700000000004, STATUS_HOLD, "Ruht"},
    {39700000000005, STATUS_SOLVED, "Abgelegt"},
};
enum { STATUSES_USUAL = 6, STATUSES = sizeof statuses / sizeof statuses[0] };

static size_t statuses_from(const struct exchange *x) {
  return x->sim->opt.own_words ? STATUSES_USUAL : 0;
}

int64_t zendesk_custom_status(const struct exchange *x, enum status s) {
  s = s == STATUS_CLOSED || s == STATUS_DELETED ? STATUS_SOLVED : s; /* they keep that one */
  size_t i = statuses_from(x);
  while (i + 1 < STATUSES && statuses[i].status != s) {
    i++;
  }
  return statuses[i].id;
}

int zendesk_custom_status_find(int64_t id) {
  for (size_t i = 0; i < STATUSES; i++) {
    if (statuses[i].id == id) {
      return (int)statuses[i].status;
    }
  }
  return -1;
}

static void stamps_write(struct buf *b) {
  jw_kstr(b, "created_at", "2024-03-01T09:00:00Z");
  jw_kstr(b, "updated_at", "2026-02-10T16:20:00Z");
}

void zendesk_groups(struct exchange *x) {
  size_t total = sizeof groups / sizeof groups[0];
  struct page p;
  if (!zendesk_page(x, total, 100, &p)) {
    return;
  }
  struct buf url = {0};
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "groups", '[');
  for (size_t i = p.from; i < p.to; i++) {
    jw_open(b, '{');
    jw_kstr(b, "url", zendesk_url(x, &url, "groups/%llu.json", (unsigned long long)groups[i].id));
    jw_kid(b, "id", groups[i].id);
    jw_kbool(b, "is_public", true);
    jw_kstr(b, "name", groups[i].name);
    jw_kstr(b, "description", groups[i].description);
    jw_kbool(b, "default", i == 0);
    jw_kbool(b, "deleted", false);
    stamps_write(b);
    jw_close(b, '}');
  }
  jw_close(b, ']');
  zendesk_page_write(x, b, &p, total);
  jw_close(b, '}');
  buf_free(&url);
}

/* The choices of the category field are the labels of the tickets that were loaded. */
static void options_write(struct exchange *x, struct buf *b) {
  const struct desk *d = zendesk_desk(x);
  struct map seen = {0};
  int64_t id = 39810000000001;
  jw_kopen(b, "custom_field_options", '[');
  for (size_t i = 0; i < d->ticket_count && seen.used < 100; i++) {
    const char *category = d->tickets[i]->category;
    uint64_t known = 0;
    if (category == NULL || map_get(&seen, (uint64_t)(uintptr_t)category, &known)) {
      continue;
    }
    map_put(&seen, (uint64_t)(uintptr_t)category, 1);
    jw_open(b, '{');
    jw_kint(b, "id", id++);
    jw_kstr(b, "name", category);
    jw_kstr(b, "raw_name", category);
    jw_kstr(b, "value", category);
    jw_close(b, '}');
  }
  jw_close(b, ']');
  map_free(&seen);
}

void zendesk_ticket_fields(struct exchange *x) {
  static const char *const system_fields[][2] = {
      {"subject", "Subject"},  {"description", "Description"}, {"status", "Status"},
      {"tickettype", "Type"},  {"priority", "Priority"},       {"group", "Group"},
      {"assignee", "Assignee"}};
  struct buf *b = reply_json(x, 200);
  size_t n = sizeof system_fields / sizeof system_fields[0];
  size_t total = n;
  jw_open(b, '{');
  jw_kopen(b, "ticket_fields", '[');
  for (size_t i = 0; i < n || zendesk_fields[i - n].id; i++) {
    bool own = i >= n;
    const char *type = own ? zendesk_fields[i - n].type : system_fields[i][0];
    const char *title = own ? zendesk_fields[i - n].title : system_fields[i][1];
    jw_open(b, '{');
    jw_kint(b, "id", own ? (int64_t)zendesk_fields[i - n].id : (int64_t)(360000000100 + i));
    jw_kstr(b, "type", type);
    jw_kstr(b, "title", title);
    jw_kstr(b, "raw_title", title);
    jw_kstr(b, "description", title);
    jw_kint(b, "position", (int64_t)i);
    jw_kbool(b, "active", true);
    jw_kbool(b, "required", false);
    jw_kraw(b, "regexp_for_validation", "null");
    jw_kraw(b, "tag", "null");
    jw_kbool(b, "removable", own);
    stamps_write(b);
    if (own && strcmp(type, "tagger") == 0) {
      options_write(x, b);
    }
    jw_close(b, '}');
    total += own ? 1 : 0;
  }
  jw_close(b, ']');
  jw_kint(b, "count", (int64_t)total);
  jw_kraw(b, "next_page", "null");
  jw_kraw(b, "previous_page", "null");
  jw_close(b, '}');
}

void zendesk_statuses(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "custom_statuses", '[');
  for (size_t i = 0; i < (x->sim->opt.own_words ? STATUSES : STATUSES_USUAL); i++) {
    jw_open(b, '{');
    jw_kint(b, "id", statuses[i].id);
    jw_kstr(b, "status_category", status_name(statuses[i].status));
    jw_kstr(b, "agent_label", statuses[i].label);
    jw_kstr(b, "end_user_label", statuses[i].label);
    jw_kstr(b, "description", "");
    jw_kbool(b, "active", true);
    jw_kbool(b, "default", i < 5);
    stamps_write(b);
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

void zendesk_job(struct exchange *x) {
  struct zendesk *z = x->state;
  for (size_t i = 0; i < z->job_count; i++) {
    if (strcmp(z->jobs[i].id, x->capture[0]) != 0) {
      continue;
    }
    struct buf url = {0};
    struct buf *b = reply_json(x, 200);
    jw_open(b, '{');
    jw_kopen(b, "job_status", '{');
    jw_kstr(b, "id", z->jobs[i].id);
    jw_kstr(b, "job_type", "Bulk Update Ticket");
    jw_kstr(b, "url", zendesk_url(x, &url, "job_statuses/%s.json", z->jobs[i].id));
    jw_kint(b, "total", z->jobs[i].total);
    jw_kint(b, "progress", z->jobs[i].total);
    jw_kstr(b, "status", "completed");
    jw_kstr(b, "message", "Completed");
    jw_kraw(b, "results", buf_text(&z->jobs[i].results));
    jw_close(b, '}');
    jw_close(b, '}');
    buf_free(&url);
    return;
  }
  zendesk_not_found(x);
}

void zendesk_webhook_secret(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kopen(b, "signing_secret", '{');
  jw_kstr(b, "algorithm", "SHA256");
  jw_kstr(b, "secret", x->sim->opt.webhook_secret[DESK_ZENDESK]);
  jw_close(b, '}');
  jw_close(b, '}');
}

void zendesk_ratings(struct exchange *x) {
  const struct desk *d = zendesk_desk(x);
  const char *score = exchange_query(x, "score");
  struct page p;
  const struct ticket **rated = mem_alloc((d->ticket_count + 1) * sizeof(const struct ticket *));
  size_t n = 0;
  for (size_t i = 0; i < d->ticket_count; i++) {
    const struct ticket *t = d->tickets[i];
    if (t->rating >= RATING_GOOD && (score == NULL || text_starts(score, rating_name(t->rating)))) {
      rated[n++] = t;
    }
  }
  if (zendesk_page(x, n, 100, &p)) {
    struct buf *b = reply_json(x, 200);
    jw_open(b, '{');
    jw_kopen(b, "satisfaction_ratings", '[');
    for (size_t i = p.from; i < p.to; i++) {
      const struct ticket *t = rated[i];
      const char *comment = ticket_attr(t, "rating_comment");
      jw_open(b, '{');
      jw_kint(b, "id", (int64_t)(t->number % 100000000 + 35000000000000));
      jw_kid(b, "ticket_id", t->number);
      jw_kid(b, "requester_id", t->requester);
      jw_kid(b, "assignee_id", t->assignee);
      jw_kid(b, "group_id", t->group);
      jw_kstr(b, "score", rating_name(t->rating));
      jw_kraw(b, "comment", comment ? comment : "null");
      jw_ktime(b, "created_at", t->changed_ms);
      jw_ktime(b, "updated_at", t->changed_ms);
      jw_close(b, '}');
    }
    jw_close(b, ']');
    zendesk_page_write(x, b, &p, n);
    jw_close(b, '}');
  }
  free(rated);
}

void zendesk_deleted(struct exchange *x) {
  const struct desk *d = zendesk_desk(x);
  struct buf *b = reply_json(x, 200);
  size_t n = 0;
  jw_open(b, '{');
  jw_kopen(b, "deleted_tickets", '[');
  for (size_t i = 0; i < d->ticket_count; i++) {
    const struct ticket *t = d->tickets[i];
    if (t->status != STATUS_DELETED) {
      continue;
    }
    if (++n > 100) {
      continue;
    }
    uint64_t author = t->entries[t->entry_count - 1].author;
    const struct person *actor = person_get(&x->sim->store, author);
    jw_open(b, '{');
    jw_kid(b, "id", t->number);
    jw_kstr(b, "subject", t->subject);
    jw_kopen(b, "actor", '{');
    jw_kint(b, "id", zendesk_author(x, author));
    jw_kstr(b, "name", actor ? actor->name : "");
    jw_close(b, '}');
    jw_ktime(b, "deleted_at", t->changed_ms);
    jw_kstr(b, "previous_state", "open");
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_kint(b, "count", (int64_t)n);
  jw_kraw(b, "next_page", "null");
  jw_kraw(b, "previous_page", "null");
  jw_close(b, '}');
}
