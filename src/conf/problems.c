/* Problems: collected, told once each, sorted by line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/part.h"

#define PROBLEMS_MAX 1000 /* nobody reads more, and a broken file could make any number */

static bool same(const struct conf_problem *a, const struct conf_problem *b) {
  return a->line == b->line && a->warning == b->warning && strcmp(a->key, b->key) == 0 &&
         strcmp(a->text, b->text) == 0 && strcmp(a->file, b->file) == 0;
}

/* A value is often read twice, by the daemon's table and a plugin's. */
static bool known(const struct conf_problems *p, const struct conf_problem *one) {
  for (size_t i = 0; i < p->count; i++)
    if (same(&p->items[i], one)) return true;
  return false;
}

static void item_free(struct conf_problem *item) {
  mem_free((char *)item->file);
  mem_free((char *)item->key);
  mem_free((char *)item->text);
}

static void item_put(struct conf_problems *p, const struct conf_problem *one) {
  if (p->count == p->room) {
    p->room = p->room == 0 ? 16 : p->room * 2;
    p->items = mem_grow(p->items, p->room * sizeof *p->items);
  }
  p->items[p->count++] = *one;
}

void problems_vadd(struct conf_problems *p, bool warning, const char *file, uint32_t line,
                   const char *key, const char *format, va_list args) {
  struct buf text;
  buf_init(&text, 4096);
  buf_vprintf(&text, format, args);
  for (size_t i = 0; i < text.n; i++) /* one problem is one line */
    if ((unsigned char)text.p[i] < ' ') text.p[i] = ' ';
  struct conf_problem one = {.file = mem_dup(file == NULL ? "" : file),
                             .line = line,
                             .key = mem_dup(key == NULL ? "" : key),
                             .text = buf_take(&text, NULL),
                             .warning = warning};
  const bool twice = known(p, &one);
  if (!warning && !twice) p->errors++;
  if (p->count >= PROBLEMS_MAX || twice) {
    item_free(&one);
    return;
  }
  item_put(p, &one);
}

void problems_add(struct conf_problems *p, bool warning, const char *file, uint32_t line,
                  const char *key, const char *format, ...) {
  va_list args;
  va_start(args, format);
  problems_vadd(p, warning, file, line, key, format, args);
  va_end(args);
}

/* Insertion keeps those of one line in the order in which they were found. */
static void sort_by_line(struct conf_problems *p) {
  for (size_t i = 1; i < p->count; i++) {
    const struct conf_problem one = p->items[i];
    size_t at = i;
    for (; at > 0 && p->items[at - 1].line > one.line; at--) p->items[at] = p->items[at - 1];
    p->items[at] = one;
  }
}

void problems_move(struct conf_problems *from, struct conf_problems *to) {
  sort_by_line(from);
  for (size_t i = 0; i < from->count; i++) item_put(to, &from->items[i]);
  to->errors += from->errors;
  mem_free(from->items);
  *from = (struct conf_problems){0};
}

char *problem_text(const struct conf_problem *one) {
  struct buf b;
  buf_init(&b, 0);
  buf_printf(&b, "%s:", one->file);
  if (one->line != 0) buf_printf(&b, "%u:", one->line);
  if (one->key[0] != '\0') buf_printf(&b, " %s:", one->key);
  buf_printf(&b, " %s%s", one->warning ? "warning: " : "", one->text);
  return buf_take(&b, NULL);
}

void problems_print(const struct conf_problems *p, void *out) {
  for (size_t i = 0; i < p->count; i++) {
    char *text = problem_text(&p->items[i]);
    fprintf(out, "%s\n", text);
    mem_free(text);
  }
}

void problems_free(struct conf_problems *p) {
  for (size_t i = 0; i < p->count; i++) item_free(&p->items[i]);
  mem_free(p->items);
  *p = (struct conf_problems){0};
}
