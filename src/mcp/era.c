#include "mcp/era.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

const char *const era_versions[] = {ERA_MODERN,   ERA_LEGACY_NEWEST, "2025-06-18",
                                    "2025-03-26", "2024-11-05",      NULL};

bool era_is_legacy(struct trg_str version) {
  for (size_t i = 1; era_versions[i] != NULL; i++)
    if (str_is(version, era_versions[i])) return true;
  return false;
}

const char *era_agree(struct trg_str asked) {
  for (size_t i = 1; era_versions[i] != NULL; i++)
    if (str_is(asked, era_versions[i])) return era_versions[i];
  return ERA_LEGACY_NEWEST;
}

bool era_has_batches(struct trg_str version) {
  return str_is(version, "2025-03-26");
}

json *era_supported(void) {
  json *list = json_array();
  json_add_str(list, TRG_STR(ERA_MODERN));
  return list;
}

bool era_is_modern(const struct rpc_message *m, const struct era_headers *h) {
  const json *version = json_get(json_get(m->params, "_meta"), ERA_META_VERSION);
  if (version != NULL) return true;
  return h != NULL && h->version.n > 0 && !era_is_legacy(h->version);
}

/* --- headers ------------------------------------------------------------------------------- */

static bool is_plain(struct trg_str v) {
  for (size_t i = 0; i < v.n; i++) {
    const unsigned char c = (unsigned char)v.p[i];
    if (c != '\t' && (c < 0x20 || c > 0x7e)) return false;
  }
  return str_trim(v).n == v.n;
}

static bool is_marked(struct trg_str v) {
  return str_starts(v, "=?base64?") && str_ends(v, "?=") && v.n >= 11;
}

const char *era_header_encode(struct trg_str value, struct arena *a) {
  if (is_plain(value) && !is_marked(value)) return arena_dup(a, value);
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b, "=?base64?");
  base64_put(&b, value);
  buf_text(&b, "?=");
  const char *kept = arena_dup(a, buf_view(&b));
  buf_free(&b);
  return kept;
}

bool era_header_decode(struct trg_str header, struct arena *a, struct trg_str *ret) {
  if (!is_plain(header)) return false;
  if (!is_marked(header)) {
    *ret = header;
    return true;
  }
  struct buf b;
  buf_init(&b, 0);
  const bool fine = base64_read(&b, (struct trg_str){header.p + 9, header.n - 11}) == 0;
  if (fine) *ret = arena_str(a, buf_view(&b));
  buf_free(&b);
  return fine;
}

/* --- the rules of 2026-07-28 --------------------------------------------------------------- */

static int meta_check(const json *meta, struct trg_err *err) {
  if (!json_is_object(meta)) {
    (void)err_set(err, TRG_EINVAL, "meta",
                  "params._meta is missing; it must have " ERA_META_VERSION
                  " and " ERA_META_CAPABILITIES);
    return RPC_BAD_PARAMS;
  }
  if (json_get_str(meta, ERA_META_VERSION).n == 0) {
    (void)err_set(err, TRG_EINVAL, "meta", "params._meta lacks " ERA_META_VERSION);
    return RPC_BAD_PARAMS;
  }
  if (!json_is_object(json_get(meta, ERA_META_CAPABILITIES))) {
    (void)err_set(err, TRG_EINVAL, "meta",
                  "params._meta lacks " ERA_META_CAPABILITIES " (an object; it may be empty)");
    return RPC_BAD_PARAMS;
  }
  return 0;
}

/* Which member of params the header Mcp-Name repeats; NULL: this method has none. */
static const char *name_key(struct trg_str method) {
  if (str_is(method, "tools/call") || str_is(method, "prompts/get")) return "name";
  return str_is(method, "resources/read") ? "uri" : NULL;
}

static int mismatch(struct trg_err *err, const char *header, const char *what) {
  (void)err_set(err, TRG_EINVAL, "header", "Header mismatch: %s %s", header, what);
  return RPC_HEADER_MISMATCH;
}

static int headers_check(const struct rpc_message *m, const struct era_headers *h,
                         struct trg_err *err) {
  const struct trg_str version = json_get_str(json_get(m->params, "_meta"), ERA_META_VERSION);
  if (h->version.n == 0) return mismatch(err, "MCP-Protocol-Version", "is missing");
  if (!str_eq(str_trim(h->version), version))
    return mismatch(err, "MCP-Protocol-Version", "is not the version in _meta");
  if (h->method.n == 0) return mismatch(err, "Mcp-Method", "is missing");
  if (!str_eq(str_trim(h->method), m->method))
    return mismatch(err, "Mcp-Method", "is not the method of the body");
  const char *key = name_key(m->method);
  if (key == NULL) return 0;
  if (h->name.p == NULL) return mismatch(err, "Mcp-Name", "is missing");
  struct arena *a = arena_new();
  struct trg_str name = {0};
  const bool legible = era_header_decode(str_trim(h->name), a, &name);
  const bool equal = legible && str_eq(name, json_get_str(m->params, key));
  arena_free(&a);
  if (!legible) return mismatch(err, "Mcp-Name", "holds characters that it cannot");
  return equal ? 0 : mismatch(err, "Mcp-Name", "is not the name in the body");
}

