#include <stddef.h>

#include "store/migrate.h"

/* Most words of a question are asked for as beginnings of four or five letters (words_query), which
 * are looked up in an index of their own instead of gathered from all words that begin so. */
#define REMADE(name, columns)                                                                      \
  "DROP TABLE " name "_fts;"                                                                       \
  "CREATE VIRTUAL TABLE " name "_fts USING fts5 (" columns ", content = '" name                    \
  "', content_rowid = 'row', prefix = '4 5', tokenize = 'unicode61 remove_diacritics 2');"         \
  "INSERT INTO " name "_fts (" name "_fts) VALUES ('rebuild');"                                    \
  "INSERT INTO " name "_fts (" name "_fts) VALUES ('optimize');"

static const char stem[] = REMADE("passage", "title, heading, text") REMADE("example", "text");

const char *const migrate_stem[] = {stem, NULL};
