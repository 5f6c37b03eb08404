/* The command line. Options may stand before or after the command, so getopt_long gets the options
 * of all commands, and whether the one that was named has them is looked at afterwards. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/cmd.h"
#include "conf/field.h"

#define NAMES_MAX 128
#define DAY_MS    (INT64_C(24) * 3600 * 1000)

int cmd_fail(int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fflush(stdout);
  fputs("triagectl: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  return status;
}

/* --- all options --------------------------------------------------------------------------- */

struct all {
  struct option options[NAMES_MAX + 1];
  const struct cmd_option *first[NAMES_MAX]; /* some command's own entry of that name */
  size_t count;
};

static void all_add(struct all *a, const struct cmd_option *o) {
  for (; o != NULL && o->name != NULL; o++) {
    size_t i = 0;
    while (i < a->count && strcmp(a->options[i].name, o->name) != 0) i++;
    if (i < a->count) {
      BUG_UNLESS((a->first[i]->arg == NULL) == (o->arg == NULL)); /* one name, one form */
      continue;
    }
    BUG_UNLESS(a->count < NAMES_MAX);
    a->options[i] = (struct option){o->name, o->arg != NULL ? required_argument : no_argument, NULL,
                                    256 + (int)i};
    a->first[i] = o;
    a->count++;
  }
}

static void all_fill(struct all *a) {
  *a = (struct all){0};
  all_add(a, cmd_common);
  for (const struct cmd *const *c = cmd_table; *c != NULL; c++) all_add(a, (*c)->options);
}

static const struct cmd_option *option_of(const struct cmd_option *list, const char *name) {
  for (; list != NULL && list->name != NULL; list++)
    if (strcmp(list->name, name) == 0) return list;
  return NULL;
}

static int option_unknown(const struct all *a, const char *text, struct trg_err *err) {
  if (text[0] != '-' || text[1] != '-')
    return err_set(err, CMD_USAGE, "usage",
                   "there is no option %.60s; options are spelled out, "
                   "as --format",
                   text);
  const char *names[NAMES_MAX + 1];
  for (size_t i = 0; i < a->count; i++) names[i] = a->options[i].name;
  names[a->count] = NULL;
  char word[64];
  snprintf(word, sizeof word, "%.*s", (int)strcspn(text + 2, "="), text + 2);
  const char *near = field_nearest(word, names);
  if (near != NULL)
    return err_set(err, CMD_USAGE, "usage", "there is no option --%s; did you mean --%s?", word,
                   near);
  return err_set(err, CMD_USAGE, "usage", "there is no option --%s", word);
}

/* --- the command --------------------------------------------------------------------------- */

static int command_unknown(const char *word, struct trg_err *err) {
  const char *names[NAMES_MAX];
  size_t n = 0, groups = 0;
  char known[400] = "", group[200] = "";
  const size_t length = strlen(word);
  for (const struct cmd *const *c = cmd_table; *c != NULL; c++) {
    names[n++] = (*c)->name;
    const size_t first = strcspn((*c)->name, " ");
    if (first == length && strncmp((*c)->name, word, first) == 0)
      snprintf(group + strlen(group), sizeof group - strlen(group), "%s%s",
               groups++ > 0 ? ", " : "", (*c)->name);
    if ((*c)->name[first] != '\0' && n > 1 && strncmp(names[n - 2], (*c)->name, first) == 0)
      continue; /* of a group the first says enough */
    snprintf(known + strlen(known), sizeof known - strlen(known), "%s%.*s",
             known[0] != '\0' ? ", " : "", (int)first, (*c)->name);
  }
  names[n] = NULL;
  if (groups > 0) return err_set(err, CMD_USAGE, "usage", "%s what? There are: %s", word, group);
  const char *near = field_nearest(word, names);
  if (near != NULL)
    return err_set(err, CMD_USAGE, "usage", "there is no command \"%.60s\"; did you mean \"%s\"?",
                   word, near);
  return err_set(err, CMD_USAGE, "usage", "there is no command \"%.60s\"; there are %s", word,
                 known);
}

