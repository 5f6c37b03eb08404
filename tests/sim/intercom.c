/* Intercom: who may ask what, and how it says no. */
#include "intercom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MS = 10000, WINDOW_REQUESTS = 1666, DEFAULT_MINOR = 11, NEWEST_MINOR = 17 };

static bool intercom_owns(const struct exchange *x) {
  static const char *const roots[] = {"/me",     "/conversations", "/tickets",       "/tags",
                                      "/teams",  "/ticket_types",  "/ticket_states", "/contacts",
                                      "/admins", "/macros"};
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    size_t n = strlen(roots[i]);
    if (strncmp(x->path, roots[i], n) == 0 && (x->path[n] == '/' || x->path[n] == '\0')) {
      return true;
    }
  }
  return false;
}

static void *intercom_open(void) {
  return mem_alloc(sizeof(struct intercom));
}

static void intercom_close(void *state) {
  struct intercom *ic = state;
  free(ic->tags);
  free(ic->snoozed);
  for (size_t i = 0; i < ic->revoked_count; i++) {
    free(ic->revoked[i]);
  }
  free(ic->revoked);
  free(ic);
}

struct view intercom_view(struct exchange *x) {
  const char *as = exchange_query(x, "display_as");
  return (struct view){x->sim, x->grants, as && strcmp(as, "plaintext") == 0};
}

static void request_id(struct exchange *x, char ret_text[40]) {
  struct intercom *ic = x->state;
  uint64_t a = hash_mix(x->sim->opt.seed, 0x1c0 + ic->requests);
  uint64_t b = hash_mix(a, 1);
  snprintf(ret_text, 40, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(a >> 32),
           (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 52),
           (unsigned long long)(b & 0xffffffffffff));
}

void intercom_error(struct exchange *x, int status, const char *code, const char *message,
                    const char *field) {
  char id[40];
  request_id(x, id);
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kstr(b, "type", "error.list");
  jw_kstr(b, "request_id", id);
  jw_kopen(b, "errors", '[');
  jw_open(b, '{');
  jw_kstr(b, "code", code);
  jw_kstr(b, "message", message);
  if (field) {
    jw_kstr(b, "field", field);
  }
  jw_close(b, '}');
  jw_close(b, ']');
  jw_close(b, '}');
}

void intercom_not_found(struct exchange *x) {
  intercom_error(x, 404, "not_found", "Resource Not Found", NULL);
}

static struct ticket *of_path(struct exchange *x, bool ticket) {
  char *end = NULL;
  unsigned long long number = strtoull(x->capture[0], &end, 10);
  struct ticket *t = *end == '\0' ? ticket_get(intercom_desk(x->sim), number) : NULL;
  if (t == NULL || t->status == STATUS_DELETED || intercom_is_ticket(t) != ticket) {
    intercom_not_found(x);
    return NULL;
  }
  return t;
}

struct ticket *intercom_conversation(struct exchange *x) {
  return of_path(x, false);
}

struct ticket *intercom_ticket(struct exchange *x) {
  return of_path(x, true);
}

uint64_t intercom_wish_id(const cJSON *v) {
  char *end = NULL;
  if (cJSON_IsNumber(v) && v->valuedouble > 0 && v->valuedouble < 9e15) {
    return (uint64_t)v->valuedouble;
  }
  if (!cJSON_IsString(v) || *v->valuestring == '\0') {
    return 0;
  }
  uint64_t id = strtoull(v->valuestring, &end, 10);
  return *end == '\0' ? id : 0;
}

/* Reset is a moment in the client's time, not in the simulator's, which may jump. */
static void limit_headers(struct exchange *x, int64_t left, int64_t reset_ms) {
  bool enforced = x->sim->opt.rate_limits;
  reply_header(x, "X-RateLimit-Limit", "%d", enforced ? (int)WINDOW_REQUESTS : 1000000);
  reply_header(x, "X-RateLimit-Remaining", "%lld", (long long)left);
  reply_header(x, "X-RateLimit-Reset", "%lld", (long long)((reset_ms + 999) / 1000));
}

static void too_many(struct exchange *x) {
  intercom_error(x, 429, "rate_limit_exceeded", "Exceeded rate limit", NULL);
}

static bool limit_fits(struct exchange *x) {
  struct intercom *ic = x->state;
  int64_t now = clock_wall_ms();
  int64_t window = now - now % WINDOW_MS;
  if (window != ic->window_ms) {
    ic->window_ms = window;
    ic->used = 0;
  }
  ic->used++;
  int64_t total = x->sim->opt.rate_limits ? WINDOW_REQUESTS : 1000000;
  limit_headers(x, total > ic->used ? total - ic->used : 0, window + WINDOW_MS);
  if (ic->used > total) {
    too_many(x);
    return false;
  }
  return true;
}

