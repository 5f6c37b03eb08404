/*
 * What the database itself shows about controls: which tables take no change, how much the audit
 * log has, and the stored texts, to be looked over.
 */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct store;
struct arena;

/* Tables that triggers keep from UPDATE and DELETE, as "audit, event, ledger"; in the arena. */
int evidence_append_only(struct store *s, struct arena *a, const char **ret, struct trg_err *err);
/* Rows of the audit log, and the newest one's moment (0: none). */
int evidence_audit(struct store *s, int64_t *ret_rows, int64_t *ret_newest_ms, struct trg_err *err);
/* The newest `limit` stored messages, drafts and recorded requests, each once. The slice lives
 * during the call; a negative return ends the walk and is returned. */
int evidence_texts(struct store *s, int limit, int (*each)(void *arg, struct trg_str text),
                   void *arg, struct trg_err *err);

#endif
