#include "admin/metrics.h"

#include <stdio.h>

#include "admin/core.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "net/loop.h"
#include "store/dispute.h"
#include "store/gap.h"
#include "store/meter_event.h"
#include "store/metrics.h"
#include "store/store.h"
#include "store/turn.h"

#define DESKS_MAX 128

static void head(struct buf *b, const char *name, const char *type, const char *help) {
  buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed escaped. */
static void label(struct buf *b, const char *name, const char *value, bool first) {
  buf_printf(b, "%s%s=\"", first ? "{" : ",", name);
  for (const char *p = value; *p != '\0'; p++) {
    if (*p == '\n') {
      buf_text(b, "\\n");
      continue;
    }
    if (*p == '\\' || *p == '"') buf_char(b, '\\');
    buf_char(b, *p);
  }
  buf_char(b, '"');
}

/* One line per row of a counted set. Money is in micro-dollars in the store and in dollars here. */
static void rows(struct buf *b, const char *name, const struct metric_row *r, size_t n,
                 const char *const labels[3], bool micros) {
  for (size_t i = 0; i < n; i++) {
    buf_text(b, name);
    bool first = true;
    for (int k = 0; k < 3 && labels[k] != NULL; k++) {
      label(b, labels[k], r[i].labels[k], first);
      first = false;
    }
    if (micros)
      buf_printf(b, "} %lld.%06lld\n", (long long)(r[i].value / 1000000),
                 (long long)(r[i].value < 0 ? -(r[i].value % 1000000) : r[i].value % 1000000));
    else
      buf_printf(b, "} %lld\n", (long long)r[i].value);
  }
}

static int stored(struct core *c, struct buf *b, struct arena *a, struct trg_err *err) {
  static const struct {
    enum metric_set set;
    const char *name, *type, *help, *labels[3];
    bool micros;
  } sets[] = {
      {METRIC_TICKETS,
       "triaged_tickets_total",
       "counter",
       "Tickets by outcome.",
       {"helpdesk", "outcome"},
       false},
      {METRIC_MODEL_REQUESTS,
       "triaged_model_requests_total",
       "counter",
       "Model calls by result.",
       {"model", "task", "result"},
       false},
      {METRIC_MODEL_TOKENS,
       "triaged_model_tokens_total",
       "counter",
       "Tokens by kind.",
       {"model", "kind"},
       false},
      {METRIC_MODEL_COST,
       "triaged_model_cost_usd_total",
       "counter",
       "What the models cost.",
       {"model"},
       true},
      {METRIC_RESOLUTIONS,
       "triaged_resolutions_total",
       "counter",
       "Tickets by billing state.",
       {"helpdesk", "state"},
       false},
      {METRIC_CHARGED,
       "triaged_charged_usd_total",
       "counter",
       "Sum of the ledger.",
       {"helpdesk"},
       true},
      {METRIC_DELIVERIES,
       "triaged_deliveries_total",
       "counter",
       "Writes to helpdesks by result.",
       {"helpdesk", "kind", "result"},
       false},
  };
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    struct metric_row *r = NULL;
    size_t n = 0;
    const int rc = metric_rows(c->store, sets[i].set, a, &r, &n, err);
    if (rc < 0) return rc;
    head(b, sets[i].name, sets[i].type, sets[i].help);
    rows(b, sets[i].name, r, n, sets[i].labels, sets[i].micros);
  }
  return 0;
}

