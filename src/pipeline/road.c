/* The road: the stages in reading order, and what runs them. */
#include "pipeline/road.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "billing/settle.h"
#include "billing/watch.h"
#include "conf/conf.h"
#include "net/loop.h"
#include "pipeline/lookup.h"
#include "pipeline/recall.h"
#include "pipeline/stage.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/talk.h"
#include "store/tool_wish.h"
#include "store/turn.h"
#include "store/work.h"

/*
 * A ticket comes in by intake (desk.c, intake.c): a notice is fetched, masked (redact) and stored
 * as RECEIVED. From there each stage takes what waits in one state and leaves it in another; which
 * moves there are is in advance.c. After delivery the conversation is followed: what happens in it
 * becomes facts (follow.c), and facts become charges (settle).
 */
static const struct stage stages[] = {
    /* name        takes             while it waits      function        */
    {"triage", TICKET_RECEIVED, TICKET_TRIAGING, triage_run},
    {"policy", TICKET_TRIAGED, TICKET_NONE, policy_run},
    {"draft", TICKET_ADMITTED, TICKET_DRAFTING, draft_run},
    {"guard", TICKET_DRAFTED, TICKET_NONE, guard_run},
    {"writeback", TICKET_DECIDED, TICKET_WRITING, write_run},
    {"reconcile", TICKET_UNCERTAIN, TICKET_WRITING, reconcile_run},
};
#define STAGE_COUNT (sizeof stages / sizeof stages[0])

/* At most this many tickets of one stage are begun in one turn, so that a turn stays short. */
#define BATCH 64
/* Model calls and writes under way at once, and triages even while drafts take all places; the
 * helpdesks' and models' own limits are below it. */
#define CALLS_MAX  1000
#define TRIAGE_MIN 32
#define WRITES_MAX 128
/* In-flight states are leased: longer than any op's deadline, so that one whose op was lost, by
 * whatever mistake, is taken back. */
#define LEASE_MS        ((int64_t)45 * 60 * 1000)
#define OLD_REMOTES     (sizeof((struct road *)0)->old_remotes / sizeof(struct remotes *))
#define TASK_BUCKETS    4096
#define SETTLE_EVERY_MS 250
#define PACE_SLOTS      16384

const int64_t road_overhead_bound_us[ROAD_OVERHEAD_BUCKETS] = {
    100, 250, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000, 50000, INT64_MAX};

struct road *road_new(const struct road_setup *setup, const uint8_t key[32]) {
  struct road *r = mem_alloc(sizeof *r);
  r->setup = *setup;
  memcpy(r->key, key, sizeof r->key);
  r->tasks = mem_array(TASK_BUCKETS, sizeof *r->tasks);
  r->pace = mem_array(PACE_SLOTS, sizeof *r->pace);
  r->scratch = arena_new();
  r->recalls = recalls_new(r);
  uint64_t seed;
  random_bytes(&seed, sizeof seed);
  rng_seed(&r->rng, seed);
  return r;
}

void road_free(struct road **r) {
  if (*r == NULL) return;
  loop_timer_stop((*r)->setup.loop, (*r)->wake);
  for (size_t b = 0; b < TASK_BUCKETS; b++)
    while ((*r)->tasks[b] != NULL) task_end((*r)->tasks[b]);
  recalls_free(&(*r)->recalls);
  verify_free(*r);
  shadow_free(*r);
  desks_free(*r);
  remotes_free(&(*r)->remotes);
  for (size_t i = 0; i < (*r)->old_remote_count; i++) remotes_free(&(*r)->old_remotes[i]);
  mem_free((*r)->tasks);
  mem_free((*r)->pace);
  arena_free(&(*r)->scratch);
  mem_free(*r);
  *r = NULL;
}

/* Servers that did not change keep their connections. The others' drafts get a reason for an answer
 * and go on; what they hold is freed with the road. */
static void remotes_configure(struct road *r, const struct road_plan *plan) {
  if (r->remotes != NULL && remotes_same(r->remotes, plan->conf)) return;
  if (r->remotes != NULL) {
    remotes_close(r->remotes);
    if (r->old_remote_count == OLD_REMOTES) {
      log_event(TRG_WARN, "mcp.restart", "hint",
                "MCP servers were changed often; restart to use the newest", NULL);
      return;
    }
    r->old_remotes[r->old_remote_count++] = r->remotes;
  }
  r->remotes = r->setup.http != NULL ? remotes_new(r->setup.loop, r->setup.http, plan->conf) : NULL;
}

