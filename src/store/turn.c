#include "base/time.h"
#include "store/delta.h"
#include "store/durable.h"
#include "store/tally.h"
#include "store/ticket_kept.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* A reader that meets a half-written header of the WAL takes the write lock for some microseconds
 * to look at it again, so that "busy" at BEGIN is possible although nobody else writes. */
#define BEGIN_TRIES   50
#define BESIDE_MAX_US 1000000

static int begin(struct store *s, struct trg_err *err) {
  static const char text[] = "BEGIN IMMEDIATE";
  for (int tries = 1;; tries++) {
    const int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
    if (rc == SQLITE_OK) return 0;
    if ((rc & 0xFF) != SQLITE_BUSY || tries == BEGIN_TRIES) return sql_failed(s, rc, err);
    const struct timespec millisecond = {.tv_nsec = 1000000};
    (void)nanosleep(&millisecond, NULL);
  }
}

static int lost(struct store *s, struct trg_err *err) {
  if (err != NULL) *err = s->failure;
  return TRG_EIO;
}

/* Only triaged may write its file; who does it all the same is not to be overlooked. */
static int others_wrote(struct store *s, struct trg_err *err) {
  static const char text[] = "PRAGMA data_version";
  int64_t now = 0;
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_number(&q, &now, err);
  if (rc == 0 && now != s->others) ticket_kept_clear(s->tickets);
  s->others = now;
  return rc;
}

int turn_write(struct store *s, struct trg_err *err) {
  if (s->failed) return lost(s, err);
  if (s->turn) return 0;
  if (s->lock_fd < 0)
    return err_set(err, TRG_ESTATE, "read_only", "%s is open for reading only", s->path);
  int rc = begin(s, err);
  if (rc != 0) return rc;
  s->turn = true;
  return others_wrote(s, err);
}

int turn_needs(struct store *s, int rc, const struct trg_err *err) {
  if (rc >= 0 || s->failed) return rc;
  s->failed = true;
  if (err != NULL) s->failure = *err;
  return rc;
}

bool turn_open(const struct store *s) {
  return s->turn;
}

int64_t turn_commits(const struct store *s) {
  return s->commits;
}

void turn_crash_at(struct store *s, int64_t n, bool after) {
  s->crash_in = n;
  s->crash_after = after;
}

void turn_after_commit(struct store *s, void (*fn)(void *arg), void *arg) {
  if (s->effect_count == s->effect_room) {
    s->effect_room = s->effect_room == 0 ? 64 : 2 * s->effect_room;
    s->effects = mem_grow(s->effects, s->effect_room * sizeof *s->effects);
  }
  s->effects[s->effect_count++] = (struct effect){.fn = fn, .arg = arg};
}

static int commit(struct store *s, struct trg_err *err) {
  static const char text[] = "COMMIT";
  BUG_UNLESS(s->save_count == 0);
  const bool crash = s->crash_in > 0 && --s->crash_in == 0;
  if (crash && !s->crash_after) _exit(9);
  struct sql q;
  sql_read(&q, s, text);
  const int rc = sql_run(&q, err);
  if (rc != 0) return rc;
  s->turn = false;
  s->commits++;
  s->commit_us = clock_mono_us();
  if (crash) _exit(9);
  return 0;
}

/* Nothing of the turn happened, and no effect of it will. */
static int give_up(struct store *s, int rc, struct trg_err *err) {
  if (!s->failed) {
    s->failed = true;
    if (err != NULL) s->failure = *err;
  }
  if (sqlite3_get_autocommit(s->db) == 0) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  s->turn = false;
  s->effect_count = s->effect_sealed = 0;
  s->save_count = 0;
  delta_forget(s, 0);
  return rc;
}

/* --- the end of a turn ------------------------------------------------------------------------ */

/* Runs the effects of commits up to this one, in the order of their registration; what those
 * register waits for the commit of what they write. False: there was none. */
static bool run_effects(struct store *s, int64_t durable) {
  size_t n = 0;
  while (n < s->effect_sealed && s->effects[n].commit <= durable) n++;
  if (n == 0) return false;
  struct effect *list = mem_array(n, sizeof *list);
  memcpy(list, s->effects, n * sizeof *list);
  s->effect_count -= n;
  s->effect_sealed -= n;
  memmove(s->effects, s->effects + n, s->effect_count * sizeof *list);
  for (size_t i = 0; i < n; i++) list[i].fn(list[i].arg);
  mem_free(list);
  return true;
}

