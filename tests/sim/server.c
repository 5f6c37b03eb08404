/* The server: one thread, libmicrohttpd's epoll set, and timers for replies that must wait. */
#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { BODY_MAX = 40 * 1024 * 1024, PIECE_COUNT = 8, CONNECTION_LIMIT = 16384 };

struct server {
  struct sim *sim;
  struct MHD_Daemon *daemon;
  struct due_queue waiting; /* connections to wake, in real time */
  int epoll_fd;
  uint16_t port;
};

/* A body that is sent piece by piece. */
struct feed {
  struct server *server;
  struct MHD_Connection *connection;
  struct buf body;
  size_t limit;     /* stop here ... */
  bool fails;       /* ... and break the connection */
  bool events;      /* pieces end at blank lines */
  int64_t pause_ms; /* between pieces */
  size_t woken_at;  /* the piece that starts here has had its pause */
};

static size_t feed_piece(const struct feed *f, size_t pos) {
  if (f->events) {
    const char *end = memmem(f->body.p + pos, f->limit - pos, "\n\n", 2);
    return end ? (size_t)(end + 2 - (f->body.p + pos)) : f->limit - pos;
  }
  size_t piece = f->body.n / PIECE_COUNT + 1;
  return piece < f->limit - pos ? piece : f->limit - pos;
}

static ssize_t feed_read(void *cls, uint64_t pos64, char *out, size_t max) {
  struct feed *f = cls;
  size_t pos = (size_t)pos64;
  if (pos >= f->limit) {
    return f->fails ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
  }
  if (f->pause_ms && pos > 0 && f->woken_at != pos) {
    f->woken_at = pos;
    MHD_suspend_connection(f->connection);
    due_add(&f->server->waiting, clock_real_ms() + f->pause_ms, 0, 0, f->connection);
    return 0;
  }
  size_t n = f->pause_ms || f->events ? feed_piece(f, pos) : f->limit - pos;
  n = n < max ? n : max;
  memcpy(out, f->body.p + pos, n);
  return (ssize_t)n;
}

static void feed_free(void *cls) {
  struct feed *f = cls;
  buf_free(&f->body);
  free(f);
}

static struct MHD_Response *response_make(struct server *server, struct exchange *x) {
  bool cut = x->fault == FAULT_CUT && x->out.n > 1;
  bool slow = x->fault == FAULT_SLOW;
  if (!cut && !slow && !x->stream) {
    size_t n = x->out.n;
    return MHD_create_response_from_buffer(n, buf_take(&x->out), MHD_RESPMEM_MUST_FREE);
  }
  struct feed *f = mem_alloc(sizeof *f);
  f->server = server;
  f->connection = x->connection;
  f->body = x->out;
  memset(&x->out, 0, sizeof x->out);
  f->limit = cut ? f->body.n / 2 : f->body.n;
  f->fails = cut;
  f->events = x->stream;
  f->pause_ms = slow ? server->sim->opt.slow_ms / PIECE_COUNT + 1 : 0;
  uint64_t size = x->stream ? MHD_SIZE_UNKNOWN : f->body.n;
  return MHD_create_response_from_callback(size, 16 * 1024, feed_read, f, feed_free);
}

static enum MHD_Result response_send(struct server *server, struct exchange *x) {
  struct MHD_Response *r = response_make(server, x);
  if (x->content_type && x->status != 204) {
    MHD_add_response_header(r, "Content-Type", x->content_type);
  }
  for (size_t i = 0; i < x->header_count; i++) {
    MHD_add_response_header(r, x->headers[i].name, x->headers[i].value);
  }
  enum MHD_Result done = MHD_queue_response(x->connection, (unsigned)x->status, r);
  MHD_destroy_response(r);
  return done;
}

/* Makes the kernel send a TCP reset now. (Disconnecting an open socket does; a plain close would
 * end it politely.) */
static enum MHD_Result connection_reset(struct exchange *x) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection,
                                                                 MHD_CONNECTION_INFO_CONNECTION_FD);
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  if (info) {
    connect(info->connect_fd, &none, sizeof none);
  }
  return MHD_NO;
}

