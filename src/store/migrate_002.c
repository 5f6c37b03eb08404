#include <stddef.h>

#include "store/migrate.h"

/* Conversations whose resolution a model is to judge: one row a ticket, until the verdict is a
 * fact. */
static const char verify[] = "CREATE TABLE verify ("
                             "  ticket_id INTEGER PRIMARY KEY REFERENCES ticket (id),"
                             "  due_ms INTEGER NOT NULL,"
                             "  attempts INTEGER NOT NULL DEFAULT 0,"
                             "  why TEXT NOT NULL DEFAULT ''"
                             ") STRICT;"
                             "CREATE INDEX verify_by_due ON verify (due_ms);";

const char *const migrate_002[] = {verify, NULL};
