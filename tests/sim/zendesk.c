/* Zendesk Support: who may ask what, and how it says no. */
#include "zendesk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool zendesk_owns(const struct exchange *x) {
  return text_starts(x->path, "/api/v2") || text_starts(x->path, "/oauth/");
}

static void *zendesk_open(void) {
  return mem_alloc(sizeof(struct zendesk));
}

static void zendesk_close(void *state) {
  struct zendesk *z = state;
  free(z->tokens);
  free(z->ideas);
  free(z->per_ticket);
  map_free(&z->token_at);
  map_free(&z->idempotency);
  map_free(&z->ticket_buckets);
  for (size_t i = 0; i < z->job_count; i++) {
    buf_free(&z->jobs[i].results);
  }
  free(z->jobs);
  free(z);
}

void zendesk_error(struct exchange *x, int status, const char *error, const char *description) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kstr(b, "error", error);
  jw_kstr(b, "description", description);
  jw_close(b, '}');
}

void zendesk_error_titled(struct exchange *x, int status, const char *title, const char *message) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kopen(b, "error", '{');
  jw_kstr(b, "title", title);
  jw_kstr(b, "message", message);
  jw_close(b, '}');
  jw_close(b, '}');
}

void zendesk_error_list(struct exchange *x, int status, const char *code, const char *title,
                        const char *detail) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kopen(b, "errors", '[');
  jw_open(b, '{');
  jw_kstr(b, "code", code);
  jw_kstr(b, "title", title);
  jw_kstr(b, "detail", detail);
  jw_close(b, '}');
  jw_close(b, ']');
  jw_close(b, '}');
}

void zendesk_error_bare(struct exchange *x, int status, const char *error) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kstr(b, "error", error);
  jw_close(b, '}');
}

void zendesk_not_found(struct exchange *x) {
  zendesk_error(x, 404, "RecordNotFound", "Not found");
}

struct ticket *zendesk_ticket(struct exchange *x, bool even_deleted) {
  char *end = NULL;
  unsigned long long number = strtoull(x->capture[0], &end, 10);
  struct ticket *t = *end == '\0' ? ticket_get(zendesk_desk(x), number) : NULL;
  if (t == NULL || (t->status == STATUS_DELETED && !even_deleted)) {
    zendesk_not_found(x);
    return NULL;
  }
  return t;
}

const char *zendesk_url(struct exchange *x, struct buf *b, const char *format, ...) {
  char rest[512];
  const char *host = exchange_header(x, "Host");
  va_list args;
  va_start(args, format);
  vsnprintf(rest, sizeof rest, format, args);
  va_end(args);
  b->n = 0;
  buf_printf(b, "http://%s/api/v2/%s", host ? host : "127.0.0.1", rest);
  return buf_text(b);
}

bool zendesk_limit(struct exchange *x, struct bucket *b, const char *name, int64_t limit,
                   int64_t window_s) {
  int64_t now = clock_now_ms(&x->sim->clock);
  bool enforced = x->sim->opt.rate_limits;
  if (now - b->window_ms >= window_s * 1000) {
    b->window_ms = now;
    b->used = 0;
  }
  b->used++;
  int64_t resets = window_s - (now - b->window_ms) / 1000;
  /* switched off: a limit that nobody reaches, so that a client that paces itself is not slowed
   * down either */
  int64_t total = enforced ? limit : 1000000;
  int64_t left = total > b->used ? total - b->used : 0;
  if (name) {
    char header[64];
    snprintf(header, sizeof header, "zendesk-ratelimit-%s", name);
    reply_header(x, header, "total=%lld; remaining=%lld; resets=%lld", (long long)total,
                 (long long)left, (long long)resets);
  } else {
    reply_header(x, "x-rate-limit", "%lld", (long long)total);
    reply_header(x, "x-rate-limit-remaining", "%lld", (long long)left);
    reply_header(x, "ratelimit-limit", "%lld", (long long)total);
    reply_header(x, "ratelimit-remaining", "%lld", (long long)left);
    reply_header(x, "ratelimit-reset", "%lld", (long long)resets);
  }
  if (!enforced || b->used <= limit) {
    return true;
  }
  reply_header(x, "Retry-After", "%lld", (long long)resets);
  if (name) {
    buf_printf(reply_text(x, 429, "text/plain; charset=utf-8"),
               "Number of allowed %s API requests per minute exceeded", name);
  } else {
    zendesk_error(x, 429, "APIRateLimitExceeded",
                  "Number of allowed API requests per minute exceeded");
  }
  return false;
}

