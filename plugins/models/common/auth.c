#include "auth.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A token is renewed so long before it expires: a request that is sent with it must still arrive.
 */
#define EXPIRY_MARGIN_MS 30000
#define LOOK_AGAIN_MS    20

static bool is_set(const char *text) {
  return text && *text;
}

int llm_refuse(struct trg_err *err, const char *text) {
  snprintf(err->code, sizeof err->code, "config");
  snprintf(err->text, sizeof err->text, "%s", text);
  return -1;
}

/* Printable ASCII without blanks: what a header value must be to arrive as it was written. */
static bool is_plain(const char *text) {
  for (; *text; text++)
    if (*text <= 0x20 || *text >= 0x7F) return false;
  return true;
}

static bool has_secret(const struct llm_auth_conf *c) {
  return is_set(c->key) || is_set(c->token_command);
}

static int header_check(const struct llm_auth_conf *c, struct trg_err *err) {
  static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-_";
  if (is_set(c->header) && c->header[strspn(c->header, name_bytes)])
    return llm_refuse(err, "auth.header: not a header name (letters, digits, - and _)");
  if (is_set(c->header) && !has_secret(c))
    return llm_refuse(err, "auth.header: needs a key or auth.token_command beside it");
  if (!is_set(c->value)) return 0;
  if (!has_secret(c))
    return llm_refuse(err, "auth.value: needs a key or auth.token_command beside it");
  if (!strstr(c->value, "{key}") || strpbrk(c->value, "\r\n"))
    return llm_refuse(err, "auth.value: must hold {key}, where the key goes, and no line break");
  return 0;
}

static int conf_check(const struct llm_auth_conf *c, const char *needed, struct trg_err *err) {
  if (is_set(c->key) && is_set(c->token_command))
    return llm_refuse(err, "auth.token_command: stands beside a key; one of the two is enough");
  if (is_set(c->key) && !is_plain(c->key))
    return llm_refuse(err, "key: holds a blank, a line break or a byte beyond ASCII");
  if (!has_secret(c) && needed) return llm_refuse(err, needed);
  return header_check(c, err);
}

static void value_set(struct llm_auth *auth, const char *secret) {
  const char *at = strstr(auth->template, "{key}");
  if (auth->value.p) explicit_bzero(auth->value.p, auth->value.room);
  llm_text_clear(&auth->value);
  llm_text_add(&auth->value, auth->template, (size_t)(at - auth->template));
  llm_text_put(&auth->value, secret);
  llm_text_put(&auth->value, at + 5);
}

int llm_auth_open(struct llm_auth *auth, const struct llm_auth_conf *conf, const char *name,
                  const char *template, const char *needed, struct trg_err *err) {
  if (conf_check(conf, needed, err) != 0) return -1;
  auth->conf = conf;
  auth->name = is_set(conf->header) ? conf->header : name;
  auth->template = is_set(conf->value) ? conf->value : is_set(conf->header) ? NULL : template;
  if (!auth->template)
    auth->template = strcasecmp(auth->name, "authorization") == 0 ? "Bearer {key}" : "{key}";
  if (is_set(conf->key)) value_set(auth, conf->key);
  return 0;
}

void llm_auth_close(struct llm_auth *auth) {
  if (auth->value.p) explicit_bzero(auth->value.p, auth->value.room);
  llm_text_clear(&auth->value);
}

bool llm_auth_ready(const struct llm_auth *auth, int64_t now_ms) {
  return !is_set(auth->conf->token_command) || (auth->value.n && now_ms < auth->expires_ms);
}

bool llm_auth_renew(struct llm_auth *auth) {
  auth->expires_ms = 0;
  return is_set(auth->conf->token_command);
}

bool llm_auth_quoted(const struct llm_auth *auth, const char *text) {
  if (!auth->value.n) return false;
  const char *at = strstr(auth->template, "{key}");
  const char *secret = auth->value.p + (at - auth->template);
  const size_t n = auth->value.n - (strlen(auth->template) - 5);
  return n > 0 && memmem(text, strlen(text), secret, n) != NULL;
}

/* ---- what the command printed ---- */

