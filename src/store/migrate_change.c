/* Who asked for a change of the rules and who approved it, who approved a draft, and what a person
 * confirmed that no program can see. */
#include "store/migrate.h"

static const char change[] =
    "CREATE TABLE change ("
    "  hash TEXT PRIMARY KEY," /* of the three below */
    "  conf_hash TEXT NOT NULL,"
    "  book_hash TEXT NOT NULL,"
    "  skills_hash TEXT NOT NULL,"
    "  seen_ms INTEGER NOT NULL," /* first in force */
    "  requested_by TEXT NOT NULL DEFAULT '',"
    "  request_why TEXT NOT NULL DEFAULT '',"
    "  requested_ms INTEGER NOT NULL DEFAULT 0,"
    "  approved_by TEXT NOT NULL DEFAULT '',"
    "  approve_why TEXT NOT NULL DEFAULT '',"
    "  approved_ms INTEGER NOT NULL DEFAULT 0,"
    "  emergency INTEGER NOT NULL DEFAULT 0" /* approved by one person, to be reviewed */
    ") STRICT;";

static const char approval[] =
    "CREATE TABLE approval ("
    "  draft_id INTEGER NOT NULL REFERENCES draft (id),"
    "  text_hash TEXT NOT NULL," /* of what was approved: an edit begins anew */
    "  who TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (draft_id, text_hash, who)"
    ") STRICT;";

static const char confirmation[] =
    "CREATE TABLE confirmation ("
    "  id INTEGER PRIMARY KEY,"
    "  control TEXT NOT NULL,"
    "  who TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  until_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX confirmation_by_control ON confirmation (control);";

const char *const migrate_change[] = {change, approval, confirmation, NULL};
