/*
 * A progress bar for --once: on a terminal only, on standard output (the log is on standard
 * error).
 */
#ifndef ADMIN_PROGRESS_H
#define ADMIN_PROGRESS_H

struct core;
struct progress;
struct progress *progress_new(struct core *c); /* NULL when standard output is no terminal */
void progress_end(struct progress **p);        /* clears the line */

#endif
