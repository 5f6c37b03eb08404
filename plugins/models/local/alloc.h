/* Memory that is there: a plugin has no way on without it, so the process ends and the daemon's
 * file recovers. */
#ifndef TRIAGED_LOCAL_ALLOC_H
#define TRIAGED_LOCAL_ALLOC_H

#include <stddef.h>

/* Zeroed; the caller frees. */
void *local_alloc(size_t count, size_t each);
/* Like realloc for count * each bytes; the new part is not zeroed. */
void *local_grow(void *old, size_t count, size_t each);
char *local_copy(const char *bytes, size_t n); /* NUL-terminated; the caller frees */

#endif
