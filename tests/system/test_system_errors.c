/* What people get wrong, and what they are told: configuration, credentials, plugins, databases,
 * training files, command lines. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

static struct rig R;

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  return 0;
}

static int end(void **state) {
  (void)state;
  rig_close(&R);
  return 0;
}

/* Runs with an error stream of its own; returns what was said there (free it). */
static char *said(const char *program, const char *args, int want) {
  unlink(rig_path(&R, "err.log"));
  const int status = rig_run(&R, program, args, NULL);
  char *err = rig_read(&R, "err.log");
  if (status != want)
    fail_msg("%s %s ended with %d, not %d:\n%s", program, args, status, want, err);
  return err;
}

static void must_say(const char *all, const char *text) {
  if (strstr(all, text) == NULL) fail_msg("nobody said \"%s\" in:\n%s", text, all);
}

static void run_says(const char *program, const char *args, int want, const char *text) {
  char *err = said(program, args, want);
  must_say(err, text);
  free(err);
}

/* --- --check
 * --------------------------------------------------------------------------------------- */

static const char wrong_conf[] =
    "state: @DIR@/state\n"                                                             /* 1 */
    "listen: \"off\"\n"                                                                /* 2 */
    "colour: blue\n"                                                                   /* 3 */
    "drain: often\n"                                                                   /* 4 */
    "helpdesks:\n"                                                                     /* 5 */
    "  - {name: shop, connector: zendesk, url: \"http://desk.example.com\",\n"         /* 6 */
    "     auth: {type: bearer, token: \"${file:there-is-none}\"}}\n"                   /* 7 */
    "  - {name: shop, connector: zendusk, url: \"https://acme.zendesk.com\",\n"        /* 8 */
    "     poll: [1s], auth: {type: bearer, token: \"${env:NOT_SET_ANYWHERE}\"}}\n"     /* 9 */
    "models:\n"                                                                        /* 10 */
    "  - {name: one, backend: nobody, model: x, price: {input: 1.00, output: 1.00}}\n" /* 11 */
    "  - {name: two, backend: anthropic, model: claude-haiku-5-5, key: k}\n"           /* 12 */
    "tasks: {triage: {models: [three]}}\n"                                             /* 13 */
    "taxonomy: @DIR@/no-categories.yaml\n"                                             /* 14 */
    "billing: {book: no-such-book}\n";                                                 /* 15 */

static void check_prints_every_problem_with_its_line_and_key(void **state) {
  (void)state;
  static const char *const want[] = {
      "triaged.yaml:3: colour: ",
      "triaged.yaml:4: drain: ",
      "triaged.yaml:6: helpdesks[0].url: ",
      "triaged.yaml:7: helpdesks[0].auth.token: ",
      "triaged.yaml:8: helpdesks[1].name: ",
      "triaged.yaml:8: helpdesks[1].connector: ",
      "triaged.yaml:9: helpdesks[1].poll: ",
      "triaged.yaml:11: models[0].backend: ",
      "triaged.yaml:12: models[1].price: ",
      "triaged.yaml:13: tasks.triage.models",
      "no-categories.yaml",
      "triaged.yaml:15: billing.book: ",
  };
  rig_file(&R, "triaged.yaml", wrong_conf);
  char *err = said("triaged", "--check", 78);
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) must_say(err, want[i]);
  /* Each with something after the key, and suggestions where a word was nearly right. */
  must_say(err, "zendesk");
  free(err);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 78);
  assert_int_equal(access(rig_path(&R, "state"), F_OK), -1);
}

static void check_reads_categories_and_price_book_too(void **state) {
  (void)state;
  R.port = 9;
  rig_conf(&R, "policy:",
           "taxonomy: @DIR@/categories.yaml\nbilling: {book: @DIR@/book.yaml}\npolicy:", NULL);
  rig_file(&R, "categories.yaml", "categories: 5\n");
  rig_file(&R, "book.yaml",
           "book: mine\nabout: x\ncurrency: USD\nversions:\n  - effective: 2026-01-01"
           "\n    scope: galaxy\n");
  char *err = said("triaged", "--check", 78);
  must_say(err, "categories.yaml:1: ");
  must_say(err, "book.yaml:6: ");
  free(err);
}

