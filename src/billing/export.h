/*
 * The signed export of the ledger: a text file that a second party checks without our database.
 *
 * Line 1 is a JSON object about the file, with the public key. Each further line is one ledger
 * line: the canonical JSON that is hashed, with its "hash" as last member. The last line is
 * {"entries":N,"head":"HASH","sha256":"HEX","signature":"HEX"}: the SHA-256 of every byte before
 * it, and an Ed25519 signature over the text "triaged-ledger-1 HEX\n".
 */
#ifndef BILLING_EXPORT_H
#define BILLING_EXPORT_H

#include <stdint.h>
#include <stdio.h>
#include <triaged/plugin.h>

struct store;

/* Writes all of the ledger as of one moment, signed with the private key (PEM). */
int export_write(struct store *reader, struct trg_str private_pem, int64_t now_ms, FILE *out,
                 int64_t *ret_entries, struct trg_err *err);

struct export_seen {
  int64_t entries, amount_micros;
  int64_t bad;          /* ledger line that is wrong first; 0: none, or the file as a whole */
  char fingerprint[65]; /* SHA-256 of the public key's PEM text */
  char head[65];        /* hash of the last line */
};
/* Reads and checks it, in bounded memory. public_pem empty: the key that the file names, which
 * proves that nothing was changed since the signature, but not whose it is. 0, TRG_ECORRUPT with
 * the line in words, TRG_EINVAL when it is no export or the key is none. */
int export_check(FILE *in, struct trg_str public_pem, struct export_seen *ret, struct trg_err *err);

#endif