int road_configure(struct road *r, const struct road_plan *plan, struct trg_err *err) {
  int rc = prompts_keep(r, plan, err);
  if (rc >= 0) rc = desks_configure(r, plan, err);
  if (rc < 0) return rc;
  r->plan = plan;
  remotes_configure(r, plan);
  r->stopped_ms = 0; /* the limit may have been raised */
  road_kick(r);
  return 0;
}

const struct road_plan *road_plan_of(const struct road *r) {
  return r->plan;
}

/* --- tasks ------------------------------------------------------------------------------------ */

struct task *task_of(struct road *r, int64_t ticket_id) {
  for (struct task *k = r->tasks[(uint64_t)ticket_id % TASK_BUCKETS]; k != NULL; k = k->next)
    if (k->ticket_id == ticket_id) return k;
  return NULL;
}

struct task *task_start(struct road *r, const struct stage *st, const struct ticket *t) {
  advance(r, t->id, t->state, st->busy,
          &(struct advance){.lease_ms = clock_now_ms() + LEASE_MS, .attempts = t->attempts});
  struct task *k = mem_alloc(sizeof *k);
  k->road = r;
  k->stage = st;
  k->ticket_id = t->id;
  k->pass = t->pass;
  k->attempts = t->attempts;
  k->arena = arena_new();
  k->ref = arena_dup(k->arena, str_of(t->ref));
  k->desk = desk_find(r, str_of(t->helpdesk));
  k->next = r->tasks[(uint64_t)t->id % TASK_BUCKETS];
  r->tasks[(uint64_t)t->id % TASK_BUCKETS] = k;
  r->task_count++;
  r->busy[st->busy]++;
  return k;
}

void task_end(struct task *k) {
  struct road *r = k->road;
  struct task **at = &r->tasks[(uint64_t)k->ticket_id % TASK_BUCKETS];
  while (*at != NULL && *at != k) at = &(*at)->next;
  BUG_UNLESS(*at == k);
  *at = k->next;
  r->task_count--;
  r->busy[k->stage->busy]--;
  recall_end(&k->recall);
  if (k->cleanup != NULL) k->cleanup(k);
  arena_free(&k->arena);
  mem_free(k);
  road_kick(r);
}

bool task_current(struct task *k, struct ticket *ret) {
  struct trg_err err = {0};
  const int rc = ticket_by_id(k->road->setup.store, k->ticket_id, k->arena, ret, &err);
  if (rc == TRG_ENOTFOUND) return false;
  store_must(rc, &err);
  return ret->state == k->stage->busy && ret->pass == k->pass;
}

/* Only model calls are given up; a write always runs to its end. */
void task_cancel(struct road *r, int64_t ticket_id) {
  struct task *k = task_of(r, ticket_id);
  if (k == NULL || (k->ask == 0 && !k->looking && k->recall == NULL)) return;
  if (k->ask != 0) router_cancel(r->setup.router, k->ask);
  task_end(k);
}

/* Trouble of the other side or of the configuration: no fault of the ticket, which waits. */
bool code_is_peer(const char *code) {
  static const char *const peer[] = {TRG_CODE_RATE,     TRG_CODE_QUOTA, TRG_CODE_TRANSIENT,
                                     TRG_CODE_TIMEOUT,  TRG_CODE_AUTH,  TRG_CODE_MALFORMED,
                                     TRG_CODE_ENDPOINT, "resting"};
  for (size_t i = 0; i < sizeof peer / sizeof peer[0]; i++)
    if (strcmp(code, peer[i]) == 0) return true;
  return false;
}

bool code_waits(const char *code) {
  return code_is_peer(code) && strcmp(code, TRG_CODE_MALFORMED) != 0 &&
         strcmp(code, TRG_CODE_ENDPOINT) != 0;
}

bool attempts_spent(const char *code, bool paid, int64_t attempts) {
  if (code_waits(code) && !paid) return false;
  return attempts % (code_is_peer(code) ? ATTEMPTS_PEER : ATTEMPTS_OWN) == 0;
}

int64_t backoff_ms(struct road *r, int64_t attempts, int64_t retry_after_ms) {
  if (retry_after_ms > 0) return retry_after_ms + (int64_t)rng_below(&r->rng, 250);
  int64_t ms = 500;
  for (int64_t i = 1; i < attempts && ms < BACKOFF_MAX_MS; i++) ms *= 2;
  if (ms > BACKOFF_MAX_MS) ms = BACKOFF_MAX_MS;
  return ms - (int64_t)rng_below(&r->rng, (uint64_t)(ms / 4)); /* up to 25 % sooner */
}

