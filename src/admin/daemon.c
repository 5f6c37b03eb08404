#include "admin/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "admin/control.h"
#include "admin/core.h"
#include "admin/meter.h"
#include "admin/progress.h"
#include "admin/retrain.h"
#include "admin/train.h"
#include "admin/web.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/time.h"
#include "net/loop.h"
#include "net/sock.h"
#include "store/store.h"
#include "store/subject.h"
#include "store/turn.h"

#define IDLE_EVERY_MS    30000
#define CLEAN_EVERY_MS   (10 * 60 * 1000)
#define RETRAIN_EVERY_MS (60 * 60 * 1000)
#define KEEP_MS          ((int64_t)30 * 24 * 3600 * 1000)
#define CLEAN_ROWS       500
#define CLEAN_TICKETS    50

struct daemon {
  struct core core;
  struct web *web;
  struct meter *meter;
  struct sock *sock;
  char *sock_path;
  bool once, stopping, stopped;
  int64_t drain_until;
};

/* --- the control socket --------------------------------------------------------------------------
 */

struct asked {
  struct daemon *daemon;
  sock_id id;
};

static void asked_answer(void *arg, struct trg_str answer) {
  struct asked *q = arg;
  if (q->daemon->sock != NULL) sock_answer(q->daemon->sock, q->id, answer);
  mem_free(q);
}

static void asked_told(void *arg, struct trg_str line) {
  const struct asked *q = arg;
  if (q->daemon->sock != NULL) sock_tell(q->daemon->sock, q->id, line);
}

static void on_line(void *arg, sock_id id, struct trg_str line) {
  struct asked *q = mem_alloc(sizeof *q);
  q->daemon = arg;
  q->id = id;
  control_do(&q->daemon->core, line, asked_answer, asked_told, q);
}

/* --- stopping and reloading
 * ----------------------------------------------------------------------- */

static void daemon_end(void *arg) {
  struct daemon *d = arg;
  if (d->stopped) return;
  d->stopped = true;
  loop_stop(d->core.loop);
}

static void drain_over(void *arg) {
  struct daemon *d = arg;
  if (!d->stopped)
    log_event(TRG_WARN, "drain.over", "in_flight", log_num((int64_t)host_ops(d->core.host)), "hint",
              "what was in flight is taken up again at the next start", NULL);
  daemon_end(d);
}

static void daemon_stop(struct daemon *d, const char *why) {
  if (d->stopping) {
    daemon_end(d); /* told twice: now */
    return;
  }
  d->stopping = true;
  log_event(TRG_INFO, "daemon.stopping", "why", why, NULL);
  sd_notify(0, "STOPPING=1");
  web_drain(d->web);
  loop_timer_start(d->core.loop, d->core.plan->conf->drain_ms, 0, drain_over, d);
  road_drain(d->core.road, daemon_end, d);
}

static void daemon_reload(struct daemon *d) {
  struct trg_err err = {0};
  sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_us());
  if (core_reload(&d->core, &err) < 0)
    log_event(TRG_ERROR, "config.refused", "why", err.text, NULL);
  else
    log_event(TRG_INFO, "config.reloaded", "hash", d->core.plan->conf->hash, NULL);
  sd_notify(0, "READY=1");
}

static void on_signal(void *arg, int signum) {
  struct daemon *d = arg;
  if (signum == SIGHUP)
    daemon_reload(d);
  else
    daemon_stop(d, stop_name(signum));
}

/* --- timers
 * ---------------------------------------------------------------------------------------- */

static void on_idle(void *arg) {
  struct daemon *d = arg;
  road_sweep(d->core.road);
  log_tell_left_out();
  if (!turn_open(d->core.store)) store_idle(d->core.store);
}

static void on_clean(void *arg) {
  struct daemon *d = arg;
  bool more = false, older = false;
  struct trg_err err = {0};
  const struct conf *c = d->core.plan->conf;
  const int64_t now = clock_now_ms();
  int rc = store_clean(d->core.store, now - KEEP_MS, now - c->keep_requests_ms, CLEAN_ROWS, &more,
                       &err);
  if (rc >= 0 && c->keep_messages_ms > 0)
    rc = subject_empty_old(d->core.store, now - c->keep_messages_ms, now, CLEAN_TICKETS, &older,
                           &err);
  if (rc < 0) {
    log_event(TRG_ERROR, "store.clean", "why", err.text, NULL);
    return;
  }
  if (more || older) loop_soon(d->core.loop, on_clean, d);
}

static void on_retrain(void *arg) {
  struct daemon *d = arg;
  if (d->stopping) return;
  if (d->core.retrain == NULL) d->core.retrain = retrain_new(&d->core);
  retrain_look(d->core.retrain);
}

