/*
 * Passages and past tickets, searched with FTS5 (bm25). Past tickets are masked; passages are what
 * the company says of itself, with what no model may see of them noted beside (skill/cover.h).
 */
#ifndef STORE_KNOWLEDGE_H
#define STORE_KNOWLEDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

struct passage {
  const char *id;     /* "kb:returns#2": stable while the file keeps its headings */
  const char *source; /* path */
  const char *title, *heading, *text, *language, *category, *hash;
  double score;       /* of a search: higher is better */
  const char *hidden; /* where no model may look; NULL as what is put: nowhere */
  int64_t rules;      /* by which it was looked for; 0: by none */
};
/* Replaces all passages of one source; none when it was unchanged (same file hash). */
int passage_replace(struct store *s, const char *source, const char *file_hash,
                    const struct passage *p, size_t count, bool *ret_changed, struct trg_err *err);
/* Forgets the files that are not in `sources`. */
int passage_keep(struct store *s, const char *const *sources, size_t count, struct trg_err *err);
/* The same among the sources that begin with `begin` ("macro:support:"), which no file does.
 * *ret_changed: there was one. */
int passage_keep_of(struct store *s, const char *begin, const char *const *sources, size_t count,
                    bool *ret_changed, struct trg_err *err);
/* And those that begin with none of the texts. */
int passage_keep_begins(struct store *s, const char *begin, const char *const *begins, size_t count,
                        struct trg_err *err);
/* After a change of many: joins the index's pieces, which more than halves the time of a search. */
int passage_pack(struct store *s, struct trg_err *err);
int passage_known(struct store *s, const char *source, const char *file_hash, bool *ret,
                  struct trg_err *err);
/* `words`: plain text; it is turned into an OR of its telling words. language "" : any. */
int passage_search(struct store *s, struct trg_str words, struct trg_str language, int limit,
                   struct arena *a, struct passage **ret, size_t *ret_count, struct trg_err *err);
int passage_by_id(struct store *s, struct trg_str id, struct arena *a, struct passage *ret,
                  struct trg_err *err);
int passage_count(struct store *s, int64_t *ret, struct trg_err *err);

/* A labelled example of the taxonomy. */
struct example {
  const char *text, *category;
  const char *labels; /* JSON object */
  double score;       /* of a search: higher is better */
};
/* Replaces all when `hash` is not that of the last time. */
int example_keep(struct store *s, const char *hash, const struct example *list, size_t count,
                 bool *ret_changed, struct trg_err *err);
int example_search(struct store *s, struct trg_str words, int limit, struct arena *a,
                   struct example **ret, size_t *ret_count, struct trg_err *err);

struct trg_example;
/* A labelled text that the embedded model was trained with, kept for the next training. The same
 * text again takes the new labels. `lookup`: of the person who wrote it (subject.h), or "". */
int taught_put(struct store *s, const struct trg_example *e, const char *lookup, const char *source,
               int64_t now_ms, struct trg_err *err);
/* All, in the order in which their texts came first; strings from `a`. */
int taught_list(struct store *s, struct arena *a, struct trg_example **ret, size_t *ret_count,
                struct trg_err *err);
int taught_clear(struct store *s, struct trg_err *err);

/* A past ticket as something to learn from: its text, category and the reply people sent. */
struct past {
  int64_t ticket_id; /* 0: came from a file */
  const char *ref, *subject, *text, *category, *language, *reply, *status;
  double score;
  const char *cited;  /* JSON array of the ids of passages that answered it; NULL: none */
  const char *lookup; /* of who wrote one of a file (subject.h); only written; NULL: not known */
};
int past_put(struct store *s, const struct past *p, int64_t now_ms, struct trg_err *err);
/* The past ticket of this reference. TRG_ENOTFOUND. */
int past_by_ref(struct store *s, struct trg_str ref, struct arena *a, struct past *ret,
                struct trg_err *err);
int past_search(struct store *s, struct trg_str words, int64_t not_ticket_id, int limit,
                struct arena *a, struct past **ret, size_t *ret_count, struct trg_err *err);
/* The open ticket of the same requester with nearly the same text that was opened before this one,
 * by at most within_ms: the later of the two is the duplicate. TRG_ENOTFOUND. */
int past_twin(struct store *s, int64_t ticket_id, int64_t within_ms, struct arena *a,
              char **ret_ref, struct trg_err *err);

#endif