void task_retry(struct task *k, const struct ticket *t, const char *code, const char *why,
                int64_t retry_after_ms) {
  struct road *r = k->road;
  const int64_t attempts = k->attempts + 1;
  const bool dead = attempts_spent(code, k->paid, attempts);
  log_event(dead ? TRG_ERROR : TRG_WARN, dead ? "ticket.dead" : "ticket.retry", "ticket", k->ref,
            "stage", k->stage->name, "code", code, "why", why, "attempts", log_num(attempts), NULL);
  if (dead) {
    struct trg_err err = {0};
    store_must(ticket_outcome(r->setup.store, t->id, TRG_STR("failed"), str_of(code),
                              clock_now_ms(), &err),
               &err);
  }
  advance(r, t->id, t->state, dead ? TICKET_DEAD : k->stage->takes,
          &(struct advance){
              .due_ms = dead ? 0 : clock_now_ms() + backoff_ms(r, attempts, retry_after_ms),
              .attempts = attempts,
              .hold = why,
              .why = code});
}

/* --- own time per ticket ---------------------------------------------------------------------- */

struct pace pace_begin(void) {
  const int64_t cpu_us = clock_cpu_us(); /* first: another thread may run now */
  return (struct pace){clock_mono_us(), cpu_us};
}

struct pace pace_since(struct pace from) {
  const int64_t us = clock_mono_us() - from.us;
  return (struct pace){us, clock_cpu_us() - from.cpu_us};
}

void pace_add(struct road *r, int64_t ticket_id, struct pace from) {
  const size_t slot = (uint64_t)ticket_id % PACE_SLOTS;
  if (r->pace[slot].ticket_id != ticket_id) {
    r->pace[slot].ticket_id = ticket_id;
    r->pace[slot].us = r->pace[slot].cpu_us = 0;
  }
  const struct pace took = pace_since(from);
  r->pace[slot].us += took.us;
  r->pace[slot].cpu_us += took.cpu_us;
}

static void overhead_add(struct road_overhead *o, int64_t us) {
  o->count++;
  o->us_sum += us;
  size_t i = 0;
  while (us > road_overhead_bound_us[i]) i++; /* the last has no bound */
  o->bucket[i]++;
}

void pace_end(struct road *r, int64_t ticket_id) {
  const size_t slot = (uint64_t)ticket_id % PACE_SLOTS;
  if (r->pace[slot].ticket_id != ticket_id) return;
  r->pace[slot].ticket_id = 0;
  overhead_add(&r->stats.overhead, r->pace[slot].us);
  overhead_add(&r->stats.overhead_cpu, r->pace[slot].cpu_us);
}

void road_stats(const struct road *r, struct road_stats *ret) {
  *ret = r->stats;
}

/* --- running ---------------------------------------------------------------------------------- */

/* Runs one ticket through one stage. */
static void stage_one(struct road *r, const struct stage *st, int64_t id) {
  const struct pace from = pace_begin();
  struct arena *a = arena_new();
  struct ticket t;
  struct trg_err err = {0};
  store_must(ticket_by_id(r->setup.store, id, a, &t, &err), &err);
  if (t.state == st->takes) st->run(r, st, &t, a);
  arena_free(&a);
  pace_add(r, id, from);
}

/* How many tickets may be in this state. What is drafted goes before what is triaged, so that all
 * calls together stay below their limit; but a model that hangs in drafts does not keep another one
 * from triage. */
static int64_t places(const struct road *r, enum ticket_state busy) {
  if (busy == TICKET_WRITING) return WRITES_MAX;
  if (busy == TICKET_DRAFTING) return CALLS_MAX;
  const int64_t left = CALLS_MAX - r->busy[TICKET_DRAFTING];
  return left > TRIAGE_MIN ? left : TRIAGE_MIN;
}

static int stage_room(const struct road *r, const struct stage *st) {
  if (st->busy == TICKET_NONE) return BATCH;
  if (r->draining || (st->busy != TICKET_WRITING && budget_stopped(r))) return 0;
  const int64_t room = places(r, st->busy) - r->busy[st->busy];
  return (int)(room < BATCH ? room : BATCH);
}

/* Takes what is due for one stage; true when there may be more. */
static bool stage_turn(struct road *r, const struct stage *st) {
  const int room = stage_room(r, st);
  if (room <= 0) return false;
  int64_t ids[BATCH];
  size_t n = 0;
  struct trg_err err = {0};
  store_must(ticket_due(r->setup.store, st->takes, clock_now_ms(), room, ids, &n, &err), &err);
  for (size_t i = 0; i < n; i++) stage_one(r, st, ids[i]);
  return n == (size_t)room;
}

static void road_wake(void *arg) {
  struct road *r = arg;
  r->wake = 0;
  road_kick(r);
}

