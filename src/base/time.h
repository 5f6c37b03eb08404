/*
 * Time. Moments are int64_t milliseconds since 1970 UTC ("_ms"), lengths are milliseconds too.
 * The daemon's clock can be moved for tests and the demo: the environment variable TRIAGED_CLOCK
 * holds "+72h" (an offset to the system clock), an RFC 3339 moment (the clock starts there and
 * runs on), or "@FILE" (a file that holds either; read again whenever the loop turns).
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

/* Reads TRIAGED_CLOCK. 0 or a negative error for a value that is not understood. */
int clock_init(struct trg_err *err);
void clock_turn(void);       /* call once a loop turn: reads the file again when there is one */
int64_t clock_now_ms(void);  /* wall clock, as moved */
int64_t clock_mono_us(void); /* monotonic, never moved: for measuring */
int64_t clock_cpu_us(void);  /* processor time of this thread: who else runs does not show */
void clock_set_ms(int64_t now_ms); /* unit tests: stands still at this moment; 0: run again */

#define TIME_RFC3339_MAX 32
/* "2026-11-21T10:00:00Z" or with ".123" when there are milliseconds. Returns out. */
const char *time_format(int64_t at_ms, char out[TIME_RFC3339_MAX]);
/* RFC 3339; also "+0000" without colon, and a bare date "2026-11-21" (midnight UTC). 0 or -1. */
int time_parse(struct trg_str s, int64_t *ret_ms);
int time_parse_http(struct trg_str s, int64_t *ret_ms); /* "Sat, 21 Nov 2026 10:00:00 GMT" */
void time_day(int64_t at_ms, char out[11]);             /* "2026-11-21" */
void time_month(int64_t at_ms, char out[8]);            /* "2026-11" */
/* First moment of a "2026-11" month and of the one after it. 0 or -1. */
int time_month_range(const char *month, int64_t *ret_from_ms, int64_t *ret_to_ms);

/* "30s" "5m" "72h" "7d" "250ms", whole numbers only. 0 or -1. */
int duration_parse(struct trg_str s, int64_t *ret_ms);
const char *duration_format(int64_t ms, char out[24]); /* the largest exact unit: "72h" */
/* For people: "3 min", "2 h 5 min". */
const char *duration_human(int64_t ms, char out[32]);

#endif
