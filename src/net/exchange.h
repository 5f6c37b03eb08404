/*
 * One HTTP exchange: a curl easy handle with what it collects. http.c begins and ends it, carrier.c
 * carries it out.
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
#include "net/url.h"

struct carrier;
struct http;
/* Origins that were talked to, checked: the last few. */
struct origins {
  struct url list[4];
  size_t count, next;
};
struct exchange {
  struct http *http;
  CURL *easy;
  http_id id;
  uint64_t turn; /* of the start: no callback in the same one */
  loop_timer overdue;
  bool carried;   /* the carrier has it; what is marked below is the carrier's until it is back */
  bool cancelled; /* nothing is told */
  bool ended;     /* on_data said that it has enough */
  bool timed_out; /* by our own timer */
  void (*on_reply)(void *arg, const struct trg_http_reply *reply);
  bool (*on_data)(void *arg, int status, struct trg_str piece);
  void *arg;
  struct buf request_body;
  struct curl_slist *headers;
  struct exchange *older, *newer; /* all there are */

  /* The carrier's, while it is carried. */
  struct carrier *carrier;
  CURLcode code;
  bool added;    /* the multi handle has it */
  bool uploaded; /* in the list of those whose body curl has */
  bool over;     /* a ceiling was passed */
  size_t body_max, body_seen;
  struct buf body, head;
  struct trg_str upload[2];       /* the parts of a body that is not in one piece */
  size_t upload_at, upload_bytes; /* given to curl so far, and altogether */
  struct exchange *next_uploaded;
  char why[CURL_ERROR_SIZE]; /* curl writes it last, so a ceiling's sentence has its own place */
  char ceiling[96];

  /* What passes between the threads: carrier.c. */
  bool stopped;                 /* curl's callbacks leave it alone */
  bool back, dropping, telling; /* in the lists of these names */
  struct exchange *next, *next_drop, *next_told;
  int status;        /* of the answer that is streamed... */
  struct buf stream; /* ...and what came of its body */
  int piece_status;  /* both as carrier_take took them */
  struct buf piece;
  struct exchange *next_piece;
};

struct exchange *exchange_new(struct http *h);
void exchange_free(struct exchange *e);
void exchange_reset(struct exchange *e); /* for the next use */
/* Sets all options. Negative when the request can not be made; e->why says why. */
int exchange_fill(struct exchange *e, const struct http_call *call, struct origins *known);
/* Gives curl's buffer for sending back once everything was sent; false: not yet. */
bool exchange_upload_end(struct exchange *e);
/* Calls on_reply. */
void exchange_tell(struct exchange *e);

#endif
