/*
 * cJSON behind a wrapper that covers its sharp edges: see json.c.
 */
#ifndef CONNECTOR_JSON_H
#define CONNECTOR_JSON_H

#include "text.h"

struct cJSON;
/* The document, or NULL with the problem in words (static). Free with cJSON_Delete(). */
struct cJSON *hd_json(struct trg_str body, const char **ret_problem);
const struct cJSON *hd_json_in(const struct cJSON *object, const char *key);
struct trg_str hd_json_str(const struct cJSON *object, const char *key); /* borrowed */
bool hd_json_true(const struct cJSON *object, const char *key);
/* The same key twice: two readers may disagree about which counts, and signed bodies must say one
 * thing. */
bool hd_json_twins(const struct cJSON *object);

#endif
