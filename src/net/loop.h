/*
 * The event loop: one thread, libuv inside. Everything that is not "_pool" runs on the loop thread.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct loop;
struct loop *loop_new(struct trg_err *err);
void loop_free(struct loop **l); /* all handles must be closed or belong to the loop's timers */
void loop_run(struct loop *l);   /* until loop_stop; may be called again */
void loop_stop(struct loop *l);

/* Called in uv_prepare before the loop blocks: the place where the turn is committed. */
void loop_on_turn(struct loop *l, void (*fn)(void *arg), void *arg);
/* SIGTERM and SIGINT, SIGHUP; fn runs on the loop. */
void loop_on_signal(struct loop *l, void (*fn)(void *arg, int signum), void *arg);

/* Timers: ids, never pointers. `every_ms` 0: once. loop_timer_stop accepts a stale or zero id. */
typedef uint64_t loop_timer;
loop_timer loop_timer_start(struct loop *l, int64_t after_ms, int64_t every_ms,
                            void (*fn)(void *arg), void *arg);
void loop_timer_stop(struct loop *l, loop_timer id);
/* Runs fn(arg) on the next turn. */
void loop_soon(struct loop *l, void (*fn)(void *arg), void *arg);
/* The loop takes a turn soon. Any thread, until loop_free. */
void loop_wake(struct loop *l);
/* Milliseconds of the longest turn since the last call: for the watchdog and metrics. */
int64_t loop_longest_turn_us(struct loop *l);

/* Work on a pool thread: work(arg) there (it may touch only arg), then after(arg) on the loop.
 * 0, or negative when the queue is full. */
int loop_work(struct loop *l, void (*work)(void *arg), void (*after)(void *arg), void *arg);
/* The same; drop(arg) runs instead of after(arg) when the loop is freed before. */
int loop_work_or_drop(struct loop *l, void (*work)(void *arg), void (*after)(void *arg),
                      void (*drop)(void *arg), void *arg);

#endif