static bool refuse(struct exchange *x, const char *code, const char *message) {
  x->sim->stats.unauthorized++;
  intercom_error(x, 401, code, message, NULL);
  return false;
}

/* What was revoked once stays so: there is nothing to renew. */
static bool token_revoked(struct exchange *x, const char *token) {
  struct intercom *ic = x->state;
  for (size_t i = 0; i < ic->revoked_count; i++) {
    if (strcmp(ic->revoked[i], token) == 0) {
      return true;
    }
  }
  if (x->fault != FAULT_SESSION) {
    return text_starts(token, "bad-revoked");
  }
  ic->revoked = mem_grow(ic->revoked, (ic->revoked_count + 1) * sizeof *ic->revoked);
  ic->revoked[ic->revoked_count++] = strdup(token);
  return true;
}

static bool token_fits(struct exchange *x) {
  static const char bearer[] = "Bearer ";
  const char *header = exchange_header(x, "Authorization");
  if (!text_starts(header, bearer) || header[sizeof bearer - 1] == '\0') {
    return refuse(x, "unauthorized", "Access Token Invalid");
  }
  const char *token = header + sizeof bearer - 1;
  if (token_revoked(x, token)) {
    return refuse(x, "token_revoked", "Access Token Revoked");
  }
  if (text_starts(token, "bad-expired")) {
    return refuse(x, "token_expired", "Access Token Expired");
  }
  return text_starts(token, "bad") ? refuse(x, "unauthorized", "Access Token Invalid") : true;
}

/* Plans and permissions hang on the token here: plan-… and readonly-… */
static bool token_may(struct exchange *x) {
  const char *token = exchange_header(x, "Authorization") + strlen("Bearer ");
  bool reads = strcmp(x->method, "GET") == 0 ||
               (x->route && strcmp(x->route->family, "search") == 0);
  if (text_starts(token, "plan") && strcmp(x->path, "/me") != 0) {
    intercom_error(x, 403, "api_plan_restricted", "Active subscription needed.", NULL);
    return false;
  }
  if (text_starts(token, "readonly") && !reads) {
    intercom_error(x, 403, "action_forbidden",
                   "The access token is not authorized to perform this action", NULL);
    return false;
  }
  return true;
}

/* Sets x->grants to the minor version. */
static bool version_fits(struct exchange *x) {
  const char *version = exchange_header(x, "Intercom-Version");
  unsigned major = 2;
  unsigned minor = DEFAULT_MINOR;
  char rest = '\0';
  if (version && (strcasecmp(version, "unstable") == 0 || strcasecmp(version, "preview") == 0)) {
    minor = NEWEST_MINOR;
  } else if (version && (sscanf(version, "%1u.%2u%c", &major, &minor, &rest) != 2 || major != 2 ||
                         minor > NEWEST_MINOR)) {
    intercom_error(x, 400, "intercom_version_invalid", "The requested version could not be found",
                   NULL);
    return false;
  }
  x->grants = minor;
  reply_header(x, "Intercom-Version", "2.%u", minor);
  return true;
}

static bool accept_fits(struct exchange *x) {
  const char *accept = exchange_header(x, "Accept");
  if (accept && (strstr(accept, "*/*") || strstr(accept, "application/*") ||
                 strstr(accept, "application/json"))) {
    return true;
  }
  intercom_error(x, 406, "media_type_not_acceptable",
                 "The Accept header should send a media type of application/json", NULL);
  return false;
}

static bool body_fits(struct exchange *x) {
  const char *type = exchange_header(x, "Content-Type");
  if (x->body.n == 0 || (type && strstr(type, "application/json") && exchange_json(x))) {
    return true;
  }
  intercom_error(x, 400, "bad_request", "Bad HTTP request: the body is not JSON", NULL);
  return false;
}

/* What was snoozed until now opens by itself. */
static void wake(struct exchange *x) {
  struct intercom *ic = x->state;
  struct desk *d = intercom_desk(x->sim);
  size_t kept = 0;
  for (size_t i = 0; i < ic->snoozed_count; i++) {
    struct ticket *t = ticket_get(d, ic->snoozed[i]);
    if (t->status != STATUS_HOLD) {
      continue;
    }
    if (intercom_snoozed_ms(t) > clock_now_ms(&x->sim->clock)) {
      ic->snoozed[kept++] = ic->snoozed[i];
      continue;
    }
    struct edit e;
    edit_begin(&e, &x->sim->store, d, t, x->sim->store.system, 0);
    edit_status(&e, STATUS_OPEN);
    edit_commit(&e);
  }
  ic->snoozed_count = kept;
}