static int depth(struct core *c, struct buf *b, struct trg_err *err) {
  int64_t n[TICKET_STATES] = {0};
  const int rc = ticket_depth(c->store, n, err);
  if (rc < 0) return rc;
  head(b, "triaged_queue_depth", "gauge", "Tickets by where they are on the road.");
  for (int s = TICKET_RECEIVED; s < TICKET_STATES; s++)
    buf_printf(b, "triaged_queue_depth{stage=\"%s\"} %lld\n",
               ticket_state_word((enum ticket_state)s), (long long)n[s]);
  struct desk_state d[DESKS_MAX];
  const size_t desks = road_desks(c->road, d, DESKS_MAX);
  for (size_t i = 0; i < desks; i++) {
    buf_text(b, "triaged_queue_depth");
    char stage[80];
    snprintf(stage, sizeof stage, "inbox:%s", d[i].name);
    label(b, "stage", stage, true);
    buf_printf(b, "} %lld\n", (long long)d[i].waiting);
  }
  head(b, "triaged_lag_seconds", "gauge", "How far behind the helpdesk we may be.");
  for (size_t i = 0; i < desks; i++) {
    if (d[i].lag_ms < 0) continue;
    buf_text(b, "triaged_lag_seconds");
    label(b, "helpdesk", d[i].name, true);
    buf_printf(b, "} %.3f\n", (double)d[i].lag_ms / 1000.0);
  }
  head(b, "triaged_helpdesk_up", "gauge",
       "1 when the last contact worked; else the reason, in a word.");
  for (size_t i = 0; i < desks; i++) {
    buf_text(b, "triaged_helpdesk_up");
    label(b, "helpdesk", d[i].name, true);
    label(b, "reason", d[i].code, false);
    buf_printf(b, "} %d\n", d[i].reached && d[i].error[0] == '\0' ? 1 : 0);
  }
  return 0;
}

static void one(struct buf *b, const char *name, const char *server, const char *result,
                int64_t value) {
  buf_text(b, name);
  label(b, "server", server, true);
  if (result != NULL) label(b, "result", result, false);
  buf_printf(b, "} %lld\n", (long long)value);
}

static void tool_servers(struct core *c, struct buf *b) {
  struct tool_server_state s[DESKS_MAX];
  const size_t n = road_tool_servers(c->road, s, DESKS_MAX);
  if (n == 0) return;
  head(b, "triaged_mcp_calls_total", "counter", "Calls of tools of MCP servers, since the start.");
  for (size_t i = 0; i < n; i++) {
    one(b, "triaged_mcp_calls_total", s[i].name, "ok", s[i].answered);
    one(b, "triaged_mcp_calls_total", s[i].name, "failed", s[i].failed);
  }
  head(b, "triaged_mcp_progress_total", "counter",
       "Notices of progress that gave calls more time.");
  for (size_t i = 0; i < n; i++)
    one(b, "triaged_mcp_progress_total", s[i].name, NULL, s[i].progress);
  head(b, "triaged_mcp_up", "gauge", "1 while a server is connected; it is when a draft needs it.");
  for (size_t i = 0; i < n; i++) one(b, "triaged_mcp_up", s[i].name, NULL, s[i].ready);
}

static void own_time(struct buf *b, const char *name, const char *help,
                     const struct road_overhead *o) {
  head(b, name, "histogram", help);
  int64_t sum = 0;
  for (int i = 0; i < ROAD_OVERHEAD_BUCKETS; i++) {
    sum += o->bucket[i];
    if (i == ROAD_OVERHEAD_BUCKETS - 1)
      buf_printf(b, "%s_bucket{le=\"+Inf\"} %lld\n", name, (long long)sum);
    else
      buf_printf(b, "%s_bucket{le=\"%g\"} %lld\n", name, (double)road_overhead_bound_us[i] / 1e6,
                 (long long)sum);
  }
  buf_printf(b, "%s_sum %.6f\n%s_count %lld\n", name, (double)o->us_sum / 1e6, name,
             (long long)o->count);
}

static void overhead(struct core *c, struct buf *b) {
  struct road_stats s;
  road_stats(c->road, &s);
  own_time(b, "triaged_overhead_seconds", "Our own time per ticket, by the clock.", &s.overhead);
  own_time(b, "triaged_overhead_cpu_seconds", "Our own processor time per ticket.",
           &s.overhead_cpu);
}

