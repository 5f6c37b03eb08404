/* The writing side of Zendesk: what its two files share. */
#ifndef SIM_ZENDESK_WRITE_H
#define SIM_ZENDESK_WRITE_H

#include "zendesk.h"

#include <stdlib.h>

/* An id, written as a number or as text; 0 when it is neither. */
uint64_t wish_id(const cJSON *v);
/* The status that the request asks for, by name or by custom status; otherwise when it asks for
 * none. */
int wish_status(const cJSON *in, int otherwise);
/* Applies what was checked. NULL when there was nothing to change. */
struct entry *wish_apply(struct exchange *x, struct ticket *t, const cJSON *in, unsigned flags);

/* Tags come as a list or as one text with blanks; upper case is lost. */
struct tags {
  char *list[512];
  size_t n;
};
void tags_read(const cJSON *in, struct tags *ret_tags);
void tags_free(struct tags *tags);

/* Writes an object of problems by field into details, or nothing when all is well. */
void zendesk_check(struct exchange *x, const struct ticket *t, const cJSON *in,
                   struct buf *details);

#endif
