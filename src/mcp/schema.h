/*
 * JSON Schema (2020-12, the part that tools use): does a value fit? Pure and bounded. Nothing is
 * fetched: a $ref that does not begin with # fits nothing.
 *
 * Knows type, enum, const, properties, required, additionalProperties, items, minItems, maxItems,
 * minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, allOf, anyOf, oneOf,
 * not and $ref; other keywords accept everything, as the standard says of unknown ones.
 */
#ifndef MCP_SCHEMA_H
#define MCP_SCHEMA_H

#include "base/json.h"

/* 0, or TRG_EINVAL with "arguments.limit: must be ..." in err; TRG_ELIMIT when the schema is too
 * deep or would take too long. `name` is what the value is called. */
int schema_check(const json *schema, const json *value, const char *name, struct trg_err *err);

#endif
