/*
 * Whose program is at the other end of a connection from this machine: the kernel's table of
 * sockets says.
 */
#ifndef NET_OWNER_H
#define NET_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct serve_request;

#define OWNER_PAIR_MAX 96

/* The user of who asks. false: the tables do not say (another machine, no /proc). */
bool owner_of(const struct serve_request *r, uint32_t *ret_uid);

/* Pure, for tests: how /proc/net/tcp and tcp6 write the two ends of a socket, its own first; false:
 * neither IPv4 nor IPv6. And: is this line of the table that socket's, and whose is it? */
bool owner_pair(const struct sockaddr *own, const struct sockaddr *other, char out[OWNER_PAIR_MAX]);
bool owner_of_line(const char *line, const char *pair, uint32_t *ret_uid);

#endif
