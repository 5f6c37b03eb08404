/* The daemon as a service: signals, health, metrics, its socket, its log. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
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

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* rig_config with a port of ours to listen on; returns its base URL. */
static const char *conf_listening(const char *poll) {
  static char url[64];
  char listen[64];
  const int port = rig_port();
  snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
  snprintf(listen, sizeof listen, "listen: \"127.0.0.1:%d\"", port);
  rig_conf(&R, "listen: \"off\"", listen, "poll: 1s", poll, "mode: auto,",
           "mode: auto, webhook_secret: \"${file:hook}\",", NULL);
  rig_file(&R, "hook", "the-webhook-secret\n");
  return url;
}

static long ask(const char *base, const char *path, char **ret_body) {
  char url[200];
  snprintf(url, sizeof url, "%s%s", base, path);
  return rig_http("GET", url, NULL, NULL, ret_body);
}

static void until_status(const char *base, const char *path, long want) {
  long have = -1;
  for (int i = 0; i < 2000; i++) {
    if ((have = ask(base, path, NULL)) == want) return;
    rig_sleep_ms(10);
  }
  fail_msg("%s stayed at %ld, not %ld", path, have, want);
}

/* --- starting and stopping
 * ------------------------------------------------------------------------ */

static void a_second_daemon_on_one_state_directory_says_so_and_exits_1(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  assert_int_equal(rig_run(&R, "triaged", "", NULL), 1);
  assert_true(rig_log_has(&R, "err.log", "is in use by another triaged"));
  char pid[32];
  snprintf(pid, sizeof pid, "process %d", (int)R.daemon);
  assert_true(rig_log_has(&R, "err.log", pid));
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 1);
  assert_true(rig_alive(&R));
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void a_term_signal_ends_within_drain_although_a_model_hangs(void **state) {
  (void)state;
  rig_tickets(&R, 6);
  rig_sim(&R, "--behaviour off --model-latency 60s");
  rig_conf(&R, "tasks:", "drain: 1s\ntasks:", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM model_call WHERE outcome = ''", 6);
  const int64_t from = now_ms();
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_true(now_ms() - from < 2500);
  /* Nothing was forgotten: the next start takes the same tickets up again. */
  rig_start(&R, "");
  /* Those of before are lost by now, so that these are new ones. */
  rig_until(&R,
            "SELECT count(*) FROM model_call WHERE outcome = '' AND (SELECT count(*) > 0 FROM"
            " model_call WHERE outcome <> '')",
            6);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets"), 6);
  assert_int_equal(rig_stop(&R, SIGINT), 0);
}

static void a_term_signal_lets_what_is_in_flight_finish(void **state) {
  (void)state;
  rig_tickets(&R, 30);
  rig_sim(&R, "--behaviour off --model-latency 400ms");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) > 0 FROM ticket WHERE state = 'drafting'", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_false(rig_log_has(&R, "daemon.log", "drain.over"));
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM model_call WHERE outcome = ''"), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM ticket WHERE state IN ('triaging','drafting',"
                               "'writing')"),
                   0);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 30);
  /* What had been answered before was not asked again. */
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE outcome = 'ok'"), 60);
}

static void a_term_signal_while_the_first_model_is_learned_ends_without_the_drain(void **state) {
  (void)state;
  rig_tickets(&R, 3);
  rig_sim(&R, "--seed 3 --behaviour off");
  rig_conf(&R, "models:\n", "models:\n  - {name: house, backend: local}\n", NULL);
  rig_start(&R, "");
  /* From the socket on, signals are heard. */
  for (int i = 0; i < 4000 && access(rig_path(&R, "state/control.sock"), F_OK) != 0; i++)
    rig_sleep_ms(5);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_false(rig_log_has(&R, "daemon.log", "drain.over"));
}

static void a_second_term_signal_ends_at_once(void **state) {
  (void)state;
  rig_tickets(&R, 3);
  rig_sim(&R, "--behaviour off --model-latency 60s");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM ticket WHERE state = 'triaging'", 3);
  kill(R.daemon, SIGTERM);
  rig_until_log(&R, "daemon.log", "daemon.stopping");
  const int64_t from = now_ms();
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_true(now_ms() - from < 2000);
}

