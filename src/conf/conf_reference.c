/* The printed reference: every key of every table, as YAML comments. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/part.h"

/* Lines for the maps on the way to a dotted name, unless the field before opened them. */
static void parents_add(struct buf *b, const char *before, const char *name, int indent) {
  size_t shared = 0;
  for (size_t i = 0; before != NULL && before[i] != '\0' && before[i] == name[i]; i++)
    if (name[i] == '.') shared = i + 1;
  for (size_t i = 0; name[i] != '\0'; i++) {
    if (name[i] != '.') continue;
    size_t from = i;
    while (from > 0 && name[from - 1] != '.') from--;
    if (i + 1 > shared) buf_printf(b, "# %*s%.*s:\n", indent, "", (int)(i - from), name + from);
    indent += 2;
  }
}

static void table_add(struct buf *b, const struct trg_field *fields, int indent) {
  const char *before = NULL;
  for (const struct trg_field *f = fields; f != NULL && f->name != NULL; f++) {
    parents_add(b, before, f->name, indent);
    field_describe(b, f, indent);
    before = f->name;
  }
}

/* "- name:" opens a list's item; what follows stands below it. */
static void item_add(struct buf *b, const struct trg_field *fields) {
  struct buf one;
  buf_init(&one, 65536);
  table_add(&one, fields, 4);
  if (one.n > 5) one.p[4] = '-';
  buf_str(b, buf_view(&one));
  buf_free(&one);
}

static void plugins_add(struct buf *b, const struct conf_plugins *plugins, int32_t kind) {
  const char *const *names = plugins->names == NULL ? NULL : plugins->names(plugins->arg, kind);
  for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
    struct trg_err err = {0};
    const struct trg_plugin *p = plugins->find(plugins->arg, kind, names[i], &err);
    if (p == NULL) continue;
    buf_printf(b, "#\n#     # %s %s%s%s\n", kind == TRG_CONNECTOR ? "connector" : "backend",
               p->name, p->summary == NULL ? "" : ": ", p->summary == NULL ? "" : p->summary);
    table_add(b, p->fields, 4);
  }
}

#define SECTION_MAX 32

static size_t parent_length(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot == NULL ? 0 : (size_t)(dot - name);
}

static bool same_parent(const struct trg_field *a, const struct trg_field *b) {
  const size_t n = parent_length(a->name);
  return n == parent_length(b->name) && strncmp(a->name, b->name, n) == 0;
}

/* The section's scalars and lists, each list behind those of the same map. */
static size_t section_take(const char *prefix, struct trg_field all[SECTION_MAX]) {
  const size_t n = strlen(prefix);
  const struct trg_field *const tables[] = {top_fields, top_lists};
  size_t count = 0;
  for (size_t t = 0; t < 2; t++)
    for (const struct trg_field *f = tables[t]; f->name != NULL && count < SECTION_MAX; f++) {
      if (strncmp(f->name, prefix, n) != 0 || (f->name[n] != '\0' && f->name[n] != '.')) continue;
      size_t at = count;
      for (size_t i = 0; i < count; i++)
        if (same_parent(&all[i], f)) at = i + 1;
      memmove(&all[at + 1], &all[at], (count - at) * sizeof *all);
      all[at] = *f;
      if (f->type == TRG_JSON) all[at].default_text = "[]";
      count++;
    }
  return count;
}

static void section_add(struct buf *b, const char *prefix) {
  struct trg_field all[SECTION_MAX + 1];
  const size_t count = section_take(prefix, all);
  all[count] = (struct trg_field){.name = NULL};
  buf_text(b, "#\n");
  table_add(b, all, 0);
}

static void tasks_add(struct buf *b) {
  static const char *const names[] = {"triage", "draft", "verify", "shadow"};
  buf_text(b, "#\n# tasks:                                    # which models do what; the first is "
              "tried first\n");
  for (size_t i = 0; i < 4; i++) {
    buf_printf(b, "#   %s:\n", names[i]);
    buf_text(b, "#     models: []                            # names of models in the order of "
                "trying\n");
    struct trg_field fields[8];
    const struct trg_field *from = i == 3 ? shadow_fields : task_fields;
    for (size_t k = 0; k == 0 || fields[k - 1].name != NULL; k++) {
      fields[k] = from[k];
      if (from[k].name != NULL && strcmp(from[k].name, "accept") == 0)
        fields[k].default_text = i == 0 ? "0.60" : "0";
    }
    table_add(b, fields, 4);
  }
}

char *conf_reference(const struct conf_plugins *plugins) {
  static const char *const first[] = {"state", "listen", "access", "log"};
  static const char *const last[] = {"taxonomy",   "skills",    "knowledge", "policy",   "billing",
                                     "compliance", "retention", "limits",    "training", "drain"};
  struct buf b;
  buf_init(&b, 0);
  buf_text(&b,
           "# Every key of triaged's configuration, with its default. Only helpdesks is needed.\n"
           "# Any text may be or hold a reference: ${env:NAME}, or ${file:PATH} (relative to\n"
           "# $CREDENTIALS_DIRECTORY, else to this file's folder). Lengths of time: 30s 5m 72h "
           "7d.\n");
  for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) section_add(&b, first[i]);
  buf_text(&b, "#\n# helpdesks:\n");
  item_add(&b, helpdesk_fields);
  plugins_add(&b, plugins, TRG_CONNECTOR);
  buf_text(&b, "#\n# models:                                   # without it: one, the embedded "
               "local model\n");
  item_add(&b, model_fields);
  buf_text(&b, "#     price:                                # needed unless the backend is local; "
               "a map, or a list of such maps\n");
  table_add(&b, price_fields, 6);
  buf_text(&b,
           "#     baa: {}                               # agreement under which health data may "
           "reach it, as {party, date, scope}\n");
  plugins_add(&b, plugins, TRG_MODEL);
  tasks_add(&b);
  for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) section_add(&b, last[i]);
  buf_text(&b,
           "#\n# connectors: {}                            # what ~~CRM in a skill stands for, as "
           "{CRM: orders}\n");
  buf_text(&b, "#\n# mcp_servers:                              # same form as .mcp.json\n"
               "#   NAME:\n"
               "#     allow: []                             # tools that may be used; none by "
               "default\n");
  table_add(&b, mcp_fields, 4);
  buf_text(&b, "#\n# policy.tools:                             # names, or items as\n");
  item_add(&b, tool_fields);
  return buf_take(&b, NULL);
}
