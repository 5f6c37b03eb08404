/*
 * Sessions of legacy clients over HTTP: an id, the version that was agreed on, what is watched.
 * Modern clients have none.
 */
#ifndef MCP_SESSION_H
#define MCP_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <triaged/plugin.h>

#define SESSION_ID_MAX  33
#define SESSION_WATCHED 32

struct session {
  char id[SESSION_ID_MAX];
  char version[16];
  char caller[64]; /* name of the token that began it: nobody else may use it */
  uint32_t can;    /* MCP_CAN_...: what its client may be asked for */
  int64_t used_ms; /* by the monotonic clock */
  uint64_t stream; /* serve_id of its GET stream; 0: none */
  char *watched[SESSION_WATCHED];
  struct session *next;
};

struct sessions;
struct sessions *sessions_new(size_t most, int64_t idle_ms);
void sessions_free(struct sessions **s);
/* NULL when there are `most` and none of them is idle. Of the idle ones the oldest makes room. */
struct session *session_begin(struct sessions *s, const char *caller, int64_t now_ms);
/* Marks it used. NULL: there is none of this id for this caller. */
struct session *session_find(struct sessions *s, struct trg_str id, const char *caller,
                             int64_t now_ms);
struct session *session_first(struct sessions *s); /* walk with ->next */
void session_end(struct sessions *s, struct session **one);
/* 0, or -1 when it watches too many. */
int session_watch(struct session *one, struct trg_str uri, bool on);
bool session_watches(const struct session *one, const char *uri);
size_t sessions_count(const struct sessions *s);

#endif
