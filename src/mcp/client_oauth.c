/* Requests that wait for a token, and those that were refused for want of one. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/client_inner.h"

#define TRIES_MAX 3 /* tokens for one request: the first, one with more scopes, and again */

void client_token_end(void *arg, const char *why) {
  struct mcp_client *c = arg;
  for (;;) {
    struct asked *a = c->asked;
    while (a != NULL && !a->needs_token) a = a->next;
    if (a == NULL) return;
    a->needs_token = false;
    if (why == NULL)
      http_send(a);
    else
      asked_end(a, &(struct asked_end){.code = "auth", .why = why});
  }
}

bool oauth_waits(struct asked *a) {
  struct mcp_client *c = a->client;
  if (!oauth_wanted_first(c->oauth)) return false;
  a->needs_token = true;
  (void)oauth_get(c->oauth, NULL);
  return true;
}

bool oauth_again(struct asked *a, const struct trg_http_reply *r) {
  struct mcp_client *c = a->client;
  if ((r->status != 401 && r->status != 403) || c->oauth == NULL || a->token_tries >= TRIES_MAX)
    return false;
  if (!oauth_get(c->oauth, r)) return false;
  a->token_tries++;
  http_drop(a); /* what it said with its refusal */
  a->needs_token = true;
  return true;
}
