#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t clock_real_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_start(struct clock *c, int64_t virtual_ms) {
  c->virtual_ms = virtual_ms;
  c->real_ms = clock_real_ms();
  c->frozen_ms = 0;
}

int64_t clock_now_ms(const struct clock *c) {
  if (c->frozen_ms) {
    return c->frozen_ms;
  }
  return c->virtual_ms + (clock_real_ms() - c->real_ms);
}

void clock_set(struct clock *c, int64_t virtual_ms) {
  if (virtual_ms > clock_now_ms(c)) {
    clock_start(c, virtual_ms);
  }
}

bool time_parse(const char *text, int64_t *ret_ms) {
  struct tm tm = {0};
  int used = 0;
  double second = 0;
  if (text == NULL ||
      sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3) {
    return false;
  }
  text += used;
  if (*text == 'T' || *text == 't' || *text == ' ') {
    used = 0;
    if (sscanf(text + 1, "%2d:%2d:%lf%n", &tm.tm_hour, &tm.tm_min, &second, &used) != 3) {
      return false;
    }
    text += 1 + used;
  }
  int offset_min = 0;
  if (*text == '+' || *text == '-') {
    int hours = 0;
    int minutes = 0;
    if (sscanf(text + 1, "%2d:%2d", &hours, &minutes) != 2 &&
        sscanf(text + 1, "%2d%2d", &hours, &minutes) != 2) {
      return false;
    }
    offset_min = (hours * 60 + minutes) * (*text == '-' ? -1 : 1);
  } else if (*text != '\0' && *text != 'Z' && *text != 'z') {
    return false;
  }
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  time_t t = timegm(&tm);
  *ret_ms = ((int64_t)t - offset_min * 60) * 1000 + (int64_t)(second * 1000 + 0.5);
  return true;
}

const char *time_text(int64_t ms, char ret_text[TIME_TEXT]) {
  time_t t = (time_t)(ms / 1000);
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(ret_text, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return ret_text;
}

const char *time_http(int64_t ms, char ret_text[TIME_TEXT]) {
  time_t t = (time_t)(ms / 1000);
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(ret_text, TIME_TEXT, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return ret_text;
}

void jw_ktime(struct buf *b, const char *key, int64_t ms) {
  char text[TIME_TEXT];
  jw_kstr(b, key, ms ? time_text(ms, text) : NULL);
}

void due_free(struct due_queue *q) {
  free(q->items);
  memset(q, 0, sizeof *q);
}

static bool due_before(const struct due *a, const struct due *b) {
  return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void due_add(struct due_queue *q, int64_t at_ms, uint64_t kind, uint64_t subject, void *what) {
  if (q->n == q->cap) {
    q->cap = q->cap ? q->cap * 2 : 64;
    q->items = mem_grow(q->items, q->cap * sizeof *q->items);
  }
  struct due item = {
      .at_ms = at_ms, .order = q->next_order++, .kind = kind, .subject = subject, .what = what};
  size_t i = q->n++;
  while (i > 0 && due_before(&item, &q->items[(i - 1) / 2])) {
    q->items[i] = q->items[(i - 1) / 2];
    i = (i - 1) / 2;
  }
  q->items[i] = item;
}

bool due_take(struct due_queue *q, int64_t now_ms, struct due *ret_item) {
  if (q->n == 0 || q->items[0].at_ms > now_ms) {
    return false;
  }
  *ret_item = q->items[0];
  struct due item = q->items[--q->n];
  size_t i = 0;
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= q->n) {
      break;
    }
    if (child + 1 < q->n && due_before(&q->items[child + 1], &q->items[child])) {
      child++;
    }
    if (!due_before(&q->items[child], &item)) {
      break;
    }
    q->items[i] = q->items[child];
    i = child;
  }
  if (q->n > 0) {
    q->items[i] = item;
  }
  return true;
}

int64_t due_next_ms(const struct due_queue *q) {
  return q->n ? q->items[0].at_ms : INT64_MAX;
}
