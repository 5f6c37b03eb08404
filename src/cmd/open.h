/*
 * What commands work with: a configuration and a read-only store for those that look, and a way to
 * ask for changes for those that act: the daemon through its control socket, or, when none runs,
 * this process itself. Failures are printed here; the status is the program's.
 */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include "admin/core.h"
#include "base/json.h"
#include "cmd/cmd.h"

struct registry;
struct conf;
struct store;
struct arena;
struct book;

struct reading {
  struct registry *registry;
  struct conf *conf;   /* secrets may be absent in it: open no plugin with it */
  struct store *store; /* NULL: reading_conf was used */
  struct arena *arena;
};
/* Configuration and store. 0, or the exit status. */
int reading_open(const struct cmd_call *c, struct reading *ret);
int reading_conf(const struct cmd_call *c, struct reading *ret); /* the configuration alone */
/* The store of a reading_conf; TRG_ENOTFOUND when there is none yet. */
int reading_store(struct reading *r, struct trg_err *err);
void reading_close(struct reading *r);
/* A store's failure, printed; CMD_FAILED. */
int reading_failed(const struct trg_err *err);

struct asking_side {
  char *state;
  bool daemon; /* a daemon is asked; else core does it */
  struct core core;
  _Atomic size_t done, total; /* of what core does now, or of what the daemon told */
};
int ask_open(const struct cmd_call *c, struct asking_side *ret);
/* Takes request. 0 and the answer (json_free), or negative and err: it was not asked, or the
 * answer was "no". */
int ask_send(struct asking_side *s, json *request, int64_t timeout_ms, json **ret_answer,
             struct trg_err *err);
void ask_close(struct asking_side *s);
/* An out_look for an asking_side: how far the training is that ask_send waits for. */
bool ask_progress(void *side, size_t *ret_done, size_t *ret_total);
/* The same for a request with "tell": what the daemon told on the way to its answer. */
bool ask_told(void *side, size_t *ret_done, size_t *ret_total);
/* All three; prints what went wrong. ret_answer may be NULL. */
int ask_once(const struct cmd_call *c, json *request, int64_t timeout_ms, json **ret_answer);
/* Where a compliance template wants reads on record (hipaa): writes "who read what" into the audit
 * log before anything is shown. 0, or the exit status: then nothing may be shown. */
int ask_note(const struct cmd_call *c, const char *what, const char *object);
/* Asks a running daemon, silently: NULL when none runs or it does not answer. */
json *ask_daemon(const char *state, const char *what, struct trg_err *err);

struct buf;
int cmd_stdin(struct buf *b, struct trg_err *err); /* standard input, to the buffer's ceiling */
const char *who_asks(void);                        /* $SUDO_USER, or the login name */
json *ask_request(const char *what);               /* {"do": what, "who": who_asks()} */

/* A price book by name or path, as billing.book in the configuration; NULL after a message. */
struct book *book_open(const struct conf *c, const char *name);
/* Paths of all books that names can stand for, each in order of its folder; in the arena. The first
 * of a name is the one that the name stands for. */
const char **book_paths(const struct conf *c, struct arena *a, size_t *ret_count);

#endif
