#include "cmd/bench.h"

#include "base/err.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "net/http.h"
#include "net/loop.h"
#include "pipeline/road.h"
#include "plugin/host.h"

void bench_free(struct bench **bench) {
  struct bench *b = *bench;
  if (b == NULL) return;
  host_free(&b->host);
  http_free(&b->http);
  loop_free(&b->loop);
  road_plan_free(&b->plan);
  mem_free(b);
  *bench = NULL;
}

struct bench *bench_new(struct conf *conf, const char *const *labels, size_t label_count,
                        struct trg_err *err) {
  struct bench *b = mem_alloc(sizeof *b);
  b->plan = road_plan_load(conf, labels, label_count, err);
  if (b->plan == NULL) conf_free(&conf);
  b->loop = b->plan != NULL ? loop_new(err) : NULL;
  b->http = b->loop != NULL ? http_new(b->loop, err) : NULL;
  if (b->http == NULL) {
    bench_free(&b);
    return NULL;
  }
  b->host = host_new(b->loop, b->http);
  return b;
}

int bench_open(struct bench *b, const struct conf_model *m, struct trg_inst **ret,
               struct trg_err *err) {
  const struct inst_options o = {.plugin = m->plugin,
                                 .name = m->name,
                                 .conf = m->settings,
                                 .origins = m->origins,
                                 .origin_count = m->origin_count,
                                 .max_in_flight = (int)m->max_in_flight};
  const int rc = inst_open(b->host, &o, ret, err);
  if (rc < 0) err_prefix(err, "model %s: ", m->name);
  return rc;
}
