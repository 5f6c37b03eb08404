/*
 * What every connector does with an answer, or with none. Pure; knows no vendor.
 */
#ifndef CONNECTOR_HTTP_H
#define CONNECTOR_HTTP_H

#include "text.h"

bool hd_ok(const struct trg_http_reply *reply); /* 2xx */
/* The first of that name, in any case of letters; empty when there is none. */
struct trg_str hd_header(const struct trg_header *headers, size_t count, const char *name);
/* A decimal number at the start of the text, blanks before it; -1: there is none. *ret_n (may be
 * NULL): how many bytes it took. */
int64_t hd_number(struct trg_str text, size_t *ret_n);
/* A date as HTTP writes it (RFC 9110 IMF-fixdate); 0: it is none. */
int64_t hd_http_date_ms(struct trg_str text);

/* What Retry-After asks for, in seconds or as a date, between a second and an hour; 0: nothing. */
int64_t hd_retry_after_ms(const struct trg_header *headers, size_t count, int64_t now_ms);

/* What an answer that failed says, for the operator, gathered in a buffer: `before` stands between
 * two parts; what is there already is not said again, control characters become blanks. */
void hd_said_add(struct hd_buf *buf, const char *before, struct trg_str part);
/* An answer that is no API's: "an HTML page: TITLE", "text: ITS BEGINNING". */
void hd_said_page(struct hd_buf *buf, struct trg_str body);
/* Takes it out, never empty, cut between characters; frees the buffer. */
void hd_said_end(struct hd_buf *buf, char *out, size_t room);

/* Why a request failed: "HTTP 503: TEXT", or where no answer came the host's sentence of what
 * happened (a connection refused, a time-out, a name, TLS). text: what the answer said. */
void hd_failure(char *out, size_t room, const struct trg_http_reply *reply, const char *text);

/* How long to wait before something that all ops need (a token, who we are) is asked for again in
 * the op that asks, so that the others go on waiting instead of failing one by one. tries: failed
 * ones so far, from 1. 0: enough, it has failed. */
int64_t hd_again_ms(int tries);

#endif
