/*
 * The road of a ticket: which stage takes it from which state, and what runs the stages. road.c
 * holds the one table; who reads it knows the program.
 */
#ifndef PIPELINE_ROAD_H
#define PIPELINE_ROAD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/hash.h"
#include "base/mem.h"
#include "model/router.h"
#include "plugin/host.h"
#include "store/ticket.h"

struct loop;
struct store;
struct conf;
struct conf_helpdesk;
struct connections;
struct skills;
struct taxonomy;
struct voice;
struct book;
struct road;
struct desk;
struct task;

/* What the road was given, and what changes with a reload. Owned by the daemon. */
struct road_setup {
  struct loop *loop;
  struct host *host;
  struct store *store;
  struct router *router;
  struct http *http; /* for MCP servers; may be NULL */
};
/* One configuration with all that was loaded for it. Kept until the road is freed, as plugins'
 * settings and calls under way point into it. */
struct road_plan {
  struct conf *conf;
  struct skills *skills;
  struct taxonomy *taxonomy;
  struct book *book;
  struct template *templates; /* of conf->compliance */
  size_t template_count;
  bool two_changes, two_money, two_tools; /* what a template wants two people for */
  unsigned restore;        /* what all templates let a reply have back (skill/template.h) */
  const char *change_hash; /* of configuration, price book and skills together */
  char *triage_stable, *draft_stable, *verify_stable; /* system prompts: same for every ticket */
  char *triage_schema;
  struct voice *voice;
  struct arena *arena;
  const struct connections *connections; /* what "~~category" in skills stands for */
  struct road_plan *next;                /* the one before it */
};
/* Loads what the configuration names: skills, taxonomy, price book, prompts. `labels` are what the
 * trained classifier knows. Problems of single skills are logged; NULL and err when it cannot be
 * used. Takes conf when it succeeds. */
struct road_plan *road_plan_load(struct conf *conf, const char *const *labels, size_t label_count,
                                 struct trg_err *err);
void road_plan_free(struct road_plan **p); /* and all before it */

struct road *road_new(const struct road_setup *setup, const uint8_t key[32]);
void road_free(struct road **r);
/* Takes a configuration: opens, keeps or retires helpdesks. 0, or negative and err: then the old
 * one stays in force. */
int road_configure(struct road *r, const struct road_plan *plan, struct trg_err *err);
/* What a crash left behind: in-flight work goes back, writes in flight become uncertain. Before
 * the first road_start. */
int road_recover(struct road *r, struct trg_err *err);
/* Takes back what was leased and forgotten; now and then. */
void road_sweep(struct road *r);
void road_start(struct road *r); /* polls and works until road_stop */
/* No new pulls and calls; *idle is called when nothing is in flight any more. */
void road_drain(struct road *r, void (*idle)(void *arg), void *arg);
void road_kick(struct road *r); /* something may be due: look on the next turn */

/* --once: `finished` is called when nothing is left to do now. */
void road_once(struct road *r, void (*finished)(void *arg), void *arg);
/* Something ended in a dead letter, or a helpdesk could not be reached, since the start. */
bool road_failed(const struct road *r);

/* What people ask for (through the control socket or a command); inside the turn. The reference
 * "all": every dead letter. */
int road_requeue(struct road *r, struct trg_str ref, const char *who, struct trg_err *err);
/* On a draft, or on a tool's call that a draft waits for. */
struct review {
  const char *verb;         /* approve | reject | edit */
  struct trg_str ref, text; /* text: the new one, or why it is rejected */
  const char *who;
  int64_t call;       /* id of a tool's call; 0 when there is one alone, or none */
  struct trg_str was; /* hash_hex of the text that an edit replaces; empty: any */
};
/* Approved, but a compliance template wants another person to approve it too. */
#define ROAD_REVIEW_WAITS 1
int road_review(struct road *r, const struct review *v, struct trg_err *err);
/* A webhook for this helpdesk: verified, and the tickets that it names become inbox rows in this
 * turn; answer it with *ret_answer (slices of the delivery or lasting texts) when they are durable.
 * TRG_ENOTFOUND: no such helpdesk, or it takes none; TRG_EINVAL: the signature does not fit;
 * TRG_ESTATE: signed, but not to be understood. */
int road_webhook(struct road *r, struct trg_str helpdesk, const struct trg_delivery *d,
                 struct trg_answer *ret_answer, struct trg_err *err);

/* The MCP servers that drafts may ask, for metrics. */
struct tool_server_state {
  const char *name;
  bool ready; /* connected, and its tools are known */
  int64_t answered, failed, progress;
};
size_t road_tool_servers(const struct road *r, struct tool_server_state *ret, size_t room);

/* For status and metrics. */
struct desk_state {
  const char *name, *connector, *mode;
  char error[400]; /* why it lags, for people; "" when it does not */
  char code[32];   /* the same in a word: a plugin's code, or "slow" */
  bool reached;    /* at least once */
  int64_t lag_ms;  /* how far behind the helpdesk we may be; -1: not known yet */
  int64_t ok_ms, waiting, dead, rate_wait_ms;
};
size_t road_desks(const struct road *r, struct desk_state *ret, size_t room);
bool road_ready(const struct road *r);
const struct road_plan *road_plan_of(const struct road *r);

/* Counters since the start, for metrics. */
#define ROAD_OVERHEAD_BUCKETS 12
struct road_stats {
  /* By the clock, and of the processor. */
  struct road_overhead {
    int64_t count, us_sum, bucket[ROAD_OVERHEAD_BUCKETS]; /* by road_overhead_bound_us */
  } overhead, overhead_cpu;
  int64_t fetched, notices;
};
extern const int64_t road_overhead_bound_us[ROAD_OVERHEAD_BUCKETS];
void road_stats(const struct road *r, struct road_stats *ret);

#endif
