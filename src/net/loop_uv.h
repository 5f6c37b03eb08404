/*
 * What the rooms net and plugin see of the loop beyond loop.h.
 */
#ifndef NET_LOOP_UV_H
#define NET_LOOP_UV_H

#include <stdint.h>

struct loop;
struct uv_loop_s;
struct uv_loop_s *loop_uv(struct loop *l);
/* Counts prepare phases: two equal numbers mean that no commit was possible in between. */
uint64_t loop_turn(const struct loop *l);
/* Forgets what loop_soon was asked to run with this arg. */
void loop_soon_drop(struct loop *l, const void *arg);

#endif
