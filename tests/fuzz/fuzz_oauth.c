/* Challenges of servers and redirects of authorization servers: whatever comes, what is read lies
 * in the arena, and a redirect that is read began with the place it was to come home to. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "mcp/oauth_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct trg_str text = {(const char *)data, size};
  const struct trg_str home = TRG_STR("http://127.0.0.1/callback");
  struct arena *a = arena_new();
  struct oauth_challenge c;
  struct oauth_redirect r;
  const char *at[3];
  (void)oauth_challenge_read(text, a, &c);
  if (c.scope.n > size || c.error.n > size || c.resource_metadata.n > size) abort();
  if (oauth_redirect_read(text, home, a, &r) && !str_starts(text, "http://127.0.0.1/callback?"))
    abort();
  (void)oauth_issuer_places(text, a, at);
  (void)oauth_resource_places(text, a, at);
  (void)oauth_resource_covers(text, TRG_STR("https://h/a"));
  if (strlen(oauth_scopes_join(text, text, a)) > size) abort();
  arena_free(&a);
  return 0;
}
