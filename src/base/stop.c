#include "base/stop.h"

#include <stddef.h>

static void held(int how) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGHUP);
  (void)pthread_sigmask(how, &set, NULL);
}

void stop_hold(void) {
  held(SIG_BLOCK);
}

void stop_release(void) {
  held(SIG_UNBLOCK);
}

int stop_asked(void) {
  sigset_t waiting;
  if (sigpending(&waiting) != 0) return 0;
  if (sigismember(&waiting, SIGTERM) == 1) return SIGTERM;
  return sigismember(&waiting, SIGINT) == 1 ? SIGINT : 0;
}

const char *stop_name(int signum) {
  return signum == SIGINT ? "SIGINT" : "SIGTERM";
}

void stop_block_all(sigset_t *ret_before) {
  sigset_t all;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, ret_before);
}

void stop_unblock(const sigset_t *before) {
  (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}