static void check_tells_everything_in_one_run_whatever_else_is_wrong(void **state) {
  (void)state;
  static const char *const want[] = {
      "triaged.yaml:1: colour: ",
      "triaged.yaml:3: helpdesks[0].url: ",
      "triaged.yaml:4: helpdesks[1]", /* what only the plugin itself can find */
      "triaged.yaml:6: skills[1]: ",
      "kinds.yaml:2: categories[0]: ",
      "kinds.yaml:3: categories[1].priority: ",
      "book.yaml:6: ",
      "skills/broken/SKILL.md:1: skill: warning: ",
  };
  R.port = 9;
  rig_file(&R, "triaged.yaml",
           "colour: red\n"
           "helpdesks:\n"
           "  - {name: a, connector: zendesk, url: \"nonsense\", auth: {type: bearer, token: t}}\n"
           "  - {name: b, connector: file, url: \"file://@DIR@/no-such-folder\"}\n"
           "taxonomy: @DIR@/kinds.yaml\n"
           "skills: [@DIR@/skills, @DIR@/none]\n"
           "billing: {book: @DIR@/book.yaml}\n"
           "policy: {auto: {accept: 0.9, categories: [weather], citation: required}}\n");
  (void)mkdir(rig_path(&R, "skills"), 0700);
  (void)mkdir(rig_path(&R, "skills/broken"), 0700);
  rig_file(&R, "skills/broken/SKILL.md", "---\ndescription: use: it\n---\ntext\n");
  rig_file(&R, "kinds.yaml", "categories:\n  - {nam: x}\n  - {name: y, priority: P9}\n");
  rig_file(&R, "book.yaml",
           "book: mine\nabout: x\ncurrency: USD\nversions:\n  - effective: 2026-01-01"
           "\n    scope: galaxy\n");
  char *err = said("triaged", "--check", 78);
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) must_say(err, want[i]);
  free(err);
  /* A category that nobody has is told when there are categories to tell by. */
  rig_file(&R, "kinds.yaml", "categories: [x, y]\n");
  err = said("triaged", "--check", 78);
  must_say(err, "triaged.yaml:8: policy.auto.categories: warning: \"weather\"");
  must_say(err, "book.yaml:6: ");
  free(err);
}

static void what_only_the_content_shows_is_told_at_its_line_too(void **state) {
  (void)state;
  R.port = 9;
  rig_file(&R, "article.md", "# Title\ntext\n");
  rig_file(
      &R, "book.yaml",
      "book: mine\nabout: x\ncurrency: USD\nversions:\n  - effective: 2026-01-01\n"
      "    evidence: verified\n    prices: [{outcome: resolution, unit: ticket, price: 0.5}]\n");
  (void)mkdir(rig_path(&R, "none"), 0700);
  rig_file(&R, "triaged.yaml",
           "helpdesks:\n"
           "  - {name: a, connector: file, url: \"file://@DIR@\", auth: {type: none}}\n"
           "skills:\n"
           "  - @DIR@/none\n"
           "knowledge:\n"
           "  - @DIR@/article.md\n");
  char *err = said("triaged", "--check", 78);
  must_say(err, "triaged.yaml:3: skills: warning: no categories");
  must_say(err, "triaged.yaml:5: knowledge: ");
  assert_null(strstr(err, "auth"));
  assert_null(strstr(err, ":0:"));
  free(err);
}

