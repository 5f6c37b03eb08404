/* helpdesk-sim: plays helpdesks and model APIs on one loopback port. */
#include "http.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage_text[] =
    "usage: helpdesk-sim [--port N] [--tickets FILE.jsonl] [--seed N] [--faults SPEC] "
    "[--model-latency 50ms]\n"
    "  --port N              loopback port; 0 (default) picks one\n"
    "  --tickets FILE        ticket lines to start with, - for standard input\n"
    "  --desk-key KEY        key of the ticket lines that names the helpdesk, where there is one\n"
    "  --repeat N            load the file N times, copies with new ids\n"
    "  --seed N              what people do, which faults hit (default 1)\n"
    "  --faults SPEC         [SIDE.][FAMILY.]KIND=PROBABILITY,...\n"
    "  --model-latency D     how long a model thinks (default 0)\n"
    "  --time RFC3339        virtual time at the start (default now)\n"
    "  --behaviour on|off    whether people act by themselves (default on)\n"
    "  --max-page N          upper bound for every page size\n"
    "  --export-lag D        how much of the present incremental exports hide (default 60s)\n"
    "  --rate-limits on|off  enforce the vendors' limits (default off)\n"
    "  --retry-after N       seconds announced by injected 429 replies (default 1)\n"
    "  --slow-ms N           duration of a slow reply (default 300)\n"
    "  --token-ttl D         life of OAuth tokens (default 30m)\n"
    "  --calls-a-day N       Salesforce's allowance of requests\n"
    "  --elsewhere URL       host of links that go astray\n"
    "  --words usual|own     names of statuses: the vendors', or those of an account (default "
    "usual)\n"
    "  --required-to-solve F custom field that must be set before solving\n"
    "  --webhook [DESK=]URL  push events there, of one helpdesk or of all; with\n"
    "                        --webhook-secret [DESK=]S to sign them,\n"
    "                        --webhook-repeat P, --webhook-late P, --webhook-lost P\n"
    "  --with-parent         end when the process that started it ends\n"
    "  --help\n";

