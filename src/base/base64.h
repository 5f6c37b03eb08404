/*
 * Base64 (RFC 4648, section 4): the alphabet with + and /, padded.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <triaged/plugin.h>

struct buf;

void base64_put(struct buf *out, struct trg_str data); /* appends the encoded form */
/* Appends the decoded bytes. 0, or -1 when it is not whole, padded base64; out may then hold a
 * part. */
int base64_read(struct buf *out, struct trg_str text);

#endif
