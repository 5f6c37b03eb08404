/* Skill and knowledge files: front matter, tables, passages. What is read lies inside the file. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "skill/frontmatter.h"
#include "skill/knowledge.h"
#include "skill/skill.h"
#include "store/knowledge.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void passages(struct arena *a, const char *path, struct trg_str file) {
  struct passage *p = NULL;
  size_t n = 0;
  knowledge_split(a, path, path, file, 0, &p, &n);
  for (size_t i = 0; i < n; i++)
    if (p[i].text[0] == '\0' || strlen(p[i].text) > 2400 || p[i].title == NULL) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const struct trg_str file = {(const char *)bytes, size};
  struct arena *a = arena_new();
  struct frontmatter f;
  frontmatter_read(file, "fuzz.md", &f);
  if (f.map != NULL && f.map->kind != YAML_MAP) abort();
  if (f.body.n > 0 && (f.body.p < file.p || f.body.p + f.body.n > file.p + file.n)) abort();
  struct md_table t;
  if (md_table_below(a, arena_dup(a, f.body), "T", &t)) {
    if (t.rows == 0 || t.columns == 0 || md_column(&t, t.header[0]) != 0) abort();
    for (size_t i = 0; i < t.rows * t.columns; i++)
      if (t.cells[i] == NULL) abort();
  }
  passages(a, "fuzz.md", file);
  passages(a, "fuzz.html", file);
  yaml_free(&f.map);
  arena_free(&a);
  return 0;
}
