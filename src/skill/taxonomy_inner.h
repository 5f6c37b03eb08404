/*
 * Private to the taxonomy's files: what is filled while it is read.
 */
#ifndef SKILL_TAXONOMY_INNER_H
#define SKILL_TAXONOMY_INNER_H

#include "skill/taxonomy.h"

struct arena;

/* The public face is all const; this is what is filled. */
struct taxonomy_full {
  struct taxonomy t;
  struct arena *arena;
  /* While loading. */
  taxonomy_problem *problem;
  void *arg;
  struct trg_err *err;
  const char *path;
  int errors;
};
static inline struct arena *taxonomy_arena(struct taxonomy *t) {
  return ((struct taxonomy_full *)t)->arena;
}
void taxonomy_tell(struct taxonomy *t, bool error, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "a, b; c" to a list; quotes around a phrase are taken off. */
size_t taxonomy_split(struct arena *a, const char *text, const char *const **ret);
/* "P1 - Critical", "urgent" or "High" to P1..P4; NULL: none of them. */
const char *taxonomy_priority(const char *text);
/* From the tables and headings of the triage skill's body, whatever they are called; body_line is
 * the file's line of its first. `categories` false: the others alone. */
void taxonomy_tables(struct taxonomy *t, const char *body, uint32_t body_line, bool categories);
/* From a file: {categories, teams, priorities, escalations}, or a list of categories. 0, or
 * TRG_EINVAL when something was told. */
int taxonomy_file(struct taxonomy *t, const char *file);
/* Gives a team to each category that has none: the one whose words fit best. */
void taxonomy_route(struct taxonomy *t);

#endif
