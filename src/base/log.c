#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#define PAIRS_MAX       32
#define VALUE_MAX_BYTES 2000 /* longer values are cut: bodies do not belong into a log */
#define LINE_MAX_BYTES  16384
#define MASK_LEAST      4 /* shorter secrets would blot out half of every line */
#define MASKS_MAX       256
#define LINES_A_SECOND  20
#define COUNTERS        256

struct counter {
  char event[48], ticket[64]; /* ticket "": of all */
  int64_t mono_us, wall_ms;   /* when this second began */
  uint32_t lines, left_out;
};

static struct {
  pthread_mutex_t mutex;
  _Atomic int level; /* read without the mutex */
  enum log_format format;
  FILE *out; /* NULL: stderr */
  bool journal;
  char *masks[MASKS_MAX]; /* longest first */
  size_t mask_count;
  struct counter counters[COUNTERS];
  bool left_out; /* some counter has lines to tell of */
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER, .level = TRG_INFO};

/* JOURNAL_STREAM holds "device:inode"; a child whose error stream was redirected inherits the
 * variable too, so systemd.exec(5) wants them compared. */
static bool is_journal(FILE *out) {
  const char *stream = getenv("JOURNAL_STREAM");
  struct stat s;
  char here[64];
  if (stream == NULL || fstat(fileno(out), &s) != 0) return false;
  (void)snprintf(here, sizeof here, "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)s.st_dev,
                 (uintmax_t)s.st_ino);
  return strcmp(stream, here) == 0;
}

void log_init(int level, enum log_format format, FILE *out) {
  (void)pthread_mutex_lock(&sink.mutex);
  sink.level = level;
  sink.format = format;
  sink.out = out;
  sink.journal = out == NULL && is_journal(stderr);
  memset(sink.counters, 0, sizeof sink.counters);
  sink.left_out = false;
  (void)pthread_mutex_unlock(&sink.mutex);
}

bool log_wants(int level) {
  return level <= sink.level;
}

static void add_mask(struct trg_str s) {
  if (s.n < MASK_LEAST || sink.mask_count == MASKS_MAX) return;
  for (size_t i = 0; i < sink.mask_count; i++)
    if (str_is(s, sink.masks[i])) return;
  size_t at = sink.mask_count++;
  while (at > 0 && strlen(sink.masks[at - 1]) < s.n) {
    sink.masks[at] = sink.masks[at - 1];
    at--;
  }
  sink.masks[at] = mem_dup_str(s);
}

/* A secret also shows up as it looks inside a URL or inside JSON text. */
void log_mask(const char *secret) {
  const struct trg_str s = str_of(secret);
  struct buf coded;
  buf_init(&coded, 0);
  (void)pthread_mutex_lock(&sink.mutex);
  add_mask(s);
  buf_url(&coded, s);
  add_mask(buf_view(&coded));
  buf_reset(&coded);
  buf_json(&coded, s);
  add_mask((struct trg_str){coded.p + 1, coded.n - 2});
  (void)pthread_mutex_unlock(&sink.mutex);
  buf_free(&coded);
}

void log_masks_forget(void) {
  (void)pthread_mutex_lock(&sink.mutex);
  for (size_t i = 0; i < sink.mask_count; i++) {
    explicit_bzero(sink.masks[i], strlen(sink.masks[i]));
    mem_free(sink.masks[i]);
  }
  sink.mask_count = 0;
  (void)pthread_mutex_unlock(&sink.mutex);
}

/* Appends s with every mask in it replaced. */
static void add_masked(struct buf *b, struct trg_str s) {
  while (s.n > 0) {
    const char *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < sink.mask_count; i++) {
      const size_t length = strlen(sink.masks[i]);
      const char *at = memmem(s.p, s.n, sink.masks[i], length);
      if (at != NULL && (first == NULL || at < first)) {
        first = at;
        n = length;
      }
    }
    if (first == NULL) {
      buf_str(b, s);
      return;
    }
    buf_add(b, s.p, (size_t)(first - s.p));
    buf_text(b, "***");
    s.n -= (size_t)(first - s.p) + n;
    s.p = first + n;
  }
}

static bool wants_quotes(struct trg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    const unsigned char c = (unsigned char)s.p[i];
    if (c <= ' ' || c == '"' || c == '\\' || c == 0x7F) return true;
  }
  return s.n == 0 || !utf8_valid(s);
}

static void add_value(struct buf *b, const char *value, bool quoted) {
  const struct trg_str whole = str_of(value);
  struct buf clean;
  buf_init(&clean, 0);
  add_masked(&clean, whole); /* before the cut, which could leave half a secret */
  struct trg_str s = buf_view(&clean);
  if (s.n > VALUE_MAX_BYTES) {
    clean.n = utf8_cut(s, VALUE_MAX_BYTES);
    buf_text(&clean, "...");
    s = buf_view(&clean);
  }
  if (quoted || wants_quotes(s))
    buf_json(b, s);
  else
    buf_str(b, s);
  buf_free(&clean);
}

static const char *level_name(int level) {
  static const char *const names[] = {"error", "warn", "info", "debug"};
  return names[level < TRG_ERROR ? TRG_ERROR : level > TRG_DEBUG ? TRG_DEBUG : level];
}

static void add_moment(struct buf *b) {
  char text[TIME_RFC3339_MAX];
  const int64_t now = clock_now_ms();
  (void)time_format(now - now % 1000, text);
  text[strlen(text) - 1] = '\0';
  buf_printf(b, "%s.%03dZ", text, (int)(now % 1000));
}