static const struct {
  const char *family, *name;
  int64_t limit;
} limits[BUCKET_COUNT] = {
    [BUCKET_ACCOUNT] = {"", NULL, 700},
    [BUCKET_EXPORT] = {"export", "incremental-exports", 10},
    [BUCKET_UPDATE] = {"update", "tickets-update", 100},
    [BUCKET_SEARCH] = {"search", "search-index", 100},
    [BUCKET_LIST] = {"list", "tickets-index", 100},
    [BUCKET_AUDITS] = {"audits", "ticket-audits-index", 500},
};

static bool rates_count(struct exchange *x) {
  struct zendesk *z = x->state;
  if (!zendesk_limit(x, &z->buckets[BUCKET_ACCOUNT], NULL, limits[BUCKET_ACCOUNT].limit, 60)) {
    return false;
  }
  for (size_t i = BUCKET_ACCOUNT + 1; i < BUCKET_COUNT && x->route; i++) {
    if (strcmp(limits[i].family, x->route->family) == 0) {
      return zendesk_limit(x, &z->buckets[i], limits[i].name, limits[i].limit, 60);
    }
  }
  return true;
}

static void forbidden(struct exchange *x) {
  zendesk_error_titled(
      x, 403, "Forbidden",
      "You do not have access to this page. Please contact the account owner of this help desk for "
      "further help.");
}

static unsigned grants_needed(const struct exchange *x) {
  const char *family = x->route ? x->route->family : "";
  if (strcmp(x->method, "GET") != 0) {
    return GRANT_WRITE | GRANT_TICKETS_WRITE;
  }
  if (strcmp(family, "audits") == 0 || strcmp(family, "macros") == 0) {
    return GRANT_READ; /* tickets:read is not enough */
  }
  if (strcmp(family, "users") == 0) {
    return GRANT_READ | GRANT_USERS_READ;
  }
  if (strcmp(family, "webhooks") == 0) {
    return GRANT_READ | GRANT_WEBHOOKS_READ;
  }
  return GRANT_READ | GRANT_TICKETS_READ;
}

static bool zendesk_enter(struct exchange *x) {
  struct zendesk *z = x->state;
  bool expired = false;
  bool anonymous_may = x->route &&
                       (x->route->answer == zendesk_me || x->route->answer == zendesk_token);
  uint64_t id = hash_mix(x->sim->opt.seed, ++z->requests);
  reply_header(x, "x-request-id", "%08x-%04x-%04x", (unsigned)(id >> 32),
               (unsigned)(id >> 16 & 0xffff), (unsigned)(id & 0xffff));
  x->user = x->sim->store.bot;
  x->grants = zendesk_grants(x, &expired);
  if (expired) {
    x->sim->stats.unauthorized++;
    struct buf *b = reply_json(x, 401);
    jw_open(b, '{');
    jw_kstr(b, "error", "invalid_token");
    jw_kstr(
        b, "error_description",
        "The access token provided is expired, revoked, malformed or invalid for other reasons.");
    jw_close(b, '}');
    return false;
  }
  if ((x->grants == 0 || x->grants == GRANT_ANONYMOUS) && !anonymous_may) {
    x->sim->stats.unauthorized++;
    zendesk_error_bare(x, 401, "Couldn't authenticate you");
    return false;
  }
  if (!rates_count(x)) {
    return false;
  }
  if (anonymous_may) {
    return true;
  }
  if ((x->grants & grants_needed(x)) == 0) {
    forbidden(x);
    return false;
  }
  if (x->route && strcmp(x->route->family, "export") == 0 && !(x->grants & GRANT_ADMIN)) {
    forbidden(x);
    return false;
  }
  return true;
}

static void zendesk_missing(struct exchange *x, bool path_known) {
  (void)path_known;
  struct buf *b = reply_json(x, 404);
  buf_str(b, "{\"error\":\"InvalidEndpoint\",\"description\":\"Not found\"}");
}

