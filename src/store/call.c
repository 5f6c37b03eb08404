/* Model calls, and the budget that bounds them. */
#include <stdio.h>

#include "base/money.h"
#include "base/time.h"
#include "store/bytes.h"
#include "store/sql.h"
#include "store/work.h"

#define PURSE_MAX 24

/* --- the budget ------------------------------------------------------------------------------ */

static int budget_of(struct store *s, const char *day, int64_t *ret_spent, int64_t *ret_reserved,
                     struct trg_err *err) {
  static const char text[] = "SELECT spent_micros, reserved_micros FROM budget_day WHERE day = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_text(&q, day);
  const int rc = sql_next(&q, err);
  if (rc < 0) return rc;
  *ret_spent = rc == 0 ? 0 : sql_get_int(&q);
  *ret_reserved = rc == 0 ? 0 : sql_get_int(&q);
  sql_end(&q);
  return 0;
}

static int budget_add(struct store *s, const char *day, int64_t spent, int64_t reserved,
                      struct trg_err *err) {
  static const char text[] =
      "INSERT INTO budget_day (day, spent_micros, reserved_micros) VALUES (?, ?, ?)"
      " ON CONFLICT (day) DO UPDATE SET spent_micros = spent_micros + excluded.spent_micros,"
      "  reserved_micros = reserved_micros + excluded.reserved_micros";
  struct sql q;
  sql_write(&q, s, text);
  sql_text(&q, day);
  sql_int(&q, spent);
  sql_int(&q, reserved);
  return sql_run(&q, err);
}

/* The purse that a call is paid from: the day's, or that of comparison. */
static void purse_of(int64_t at_ms, bool shadow, char out[PURSE_MAX]) {
  char day[11];
  time_day(at_ms, day);
  snprintf(out, PURSE_MAX, "%s%s", day, shadow ? " shadow" : "");
}

int budget_today(struct store *s, int64_t now_ms, int64_t *ret_spent, int64_t *ret_reserved,
                 struct trg_err *err) {
  char day[11];
  time_day(now_ms, day);
  int64_t spent = 0, reserved = 0;
  const int rc = budget_of(s, day, &spent, &reserved, err);
  if (rc != 0) return rc;
  *ret_spent = spent;
  *ret_reserved = reserved;
  return 0;
}

/* Is there room for `wanted` more? */
static int budget_allows(struct store *s, const char *day, int64_t wanted, int64_t limit,
                         struct trg_err *err) {
  int64_t spent = 0, reserved = 0, sure = 0, sum = 0;
  int rc = budget_of(s, day, &spent, &reserved, err);
  if (rc != 0) return rc;
  char most[MONEY_TEXT_MAX], used[MONEY_TEXT_MAX];
  const bool huge = money_add(spent, wanted, &sure) != 0 || money_add(sure, reserved, &sum) != 0;
  if (huge || (limit > 0 && sure > limit))
    return err_set(err, TRG_ELIMIT, "budget", "the model budget of %s for %s is used up (%s spent)",
                   money_human(limit, most), day, money_human(spent, used));
  if (limit > 0 && sum > limit)
    return err_set(err, TRG_ESTATE, "budget_held",
                   "what is left of the model budget of %s for %s is reserved for calls under way",
                   money_human(limit, most), day);
  return 0;
}

/* --- one call -------------------------------------------------------------------------------- */

static int call_insert(struct store *s, const struct model_call *c, int64_t *ret_id,
                       struct trg_err *err) {
  static const char text[] =
      "INSERT INTO model_call (ticket_id, pass, task, model, backend, vendor_model, started_ms,"
      "  reserved_micros, prompt_hash, skills_hash, conf_hash, shadow, batched)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  struct sql q;
  sql_write(&q, s, text);
  sql_id(&q, c->ticket_id);
  sql_int(&q, c->pass);
  sql_text(&q, c->task);
  sql_text(&q, c->model);
  sql_text(&q, c->backend);
  sql_text(&q, c->vendor_model);
  sql_int(&q, c->started_ms);
  sql_int(&q, c->reserved_micros);
  sql_text(&q, c->prompt_hash);
  sql_text(&q, c->skills_hash);
  sql_text(&q, c->conf_hash);
  sql_int(&q, c->shadow);
  sql_int(&q, c->batched);
  const int rc = sql_run(&q, err);
  if (rc == 0) *ret_id = sqlite3_last_insert_rowid(s->db);
  return rc;
}

