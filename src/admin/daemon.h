/*
 * The daemon: a core that runs, with its HTTP side, control socket, signals and systemd.
 */
#ifndef ADMIN_DAEMON_H
#define ADMIN_DAEMON_H

#include <stdbool.h>

/* Runs until it is told to stop, or with `once` until nothing is left to do now. Returns the exit
 * status. */
int daemon_run(const char *conf_path, bool once);

#endif
