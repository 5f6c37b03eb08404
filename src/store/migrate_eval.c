#include <stddef.h>

#include "store/migrate.h"

/* Evaluations: what models scored on labelled tickets, comparable over time. */
static const char eval[] = "CREATE TABLE eval_run ("
                           "  id INTEGER PRIMARY KEY,"
                           "  at_ms INTEGER NOT NULL,"
                           "  source TEXT NOT NULL,"      /* the file's name, or 'solved' */
                           "  source_hash TEXT NOT NULL," /* of the examples */
                           "  model TEXT NOT NULL,"
                           "  prompt_hash TEXT NOT NULL," /* of what all examples share */
                           "  conf_hash TEXT NOT NULL,"
                           "  scores TEXT NOT NULL" /* JSON, as eval prints it */
                           ") STRICT;"
                           "CREATE INDEX eval_run_by_time ON eval_run (at_ms);";

const char *const migrate_eval[] = {eval, NULL};
