#include "net/owner.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "net/serve.h"

/* Words of four bytes as the kernel has them in memory, then the port. */
static int end_put(const struct sockaddr *a, char *out, size_t room) {
  uint32_t words[4] = {0};
  size_t n = 1;
  in_port_t port;
  if (a->sa_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, a, sizeof in);
    memcpy(words, &in.sin_addr, sizeof words[0]);
    port = in.sin_port;
  } else if (a->sa_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, a, sizeof in);
    memcpy(words, &in.sin6_addr, sizeof words);
    port = in.sin6_port;
    n = 4;
  } else {
    return -1;
  }
  int at = 0;
  for (size_t i = 0; i < n; i++)
    at += snprintf(out + at, room - (size_t)at, "%08" PRIX32, words[i]);
  return at + snprintf(out + at, room - (size_t)at, ":%04X", (unsigned)ntohs(port));
}

bool owner_pair(const struct sockaddr *own, const struct sockaddr *other,
                char out[OWNER_PAIR_MAX]) {
  const int n = end_put(own, out, OWNER_PAIR_MAX);
  if (n < 0) return false;
  out[n] = ' ';
  return end_put(other, out + n + 1, OWNER_PAIR_MAX - (size_t)n - 1) > 0;
}

/* "  0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000 ..." */
bool owner_of_line(const char *line, const char *pair, uint32_t *ret_uid) {
  const char *at = strstr(line, pair);
  if (at == NULL || at == line || at[-1] != ' ') return false;
  at += strlen(pair);
  return sscanf(at, " %*x %*x:%*x %*x:%*x %*x %" SCNu32, ret_uid) == 1;
}

/* The table is written while it is read, so that a line may be missed. */
#define LOOKS 3

static bool table_find(const char *path, const char *pair, uint32_t *ret_uid) {
  char line[512];
  FILE *table = fopen(path, "re");
  if (table == NULL) return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, table) != NULL)
    found = owner_of_line(line, pair, ret_uid);
  (void)fclose(table);
  return found;
}

static bool look_up(const struct serve_request *r, uint32_t *ret_uid) {
  struct sockaddr_storage ours = {0}, theirs = {0};
  socklen_t ours_n = sizeof ours, theirs_n = sizeof theirs;
  char pair[OWNER_PAIR_MAX];
  if (getsockname(r->socket, (struct sockaddr *)&ours, &ours_n) != 0 ||
      getpeername(r->socket, (struct sockaddr *)&theirs, &theirs_n) != 0 ||
      !owner_pair((struct sockaddr *)&theirs, (struct sockaddr *)&ours, pair))
    return false;
  const char *path = ours.ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6";
  bool found = false;
  for (int i = 0; i < LOOKS && !found; i++) found = table_find(path, pair, ret_uid);
  return found;
}

/* The table may be long: it is read once a connection, unless it did not say. */
bool owner_of(const struct serve_request *r, uint32_t *ret_uid) {
  struct serve_owner *o = r->owner;
  if (o == NULL) return look_up(r, ret_uid);
  if (!o->known) o->known = look_up(r, &o->uid);
  *ret_uid = o->uid;
  return o->known;
}
