/*
 * Agent Skills and Claude plugin folders: found, parsed leniently, chosen by task. Names and
 * descriptions are always known; a body is read when its skill is used. Scripts are never run.
 */
#ifndef SKILL_SKILL_H
#define SKILL_SKILL_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;

struct skill {
  const char *name;   /* front matter, else the folder's */
  const char *plugin; /* plugin it came with, or "" */
  const char *description;
  const char *path; /* SKILL.md */
  const char *root; /* plugin root, else skill folder: reads stay inside */
  const char *body; /* markdown without front matter */
  char hash[65];    /* of the file */
};
struct skills;
/* Loads every folder; what is wrong with one skill or folder is told through `problem` and the
 * others still load. Never NULL. */
struct skills *skills_load(const char *const *folders, size_t count,
                           void (*problem)(void *arg, const char *path, uint32_t line,
                                           const char *text),
                           void *arg);
void skills_free(struct skills **s);
size_t skills_count(const struct skills *s);
const struct skill *skills_at(const struct skills *s, size_t i);
const struct skill *skills_find(const struct skills *s, const char *name); /* NULL: none */
const char *skills_hash(const struct skills *s); /* of all files together, hex */
/* A markdown table below a heading of the body, as rows of cells. */
struct md_table {
  size_t rows, columns;
  const char **header; /* columns */
  const char **cells;  /* rows * columns, row by row */
};
/* false when the heading or a table below it is missing. Strings from `a`. */
bool md_table_below(struct arena *a, const char *markdown, const char *heading,
                    struct md_table *ret);
/* Is this line inside, or an end of, a fenced code block? *open: '\0' before the first line; holds
 * the fence's character from line to line. */
bool md_fence(struct trg_str line, char *open);
ptrdiff_t md_column(const struct md_table *t, const char *header); /* nocase; -1 */

#endif
