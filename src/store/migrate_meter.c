#include <stddef.h>

#include "store/migrate.h"

/* The outbox of meter events: one row a ledger line that counts for them. */
static const char meter[] =
    "CREATE TABLE meter_event ("
    "  seq INTEGER PRIMARY KEY REFERENCES ledger (seq),"
    "  state TEXT NOT NULL CHECK (instr(' waiting planned sending done rejected held dropped ',"
    "    ' ' || state || ' ') > 0 AND instr(state, ' ') = 0),"
    "  period TEXT NOT NULL,"
    "  identifier TEXT NOT NULL UNIQUE,"
    "  value INTEGER NOT NULL,"
    "  body TEXT NOT NULL,"      /* as it is sent, every time; '' until it is final */
    "  due_ms INTEGER NOT NULL," /* waiting: final from; planned: next attempt */
    "  planned_ms INTEGER NOT NULL,"
    "  first_ms INTEGER NOT NULL," /* first attempt that may have arrived; 0: none */
    "  attempts INTEGER NOT NULL,"
    "  key_no INTEGER NOT NULL,"
    "  code TEXT NOT NULL,"
    "  why TEXT NOT NULL,"
    "  done_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX meter_event_by_state ON meter_event (state, due_ms);"
    "CREATE INDEX meter_event_by_period ON meter_event (period) WHERE state = 'waiting';"
    /* The close of its period makes a charge final. */
    "CREATE TRIGGER meter_event_closed AFTER INSERT ON period BEGIN"
    "  UPDATE meter_event SET due_ms = 0 WHERE state = 'waiting' AND period = new.period;"
    " END;";

const char *const migrate_meter[] = {meter, NULL};
