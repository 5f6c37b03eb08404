#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <sqlite3.h>

#define ARGS_MAX 64

const char rig_config[] =
    "state: @DIR@/state\n"
    "listen: \"off\"\n"
    "log: {level: info}\n"
    "helpdesks:\n"
    "  - {name: shop, connector: zendesk, url: \"http://127.0.0.1:@PORT@\", mode: auto, poll: 1s,\n"
    "     since: \"2026-11-01T00:00:00Z\", auth: {type: bearer, token: \"${file:token}\"}}\n"
    "models:\n"
    "  - {name: haiku, backend: anthropic, model: claude-haiku-5-5, url: "
    "\"http://127.0.0.1:@PORT@\",\n"
    "     key: \"${file:token}\", price: {input: 0.10, output: 0.50, cache_read: 0.01, "
    "cache_write: 0.125}}\n"
    "tasks: {triage: {models: [haiku], accept: 0.0}, draft: {models: [haiku]}}\n"
    "skills: [@ROOT@/skills/customer-support]\n"
    "knowledge: [@ROOT@/tests/data/demo/kb]\n"
    "policy: {auto: {accept: 0.0, categories: [billing, shipping, how-to, technical, "
    "refund-return, product-question, account-access, cancellation, complaint, feedback], "
    "citation: optional}, links: [example.com], disclosure: \"I am an AI assistant.\"}\n";

void rig_sleep_ms(int ms) {
  const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&t, NULL);
}

char *rig_path(const struct rig *r, const char *name) {
  static char out[4][512];
  static int next;
  char *p = out[next = (next + 1) % 4];
  snprintf(p, sizeof out[0], "%s/%s", r->dir, name);
  return p;
}

static const char *env_or(const char *name, const char *otherwise) {
  const char *v = getenv(name);
  return v != NULL ? v : otherwise;
}

/* --- files ---------------------------------------------------------------------------------------
 */

static char *file_text(const char *path) {
  FILE *f = fopen(path, "rb");
  if (f == NULL) return NULL;
  char *text = NULL;
  size_t n = 0, room = 0;
  for (size_t got = 1; got > 0;) {
    if (n + 65536 > room) text = realloc(text, room = n + 131072);
    got = fread(text + n, 1, 65536, f);
    n += got;
  }
  text[n] = '\0';
  fclose(f);
  return text;
}

void rig_file(struct rig *r, const char *name, const char *text) {
  FILE *f = fopen(rig_path(r, name), "w");
  assert_non_null(f);
  for (const char *p = text; *p != '\0';) {
    if (strncmp(p, "@PORT@", 6) == 0) {
      fprintf(f, "%d", r->port);
      p += 6;
    } else if (strncmp(p, "@DIR@", 5) == 0) {
      fputs(r->dir, f);
      p += 5;
    } else if (strncmp(p, "@ROOT@", 6) == 0) {
      fputs(env_or("TRIAGED_ROOT", "."), f);
      p += 6;
    } else {
      fputc(*p++, f);
    }
  }
  assert_int_equal(fclose(f), 0);
  chmod(rig_path(r, name), 0600);
}

void rig_tickets(struct rig *r, int count) {
  static const char *const bodies[] = {
      "Where is my parcel? The tracking has not moved for days.",
      "I was charged twice for one order, please check my invoice.",
      "How do I pair the app with my bike?",
      "I want to send the helmet back, how long do I have for a return?",
      "The display shows an error after the update and the motor does not assist.",
      "Please cancel my subscription at the end of the month.",
      "Does the rack fit the small frame size?",
      "I cannot log in, the reset mail does not arrive."};
  FILE *f = fopen(rig_path(r, "tickets.jsonl"), "w");
  assert_non_null(f);
  for (int i = 1; i <= count; i++)
    fprintf(f,
            "{\"id\":\"%d\",\"helpdesk\":\"zendesk\",\"subject\":\"Question %d\",\"body\":\"%s My "
            "number is %d.\",\"requester\":{\"name\":\"Person %d\",\"email\":\"p%d@example.com\"},"
            "\"created_at\":\"2026-11-%02dT%02d:%02d:00Z\"}\n",
            i, i, bodies[i % 8], 1000 + i, i, i, 2 + i % 12, i % 24, i % 60);
  assert_int_equal(fclose(f), 0);
}

