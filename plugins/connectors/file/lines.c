#include "lines.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX      50000 /* their names and places are the cursor, so there must be an end */
#define LINE_MAX_BYTES ((size_t)4 << 20)

static int fail(struct trg_err *err, const char *code, const char *what, const char *path) {
  if (err == NULL) return -1;
  snprintf(err->code, sizeof err->code, "%s", code);
  snprintf(err->text, sizeof err->text, "cannot %s %.300s: %s", what, path, strerror(errno));
  err->line = 0;
  return -1;
}

static void *must(void *p) {
  if (p == NULL) abort(); /* as the daemon does: the store recovers */
  return p;
}

static char *path_of(const char *folder, const char *name) {
  const size_t n = strlen(folder) + strlen(name) + 2;
  char *path = must(malloc(n));
  snprintf(path, n, "%s/%s", folder, name);
  return path;
}

/* --- places ------------------------------------------------------------------------------------
 */

void file_places_free(struct file_places *p) {
  for (size_t i = 0; i < p->count; i++) {
    free(p->list[i].id);
    free(p->list[i].name);
  }
  free(p->list);
  free(p->slots);
  *p = (struct file_places){0};
}

/* The slot of that id: its own, or the empty one where it belongs (FNV-1a, linear probing). */
static size_t slot_of(const struct file_places *p, const char *id, size_t n) {
  uint64_t h = 1469598103934665603u;
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)id[i]) * 1099511628211u;
  size_t at = (size_t)(h % p->slot_count);
  while (p->slots[at] != 0) {
    const char *have = p->list[p->slots[at] - 1].id;
    if (strlen(have) == n && memcmp(have, id, n) == 0) break;
    at = (at + 1) % p->slot_count;
  }
  return at;
}

static void slots_grow(struct file_places *p) {
  free(p->slots);
  p->slot_count = p->room * 4 + 1;
  p->slots = must(calloc(p->slot_count, sizeof *p->slots));
  for (size_t i = 0; i < p->count; i++)
    p->slots[slot_of(p, p->list[i].id, strlen(p->list[i].id))] = i + 1;
}

void file_places_add(struct file_places *p, struct file_place at) {
  if (p->count == p->room) {
    p->room = p->room == 0 ? 64 : p->room * 2;
    p->list = must(realloc(p->list, p->room * sizeof *p->list));
    slots_grow(p);
  }
  p->list[p->count++] = at;
  p->slots[slot_of(p, at.id, strlen(at.id))] = p->count;
}

const struct file_place *file_places_find(const struct file_places *p, struct trg_str id) {
  if (p->slot_count == 0) return NULL;
  const size_t at = slot_of(p, id.p, id.n);
  return p->slots[at] == 0 ? NULL : &p->list[p->slots[at] - 1];
}

/* The id of a ticket's line: text, or a whole number. false: it is no ticket. */
static bool line_id(const char *line, size_t n, char *out, size_t room) {
  cJSON *o = cJSON_ParseWithLength(line, n);
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(o, "id");
  bool good = false;
  if (cJSON_IsString(id) && id->valuestring[0] != '\0' && strlen(id->valuestring) < room) {
    snprintf(out, room, "%s", id->valuestring);
    good = true;
  } else if (cJSON_IsNumber(id) && id->valuedouble >= 0 && id->valuedouble < 9007199254740992.0) {
    snprintf(out, room, "%.0f", id->valuedouble);
    good = true;
  }
  cJSON_Delete(o);
  return good;
}

/* --- looking ------------------------------------------------------------------------------------
 */

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
  char **list;
  size_t count, room;
};

static void names_free(struct names *n) {
  for (size_t i = 0; i < n->count; i++) free(n->list[i]);
  free(n->list);
}

static bool is_wanted(const char *name) {
  const size_t n = strlen(name);
  return n > 6 && strcmp(name + n - 6, ".jsonl") == 0 && name[0] != '.' &&
         strcmp(name, FILE_RESULTS) != 0;
}

/* Names of the folder's *.jsonl but the results, sorted. */
static int names_read(const char *folder, struct names *ret, struct trg_err *err) {
  DIR *d = opendir(folder);
  if (d == NULL) return fail(err, "not_found", "read the folder", folder);
  for (struct dirent *e; ret->count <= FILES_MAX && (e = readdir(d)) != NULL;) {
    if (!is_wanted(e->d_name)) continue;
    if (ret->count == ret->room) {
      ret->room = ret->room == 0 ? 64 : ret->room * 2;
      ret->list = must(realloc(ret->list, ret->room * sizeof *ret->list));
    }
    ret->list[ret->count++] = must(strdup(e->d_name));
  }
  closedir(d);
  errno = EFBIG;
  if (ret->count > FILES_MAX) /* some of them would be left out without a word */
    return fail(err, "transient", "keep track of more than 50000 files in", folder);
  if (ret->count > 0) qsort(ret->list, ret->count, sizeof *ret->list, by_name);
  return 0;
}

static void bad_add(struct file_look *look, const char *name, int64_t offset) {
  if (look->bad++ == 0)
    snprintf(look->first_bad, sizeof look->first_bad, "%.200s, byte %lld", name, (long long)offset);
}

/* Opens a file to read. A folder or a pipe of such a name holds no lines, and a pipe would wait. */
static int file_open(const char *path, struct stat *st) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode))) return fd;
  const int why = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
  close(fd);
  errno = why;
  return -1;
}