static enum MHD_Result body_add(struct exchange *x, const char *data, size_t *n) {
  if (x->body.n + *n > BODY_MAX) {
    x->too_large = true;
  } else {
    buf_add(&x->body, data, *n);
  }
  *n = 0;
  return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **per_request) {
  struct server *server = cls;
  struct exchange *x = *per_request;
  (void)version;
  if (x == NULL) {
    x = mem_alloc(sizeof *x);
    x->sim = server->sim;
    x->connection = connection;
    strncpy(x->method, method, sizeof x->method - 1);
    struct buf path = {0};
    buf_str(&path, url);
    x->path = buf_take(&path);
    *per_request = x;
    return MHD_YES;
  }
  if (*data_size > 0) {
    return body_add(x, data, data_size);
  }
  if (!x->ready) {
    buf_text(&x->body);
    exchange_answer(x);
    x->ready = true;
  }
  if (x->fault == FAULT_RESET) {
    return connection_reset(x);
  }
  if (x->delay_ms > 0 && !x->parked) {
    x->parked = true;
    MHD_suspend_connection(connection);
    due_add(&server->waiting, clock_real_ms() + x->delay_ms, 0, 0, connection);
    return MHD_YES;
  }
  if (x->fault == FAULT_RESETAFTER) {
    return connection_reset(x);
  }
  return response_send(server, x);
}

static void on_done(void *cls, struct MHD_Connection *connection, void **per_request,
                    enum MHD_RequestTerminationCode why) {
  struct exchange *x = *per_request;
  (void)cls;
  (void)connection;
  (void)why;
  if (x == NULL) {
    return;
  }
  cJSON_Delete(x->json);
  for (size_t i = 0; i < x->header_count; i++) {
    free(x->headers[i].name);
    free(x->headers[i].value);
  }
  buf_free(&x->body);
  buf_free(&x->out);
  free(x->path);
  free(x->split);
  free(x);
  *per_request = NULL;
}

static unsigned connection_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 900;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > CONNECTION_LIMIT + 100 ? CONNECTION_LIMIT : (unsigned)limit.rlim_cur - 50;
}

struct server *server_open(struct sim *s, uint16_t port) {
  struct server *server = mem_alloc(sizeof *server);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->sim = s;
  server->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, on_request, server,
      MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT,
      connection_limit(), MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_LISTEN_BACKLOG_SIZE,
      4096u, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
  if (server->daemon == NULL) {
    free(server);
    return NULL;
  }
  server->epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
  return server;
}

uint16_t server_port(const struct server *server) {
  return server->port;
}

static void waiting_wake(struct server *server, int64_t now_ms) {
  struct due item;
  while (due_take(&server->waiting, now_ms, &item)) {
    MHD_resume_connection(item.what);
  }
}

static int wait_ms(struct server *server) {
  MHD_UNSIGNED_LONG_LONG mhd = 0;
  int64_t wait = 1000;
  if (MHD_get_timeout(server->daemon, &mhd) == MHD_YES && (int64_t)mhd < wait) {
    wait = (int64_t)mhd;
  }
  int64_t timer = due_next_ms(&server->waiting);
  if (timer != INT64_MAX && timer - clock_real_ms() < wait) {
    wait = timer - clock_real_ms();
  }
  int64_t event = due_next_ms(&server->sim->events);
  if (event != INT64_MAX && event - clock_now_ms(&server->sim->clock) < wait) {
    wait = event - clock_now_ms(&server->sim->clock);
  }
  return wait < 0 ? 0 : (int)wait;
}

void server_run(struct server *server, int stop_fd) {
  struct pollfd fds[2] = {{.fd = server->epoll_fd, .events = POLLIN},
                          {.fd = stop_fd, .events = POLLIN}};
  for (;;) {
    waiting_wake(server, clock_real_ms());
    sim_run(server->sim);
    MHD_run(server->daemon);
    poll(fds, 2, wait_ms(server));
    if (fds[1].revents) {
      return;
    }
  }
}

void server_close(struct server *server) {
  if (server == NULL) {
    return;
  }
  /* libmicrohttpd insists that nothing is suspended when it stops */
  waiting_wake(server, INT64_MAX);
  MHD_run(server->daemon);
  waiting_wake(server, INT64_MAX);
  MHD_stop_daemon(server->daemon);
  due_free(&server->waiting);
  free(server);
}
