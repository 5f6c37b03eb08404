#include "net/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/loop_uv.h"
#include "net/served.h"

#define IDLE_MS               30000
#define REQUEST_MS            30000
#define BODY_MAX              ((size_t)1 << 20)
#define CONNECTIONS           256u
#define MEMORY_PER_CONNECTION ((size_t)32 << 10)
#define BACKLOG               512

static void run_cb(void *arg);

static void run_soon(struct serve *s) {
  if (!s->run_planned) loop_soon(s->l, run_cb, s);
  s->run_planned = true;
}

void serve_wake(struct serve *s) {
  run_soon(s);
}

/* Runs the server once and asks it when it wants to run again. */
static void run(struct serve *s) {
  s->running = true;
  (void)MHD_run(s->daemon);
  s->running = false;
  MHD_UNSIGNED_LONG_LONG ms = 0;
  loop_timer_stop(s->l, s->timer);
  s->timer = 0;
  if (MHD_get_timeout(s->daemon, &ms) != MHD_YES) return;
  if (ms == 0)
    run_soon(s);
  else
    s->timer = loop_timer_start(s->l, ms > 60000 ? 60000 : (int64_t)ms, 0, run_cb, s);
}

static void run_cb(void *arg) {
  struct serve *s = arg;
  s->run_planned = false;
  run(s);
}

static void poll_cb(uv_poll_t *handle, int status, int events) {
  (void)status;
  (void)events;
  run(handle->data);
}

static void poll_closed(uv_handle_t *handle) {
  mem_free(handle);
}

/* Slow and half-open peers: the socket is shut down and the server finds it closed. */
static void slow_cb(void *arg) {
  struct peer *p = arg;
  p->timer = 0;
  (void)shutdown(p->fd, SHUT_RDWR);
}

static void peer_give(struct peer *p, int64_t ms) {
  loop_timer_stop(p->serve->l, p->timer);
  p->timer = ms > 0 ? loop_timer_start(p->serve->l, ms, 0, slow_cb, p) : 0;
}

static enum MHD_Result accept_cb(void *arg, const struct sockaddr *a, socklen_t n) {
  const struct serve *s = arg;
  (void)a;
  (void)n;
  return s->peer_count < s->connections_max ? MHD_YES : MHD_NO;
}

static void peer_name(const union MHD_ConnectionInfo *info, char *out, size_t room) {
  out[0] = '\0';
  if (info == NULL || info->client_addr == NULL) return;
  const struct sockaddr *a = info->client_addr;
  if (a->sa_family == AF_INET)
    (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, out,
                    (socklen_t)room);
  if (a->sa_family == AF_INET6)
    (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, out,
                    (socklen_t)room);
}

static void connection_cb(void *arg, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode what) {
  struct serve *s = arg;
  struct peer *p = *context;
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    if (p == NULL) return;
    loop_timer_stop(s->l, p->timer);
    s->peer_count--;
    mem_free(p);
    *context = NULL;
    return;
  }
  p = mem_alloc(sizeof *p);
  p->serve = s;
  const union MHD_ConnectionInfo *fd = MHD_get_connection_info(c,
                                                               MHD_CONNECTION_INFO_CONNECTION_FD);
  p->fd = fd == NULL ? -1 : fd->connect_fd;
  peer_name(MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS), p->name,
            sizeof p->name);
  s->peer_count++;
  *context = p;
  peer_give(p, s->request_ms);
}

