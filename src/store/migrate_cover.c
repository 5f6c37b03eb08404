/* Where personal data stands in a passage, and by which rules it was looked for. */
#include "store/migrate.h"

static const char cover[] = "ALTER TABLE passage ADD COLUMN hidden TEXT NOT NULL DEFAULT '';"
                            "ALTER TABLE passage ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;";

const char *const migrate_cover[] = {cover, NULL};
