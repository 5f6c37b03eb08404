/* Several calls in one request. The reply is always 200; what became of each part stands inside. */
#include "salesforce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 25 };

struct part {
  const cJSON *in;
  cJSON *body;   /* with references resolved */
  cJSON *result; /* the answer's body */
  char url[4096];
  struct sf_call call;
  bool unresolved;
};

/* "name.id" or "name.records[0].Id" */
static const cJSON *reference_find(const struct part *parts, size_t n, const char *path) {
  char copy[160];
  char *rest = NULL;
  snprintf(copy, sizeof copy, "%s", path);
  const char *name = strtok_r(copy, ".[]", &rest);
  const cJSON *v = NULL;
  for (size_t i = 0; i < n && name; i++) {
    const char *id = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(parts[i].in, "referenceId"));
    v = id && strcmp(id, name) == 0 ? parts[i].result : v;
  }
  for (const char *step = strtok_r(NULL, ".[]", &rest); step && v;
       step = strtok_r(NULL, ".[]", &rest)) {
    v = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, (int)strtol(step, NULL, 10))
                         : cJSON_GetObjectItemCaseSensitive(v, step);
  }
  return v;
}

/* Puts values for "@{name.path}"; false when one has none. */
static bool text_resolve(const struct part *parts, size_t n, const char *text, struct buf *out) {
  while (*text) {
    const char *end = text[0] == '@' && text[1] == '{' ? strchr(text, '}') : NULL;
    if (end == NULL) {
      buf_char(out, *text++);
      continue;
    }
    char path[160];
    snprintf(path, sizeof path, "%.*s", (int)(end - text - 2), text + 2);
    const cJSON *v = reference_find(parts, n, path);
    if (!cJSON_IsString(v)) {
      return false;
    }
    buf_str(out, v->valuestring);
    text = end + 1;
  }
  buf_text(out);
  return true;
}

static bool tree_resolve(const struct part *parts, size_t n, cJSON *tree) {
  bool good = true;
  if (cJSON_IsString(tree) && strstr(tree->valuestring, "@{")) {
    struct buf text = {0};
    good = text_resolve(parts, n, tree->valuestring, &text);
    if (good) {
      cJSON_SetValuestring(tree, buf_text(&text));
    }
    buf_free(&text);
  }
  for (cJSON *child = tree ? tree->child : NULL; child; child = child->next) {
    good = tree_resolve(parts, n, child) && good;
  }
  return good;
}

static void part_run(struct exchange *x, struct part *parts, size_t i, bool rehearsal) {
  struct part *p = &parts[i];
  const char *method = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p->in, "method"));
  const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p->in, "url"));
  struct buf path = {0};
  memset(&p->call, 0, sizeof p->call);
  cJSON_Delete(p->body);
  p->body = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(p->in, "body"), true);
  bool resolved = text_resolve(parts, i, url, &path);
  resolved = tree_resolve(parts, i, p->body) && resolved;
  p->call = (struct sf_call){.x = x,
                             .method = method,
                             .headers = cJSON_GetObjectItemCaseSensitive(p->in, "httpHeaders"),
                             .body = p->body,
                             .part = true,
                             .rehearsal = rehearsal};
  const char *whole = resolved ? buf_text(&path) : url;
  const char *rest = text_starts(whole, "/services/data/v") ? strchr(whole + 16, '/') : NULL;
  if (!resolved && !rehearsal) {
    sf_error(&p->call, 400, "PROCESSING_HALTED", NULL,
             "Invalid reference specified. No value for %.80s found", url);
  } else if (rest == NULL) {
    sf_not_found(&p->call);
  } else {
    snprintf(p->call.path, sizeof p->call.path, "%s", rest);
    sf_call_run(&p->call);
  }
  cJSON_Delete(p->result);
  p->result = cJSON_ParseWithLength(p->call.out.p ? p->call.out.p : "", p->call.out.n);
  buf_free(&path);
}

static void part_halt(struct part *p) {
  buf_free(&p->call.out);
  sf_error(
      &p->call, 400, "PROCESSING_HALTED", NULL,
      "The transaction was rolled back since another operation in the same transaction failed.");
}

static void part_break(struct part *p) {
  buf_free(&p->call.out);
  sf_error(&p->call, 400, "UNABLE_TO_LOCK_ROW", NULL,
           "unable to obtain exclusive access to this record");
}

