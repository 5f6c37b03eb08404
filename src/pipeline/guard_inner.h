/*
 * The guard's parts, for the files guard*.c only: where a text leads, and what it claims. Pure.
 */
#ifndef PIPELINE_GUARD_INNER_H
#define PIPELINE_GUARD_INNER_H

#include "base/buf.h"
#include "pipeline/guard.h"

/* The host of the address with scheme, "//" or "www." that begins at `at`, if one does: everything
 * before an "@" in the authority is a user name. */
bool link_at(struct trg_str s, size_t at, struct trg_str *ret_host);
/* policy.links names the host or a domain above it. */
bool host_allowed(struct trg_str host, const struct conf_policy *p);
/* Is every address in the text, with scheme or without, at an allowed host? */
bool hosts_allowed(struct trg_str text, const struct conf_policy *p);
/* The text without invisible characters, with look-alikes of "." and "/" and full-width letters as
 * plain ones; in b. */
struct trg_str link_plain(struct trg_str text, struct buf *b);

/* A link that dials a number or writes to an address ("tel:", "sms:", "mailto:"), whole as a
 * program follows it: to one mail address at an allowed host, or a number in a source of ours? */
bool reach_allowed(struct trg_str url, const struct conf_policy *p,
                   const struct guard_sources *from);
/* The same of all such links in a text. */
bool reaches_allowed(struct trg_str text, const struct conf_policy *p,
                     const struct guard_sources *from);

/* Amounts, percentages, periods and dates stand in a source, digits and all; those of a sentence
 * that promises something, and what it promises, in a source of ours. */
bool claims_known(struct trg_str body, const struct guard_sources *from);

#endif
