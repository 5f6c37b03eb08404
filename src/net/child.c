#include "net/child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/loop_uv.h"

#define BACKLOG_MAX ((size_t)4 << 20) /* written and not yet read by the child */
#define STEP_MS     5
#define LOG_MAX     ((size_t)4096)
/* Kills the child when we are no more, however we ended; of util-linux. */
#define SETPRIV "/usr/bin/setpriv"

struct child {
  uv_process_t process;
  uv_pipe_t in, out, log;
  struct buf line, log_line;
  void (*on_line)(void *arg, struct trg_str line);
  void (*on_log)(void *arg, struct trg_str line);
  void (*on_end)(void *arg, const char *why);
  void *arg;
  char why[160];
  int open; /* handles that are not closed yet */
  bool stopping, exited, closing;
  char block[16384];
};

static void closed_cb(uv_handle_t *handle) {
  struct child *c = handle->data;
  if (--c->open > 0) return;
  if (!c->stopping) c->on_end(c->arg, c->why);
  buf_free(&c->line);
  buf_free(&c->log_line);
  mem_free(c);
}

static void close_one(uv_handle_t *handle) {
  if (!uv_is_closing(handle)) uv_close(handle, closed_cb);
}

/* Everything is closed once the process is gone; before that it is made to go. */
static void close_all(struct child *c) {
  if (c->closing) return;
  c->closing = true;
  close_one((uv_handle_t *)&c->in);
  close_one((uv_handle_t *)&c->out);
  close_one((uv_handle_t *)&c->log);
  close_one((uv_handle_t *)&c->process);
}

static void signal_group(const struct child *c, int signum) {
  if (c->exited || c->process.pid <= 1) return;
  if (kill(-c->process.pid, signum) != 0) (void)kill(c->process.pid, signum);
}

static void exit_cb(uv_process_t *process, int64_t status, int signum) {
  struct child *c = process->data;
  const pid_t group = process->pid;
  if (c->why[0] == '\0' && signum != 0)
    (void)snprintf(c->why, sizeof c->why, "the program was ended by signal %d", signum);
  else if (c->why[0] == '\0')
    (void)snprintf(c->why, sizeof c->why, "the program ended with status %d", (int)status);
  c->exited = true;
  if (group > 1) (void)kill(-group, SIGKILL); /* what it left behind */
  close_all(c);
}

/* Its fault: it goes at once. */
static void give_up(struct child *c, const char *why) {
  if (c->closing || c->stopping) return;
  if (c->why[0] == '\0') (void)snprintf(c->why, sizeof c->why, "%s", why);
  (void)uv_read_stop((uv_stream_t *)&c->out);
  (void)uv_read_stop((uv_stream_t *)&c->log);
  signal_group(c, SIGKILL);
}

static void room_cb(uv_handle_t *handle, size_t wanted, uv_buf_t *ret) {
  struct child *c = handle->data;
  (void)wanted;
  *ret = uv_buf_init(c->block, sizeof c->block);
}

static void out_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *in) {
  struct child *c = stream->data;
  if (n < 0) {
    (void)uv_read_stop(stream);
    give_up(c, "the program closed its output");
    return;
  }
  size_t from = 0;
  for (size_t i = 0; i < (size_t)n && !c->stopping && !c->closing; i++) {
    if (in->base[i] != '\n') continue;
    buf_add(&c->line, in->base + from, i - from);
    from = i + 1;
    if (!c->line.over) c->on_line(c->arg, buf_view(&c->line));
    buf_reset(&c->line);
  }
  if (from < (size_t)n) buf_add(&c->line, in->base + from, (size_t)n - from);
  if (c->line.over) give_up(c, "the program wrote a line that is longer than is taken");
}

static void log_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *in) {
  struct child *c = stream->data;
  if (n < 0) {
    (void)uv_read_stop(stream);
    return;
  }
  for (size_t i = 0; i < (size_t)n; i++) {
    if (in->base[i] != '\n') {
      if (c->log_line.n < LOG_MAX - 1) buf_char(&c->log_line, in->base[i]);
      continue;
    }
    if (c->on_log != NULL && !c->stopping) c->on_log(c->arg, buf_view(&c->log_line));
    buf_reset(&c->log_line);
  }
}

