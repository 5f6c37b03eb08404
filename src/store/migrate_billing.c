#include <stddef.h>

#include "store/migrate.h"

/* A closed period is a row; from then on the ledger takes no line of it. */
static const char periods[] =
    "CREATE TABLE period ("
    "  period TEXT PRIMARY KEY,"
    "  closed_ms INTEGER NOT NULL,"
    "  closed_by TEXT NOT NULL,"
    "  last_seq INTEGER NOT NULL," /* newest line of the whole ledger at that moment */
    "  last_hash TEXT NOT NULL,"
    "  lines INTEGER NOT NULL,"
    "  amount_micros INTEGER NOT NULL,"
    "  model_cost_micros INTEGER NOT NULL,"
    "  book TEXT NOT NULL,"
    "  book_hash TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER period_kept BEFORE UPDATE ON period BEGIN"
    "  SELECT raise(ABORT, 'a closed period is not changed');"
    " END;"
    "CREATE TRIGGER period_stays BEFORE DELETE ON period BEGIN"
    "  SELECT raise(ABORT, 'a closed period is not changed');"
    " END;"
    "CREATE TRIGGER ledger_closed BEFORE INSERT ON ledger"
    "  WHEN EXISTS (SELECT 1 FROM period WHERE period = new.period) BEGIN"
    "  SELECT raise(ABORT, 'the period is closed');"
    " END;";

/* Objections: every step is a row of its own; what a dispute is at follows from its last one. */
static const char disputes[] =
    "CREATE TABLE dispute_step ("
    "  seq INTEGER PRIMARY KEY,"
    "  dispute INTEGER NOT NULL," /* seq of its opening */
    "  ledger_seq INTEGER NOT NULL REFERENCES ledger (seq),"
    "  step TEXT NOT NULL CHECK (step IN ('open', 'evidence', 'upheld', 'credited')),"
    "  who TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  deadline_ms INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX dispute_by_opening ON dispute_step (dispute);"
    "CREATE INDEX dispute_by_line ON dispute_step (ledger_seq);"
    "CREATE TRIGGER dispute_step_kept BEFORE UPDATE ON dispute_step BEGIN"
    "  SELECT raise(ABORT, 'dispute steps are append-only');"
    " END;"
    "CREATE TRIGGER dispute_step_stays BEFORE DELETE ON dispute_step BEGIN"
    "  SELECT raise(ABORT, 'dispute steps are append-only');"
    " END;"
    "CREATE TRIGGER dispute_step_follows BEFORE INSERT ON dispute_step WHEN new.step <> 'open'"
    " BEGIN"
    "  SELECT raise(ABORT, 'only an open dispute goes on') WHERE NOT EXISTS"
    "    (SELECT 1 FROM dispute_step d WHERE d.dispute = new.dispute AND d.step = 'open'"
    "     AND d.ledger_seq = new.ledger_seq)"
    "    OR EXISTS (SELECT 1 FROM dispute_step d WHERE d.dispute = new.dispute"
    "     AND d.step IN ('upheld', 'credited'));"
    " END;"
    "CREATE TRIGGER dispute_once BEFORE INSERT ON dispute_step WHEN new.step = 'open' BEGIN"
    "  SELECT raise(ABORT, 'the line is in dispute already') WHERE EXISTS"
    "    (SELECT 1 FROM dispute_step o WHERE o.ledger_seq = new.ledger_seq AND o.step = 'open'"
    "     AND NOT EXISTS (SELECT 1 FROM dispute_step d WHERE d.dispute = o.seq"
    "      AND d.step IN ('upheld', 'credited')));"
    " END;"
    /* Which rules were in force, and who had put them there. */
    "CREATE TABLE book_change ("
    "  seq INTEGER PRIMARY KEY,"
    "  book TEXT NOT NULL,"
    "  book_hash TEXT NOT NULL,"
    "  who TEXT NOT NULL,"
    "  how TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX book_change_by_hash ON book_change (book_hash);"
    "CREATE TRIGGER book_change_kept BEFORE UPDATE ON book_change BEGIN"
    "  SELECT raise(ABORT, 'book changes are append-only');"
    " END;"
    "CREATE TRIGGER book_change_stays BEFORE DELETE ON book_change BEGIN"
    "  SELECT raise(ABORT, 'book changes are append-only');"
    " END;";

