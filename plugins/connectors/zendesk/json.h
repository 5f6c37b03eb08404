/*
 * Zendesk's documents.
 */
#ifndef ZENDESK_JSON_H
#define ZENDESK_JSON_H

#include "../common/json.h"
#include "text.h"

struct cJSON;
/* The document, or NULL with err. Free with cJSON_Delete(). */
struct cJSON *zd_json(struct trg_str body, struct trg_err *err);
/* An id as decimal text in the arena; empty when absent or null; -1 and err when it is not exact.
 */
int zd_json_id(struct hd_mem *mem, const struct cJSON *object, const char *key, struct trg_str *ret,
               struct trg_err *err);
int zd_malformed(struct trg_err *err, const char *what); /* fills err; returns -1 */

#endif
