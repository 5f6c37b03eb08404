#include "salesforce_case.h"

struct desk_case salesforce_case_begin(const char *const *more) {
  static const char *const common[] = {"url=" SALESFORCE_URL, "auth.type=client_credentials",
                                       "auth.client_id=acme", "auth.client_secret=t0pS3cret"};
  const char *settings[16] = {NULL};
  size_t n = 0;
  for (; n < sizeof common / sizeof common[0]; n++) settings[n] = common[n];
  for (; more != NULL && *more != NULL && n < 15; more++) settings[n++] = *more;
  struct desk_case c = desk_case_open(&triaged_plugin_salesforce, settings);
  const struct fake_reply token = {
      .method = "POST", .url_has = LOGIN, .status = 200, .body = TOKEN("A"), .sticky = true};
  fake_host_reply(c.host, &token);
  return c;
}
