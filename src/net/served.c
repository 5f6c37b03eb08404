#include "net/served.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define HEADERS_MAX 128
#define ANSWER_MS   120000            /* a handler that has not answered by then: 503 */
#define STREAM_MAX  ((size_t)4 << 20) /* a reader this far behind is gone */
#define BLOCK       16384

struct served *served_new(struct serve *s, struct MHD_Connection *c, const char *uri) {
  struct served *r = mem_alloc(sizeof *r);
  r->serve = s;
  r->connection = c;
  r->mem = arena_new();
  buf_init(&r->body, s->body_max);
  const char *query = strchr(uri, '?');
  r->query = arena_str(r->mem, str_of(query == NULL ? "" : query + 1));
  r->id = slots_put(&s->open, r);
  return r;
}

void served_free(struct served *r) {
  slots_drop(&r->serve->open, r->id);
  loop_timer_stop(r->serve->l, r->deadline);
  if (r->response != NULL) MHD_destroy_response(r->response);
  buf_free(&r->body);
  buf_free(&r->stream);
  arena_free(&r->mem);
  mem_free(r);
}

void served_header(struct served *r, const char *name, const char *value) {
  if (r->header_count == HEADERS_MAX) return;
  if (r->headers == NULL) r->headers = arena_alloc(r->mem, HEADERS_MAX * sizeof *r->headers);
  char *lower = arena_dup(r->mem, str_of(name));
  for (char *p = lower; *p != '\0'; p++)
    if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + 32);
  r->headers[r->header_count++] = (struct trg_header){str_of(lower),
                                                      arena_str(r->mem, str_of(value))};
}

static struct trg_str header_of(const struct trg_header *headers, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (str_is_nocase(headers[i].name, name)) return headers[i].value;
  return (struct trg_str){NULL, 0};
}

struct trg_str serve_header(const struct serve_request *r, const char *name) {
  return header_of(r->headers, r->header_count, name);
}

static enum MHD_Result answer_queue(struct served *r) {
  r->queued = true;
  return MHD_queue_response(r->connection, (unsigned)r->status, r->response);
}

static void plain(struct served *r, int status, const char *text) {
  r->response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                MHD_RESPMEM_PERSISTENT);
  BUG_UNLESS(r->response != NULL);
  (void)MHD_add_response_header(r->response, "Content-Type", "text/plain; charset=utf-8");
  r->status = status;
  r->state = SERVED_ANSWERED;
}

static void too_large(struct served *r) {
  plain(r, 413, "The body is larger than this server takes.\n");
  (void)MHD_add_response_header(r->response, "Connection", "close");
}

enum MHD_Result served_begin(struct served *r, const char *method, const char *path) {
  r->method = arena_str(r->mem, str_of(method));
  r->path = arena_str(r->mem, str_of(path));
  r->state = SERVED_READING;
  int64_t length = 0;
  if (str_to_int(header_of(r->headers, r->header_count, "content-length"), &length) != 0)
    return MHD_YES;
  r->too_large = length > 0 && (uint64_t)length > r->serve->body_max;
  /* A client that asked first is told before it sends; others are read to their end, within
   * reason, as an early close would take our answer away from them. */
  if (!r->too_large || header_of(r->headers, r->header_count, "expect").n == 0) return MHD_YES;
  too_large(r);
  return answer_queue(r);
}

enum MHD_Result served_data(struct served *r, const char *data, size_t n) {
  if (!r->too_large) buf_add(&r->body, data, n);
  r->too_large = r->too_large || r->body.over;
  if (!r->too_large) return MHD_YES;
  r->refused += n;
  return r->refused > r->serve->body_max * 4 + ((size_t)1 << 20) ? MHD_NO : MHD_YES;
}

static void late_cb(void *arg) {
  struct served *r = arg;
  r->deadline = 0;
  if (r->state != SERVED_WAITING) return;
  plain(r, 503, "No answer in time; try again later.\n");
  (void)MHD_add_response_header(r->response, "Retry-After", "5");
  served_resume(r);
}

static enum MHD_Result ask(struct served *r) {
  const struct serve_request request = {.id = r->id,
                                        .method = r->method,
                                        .path = r->path,
                                        .query = r->query,
                                        .headers = r->headers,
                                        .header_count = r->header_count,
                                        .body = buf_view(&r->body),
                                        .peer = str_of(r->peer == NULL ? "" : r->peer->name),
                                        .socket = r->peer == NULL ? -1 : r->peer->fd,
                                        .owner = r->peer == NULL ? NULL : &r->peer->owner};
  r->state = SERVED_ASKING;
  r->serve->on_request(r->serve->arg, &request);
  if (r->response != NULL) return answer_queue(r);
  r->state = SERVED_WAITING;
  r->deadline = loop_timer_start(r->serve->l, ANSWER_MS, 0, late_cb, r);
  r->suspended = true;
  MHD_suspend_connection(r->connection);
  return MHD_YES;
}