static struct peer *peer_of(struct MHD_Connection *c) {
  const union MHD_ConnectionInfo *i = MHD_get_connection_info(c,
                                                              MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return i == NULL ? NULL : i->socket_context;
}

/* The request line is there: a request begins. */
static void *begin_cb(void *arg, const char *uri, struct MHD_Connection *c) {
  struct serve *s = arg;
  struct served *r = served_new(s, c, uri);
  r->peer = peer_of(c);
  if (r->peer != NULL) peer_give(r->peer, s->request_ms);
  return r;
}

static enum MHD_Result header_cb(void *arg, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
  (void)kind;
  served_header(arg, name, value);
  return MHD_YES;
}

static enum MHD_Result request_cb(void *arg, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **context) {
  struct serve *s = arg;
  struct served *r = *context;
  (void)version;
  if (r == NULL) return MHD_NO;
  if (r->state == SERVED_NEW) {
    (void)MHD_get_connection_values(c, MHD_HEADER_KIND, header_cb, r);
    return served_begin(r, method, path);
  }
  if (*data_n > 0) {
    const size_t n = *data_n;
    *data_n = 0;
    return served_data(r, data, n);
  }
  if (r->state == SERVED_READING && r->peer != NULL)
    peer_give(r->peer, 0); /* from here on the time is ours */
  (void)s;
  return served_turn(r);
}

static void end_cb(void *arg, struct MHD_Connection *c, void **context,
                   enum MHD_RequestTerminationCode why) {
  struct serve *s = arg;
  struct served *r = *context;
  (void)c;
  (void)why;
  if (r == NULL) return;
  if (r->peer != NULL) peer_give(r->peer, s->idle_ms);
  const serve_id gone = r->state == SERVED_WAITING || r->state == SERVED_STREAM ? r->id : 0;
  served_free(r);
  if (gone != 0 && s->on_gone != NULL && !s->closing) s->on_gone(s->arg, gone);
  *context = NULL;
}

static int listen_on(const struct serve_options *o, struct trg_err *err) {
  const char *host = o->host == NULL ? "127.0.0.1" : o->host;
  char port[16];
  (void)snprintf(port, sizeof port, "%d", o->port);
  const struct addrinfo want = {
      .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  struct addrinfo *found = NULL;
  const int rc = getaddrinfo(host, port, &want, &found);
  if (rc != 0)
    return err_set(err, TRG_EINVAL, "listen", "%s is no address to listen on: %s", host,
                   gai_strerror(rc));
  const int on = 1;
  int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
    const int e = errno;
    (void)err_set(
        err, TRG_EIO, "listen", "can not listen on %s port %s: %s%s", host, port, strerror(e),
        e == EADDRINUSE ? "; another program has it: choose another port in `listen`" : "");
    if (fd >= 0) (void)close(fd);
    fd = -1;
  }
  freeaddrinfo(found);
  return fd >= 0 ? fd : TRG_EIO;
}

static int port_of(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } a = {.v6 = {0}};
  socklen_t n = sizeof a;
  if (getsockname(fd, &a.any, &n) != 0) return 0;
  return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static struct MHD_Daemon *daemon_start(struct serve *s, int fd) {
  /* The accept policy refuses what passes the limit; the server's own limit would let it wait. */
  const unsigned limit = s->connections_max + 16;
  const unsigned idle_s = (unsigned)((s->idle_ms + 999) / 1000);
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, accept_cb, s, request_cb, s,
                          MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, limit,
                          MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->per_ip_max,
                          MHD_OPTION_CONNECTION_TIMEOUT, idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                          MEMORY_PER_CONNECTION, MHD_OPTION_NOTIFY_CONNECTION, connection_cb, s,
                          MHD_OPTION_NOTIFY_COMPLETED, end_cb, s, MHD_OPTION_URI_LOG_CALLBACK,
                          begin_cb, s, MHD_OPTION_END);
}

static bool peers_are_near(const char *host) {
  return host == NULL || strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0 ||
         strcmp(host, "::1") == 0;
}

static void options_take(struct serve *s, const struct serve_options *o) {
  s->on_request = o->on_request;
  s->on_gone = o->on_gone;
  s->arg = o->arg;
  s->body_max = o->body_max_bytes > 0 ? o->body_max_bytes : BODY_MAX;
  s->connections_max = o->connections_max > 0 ? o->connections_max : CONNECTIONS;
  s->idle_ms = o->idle_ms > 0 ? o->idle_ms : IDLE_MS;
  s->request_ms = o->request_ms > 0 ? o->request_ms : REQUEST_MS;
  /* On loopback all peers have one address, also those behind a reverse proxy. */
  const unsigned share = s->connections_max / 4 < 16 ? 16 : s->connections_max / 4;
  s->per_ip_max = peers_are_near(o->host) ? s->connections_max + 16 : share;
}

struct serve *serve_new(struct loop *l, const struct serve_options *o, struct trg_err *err) {
  const int fd = listen_on(o, err);
  if (fd < 0) return NULL;
  struct serve *s = mem_alloc(sizeof *s);
  s->l = l;
  options_take(s, o);
  s->port = port_of(fd);
  s->daemon = daemon_start(s, fd);
  const union MHD_DaemonInfo *info = s->daemon == NULL
                                         ? NULL
                                         : MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  if (info == NULL) {
    (void)err_set(err, TRG_EIO, "listen", "the HTTP server can not start: %s", strerror(errno));
    if (s->daemon != NULL)
      MHD_stop_daemon(s->daemon); /* closes fd */
    else
      (void)close(fd);
    mem_free(s);
    return NULL;
  }
  s->poll = mem_alloc(sizeof *s->poll);
  (void)uv_poll_init(loop_uv(l), s->poll, info->epoll_fd);
  s->poll->data = s;
  (void)uv_poll_start(s->poll, UV_READABLE, poll_cb);
  run_soon(s);
  return s;
}

void serve_free(struct serve **at) {
  struct serve *s = *at;
  if (s == NULL) return;
  *at = NULL;
  BUG_UNLESS(!s->running);
  s->closing = true;
  loop_soon_drop(s->l, s);
  loop_timer_stop(s->l, s->timer);
  (void)uv_poll_stop(s->poll);
  uv_close((uv_handle_t *)s->poll, poll_closed); /* before the descriptor is closed */
  /* Stopping with a suspended connection would end the process. */
  for (uint32_t i = 0; i < s->open.count; i++) {
    struct served *r = slots_at(&s->open, i);
    if (r != NULL && r->suspended) served_resume(r);
  }
  MHD_stop_daemon(s->daemon);
  slots_free(&s->open);
  mem_free(s);
}

int serve_port(const struct serve *s) {
  return s->port;
}