/* The longest name that the words begin with. Takes its words off. */
static int command_take(struct cmd_call *c, struct trg_err *err) {
  char two[80] = "";
  if (c->word_count >= 2) snprintf(two, sizeof two, "%s %s", c->words[0], c->words[1]);
  size_t words = 2;
  c->cmd = two[0] != '\0' ? cmd_find(two) : NULL;
  if (c->cmd == NULL) {
    words = 1;
    c->cmd = cmd_find(c->words[0]);
  }
  if (c->cmd == NULL) return command_unknown(c->words[0], err);
  c->words += words;
  c->word_count -= words;
  return 0;
}

/* The words against "REF", "[NAME]", "" or "[COMMAND]...". */
static int words_check(const struct cmd_call *c, struct trg_err *err) {
  size_t least = 0, most = 0;
  struct trg_str rest = str_of(c->cmd->args), piece;
  while (str_next(&rest, ' ', &piece)) {
    if (piece.n == 0) continue;
    if (piece.p[0] != '[') least++;
    most = str_ends(piece, "...") ? SIZE_MAX : most + 1;
  }
  if (c->word_count < least)
    return err_set(err, CMD_USAGE, "usage", "%s needs %s", c->cmd->name, c->cmd->args);
  if (c->word_count > most)
    return err_set(err, CMD_USAGE, "usage", "%s does not know what to do with \"%.60s\"",
                   c->cmd->name, c->words[most]);
  return 0;
}

/* Every option given must be the command's own (its entry takes the place of the first found), and
 * those that it needs must be there. */
static int options_check(struct cmd_call *c, struct trg_err *err) {
  for (size_t i = 0; i < c->given_count; i++) {
    const struct cmd_option *o = option_of(c->cmd->options, c->given[i].option->name);
    if (o == NULL)
      return err_set(err, CMD_USAGE, "usage", "--%s is no option of %s", c->given[i].option->name,
                     c->cmd->name);
    c->given[i].option = o;
  }
  for (const struct cmd_option *o = c->cmd->options; o != NULL && o->name != NULL; o++)
    if (o->required && !call_has(c, o->name))
      return err_set(err, CMD_USAGE, "usage", "%s needs --%s %s: %s", c->cmd->name, o->name, o->arg,
                     o->help);
  return 0;
}

static int format_take(struct cmd_call *c, const char *word, struct trg_err *err) {
  static const char *const words[] = {"table", "json", "csv", "html"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i]) == 0) {
      c->format = (enum out_format)i;
      c->format_given = true;
      return 0;
    }
  return err_set(err, CMD_USAGE, "usage", "--format is table, json or csv, not \"%.40s\"", word);
}

static int option_take(struct cmd_call *c, const struct cmd_option *o, const char *value,
                       struct trg_err *err) {
  if (option_of(cmd_common, o->name) == NULL) {
    if (c->given_count == CMD_GIVEN_MAX)
      return err_set(err, CMD_USAGE, "usage", "more than %d options", CMD_GIVEN_MAX);
    c->given[c->given_count++] = (struct cmd_given){o, value};
    return 0;
  }
  switch (o->name[0]) {
  case 'c':
    c->conf_path = value;
    return 0;
  case 'f':
    return format_take(c, value, err);
  case 'h':
    c->help = true;
    return 0;
  default:
    c->version = true;
    return 0;
  }
}

/* One answer of getopt_long. */
static int answer_take(struct cmd_call *c, const struct all *all, int k, const char *at,
                       struct trg_err *err) {
  switch (k) {
  case 'c':
    c->conf_path = optarg;
    return 0;
  case 'h':
    c->help = true;
    return 0;
  case ':':
    return err_set(err, CMD_USAGE, "usage", "%.60s needs a value", at);
  case '?':
    if (optopt < 256) return option_unknown(all, at, err);
    return err_set(err, CMD_USAGE, "usage", "%.60s takes no value", at);
  default:
    return option_take(c, all->first[k - 256], optarg, err);
  }
}

