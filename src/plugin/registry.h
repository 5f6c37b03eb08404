/*
 * Which plugins there are: linked in, or loaded by name from a folder. A file that is not owned by
 * root or the service's user, or writable by others, or of another ABI major version is refused
 * with a sentence that says so.
 */
#ifndef PLUGIN_REGISTRY_H
#define PLUGIN_REGISTRY_H

#include <stddef.h>
#include <triaged/plugin.h>

struct registry;
/* dir NULL: the folder beside the program (build/plugins), else the installed one. */
struct registry *registry_new(const char *dir);
void registry_free(struct registry **r); /* never unloads code */
/* Finds or loads; NULL and err. Kind must match. */
const struct trg_plugin *registry_find(struct registry *r, int32_t kind, const char *name,
                                       struct trg_err *err);
/* Every plugin file in the folder that can not be used, with the reason; for --check. */
void registry_check(struct registry *r,
                    void (*fn)(void *arg, const char *path, const char *problem), void *arg);
/* Names of all usable plugins of a kind, sorted: NULL-terminated, owned by the registry. */
const char *const *registry_names(struct registry *r, int32_t kind);
/* Pure: would this descriptor be accepted? 0 or negative and err. */
int registry_accept(const struct trg_plugin *p, int32_t kind, const char *name,
                    struct trg_err *err);

#endif
