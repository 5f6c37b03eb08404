#include "pipeline/plugin_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/conf.h"

#define FILE_MAX ((size_t)256 << 10)

struct expanding {
  const char *root;
  char missing[80]; /* the first variable that is not set */
};

/* One reference without its "${" and "}". */
static void variable_put(struct expanding *x, struct trg_str inside, struct buf *out) {
  char name[80];
  const ptrdiff_t dash = str_find(inside, ":-");
  const size_t n = dash >= 0 ? (size_t)dash : inside.n;
  (void)snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 0, inside.p);
  const char *value = strcmp(name, "CLAUDE_PLUGIN_ROOT") == 0 ? x->root : getenv(name);
  if (value != NULL && value[0] != '\0')
    buf_text(out, value);
  else if (dash >= 0)
    buf_add(out, inside.p + dash + 2, inside.n - (size_t)dash - 2);
  else if (x->missing[0] == '\0')
    (void)snprintf(x->missing, sizeof x->missing, "%s", name);
}

static json *text_expanded(struct expanding *x, struct trg_str s) {
  struct buf b;
  json *o = json_object();
  buf_init(&b, FILE_MAX);
  buf_text(&b, "");
  for (size_t at = 0; at < s.n;) {
    const struct trg_str rest = {s.p + at, s.n - at};
    const ptrdiff_t open = str_find(rest, "${");
    const char *close = open >= 0 ? memchr(rest.p + open, '}', rest.n - (size_t)open) : NULL;
    if (close == NULL) {
      buf_str(&b, rest);
      break;
    }
    buf_add(&b, rest.p, (size_t)open);
    variable_put(x, (struct trg_str){rest.p + open + 2, (size_t)(close - rest.p - open - 2)}, &b);
    at += (size_t)(close - rest.p) + 1;
  }
  json_put_str(o, "s", buf_view(&b));
  buf_free(&b);
  json *text = json_copy(json_get(o, "s"));
  json_free(&o);
  return text;
}

static json *expanded(struct expanding *x, const json *j) {
  if (json_is_string(j)) return text_expanded(x, json_str(j));
  const bool object = json_is_object(j);
  if (!object && !json_is_array(j)) return json_copy(j);
  json *o = object ? json_object() : json_array();
  for (const json *c = json_first(j); c != NULL; c = json_next(c)) {
    if (object)
      json_put(o, json_key(c), expanded(x, c));
    else
      json_add(o, expanded(x, c));
  }
  return o;
}

/* A file that is odd is one server less, with a word in the log. */
static char *folder_server(const char *root, const char *name) {
  char *path = file_join(root, ".mcp.json"), *text = NULL;
  struct buf b;
  struct trg_err err = {0};
  struct expanding x = {.root = root};
  buf_init(&b, FILE_MAX);
  if (file_exists(path)) {
    json *o = file_read(path, FILE_MAX, &b, &err) >= 0 ? json_parse(buf_view(&b), 0, &err) : NULL;
    const json *all = json_get(o, "mcpServers");
    json *block = expanded(&x, json_get(all != NULL ? all : o, name));
    if (o == NULL) log_event(TRG_WARN, "mcp.plugin", "path", path, "why", err.text, NULL);
    if (x.missing[0] != '\0')
      log_event(TRG_WARN, "mcp.plugin", "path", path, "server", name, "not_set", x.missing, NULL);
    else if (json_is_object(block))
      text = json_text(block);
    json_free(&block);
    json_free(&o);
  }
  buf_free(&b);
  mem_free(path);
  return text;
}

char *plugin_server(const struct conf *c, const char *name) {
  char *text = NULL;
  for (size_t i = 0; i < c->skill_count && text == NULL; i++)
    text = folder_server(c->skills[i], name);
  return text;
}