static void a_file_that_is_no_map_or_no_utf8_says_that_alone(void **state) {
  (void)state;
  rig_file(&R, "triaged.yaml", "- a\n- b\n");
  char *err = said("triaged", "--check", 78);
  must_say(err, "triaged.yaml:1: yaml: the file must be a map");
  assert_null(strstr(err, "skills"));
  free(err);
  rig_file(&R, "triaged.yaml", "state: x\nlisten: caf\xe9\n");
  run_says("triaged", "--check", 78, "save the file as UTF-8");
}

static void explain_prints_the_keys_of_every_plugin(void **state) {
  (void)state;
  static const char *const want[] = {"# helpdesks:",        "# connector zendesk",
                                     "# backend anthropic", "cache_ttl: 5m",
                                     "# backend openai",    "max_tokens_field: auto"};
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triaged", "--explain", &out), 0);
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) must_say(out, want[i]);
  free(out);
  run_says("triaged", "--explain --once", 2, "exclude each other");
}

static void a_good_configuration_is_ok_and_starts_nothing(void **state) {
  (void)state;
  R.port = 9;
  rig_conf(&R, NULL);
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triaged", "--check", &out), 0);
  must_say(out, "ok");
  free(out);
  assert_int_equal(access(rig_path(&R, "state"), F_OK), -1);
}

static void a_configuration_that_is_not_there_or_no_yaml_is_78(void **state) {
  (void)state;
  run_says("triaged", "--check", 78, "triaged.yaml");
  rig_file(&R, "triaged.yaml", "state: [\n\tx: }\n");
  run_says("triaged", "--check", 78, "triaged.yaml:2: ");
  rig_file(&R, "triaged.yaml", "");
  run_says("triaged", "--check", 78, "helpdesks");
  rig_file(&R, "triaged.yaml", "helpdesks: &a [*a]\n");
  run_says("triaged", "--check", 78, "triaged.yaml:1: ");
}

static const char alien[] =
    "#include <triaged/plugin.h>\n"
    "extern const struct trg_plugin triaged_plugin_alien;\n"
    "__attribute__((visibility(\"default\"))) const struct trg_plugin triaged_plugin_alien = {\n"
    "  .abi_major = TRG_ABI_MAJOR + 6, .abi_minor = 3, .size = sizeof(struct trg_plugin),\n"
    "  .kind = 1, .name = \"alien\", .version = \"1\", .license = \"MIT\"};\n";

static void a_plugin_of_another_interface_version_is_named_by_check(void **state) {
  (void)state;
  char cmd[3000];
  const char *program = getenv("TRIAGED") != NULL ? getenv("TRIAGED") : "build/triaged";
  const char *root = getenv("TRIAGED_ROOT") != NULL ? getenv("TRIAGED_ROOT") : ".";
  if (system("cc --version >/dev/null 2>&1") != 0) skip();
  rig_file(&R, "alien.c", alien);
  snprintf(cmd, sizeof cmd,
           "set -e; cd %s; mkdir -m 755 %s/plugins; cp %s %s/triaged; "
           "cp %s/plugins/*.so %s/plugins/ 2>/dev/null || true; "
           "cc -shared -fPIC -I%s/include -o %s/plugins/connector-alien.so %s/alien.c; "
           "chmod 755 %s/plugins/*.so",
           root, R.dir, program, R.dir,
           "$(dirname $(readlink -f "
           "$0))",
           R.dir, root, R.dir, R.dir, R.dir);
  char sh[3400], mine[600], was[600];
  snprintf(sh, sizeof sh, "sh -c '%s' %s", cmd, program);
  assert_int_equal(system(sh), 0);
  snprintf(was, sizeof was, "%s", program);
  snprintf(mine, sizeof mine, "%s/triaged", R.dir);
  R.port = 9;
  rig_conf(&R, NULL);
  setenv("TRIAGED", mine, 1);
  char *err = said("triaged", "--check", 78);
  setenv("TRIAGED", was, 1);
  must_say(err, "connector-alien.so");
  must_say(err, "7.3");
  must_say(err, "1.0");
  free(err);
}

