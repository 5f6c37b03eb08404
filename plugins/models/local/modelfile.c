#include "modelfile.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"

/* "TRGLOCAL", version, byte order, then the payload's length and CRC-32, then the payload. */
#define FILE_VERSION 1u
#define FILE_ORDER   0x01020304u
#define HEAD_BYTES   28u

static const char file_magic[8] = {'T', 'R', 'G', 'L', 'O', 'C', 'A', 'L'};

static uint32_t crc32_of(const unsigned char *bytes, size_t n) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? 0xEDB88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < n; i++) crc = table[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
  return crc ^ 0xFFFFFFFFu;
}

void local_model_free(struct local_model *model) {
  for (size_t i = 0; i < model->count; i++) local_classifier_free(&model->classifiers[i]);
  *model = (struct local_model){0};
}

const struct local_classifier *local_model_find(const struct local_model *model, const char *key) {
  for (size_t i = 0; i < model->count; i++)
    if (strcmp(model->classifiers[i]->key, key) == 0) return model->classifiers[i];
  return NULL;
}

struct sink {
  char *bytes;
  size_t n, room;
};

static void put(struct sink *sink, const void *bytes, size_t n) {
  if (sink->n + n > sink->room) {
    sink->room = (sink->n + n) * 2;
    sink->bytes = local_grow(sink->bytes, sink->room, 1);
  }
  if (n > 0) memcpy(sink->bytes + sink->n, bytes, n);
  sink->n += n;
}

static void put_u32(struct sink *sink, uint32_t value) {
  put(sink, &value, sizeof value);
}

static void put_text(struct sink *sink, const char *text) {
  const size_t n = strlen(text);
  put_u32(sink, (uint32_t)n);
  put(sink, text, n);
}

static void put_block(struct sink *sink, const struct local_block *block, uint32_t stride) {
  put_u32(sink, (uint32_t)block->count);
  put(sink, block->hashes, block->count * sizeof *block->hashes);
  put(sink, block->idf, block->count * sizeof *block->idf);
  put(sink, block->weights, block->count * stride);
  put(sink, block->owners, block->count * (stride / 8));
}

static void put_classifier(struct sink *sink, const struct local_classifier *classifier) {
  put_text(sink, classifier->key);
  put(sink, &classifier->recipe, sizeof classifier->recipe);
  put_u32(sink, classifier->examples);
  put_u32(sink, classifier->class_count);
  for (uint32_t i = 0; i < classifier->class_count; i++) put_text(sink, classifier->names[i]);
  put(sink, classifier->scale, classifier->stride * sizeof(float));
  put(sink, classifier->bias, classifier->stride * sizeof(float));
  put(sink, &classifier->temperature, sizeof(float));
  put(sink, classifier->scope, sizeof classifier->scope);
  put(sink, &classifier->scope_floor, sizeof(float));
  put(sink, classifier->confidence, sizeof classifier->confidence);
  put(sink, &classifier->holdout, sizeof classifier->holdout);
  put_block(sink, &classifier->words, classifier->stride);
  put_block(sink, &classifier->grams, classifier->stride);
}

void local_model_write(const struct local_model *model, char **ret_bytes, size_t *ret_n) {
  struct sink sink = {0};
  put(&sink, file_magic, sizeof file_magic);
  put_u32(&sink, FILE_VERSION);
  put_u32(&sink, FILE_ORDER);
  const uint64_t none = 0;
  put(&sink, &none, sizeof none);
  put_u32(&sink, 0);
  put_u32(&sink, (uint32_t)model->count);
  for (size_t i = 0; i < model->count; i++) put_classifier(&sink, model->classifiers[i]);
  const uint64_t payload = sink.n - HEAD_BYTES;
  const uint32_t crc = crc32_of((unsigned char *)sink.bytes + HEAD_BYTES, sink.n - HEAD_BYTES);
  memcpy(sink.bytes + 16, &payload, sizeof payload);
  memcpy(sink.bytes + 24, &crc, sizeof crc);
  *ret_bytes = sink.bytes;
  *ret_n = sink.n;
}

/* Reads within bounds; after the first lack everything reads as zero and `bad` stays. */
struct source {
  const char *bytes;
  size_t left;
  bool bad;
};

