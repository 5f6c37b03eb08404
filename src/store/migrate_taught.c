/* Labelled texts that people trained the embedded model with: the next training has them too. */
#include "store/migrate.h"

static const char taught[] = "CREATE TABLE taught ("
                             "  row INTEGER PRIMARY KEY,"
                             "  hash TEXT NOT NULL UNIQUE,"
                             "  text TEXT NOT NULL,"
                             "  labels TEXT NOT NULL,"
                             "  source TEXT NOT NULL,"
                             "  put_ms INTEGER NOT NULL"
                             ") STRICT;";

const char *const migrate_taught[] = {taught, NULL};