/* Roll-ups of the ledger, kept by trigger in the transaction of the line: invoices and reports read
 * these, however long the ledger is. */
/* clang-format off */
#define SUM_KEY "period, day, helpdesk, category, model, kind, outcome, evidence_level, reason," \
                " book, corrected, unit_micros"
#define SUM_OF(l) l ".period, strftime('%Y-%m-%d', " l ".at_ms / 1000, 'unixepoch')," \
                  " " l ".helpdesk, " l ".category, " l ".model, " l ".kind, " l ".outcome," \
                  " " l ".evidence_level, " l ".reason, " l ".book," \
                  " coalesce((SELECT o.period FROM ledger o WHERE o.seq = " l ".corrects), '')," \
                  " " l ".amount_micros"
/* Does the line move the counters by which prices go (settle_place.c)? */
#define COUNTED(l) "(" l ".ticket_id IS NOT NULL AND" \
                   " ((" l ".kind = 'charge' AND instr(" l ".rule, '>same case as ') = 0)" \
                   " OR (" l ".kind = 'reversal' AND " l ".rule GLOB 'void>*'" \
                   " AND NOT " l ".rule GLOB '*>shared' AND NOT " l ".rule GLOB '*>closed')))"
#define UNITS(l) "CASE " l ".kind WHEN 'charge' THEN 1 ELSE -1 END"
static const char sums[] =
    "CREATE TABLE ledger_sum ("
    "  period TEXT NOT NULL,"
    "  day TEXT NOT NULL,"
    "  helpdesk TEXT NOT NULL,"
    "  category TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  evidence_level TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  book TEXT NOT NULL,"
    "  corrected TEXT NOT NULL," /* period of the line that is corrected */
    "  unit_micros INTEGER NOT NULL,"
    "  lines INTEGER NOT NULL,"
    "  amount_micros INTEGER NOT NULL,"
    "  model_cost_micros INTEGER NOT NULL,"
    "  PRIMARY KEY (" SUM_KEY ")"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE ledger_count ("
    "  period TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  units INTEGER NOT NULL,"
    "  amount_micros INTEGER NOT NULL,"
    "  PRIMARY KEY (period, outcome)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO ledger_sum (" SUM_KEY ", lines, amount_micros, model_cost_micros)"
    "  SELECT " SUM_OF("l") ", count(*), sum(l.amount_micros), sum(l.model_cost_micros)"
    "  FROM ledger l GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;"
    "INSERT INTO ledger_count (period, outcome, units, amount_micros)"
    "  SELECT l.period, l.outcome, sum(" UNITS("l") "), sum(l.amount_micros)"
    "  FROM ledger l WHERE " COUNTED("l") " GROUP BY 1, 2;"
    "CREATE TRIGGER ledger_summed AFTER INSERT ON ledger BEGIN"
    "  INSERT INTO ledger_sum (" SUM_KEY ", lines, amount_micros, model_cost_micros)"
    "    VALUES (" SUM_OF("new") ", 1, new.amount_micros, new.model_cost_micros)"
    "    ON CONFLICT DO UPDATE SET lines = lines + 1,"
    "    amount_micros = amount_micros + excluded.amount_micros,"
    "    model_cost_micros = model_cost_micros + excluded.model_cost_micros;"
    " END;"
    "CREATE TRIGGER ledger_counted AFTER INSERT ON ledger WHEN " COUNTED("new") " BEGIN"
    "  INSERT INTO ledger_count (period, outcome, units, amount_micros)"
    "    VALUES (new.period, new.outcome, " UNITS("new") ", new.amount_micros)"
    "    ON CONFLICT DO UPDATE SET units = units + excluded.units,"
    "    amount_micros = amount_micros + excluded.amount_micros;"
    " END;";
/* clang-format on */

const char *const migrate_billing[] = {periods, sums, disputes, NULL};
