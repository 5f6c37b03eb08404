/*
 * Compliance templates: a folder with SKILL.md, which the model reads with every draft, and
 * controls.yaml, what the program enforces and shows evidence for. Form:
 * skills/compliance/README.md.
 */
#ifndef SKILL_TEMPLATE_H
#define SKILL_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;

struct control {
  const char *id, *text, *cite;
  const char *check; /* a word that `triagectl compliance` knows */
};
struct keeping {
  const char *what;          /* audit, decisions, ledger, messages, requests */
  int64_t least_ms, most_ms; /* 0: not said */
  const char *cite;
};
/* Values of tokens that a reply may have back: the ticket's by class, and those of knowledge. */
enum restore {
  RESTORE_NAME = 1,
  RESTORE_EMAIL = 2,
  RESTORE_PHONE = 4,
  RESTORE_KNOWLEDGE = 8,
  RESTORE_ALL = 15
};
struct template {
  const char *name, *title;
  const char *skill;    /* SKILL.md without its front matter */
  bool baa, disclosure; /* required */
  bool two_changes;     /* a change of the rules takes another person's approval */
  bool two_money;       /* and so does a reply that names money */
  bool two_tools;       /* and so does a tool's call that a person must approve */
  unsigned restore;     /* enum restore, what a reply has back */
  const char **fields;  /* that may be in a prompt; NULL: any */
  size_t field_count;
  struct control *controls;
  size_t control_count;
  struct keeping *keeps;
  size_t keep_count;
};
/* Strings from `a`. Negative and err with file and line when the folder is not one. */
int template_load(const char *folder, const char *name, struct arena *a, struct template *ret,
                  struct trg_err *err);
/* May this field of a ticket be in a prompt? Always, when the template lists none. */
bool template_allows(const struct template *t, const char *field);
/* Is the SKILL.md at this path a template's? Those are never chosen for a ticket by themselves. */
bool template_has(const char *skill_path);

#endif
