/*
 * One request inside the HTTP server, from its first line until its connection is done with it.
 */
#ifndef NET_SERVED_H
#define NET_SERVED_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/loop.h"
#include "net/serve.h"
#include "net/slots.h"

struct uv_poll_s;
struct arena;

struct serve {
  struct loop *l;
  struct MHD_Daemon *daemon;
  struct uv_poll_s *poll;
  loop_timer timer;
  struct slots open;
  void (*on_request)(void *arg, const struct serve_request *r);
  void (*on_gone)(void *arg, serve_id id);
  void *arg;
  size_t body_max;
  unsigned connections_max, per_ip_max, peer_count;
  int64_t idle_ms, request_ms;
  int port;
  bool run_planned, running, closing;
};

/* A connection. */
struct peer {
  struct serve *serve;
  int fd;
  loop_timer timer;
  struct serve_owner owner;
  char name[64];
};

enum served_state {
  SERVED_NEW = 0,
  SERVED_READING,
  SERVED_ASKING,  /* inside on_request */
  SERVED_WAITING, /* for an answer */
  SERVED_ANSWERED,
  SERVED_STREAM
};

struct served {
  struct serve *serve;
  struct MHD_Connection *connection;
  struct peer *peer;
  serve_id id;
  enum served_state state;
  bool suspended;
  bool too_large;
  bool stream_ended;
  bool queued; /* the response was handed to the server */
  struct arena *mem;
  struct trg_str method, path, query;
  struct trg_header *headers;
  size_t header_count;
  struct buf body;
  struct buf stream; /* pieces of the answer from stream_at on are still to be sent */
  size_t stream_at;
  size_t refused; /* bytes read beyond the ceiling */
  loop_timer deadline;
  int status;
  struct MHD_Response *response;
};

struct served *served_new(struct serve *s, struct MHD_Connection *c, const char *uri);
void served_free(struct served *r);
void served_header(struct served *r, const char *name, const char *value);
/* The three calls of the server's handler: headers, a piece of the body, and "your turn". */
enum MHD_Result served_begin(struct served *r, const char *method, const char *path);
enum MHD_Result served_data(struct served *r, const char *data, size_t n);
enum MHD_Result served_turn(struct served *r);
void served_resume(struct served *r);
void serve_wake(struct serve *s); /* the server has something to do */

#endif