enum MHD_Result served_turn(struct served *r) {
  if (r->serve->closing) return MHD_NO;
  if (r->state == SERVED_READING && r->too_large) {
    too_large(r);
    return answer_queue(r);
  }
  if (r->state == SERVED_READING) return ask(r);
  if (r->response != NULL && !r->queued) return answer_queue(r);
  return MHD_YES;
}

void served_resume(struct served *r) {
  if (!r->suspended) return;
  r->suspended = false;
  MHD_resume_connection(r->connection);
  if (!r->serve->closing) serve_wake(r->serve);
}

static bool clean(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') return false;
  return true;
}

static void header_put(struct served *r, struct trg_str name, struct trg_str value) {
  if (name.n == 0 || !clean(name) || !clean(value)) return;
  (void)MHD_add_response_header(r->response, arena_dup(r->mem, name), arena_dup(r->mem, value));
}

static void answer_dress(struct served *r, int status, struct trg_str content_type,
                         const struct trg_header *headers, size_t n) {
  BUG_UNLESS(r->response != NULL);
  r->status = status;
  if (content_type.n > 0) header_put(r, TRG_STR("Content-Type"), content_type);
  for (size_t i = 0; i < n; i++) header_put(r, headers[i].name, headers[i].value);
}

/* The request that still waits for its answer, or NULL. */
static struct served *unanswered(struct serve *s, serve_id id) {
  struct served *r = slots_get(&s->open, id);
  if (r == NULL || (r->state != SERVED_ASKING && r->state != SERVED_WAITING)) return NULL;
  loop_timer_stop(s->l, r->deadline);
  return r;
}

void serve_answer(struct serve *s, serve_id id, int status, struct trg_str content_type,
                  const struct trg_header *headers, size_t header_count, struct trg_str body) {
  struct served *r = unanswered(s, id);
  if (r == NULL) return;
  r->response = MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p,
                                                MHD_RESPMEM_MUST_COPY);
  answer_dress(r, status, content_type, headers, header_count);
  r->state = SERVED_ANSWERED;
  served_resume(r);
}

/* Hands out what is there; with nothing there the connection sleeps until a piece comes. */
static ssize_t stream_cb(void *arg, uint64_t at, char *out, size_t room) {
  struct served *r = arg;
  (void)at;
  const size_t left = r->stream.n - r->stream_at;
  if (left > 0) {
    const size_t n = left < room ? left : room;
    memcpy(out, r->stream.p + r->stream_at, n);
    r->stream_at += n;
    if (r->stream_at == r->stream.n) {
      buf_reset(&r->stream);
      r->stream_at = 0;
    }
    return (ssize_t)n;
  }
  if (r->stream_ended || r->serve->closing) return MHD_CONTENT_READER_END_OF_STREAM;
  r->suspended = true;
  MHD_suspend_connection(r->connection);
  return 0;
}

bool serve_stream_open(struct serve *s, serve_id id, int status, struct trg_str content_type,
                       const struct trg_header *headers, size_t header_count) {
  struct served *r = unanswered(s, id);
  if (r == NULL) return false;
  buf_init(&r->stream, STREAM_MAX);
  r->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, stream_cb, r, NULL);
  answer_dress(r, status, content_type, headers, header_count);
  r->state = SERVED_STREAM;
  served_resume(r);
  return true;
}

bool serve_stream_add(struct serve *s, serve_id id, struct trg_str piece) {
  struct served *r = slots_get(&s->open, id);
  if (r == NULL || r->state != SERVED_STREAM || r->stream_ended) return false;
  if (r->stream_at > 0 && r->stream_at >= r->stream.n / 2) {
    memmove(r->stream.p, r->stream.p + r->stream_at, r->stream.n - r->stream_at);
    r->stream.n -= r->stream_at;
    r->stream_at = 0;
  }
  buf_str(&r->stream, piece);
  if (r->stream.over && r->peer != NULL) {
    (void)shutdown(r->peer->fd, SHUT_RDWR);
    r->stream_ended = true;
  }
  served_resume(r);
  return !r->stream_ended;
}

void serve_stream_end(struct serve *s, serve_id id) {
  struct served *r = slots_get(&s->open, id);
  if (r == NULL || r->state != SERVED_STREAM) return;
  r->stream_ended = true;
  served_resume(r);
}
