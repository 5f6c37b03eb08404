/*
 * Who we are to Intercom: the teammate whose token it is, which every write must name, and the
 * workspace with its region. Asked for once; the ops that need it meanwhile wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intercom.h"

/* So long a no is repeated to whoever asks, without asking again. */
#define REFUSED_MS 10000
#define FAILED_MS  1000

static void me_ask(struct intercom_call *call);

struct trg_str intercom_own_id(const struct intercom *self) {
  const char *set = self->conf->admin_id;
  return hd_str(set != NULL && set[0] != '\0' ? set : self->me.id);
}

static void me_wait(struct intercom *self, trg_op op) {
  if (self->waiting_count == self->waiting_cap) {
    self->waiting_cap = self->waiting_cap == 0 ? 16 : self->waiting_cap * 2;
    self->waiting = realloc(self->waiting, self->waiting_cap * sizeof *self->waiting);
    if (self->waiting == NULL) abort();
  }
  self->waiting[self->waiting_count++] = op;
}

/* Each op goes on in a turn of its own, so a cancelled one simply never does. */
static void on_turn(void *self, trg_op op, void *arg) {
  (void)arg;
  struct intercom_call *call = ((struct intercom *)self)->host->op_get(op);
  if (call != NULL) intercom_identify(call, call->ready);
}

static void me_release(struct intercom *self) {
  self->me_leader = 0;
  for (size_t i = 0; i < self->waiting_count; i++)
    self->host->timer(self->waiting[i], 0, on_turn, NULL);
  self->waiting_count = 0;
}

void intercom_me_leave(struct intercom *self, trg_op op) {
  size_t kept = 0;
  for (size_t i = 0; i < self->waiting_count; i++)
    if (self->waiting[i] != op) self->waiting[kept++] = self->waiting[i];
  self->waiting_count = kept;
  /* The leader went away before it was done: whoever comes first in the next turn leads. */
  if (self->me_leader == op) me_release(self);
}

/* Keeps the no for those who wait: each would hear the same. */
static void refusal_keep(struct intercom *self, struct intercom_verdict verdict, const char *why) {
  const bool final = verdict.outcome == TRG_REJECTED;
  self->refusal.until_ms = self->host->now_ms() + (final ? REFUSED_MS : FAILED_MS);
  self->refusal.outcome = verdict.outcome;
  self->refusal.code = verdict.code;
  snprintf(self->refusal.why, sizeof self->refusal.why, "%s", why);
}

static void me_take(struct intercom_call *call, const struct intercom_me *me) {
  struct intercom *self = call->self;
  const char *right = intercom_region_wrong(self->base, me->region);
  char why[300];
  if (right != NULL) {
    snprintf(why, sizeof why, "the workspace is in the region %s: url must be %s", me->region,
             right);
    refusal_keep(self, (struct intercom_verdict){TRG_REJECTED, TRG_CODE_ENDPOINT}, why);
    intercom_end(call, TRG_REJECTED, TRG_CODE_ENDPOINT, why);
    return;
  }
  self->me = *me;
  self->me_known = true;
  if (!me->has_seat && self->conf->admin_id == NULL) {
    const char *hint = "the token's teammate has no inbox seat: set admin_id to one who has, or "
                       "writes may be refused";
    self->host->log(self->inst, TRG_WARN, "no_inbox_seat",
                    (const char *const[]){"admin", me->id, "why", hint, NULL});
  }
  me_release(self);
  call->ready(call);
}

static void on_again(void *ctx, trg_op op, void *arg) {
  struct intercom_call *call = ((struct intercom *)ctx)->host->op_get(op);
  (void)arg;
  if (call != NULL) me_ask(call);
}

/* What may pass is asked for again while the others wait. False: it does not, or not soon. */
static bool me_again(struct intercom_call *call, struct intercom_verdict verdict) {
  const bool passes = verdict.outcome == TRG_RETRY && strcmp(verdict.code, TRG_CODE_RATE) != 0;
  const int64_t wait_ms = passes ? hd_again_ms(++call->me_tries) : 0;
  if (wait_ms > 0) call->self->host->timer(call->op, wait_ms, on_again, NULL);
  return wait_ms > 0;
}

static void on_me(struct intercom_call *call, const struct trg_http_reply *reply) {
  struct intercom_error error;
  struct intercom_me me;
  struct trg_err err;
  if (!hd_ok(reply)) {
    char what[400];
    const struct intercom_verdict verdict = intercom_verdict(call, reply);
    if (me_again(call, verdict)) return;
    intercom_error_read(&error, reply->body);
    hd_failure(what, sizeof what, reply, error.text);
    refusal_keep(call->self, verdict, what);
    intercom_fail(call, reply,
                  reply->status == 401
                      ? "the access token is not known here: is url that of its region?"
                      : NULL);
  } else if (intercom_me_read(&me, reply->body, &err) != 0) {
    intercom_fail_malformed(call, reply, &err);
  } else {
    me_take(call, &me);
  }
}

static void me_ask(struct intercom_call *call) {
  intercom_request(call, "GET", on_me);
  hd_put_str(&call->url, call->self->base);
  hd_puts(&call->url, "/me");
  intercom_send(call);
}

void intercom_identify(struct intercom_call *call, intercom_ready *ready) {
  struct intercom *self = call->self;
  call->ready = ready;
  if (self->me_known) {
    ready(call);
  } else if (self->refusal.until_ms > self->host->now_ms()) {
    intercom_end(call, self->refusal.outcome, self->refusal.code, self->refusal.why);
  } else if (self->me_leader != 0) {
    me_wait(self, call->op);
  } else {
    self->me_leader = call->op;
    call->me_tries = 0;
    me_ask(call);
  }
}
