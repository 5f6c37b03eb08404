/*
 * One turn, one commit: all writes of a loop turn join one transaction. Its end commits it, and
 * only what is durable releases the effects that were registered with turn_after_commit: webhook
 * answers, outgoing writes, starts of calls. Effects may write again; the end goes on until
 * nothing is open.
 *
 * turn_flush, at the end of a command, waits for the disk. turn_end, in uv_prepare, does not once
 * turn_sync_beside was called: another thread syncs the log, one sync for all commits since the
 * one before, and the turn's effects run at the end of a later turn.
 */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;

/* Opens the turn's transaction unless it is open. All write verbs call it themselves. */
int turn_write(struct store *s, struct trg_err *err);
/* fn(arg) runs once all that this turn wrote is durable, in the order of registration and with no
 * transaction open; when the commit fails or cannot be made durable it never runs. Without an open
 * turn it waits for the commits before it all the same. */
void turn_after_commit(struct store *s, void (*fn)(void *arg), void *arg);
/* Commits and runs effects until nothing is left, not even of turns before. An error means that
 * nothing of what waits was told to anybody: log it and end the process. */
int turn_flush(struct store *s, struct trg_err *err);
/* Commits, and runs the effects of what is durable by now. Errors as above. */
int turn_end(struct store *s, struct trg_err *err);
/* From here on the log is synced on a thread of its own. `told(arg)` runs on it when turn_end has
 * something to do: it may only wake the loop. */
int turn_sync_beside(struct store *s, void (*told)(void *arg), void *arg, struct trg_err *err);
/* Ends that thread, after the last turn_flush: `told` does not run any more, and nothing may be
 * written. */
void turn_sync_end(struct store *s);
bool turn_open(const struct store *s);
int64_t turn_commits(const struct store *s); /* commits so far, for figures */
/* Tests: ends the process (_exit(9)) before (`after` false) or after the n-th commit from now. */
void turn_crash_at(struct store *s, int64_t n, bool after);

/* A savepoint inside the turn: what fails leaves nothing behind. */
int turn_save(struct store *s, struct trg_err *err);
int turn_keep(struct store *s, struct trg_err *err);
int turn_undo(struct store *s, struct trg_err *err);

#endif
