/*
 * Files: read whole with a ceiling, written atomically.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <triaged/plugin.h>

struct buf;
/* Reads the whole file into b. Negative and err when it is missing, unreadable or larger. */
int file_read(const char *path, size_t max_bytes, struct buf *b, struct trg_err *err);
/* Temporary file beside it, fsync, rename, fsync of the folder. */
int file_write(const char *path, struct trg_str content, unsigned mode, struct trg_err *err);
int file_mkdirs(const char *path, unsigned mode, struct trg_err *err); /* like mkdir -p */
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* dir + "/" + name; mem_free. An absolute name is taken alone. */
char *file_join(const char *dir, const char *name);
char *file_dir(const char *path); /* the folder it is in; mem_free */
/* Calls fn for each regular file below dir (depth <= max_depth, symlinks that leave it are
 * skipped), in byte order of the paths. Stops when fn returns nonzero and returns that. */
int file_walk(const char *dir, int max_depth, int (*fn)(void *arg, const char *path), void *arg,
              struct trg_err *err);

#endif
