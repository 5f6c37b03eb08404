/*
 * Salesforce's documents.
 */
#ifndef SALESFORCE_JSON_H
#define SALESFORCE_JSON_H

#include "../common/json.h"
#include "text.h"

struct cJSON;
/* The document, or NULL with err. Free with cJSON_Delete(). */
struct cJSON *salesforce_json(struct trg_str body, struct trg_err *err);
/* The 18 characters of an id, in the arena; empty when there is none. */
struct trg_str salesforce_json_id(struct hd_mem *mem, const struct cJSON *object, const char *key);
/* The rows of a query's answer; NULL and err when it is none. */
const struct cJSON *salesforce_json_rows(const struct cJSON *json, bool *ret_done,
                                         struct trg_err *err);
int salesforce_malformed(struct trg_err *err, const char *what); /* fills err; returns -1 */

#endif
