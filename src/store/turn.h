/*
 * One turn, one commit: all writes of a loop turn join one transaction. turn_flush (called in
 * uv_prepare, and at the end of a command) commits it and only then runs the effects that were
 * registered with turn_after_commit: webhook answers, outgoing writes, starts of calls. Effects
 * may write again; the flush goes on until nothing is open.
 */
#ifndef STORE_TURN_H
#define STORE_TURN_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;

/* Opens the turn's transaction unless it is open. All write verbs call it themselves. */
int turn_write(struct store *s, struct trg_err *err);
/* fn(arg) runs after the commit of this turn, in the order of registration; when the commit fails
 * it never runs. Without an open turn it runs at the next flush all the same. */
void turn_after_commit(struct store *s, void (*fn)(void *arg), void *arg);
/* Commits and runs effects until nothing is left. An error means that nothing of the turn
 * happened: log it and end the process. */
int turn_flush(struct store *s, struct trg_err *err);
bool turn_open(const struct store *s);
int64_t turn_commits(const struct store *s); /* durable commits so far, for figures */
/* Tests: ends the process (_exit(9)) before (`after` false) or after the n-th commit from now. */
void turn_crash_at(struct store *s, int64_t n, bool after);

/* A savepoint inside the turn: what fails leaves nothing behind. */
int turn_save(struct store *s, struct trg_err *err);
int turn_keep(struct store *s, struct trg_err *err);
int turn_undo(struct store *s, struct trg_err *err);

#endif
