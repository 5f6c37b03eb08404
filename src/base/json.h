/*
 * JSON behind one wrapper (cJSON inside): ids become decimal text, money never passes through a
 * JSON number, nesting is limited to 64, duplicate keys can be refused. Written text is
 * deterministic: keys stay in the order in which they were put.
 *
 * The grammar is looked at before cJSON reads (json_check.h), as cJSON takes `01`, raw line breaks
 * in strings and a text that is cut by an escaped NUL. `\u0000` and half surrogate pairs become
 * U+FFFD, so that a text that somebody's helpdesk cut inside an emoji is still read. Without
 * JSON_UNIQUE_KEYS the first of two equal keys is the one that is found.
 *
 * json_id takes integers below 2^53 only: 2^53 and 2^53 + 1 read as the same double. Writing does
 * not use cJSON's printer, which takes neighbours near 2^53 for equal and follows the locale.
 * json_put_int beyond 2^53 writes text; a double that is not finite becomes null; putting a key
 * again replaces its value in place.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

typedef struct cJSON json; /* a value; children belong to their parent */

#define JSON_UNIQUE_KEYS 1u
/* Parses the whole text. NULL and err ("line N, column M: ...") when it is not one JSON value. */
json *json_parse(struct trg_str text, uint32_t flags, struct trg_err *err);
void json_free(json **j);

/* Reading: all accept NULL and wrong types, and give the empty or default value then. */
json *json_get(const json *object, const char *key);
json *json_path(const json *value, const char *dotted); /* "usage.input_tokens", "a.0.b" */
size_t json_count(const json *array);
json *json_at(const json *array, size_t i); /* linear; iterate with json_first / json_next */
json *json_first(const json *container);
json *json_next(const json *member);
const char *json_key(const json *member); /* NULL in arrays */
bool json_is_object(const json *j);
bool json_is_array(const json *j);
bool json_is_string(const json *j);
bool json_is_number(const json *j);
bool json_is_bool(const json *j);
bool json_is_true(const json *j);
bool json_is_null(const json *j);       /* a null that stands there; false for NULL */
double json_double(const json *j);      /* 0 for what is no number */
json *json_copy(const json *j);         /* the caller's; NULL gives NULL */
struct trg_str json_str(const json *j); /* string value, else empty */
struct trg_str json_get_str(const json *object, const char *key);
bool json_get_bool(const json *object, const char *key, bool otherwise);
int64_t json_get_int(const json *object, const char *key, int64_t otherwise);
double json_get_double(const json *object, const char *key, double otherwise);
/* A string, or an integral number up to 2^53, as text in out. 0 or -1. */
int json_id(const json *j, char *out, size_t out_size);

/* Building: a new value belongs to the caller until it is put into a parent. */
json *json_object(void);
json *json_array(void);
void json_put(json *object, const char *key, json *value);           /* takes value */
void json_put_str(json *object, const char *key, struct trg_str s);  /* bad UTF-8 -> U+FFFD */
void json_put_text(json *object, const char *key, const char *text); /* NULL: "" */
void json_put_int(json *object, const char *key, int64_t n);         /* |n| <= 2^53 */
void json_put_double(json *object, const char *key, double d); /* shortest form, <= 6 places */
void json_put_bool(json *object, const char *key, bool b);
void json_put_null(json *object, const char *key);
void json_put_micros(json *object, const char *key, int64_t micros); /* "0.990000" text */
void json_put_time(json *object, const char *key, int64_t at_ms);    /* RFC 3339; 0: "" */
void json_add(json *array, json *value);
void json_add_str(json *array, struct trg_str s);
char *json_text(const json *j);        /* compact; mem_free */
char *json_text_pretty(const json *j); /* indented; mem_free */

#endif
