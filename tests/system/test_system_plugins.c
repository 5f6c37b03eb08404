/* Somebody else's plugin: built from its own folder, loaded, and told why when it can not be; and
 * the examples of the helpdesks that are shipped. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static struct rig R;
static char Was[512];

static int begin(void **state) {
  (void)state;
  rig_open(&R);
  snprintf(Was, sizeof Was, "%s", getenv("TRIAGED") != NULL ? getenv("TRIAGED") : "build/triaged");
  return 0;
}

static int end(void **state) {
  (void)state;
  setenv("TRIAGED", Was, 1);
  rig_close(&R);
  return 0;
}

static const char *root(void) {
  return getenv("TRIAGED_ROOT") != NULL ? getenv("TRIAGED_ROOT") : ".";
}

/* Runs a script with $RIG and $ROOT set. */
static void sh(const char *script) {
  char line[4000];
  snprintf(line, sizeof line, "RIG=%s ROOT=%s; set -e; %s", R.dir, root(), script);
  if (system(line) != 0) fail_msg("failed: %s", script);
}

/* A program of our own in FOLDER/out, which finds its plugins beside it. */
static void own_program(void) {
  char program[600], copy[1400];
  snprintf(copy, sizeof copy, "mkdir -p -m 755 $RIG/out/plugins; cp %s $RIG/out/triaged", Was);
  sh(copy);
  snprintf(program, sizeof program, "%s/out/triaged", R.dir);
  setenv("TRIAGED", program, 1);
}

static void own_connector(const char *make) {
  if (system("cc --version >/dev/null 2>&1 && make --version >/dev/null 2>&1") != 0) skip();
  own_program();
  sh("mkdir $RIG/mine; cp $ROOT/tests/abi/minimal_connector.c $RIG/mine/plugin.c;"
     "echo connector minimal >$RIG/mine/plugin.kind");
  sh(make);
}

static const char minimal[] = "state: @DIR@/state\n"
                              "listen: \"off\"\n"
                              "helpdesks:\n"
                              "  - {name: mine, connector: minimal, url: "
                              "\"http://127.0.0.1:@PORT@/sim/stats\", mode: shadow}\n";

static void a_connector_of_somebody_elses_folder_is_built_and_works(void **state) {
  (void)state;
  own_connector("make -s -C $ROOT third-party PLUGINS=$RIG/mine B=$RIG/out CC=cc >/dev/null");
  rig_tickets(&R, 0);
  rig_sim(&R, "--behaviour off");
  sh("cp $ROOT/build/plugins/model-local.so $RIG/out/plugins/ 2>/dev/null ||"
     " cp \"$(dirname \"$(readlink -f \"${HELPDESK_SIM:-build/helpdesk-sim}\")\")\""
     "/plugins/model-local.so $RIG/out/plugins/ 2>/dev/null || true");
  rig_file(&R, "triaged.yaml", minimal);
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 0);
  rig_run(&R, "triaged", "--once", NULL);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE ref = 'mine/1'"), 1);
}

static void a_folder_that_does_not_say_what_it_is_builds_nothing(void **state) {
  (void)state;
  static const char *const kinds[] = {"rm $RIG/mine/plugin.kind",
                                      "echo connector >$RIG/mine/plugin.kind",
                                      "echo desk minimal >$RIG/mine/plugin.kind"};
  own_connector("rm -rf $RIG/out/plugins");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    sh(kinds[i]);
    sh("! make -s -C $ROOT third-party PLUGINS=$RIG/mine B=$RIG/out CC=cc >$RIG/make.log 2>&1;"
       "grep -q 'plugin.kind must hold one line' $RIG/make.log; test -z \"$(ls "
       "$RIG/out/plugins)\"");
  }
}

static void check_says(const char *what, const char *why) {
  sh("rm -f $RIG/err.log");
  assert_int_equal(rig_run(&R, "triaged", "--check", NULL), 78);
  if (!rig_log_has(&R, "err.log", what) || !rig_log_has(&R, "err.log", why))
    fail_msg("--check did not say: %s: %s", what, why);
}

static void check_names_a_plugin_that_can_not_be_loaded_and_why(void **state) {
  (void)state;
  own_connector("make -s -C $ROOT third-party PLUGINS=$RIG/mine B=$RIG/out CC=cc >/dev/null");
  R.port = 9;
  rig_file(&R, "triaged.yaml", minimal);
  sh("chmod o+w $RIG/out/plugins/connector-minimal.so");
  check_says("connector-minimal.so", "written by others");
  sh("cd $RIG/out/plugins; chmod o-w connector-minimal.so;"
     "cp connector-minimal.so connector-other.so; chmod 755 connector-other.so");
  check_says("connector-other.so", "no symbol triaged_plugin_other");
  sh("cd $RIG/out/plugins; rm connector-other.so; echo no object >connector-text.so");
  check_says("connector-text.so", "can not be loaded");
  sh("cd $RIG/out/plugins; rm connector-text.so; cp connector-minimal.so minimal.so");
  check_says("minimal.so", "plugins are named");
  sh("cd $RIG/out/plugins; rm minimal.so; rm connector-minimal.so");
  check_says("connector", "minimal"); /* not there at all */
}

/* Secrets of the examples are given; nothing is sent. */
static void the_examples_of_the_helpdesks_pass_the_check(void **state) {
  (void)state;
  static const char *const names[] = {"zendesk.yaml", "salesforce.yaml", "intercom.yaml",
                                      "folder.yaml"};
  static const char *const secrets[] = {"ZENDESK_CLIENT_SECRET",      "ZENDESK_WEBHOOK_SECRET",
                                        "SALESFORCE_CONSUMER_SECRET", "SALESFORCE_WEBHOOK_SECRET",
                                        "INTERCOM_ACCESS_TOKEN",      "INTERCOM_CLIENT_SECRET"};
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) setenv(secrets[i], "s-0001", 1);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char copy[600];
    snprintf(copy, sizeof copy,
             "mkdir -p $RIG/spool; { echo \"state: $RIG/state\"; sed "
             "\"s|/var/spool/triaged|$RIG/spool|\" $ROOT/config/%s; } >$RIG/triaged.yaml",
             names[i]);
    sh(copy);
    if (rig_run(&R, "triaged", "--check", NULL) != 0) {
      char *log = rig_read(&R, "err.log");
      fail_msg("%s: %s", names[i], log);
    }
  }
  /* a secret that is missing is named, and where */
  unsetenv("SALESFORCE_WEBHOOK_SECRET");
  sh("{ echo \"state: $RIG/state\"; cat $ROOT/config/salesforce.yaml; } >$RIG/triaged.yaml");
  check_says("helpdesks[0].webhook_secret", "SALESFORCE_WEBHOOK_SECRET");
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) unsetenv(secrets[i]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_connector_of_somebody_elses_folder_is_built_and_works),
      T(a_folder_that_does_not_say_what_it_is_builds_nothing),
      T(check_names_a_plugin_that_can_not_be_loaded_and_why),
      T(the_examples_of_the_helpdesks_pass_the_check),
  };
  return cmocka_run_group_tests_name("plugins", tests, NULL, NULL);
}
