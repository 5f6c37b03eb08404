#include <stddef.h>

#include "store/migrate.h"

/* Counts beside the rows, kept by trigger, so that after every settling a handful of numbers can be
 * compared with what the program itself counted; and the gaps that were found. */
static const char tally[] =
    "INSERT INTO depth (kind, word, n)"
    "  SELECT 'bill', bill_state, count(*) FROM ticket GROUP BY bill_state;"
    "INSERT INTO depth (kind, word, n)"
    "  SELECT 'cost', 'calls', coalesce(sum(cost_micros), 0) FROM model_call WHERE outcome <> '';"
    "CREATE TRIGGER ticket_billed_first AFTER INSERT ON ticket BEGIN"
    "  INSERT INTO depth (kind, word, n) VALUES ('bill', new.bill_state, 1)"
    "    ON CONFLICT (kind, word) DO UPDATE SET n = n + 1;"
    " END;"
    "CREATE TRIGGER ticket_billed_anew AFTER UPDATE OF bill_state ON ticket"
    "  WHEN new.bill_state <> old.bill_state BEGIN"
    "  UPDATE depth SET n = n - 1 WHERE kind = 'bill' AND word = old.bill_state;"
    "  INSERT INTO depth (kind, word, n) VALUES ('bill', new.bill_state, 1)"
    "    ON CONFLICT (kind, word) DO UPDATE SET n = n + 1;"
    " END;"
    "CREATE TRIGGER model_call_paid_first AFTER INSERT ON model_call"
    "  WHEN new.outcome <> '' AND new.cost_micros <> 0 BEGIN"
    "  UPDATE depth SET n = n + new.cost_micros WHERE kind = 'cost';"
    " END;"
    "CREATE TRIGGER model_call_paid AFTER UPDATE OF cost_micros, outcome ON model_call BEGIN"
    "  UPDATE depth SET n = n + iif(new.outcome <> '', new.cost_micros, 0)"
    "    - iif(old.outcome <> '', old.cost_micros, 0) WHERE kind = 'cost';"
    " END;"
    "CREATE TABLE gap ("
    "  subject TEXT PRIMARY KEY," /* a ticket's ref, or totals */
    "  what TEXT NOT NULL,"
    "  since_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;";

const char *const migrate_tally[] = {tally, NULL};
