/* billing.stripe: who pays for which helpdesk, and whether nothing of it is missing. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "conf/field.h"
#include "conf/part.h"

#define PATH "billing.stripe.customers"

static bool is_helpdesk(const struct conf *c, const char *name) {
  for (size_t i = 0; i < c->helpdesk_count; i++)
    if (strcmp(c->helpdesks[i].name, name) == 0) return true;
  return false;
}

static void customers_read(struct part *p, const struct yaml *map, struct conf_meter *m) {
  if (yaml_is_null(map)) return;
  if (map->kind != YAML_MAP) {
    field_wrong(&p->r, map, PATH, "must be a map of helpdesks and customers, as {shop: cus_1}");
    return;
  }
  struct conf_customer *all = arena_alloc(p->r.arena, (yaml_count(map) + 1) * sizeof *all);
  for (const struct yaml *c = map->first; c != NULL; c = c->next) {
    const char *path = path_key(p, PATH, c->key);
    const char *customer = field_text(&p->r, c, path, NULL);
    if (customer == NULL) continue;
    if (!is_helpdesk(p->conf, c->key))
      field_wrong(&p->r, c, path, "there is no helpdesk \"%.60s\"", c->key);
    else
      all[m->customer_count++] = (struct conf_customer){arena_dup(p->r.arena, str_of(c->key)),
                                                        customer};
  }
  m->customers = all;
}

/* Charges of a helpdesk for which nobody pays would wait for ever. */
static void payers_check(struct part *p, const struct yaml *node, const struct conf_meter *m) {
  for (size_t i = 0; i < p->conf->helpdesk_count && m->customer == NULL; i++) {
    const struct conf_helpdesk *h = &p->conf->helpdesks[i];
    if (!h->sandbox && conf_customer_of(m, h->name) == NULL)
      field_wrong(&p->r, node, "billing.stripe",
                  "names no customer for the helpdesk %.60s: add it to customers, or name a "
                  "customer for all others",
                  h->name);
  }
}

const char *conf_customer_of(const struct conf_meter *m, const char *helpdesk) {
  for (size_t i = 0; i < m->customer_count; i++)
    if (strcmp(m->customers[i].helpdesk, helpdesk) == 0) return m->customers[i].customer;
  return m->customer;
}

/* Half a setting would look like one that is in force. */
void part_meter(struct part *p) {
  const struct yaml *billing = yaml_get(p->root, "billing"), *node = yaml_get(billing, "stripe");
  struct conf_meter m = p->conf->meter;
  p->conf->meter = (struct conf_meter){0};
  if (yaml_is_null(node)) return;
  customers_read(p, yaml_get(node, "customers"), &m);
  const bool keyed = p->reading || (m.key != NULL && m.key[0] != '\0');
  if (!keyed || m.event_name == NULL ||
      (m.customer == NULL && yaml_is_null(yaml_get(node, "customers")))) {
    field_wrong(&p->r, node, "billing.stripe",
                "needs key, event_name and customer or customers, as {key: \"${file:stripe}\", "
                "event_name: resolutions, customer: cus_123}");
    return;
  }
  payers_check(p, node, &m);
  p->conf->meter = m;
}
