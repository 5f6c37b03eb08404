#include <stddef.h>

#include "store/migrate.h"

/* Calls of tools that change something: what drafts wish, what people say, what came of it. */
static const char tool_wish[] =
    "CREATE TABLE tool_wish ("
    "  id INTEGER PRIMARY KEY,"
    "  ticket_id INTEGER NOT NULL REFERENCES ticket (id),"
    "  pass INTEGER NOT NULL,"
    "  tool TEXT NOT NULL,"
    "  arguments TEXT NOT NULL,"
    "  arguments_hash TEXT NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'denied', 'expired',"
    "    'running', 'done', 'failed', 'uncertain')),"
    "  who TEXT NOT NULL,"
    "  why TEXT NOT NULL,"
    "  result TEXT NOT NULL,"
    "  made_ms INTEGER NOT NULL,"
    "  due_ms INTEGER NOT NULL,"
    "  decided_ms INTEGER NOT NULL,"
    "  ended_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX tool_wish_by_ticket ON tool_wish (ticket_id, id);"
    "CREATE INDEX tool_wish_open ON tool_wish (state, id)"
    "  WHERE state IN ('waiting', 'approved', 'running');"
    /* What ended stays as it ended. */
    "CREATE TRIGGER tool_wish_ended BEFORE UPDATE OF state ON tool_wish"
    "  WHEN old.state IN ('denied', 'expired', 'done', 'failed', 'uncertain')"
    "  AND new.state <> old.state BEGIN"
    "  SELECT raise(ABORT, 'this call has ended');"
    " END;";

const char *const migrate_wish[] = {tool_wish, NULL};
