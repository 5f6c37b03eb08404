/*
 * A skill's body as it stands in a prompt: placeholders resolved, nothing executed, cut to its
 * budget; and which skills a ticket calls for.
 */
#ifndef SKILL_RENDER_H
#define SKILL_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct buf;
struct connections;
struct skill;
struct skills;

/* Appends the body: "~~category" named, "$ARGUMENTS" a pointer to the ticket, "!`command`" not run,
 * at most max_tokens of it, cut at a line and said so. Problems (err) leave out untouched. */
int skill_render(struct skills *s, const struct skill *k, const struct connections *c,
                 size_t max_tokens, struct buf *out, struct trg_err *err);
/* Links of the body that lead to files (markdown links and `paths` in code marks), in order, each
 * once, without fragments. Strings from `a`. */
struct skill_link {
  const char *file;     /* relative to the skill's file */
  const char *line;     /* of the body that it stands in */
  uint32_t line_number; /* in the body, from 1 */
  bool code;            /* in code marks, not a link */
};
size_t skill_links(const char *body, struct arena *a, struct skill_link **ret);

/* The skills, other than those in `except`, whose description, when_to_use or triggers fit these
 * words, best first; only those that may be chosen by description. Pure. */
size_t skills_choose(const struct skills *s, struct trg_str words, const char *const *except,
                     size_t except_count, size_t limit, const struct skill **ret);
/* How many telling words of b have a form in a. */
size_t words_common(struct trg_str a, struct trg_str b, struct arena *arena);
/* Appends, as <skill> blocks with their files, those that were chosen, within
 * SKILL_TOKENS_CHOSEN; a file is read when the line that links to it shares words with the
 * ticket. Returns how many skills were written; what could not be read is told. */
size_t skills_render_chosen(struct skills *s, const struct skill *const *chosen, size_t count,
                            struct trg_str words, const struct connections *c, struct buf *out,
                            void (*problem)(void *arg, const char *path, const char *text),
                            void *arg);

#endif
