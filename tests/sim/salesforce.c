/* Salesforce Service Cloud: its paths, who may ask, and how it says no. */
#include "salesforce.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_FIRST = 31, VERSION_LAST = 68, CALLS_A_DAY = 100000, CALLS_UNLIMITED = 10000000 };
static const int64_t DAY_MS = 86400000;

static bool salesforce_owns(const struct exchange *x) {
  return text_starts(x->path, "/services/") || text_starts(x->path, "/id/");
}

static void *salesforce_open(void) {
  return mem_alloc(sizeof(struct salesforce));
}

static void salesforce_close(void *state) {
  struct salesforce *sf = state;
  for (size_t i = 0; i < LOCATOR_MAX; i++) {
    free(sf->locators[i].soql);
    free(sf->locators[i].rows);
  }
  free(sf->tokens);
  map_free(&sf->token_at);
  map_free(&sf->kinds);
  map_free(&sf->subjects);
  map_free(&sf->late_seen);
  map_free(&sf->run_ids);
  free(sf);
}

int sf_version(const struct exchange *x) {
  int version = 0;
  return sscanf(x->path, "/services/data/v%d.0", &version) == 1 ? version : 62;
}

/* The server by the name it was called with, or by its other one after the org has moved. */
const char *sf_host(const struct exchange *x, char *ret_url, size_t bytes) {
  const struct salesforce *sf = x->state;
  const char *host = exchange_header(x, "Host");
  const char *port = host ? strrchr(host, ':') : NULL;
  if (sf->moved && port) {
    snprintf(ret_url, bytes, "http://%s%s",
             text_starts(host, "localhost") ? "127.0.0.1" : "localhost", port);
  } else {
    snprintf(ret_url, bytes, "http://%.100s", host ? host : "127.0.0.1");
  }
  return ret_url;
}

static void error_write(struct buf *b, const char *code, const char *field, const char *message) {
  jw_open(b, '[');
  jw_open(b, '{');
  jw_kstr(b, "message", message);
  jw_kstr(b, "errorCode", code);
  if (field) {
    jw_kopen(b, "fields", '[');
    jw_str(b, field);
    jw_close(b, ']');
  }
  jw_close(b, '}');
  jw_close(b, ']');
}

void sf_refuse(struct exchange *x, int status, const char *code, const char *message) {
  error_write(reply_json(x, status), code, NULL, message);
}

void sf_error(struct sf_call *c, int status, const char *code, const char *field,
              const char *format, ...) {
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  message[utf8_cut(message, strlen(message))] = '\0';
  c->out.n = 0;
  c->status = status;
  error_write(&c->out, code, field, message);
}

void sf_not_found(struct sf_call *c) {
  sf_error(c, 404, "NOT_FOUND", NULL, "The requested resource does not exist");
}

const char *sf_call_header(const struct sf_call *c, const char *name) {
  if (!c->part) {
    return exchange_header(c->x, name);
  }
  return cJSON_GetStringValue(cJSON_GetObjectItem(c->headers, name));
}

static void decode(const char *text, size_t n, struct buf *out) {
  for (size_t i = 0; i < n; i++) {
    char hex[3] = {0};
    char *end = NULL;
    if (text[i] == '%' && i + 2 < n) {
      memcpy(hex, text + i + 1, 2);
    }
    long code = hex[0] ? strtol(hex, &end, 16) : 0;
    if (hex[0] && *end == '\0') {
      buf_char(out, (char)code);
      i += 2;
    } else {
      buf_char(out, text[i] == '+' ? ' ' : text[i]);
    }
  }
  buf_text(out);
}

char *sf_call_query(const struct sf_call *c, const char *name) {
  struct buf out = {0};
  size_t n = strlen(name);
  if (!c->part) {
    const char *value = exchange_query(c->x, name);
    buf_str(&out, value ? value : "");
    return value ? buf_take(&out) : NULL;
  }
  for (const char *at = strchr(c->path, '?'); at; at = strchr(at + 1, '&')) {
    if (strncmp(at + 1, name, n) == 0 && at[1 + n] == '=') {
      decode(at + n + 2, strcspn(at + n + 2, "&"), &out);
      return buf_take(&out);
    }
  }
  return NULL;
}

static bool method_is(const struct sf_call *c, const char *method) {
  return strcmp(c->method, method) == 0;
}

static void method_refuse(struct sf_call *c) {
  sf_error(c, 405, "METHOD_NOT_ALLOWED", NULL, "HTTP Method '%.20s' not allowed", c->method);
}