static bool intercom_enter(struct exchange *x) {
  struct intercom *ic = x->state;
  char id[40];
  ic->requests++;
  request_id(x, id);
  reply_header(x, "X-Request-Id", "%s", id);
  wake(x);
  x->user = x->sim->store.bot;
  return token_fits(x) && limit_fits(x) && version_fits(x) && accept_fits(x) && token_may(x) &&
         body_fits(x);
}

static void intercom_missing(struct exchange *x, bool path_known) {
  (void)path_known; /* the wrong method is not told apart */
  intercom_not_found(x);
}

static void intercom_fail(struct exchange *x, enum fault_kind k) {
  struct intercom *ic = x->state;
  ic->requests++;
  switch (k) {
  case FAULT_429:
    limit_headers(x, 0, clock_wall_ms() + x->sim->opt.retry_after_s * 1000);
    too_many(x);
    break;
  case FAULT_500:
    intercom_error(x, 500, "server_error", "Server Error", NULL);
    break;
  case FAULT_503:
    intercom_error(x, 503, "service_unavailable",
                   "Sorry, the API service is temporarily unavailable", NULL);
    break;
  default:
    /* not every word comes from the application itself */
    buf_str(reply_text(x, 529, "text/html; charset=utf-8"),
            "<html><body><h1>Overloaded</h1></body></html>\n");
  }
}

#define DIES FAULT_BIT(FAULT_SESSION)
#define SEARCH_FAULTS                                                                              \
  (DIES | FAULT_BIT(FAULT_REPEAT) | FAULT_BIT(FAULT_STUCK) | FAULT_BIT(FAULT_ESCAPE) |             \
   FAULT_BIT(FAULT_SEARCH404))

#define HANDS (DIES | FAULT_BIT(FAULT_MEDDLE) | FAULT_BIT(FAULT_RIVAL))

static const struct route routes[] = {
    {"GET", "/me", "me", DIES, intercom_me},
    {"GET", "/admins", "settings", DIES, intercom_admins},
    {"GET", "/teams", "settings", DIES, intercom_teams_list},
    {"GET", "/macros", "macros", DIES, intercom_macros},
    {"GET", "/tags", "settings", DIES, intercom_tags_list},
    {"POST", "/tags", "tags", DIES, intercom_tag_make},
    {"GET", "/ticket_types", "settings", DIES, intercom_ticket_types},
    {"GET", "/ticket_states", "settings", DIES, intercom_ticket_states},
    {"GET", "/contacts/{}", "contacts", DIES, intercom_contact},
    {"GET", "/conversations", "search", DIES | FAULT_BIT(FAULT_REPEAT),
     intercom_conversations_list},
    {"POST", "/conversations/search", "search", SEARCH_FAULTS, intercom_conversations_search},
    {"GET", "/conversations/{}", "conversations", DIES, intercom_conversation_show},
    {"PUT", "/conversations/{}", "update", HANDS, intercom_conversation_update},
    {"POST", "/conversations/{}/reply", "reply", HANDS, intercom_conversation_reply},
    {"POST", "/conversations/{}/parts", "parts", HANDS, intercom_conversation_part},
    {"POST", "/conversations/{}/tags", "tags", HANDS, intercom_tag_attach},
    {"DELETE", "/conversations/{}/tags/{}", "tags", DIES, intercom_tag_detach},
    {"POST", "/tickets/search", "search", SEARCH_FAULTS, intercom_tickets_search},
    {"GET", "/tickets/{}", "tickets", DIES, intercom_ticket_show},
    {"PUT", "/tickets/{}", "update", HANDS, intercom_ticket_update},
    {"POST", "/tickets/{}/reply", "reply", HANDS, intercom_ticket_reply},
    {"POST", "/tickets/{}/tags", "tags", HANDS, intercom_tag_attach},
    {"DELETE", "/tickets/{}/tags/{}", "tags", DIES, intercom_tag_detach},
};

extern const struct vendor vendor_intercom;
const struct vendor vendor_intercom = {
    .name = "intercom",
    .side = "intercom",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = intercom_owns,
    .open = intercom_open,
    .close = intercom_close,
    .enter = intercom_enter,
    .missing = intercom_missing,
    .fail = intercom_fail,
    .pushed = intercom_pushed,
    .snoozed = intercom_snooze,
};
