#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "bench.h"

#define STEPS 7 /* ticket, comments, triage, draft, ticket, newest comments, write */

/* One ticket's place: a handle that is used again for each request. */
struct place {
  CURL *easy;
  int ticket, step;
};

struct bare {
  const struct bare_job *job;
  CURLM *multi;
  struct curl_slist *desk, *desk_put, *model;
  int next, done, failed;
};

static size_t swallow(char *p, size_t size, size_t count, void *arg) {
  (void)p;
  (void)arg;
  return size * count;
}

static void ask_model(struct bare *b, struct place *p, char *const *body, const size_t *bytes) {
  const size_t i = (size_t)p->ticket % b->job->bodies;
  curl_easy_setopt(p->easy, CURLOPT_POST, 1L);
  curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes[i]);
  curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, body[i]);
  curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, b->model);
}

static void fill(struct bare *b, struct place *p) {
  static const char *const paths[STEPS] = {
      "/api/v2/tickets/%d.json?include=users,groups",
      "/api/v2/tickets/%d/comments.json?include=users&sort=created_at&page[size]=100",
      "/v1/messages",
      "/v1/messages",
      "/api/v2/tickets/%d.json",
      "/api/v2/tickets/%d/comments.json?include=users&sort=-created_at&page[size]=25",
      "/api/v2/tickets/%d.json"};
  char url[200];
  int n = snprintf(url, sizeof url, "http://127.0.0.1:%d", b->job->port);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(url + n, sizeof url - (size_t)n, paths[p->step], p->ticket);
#pragma GCC diagnostic pop
  curl_easy_reset(p->easy);
  curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
  curl_easy_setopt(p->easy, CURLOPT_URL, url);
  curl_easy_setopt(p->easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(p->easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, 60000L);
  curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, swallow);
  curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, b->desk);
  if (p->step == 2) ask_model(b, p, b->job->triage, b->job->triage_bytes);
  if (p->step == 3) ask_model(b, p, b->job->draft, b->job->draft_bytes);
  if (p->step == 6) {
    curl_easy_setopt(p->easy, CURLOPT_CUSTOMREQUEST, "PUT");
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, b->job->put);
    curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, b->desk_put);
  }
  curl_multi_add_handle(b->multi, p->easy);
}

static void start(struct bare *b, struct place *p) {
  if (b->next >= b->job->tickets) return;
  p->ticket = ++b->next;
  p->step = 0;
  fill(b, p);
}

static void ended(struct bare *b, const CURLMsg *m) {
  struct place *p = NULL;
  long status = 0;
  const CURLcode code = m->data.result;
  curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)(void *)&p);
  curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(b->multi, p->easy);
  if (code != CURLE_OK || status != 200) {
    if (b->failed++ == 0)
      fprintf(stderr, "bare loop: step %d of ticket %d: %s, status %ld\n", p->step, p->ticket,
              curl_easy_strerror(code), status);
    p->step = STEPS - 1;
  }
  if (++p->step < STEPS) {
    fill(b, p);
    return;
  }
  b->done++;
  start(b, p);
}

double bare_run(const struct bare_job *job) {
  struct bare b = {.job = job, .multi = curl_multi_init()};
  b.desk = curl_slist_append(NULL, "Authorization: Bearer test-token");
  b.desk_put = curl_slist_append(curl_slist_append(NULL, "Authorization: Bearer test-token"),
                                 "Content-Type: application/json");
  b.model = curl_slist_append(curl_slist_append(NULL, "x-api-key: test-token"),
                              "Content-Type: application/json");
  b.model = curl_slist_append(b.model, "anthropic-version: 2026-10-21");
  curl_multi_setopt(b.multi, CURLMOPT_MAXCONNECTS, 256L);
  struct place *places = calloc((size_t)job->at_once, sizeof *places);
  const double from = bench_now();
  for (int i = 0; i < job->at_once; i++) {
    places[i].easy = curl_easy_init();
    start(&b, &places[i]);
  }
  while (b.done < job->tickets) {
    int running = 0, left = 0;
    curl_multi_perform(b.multi, &running);
    for (CURLMsg *m; (m = curl_multi_info_read(b.multi, &left)) != NULL;)
      if (m->msg == CURLMSG_DONE) ended(&b, m);
    if (b.done < job->tickets) curl_multi_poll(b.multi, NULL, 0, 100, NULL);
  }
  const double seconds = bench_now() - from;
  for (int i = 0; i < job->at_once; i++) curl_easy_cleanup(places[i].easy);
  free(places);
  curl_multi_cleanup(b.multi);
  curl_slist_free_all(b.desk);
  curl_slist_free_all(b.desk_put);
  curl_slist_free_all(b.model);
  return b.failed == 0 ? seconds : -1;
}
