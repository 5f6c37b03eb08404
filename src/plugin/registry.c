#include "plugin/registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "plugin/builtin.h"

#ifndef PLUGIN_DIR
#define PLUGIN_DIR "/usr/local/lib/triaged/plugins"
#endif
#define NAME_MAX_BYTES 48

struct registry {
  char *dir;
  const struct trg_plugin **loaded;
  size_t count;
  const char **names[3]; /* by kind, of the last registry_names */
};

/* Kinds as they stand in file names. */
static const char *const kind_words[3] = {"", "connector", "model"};

/* Beside the program (a build folder), then where `make install` puts them seen from the program,
 * so that an installed tree works under any prefix; last the prefix it was built for. */
static char *default_dir(void) {
  static const char *const places[] = {"plugins", "../lib/triaged/plugins"};
  char self[4096];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0) return mem_dup(PLUGIN_DIR);
  self[n] = '\0';
  char *folder = file_dir(self), *found = NULL;
  for (size_t i = 0; i < sizeof places / sizeof places[0] && found == NULL; i++) {
    found = file_join(folder, places[i]);
    if (file_is_dir(found)) break;
    mem_free(found);
    found = NULL;
  }
  mem_free(folder);
  return found != NULL ? found : mem_dup(PLUGIN_DIR);
}

struct registry *registry_new(const char *dir) {
  struct registry *r = mem_alloc(sizeof *r);
  r->dir = dir == NULL ? default_dir() : mem_dup(dir);
  return r;
}

void registry_free(struct registry **at) {
  struct registry *r = *at;
  if (r == NULL) return;
  *at = NULL;
  for (int i = 0; i < 3; i++) mem_free(r->names[i]);
  mem_free(r->loaded);
  mem_free(r->dir);
  mem_free(r);
}

/* Also keeps the name from leaving the folder or the symbol's alphabet. */
static bool name_is_plain(const char *name) {
  const size_t n = strlen(name);
  if (n == 0 || n > NAME_MAX_BYTES) return false;
  for (size_t i = 0; i < n; i++)
    if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
          name[i] == '_'))
      return false;
  return true;
}

/* Code that somebody else could have written is not run. */
static int owner_check(const char *path, const char *what, struct trg_err *err) {
  struct stat st;
  if (stat(path, &st) != 0)
    return err_set(err, errno == ENOENT ? TRG_ENOTFOUND : TRG_EIO, "plugin", "%s %s: %s", what,
                   path, strerror(errno));
  if (st.st_uid != 0 && st.st_uid != geteuid())
    return err_set(err, TRG_EINVAL, "plugin_owner",
                   "%s %s belongs to user %u; it must belong to root or to the user that runs "
                   "this program",
                   what, path, (unsigned)st.st_uid);
  const bool group_may = (st.st_mode & S_IWGRP) != 0 && st.st_gid != 0 && st.st_gid != getegid();
  if ((st.st_mode & S_IWOTH) != 0 || group_may)
    return err_set(err, TRG_EINVAL, "plugin_mode",
                   "%s %s can be written by others (mode %04o); run chmod go-w on it", what, path,
                   (unsigned)(st.st_mode & 07777));
  return 0;
}

static const struct trg_plugin *load(const struct registry *r, const char *path, int32_t kind,
                                     const char *name, struct trg_err *err) {
  if (owner_check(r->dir, "the plugin folder", err) != 0 ||
      owner_check(path, "the plugin", err) != 0)
    return NULL;
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* never closed: code may still be called */
  if (object == NULL) {
    (void)err_set(err, TRG_EINVAL, "plugin", "the plugin %s can not be loaded: %s", path,
                  dlerror());
    return NULL;
  }
  char symbol[NAME_MAX_BYTES + 32];
  (void)snprintf(symbol, sizeof symbol, "triaged_plugin_%s", name);
  const struct trg_plugin *p = dlsym(object, symbol);
  if (p == NULL) {
    (void)err_set(err, TRG_EINVAL, "plugin",
                  "%s has no symbol %s; it is no plugin of this program, or another one renamed",
                  path, symbol);
    return NULL;
  }
  if (registry_accept(p, kind, name, err) == 0) return p;
  err_prefix(err, "%s", path);
  return NULL;
}

/* DIR/connector-NAME.so, else DIR/connectors/connector-NAME.so; mem_free. */
static char *file_of(const struct registry *r, int32_t kind, const char *name) {
  char leaf[2 * NAME_MAX_BYTES + 32];
  (void)snprintf(leaf, sizeof leaf, "%s-%s.so", kind_words[kind], name);
  char *flat = file_join(r->dir, leaf);
  if (file_exists(flat)) return flat;
  (void)snprintf(leaf, sizeof leaf, "%ss/%s-%s.so", kind_words[kind], kind_words[kind], name);
  char *below = file_join(r->dir, leaf);
  if (file_exists(below)) {
    mem_free(flat);
    return below;
  }
  mem_free(below);
  return flat;
}

