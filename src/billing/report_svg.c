#include "billing/report_svg.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "billing/report_inner.h"

#define WIDE  960
#define LEFT  48
#define RIGHT 8

const char *const svg_state_words[SVG_STATES] = {"resolved", "open",    "excluded", "held",
                                                 "reversed", "waiting", "failed"};

int64_t svg_state_count(const struct report_row *r, size_t state) {
  const int64_t counts[SVG_STATES] = {r->resolved, r->open,    r->excluded, r->held,
                                      r->reversed, r->waiting, r->failed};
  return counts[state];
}

static void html(struct buf *out, const char *text) {
  buf_html(out, str_of(text));
}

static void open_svg(struct buf *out, const char *id, const char *title, const char *description,
                     int64_t height) {
  buf_printf(out,
             "<svg viewBox=\"0 0 %d %" PRId64 "\" role=\"img\" aria-labelledby=\"%s-t %s-d\">"
             "<title id=\"%s-t\">",
             WIDE, height, id, id, id);
  html(out, title);
  buf_printf(out, "</title><desc id=\"%s-d\">", id);
  html(out, description);
  buf_text(out, "</desc>\n");
}

/* The smallest of 1, 2, 5, 10, 20, ... of which at most five make up `most`. */
static int64_t nice_step(int64_t most) {
  static const int64_t steps[] = {1, 2, 5};
  for (int64_t ten = 1; ten < INT64_MAX / 100; ten *= 10)
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
      if (most <= 5 * steps[i] * ten) return steps[i] * ten;
  return most;
}

static int64_t scaled(int64_t value, int64_t most, int64_t pixels) {
  int64_t out = 0;
  if (most <= 0 || money_scale(value, pixels, most, &out) != 0) return 0;
  return out;
}

/* --- days --------------------------------------------------------------------------------------
 */

static void legend(struct buf *out) {
  buf_text(out, "<p class=\"legend\">");
  for (size_t i = 0; i < SVG_STATES; i++)
    buf_printf(out, "<span><i class=\"%s\"></i>%s</span> ", svg_state_words[i], svg_state_words[i]);
  buf_text(out, "</p>\n");
}

static void day_column(const struct report_row *d, int64_t x, int64_t width, int64_t top,
                       int64_t plot, struct buf *out) {
  int64_t below = 0;
  for (size_t i = 0; i < SVG_STATES; i++) {
    const int64_t n = svg_state_count(d, i);
    const int64_t from = scaled(below, top, plot), to = scaled(below + n, top, plot);
    below += n;
    if (n == 0) continue;
    buf_printf(out,
               "<rect class=\"%s\" x=\"%" PRId64 "\" y=\"%" PRId64 "\" width=\"%" PRId64
               "\" height=\"%" PRId64 "\"><title>",
               svg_state_words[i], x, 10 + plot - to, width, to - from);
    html(out, d->key);
    buf_printf(out, ": %" PRId64 " %s</title></rect>\n", n, svg_state_words[i]);
  }
}

static void day_label(const struct report_row *d, int64_t x, int64_t y, struct buf *out) {
  buf_printf(out, "<text class=\"mid\" x=\"%" PRId64 "\" y=\"%" PRId64 "\">", x, y);
  html(out, strlen(d->key) == 10 ? d->key + 5 : d->key);
  buf_text(out, "</text>\n");
}

void svg_days(const struct report *r, struct buf *out) {
  const int64_t plot = 220, n = (int64_t)r->day_count;
  if (n == 0) return;
  int64_t most = 1;
  for (size_t i = 0; i < r->day_count; i++)
    if (r->days[i].tickets > most) most = r->days[i].tickets;
  const int64_t step = nice_step(most), top = (most + step - 1) / step * step;
  const int64_t slot = (WIDE - LEFT - RIGHT) * 10 / n; /* in tenths */
  int64_t width = slot * 7 / 100;
  if (width < 1) width = 1;
  if (width > 56) width = 56;
  const int64_t every = (n + 11) / 12;
  open_svg(out, "days", "Tickets per day by where they stand",
           "Stacked columns, one a day; the same numbers are in the table below.", plot + 40);
  for (int64_t v = 0; v <= top; v += step) {
    const int64_t y = 10 + plot - scaled(v, top, plot);
    buf_printf(out,
               "<line x1=\"%d\" x2=\"%d\" y1=\"%" PRId64 "\" y2=\"%" PRId64 "\"/>"
               "<text class=\"end\" x=\"%d\" y=\"%" PRId64 "\">%" PRId64 "</text>\n",
               LEFT, WIDE - RIGHT, y, y, LEFT - 8, y + 4, v);
  }
  for (int64_t i = 0; i < n; i++) {
    const int64_t middle = LEFT + (slot * i + slot / 2) / 10;
    day_column(&r->days[i], middle - width / 2, width, top, plot, out);
    if (i % every == 0) day_label(&r->days[i], middle, plot + 30, out);
  }
  buf_text(out, "</svg>\n");
  legend(out);
}

/* --- bars --------------------------------------------------------------------------------------
 */

static void label_put(struct buf *out, const char *label) {
  const struct trg_str s = str_of(label);
  size_t at = 0, n = 0;
  while (at < s.n && n < 30) {
    (void)utf8_next(s, &at);
    n++;
  }
  buf_html(out, (struct trg_str){s.p, at});
  if (at < s.n) buf_text(out, "…");
}

static void bar_put(const struct svg_bars *c, const struct svg_bar *b, size_t which, int64_t most,
                    int64_t y, struct buf *out) {
  const int64_t x = 210, value = b->value[which];
  const int64_t width = scaled(value > 0 ? value : 0, most, WIDE - x - 110);
  buf_printf(out,
             "<rect class=\"%s\" x=\"%" PRId64 "\" y=\"%" PRId64 "\" width=\"%" PRId64
             "\" height=\"14\"><title>",
             c->series[which], x, y, width > 0 || value <= 0 ? width : 1);
  html(out, b->label);
  buf_text(out, ": ");
  html(out, b->text[which]);
  buf_printf(out, "</title></rect><text x=\"%" PRId64 "\" y=\"%" PRId64 "\">", x + width + 6,
             y + 12);
  html(out, b->text[which]);
  buf_text(out, "</text>\n");
}

void svg_bars(const struct svg_bars *c, struct buf *out) {
  const size_t series = c->series[1] != NULL ? 2 : 1;
  const int64_t group = series == 2 ? 44 : 26;
  int64_t most = 1;
  if (c->count == 0) return;
  for (size_t i = 0; i < c->count; i++)
    for (size_t k = 0; k < series; k++)
      if (c->bars[i].value[k] > most) most = c->bars[i].value[k];
  open_svg(out, c->id, c->title, c->description, (int64_t)c->count * group + 8);
  for (size_t i = 0; i < c->count; i++) {
    const int64_t y = (int64_t)i * group + 6;
    buf_printf(out, "<text class=\"end\" x=\"200\" y=\"%" PRId64 "\">",
               y + (series == 2 ? 20 : 12));
    label_put(out, c->bars[i].label);
    buf_text(out, "</text>\n");
    for (size_t k = 0; k < series; k++) bar_put(c, &c->bars[i], k, most, y + (int64_t)k * 17, out);
  }
  buf_text(out, "</svg>\n");
  if (series == 1) return;
  buf_printf(out, "<p class=\"legend\"><span><i class=\"%s\"></i>%s</span> ", c->series[0],
             c->legend[0]);
  buf_printf(out, "<span><i class=\"%s\"></i>%s</span></p>\n", c->series[1], c->legend[1]);
}
