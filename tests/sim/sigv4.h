/* Checks AWS's signature version 4, as AWS describes it: path segments are encoded once more for
 * the canonical request, whatever the client sent. */
#ifndef SIM_SIGV4_H
#define SIM_SIGV4_H

#include "http.h"

/* The secret that belongs to every access key here. */
#define SIGV4_SECRET "sim-secret"
/* True when the Authorization header signs this request with it for that service; else why. */
bool sigv4_check(const struct exchange *x, const char *service, char *why, size_t why_bytes);

#endif