static void on_watchdog(void *arg) {
  (void)arg;
  sd_notify(0, "WATCHDOG=1");
}

/* --- running
 * --------------------------------------------------------------------------------------- */

static void on_finished(void *arg) {
  struct daemon *d = arg;
  meter_once(d->meter, daemon_end, d);
}

static void daemon_go(void *arg) {
  struct daemon *d = arg;
  if (d->stopping) return;
  if (d->once) road_once(d->core.road, on_finished, d);
  road_start(d->core.road);
  meter_start(d->meter);
  log_event(TRG_INFO, "daemon.ready", "engine", store_engine(), "listen", log_num(web_port(d->web)),
            NULL);
  sd_notify(0, "READY=1");
  if (d->once) return;
  on_retrain(d);
  loop_timer_start(d->core.loop, RETRAIN_EVERY_MS, RETRAIN_EVERY_MS, on_retrain, d);
}

static bool index_goes_on(void *arg, size_t done, size_t total) {
  (void)arg;
  (void)done;
  (void)total;
  return stop_asked() == 0;
}

static void on_durable(void *arg) {
  loop_wake(arg);
}

static int daemon_prepare(struct daemon *d, struct trg_err *err) {
  struct core *c = &d->core;
  int rc = road_recover(c->road, err);
  c->index_told = index_goes_on;
  if (rc >= 0) rc = core_index(c, err);
  c->index_told = NULL;
  if (rc < 0) return rc;
  d->meter = meter_new(c);
  loop_on_signal(c->loop, on_signal, d);
  d->web = web_new(c, !d->once, err);
  if (d->web == NULL) return TRG_EIO;
  d->sock_path = file_join(c->plan->conf->state, "control.sock");
  d->sock = sock_new(c->loop, d->sock_path, on_line, d, err);
  if (d->sock == NULL) return TRG_EIO;
  rc = turn_sync_beside(c->store, on_durable, c->loop, err);
  if (rc < 0) return rc;
  loop_timer_start(c->loop, IDLE_EVERY_MS, IDLE_EVERY_MS, on_idle, d);
  loop_timer_start(c->loop, CLEAN_EVERY_MS, CLEAN_EVERY_MS, on_clean, d);
  uint64_t watchdog_us = 0;
  if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
    const int64_t third_ms = watchdog_us < 3000 ? 1 : (int64_t)(watchdog_us / 3000);
    loop_timer_start(c->loop, third_ms, third_ms, on_watchdog, d);
  }
  return 0;
}

/* Told to stop before anything runs. */
static void daemon_never_ran(int signum) {
  log_event(TRG_INFO, "daemon.stopping", "why", stop_name(signum), NULL);
  sd_notify(0, "STOPPING=1");
}

static int daemon_loop(struct daemon *d) {
  stop_release();
  if (train_starter_needed(&d->core))
    train_starter(&d->core, daemon_go, d);
  else
    daemon_go(d);
  struct progress *bar = d->once ? progress_new(&d->core) : NULL;
  loop_run(d->core.loop);
  /* The loop's handlers go with the loop; a second TERM while things are closed must not turn a
   * clean end into a death by signal. */
  stop_hold();
  progress_end(&bar);
  return d->once && road_failed(d->core.road) ? 1 : 0;
}

static int daemon_open_and_run(struct daemon *d) {
  struct trg_err err = {0};
  const int rc = daemon_prepare(d, &err);
  const int signum = stop_asked();
  int status = 0;
  if (rc < 0 && !(signum != 0 && core_interrupted(&err))) {
    fprintf(stderr, "triaged: %s\n", err.text);
    return 1;
  }
  if (signum != 0)
    daemon_never_ran(signum);
  else
    status = daemon_loop(d);
  if (turn_flush(d->core.store, &err) < 0) {
    fprintf(stderr, "triaged: %s\n", err.text);
    status = 1;
  }
  return status;
}

int daemon_run(const char *conf_path, bool once) {
  stop_hold();
  struct daemon d = {.once = once};
  int status = core_open(conf_path, &d.core);
  if (status > 0) return status;
  if (status == CORE_STOPPED) {
    daemon_never_ran(stop_asked());
    status = 0;
  } else {
    status = daemon_open_and_run(&d);
  }
  log_tell_left_out();
  log_event(TRG_INFO, "daemon.stopped", "status", log_num(status), NULL);
  meter_free(&d.meter);
  web_free(&d.web);
  sock_free(&d.sock);
  mem_free(d.sock_path);
  core_close(&d.core);
  return status;
}