static void what_a_reload_finds_wrong_stands_in_the_log_like_everything_else(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, "log: {level: info}", "log: {level: info, format: json}", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 1);
  rig_conf_change(&R, "poll: 1s", "poll: soon", NULL);
  kill(R.daemon, SIGHUP);
  rig_until_log(&R, "daemon.log", "config.refused");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  char *log = rig_read(&R, "daemon.log"), *save = NULL;
  must_say(log, "\"config.problem\",\"why\":\"");
  must_say(log, "helpdesks[0].poll: must be");
  for (char *l = strtok_r(log, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save))
    if (l[0] != '{') fail_msg("no JSON: %s", l);
  free(log);
}

/* --- the other side
 * ---------------------------------------------------------------------------------- */

static void an_unreachable_helpdesk_is_named_and_one_pass_fails(void **state) {
  (void)state;
  R.port = rig_port(); /* where nobody listens */
  rig_conf(&R, NULL);
  char *err = said("triaged", "--once", 1);
  must_say(err, "helpdesk=shop");
  must_say(err, "helpdesk.failed");
  free(err);
}

static void wrong_credentials_are_named_and_one_pass_fails(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_file(&R, "token", "bad-token-of-mine\n");
  rig_conf(&R, NULL);
  char *err = said("triaged", "--once", 1);
  must_say(err, "helpdesk=shop");
  must_say(err, "code=auth");
  must_say(err, "auth.token");
  assert_null(strstr(err, "bad-token-of-mine"));
  free(err);
}

static void a_wrong_model_key_fails_the_pass_but_loses_nothing(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off");
  rig_file(&R, "key", "bad-key-of-mine\n");
  rig_conf(&R, "key: \"${file:token}\"", "key: \"${file:key}\"", NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "code=auth");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_false(rig_log_has(&R, "daemon.log", "bad-key-of-mine"));
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome = ''"), 2);
  rig_file(&R, "key", "right-key\n");
  rig_later(&R, "20m");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'"), 2);
}

static void the_daemon_goes_on_trying_until_the_helpdesk_is_there(void **state) {
  (void)state;
  char args[80];
  rig_tickets(&R, 2);
  const int port = R.port = rig_port();
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "failures=2");
  assert_true(rig_alive(&R));
  snprintf(args, sizeof args, "--behaviour off --port %d", port);
  rig_sim(&R, args);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 2);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* --- databases
 * ---------------------------------------------------------------------------------------- */

static void sql_do(const char *sql) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static char *bytes_of(const char *name, size_t *ret_n) {
  FILE *f = fopen(rig_path(&R, name), "rb");
  assert_non_null(f);
  char *p = malloc((size_t)16 << 20);
  *ret_n = fread(p, 1, (size_t)16 << 20, f);
  fclose(f);
  return p;
}

/* The daemon refuses with the text and leaves the file as it was; so does triagectl. */
static void refused_untouched(const char *text) {
  size_t n = 0, m = 0;
  char *before = bytes_of("state/triaged.db", &n);
  run_says("triaged", "--once", 1, text);
  run_says("triagectl", "status", 1, text);
  char *after = bytes_of("state/triaged.db", &m);
  assert_int_equal(n, m);
  assert_memory_equal(before, after, n);
  free(before);
  free(after);
}

static void a_newer_database_is_refused_untouched(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  sql_do("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99");
  refused_untouched("newer triaged (database version 99");
}

static void a_database_of_another_program_is_refused_untouched(void **state) {
  (void)state;
  R.port = 9;
  rig_conf(&R, NULL);
  assert_int_equal(mkdir(rig_path(&R, "state"), 0700), 0);
  sql_do("CREATE TABLE bookmark (url TEXT)");
  refused_untouched("database of another program");
}

