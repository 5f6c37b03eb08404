/*
 * The taxonomy: categories, sub-categories, priorities, teams and reasons to escalate, from the
 * triage skill's tables or from a file; and the labelled examples that come with them.
 */
#ifndef SKILL_TAXONOMY_H
#define SKILL_TAXONOMY_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/model.h>

struct skills;
struct store;

struct category {
  const char *name, *team, *priority, *description;
  const char *const *signals; /* words that speak for it */
  size_t signal_count;
};
struct subcategory {
  const char *category, *name, *description;
};
struct priority {
  const char *name, *when;
  const char *const *signals;
  size_t signal_count;
};
struct team {
  const char *name, *handles;
};
struct escalation {
  const char *reason;
  const char *const *signals;
  size_t signal_count;
};
struct taxonomy {
  const struct category *categories;
  size_t category_count;
  const struct subcategory *subcategories;
  size_t subcategory_count;
  const struct priority *priorities;
  size_t priority_count;
  const struct team *teams;
  size_t team_count;
  const struct escalation *escalations;
  size_t escalation_count;
  const struct trg_example *examples; /* starter training data */
  size_t example_count;
  const char *json; /* the request's "taxonomy" object, deterministic */
  char hash[65];    /* of what is above, examples included */
};
/* file NULL: from the skills' tables. `labels` (may be NULL): further category names, e.g. those
 * the trained classifier knows. Never empty: a built-in minimal taxonomy stands in, with a
 * problem told. Everything that is wrong is told through `problem` (may be NULL), of a file as
 * "KEY: what is wrong"; NULL and err (the first of them) only for a file that has errors. */
typedef void taxonomy_problem(void *arg, const char *path, uint32_t line, const char *text);
struct taxonomy *taxonomy_load(const char *file, struct skills *s, const char *const *labels,
                               size_t label_count, taxonomy_problem *problem, void *arg,
                               struct trg_err *err);
/* Puts the examples into the store's search, masked as tickets are under these profiles
 * (base/pii.h), when they or the rules changed. */
int taxonomy_index(const struct taxonomy *t, struct store *s, unsigned profiles,
                   struct trg_err *err);
void taxonomy_free(struct taxonomy **t);
/* Are these one name? Letters' case, blanks, hyphens and underscores make no difference. */
bool taxonomy_same(struct trg_str a, const char *b);
const struct category *taxonomy_category(const struct taxonomy *t,
                                         struct trg_str name); /* nocase */
bool taxonomy_team(const struct taxonomy *t, struct trg_str name);

#endif
