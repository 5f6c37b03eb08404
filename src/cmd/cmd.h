/*
 * A command of triagectl: one file and one const entry of name, arguments, options, help and
 * function. The table of all entries (table.c) is what parsing, help and the manual's test read;
 * what is not in it does not exist.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

#define CMD_OK     0
#define CMD_FAILED 1
#define CMD_USAGE  2
#define CMD_CONFIG 78

#define CMD_CONF_DEFAULT "/etc/triaged/triaged.yaml"
#define CMD_GIVEN_MAX    64

enum out_format { OUT_TABLE = 0, OUT_JSON = 1, OUT_CSV = 2, OUT_HTML = 3 };

struct cmd_option {
  const char *name; /* long, without the dashes */
  const char *arg;  /* what its value is called; NULL: it has none */
  const char *help; /* one line */
  bool required;
};

struct cmd_call;
struct cmd {
  const char *name;                 /* "tickets"; of a group: "ledger verify" */
  const char *args;                 /* "REF", "[NAME]", "" */
  const char *summary;              /* one line */
  const char *help;                 /* more, for `triagectl help`; may be NULL */
  const struct cmd_option *options; /* ended by a NULL name; may be NULL */
  bool html;                        /* also has --format html */
  int (*run)(const struct cmd_call *c);
};
extern const struct cmd *const cmd_table[]; /* ended by NULL */

/* One command line, read. */
struct cmd_given {
  const struct cmd_option *option;
  const char *value;
};
struct cmd_call {
  const struct cmd *cmd; /* NULL: only help or version was asked for */
  bool help, version;
  const char *conf_path;
  enum out_format format;
  bool format_given;
  char **words;
  size_t word_count;
  struct cmd_given given[CMD_GIVEN_MAX];
  size_t given_count;
};

extern const struct cmd_option cmd_common[]; /* --config, --format, --help, --version */
/* Reads a command line (argv is permuted, and must outlive ret). 0, or CMD_USAGE with err. */
int cmd_parse(int argc, char **argv, struct cmd_call *ret, struct trg_err *err);
/* The entry of this name, or NULL. */
const struct cmd *cmd_find(const char *name);

bool call_has(const struct cmd_call *c, const char *option);
/* The last value given, or NULL. */
const char *call_value(const struct cmd_call *c, const char *option);
/* The i-th value given, or NULL: for options that may stand several times. */
const char *call_value_at(const struct cmd_call *c, const char *option, size_t i);
/* A whole number between min and max; *ret stays when it was not given. 0, or CMD_USAGE with the
 * reason printed. */
int call_int(const struct cmd_call *c, const char *option, int64_t min, int64_t max, int64_t *ret);
/* A day ("2026-11-01") or moment. `ends`: of a day its end is meant, as in --to. */
int call_time(const struct cmd_call *c, const char *option, bool ends, int64_t *ret_ms);
/* --from and --to; each stays when it was not given. */
int call_range(const struct cmd_call *c, int64_t *ret_from_ms, int64_t *ret_to_ms);

/* "triagectl: ..." to standard error; returns status. */
int cmd_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Help, from the table. */
struct buf;
void help_all(struct buf *out);
void help_usage(const struct cmd *c, struct buf *out); /* "triagectl tickets [--state S] ..." */
void help_one(const struct cmd *c, struct buf *out);

#endif
