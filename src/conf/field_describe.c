/* One line of the printed reference. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/time.h"
#include "conf/field.h"

#define HELP_COLUMN 44

/* What stands there when nothing else is known: of the right type. */
static void value_add(struct buf *b, const struct trg_field *f) {
  const char *text = f->default_text;
  if ((f->flags & TRG_SECRET) != 0) {
    const char *leaf = strrchr(f->name, '.');
    buf_printf(b, "\"${file:%s}\"", leaf == NULL ? f->name : leaf + 1);
  } else if (text != NULL && strpbrk(text, " :{}#") != NULL && f->type != TRG_JSON) {
    buf_json(b, str_of(text));
  } else if (text != NULL) {
    buf_text(b, text);
  } else if (f->type == TRG_URL) {
    buf_text(b, "https://HOST");
  } else if (f->type == TRG_CHOICE) {
    buf_printf(b, "%.*s", (int)strcspn(f->words, " "), f->words);
  } else if (f->type == TRG_BOOL) {
    buf_text(b, "false");
  } else if (f->type == TRG_INT || f->type == TRG_DECIMAL) {
    buf_printf(b, "%" PRId64, f->min);
  } else if (f->type == TRG_DURATION) {
    char length[24];
    buf_text(b, duration_format(f->min, length));
  } else {
    buf_text(b, f->type == TRG_JSON ? "{}" : "\"\"");
  }
}

static void range_add(struct buf *b, const struct trg_field *f) {
  char low[24], high[24];
  if (f->min == 0 && f->max == 0) return;
  if (f->type == TRG_DURATION)
    buf_printf(b, "; %s to %s", duration_format(f->min, low), duration_format(f->max, high));
  else if (f->type == TRG_INT || f->type == TRG_DECIMAL)
    buf_printf(b, "; %" PRId64 " to %" PRId64, f->min, f->max);
}

static void notes_add(struct buf *b, const struct trg_field *f) {
  const bool required = (f->flags & TRG_REQUIRED) != 0;
  if (required) buf_text(b, "; required");
  if ((f->flags & TRG_SECRET) != 0) buf_text(b, "; secret");
  if (f->type == TRG_CHOICE) {
    buf_text(b, "; one of ");
    for (const char *w = f->words; *w != '\0'; w++) {
      const char c = *w;
      buf_add(b, c == ' ' ? "|" : &c, 1);
    }
  }
  range_add(b, f);
  if (f->default_text == NULL && !required && (f->type == TRG_CHOICE || f->type == TRG_URL))
    buf_text(b, "; no default");
}

void field_describe(struct buf *b, const struct trg_field *f, int indent) {
  const char *leaf = f->name;
  for (const char *dot = strchr(leaf, '.'); dot != NULL; dot = strchr(leaf, '.')) {
    leaf = dot + 1;
    indent += 2;
  }
  const size_t start = b->n;
  buf_printf(b, "# %*s%s: ", indent, "", leaf);
  value_add(b, f);
  do buf_char(b, ' ');
  while (b->n - start < HELP_COLUMN && !b->over);
  buf_printf(b, "# %s", f->help == NULL ? "" : f->help);
  notes_add(b, f);
  buf_char(b, '\n');
}
