/*
 * A URL taken apart by curl's own parser, so that what is checked is what curl will do.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct url {
  bool https, http;
  bool userinfo; /* a name or password stands in it */
  bool loopback; /* 127.0.0.0/8, ::1, localhost */
  unsigned port;
  char host[256]; /* lower case; IPv6 in brackets */
};
int url_parse(struct trg_str text, struct url *ret, struct trg_err *err);
/* May the program talk to it? 0, or negative and a sentence. */
int url_check(const struct url *u, struct trg_err *err);
bool url_same_origin(const struct url *a, const struct url *b);
/* Is it a URL of that origin, seen at once: scheme, host, port as it writes them, a path? Taking
 * one apart costs twenty times as much. False: url_parse knows. */
bool url_begins(struct trg_str text, const struct url *origin);

#endif