int era_check(const struct rpc_message *m, const struct era_headers *h, json **ret_data,
              struct trg_err *err) {
  const json *meta = json_get(m->params, "_meta");
  *ret_data = NULL;
  int code = meta_check(meta, err);
  if (code == 0 && h != NULL) code = headers_check(m, h, err);
  if (code != 0) return code;
  const struct trg_str version = json_get_str(meta, ERA_META_VERSION);
  if (str_is(version, ERA_MODERN)) return 0;
  json *data = json_object();
  json_put(data, "supported", era_supported());
  json_put_str(data, "requested", version);
  *ret_data = data;
  (void)err_set(err, TRG_EINVAL, "version",
                "Unsupported protocol version; spoken is " ERA_MODERN
                " (and earlier ones after `initialize`)");
  return RPC_NO_VERSION;
}

/* --- x-mcp-header -------------------------------------------------------------------------- */

#define MARKS_MAX          32
#define LEVELS             16
#define JSON_LEVELS_LOOKED 64

struct marking {
  struct arena *a;
  struct era_mark *marks;
  size_t count;
  const char *path[LEVELS + 1];
  struct trg_err *err;
};

static bool is_token(struct trg_str s) {
  static const char also[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < s.n; i++) {
    const char c = s.p[i];
    const bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (!plain && (c == '\0' || strchr(also, c) == NULL)) return false;
  }
  return s.n > 0;
}

static int mark_wrong(struct marking *k, const char *why) {
  return err_set(k->err, TRG_EINVAL, "schema", "a mark x-mcp-header %s", why);
}

static int mark_add(struct marking *k, const json *property, const json *mark, size_t level) {
  const struct trg_str name = json_str(mark), type = json_get_str(property, "type");
  if (!json_is_string(mark) || !is_token(name)) return mark_wrong(k, "is no name for a header");
  const bool integer = str_is(type, "integer"), boolean = str_is(type, "boolean");
  if (!integer && !boolean && !str_is(type, "string"))
    return mark_wrong(k, "stands at what is neither text nor integer nor boolean");
  char *header = arena_dup(k->a, name);
  for (size_t i = 0; i < k->count; i++)
    if (str_is_nocase(name, k->marks[i].header)) return mark_wrong(k, "names a header twice");
  if (k->count == MARKS_MAX) return mark_wrong(k, "is one of too many");
  const char **path = arena_alloc(k->a, (level + 1) * sizeof *path);
  memcpy(path, k->path, level * sizeof *path);
  k->marks[k->count++] = (struct era_mark){header, path, integer, boolean};
  return 0;
}

/* A mark anywhere that `properties` alone does not lead to makes the tool invalid. */
static bool has_mark(const json *j, int depth) {
  if (depth > JSON_LEVELS_LOOKED) return false;
  for (const json *c = json_first(j); c != NULL; c = json_next(c)) {
    if (json_key(c) != NULL && strcmp(json_key(c), "x-mcp-header") == 0) return true;
    if (has_mark(c, depth + 1)) return true;
  }
  return false;
}

static int marks_below(struct marking *k, const json *schema, size_t level) {
  for (const json *c = json_first(schema); c != NULL; c = json_next(c)) {
    const char *key = json_key(c);
    if (key == NULL || strcmp(key, "properties") == 0 || strcmp(key, "x-mcp-header") == 0) continue;
    if (has_mark(c, 0)) return mark_wrong(k, "stands where no fixed path leads");
  }
  for (const json *p = json_first(json_get(schema, "properties")); p != NULL; p = json_next(p)) {
    if (level >= LEVELS) return mark_wrong(k, "may stand too deep");
    k->path[level] = arena_dup(k->a, str_of(json_key(p)));
    const json *mark = json_get(p, "x-mcp-header");
    int rc = mark != NULL ? mark_add(k, p, mark, level + 1) : 0;
    if (rc == 0) rc = marks_below(k, p, level + 1);
    if (rc != 0) return rc;
  }
  return 0;
}

int era_marks(const json *input_schema, struct arena *a, struct era_mark **ret, size_t *ret_count,
              struct trg_err *err) {
  struct marking k = {.a = a, .err = err};
  k.marks = arena_alloc(a, MARKS_MAX * sizeof *k.marks);
  const int rc = marks_below(&k, input_schema, 0);
  if (rc != 0) return rc;
  *ret = k.marks;
  *ret_count = k.count;
  return 0;
}

const char *era_mark_value(const struct era_mark *m, const json *arguments, struct arena *a) {
  const json *at = arguments;
  for (size_t i = 0; m->path[i] != NULL && at != NULL; i++) at = json_get(at, m->path[i]);
  if (at == NULL || json_is_null(at)) return NULL;
  char number[32];
  if (m->is_bool && json_is_bool(at)) return json_is_true(at) ? "true" : "false";
  if (m->is_integer && json_is_number(at) && json_id(at, number, sizeof number) == 0)
    return arena_dup(a, str_of(number));
  return json_is_string(at) ? era_header_encode(json_str(at), a) : NULL;
}