/* Whole lines of one file from `offset`, at most `most` bytes. Returns the new offset, or -1. */
static int64_t file_read_lines(const char *folder, const char *name, int64_t offset, size_t most,
                               struct file_look *look, struct trg_err *err) {
  char *path = path_of(folder, name);
  struct stat st;
  const int fd = file_open(path, &st);
  if (fd < 0) {
    fail(err, "transient", "read", path);
    free(path);
    return -1;
  }
  if (st.st_size == offset) { /* nothing new, as mostly */
    close(fd);
    free(path);
    return offset;
  }
  if (st.st_size < offset) offset = 0; /* it was written anew */
  const size_t want = most < LINE_MAX_BYTES ? LINE_MAX_BYTES : most;
  char *text = must(malloc(want + 1));
  const ssize_t got = pread(fd, text, want, offset);
  close(fd);
  if (got < 0) fail(err, "transient", "read", path);
  size_t at = 0;
  for (char *end; got > 0 && (end = memchr(text + at, '\n', (size_t)got - at)) != NULL;) {
    const size_t n = (size_t)(end - (text + at));
    char id[256];
    if (line_id(text + at, n, id, sizeof id))
      file_places_add(&look->found, (struct file_place){must(strdup(id)), must(strdup(name)),
                                                        offset + (int64_t)at, n});
    else if (n > 0)
      bad_add(look, name, offset + (int64_t)at);
    at += n + 1;
  }
  if (got == (ssize_t)want) look->more = true;
  /* A line longer than any ticket is stepped over, or the file would stand still. */
  if (got == (ssize_t)want && at == 0) {
    at = want;
    bad_add(look, name, offset);
  }
  free(text);
  free(path);
  return got < 0 ? -1 : offset + (int64_t)at;
}

int file_look(const char *folder, struct trg_str cursor, size_t max_bytes, struct file_look *ret,
              struct trg_err *err) {
  *ret = (struct file_look){0};
  struct names names = {0};
  if (names_read(folder, &names, err) < 0) {
    names_free(&names);
    return -1;
  }
  cJSON *before = cursor.n > 0 ? cJSON_ParseWithLength(cursor.p, cursor.n) : NULL;
  cJSON *after = must(cJSON_CreateObject());
  const cJSON *was = before != NULL ? before->child : NULL;
  for (size_t i = 0; i < names.count; i++) {
    const char *name = names.list[i];
    while (was != NULL && strcmp(was->string, name) < 0) was = was->next; /* sorted, too */
    int64_t offset = 0;
    if (was != NULL && strcmp(was->string, name) == 0 && cJSON_IsNumber(was) &&
        was->valuedouble >= 0)
      offset = (int64_t)was->valuedouble;
    if (!ret->more) {
      struct trg_err why = {{0}, {0}, 0};
      const int64_t to = file_read_lines(folder, name, offset, max_bytes, ret, &why);
      if (to >= 0)
        offset = to;
      else if (ret->unread++ == 0) /* the others are read all the same */
        snprintf(ret->first_unread, sizeof ret->first_unread, "%.399s", why.text);
    }
    cJSON_AddNumberToObject(after, name, (double)offset);
  }
  names_free(&names);
  ret->cursor = must(cJSON_PrintUnformatted(after));
  cJSON_Delete(after);
  cJSON_Delete(before);
  return 0;
}

void file_look_free(struct file_look *l) {
  file_places_free(&l->found);
  cJSON_free(l->cursor);
  *l = (struct file_look){0};
}

char *file_line(const char *folder, const struct file_place *at, struct trg_err *err) {
  char *path = path_of(folder, at->name);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  char *line = must(malloc(at->n + 1));
  const ssize_t got = fd >= 0 ? pread(fd, line, at->n, at->offset) : -1;
  if (fd >= 0) close(fd);
  if (got != (ssize_t)at->n) {
    fail(err, "transient", "read", path);
    free(line);
    line = NULL;
  } else {
    line[at->n] = '\0';
  }
  free(path);
  return line;
}

/* --- results ------------------------------------------------------------------------------------
 */

int file_append(const char *folder, struct trg_str line, struct trg_err *err) {
  char *path = path_of(folder, FILE_RESULTS);
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  int rc = fd < 0 ? -1 : 0;
  /* One write, so that a reader sees the line whole or not at all. */
  char *out = must(malloc(line.n + 1));
  memcpy(out, line.p, line.n);
  out[line.n] = '\n';
  if (rc == 0 && write(fd, out, line.n + 1) != (ssize_t)(line.n + 1)) rc = -1;
  if (rc == 0 && fdatasync(fd) < 0) rc = -1;
  if (rc < 0) fail(err, "transient", "write", path);
  if (fd >= 0) close(fd);
  free(out);
  free(path);
  return rc;
}

int file_has_key(const char *folder, struct trg_str key, bool *ret_reply, struct trg_err *err) {
  char *path = path_of(folder, FILE_RESULTS);
  FILE *f = fopen(path, "re");
  if (f == NULL) {
    const int rc = errno == ENOENT ? 0 : fail(err, "transient", "read", path);
    free(path);
    return rc;
  }
  char *line = NULL;
  size_t room = 0;
  int found = 0;
  for (ssize_t n; found == 0 && (n = getline(&line, &room, f)) > 0;) {
    cJSON *o = cJSON_ParseWithLength(line, (size_t)n);
    const char *have = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "key"));
    found = have != NULL && strlen(have) == key.n && memcmp(have, key.p, key.n) == 0;
    if (ret_reply != NULL) *ret_reply = cJSON_GetObjectItemCaseSensitive(o, "reply") != NULL;
    cJSON_Delete(o);
  }
  free(line);
  fclose(f);
  free(path);
  return found;
}
