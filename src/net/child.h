/*
 * A program run as a child, spoken to line by line on its standard input and output: MCP servers
 * that are programs. It has its own process group and only the environment that it is given, and it
 * dies with this process.
 */
#ifndef NET_CHILD_H
#define NET_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

struct loop;
struct child;

struct child_options {
  const char *const *argv; /* ended by NULL; the first is looked for in PATH */
  const char *const *env;  /* "NAME=VALUE", ended by NULL */
  const char *cwd;         /* NULL: ours */
  size_t line_max_bytes;   /* a longer line ends the child */
  void (*on_line)(void *arg, struct trg_str line);
  void (*on_log)(void *arg, struct trg_str line); /* of its standard error; may be NULL */
  /* Once, when it is no more: why, for people. Not after child_end. The child is freed by it. */
  void (*on_end)(void *arg, const char *why);
  void *arg;
};
/* NULL and err when it cannot be started. */
struct child *child_start(struct loop *l, const struct child_options *o, struct trg_err *err);
/* Adds the newline. false: too much waits to be read by it already. */
bool child_write(struct child *c, struct trg_str line);
/* Ends it and its whole group: its input is closed, after half of grace_ms TERM is sent, and after
 * all of it (0: at once) KILL. Returns when it is gone: one that misbehaved gets no grace, as this
 * holds the loop up. No callback comes afterwards. */
void child_end(struct child **c, int grace_ms);
int child_pid(const struct child *c);

#endif
