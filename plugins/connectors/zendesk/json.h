/*
 * cJSON behind a wrapper that covers its sharp edges: see json.c.
 */
#ifndef ZENDESK_JSON_H
#define ZENDESK_JSON_H

#include "text.h"

struct cJSON;
/* The document, or NULL with err. Free with cJSON_Delete(). */
struct cJSON *zd_json(struct trg_str body, struct trg_err *err);
struct trg_str zd_json_str(const struct cJSON *object, const char *key); /* borrowed */
const struct cJSON *zd_json_in(const struct cJSON *object, const char *key);
bool zd_json_true(const struct cJSON *object, const char *key);
/* An id as decimal text in the arena; empty when absent or null; -1 and err when it is not exact.
 */
int zd_json_id(struct zd_mem *mem, const struct cJSON *object, const char *key, struct trg_str *ret,
               struct trg_err *err);
int zd_malformed(struct trg_err *err, const char *what); /* fills err; returns -1 */

#endif
