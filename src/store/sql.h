/*
 * Private to this room: the store's struct, and one small way to run a statement. A statement is
 * named by the address of its text, prepared at first use and kept. Values are bound and columns
 * are read in the order in which they stand in the text. The first failure sticks: binding after
 * it does nothing, and the step returns it.
 *
 *   struct sql q;
 *   sql_read(&q, s, text);
 *   sql_int(&q, id);
 *   while ((rc = sql_next(&q, err)) > 0)
 *     x = sql_get_int(&q);
 *   return rc;
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#include "base/mem.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"
#include "store/turn.h"

#define SQL_KEPT 512 /* prepared statements; a power of two, well above the number of texts */

struct effect {
  void (*fn)(void *arg);
  void *arg;
  int64_t commit; /* that must be durable before it; set when its turn ends */
};
struct heads; /* bytes.h */
struct deltas;
struct durable;
struct ticket_kept;
struct store {
  sqlite3 *db;
  struct heads *heads;
  char *dir, *path;
  int lock_fd; /* -1: a reader */
  bool turn;   /* the turn's transaction is open */
  bool flushing;
  bool failed; /* the turn was lost: nothing is written any more */
  struct trg_err failure;
  bool (*on_wait)(void *arg, const char *what); /* NULL: nobody; see store_open_told */
  void *wait_arg;
  char waits_for[96];
  int64_t waited_ms;
  int64_t commits, commit_us; /* how many, and when the last was */
  int64_t crash_in;           /* commits until the crash that a test asked for; 0: none */
  bool crash_after;
  struct effect *effects;
  size_t effect_count, effect_room;
  size_t effect_sealed;    /* of them, those of turns that ended */
  struct durable *durable; /* NULL: each commit is durable when it returns */
  size_t *saves;           /* effect_count at each open savepoint */
  size_t save_count, save_room;
  struct deltas *deltas;       /* delta.h; NULL: a reader */
  struct ticket_kept *tickets; /* ticket_kept.h; NULL: a reader */
  int64_t others;              /* what SQLite counts of other connections' commits */
  struct {
    const char *text;
    sqlite3_stmt *stmt;
    uint32_t sets; /* delta_learned */
  } kept[SQL_KEPT];
  char *question, *query; /* words_query of it: several tables are asked the same in turn */
};

struct sql {
  struct store *store;
  sqlite3_stmt *stmt;
  int bound, column;
  int status;    /* 0, or the failure that sticks */
  bool kept;     /* else finalized at the end */
  uint32_t sets; /* delta_expects */
  struct trg_err err;
};

void sql_read(struct sql *q, struct store *s, const char *text);
void sql_write(struct sql *q, struct store *s, const char *text); /* opens the turn */
/* Not kept, so that it may stay open while a caller's function runs. */
void sql_read_once(struct sql *q, struct store *s, const char *text);

void sql_int(struct sql *q, int64_t n);
void sql_id(struct sql *q, int64_t id); /* 0 is NULL: no such row */
void sql_real(struct sql *q, double d);
void sql_text(struct sql *q, const char *text); /* NULL is '' */
void sql_text_or_null(struct sql *q, const char *text);
void sql_str(struct sql *q, struct trg_str s);
void sql_blob(struct sql *q, struct trg_str s);

/* 1 a row, 0 the end (and the statement is free again), negative on error. */
int sql_next(struct sql *q, struct trg_err *err);
/* To be called when rows are left unread. */
void sql_end(struct sql *q);
/* A statement without rows. */
int sql_run(struct sql *q, struct trg_err *err);
/* A write that must touch exactly one row, or TRG_ENOTFOUND "there is no such WHAT". */
int sql_run_one(struct sql *q, const char *what, struct trg_err *err);
/* The only row, or TRG_ENOTFOUND "there is no such WHAT". sql_end after reading it. */
int sql_one(struct sql *q, const char *what, struct trg_err *err);
/* One integer of the only row. */
int sql_number(struct sql *q, int64_t *ret, struct trg_err *err);
int64_t sql_changed(const struct store *s); /* rows of the last write */

int64_t sql_get_int(struct sql *q);
double sql_get_real(struct sql *q);
/* a NULL: borrowed until the next step. */
const char *sql_get_text(struct sql *q, struct arena *a);
struct trg_str sql_get_blob(struct sql *q, struct arena *a);

/* Second and later parts of a write that must happen whole or not at all: cheaper than a savepoint
 * where only the engine itself can fail. A negative rc loses the turn: it is never committed. */
int turn_needs(struct store *s, int rc, const struct trg_err *err);
/* Several statements without values, as in a migration. */
int sql_script(struct store *s, const char *text, struct trg_err *err);
/* words_query(words), from `a`. */
const char *query_of(struct store *s, struct trg_str words, struct arena *a);
/* The text of SQLite's failure `rc` on this store, with what to do. */
int sql_failed(struct store *s, int rc, struct trg_err *err);
/* Room for one more element of a list in the arena that has n. */
void *sql_room(struct arena *a, void *list, size_t n, size_t each);
void sql_forget(struct store *s); /* finalizes what is kept */

#endif
