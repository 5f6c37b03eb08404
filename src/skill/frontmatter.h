/*
 * The YAML block at the top of a markdown file, read leniently: what stock YAML refuses is tried
 * again with its values quoted, then line by line; a file without one is all body. What stands
 * between two rules and has no key is text, no front matter. Pure.
 */
#ifndef SKILL_FRONTMATTER_H
#define SKILL_FRONTMATTER_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct yaml;

struct frontmatter {
  struct yaml *map;    /* NULL: there is none; yaml_free */
  struct trg_str body; /* slice of the input */
  uint32_t body_line;  /* line the body begins at */
  bool repaired;       /* the block was no valid YAML as it stood */
};
void frontmatter_read(struct trg_str file, const char *path, struct frontmatter *ret);

#endif