/* The part that a fault picked, or n. */
static size_t victim(const struct exchange *x, size_t n) {
  bool picked = x->fault == FAULT_PART || x->fault == FAULT_LOCK || x->fault == FAULT_CONFLICT;
  return picked ? (size_t)(hash_mix(x->sim->opt.seed, x->sim->stats.requests) % n) : n;
}

/* Nothing happens unless everything can. */
static void all_or_none(struct exchange *x, struct part *parts, size_t n) {
  size_t failed = n;
  for (size_t i = 0; i < n && failed == n; i++) {
    part_run(x, parts, i, true);
    failed = parts[i].call.status >= 300 ? i : n;
  }
  bool broken = failed == n && victim(x, n) < n;
  failed = broken ? victim(x, n) : failed;
  for (size_t i = 0; i < n; i++) {
    if (failed == n) {
      buf_free(&parts[i].call.out);
      part_run(x, parts, i, false);
    } else if (i != failed) {
      parts[i].call.x = x;
      part_halt(&parts[i]);
    } else if (broken) {
      part_break(&parts[i]);
    }
  }
}

static void each_alone(struct exchange *x, struct part *parts, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (i == victim(x, n)) {
      parts[i].call.x = x;
      part_break(&parts[i]);
    } else {
      part_run(x, parts, i, false);
    }
  }
}

static void parts_write(struct buf *b, struct part *parts, size_t n) {
  jw_open(b, '{');
  jw_kopen(b, "compositeResponse", '[');
  for (size_t i = 0; i < n; i++) {
    struct sf_call *c = &parts[i].call;
    jw_open(b, '{');
    jw_kraw(b, "body", c->out.n ? buf_text(&c->out) : "null");
    jw_kopen(b, "httpHeaders", '{');
    if (c->location[0]) {
      jw_kstr(b, "Location", c->location);
    }
    jw_close(b, '}');
    jw_kint(b, "httpStatusCode", c->status);
    jw_kstr(b, "referenceId",
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parts[i].in, "referenceId")));
    jw_close(b, '}');
  }
  jw_close(b, ']');
  jw_close(b, '}');
}

/* What is wrong with a part as such, or NULL. */
static const char *part_wrong(const cJSON *in) {
  const cJSON *headers = cJSON_GetObjectItemCaseSensitive(in, "httpHeaders");
  if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(in, "method")) ||
      !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(in, "url")) ||
      !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(in, "referenceId"))) {
    return "Every part of a composite request needs method, url and referenceId";
  }
  if (cJSON_GetObjectItem(headers, "Accept") || cJSON_GetObjectItem(headers, "Authorization") ||
      cJSON_GetObjectItem(headers, "Content-Type")) {
    return "Accept, Authorization and Content-Type are not allowed in the headers of a part";
  }
  return NULL;
}

void sf_composite(struct sf_call *c) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(c->body, "compositeRequest");
  int n = cJSON_GetArraySize(list);
  if (!cJSON_IsArray(list) || n == 0 || n > PARTS_MAX) {
    sf_error(c, 400, n > PARTS_MAX ? "LIMIT_EXCEEDED" : "JSON_PARSER_ERROR", NULL,
             "A composite request has 1 to %d parts", PARTS_MAX);
    return;
  }
  struct part *parts = mem_alloc((size_t)n * sizeof *parts);
  const char *wrong = NULL;
  for (int i = 0; i < n; i++) {
    parts[i].in = cJSON_GetArrayItem(list, i);
    wrong = wrong ? wrong : part_wrong(parts[i].in);
  }
  if (wrong) {
    sf_error(c, 400, "INVALID_INPUT", NULL, "%s", wrong);
  } else {
    bool together = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->body, "allOrNone"));
    if (together) {
      all_or_none(c->x, parts, (size_t)n);
    } else {
      each_alone(c->x, parts, (size_t)n);
    }
    c->status = 200;
    parts_write(&c->out, parts, (size_t)n);
  }
  for (int i = 0; i < n; i++) {
    cJSON_Delete(parts[i].body);
    cJSON_Delete(parts[i].result);
    buf_free(&parts[i].call.out);
  }
  free(parts);
}
