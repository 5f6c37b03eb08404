/*
 * What a model sees of passages: personal data behind tokens, as in a ticket's text, by the same
 * rules. The company wrote them for its customers, so a reply may say them: the tokens that stand
 * in a passage which the reply cites get their values back.
 *
 * Where they stand is looked for once, when a passage is indexed; a passage that was indexed by
 * other rules than those of now is looked over when it is shown. The tokens are numbered anew for
 * each prompt, the same value in two passages has the same one, and none is ever one of a ticket's:
 * "[KB_EMAIL_1]". Values are kept in memory only as long as the answer is awaited.
 */
#ifndef SKILL_COVER_H
#define SKILL_COVER_H

#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct buf;
struct passage;

/* The rules of now, as a number that changes with them; profiles as in base/pii.h. */
int64_t cover_rules(unsigned profiles);
/* A text as it may be stored: card numbers and secrets are left out, what looks like a token is in
 * round brackets. Appends to `hidden` one line for each value that no model may see: `field` and
 * the bytes of the stored text, "x12-30 EMAIL_ADDRESS". Empty when it cannot be looked over; from
 * `a`. */
struct trg_str cover_clean(struct arena *a, struct trg_str text, unsigned profiles, char field,
                           struct buf *hidden);

struct covers; /* the values of one prompt's passages */
/* Masks title, heading and text of the passages where they are; strings from `a`. NULL: nothing was
 * hidden. */
struct covers *cover_passages(struct passage *p, size_t count, unsigned profiles, struct arena *a);
void covers_free(struct covers **c);
/* The text with the values of those tokens that stand in one of the passages with these ids; other
 * tokens stay. From `a`; NULL covers: the text itself. */
struct trg_str cover_restore(const struct covers *c, struct trg_str text, const struct trg_str *ids,
                             size_t count, struct arena *a);

#endif
