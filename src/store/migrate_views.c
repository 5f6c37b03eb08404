#include <stddef.h>

#include "store/migrate.h"

/* clang-format off */
/* What a charge is computed from, for who computes it again by programs of their own: the facts, and
 * beside each line of the ledger what its hash is made of. */
static const char views[] =
    "CREATE VIEW v_events AS SELECT t.ref, e.seq, e.kind, e.actor, e.value, e.data, e.ext_id,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', e.at_ms / 1000.0, 'unixepoch') AS at,"
    "  strftime('%Y-%m-%dT%H:%M:%fZ', e.seen_ms / 1000.0, 'unixepoch') AS seen,"
    "  e.ticket_id, e.at_ms, e.seen_ms"
    "  FROM event e JOIN ticket t ON t.id = e.ticket_id;"
    "DROP VIEW v_charges;"
    "CREATE VIEW v_charges AS SELECT l.ref, l.seq, l.kind, l.helpdesk, l.category, l.model,"
    "  l.period, l.outcome, l.evidence_level, l.rule, l.amount_micros, l.model_cost_micros,"
    "  l.charge_key, coalesce(l.corrects, 0) AS corrects, l.book, l.book_hash, l.evidence,"
    "  l.reason, strftime('%Y-%m-%dT%H:%M:%SZ', l.at_ms / 1000, 'unixepoch') AS at,"
    "  strftime('%Y-%m-%dT%H:%M:%SZ', l.written_ms / 1000, 'unixepoch') AS written,"
    "  l.prev_hash, l.hash, coalesce(l.ticket_id, 0) AS ticket_id, l.evidence_hash, l.at_ms,"
    "  l.written_ms"
    "  FROM ledger l;";

const char *const migrate_views[] = {views, NULL};