static void a_file_that_is_no_database_is_refused_untouched(void **state) {
  (void)state;
  R.port = 9;
  rig_conf(&R, NULL);
  assert_int_equal(mkdir(rig_path(&R, "state"), 0700), 0);
  rig_file(&R, "state/triaged.db", "Dear diary, today I wrote into the wrong folder.\n");
  refused_untouched("triaged.db");
}

/* Overwrites what lies from `from` on, to the end when n is 0. */
static void spoil(off_t from, size_t n) {
  const int fd = open(rig_path(&R, "state/triaged.db"), O_RDWR);
  struct stat s;
  assert_int_equal(fstat(fd, &s), 0);
  if (n == 0) n = (size_t)(s.st_size - from);
  char junk[512];
  memset(junk, 0xa5, sizeof junk);
  for (size_t k = 0; k < n; k += sizeof junk)
    assert_true(pwrite(fd, junk, n - k < sizeof junk ? n - k : sizeof junk, from + (off_t)k) > 0);
  close(fd);
}

static void a_corrupt_database_is_refused_untouched(void **state) {
  (void)state;
  rig_tickets(&R, 5);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  sql_do("PRAGMA wal_checkpoint(TRUNCATE)");
  spoil(100, 3900); /* the schema */
  refused_untouched("triaged.db");
}

static void corrupt_pages_end_the_daemon_with_a_message_and_never_quietly(void **state) {
  (void)state;
  rig_tickets(&R, 5);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  sql_do("PRAGMA wal_checkpoint(TRUNCATE)");
  spoil(8192, 0); /* everything behind the first two pages */
  rig_later(&R, "100h");
  char *err = said("triaged", "--once", 1);
  must_say(err, "triaged.db");
  must_say(err, "backup");
  free(err);
}

/* 78 tells the service manager not to try again; here another try is right. */
static void a_database_that_is_busy_at_the_start_is_no_mistake_in_the_configuration(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, "mode: auto", "mode: shadow", "since: \"2026-11-01T00:00:00Z\"", "since: now", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  sql_do("DELETE FROM prompt"); /* as after a change of the rules: the next start writes first */
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(rig_path(&R, "state/triaged.db"), &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  run_says("triaged", "--once", 1, "triaged: ");
  run_says("triaged", "--once", 1, "triaged.db");
  assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
}

/* --- training files and command lines
 * ----------------------------------------------------------------- */

static void training_files_that_teach_nothing_are_refused_with_file_and_line(void **state) {
  (void)state;
  static char wide[300];
  snprintf(wide, sizeof wide, "a\tone\n%0*d\ttwo\n", 250, 7);
  const struct {
    const char *text, *want;
  } files[] = {
      {"billing\tI was charged twice\nbilling\tMy invoice is wrong\n", "same labels"},
      {"billing\tI was charged twice\nshipping\tWo ist mein Paket f\xfcr M\xfcnchen\n", "line 2"},
      {"", "holds no examples"},
      {"\n\n\n", "holds no examples"},
      {"billing\tfine\nthis line has no tab\n", "line 2"},
      {"{\"text\":\"x\",\"labels\":{\"category\":\"a\"}}\n{\"text\":\"y\"\n", "line 2"},
      {"{\"labels\":{\"category\":\"a\"}}\n", "line 1"},
      {"{\"text\":\"x\"}\n", "line 1"},
      {wide, "line 2 has a label that is longer than 200 bytes"},
      {"a\tone\nb\x1b[31m\ttwo\n", "line 2 has a control character in its label"},
      {"{\"text\":\"x\",\"labels\":{\"category\":\"a\\nb\"}}\n", "line 1 has a control character"},
      {"{\"text\":\"x\",\"labels\":{\"category\":7}}\n", "line 1"},
  };
  R.port = 9;
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  char args[400];
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    rig_file(&R, "train.tsv", files[i].text);
    snprintf(args, sizeof args, "train %s/train.tsv", R.dir);
    char *err = said("triagectl", args, 1);
    must_say(err, "train.tsv");
    must_say(err, files[i].want);
    free(err);
  }
  snprintf(args, sizeof args, "train %s/nowhere.tsv", R.dir);
  run_says("triagectl", args, 1, "nowhere.tsv");
}