static void get(struct source *source, void *to, size_t n) {
  if (source->bad || n > source->left) {
    source->bad = true;
    memset(to, 0, n);
    return;
  }
  memcpy(to, source->bytes, n);
  source->bytes += n;
  source->left -= n;
}

static uint32_t get_u32(struct source *source) {
  uint32_t value = 0;
  get(source, &value, sizeof value);
  return value;
}

static char *get_text(struct source *source) {
  const uint32_t n = get_u32(source);
  if (n == 0 || n > LOCAL_NAME_MAX || n > source->left || memchr(source->bytes, '\0', n) != NULL ||
      !local_utf8_valid(source->bytes, n)) {
    source->bad = true;
    return local_copy("?", 1);
  }
  char *text = local_copy(source->bytes, n);
  source->bytes += n;
  source->left -= n;
  return text;
}

static void get_floats(struct source *source, float *to, size_t n) {
  get(source, to, n * sizeof *to);
  for (size_t i = 0; i < n; i++)
    if (!isfinite(to[i])) source->bad = true;
}

static void get_block(struct source *source, struct local_block *block, uint32_t stride) {
  const size_t each = sizeof(uint32_t) + sizeof(float) + stride + stride / 8;
  size_t count = get_u32(source);
  if (source->bad || count > LOCAL_FEATURES_MAX || count > source->left / each) {
    source->bad = true;
    count = 0;
  }
  block->count = count;
  block->hashes = local_alloc(count, sizeof *block->hashes);
  block->idf = local_alloc(count, sizeof *block->idf);
  block->weights = local_alloc(count * stride, 1);
  block->owners = local_alloc(count * (stride / 8), 1);
  get(source, block->hashes, count * sizeof *block->hashes);
  get_floats(source, block->idf, count);
  get(source, block->weights, count * stride);
  get(source, block->owners, count * (stride / 8));
  local_block_index(block);
}

static struct local_classifier *get_classifier(struct source *source) {
  struct local_classifier *classifier = local_alloc(1, sizeof *classifier);
  classifier->key = get_text(source);
  get(source, &classifier->recipe, sizeof classifier->recipe);
  if (classifier->recipe.word_max > 2 || classifier->recipe.char_max > 8 ||
      classifier->recipe.char_min > classifier->recipe.char_max)
    source->bad = true;
  classifier->examples = get_u32(source);
  const uint32_t classes = get_u32(source);
  if (source->bad || classes < 2 || classes > LOCAL_CLASSES_MAX) {
    source->bad = true;
    return classifier;
  }
  classifier->class_count = classes;
  classifier->stride = (classes + LOCAL_LANES - 1) / LOCAL_LANES * LOCAL_LANES;
  classifier->names = local_alloc(classes, sizeof *classifier->names);
  for (uint32_t i = 0; i < classes; i++) classifier->names[i] = get_text(source);
  classifier->scale = local_alloc(classifier->stride, sizeof(float));
  classifier->bias = local_alloc(classifier->stride, sizeof(float));
  get_floats(source, classifier->scale, classifier->stride);
  get_floats(source, classifier->bias, classifier->stride);
  get_floats(source, &classifier->temperature, 1);
  if (!(classifier->temperature >= 1e-3f && classifier->temperature <= 1e3f)) source->bad = true;
  get_floats(source, classifier->scope, LOCAL_CUES + 1);
  get_floats(source, &classifier->scope_floor, 1);
  get_floats(source, classifier->confidence, LOCAL_CUES + 2);
  get(source, &classifier->holdout, sizeof classifier->holdout);
  get_block(source, &classifier->words, classifier->stride);
  get_block(source, &classifier->grams, classifier->stride);
  return classifier;
}

static int refuse(struct trg_err *err, const char *text) {
  *err = (struct trg_err){.code = "model_file"};
  snprintf(err->text, sizeof err->text, "%s; train again or remove the file", text);
  return -1;
}

