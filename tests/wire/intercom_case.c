#include "intercom_case.h"

#include <stdlib.h>

struct desk_case intercom_case_begin(const char *const *settings) {
  static const char *const usual[] = {"url=" INTERCOM_URL,
                                      "auth.token=tok-secret",
                                      "webhook_secret=test-client-secret",
                                      "write.category=custom_attribute:issue_type",
                                      "write.priority=custom_attribute:urgency",
                                      "write.group={\"billing\":\"44\",\"boss\":\"admin:300\"}",
                                      NULL};
  struct desk_case c = desk_case_open(&triaged_plugin_intercom,
                                      settings != NULL ? settings : usual);
  if (settings == NULL) {
    char *me = desk_fixture("intercom", "me.json");
    const struct fake_reply reply = {
        .method = "GET", .url_has = "/me", .status = 200, .body = me, .sticky = true};
    fake_host_reply(c.host, &reply);
    free(me);
  }
  return c;
}
