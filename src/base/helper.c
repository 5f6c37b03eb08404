#include "base/helper.h"

#include <sched.h>

void helper_thread(void) {
  const struct sched_param none = {0};
  if (sched_getscheduler(0) == SCHED_OTHER) (void)sched_setscheduler(0, SCHED_BATCH, &none);
}
