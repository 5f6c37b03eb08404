#include <stddef.h>

#include "store/migrate.h"

/* clang-format off */
/* What the evidence said when a line was written, not only which facts it was. Lines from before
 * have none, and their hash is over what they have. */
static const char evidence[] =
    "ALTER TABLE ledger ADD COLUMN evidence_hash TEXT NOT NULL DEFAULT '';";

const char *const migrate_evidence[] = {evidence, NULL};