/* /sobjects/OBJECT/ID */
static void record_run(struct sf_call *c, const struct sf_object *o, const char *id) {
  if (method_is(c, "GET") && strcmp(id, "describe") == 0) {
    sf_describe(c, o);
  } else if (method_is(c, "GET")) {
    sf_call_retrieve(c, o, id);
  } else if (method_is(c, "PATCH") && o == &sf_case) {
    sf_call_update(c, id);
  } else {
    method_refuse(c);
  }
}

static void sobjects_run(struct sf_call *c, char **step, size_t n) {
  const struct sf_object *o = n > 1 ? sf_object(step[1]) : NULL;
  if (o == NULL || n > 4) {
    sf_not_found(c);
  } else if (n == 2 && method_is(c, "POST")) {
    sf_call_create(c, o);
  } else if (n == 2) {
    method_refuse(c);
  } else if (n == 3) {
    record_run(c, o, step[2]);
  } else if (o == &sf_case && strcmp(step[2], SF_RUN_ID) == 0 &&
             (method_is(c, "PATCH") || method_is(c, "GET"))) {
    sf_call_upsert(c, step[3]);
  } else {
    sf_error(c, 404, "NOT_FOUND", NULL,
             "Provided external ID field does not exist or is not accessible: %.60s", step[2]);
  }
}

static void query_run(struct sf_call *c, char **step, size_t n) {
  bool all = strcmp(step[0], "queryAll") == 0;
  if (!method_is(c, "GET")) {
    method_refuse(c);
  } else if (c->rehearsal) {
    c->status = 200;
  } else if (n == 1) {
    sf_call_query_run(c, all);
  } else {
    sf_call_more(c, step[1]);
  }
}

static int64_t calls_a_day(const struct exchange *x) {
  const struct options *o = &x->sim->opt;
  return o->calls_a_day ? o->calls_a_day : o->rate_limits ? CALLS_A_DAY : CALLS_UNLIMITED;
}

void sf_limits(struct sf_call *c) {
  const struct salesforce *sf = c->x->state;
  int64_t max = calls_a_day(c->x);
  buf_printf(&c->out,
             "{\"DailyApiRequests\":{\"Max\":%lld,\"Remaining\":%lld},"
             "\"SingleEmail\":{\"Max\":5000,\"Remaining\":%lld},"
             "\"DataStorageMB\":{\"Max\":1024,\"Remaining\":1000}}",
             (long long)max, (long long)(max - sf->used), (long long)(5000 - sf->mails));
  c->status = 200;
}

static void others_run(struct sf_call *c, char **step, size_t n) {
  bool post = method_is(c, "POST");
  bool mail = n == 3 && strcmp(step[0], "actions") == 0 && strcmp(step[2], "emailSimple") == 0;
  if (strcmp(step[0], "limits") == 0 && n == 1) {
    sf_limits(c);
  } else if (strcmp(step[0], "composite") == 0 && n == 1 && !c->part && post) {
    sf_composite(c);
  } else if (mail && post) {
    sf_call_mail(c);
  } else {
    sf_not_found(c);
  }
}

void sf_call_run(struct sf_call *c) {
  char copy[sizeof c->path];
  char *step[6] = {0};
  char *rest = NULL;
  size_t n = 0;
  snprintf(copy, sizeof copy, "%.*s", (int)strcspn(c->path, "?"), c->path);
  for (char *s = strtok_r(copy, "/", &rest); s && n < 6; s = strtok_r(NULL, "/", &rest)) {
    step[n++] = s;
  }
  if (n == 0) {
    c->status = 200;
    buf_str(&c->out, "{\"sobjects\":\"/sobjects\",\"query\":\"/query\",\"limits\":\"/limits\"}");
  } else if (strcmp(step[0], "sobjects") == 0) {
    sobjects_run(c, step, n);
  } else if (strcmp(step[0], "query") == 0 || strcmp(step[0], "queryAll") == 0) {
    query_run(c, step, n);
  } else {
    others_run(c, step, n);
  }
}

