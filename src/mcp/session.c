#include "mcp/session.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

struct sessions {
  struct session *first;
  size_t count, most;
  int64_t idle_ms;
};

struct sessions *sessions_new(size_t most, int64_t idle_ms) {
  struct sessions *s = mem_alloc(sizeof *s);
  s->most = most;
  s->idle_ms = idle_ms;
  return s;
}

void session_end(struct sessions *s, struct session **at) {
  struct session *one = *at, **link = &s->first;
  *at = NULL;
  while (*link != one) link = &(*link)->next;
  *link = one->next;
  s->count--;
  for (size_t i = 0; i < SESSION_WATCHED; i++) mem_free(one->watched[i]);
  mem_free(one);
}

void sessions_free(struct sessions **at) {
  struct sessions *s = *at;
  if (s == NULL) return;
  *at = NULL;
  while (s->first != NULL) {
    struct session *one = s->first;
    session_end(s, &one);
  }
  mem_free(s);
}

/* An open stream is use. */
static bool is_idle(const struct sessions *s, const struct session *one, int64_t now_ms) {
  return one->stream == 0 && now_ms - one->used_ms >= s->idle_ms;
}

struct session *session_begin(struct sessions *s, const char *caller, int64_t now_ms) {
  if (s->count >= s->most) {
    struct session *oldest = NULL;
    for (struct session *one = s->first; one != NULL; one = one->next)
      if (is_idle(s, one, now_ms) && (oldest == NULL || one->used_ms < oldest->used_ms))
        oldest = one;
    if (oldest == NULL) return NULL;
    session_end(s, &oldest);
  }
  struct session *one = mem_alloc(sizeof *one);
  uint8_t bytes[16];
  random_bytes(bytes, sizeof bytes);
  hex_encode(bytes, sizeof bytes, one->id);
  (void)snprintf(one->caller, sizeof one->caller, "%s", caller);
  one->used_ms = now_ms;
  one->next = s->first;
  s->first = one;
  s->count++;
  return one;
}

struct session *session_find(struct sessions *s, struct trg_str id, const char *caller,
                             int64_t now_ms) {
  for (struct session *one = s->first; one != NULL; one = one->next) {
    if (!str_is(id, one->id) || strcmp(one->caller, caller) != 0) continue;
    one->used_ms = now_ms;
    return one;
  }
  return NULL;
}

struct session *session_first(struct sessions *s) {
  return s->first;
}

int session_watch(struct session *one, struct trg_str uri, bool on) {
  char **room = NULL;
  for (size_t i = 0; i < SESSION_WATCHED; i++) {
    if (one->watched[i] == NULL) {
      if (room == NULL) room = &one->watched[i];
      continue;
    }
    if (!str_is(uri, one->watched[i])) continue;
    if (on) return 0;
    mem_free(one->watched[i]);
    one->watched[i] = NULL;
  }
  if (!on) return 0;
  if (room == NULL) return -1;
  *room = mem_dup_str(uri);
  return 0;
}

bool session_watches(const struct session *one, const char *uri) {
  for (size_t i = 0; i < SESSION_WATCHED; i++)
    if (one->watched[i] != NULL && strcmp(one->watched[i], uri) == 0) return true;
  return false;
}

size_t sessions_count(const struct sessions *s) {
  return s->count;
}