int model_call_open(struct store *s, const struct model_call *c, int64_t limit_micros,
                    int64_t *ret_id, struct trg_err *err) {
  if (c->reserved_micros < 0)
    return err_set(err, TRG_EINVAL, "reserved", "a reservation cannot be negative");
  char day[PURSE_MAX];
  purse_of(c->started_ms, c->shadow, day);
  int64_t id = 0;
  int rc = turn_write(s, err);
  if (rc == 0) rc = budget_allows(s, day, c->reserved_micros, limit_micros, err);
  if (rc == 0) rc = call_insert(s, c, &id, err);
  if (rc != 0) return rc; /* and nothing was written */
  rc = budget_add(s, day, 0, c->reserved_micros, err);
  if (rc == 0) rc = bytes_put(s, id, c->started_ms, c->request_bytes, c->response_bytes, err);
  rc = turn_needs(s, rc, err);
  if (rc == 0) *ret_id = id;
  return rc;
}

int model_call_bytes(struct store *s, const struct model_call *c, struct trg_err *err) {
  return bytes_put(s, c->id, c->started_ms, c->request_bytes, c->response_bytes, err);
}

struct opened {
  int64_t started_ms, reserved_micros;
  bool shadow;
};

static int still_open(struct store *s, int64_t id, struct opened *ret, struct trg_err *err) {
  static const char text[] =
      "SELECT started_ms, reserved_micros, shadow, outcome FROM model_call WHERE id = ?";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, id);
  const int rc = sql_one(&q, "model call", err);
  if (rc != 0) return rc;
  ret->started_ms = sql_get_int(&q);
  ret->reserved_micros = sql_get_int(&q);
  ret->shadow = sql_get_int(&q) != 0;
  const bool open = sql_get_text(&q, NULL)[0] == '\0';
  sql_end(&q);
  return open ? 0
              : err_set(err, TRG_ESTATE, "closed", "model call %lld is closed already",
                        (long long)id);
}

static int call_update(struct store *s, const struct model_call *c, struct trg_err *err) {
  static const char text[] =
      "UPDATE model_call SET ended_ms = ?, latency_us = ?, outcome = ?, code = ?, why = ?,"
      " stop = ?, served = ?, request_id = ?, http_status = ?, input = ?, output = ?,"
      " cache_read = ?, cache_write = ?, reasoning = ?, estimated = ?, cost_micros = ?"
      " WHERE id = ?";
  struct sql q;
  sql_write(&q, s, text);
  sql_int(&q, c->ended_ms);
  sql_int(&q, c->latency_us);
  sql_text(&q, c->outcome);
  sql_text(&q, c->code);
  sql_text(&q, c->why);
  sql_text(&q, c->stop);
  sql_text(&q, c->served);
  sql_text(&q, c->request_id);
  sql_int(&q, c->http_status);
  sql_int(&q, c->usage.input);
  sql_int(&q, c->usage.output);
  sql_int(&q, c->usage.cache_read);
  sql_int(&q, c->usage.cache_write);
  sql_int(&q, c->usage.reasoning);
  sql_int(&q, c->usage.estimated);
  sql_int(&q, c->cost_micros);
  sql_int(&q, c->id);
  return sql_run(&q, err);
}

int model_call_close(struct store *s, const struct model_call *c, struct trg_err *err) {
  if (c->outcome == NULL || c->outcome[0] == '\0' || c->cost_micros < 0)
    return err_set(err, TRG_EINVAL, "outcome",
                   "a closed call has an outcome, and a cost that is not negative");
  struct opened was = {0};
  int rc = turn_write(s, err);
  if (rc == 0) rc = still_open(s, c->id, &was, err);
  if (rc == 0) rc = call_update(s, c, err);
  if (rc == 0) rc = bytes_put(s, c->id, was.started_ms, c->request_bytes, c->response_bytes, err);
  if (rc != 0) return rc;
  char day[PURSE_MAX];
  purse_of(was.started_ms, was.shadow, day);
  return budget_add(s, day, c->cost_micros, -was.reserved_micros, err);
}

static int next_open(struct store *s, int64_t now_ms, int64_t *ret_id, struct opened *ret,
                     struct trg_err *err) {
  static const char text[] =
      "SELECT id, started_ms, reserved_micros, shadow FROM model_call"
      " WHERE outcome = '' AND (batch_ref = '' OR started_ms < ?) ORDER BY id LIMIT 1";
  struct sql q;
  sql_read(&q, s, text);
  sql_int(&q, now_ms - BATCH_GONE_MS);
  const int rc = sql_next(&q, err);
  *ret_id = rc > 0 ? sql_get_int(&q) : 0;
  if (rc <= 0) return rc;
  ret->started_ms = sql_get_int(&q);
  ret->reserved_micros = sql_get_int(&q);
  ret->shadow = sql_get_int(&q) != 0;
  sql_end(&q);
  return 0;
}