bool rig_log_has(struct rig *r, const char *file, const char *text) {
  char *log = file_text(rig_path(r, file));
  const bool has = log != NULL && strstr(log, text) != NULL;
  free(log);
  return has;
}

/* --- processes -----------------------------------------------------------------------------------
 */

static void open_to(const char *path, int fd, bool append) {
  const int f = open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0600);
  if (f < 0 || dup2(f, fd) < 0) _exit(126);
  close(f);
}

/* In the child: splits the words, sets the clock, becomes the program. */
static void become(const struct rig *r, const char *program, const char *first, const char *args) {
  static char words[4096];
  char *argv[ARGS_MAX] = {(char *)(uintptr_t)program};
  int n = 1;
  snprintf(words, sizeof words, "%s %s", first, args);
  for (char *save = NULL, *w = strtok_r(words, " ", &save); w != NULL && n < ARGS_MAX - 1;
       w = strtok_r(NULL, " ", &save))
    argv[n++] = w;
  if (r->clock[0] != '\0') setenv("TRIAGED_CLOCK", r->clock, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nothing running */
  execv(program, argv);
  _exit(127);
}

static const char *program_of(const char *name) {
  if (strcmp(name, "triaged") == 0) return env_or("TRIAGED", "build/triaged");
  if (strcmp(name, "triagectl") == 0) return env_or("TRIAGECTL", "build/triagectl");
  return env_or("HELPDESK_SIM", "build/helpdesk-sim");
}

static int status_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int rig_run(struct rig *r, const char *program, const char *args, char **ret_out) {
  char conf[600];
  snprintf(conf, sizeof conf, "-c %s/triaged.yaml", r->dir);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    open_to(rig_path(r, "out.log"), STDOUT_FILENO, false);
    open_to(rig_path(r, "err.log"), STDERR_FILENO, true);
    become(r, program_of(program), conf, args);
  }
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (ret_out != NULL) *ret_out = file_text(rig_path(r, "out.log"));
  return status_of(status);
}

void rig_start(struct rig *r, const char *args) {
  char conf[600];
  snprintf(conf, sizeof conf, "-c %s/triaged.yaml", r->dir);
  r->daemon = fork();
  assert_true(r->daemon >= 0);
  if (r->daemon == 0) {
    open_to(rig_path(r, "daemon.log"), STDERR_FILENO, true);
    become(r, program_of("triaged"), conf, args);
  }
}

int rig_stop(struct rig *r, int signum) {
  int status = 0;
  if (r->daemon <= 0) return -1;
  kill(r->daemon, signum);
  for (int i = 0; i < 3000; i++) {
    if (waitpid(r->daemon, &status, WNOHANG) == r->daemon) {
      r->daemon = 0;
      return status_of(status);
    }
    rig_sleep_ms(10);
  }
  fail_msg("the daemon did not end within 30 s");
  return -1;
}

bool rig_alive(struct rig *r) {
  int status = 0;
  if (r->daemon <= 0) return false;
  if (waitpid(r->daemon, &status, WNOHANG) != r->daemon) return true;
  r->daemon = 0;
  return false;
}

void rig_open(struct rig *r) {
  *r = (struct rig){0};
  snprintf(r->dir, sizeof r->dir, "%s/triaged-rig-XXXXXX", env_or("TMPDIR", "/tmp"));
  assert_non_null(mkdtemp(r->dir));
  rig_file(r, "token", "test-token\n");
}

