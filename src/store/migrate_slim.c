#include <stddef.h>

#include "store/ledger_sum.h"
#include "store/migrate.h"

/* clang-format off */
/* The ledger without the indexes of its two hashes, a sixth of the file and two random pages a line:
 * that each line follows the last one is asked of the last one. Copied, as SQLite's documentation
 * has it ("Making Other Kinds Of Table Schema Changes"); lines, numbers and hashes stay. */
static const char slim[] =
    "PRAGMA legacy_alter_table = ON;" /* the views name the ledger while it is away */
    "CREATE TABLE ledger_slim ("
    "  seq INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL CHECK (instr(' charge reversal credit adjust ', ' ' || kind || ' ') > 0"
    "    AND instr(kind, ' ') = 0),"
    "  charge_key TEXT NOT NULL,"
    "  corrects INTEGER REFERENCES ledger (seq)," /* NULL: nothing */
    "  ticket_id INTEGER REFERENCES ticket (id)," /* NULL: fees of a period */
    "  ref TEXT NOT NULL,"
    "  helpdesk TEXT NOT NULL,"
    "  category TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  period TEXT NOT NULL,"
    "  outcome TEXT NOT NULL,"
    "  evidence_level TEXT NOT NULL,"
    "  rule TEXT NOT NULL,"
    "  amount_micros INTEGER NOT NULL,"
    "  model_cost_micros INTEGER NOT NULL,"
    "  book TEXT NOT NULL,"
    "  book_hash TEXT NOT NULL,"
    "  evidence TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  written_ms INTEGER NOT NULL,"
    "  prev_hash TEXT NOT NULL,"
    "  hash TEXT NOT NULL"
    ") STRICT;"
    "INSERT INTO ledger_slim (seq, kind, charge_key, corrects, ticket_id, ref, helpdesk, category,"
    "  model, period, outcome, evidence_level, rule, amount_micros, model_cost_micros, book,"
    "  book_hash, evidence, reason, at_ms, written_ms, prev_hash, hash)"
    "  SELECT seq, kind, charge_key, corrects, ticket_id, ref, helpdesk, category, model, period,"
    "  outcome, evidence_level, rule, amount_micros, model_cost_micros, book, book_hash, evidence,"
    "  reason, at_ms, written_ms, prev_hash, hash FROM ledger ORDER BY seq;"
    "DROP TABLE ledger;"
    "ALTER TABLE ledger_slim RENAME TO ledger;"
    "PRAGMA legacy_alter_table = OFF;"
    "CREATE INDEX ledger_by_key ON ledger (charge_key);"
    "CREATE INDEX ledger_by_ticket ON ledger (ticket_id);"
    "CREATE INDEX ledger_by_corrected ON ledger (corrects) WHERE corrects IS NOT NULL;"
    "CREATE INDEX ledger_by_moment ON ledger (at_ms);";
static const char slim_rules[] =
    "CREATE TRIGGER ledger_kept BEFORE UPDATE ON ledger BEGIN"
    "  SELECT raise(ABORT, 'ledger is append-only');"
    " END;"
    "CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger BEGIN"
    "  SELECT raise(ABORT, 'ledger is append-only');"
    " END;"
    "CREATE TRIGGER ledger_once BEFORE INSERT ON ledger WHEN new.kind = 'charge' BEGIN"
    "  SELECT raise(ABORT, 'this case is charged already')"
    "    WHERE EXISTS (SELECT 1 FROM ledger_live WHERE charge_key = new.charge_key);"
    " END;"
    "CREATE TRIGGER ledger_reversed_once BEFORE INSERT ON ledger WHEN new.kind = 'reversal' BEGIN"
    "  SELECT raise(ABORT, 'only a live charge can be reversed')"
    "    WHERE NOT EXISTS (SELECT 1 FROM ledger_live WHERE seq = new.corrects);"
    " END;"
    "CREATE TRIGGER ledger_next BEFORE INSERT ON ledger BEGIN"
    "  SELECT raise(ABORT, 'the ledger has no gaps')"
    "    WHERE new.seq <> coalesce((SELECT max(seq) FROM ledger), 0) + 1;"
    "  SELECT raise(ABORT, 'the line does not follow the last one') WHERE new.prev_hash <>"
    "    coalesce((SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1), '');"
    " END;"
    "CREATE TRIGGER ledger_closed BEFORE INSERT ON ledger"
    "  WHEN EXISTS (SELECT 1 FROM period WHERE period = new.period) BEGIN"
    "  SELECT raise(ABORT, 'the period is closed');"
    " END;"
    SUMMED COUNTS
    /* 'ledger verify' asks of every line of a call whether there is that call. */
    "CREATE INDEX agent_call_by_charge ON agent_call (charge_key);";
/* clang-format on */

const char *const migrate_slim[] = {slim, slim_rules, NULL};
