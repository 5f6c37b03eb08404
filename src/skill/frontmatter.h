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

struct arena;
struct yaml;

struct frontmatter {
  struct yaml *map;    /* NULL: there is none; yaml_free */
  struct trg_str body; /* slice of the input */
  uint32_t body_line;  /* line the body begins at */
  bool repaired;       /* the block was no valid YAML as it stood; without a map nothing was left */
};
void frontmatter_read(struct trg_str file, const char *path, struct frontmatter *ret);

/* Values by their name in small letters and hyphens; "argument-hint" also reads argument_hint and
 * argumentHint. Strings from `a`. */
/* A scalar as it was written ("1.0", "no"), a list as "[a, b]"; NULL: absent or empty. */
const char *frontmatter_text(const struct frontmatter *f, const char *name, struct arena *a);
/* true, yes, on, 1 and their opposites. */
bool frontmatter_flag(const struct frontmatter *f, const char *name, bool otherwise);
/* A list, or text cut at commas and blanks outside of brackets. */
size_t frontmatter_list(const struct frontmatter *f, const char *name, struct arena *a,
                        const char *const **ret);
uint32_t frontmatter_line(const struct frontmatter *f, const char *name); /* 1: absent */

#endif
