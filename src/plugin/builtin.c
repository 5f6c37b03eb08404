#include "plugin/builtin.h"

#include <stddef.h>

const struct trg_plugin *const plugin_builtin[] = {NULL};