static void remember(struct registry *r, const struct trg_plugin *p) {
  r->loaded = mem_grow(r->loaded, (r->count + 1) * sizeof(const struct trg_plugin *));
  r->loaded[r->count++] = p;
}

/* One that is linked in or was loaded before. */
static const struct trg_plugin *known(const struct registry *r, int32_t kind, const char *name) {
  for (size_t i = 0; i < r->count; i++)
    if (r->loaded[i]->kind == kind && strcmp(r->loaded[i]->name, name) == 0) return r->loaded[i];
  for (const struct trg_plugin *const *b = plugin_builtin; *b != NULL; b++)
    if ((*b)->kind == kind && (*b)->name != NULL && strcmp((*b)->name, name) == 0) return *b;
  return NULL;
}

const struct trg_plugin *registry_find(struct registry *r, int32_t kind, const char *name,
                                       struct trg_err *err) {
  if ((kind != TRG_CONNECTOR && kind != TRG_MODEL) || name == NULL || !name_is_plain(name)) {
    (void)err_set(err, TRG_EINVAL, "plugin",
                  "%.60s is no plugin name; use small letters, digits and _",
                  name == NULL ? "" : name);
    return NULL;
  }
  const struct trg_plugin *p = known(r, kind, name);
  if (p != NULL) return registry_accept(p, kind, name, err) == 0 ? p : NULL;
  char *path = file_of(r, kind, name);
  if (!file_exists(path))
    (void)err_set(err, TRG_ENOTFOUND, "plugin", "there is no %s plugin %s: %s does not exist",
                  kind_words[kind], name, path);
  else
    p = load(r, path, kind, name, err);
  mem_free(path);
  if (p != NULL) remember(r, p);
  return p;
}

/* Takes "connector-NAME.so" apart. False: not named like a plugin. */
static bool leaf_read(const char *leaf, int32_t *ret_kind, char name[NAME_MAX_BYTES + 1]) {
  for (int32_t kind = TRG_CONNECTOR; kind <= TRG_MODEL; kind++) {
    const size_t w = strlen(kind_words[kind]);
    if (strncmp(leaf, kind_words[kind], w) != 0 || leaf[w] != '-') continue;
    const char *rest = leaf + w + 1;
    const size_t n = strlen(rest);
    if (n <= 3 || n - 3 > NAME_MAX_BYTES || strcmp(rest + n - 3, ".so") != 0) return false;
    memcpy(name, rest, n - 3);
    name[n - 3] = '\0';
    *ret_kind = kind;
    return name_is_plain(name);
  }
  return false;
}

struct visit {
  struct registry *r;
  void (*problem)(void *arg, const char *path, const char *problem);
  void *arg;
  int32_t kind; /* names wanted of this kind; 0: none */
  const char **names;
  size_t count;
};

static void names_add(struct visit *v, const char *name) {
  for (size_t i = 0; i < v->count; i++)
    if (strcmp(v->names[i], name) == 0) return;
  v->names = mem_grow(v->names, (v->count + 2) * sizeof(const char *));
  v->names[v->count++] = name;
  v->names[v->count] = NULL;
}

static int visit_file(void *arg, const char *path) {
  struct visit *v = arg;
  const char *slash = strrchr(path, '/');
  const char *leaf = slash == NULL ? path : slash + 1;
  const size_t n = strlen(leaf);
  if (n < 3 || strcmp(leaf + n - 3, ".so") != 0) return 0;
  int32_t kind = 0;
  char name[NAME_MAX_BYTES + 1];
  if (!leaf_read(leaf, &kind, name)) {
    if (v->problem != NULL)
      v->problem(v->arg, path, "plugins are named connector-NAME.so or model-NAME.so");
    return 0;
  }
  if (v->kind != 0 && v->kind != kind) return 0;
  struct trg_err err = {0};
  const struct trg_plugin *p = registry_find(v->r, kind, name, &err);
  if (p != NULL && v->kind != 0) names_add(v, p->name);
  if (p == NULL && v->problem != NULL) v->problem(v->arg, path, err.text);
  return 0;
}

void registry_check(struct registry *r,
                    void (*fn)(void *arg, const char *path, const char *problem), void *arg) {
  struct visit v = {.r = r, .problem = fn, .arg = arg};
  if (file_is_dir(r->dir)) (void)file_walk(r->dir, 2, visit_file, &v, NULL);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *registry_names(struct registry *r, int32_t kind) {
  static const char *const none[] = {NULL};
  if (kind != TRG_CONNECTOR && kind != TRG_MODEL) return none;
  struct visit v = {.r = r, .kind = kind};
  for (const struct trg_plugin *const *b = plugin_builtin; *b != NULL; b++)
    if (registry_accept(*b, kind, (*b)->name == NULL ? "" : (*b)->name, NULL) == 0)
      names_add(&v, (*b)->name);
  if (file_is_dir(r->dir)) (void)file_walk(r->dir, 2, visit_file, &v, NULL);
  if (v.count == 0) return none;
  qsort(v.names, v.count, sizeof *v.names, by_name);
  mem_free(r->names[kind]);
  r->names[kind] = v.names;
  return r->names[kind];
}
