#include "zendesk_case.h"

struct desk_case zendesk_case_begin(const char *const *settings) {
  static const char *const bearer[] = {"url=" ZENDESK_URL,
                                       "auth.type=bearer",
                                       "auth.token=tok-secret",
                                       "webhook_secret=hook-secret",
                                       "write.category=custom_field:360001",
                                       "write.group={\"billing\":\"44\",\"tech\":45}",
                                       NULL};
  struct desk_case c = desk_case_open(&triaged_plugin_zendesk,
                                      settings != NULL ? settings : bearer);
  if (settings == NULL) {
    const struct fake_reply me = {.method = "GET",
                                  .url_has = "/users/me",
                                  .status = 200,
                                  .body = "{\"user\":{\"id\":500,\"role\":\"admin\"}}",
                                  .sticky = true};
    fake_host_reply(c.host, &me);
  }
  return c;
}