static int words_take(struct cmd_call *c, struct trg_err *err) {
  const bool asks = c->help || c->version;
  if (c->word_count == 0)
    return asks ? 0
                : err_set(err, CMD_USAGE, "usage", "which command? `triagectl help` lists them");
  if (c->help && c->word_count == 1 && cmd_find(c->words[0]) == NULL) {
    c->cmd = cmd_find("help"); /* `ledger --help`: of each that there is */
    c->help = false;
    return 0;
  }
  int rc = command_take(c, err);
  if (rc == 0 && !asks) rc = words_check(c, err);
  if (rc == 0 && !asks) rc = options_check(c, err);
  if (rc == 0 && c->format == OUT_HTML && !c->cmd->html)
    rc = err_set(err, CMD_USAGE, "usage", "%s has no html: --format is table, json or csv",
                 c->cmd->name);
  return rc;
}

int cmd_parse(int argc, char **argv, struct cmd_call *ret, struct trg_err *err) {
  struct cmd_call c = {.conf_path = CMD_CONF_DEFAULT};
  struct all all;
  all_fill(&all);
  int rc = 0;
  optind = 0; /* begin afresh: glibc's way */
  opterr = 0;
  for (int k; rc == 0 && (k = getopt_long(argc, argv, ":c:h", all.options, NULL)) != -1;)
    rc = answer_take(&c, &all, k, argv[optind - 1], err);
  if (rc != 0) return rc;
  c.words = argv + optind;
  c.word_count = (size_t)(argc - optind);
  rc = words_take(&c, err);
  if (rc == 0) *ret = c;
  return rc;
}

/* --- what was given ------------------------------------------------------------------------ */

const char *call_value_at(const struct cmd_call *c, const char *option, size_t i) {
  for (size_t k = 0; k < c->given_count; k++)
    if (strcmp(c->given[k].option->name, option) == 0 && i-- == 0) return c->given[k].value;
  return NULL;
}

const char *call_value(const struct cmd_call *c, const char *option) {
  for (size_t k = c->given_count; k > 0; k--)
    if (strcmp(c->given[k - 1].option->name, option) == 0) return c->given[k - 1].value;
  return NULL;
}

bool call_has(const struct cmd_call *c, const char *option) {
  for (size_t k = 0; k < c->given_count; k++)
    if (strcmp(c->given[k].option->name, option) == 0) return true;
  return false;
}

int call_int(const struct cmd_call *c, const char *option, int64_t min, int64_t max, int64_t *ret) {
  const char *text = call_value(c, option);
  int64_t n = 0;
  if (text == NULL) return 0;
  if (str_to_int(str_of(text), &n) != 0 || n < min || n > max)
    return cmd_fail(CMD_USAGE, "--%s must be a whole number from %lld to %lld, not \"%.40s\"",
                    option, (long long)min, (long long)max, text);
  *ret = n;
  return 0;
}

int call_time(const struct cmd_call *c, const char *option, bool ends, int64_t *ret_ms) {
  const char *text = call_value(c, option);
  int64_t at_ms = 0;
  if (text == NULL) return 0;
  if (time_parse(str_of(text), &at_ms) != 0)
    return cmd_fail(CMD_USAGE, "--%s must be a day as 2026-11-01, not \"%.40s\"", option, text);
  *ret_ms = at_ms + (ends && strlen(text) == 10 ? DAY_MS : 0);
  return 0;
}

int call_range(const struct cmd_call *c, int64_t *ret_from_ms, int64_t *ret_to_ms) {
  int status = call_time(c, "from", false, ret_from_ms);
  if (status == 0) status = call_time(c, "to", true, ret_to_ms);
  if (status == 0 && call_has(c, "from") && call_has(c, "to") && *ret_to_ms <= *ret_from_ms)
    status = cmd_fail(CMD_USAGE, "--to is before --from");
  return status;
}
