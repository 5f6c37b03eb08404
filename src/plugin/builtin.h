/*
 * The plugins that are linked into the program, ended by NULL: empty, unless the build generates
 * the table (`make static`).
 */
#ifndef PLUGIN_BUILTIN_H
#define PLUGIN_BUILTIN_H

#include <triaged/plugin.h>

extern const struct trg_plugin *const plugin_builtin[];

#endif
