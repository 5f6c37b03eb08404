#include <stddef.h>

#include "store/migrate.h"

/* SQLite checks a list of more than two words by making a temporary table of them, for every row
 * that is written; a search in one text needs none. The rule is the same. */
static const char state_check[] = MIGRATE_CHECK(
    "ticket",
    "CHECK (state IN (''none'', ''received'', ''triaging'', ''triaged'',"
    "    ''admitted'', ''drafting'', ''drafted'', ''decided'', ''writing'', ''uncertain'',"
    " ''following'',    ''done'', ''dead''))",
    "CHECK (instr('' none received triaging triaged admitted drafting drafted decided writing"
    " uncertain following done dead '', '' '' || state || '' '') > 0 AND instr(state, '' '') = 0)");

static const char bill_check[] = MIGRATE_CHECK(
    "ticket",
    "CHECK (bill_state IN (''open'', ''resolved'', ''excluded'', ''held'', ''reversed''))",
    "CHECK (instr('' open resolved excluded held reversed '', '' '' || bill_state || '' '') > 0"
    " AND instr(bill_state, '' '') = 0)");

const char *const migrate_checks[] = {"PRAGMA writable_schema = ON", state_check, bill_check,
                                      "PRAGMA writable_schema = RESET", NULL};
