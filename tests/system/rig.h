/*
 * The rig of the system tests: the real simulator and the real daemon in a folder of their own, on
 * loopback. Every call fails the running test when it cannot do what it says.
 */
#ifndef TESTS_SYSTEM_RIG_H
#define TESTS_SYSTEM_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cjson/cJSON.h>

struct rig {
  char dir[256];
  int port; /* of the simulator */
  pid_t sim, daemon;
  pid_t taps[4];
  char clock[64]; /* TRIAGED_CLOCK for what is run, or "" */
};

/* Starts the simulator; sim_args is one string of blank-separated options. A file tickets.jsonl in
 * the folder is fed when it is there (see rig_tickets). */
void rig_open(struct rig *r);
void rig_close(struct rig *r); /* ends everything, removes the folder unless KEEP_RIG is set */
/* Writes `count` small tickets to tickets.jsonl. */
void rig_tickets(struct rig *r, int count);
void rig_sim(struct rig *r, const char *sim_args);
/* Writes FOLDER/name; "@PORT@" and "@DIR@" in the text are replaced. */
void rig_file(struct rig *r, const char *name, const char *text);
char *rig_path(const struct rig *r, const char *name); /* static */

/* Runs build/triaged or build/triagectl with "-c FOLDER/triaged.yaml" and blank-separated arguments
 * to its end; its standard output in *ret_out (free it; may be NULL), standard error in err.log.
 * Returns the exit status, or 128 + signal. */
int rig_run(struct rig *r, const char *program, const char *args, char **ret_out);
/* Runs passes until all tickets followed or done, at most 20; the caller looks at what came out. */
void rig_finish(struct rig *r, int tickets);
/* Starts the daemon in the background. */
void rig_start(struct rig *r, const char *args);
/* Sends the signal and waits; the exit status, or 128 + signal. */
int rig_stop(struct rig *r, int signum);
bool rig_alive(struct rig *r);
void rig_sleep_ms(int ms); /* only between looks at something that will happen */
/* Looks until the query gives `want` or 20 s are over. */
void rig_until(struct rig *r, const char *sql, int64_t want);
/* Contains `text`? */
bool rig_log_has(struct rig *r, const char *file, const char *text);

cJSON *rig_get(struct rig *r, const char *path);                    /* from the simulator */
cJSON *rig_post(struct rig *r, const char *path, const char *body); /* to the simulator */
/* Moves the simulator's time and the clock of what is run after it. */
void rig_later(struct rig *r, const char *duration);
/* Sets the clock of what is run after it (RFC 3339, UTC). It goes on between two programs, as the
 * simulator's does. */
void rig_clock(struct rig *r, const char *moment);
/* Any local URL; `headers`: lines, or NULL. The HTTP status, body in *ret_body (free; may be
 * NULL). */
long rig_http(const char *method, const char *url, const char *headers, const char *body,
              char **ret_body);

int64_t rig_sql(struct rig *r, const char *sql); /* one integer, read-only */
void rig_sql_text(struct rig *r, const char *sql, char *out, size_t room);
/* The simulator's truth: no ticket has two notes or replies of one marker. Returns how many tickets
 * have at least one. */
int rig_check_no_double(struct rig *r, int *ret_notes, int *ret_replies);

/* rig_config with pairs of texts replaced ("what", "by", ..., NULL) and written as triaged.yaml;
 * each must occur. The second form changes the file that is there. */
void rig_conf(struct rig *r, ...);
void rig_conf_change(struct rig *r, ...);
/* The whole file; free it. NULL when there is none. */
char *rig_read(struct rig *r, const char *name);
/* Looks until FOLDER/file contains `text` or 20 s are over. */
void rig_until_log(struct rig *r, const char *file, const char *text);
/* Adds ticket lines (JSONL) to the running simulator, and its whole truth about a ticket of
 * zendesk; delete it. */
void rig_add(struct rig *r, const char *lines);
cJSON *rig_truth(struct rig *r, int ticket);
/* Public messages of ours on a ticket, notes of ours, by the simulator's history. */
int rig_replies(struct rig *r, int ticket);
int rig_notes(struct rig *r, int ticket);
/* A loopback port that is free now; one that takes every connection and never answers, until the
 * test's end. */
int rig_port(void);
int rig_silent_port(void);
/* Passes everything on to the simulator and keeps what was asked in FOLDER/name; ends with the rig.
 * Returns its port. */
int rig_tap(struct rig *r, const char *name);

extern const char rig_config[]; /* zendesk in auto mode, models of the simulator */

#endif
