/* triaged: the daemon. Options and wiring; the rest is in admin/. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/core.h"
#include "admin/daemon.h"
#include "base/pieces.h"

static const char usage[] =
    "Usage: triaged [-c FILE] [--check | --once | --explain] [--version] [--help]\n"
    "\n"
    "Pulls tickets from the helpdesks of the configuration, triages them, drafts and delivers\n"
    "replies, follows them until they are resolved, and keeps the ledger of what that cost.\n"
    "Runs in the foreground and logs to standard error.\n"
    "\n"
    "  -c, --config FILE  configuration (default /etc/triaged/triaged.yaml)\n"
    "      --check        read configuration, plugins, skills and price books, print every\n"
    "                     problem, start nothing\n"
    "      --once         one full pass over everything that is there, then end; status 1 when\n"
    "                     anything ended in a dead letter\n"
    "      --explain      print every key of the configuration, the plugins' own too, with its\n"
    "                     default and meaning\n"
    "      --version      print the version\n"
    "      --help         print this\n"
    "\n"
    "Signals: TERM and INT stop after what is in flight (at most `drain`), HUP reloads.\n"
    "Exit status: 0 fine, 1 failure while running, 2 usage, 78 configuration.\n"
    "See triaged(8), triaged.yaml(5), triagectl(1).\n";

static int usage_wrong(const char *format, const char *what) {
  fputs("triaged: ", stderr);
  fprintf(stderr, format, what);
  fputs("\nTry `triaged --help`.\n", stderr);
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"once", no_argument, NULL, 'o'},
                                          {"explain", no_argument, NULL, 'e'},
                                          {"version", no_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  const char *conf = "/etc/triaged/triaged.yaml";
  int what = 0; /* 'k', 'o' or 'e'; else the daemon */
  bool two = false;
  pieces_serve_json();
  for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
    switch (c) {
    case 'c':
      conf = optarg;
      break;
    case 'k':
    case 'o':
    case 'e':
      two = two || (what != 0 && what != c);
      what = c;
      break;
    case 'v':
      puts("triaged " TRIAGED_VERSION);
      return 0;
    case 'h':
      fputs(usage, stdout);
      return 0;
    default:
      fputs("Try `triaged --help`.\n", stderr);
      return 2;
    }
  }
  if (optind < argc) return usage_wrong("unexpected argument \"%s\"", argv[optind]);
  if (two) return usage_wrong("%s exclude each other", "--check, --once and --explain");
  if (what == 'e') return core_explain();
  if (what == 'k') return core_check(conf);
  return daemon_run(conf, what == 'o');
}
