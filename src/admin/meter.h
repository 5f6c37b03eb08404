/*
 * Meter events: every final charge is told once to who writes the invoice, when `billing.stripe`
 * is set. Nothing waits for it: the ledger is the truth, this is its copy.
 *
 * What counts. A line that charges a ticket, with an amount above zero, counts once it is final
 * (settle_final) and not in dispute: value 1, or its micro-dollars. A later line that takes back a
 * charge which was sent is an event of its own with the negative value: a meter event adjustment
 * cancels only what arrived within 24 hours, and a reversal window is longer than that. Fees,
 * commitments and guarantees are no usage and are not sent. What was in the ledger before the
 * setting came is not sent.
 *
 * Once. The row is planned, with its bytes, in the turn that finds the charge final, and is marked
 * as sending before the request leaves. `identifier` is the hash of the ledger line; the
 * Idempotency-Key is that and a number. No answer is repeated with the same two. An answer of 5xx
 * is kept by the peer under its key, so that the next attempt has the next number, and the
 * identifier alone guards it; a requeue likewise. Identifiers are remembered for 24 hours: what is
 * still uncertain 23 hours after its first attempt is held for a person.
 *
 * Sources: https://docs.stripe.com/api/billing/meter-event/create (identifier: at most 100
 * characters, unique within at least 24 hours; timestamp: at most 35 days ago),
 * https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api (values are whole
 * numbers and may be negative; a negative total is invoiced as 0),
 * https://docs.stripe.com/api/billing/meter-event-adjustment/create,
 * https://docs.stripe.com/api/idempotent_requests (409, 429 and 5xx may be repeated).
 */
#ifndef ADMIN_METER_H
#define ADMIN_METER_H

#include <stdbool.h>
#include <triaged/plugin.h>

struct core;
struct meter;
/* Takes up what an earlier process left. Sends nothing before meter_start. */
struct meter *meter_new(struct core *c);
void meter_free(struct meter **m); /* what is under way is uncertain, and repeated at the start */
void meter_start(struct meter *m);
/* finished(arg) once, on a later turn, when all that is due now was answered or put off. */
void meter_once(struct meter *m, void (*finished)(void *arg), void *arg);
bool meter_ref(struct trg_str ref); /* is it "meter:LINE" or "meter:all"? */
/* Rejected or held ones are planned again, with a new Idempotency-Key and today's time stamp.
 * TRG_ENOTFOUND, or TRG_ESTATE when it is neither. */
int meter_requeue(struct core *c, struct trg_str ref, const char *who, struct trg_err *err);

#endif
