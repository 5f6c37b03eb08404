#include "net/sock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/loop_uv.h"
#include "net/slots.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)
#define ASKERS_MAX     64
#define LINE_MS        10000 /* for the whole line to arrive */
#define BACKLOG        64

struct asker {
  uv_pipe_t pipe;
  uv_write_t write;
  struct sock *s;
  sock_id id;
  loop_timer timer;
  struct buf line;
  char *answer;
  bool asked;
};

struct sock {
  struct loop *l;
  uv_pipe_t *listener;
  char *path;
  void (*on_line)(void *arg, sock_id id, struct trg_str line);
  void *arg;
  struct slots open;
  char block[65536]; /* what read_cb gets: one reader at a time */
};

static void listener_closed(uv_handle_t *handle) {
  mem_free(handle);
}

static void asker_closed(uv_handle_t *handle) {
  struct asker *a = handle->data;
  buf_free(&a->line);
  mem_free(a->answer);
  mem_free(a);
}

static void asker_end(struct asker *a) {
  if (uv_is_closing((uv_handle_t *)&a->pipe)) return;
  slots_drop(&a->s->open, a->id);
  loop_timer_stop(a->s->l, a->timer);
  uv_close((uv_handle_t *)&a->pipe, asker_closed);
}

static void slow_cb(void *arg) {
  asker_end(arg);
}

static void room_cb(uv_handle_t *handle, size_t wanted, uv_buf_t *ret) {
  const struct asker *a = handle->data;
  (void)wanted;
  *ret = uv_buf_init(a->s->block, sizeof a->s->block);
}

static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *in) {
  struct asker *a = stream->data;
  if (n < 0) {
    asker_end(a);
    return;
  }
  if (n == 0) return;
  const char *end = memchr(in->base, '\n', (size_t)n);
  buf_add(&a->line, in->base, end == NULL ? (size_t)n : (size_t)(end - in->base));
  if (a->line.over) {
    asker_end(a);
    return;
  }
  if (end == NULL) return;
  /* Not read further: a peer that shuts its side after the line still waits for the answer. */
  (void)uv_read_stop(stream);
  loop_timer_stop(a->s->l, a->timer);
  a->asked = true;
  a->s->on_line(a->s->arg, a->id, buf_view(&a->line));
}

static void connection_cb(uv_stream_t *listener, int status) {
  struct sock *s = listener->data;
  if (status < 0) return;
  struct asker *a = mem_alloc(sizeof *a);
  a->s = s;
  buf_init(&a->line, LINE_MAX_BYTES);
  (void)uv_pipe_init(loop_uv(s->l), &a->pipe, 0);
  a->pipe.data = a;
  a->id = slots_put(&s->open, a);
  if (uv_accept(listener, (uv_stream_t *)&a->pipe) != 0 || s->open.used > ASKERS_MAX ||
      uv_read_start((uv_stream_t *)&a->pipe, room_cb, read_cb) != 0) {
    asker_end(a);
    return;
  }
  a->timer = loop_timer_start(s->l, LINE_MS, 0, slow_cb, a);
}

static int address(const char *path, struct sockaddr_un *ret, struct trg_err *err) {
  *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof ret->sun_path)
    return err_set(err, TRG_EINVAL, "socket",
                   "the path %s is too long for a socket (%zu bytes are possible); choose a "
                   "shorter state directory",
                   path, sizeof ret->sun_path - 1);
  memcpy(ret->sun_path, path, strlen(path) + 1);
  return 0;
}

/* Removes the socket of a daemon that is no more. */
static int stale_remove(const char *path, const struct sockaddr_un *a, struct trg_err *err) {
  struct stat st;
  if (lstat(path, &st) != 0) return 0;
  if (!S_ISSOCK(st.st_mode))
    return err_set(err, TRG_ESTATE, "socket", "%s is in the way and is no socket; move it away",
                   path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return err_set(err, TRG_EIO, "socket", "no socket: %s", strerror(errno));
  const int rc = connect(fd, (const struct sockaddr *)(const void *)a, sizeof *a);
  const bool alive = rc == 0 || errno == EAGAIN;
  (void)close(fd);
  if (alive)
    return err_set(err, TRG_ESTATE, "socket", "another daemon listens on %s; stop it first", path);
  if (unlink(path) != 0 && errno != ENOENT)
    return err_set(err, TRG_EIO, "socket", "the old socket %s can not be removed: %s", path,
                   strerror(errno));
  return 0;
}

struct sock *sock_new(struct loop *l, const char *path,
                      void (*on_line)(void *arg, sock_id id, struct trg_str line), void *arg,
                      struct trg_err *err) {
  struct sockaddr_un a;
  if (address(path, &a, err) != 0 || stale_remove(path, &a, err) != 0) return NULL;
  struct sock *s = mem_alloc(sizeof *s);
  s->l = l;
  s->path = mem_dup(path);
  s->on_line = on_line;
  s->arg = arg;
  s->listener = mem_alloc(sizeof *s->listener);
  (void)uv_pipe_init(loop_uv(l), s->listener, 0);
  s->listener->data = s;
  const mode_t before = umask(0177); /* 0600 from its first moment */
  int rc = uv_pipe_bind(s->listener, path);
  (void)umask(before);
  const bool bound = rc == 0;
  if (rc == 0) rc = uv_listen((uv_stream_t *)s->listener, BACKLOG, connection_cb);
  if (rc == 0) return s;
  (void)err_set(err, TRG_EIO, "socket", "can not listen on %s: %s", path, uv_strerror(rc));
  uv_close((uv_handle_t *)s->listener, listener_closed);
  if (bound) (void)unlink(path);
  mem_free(s->path);
  mem_free(s);
  return NULL;
}

void sock_free(struct sock **at) {
  struct sock *s = *at;
  if (s == NULL) return;
  *at = NULL;
  for (uint32_t i = 0; i < s->open.count; i++) {
    struct asker *a = slots_at(&s->open, i);
    if (a != NULL) asker_end(a);
  }
  uv_close((uv_handle_t *)s->listener, listener_closed);
  (void)unlink(s->path);
  slots_free(&s->open);
  mem_free(s->path);
  mem_free(s);
}

void sock_tell(struct sock *s, sock_id id, struct trg_str line) {
  struct asker *a = slots_get(&s->open, id);
  if (a == NULL || !a->asked || a->answer != NULL || uv_is_closing((uv_handle_t *)&a->pipe)) return;
  uv_buf_t out[] = {{.base = (char *)(uintptr_t)line.p, .len = line.n},
                    {.base = (char[]){'\n'}, .len = 1}};
  const int n = uv_try_write((uv_stream_t *)&a->pipe, out, 2);
  if (n > 0 && (size_t)n <= line.n) asker_end(a); /* half a line can not be taken back */
}

static void write_cb(uv_write_t *req, int status) {
  (void)status;
  asker_end(req->data);
}

void sock_answer(struct sock *s, sock_id id, struct trg_str line) {
  struct asker *a = slots_get(&s->open, id);
  if (a == NULL || !a->asked || a->answer != NULL) return;
  a->answer = mem_alloc(line.n + 1);
  if (line.n > 0) memcpy(a->answer, line.p, line.n);
  a->answer[line.n] = '\n';
  uv_buf_t out = {.base = a->answer, .len = line.n + 1};
  a->write.data = a;
  a->timer = loop_timer_start(s->l, LINE_MS * 6, 0, slow_cb, a);
  if (uv_write(&a->write, (uv_stream_t *)&a->pipe, &out, 1, write_cb) != 0) asker_end(a);
}