int model_call_lost(struct store *s, int64_t now_ms, int64_t *ret_count, struct trg_err *err) {
  static const char text[] = "UPDATE model_call SET outcome = 'lost', ended_ms = ?,"
                             " cost_micros = reserved_micros WHERE id = ?";
  int64_t count = 0;
  for (;;) {
    int64_t id = 0;
    struct opened was = {0};
    int rc = next_open(s, now_ms, &id, &was, err);
    if (rc == 0 && id == 0) break;
    struct sql q;
    if (rc == 0) {
      sql_write(&q, s, text);
      sql_int(&q, now_ms);
      sql_int(&q, id);
      rc = sql_run(&q, err);
    }
    char day[PURSE_MAX];
    purse_of(was.started_ms, was.shadow, day);
    if (rc == 0) rc = budget_add(s, day, was.reserved_micros, -was.reserved_micros, err);
    if (rc != 0) return rc;
    count++;
  }
  *ret_count = count;
  return 0;
}

static void call_of(struct sql *q, struct arena *a, struct model_call *c) {
  c->id = sql_get_int(q);
  c->ticket_id = sql_get_int(q);
  c->pass = sql_get_int(q);
  c->ref = sql_get_text(q, a);
  c->task = sql_get_text(q, a);
  c->model = sql_get_text(q, a);
  c->backend = sql_get_text(q, a);
  c->vendor_model = sql_get_text(q, a);
  c->started_ms = sql_get_int(q);
  c->ended_ms = sql_get_int(q);
  c->latency_us = sql_get_int(q);
  c->outcome = sql_get_text(q, a);
  c->code = sql_get_text(q, a);
  c->why = sql_get_text(q, a);
  c->stop = sql_get_text(q, a);
  c->served = sql_get_text(q, a);
  c->request_id = sql_get_text(q, a);
  c->http_status = (int32_t)sql_get_int(q);
  c->usage.input = sql_get_int(q);
  c->usage.output = sql_get_int(q);
  c->usage.cache_read = sql_get_int(q);
  c->usage.cache_write = sql_get_int(q);
  c->usage.reasoning = sql_get_int(q);
  c->usage.estimated = sql_get_int(q) != 0;
  c->reserved_micros = sql_get_int(q);
  c->cost_micros = sql_get_int(q);
  c->prompt_hash = sql_get_text(q, a);
  c->skills_hash = sql_get_text(q, a);
  c->conf_hash = sql_get_text(q, a);
  c->shadow = sql_get_int(q) != 0;
  c->request_bytes = sql_get_blob(q, a);
  c->response_bytes = sql_get_blob(q, a);
}

#define CALL_COLUMNS                                                                               \
  "c.id, c.ticket_id, c.pass, coalesce(t.ref, ''), c.task, c.model, c.backend, c.vendor_model,"    \
  " c.started_ms, c.ended_ms, c.latency_us, c.outcome, c.code, c.why, c.stop, c.served,"           \
  " c.request_id, c.http_status, c.input, c.output, c.cache_read, c.cache_write, c.reasoning,"     \
  " c.estimated, c.reserved_micros, c.cost_micros, c.prompt_hash, c.skills_hash, c.conf_hash,"     \
  " c.shadow"

int model_call_list(struct store *s, int64_t ticket_id, bool with_bytes, struct arena *a,
                    struct model_call **ret, size_t *ret_count, struct trg_err *err) {
  static const char plain[] = "SELECT " CALL_COLUMNS ", x'', x'' FROM model_call c"
                              " LEFT JOIN ticket t ON t.id = c.ticket_id"
                              " WHERE c.ticket_id IS ? ORDER BY c.id";
  static const char full[] = "SELECT " CALL_COLUMNS ", " BYTES_REQUEST
                             ", b.response FROM model_call c"
                             " LEFT JOIN ticket t ON t.id = c.ticket_id"
                             " LEFT JOIN model_bytes b ON b.model_call_id = c.id"
                             " LEFT JOIN model_head h ON h.id = b.head_id"
                             " WHERE c.ticket_id IS ? ORDER BY c.id";
  struct sql q;
  sql_read(&q, s, with_bytes ? full : plain);
  sql_id(&q, ticket_id);
  struct model_call *list = NULL;
  size_t n = 0;
  int rc;
  while ((rc = sql_next(&q, err)) > 0) {
    list = sql_room(a, list, n, sizeof *list);
    call_of(&q, a, &list[n++]);
  }
  if (rc != 0) return rc;
  *ret = list;
  *ret_count = n;
  return 0;
}
