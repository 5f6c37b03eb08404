/*
 * The signals that end or reload a program, kept waiting while nobody hears them: before its loop
 * runs and after it. What waits is the kernel's, so there is nothing to lose and nothing to free.
 */
#ifndef BASE_STOP_H
#define BASE_STOP_H

#include <signal.h>

/* From now on TERM, INT and HUP wait, for this thread and those that it starts. May be called
 * again. */
void stop_hold(void);
/* What waited is delivered before this returns; somebody must listen by then. */
void stop_release(void);
/* Which of TERM and INT waits; 0: neither, or they are not held. */
int stop_asked(void);
/* "SIGTERM", "SIGINT". */
const char *stop_name(int signum);
/* Around the start of a thread: it takes no signal, as all of them are for who started it. */
void stop_block_all(sigset_t *ret_before);
void stop_unblock(const sigset_t *before);

#endif
