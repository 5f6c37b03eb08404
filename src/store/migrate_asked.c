#include <stddef.h>

#include "store/migrate.h"

/* What models were asked, in the program's own terms and for any model: a text that many requests
 * share is kept once. */
static const char asked[] = "CREATE TABLE prompt ("
                            "  id INTEGER PRIMARY KEY,"
                            "  hash TEXT NOT NULL UNIQUE,"
                            "  text TEXT NOT NULL"
                            ") STRICT;"
                            "CREATE TABLE asked ("
                            "  ticket_id INTEGER NOT NULL REFERENCES ticket (id),"
                            "  pass INTEGER NOT NULL,"
                            "  stage TEXT NOT NULL,"
                            "  stable_id INTEGER NOT NULL REFERENCES prompt (id),"
                            "  schema_id INTEGER NOT NULL REFERENCES prompt (id),"
                            "  taxonomy_id INTEGER REFERENCES prompt (id)," /* NULL: none */
                            "  system_id INTEGER REFERENCES prompt (id),"
                            "  part TEXT NOT NULL," /* what is the ticket's own, masked */
                            "  at_ms INTEGER NOT NULL,"
                            "  PRIMARY KEY (ticket_id, pass, stage)"
                            ") STRICT, WITHOUT ROWID;"
                            "CREATE INDEX asked_by_age ON asked (at_ms);";

const char *const migrate_asked[] = {asked, NULL};