/* The daemon reads a configuration that nobody writes yet: it is held while it starts, before there
 * is a store, a loop or a socket. Returns where to write it. */
static int start_held(const char *args) {
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rename(rig_path(&R, "triaged.yaml"), rig_path(&R, "kept.yaml")), 0);
  assert_int_equal(mkfifo(rig_path(&R, "triaged.yaml"), 0600), 0);
  rig_start(&R, args);
  for (int i = 0; i < 2000; i++) {
    const int fd = open(rig_path(&R, "triaged.yaml"), O_WRONLY | O_NONBLOCK);
    if (fd >= 0) return fd;
    assert_int_equal(errno, ENXIO); /* no reader yet */
    rig_sleep_ms(5);
  }
  fail_msg("the configuration was never read");
  return -1;
}

/* For whoever reads it next it is a file again. */
static void let_go(int fd) {
  assert_int_equal(rename(rig_path(&R, "kept.yaml"), rig_path(&R, "triaged.yaml")), 0);
  char *text = rig_read(&R, "triaged.yaml");
  const size_t n = strlen(text);
  assert_int_equal(write(fd, text, n), n);
  assert_int_equal(close(fd), 0);
  free(text);
}

static void ended_before_it_began(int status, const char *why) {
  assert_int_equal(status, 0);
  assert_true(rig_log_has(&R, "daemon.log", why));
  assert_true(rig_log_has(&R, "daemon.log", "daemon.stopped status=0"));
  assert_false(rig_log_has(&R, "daemon.log", "daemon.ready"));
  assert_int_not_equal(access(rig_path(&R, "state/control.sock"), F_OK), 0);
  cJSON *stats = rig_get(&R, "/sim/stats");
  assert_int_equal(cJSON_GetObjectItemCaseSensitive(stats, "requests")->valueint, 0);
  cJSON_Delete(stats);
  /* The lock is free, and the next start finds nothing half-done. */
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_tickets WHERE outcome <> ''"), 2);
}

static void a_term_signal_before_anything_runs_ends_cleanly(void **state) {
  (void)state;
  const int fd = start_held("");
  kill(R.daemon, SIGTERM);
  let_go(fd);
  ended_before_it_began(rig_stop(&R, 0), "daemon.stopping why=SIGTERM");
}

static void an_interrupt_before_one_pass_begins_ends_cleanly(void **state) {
  (void)state;
  const int fd = start_held("--once");
  kill(R.daemon, SIGINT);
  let_go(fd);
  ended_before_it_began(rig_stop(&R, 0), "daemon.stopping why=SIGINT");
}

static void a_reload_asked_for_before_anything_runs_is_made_then(void **state) {
  (void)state;
  const int fd = start_held("");
  kill(R.daemon, SIGHUP);
  let_go(fd);
  rig_until_log(&R, "daemon.log", "config.reloaded");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 2);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* A first file that is no text says in the log that indexing has begun; the others are many. */
static void
a_term_signal_while_knowledge_is_indexed_ends_soon_and_keeps_what_is_done(void **state) {
  (void)state;
  enum { FILES = 3000 };
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, "knowledge: [@ROOT@/tests/data/demo/kb]", "knowledge: [@DIR@/kb]", NULL);
  assert_int_equal(mkdir(rig_path(&R, "kb"), 0700), 0);
  rig_file(&R, "kb/a.md", "\xff\xfe");
  for (int i = 0; i < FILES; i++) {
    char name[32], text[200];
    snprintf(name, sizeof name, "kb/b%04d.md", i);
    snprintf(text, sizeof text, "# Parcel %d\n\nParcel number %d leaves us on day %d.\n", i, i, i);
    rig_file(&R, name, text);
  }
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "knowledge.problem");
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_true(rig_log_has(&R, "daemon.log", "daemon.stopped status=0"));
  assert_false(rig_log_has(&R, "daemon.log", "daemon.ready"));
  const int64_t first = rig_sql(&R, "SELECT count(*) FROM passage");
  assert_true(first < FILES);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM passage WHERE id LIKE 'kb:%'"), FILES);
}

