#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "plugin/inner.h"
#include "plugin/registry.h"

#define IN_FLIGHT_DEFAULT 32
#define ORIGINS_MAX       16

static void inst_free(struct trg_inst *i) {
  mem_free(i->origins);
  limit_free(&i->limit);
  mem_free(i->conf);
  mem_free(i->name);
  mem_free(i);
}

static void ops_read(struct trg_inst *i) {
  const struct trg_plugin *p = i->plugin;
  if (p->kind == TRG_CONNECTOR) {
    const struct trg_connector_ops *c = p->ops;
    struct_read(&i->connector, sizeof i->connector, c, c->size);
    return;
  }
  const struct trg_model_ops *m = p->ops;
  struct_read(&i->model, sizeof i->model, m, m->size);
}

int inst_open(struct host *h, const struct inst_options *o, struct trg_inst **ret,
              struct trg_err *err) {
  const struct trg_plugin *p = o->plugin;
  const int rc = registry_accept(p, p->kind, p->name, err);
  if (rc != 0) return rc;
  struct trg_inst *i = mem_alloc(sizeof *i);
  i->host = h;
  i->plugin = p;
  i->serial = ++h->next_serial;
  i->name = mem_dup(o->name);
  i->conf = mem_alloc(p->conf_size);
  if (o->conf != NULL && p->conf_size > 0) memcpy(i->conf, o->conf, p->conf_size);
  i->origins = mem_array(o->origin_count, sizeof *i->origins);
  for (size_t n = 0; n < o->origin_count; n++) /* file:///FOLDER is no place for exchanges */
    if (url_parse(str_of(o->origins[n]), &i->origins[i->origin_count], NULL) == 0)
      i->origin_count++;
  i->max_in_flight = o->max_in_flight > 0 ? o->max_in_flight : IN_FLIGHT_DEFAULT;
  i->queue_tail = &i->queue_head;
  i->limit = limit_new();
  i->user = o->user;
  ops_read(i);
  if (p->open(host_table(), i, i->conf, &i->self, err) != 0) {
    err_prefix(err, "%s", i->name);
    inst_free(i);
    return TRG_EINVAL;
  }
  i->opened = true;
  i->next = h->first;
  if (h->first != NULL) h->first->prev = i;
  h->first = i;
  *ret = i;
  return 0;
}

int inst_allow_origin(struct trg_inst *i, struct trg_str text, struct trg_err *err) {
  struct url u;
  int rc = url_parse(text, &u, err);
  if (rc == 0) rc = url_check(&u, err);
  if (rc != 0) {
    err_prefix(err, "%s", i->name);
    return -1;
  }
  for (size_t n = 0; n < i->origin_count; n++)
    if (url_same_origin(&u, &i->origins[n])) return 0;
  if (i->origin_count >= ORIGINS_MAX)
    return err_set(err, -1, "endpoint", "%s was sent from host to host too often", i->name);
  i->origins = mem_grow(i->origins, (i->origin_count + 1) * sizeof *i->origins);
  i->origins[i->origin_count++] = u;
  return 0;
}

void inst_close(struct trg_inst *i) {
  if (i->prev != NULL)
    i->prev->next = i->next;
  else
    i->host->first = i->next;
  if (i->next != NULL) i->next->prev = i->prev;
  i->plugin->close(i->self);
  inst_free(i);
}

void inst_retire(struct trg_inst *i) {
  i->retired = true;
  host_turn_soon(i->host);
}

void inst_start_waiting(struct trg_inst *i) {
  while (i->queue_head != NULL &&
         (op_is_batched(i->queue_head) || i->in_flight - i->batched < i->max_in_flight)) {
    struct op *o = i->queue_head;
    i->queue_head = o->next;
    if (i->queue_head == NULL) i->queue_tail = &i->queue_head;
    o->next = NULL;
    i->queued--;
    op_begin(o);
  }
}

const char *inst_name(const struct trg_inst *i) {
  return i->name;
}
void *inst_user(const struct trg_inst *i) {
  return i->user;
}
void *inst_self(const struct trg_inst *i) {
  return i->self;
}
int inst_in_flight(const struct trg_inst *i) {
  return i->in_flight - i->batched;
}
int inst_queued(const struct trg_inst *i) {
  return i->queued;
}

const struct trg_connector_ops *inst_connector(const struct trg_inst *i) {
  return i->plugin->kind == TRG_CONNECTOR ? &i->connector : NULL;
}

const struct trg_model_ops *inst_model(const struct trg_inst *i) {
  return i->plugin->kind == TRG_MODEL ? &i->model : NULL;
}

uint32_t inst_caps(const struct trg_inst *i) {
  return i->plugin->kind == TRG_CONNECTOR ? i->connector.caps : i->model.caps;
}

int64_t inst_wait_ms(const struct trg_inst *i) {
  return limit_waiting_ms(i->limit, mono_ms());
}
