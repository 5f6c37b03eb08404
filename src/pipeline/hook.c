/* Webhooks: a delivery only says "look at this ticket". It counts once; what it names joins the
 * inbox, and polling remains the truth. */
#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "pipeline/stage.h"
#include "store/inbox.h"

struct hook {
  struct desk *desk;
  int64_t now_ms;
};

static void hook_on_notice(void *arg, const struct trg_notice *n) {
  struct hook *h = arg;
  bool fresh = false;
  struct trg_err err = {0};
  store_must(inbox_add(h->desk->road->setup.store, str_of(h->desk->conf->name), n->id, n->version,
                       TRG_STR("webhook"), n->at_ms, h->now_ms, &fresh, &err),
             &err);
  if (fresh) h->desk->road->stats.notices++;
}

int road_webhook(struct road *r, struct trg_str helpdesk, const struct trg_delivery *delivery,
                 struct trg_answer *ret_answer, struct trg_err *err) {
  struct desk *d = desk_find(r, helpdesk);
  if (d == NULL)
    return err_set(err, TRG_ENOTFOUND, "not_found", "no helpdesk is named \"%.*s\"",
                   (int)helpdesk.n, helpdesk.p);
  const struct trg_connector_ops *ops = inst_connector(d->inst);
  void *self = inst_self(d->inst);
  if ((ops->caps & TRG_CAN_WEBHOOK) == 0 || ops->verify == NULL || ops->parse == NULL)
    return err_set(err, TRG_ENOTFOUND, "not_found", "helpdesk %s takes no webhooks", d->conf->name);
  struct trg_str id = {NULL, 0};
  if (ops->verify(self, delivery, &id, err) < 0) return TRG_EINVAL;
  *ret_answer = (struct trg_answer){.size = sizeof *ret_answer};
  if (ops->answer != NULL) ops->answer(self, delivery, ret_answer);
  struct trg_err fatal = {0};
  bool fresh = true;
  if (id.n > 0)
    store_must(inbox_delivery(r->setup.store, helpdesk, id, delivery->now_ms, &fresh, &fatal),
               &fatal);
  if (!fresh) return 0;
  struct hook h = {d, delivery->now_ms};
  if (ops->parse(self, delivery, hook_on_notice, &h, err) < 0) return TRG_ESTATE;
  road_kick(r);
  return 0;
}
