#include <stddef.h>

#include "store/migrate.h"

/* What drafts looked up with tools of others: one row a call. */
static const char tool_call[] = "CREATE TABLE tool_call ("
                                "  id INTEGER PRIMARY KEY,"
                                "  ticket_id INTEGER NOT NULL REFERENCES ticket (id),"
                                "  pass INTEGER NOT NULL,"
                                "  step INTEGER NOT NULL,"
                                "  tool TEXT NOT NULL,"
                                "  arguments TEXT NOT NULL,"
                                "  outcome TEXT NOT NULL,"
                                "  why TEXT NOT NULL,"
                                "  result TEXT NOT NULL,"
                                "  result_hash TEXT NOT NULL,"
                                "  started_ms INTEGER NOT NULL,"
                                "  latency_us INTEGER NOT NULL,"
                                "  cost_micros INTEGER NOT NULL"
                                ") STRICT;"
                                "CREATE INDEX tool_call_by_ticket ON tool_call (ticket_id, id);";

const char *const migrate_tool[] = {tool_call, NULL};
