#include "store/migrate.h"

#include "store/sql.h"

static const char *const *const steps[STORE_VERSION] = {
    migrate_001,     migrate_002,   migrate_billing, migrate_tally,
    migrate_subject, migrate_batch, migrate_tool};

static int apply(struct store *s, int64_t from, struct trg_err *err) {
  for (int64_t v = from; v < STORE_VERSION; v++)
    for (const char *const *text = steps[v]; *text != NULL; text++) {
      const int rc = sql_script(s, *text, err);
      if (rc != 0) return rc;
    }
  /* PRAGMA takes no bound values. */
  char *marks = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                STORE_APPLICATION_ID, STORE_VERSION);
  BUG_UNLESS(marks != NULL);
  const int rc = sql_script(s, marks, err);
  sqlite3_free(marks);
  return rc;
}

int migrate(struct store *s, int64_t from, struct trg_err *err) {
  if (from == STORE_VERSION) return 0;
  int rc = sql_script(s, "BEGIN IMMEDIATE", err);
  if (rc == 0) rc = apply(s, from, err);
  if (rc == 0) rc = sql_script(s, "COMMIT", err);
  if (rc == 0) return 0;
  if (sqlite3_get_autocommit(s->db) == 0) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
  err_prefix(err, "bringing the database from version %d to %d", (int)from, STORE_VERSION);
  return rc;
}
