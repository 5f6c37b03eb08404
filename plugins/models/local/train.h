/* Training on labelled texts: one classifier for each kind of label, one file. */
#ifndef TRIAGED_LOCAL_TRAIN_H
#define TRIAGED_LOCAL_TRAIN_H

#include "fit.h"
#include "modelfile.h"

#include <triaged/model.h>

/* One training. The run itself may happen on any thread. */
struct local_train {
  const struct trg_example *examples; /* live until the op ends */
  size_t count;
  char *path;
  uint32_t seed;
  struct local_steps steps; /* how far it is */
  struct local_model model; /* what came out; the taker empties it */
  char *report;             /* JSON; NULL: it failed and err says why */
  struct trg_err err;
};

/* Free with local_train_free. */
struct local_train *local_train_new(const struct trg_example *examples, size_t count,
                                    struct trg_str path, uint32_t seed);
void local_train_free(struct local_train *train);
/* Trains, writes the file, sets report or err. On failure the old file stays as it was. */
void local_train_run(struct local_train *train);

#endif