void rig_sim(struct rig *r, const char *sim_args) {
  char first[700];
  snprintf(first, sizeof first, "--port 0 --tickets %s/tickets.jsonl", r->dir);
  r->sim = fork();
  assert_true(r->sim >= 0);
  if (r->sim == 0) {
    open_to(rig_path(r, "sim.out"), STDOUT_FILENO, false);
    open_to(rig_path(r, "sim.log"), STDERR_FILENO, false);
    become(r, program_of("helpdesk-sim"), first, sim_args);
  }
  for (int i = 0; i < 2000 && r->port == 0; i++) {
    char *out = file_text(rig_path(r, "sim.out"));
    if (out != NULL) sscanf(out, "listening on 127.0.0.1:%d", &r->port);
    free(out);
    if (r->port == 0) rig_sleep_ms(5);
  }
  assert_true(r->port > 0);
}

void rig_close(struct rig *r) {
  if (r->daemon > 0) rig_stop(r, SIGKILL);
  if (r->sim > 0) {
    kill(r->sim, SIGKILL);
    waitpid(r->sim, NULL, 0);
  }
  for (size_t i = 0; i < sizeof r->taps / sizeof r->taps[0]; i++)
    if (r->taps[i] > 0) {
      kill(r->taps[i], SIGKILL);
      waitpid(r->taps[i], NULL, 0);
    }
  if (getenv("KEEP_RIG") != NULL) {
    fprintf(stderr, "# kept: %s\n", r->dir);
    return;
  }
  const pid_t pid = fork();
  if (pid == 0) {
    execlp("rm", "rm", "-rf", r->dir, (char *)NULL);
    _exit(127);
  }
  waitpid(pid, NULL, 0);
}

/* --- HTTP ----------------------------------------------------------------------------------------
 */

struct text {
  char *p;
  size_t n;
};

static size_t text_add(char *p, size_t size, size_t count, void *arg) {
  struct text *t = arg;
  t->p = realloc(t->p, t->n + size * count + 1);
  memcpy(t->p + t->n, p, size * count);
  t->n += size * count;
  t->p[t->n] = '\0';
  return size * count;
}

long rig_http(const char *method, const char *url, const char *headers, const char *body,
              char **ret_body) {
  CURL *c = curl_easy_init();
  assert_non_null(c);
  struct text t = {calloc(1, 1), 0};
  struct curl_slist *list = NULL;
  char *lines = headers != NULL ? strdup(headers) : NULL, *rest = lines;
  for (char *one; (one = strsep(&rest, "\n")) != NULL;) {
    one[strcspn(one, "\r")] = '\0';
    list = curl_slist_append(list, one);
  }
  free(lines);
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
  if (body != NULL) curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, text_add);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(c, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  long status = 0;
  if (curl_easy_perform(c) == CURLE_OK) curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_cleanup(c);
  curl_slist_free_all(list);
  if (ret_body != NULL)
    *ret_body = t.p;
  else
    free(t.p);
  return status;
}

static cJSON *sim_ask(struct rig *r, const char *method, const char *path, const char *body) {
  char url[600], *text = NULL;
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", r->port, path);
  assert_int_equal(rig_http(method, url, NULL, body, &text), 200);
  cJSON *o = cJSON_Parse(text);
  assert_non_null(o);
  free(text);
  return o;
}

cJSON *rig_get(struct rig *r, const char *path) {
  return sim_ask(r, "GET", path, NULL);
}
cJSON *rig_post(struct rig *r, const char *path, const char *body) {
  return sim_ask(r, "POST", path, body);
}

void rig_later(struct rig *r, const char *duration) {
  char body[80];
  snprintf(body, sizeof body, "{\"advance\":\"%s\"}", duration);
  cJSON *o = rig_post(r, "/sim/time", body);
  rig_clock(r, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "now")));
  cJSON_Delete(o);
}

void rig_clock(struct rig *r, const char *moment) {
  struct tm tm = {0};
  struct timespec real;
  const char *rest = strptime(moment, "%Y-%m-%dT%H:%M:%S", &tm);
  assert_non_null(rest);
  clock_gettime(CLOCK_REALTIME, &real);
  const int64_t ms = (int64_t)timegm(&tm) * 1000 + (int64_t)(1000 * strtod(rest, NULL));
  snprintf(r->clock, sizeof r->clock, "%+lldms",
           (long long)(ms - real.tv_sec * 1000 - real.tv_nsec / 1000000));
}

