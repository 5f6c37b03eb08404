/*
 * Makes commits durable on a thread of its own: it syncs the write-ahead log, and what was
 * committed before a sync began is durable when it ends. Private to this room; turn.c is its only
 * user. Commits are numbered in their order, from 1.
 */
#ifndef STORE_DURABLE_H
#define STORE_DURABLE_H

#include <stdint.h>
#include <triaged/plugin.h>

struct durable;

/* `wal`: the file, which must exist and be the same one until the end; it is durable up to this
 * commit. `told(arg)` runs on the thread after each sync, and after the one that failed: it may
 * only wake the caller's loop. */
int durable_new(const char *wal, int64_t commit, void (*told)(void *arg), void *arg,
                struct durable **ret, struct trg_err *err);
/* Ends the thread; what it was asked for and has not begun stays undone. */
void durable_free(struct durable **d);

/* Everything up to this commit, which was written, is to be durable soon. */
void durable_ask(struct durable *d, int64_t commit);
/* Up to which commit everything is durable; TRG_EIO for good once a sync failed, as what the
 * kernel could not write is not known (https://wiki.postgresql.org/wiki/Fsync_Errors). */
int durable_upto(struct durable *d, int64_t *ret_commit, struct trg_err *err);
/* The same, after waiting in place until it is `commit` or more. */
int durable_wait(struct durable *d, int64_t commit, struct trg_err *err);

#endif
