#include "store/migrate.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/time.h"
#include "store/sql.h"

static const char *const *const steps[STORE_VERSION] = {
    migrate_001,      migrate_002,    migrate_billing,  migrate_tally,   migrate_subject,
    migrate_batch,    migrate_tool,   migrate_checks,   migrate_example, migrate_cited,
    migrate_feedback, migrate_shadow, migrate_asked,    migrate_eval,    migrate_taught,
    migrate_meter,    migrate_wish,   migrate_report,   migrate_person,  migrate_agent,
    migrate_slim,     migrate_change, migrate_evidence, migrate_cover,   migrate_stem,
    migrate_views,    migrate_counts};

/* --- what takes long is told ------------------------------------------------------------------
 */

#define WAIT_OPS      200000 /* of SQLite's machine: a few ten milliseconds */
#define WAIT_EVERY_MS 1000

static int on_ops(void *arg) {
  struct store *s = arg;
  const int64_t now = clock_mono_us() / 1000;
  if (now - s->waited_ms < WAIT_EVERY_MS) return 0;
  s->waited_ms = now;
  return s->on_wait(s->wait_arg, s->waits_for) ? 0 : 1; /* 1: SQLite ends the statement */
}

void wait_begin(struct store *s) {
  s->waited_ms = clock_mono_us() / 1000;
  if (s->on_wait != NULL) sqlite3_progress_handler(s->db, WAIT_OPS, on_ops, s);
}

int wait_says(struct store *s, struct trg_err *err, const char *format, ...) {
  if (s->on_wait == NULL) return 0;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(s->waits_for, sizeof s->waits_for, format, args);
  va_end(args);
  s->waited_ms = clock_mono_us() / 1000;
  return s->on_wait(s->wait_arg, s->waits_for) ? 0 : sql_failed(s, SQLITE_INTERRUPT, err);
}

void wait_end(struct store *s) {
  if (s->on_wait != NULL) sqlite3_progress_handler(s->db, 0, NULL, NULL);
  s->on_wait = NULL;
}

/* --- steps ------------------------------------------------------------------------------------
 */

static int apply(struct store *s, int64_t from, struct trg_err *err) {
  int rc = 0;
  for (int64_t v = from; v < STORE_VERSION; v++) {
    if (from > 0)
      rc = wait_says(s, err, "bringing the database to version %d: step %d", STORE_VERSION,
                     (int)v + 1);
    for (const char *const *text = steps[v]; rc == 0 && *text != NULL; text++)
      rc = sql_script(s, *text, err);
    if (rc != 0) return rc;
  }
  if (from > 0)
    rc = wait_says(s, err, "bringing the database to version %d: the end", STORE_VERSION);
  if (rc != 0) return rc;
  /* PRAGMA takes no bound values. */
  char *marks = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                STORE_APPLICATION_ID, STORE_VERSION);
  BUG_UNLESS(marks != NULL);
  rc = sql_script(s, marks, err);
  sqlite3_free(marks);
  return rc;
}

/* A step may change the text of the schema, which is refused at all other times. */
static void schema_text_opens(struct store *s, bool open) {
  (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, open ? 0 : 1, NULL);
}

int migrate(struct store *s, int64_t from, struct trg_err *err) {
  if (from == STORE_VERSION) return 0;
  schema_text_opens(s, true);
  /* A table that is made anew is away for a moment; inside a transaction this cannot be said. */
  int rc = sql_script(s, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE", err);
  if (rc == 0) rc = apply(s, from, err);
  if (rc == 0) rc = sql_script(s, "COMMIT; PRAGMA foreign_keys = ON", err);
  schema_text_opens(s, false);
  if (rc == 0) return 0;
  if (sqlite3_get_autocommit(s->db) == 0) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  err_prefix(err, "bringing the database from version %d to %d", (int)from, STORE_VERSION);
  return rc;
}
