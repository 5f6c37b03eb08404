#include <stddef.h>

#include "store/migrate.h"

/* How many rows there are of a kind is noted by the writing connection (delta.h), no longer by
 * triggers. */
static const char triggers[] = "DROP TRIGGER ticket_comes; DROP TRIGGER ticket_goes_on;"
                               "DROP TRIGGER inbox_ticket_comes; DROP TRIGGER inbox_ticket_turns;"
                               "DROP TRIGGER inbox_ticket_goes;"
                               "DROP TRIGGER ticket_billed_first; DROP TRIGGER ticket_billed_anew;"
                               "DROP TRIGGER model_call_paid_first; DROP TRIGGER model_call_paid;";

/* As in migrate_checks: the same rules without a table of words for each row. */
static const char draft_check[] = MIGRATE_CHECK(
    "draft",
    "CHECK (state IN (''proposed'', ''waiting'', ''approved'', ''edited'',"
    "    ''rejected'', ''sent'', ''superseded''))",
    "CHECK (instr('' proposed waiting approved edited rejected sent superseded '',"
    " '' '' || state || '' '') > 0 AND instr(state, '' '') = 0)");

static const char outbox_check[] = MIGRATE_CHECK(
    "outbox",
    "CHECK (state IN (''planned'', ''sending'', ''done'', ''rejected'',"
    "    ''uncertain'', ''superseded''))",
    "CHECK (instr('' planned sending done rejected uncertain superseded '',"
    " '' '' || state || '' '') > 0 AND instr(state, '' '') = 0)");

const char *const migrate_counts[] = {triggers,     "PRAGMA writable_schema = ON",    draft_check,
                                      outbox_check, "PRAGMA writable_schema = RESET", NULL};