enum option_id {
  OPT_PORT = 256,
  OPT_TICKETS,
  OPT_DESK_KEY,
  OPT_REPEAT,
  OPT_SEED,
  OPT_FAULTS,
  OPT_LATENCY,
  OPT_TIME,
  OPT_BEHAVIOUR,
  OPT_MAX_PAGE,
  OPT_LAG,
  OPT_LIMITS,
  OPT_RETRY,
  OPT_SLOW,
  OPT_TTL,
  OPT_REQUIRED,
  OPT_ELSEWHERE,
  OPT_WORDS,
  OPT_CALLS,
  OPT_WEBHOOK,
  OPT_SECRET,
  OPT_HOOK_REPEAT,
  OPT_HOOK_LATE,
  OPT_HOOK_LOST,
  OPT_WITH_PARENT,
  OPT_HELP
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"tickets", required_argument, NULL, OPT_TICKETS},
    {"desk-key", required_argument, NULL, OPT_DESK_KEY},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"seed", required_argument, NULL, OPT_SEED},
    {"faults", required_argument, NULL, OPT_FAULTS},
    {"model-latency", required_argument, NULL, OPT_LATENCY},
    {"time", required_argument, NULL, OPT_TIME},
    {"behaviour", required_argument, NULL, OPT_BEHAVIOUR},
    {"max-page", required_argument, NULL, OPT_MAX_PAGE},
    {"export-lag", required_argument, NULL, OPT_LAG},
    {"rate-limits", required_argument, NULL, OPT_LIMITS},
    {"retry-after", required_argument, NULL, OPT_RETRY},
    {"slow-ms", required_argument, NULL, OPT_SLOW},
    {"token-ttl", required_argument, NULL, OPT_TTL},
    {"required-to-solve", required_argument, NULL, OPT_REQUIRED},
    {"elsewhere", required_argument, NULL, OPT_ELSEWHERE},
    {"words", required_argument, NULL, OPT_WORDS},
    {"calls-a-day", required_argument, NULL, OPT_CALLS},
    {"webhook", required_argument, NULL, OPT_WEBHOOK},
    {"webhook-secret", required_argument, NULL, OPT_SECRET},
    {"webhook-repeat", required_argument, NULL, OPT_HOOK_REPEAT},
    {"webhook-late", required_argument, NULL, OPT_HOOK_LATE},
    {"webhook-lost", required_argument, NULL, OPT_HOOK_LOST},
    {"with-parent", no_argument, NULL, OPT_WITH_PARENT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static _Noreturn void usage_fail(const char *option, const char *value, const char *wanted) {
  fprintf(stderr, "helpdesk-sim: --%s: '%s' is not %s\n%s", option, value, wanted, usage_text);
  exit(EXIT_USAGE);
}

static int64_t arg_int(const char *option, int64_t low, int64_t high) {
  char *end = NULL;
  long long v = strtoll(optarg, &end, 10);
  if (end == optarg || *end != '\0' || v < low || v > high) {
    char wanted[80];
    snprintf(wanted, sizeof wanted, "a number from %lld to %lld", (long long)low, (long long)high);
    usage_fail(option, optarg, wanted);
  }
  return v;
}

static int64_t arg_duration(const char *option) {
  int64_t ms = 0;
  if (!duration_parse(optarg, &ms)) {
    usage_fail(option, optarg, "a duration such as 50ms, 3s, 5m, 2h");
  }
  return ms;
}

static bool arg_switch(const char *option) {
  if (strcmp(optarg, "on") != 0 && strcmp(optarg, "off") != 0) {
    usage_fail(option, optarg, "on or off");
  }
  return strcmp(optarg, "on") == 0;
}

static double arg_share(const char *option) {
  char *end = NULL;
  double v = strtod(optarg, &end);
  if (end == optarg || *end != '\0' || !(v >= 0 && v <= 1)) {
    usage_fail(option, optarg, "a probability between 0 and 1");
  }
  return v;
}

/* "zendesk=VALUE" for one helpdesk, "VALUE" for all. */
static void arg_by_desk(const char **each) {
  static const char *const names[DESK_COUNT] = {"zendesk", "salesforce", "intercom"};
  for (size_t i = 0; i < DESK_COUNT; i++) {
    size_t n = strlen(names[i]);
    if (text_starts(optarg, names[i]) && optarg[n] == '=') {
      each[i] = optarg + n + 1;
      return;
    }
  }
  for (size_t i = 0; i < DESK_COUNT; i++) {
    each[i] = optarg;
  }
}

static void option_take(struct options *o, int id, const char *name) {
  switch (id) {
  case OPT_PORT:
    o->port = (uint16_t)arg_int(name, 0, 65535);
    break;
  case OPT_TICKETS:
    o->tickets = optarg;
    break;
  case OPT_DESK_KEY:
    o->desk_key = optarg;
    break;
  case OPT_REPEAT:
    o->repeat = arg_int(name, 1, 100000000);
    break;
  case OPT_SEED:
    o->seed = (uint64_t)arg_int(name, 0, INT64_MAX);
    break;
  case OPT_FAULTS:
    o->faults = optarg;
    break;
  case OPT_LATENCY:
    o->model_latency_ms = arg_duration(name);
    break;
  case OPT_TIME:
    if (!time_parse(optarg, &o->start_ms)) {
      usage_fail(name, optarg, "an RFC 3339 time");
    }
    break;
  case OPT_BEHAVIOUR:
    o->behaviour = arg_switch(name);
    break;
  case OPT_MAX_PAGE:
    o->max_page = arg_int(name, 1, 100000);
    break;
  case OPT_LAG:
    o->export_lag_ms = arg_duration(name);
    break;
  case OPT_LIMITS:
    o->rate_limits = arg_switch(name);
    break;
  case OPT_RETRY:
    o->retry_after_s = arg_int(name, 0, 86400);
    break;
  case OPT_SLOW:
    o->slow_ms = arg_int(name, 0, 600000);
    break;
  case OPT_TTL:
    o->token_ttl_s = arg_duration(name) / 1000;
    break;
  case OPT_ELSEWHERE:
    o->elsewhere = optarg;
    break;
  case OPT_CALLS:
    o->calls_a_day = arg_int(name, 1, 100000000);
    break;
  case OPT_WORDS:
    o->own_words = strcmp(optarg, "own") == 0;
    if (!o->own_words && strcmp(optarg, "usual") != 0) {
      usage_fail(name, optarg, "usual or own");
    }
    break;
  case OPT_REQUIRED:
    o->required_to_solve = optarg;
    break;
  case OPT_WEBHOOK:
    arg_by_desk(o->webhook);
    break;
  case OPT_SECRET:
    arg_by_desk(o->webhook_secret);
    break;
  case OPT_HOOK_REPEAT:
    o->webhook_repeat = arg_share(name);
    break;
  case OPT_HOOK_LATE:
    o->webhook_late = arg_share(name);
    break;
  case OPT_HOOK_LOST:
    o->webhook_lost = arg_share(name);
    break;
  case OPT_WITH_PARENT:
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    break;
  case OPT_HELP:
    fputs(usage_text, stdout);
    exit(0);
  default:
    fputs(usage_text, stderr);
    exit(EXIT_USAGE);
  }
}

static struct options options_read(int argc, char **argv) {
  struct options o = {.seed = 1,
                      .slow_ms = 300,
                      .retry_after_s = 1,
                      .token_ttl_s = 1800,
                      .export_lag_ms = 60000,
                      .repeat = 1,
                      .behaviour = true,
                      .webhook_secret = {"simulated-webhook-secret", "simulated-webhook-secret",
                                         "simulated-webhook-secret"}};
  int at = 0;
  int id = 0;
  while ((id = getopt_long(argc, argv, "", long_options, &at)) != -1) {
    option_take(&o, id, id == '?' ? "" : long_options[at].name);
  }
  if (optind < argc) {
    fprintf(stderr, "helpdesk-sim: unexpected argument '%s'\n%s", argv[optind], usage_text);
    exit(EXIT_USAGE);
  }
  return o;
}

static void file_read(const char *path, struct buf *b) {
  char piece[65536];
  size_t n = 0;
  FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
  if (f == NULL) {
    perror(path);
    exit(EXIT_USAGE);
  }
  while ((n = fread(piece, 1, sizeof piece, f)) > 0) {
    buf_add(b, piece, n);
  }
  bool failed = ferror(f) != 0;
  if (f != stdin) {
    fclose(f);
  }
  if (failed) {
    fprintf(stderr, "helpdesk-sim: cannot read %s\n", path);
    exit(EXIT_USAGE);
  }
}

static void sim_prepare(struct sim *s) {
  char why[256];
  if (s->opt.faults && !faults_set(&s->faults, s->opt.faults, why, sizeof why)) {
    fprintf(stderr, "helpdesk-sim: --faults: %s\n", why);
    exit(EXIT_USAGE);
  }
  if (s->opt.tickets == NULL) {
    return;
  }
  struct buf lines = {0};
  file_read(s->opt.tickets, &lines);
  s->store.loading = true;
  if (tickets_load(s, buf_text(&lines), lines.n, why, sizeof why) < 0) {
    fprintf(stderr, "helpdesk-sim: %s:%s\n", s->opt.tickets, why);
    exit(EXIT_USAGE);
  }
  buf_free(&lines);
  sim_run(s); /* the messages of threads that lie in the past */
  for (size_t i = 0; i < DESK_COUNT; i++) {
    log_sort(&s->store.desks[i]);
  }
  s->store.loading = false;
}

int main(int argc, char **argv) {
  static struct sim s;
  struct options o = options_read(argc, argv);
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  sigprocmask(SIG_BLOCK, &stops, NULL);
  signal(SIGPIPE, SIG_IGN);
  int stop_fd = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
  if (stop_fd < 0 || !sim_open(&s, &o)) {
    fprintf(stderr, "helpdesk-sim: cannot start; is --webhook an http://127.0.0.1:PORT/PATH?\n");
    return EXIT_FAILED;
  }
  sim_prepare(&s);
  s.server = server_open(&s, o.port);
  if (s.server == NULL) {
    fprintf(stderr, "helpdesk-sim: cannot listen on 127.0.0.1:%u\n", (unsigned)o.port);
    return EXIT_FAILED;
  }
  printf("listening on 127.0.0.1:%u\n", (unsigned)server_port(s.server));
  fflush(stdout);
  server_run(s.server, stop_fd);
  server_close(s.server);
  sim_close(&s);
  close(stop_fd);
  return 0;
}
