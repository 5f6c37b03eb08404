/* What somebody does to a ticket at the moment that a test wants: POST /sim/act. */
#include "http.h"

#include <string.h>

struct act {
  struct exchange *x;
  struct desk *desk;
  struct ticket *ticket;
  struct edit edit;
};

static const char *wish(const struct act *a, const char *key) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(a->x->json, key));
}

static bool refuse(struct act *a, const char *why) {
  control_refuse(a->x, 400, why);
  return false;
}

static bool act_close(struct act *a) {
  edit_status(&a->edit, a->desk->reopens ? STATUS_SOLVED : STATUS_CLOSED);
  return true;
}

static bool act_redact(struct act *a) {
  const char *text = wish(a, "text");
  return (text && edit_redact(&a->edit, text)) || refuse(a, "nothing to redact has this text");
}

static bool act_snooze(struct act *a) {
  const char *text = wish(a, "for");
  int64_t ms = 0;
  for (size_t i = 0; sim_vendors[i]; i++) {
    if (strcmp(sim_vendors[i]->name, a->desk->name) == 0 && sim_vendors[i]->snoozed && text &&
        duration_parse(text, &ms)) {
      sim_vendors[i]->snoozed(a->x->sim->vendor_state[i], &a->edit,
                              clock_now_ms(&a->x->sim->clock) + ms);
      return true;
    }
  }
  return refuse(a, "this helpdesk has no snoozing, or \"for\" is no duration");
}

static const struct {
  const char *name;
  bool (*does)(struct act *a); /* false when it has answered */
} deeds[] = {{"close", act_close}, {"redact", act_redact}, {"snooze", act_snooze}};

/* A merge is several updates, and so not one of the deeds. */
static bool act_do(struct act *a, const char *deed) {
  struct store *s = &a->x->sim->store;
  if (strcmp(deed, "merge") == 0) {
    people_merge(a->x->sim, a->desk, a->ticket);
    return true;
  }
  edit_begin(&a->edit, s, a->desk, a->ticket, s->first_agent, 0);
  for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
    if (strcmp(deeds[i].name, deed) == 0) {
      bool done = deeds[i].does(a);
      if (done) {
        edit_commit(&a->edit);
      }
      return done;
    }
  }
  return refuse(a, "do: close, merge, redact or snooze");
}

void control_act(struct exchange *x) {
  struct act a = {.x = x};
  exchange_json(x);
  const char *desk = wish(&a, "helpdesk");
  const char *id = wish(&a, "id");
  const char *deed = wish(&a, "do");
  if (desk == NULL || id == NULL || deed == NULL) {
    control_refuse(x, 400, "expected {\"helpdesk\":…,\"id\":…,\"do\":…}");
    return;
  }
  a.ticket = control_meant(x, desk, id, &a.desk);
  if (a.ticket && act_do(&a, deed)) {
    struct buf *b = reply_json(x, 200);
    jw_open(b, '{');
    jw_kstr(b, "done", deed);
    jw_close(b, '}');
  }
}
