/* Checks JSON against a vendor's OpenAPI file: the part of JSON Schema that those files use (type,
 * properties, required, enum, const, items, $ref, allOf, anyOf, oneOf, nullable,
 * additionalProperties). Formats and numeric bounds are not looked at. */
#ifndef SIM_TEST_OPENAPI_H
#define SIM_TEST_OPENAPI_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct openapi {
  cJSON *doc;
  /* Zendesk's file marks few members as nullable that the service does return as null; with this
   * set a null is accepted where the file forgets to say so. */
  bool nulls_pass;
  /* members ("parent.member") whose values the file describes wrongly; ends with NULL */
  const char *const *unchecked;
};

/* NULL when the file is not there. The caller closes it. */
struct openapi *openapi_open(const char *name);
void openapi_close(struct openapi *o);
/* Body of a response by path template, method and status. Writes the first problem to why. */
bool openapi_response(const struct openapi *o, const char *path, const char *method,
                      const char *status, const cJSON *body, char *why, size_t why_bytes);
/* A value against a schema that stands for itself. */
bool schema_accepts(const cJSON *schema, const cJSON *value, char *why, size_t why_bytes);

#endif