/* What was registered waits from here on for the newest commit, which is to be durable soon. */
static void seal(struct store *s) {
  while (s->effect_sealed < s->effect_count) s->effects[s->effect_sealed++].commit = s->commits;
  if (s->durable != NULL) durable_ask(s->durable, s->commits);
}

/* Not beside for long: a disk that hangs is to stop the loop, so that the watchdog sees it, and not
 * to fill the log with work that nobody may use. */
static int durable_now(struct store *s, bool wait, int64_t *ret, struct trg_err *err) {
  *ret = s->commits;
  if (s->durable == NULL) return 0;
  const int rc = durable_upto(s->durable, ret, err);
  if (rc != 0 || *ret >= s->commits) return rc;
  if (!wait && clock_mono_us() - s->commit_us < BESIDE_MAX_US) return 0;
  *ret = s->commits;
  return durable_wait(s->durable, s->commits, err);
}

/* *ret_more: effects ran, and may have left something to do. */
static int step_on(struct store *s, bool wait, bool *ret_more, struct trg_err *err) {
  int64_t durable = 0;
  *ret_more = false;
  int rc = durable_now(s, wait, &durable, err);
  /* While a sync runs, the turns that end write into one transaction: a commit copies every page
   * that it touched to the log, and would be durable no sooner. The sync's end is told. */
  if (rc != 0 || durable < s->commits) return rc;
  if (s->turn) rc = s->failed ? lost(s, err) : tally_apply(s, err);
  if (rc == 0 && s->turn) rc = commit(s, err);
  if (rc != 0) return rc;
  seal(s);
  rc = durable_now(s, wait, &durable, err);
  if (rc == 0) *ret_more = run_effects(s, durable);
  return rc;
}

static int end(struct store *s, bool wait, struct trg_err *err) {
  if (s->flushing) /* called by an effect: the flush that runs it goes on */
    return 0;
  struct trg_err own = {0};
  if (err == NULL) err = &own;
  if (s->failed) return give_up(s, lost(s, err), err);
  s->flushing = true;
  int rc = 0;
  for (bool more = true; rc == 0 && more;) rc = step_on(s, wait, &more, err);
  s->flushing = false;
  return rc == 0 ? 0 : give_up(s, rc, err);
}

int turn_flush(struct store *s, struct trg_err *err) {
  return end(s, true, err);
}

int turn_end(struct store *s, struct trg_err *err) {
  return end(s, false, err);
}

int turn_sync_beside(struct store *s, void (*told)(void *arg), void *arg, struct trg_err *err) {
  static const char text[] = "PRAGMA synchronous = NORMAL";
  BUG_UNLESS(s->lock_fd >= 0 && s->durable == NULL && !s->flushing);
  int rc = turn_flush(s, err);
  if (rc != 0) return rc;
  char *wal = mem_array(strlen(s->path) + sizeof "-wal", 1);
  (void)stpcpy(stpcpy(wal, s->path), "-wal");
  rc = durable_new(wal, s->commits, told, arg, &s->durable, err);
  mem_free(wal);
  return rc == 0 ? sql_script(s, text, err) : rc;
}

void turn_sync_end(struct store *s) {
  durable_free(&s->durable);
}

/* --- savepoints ------------------------------------------------------------------------------ */

static int step(struct store *s, const char *text, struct trg_err *err) {
  struct sql q;
  sql_write(&q, s, text);
  return sql_run(&q, err);
}

int turn_save(struct store *s, struct trg_err *err) {
  static const char text[] = "SAVEPOINT part";
  int rc = tally_apply(s, err); /* what is noted from here on is forgotten if this is undone */
  if (rc == 0) rc = step(s, text, err);
  if (rc != 0) return rc;
  if (s->save_count == s->save_room) {
    s->save_room = s->save_room == 0 ? 8 : 2 * s->save_room;
    s->saves = mem_grow(s->saves, s->save_room * sizeof *s->saves);
  }
  s->saves[s->save_count++] = s->effect_count;
  return 0;
}

int turn_keep(struct store *s, struct trg_err *err) {
  static const char text[] = "RELEASE part"; /* the innermost of that name */
  BUG_UNLESS(s->save_count > 0);
  const int rc = step(s, text, err);
  if (rc == 0) s->save_count--;
  return rc;
}

int turn_undo(struct store *s, struct trg_err *err) {
  static const char back[] = "ROLLBACK TO part";
  static const char away[] = "RELEASE part";
  BUG_UNLESS(s->save_count > 0);
  int rc = step(s, back, err);
  if (rc == 0) rc = step(s, away, err);
  if (rc != 0) return rc;
  delta_forget(s, 0);
  s->effect_count = s->saves[--s->save_count];
  return 0;
}
