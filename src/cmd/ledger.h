/*
 * What the files of the ledger's commands share.
 */
#ifndef CMD_LEDGER_H
#define CMD_LEDGER_H

#include "cmd/open.h"

int ledger_file_verify(const struct cmd_call *c); /* `ledger verify --file` */
/* `ledger export --focus` */
int ledger_focus(const struct cmd_call *c, int64_t from_ms, int64_t to_ms);
/* `ledger recount --book all` */
int ledger_compare(const struct cmd_call *c, struct reading *r);
/* `ledger recount --vendor` */
int ledger_vendor(const struct cmd_call *c, struct reading *r, const struct book *b);

#endif
