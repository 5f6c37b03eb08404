/* The labelled examples of the taxonomy, searched for each ticket. */
#include "store/migrate.h"

static const char example[] =
    "CREATE TABLE example ("
    "  row INTEGER PRIMARY KEY,"
    "  text TEXT NOT NULL,"
    "  category TEXT NOT NULL,"
    "  labels TEXT NOT NULL"
    ") STRICT;"
    "CREATE VIRTUAL TABLE example_fts USING fts5 (text, content = 'example',"
    "  content_rowid = 'row', tokenize = 'unicode61 remove_diacritics 2');"
    "CREATE TRIGGER example_comes AFTER INSERT ON example BEGIN"
    "  INSERT INTO example_fts (rowid, text) VALUES (new.row, new.text);"
    " END;"
    "CREATE TRIGGER example_goes AFTER DELETE ON example BEGIN"
    "  INSERT INTO example_fts (example_fts, rowid, text) VALUES ('delete', old.row, old.text);"
    " END;"
    "CREATE TABLE example_hash (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;";

const char *const migrate_example[] = {example, NULL};
