/* Feeds any bytes to the reader of the configuration, with an invented connector and model. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <triaged/connector.h>
#include <triaged/model.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct settings {
  char *text, *url, *choice, *secret, *json;
  int64_t number, length;
  double share;
  bool truth;
};

#define FIELD(name_, type_, member, ...)                                                           \
  { .name = name_, .type = type_, .offset = offsetof(struct settings, member), __VA_ARGS__ }
static const struct trg_field fields[] = {
    FIELD("model", TRG_TEXT, text, .help = "text"),
    FIELD("url", TRG_URL, url, .help = "url"),
    FIELD("auth.type", TRG_CHOICE, choice, .words = "bearer none", .default_text = "none"),
    FIELD("auth.token", TRG_TEXT, secret, .flags = TRG_SECRET),
    FIELD("write.group", TRG_JSON, json, .help = "json"),
    FIELD("page", TRG_INT, number, .min = -5, .max = 1000),
    FIELD("wait", TRG_DURATION, length, .min = 1000),
    FIELD("share", TRG_DECIMAL, share, .max = 1),
    FIELD("truth", TRG_BOOL, truth, .default_text = "true"),
    {.name = NULL}};
static const struct trg_connector_ops desk_ops = {.size = sizeof desk_ops};
static const struct trg_model_ops model_ops = {.size = sizeof model_ops, .caps = TRG_MODEL_LOCAL};
static const struct trg_plugin plugins[] = {
    {.kind = TRG_CONNECTOR,
     .name = "file",
     .fields = fields,
     .conf_size = sizeof(struct settings),
     .ops = &desk_ops},
    {.kind = TRG_MODEL,
     .name = "local",
     .fields = fields,
     .conf_size = sizeof(struct settings),
     .ops = &model_ops},
};

static const struct trg_plugin *find(void *arg, int32_t kind, const char *name,
                                     struct trg_err *err) {
  (void)arg;
  (void)err;
  for (size_t i = 0; i < 2; i++)
    if (plugins[i].kind == kind && strcmp(plugins[i].name, name) == 0) return &plugins[i];
  return NULL;
}

static const char *const *names(void *arg, int32_t kind) {
  static const char *const connectors[] = {"file", NULL};
  static const char *const models[] = {"local", NULL};
  (void)arg;
  return kind == TRG_CONNECTOR ? connectors : models;
}

/* What holds of every configuration that was taken. */
static void check(const struct conf *c) {
  if (c->helpdesk_count == 0 || c->model_count == 0 || c->triage.model_count == 0) abort();
  for (size_t i = 0; i < c->helpdesk_count; i++) {
    const struct conf_helpdesk *d = &c->helpdesks[i];
    if (d->plugin == NULL || d->settings == NULL || d->poll_ms < 1000) abort();
    if (conf_helpdesk(c, (struct trg_str){d->name, strlen(d->name)}) != d) abort();
  }
  for (size_t i = 0; i < c->model_count; i++)
    if (c->models[i].plugin == NULL || c->models[i].timeout_ms < 100) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const struct conf_plugins known = {.find = find, .names = names};
  struct conf_problems problems = {0};
  struct conf *c = conf_parse((struct trg_str){(const char *)bytes, size}, "/fuzz/x.yaml", &known,
                              &problems);
  if ((c == NULL) != (problems.errors > 0)) abort();
  if (c != NULL) check(c);
  conf_free(&c);
  problems_free(&problems);
  log_masks_forget();
  return 0;
}
