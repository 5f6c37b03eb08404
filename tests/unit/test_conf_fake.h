/* Invented plugins and short ways for the tests of src/conf. */
#ifndef TEST_CONF_FAKE_H
#define TEST_CONF_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the ones above first */
#include <cmocka.h>
#include <triaged/connector.h>
#include <triaged/model.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/conf.h"

#define UNUSED __attribute__((unused))

struct fake_desk {
  char *url, *auth_type, *token, *client_id, *client_secret, *webhook_secret, *category, *group;
  bool tags, priority;
  int64_t page_size, wait_ms;
  double share;
};
#define DESK(member) offsetof(struct fake_desk, member)
static const struct trg_field fake_desk_fields[] = {
    {.name = "url",
     .type = TRG_URL,
     .flags = TRG_REQUIRED,
     .offset = DESK(url),
     .help = "write it"},
    {.name = "auth.type",
     .type = TRG_CHOICE,
     .flags = TRG_REQUIRED,
     .words = "oauth_client bearer",
     .offset = DESK(auth_type)},
    {.name = "auth.token", .flags = TRG_SECRET, .offset = DESK(token)},
    {.name = "auth.client_id", .offset = DESK(client_id)},
    {.name = "auth.client_secret", .flags = TRG_SECRET, .offset = DESK(client_secret)},
    {.name = "webhook_secret", .flags = TRG_SECRET, .offset = DESK(webhook_secret)},
    {.name = "write.tags", .type = TRG_BOOL, .default_text = "true", .offset = DESK(tags)},
    {.name = "write.priority", .type = TRG_BOOL, .default_text = "true", .offset = DESK(priority)},
    {.name = "write.category", .offset = DESK(category)},
    {.name = "write.group", .type = TRG_JSON, .offset = DESK(group)},
    {.name = "page_size",
     .type = TRG_INT,
     .default_text = "100",
     .min = 100,
     .max = 1000,
     .offset = DESK(page_size)},
    {.name = "wait", .type = TRG_DURATION, .min = 1000, .max = 60000, .offset = DESK(wait_ms)},
    {.name = "share", .type = TRG_DECIMAL, .default_text = "0.25", .offset = DESK(share)},
    {.name = NULL}};

struct fake_model {
  char *model, *url, *key, *file;
};
#define MODEL(member) offsetof(struct fake_model, member)
static const struct trg_field fake_cloud_fields[] = {
    {.name = "model", .flags = TRG_REQUIRED, .offset = MODEL(model)},
    {.name = "url",
     .type = TRG_URL,
     .default_text = "https://api.example.com",
     .offset = MODEL(url)},
    {.name = "key", .flags = TRG_SECRET, .offset = MODEL(key)},
    {.name = NULL}};
static const struct trg_field fake_local_fields[] = {{.name = "file", .offset = MODEL(file)},
                                                     {.name = NULL}};

static const struct trg_model_ops fake_cloud_ops = {.size = sizeof fake_cloud_ops,
                                                    .caps = TRG_MODEL_BATCH};
static const struct trg_model_ops fake_local_ops = {.size = sizeof fake_local_ops,
                                                    .caps = TRG_MODEL_LOCAL};
static const struct trg_connector_ops fake_desk_ops = {.size = sizeof fake_desk_ops};

#define FAKE(kind_, name_, fields_, conf_, ops_)                                                   \
  {                                                                                                \
    .abi_major = TRG_ABI_MAJOR, .size = sizeof(struct trg_plugin), .kind = kind_, .name = name_,   \
    .version = "1", .summary = "invented", .fields = fields_, .conf_size = sizeof(struct conf_),   \
    .ops = ops_                                                                                    \
  }
static const struct trg_plugin fake_plugins[] = {
    FAKE(TRG_CONNECTOR, "intercom", fake_desk_fields, fake_desk, &fake_desk_ops),
    FAKE(TRG_CONNECTOR, "zendesk", fake_desk_fields, fake_desk, &fake_desk_ops),
    FAKE(TRG_MODEL, "anthropic", fake_cloud_fields, fake_model, &fake_cloud_ops),
    FAKE(TRG_MODEL, "local", fake_local_fields, fake_model, &fake_local_ops),
};

static const struct trg_plugin *fake_find(void *arg, int32_t kind, const char *name,
                                          struct trg_err *err) {
  (void)arg;
  for (size_t i = 0; i < sizeof fake_plugins / sizeof fake_plugins[0]; i++)
    if (fake_plugins[i].kind == kind && strcmp(fake_plugins[i].name, name) == 0)
      return &fake_plugins[i];
  if (strcmp(name, "broken") == 0)
    (void)err_set(err, TRG_EINVAL, "plugin", "connector-broken.so: writable by others; chmod go-w");
  return NULL;
}

static const char *const *fake_names(void *arg, int32_t kind) {
  static const char *const connectors[] = {"intercom", "zendesk", NULL};
  static const char *const models[] = {"anthropic", "local", NULL};
  (void)arg;
  return kind == TRG_CONNECTOR ? connectors : models;
}

static const struct conf_plugins fake = {.find = fake_find, .names = fake_names};

/* One helpdesk in three lines; what a test adds begins at line 4. */
#define HEAD                                                                                       \
  "helpdesks:\n"                                                                                   \
  "  - {name: support, connector: zendesk, url: \"https://acme.zendesk.com\",\n"                   \
  "     auth: {type: bearer}}\n"

static UNUSED void told(const struct conf_problems *p) {
  problems_print(p, stderr);
}

static UNUSED const struct conf_problem *problem_at(const struct conf_problems *p, uint32_t line,
                                                    const char *key, const char *text) {
  for (size_t i = 0; i < p->count; i++)
    if (p->items[i].line == line && strcmp(p->items[i].key, key) == 0 &&
        strstr(p->items[i].text, text) != NULL)
      return &p->items[i];
  return NULL;
}

/* Refused, with this problem among those that are told. */
static UNUSED void refused(const char *yaml, uint32_t line, const char *key, const char *text) {
  struct conf_problems p = {0};
  struct conf *c = conf_parse(str_of(yaml), "t.yaml", &fake, &p);
  if (c != NULL) fail_msg("taken:\n%s", yaml);
  const struct conf_problem *one = problem_at(&p, line, key, text);
  if (one == NULL || one->warning) {
    told(&p);
    fail_msg("not told: t.yaml:%u: %s: ...%s...\n%s", line, key, text, yaml);
  }
  problems_free(&p);
}

/* Taken, without a word when `quiet`. */
static UNUSED struct conf *taken(const char *yaml, bool quiet) {
  struct conf_problems p = {0};
  struct conf *c = conf_parse(str_of(yaml), "t.yaml", &fake, &p);
  if (c == NULL || (quiet && p.count > 0)) {
    told(&p);
    fail_msg("refused or warned of:\n%s", yaml);
  }
  problems_free(&p);
  return c;
}

#endif
