/*
 * The grammar of JSON (RFC 8259), looked at before cJSON sees the text: cJSON is lenient about
 * numbers and control characters, counts no lines and cuts strings at an escaped NUL.
 */
#ifndef BASE_JSON_CHECK_H
#define BASE_JSON_CHECK_H

#include <triaged/plugin.h>

#define JSON_DEPTH_MAX 64

/* Checks `text` whole; escapes of U+0000 and of half surrogate pairs in it become \ufffd.
 * 0, or a negative status and err with "line N, column M: ...". */
int json_check(char *text, size_t n, struct trg_err *err);

#endif
