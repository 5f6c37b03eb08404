/*
 * Charts as inline SVG: plain shapes with titles, coloured by the classes of the page's style, in
 * whole pixels of a drawing 960 wide that scales with the page. Private to report_html.c.
 */
#ifndef BILLING_REPORT_SVG_H
#define BILLING_REPORT_SVG_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct report;

/* Tickets per day, stacked by where they stand. */
void svg_days(const struct report *r, struct buf *out);

/* Horizontal bars: one group a label, one bar a series. */
struct svg_bar {
  const char *label;
  int64_t value[2];
  const char *text[2]; /* the value as people read it */
};
struct svg_bars {
  const char *id, *title, *description;
  const char *series[2]; /* class names and legend; the second may be NULL */
  const char *legend[2];
  const struct svg_bar *bars;
  size_t count;
};
void svg_bars(const struct svg_bars *c, struct buf *out);

#define SVG_STATES 7
extern const char *const svg_state_words[SVG_STATES];
struct report_row;
int64_t svg_state_count(const struct report_row *r, size_t state);

#endif
