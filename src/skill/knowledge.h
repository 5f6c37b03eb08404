/*
 * Folders of markdown, text and HTML, cut into passages with stable ids ("kb:returns#2": file name
 * without extension, number of the section; files of one name get a piece of their paths' hash,
 * "kb:returns-1f2e3d4c#2"), put into the store's search incrementally. Card numbers and secrets in
 * them are left out before anything is stored, and what no model may see is noted (skill/cover.h);
 * `profiles`, as in base/pii.h, are those by which tickets are masked.
 */
#ifndef SKILL_KNOWLEDGE_H
#define SKILL_KNOWLEDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;
struct passage;

/* Pure: one file's text to passages (strings from `a`). `path` decides the format and the id. */
void knowledge_split(struct arena *a, const char *path, const char *relative,
                     struct trg_str content, unsigned profiles, struct passage **ret,
                     size_t *ret_count);
/* Pure: one text that is no file to passages with the ids "OF.ID#1", "OF.ID#2"...; `of` has id,
 * source, title, language and category. */
void knowledge_pieces(struct arena *a, const struct passage *of, struct trg_str text,
                      unsigned profiles, struct passage **ret, size_t *ret_count);
/* Indexes every file below the folders; files unchanged under the same profiles are skipped,
 * vanished ones forgotten.
 * `progress` (may be NULL) is called for each file; false: not to go on, which is TRG_ESTATE
 * "interrupted", and the files up to there are done. A bad file is a warning, not a failure. */
int knowledge_index(struct store *s, const char *const *folders, size_t count, unsigned profiles,
                    bool (*progress)(void *arg, size_t done, size_t total), void *arg,
                    size_t *ret_changed, struct trg_err *err);
/* The passages for a question: search in its language and in any, best of both. */
int knowledge_find(struct store *s, struct trg_str question, struct trg_str language, int limit,
                   struct arena *a, struct passage **ret, size_t *ret_count, struct trg_err *err);
struct past;
/* The same with what answered similar past tickets: the two passages that they vote for come
 * first, as nearness counts, then those that the search finds. */
int knowledge_answer(struct store *s, struct trg_str question, struct trg_str language,
                     const struct past *similar, size_t similar_count, int limit, struct arena *a,
                     struct passage **ret, size_t *ret_count, struct trg_err *err);
/* The ids, as a JSON array from `a`, of the passage that a reply which a person wrote seems to rest
 * on; "[]" for none. */
int knowledge_source(struct store *s, struct trg_str reply, struct arena *a, const char **ret,
                     struct trg_err *err);

#endif
