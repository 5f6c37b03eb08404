/* The report for a terminal: the headline first, then one line a row; no line over 120 columns. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "billing/report_inner.h"

#define WIDTH_MAX 120
#define COLUMNS   14
#define INDENT    14 /* of the headline's texts */
#define BOLD      "\033[1m"
#define DIM       "\033[2m"
#define RED       "\033[31m"
#define PLAIN     "\033[0m"

static const char *const heads[COLUMNS] = {"tickets",  "triaged", "wait",   "fail",     "open",
                                           "resolved", "excl",    "held",   "rev",      "rate",
                                           "charged",  "model",   "margin", "model/res"};

/* Left out of a terminal that is too narrow, in this order: what the others, or the lines above the
 * table, tell too. */
static const size_t dispensable[] = {13, 12, 2, 8, 3, 7, 6, 4};

struct line {
  char cell[COLUMNS][32];
};

static void line_fill(const struct report *of, const struct report_row *r, struct line *l) {
  const int64_t counts[] = {r->tickets,  r->triaged,  r->waiting, r->failed,  r->open,
                            r->resolved, r->excluded, r->held,    r->reversed};
  const size_t n = sizeof counts / sizeof *counts;
  for (size_t i = 0; i < n; i++)
    (void)snprintf(l->cell[i], sizeof l->cell[i], "%" PRId64, counts[i]);
  char text[MONEY_TEXT_MAX];
  (void)rate_text(row_rate(r), l->cell[n]);
  (void)snprintf(l->cell[n + 1], 32, "%s", money_places(r->charged_micros, 2, text));
  (void)snprintf(l->cell[n + 2], 32, "%s",
                 money_places(r->model_cost_micros, model_places(of), text));
  (void)snprintf(l->cell[n + 3], 32, "%s", money_places(row_margin(r), model_places(of), text));
  (void)snprintf(l->cell[n + 4], 32, "%s",
                 r->resolved == 0 ? "-" : money_places(row_cost_each(r), 4, text));
}

struct shape {
  size_t key, width[COLUMNS], gap;
  bool hidden[COLUMNS];
};

static void shape_row(const struct report *of, struct shape *s, const struct report_row *r) {
  struct line l;
  line_fill(of, r, &l);
  const size_t n = utf8_length(str_of(r->key));
  if (n > s->key) s->key = n;
  for (size_t i = 0; i < COLUMNS; i++)
    if (strlen(l.cell[i]) > s->width[i]) s->width[i] = strlen(l.cell[i]);
}

static struct shape shape_of(const struct report *r) {
  struct shape s = {.key = strlen(r->by), .gap = 2};
  for (size_t i = 0; i < COLUMNS; i++) s.width[i] = strlen(heads[i]);
  for (size_t i = 0; i < r->row_count; i++) shape_row(r, &s, &r->rows[i]);
  shape_row(r, &s, &r->total);
  size_t cells = 0;
  for (size_t i = 0; i < COLUMNS; i++) cells += s.width[i];
  if (s.key + cells + COLUMNS * s.gap > WIDTH_MAX) s.gap = 1;
  const size_t rest = cells + COLUMNS * s.gap;
  const size_t room = rest < WIDTH_MAX ? WIDTH_MAX - rest : 0;
  if (s.key > room) s.key = room > 8 ? room : 8;
  return s;
}

static void shape_fit(struct shape *s, size_t screen) {
  size_t total = s->key;
  for (size_t i = 0; i < COLUMNS; i++) total += s->gap + s->width[i];
  for (size_t i = 0; i < sizeof dispensable / sizeof *dispensable && total > screen; i++) {
    s->hidden[dispensable[i]] = true;
    total -= s->gap + s->width[dispensable[i]];
  }
  const size_t over = total > screen ? total - screen : 0;
  if (s->key > over + 8) s->key -= over;
}

static void pad(struct buf *out, size_t n) {
  for (size_t i = 0; i < n; i++) buf_char(out, ' ');
}

/* The key cut to its column, with a dot-dot-dot when cut. */
static void key_put(struct buf *out, const char *key, size_t width) {
  const struct trg_str s = str_of(key);
  const size_t n = utf8_length(s);
  if (n <= width) {
    buf_str(out, s);
    pad(out, width - n);
    return;
  }
  size_t at = 0;
  for (size_t i = 0; i + 1 < width; i++) (void)utf8_next(s, &at);
  buf_add(out, s.p, at);
  buf_text(out, "…");
}

static void row_put(struct buf *out, const struct report *of, const struct shape *s,
                    const struct report_row *r) {
  struct line l;
  line_fill(of, r, &l);
  key_put(out, r->key, s->key);
  for (size_t i = 0; i < COLUMNS; i++) {
    if (s->hidden[i]) continue;
    pad(out, s->gap + s->width[i] - strlen(l.cell[i]));
    buf_text(out, l.cell[i]);
  }
}