static void write_line(int level, const char *event, const char *const *kv) {
  static const int priority[] = {3, 4, 6, 7};
  const bool as_json = sink.format == LOG_JSON;
  struct buf b;
  buf_init(&b, LINE_MAX_BYTES * 4);
  if (sink.journal)
    buf_printf(&b, "<%d>", priority[level < 0 ? 0 : level > TRG_DEBUG ? TRG_DEBUG : level]);
  if (as_json) {
    buf_text(&b, "{\"time\":\"");
    add_moment(&b);
    buf_printf(&b, "\",\"level\":\"%s\",\"event\":", level_name(level));
    add_value(&b, event, true);
  } else {
    if (!sink.journal) {
      add_moment(&b);
      buf_char(&b, ' ');
    }
    buf_printf(&b, "%s ", level_name(level));
    add_value(&b, event, false);
  }
  for (size_t i = 0; kv != NULL && i < 2 * PAIRS_MAX && kv[i] != NULL; i += 2) {
    if (kv[i + 1] == NULL) continue;
    buf_char(&b, as_json ? ',' : ' ');
    add_value(&b, kv[i], as_json);
    buf_char(&b, as_json ? ':' : '=');
    add_value(&b, kv[i + 1], as_json);
    if (b.n > LINE_MAX_BYTES) break;
  }
  buf_text(&b, as_json ? "}\n" : "\n");
  FILE *out = sink.out == NULL ? stderr : sink.out;
  /* One write for a line: other processes may share the stream. */
  (void)fwrite(b.p, 1, b.n, out);
  (void)fflush(out);
  buf_free(&b);
}

static void tell(struct counter *c) {
  char count[16];
  (void)snprintf(count, sizeof count, "%u", c->left_out);
  const char *const kv[] = {"of",    c->event, "ticket", c->ticket[0] != '\0' ? c->ticket : NULL,
                            "count", count,    NULL};
  c->left_out = 0;
  write_line(TRG_WARN, "log.left_out", kv);
}

/* A second ends by either clock: the wall clock stands still or jumps in tests and the demo. */
static bool is_over(const struct counter *c, int64_t mono_us, int64_t wall_ms) {
  const int64_t moved = wall_ms - c->wall_ms;
  return mono_us - c->mono_us >= 1000000 || moved >= 1000 || moved <= -1000;
}

static struct counter *counter_of(const char *event, const char *ticket) {
  uint32_t h = 2166136261u;
  for (const char *p = event; *p != '\0'; p++) h = (h ^ (unsigned char)*p) * 16777619u;
  for (const char *p = ticket; *p != '\0'; p++) h = (h ^ (unsigned char)*p) * 16777619u;
  struct counter *first = &sink.counters[h % COUNTERS];
  for (uint32_t k = 0; k < 8; k++) {
    struct counter *c = &sink.counters[(h + k) % COUNTERS];
    if (c->event[0] == '\0' || (strncmp(c->event, event, sizeof c->event - 1) == 0 &&
                                strncmp(c->ticket, ticket, sizeof c->ticket - 1) == 0))
      return c;
  }
  if (first->left_out > 0) tell(first);
  *first = (struct counter){0};
  return first;
}

static void left_out_tell(bool all, int64_t mono_us, int64_t wall_ms) {
  if (!sink.left_out) return;
  sink.left_out = false;
  for (size_t i = 0; i < COUNTERS; i++) {
    struct counter *c = &sink.counters[i];
    if (c->left_out > 0 && (all || is_over(c, mono_us, wall_ms))) tell(c);
    sink.left_out |= c->left_out > 0;
  }
}

static const char *ticket_of(const char *const *kv) {
  for (size_t i = 0; kv != NULL && i < 2 * PAIRS_MAX && kv[i] != NULL; i += 2)
    if (strcmp(kv[i], "ticket") == 0) return kv[i + 1] != NULL ? kv[i + 1] : "";
  return "";
}

static bool may_pass(int level, const char *event, const char *ticket) {
  const int64_t mono_us = clock_mono_us();
  const int64_t wall_ms = clock_now_ms();
  left_out_tell(false, mono_us, wall_ms);
  if (level >= TRG_INFO && ticket[0] != '\0') return true;
  struct counter *c = counter_of(event, ticket);
  if (c->event[0] == '\0' || is_over(c, mono_us, wall_ms)) {
    (void)snprintf(c->event, sizeof c->event, "%s", event);
    (void)snprintf(c->ticket, sizeof c->ticket, "%s", ticket);
    c->mono_us = mono_us;
    c->wall_ms = wall_ms;
    c->lines = 0;
  }
  if (c->lines < LINES_A_SECOND) {
    c->lines++;
    return true;
  }
  c->left_out++;
  sink.left_out = true;
  return false;
}

void log_pairs(int level, const char *event, const char *const *kv) {
  if (!log_wants(level)) return;
  (void)pthread_mutex_lock(&sink.mutex);
  if (may_pass(level, event, ticket_of(kv))) write_line(level, event, kv);
  (void)pthread_mutex_unlock(&sink.mutex);
}

void log_tell_left_out(void) {
  (void)pthread_mutex_lock(&sink.mutex);
  left_out_tell(true, 0, 0);
  (void)pthread_mutex_unlock(&sink.mutex);
}

void log_event(int level, const char *event, ...) {
  const char *kv[2 * PAIRS_MAX + 1];
  size_t n = 0;
  va_list args;
  va_start(args, event);
  while (n < 2 * PAIRS_MAX) {
    const char *key = va_arg(args, const char *);
    if (key == NULL) break;
    kv[n++] = key;
    kv[n++] = va_arg(args, const char *);
  }
  va_end(args);
  kv[n] = NULL;
  log_pairs(level, event, kv);
}

const char *log_num(int64_t n) {
  static _Thread_local char ring[8][24];
  static _Thread_local unsigned at;
  char *out = ring[at++ % 8];
  (void)snprintf(out, sizeof ring[0], "%" PRId64, n);
  return out;
}
