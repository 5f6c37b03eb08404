/*
 * Training the embedded model: from labelled files, from what people solved, and, at the first
 * start, from the examples that come with the skills.
 */
#ifndef ADMIN_TRAIN_H
#define ADMIN_TRAIN_H

#include <stdint.h>
#include <triaged/model.h>

struct core;
struct store;
struct arena;

/* Labelled examples from a file: "label<TAB>text" lines, or JSON lines with "text" (or "subject"
 * and "body") and "labels"; a "thread" of messages may follow the body, and a "requester" with
 * "email" or "id" be named, so that the text can be erased with the person. Everything from `a`.
 * `reply` of a line, where there is one, is kept for the index of past tickets. Errors name the
 * line: broken UTF-8, no text, no labels. */
struct labelled {
  struct trg_example *examples;
  struct trg_str *subjects, *replies; /* as many; empty where there is none */
  struct trg_str *threads; /* as many, or NULL: JSON array of {"author","text" or "body"}; empty */
  struct trg_str
      *requesters; /* as many, or NULL: e-mail address, else id, of who wrote it; empty */
  size_t count;
};
int labelled_read(const char *path, struct arena *a, struct labelled *ret, struct trg_err *err);
/* Can anything be learnt from it? Not when all examples have the same labels. `from` is for the
 * message. */
int labelled_check(const struct labelled *l, const char *from, struct trg_err *err);
/* Solved tickets as examples: their text and the category that triage and people gave them. The
 * first may find none; the second says so where they are of fewer than two categories. */
int labelled_solved(struct store *s, double accept, struct arena *a, struct labelled *ret,
                    struct trg_err *err);
int labelled_history(struct store *s, double accept, struct arena *a, struct labelled *ret,
                     struct trg_err *err); /* accept: tasks.triage.accept */

/* Trains; on_done gets the report (JSON object text) or err. `remember`: this is the operator's
 * training, never replaced by the starter. What is new is learnt together with labelled files of
 * earlier trainings, solved tickets and the skills' examples (lesson.h); once it is learnt, the
 * texts of a file, masked, are kept for the next time, and replies go into the index. */
struct train_job {
  const char *source; /* "starter", a file's name, "history" */
  const struct labelled *with;
  bool remember;
  bool history; /* `with` is what labelled_history() gave: not a file */
  bool forget;  /* without labelled files of earlier trainings, which are dropped */
  void (*on_done)(void *arg, struct trg_str report, const struct trg_err *err);
  void *arg;
};
/* Solved tickets are learnt from without the fifth that retraining measures with. */
int train_start(struct core *c, const struct train_job *job, struct trg_err *err);
/* Has the starter to be trained (first start, or the skills changed), and with what? */
bool train_starter_needed(struct core *c);
void train_starter(struct core *c, void (*on_done)(void *arg), void *arg);

/* Steps done and all steps of the training that runs now; 0 of 0: none, or nobody can tell. */
void train_progress(struct core *c, int64_t *ret_done, int64_t *ret_total);

#endif
