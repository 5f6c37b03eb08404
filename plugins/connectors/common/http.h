/*
 * What every connector does with an answer, or with none. Pure; knows no vendor.
 */
#ifndef CONNECTOR_HTTP_H
#define CONNECTOR_HTTP_H

#include <triaged/plugin.h>

/* Why a request failed: "HTTP 503: TEXT", or where no answer came the host's sentence of what
 * happened (a connection refused, a time-out, a name, TLS). text: what the answer said. */
void hd_failure(char *out, size_t room, const struct trg_http_reply *reply, const char *text);

/* How long to wait before something that all ops need (a token, who we are) is asked for again in
 * the op that asks, so that the others go on waiting instead of failing one by one. tries: failed
 * ones so far, from 1. 0: enough, it has failed. */
int64_t hd_again_ms(int tries);

#endif
