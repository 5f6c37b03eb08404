/*
 * Everything about one ticket: gathered once as one document (admin/ticket_gather.c), which is the
 * JSON that is printed, and from which the text for people is made (ticket_show.c).
 */
#ifndef CMD_TICKET_H
#define CMD_TICKET_H

#include "admin/ticket_gather.h"
#include "cmd/out.h"

struct buf;

void ticket_show(const json *doc, struct out_screen s, struct buf *out);

#endif
