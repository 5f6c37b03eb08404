#include "desk_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  abort();
}

char *desk_fixture(const char *folder, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "tests/wire/%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) stop(path, "can not be read; run the tests in the root of the source tree");
  char *text = calloc(1, 1 << 20);
  size_t n = fread(text, 1, (1 << 20) - 1, file);
  fclose(file);
  text[n] = '\0';
  return text;
}

char *desk_fixture_with(const char *folder, const char *name, const char *from, const char *to) {
  char *text = desk_fixture(folder, name), *at = strstr(text, from);
  if (at == NULL) stop(name, from);
  const size_t bytes = strlen(text) + strlen(to) + 1;
  char *out = malloc(bytes);
  snprintf(out, bytes, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  free(text);
  return out;
}

struct desk_case desk_case_open(const struct trg_plugin *plugin, const char *const *settings) {
  struct desk_case c = {.folder = plugin->name, .host = fake_host_new()};
  struct trg_err err;
  if (fake_host_open(c.host, plugin, settings, &c.inst, &err) != 0) stop("open", err.text);
  c.self = fake_inst_self(c.inst);
  c.ops = fake_inst_ops(c.inst);
  return c;
}

void desk_case_end(struct desk_case *c) {
  if (fake_host_violations(c->host) != 0) stop("violation", fake_host_violation(c->host));
  if (fake_host_replies_left(c->host) != 0) stop("end", "an answer was never asked for");
  fake_host_free(&c->host);
}

void desk_answer_with(struct desk_case *c, const char *url_has, int32_t status, const char *headers,
                      const char *body) {
  const struct fake_reply reply = {
      .url_has = url_has, .status = status, .headers = headers, .body = body};
  fake_host_reply(c->host, &reply);
}

void desk_answer(struct desk_case *c, const char *url_has, int32_t status, const char *body) {
  desk_answer_with(c, url_has, status, NULL, body);
}

void desk_answer_file(struct desk_case *c, const char *url_has, const char *name) {
  char *text = desk_fixture(c->folder, name);
  desk_answer(c, url_has, 200, text);
  free(text);
}

void desk_answer_write(struct desk_case *c, const char *method, const char *url_has, int32_t status,
                       const char *body) {
  const struct fake_reply reply = {
      .method = method, .url_has = url_has, .status = status, .body = body};
  fake_host_reply(c->host, &reply);
}

const struct fake_request *desk_request(const struct desk_case *c, const char *method,
                                        const char *url_has, size_t n) {
  for (size_t i = 0; i < fake_host_request_count(c->host); i++) {
    const struct fake_request *request = fake_host_request(c->host, i);
    if ((method == NULL || strcmp(request->method.p, method) == 0) &&
        strstr(request->url.p, url_has) != NULL && n-- == 0)
      return request;
  }
  return NULL;
}

size_t desk_asked(const struct desk_case *c, const char *method, const char *url_has) {
  size_t n = 0;
  while (desk_request(c, method, url_has, n) != NULL) n++;
  return n;
}

static const struct fake_op *finished(struct desk_case *c, trg_op op) {
  fake_host_settle(c->host);
  return fake_op_get(c->host, op);
}

const struct fake_op *desk_poll(struct desk_case *c, const char *cursor, int64_t since_ms) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->poll(c->self, op, (struct trg_str){cursor, strlen(cursor)}, since_ms);
  return finished(c, op);
}

const struct fake_op *desk_fetch(struct desk_case *c, const char *id) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->fetch(c->self, op, (struct trg_str){id, strlen(id)});
  return finished(c, op);
}

const struct fake_op *desk_probe(struct desk_case *c) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->probe(c->self, op);
  return finished(c, op);
}

const struct fake_op *desk_write(struct desk_case *c, const struct trg_action *action) {
  trg_op op = fake_op_start(c->inst, 60000, true);
  c->ops->write(c->self, op, action);
  return finished(c, op);
}

const struct fake_op *desk_find(struct desk_case *c, const struct trg_action *action) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->find(c->self, op, action);
  return finished(c, op);
}
