/* Lists of the policy, and the compliance templates. */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pii.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/part.h"

/* A host alone, in small letters; a leading "*." says what is meant anyway. */
static const char *host_read(struct part *p, const struct yaml *list, const char *path,
                             const char *text) {
  if (strncmp(text, "*.", 2) == 0) text += 2;
  const size_t n = strlen(text);
  char *host = arena_dup(p->r.arena, str_of(text));
  for (size_t i = 0; i < n; i++)
    if (host[i] >= 'A' && host[i] <= 'Z') host[i] = (char)(host[i] + 32);
  const bool plain = n >= 3 && n <= 253 && strchr(host, '.') != NULL && host[0] != '.' &&
                     host[n - 1] != '.' &&
                     strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
  if (plain) return host;
  field_wrong(&p->r, list, path,
              "must be a host alone, without https:// and path, as acme.com (its subdomains are "
              "meant too)");
  return NULL;
}

static void links_read(struct part *p, const struct yaml *list) {
  size_t n = 0;
  const char *const *texts = field_list(&p->r, list, "policy.links", &n);
  const char **all = arena_alloc(p->r.arena, (n + 1) * sizeof *all);
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    const char *host = host_read(p, list, path_item(p, "policy.links", i), texts[i]);
    if (host != NULL) all[kept++] = host;
  }
  p->conf->policy.links = all;
  p->conf->policy.link_count = kept;
}

static bool is_open(const struct conf_model *m) {
  return m->local || m->baa_party != NULL;
}

/* The task without the models that health data may not reach; in their place, where nothing is
 * left, what stays on this machine. */
static void gate_task(struct part *p, const char *name, struct conf_task *t) {
  const struct conf *c = p->conf;
  const struct conf_model **kept = arena_alloc(p->r.arena, (t->model_count + 1) * sizeof(*kept));
  size_t n = 0;
  if (t->model_count == 0) return;
  for (size_t i = 0; i < t->model_count; i++)
    if (is_open(t->models[i])) kept[n++] = t->models[i];
  for (size_t i = 0; i < c->model_count && n == 0; i++)
    if (c->models[i].local) kept[n++] = &c->models[i];
  if (n == 0)
    field_wrong(&p->r, yaml_get(p->root, "tasks"), arena_printf(p->r.arena, "tasks.%s", name),
                "compliance: hipaa leaves it no model: give one a baa: {party: ..., date: "
                "2026-03-01, scope: ...}, or add {name: house, backend: local}");
  t->models = kept;
  t->model_count = n;
}

/* Health data may reach only models with an agreement on record: the others are asked nothing. */
static void gate_models(struct part *p) {
  struct conf *c = p->conf;
  for (size_t i = 0; i < c->model_count; i++) {
    const struct conf_model *m = &c->models[i];
    struct yaml at = {.line = m->line};
    if (m->plugin == NULL) return; /* told already */
    if (is_open(m)) continue;
    field_warn(
        &p->r, &at, path_key(p, path_item(p, "models", i), "baa"),
        "is missing, so \"%s\" is not used: compliance: hipaa lets no ticket reach it without "
        "an agreement on record; write baa: {party: ..., date: 2026-03-01, scope: ...}",
        m->name == NULL ? "" : m->name);
  }
  gate_task(p, "triage", &c->triage);
  gate_task(p, "draft", &c->draft);
  if (c->verify.model_count > 0) gate_task(p, "verify", &c->verify);
  if (c->shadow.model_count > 0) gate_task(p, "shadow", &c->shadow);
}

/* Since 2 August 2026 (Regulation (EU) 2024/1689, Art. 50) a person must be told. */
static void gate_disclosure(struct part *p) {
  const struct conf *c = p->conf;
  for (size_t i = 0; i < c->helpdesk_count; i++) {
    if (c->helpdesks[i].mode != MODE_AUTO ||
        (c->policy.disclosure != NULL && c->policy.disclosure[0] != '\0'))
      continue;
    struct yaml at = {.line = c->helpdesks[i].line};
    field_wrong(&p->r, &at, "policy.disclosure",
                "is missing: compliance: gdpr wants the first AI message of a conversation to say "
                "so where a helpdesk is in mode auto; write policy: {disclosure: \"I am an AI "
                "assistant.\"}");
    return;
  }
}

static void compliance_read(struct part *p) {
  const struct yaml *list = yaml_get(p->root, "compliance");
  struct conf *c = p->conf;
  c->compliance = field_list(&p->r, list, "compliance", &c->compliance_count);
  const char **folders = arena_alloc(p->r.arena, (c->compliance_count + 1) * sizeof *folders);
  for (size_t i = 0; i < c->compliance_count; i++) {
    const int bits = pii_profile_of(c->compliance[i]);
    folders[i] = conf_template_folder(p, c->compliance[i]);
    if (bits < 0)
      field_wrong(&p->r, list, path_item(p, "compliance", i),
                  "there is no template \"%.60s\"; there are pci, hipaa, sox, gdpr",
                  c->compliance[i]);
    else if (folders[i] == NULL || !file_is_dir(folders[i]))
      field_wrong(&p->r, list, path_item(p, "compliance", i),
                  "the folder of the template \"%s\" is not installed: looked for %s",
                  c->compliance[i], folders[i] != NULL ? folders[i] : "skills/compliance");
    else
      c->pii_profiles |= (unsigned)bits;
  }
  c->compliance_folders = folders;
  if ((c->pii_profiles & PII_PROFILE_HIPAA) != 0) gate_models(p);
  if ((c->pii_profiles & PII_PROFILE_GDPR) != 0) gate_disclosure(p);
}

/* A mode that never acts by itself is probably not what was meant. */
static void auto_check(struct part *p) {
  const struct conf *c = p->conf;
  for (size_t i = 0; i < c->helpdesk_count; i++) {
    if (c->helpdesks[i].mode != MODE_AUTO || c->policy.auto_category_count > 0) continue;
    struct yaml at = {.line = c->helpdesks[i].line};
    field_warn(&p->r, &at, path_key(p, path_item(p, "helpdesks", i), "mode"),
               "auto sends nothing by itself until policy.auto.categories names categories, as "
               "policy: {auto: {categories: [how-to]}}");
  }
}

void part_policy(struct part *p) {
  const struct yaml *policy = yaml_get(p->root, "policy");
  struct conf_policy *to = &p->conf->policy;
  const struct yaml *categories = yaml_get(yaml_get(policy, "auto"), "categories");
  to->auto_categories = field_list(&p->r, categories, "policy.auto.categories",
                                   &to->auto_category_count);
  links_read(p, yaml_get(policy, "links"));
  compliance_read(p);
  auto_check(p);
}
