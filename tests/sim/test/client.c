#include "client.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 40 };

static void child_run(const char *program, const char *arguments, int out) {
  char *list[ARGUMENTS_MAX] = {strdup(program)};
  char *copy = strdup(arguments);
  char *rest = NULL;
  int n = 1;
  for (char *word = strtok_r(copy, " ", &rest); word && n < ARGUMENTS_MAX - 1;
       word = strtok_r(NULL, " ", &rest)) {
    list[n++] = word;
  }
  const char *root = getenv("TRIAGED_ROOT");
  if (root && chdir(root) != 0) {
    perror(root);
  }
  dup2(out, STDOUT_FILENO);
  execv(program, list);
  perror(program);
  _exit(127);
}

struct server server_start(const char *arguments) {
  struct server s = {0};
  const char *program = getenv("HELPDESK_SIM");
  int ends[2];
  char line[128] = "";
  size_t n = 0;
  assert_int_equal(pipe(ends), 0);
  s.pid = fork();
  assert_true(s.pid >= 0);
  if (s.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nothing behind */
    close(ends[0]);
    child_run(program ? program : "build/helpdesk-sim", arguments, ends[1]);
  }
  close(ends[1]);
  while (n < sizeof line - 1 && read(ends[0], line + n, 1) == 1 && line[n] != '\n') {
    n++;
  }
  close(ends[0]);
  int port = 0;
  assert_int_equal(sscanf(line, "listening on 127.0.0.1:%d", &port), 1);
  snprintf(s.base, sizeof s.base, "http://127.0.0.1:%d", port);
  return s;
}

int server_stop(struct server *s) {
  int status = 0;
  kill(s->pid, SIGTERM);
  waitpid(s->pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct text {
  char *p;
  size_t n;
};

static size_t text_take(char *data, size_t size, size_t count, void *into) {
  struct text *t = into;
  char *p = realloc(t->p, t->n + size * count + 1);
  if (p == NULL) {
    return 0;
  }
  memcpy(p + t->n, data, size * count);
  t->p = p;
  t->n += size * count;
  t->p[t->n] = '\0';
  return size * count;
}

void reply_free(struct reply *r) {
  free(r->headers);
  free(r->body);
  cJSON_Delete(r->json);
  memset(r, 0, sizeof *r);
}

static struct curl_slist *headers_list(const char *headers) {
  struct curl_slist *list = curl_slist_append(NULL, "Expect:");
  char *copy = strdup(headers ? headers : "");
  char *rest = NULL;
  for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    list = curl_slist_append(list, line);
  }
  free(copy);
  return list;
}

static CURL *handle_make(const struct server *s, const char *method, const char *path,
                         struct curl_slist *list, const char *body, struct text *into) {
  CURL *curl = curl_easy_init();
  char url[1024];
  snprintf(url, sizeof url, "%s%s", strncmp(path, "http", 4) == 0 ? "" : s->base, path);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, text_take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, into);
  if (body) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
  }
  return curl;
}

struct reply request(const struct server *s, const char *method, const char *path,
                     const char *headers, const char *body) {
  struct reply r = {0};
  struct text content = {0};
  struct text head = {0};
  struct curl_slist *list = headers_list(headers);
  CURL *curl = handle_make(s, method, path, list, body, &content);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, text_take);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
  r.curl = (int)curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r.status);
  curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &r.seconds);
  curl_easy_cleanup(curl);
  curl_slist_free_all(list);
  r.body = content.p ? content.p : calloc(1, 1);
  r.n = content.n;
  r.headers = head.p ? head.p : calloc(1, 1);
  r.json = cJSON_ParseWithOpts(r.body, NULL, true);
  return r;
}

struct reply zendesk(const struct server *s, const char *method, const char *path, const char *body,
                     long status) {
  struct reply r = request(s, method, path,
                           "Authorization: Bearer tok\nContent-Type: application/json", body);
  if (r.status != status) {
    fail_msg("%s %s: %ld instead of %ld: %.300s", method, path, r.status, status, r.body);
  }
  return r;
}

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double request_many(const struct server *s, const char *path, const char *headers, const char *body,
                    int n) {
  CURLM *multi = curl_multi_init();
  CURL **handles = calloc((size_t)n, sizeof *handles);
  struct text *texts = calloc((size_t)n, sizeof *texts);
  struct curl_slist *list = headers_list(headers);
  int running = 0;
  int good = 0;
  double start = now_s();
  for (int i = 0; i < n; i++) {
    handles[i] = handle_make(s, "POST", path, list, body, &texts[i]);
    curl_multi_add_handle(multi, handles[i]);
  }
  do {
    curl_multi_perform(multi, &running);
    curl_multi_poll(multi, NULL, 0, 100, NULL);
  } while (running);
  double seconds = now_s() - start;
  for (int i = 0; i < n; i++) {
    long status = 0;
    curl_easy_getinfo(handles[i], CURLINFO_RESPONSE_CODE, &status);
    good += status == 200;
    curl_multi_remove_handle(multi, handles[i]);
    curl_easy_cleanup(handles[i]);
    free(texts[i].p);
  }
  curl_multi_cleanup(multi);
  curl_slist_free_all(list);
  free(handles);
  free(texts);
  assert_int_equal(good, n);
  return seconds;
}

bool header_has(const struct reply *r, const char *line) {
  return strcasestr(r->headers, line) != NULL;
}

const cJSON *at(const struct reply *r, const char *path) {
  const cJSON *v = r->json;
  char *copy = strdup(path);
  char *rest = NULL;
  for (char *step = strtok_r(copy, ".", &rest); step && v; step = strtok_r(NULL, ".", &rest)) {
    v = cJSON_IsArray(v) ? cJSON_GetArrayItem(v, atoi(step))
                         : cJSON_GetObjectItemCaseSensitive(v, step);
  }
  free(copy);
  if (v == NULL) {
    fail_msg("no %s in %.500s", path, r->body);
  }
  return v;
}

const char *text_at(const struct reply *r, const char *path) {
  const cJSON *v = at(r, path);
  assert_true(cJSON_IsString(v));
  return v->valuestring;
}

double number_at(const struct reply *r, const char *path) {
  const cJSON *v = at(r, path);
  assert_true(cJSON_IsNumber(v));
  return v->valuedouble;
}

void answer(const struct server *s, const char *ticket) {
  char path[64];
  snprintf(path, sizeof path, "/api/v2/tickets/%s", ticket);
  struct reply r = zendesk(s, "PUT", path,
                           "{\"ticket\":{\"comment\":{\"body\":\"Our answer\",\"public\":true},"
                           "\"status\":\"solved\"}}",
                           200);
  reply_free(&r);
}

void advance(const struct server *s, const char *how_far) {
  char body[64];
  snprintf(body, sizeof body, "{\"advance\":\"%s\"}", how_far);
  struct reply r = request(s, "POST", "/sim/time", NULL, body);
  assert_int_equal(r.status, 200);
  reply_free(&r);
}
