/* ${env:NAME} and ${file:PATH}: where secrets come from. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/conf.h"
#include "conf/field.h"

#define SECRET_BYTES ((size_t)256 << 10)

struct asked {
  struct field_reader *r;
  const struct yaml *node;
  const char *path;
  struct trg_str whole; /* "env:NAME" */
};

/* Told without the value, as an error or, for a reader of the state, a warning. */
static const char *refuse(const struct asked *q, const char *why) {
  void (*tell)(struct field_reader *, const struct yaml *, const char *, const char *,
               ...) = q->r->lenient == LENIENT_ALL ? field_warn : field_wrong;
  const int n = q->whole.n > 200 ? 200 : (int)q->whole.n;
  tell(q->r, q->node, q->path, "${%.*s}: %s", n, q->whole.p, why);
  return NULL;
}

static const char *env_value(const struct asked *q, const char *name) {
  if (name[0] == '\0') return refuse(q, "names no variable; write ${env:NAME}");
  const char *value = getenv(name);
  if (value == NULL)
    return refuse(q, "this environment variable is not set; set it (with systemd: "
                     "EnvironmentFile=), or write ${file:PATH}");
  if (value[0] == '\0') return refuse(q, "this environment variable is empty; give it a value");
  return arena_dup(q->r->arena, str_of(value));
}

/* The service's credentials first; what is not among them lies beside the config. */
static const char *secret_path(const struct field_reader *r, const char *name) {
  const char *folder = r->folder == NULL ? "." : r->folder;
  const char *credentials = getenv("CREDENTIALS_DIRECTORY");
  if (name[0] == '/') return arena_dup(r->arena, str_of(name));
  if (credentials != NULL && credentials[0] != '\0') {
    const char *path = arena_printf(r->arena, "%s/%s", credentials, name);
    if (file_exists(path)) return path;
  }
  return arena_printf(r->arena, "%s/%s", folder, name);
}

static const char *file_value(const struct asked *q, const char *name) {
  if (name[0] == '\0') return refuse(q, "names no file; write ${file:PATH}");
  const char *path = secret_path(q->r, name);
  struct stat s;
  /* A pipe would make the reader wait for ever, a device would never end. */
  if (stat(path, &s) == 0 && !S_ISREG(s.st_mode))
    return refuse(q, arena_printf(q->r->arena, "%s is no regular file", path));
  struct buf b;
  struct trg_err err = {0};
  buf_init(&b, SECRET_BYTES);
  const char *value = NULL;
  if (file_read(path, SECRET_BYTES, &b, &err) != 0) {
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    const bool both = name[0] != '/' && credentials != NULL && credentials[0] != '\0';
    (void)refuse(q, both ? arena_printf(q->r->arena, "%s (nor is it in %s)", err.text, credentials)
                         : err.text);
    goto out;
  }
  struct trg_str text = buf_view(&b);
  while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) text.n--;
  if (text.n == 0)
    (void)refuse(q, arena_printf(q->r->arena, "%s is empty", path));
  else if (memchr(text.p, '\0', text.n) != NULL)
    (void)refuse(q, arena_printf(q->r->arena, "%s holds a NUL byte; secrets are text", path));
  else
    value = arena_dup(q->r->arena, text);
out:
  if (b.n > 0) explicit_bzero(b.p, b.n);
  buf_free(&b);
  return value;
}

static const char *value_of(const struct asked *q) {
  if (str_starts(q->whole, "env:"))
    return env_value(q, arena_dup(q->r->arena, (struct trg_str){q->whole.p + 4, q->whole.n - 4}));
  if (str_starts(q->whole, "file:"))
    return file_value(q, arena_dup(q->r->arena, (struct trg_str){q->whole.p + 5, q->whole.n - 5}));
  const int n = q->whole.n > 80 ? 80 : (int)q->whole.n;
  field_wrong(q->r, q->node, q->path,
              "\"${%.*s}\" is no reference; write ${env:%.*s} for an environment variable or "
              "${file:PATH} for a file",
              n, q->whole.p, n, q->whole.p);
  return NULL;
}

/* Appends text with its references replaced; false after a problem. */
static bool resolve(struct asked *q, const char *text, struct buf *out, bool *ret_secret) {
  bool fine = true;
  for (const char *at = text; *at != '\0';) {
    const char *dollar = strstr(at, "${");
    if (dollar == NULL) {
      buf_text(out, at);
      break;
    }
    buf_add(out, at, (size_t)(dollar - at));
    const char *end = strchr(dollar, '}');
    if (end == NULL) {
      field_wrong(q->r, q->node, q->path,
                  "has \"${\" without \"}\"; write ${env:NAME} or "
                  "${file:PATH}");
      return false;
    }
    q->whole = (struct trg_str){dollar + 2, (size_t)(end - dollar) - 2};
    const char *value = value_of(q);
    fine = fine && value != NULL;
    if (value != NULL) log_mask(value);
    buf_text(out, value);
    *ret_secret = true;
    at = end + 1;
  }
  return fine;
}

const char *field_text(struct field_reader *r, const struct yaml *node, const char *path,
                       bool *ret_secret) {
  bool secret = false;
  const char *text = NULL;
  if (node->kind != YAML_SCALAR) {
    field_wrong(r, node, path, "must be text, not a %s", node->kind == YAML_MAP ? "map" : "list");
  } else if (strstr(node->text, "${") == NULL) {
    text = arena_dup(r->arena, str_of(node->text));
  } else {
    struct asked q = {.r = r, .node = node, .path = path};
    struct buf b;
    buf_init(&b, 4 * SECRET_BYTES);
    const bool fine = resolve(&q, node->text, &b, &secret);
    if (fine && b.over) field_wrong(r, node, path, "becomes longer than a megabyte");
    if (fine && !b.over) text = arena_dup(r->arena, buf_view(&b));
    if (b.n > 0) explicit_bzero(b.p, b.n);
    buf_free(&b);
  }
  if (ret_secret != NULL) *ret_secret = secret;
  return text;
}

/* A copy of the subtree in which nothing is a reference any more. Keys stay the tree's. */
static struct yaml *copy(struct field_reader *r, const struct yaml *node, const char *path) {
  struct yaml *c = arena_alloc(r->arena, sizeof *c);
  *c = *node;
  c->next = NULL;
  if (node->kind == YAML_SCALAR) {
    bool secret = false;
    c->text = field_text(r, node, path, &secret);
    if (c->text == NULL) c->text = "";
    c->plain = node->plain && !secret;
    return c;
  }
  struct yaml **to = &c->first;
  size_t i = 0;
  for (const struct yaml *child = node->first; child != NULL; child = child->next, i++) {
    const char *below = node->kind == YAML_MAP ? arena_printf(r->arena, "%s.%s", path, child->key)
                                               : arena_printf(r->arena, "%s[%zu]", path, i);
    *to = copy(r, child, below);
    (*to)->parent = c;
    to = &(*to)->next;
  }
  *to = NULL;
  return c;
}

const char *field_json(struct field_reader *r, const struct yaml *node, const char *path) {
  char *json = yaml_to_json(copy(r, node, path));
  const char *kept = arena_dup(r->arena, str_of(json));
  explicit_bzero(json, strlen(json));
  mem_free(json);
  return kept;
}
