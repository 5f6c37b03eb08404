/*
 * Intercom's documents.
 */
#ifndef INTERCOM_JSON_H
#define INTERCOM_JSON_H

#include "../common/json.h"
#include "text.h"

struct cJSON;
/* The document, or NULL with err. Free with cJSON_Delete(). */
struct cJSON *intercom_json(struct trg_str body, struct trg_err *err);
/* An id as text in the arena; empty when absent, null, or nothing that can be kept exactly. */
struct trg_str intercom_json_id(struct hd_mem *mem, const struct cJSON *object, const char *key);
/* A count or a time in seconds; 0 when absent, null or absurd. */
int64_t intercom_json_int(const struct cJSON *object, const char *key);
int intercom_malformed(struct trg_err *err, const char *what); /* fills err; returns -1 */
/* Is this text of any length one JSON object? 0, or -1 with err, which quotes nothing of it. */
int intercom_object_check(struct trg_str body, struct trg_err *err);

#endif
