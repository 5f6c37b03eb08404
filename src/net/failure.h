/*
 * Why an exchange has no answer, in a sentence for the operator: what happened, with whom, and what
 * can be done about it.
 */
#ifndef NET_FAILURE_H
#define NET_FAILURE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes the sentence to `out` (at least 64 bytes), NUL-terminated, cut at its end where it is too
 * long. sent: the request reached the peer. detail: what curl said of it, may be "". Names the host
 * and the port, never the path. */
void failure_say(char *out, size_t room, CURL *easy, CURLcode code, bool sent, const char *detail);

#endif
