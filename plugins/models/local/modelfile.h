/*
 * The file of a trained model: every classifier of one training, in one checked binary file. A
 * file that is short, changed or of another version is refused with a sentence, never believed.
 */
#ifndef TRIAGED_LOCAL_MODELFILE_H
#define TRIAGED_LOCAL_MODELFILE_H

#include "classifier.h"

#define LOCAL_LABELS_MAX     4u
#define LOCAL_FILE_BYTES_MAX (64u << 20)

struct local_model {
  struct local_classifier *classifiers[LOCAL_LABELS_MAX];
  size_t count;
};

void local_model_free(struct local_model *model);
/* The classifier of a label ("category"), or NULL. */
const struct local_classifier *local_model_find(const struct local_model *model, const char *key);

/* The file's bytes; the caller frees *ret_bytes. */
void local_model_write(const struct local_model *model, char **ret_bytes, size_t *ret_n);
/* 0, or -1 and err. The caller frees what is in *ret. */
int local_model_read(const char *bytes, size_t n, struct local_model *ret, struct trg_err *err);

/* A temporary file beside `path`, synced and renamed: the old one stays until the new is whole.
 * 0, or -1 and err. */
int local_model_save(const char *path, const char *bytes, size_t n, struct trg_err *err);
/* 0; 1 when there is no such file; -1 and err. */
int local_model_load(const char *path, struct local_model *ret, struct trg_err *err);

#endif
