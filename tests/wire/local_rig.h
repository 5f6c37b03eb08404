/* The embedded model in a host of its own. Every call fails the running test when it cannot do what
 * it says. */
#ifndef TESTS_WIRE_LOCAL_RIG_H
#define TESTS_WIRE_LOCAL_RIG_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "fake_host.h"

extern const struct trg_plugin triaged_plugin_local;

struct local_rig {
  struct fake_host *host;
  struct fake_inst *inst;
  char folder[64], file[96], setting[128];
};

void local_rig_open(struct local_rig *rig);
void local_rig_close(struct local_rig *rig);
const struct fake_op *local_rig_ask(struct local_rig *rig, const char *task, const char *input);
/* The answer as JSON; the test deletes it. */
cJSON *local_rig_answer(struct local_rig *rig, const char *task, const char *input);
/* What stands there, which must be of that kind. */
const char *local_rig_text(const cJSON *object, const char *key);
double local_rig_share(const cJSON *object, const char *key);
bool local_rig_flag(const cJSON *object, const char *key);

#endif
