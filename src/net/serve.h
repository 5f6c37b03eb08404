/*
 * HTTP in: libmicrohttpd on its epoll descriptor inside the loop. Handlers get the whole request
 * (raw body) and answer now or later.
 */
#ifndef NET_SERVE_H
#define NET_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct loop;
struct serve;

/* Whose a connection is, once it is known (owner.h). */
struct serve_owner {
  bool known;
  uint32_t uid;
};
typedef uint64_t serve_id; /* one request, until it is answered or its peer is gone */
struct serve_request {
  serve_id id;
  struct trg_str method, path; /* path without the query */
  struct trg_str query;
  const struct trg_header *headers; /* names in lower case */
  size_t header_count;
  struct trg_str body;
  struct trg_str peer;       /* address */
  int socket;                /* for owner.h; -1: none */
  struct serve_owner *owner; /* of the connection; may be NULL */
};
struct serve_options {
  const char *host;
  int port;                    /* 0 picks one */
  size_t body_max_bytes;       /* more: 413 */
  unsigned connections_max;    /* more: refused */
  int64_t idle_ms, request_ms; /* slow and half-open clients are closed after these */
  /* Called on the loop for each complete request; must lead to one serve_answer for its id, at once
   * or later. Slices live during the call. */
  void (*on_request)(void *arg, const struct serve_request *r);
  void *arg;
  /* Optional: the peer of this request went away before its answer was whole (or a stream of it
   * ended). May come for requests that were answered; not while the server is freed. */
  void (*on_gone)(void *arg, serve_id id);
};
struct serve *serve_new(struct loop *l, const struct serve_options *o, struct trg_err *err);
void serve_free(struct serve **s);
int serve_port(const struct serve *s);
/* Everything is copied. headers may be NULL. A stale id is ignored. */
void serve_answer(struct serve *s, serve_id id, int status, struct trg_str content_type,
                  const struct trg_header *headers, size_t header_count, struct trg_str body);
/* An answer in pieces (SSE): open, any number of pieces, end. serve_stream_open false: gone. */
bool serve_stream_open(struct serve *s, serve_id id, int status, struct trg_str content_type,
                       const struct trg_header *headers, size_t header_count);
bool serve_stream_add(struct serve *s, serve_id id, struct trg_str piece);
void serve_stream_end(struct serve *s, serve_id id);
struct trg_str serve_header(const struct serve_request *r, const char *name);

#endif
