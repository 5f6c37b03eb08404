#include "intercom_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  abort();
}

char *intercom_fixture(const char *name) {
  char path[256];
  snprintf(path, sizeof path, "tests/wire/intercom/%s", name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) stop(path, "can not be read; run the tests in the root of the source tree");
  char *text = calloc(1, 1 << 20);
  size_t n = fread(text, 1, (1 << 20) - 1, file);
  fclose(file);
  text[n] = '\0';
  return text;
}

char *intercom_fixture_with(const char *name, const char *from, const char *to) {
  char *text = intercom_fixture(name), *at = strstr(text, from);
  if (at == NULL) stop(name, from);
  char *out = malloc(strlen(text) + strlen(to) + 1);
  sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  free(text);
  return out;
}

struct intercom_case intercom_case_begin(const char *const *settings) {
  static const char *const usual[] = {"url=" INTERCOM_URL,
                                      "auth.token=tok-secret",
                                      "webhook_secret=test-client-secret",
                                      "write.category=custom_attribute:issue_type",
                                      "write.priority=custom_attribute:urgency",
                                      "write.group={\"billing\":\"44\",\"boss\":\"admin:300\"}",
                                      NULL};
  struct intercom_case c = {.host = fake_host_new()};
  struct trg_err err;
  if (fake_host_open(c.host, &triaged_plugin_intercom, settings != NULL ? settings : usual, &c.inst,
                     &err) != 0)
    stop("open", err.text);
  c.self = fake_inst_self(c.inst);
  c.ops = fake_inst_ops(c.inst);
  if (settings == NULL) {
    char *me = intercom_fixture("me.json");
    const struct fake_reply reply = {
        .method = "GET", .url_has = "/me", .status = 200, .body = me, .sticky = true};
    fake_host_reply(c.host, &reply);
    free(me);
  }
  return c;
}

void intercom_case_end(struct intercom_case *c) {
  if (fake_host_violations(c->host) != 0) stop("violation", fake_host_violation(c->host));
  if (fake_host_replies_left(c->host) != 0) stop("end", "an answer was never asked for");
  fake_host_free(&c->host);
}

void intercom_case_answer(struct intercom_case *c, const char *url_has, int32_t status,
                          const char *body) {
  const struct fake_reply reply = {.url_has = url_has, .status = status, .body = body};
  fake_host_reply(c->host, &reply);
}

void intercom_case_answer_file(struct intercom_case *c, const char *url_has, const char *name) {
  char *text = intercom_fixture(name);
  intercom_case_answer(c, url_has, 200, text);
  free(text);
}

const struct fake_request *intercom_case_request(const struct intercom_case *c, const char *method,
                                                 const char *url_has, size_t n) {
  for (size_t i = 0; i < fake_host_request_count(c->host); i++) {
    const struct fake_request *request = fake_host_request(c->host, i);
    if ((method == NULL || strcmp(request->method.p, method) == 0) &&
        strstr(request->url.p, url_has) != NULL && n-- == 0)
      return request;
  }
  return NULL;
}

size_t intercom_case_asked(const struct intercom_case *c, const char *method, const char *url_has) {
  size_t n = 0;
  while (intercom_case_request(c, method, url_has, n) != NULL) n++;
  return n;
}

static const struct fake_op *finished(struct intercom_case *c, trg_op op) {
  fake_host_settle(c->host);
  return fake_op_get(c->host, op);
}

const struct fake_op *intercom_case_poll(struct intercom_case *c, const char *cursor,
                                         int64_t since_ms) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->poll(c->self, op, (struct trg_str){cursor, strlen(cursor)}, since_ms);
  return finished(c, op);
}

const struct fake_op *intercom_case_fetch(struct intercom_case *c, const char *id) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->fetch(c->self, op, (struct trg_str){id, strlen(id)});
  return finished(c, op);
}

const struct fake_op *intercom_case_probe(struct intercom_case *c) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->probe(c->self, op);
  return finished(c, op);
}

const struct fake_op *intercom_case_write(struct intercom_case *c,
                                          const struct trg_action *action) {
  trg_op op = fake_op_start(c->inst, 60000, true);
  c->ops->write(c->self, op, action);
  return finished(c, op);
}

const struct fake_op *intercom_case_find(struct intercom_case *c, const struct trg_action *action) {
  trg_op op = fake_op_start(c->inst, 60000, false);
  c->ops->find(c->self, op, action);
  return finished(c, op);
}
