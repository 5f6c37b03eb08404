/*
 * Private to this room: by what the ledger is summed up (ledger_sum) and which lines move the
 * counters by which prices go (ledger_count), and the triggers that do both. Parts of released
 * migrations: never changed.
 */
#ifndef STORE_LEDGER_SUM_H
#define STORE_LEDGER_SUM_H

/* clang-format off */
#define SUM_KEY "period, day, helpdesk, category, model, kind, outcome, evidence_level, reason," \
                " book, corrected, unit_micros"
#define SUM_OF(l) l ".period, strftime('%Y-%m-%d', " l ".at_ms / 1000, 'unixepoch')," \
                  " " l ".helpdesk, " l ".category, " l ".model, " l ".kind, " l ".outcome," \
                  " " l ".evidence_level, " l ".reason, " l ".book," \
                  " coalesce((SELECT o.period FROM ledger o WHERE o.seq = " l ".corrects), '')," \
                  " " l ".amount_micros"
/* Does the line move the counters by which prices go (settle_place.c)? */
#define COUNTED(l) "(" l ".ticket_id IS NOT NULL AND" \
                   " ((" l ".kind = 'charge' AND instr(" l ".rule, '>same case as ') = 0)" \
                   " OR (" l ".kind = 'reversal' AND " l ".rule GLOB 'void>*'" \
                   " AND NOT " l ".rule GLOB '*>shared' AND NOT " l ".rule GLOB '*>closed')))"
#define UNITS(l) "CASE " l ".kind WHEN 'charge' THEN 1 ELSE -1 END"
#define SUMMED \
    "CREATE TRIGGER ledger_summed AFTER INSERT ON ledger BEGIN" \
    "  INSERT INTO ledger_sum (" SUM_KEY ", lines, amount_micros, model_cost_micros)" \
    "    VALUES (" SUM_OF("new") ", 1, new.amount_micros, new.model_cost_micros)" \
    "    ON CONFLICT DO UPDATE SET lines = lines + 1," \
    "    amount_micros = amount_micros + excluded.amount_micros," \
    "    model_cost_micros = model_cost_micros + excluded.model_cost_micros;" \
    " END;"
#define COUNTS \
    "CREATE TRIGGER ledger_counted AFTER INSERT ON ledger WHEN " COUNTED("new") " BEGIN" \
    "  INSERT INTO ledger_count (period, outcome, units, amount_micros)" \
    "    VALUES (new.period, new.outcome, " UNITS("new") ", new.amount_micros)" \
    "    ON CONFLICT DO UPDATE SET units = units + excluded.units," \
    "    amount_micros = amount_micros + excluded.amount_micros;" \
    " END;"
/* clang-format on */

#endif
