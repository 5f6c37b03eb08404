/* Files and folders that the config names, and where those are that it does not name. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

#ifndef SHARE_DIR
#define SHARE_DIR "/usr/local/share/triaged"
#endif

/* The folder of the program, or "" when the system does not say. */
static const char *program_folder(struct part *p) {
  char self[4096];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0) return "";
  self[n] = '\0';
  char *folder = file_dir(self);
  const char *kept = arena_dup(p->r.arena, str_of(folder));
  mem_free(folder);
  return kept;
}

/* ---- folders ---- */

static const char *const *folders_read(struct part *p, const char *key, bool files_too,
                                       size_t *ret_count) {
  const struct yaml *list = yaml_get(p->root, key);
  size_t n = 0;
  const char *const *texts = field_list(&p->r, list, key, &n);
  const char **all = arena_alloc(p->r.arena, (n + 1) * sizeof *all);
  size_t good = 0;
  for (size_t i = 0; i < n; i++) {
    const char *place = conf_place_of(p, texts[i]);
    if (!file_exists(place))
      field_wrong(&p->r, list, path_item(p, key, i), "%s does not exist%s; correct the path", place,
                  texts[i][0] == '/' ? "" : " (relative to the config's folder)");
    else if (!files_too && !file_is_dir(place))
      field_wrong(&p->r, list, path_item(p, key, i), "%s is a file; name the folder that it is in",
                  place);
    else
      all[good++] = place;
  }
  *ret_count = good;
  return all;
}

/* The installed skills, or those of the tree that the program was built in; NULL: none. */
static const char *skills_folder(struct part *p) {
  const char *program = program_folder(p);
  const char *const places[] = {SHARE_DIR "/skills",
                                arena_printf(p->r.arena, "%s/../share/triaged/skills", program),
                                arena_printf(p->r.arena, "%s/../skills", program),
                                arena_printf(p->r.arena, "%s/../../skills", program),
                                arena_printf(p->r.arena, "%s/../../../skills", program)};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
    if (file_is_dir(places[i])) return places[i];
  return NULL;
}

static void skills_default(struct part *p) {
  const char *folder = skills_folder(p);
  if (folder == NULL) return;
  const char **one = arena_alloc(p->r.arena, 2 * sizeof *one);
  one[0] = folder;
  p->conf->skills = one;
  p->conf->skill_count = 1;
}

const char *conf_template_folder(struct part *p, const char *name) {
  const char *skills = skills_folder(p);
  return skills == NULL ? NULL : arena_printf(p->r.arena, "%s/compliance/%s", skills, name);
}

/* ---- the price book ---- */

static bool is_path(const char *book) {
  const struct trg_str s = str_of(book);
  return strchr(book, '/') != NULL || str_ends(s, ".yaml") || str_ends(s, ".yml");
}

static void book_tell(struct part *p, const char *const *tried, size_t n) {
  struct buf b;
  buf_init(&b, 16384);
  for (size_t i = 0; i < n; i++) buf_printf(&b, "%s %s", i == 0 ? "" : ",", tried[i]);
  field_wrong(&p->r, yaml_get(yaml_get(p->root, "billing"), "book"), "billing.book",
              "there is no price book \"%.80s\"; looked for%s; write per-resolution, the name of a "
              "file there without .yaml, or a path",
              p->conf->book, b.p);
  buf_free(&b);
}

static bool is_file(const char *path) {
  return file_exists(path) && !file_is_dir(path);
}

static void book_find(struct part *p) {
  struct conf *c = p->conf;
  if (c->book == NULL || c->book[0] == '\0') c->book = "per-resolution";
  if (is_path(c->book)) {
    const char *path = conf_place_of(p, c->book);
    if (is_file(path))
      c->book_path = path;
    else
      book_tell(p, &path, 1);
    return;
  }
  const char *leaf = arena_printf(p->r.arena, "%s.yaml", c->book);
  const char *program = program_folder(p);
  const char *const tried[] = {
      conf_place_of(p, arena_printf(p->r.arena, "books/%s", leaf)),
      arena_printf(p->r.arena, "%s/books/%s", SHARE_DIR, leaf),
      arena_printf(p->r.arena, "%s/../share/triaged/books/%s", program, leaf),
      arena_printf(p->r.arena, "%s/../config/books/%s", program, leaf),
  };
  const size_t n = sizeof tried / sizeof tried[0];
  /* The program knows this one; only a copy beside the config is somebody's own. */
  const bool builtin = strcmp(c->book, "per-resolution") == 0;
  for (size_t i = 0; i < (builtin ? 1 : n) && c->book_path == NULL; i++)
    if (is_file(tried[i])) c->book_path = tried[i];
  if (c->book_path == NULL && !builtin) book_tell(p, tried, n);
}

void part_places(struct part *p) {
  struct conf *c = p->conf;
  if (c->taxonomy != NULL) {
    c->taxonomy = conf_place_of(p, c->taxonomy);
    if (!is_file(c->taxonomy)) {
      field_wrong(&p->r, yaml_get(p->root, "taxonomy"), "taxonomy",
                  "must be skills or a file of categories and teams; %s is no file", c->taxonomy);
      c->taxonomy = NULL;
    }
  }
  if (yaml_is_null(yaml_get(p->root, "skills")))
    skills_default(p);
  else
    c->skills = folders_read(p, "skills", false, &c->skill_count);
  c->knowledge = folders_read(p, "knowledge", true, &c->knowledge_count);
  book_find(p);
}
