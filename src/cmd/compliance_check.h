/*
 * What can be seen of each control: on, off, or not to be seen by a program. Private to cmd.
 */
#ifndef CMD_COMPLIANCE_CHECK_H
#define CMD_COMPLIANCE_CHECK_H

#include "base/buf.h"
#include "cmd/open.h"
#include "skill/template.h"

enum control_state { CONTROL_ON, CONTROL_OFF, CONTROL_MANUAL };
const char *control_word(enum control_state s); /* "on", "off", "manual" */

struct control_look {
  struct reading *r;
  const struct template *t;
  struct buf *why; /* the evidence, one line */
  const char *id;  /* of the control */
};
/* compliance_seen.c: what the machine shows, and what a person confirmed (until a day). */
enum control_state control_clock(const struct control_look *l);
enum control_state control_disk(const struct control_look *l);
enum control_state control_off_box(const struct control_look *l);
enum control_state control_confirmed(const struct control_look *l);
/* A check that nobody knows is "off" and says so. */
enum control_state control_check(const struct control_look *look, const struct control *c);

/* One kind of data, kept how long, by whose word. */
struct kept {
  const char *what;
  int64_t ours_ms; /* as configured; 0: always */
  bool fine;
  struct buf why;
};
/* Resolves what the templates say of each kind: the longest "at least" stands before any "at most",
 * as an obligation to keep is what a right to erasure gives way to (GDPR Art. 17(3)(b), (e)). In
 * the order of the list; *ret_count of them. */
void keeping_resolve(const struct conf *conf, const struct template *t, size_t count,
                     struct kept ret[], size_t *ret_count);
#define KEPT_MAX 8

#endif
