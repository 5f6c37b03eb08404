/*
 * The log: one line per event on standard error, `key=value` text or JSON. The subject comes
 * first: ticket=support/101. No bodies and no secrets at any level. Rate-limited per event name:
 * after 20 lines a second of one event, the rest of that second is counted and told in one line.
 * What a ticket went through is never left out: lines with a `ticket` at info and debug always
 * pass, as there are only so many for each; its warnings and errors are counted for it alone. A
 * second of the limit ends when either clock says so, because the wall clock may stand still in
 * tests; the line is `log.left_out of=EVENT count=N`, before the next that is written at all.
 *
 * Values are cut after 2,000 bytes, and only after masking. When standard error is the journal
 * (JOURNAL_STREAM names this very stream), lines carry the priority as <N>, and text lines leave
 * the time to the journal.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>
#include <triaged/plugin.h>

enum log_format { LOG_TEXT = 0, LOG_JSON = 1 };

void log_init(int level, enum log_format format, FILE *out); /* TRG_ERROR.. ; NULL: stderr */
bool log_wants(int level);
/* kv: pairs of `const char *`, ended by NULL; a NULL value is left out.
 * Example: log_event(TRG_INFO, "triage.decided", "ticket", ref, "category", c, NULL); */
void log_event(int level, const char *event, ...) __attribute__((sentinel));
void log_pairs(int level, const char *event, const char *const *kv);
/* Tells now what was left out, whether its second is over or not: when nothing may follow. */
void log_tell_left_out(void);
/* Registers a secret: it is replaced by *** wherever it would appear in a line, as it is,
 * percent-encoded or JSON-escaped. One of fewer than four bytes is not masked, as that would blot
 * out half of every line. */
void log_mask(const char *secret);
void log_masks_forget(void);
/* Number as text for a log value; a ring of 8 buffers, per thread. */
const char *log_num(int64_t n);

#endif
