/*
 * Questions that are asked often and that the knowledge base does not answer: tickets of one
 * question together, with an article that is proposed for them. Pure.
 */
#ifndef SKILL_GAPS_H
#define SKILL_GAPS_H

#include <triaged/plugin.h>

struct arena;
struct question;

struct gap {
  const struct question *const *tickets; /* the newest first */
  size_t count;
  const char *title; /* the subject that says most of what they share */
  const char *slug;  /* for a file's name */
};
/* Groups them by the words that they share, the largest group first. From `a`. */
size_t gaps_find(const struct question *list, size_t count, struct arena *a, struct gap **ret);
/* A proposed article, as markdown with front matter: how customers ask, what people answered them,
 * what was missing. mem_free. */
char *gap_article(const struct gap *g);

#endif