static int64_t sooner(int64_t a, int64_t b) {
  return b != 0 && (a == 0 || b < a) ? b : a;
}

/* When the next thing falls due; 0: never. */
static int64_t road_next_due(const struct road *r) {
  int64_t due = 0;
  struct trg_err err = {0};
  store_must(ticket_next_due(r->setup.store, r->settled_ms, &due, &err), &err);
  const int64_t first = sooner(sooner(due, desks_next_due(r)), verify_next(r));
  if (budget_stopped(r) && first != 0 && first < r->stopped_ms) return r->stopped_ms;
  return first;
}

/* Sleeps until then. */
static void road_sleep(struct road *r) {
  const int64_t due = road_next_due(r);
  loop_timer_stop(r->setup.loop, r->wake);
  r->wake = 0;
  if (due == 0 && !r->unsettled) return;
  int64_t wait = due - clock_now_ms();
  /* What is due now and was not begun waits for a place: the task that ends makes it, and kicks. */
  if (wait <= 0 && r->task_count > 0 && !r->unsettled) return;
  if (r->unsettled && (wait <= 0 || wait > SETTLE_EVERY_MS)) wait = SETTLE_EVERY_MS;
  if (wait < 1) wait = 1;
  if (wait > 60000) wait = 60000; /* the clock may be moved: look now and then */
  r->wake = loop_timer_start(r->setup.loop, wait, 0, road_wake, r);
}

/* With --once, retries that fall due within this time are waited for. */
#define ONCE_PATIENCE_MS 15000

static void road_check_end(struct road *r) {
  if (r->task_count > 0 || r->judging_count > 0 || desks_busy(r)) return;
  if (r->draining && r->idle != NULL) {
    void (*idle)(void *) = r->idle;
    r->idle = NULL;
    idle(r->idle_arg);
    return;
  }
  if (r->finished == NULL || r->shade_count > 0 || r->unsettled) return;
  if (!budget_stopped(r) && !desks_caught_up(r)) return;
  const int64_t due = road_next_due(r);
  if (due != 0 && due <= clock_now_ms() + ONCE_PATIENCE_MS) return;
  void (*finished)(void *) = r->finished;
  r->finished = NULL;
  finished(r->finished_arg);
}

/* A ticket gives several facts on its way: while others are under way, or wait for what their
 * helpdesk has to tell, they are settled together. True when there may be more. */
static bool settle_turn(struct road *r) {
  const int64_t now_us = clock_mono_us();
  r->unsettled = (r->task_count > 0 || r->held) && now_us - r->settled_us < SETTLE_EVERY_MS * 1000;
  if (r->unsettled) return false;
  const bool more = settle_due(r, BATCH) == BATCH;
  if (!more) r->settled_us = now_us;
  return more;
}

static void road_turn(void *arg) {
  struct road *r = arg;
  r->kicked = false;
  if (!r->running) return;
  arena_free(&r->scratch);
  r->scratch = arena_new();
  bool more = false;
  if (!r->draining && !budget_stopped(r))
    for (struct desk *d = r->desks; d != NULL; d = d->next) desk_fetch(d);
  /* Last stage first: what is nearly finished goes on before something new is begun. */
  for (size_t i = STAGE_COUNT; i-- > 0;)
    if (stage_turn(r, &stages[i])) more = true;
  if (settle_turn(r)) more = true;
  verify_turn(r);
  recalls_go(r->recalls);
  if (more) {
    road_kick(r);
    return;
  }
  road_sleep(r);
  road_check_end(r);
}

void road_kick(struct road *r) {
  if (r->kicked || !r->running) return;
  r->kicked = true;
  loop_soon(r->setup.loop, road_turn, r);
}

void road_start(struct road *r) {
  r->running = true;
  desks_start(r);
  road_kick(r);
}

void road_once(struct road *r, void (*finished)(void *arg), void *arg) {
  r->finished = finished;
  r->finished_arg = arg;
}

/* Told to stop before it was started, as while a first model is learned: nothing is on the road. */
static void road_never_ran(void *arg) {
  struct road *r = arg;
  void (*idle)(void *) = r->idle;
  r->idle = NULL;
  if (idle != NULL) idle(r->idle_arg);
}

void road_drain(struct road *r, void (*idle)(void *arg), void *arg) {
  r->draining = true;
  r->idle = idle;
  r->idle_arg = arg;
  shadow_give_up(r);
  router_drain(r->setup.router);
  host_drain(r->setup.host);
  if (r->running)
    road_kick(r);
  else
    loop_soon(r->setup.loop, road_never_ran, r);
}

