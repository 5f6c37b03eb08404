/*
 * The control socket: a Unix stream socket in the state directory (mode 0600). One request is one
 * JSON line, one answer is one JSON line; lines before it may tell how far the work is.
 */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct loop;
struct sock;
typedef uint64_t sock_id;
struct sock *sock_new(struct loop *l, const char *path,
                      void (*on_line)(void *arg, sock_id id, struct trg_str line), void *arg,
                      struct trg_err *err);
void sock_free(struct sock **s);                                   /* removes the path */
void sock_answer(struct sock *s, sock_id id, struct trg_str line); /* adds the newline, closes */

/* A short line before the answer, on its way when this returns, also while the loop stands still;
 * nothing to an asker who does not read. */
void sock_tell(struct sock *s, sock_id id, struct trg_str line);

/* The other side, blocking, for triagectl: TRG_ENOTFOUND when nobody listens. *ret_answer is
 * mem_free'd by the caller. */
int sock_ask(const char *path, struct trg_str line, int64_t timeout_ms, char **ret_answer,
             struct trg_err *err);
/* The same. `told` gets each line that comes, and says whether it was one before the answer. */
int sock_ask_told(const char *path, struct trg_str line, int64_t timeout_ms,
                  bool (*told)(void *arg, struct trg_str line), void *arg, char **ret_answer,
                  struct trg_err *err);

#endif