static int model_seconds(struct core *c, struct buf *b, struct arena *a, struct trg_err *err) {
  struct metric_histogram *h = NULL;
  size_t n = 0;
  const int rc = metric_model_seconds(c->store, a, &h, &n, err);
  if (rc < 0) return rc;
  head(b, "triaged_model_seconds", "histogram", "Time of model calls.");
  for (size_t i = 0; i < n; i++) {
    int64_t sum = 0;
    for (int k = 0; k < METRIC_BOUNDS; k++) {
      sum += h[i].bucket[k];
      buf_text(b, "triaged_model_seconds_bucket");
      label(b, "model", h[i].model, true);
      if (k == METRIC_BOUNDS - 1)
        buf_text(b, ",le=\"+Inf\"");
      else
        buf_printf(b, ",le=\"%g\"", (double)metric_bound_us[k] / 1e6);
      buf_printf(b, "} %lld\n", (long long)sum);
    }
    buf_text(b, "triaged_model_seconds_sum");
    label(b, "model", h[i].model, true);
    buf_printf(b, "} %.6f\n", (double)h[i].sum_us / 1e6);
    buf_text(b, "triaged_model_seconds_count");
    label(b, "model", h[i].model, true);
    buf_printf(b, "} %lld\n", (long long)h[i].count);
  }
  return 0;
}

static int money_health(struct core *c, struct buf *b, struct arena *a, struct trg_err *err) {
  struct gap *g = NULL;
  size_t n = 0;
  int64_t gaps = 0, open = 0, overdue = 0;
  struct meter_event_depth m;
  int rc = gap_list(c->store, 1, a, &g, &n, &gaps, err);
  if (rc >= 0) rc = meter_event_depth(c->store, &m, err);
  if (rc >= 0) rc = dispute_depth(c->store, clock_now_ms(), &open, &overdue, err);
  if (rc < 0) return rc;
  head(b, "triaged_conservation_gaps", "gauge", "Places where the books do not add up; 0 is well.");
  buf_printf(b, "triaged_conservation_gaps %lld\n", (long long)gaps);
  head(b, "triaged_meter_events", "gauge", "Final charges on their way to who writes the invoice.");
  const struct {
    const char *state;
    int64_t count;
  } states[] = {{"waiting", m.waiting},   {"planned", m.planned}, {"done", m.done},
                {"rejected", m.rejected}, {"held", m.held},       {"dropped", m.dropped}};
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
    buf_printf(b, "triaged_meter_events{state=\"%s\"} %lld\n", states[i].state,
               (long long)states[i].count);
  head(b, "triaged_disputes_open", "gauge", "Disputes that wait for a decision.");
  buf_printf(b, "triaged_disputes_open %lld\n", (long long)open);
  head(b, "triaged_disputes_overdue", "gauge", "Those of them whose deadline is over.");
  buf_printf(b, "triaged_disputes_overdue %lld\n", (long long)overdue);
  return 0;
}

int metrics_text(struct core *c, struct buf *b, struct trg_err *err) {
  struct arena *a = arena_new();
  int rc = stored(c, b, a, err);
  if (rc >= 0) rc = depth(c, b, err);
  if (rc >= 0) rc = model_seconds(c, b, a, err);
  if (rc >= 0) rc = money_health(c, b, a, err);
  if (rc >= 0) {
    overhead(c, b);
    tool_servers(c, b);
    head(b, "triaged_store_commits_total", "counter", "Commits.");
    buf_printf(b, "triaged_store_commits_total %lld\n", (long long)turn_commits(c->store));
    head(b, "triaged_turn_seconds_max", "gauge", "Longest turn of the loop since the last look.");
    buf_printf(b, "triaged_turn_seconds_max %.6f\n", (double)loop_longest_turn_us(c->loop) / 1e6);
  }
  arena_free(&a);
  return rc;
}