/* Seconds from now, or a moment in seconds since 1970, as a number or as text. */
static int64_t expiry_of(const cJSON *item, bool is_moment, int64_t now_ms) {
  double seconds = 0;
  if (cJSON_IsNumber(item))
    seconds = item->valuedouble;
  else if (!cJSON_IsString(item) || !llm_number_of(item->valuestring, &seconds))
    return 0;
  if (!(seconds > 0) || seconds > 1e11) return 0;
  return is_moment ? (int64_t)(seconds * 1000) : now_ms + (int64_t)(seconds * 1000);
}

static bool json_token(const cJSON *root, int64_t now_ms, struct llm_text *ret,
                       int64_t *ret_expires_ms) {
  static const char *const names[] = {"access_token", "accessToken", "token", "id_token", NULL};
  for (size_t i = 0; names[i] && !ret->n; i++) llm_text_put(ret, llm_json_string(root, names[i]));
  int64_t at_ms = expiry_of(llm_json_member(root, "expires_in"), false, now_ms);
  if (!at_ms) at_ms = expiry_of(llm_json_member(root, "expires_on"), true, now_ms);
  if (!at_ms && !llm_rfc3339(llm_json_string(root, "expires_at"), &at_ms)) at_ms = 0;
  if (at_ms) *ret_expires_ms = at_ms - EXPIRY_MARGIN_MS;
  return ret->n > 0;
}

bool llm_token_read(struct trg_str printed, int64_t now_ms, int64_t ttl_ms, struct llm_text *ret,
                    int64_t *ret_expires_ms) {
  size_t from = 0;
  size_t to = printed.n;
  while (from < to && strchr(" \t\r\n", printed.p[from])) from++;
  while (to > from && strchr(" \t\r\n", printed.p[to - 1])) to--;
  *ret_expires_ms = now_ms + ttl_ms;
  if (from < to && printed.p[from] == '{') {
    cJSON *root = llm_json_parse((struct trg_str){printed.p + from, to - from});
    (void)json_token(root, now_ms, ret, ret_expires_ms);
    cJSON_Delete(root);
  } else {
    llm_text_add(ret, printed.p + from, to - from);
  }
  return ret->n > 0 && strlen(ret->p) == ret->n && is_plain(ret->p);
}

/* ---- running it: on a pool thread, which touches nothing but this ---- */

static int64_t mono_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool spawn_sh(struct llm_auth_run *run, int out, pid_t *ret_pid) {
  char path[] = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
  char lang[] = "LANG=C.UTF-8";
  char home[512] = "HOME=/";
  const char *ours = getenv("HOME");
  if (ours && strlen(ours) < 500) snprintf(home, sizeof home, "HOME=%s", ours);
  char *const env[] = {path, home, lang, NULL};
  char sh[] = "/bin/sh";
  char dash_c[] = "-c";
  char *const argv[] = {sh, dash_c, run->command, NULL};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  if (posix_spawn_file_actions_init(&files) != 0) return false;
  if (posix_spawnattr_init(&attr) != 0) {
    posix_spawn_file_actions_destroy(&files);
    return false;
  }
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_setsigmask(&attr, &none);
  posix_spawnattr_setsigdefault(&attr, &all);
  posix_spawnattr_setflags(&attr,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int rc = posix_spawn(ret_pid, sh, &files, &attr, argv, env);
  posix_spawnattr_destroy(&attr);
  posix_spawn_file_actions_destroy(&files);
  return rc == 0;
}

/* Until it closes its output; true when that was in time. */
static bool output_read(struct llm_auth_run *run, int fd, int64_t until_ms) {
  for (;;) {
    const int64_t left_ms = until_ms - mono_ms();
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (left_ms <= 0) return false;
    const int ready = poll(&wait, 1, (int)left_ms);
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    char more[1024];
    const ssize_t n = read(fd, more, sizeof more);
    if (n == 0) return true;
    if (n < 0 && errno != EINTR) return true;
    for (ssize_t i = 0; i < n && run->n < sizeof run->printed; i++)
      run->printed[run->n++] = more[i];
    explicit_bzero(more, sizeof more);
  }
}

/* One that closed its output and stays is killed like one that is late. */
static int end_wait(pid_t pid, int64_t until_ms, bool *ret_late) {
  int status = 0;
  for (;;) {
    const pid_t got = waitpid(pid, &status, *ret_late ? 0 : WNOHANG);
    if (got == pid) return status;
    if (got < 0 && errno != EINTR) return -1;
    if (got == 0 && mono_ms() >= until_ms) {
      *ret_late = true;
      (void)kill(-pid, SIGKILL);
    } else if (got == 0) {
      (void)poll(NULL, 0, 5);
    }
  }
}

static void run_work(void *arg) {
  struct llm_auth_run *run = arg;
  int ends[2];
  pid_t pid = 0;
  const int64_t until_ms = mono_ms() + run->timeout_ms;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    snprintf(run->why, sizeof run->why, "auth.token_command: no pipe (%s)", strerror(errno));
    return;
  }
  const bool spawned = spawn_sh(run, ends[1], &pid);
  close(ends[1]);
  if (!spawned) {
    close(ends[0]);
    snprintf(run->why, sizeof run->why, "auth.token_command: /bin/sh could not be started");
    return;
  }
  bool late = !output_read(run, ends[0], until_ms);
  close(ends[0]);
  if (late) (void)kill(-pid, SIGKILL);
  const int status = end_wait(pid, until_ms, &late);
  if (late)
    snprintf(run->why, sizeof run->why,
             "auth.token_command was killed after %lld ms (auth.token_timeout)",
             (long long)run->timeout_ms);
  else if (status == -1 || WIFSIGNALED(status))
    snprintf(run->why, sizeof run->why, "auth.token_command was ended by a signal");
  else if (WEXITSTATUS(status) != 0)
    snprintf(run->why, sizeof run->why,
             "auth.token_command failed with exit status %d: run it by hand to see why",
             WEXITSTATUS(status));
}

