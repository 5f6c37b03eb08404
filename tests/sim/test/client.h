/* What tests of the simulator need: to start and stop it, and to talk HTTP to it. */
#ifndef SIM_TEST_CLIENT_H
#define SIM_TEST_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server {
  pid_t pid;
  char base[64]; /* http://127.0.0.1:PORT */
};
/* Arguments as one text, separated by blanks. The test fails when it does not start. */
struct server server_start(const char *arguments);
/* Ends it and returns its exit code. */
int server_stop(struct server *s);

struct reply {
  long status; /* 0 when the connection broke */
  int curl;    /* CURLcode */
  char *headers;
  char *body;
  size_t n;
  cJSON *json; /* NULL when the body is none */
  double seconds;
};
void reply_free(struct reply *r);
/* path with or without "http://"; headers separated by newlines, may be NULL; body may be NULL. */
struct reply request(const struct server *s, const char *method, const char *path,
                     const char *headers, const char *body);
/* As Zendesk's bot. The reply must have the status; otherwise the test fails. */
struct reply zendesk(const struct server *s, const char *method, const char *path, const char *body,
                     long status);
/* Sends n equal requests at once; returns the seconds until the last was answered with 200. */
double request_many(const struct server *s, const char *path, const char *headers, const char *body,
                    int n);
bool header_has(const struct reply *r, const char *line);

/* Members by path such as "ticket.tags.0"; the test fails when it is not there. */
const cJSON *at(const struct reply *r, const char *path);
const char *text_at(const struct reply *r, const char *path);
double number_at(const struct reply *r, const char *path);
/* A public reply by the bot that solves the ticket. */
void answer(const struct server *s, const char *ticket);
void advance(const struct server *s, const char *how_far);

#endif
