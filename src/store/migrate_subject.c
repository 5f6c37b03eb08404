/* Persons by a pseudonym of their own, so that the way from an address to it can be destroyed while
 * tickets and ledger keep the pseudonym. What was stored before had the lookup itself. */
#include "store/migrate.h"

#include <stddef.h>

static const char persons[] =
    "CREATE TABLE subject ("
    "  lookup TEXT PRIMARY KEY," /* keyed hash of the e-mail address or id */
    "  pseudonym TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO subject SELECT DISTINCT requester_hash, requester_hash FROM ticket"
    "  WHERE requester_hash <> '';"
    "ALTER TABLE ticket ADD COLUMN erased_ms INTEGER NOT NULL DEFAULT 0;";

const char *const migrate_subject[] = {persons, NULL};
