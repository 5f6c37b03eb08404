#include "store/migrate.h"

#include "store/sql.h"

static const char *const *const steps[STORE_VERSION] = {
    migrate_001,      migrate_002,    migrate_billing,  migrate_tally,   migrate_subject,
    migrate_batch,    migrate_tool,   migrate_checks,   migrate_example, migrate_cited,
    migrate_feedback, migrate_shadow, migrate_asked,    migrate_eval,    migrate_taught,
    migrate_meter,    migrate_wish,   migrate_report,   migrate_person,  migrate_agent,
    migrate_slim,     migrate_change, migrate_evidence, migrate_cover};

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
