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
extern const char *const migrate_001[],
    *const migrate_002[], *const migrate_billing[],
                              *const migrate_tally[],
                                  *const migrate_subject[],
                                      *const migrate_batch[],
                                          *const migrate_tool[],
                                              *const migrate_checks[],
                                                  *const migrate_example[],
                                                      *const migrate_cited[],
                                                          *const migrate_feedback[],
                                                              *const migrate_shadow[],
                                                                  *const migrate_asked[],
                                                                      *const migrate_eval[];
extern const char *const migrate_billing[], *const migrate_tally[];
extern const char *const migrate_subject[], *const migrate_batch[];
extern const char *const migrate_tool[];
extern const char *const migrate_checks[];
extern const char *const migrate_example[];
extern const char *const migrate_cited[];
extern const char *const migrate_feedback[];
extern const char *const migrate_taught[];
extern const char *const migrate_meter[];
extern const char *const migrate_wish[];
extern const char *const migrate_change[];
extern const char *const migrate_evidence[];
extern const char *const migrate_report[];
extern const char *const migrate_person[];
extern const char *const migrate_agent[];
extern const char *const migrate_slim[];
extern const char *const migrate_cover[];
extern const char *const migrate_stem[];
extern const char *const migrate_views[];

/* Brings a checked database from version `from` to STORE_VERSION, in one transaction. */
int migrate(struct store *s, int64_t from, struct trg_err *err);

#endif
