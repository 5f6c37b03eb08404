/* Virtual time, and queues of what falls due. Virtual time starts where the options say, runs with
 * real time, and jumps when asked, so that a test can live through three days in a second. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include "base.h"

struct clock {
  int64_t virtual_ms; /* virtual time at the moment real_ms */
  int64_t real_ms;
  int64_t frozen_ms; /* while events are replayed: the event's own time; 0 otherwise */
};

int64_t clock_real_ms(void); /* monotonic */
int64_t clock_wall_ms(void); /* Unix time */
void clock_start(struct clock *c, int64_t virtual_ms);
int64_t clock_now_ms(const struct clock *c);
/* Moves virtual time forward; times in the past are ignored. */
void clock_set(struct clock *c, int64_t virtual_ms);

/* RFC 3339 with Z or a numeric offset, or a date alone; false when it is none. */
bool time_parse(const char *text, int64_t *ret_ms);
/* "2026-11-21T01:36:40Z" */
#define TIME_TEXT 32
const char *time_text(int64_t ms, char ret_text[TIME_TEXT]);
/* As in the header Date: "Sat, 21 Nov 2026 01:36:40 GMT". */
const char *time_http(int64_t ms, char ret_text[TIME_TEXT]);
void jw_ktime(struct buf *b, const char *key, int64_t ms); /* 0 writes null */

struct due {
  int64_t at_ms;
  uint64_t order; /* ties are served first come, first served */
  uint64_t kind;
  uint64_t subject;
  void *what;
};
struct due_queue {
  struct due *items;
  size_t n, cap;
  uint64_t next_order;
};
void due_free(struct due_queue *q);
void due_add(struct due_queue *q, int64_t at_ms, uint64_t kind, uint64_t subject, void *what);
/* Takes the earliest item if it is due at now_ms. */
bool due_take(struct due_queue *q, int64_t now_ms, struct due *ret_item);
/* INT64_MAX when empty. */
int64_t due_next_ms(const struct due_queue *q);

#endif
