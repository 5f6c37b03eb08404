/* YAML: whatever is taken is a sound tree, and its JSON is JSON. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct yaml *node, const struct yaml *parent) {
  if (node->parent != parent || node->line == 0) abort();
  if ((node->key != NULL) != (parent != NULL && parent->kind == YAML_MAP)) abort();
  if (node->kind == YAML_SCALAR && node->text == NULL) abort();
  for (const struct yaml *c = node->first; c != NULL; c = c->next) check(c, node);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct trg_err err;
  struct yaml *root = yaml_parse((struct trg_str){(const char *)data, size}, "fuzz.yaml", &err);
  if (root == NULL) {
    if (err.text[0] == '\0') abort();
    return 0;
  }
  check(root, NULL);
  char *text = yaml_to_json(root);
  json *j = json_parse(str_of(text), JSON_UNIQUE_KEYS, &err);
  if (j == NULL) abort();
  json_free(&j);
  mem_free(text);
  yaml_free(&root);
  return 0;
}
