/* The clock half of time.h. Readable from every thread; moved by the loop thread only. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define READ_AGAIN_US 5000

static _Atomic int64_t offset_ms; /* added to the system clock */
static _Atomic int64_t still_ms;  /* not 0: the clock stands here */
static char *file;                /* of TRIAGED_CLOCK=@FILE */
static char last[64];             /* what the file said */
static int64_t read_at_us;

static int64_t system_ms(void) {
  struct timespec t;
  BUG_UNLESS(clock_gettime(CLOCK_REALTIME, &t) == 0);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void) {
  const int64_t still = atomic_load_explicit(&still_ms, memory_order_relaxed);
  return still != 0 ? still : system_ms() + atomic_load_explicit(&offset_ms, memory_order_relaxed);
}

int64_t clock_mono_us(void) {
  struct timespec t;
  BUG_UNLESS(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_cpu_us(void) {
  struct timespec t;
  BUG_UNLESS(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_set_ms(int64_t now_ms) {
  atomic_store(&still_ms, now_ms);
}

/* "+72h", "-30m" or a moment. */
static int move(struct trg_str s) {
  int64_t ms;
  if (s.n > 1 && (s.p[0] == '+' || s.p[0] == '-')) {
    if (duration_parse((struct trg_str){s.p + 1, s.n - 1}, &ms) != 0) return -1;
    atomic_store(&offset_ms, s.p[0] == '-' ? -ms : ms);
    return 0;
  }
  if (time_parse(s, &ms) != 0) return -1;
  atomic_store(&offset_ms, ms - system_ms());
  return 0;
}

/* 0 when the file was read and understood, also when it still says the same. */
static int read_file(void) {
  char text[sizeof last];
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const ssize_t n = read(fd, text, sizeof text - 1);
  (void)close(fd);
  if (n <= 0) return -1;
  const struct trg_str s = str_trim((struct trg_str){text, (size_t)n});
  if (str_is(s, last)) return 0;
  if (move(s) != 0) return -1;
  memcpy(last, s.p, s.n);
  last[s.n] = '\0';
  return 0;
}

int clock_init(struct trg_err *err) {
  const char *text = getenv("TRIAGED_CLOCK");
  mem_free(file);
  file = NULL;
  last[0] = '\0';
  atomic_store(&offset_ms, 0);
  if (text == NULL || text[0] == '\0') return 0;
  if (text[0] == '@') {
    file = mem_dup(text + 1);
    read_at_us = clock_mono_us();
    if (read_file() == 0) return 0;
    err_set(err, TRG_EINVAL, "clock",
            "TRIAGED_CLOCK: the file %s cannot be read or holds neither an offset such as +72h "
            "nor a moment such as 2026-11-21T10:00:00Z",
            file);
    mem_free(file);
    file = NULL;
    return TRG_EINVAL;
  }
  if (move(str_of(text)) == 0) return 0;
  return err_set(err, TRG_EINVAL, "clock",
                 "TRIAGED_CLOCK is \"%s\"; it must be an offset such as +72h, a moment such as "
                 "2026-11-21T10:00:00Z, or @FILE",
                 text);
}

void clock_turn(void) {
  if (file == NULL) return;
  const int64_t now = clock_mono_us();
  if (now - read_at_us < READ_AGAIN_US) return;
  read_at_us = now;
  (void)read_file(); /* a file that is being written keeps the clock as it is */
}
