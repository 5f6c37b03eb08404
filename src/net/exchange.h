/*
 * One HTTP exchange: a curl easy handle with what it collects. http.c drives it.
 */
#ifndef NET_EXCHANGE_H
#define NET_EXCHANGE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

#include "base/buf.h"
#include "net/http.h"
#include "net/loop.h"

struct url;
struct exchange {
  struct http *http;
  CURL *easy;
  http_id id;
  uint64_t turn; /* of the start: no callback in the same one */
  loop_timer overdue;
  bool added;    /* the multi handle has it */
  bool uploaded; /* in http.c's list of those whose body curl has */
  bool cancelled;
  bool waiting; /* in http.c's list of those to be added */
  bool late;    /* in http.c's list of those ended too early */
  bool ended;   /* on_data said that it has enough */
  bool over;    /* a ceiling was passed */
  CURLcode code;
  void (*on_reply)(void *arg, const struct trg_http_reply *reply);
  bool (*on_data)(void *arg, int status, struct trg_str piece);
  void *arg;
  size_t body_max, body_seen;
  struct buf request_body, body, head;
  struct trg_str upload[2];       /* the parts of a body that is not in one piece */
  size_t upload_at, upload_bytes; /* given to curl so far, and altogether */
  struct exchange *next_uploaded; /* in http.c's list */
  struct curl_slist *headers;
  char why[CURL_ERROR_SIZE]; /* curl writes it last, so a ceiling's sentence has its own place */
  char ceiling[96];
  struct exchange *next; /* in one of http.c's lists */
};

struct exchange *exchange_new(struct http *h);
void exchange_free(struct exchange *e);
void exchange_reset(struct exchange *e); /* for the next use */
/* Sets all options. Negative when the request can not be made; e->why says why. */
int exchange_fill(struct exchange *e, const struct http_call *call);
/* Gives curl's buffer for sending back once everything was sent; false: not yet. */
bool exchange_upload_end(struct exchange *e);
/* From inside curl: all of the upload was handed over. http.c calls exchange_upload_end soon. */
void http_uploaded(struct http *h, struct exchange *e);
/* Calls on_reply. */
void exchange_tell(struct exchange *e);

#endif