static void the_exit_status_of_one_pass_tells_what_happened(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  assert_int_equal(rig_run(&R, "triaged", "--once --check", NULL), 2);
  assert_int_equal(rig_run(&R, "triaged", "--nonsense", NULL), 2);
  assert_int_equal(rig_run(&R, "triaged", "leftover", NULL), 2);
  rig_conf(&R, "tasks:", "taskz: 1\ntasks:", NULL);
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 78);
  char *out = NULL;
  assert_int_equal(rig_run(&R, "triaged", "--version", &out), 0);
  assert_non_null(strstr(out, "triaged "));
  free(out);
}

/* --- reloading
 * ------------------------------------------------------------------------------------ */

static void a_reload_swaps_the_model_without_losing_a_ticket(void **state) {
  (void)state;
  rig_tickets(&R, 60);
  rig_sim(&R, "--behaviour off --model-latency 60ms");
  rig_conf(&R, "write: 0.125}}", "write: 0.125}, max_in_flight: 4}", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) > 4 FROM v_model_calls WHERE outcome = 'ok'", 1);
  rig_conf(&R, "name: haiku", "name: sonnet", "model: claude-haiku-5-5", "model: claude-sonnet-5-5",
           "models: [haiku]", "models: [sonnet]", "models: [haiku]", "models: [sonnet]", NULL);
  kill(R.daemon, SIGHUP);
  rig_until_log(&R, "daemon.log", "config.reloaded");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following' AND outcome <> ''", 60);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 60);
  assert_true(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE model = 'haiku' AND "
                          "outcome = 'ok'") > 0);
  assert_true(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE model = 'sonnet' AND "
                          "outcome = 'ok'") > 0);
  assert_int_equal(rig_sql(&R, "SELECT count(*) FROM v_model_calls WHERE outcome = ''"), 0);
}

static void a_reload_with_errors_keeps_the_old_configuration_and_logs_them(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off --export-lag 0s");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 2);
  rig_conf_change(&R, "poll: 1s", "poll: soon", "backend: anthropic", "backend: nobody", NULL);
  kill(R.daemon, SIGHUP);
  rig_until_log(&R, "daemon.log", "config.refused");
  assert_true(rig_log_has(&R, "daemon.log", "triaged.yaml:5: helpdesks[0].poll"));
  assert_true(rig_log_has(&R, "daemon.log", "nobody"));
  rig_add(&R, "{\"id\":\"900\",\"body\":\"Where is my parcel?\",\"requester\":{\"name\":\"Late "
              "One\",\"email\":\"late@example.com\"}}");
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 3);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static void a_reload_that_takes_a_helpdesk_out_and_in_again_goes_on_where_it_was(void **state) {
  (void)state;
  rig_tickets(&R, 20);
  rig_sim(&R, "--behaviour off --export-lag 0s --model-latency 50ms");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) > 3 FROM v_tickets WHERE outcome <> ''", 1);
  rig_conf(&R, "mode: auto", "mode: off", NULL);
  kill(R.daemon, SIGHUP);
  rig_until_log(&R, "daemon.log", "config.reloaded");
  rig_sleep_ms(300);
  assert_true(rig_alive(&R));
  rig_conf(&R, NULL);
  kill(R.daemon, SIGHUP);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 20);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  assert_int_equal(rig_check_no_double(&R, NULL, NULL), 20);
}

/* --- HTTP
 * ------------------------------------------------------------------------------------------ */

