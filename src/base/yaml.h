/*
 * YAML (a strict subset, by libyaml) as a small tree with line numbers. Scalars stay the text that
 * was written: `NO` and `0012` become something else only when a typed field reads them. Anchors,
 * aliases, tags, several documents and duplicate keys are refused. yaml_free is hidden from the
 * dynamic linker, because libyaml has an internal function of that name.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

enum yaml_kind { YAML_SCALAR = 1, YAML_LIST = 2, YAML_MAP = 3 };

struct yaml {
  enum yaml_kind kind;
  uint32_t line;      /* 1-based, of the value */
  const char *key;    /* in a map; else NULL */
  const char *text;   /* scalars: NUL-terminated */
  bool plain;         /* scalar written without quotes */
  struct yaml *first; /* children of lists and maps */
  struct yaml *next;
  struct yaml *parent;
};

/* Parses `text`; `file` is for messages. NULL and err (line set) when refused. The tree and all it
 * holds is freed by yaml_free on the root. An empty text gives an empty map. */
struct yaml *yaml_parse(struct trg_str text, const char *file, struct trg_err *err);
struct yaml *yaml_load(const char *path, size_t max_bytes, struct trg_err *err);
void yaml_free(struct yaml **root);
struct yaml *yaml_get(const struct yaml *map, const char *key);
size_t yaml_count(const struct yaml *container);
/* A plain "", ~ or null, or an absent node. */
bool yaml_is_null(const struct yaml *node);
/* The subtree as JSON: plain true, false, null (also ~ and an empty value) and what JSON calls a
 * number as such, the rest as strings, also integers of more than 15 digits. mem_free. */
char *yaml_to_json(const struct yaml *node);

#endif