int local_model_read(const char *bytes, size_t n, struct local_model *ret, struct trg_err *err) {
  if (n < HEAD_BYTES || memcmp(bytes, file_magic, sizeof file_magic) != 0)
    return refuse(err, "not a model file of the local backend");
  struct source source = {.bytes = bytes + sizeof file_magic, .left = n - sizeof file_magic};
  const uint32_t version = get_u32(&source);
  if (version != FILE_VERSION) {
    char text[120];
    snprintf(text, sizeof text, "the model file has version %u, this program reads %u", version,
             FILE_VERSION);
    return refuse(err, text);
  }
  if (get_u32(&source) != FILE_ORDER)
    return refuse(err, "the model file comes from a machine of another byte order");
  uint64_t payload = 0;
  get(&source, &payload, sizeof payload);
  const uint32_t crc = get_u32(&source);
  if (payload != n - HEAD_BYTES) return refuse(err, "the model file is cut short or has grown");
  if (crc != crc32_of((const unsigned char *)bytes + HEAD_BYTES, n - HEAD_BYTES))
    return refuse(err, "the model file is damaged (checksum)");
  struct local_model model = {0};
  const uint32_t count = get_u32(&source);
  source.bad = source.bad || count == 0 || count > LOCAL_LABELS_MAX;
  for (uint32_t i = 0; i < count && !source.bad; i++)
    model.classifiers[model.count++] = get_classifier(&source);
  if (source.bad || source.left != 0) {
    local_model_free(&model);
    return refuse(err, "the model file's contents contradict themselves");
  }
  *ret = model;
  return 0;
}

static int fail_errno(struct trg_err *err, const char *what, const char *path) {
  *err = (struct trg_err){.code = "model_file"};
  snprintf(err->text, sizeof err->text, "cannot %s %s: %s", what, path, strerror(errno));
  return -1;
}

static int write_all(int fd, const char *bytes, size_t n) {
  while (n > 0) {
    const ssize_t written = write(fd, bytes, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      errno = written == 0 ? ENOSPC : errno;
      return -1;
    }
    bytes += written;
    n -= (size_t)written;
  }
  return 0;
}

/* The rename is only there to stay once the directory is on disk too. */
static void directory_sync(const char *path) {
  char *directory = local_copy(path, strlen(path));
  char *slash = strrchr(directory, '/');
  if (slash != NULL) slash[slash == directory ? 1 : 0] = '\0';
  const int fd = open(slash != NULL ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  free(directory);
}

int local_model_save(const char *path, const char *bytes, size_t n, struct trg_err *err) {
  const size_t length = strlen(path);
  char *temporary = local_alloc(length + 8, 1);
  memcpy(temporary, path, length);
  memcpy(temporary + length, ".XXXXXX", 8);
  int result = 0;
  const int fd = mkostemp(temporary, O_CLOEXEC);
  if (fd < 0) {
    result = fail_errno(err, "create a file beside", path);
    goto out;
  }
  if (write_all(fd, bytes, n) != 0 || fchmod(fd, 0640) != 0 || fsync(fd) != 0) {
    result = fail_errno(err, "write", temporary);
    close(fd);
    unlink(temporary);
    goto out;
  }
  if (close(fd) != 0 || rename(temporary, path) != 0) {
    result = fail_errno(err, "put the new model in place at", path);
    unlink(temporary);
    goto out;
  }
  directory_sync(path);
out:
  free(temporary);
  return result;
}

int local_model_load(const char *path, struct local_model *ret, struct trg_err *err) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno == ENOENT ? 1 : fail_errno(err, "open the model", path);
  struct stat stat;
  char *bytes = NULL;
  int result = -1;
  if (fstat(fd, &stat) != 0) {
    fail_errno(err, "read the model", path);
    goto out;
  }
  if (!S_ISREG(stat.st_mode) || stat.st_size <= 0 || stat.st_size > LOCAL_FILE_BYTES_MAX) {
    refuse(err, "the model file is empty, too large or not a file");
    goto out;
  }
  const size_t n = (size_t)stat.st_size;
  bytes = local_alloc(n, 1);
  size_t got = 0;
  while (got < n) {
    const ssize_t more = read(fd, bytes + got, n - got);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) break;
    got += (size_t)more;
  }
  result = local_model_read(bytes, got, ret, err);
out:
  close(fd);
  free(bytes);
  return result;
}
