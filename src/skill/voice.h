/*
 * The brand voice, as far as it can be checked: greetings and sign-offs per language and channel,
 * words to avoid, length, reading level. Read from the tables of the skill `brand-voice`; the rest
 * of that skill is for the model alone. skills/README.md says which tables and rules there are.
 */
#ifndef SKILL_VOICE_H
#define SKILL_VOICE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct arena;
struct skills;
struct voice;

/* Never NULL: without the skill it has no rules. What contradicts itself is told through `problem`
 * (may be NULL), with its line, and left out. */
struct voice *voice_load(struct skills *s,
                         void (*problem)(void *arg, const char *path, uint32_t line,
                                         const char *text),
                         void *arg);
void voice_free(struct voice **v);
size_t voice_rules(const struct voice *v); /* how many there are */

/* For a language ("de") and channel ("chat", or "" for any); NULL: there is none. With a name it
 * has "{name}" in it. */
const char *voice_greeting(const struct voice *v, struct trg_str language, struct trg_str channel,
                           bool name_known);
const char *voice_signoff(const struct voice *v, struct trg_str language, struct trg_str channel);
/* {"greeting","greeting_by_name","signoff","avoid":[],"never":[],"limits":[]} for a prompt; "{}"
 * without rules; mem_free. */
char *voice_json(const struct voice *v, struct trg_str language, struct trg_str channel);

struct voice_break {
  const char *rule; /* "words at most", "avoid", "greeting" */
  const char *what; /* what was found, and what would be right */
  bool hard;        /* a draft that breaks it goes to a person */
};
/* What a reply breaks; citations must be out of it already. *ret_score (may be NULL): 100 times the
 * share of the rules that hold of those that apply. Strings from `a`. */
size_t voice_check(const struct voice *v, struct trg_str body, struct trg_str language,
                   struct trg_str channel, struct arena *a, struct voice_break **ret,
                   int *ret_score);

#endif
