/* What people did with drafts. */
#include "store/migrate.h"

static const char feedback[] =
    "CREATE TABLE feedback ("
    "  id INTEGER PRIMARY KEY,"
    "  draft_id INTEGER NOT NULL REFERENCES draft (id),"
    "  ticket_id INTEGER NOT NULL REFERENCES ticket (id),"
    "  kind TEXT NOT NULL CHECK (kind IN ('approved', 'edited', 'rejected', 'answered')),"
    "  who TEXT NOT NULL,"
    "  distance REAL NOT NULL," /* 0 as drafted .. 1 nothing in common; -1 unknown */
    "  category TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  skills_hash TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX feedback_by_moment ON feedback (at_ms);"
    "CREATE INDEX feedback_by_ticket ON feedback (ticket_id);"
    "CREATE VIEW v_feedback AS SELECT t.ref, f.kind, f.who, f.distance, f.category, f.model,"
    " f.skills_hash, strftime('%Y-%m-%dT%H:%M:%SZ', f.at_ms / 1000, 'unixepoch') AS at, f.draft_id"
    " FROM feedback f JOIN ticket t ON t.id = f.ticket_id;";

const char *const migrate_feedback[] = {feedback, NULL};