static void ready_is_503_until_every_helpdesk_was_reached(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off --faults zendesk.503=1");
  const char *base = conf_listening("poll: 1s");
  rig_start(&R, "");
  until_status(base, "/healthz", 200);
  char *body = NULL;
  assert_int_equal(ask(base, "/readyz", &body), 503);
  assert_non_null(strstr(body, "shop"));
  free(body);
  cJSON_Delete(rig_post(&R, "/sim/faults", ""));
  until_status(base, "/readyz", 200);
  /* An outage later is no reason to be taken out of service: it says so in the metrics. */
  cJSON_Delete(rig_post(&R, "/sim/faults", "zendesk.503=1"));
  rig_until(&R, "SELECT count(*) > 0 FROM cursor WHERE error <> ''", 1);
  assert_int_equal(ask(base, "/readyz", NULL), 200);
  assert_int_equal(ask(base, "/healthz", NULL), 200);
  assert_int_equal(ask(base, "/nothing", NULL), 404);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* One sample line: name{label="value",...} number. */
static void metric_line(const char *line, regex_t *form) {
  if (regexec(form, line, 0, NULL, 0) != 0) fail_msg("no Prometheus text: %s", line);
}

static void metrics_have_every_promised_name_and_parse(void **state) {
  (void)state;
  static const char *const promised[] = {
      "triaged_tickets_total{helpdesk=\"shop\",outcome=\"",
      "triaged_queue_depth{stage=\"",
      "triaged_lag_seconds{helpdesk=\"shop\"}",
      "triaged_model_requests_total{model=\"haiku\",task=\"triage\",result=\"ok\"}",
      "triaged_model_seconds_bucket{model=\"haiku\",le=\"+Inf\"}",
      "triaged_model_seconds_sum{model=\"haiku\"}",
      "triaged_model_seconds_count{model=\"haiku\"}",
      "triaged_model_tokens_total{model=\"haiku\",kind=\"input\"}",
      "triaged_model_tokens_total{model=\"haiku\",kind=\"output\"}",
      "triaged_model_cost_usd_total{model=\"haiku\"}",
      "triaged_overhead_seconds_bucket{le=\"+Inf\"}",
      "triaged_overhead_seconds_sum",
      "triaged_overhead_seconds_count",
      "triaged_overhead_cpu_seconds_bucket{le=\"+Inf\"}",
      "triaged_resolutions_total{helpdesk=\"shop\",state=\"",
      "triaged_charged_usd_total{helpdesk=\"shop\"}",
      "triaged_deliveries_total{helpdesk=\"shop\",kind=\"",
  };
  rig_tickets(&R, 8);
  rig_sim(&R, "--seed 3 --behaviour off");
  const char *base = conf_listening("poll: 1s");
  assert_int_equal(rig_run(&R, "triaged", "--once", NULL), 0);
  rig_later(&R, "100h");
  rig_start(&R, "");
  until_status(base, "/readyz", 200);
  rig_until(&R, "SELECT count(*) > 0 FROM v_charges", 1);
  char *text = NULL;
  assert_int_equal(ask(base, "/metrics", &text), 200);
  for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++)
    if (strstr(text, promised[i]) == NULL) fail_msg("no %s in\n%s", promised[i], text);
  regex_t form;
  assert_int_equal(regcomp(&form,
                           "^[a-z_]+(\\{([a-z]+=\"([^\"\\\\]|\\\\.)*\",?)*\\})? "
                           "(-?[0-9]+(\\.[0-9]+)?(e[-+][0-9]+)?|\\+Inf|NaN)$",
                           REG_EXTENDED | REG_NOSUB),
                   0);
  char *save = NULL, last[120] = "";
  for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
    if (strncmp(line, "# TYPE ", 7) == 0) {
      snprintf(last, sizeof last, "%.*s", (int)strcspn(line + 7, " "), line + 7);
      continue;
    }
    if (line[0] == '#') continue;
    metric_line(line, &form);
    /* Samples stand below the TYPE line of their family. */
    assert_true(strncmp(line, last, strlen(last)) == 0);
  }
  regfree(&form);
  free(text);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

/* --- socket, log, modes
 * --------------------------------------------------------------------- */

static int sock_connect(void) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "%s", rig_path(&R, "state/control.sock"));
  struct timeval patience = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
  return fd;
}

