/* Which passages answered a past ticket: similar tickets vote for them. */
#include "store/migrate.h"

static const char cited[] = "ALTER TABLE past ADD COLUMN cited TEXT NOT NULL DEFAULT '[]';";

const char *const migrate_cited[] = {cited, NULL};
