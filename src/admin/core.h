/*
 * The parts that a running program is made of, put together: registry, configuration, store, loop,
 * models, road. The daemon runs it; triagectl opens it for a moment when no daemon holds the state
 * directory.
 */
#ifndef ADMIN_CORE_H
#define ADMIN_CORE_H

#include <stdbool.h>
#include "conf/conf.h"
#include "pipeline/road.h"

struct agent;
struct retrain;
struct http;
struct registry;

struct core {
  char *conf_path;
  char *state; /* its folder */
  struct registry *registry;
  struct loop *loop;
  struct http *http;
  struct host *host;
  struct store *store;
  struct router *router;
  struct road *road;
  struct road_plan *plan;  /* in force; older ones behind it */
  struct agent *agent;     /* MCP; made when it is first needed */
  int64_t trainings;       /* that people started, so far */
  struct retrain *retrain; /* made when it is first needed */
  uint8_t key[32];
  /* NULL, or told of each file while knowledge is indexed; false: not to go on. */
  bool (*index_told)(void *arg, size_t done, size_t total);
  void *index_arg;
  bool failed; /* the store refused a commit: the process must end */
};

/* Reads and checks the configuration. NULL with the problems printed to standard error. */
struct conf *core_conf(struct registry *r, const char *path);
/* The categories that the embedded model was trained with; in `a`. */
const char **core_trained(struct store *s, struct arena *a, size_t *ret_count);
#define CORE_STOPPED (-1)
/* Opens everything for writing: takes the lock of the state directory. 0, 78 (configuration), or
 * 1 with a message on standard error; CORE_STOPPED when TERM or INT came while the database was
 * brought up to date (base/stop.h), which is then as it was. Starts nothing. */
int core_open(const char *conf_path, struct core *ret);
void core_close(struct core *c);
/* Loads a new configuration and puts it in force; the old one stays when it cannot be used. 0 or
 * negative and err. */
int core_reload(struct core *c, struct trg_err *err);
/* `--check`: prints every problem; 0 or 78. */
int core_check(const char *conf_path);
/* `--explain`: every key with its default and meaning, those of the plugins too, as YAML comments
 * on standard output. 0, or 1 when it cannot be written. */
int core_explain(void);
/* Did it end because index_told or a held signal said so? */
bool core_interrupted(const struct trg_err *err);
/* Knowledge folders into the search index. */
int core_index(struct core *c, struct trg_err *err);

#endif
