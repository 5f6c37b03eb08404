/*
 * The limit that the road is compared with: a bare libcurl multi loop that sends what the daemon
 * sends for each ticket, in the same order and size, and does nothing else.
 */
#ifndef TESTS_BENCH_BARE_H
#define TESTS_BENCH_BARE_H

#include <stddef.h>

struct bare_job {
  int port;
  int tickets; /* their ids are 1..tickets */
  int at_once; /* tickets under way */
  /* Bodies as the daemon sent them; ticket i takes the i-th, round and round. */
  char *const *triage, *const *draft;
  const size_t *triage_bytes, *draft_bytes;
  size_t bodies;
  const char *put;
};

/* Seconds for all of it, or negative when a request did not succeed. */
double bare_run(const struct bare_job *job);

#endif
