/* The helpdesks. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/yaml.h"
#include "conf/part.h"

struct head {
  char *name, *connector, *mode, *since, *resolved_tag;
  int64_t poll_ms, max_in_flight, macros_ms;
  bool sandbox;
};

#define AT(member) offsetof(struct head, member)
const struct trg_field helpdesk_fields[] = {
    {.name = "name",
     .flags = TRG_REQUIRED,
     .offset = AT(name),
     .help = "write a unique name; it stands in reports, URLs and references (support/101)"},
    {.name = "connector",
     .flags = TRG_REQUIRED,
     .offset = AT(connector),
     .help = "name the connector plugin that speaks with the helpdesk"},
    {.name = "mode",
     .type = TRG_CHOICE,
     .default_text = "draft",
     .words = "off shadow draft auto",
     .offset = AT(mode),
     .help = "shadow writes nothing; draft a note and fields; auto replies where policy allows"},
    {.name = "poll",
     .type = TRG_DURATION,
     .default_text = "30s",
     .min = 1000,
     .max = 86400000,
     .offset = AT(poll_ms),
     .help = "how often to look for changes"},
    {.name = "since",
     .default_text = "now",
     .offset = AT(since),
     .help = "where to begin: now, or a time as 2026-11-01T00:00:00Z"},
    {.name = "sandbox",
     .type = TRG_BOOL,
     .default_text = "false",
     .offset = AT(sandbox),
     .help = "true: nothing from here is ever billable"},
    {.name = "resolved_tag",
     .offset = AT(resolved_tag),
     .help = "tag by which the vendor's own AI marks what it resolved, for ledger recount "
             "--vendor"},
    {.name = "macros",
     .type = TRG_DURATION,
     .default_text = "1h",
     .min = 0,
     .max = 604800000,
     .offset = AT(macros_ms),
     .help = "how often its saved replies are read, to be cited as knowledge; 0s: never"},
    {.name = "max_in_flight",
     .type = TRG_INT,
     .default_text = "32",
     .min = 1,
     .max = 1000,
     .offset = AT(max_in_flight),
     .help = "requests at one time"},
    {.name = NULL},
};

static enum conf_mode mode_of(const char *word) {
  for (enum conf_mode m = MODE_OFF; m < MODE_AUTO; m++)
    if (strcmp(word, conf_mode_word(m)) == 0) return m;
  return MODE_AUTO;
}

static bool is_twice(struct part *p, const struct conf_helpdesk *all, size_t count,
                     const struct conf_helpdesk *d, const struct yaml *map, const char *path) {
  for (size_t i = 0; i < count; i++) {
    if (all[i].name == NULL || strcmp(all[i].name, d->name) != 0) continue;
    field_wrong(&p->r, yaml_get(map, "name"), path_key(p, path, "name"),
                "\"%s\" is the name of the helpdesk at line %u already; names are unique", d->name,
                all[i].line);
    return true;
  }
  return false;
}

static void since_read(struct part *p, const struct head *h, const struct yaml *map,
                       const char *path, struct conf_helpdesk *d) {
  if (strcmp(h->since, "now") == 0) return;
  if (time_parse(str_of(h->since), &d->since_ms) == 0 && d->since_ms > 0) return;
  d->since_ms = 0;
  field_wrong(&p->r, yaml_get(map, "since"), path_key(p, path, "since"),
              "must be now or a time such as 2026-11-01T00:00:00Z");
}

static void helpdesk_read(struct part *p, const struct yaml *map, const char *path,
                          const struct conf_helpdesk *before, size_t count,
                          struct conf_helpdesk *d) {
  struct head h = {0};
  field_read(&p->r, map, path, helpdesk_fields, &h);
  *d = (struct conf_helpdesk){.name = h.name,
                              .connector = h.connector,
                              .mode = mode_of(h.mode),
                              .poll_ms = h.poll_ms,
                              .sandbox = h.sandbox,
                              .resolved_tag = h.resolved_tag,
                              .macros_ms = h.macros_ms,
                              .max_in_flight = h.max_in_flight,
                              .line = map->line};
  if (map->kind != YAML_MAP) return;
  if (h.name != NULL && name_fine(p, map, path, h.name))
    (void)is_twice(p, before, count, d, map, path);
  since_read(p, &h, map, path, d);
  if (h.connector == NULL || h.connector[0] == '\0') return;
  d->plugin = plugin_find(p, map, path, "connector", TRG_CONNECTOR, h.connector);
  if (d->plugin == NULL) return;
  d->settings = settings_read(p, map, path, d->plugin, helpdesk_fields, d->origins,
                              &d->origin_count);
  block_hash(p, map, path, h.connector, d->hash);
}

void part_helpdesks(struct part *p) {
  const struct yaml *list = yaml_get(p->root, "helpdesks");
  if (yaml_is_null(list) || (list->kind == YAML_LIST && list->first == NULL)) {
    field_wrong(
        &p->r, list == NULL ? p->root : list, "helpdesks",
        "is missing: at least one is needed; write helpdesks: and below it - {name: support, "
        "connector: NAME, ...}");
    return;
  }
  if (list->kind != YAML_LIST) {
    field_wrong(&p->r, list, "helpdesks", "must be a list; begin each helpdesk with \"- name:\"");
    return;
  }
  struct conf_helpdesk *all = arena_alloc(p->r.arena, yaml_count(list) * sizeof *all);
  size_t n = 0;
  for (const struct yaml *map = list->first; map != NULL; map = map->next, n++)
    helpdesk_read(p, map, path_item(p, "helpdesks", n), all, n, &all[n]);
  p->conf->helpdesks = all;
  p->conf->helpdesk_count = n;
}