/* Sends the bytes; the first part of what comes back. */
static void sock_say(const void *bytes, size_t n, char *out, size_t room) {
  const int fd = sock_connect();
  size_t at = 0;
  while (at < n) {
    const ssize_t k = send(fd, (const char *)bytes + at, n - at, MSG_NOSIGNAL);
    if (k <= 0) break; /* it may hang up on a line that never ends */
    at += (size_t)k;
  }
  out[0] = '\0';
  const ssize_t k = recv(fd, out, room - 1, 0);
  out[k > 0 ? k : 0] = '\0';
  close(fd);
}

static void the_control_socket_survives_garbage(void **state) {
  (void)state;
  rig_tickets(&R, 1);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  rig_start(&R, "");
  rig_until_log(&R, "daemon.log", "daemon.ready");
  char out[8192];
  static const char *const lines[] = {
      "\n",
      "{}\n",
      "[]\n",
      "null\n",
      "{\"do\":\n",
      "{\"do\":5}\n",
      "{\"do\":\"nothing\"}\n",
      "{\"do\":\"requeue\"}\n",
      "{\"do\":\"requeue\",\"ref\":\"///\",\"who\":\"x\"}\n",
      "{\"do\":\"requeue\",\"ref\":\"shop/404\"}\n",
      "{\"do\":\"review\"}\n",
      "{\"do\":\"review\",\"verb\":\"approve\",\"ref\":\"shop/1\"}\n",
      "{\"do\":\"review\",\"verb\":\"\",\"ref\":\"\",\"text\":\"\"}\n",
      "{\"do\":\"train\"}\n",
      "{\"do\":\"train\",\"file\":\"/nowhere/at/all\"}\n",
      "{\"do\":\"train\",\"file\":\"\"}\n",
      "{\"do\":\"test\"}\n",
      "{\"do\":\"test\",\"model\":\"nobody\"}\n",
      "\xff\xfe\x01{\n",
      "{\"do\":\"status\",\"do\":\"status\"}\n"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    sock_say(lines[i], strlen(lines[i]), out, sizeof out);
    assert_true(rig_alive(&R));
  }
  const size_t many = (size_t)8 << 20;
  char *flood = malloc(many);
  memset(flood, 'x', many);
  sock_say(flood, many, out, sizeof out);
  assert_true(rig_alive(&R));
  memset(flood, '[', many);
  flood[many / 8] = '\n';
  sock_say(flood, many / 8 + 1, out, sizeof out);
  assert_true(rig_alive(&R));
  free(flood);
  close(sock_connect()); /* says nothing and goes */
  sock_say("{\"do\":\"status\"}\n", 16, out, sizeof out);
  assert_non_null(strstr(out, "\"ok\":true"));
  assert_non_null(strstr(out, "\"shop\""));
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

static bool about_a_ticket(const char *event) {
  static const char *const of[] = {"ticket.", "triage.", "draft.",      "policy.",
                                   "write.",  "fetch.",  "model.failed"};
  for (size_t i = 0; i < sizeof of / sizeof of[0]; i++)
    if (strncmp(event, of[i], strlen(of[i])) == 0) return true;
  return false;
}

static void every_line_about_a_ticket_names_it(void **state) {
  (void)state;
  rig_tickets(&R, 12);
  rig_sim(&R, "--seed 4 --behaviour off --retry-after 0 --faults 429=0.05,resetafter=0.1,500=0.05");
  rig_conf(&R, "level: info", "level: debug", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) >= 10 FROM v_tickets WHERE state = 'following'", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  char *log = rig_read(&R, "daemon.log"), *save = NULL;
  int lines = 0;
  for (char *l = strtok_r(log, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save)) {
    char event[64] = "";
    if (sscanf(l, "%*s %*s %63s", event) != 1) fail_msg("no log line: %s", l);
    if (!about_a_ticket(event)) continue;
    if (strstr(l, " ticket=shop/") == NULL) fail_msg("which ticket? %s", l);
    lines++;
  }
  free(log);
  assert_true(lines > 40);
}

static void the_json_log_is_one_object_a_line(void **state) {
  (void)state;
  rig_tickets(&R, 12);
  rig_sim(&R, "--seed 4 --behaviour off --retry-after 0 --faults 429=0.05,resetafter=0.1,500=0.05");
  rig_conf(&R, "log: {level: info}", "log: {level: debug, format: json}", NULL);
  rig_start(&R, "");
  rig_until(&R, "SELECT count(*) >= 10 FROM v_tickets WHERE state = 'following'", 1);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
  char *log = rig_read(&R, "daemon.log"), *save = NULL;
  int lines = 0;
  for (char *l = strtok_r(log, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save)) {
    cJSON *o = cJSON_Parse(l);
    if (!cJSON_IsObject(o)) fail_msg("no JSON: %s", l);
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(o, "event");
    assert_true(cJSON_IsString(event));
    if (about_a_ticket(event->valuestring)) {
      const cJSON *t = cJSON_GetObjectItemCaseSensitive(o, "ticket");
      if (!cJSON_IsString(t) || strncmp(t->valuestring, "shop/", 5) != 0)
        fail_msg("which ticket? %s", l);
      lines++;
    }
    cJSON_Delete(o);
  }
  free(log);
  assert_true(lines > 40);
}

static void nobody_but_the_owner_can_read_the_state(void **state) {
  (void)state;
  rig_tickets(&R, 2);
  rig_sim(&R, "--behaviour off");
  rig_conf(&R, NULL);
  const mode_t was = umask(0);
  rig_start(&R, "");
  umask(was);
  rig_until(&R, "SELECT count(*) FROM v_tickets WHERE state = 'following'", 2);
  static const char *const files[] = {"state",
                                      "state/key",
                                      "state/lock",
                                      "state/control.sock",
                                      "state/triaged.db",
                                      "state/triaged.db-wal",
                                      "state/triaged.db-shm"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    struct stat s;
    if (stat(rig_path(&R, files[i]), &s) != 0) fail_msg("%s is not there", files[i]);
    if ((s.st_mode & 027) != 0) fail_msg("%s has mode %o", files[i], (unsigned)s.st_mode & 0777);
  }
  struct stat s;
  assert_int_equal(stat(rig_path(&R, "state"), &s), 0);
  assert_int_equal(s.st_mode & 0777, 0700);
  assert_int_equal(stat(rig_path(&R, "state/key"), &s), 0);
  assert_int_equal(s.st_mode & 0077, 0);
  assert_int_equal(stat(rig_path(&R, "state/control.sock"), &s), 0);
  assert_int_equal(s.st_mode & 0077, 0);
  assert_int_equal(rig_stop(&R, SIGTERM), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(a_second_daemon_on_one_state_directory_says_so_and_exits_1),
      T(a_term_signal_ends_within_drain_although_a_model_hangs),
      T(a_term_signal_lets_what_is_in_flight_finish),
      T(a_term_signal_while_the_first_model_is_learned_ends_without_the_drain),
      T(a_second_term_signal_ends_at_once),
      T(a_term_signal_before_anything_runs_ends_cleanly),
      T(an_interrupt_before_one_pass_begins_ends_cleanly),
      T(a_reload_asked_for_before_anything_runs_is_made_then),
      T(a_term_signal_while_knowledge_is_indexed_ends_soon_and_keeps_what_is_done),
      T(the_exit_status_of_one_pass_tells_what_happened),
      T(a_reload_swaps_the_model_without_losing_a_ticket),
      T(a_reload_with_errors_keeps_the_old_configuration_and_logs_them),
      T(a_reload_that_takes_a_helpdesk_out_and_in_again_goes_on_where_it_was),
      T(ready_is_503_until_every_helpdesk_was_reached),
      T(metrics_have_every_promised_name_and_parse),
      T(the_control_socket_survives_garbage),
      T(every_line_about_a_ticket_names_it),
      T(the_json_log_is_one_object_a_line),
      T(nobody_but_the_owner_can_read_the_state),
  };
  return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
