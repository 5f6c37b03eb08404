#include "net/failure.h"

#include <stdio.h>
#include <string.h>

#define HOST_BYTES 120

/* "host:port" of what was asked, without scheme, user and path. */
static void host_of(CURL *easy, char out[HOST_BYTES]) {
  const char *url = NULL;
  (void)curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
  const char *at = url != NULL ? strstr(url, "://") : NULL;
  at = at != NULL ? at + 3 : "the other side";
  const size_t n = strcspn(at, "/?#");
  const char *user = memchr(at, '@', n);
  if (user != NULL) {
    (void)snprintf(out, HOST_BYTES, "%.*s", (int)(n - (size_t)(user + 1 - at)), user + 1);
    return;
  }
  (void)snprintf(out, HOST_BYTES, "%.*s", (int)n, at);
}

static const char *system_words(CURL *easy) {
  long number = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  return number != 0 ? strerror((int)number) : "no answer";
}

/* The last words of a sentence of curl's that repeats the host and the time. */
static const char *or_words(const char *detail, CURLcode code) {
  return detail[0] != '\0' ? detail : curl_easy_strerror(code);
}

static void timeout_say(char *out, size_t room, CURL *easy, bool sent, const char *host) {
  double seconds = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &seconds);
  if (seconds <= 0)
    (void)snprintf(out, room,
                   "timed out while waiting for a connection to %s: too many requests to it are "
                   "under way",
                   host);
  else if (sent)
    (void)snprintf(out, room,
                   "%s took the request and timed out after %.3g s without the whole answer: it is "
                   "overloaded, or the way to it is slow",
                   host, seconds);
  else
    (void)snprintf(
        out, room,
        "no connection to %s within %.3g s (timed out): is it up, does it speak TLS if we "
        "do, does a firewall let us through?",
        host, seconds);
}

void failure_say(char *out, size_t room, CURL *easy, CURLcode code, bool sent, const char *detail) {
  char host[HOST_BYTES];
  host_of(easy, host);
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    (void)snprintf(out, room,
                   "the name of %s can not be resolved (DNS): is the address spelled right, and "
                   "does name resolution work on this machine?",
                   code == CURLE_COULDNT_RESOLVE_PROXY ? "the proxy" : host);
    break;
  case CURLE_COULDNT_CONNECT:
    (void)snprintf(out, room,
                   "no connection to %s (%s): is it up, is the port right, does a firewall let us "
                   "through?",
                   host, system_words(easy));
    break;
  case CURLE_OPERATION_TIMEDOUT:
    timeout_say(out, room, easy, sent, host);
    break;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
    (void)snprintf(out, room,
                   "no trusted TLS connection to %s (%.100s): check its certificate, the clock and "
                   "ca-certificates of this machine",
                   host, or_words(detail, code));
    break;
  case CURLE_GOT_NOTHING:
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
  case CURLE_SEND_FAIL_REWIND: /* a connection that was kept and is gone */
  case CURLE_UNRECOVERABLE_POLL:
    (void)snprintf(out, room,
                   "%s closed the connection before it answered: it restarts, or something between "
                   "cuts connections",
                   host);
    break;
  case CURLE_PARTIAL_FILE:
    (void)snprintf(out, room, "%s broke off in the middle of its answer (%.100s)", host,
                   or_words(detail, code));
    break;
  case CURLE_FAILED_INIT: /* it was never begun: the words are ours */
    (void)snprintf(out, room, "%s", or_words(detail, code));
    break;
  default:
    (void)snprintf(out, room, "%s: %.150s", host, or_words(detail, code));
  }
}
