#include "mixed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const char *const mixed_name[MIXED_DESKS] = {"shop", "trade", "chat"};
const char *const mixed_vendor[MIXED_DESKS] = {"zendesk", "salesforce", "intercom"};

static const char conf[] =
    "state: @DIR@/state\n"
    "listen: \"off\"\n"
    "helpdesks:\n"
    "  - {name: shop, connector: zendesk, url: \"http://127.0.0.1:@PORT@\", mode: auto, poll: 1s,\n"
    "     since: \"2026-11-01T00:00:00Z\", webhook_secret: \"${file:hook}\",\n"
    "     auth: {type: bearer, token: \"${file:token}\"}}\n"
    "  - {name: trade, connector: salesforce, url: \"http://127.0.0.1:@PORT@\", mode: auto,\n"
    "     poll: 1s, since: \"2026-11-01T00:00:00Z\", instance: \"http://localhost:@PORT@\",\n"
    "     webhook_secret: \"${file:hook}\",\n"
    "     auth: {type: client_credentials, client_id: test, client_secret: \"${file:token}\"}}\n"
    "  - {name: chat, connector: intercom, url: \"http://127.0.0.1:@PORT@\", mode: auto, poll: "
    "1s,\n"
    "     lag: 0s, since: \"2026-11-01T00:00:00Z\", webhook_secret: \"${file:hook}\",\n"
    "     auth: {type: bearer, token: \"${file:token}\"}}\n"
    "models:\n"
    "  - {name: haiku, backend: anthropic, model: claude-haiku-5-5,\n"
    "     url: \"http://127.0.0.1:@PORT@\", key: \"${file:token}\",\n"
    "     price: {input: 0.10, output: 0.50, cache_read: 0.01, cache_write: 0.125}}\n"
    "tasks: {triage: {models: [haiku], accept: 0.0}, draft: {models: [haiku]}}\n"
    "skills: [@ROOT@/skills/customer-support]\n"
    "knowledge: [@ROOT@/tests/data/demo/kb]\n"
    "policy: {auto: {accept: 0.0, categories: [billing, shipping, how-to, technical, "
    "refund-return, product-question, account-access, cancellation, complaint, feedback], "
    "citation: optional}, links: [example.com]}\n";

void mixed_conf(struct rig *r) {
  rig_file(r, "hook", MIXED_SECRET "\n");
  rig_file(r, "triaged.yaml", conf);
}

const char *mixed_listen(struct rig *r, const char *poll) {
  static char url[64];
  char listen[64], every[64];
  const int port = rig_port();
  snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
  snprintf(listen, sizeof listen, "listen: \"127.0.0.1:%d\"", port);
  snprintf(every, sizeof every, "poll: %s", poll);
  rig_conf_change(r, "listen: \"off\"", listen, "poll: 1s", "poll: @", "poll: 1s", "poll: @",
                  "poll: 1s", "poll: @", "poll: @", every, "poll: @", every, "poll: @", every,
                  NULL);
  return url;
}

static int line_write(char *out, size_t room, int id) {
  static const char *const bodies[] = {"Where is my parcel? The tracking has not moved for days.",
                                       "I was charged twice for one order, please check.",
                                       "How do I pair the app with my bike?",
                                       "I want to send the helmet back for a refund."};
  return snprintf(
      out, room,
      "{\"id\":\"%d\",\"helpdesk\":\"%s\",\"subject\":\"Question %d\",\"body\":\"%s My number is "
      "%d.\",\"requester\":{\"name\":\"Person %d\",\"email\":\"p%d@example.com\"}",
      id, mixed_vendor[(id - 1) % MIXED_DESKS], id, bodies[(id - 1) / MIXED_DESKS % 4], 1000 + id,
      id, id);
}

void mixed_tickets(struct rig *r, int each) {
  FILE *f = fopen(rig_path(r, "tickets.jsonl"), "w");
  assert_non_null(f);
  for (int i = 1; i <= MIXED_DESKS * each; i++) {
    char line[600];
    line_write(line, sizeof line, i);
    fprintf(f, "%s,\"created_at\":\"2026-11-%02dT%02d:%02d:00Z\"}\n", line, 2 + i % 12, i % 24,
            i % 60);
  }
  assert_int_equal(fclose(f), 0);
}

void mixed_add(struct rig *r, int id) {
  char line[600];
  const int n = line_write(line, sizeof line, id);
  snprintf(line + n, sizeof line - (size_t)n, "}");
  rig_add(r, line);
}

void mixed_sim(struct rig *r, const char *base, const char *args) {
  char all[1200];
  snprintf(all, sizeof all,
           "--port %d --webhook-secret " MIXED_SECRET " --webhook zendesk=%s/webhooks/shop"
           " --webhook salesforce=%s/webhooks/trade/" MIXED_SECRET
           " --webhook intercom=%s/webhooks/chat %s",
           r->port, base, base, base, args);
  rig_sim(r, all);
  rig_until_log(r, "sim.out", "listening");
}
