/*
 * The store: one SQLite file behind domain verbs, so that another engine could stand here. This is
 * the only room that includes sqlite3.h.
 *
 * One connection writes and checkpoints (store_open); it belongs to the loop thread. Readers
 * (reports, search, backup) are connections of their own (store_open_reader), one per pool task or
 * command, never shared. One turn of the loop is one transaction: see turn.h. A verb that writes
 * joins the open turn, or opens it. Every verb returns 0 or a negative TRG_E... with err; for the
 * writer an error other than TRG_ENOTFOUND, TRG_EINVAL or TRG_ESTATE is fatal to the process: the
 * caller ends it, and the file recovers.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

#define STORE_VERSION 27 /* user_version of the newest migration */

/* Opens STATE/triaged.db for writing: takes the lock (TRG_ESTATE "locked" when another daemon has
 * it), creates or migrates. A newer version, a foreign file or a corrupt one is refused with what
 * to do. */
int store_open(const char *state_dir, struct store **ret, struct trg_err *err);
/* The same, and `fn` is told in words what takes long: when an older database is brought up to date
 * or roll-ups are filled from its rows, at the beginning of each step and then about every second.
 * It may use nothing of the store, which is in the middle of it; false: not to go on, and opening
 * ends with TRG_ESTATE "interrupted" and the database as it was, or with whole days filled. */
int store_open_told(const char *state_dir, bool (*fn)(void *arg, const char *what), void *arg,
                    struct store **ret, struct trg_err *err);
/* Read-only; works beside a running daemon. TRG_ENOTFOUND when there is no database yet. */
int store_open_reader(const char *state_dir, struct store **ret, struct trg_err *err);
/* One more reader of the same file, for a pool thread; with a small cache. Any thread. */
int store_open_beside(const struct store *s, struct store **ret, struct trg_err *err);
/* On a reader: what is read until `on` is false again is of one moment, which is also cheaper than
 * a moment for each question. On the writer nothing. */
int store_moment(struct store *s, bool on, struct trg_err *err);
void store_close(struct store **s); /* commits nothing that is open; checkpoints when the writer */
/* Is a daemon (or another writer) holding the lock? */
bool store_locked(const char *state_dir);
const char *store_path(const struct store *s);
/* "SQLite 3.40.1; ..." with a word on the WAL-reset bug (trap 1). */
const char *store_engine(void);
/* wal_checkpoint(TRUNCATE) when idle; a busy answer is fine. */
void store_idle(struct store *s);
/* Deletes inbox rows and, with a moment of their own, the bytes of model calls, in batches of at
 * most `rows`; ret_more: call again. */
int store_clean(struct store *s, int64_t before_ms, int64_t requests_before_ms, int rows,
                bool *ret_more, struct trg_err *err);
/* Online copy into a new file. From any connection. */
int store_backup(struct store *s, const char *path, struct trg_err *err);
/* PRAGMA quick_check: 0, or TRG_ECORRUPT and its first words. */
int store_check(struct store *s, struct trg_err *err);
/* Secret bytes of this state directory (made at first use, file STATE/key, mode 0600), for keyed
 * hashes of e-mail addresses and ids. */
int store_key(const char *state_dir, uint8_t out[32], struct trg_err *err);

/* Small durable values by key (e.g. "classifier.hash"). Strings from `a`; NULL when unset. */
int store_get(struct store *s, const char *key, struct arena *a, char **ret, struct trg_err *err);
int store_put(struct store *s, const char *key, const char *value, struct trg_err *err);

/* The store's rule for who has no other way out: a failure is logged and ends the process; the file
 * recovers at the next start. */
void store_must(int rc, const struct trg_err *err);

#endif
