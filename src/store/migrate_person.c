/* Whose a text of a labelled file is, where the file says so: it can be erased with the person. */
#include "store/migrate.h"

#include <stddef.h>

static const char person[] =
    "ALTER TABLE taught ADD COLUMN lookup TEXT NOT NULL DEFAULT '';" /* as subject.lookup; '' */
    "ALTER TABLE past ADD COLUMN lookup TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX taught_by_person ON taught (lookup) WHERE lookup <> '';"
    "CREATE INDEX past_by_person ON past (lookup) WHERE lookup <> '';";

const char *const migrate_person[] = {person, NULL};
