/* Labelled texts of the shared test data, read from where they are. For bench_local alone. */
#ifndef TESTS_BENCH_SETS_H
#define TESTS_BENCH_SETS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/models/local/alloc.h"
#include "../../plugins/models/local/fit.h"

struct set {
  struct local_sample *samples;
  size_t n;
};

struct names {
  char **names;
  size_t count;
};

/* NULL, and a line that says so, when the file is absent. */
static FILE *data_open(const char *file) {
  char path[512];
  const char *shared = getenv("TRIAGED_SHARED");
  snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", file);
  FILE *in = fopen(path, "re");
  if (!in) printf("%-34s absent, skipped\n", file);
  return in;
}

static uint32_t name_number(struct names *names, const char *name, bool add) {
  for (size_t i = 0; i < names->count; i++)
    if (strcmp(names->names[i], name) == 0) return (uint32_t)i;
  if (!add) return LOCAL_NO_CLASS;
  names->names = local_grow(names->names, names->count + 1, sizeof *names->names);
  names->names[names->count] = local_copy(name, strlen(name));
  return (uint32_t)names->count++;
}

static void names_free(struct names *names) {
  for (size_t i = 0; i < names->count; i++) free(names->names[i]);
  free(names->names);
}

static void set_free(struct set *set) {
  for (size_t i = 0; i < set->n; i++) free((char *)(uintptr_t)set->samples[i].text.p);
  free(set->samples);
  *set = (struct set){0};
}

/* Appends a file of lines "label, tabulator, text". */
static bool set_read(struct set *set, const char *file, struct names *names, bool add) {
  FILE *in = data_open(file);
  if (in == NULL) return false;
  char *line = NULL;
  size_t room = 0;
  ssize_t n = 0;
  while ((n = getline(&line, &room, in)) > 0) {
    if (line[n - 1] == '\n') line[--n] = '\0';
    char *tab = strchr(line, '\t');
    if (tab == NULL) continue;
    *tab = '\0';
    const size_t text_n = (size_t)(line + n - tab - 1);
    set->samples = local_grow(set->samples, set->n + 1, sizeof *set->samples);
    set->samples[set->n++] = (struct local_sample){{local_copy(tab + 1, text_n), text_n},
                                                   name_number(names, line, add)};
  }
  free(line);
  fclose(in);
  return true;
}

#endif
