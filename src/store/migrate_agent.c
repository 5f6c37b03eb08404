#include <stddef.h>

#include "store/migrate.h"

/* Calls of other agents that were answered here. */
static const char agent_call[] = "CREATE TABLE agent_call ("
                                 "  id INTEGER PRIMARY KEY,"
                                 "  who TEXT NOT NULL,"
                                 "  tool TEXT NOT NULL,"
                                 "  ref TEXT NOT NULL,"
                                 "  at_ms INTEGER NOT NULL,"
                                 "  charge_key TEXT NOT NULL"
                                 ") STRICT;"
                                 "CREATE INDEX agent_call_by_moment ON agent_call (at_ms, id);"
                                 "CREATE TRIGGER agent_call_kept BEFORE UPDATE ON agent_call BEGIN"
                                 "  SELECT raise(ABORT, 'agent_call is append-only');"
                                 " END;"
                                 "CREATE TRIGGER agent_call_stays BEFORE DELETE ON agent_call BEGIN"
                                 "  SELECT raise(ABORT, 'agent_call is append-only');"
                                 " END;";

const char *const migrate_agent[] = {agent_call, NULL};
