#include "cmd/open.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "billing/book.h"
#include "conf/conf.h"
#include "plugin/registry.h"
#include "store/store.h"

#ifndef SHARE_DIR
#define SHARE_DIR "/usr/local/share/triaged"
#endif

static const struct trg_plugin *find_plugin(void *arg, int32_t kind, const char *name,
                                            struct trg_err *err) {
  return registry_find(arg, kind, name, err);
}

static const char *const *plugin_names(void *arg, int32_t kind) {
  return registry_names(arg, kind);
}

/* What is wrong with a secret here is nobody's concern when only the state is looked at: warnings
 * stay unsaid. */
int reading_conf(const struct cmd_call *c, struct reading *ret) {
  struct reading r = {.registry = registry_new(NULL), .arena = arena_new()};
  const struct conf_plugins plugins = {find_plugin, plugin_names, r.registry};
  struct conf_problems problems = {0};
  r.conf = conf_load_reading(c->conf_path, &plugins, &problems);
  if (r.conf == NULL) problems_print(&problems, stderr);
  problems_free(&problems);
  *ret = r;
  if (r.conf != NULL) return 0;
  reading_close(ret);
  return CMD_CONFIG;
}

int reading_store(struct reading *r, struct trg_err *err) {
  return store_open_reader(r->conf->state, &r->store, err);
}

int reading_open(const struct cmd_call *c, struct reading *ret) {
  struct trg_err err = {0};
  const int status = reading_conf(c, ret);
  if (status != 0) return status;
  if (reading_store(ret, &err) >= 0) return 0;
  reading_close(ret);
  return cmd_fail(CMD_FAILED, "%s", err.text);
}

void reading_close(struct reading *r) {
  store_close(&r->store);
  conf_free(&r->conf);
  arena_free(&r->arena);
  registry_free(&r->registry);
}

int reading_failed(const struct trg_err *err) {
  return cmd_fail(CMD_FAILED, "%s", err->text);
}

/* --- price books --------------------------------------------------------------------------- */

static void book_problem(void *arg, uint32_t line, const char *key, const char *text) {
  fprintf(stderr, "%s:%u: %s: %s\n", (const char *)arg, line, key, text);
}

static struct book *book_read(const char *path) {
  struct book *b = book_load(path, book_problem, (void *)path);
  if (b == NULL) (void)cmd_fail(0, "the price book %s cannot be used", path);
  return b;
}

static char *program_folder(void) {
  char self[4096];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n > 0 ? n : 0] = '\0';
  return file_dir(self);
}

#define BOOK_PLACES 4

/* The folders where the configuration looks too. */
static void book_folders(const struct conf *c, struct arena *a, const char *ret[BOOK_PLACES]) {
  char *folder = file_dir(c->file), *program = program_folder();
  ret[0] = arena_printf(a, "%s/books", folder);
  ret[1] = SHARE_DIR "/books";
  ret[2] = arena_printf(a, "%s/../share/triaged/books", program);
  ret[3] = arena_printf(a, "%s/../config/books", program);
  mem_free(folder);
  mem_free(program);
}

static char *book_find(const struct conf *c, const char *name) {
  struct arena *a = arena_new();
  const char *folders[BOOK_PLACES];
  char *found = NULL;
  book_folders(c, a, folders);
  for (size_t i = 0; i < BOOK_PLACES && found == NULL; i++) {
    const char *path = arena_printf(a, "%s/%s.yaml", folders[i], name);
    if (file_exists(path) && !file_is_dir(path)) found = mem_dup(path);
  }
  arena_free(&a);
  return found;
}

#define BOOKS_MAX 200

struct book_list {
  struct arena *a;
  const char **paths;
  size_t n;
};

static int book_seen(void *arg, const char *path) {
  struct book_list *l = arg;
  const char *leaf = strrchr(path, '/');
  if (leaf == NULL || !str_ends(str_of(path), ".yaml") || l->n == BOOKS_MAX) return 0;
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(strrchr(l->paths[i], '/'), leaf) == 0) return 0; /* another place comes first */
  l->paths[l->n++] = arena_dup(l->a, str_of(path));
  return 0;
}

const char **book_paths(const struct conf *c, struct arena *a, size_t *ret_count) {
  struct book_list l = {.a = a, .paths = arena_alloc(a, BOOKS_MAX * sizeof(char *))};
  const char *folders[BOOK_PLACES];
  book_folders(c, a, folders);
  for (size_t i = 0; i < BOOK_PLACES; i++)
    if (file_is_dir(folders[i])) (void)file_walk(folders[i], 1, book_seen, &l, NULL);
  *ret_count = l.n;
  return l.paths;
}

struct book *book_open(const struct conf *c, const char *name) {
  if (name == NULL || strcmp(name, c->book) == 0)
    return c->book_path != NULL ? book_read(c->book_path) : book_builtin();
  const struct trg_str s = str_of(name);
  if (strchr(name, '/') != NULL || str_ends(s, ".yaml") || str_ends(s, ".yml"))
    return book_read(name);
  char *path = book_find(c, name);
  struct book *b = NULL;
  if (path != NULL)
    b = book_read(path);
  else if (strcmp(name, "per-resolution") == 0)
    b = book_builtin();
  else
    (void)cmd_fail(0,
                   "there is no price book \"%.60s\": give the name of a file in the folder "
                   "`books` beside the configuration, or a path",
                   name);
  mem_free(path);
  return b;
}

int cmd_stdin(struct buf *b, struct trg_err *err) {
  char piece[32768];
  size_t n;
  while ((n = fread(piece, 1, sizeof piece, stdin)) > 0) buf_add(b, piece, n);
  if (ferror(stdin)) return err_set(err, TRG_EIO, "file", "standard input cannot be read");
  if (b->over) return err_set(err, TRG_ELIMIT, "file", "standard input: more than is taken");
  return 0;
}
