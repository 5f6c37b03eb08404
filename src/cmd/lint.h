/*
 * What is wrong with a skill or plugin folder, by the rules of the Agent Skills format.
 */
#ifndef CMD_LINT_H
#define CMD_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lint_problem {
  char *path, *text;
  uint32_t line; /* 0: the whole file */
  bool error;    /* else a warning */
};
struct lint {
  struct lint_problem *items;
  size_t count, room, errors;
  size_t skills; /* found */
};
/* Looks at every skill below the folder. lint_free afterwards. */
void lint_folder(const char *folder, struct lint *ret);
void lint_free(struct lint *l);

#endif
