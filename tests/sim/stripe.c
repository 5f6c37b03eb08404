/* Stripe's meter events: POST /v1/billing/meter_events, form-encoded. Answers are kept by
 * Idempotency-Key, 5xx among them; an identifier is taken once (as
 * docs.stripe.com/api/billing/meter-event/create and .../api/idempotent_requests say). The GET is
 * the simulator's own: what was taken, for tests. */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

struct kept { /* the answer to a key */
  int status;
  char *text, *request;
};
struct books {
  struct map answers, identifiers; /* by hash; index + 1 of `kept`, moment */
  struct kept *kept;
  size_t kept_count;
  struct buf events; /* JSON, one after the other */
  int64_t count, sum, replays, repeats;
};

static void *stripe_open(void) {
  struct books *k = mem_alloc(sizeof *k);
  memset(k, 0, sizeof *k);
  return k;
}

static void stripe_close(void *state) {
  struct books *k = state;
  for (size_t i = 0; i < k->kept_count; i++) {
    free(k->kept[i].text);
    free(k->kept[i].request);
  }
  free(k->kept);
  map_free(&k->answers);
  map_free(&k->identifiers);
  buf_free(&k->events);
  free(k);
}

static bool stripe_owns(const struct exchange *x) {
  return text_starts(x->path, "/v1/billing/");
}

static void stripe_error(struct exchange *x, int status, const char *type, const char *message) {
  struct buf *b = reply_json(x, status);
  jw_open(b, '{');
  jw_kopen(b, "error", '{');
  jw_kstr(b, "type", type);
  jw_kstr(b, "message", message);
  jw_close(b, '}');
  jw_close(b, '}');
}

static bool stripe_enter(struct exchange *x) {
  const char *bearer = exchange_header(x, "Authorization");
  if (strcmp(x->method, "GET") == 0) {
    return true;
  }
  if (bearer != NULL && text_starts(bearer, "Bearer ") && !text_starts(bearer, "Bearer bad")) {
    return true;
  }
  x->sim->stats.unauthorized++;
  stripe_error(x, 401, "invalid_request_error", "Invalid API Key provided");
  return false;
}

static void stripe_missing(struct exchange *x, bool path_known) {
  (void)path_known;
  stripe_error(x, 404, "invalid_request_error", "Unrecognized request URL");
}

static void answer_keep(struct exchange *x, const char *key) {
  struct books *k = x->state;
  struct buf copy = {0}, request = {0};
  buf_add(&copy, x->out.p, x->out.n);
  buf_add(&request, x->body.p, x->body.n);
  k->kept = mem_grow(k->kept, (k->kept_count + 1) * sizeof *k->kept);
  k->kept[k->kept_count++] = (struct kept){x->status, buf_take(&copy), buf_take(&request)};
  map_put(&k->answers, hash_text(1, key), k->kept_count);
}

static void stripe_fail(struct exchange *x, enum fault_kind kind) {
  const char *key = exchange_header(x, "Idempotency-Key");
  if (kind == FAULT_429) {
    stripe_error(x, 429, "rate_limit_error", "Too many requests hit the API too quickly.");
    return;
  }
  stripe_error(x, kind == FAULT_500 ? 500 : 503, "api_error", "An error occurred on our side.");
  if (key != NULL) {
    answer_keep(x, key);
  }
}

/* One field of the form, decoded; NULL when it is not there. */
static char *form_get(struct exchange *x, const char *name) {
  const char *at = buf_text(&x->body);
  for (size_t n = strlen(name); at != NULL; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
    if (strncmp(at, name, n) != 0 || at[n] != '=') {
      continue;
    }
    struct buf out = {0};
    for (const char *c = at + n + 1; *c != '\0' && *c != '&'; c++) {
      unsigned byte = 0;
      if (*c == '%' && sscanf(c + 1, "%2x", &byte) == 1) {
        buf_char(&out, (char)byte);
        c += 2;
      } else {
        buf_char(&out, *c);
      }
    }
    return buf_take(&out);
  }
  return NULL;
}

struct event {
  char *name, *customer, *value, *identifier, *timestamp;
};

static void event_free(struct event *e) {
  free(e->name);
  free(e->customer);
  free(e->value);
  free(e->identifier);
  free(e->timestamp);
}

