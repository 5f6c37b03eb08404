#include <stddef.h>

#include "store/migrate.h"

/* What models said that are only compared: beside the decisions, never part of them. */
static const char shadow[] = "CREATE TABLE shadow ("
                             "  id INTEGER PRIMARY KEY,"
                             "  ticket_id INTEGER NOT NULL REFERENCES ticket (id),"
                             "  pass INTEGER NOT NULL,"
                             "  stage TEXT NOT NULL,"
                             "  model TEXT NOT NULL,"
                             "  outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'unsure', 'failed',"
                             "    'refused', 'budget', 'busy')),"
                             "  answer TEXT NOT NULL," /* JSON, masked; '' when there is none */
                             "  confidence REAL NOT NULL,"
                             "  cost_micros INTEGER NOT NULL,"
                             "  latency_us INTEGER NOT NULL,"
                             "  code TEXT NOT NULL,"
                             "  why TEXT NOT NULL,"
                             "  at_ms INTEGER NOT NULL,"
                             "  UNIQUE (ticket_id, pass, stage, model)"
                             ") STRICT;"
                             "CREATE INDEX shadow_by_time ON shadow (at_ms);";

const char *const migrate_shadow[] = {shadow, NULL};
