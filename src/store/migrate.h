/*
 * Private to this room: the schema, as numbered steps. A step that was released is never changed;
 * what is new gets the next number, and STORE_VERSION follows.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <triaged/plugin.h>

struct store;

#define STORE_APPLICATION_ID 0x74726764 /* "trgd" */

/* What store_open_told tells: begins, says (a new step; told at once) and ends. */
void wait_begin(struct store *s);
int wait_says(struct store *s, struct trg_err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void wait_end(struct store *s);

/* Each ends with NULL. */
extern const char *const migrate_001[];
extern const char *const migrate_002[];
extern const char *const migrate_billing[];
extern const char *const migrate_tally[];
extern const char *const migrate_subject[];
extern const char *const migrate_batch[];
extern const char *const migrate_tool[];
extern const char *const migrate_checks[];
extern const char *const migrate_example[];
extern const char *const migrate_cited[];
extern const char *const migrate_feedback[];
extern const char *const migrate_shadow[];
extern const char *const migrate_asked[];
extern const char *const migrate_eval[];
extern const char *const migrate_taught[];
extern const char *const migrate_meter[];
extern const char *const migrate_wish[];
extern const char *const migrate_report[];
extern const char *const migrate_person[];
extern const char *const migrate_agent[];
extern const char *const migrate_slim[];
extern const char *const migrate_change[];
extern const char *const migrate_evidence[];
extern const char *const migrate_cover[];
extern const char *const migrate_stem[];
extern const char *const migrate_views[];
extern const char *const migrate_counts[];

/* Changing a CHECK of a table, while writable_schema is ON: the way that SQLite's documentation
 * gives ("Making Other Kinds Of Table Schema Changes"). The rows stay as they are. */
#define MIGRATE_CHECK(table, from, to)                                                             \
  "UPDATE sqlite_schema SET sql = replace(sql, '" from "', '" to "')"                              \
  " WHERE type = 'table' AND name = '" table "';"

/* Brings a checked database from version `from` to STORE_VERSION, in one transaction. */
int migrate(struct store *s, int64_t from, struct trg_err *err);

#endif