/* NULL, or what is wrong with it. */
static const char *event_wrong(struct exchange *x, const struct event *e) {
  char *end = NULL;
  const int64_t now = clock_now_ms(&x->sim->clock);
  if (e->name == NULL || strcmp(e->name, "unknown") == 0) {
    return "No active meter found for the event name";
  }
  if (e->customer == NULL || !text_starts(e->customer, "cus_")) {
    return "Missing required param: payload[stripe_customer_id].";
  }
  if (e->value == NULL || (strtoll(e->value, &end, 10), end == e->value || *end != '\0')) {
    return "The payload's value must be a whole number";
  }
  if (e->identifier == NULL || strlen(e->identifier) > 100) {
    return "Invalid identifier: must be at most 100 characters";
  }
  const int64_t at = e->timestamp != NULL ? strtoll(e->timestamp, NULL, 10) * 1000 : now;
  if (at < now - 35 * DAY_MS || at > now + 5 * 60 * 1000) {
    return "Invalid timestamp: must be within the past 35 calendar days or up to 5 minutes ahead";
  }
  return NULL;
}

static void event_take(struct exchange *x, const struct event *e) {
  struct books *k = x->state;
  const int64_t now = clock_now_ms(&x->sim->clock);
  uint64_t before = 0;
  char text[200];
  const uint64_t id = hash_text(2, e->identifier);
  if (map_get(&k->identifiers, id, &before) && now - (int64_t)before < DAY_MS) {
    k->repeats++;
    snprintf(text, sizeof text, "An event already exists with identifier %.110s.", e->identifier);
    stripe_error(x, 400, "invalid_request_error", text);
    return;
  }
  map_put(&k->identifiers, id, (uint64_t)now);
  k->count++;
  k->sum += strtoll(e->value, NULL, 10);
  for (int copy = 0; copy < 2; copy++) {
    struct buf *b = copy == 0 ? &k->events : reply_json(x, 200);
    jw_raw(b, "{\"object\":\"billing.meter_event\"");
    jw_kstr(b, "event_name", e->name);
    jw_kstr(b, "identifier", e->identifier);
    jw_kstr(b, "customer", e->customer);
    jw_kstr(b, "value", e->value);
    jw_kraw(b, "timestamp", e->timestamp != NULL ? e->timestamp : "0");
    jw_close(b, '}');
  }
}

static void stripe_event(struct exchange *x) {
  struct books *k = x->state;
  const char *key = exchange_header(x, "Idempotency-Key");
  uint64_t at = 0;
  if (key != NULL && map_get(&k->answers, hash_text(1, key), &at)) {
    const struct kept *old = &k->kept[at - 1];
    k->replays++;
    if (strcmp(old->request, buf_text(&x->body)) != 0) {
      stripe_error(x, 400, "idempotency_error",
                   "Keys for idempotent requests can only be used with the same parameters");
      return;
    }
    buf_str(reply_json(x, old->status), old->text);
    reply_header(x, "Idempotent-Replayed", "true");
    return;
  }
  struct event e = {form_get(x, "event_name"), form_get(x, "payload%5Bstripe_customer_id%5D"),
                    form_get(x, "payload%5Bvalue%5D"), form_get(x, "identifier"),
                    form_get(x, "timestamp")};
  const char *wrong = event_wrong(x, &e);
  if (wrong != NULL) {
    stripe_error(x, 400, "invalid_request_error", wrong);
  } else {
    event_take(x, &e);
  }
  if (key != NULL) {
    answer_keep(x, key);
  }
  event_free(&e);
}

static void stripe_taken(struct exchange *x) {
  struct books *k = x->state;
  struct buf *b = reply_json(x, 200);
  jw_open(b, '{');
  jw_kint(b, "count", k->count);
  jw_kint(b, "sum", k->sum);
  jw_kint(b, "replays", k->replays);
  jw_kint(b, "repeats", k->repeats);
  jw_kopen(b, "events", '[');
  buf_str(b, buf_text(&k->events));
  jw_close(b, ']');
  jw_close(b, '}');
}

static const struct route routes[] = {
    {"POST", "/v1/billing/meter_events", "meter", FAULTS_TRANSPORT, stripe_event},
    {"GET", "/v1/billing/meter_events", "taken", 0, stripe_taken},
};

extern const struct vendor vendor_stripe;
const struct vendor vendor_stripe = {
    .name = "stripe",
    .side = "stripe",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .owns = stripe_owns,
    .open = stripe_open,
    .close = stripe_close,
    .enter = stripe_enter,
    .missing = stripe_missing,
    .fail = stripe_fail,
};
