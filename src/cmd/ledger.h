/*
 * What the files of the ledger's commands share.
 */
#ifndef CMD_LEDGER_H
#define CMD_LEDGER_H

struct cmd_call;

int ledger_file_verify(const struct cmd_call *c); /* `ledger verify --file` */

#endif