static void training_lines_that_hold_a_zero_byte_or_a_whole_book_are_named(void **state) {
  (void)state;
  char args[400];
  R.port = 9;
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  snprintf(args, sizeof args, "train %s/train.tsv", R.dir);
  FILE *f = fopen(rig_path(&R, "train.tsv"), "w");
  assert_non_null(f);
  static const char zero[] = "a\tone\nb\ttwo\0three\n";
  assert_int_equal(fwrite(zero, 1, sizeof zero - 1, f), sizeof zero - 1);
  fclose(f);
  run_says("triagectl", args, 1, "train.tsv: line 2 holds a zero byte");
  f = fopen(rig_path(&R, "train.tsv"), "w");
  fputs("a\tone\nb\t", f);
  for (int i = 0; i < 150000; i++) fputs("a book ", f);
  fputs("\n", f);
  fclose(f);
  run_says("triagectl", args, 1, "train.tsv: line 2 is longer than 1 MiB");
}

static void a_requeue_without_a_database_says_so_and_makes_none(void **state) {
  (void)state;
  R.port = 9;
  rig_conf(&R, NULL);
  run_says("triagectl", "requeue shop/1", 1, "triagectl: there is no database");
  assert_int_equal(access(rig_path(&R, "state"), F_OK), -1);
}

static void usage_errors_exit_2(void **state) {
  (void)state;
  static const char *const lines[] = {"nonsense",
                                      "tickets --nonsense",
                                      "tickets --limit many",
                                      "ticket",
                                      "review approve",
                                      "review reject shop/1",
                                      "report --by colour",
                                      "report --from yesterday",
                                      "invoice",
                                      "invoice --month 2026",
                                      "train",
                                      "--format xml status",
                                      "requeue",
                                      "backup",
                                      "eval"};
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    char *err = said("triagectl", lines[i], 2);
    if (err[0] == '\0') fail_msg("triagectl %s says nothing", lines[i]);
    free(err);
  }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(check_prints_every_problem_with_its_line_and_key),
      T(check_reads_categories_and_price_book_too),
      T(check_tells_everything_in_one_run_whatever_else_is_wrong),
      T(what_only_the_content_shows_is_told_at_its_line_too),
      T(a_file_that_is_no_map_or_no_utf8_says_that_alone),
      T(explain_prints_the_keys_of_every_plugin),
      T(a_good_configuration_is_ok_and_starts_nothing),
      T(a_configuration_that_is_not_there_or_no_yaml_is_78),
      T(a_plugin_of_another_interface_version_is_named_by_check),
      T(what_a_reload_finds_wrong_stands_in_the_log_like_everything_else),
      T(an_unreachable_helpdesk_is_named_and_one_pass_fails),
      T(wrong_credentials_are_named_and_one_pass_fails),
      T(a_wrong_model_key_fails_the_pass_but_loses_nothing),
      T(the_daemon_goes_on_trying_until_the_helpdesk_is_there),
      T(a_newer_database_is_refused_untouched),
      T(a_database_of_another_program_is_refused_untouched),
      T(a_file_that_is_no_database_is_refused_untouched),
      T(a_corrupt_database_is_refused_untouched),
      T(corrupt_pages_end_the_daemon_with_a_message_and_never_quietly),
      T(a_database_that_is_busy_at_the_start_is_no_mistake_in_the_configuration),
      T(training_files_that_teach_nothing_are_refused_with_file_and_line),
      T(training_lines_that_hold_a_zero_byte_or_a_whole_book_are_named),
      T(a_requeue_without_a_database_says_so_and_makes_none),
      T(usage_errors_exit_2),
  };
  return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
