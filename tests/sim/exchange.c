#include "http.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *exchange_query(const struct exchange *x, const char *name) {
  return MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *exchange_header(const struct exchange *x, const char *name) {
  return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

int64_t exchange_query_int(const struct exchange *x, const char *name, int64_t otherwise) {
  const char *text = exchange_query(x, name);
  char *end = NULL;
  if (text == NULL || *text == '\0') {
    return otherwise;
  }
  long long v = strtoll(text, &end, 10);
  /* no number of this size means anything, and products of it would overflow */
  return *end == '\0' && v > -1000000000 && v < 1000000000 ? (int64_t)v : otherwise;
}

cJSON *exchange_json(struct exchange *x) {
  if (x->json == NULL && x->body.n > 0) {
    x->json = cJSON_ParseWithLengthOpts(x->body.p, x->body.n, NULL, false);
  }
  return x->json;
}

static void reply_clear(struct exchange *x) {
  x->out.n = 0;
  x->stream = false;
}

struct buf *reply_json(struct exchange *x, int status) {
  return reply_text(x, status, "application/json; charset=utf-8");
}

struct buf *reply_text(struct exchange *x, int status, const char *content_type) {
  reply_clear(x);
  x->status = status;
  x->content_type = content_type;
  return &x->out;
}

void reply_header(struct exchange *x, const char *name, const char *format, ...) {
  struct buf value = {0};
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  buf_str(&value, text);
  for (size_t i = 0; i < x->header_count; i++) {
    if (strcmp(x->headers[i].name, name) == 0) {
      free(x->headers[i].value);
      x->headers[i].value = buf_take(&value);
      return;
    }
  }
  if (x->header_count == HEADER_MAX) {
    buf_free(&value);
    return;
  }
  struct buf key = {0};
  buf_str(&key, name);
  x->headers[x->header_count++] = (struct header){buf_take(&key), buf_take(&value)};
}

/* Does the path fit the pattern? Captured segments point into x->split, which is cut apart. */
static bool route_fits(const char *pattern, const char *path) {
  while (*pattern && *path) {
    if (pattern[0] == '{' && pattern[1] == '}') {
      pattern += 2;
      size_t n = strcspn(path, "/");
      if (n == 0) {
        return false;
      }
      path += n;
      continue;
    }
    if (*pattern != *path) {
      return false;
    }
    pattern++;
    path++;
  }
  return *pattern == '\0' && *path == '\0';
}

static void route_capture(struct exchange *x, const char *pattern) {
  size_t n = 0;
  char *at = x->split;
  while (*pattern && n < CAPTURE_MAX) {
    if (pattern[0] == '{' && pattern[1] == '}') {
      x->capture[n++] = at;
      at += strcspn(at, "/");
      pattern += 2;
      if (*at == '/') {
        *at++ = '\0';
        pattern += *pattern == '/' ? 1 : 0;
      }
      continue;
    }
    pattern++;
    at++;
  }
}

static const struct route *route_find(struct exchange *x, bool *ret_path_known) {
  const struct vendor *v = x->vendor;
  *ret_path_known = false;
  for (size_t i = 0; i < v->route_count; i++) {
    if (!route_fits(v->routes[i].path, x->split)) {
      continue;
    }
    *ret_path_known = true;
    if (strcmp(v->routes[i].method, x->method) == 0) {
      route_capture(x, v->routes[i].path);
      return &v->routes[i];
    }
  }
  return NULL;
}

static const struct vendor *vendor_find(struct exchange *x) {
  for (size_t i = 0; sim_vendors[i]; i++) {
    if (sim_vendors[i]->owns(x)) {
      x->state = x->sim->vendor_state[i];
      return sim_vendors[i];
    }
  }
  return NULL;
}

static void vendor_answer(struct exchange *x) {
  struct sim *s = x->sim;
  bool path_known = false;
  struct buf split = {0};
  buf_str(&split, x->path);
  size_t suffix = x->vendor->suffix ? strlen(x->vendor->suffix) : 0;
  if (suffix && split.n > suffix &&
      strcmp(buf_text(&split) + split.n - suffix, x->vendor->suffix) == 0) {
    split.n -= suffix;
  }
  x->split = buf_take(&split);
  x->route = route_find(x, &path_known);
  s->stats.requests++;
  char date[TIME_TEXT];
  reply_header(x, "Date", "%s", time_http(clock_now_ms(&s->clock), date));
  if (x->route) {
    uint64_t count = 0;
    uint64_t key = (uint64_t)(uintptr_t)x->route;
    map_get(&s->stats.routes, key, &count);
    map_put(&s->stats.routes, key, count + 1);
  }
  x->fault = faults_draw(&s->faults, x->vendor->side, x->route ? x->route->family : "",
                         FAULTS_TRANSPORT | (x->route ? x->route->faults : 0));
  switch (x->fault) {
  case FAULT_RESET:
    return;
  case FAULT_429:
  case FAULT_500:
  case FAULT_503:
  case FAULT_529:
  case FAULT_SPEND:
    x->vendor->fail(x, x->fault);
    return;
  default:
    break;
  }
  if (!x->vendor->enter(x)) {
    return;
  }
  if (x->route == NULL) {
    x->vendor->missing(x, path_known);
    return;
  }
  if (x->fault == FAULT_MEDDLE || x->fault == FAULT_RIVAL) {
    intrude(x);
  }
  x->route->answer(x);
  if (x->fault == FAULT_NOVEL || x->fault == FAULT_ASTRAY) {
    twist(x);
  }
  if (x->fault == FAULT_BADJSON && x->out.n > 2) {
    /* a proxy's idea of help: the text stops before its end and something else follows */
    x->out.n -= x->out.n / 3 + 1;
    buf_str(&x->out, "\n<!-- upstream truncated -->");
  }
}

void exchange_answer(struct exchange *x) {
  if (text_starts(x->path, "/sim/")) {
    control_answer(x);
    return;
  }
  x->vendor = vendor_find(x);
  if (x->vendor == NULL) {
    x->sim->stats.requests++;
    buf_str(reply_text(x, 404, "text/plain; charset=utf-8"), "no vendor answers at this path\n");
    return;
  }
  vendor_answer(x);
}
