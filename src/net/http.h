/*
 * HTTP out: libcurl, on a thread of its own (carrier.h), for all plugins and MCP. All callbacks
 * come on the loop. TLS is always verified, http:// is for loopback hosts only, no redirects are
 * followed, every exchange has a deadline and a ceiling.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct loop;
struct http;

struct http *http_new(struct loop *l, struct trg_err *err);
void http_free(struct http **h); /* aborts what is under way, without callbacks */

typedef uint64_t http_id; /* 0 is none */
struct http_call {
  const struct trg_http_request *request;
  int64_t connect_timeout_ms;                                      /* 0: 10 s */
  void (*on_reply)(void *arg, const struct trg_http_reply *reply); /* once, on a later turn */
  /* Optional: each piece of the body as it arrives (SSE). Then reply.body is empty. Returning
   * false ends the exchange. */
  bool (*on_data)(void *arg, int status, struct trg_str piece);
  void *arg;
};
/* Starts an exchange. Always calls on_reply once on a later turn (status 0 when it failed), unless
 * it is cancelled. */
http_id http_start(struct http *h, const struct http_call *call);
void http_cancel(struct http *h, http_id id); /* no callback afterwards; stale ids are fine */
size_t http_open_count(const struct http *h);
/* http:// on loopback or https://: what every URL in the configuration must be. */
int http_url_check(struct trg_str url, struct trg_err *err);
/* The host of a URL, lower case, in out. 0 or -1. */
int http_url_host(struct trg_str url, char *out, size_t out_size);
bool http_url_same_origin(struct trg_str a, struct trg_str b);

#endif