bool road_failed(const struct road *r) {
  return r->failed;
}

/* Where work in flight goes back to when it was lost. */
static const struct {
  enum ticket_state from, to;
} back[] = {{TICKET_TRIAGING, TICKET_RECEIVED},
            {TICKET_DRAFTING, TICKET_ADMITTED},
            {TICKET_WRITING, TICKET_UNCERTAIN}};
#define BACK_COUNT (sizeof back / sizeof back[0])

/* Every ticket of one in-flight state goes back to where it can be begun again. */
static int recover_state(struct road *r, enum ticket_state from, enum ticket_state to,
                         struct trg_err *err) {
  for (;;) {
    int64_t ids[BATCH];
    size_t n = 0;
    const int rc = ticket_due(r->setup.store, from, INT64_MAX, BATCH, ids, &n, err);
    if (rc < 0) return rc;
    for (size_t i = 0; i < n; i++)
      advance(r, ids[i], from, to, &(struct advance){.why = "restart"});
    if (n < BATCH) return 0;
  }
}

/* In-flight tickets whose lease is over and that nobody works on. */
void road_sweep(struct road *r) {
  for (size_t i = 0; i < BACK_COUNT; i++) {
    int64_t ids[BATCH];
    size_t n = 0;
    struct trg_err err = {0};
    store_must(ticket_due(r->setup.store, back[i].from, clock_now_ms(), BATCH, ids, &n, &err),
               &err);
    for (size_t k = 0; k < n; k++) {
      if (task_of(r, ids[k]) != NULL) continue;
      log_event(TRG_ERROR, "lease.over", "ticket_id", log_num(ids[k]), NULL);
      advance(r, ids[k], back[i].from, back[i].to, &(struct advance){.why = "lease"});
    }
  }
}

int road_recover(struct road *r, struct trg_err *err) {
  int64_t lost = 0, unsure = 0, calls = 0;
  int rc = 0;
  for (size_t i = 0; i < BACK_COUNT && rc >= 0; i++)
    rc = recover_state(r, back[i].from, back[i].to, err);
  if (rc >= 0) rc = inbox_release(r->setup.store, err);
  if (rc >= 0) rc = model_call_lost(r->setup.store, clock_now_ms(), &lost, err);
  if (rc >= 0) rc = outbox_recover(r->setup.store, clock_now_ms(), &unsure, err);
  if (rc >= 0) rc = tool_wish_recover(r->setup.store, clock_now_ms(), &calls, err);
  if (rc >= 0) rc = turn_flush(r->setup.store, err);
  if (rc >= 0 && lost + unsure + calls > 0)
    log_event(TRG_WARN, "road.recovered", "calls_lost", log_num(lost), "writes_uncertain",
              log_num(unsure), "tool_calls_uncertain", log_num(calls), NULL);
  return rc;
}

void settle_now(struct road *r, int64_t ticket_id, int64_t now) {
  struct trg_err err = {0};
  struct settled s = {0};
  store_must(settle_ticket(r->setup.store, r->plan->book, ticket_id, now, &s, &err), &err);
  if (s.wants_verify) verify_wanted(r, ticket_id);
  store_must(watch_ticket(r->setup.store, r->plan->book, ticket_id, now, &err), &err);
}

/* When nothing was left to settle, what is still due waits for its helpdesk, not for the clock. */
static void settle_rest(struct road *r, bool none_left, int64_t now) {
  int64_t id = 0;
  size_t n = 0;
  struct trg_err err = {0};
  if (none_left) store_must(ticket_settle_due(r->setup.store, now, 1, &id, &n, &err), &err);
  r->held = n > 0;
  r->settled_ms = r->held ? now : 0;
}

/* Silence up to a moment is known when the helpdesk was heard after it. So what is due after a time
 * in which it was not heard is settled when what happened meanwhile is here: a charge first and its
 * reversal a moment later would be right in sum, and noise in a bill. */
int64_t settle_due(struct road *r, int limit) {
  int64_t ids[BATCH];
  size_t n = 0;
  struct trg_err err = {0};
  const int64_t now = clock_now_ms();
  struct buf held;
  buf_init(&held, 0);
  desks_held(r, now, &held);
  store_must(ticket_settle_known(r->setup.store, now, buf_view(&held), limit, ids, &n, &err), &err);
  buf_free(&held);
  for (size_t i = 0; i < n; i++) {
    if (!look_first(r, ids[i], now)) settle_now(r, ids[i], now);
  }
  if (n > 0) store_must(watch_totals(r->setup.store, now, &err), &err);
  settle_rest(r, n == 0, now);
  return (int64_t)n;
}