/* The edge answers in HTML, and at length. */
static void page_of_html(struct exchange *x, int status, const char *title) {
  struct buf *b = reply_text(x, status, "text/html; charset=utf-8");
  buf_printf(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>%s</title><style>\n", title);
  for (int i = 0; b->n < 22 * 1024; i++) {
    buf_printf(b, ".row-%d { margin: %dpx; padding: 0 %dpx; color: #30aabc; }\n", i, i % 17, i % 5);
  }
  buf_printf(b,
             "</style></head><body><h1>%s</h1><p>Please try again in a moment.</p></body></html>\n",
             title);
}

static void zendesk_fail(struct exchange *x, enum fault_kind k) {
  switch (k) {
  case FAULT_429:
    reply_header(x, "Retry-After", "%lld", (long long)x->sim->opt.retry_after_s);
    if (x->route && strcmp(x->route->family, "export") == 0) {
      buf_str(reply_text(x, 429, "text/plain; charset=utf-8"),
              "Number of allowed incremental ticket export API requests per minute exceeded");
      break;
    }
    zendesk_error(x, 429, "APIRateLimitExceeded",
                  "Number of allowed API requests per minute exceeded");
    break;
  case FAULT_500:
    zendesk_error_list(x, 500, "InternalServerError", "Internal server error",
                       "Something went wrong on our side. The error has been recorded.");
    break;
  case FAULT_503:
    page_of_html(x, 503, "Service unavailable");
    break;
  default:
    buf_str(reply_text(x, 529, "text/plain; charset=utf-8"), "Site is overloaded\n");
  }
}

static const struct route routes[] = {
    {"POST", "/oauth/tokens", "oauth", 0, zendesk_token},
    {"GET", "/api/v2/users/me", "users", 0, zendesk_me},
    {"GET", "/api/v2/users/show_many", "users", 0, zendesk_users_many},
    {"GET", "/api/v2/users/{}", "users", 0, zendesk_user_show},
    {"GET", "/api/v2/incremental/tickets/cursor", "export",
     FAULT_BIT(FAULT_REPEAT) | FAULT_BIT(FAULT_STUCK), zendesk_export_cursor},
    {"GET", "/api/v2/incremental/tickets", "export", FAULT_BIT(FAULT_REPEAT), zendesk_export_time},
    {"GET", "/api/v2/tickets", "list", FAULT_BIT(FAULT_REPEAT), zendesk_list},
    {"POST", "/api/v2/tickets", "create", FAULT_BIT(FAULT_CONFLICT), zendesk_create},
    {"GET", "/api/v2/tickets/show_many", "tickets", 0, zendesk_show_many},
    {"PUT", "/api/v2/tickets/update_many", "update", 0, zendesk_update_many},
    {"GET", "/api/v2/tickets/{}", "tickets", 0, zendesk_show},
    {"PUT", "/api/v2/tickets/{}", "update",
     FAULT_BIT(FAULT_CONFLICT) | FAULT_BIT(FAULT_MEDDLE) | FAULT_BIT(FAULT_RIVAL), zendesk_update},
    {"GET", "/api/v2/tickets/{}/comments", "comments", FAULT_BIT(FAULT_REPEAT), zendesk_comments},
    {"GET", "/api/v2/tickets/{}/audits", "audits", FAULT_BIT(FAULT_REPEAT), zendesk_audits},
    {"GET", "/api/v2/tickets/{}/metrics", "tickets", 0, zendesk_metrics},
    {"GET", "/api/v2/ticket_metrics/{}", "tickets", 0, zendesk_metrics_by_id},
    {"GET", "/api/v2/tickets/{}/tags", "tickets", 0, zendesk_tags_get},
    {"POST", "/api/v2/tickets/{}/tags", "tags", FAULT_BIT(FAULT_CONFLICT), zendesk_tags_set},
    {"PUT", "/api/v2/tickets/{}/tags", "tags", FAULT_BIT(FAULT_CONFLICT), zendesk_tags_add},
    {"DELETE", "/api/v2/tickets/{}/tags", "tags", FAULT_BIT(FAULT_CONFLICT), zendesk_tags_remove},
    {"GET", "/api/v2/deleted_tickets", "list", 0, zendesk_deleted},
    {"GET", "/api/v2/search", "search", 0, zendesk_search},
    {"GET", "/api/v2/search/export", "search", 0, zendesk_search_export},
    {"GET", "/api/v2/satisfaction_ratings", "ratings", 0, zendesk_ratings},
    {"GET", "/api/v2/groups", "settings", 0, zendesk_groups},
    {"GET", "/api/v2/ticket_fields", "settings", 0, zendesk_ticket_fields},
    {"GET", "/api/v2/custom_statuses", "settings", 0, zendesk_statuses},
    {"GET", "/api/v2/macros", "macros", 0, zendesk_macros},
    {"GET", "/api/v2/job_statuses/{}", "settings", 0, zendesk_job},
    {"GET", "/api/v2/webhooks/{}/signing_secret", "webhooks", 0, zendesk_webhook_secret},
};

extern const struct vendor vendor_zendesk;
const struct vendor vendor_zendesk = {
    .name = "zendesk",
    .side = "zendesk",
    .suffix = ".json",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = zendesk_owns,
    .open = zendesk_open,
    .close = zendesk_close,
    .enter = zendesk_enter,
    .missing = zendesk_missing,
    .fail = zendesk_fail,
    .pushed = zendesk_pushed,
};
