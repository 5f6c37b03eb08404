#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <triaged/connector.h>
#include <triaged/model.h>

#include "base/err.h"
#include "plugin/registry.h"

/* Structs only grow: what version 1.0 had must be there. */
#define HAS(type, ops, member)                                                                     \
  ((ops)->size >= offsetof(type, member) + sizeof((ops)->member) && (ops)->member != NULL)
#define C_HAS(member) HAS(struct trg_connector_ops, c, member)
#define M_HAS(member) HAS(struct trg_model_ops, m, member)

static int lacks(const struct trg_plugin *p, const char *what, struct trg_err *err) {
  return err_set(err, TRG_EINVAL, "plugin", "the plugin %s has no %s; rebuild it", p->name, what);
}

static int connector_accept(const struct trg_plugin *p, struct trg_err *err) {
  const struct trg_connector_ops *c = p->ops;
  if (!C_HAS(probe)) return lacks(p, "probe()", err);
  if (!C_HAS(poll)) return lacks(p, "poll()", err);
  if (!C_HAS(fetch)) return lacks(p, "fetch()", err);
  if (!C_HAS(write)) return lacks(p, "write()", err);
  if ((c->caps & TRG_CAN_FIND) != 0 && !C_HAS(find))
    return lacks(p, "find(), though it says that it can", err);
  if ((c->caps & TRG_CAN_WEBHOOK) != 0 && (!C_HAS(verify) || !C_HAS(parse)))
    return lacks(p, "verify() and parse(), though it says that it takes webhooks", err);
  return 0;
}

static int model_accept(const struct trg_plugin *p, struct trg_err *err) {
  const struct trg_model_ops *m = p->ops;
  if (!M_HAS(complete)) return lacks(p, "complete()", err);
  if (!M_HAS(estimate)) return lacks(p, "estimate()", err);
  if ((m->caps & TRG_MODEL_TRAIN) != 0 && !M_HAS(train))
    return lacks(p, "train(), though it says that it can", err);
  return 0;
}

static const char *kind_word(int32_t kind) {
  return kind == TRG_CONNECTOR ? "connector" : kind == TRG_MODEL ? "model backend" : "unknown kind";
}

static int fields_accept(const struct trg_plugin *p, struct trg_err *err) {
  for (const struct trg_field *f = p->fields; f != NULL && f->name != NULL; f++)
    if (f->offset >= p->conf_size)
      return err_set(err, TRG_EINVAL, "plugin",
                     "the setting %s of plugin %s lies outside its settings struct; rebuild it",
                     f->name, p->name);
  return 0;
}

int registry_accept(const struct trg_plugin *p, int32_t kind, const char *name,
                    struct trg_err *err) {
  if (p == NULL) return err_set(err, TRG_EINVAL, "plugin", "there is no descriptor for %s", name);
  if (p->abi_major != TRG_ABI_MAJOR)
    return err_set(err, TRG_EINVAL, "plugin_abi",
                   "the plugin %s is built for interface version %u.%u and this program has "
                   "%d.%d; rebuild the plugin against this program's headers",
                   name, p->abi_major, p->abi_minor, TRG_ABI_MAJOR, TRG_ABI_MINOR);
  if (p->size < offsetof(struct trg_plugin, ops) + sizeof p->ops)
    return err_set(err, TRG_EINVAL, "plugin_abi",
                   "the plugin %s has a descriptor of %u bytes and %zu are needed; rebuild it",
                   name, p->size, sizeof *p);
  if (p->kind != kind)
    return err_set(err, TRG_EINVAL, "plugin", "the plugin %s is a %s and a %s was wanted", name,
                   kind_word(p->kind), kind_word(kind));
  if (p->name == NULL || strcmp(p->name, name) != 0)
    return err_set(err, TRG_EINVAL, "plugin", "the plugin calls itself %s, not %s; rename the file",
                   p->name == NULL ? "nothing" : p->name, name);
  if (p->version == NULL || p->open == NULL || p->close == NULL || p->ops == NULL)
    return lacks(p, "version, open(), close() or table of operations", err);
  const int rc = fields_accept(p, err);
  if (rc != 0) return rc;
  return kind == TRG_CONNECTOR ? connector_accept(p, err) : model_accept(p, err);
}
