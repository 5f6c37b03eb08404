/* Calls that wait in a vendor's batch: what they cost is another rate, and where they are. */
#include <stddef.h>

#include "store/migrate.h"

const char *const migrate_batch[] = {
    "ALTER TABLE model_call ADD COLUMN batched INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE model_call ADD COLUMN batch_ref TEXT NOT NULL DEFAULT '';",
    NULL,
};