/* ---- back on the loop ---- */

static void run_after(void *self, trg_op op, void *arg) {
  struct llm_auth_run *run = arg;
  struct llm_auth *auth = run->auth;
  struct llm_text token = {0};
  char why[160] = "";
  int64_t expires_ms = 0;
  auth->running = 0;
  if (run->why[0])
    snprintf(why, sizeof why, "%s", run->why);
  else if (!llm_token_read((struct trg_str){run->printed, run->n}, run->host->now_ms(),
                           auth->conf->token_ttl_ms, &token, &expires_ms))
    snprintf(why, sizeof why,
             "auth.token_command printed no token: one line of text without "
             "blanks, or JSON with access_token");
  if (!why[0]) {
    value_set(auth, token.p);
    auth->expires_ms = expires_ms;
  }
  if (token.p) explicit_bzero(token.p, token.room);
  llm_text_clear(&token);
  explicit_bzero(run->printed, sizeof run->printed);
  run->n = 0;
  run->then(self, op, why[0] ? why : NULL);
}

/* A command of another call is under way: look again soon. When that call is gone, its command's
 * output is too, and this one starts its own. */
static void wait_over(void *self, trg_op op, void *arg) {
  struct llm_auth_run *run = arg;
  if (llm_auth_ready(run->auth, run->host->now_ms()))
    run->then(self, op, NULL);
  else
    llm_auth_get(run->auth, run->host, op, &run, run->then);
}

void llm_auth_get(struct llm_auth *auth, const struct trg_host *host, trg_op op,
                  struct llm_auth_run **ret_run, llm_auth_fn *then) {
  struct llm_auth_run *run = *ret_run ? *ret_run : calloc(1, sizeof *run);
  if (!run) abort();
  *ret_run = run;
  run->auth = auth;
  run->host = host;
  run->then = then;
  run->why[0] = '\0';
  if (auth->running && auth->running != op && host->op_get(auth->running)) {
    host->timer(op, LOOK_AGAIN_MS, wait_over, run);
    return;
  }
  run->timeout_ms = auth->conf->token_timeout_ms;
  if (!run->command) run->command = strdup(auth->conf->token_command);
  if (!run->command) abort();
  auth->running = op;
  host->work(op, run_work, run_after, run);
}

void llm_auth_run_free(struct llm_auth_run **run) {
  if (!*run) return;
  explicit_bzero((*run)->printed, sizeof(*run)->printed);
  free((*run)->command);
  free(*run);
  *run = NULL;
}