/* Counts the call against the day's; false when they are used up: it has answered then. */
static bool usage_count(struct exchange *x) {
  struct salesforce *sf = x->state;
  int64_t now = clock_now_ms(&x->sim->clock);
  int64_t max = calls_a_day(x);
  if (now - sf->window_ms >= DAY_MS) {
    sf->window_ms = now;
    sf->used = 0;
    sf->mails = 0;
  }
  sf->used++;
  reply_header(x, "Sforce-Limit-Info", "api-usage=%lld/%lld%s", (long long)sf->used, (long long)max,
               sf->used % 10 == 0 ? ", per-app-api-usage=17/250(appName=triage)" : "");
  if (sf->used <= max) {
    return true;
  }
  sf_refuse(x, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  return false;
}

static bool is_open_path(const struct exchange *x) {
  return strcmp(x->path, "/services/oauth2/token") == 0 || strcmp(x->path, "/services/data") == 0 ||
         strcmp(x->path, "/services/data/") == 0;
}

static bool salesforce_enter(struct exchange *x) {
  const char *type = exchange_header(x, "Content-Type");
  bool writes = strcmp(x->method, "POST") == 0 || strcmp(x->method, "PATCH") == 0;
  reply_header(x, "Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private");
  if (is_open_path(x)) {
    return true;
  }
  if (!sf_session(x) || !usage_count(x)) {
    return false;
  }
  if (text_starts(x->path, "/services/data/")) {
    int version = sf_version(x);
    if (version < VERSION_FIRST) {
      sf_refuse(x, 410, "UNSUPPORTED_API_VERSION",
                "GONE: the requested version of the API is retired");
      return false;
    }
    if (version > VERSION_LAST) {
      sf_refuse(x, 404, "NOT_FOUND", "The requested resource does not exist");
      return false;
    }
  }
  if (writes && x->route && (type == NULL || strstr(type, "application/json") == NULL)) {
    sf_refuse(x, 415, "UNSUPPORTED_MEDIA_TYPE",
              "Content type specified in the request is not supported by this endpoint");
    return false;
  }
  return true;
}

static void salesforce_missing(struct exchange *x, bool path_known) {
  if (path_known) {
    sf_refuse(x, 405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed for this resource");
  } else {
    sf_refuse(x, 404, "NOT_FOUND", "The requested resource does not exist");
  }
}

/* What the edge shows while the org is being worked on. */
static void maintenance_page(struct exchange *x) {
  struct buf *b = reply_text(x, 503, "text/html; charset=UTF-8");
  buf_str(b,
          "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">\n<html><head><title>"
          "Down for maintenance</title>\n<style>\n");
  for (int i = 0; b->n < 8 * 1024; i++) {
    buf_printf(b, ".b%d { margin: %dpx; background: #00a1e0; }\n", i, i % 13);
  }
  buf_str(b, "</style></head><body><p>We are down for maintenance.</p><p>Sorry for the "
             "inconvenience. We'll be back shortly.</p></body></html>\n");
}

static void oauth_fail(struct exchange *x, enum fault_kind k) {
  if (k == FAULT_503 || k == FAULT_529) {
    maintenance_page(x);
    return;
  }
  buf_str(reply_json(x, k == FAULT_500 ? 500 : 400),
          "{\"error\":\"unknown_error\",\"error_description\":\"retry your request\"}");
}

static void salesforce_fail(struct exchange *x, enum fault_kind k) {
  if (text_starts(x->path, "/services/oauth2/")) {
    oauth_fail(x, k);
    return;
  }
  switch (k) {
  case FAULT_429: /* no such status here, and no Retry-After */
    sf_refuse(x, 403, "REQUEST_LIMIT_EXCEEDED",
              "ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
    break;
  case FAULT_SPEND:
    sf_refuse(x, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
    break;
  case FAULT_500:
    sf_refuse(x, 500, "UNKNOWN_EXCEPTION",
              "An unexpected error occurred. Please include this ErrorId if you contact support: "
              "1163442519-82113 (1844071829)");
    break;
  case FAULT_503:
    maintenance_page(x);
    break;
  default:
    sf_refuse(x, 503, "SERVER_UNAVAILABLE", "Server too busy");
  }
}

static void versions(struct exchange *x) {
  struct buf *b = reply_json(x, 200);
  jw_open(b, '[');
  for (int v = VERSION_FIRST; v <= VERSION_LAST; v++) {
    char text[48];
    jw_open(b, '{');
    snprintf(text, sizeof text, "%s '%02d",
             v % 3 == 2 ? "Winter"
             : v % 3    ? "Summer"
                        : "Spring",
             v / 3 + 4);
    jw_kstr(b, "label", text);
    snprintf(text, sizeof text, "/services/data/v%d.0", v);
    jw_kstr(b, "url", text);
    snprintf(text, sizeof text, "%d.0", v);
    jw_kstr(b, "version", text);
    jw_close(b, '}');
  }
  jw_close(b, ']');
}

static void call(struct exchange *x) {
  const char *rest = strchr(x->path + strlen("/services/data/"), '/');
  struct sf_call *c = mem_alloc(sizeof *c);
  c->x = x;
  c->method = x->method;
  c->body = exchange_json(x);
  snprintf(c->path, sizeof c->path, "%s", rest ? rest : "");
  sf_call_run(c);
  struct buf *b = reply_json(x, c->status);
  x->content_type = "application/json;charset=UTF-8";
  buf_add(b, c->out.p ? c->out.p : "", c->out.n);
  if (c->location[0]) {
    reply_header(x, "Location", "%s", c->location);
  }
  if (c->status == 200 && strcmp(x->route->family, "record") == 0 && strstr(x->path, "/Case/")) {
    struct sf_row r;
    uint64_t by = 0;
    char date[TIME_TEXT];
    if (x->capture[2] && sf_row_find(x, &sf_case, x->capture[2], &r)) {
      time_http(sf_case_modified(r.ticket, false, &by), date);
      reply_header(x, "Last-Modified", "%s", date);
    }
  }
  buf_free(&c->out);
  free(c);
}

/* The first case that the path or the body names. */
static struct ticket *salesforce_meant(struct exchange *x) {
  const char *const texts[] = {x->path, buf_text(&x->body)};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    for (const char *at = strstr(texts[i], "500"); at; at = strstr(at + 1, "500")) {
      char id[SF_ID_BYTES];
      uint64_t number = 0;
      snprintf(id, sizeof id, "%s", at);
      struct ticket *t = sf_id_parse(id, "500", &number) ? ticket_get(sf_desk(x), number) : NULL;
      if (t) {
        return t;
      }
    }
  }
  return NULL;
}

/* There are no tags here: who wants some has a multi-select picklist. */
static void salesforce_tagged(struct edit *e, const char *tag) {
  const char *json = ticket_attr(e->ticket, "Tags__c");
  struct buf b = {0};
  size_t n = json ? strlen(json) : 0;
  if (n > 2) {
    buf_printf(&b, "%.*s;%s\"", (int)n - 1, json, tag);
  } else {
    buf_printf(&b, "\"%s\"", tag);
  }
  edit_attr(e, "Tags__c", buf_text(&b));
  buf_free(&b);
}

#define DIES FAULT_BIT(FAULT_SESSION) | FAULT_BIT(FAULT_SPEND)
#define LOCKS                                                                                      \
  DIES | FAULT_BIT(FAULT_LOCK) | FAULT_BIT(FAULT_CONFLICT) | FAULT_BIT(FAULT_MEDDLE) |             \
      FAULT_BIT(FAULT_RIVAL)

static const struct route routes[] = {
    {"POST", "/services/oauth2/token", "oauth", 0, sf_token_issue},
    {"GET", "/services/oauth2/userinfo", "users", DIES, sf_userinfo},
    {"GET", "/id/{}/{}", "users", DIES, sf_userinfo},
    {"GET", "/services/data", "versions", 0, versions},
    {"GET", "/services/data/", "versions", 0, versions},
    {"GET", "/services/data/{}", "versions", DIES, call},
    {"GET", "/services/data/{}/", "versions", DIES, call},
    {"GET", "/services/data/{}/limits", "limits", DIES, call},
    {"GET", "/services/data/{}/query", "query", DIES | FAULT_BIT(FAULT_LATE), call},
    {"GET", "/services/data/{}/queryAll", "query", DIES | FAULT_BIT(FAULT_LATE), call},
    {"GET", "/services/data/{}/query/{}", "page", DIES | FAULT_BIT(FAULT_LOCATOR), call},
    {"GET", "/services/data/{}/queryAll/{}", "page", DIES | FAULT_BIT(FAULT_LOCATOR), call},
    {"GET", "/services/data/{}/sobjects/{}/{}", "record", DIES, call},
    {"PATCH", "/services/data/{}/sobjects/{}/{}", "update", LOCKS, call},
    {"GET", "/services/data/{}/sobjects/{}/{}/{}", "record", DIES, call},
    {"PATCH", "/services/data/{}/sobjects/{}/{}/{}", "update", LOCKS, call},
    {"POST", "/services/data/{}/sobjects/{}", "create", LOCKS, call},
    {"POST", "/services/data/{}/composite", "composite", LOCKS | FAULT_BIT(FAULT_PART), call},
    {"POST", "/services/data/{}/actions/standard/{}", "mail", DIES, call},
    {"GET", "/services/data/{}/chatter/users/me", "users", DIES, sf_userinfo},
};

extern const struct vendor vendor_salesforce;
const struct vendor vendor_salesforce = {
    .name = "salesforce",
    .side = "salesforce",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = salesforce_owns,
    .open = salesforce_open,
    .close = salesforce_close,
    .enter = salesforce_enter,
    .missing = salesforce_missing,
    .fail = salesforce_fail,
    .pushed = salesforce_pushed,
    .meant = salesforce_meant,
    .tagged = salesforce_tagged,
};