/* argv with what ties the child's life to ours in front, where the system has it. */
static char **argv_make(const char *const *given) {
  size_t count = 0, n = 0;
  while (given[count] != NULL) count++;
  char **ret = mem_alloc((count + 4) * sizeof *ret);
  if (access(SETPRIV, X_OK) == 0) {
    ret[n++] = (char *)(uintptr_t)SETPRIV;
    ret[n++] = (char *)(uintptr_t) "--pdeathsig";
    ret[n++] = (char *)(uintptr_t) "KILL";
  }
  for (size_t i = 0; i < count; i++) ret[n++] = (char *)(uintptr_t)given[i];
  ret[n] = NULL;
  return ret;
}

struct child *child_start(struct loop *l, const struct child_options *o, struct trg_err *err) {
  struct child *c = mem_alloc(sizeof *c);
  c->on_line = o->on_line;
  c->on_log = o->on_log;
  c->on_end = o->on_end;
  c->arg = o->arg;
  c->open = 4;
  buf_init(&c->line, o->line_max_bytes);
  buf_init(&c->log_line, LOG_MAX);
  uv_pipe_t *const pipes[] = {&c->in, &c->out, &c->log};
  for (size_t i = 0; i < 3; i++) {
    (void)uv_pipe_init(loop_uv(l), pipes[i], 0);
    pipes[i]->data = c;
  }
  char **argv = argv_make(o->argv);
  uv_stdio_container_t stdio[3] = {
      {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&c->in},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->out},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&c->log}};
  const uv_process_options_t options = {.exit_cb = exit_cb,
                                        .file = argv[0],
                                        .args = argv,
                                        .env = (char **)(uintptr_t)o->env,
                                        .cwd = o->cwd,
                                        .flags = UV_PROCESS_DETACHED,
                                        .stdio_count = 3,
                                        .stdio = stdio};
  c->process.data = c;
  const int rc = uv_spawn(loop_uv(l), &c->process, &options);
  mem_free(argv);
  if (rc != 0) {
    (void)err_set(err, TRG_EIO, "spawn", "%s can not be started: %s", o->argv[0], uv_strerror(rc));
    c->stopping = c->exited = true; /* its handles are closed without a word */
    close_all(c);
    return NULL;
  }
  (void)uv_read_start((uv_stream_t *)&c->out, room_cb, out_cb);
  (void)uv_read_start((uv_stream_t *)&c->log, room_cb, log_cb);
  return c;
}

struct writing {
  uv_write_t write;
  struct buf text;
};

static void written_cb(uv_write_t *req, int status) {
  struct writing *w = req->data;
  (void)status; /* a child that reads no more is told by its exit */
  buf_free(&w->text);
  mem_free(w);
}

bool child_write(struct child *c, struct trg_str line) {
  if (c->closing || c->stopping || uv_is_closing((uv_handle_t *)&c->in)) return false;
  if (uv_stream_get_write_queue_size((uv_stream_t *)&c->in) + line.n > BACKLOG_MAX) return false;
  struct writing *w = mem_alloc(sizeof *w);
  buf_init(&w->text, BACKLOG_MAX + 1);
  buf_str(&w->text, line);
  buf_char(&w->text, '\n');
  w->write.data = w;
  const uv_buf_t b = uv_buf_init(w->text.p, (unsigned)w->text.n);
  if (uv_write(&w->write, (uv_stream_t *)&c->in, &b, 1, written_cb) == 0) return true;
  buf_free(&w->text);
  mem_free(w);
  return false;
}

/* Its input is closed, and it may end by itself; half-way it is told to. What is left of the group
 * after its leader was waited for goes too. */
static void reap(struct child *c, int grace_ms) {
  const pid_t pid = c->process.pid;
  const int told_ms = grace_ms / 2 / STEP_MS * STEP_MS;
  for (int ms = 0; ms < grace_ms; ms += STEP_MS) {
    if (ms == told_ms) signal_group(c, SIGTERM);
    if (waitpid(pid, NULL, WNOHANG) != 0) {
      (void)kill(-pid, SIGKILL);
      return;
    }
    const struct timespec step = {0, STEP_MS * 1000000L};
    (void)nanosleep(&step, NULL);
  }
  signal_group(c, SIGKILL);
  (void)waitpid(pid, NULL, 0);
}

void child_end(struct child **at, int grace_ms) {
  struct child *c = *at;
  if (c == NULL) return;
  *at = NULL;
  c->stopping = true;
  if (!c->exited && c->process.pid > 1) {
    close_one((uv_handle_t *)&c->in);
    if (grace_ms == 0) signal_group(c, SIGKILL);
    reap(c, grace_ms);
    c->exited = true;
  }
  close_all(c);
}

int child_pid(const struct child *c) {
  return (int)c->process.pid;
}
