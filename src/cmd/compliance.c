/* The controls of the compliance templates, each with what can be seen of it. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "cmd/compliance_check.h"
#include "cmd/out.h"
#include "conf/conf.h"

static const struct out_column columns[] = {
    {"template", OUT_TEXT, 0},     {"control", OUT_TEXT, 0},          {"state", OUT_TEXT, OUT_TINT},
    {"text", OUT_TEXT, OUT_GIVES}, {"evidence", OUT_TEXT, OUT_GIVES}, {"cite", OUT_TEXT, OUT_LESS}};

struct looking {
  struct reading r;
  struct out_table *table;
  struct template *t;
  size_t count, off;
};

static void row(struct looking *l, const char *name, const char *id, const char *state,
                const char *text, const char *why, const char *cite) {
  out_text(l->table, name);
  out_text(l->table, id);
  out_text(l->table, state);
  out_text(l->table, text);
  out_text(l->table, why);
  out_text(l->table, cite);
}

static void look_at(struct looking *l, const struct template *t) {
  for (size_t i = 0; i < t->control_count; i++) {
    const struct control *c = &t->controls[i];
    struct buf why;
    buf_init(&why, 8192);
    const struct control_look look = {&l->r, t, &why, c->id};
    const enum control_state state = control_check(&look, c);
    l->off += state == CONTROL_OFF;
    row(l, t->name, c->id, control_word(state), c->text, why.n > 0 ? why.p : "", c->cite);
    buf_free(&why);
  }
}

/* All templates together: where they contradict each other, who goes first. */
static void look_at_keeping(struct looking *l) {
  struct kept kept[KEPT_MAX];
  size_t n = 0;
  keeping_resolve(l->r.conf, l->t, l->count, kept, &n);
  for (size_t i = 0; i < n; i++) {
    char id[64];
    snprintf(id, sizeof id, "keep-%s", kept[i].what);
    l->off += !kept[i].fine;
    row(l, "retention", id, control_word(kept[i].fine ? CONTROL_ON : CONTROL_OFF),
        "how long it is kept", kept[i].why.p, "");
    buf_free(&kept[i].why);
  }
}

static int load(struct looking *l) {
  const struct conf *c = l->r.conf;
  l->t = arena_alloc(l->r.arena, (c->compliance_count + 1) * sizeof *l->t);
  for (size_t i = 0; i < c->compliance_count; i++) {
    struct trg_err err = {0};
    if (template_load(c->compliance_folders[i], c->compliance[i], l->r.arena, &l->t[l->count],
                      &err) < 0)
      return cmd_fail(CMD_CONFIG, "%s", err.text);
    l->count++;
  }
  return CMD_OK;
}

static int compliance_run(const struct cmd_call *c) {
  struct looking l = {0};
  int status = reading_open(c, &l.r);
  if (status != 0) return status;
  status = load(&l);
  if (status == 0) {
    l.table = out_table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < l.count; i++) look_at(&l, &l.t[i]);
    look_at_keeping(&l);
    out_table_print(l.table, c, "no template is on: write compliance: [pci, hipaa, sox, gdpr]");
    out_table_free(&l.table);
    if (c->format == OUT_TABLE && l.count > 0)
      puts("The templates support controls; they make nobody compliant, and this is no legal "
           "advice.");
    if (l.off > 0) status = cmd_fail(CMD_FAILED, "%zu controls are off", l.off);
  }
  reading_close(&l.r);
  return status;
}

const struct cmd cmd_compliance = {
    .name = "compliance",
    .args = "",
    .summary = "each control of the templates, with its evidence",
    .help =
        "Looks at the configuration and the database and says of each control whether it is on, "
        "off,\n"
        "or manual: nothing that a program can see. Then how long each kind of data is kept, and\n"
        "which rule goes first where two contradict. Exit 1 when a control is off.",
    .run = compliance_run,
};
