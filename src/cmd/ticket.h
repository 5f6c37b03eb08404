/*
 * Everything about one ticket: gathered once as one document (ticket_gather.c), which is the JSON
 * that is printed, and from which the text for people is made (ticket_show.c).
 */
#ifndef CMD_TICKET_H
#define CMD_TICKET_H

#include "base/json.h"
#include "cmd/out.h"

struct store;
struct buf;

/* 0 and the document (json_free), or negative and err. */
int ticket_gather(struct store *s, struct trg_str ref, json **ret, struct trg_err *err);
void ticket_show(const json *doc, struct out_screen s, struct buf *out);

#endif
