#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evil.h"

int64_t play_stat(struct rig *r, const char *name) {
  cJSON *stats = rig_get(r, "/sim/stats");
  const int64_t n = (int64_t)cJSON_GetObjectItem(stats, name)->valuedouble;
  cJSON_Delete(stats);
  return n;
}

void play_feed(struct rig *r, int vendor, int count, const char *more) {
  FILE *f = fopen(rig_path(r, "tickets.jsonl"), "w");
  assert_non_null(f);
  for (int i = 1; i <= count; i++)
    fprintf(f,
            "{\"id\":\"%d\",\"helpdesk\":\"%s\",\"subject\":\"Question %d\",\"body\":\"Where is "
            "my parcel number %d?\",\"created_at\":\"2026-11-%02dT08:%02d:07Z\",\"requester\":"
            "{\"name\":\"P %d\",\"email\":\"p%d@example.com\"}%s}\n",
            i, mixed_vendor[vendor], i, 1000 + i, 2 + i % 12, i, i, i, more);
  assert_int_equal(fclose(f), 0);
}

void play_start(struct rig *r, int vendor, const char *args, const char *faults) {
  char all[400], spec[300] = "", list[200];
  snprintf(all, sizeof all, "--port %d --seed 4 --behaviour off --retry-after 0 --slow-ms 10 %s",
           r->port, args);
  rig_sim(r, all);
  rig_until_log(r, "sim.out", "listening");
  snprintf(list, sizeof list, "%s", faults);
  for (char *rest = list, *one; (one = strsep(&rest, ",")) != NULL;) {
    const size_t n = strlen(spec);
    if (one[0] == '\0') continue;
    snprintf(spec + n, sizeof spec - n, "%s%s.%s", n > 0 ? "," : "", mixed_vendor[vendor], one);
  }
  cJSON_Delete(rig_post(r, "/sim/faults", spec));
  mixed_conf(r);
  /* Which request meets a fault is drawn: what is read beside the tickets is left out. */
  rig_conf_change(r, "poll: 1s", "macros: 0s, poll: @", "poll: 1s", "macros: 0s, poll: @",
                  "poll: 1s", "macros: 0s, poll: @", "poll: @", "poll: 1s", "poll: @", "poll: 1s",
                  "poll: @", "poll: 1s", NULL);
}

void play_done(struct rig *r, int count) {
  static const char *const open =
      "SELECT count(*) FROM v_tickets WHERE state NOT IN ('following','done')";
  for (int i = 0; i < 40; i++) {
    rig_run(r, "triaged", "--once", NULL);
    if (rig_sql(r, "SELECT count(*) FROM v_tickets") == count && rig_sql(r, open) == 0) break;
    rig_later(r, "20m");
  }
  for (int i = 0; i < 2; i++) {
    rig_later(r, "20m");
    rig_run(r, "triaged", "--once", NULL);
  }
  assert_int_equal(rig_sql(r, "SELECT count(*) FROM v_tickets"), count);
  assert_int_equal(rig_sql(r, open), 0);
  rig_check_no_double(r, NULL, NULL);
}

cJSON *play_truth(struct rig *r, int vendor, const char *id) {
  char path[120];
  snprintf(path, sizeof path, "/sim/tickets/%s/%s", mixed_vendor[vendor], id);
  return rig_get(r, path);
}

int play_ours(struct rig *r, int vendor, const char *id, bool public, char **ret_body) {
  cJSON *t = play_truth(r, vendor, id), *e = NULL;
  int n = 0;
  cJSON_ArrayForEach(e, cJSON_GetObjectItem(t, "history")) {
    const cJSON *shown = cJSON_GetObjectItem(e, "public");
    const char *role = cJSON_GetStringValue(
        cJSON_GetObjectItem(cJSON_GetObjectItem(e, "author"), "role"));
    if (role == NULL || strcmp(role, "bot") != 0 || !cJSON_IsBool(shown) ||
        cJSON_IsTrue(shown) != public)
      continue;
    n++;
    if (ret_body == NULL) continue;
    free(*ret_body);
    *ret_body = strdup(cJSON_GetStringValue(cJSON_GetObjectItem(e, "body")));
  }
  cJSON_Delete(t);
  return n;
}

bool play_has_tag(const cJSON *ticket, const char *tag) {
  const cJSON *t = NULL;
  cJSON_ArrayForEach(t, cJSON_GetObjectItem(ticket, "tags")) {
    if (strcmp(cJSON_GetStringValue(t), tag) == 0) return true;
  }
  return false;
}

void play_model(struct rig *r, const char *draft) {
  char was[120], by[120];
  const int port = evil_model(r, draft);
  snprintf(was, sizeof was, "haiku-5-5,\n     url: \"http://127.0.0.1:%d\"", r->port);
  snprintf(by, sizeof by, "haiku-5-5,\n     url: \"http://127.0.0.1:%d\"", port);
  rig_conf_change(r, was, by, NULL);
}