/* --- the database and the simulator's truth
 * ------------------------------------------------------- */

static bool sql_look(struct rig *r, const char *sql, int64_t *ret, char *out, size_t room) {
  sqlite3 *db = NULL;
  sqlite3_stmt *q = NULL;
  bool ok = sqlite3_open_v2(rig_path(r, "state/triaged.db"), &db, SQLITE_OPEN_READONLY, NULL) ==
            SQLITE_OK;
  if (ok) sqlite3_busy_timeout(db, 2000);
  ok = ok && sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK &&
       sqlite3_step(q) == SQLITE_ROW;
  if (ok && ret != NULL) *ret = sqlite3_column_int64(q, 0);
  if (ok && out != NULL) snprintf(out, room, "%s", (const char *)sqlite3_column_text(q, 0));
  sqlite3_finalize(q);
  sqlite3_close(db);
  return ok;
}

int64_t rig_sql(struct rig *r, const char *sql) {
  int64_t n = 0;
  if (!sql_look(r, sql, &n, NULL, 0)) fail_msg("cannot ask: %s", sql);
  return n;
}

void rig_sql_text(struct rig *r, const char *sql, char *out, size_t room) {
  out[0] = '\0';
  if (!sql_look(r, sql, NULL, out, room)) fail_msg("cannot ask: %s", sql);
}

void rig_until(struct rig *r, const char *sql, int64_t want) {
  int64_t n = -1;
  for (int i = 0; i < 4000; i++) {
    if (sql_look(r, sql, &n, NULL, 0) && n == want) return;
    rig_sleep_ms(5);
  }
  fail_msg("%s stayed at %lld, not %lld", sql, (long long)n, (long long)want);
}

int rig_check_no_double(struct rig *r, int *ret_notes, int *ret_replies) {
  cJSON *stats = rig_get(r, "/sim/stats");
  const cJSON *tickets = cJSON_GetObjectItemCaseSensitive(stats, "tickets"), *t = NULL;
  int touched = 0, notes = 0, replies = 0;
  cJSON_ArrayForEach(t, tickets) {
    const cJSON *dup = cJSON_GetObjectItemCaseSensitive(t, "duplicates");
    if (cJSON_IsNumber(dup) && dup->valueint != 0)
      fail_msg("%s was written %d times too often", t->string, dup->valueint);
    notes += cJSON_GetObjectItemCaseSensitive(t, "notes")->valueint;
    replies += cJSON_GetObjectItemCaseSensitive(t, "replies")->valueint;
    touched++;
  }
  cJSON_Delete(stats);
  if (ret_notes != NULL) *ret_notes = notes;
  if (ret_replies != NULL) *ret_replies = replies;
  return touched;
}

/* --- configuration and files
 * ---------------------------------------------------------------------- */