static void headline(const struct report *r, bool colour, struct buf *out) {
  const struct report_row *t = &r->total;
  char rate[32], levels[160], a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX], c[MONEY_TEXT_MAX];
  const char *on = colour ? BOLD : "", *off = colour ? PLAIN : "";
  buf_printf(out, "%sPer-resolution cost%s  %s to %s  %s  book %s\n\n", on, off, r->from, r->to,
             r->currency, r->book);
  buf_printf(out, "  resolved    %s%" PRId64 "%s of %" PRId64 " triaged (%s)", on, t->resolved, off,
             t->triaged, rate_text(row_rate(t), rate));
  buf_printf(out, ": %s\n", levels_text(t, levels));
  buf_printf(out, "  charged     %s%s%s   model cost %s   margin %s\n", on,
             money_places(t->charged_micros, 2, a), off,
             money_places(t->model_cost_micros, model_places(r), b),
             money_places(row_margin(t), model_places(r), c));
  buf_printf(
      out, "  model cost  %s per resolution; median %s, 95th percentile %s of a resolved ticket\n",
      t->resolved == 0 ? "-" : money_places(row_cost_each(t), 4, a),
      money_places(r->cost_p50_micros, 4, b), money_places(r->cost_p95_micros, 4, c));
  buf_printf(out,
             "  besides     %" PRId64 " drafted, %" PRId64 " sent, %" PRId64
             " handed to people, %" PRId64 " reopened (%s of %" PRId64 ")\n",
             t->drafted, t->sent, t->handoff, t->reopened, rate_text(row_reopen_rate(t), rate),
             t->tickets);
  if (r->loss_total > 0)
    buf_printf(out,
               "  at a loss   %" PRId64 " tickets cost %s more than they were charged; the "
               "largest is %s\n",
               r->loss_total, money_places(r->loss_micros, 4, a), r->losses[0].ref);
  int64_t calls = 0, charged = 0;
  for (size_t i = 0; i < r->agent_count; i++) {
    calls += r->agents[i].calls;
    charged += r->agents[i].charged_micros;
  }
  if (calls > 0)
    buf_printf(out, "  agents      %" PRId64 " calls of other agents, charged %s beside this\n",
               calls, money_places(charged, 4, a));
  buf_char(out, '\n');
}

/* Columns of a text without line breaks; escape codes and the rest of a character take none. */
static size_t columns(struct trg_str s) {
  size_t n = 0;
  bool escape = false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\033') escape = true;
    if (!escape && ((unsigned char)s.p[i] & 0xC0) != 0x80) n++;
    if (s.p[i] == 'm') escape = false;
  }
  return n;
}

/* A line of the headline that is too long goes on below its own text. */
static void line_fold(struct trg_str line, size_t width, struct buf *out) {
  size_t room = width, from = INDENT;
  while (columns(line) > room) {
    size_t cut = 0;
    for (size_t i = from; i < line.n && columns((struct trg_str){line.p, i}) <= room; i++)
      if (line.p[i] == ' ') cut = i;
    if (cut == 0) break; /* one long word */
    buf_str(out, (struct trg_str){line.p, cut});
    buf_char(out, '\n');
    pad(out, INDENT);
    line = (struct trg_str){line.p + cut + 1, line.n - cut - 1};
    room = width - INDENT;
    from = 1;
  }
  buf_str(out, line);
  buf_char(out, '\n');
}

static void headline_fit(const struct report *r, bool colour, size_t width, struct buf *out) {
  struct buf whole;
  buf_init(&whole, 0);
  headline(r, colour, &whole);
  struct trg_str rest = buf_view(&whole), line;
  while (str_next(&rest, '\n', &line)) line_fold(line, width, out);
  buf_free(&whole);
}

void report_table(const struct report *r, bool colour, size_t width, struct buf *out) {
  struct shape s = shape_of(r);
  if (width > 0) shape_fit(&s, width);
  if (width > 2 * INDENT)
    headline_fit(r, colour, width, out);
  else
    headline(r, colour, out);
  if (colour) buf_text(out, DIM);
  key_put(out, r->by, s.key);
  for (size_t i = 0; i < COLUMNS; i++) {
    if (s.hidden[i]) continue;
    pad(out, s.gap + s.width[i] - strlen(heads[i]));
    buf_text(out, heads[i]);
  }
  buf_text(out, colour ? PLAIN "\n" : "\n");
  for (size_t i = 0; i < r->row_count; i++) {
    row_put(out, r, &s, &r->rows[i]);
    buf_char(out, '\n');
  }
  if (colour) buf_text(out, BOLD);
  row_put(out, r, &s, &r->total);
  buf_text(out, colour ? PLAIN "\n" : "\n");
  if (!r->conserved)
    buf_printf(out, "\n%sdoes not add up: %s%s\n", colour ? RED : "", r->gap, colour ? PLAIN : "");
}
