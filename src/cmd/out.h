/*
 * Printing: rows become an aligned table for people, one JSON array or CSV, all from the same
 * cells; a single document becomes JSON, or "field,value" lines. Control characters that a
 * customer wrote never reach a terminal.
 */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include <stdio.h>
#include "base/json.h"
#include "cmd/cmd.h"

struct buf;

struct out_screen {
  size_t width; /* columns of the terminal; 0: not a terminal, nothing is cut */
  bool colour;
};
struct out_screen out_screen_of(FILE *f);

enum out_kind {
  OUT_TEXT = 0,
  OUT_INT,
  OUT_SHARE,  /* a double, two decimals for people */
  OUT_NUMBER, /* a double, as many as needed, at most six */
  OUT_MICROS, /* money */
  OUT_TIME,
  OUT_BOOL,
  OUT_LENGTH /* milliseconds; for people "3 min" */
};
#define OUT_GIVES 1u /* is narrowed first when the terminal is too narrow */
#define OUT_TINT  2u /* its words have colours: what is well, waits or is lost */
#define OUT_LESS  4u /* is left out of a terminal that is too narrow */
#define OUT_LEAST 8u /* ... before the others are */
struct out_column {
  const char *name;
  enum out_kind kind;
  unsigned flags;
};

struct out_table;
struct out_table *out_table_new(const struct out_column *columns, size_t count);
void out_table_free(struct out_table **t);
/* The next cell, in the order of the columns; its kind must be the column's. */
void out_text(struct out_table *t, const char *text); /* NULL: empty */
void out_int(struct out_table *t, int64_t n);         /* INT, MICROS, TIME, BOOL, LENGTH */
void out_double(struct out_table *t, double d);       /* SHARE, NUMBER */
void out_none(struct out_table *t);                   /* unknown: empty, in JSON null */
size_t out_rows(const struct out_table *t);

void out_table_text(const struct out_table *t, struct out_screen s, struct buf *out);
void out_table_csv(const struct out_table *t, struct buf *out);
json *out_table_json(const struct out_table *t);
/* Prints it as the call asks, to standard output; `none` is said to standard error instead of an
 * empty table (NULL: nothing is said). */
void out_table_print(const struct out_table *t, const struct cmd_call *c, const char *none);

/* Rows that may be more than memory holds. JSON and CSV are printed as they come: one document
 * whose `list` has the rows, and the keys of `more` behind it; CSV has the rows alone. People see
 * the first shown_max and how many there are besides. */
struct out_flow;
struct out_flow *out_flow_new(const struct out_column *columns, size_t count,
                              const struct cmd_call *c, const char *list, size_t shown_max);
void out_flow_free(struct out_flow **f);
/* Where the cells of the next row go. */
struct out_table *out_flow_row(struct out_flow *f);
/* Prints the rest; `more` is an object with at least one key. Returns the rows that people saw. */
size_t out_flow_end(struct out_flow *f, const json *more);

/* A document: JSON, or CSV lines of dotted field and value. */
void out_document_csv(const json *document, struct buf *out);
/* Prints it when the format is json or csv; false for the formats that people read. */
bool out_document_print(const json *document, const struct cmd_call *c);
void out_buf_print(const struct buf *b);

/* Text for a terminal: no control characters, one line; `max` columns at most (0: no limit). */
void out_line(struct buf *out, const char *text, size_t max);
/* Text of several lines, each begun with `indent` blanks, wrapped at `width` (0: as it is). */
void out_wrap(struct buf *out, const char *text, size_t indent, size_t width);
size_t out_width(const char *text); /* columns it takes */
/* A heading; bold on a terminal. */
void out_head(struct buf *out, struct out_screen s, const char *text);
/* The colour of a word like "sent" or "dead": an escape sequence, or "". */
const char *out_tint(const char *word);

/* A bar on standard error, when that is a terminal; else nothing. */
struct out_bar {
  const char *what;
  bool on;
  int64_t from_us, last_us;
  size_t total; /* as last shown */
};
void out_bar_start(struct out_bar *b, const char *what);
void out_bar_show(struct out_bar *b, size_t done, size_t total); /* total 0: only the time */
void out_bar_end(struct out_bar *b);
/* The same by a thread of its own, while this one is blocked. `look` (may be NULL) is called by
 * that thread a few times a second and says how far the work is; false or 0 of 0: not known. */
struct out_clock;
typedef bool out_look(void *arg, size_t *ret_done, size_t *ret_total);
struct out_clock *out_clock_start(const char *what, out_look *look, void *arg);
void out_clock_end(struct out_clock **c);

#endif