static char *text_with(const char *text, const char *what, const char *by) {
  const char *at = strstr(text, what);
  if (at == NULL) fail_msg("the configuration does not contain: %s", what);
  const size_t n = strlen(text) - strlen(what) + strlen(by) + 1;
  char *out = malloc(n);
  assert_non_null(out);
  snprintf(out, n, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
  return out;
}

static void conf_write(struct rig *r, char *text, va_list pairs) {
  for (const char *what; (what = va_arg(pairs, const char *)) != NULL;) {
    char *next = text_with(text, what, va_arg(pairs, const char *));
    free(text);
    text = next;
  }
  rig_file(r, "triaged.yaml", text);
  free(text);
}

void rig_conf(struct rig *r, ...) {
  va_list pairs;
  va_start(pairs, r);
  conf_write(r, strdup(rig_config), pairs);
  va_end(pairs);
}

void rig_conf_change(struct rig *r, ...) {
  va_list pairs;
  va_start(pairs, r);
  conf_write(r, rig_read(r, "triaged.yaml"), pairs);
  va_end(pairs);
}

char *rig_read(struct rig *r, const char *name) {
  return file_text(rig_path(r, name));
}

void rig_until_log(struct rig *r, const char *file, const char *text) {
  for (int i = 0; i < 4000; i++) {
    if (rig_log_has(r, file, text)) return;
    rig_sleep_ms(5);
  }
  fail_msg("%s never said: %s", file, text);
}

/* --- more of the simulator
 * -------------------------------------------------------------------------- */

void rig_add(struct rig *r, const char *lines) {
  cJSON_Delete(rig_post(r, "/sim/tickets", lines));
}

cJSON *rig_truth(struct rig *r, int ticket) {
  char path[80];
  snprintf(path, sizeof path, "/sim/tickets/zendesk/%d", ticket);
  return rig_get(r, path);
}

static int own_messages(struct rig *r, int ticket, bool public) {
  cJSON *t = rig_truth(r, ticket), *e = NULL;
  int n = 0;
  cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(t, "history")) {
    const cJSON *shown = cJSON_GetObjectItemCaseSensitive(e, "public");
    const char *role = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(e, "author"), "role"));
    if (role != NULL && strcmp(role, "bot") == 0 && cJSON_IsBool(shown) &&
        cJSON_IsTrue(shown) == public)
      n++;
  }
  cJSON_Delete(t);
  return n;
}

int rig_replies(struct rig *r, int ticket) {
  return own_messages(r, ticket, true);
}
int rig_notes(struct rig *r, int ticket) {
  return own_messages(r, ticket, false);
}

/* --- sockets
 * ---------------------------------------------------------------------------------------- */

static int listen_on(int *ret_port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(fd, 64), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
  *ret_port = ntohs(a.sin_port);
  return fd;
}

int rig_port(void) {
  int port = 0;
  close(listen_on(&port));
  return port;
}

int rig_silent_port(void) {
  int port = 0;
  assert_int_equal(listen(listen_on(&port), 4096), 0); /* longer than it was */
  return port;
}

/* One connection, in a process of its own. */
static _Noreturn void tap_one(int from, int to_port, int keep) {
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_port = htons((uint16_t)to_port),
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int to = socket(AF_INET, SOCK_STREAM, 0);
  char piece[65536];
  if (connect(to, (struct sockaddr *)&a, sizeof a) != 0) _exit(1);
  struct pollfd p[2] = {{.fd = from, .events = POLLIN}, {.fd = to, .events = POLLIN}};
  for (;;) {
    if (poll(p, 2, -1) < 0) _exit(1);
    for (int i = 0; i < 2; i++) {
      if (p[i].revents == 0) continue;
      const ssize_t n = read(p[i].fd, piece, sizeof piece);
      if (n <= 0 || write(p[1 - i].fd, piece, (size_t)n) != n) _exit(0);
      if (i == 0 && write(keep, piece, (size_t)n) != n) _exit(1);
    }
  }
}

int rig_tap(struct rig *r, const char *name) {
  int port = 0;
  const int fd = listen_on(&port);
  size_t i = 0;
  while (i < sizeof r->taps / sizeof r->taps[0] && r->taps[i] > 0) i++;
  assert_true(i < sizeof r->taps / sizeof r->taps[0]);
  r->taps[i] = fork();
  assert_true(r->taps[i] >= 0);
  if (r->taps[i] > 0) {
    close(fd);
    return port;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int keep = open(rig_path(r, name), O_WRONLY | O_CREAT | O_APPEND, 0600);
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const int from = accept(fd, NULL, NULL);
    if (from < 0 || keep < 0) _exit(1);
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      tap_one(from, r->port, keep);
    }
    close(from);
  }
}

void rig_finish(struct rig *r, int tickets) {
  for (int i = 0; i < 20; i++) {
    rig_run(r, "triaged", "--once", NULL);
    if (rig_sql(r, "SELECT count(*) FROM v_tickets") == tickets &&
        rig_sql(r, "SELECT count(*) FROM v_tickets WHERE state NOT IN ('following', 'done')") == 0)
      break;
    rig_later(r, "10m"); /* what waits for another try is due then */
  }
}
