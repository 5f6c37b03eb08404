/*
 * Saved replies of a helpdesk (macros) as knowledge: passages with the ids "macro:HELPDESK:ID#1",
 * found, cited and checked as those of files are. Only what changed is put into the search anew.
 */
#ifndef SKILL_MACRO_H
#define SKILL_MACRO_H

#include <stdbool.h>
#include <triaged/connector.h>

struct store;

/* One macro as it stands now; *ret_changed: it was not so before. Card numbers and secrets are left
 * out, and what no model may see is noted (skill/cover.h). An id that no citation could hold is
 * TRG_EINVAL. */
int macro_put(struct store *s, const char *helpdesk, const struct trg_macro *m, unsigned profiles,
              bool *ret_changed, struct trg_err *err);
/* After a whole walk: forgets the helpdesk's macros that it did not see. */
int macro_keep(struct store *s, const char *helpdesk, const char *const *ids, size_t count,
               bool *ret_changed, struct trg_err *err);
/* Forgets the macros of all other helpdesks. */
int macro_keep_desks(struct store *s, const char *const *helpdesks, size_t count,
                     struct trg_err *err);

#endif
